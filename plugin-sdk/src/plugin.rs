//! The trait that a KPI plugin implements.

use std::fmt::Display;
use std::ops::RangeInclusive;

use serde::de::DeserializeOwned;

use crate::columns::Row;
use crate::merge::Merge;
use crate::results::Results;
use crate::save::Save;
use crate::{Batch, Instance, SettingsError, Window};

/// A KPI family. The implementing type holds the plugin's settings.
///
/// The engine calls [`observe`](Self::observe) with the records that [`Row`](Self::Row) subscribes to, one instance
/// and one local day at a time, in stream order; it keeps what [`Partial`](Self::Partial) saves, and appends the
/// partials of days and runs under the merge law of [`crate::merge`]. For a report it makes a
/// [`Fleet`](Self::Fleet), adds every instance in the order of their names, and asks for results.
///
/// All of it must be a pure function of what is passed in: the same calls give the same results, always.
pub trait Plugin: Default + DeserializeOwned + 'static {
    /// What the plugin subscribes to.
    type Row: Row;
    /// State over a time span of one instance.
    type Partial: Merge + Save;
    /// State over all instances.
    type Fleet;
    /// Whether batches carry the activity of the stream.
    const ACTIVITY: bool = false;
    /// What the plugin tells the engine before it runs, as JSON; [`macro@crate::plugin`] writes it.
    const MANIFEST: &'static str;

    /// What is wrong with settings whose types are right, such as a threshold out of its range.
    fn check(&self) -> Vec<SettingsError> {
        Vec::new()
    }

    /// The state of an empty span.
    fn partial(&self) -> Self::Partial;

    /// Takes in the records that follow: some of one day. A day of which the plugin wants nothing is not shown.
    fn observe(&self, partial: &mut Self::Partial, batch: &Batch);

    /// The state over no instance yet.
    fn fleet(&self, window: &Window) -> Self::Fleet;

    /// Takes in one instance, with its state over all days of the window's context.
    fn add(&self, fleet: &mut Self::Fleet, instance: &Instance, partial: Self::Partial);

    /// Tells the results.
    ///
    /// # Errors
    /// A sentence that says why there are none; the report shows it in the place of the section.
    fn report(&self, fleet: Self::Fleet, results: &mut Results) -> Result<(), String>;
}

/// Collects what is wrong with settings whose types are right.
///
/// ```
/// let faults = logparser_sdk::Check::default().range("top", 0, 1..=1000).faults();
/// assert_eq!(faults[0].problem, "0 is out of range: 1 to 1000");
/// ```
#[derive(Debug, Default)]
pub struct Check(Vec<SettingsError>);

impl Check {
    /// The value of `key` must lie in the range.
    pub fn range<T: PartialOrd + Display>(mut self, key: &str, value: T, range: RangeInclusive<T>) -> Self {
        if !range.contains(&value) {
            let problem = format!("{value} is out of range: {} to {}", range.start(), range.end());
            self.0.push(SettingsError { key: key.to_owned(), problem });
        }
        self
    }

    /// All that is wrong.
    pub fn faults(self) -> Vec<SettingsError> {
        self.0
    }
}

/// Reads a plugin's settings from a JSON object and names every setting that is wrong.
///
/// # Errors
/// One error for each key that is unknown or whose value does not fit, or else those of [`Plugin::check`].
pub fn settings<P: Plugin>(json: &str) -> Result<P, Vec<SettingsError>> {
    let error = |key: &str, problem: String| SettingsError { key: key.to_owned(), problem };
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(json).map_err(|cause| vec![error("", format!("not a JSON object: {cause}"))])?;
    let alone = |(key, value): (&String, &serde_json::Value)| {
        let one = serde_json::Map::from_iter([(key.clone(), value.clone())]);
        serde_json::from_value::<P>(one.into()).err().map(|cause| error(key, cause.to_string()))
    };
    let faults: Vec<_> = object.iter().filter_map(alone).collect();
    if !faults.is_empty() {
        return Err(faults);
    }
    let plugin: P = serde_json::from_value(object.into()).map_err(|cause| vec![error("", cause.to_string())])?;
    match plugin.check() {
        faults if faults.is_empty() => Ok(plugin),
        faults => Err(faults),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Events, Row};

    #[derive(Events)]
    enum Event {
        #[event("a")]
        A,
    }

    #[derive(Row)]
    #[expect(dead_code, reason = "only the settings matter here")]
    struct Seen {
        event: Event,
    }

    #[crate::settings]
    struct Limits {
        share_min: f64,
        top: u32,
    }

    impl Default for Limits {
        fn default() -> Self {
            Self { share_min: 0.5, top: 10 }
        }
    }

    #[crate::plugin(name = "limits", title = "Limits")]
    impl Plugin for Limits {
        type Row = Seen;
        type Partial = u64;
        type Fleet = ();

        fn check(&self) -> Vec<SettingsError> {
            Check::default().range("share_min", self.share_min, 0.0..=1.0).range("top", self.top, 1..=100).faults()
        }
        fn partial(&self) -> u64 {
            0
        }
        fn observe(&self, _: &mut u64, _: &Batch) {}
        fn fleet(&self, _: &Window) {}
        fn add(&self, (): &mut (), _: &Instance, _: u64) {}
        fn report(&self, (): (), _: &mut Results) -> Result<(), String> {
            Ok(())
        }
    }

    /// The faults as `key: problem`.
    fn faults(json: &str) -> Vec<String> {
        let faults = settings::<Limits>(json).expect_err("these settings are wrong");
        faults.iter().map(|fault| format!("{}: {}", fault.key, fault.problem)).collect()
    }

    #[test]
    fn missing_keys_take_their_defaults() {
        let limits = settings::<Limits>(r#"{"top": 3}"#).expect("these settings are right");
        assert_eq!((limits.share_min, limits.top), (0.5, 3));
        assert!(settings::<Limits>("{}").is_ok());
    }

    #[test]
    fn every_wrong_key_and_type_is_named_at_once() {
        let faults = faults(r#"{"share_min": "much", "tpo": 3, "top": -1}"#);
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert!(faults[0].starts_with("share_min: invalid type: string"), "{faults:?}");
        assert!(faults[1].starts_with("top: invalid value: integer `-1`"), "{faults:?}");
        assert!(faults[2].starts_with("tpo: unknown field `tpo`, expected `share_min` or `top`"), "{faults:?}");
    }

    #[test]
    fn values_out_of_range_are_named_at_once() {
        let expected = ["share_min: 1.5 is out of range: 0 to 1", "top: 0 is out of range: 1 to 100"];
        assert_eq!(faults(r#"{"share_min": 1.5, "top": 0}"#), expected);
    }

    #[test]
    fn what_is_no_object_is_said() {
        assert!(faults("[]")[0].starts_with(": not a JSON object"));
    }
}
