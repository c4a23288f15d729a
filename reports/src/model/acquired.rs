//! How the last fetch went, and what no fetch can get any more.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::InstanceCoverage;

/// Bytes of a log file that were lost before they were read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Name of the instance.
    pub instance: String,
    /// Last known name of the log file.
    pub file: String,
    /// Whether the file is still there: then its end is missing or damaged, else it went before it was read.
    pub listed: bool,
    /// Whether they were damaged in the store, and nobody had them any more.
    #[serde(default)]
    pub in_store: bool,
    /// Number of lost bytes at least; `null` where it is not known.
    pub bytes: Option<u64>,
    /// Time of the last record before the gap, where one is known.
    pub last_before: Option<DateTime<Utc>>,
    /// Time of the instance's first record in a later file, where one is known.
    pub first_after: Option<DateTime<Utc>>,
}

/// Files by what the last fetch made of them. Each counts once, but `closed` counts files that are there no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FilesFetched {
    /// Nothing new.
    pub unchanged: u64,
    /// They had more than before.
    pub appended: u64,
    /// Not known before.
    pub new: u64,
    /// Known content under another name.
    pub renamed: u64,
    /// Known name, other content.
    pub rewritten: u64,
    /// Rotated away or deleted.
    pub closed: u64,
    /// They could not be taken in whole.
    pub failed: u64,
}

/// Instances that were not reached in whole for causes of one class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CauseCount {
    /// The class: `connect`, `timeout`, `status`, `damaged` …
    pub class: String,
    /// Number of instances.
    pub instances: u64,
    /// The cause of the first of them, by name.
    pub example: String,
}

/// Instances whose newest record is about so much older than the fleet's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LagCount {
    /// Hours at most, and more than those of the entry before; `null` for more than all.
    pub hours_max: Option<u64>,
    /// Number of instances.
    pub instances: u64,
}

/// Bounds of the distribution of lags: the same hour, day and week.
const LAG_HOURS: [Option<u64>; 4] = [Some(1), Some(24), Some(7 * 24), None];

impl FilesFetched {
    /// Each outcome with its number.
    pub fn by_outcome(&self) -> [(&'static str, u64); 7] {
        [
            ("unchanged", self.unchanged),
            ("appended", self.appended),
            ("new", self.new),
            ("renamed", self.renamed),
            ("rewritten", self.rewritten),
            ("closed", self.closed),
            ("failed", self.failed),
        ]
    }

    pub(super) fn sum<'a>(all: impl Iterator<Item = &'a Self>) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            unchanged: sum.unchanged + one.unchanged,
            appended: sum.appended + one.appended,
            new: sum.new + one.new,
            renamed: sum.renamed + one.renamed,
            rewritten: sum.rewritten + one.rewritten,
            closed: sum.closed + one.closed,
            failed: sum.failed + one.failed,
        })
    }
}

/// The most frequent class first.
pub(super) fn causes(instances: &[InstanceCoverage]) -> Vec<CauseCount> {
    let mut counts: BTreeMap<&str, CauseCount> = BTreeMap::new();
    for instance in instances {
        let Some((class, cause)) = instance.cause_class.as_ref().zip(instance.cause.as_ref()) else { continue };
        let first = || CauseCount { class: class.clone(), instances: 0, example: cause.clone() };
        counts.entry(class).or_insert_with(first).instances += 1;
    }
    let mut counts: Vec<_> = counts.into_values().collect();
    counts.sort_by_key(|count| std::cmp::Reverse(count.instances));
    counts
}

pub(super) fn lags(instances: &[InstanceCoverage]) -> Vec<LagCount> {
    let place = |lag: u64| LAG_HOURS.iter().position(|hours| hours.is_none_or(|hours| lag <= hours * 3600));
    let places: Vec<_> = instances.iter().filter_map(|instance| place(instance.lag_seconds?)).collect();
    let count = |at: usize| places.iter().filter(|place| **place == at).count() as u64;
    LAG_HOURS.iter().enumerate().map(|(at, hours)| LagCount { hours_max: *hours, instances: count(at) }).collect()
}

/// The sum of faults by kind.
pub(super) fn faults(instances: &[InstanceCoverage]) -> BTreeMap<String, u64> {
    let mut sums = BTreeMap::new();
    for (kind, count) in instances.iter().flat_map(|instance| &instance.faults) {
        *sums.entry(kind.clone()).or_default() += count;
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::{InstanceCoverage, causes, lags};
    use crate::fixture;

    #[test]
    fn every_instance_is_counted_where_it_belongs() {
        let all = fixture::rich().coverage;
        let with = |test: fn(&InstanceCoverage) -> bool| all.instances.iter().filter(|one| test(one)).count() as u64;
        let sum: u64 = lags(&all.instances).iter().map(|lag| lag.instances).sum();
        assert_eq!(sum, with(|one| one.lag_seconds.is_some()));
        let in_a_day = with(|one| one.lag_seconds.is_some_and(|lag| (3_601..=86_400).contains(&lag)));
        assert_eq!(lags(&all.instances)[1].instances, in_a_day);
        let causes = causes(&all.instances);
        assert_eq!(causes.iter().map(|cause| cause.instances).sum::<u64>(), with(|one| one.cause.is_some()));
        assert_eq!((causes[0].class.as_str(), causes[0].instances), ("timeout", 2));
    }
}
