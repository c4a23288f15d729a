//! Plugins that run as code of this program, for measurements: the calls of the contract without the boundary.

use super::bindings::exports::logparser::plugin::plugin::{Batch, Instance, Window};

/// Starts a plugin with its settings, a JSON object.
pub type StartNative = fn(settings: &str) -> Box<dyn Native>;

/// The calls of the contract; results are told to nobody.
pub trait Native {
    /// The state of each day of a batch, of the first behind the state `before` it on that day.
    ///
    /// # Errors
    /// When the bytes are no state.
    fn observe(&mut self, before: Option<&[u8]>, batch: &Batch<'_>) -> Result<Vec<Vec<u8>>, String>;
    /// The state over spans that follow each other.
    ///
    /// # Errors
    /// When the bytes are no states.
    fn append(&mut self, states: &[&[u8]]) -> Result<Vec<u8>, String>;
    /// The state over no instance yet.
    fn fleet(&mut self, window: Window);
    /// Takes in one instance with the states of its days.
    ///
    /// # Errors
    /// When the bytes are no states.
    fn add(&mut self, instance: &Instance<'_>, states: &[&[u8]]) -> Result<(), String>;
    /// Computes the results.
    ///
    /// # Errors
    /// What the plugin answers.
    fn report(&mut self) -> Result<(), String>;
}
