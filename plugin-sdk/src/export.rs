//! Between the generated bindings and a plugin: what `#[plugin]` puts into the module.

use std::cell::RefCell;
use std::sync::OnceLock;

use crate::bindings::exports::logparser::plugin::plugin as contract;
use crate::plugin::{Plugin, settings};
use crate::results::Results;
use crate::save;
use crate::{Batch, Instance, SettingsError, Window};

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

/// The contract's `partial` over a plugin's state.
pub struct PartialHandle<P: Exported>(RefCell<P::Partial>);

impl<P: Exported> contract::GuestPartial for PartialHandle<P> {
    fn new() -> Self {
        Self(RefCell::new(P::current().partial()))
    }

    fn observe(&self, batch: Batch) {
        P::current().observe(&mut self.0.borrow_mut(), &batch);
    }

    fn append(&self, later: Vec<u8>) -> Result<(), String> {
        let later = decode::<P>(&later)?;
        crate::Merge::append(&mut *self.0.borrow_mut(), later);
        Ok(())
    }

    fn save(&self) -> Vec<u8> {
        encode::<P>(&self.0.borrow())
    }
}

/// The contract's `fleet` over a plugin's state.
pub struct FleetHandle<P: Exported>(RefCell<Option<P::Fleet>>);

impl<P: Exported> contract::GuestFleet for FleetHandle<P> {
    fn new(window: Window) -> Self {
        Self(RefCell::new(Some(P::current().fleet(&window))))
    }

    fn add(&self, instance: Instance, state: Vec<u8>) -> Result<(), String> {
        let partial = decode::<P>(&state)?;
        let mut fleet = self.0.borrow_mut();
        P::current().add(fleet.as_mut().ok_or(REPORTED)?, &instance, partial);
        Ok(())
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
