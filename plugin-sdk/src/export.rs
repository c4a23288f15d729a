//! Between the generated bindings and a plugin: what `#[plugin]` puts into the module.

use std::cell::RefCell;
use std::sync::OnceLock;

use crate::bindings::exports::logparser::plugin::plugin as contract;
use crate::plugin::{Plugin, settings};
use crate::results::Results;
use crate::{Batch, Instance, Merge, SettingsError, Window, save};

/// A plugin that stands in a module of its own, with a place for its settings.
pub trait Exported: Plugin {
    /// Where the settings stay after `configure`.
    fn slot() -> &'static OnceLock<Self>;

    /// The settings; the defaults where `configure` was not called.
    fn current() -> &'static Self {
        Self::slot().get_or_init(Self::default)
    }
}

/// Settings, and a panic's last words for the engine's log.
pub fn configure<P: Exported>(json: &str) -> Result<(), Vec<SettingsError>> {
    #[cfg(target_arch = "wasm32")]
    std::panic::set_hook(Box::new(|panic| {
        use crate::bindings::logparser::plugin::log;
        log::message(log::Level::Error, &panic.to_string());
    }));
    let plugin = settings::<P>(json)?;
    P::slot().set(plugin).map_err(|_| {
        let problem = "configured twice".to_owned();
        vec![SettingsError { key: String::new(), problem }]
    })
}

/// The contract's `observe`. A day without rows, counts and activity is not shown to the plugin.
pub fn observe<P: Plugin>(plugin: &P, before: Option<&[u8]>, batch: contract::Batch) -> Result<Vec<Vec<u8>>, String> {
    let mut before = before.map(decode::<P>).transpose()?;
    let mut states = Vec::with_capacity(batch.days.len());
    Batch::each_day(batch, |day| {
        let mut state = before.take().unwrap_or_else(|| plugin.partial());
        if !day.is_empty() {
            plugin.observe(&mut state, day);
        }
        states.push(encode::<P>(&state));
    });
    Ok(states)
}

/// The contract's `append`.
pub fn append<P: Plugin>(plugin: &P, states: &[Vec<u8>]) -> Result<Vec<u8>, String> {
    together(plugin, states).map(|state| encode::<P>(&state))
}

/// The contract's `add`.
pub fn add<P: Plugin>(plugin: &P, fleet: &mut P::Fleet, instance: &Instance, states: &[Vec<u8>]) -> Result<(), String> {
    plugin.add(fleet, instance, together(plugin, states)?);
    Ok(())
}

/// The state over spans that follow each other.
fn together<P: Plugin>(plugin: &P, states: &[Vec<u8>]) -> Result<P::Partial, String> {
    let Some((first, later)) = states.split_first() else { return Ok(plugin.partial()) };
    let mut state = decode::<P>(first)?;
    for one in later {
        state.append(decode::<P>(one)?);
    }
    Ok(state)
}

/// The contract's `fleet` over a plugin's state.
pub struct FleetHandle<P: Exported>(RefCell<Option<P::Fleet>>);

impl<P: Exported> contract::GuestFleet for FleetHandle<P> {
    fn new(window: Window) -> Self {
        Self(RefCell::new(Some(P::current().fleet(&window))))
    }

    fn add(&self, instance: Instance, states: Vec<Vec<u8>>) -> Result<(), String> {
        add(P::current(), self.0.borrow_mut().as_mut().ok_or(REPORTED)?, &instance, &states)
    }

    fn report(&self) -> Result<(), String> {
        let fleet = self.0.borrow_mut().take().ok_or(REPORTED)?;
        let mut results = Results::default();
        P::current().report(fleet, &mut results)?;
        #[cfg(target_arch = "wasm32")]
        results.tell();
        Ok(())
    }
}

const REPORTED: &str = "the fleet has told its results already";

/// A partial as bytes. Equal states give equal bytes: the types of [`crate::merge`] are ordered.
pub fn encode<P: Plugin>(partial: &P::Partial) -> Vec<u8> {
    save::save(partial)
}

/// A partial from bytes.
pub fn decode<P: Plugin>(bytes: &[u8]) -> Result<P::Partial, String> {
    save::load(bytes).ok_or_else(|| "these bytes are no state of this plugin".to_owned())
}

#[cfg(test)]
mod tests {
    use contract::GuestFleet;

    use super::*;
    use crate::{Column, Events, Row};

    #[derive(Events)]
    enum Event {
        #[event("a")]
        A,
    }

    #[derive(Row)]
    #[expect(dead_code, reason = "only the number of rows matters here")]
    struct Seen {
        event: Event,
    }

    #[crate::settings]
    #[derive(Default)]
    struct Counts {}

    #[crate::plugin(name = "counts", title = "Counts")]
    impl Plugin for Counts {
        type Row = Seen;
        type Partial = u64;
        type Fleet = Vec<u64>;

        fn partial(&self) -> u64 {
            0
        }
        fn observe(&self, count: &mut u64, batch: &Batch) {
            *count += batch.rows::<Seen>().count() as u64;
        }
        fn fleet(&self, _: &Window) -> Vec<u64> {
            Vec::new()
        }
        fn add(&self, fleet: &mut Vec<u64>, _: &Instance, count: u64) {
            fleet.push(count);
        }
        fn report(&self, _: Vec<u64>, _: &mut Results) -> Result<(), String> {
            Ok(())
        }
    }

    /// A batch of days, each with its number of rows.
    fn batch(days: &[(i32, u32)]) -> contract::Batch {
        let rows = days.iter().map(|(_, rows)| *rows as usize).sum();
        contract::Batch {
            days: days.iter().map(|&(day, rows)| contract::Day { day, rows, spans: 0 }).collect(),
            columns: vec![Column::Bytes(vec![0; rows])],
            counts: Vec::new(),
            activity: Vec::new(),
        }
    }

    fn saved(count: u64) -> Vec<u8> {
        encode::<Counts>(&count)
    }

    #[test]
    fn each_day_of_a_batch_has_a_state_of_its_own_and_only_the_first_goes_on() {
        let days = [(3, 2), (4, 0), (7, 1000)];
        let alone = observe(&Counts {}, None, batch(&days));
        assert_eq!(alone, Ok(vec![saved(2), saved(0), saved(1000)]));
        let behind = observe(&Counts {}, Some(&saved(5)), batch(&days));
        assert_eq!(behind, Ok(vec![saved(7), saved(0), saved(1000)]));
        assert!(observe(&Counts {}, Some(&[1, 1]), batch(&days)).is_err());
    }

    #[test]
    fn states_are_appended_in_their_order_and_none_is_the_empty_one() {
        assert_eq!(append(&Counts {}, &[]), Ok(saved(0)));
        assert_eq!(append(&Counts {}, &[saved(1), saved(2), saved(4)]), Ok(saved(7)));
        assert!(append(&Counts {}, &[saved(1), vec![1, 1]]).is_err());
    }

    #[test]
    fn an_instance_is_added_with_all_its_days_together() {
        let fleet = FleetHandle::<Counts>::new(crate::testkit::window("2026-10-12", "2026-10-13"));
        let instance = || Instance { id: 0, name: String::new(), tags: Vec::new(), facts: Vec::new() };
        fleet.add(instance(), vec![saved(1), saved(2)]).expect("states");
        fleet.add(instance(), Vec::new()).expect("no state");
        assert!(fleet.add(instance(), vec![vec![1, 1]]).is_err());
        assert_eq!(fleet.0.take(), Some(vec![3, 0]));
    }
}
