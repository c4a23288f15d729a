//! What is kept of an instance.

use std::collections::BTreeMap;

use logparser_sdk::{First, Greatest, Least, Merge, Sessions, Symbol, Time};

use crate::{FATAL, Seen, clock};

/// Signatures of one instance and day that are counted apart. An application has some hundreds of errors; more on
/// one day means that a variable part is not masked. 30 KiB of state.
pub const SIGNATURES_MAX: usize = 1024;

/// The state over a time span of one instance.
#[logparser_sdk::state]
#[derive(Merge)]
pub struct Health {
    pub sessions: Sessions,
    /// Errors by local day.
    pub days: BTreeMap<i32, Day>,
}

/// The errors of one local day.
#[logparser_sdk::state]
#[derive(Default, Merge)]
pub struct Day {
    pub signatures: Signatures,
    /// By hour of the wall clock.
    pub hours: BTreeMap<u8, u64>,
    /// Local time minus UTC, at the first error.
    pub offset_min: First<i16>,
}

/// Errors by signature. Beyond [`SIGNATURES_MAX`] the greatest symbols are counted together: which those are does not
/// depend on the order of the records.
#[logparser_sdk::state]
#[derive(Default)]
pub struct Signatures {
    pub apart: BTreeMap<Symbol, Tally>,
    /// Of the rest, and of errors without a signature.
    pub other: Tally,
}

/// How often, and when.
#[logparser_sdk::state]
#[derive(Default, Merge)]
pub struct Tally {
    pub errors: u64,
    pub fatals: u64,
    pub first: Least<Time>,
    pub last: Greatest<Time>,
}

impl Health {
    pub fn new(idle_timeout_min: u32) -> Self {
        Self { sessions: Sessions::new(idle_timeout_min), days: BTreeMap::new() }
    }

    /// Takes in an error on a local day.
    pub fn error(&mut self, day: i32, row: &Seen) {
        let state = self.days.entry(day).or_default();
        if state.offset_min.0.is_none() {
            state.offset_min.see(clock::offset_min(day, row.minute, row.time));
        }
        *state.hours.entry(clock::hour(row.minute)).or_insert(0) += 1;
        state.signatures.see(row.signature, row.severity >= FATAL, row.time);
    }
}

impl Signatures {
    fn see(&mut self, signature: Option<Symbol>, fatal: bool, time: Time) {
        let tally = match signature {
            Some(signature) => self.apart.entry(signature).or_default(),
            None => &mut self.other,
        };
        tally.errors += 1;
        tally.fatals += u64::from(fatal);
        tally.first.see(time);
        tally.last.see(time);
        self.settle();
    }

    fn settle(&mut self) {
        while self.apart.len() > SIGNATURES_MAX {
            if let Some((_, tally)) = self.apart.pop_last() {
                self.other.append(tally);
            }
        }
    }

    /// All tallies; none stands for those that are counted together.
    pub fn iter(&self) -> impl Iterator<Item = (Option<Symbol>, &Tally)> {
        let other = (self.other.errors > 0).then_some((None, &self.other));
        self.apart.iter().map(|(&signature, tally)| (Some(signature), tally)).chain(other)
    }
}

impl Merge for Signatures {
    fn append(&mut self, later: Self) {
        Merge::append(&mut self.apart, later.apart);
        self.other.append(later.other);
        self.settle();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One fatal error of each symbol.
    fn errors(symbols: impl IntoIterator<Item = u64>) -> Signatures {
        let mut signatures = Signatures::default();
        for symbol in symbols {
            signatures.see(Some(Symbol(symbol)), true, Time(1));
        }
        signatures
    }

    #[test]
    fn too_many_signatures_are_counted_together_in_every_order() {
        let all = 3 * SIGNATURES_MAX as u64;
        let whole = errors(1..=all);
        assert_eq!((whole.apart.len(), whole.other.errors), (SIGNATURES_MAX, all - SIGNATURES_MAX as u64));
        assert_eq!(errors((1..=all).rev()), whole);
        for split in [1, all / 2, all] {
            let mut state = errors(1..split);
            state.append(errors(split..=all));
            assert_eq!(state, whole, "split at {split}");
        }
    }
}
