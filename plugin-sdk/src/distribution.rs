//! A mergeable distribution of non-negative numbers: minimum, maximum, mean and quantiles.

use std::collections::BTreeMap;

use crate::Save;
use crate::merge::Merge;

/// Distinct values up to which a distribution is exact: beyond, 64 KiB of state would not do.
const EXACT_MAX: usize = 4096;
/// Significant bits that a value keeps in a coarse distribution: a relative error below 2⁻⁹, 0.2 %.
const COARSE_BITS: u32 = 10;

/// How often each value occurred.
///
/// Exact up to 4,096 distinct values. Beyond, the values behind the quantiles are rounded down to 10 significant
/// bits (a relative error below 0.2 %); count, minimum, maximum and mean stay exact. Which of the two it is depends
/// on the values alone, never on their order or on how the stream was split.
#[derive(Debug, Clone, Default, PartialEq, Eq, Save)]
pub struct Distribution {
    counts: BTreeMap<u64, u64>,
    coarse: bool,
    count: u64,
    sum: u128,
    min: u64,
    max: u64,
}

impl Distribution {
    /// Takes in one value.
    pub fn see(&mut self, value: u64) {
        let (min, max) = if self.count == 0 { (value, value) } else { (self.min.min(value), self.max.max(value)) };
        (self.min, self.max) = (min, max);
        self.count += 1;
        self.sum += u128::from(value);
        *self.counts.entry(if self.coarse { coarse(value) } else { value }).or_insert(0) += 1;
        self.settle();
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
        for (&value, &count) in &self.counts {
            seen += count;
            if seen > rank {
                return value.clamp(self.min, self.max) as f64;
            }
        }
        self.max as f64
    }

    /// Goes over to coarse values when there are too many distinct ones.
    fn settle(&mut self) {
        if !self.coarse && self.counts.len() > EXACT_MAX {
            self.coarse = true;
            self.make_coarse();
        }
    }

    fn make_coarse(&mut self) {
        for (value, count) in std::mem::take(&mut self.counts) {
            *self.counts.entry(coarse(value)).or_insert(0) += count;
        }
    }
}

/// Keeps the first [`COARSE_BITS`] significant bits.
fn coarse(value: u64) -> u64 {
    let bits = u64::BITS - value.leading_zeros();
    let dropped = bits.saturating_sub(COARSE_BITS);
    value >> dropped << dropped
}

impl Merge for Distribution {
    fn append(&mut self, mut later: Self) {
        if later.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = later;
            return;
        }
        if self.coarse != later.coarse {
            let exact = if self.coarse { &mut later } else { &mut *self };
            exact.coarse = true;
            exact.make_coarse();
        }
        self.min = self.min.min(later.min);
        self.max = self.max.max(later.max);
        self.count += later.count;
        self.sum += later.sum;
        Merge::append(&mut self.counts, later.counts);
        self.settle();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(whole.coarse, count > EXACT_MAX as u64);
            for split in [0, 1, values.len() / 3, EXACT_MAX - 2, values.len() - 1, values.len()] {
                let mut state = of(values[..split].iter().copied());
                state.append(of(values[split..].iter().copied()));
                assert_eq!(state, whole, "{count} values split at {split}");
            }
            assert_eq!(of(values.iter().rev().copied()), whole, "{count} values backwards");
        }
    }

    #[test]
    fn coarse_quantiles_are_within_a_five_hundredth_and_the_rest_is_exact() {
        let mut values = scattered(20_000);
        let all = of(values.iter().copied());
        values.sort_unstable();
        let sum: u64 = values.iter().sum();
        assert!(all.coarse);
        assert_eq!((all.min(), all.max()), (values.first().copied(), values.last().copied()));
        assert_eq!(all.mean(), Some(sum as f64 / 20_000.0));
        for q in [0.0, 0.01, 0.25, 0.5, 0.95, 0.999] {
            let exact = values[(q * 19_999.0) as usize] as f64;
            let found = all.quantile(q).expect("values");
            assert!((found - exact).abs() / exact < 0.003, "{q}: {found} for {exact}");
        }
    }
}
