//! Texts as symbols, and the texts behind them.

use std::collections::BTreeSet;

use crate::normalise::{same, symbol};

/// Texts whose symbols are at hand: users, services, versions and errors of a few instances.
const RECENT_MAX: usize = 1024;
/// Longer ones are not worth the memory.
const RECENT_BYTES_MAX: usize = 512;

/// Texts that symbols stand for, new ones apart.
///
/// A symbol is a digest, which takes longer than all else that is done with most attributes: those of the last texts
/// are kept at hand.
pub struct Texts {
    /// Each in the slot of its hash.
    recent: Vec<Recent>,
    known: BTreeSet<u64>,
    new: Vec<(u64, String)>,
}

#[derive(Clone, Default)]
struct Recent {
    bytes: usize,
    /// Empty where the text was too long.
    text: String,
    /// 0 where the slot is free.
    symbol: u64,
}

impl Default for Texts {
    fn default() -> Self {
        Self { recent: vec![Recent::default(); RECENT_MAX], known: BTreeSet::new(), new: Vec::new() }
    }
}

impl Texts {
    /// The symbol of a text, which is kept.
    pub fn symbol(&mut self, text: &str) -> u64 {
        let recent = &mut self.recent[slot(text.as_bytes())];
        if recent.symbol == 0 || recent.bytes != text.len() || !same(recent.text.as_bytes(), text.as_bytes()) {
            (recent.symbol, recent.bytes) = (symbol(text), text.len());
            recent.text.clear();
            if text.len() <= RECENT_BYTES_MAX {
                recent.text.push_str(text);
            }
            if self.known.insert(recent.symbol) {
                self.new.push((recent.symbol, text.to_owned()));
            }
        }
        recent.symbol
    }

    /// Hands over the texts that came new.
    pub fn take_new(&mut self) -> Vec<(u64, String)> {
        std::mem::take(&mut self.new)
    }
}

/// A hash that need not be good, only quick: eight bytes at a time, each step that of FNV-1a.
fn slot(text: &[u8]) -> usize {
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let (words, rest) = text.as_chunks::<8>();
    let mut hash = text.len() as u64;
    for word in words {
        hash = (hash ^ u64::from_le_bytes(*word)).wrapping_mul(PRIME);
        hash ^= hash >> 29;
    }
    for byte in rest {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(PRIME);
    }
    hash ^= hash >> 32;
    hash as usize % RECENT_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_at_hand_are_those_of_the_digest() {
        let mut texts = Texts::default();
        let long = "x".repeat(RECENT_BYTES_MAX + 1);
        let longer = format!("{long}y");
        let all: Vec<String> = (0..5_000).map(|number| format!("text {number}")).chain([long, longer]).collect();
        // Each is new once, whether its symbol was asked for before or not.
        all.iter().chain(&all).for_each(|text| assert_eq!(texts.symbol(text), symbol(text)));
        let new: Vec<String> = texts.take_new().into_iter().map(|(_, text)| text).collect();
        assert_eq!(new, all);
    }

    #[test]
    fn a_long_text_is_not_taken_for_the_empty_one() {
        let mut texts = Texts::default();
        let mut number = 0;
        let long = loop {
            let long = format!("{number}{}", "x".repeat(RECENT_BYTES_MAX));
            if slot(long.as_bytes()) == slot(b"") {
                break long;
            }
            number += 1;
        };
        assert_eq!([texts.symbol(&long), texts.symbol("")], [symbol(&long), symbol("")]);
    }
}
