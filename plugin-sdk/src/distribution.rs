//! A mergeable distribution of non-negative numbers: minimum, maximum, mean and quantiles.

use std::collections::BTreeMap;

use crate::Save;
use crate::merge::Merge;
use crate::save::{Reader, Writer};

/// Distinct values up to which a distribution is exact: beyond, 64 KiB of state would not do.
const EXACT_MAX: usize = 4096;
/// Significant bits that a value keeps in a coarse distribution: a relative error below 2⁻⁹, 0.2 %.
const COARSE_BITS: u32 = 10;

/// How often each value occurred.
///
/// Exact up to 4,096 distinct values. Beyond, the values behind the quantiles are rounded down to 10 significant
/// bits (a relative error below 0.2 %); count, minimum, maximum and mean stay exact. Which of the two it is depends
/// on the values alone, never on their order or on how the stream was split.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Distribution {
    counts: Counts,
    count: u64,
    sum: u128,
    min: u64,
    max: u64,
}

/// How often each value occurred.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Counts {
    Exact(BTreeMap<u64, u64>),
    /// By bucket, up to the last in which a value is.
    Coarse(Vec<u64>),
}

impl Default for Counts {
    fn default() -> Self {
        Self::Exact(BTreeMap::new())
    }
}

impl Distribution {
    /// Takes in one value.
    pub fn see(&mut self, value: u64) {
        let (min, max) = if self.count == 0 { (value, value) } else { (self.min.min(value), self.max.max(value)) };
        (self.min, self.max) = (min, max);
        self.count += 1;
        self.sum += u128::from(value);
        self.counts.add(value, 1);
    }

    /// Number of values.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The least value; none of an empty distribution.
    pub fn min(&self) -> Option<u64> {
        (self.count > 0).then_some(self.min)
    }

    /// The greatest value; none of an empty distribution.
    pub fn max(&self) -> Option<u64> {
        (self.count > 0).then_some(self.max)
    }

    /// The arithmetic mean; none of an empty distribution.
    pub fn mean(&self) -> Option<f64> {
        self.mean_in(1)
    }

    /// The arithmetic mean in a greater unit, such as 1,000 for milliseconds of microseconds; rounded only once, so
    /// that it does not depend on the unit in which the values were kept.
    pub fn mean_in(&self, unit: u64) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / (u128::from(self.count) * u128::from(unit)) as f64)
    }

    /// The quantile `q` (0 to 1) by linear interpolation between the closest ranks (Hyndman and Fan, 1996, type 7,
    /// the default of R and NumPy); none of an empty distribution.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let last = self.count.checked_sub(1)?;
        let position = q.clamp(0.0, 1.0) * last as f64;
        let low = position.floor();
        let (below, above) = (self.at(low as u64), self.at((low as u64 + 1).min(last)));
        Some(below + (above - below) * (position - low))
    }

    /// The value at a rank, counted from 0.
    fn at(&self, rank: u64) -> f64 {
        let mut seen = 0;
        let mut within = self.counts.each().find(|(_, count)| {
            seen += count;
            seen > rank
        });
        within.take().map_or(self.max, |(value, _)| value.clamp(self.min, self.max)) as f64
    }
}

impl Counts {
    fn add(&mut self, value: u64, count: u64) {
        match self {
            Self::Exact(counts) => {
                *counts.entry(value).or_insert(0) += count;
                self.settle();
            }
            Self::Coarse(counts) => {
                let bucket = bucket(value);
                if counts.len() <= bucket {
                    counts.resize(bucket + 1, 0);
                }
                counts[bucket] += count;
            }
        }
    }

    /// Values in their order, those of a bucket rounded down, each with how often it occurred.
    fn each(&self) -> Box<dyn Iterator<Item = (u64, u64)> + '_> {
        match self {
            Self::Exact(counts) => Box::new(counts.iter().map(|(value, count)| (*value, *count))),
            Self::Coarse(counts) => {
                let filled = counts.iter().enumerate().filter(|(_, count)| **count > 0);
                Box::new(filled.map(|(bucket, count)| (least(bucket), *count)))
            }
        }
    }

    /// Goes over to buckets where there are too many distinct values.
    fn settle(&mut self) {
        if matches!(self, Self::Exact(counts) if counts.len() > EXACT_MAX) {
            self.make_coarse();
        }
    }

    fn make_coarse(&mut self) {
        if let Self::Exact(counts) = self {
            let counts = std::mem::take(counts);
            *self = Self::Coarse(Vec::new());
            counts.into_iter().for_each(|(value, count)| self.add(value, count));
        }
    }

    fn append(&mut self, mut later: Self) {
        match (&mut *self, &mut later) {
            (Self::Exact(counts), Self::Exact(more)) => {
                Merge::append(counts, std::mem::take(more));
                self.settle();
            }
            _ => {
                self.make_coarse();
                later.each().for_each(|(value, count)| self.add(value, count));
            }
        }
    }
}

/// The bucket of a value: it is told by the first [`COARSE_BITS`] significant bits and how many follow.
fn bucket(value: u64) -> usize {
    let dropped = (u64::BITS - value.leading_zeros()).saturating_sub(COARSE_BITS);
    ((u64::from(dropped) << (COARSE_BITS - 1)) + (value >> dropped)) as usize
}

/// The least value of a bucket.
fn least(bucket: usize) -> u64 {
    let dropped = (bucket >> (COARSE_BITS - 1)).saturating_sub(1);
    ((bucket - (dropped << (COARSE_BITS - 1))) as u64) << dropped
}

/// The values as a map, whether they are coarse, and the sums.
impl Save for Distribution {
    fn save(&self, to: &mut Writer) {
        let counts: Vec<(u64, u64)> = self.counts.each().collect();
        (counts, matches!(self.counts, Counts::Coarse(_))).save(to);
        (self.count, self.sum, self.min, self.max).save(to);
    }

    fn load(from: &mut Reader<'_>) -> Option<Self> {
        let (counts, is_coarse): (BTreeMap<u64, u64>, bool) = Save::load(from)?;
        let (count, sum, min, max) = Save::load(from)?;
        // No state has values that never occurred, or more of them than all: then no count of a bucket overflows.
        let all = counts.values().try_fold(0u64, |all, &times| all.checked_add(times))?;
        if all != count || counts.values().any(|times| *times == 0) {
            return None;
        }
        let mut counts = Counts::Exact(counts);
        if is_coarse {
            counts.make_coarse();
        }
        Some(Self { counts, count, sum, min, max })
    }
}

impl Merge for Distribution {
    fn append(&mut self, later: Self) {
        if later.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = later;
            return;
        }
        self.min = self.min.min(later.min);
        self.max = self.max.max(later.max);
        self.count += later.count;
        self.sum += later.sum;
        self.counts.append(later.counts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::save::{load, save};

    fn of(values: impl IntoIterator<Item = u64>) -> Distribution {
        let mut all = Distribution::default();
        values.into_iter().for_each(|value| all.see(value));
        all
    }

    #[test]
    fn an_empty_distribution_knows_nothing() {
        let empty = Distribution::default();
        assert_eq!((empty.count(), empty.min(), empty.max()), (0, None, None));
        assert_eq!((empty.mean(), empty.quantile(0.5)), (None, None));
    }

    #[test]
    fn quantiles_lie_between_the_closest_ranks() {
        let all = of([40, 10, 20, 30]);
        assert_eq!((all.min(), all.max(), all.mean()), (Some(10), Some(40), Some(25.0)));
        assert_eq!(all.quantile(0.5), Some(25.0));
        assert_eq!(all.quantile(0.95), Some(38.5));
        assert_eq!((all.quantile(0.0), all.quantile(1.0)), (Some(10.0), Some(40.0)));
    }

    /// Distinct values in an order of no meaning.
    fn scattered(count: u64) -> Vec<u64> {
        (0..count).map(|n| n.wrapping_mul(2_654_435_761) % 1_000_003 + 500_000).collect()
    }

    #[test]
    fn the_change_to_coarse_does_not_depend_on_the_split() {
        for count in [EXACT_MAX as u64 - 1, EXACT_MAX as u64, EXACT_MAX as u64 + 1, 3 * EXACT_MAX as u64] {
            let values = scattered(count);
            let whole = of(values.iter().copied());
            assert_eq!(matches!(whole.counts, Counts::Coarse(_)), count > EXACT_MAX as u64);
            assert_eq!(load(&save(&whole)).as_ref(), Some(&whole), "{count} values saved");
            for split in [0, 1, values.len() / 3, EXACT_MAX - 2, values.len() - 1, values.len()] {
                let mut state = of(values[..split].iter().copied());
                state.append(of(values[split..].iter().copied()));
                assert_eq!(state, whole, "{count} values split at {split}");
            }
            assert_eq!(of(values.iter().rev().copied()), whole, "{count} values backwards");
        }
    }

    #[test]
    fn what_no_distribution_saves_is_not_loaded() {
        let saved = |counts: &[(u64, u64)], count: u64| {
            let state = ((counts.to_vec(), true), (count, 5u128, 1u64, 2u64));
            load::<Distribution>(&save(&state)).is_some()
        };
        assert!(saved(&[(1, 2), (2, 1)], 3));
        assert!(!saved(&[(1, 2), (2, 1)], 4), "not as many as it says");
        assert!(!saved(&[(1, 3), (2, 0)], 3), "none of a value");
        assert!(!saved(&[(1024, u64::MAX), (1025, 1)], 0), "more than can be counted");
    }

    #[test]
    fn a_value_is_in_the_bucket_of_its_first_bits() {
        let edges = (0..64).flat_map(|bits| [(1u64 << bits) - 1, 1 << bits, (1 << bits) + 1]);
        for value in (0..5000).chain(edges).chain([u64::MAX]) {
            let least = least(bucket(value));
            let dropped = (u64::BITS - value.leading_zeros()).saturating_sub(COARSE_BITS);
            assert_eq!(least, value >> dropped << dropped, "{value}");
            assert_eq!(bucket(least), bucket(value));
            assert!(least == 0 || bucket(least - 1) + 1 == bucket(least), "{value}");
        }
    }

    #[test]
    fn coarse_quantiles_are_within_a_five_hundredth_and_the_rest_is_exact() {
        let mut values = scattered(20_000);
        let all = of(values.iter().copied());
        values.sort_unstable();
        let sum: u64 = values.iter().sum();
        assert!(matches!(all.counts, Counts::Coarse(_)));
        assert_eq!((all.min(), all.max()), (values.first().copied(), values.last().copied()));
        assert_eq!(all.mean(), Some(sum as f64 / 20_000.0));
        for q in [0.0, 0.01, 0.25, 0.5, 0.95, 0.999] {
            let exact = values[(q * 19_999.0) as usize] as f64;
            let found = all.quantile(q).expect("values");
            assert!((found - exact).abs() / exact < 0.003, "{q}: {found} for {exact}");
        }
    }
}
