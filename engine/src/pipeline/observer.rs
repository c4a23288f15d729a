//! One plugin as one thread sees it: the batch in the making, and the plugin instance.

use super::batches::{Batches, Days};
use crate::host::{Plugin, PluginFault, Running};
use crate::normalise::Normaliser;

/// Observes days for one plugin.
pub struct Observer<'p> {
    plugin: &'p Plugin,
    pub batches: Batches,
    running: Option<Running>,
    /// What was saved of the first day of the batch.
    before: Option<Vec<u8>>,
}

impl<'p> Observer<'p> {
    /// An observer whose plugin instance starts when it is first needed.
    pub fn new(plugin: &'p Plugin, normaliser: &Normaliser) -> Self {
        Self { plugin, batches: Batches::new(&plugin.manifest, normaliser), running: None, before: None }
    }

    /// Begins a day, behind what was saved of it: only the first day of a batch goes on from something.
    pub fn begin_day(&mut self, before: Option<Vec<u8>>) {
        debug_assert!(before.is_none() || self.batches.days() == 0, "a later day of a batch begins empty");
        self.before = self.before.take().or(before);
        self.batches.begin_day();
    }

    /// Hands the batch over, and gives the state of each of its days.
    ///
    /// # Errors
    /// A fault of the plugin; its plugin instance is dropped.
    pub fn flush(&mut self, days: &Days) -> Result<Vec<Vec<u8>>, PluginFault> {
        let before = self.before.take();
        // An error on the way drops the plugin instance, for after a trap it is damaged.
        let mut running = self.running.take().map_or_else(|| Running::start(self.plugin), Ok)?;
        let activity = self.plugin.manifest.activity;
        let states = self.batches.flush(days, activity, |batch| running.observe(before.as_deref(), batch))?;
        self.running = Some(running);
        Ok(states)
    }

    /// Forgets the batch, after a fault.
    pub fn reset(&mut self) {
        self.batches.clear();
        (self.running, self.before) = (None, None);
    }
}
