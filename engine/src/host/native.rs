//! Plugins that run as code of this program, for measurements: the calls of the contract without the boundary.

use super::bindings::exports::logparser::plugin::plugin::{Batch, Instance, Window};

/// Starts a plugin with its settings, a JSON object.
pub type StartNative = fn(settings: &str) -> Box<dyn Native>;

/// The calls of the contract. Partials and the fleet are numbered in the order of their creation, from 0; results
/// are told to nobody.
pub trait Native {
    /// The state of an empty span.
    fn partial(&mut self) -> usize;
    /// Takes in the records that follow.
    fn observe(&mut self, partial: usize, batch: &Batch<'_>);
    /// Takes in the saved state of the span that follows.
    ///
    /// # Errors
    /// When the bytes are no state.
    fn append(&mut self, partial: usize, later: &[u8]) -> Result<(), String>;
    /// The state as bytes; the partial is gone.
    fn save(&mut self, partial: usize) -> Vec<u8>;
    /// The state over no instance yet.
    fn fleet(&mut self, window: Window);
    /// Takes in one instance with its state.
    ///
    /// # Errors
    /// When the bytes are no state.
    fn add(&mut self, instance: &Instance<'_>, state: &[u8]) -> Result<(), String>;
    /// Computes the results.
    ///
    /// # Errors
    /// What the plugin answers.
    fn report(&mut self) -> Result<(), String>;
}
