//! Plugins that failed during a run.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::host::PluginFault;

/// For each plugin that failed, by position: the first instance (by position) where it did, and what happened.
#[derive(Default)]
pub struct Failures(Mutex<BTreeMap<usize, (usize, Failure)>>);

/// What happened to a plugin.
#[derive(Debug, Clone)]
pub struct Failure {
    pub fault: PluginFault,
    /// The instance and day, or the stage.
    pub place: String,
}

impl Failures {
    /// Notes a failure of a plugin at an instance.
    pub fn note(&self, plugin: usize, instance: usize, failure: Failure) {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match failures.get(&plugin) {
            Some((first, _)) if *first <= instance => {}
            _ => drop(failures.insert(plugin, (instance, failure))),
        }
    }

    /// Whether the plugin is out for this instance: it failed at an earlier one. A failure at a later one does not
    /// count, so that the first is found whatever the threads' pace.
    pub fn is_out(&self, plugin: usize, instance: usize) -> bool {
        let failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failures.get(&plugin).is_some_and(|(first, _)| *first < instance)
    }

    /// What happened to each plugin, by position.
    pub fn into_inner(self) -> BTreeMap<usize, Failure> {
        let failures = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        failures.into_iter().map(|(plugin, (_, failure))| (plugin, failure)).collect()
    }
}
