//! One plugin as one thread sees it: the batch in the making, the plugin instance, and the day's partial.

use super::batches::{Batches, ROWS_MAX};
use crate::host::{PartialState, Plugin, PluginFault, Running};
use crate::normalise::Normaliser;

/// Observes days for one plugin.
pub struct Observer<'p> {
    plugin: &'p Plugin,
    pub batches: Batches,
    running: Option<Running>,
    /// The state of an empty span: the same for every day.
    empty: Option<Vec<u8>>,
    partial: Option<PartialState>,
    saved: Option<Vec<u8>>,
}

impl<'p> Observer<'p> {
    /// An observer whose plugin instance starts when it is first needed.
    pub fn new(plugin: &'p Plugin, normaliser: &Normaliser) -> Self {
        let batches = Batches::new(&plugin.manifest, normaliser);
        Self { plugin, batches, running: None, empty: None, partial: None, saved: None }
    }

    /// Begins a day, behind what was saved of it.
    pub fn begin_day(&mut self, saved: Option<Vec<u8>>) {
        self.batches.clear();
        self.saved = saved;
    }

    /// Whether the batch should cross the boundary.
    pub fn is_full(&self) -> bool {
        self.batches.rows() >= ROWS_MAX
    }

    /// Hands the batch over. A plugin that wants nothing of it is not called.
    ///
    /// # Errors
    /// A fault of the plugin; its plugin instance is dropped.
    pub fn flush(&mut self, day: i32, activity: &[i64]) -> Result<(), PluginFault> {
        let activity = if self.plugin.manifest.activity { activity } else { &[] };
        if self.batches.rows() == 0 && activity.is_empty() {
            return Ok(());
        }
        let mut running = self.take_running()?;
        let partial = match self.partial.take() {
            Some(partial) => partial,
            None => begin(&mut running, self.saved.take())?,
        };
        self.batches.flush(day, activity, |batch| running.observe(&partial, batch))?;
        (self.partial, self.running) = (Some(partial), Some(running));
        Ok(())
    }

    /// The day's state, after the last batch.
    ///
    /// # Errors
    /// A fault of the plugin; its plugin instance is dropped.
    pub fn end_day(&mut self) -> Result<Vec<u8>, PluginFault> {
        if let Some(saved) = self.saved.take() {
            return Ok(saved);
        }
        let partial = self.partial.take();
        if let (None, Some(empty)) = (&partial, &self.empty) {
            return Ok(empty.clone());
        }
        let mut running = self.take_running()?;
        let state = match partial {
            Some(partial) => running.save(partial)?,
            None => {
                let partial = running.partial()?;
                self.empty.insert(running.save(partial)?).clone()
            }
        };
        self.running = Some(running);
        Ok(state)
    }

    /// Forgets the day, after a fault.
    pub fn reset(&mut self) {
        (self.running, self.partial, self.saved) = (None, None, None);
    }

    /// The plugin instance, out of its place: an error on the way drops it, for after a trap it is damaged.
    fn take_running(&mut self) -> Result<Running, PluginFault> {
        self.running.take().map_or_else(|| Running::start(self.plugin), Ok)
    }
}

/// A partial that goes on from what was saved.
fn begin(running: &mut Running, saved: Option<Vec<u8>>) -> Result<PartialState, PluginFault> {
    let partial = running.partial()?;
    if let Some(saved) = saved {
        running.append(&partial, &saved)?;
    }
    Ok(partial)
}
