//! Between the generated bindings and a plugin: what `#[plugin]` puts into the module.

use std::cell::{RefCell, RefMut};
use std::rc::Rc;
use std::sync::OnceLock;

use crate::bindings::exports::logparser::plugin::plugin as contract;
use crate::plugin::{Plugin, settings};
use crate::results::Results;
use crate::save;
use crate::{Batch, Instance, SettingsError, Window};

/// A plugin that stands in a module of its own, with places for its settings and for a state.
pub trait Exported: Plugin {
    /// Where the settings stay after `configure`.
    fn slot() -> &'static OnceLock<Self>;
    /// Puts a state in the place of the one that was saved last, and gives that.
    fn keep_saved(state: Option<Saved<Self>>) -> Option<Saved<Self>>;

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

/// A state as it was when it was saved: a report saves that of an instance and adds it right after, which then need
/// not be read from its bytes.
pub struct Saved<P: Plugin> {
    bytes: Vec<u8>,
    state: Rc<RefCell<P::Partial>>,
}

impl<P: Plugin> Saved<P> {
    /// The state, if these are its bytes and nobody else holds it.
    fn of(self, bytes: &[u8]) -> Option<P::Partial> {
        // Compared word by word: WebAssembly would compare them one by one.
        let ((mine, my_end), (other, other_end)) = (self.bytes.as_chunks(), bytes.as_chunks());
        let equal = |(a, b): (&[u8; 8], &[u8; 8])| u64::from_le_bytes(*a) == u64::from_le_bytes(*b);
        let all_equal = self.bytes.len() == bytes.len() && my_end == other_end && mine.iter().zip(other).all(equal);
        all_equal.then(|| Rc::into_inner(self.state)).flatten().map(RefCell::into_inner)
    }
}

/// The contract's `partial` over a plugin's state.
pub struct PartialHandle<P: Exported>(Rc<RefCell<P::Partial>>);

impl<P: Exported> PartialHandle<P> {
    /// The state, which then is no longer the one that was saved.
    fn change(&self) -> RefMut<'_, P::Partial> {
        if Rc::strong_count(&self.0) > 1 {
            P::keep_saved(None);
        }
        self.0.borrow_mut()
    }
}

impl<P: Exported> contract::GuestPartial for PartialHandle<P> {
    fn new() -> Self {
        Self(Rc::new(RefCell::new(P::current().partial())))
    }

    fn observe(&self, batch: Batch) {
        P::current().observe(&mut self.change(), &batch);
    }

    fn append(&self, later: Vec<u8>) -> Result<(), String> {
        let later = decode::<P>(&later)?;
        crate::Merge::append(&mut *self.change(), later);
        Ok(())
    }

    fn save(&self) -> Vec<u8> {
        let bytes = encode::<P>(&self.0.borrow());
        P::keep_saved(Some(Saved { bytes: bytes.clone(), state: Rc::clone(&self.0) }));
        bytes
    }
}

/// The contract's `fleet` over a plugin's state.
pub struct FleetHandle<P: Exported>(RefCell<Option<P::Fleet>>);

impl<P: Exported> contract::GuestFleet for FleetHandle<P> {
    fn new(window: Window) -> Self {
        Self(RefCell::new(Some(P::current().fleet(&window))))
    }

    fn add(&self, instance: Instance, state: Vec<u8>) -> Result<(), String> {
        let partial = match P::keep_saved(None).and_then(|saved| saved.of(&state)) {
            Some(partial) => partial,
            None => decode::<P>(&state)?,
        };
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

#[cfg(test)]
mod tests {
    use contract::{GuestFleet, GuestPartial};

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

    fn partial(rows: u32) -> PartialHandle<Counts> {
        let partial = PartialHandle::new();
        partial.observe(batch(rows));
        partial
    }

    fn batch(rows: u32) -> Batch {
        Batch { day: 1, rows, columns: vec![Column::Bytes(vec![0; rows as usize])], activity: Vec::new() }
    }

    fn instance() -> Instance {
        Instance { id: 0, name: String::new(), tags: Vec::new(), facts: Vec::new() }
    }

    #[test]
    fn the_state_that_was_saved_last_is_not_read_again() {
        let saved = partial(1000).save();
        assert_eq!(saved.len(), 3);
        assert_eq!(Counts::keep_saved(None).and_then(|last| last.of(&saved)), Some(1000));
        let saved = partial(1001).save();
        assert_eq!(Counts::keep_saved(None).and_then(|last| last.of(&partial(1002).save())), None, "other bytes");
        assert_eq!(decode::<Counts>(&saved), Ok(1001));
    }

    #[test]
    fn what_is_added_is_the_state_of_its_bytes_whatever_came_since() {
        let fleet = FleetHandle::<Counts>::new(crate::testkit::window("2026-10-12", "2026-10-13"));
        let add = |state: &[u8]| fleet.add(instance(), state.to_vec()).expect("a state");
        let partial = partial(1);
        let one = partial.save();
        partial.observe(batch(1));
        add(&one);
        let two = partial.save();
        add(&two);
        add(&one);
        partial.append(two.clone()).expect("a state");
        let four = partial.save();
        drop(partial);
        [&four, &four, &two].into_iter().for_each(|state| add(state));
        assert_eq!(fleet.0.take(), Some(vec![1, 2, 1, 4, 4, 2]));
        assert!(fleet.add(instance(), vec![1, 1]).is_err());
    }
}
