//! What the plugins want of records.

use std::collections::BTreeSet;

use super::signature;
use crate::profile::EventRule;

/// Plugins at most: one bit each.
pub const PLUGINS_MAX: usize = 64;
/// OpenTelemetry's greatest severity number.
const SEVERITY_MAX: usize = 24;

/// What all plugins want. A plugin's position is its bit in [`super::Record::wanted`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// By position; at most 64.
    pub plugins: Vec<Want>,
}

/// What one plugin wants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Want {
    /// Names of events: their records are wanted.
    pub events: Vec<String>,
    /// Names of events: how many there are is wanted.
    pub counted: Vec<String>,
    /// Records of this severity or a greater one are wanted.
    pub severity_min: Option<u8>,
    /// Attributes to take out of wanted records.
    pub attributes: Vec<String>,
    /// The text as a whole is wanted: to show it, or for its signature.
    pub text: bool,
}

impl Wanted {
    /// The plugins that fulfil something, as bits.
    pub fn plugins_that(&self, fulfil: impl Fn(&Want) -> bool) -> u64 {
        let fulfilling = self.plugins.iter().take(PLUGINS_MAX).enumerate().filter(|(_, want)| fulfil(want));
        fulfilling.map(|(position, _)| 1 << position).sum()
    }

    /// The attributes that anybody wants, sorted; for signatures also those that the rules take out of records.
    pub fn attributes(&self, rules: &[EventRule]) -> Vec<String> {
        let mut names: BTreeSet<String> = self.plugins.iter().flat_map(|want| &want.attributes).cloned().collect();
        if self.plugins.iter().any(|want| want.text) {
            let is_taken = |name: &&str| {
                let is_field = |field: &String| field.split(':').next() == Some(name);
                let is_taken = |rule: &EventRule| {
                    rule.body.as_deref().is_some_and(|body| body.contains(&format!("{{{name}")))
                        || rule.fields.keys().any(is_field)
                };
                rules.iter().any(is_taken)
            };
            names.extend(
                [signature::CODE]
                    .iter()
                    .chain(&signature::USERS)
                    .filter(|name| is_taken(name))
                    .map(|name| (*name).to_owned()),
            );
        }
        names.into_iter().collect()
    }

    /// The plugins that want a record for its severity alone, by severity.
    pub fn by_severity(&self) -> [u64; SEVERITY_MAX + 1] {
        std::array::from_fn(|severity| {
            self.plugins_that(|want| want.severity_min.is_some_and(|least| severity >= usize::from(least)))
        })
    }
}
