//! Mergeable state: what a partial is made of.
//!
//! ```text
//!   records of one instance      a a a a a | b b b b      any split of the stream
//!                                    │          │
//!                                 observe    observe
//!                                    ▼          ▼
//!                                 partial ── append ──► partial  =  observe(a ++ b)
//! ```
//!
//! A type is [`Merge`] when appending the state of a later span gives the state of both spans. Everything rests on
//! that law: the engine caches the partial of every day, reads only what is new, and folds days into any period.
//! A struct whose fields are all `Merge` derives it: `#[derive(Merge)]`.

use std::collections::{BTreeMap, BTreeSet};

use crate::Save;

/// State that takes in the state of the span that follows.
///
/// `append` is associative, and the empty state changes nothing on either side.
pub trait Merge {
    /// Takes in `later`, the state of the records that follow those of `self`.
    fn append(&mut self, later: Self);
}

/// A counter.
impl Merge for u64 {
    fn append(&mut self, later: Self) {
        *self = self.saturating_add(later);
    }
}

/// A list in stream order.
impl<T> Merge for Vec<T> {
    fn append(&mut self, mut later: Self) {
        Vec::append(self, &mut later);
    }
}

/// The distinct values.
impl<T: Ord> Merge for BTreeSet<T> {
    fn append(&mut self, mut later: Self) {
        BTreeSet::append(self, &mut later);
    }
}

/// One state a key: a histogram when the value is a counter.
impl<K: Ord, V: Merge> Merge for BTreeMap<K, V> {
    fn append(&mut self, later: Self) {
        for (key, value) in later {
            match self.entry(key) {
                std::collections::btree_map::Entry::Occupied(mut mine) => mine.get_mut().append(value),
                std::collections::btree_map::Entry::Vacant(place) => {
                    place.insert(value);
                }
            }
        }
    }
}

/// The first `MAX` values in stream order, and whether there were more: a list that no log can flood.
#[derive(Debug, Clone, PartialEq, Eq, Save)]
pub struct Leading<T, const MAX: usize> {
    values: Vec<T>,
    overfull: bool,
}

impl<T, const MAX: usize> Default for Leading<T, MAX> {
    fn default() -> Self {
        Self { values: Vec::new(), overfull: false }
    }
}

impl<T, const MAX: usize> Leading<T, MAX> {
    /// Takes in one more value.
    pub fn see(&mut self, value: T) {
        if self.values.len() < MAX {
            self.values.push(value);
        } else {
            self.overfull = true;
        }
    }

    /// The values that were kept.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// Whether there were more than `MAX`.
    pub fn is_overfull(&self) -> bool {
        self.overfull
    }
}

impl<T, const MAX: usize> Merge for Leading<T, MAX> {
    fn append(&mut self, later: Self) {
        later.values.into_iter().for_each(|value| self.see(value));
        self.overfull |= later.overfull;
    }
}

/// Declares a wrapper of `Option<T>` that keeps one of the values it saw.
macro_rules! keeper {
    ($(#[$doc:meta])* $name:ident, $bound:path, |$mine:ident, $later:ident| $replace:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Save)]
        pub struct $name<T>(pub Option<T>);

        impl<T> Default for $name<T> {
            fn default() -> Self {
                Self(None)
            }
        }

        impl<T: $bound> $name<T> {
            /// Takes in one more value.
            pub fn see(&mut self, value: T) {
                self.append(Self(Some(value)));
            }
        }

        impl<T: $bound> Merge for $name<T> {
            fn append(&mut self, later: Self) {
                let Some($later) = later.0 else { return };
                let replace = match &self.0 {
                    None => true,
                    Some($mine) => $replace,
                };
                if replace {
                    self.0 = Some($later);
                }
            }
        }
    };
}

/// Bound of the keepers that do not compare.
pub trait Any {}
impl<T> Any for T {}

keeper!(
    /// The first value in stream order.
    First, Any, |_mine, later| false
);
keeper!(
    /// The last value in stream order.
    Last, Any, |_mine, later| true
);
keeper!(
    /// The least value.
    Least, Ord, |mine, later| later < *mine
);
keeper!(
    /// The greatest value.
    Greatest, Ord, |mine, later| later > *mine
);

#[cfg(test)]
mod tests {
    use super::*;

    fn of<S: Default>(values: &[u64], see: impl Fn(&mut S, u64)) -> S {
        let mut state = S::default();
        values.iter().for_each(|&value| see(&mut state, value));
        state
    }

    /// The law for every split of a few values, with empty pieces.
    fn check<S: Merge + Default + PartialEq + std::fmt::Debug>(see: impl Fn(&mut S, u64) + Copy) {
        let values = [5, 3, 9, 3, 1, 9, 7];
        for split in 0..=values.len() {
            let mut state = of(&values[..split], see);
            state.append(of(&values[split..], see));
            assert_eq!(state, of::<S>(&values, see), "split at {split}");
        }
    }

    #[test]
    fn every_kind_of_state_obeys_the_merge_law() {
        check::<u64>(|count, value| *count += value);
        check::<Vec<u64>>(|list, value| list.push(value));
        check::<BTreeSet<u64>>(|set, value| _ = set.insert(value));
        check::<BTreeMap<u64, u64>>(|counts, value| *counts.entry(value).or_insert(0) += 1);
        check::<First<u64>>(First::see);
        check::<Last<u64>>(Last::see);
        check::<Least<u64>>(Least::see);
        check::<Greatest<u64>>(Greatest::see);
        check::<Leading<u64, 3>>(Leading::see);
        check::<Leading<u64, 7>>(Leading::see);
    }

    #[test]
    fn the_keepers_keep_what_they_are_named_after() {
        let values = [5, 3, 9, 4];
        assert_eq!(of(&values, First::see).0, Some(5));
        assert_eq!(of(&values, Last::see).0, Some(4));
        assert_eq!(of(&values, Least::see).0, Some(3));
        assert_eq!(of(&values, Greatest::see).0, Some(9));
    }

    #[test]
    fn a_list_that_is_full_keeps_its_first_values_and_says_so() {
        let list: Leading<u64, 2> = of(&[1, 2], Leading::see);
        assert!(!list.is_overfull());
        let list: Leading<u64, 2> = of(&[1, 2, 3], Leading::see);
        assert_eq!((list.values(), list.is_overfull()), (&[1, 2][..], true));
    }

    #[derive(Debug, Default, PartialEq, crate::Merge)]
    struct Both {
        count: u64,
        last: Last<u64>,
    }

    #[test]
    fn a_struct_appends_field_by_field() {
        check::<Both>(|both, value| {
            both.count += 1;
            both.last.see(value);
        });
    }
}
