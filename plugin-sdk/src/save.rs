//! A state as bytes.
//!
//! A number is one byte where it is small, else its length and its bytes; a list has its length before it, and an enum
//! the place of its variant. The times of a state follow each other, and its symbols are few. So a time is written as
//! its distance from the one that was written before it, and a symbol or key that was among the last few as its place
//! among those: that makes the states of usual days smaller by a third, and with them all that is stored and read.
//!
//! A plugin saves thousands of states in a run, so this is the code that it runs most: WebAssembly calls out of its
//! code to copy a few bytes, and each byte on its own is a check of its own. So a number is written and read as one
//! word.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Key, Symbol, Time};

/// What can be part of a partial; `#[logparser_sdk::state]` derives it. Equal values must save equal bytes.
pub trait Save: Sized {
    /// Writes the value.
    fn save(&self, to: &mut Writer);
    /// Reads what was written; none where these bytes are none of this type.
    fn load(from: &mut Reader<'_>) -> Option<Self>;
}

/// Room for the state of a usual day.
const STATE_BYTES: usize = 1 << 10;
/// Numbers from here on are written as their length, counted from here, and their bytes.
const LONG: u8 = 248;

/// Symbols and keys that are at hand.
const RECENT_MAX: usize = 8;
/// Stands in the place of a symbol or key for one that follows.
const NEW: u8 = RECENT_MAX as u8;

/// What was written or read last of a state.
#[derive(Default)]
struct Last {
    time: i64,
    recent: [u64; RECENT_MAX],
    /// The place of the next that is new.
    next: usize,
}

impl Last {
    fn keep(&mut self, symbol: u64) {
        self.recent[self.next] = symbol;
        self.next = (self.next + 1) % RECENT_MAX;
    }
}

/// Takes in a state.
pub struct Writer {
    bytes: Vec<u8>,
    last: Last,
}

/// A value as bytes.
pub(crate) fn save(value: &impl Save) -> Vec<u8> {
    let mut to = Writer { bytes: Vec::with_capacity(STATE_BYTES), last: Last::default() };
    value.save(&mut to);
    to.bytes
}

impl Writer {
    /// Writes one byte.
    #[inline]
    pub fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    /// Writes a number that is small as a rule.
    #[inline]
    pub fn number(&mut self, number: u64) {
        if number < LONG.into() {
            return self.byte(number as u8);
        }
        let spare = number.leading_zeros() / 8;
        self.word(LONG + 7 - spare as u8, number);
        self.bytes.truncate(self.bytes.len() - spare as usize);
    }

    /// Writes a byte and eight more.
    #[inline]
    fn word(&mut self, head: u8, word: u64) {
        let mut whole = [head; 9];
        whole[1..].copy_from_slice(&word.to_le_bytes());
        self.bytes.extend_from_slice(&whole);
    }

    fn symbol(&mut self, symbol: u64) {
        match self.last.recent.iter().position(|&recent| recent == symbol) {
            Some(place) => self.byte(place as u8),
            None => {
                self.last.keep(symbol);
                self.word(NEW, symbol);
            }
        }
    }
}

/// Gives a state back.
pub struct Reader<'a> {
    bytes: &'a [u8],
    last: Last,
}

/// The value whose bytes these are; none where they are not.
pub(crate) fn load<T: Save>(bytes: &[u8]) -> Option<T> {
    let mut from = Reader { bytes, last: Last::default() };
    let value = T::load(&mut from)?;
    from.bytes.is_empty().then_some(value)
}

impl Reader<'_> {
    /// Reads one byte.
    #[inline]
    pub fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(byte)
    }

    /// Reads a number that is small as a rule.
    #[inline]
    pub fn number(&mut self) -> Option<u64> {
        match self.byte()? {
            head if head < LONG => Some(head.into()),
            head => self.word(usize::from(head - LONG) + 1),
        }
    }

    /// Reads one to eight bytes as a number.
    fn word(&mut self, count: usize) -> Option<u64> {
        let (mine, rest) = self.bytes.split_at_checked(count)?;
        let word = match self.bytes.first_chunk() {
            Some(&word) => u64::from_le_bytes(word) & (u64::MAX >> (64 - 8 * count)),
            None => mine.iter().rev().fold(0, |word, &byte| (word << 8) | u64::from(byte)),
        };
        self.bytes = rest;
        Some(word)
    }

    fn symbol(&mut self) -> Option<u64> {
        match self.byte()? {
            NEW => {
                let symbol = self.word(8)?;
                self.last.keep(symbol);
                Some(symbol)
            }
            place => self.last.recent.get(usize::from(place)).copied(),
        }
    }

    /// Reads the length of a list. What room to keep for it is bounded by the bytes that are there.
    fn length(&mut self) -> Option<(usize, usize)> {
        let length = usize::try_from(self.number()?).ok()?;
        Some((length, length.min(self.bytes.len())))
    }
}

impl Save for Time {
    #[inline]
    fn save(&self, to: &mut Writer) {
        let apart = self.0.wrapping_sub(std::mem::replace(&mut to.last.time, self.0));
        apart.save(to);
    }
    #[inline]
    fn load(from: &mut Reader<'_>) -> Option<Self> {
        from.last.time = from.last.time.wrapping_add(i64::load(from)?);
        Some(Self(from.last.time))
    }
}

impl Save for Symbol {
    #[inline]
    fn save(&self, to: &mut Writer) {
        to.symbol(self.0);
    }
    #[inline]
    fn load(from: &mut Reader<'_>) -> Option<Self> {
        from.symbol().map(Self)
    }
}

impl Save for Key {
    #[inline]
    fn save(&self, to: &mut Writer) {
        to.symbol(self.0);
    }
    #[inline]
    fn load(from: &mut Reader<'_>) -> Option<Self> {
        from.symbol().map(Self)
    }
}

impl Save for u8 {
    fn save(&self, to: &mut Writer) {
        to.byte(*self);
    }
    fn load(from: &mut Reader<'_>) -> Option<Self> {
        from.byte()
    }
}

macro_rules! numbers {
    ($($unsigned:ty, $signed:ty;)*) => {$(
        impl Save for $unsigned {
            #[inline]
            fn save(&self, to: &mut Writer) {
                to.number((*self).into());
            }
            #[inline]
            fn load(from: &mut Reader<'_>) -> Option<Self> {
                from.number()?.try_into().ok()
            }
        }

        /// Near zero on either side is small.
        impl Save for $signed {
            #[inline]
            fn save(&self, to: &mut Writer) {
                let number = i64::from(*self);
                to.number(((number << 1) ^ (number >> 63)) as u64);
            }
            #[inline]
            fn load(from: &mut Reader<'_>) -> Option<Self> {
                let number = from.number()?;
                ((number >> 1) as i64 ^ -((number & 1) as i64)).try_into().ok()
            }
        }
    )*};
}

numbers! {
    u16, i16;
    u32, i32;
    u64, i64;
}

impl Save for u128 {
    fn save(&self, to: &mut Writer) {
        to.number(*self as u64);
        to.number((*self >> 64) as u64);
    }
    fn load(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self::from(from.number()?) | Self::from(from.number()?) << 64)
    }
}

/// As `u64` in every plugin, whatever it is built for.
impl Save for usize {
    fn save(&self, to: &mut Writer) {
        to.number(*self as u64);
    }
    fn load(from: &mut Reader<'_>) -> Option<Self> {
        from.number()?.try_into().ok()
    }
}

impl Save for char {
    fn save(&self, to: &mut Writer) {
        to.number(u32::from(*self).into());
    }
    fn load(from: &mut Reader<'_>) -> Option<Self> {
        u32::load(from)?.try_into().ok()
    }
}

macro_rules! floats {
    ($($float:ty, $bits:ty, $bytes:expr;)*) => {$(
        impl Save for $float {
            fn save(&self, to: &mut Writer) {
                to.bytes.extend_from_slice(&self.to_le_bytes());
            }
            fn load(from: &mut Reader<'_>) -> Option<Self> {
                from.word($bytes).map(|bits| Self::from_bits(bits as $bits))
            }
        }
    )*};
}

floats! {
    f32, u32, 4;
    f64, u64, 8;
}

impl Save for bool {
    #[inline]
    fn save(&self, to: &mut Writer) {
        to.byte((*self).into());
    }
    #[inline]
    fn load(from: &mut Reader<'_>) -> Option<Self> {
        match from.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl Save for String {
    fn save(&self, to: &mut Writer) {
        to.number(self.len() as u64);
        to.bytes.extend_from_slice(self.as_bytes());
    }
    fn load(from: &mut Reader<'_>) -> Option<Self> {
        let (length, _) = from.length()?;
        let (mine, rest) = from.bytes.split_at_checked(length)?;
        from.bytes = rest;
        Self::from_utf8(mine.to_vec()).ok()
    }
}

impl<T: Save> Save for Option<T> {
    #[inline]
    fn save(&self, to: &mut Writer) {
        self.is_some().save(to);
        if let Some(value) = self {
            value.save(to);
        }
    }
    #[inline]
    fn load(from: &mut Reader<'_>) -> Option<Self> {
        Some(if bool::load(from)? { Some(T::load(from)?) } else { None })
    }
}

impl<T: Save> Save for Vec<T> {
    fn save(&self, to: &mut Writer) {
        to.number(self.len() as u64);
        self.iter().for_each(|value| value.save(to));
    }
    fn load(from: &mut Reader<'_>) -> Option<Self> {
        let (length, room) = from.length()?;
        let mut values = Self::with_capacity(room);
        for _ in 0..length {
            values.push(T::load(from)?);
        }
        Some(values)
    }
}

impl<T: Save + Ord> Save for BTreeSet<T> {
    fn save(&self, to: &mut Writer) {
        to.number(self.len() as u64);
        self.iter().for_each(|value| value.save(to));
    }
    fn load(from: &mut Reader<'_>) -> Option<Self> {
        let (length, _) = from.length()?;
        let mut values = Self::new();
        for _ in 0..length {
            values.insert(T::load(from)?);
        }
        Some(values)
    }
}

impl<K: Save + Ord, V: Save> Save for BTreeMap<K, V> {
    fn save(&self, to: &mut Writer) {
        to.number(self.len() as u64);
        self.iter().for_each(|(key, value)| {
            key.save(to);
            value.save(to);
        });
    }
    fn load(from: &mut Reader<'_>) -> Option<Self> {
        let (length, _) = from.length()?;
        let mut values = Self::new();
        for _ in 0..length {
            let key = K::load(from)?;
            values.insert(key, V::load(from)?);
        }
        Some(values)
    }
}

impl<T: Save, const COUNT: usize> Save for [T; COUNT] {
    fn save(&self, to: &mut Writer) {
        self.iter().for_each(|value| value.save(to));
    }
    fn load(from: &mut Reader<'_>) -> Option<Self> {
        let values: Option<Vec<T>> = (0..COUNT).map(|_| T::load(from)).collect();
        values?.try_into().ok()
    }
}

macro_rules! tuples {
    ($(($($kind:ident $value:ident),*))*) => {$(
        impl<$($kind: Save),*> Save for ($($kind,)*) {
            #[inline]
            fn save(&self, to: &mut Writer) {
                let ($($value,)*) = self;
                $($value.save(to);)*
            }
            #[inline]
            fn load(from: &mut Reader<'_>) -> Option<Self> {
                Some(($($kind::load(from)?,)*))
            }
        }
    )*};
}

tuples! {
    (A a, B b)
    (A a, B b, C c)
    (A a, B b, C c, D d)
}

#[cfg(test)]
mod tests;
