//! Times, symbols and keys as the bytes of a state hold them.
//!
//! The times of a state follow each other, and its symbols are few. So a time is written as its distance from the one
//! that was written before it, and a symbol or key that was among the last few as its place among those: that makes
//! the states of usual days smaller by a third, and with them all that is stored and read. It holds within [`within`]
//! alone; what is written elsewhere are plain numbers.

use std::cell::RefCell;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Key, Symbol, Time};

/// Symbols and keys that are at hand.
const RECENT_MAX: usize = 8;

/// What was written or read last of a state.
#[derive(Default)]
struct Last {
    time: i64,
    recent: [u64; RECENT_MAX],
    /// The place of the next that is new.
    next: usize,
}

thread_local! {
    static LAST: RefCell<Option<Last>> = const { RefCell::new(None) };
}

/// Writes or reads one state.
pub fn within<T>(work: impl FnOnce() -> T) -> T {
    LAST.set(Some(Last::default()));
    let done = work();
    LAST.set(None);
    done
}

fn last<T>(work: impl FnOnce(&mut Last) -> T) -> Option<T> {
    LAST.with_borrow_mut(|last| last.as_mut().map(work))
}

/// A symbol or key.
#[derive(Serialize, Deserialize)]
enum Packed {
    New(u64),
    Recent(u8),
}

impl Last {
    fn pack(&mut self, symbol: u64) -> Packed {
        if let Some(place) = self.recent.iter().position(|recent| *recent == symbol) {
            return Packed::Recent(place as u8);
        }
        self.keep(symbol);
        Packed::New(symbol)
    }

    fn unpack(&mut self, packed: Packed) -> Option<u64> {
        match packed {
            Packed::Recent(place) => self.recent.get(usize::from(place)).copied(),
            Packed::New(symbol) => {
                self.keep(symbol);
                Some(symbol)
            }
        }
    }

    fn keep(&mut self, symbol: u64) {
        self.recent[self.next] = symbol;
        self.next = (self.next + 1) % RECENT_MAX;
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let apart = last(|last| self.0.wrapping_sub(std::mem::replace(&mut last.time, self.0)));
        apart.unwrap_or(self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let apart = i64::deserialize(deserializer)?;
        let time = last(|last| {
            last.time = last.time.wrapping_add(apart);
            last.time
        });
        Ok(Self(time.unwrap_or(apart)))
    }
}

fn serialize<S: Serializer>(symbol: u64, serializer: S) -> Result<S::Ok, S::Error> {
    match last(|last| last.pack(symbol)) {
        Some(packed) => packed.serialize(serializer),
        None => symbol.serialize(serializer),
    }
}

fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    if LAST.with_borrow(Option::is_none) {
        return u64::deserialize(deserializer);
    }
    let packed = Packed::deserialize(deserializer)?;
    last(|last| last.unpack(packed)).flatten().ok_or_else(|| D::Error::custom("a symbol that was not there before"))
}

impl Serialize for Symbol {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Symbol {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer).map(Self)
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type State = Vec<(Time, Symbol, Option<Key>)>;

    fn state(count: u64) -> State {
        let mixed = |number: u64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let one = |number: u64| {
            let time = match number {
                7 => i64::MIN,
                8 => i64::MAX,
                _ => 1_790_000_000_000_000 + number as i64 * 60_000_000,
            };
            (Time(time), Symbol(mixed(number % 3)), number.is_multiple_of(2).then_some(Key(mixed(number))))
        };
        (0..count).map(one).collect()
    }

    #[test]
    fn what_is_written_is_read() {
        for count in 0..40 {
            let state = state(count);
            let bytes = within(|| postcard::to_allocvec(&state)).expect("plain data");
            assert_eq!(within(|| postcard::from_bytes::<State>(&bytes)), Ok(state));
        }
    }

    #[test]
    fn what_repeats_is_short_and_elsewhere_everything_is_plain() {
        let state = state(40);
        let packed = within(|| postcard::to_allocvec(&state)).expect("plain data");
        let plain = postcard::to_allocvec(&state).expect("plain data");
        assert!(packed.len() * 4 < plain.len() * 3, "{} of {}", packed.len(), plain.len());
        assert_eq!(postcard::from_bytes(&plain), Ok(state));
    }

    #[test]
    fn a_symbol_that_was_not_there_before_is_a_fault() {
        // One entry: a time, and the place of a symbol beyond those at hand.
        assert!(within(|| postcard::from_bytes::<State>(&[1, 0, 1, 99, 0])).is_err());
    }
}
