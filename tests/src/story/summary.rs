//! The truth about a whole fleet, in the shape of the samples' `truth.json`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::truth::{InstanceTruth, Truth, WeekHours};
use crate::calendar::iso_day;

/// Numbers of a fleet. The first part is what the samples' `truth.json` holds; `more` is known of stories only.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// By UTC day, `2026-10-12`.
    pub starts_per_day: BTreeMap<String, u64>,
    pub interactions_per_day: BTreeMap<String, u64>,
    pub sessions: u64,
    pub ended: u64,
    pub crashed: u64,
    /// Abnormal, or open where nothing follows.
    pub open_at_end: u64,
    pub restarts_failed: u64,
    /// ERROR and FATAL records, by the text they were made from.
    pub errors_by_template: BTreeMap<String, u64>,
    /// By UTC hour, `7`; hours without an error are missing.
    pub errors_by_hour: BTreeMap<String, u64>,
    /// Instances without a fatal are missing.
    pub fatals_by_client: BTreeMap<String, u64>,
    pub records: u64,
    pub bytes: u64,
    /// Distinct users.
    pub users: u64,
    pub session_avg_s: f64,
    pub session_count_ended: u64,
    pub restart_min_ms: u64,
    pub restart_max_ms: u64,
    pub restart_avg_ms: f64,
    pub restart_count: u64,
    pub clients: u64,
    /// Days with a session start.
    pub days: u64,
    /// By count, ties by name.
    pub top10_fatal: Vec<(String, u64)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub more: Option<More>,
}

/// What the samples do not tell.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct More {
    pub abnormal: u64,
    pub open: u64,
    pub users_per_day: BTreeMap<String, u64>,
    pub instances_per_day: BTreeMap<String, u64>,
    pub session_ms: Quantiles,
    pub restart_ms: Quantiles,
    pub restarts_pending: u64,
    pub errors_by_week_hour: WeekHours,
    /// Instances by the version of their newest session.
    pub versions: BTreeMap<String, u64>,
    /// Time of the last record, milliseconds since 1970 UTC.
    pub last_seen_ms: BTreeMap<String, i64>,
}

/// Exact quantiles by nearest rank: the smallest value that at least the share of all values does not exceed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantiles {
    pub median: u64,
    pub p95: u64,
}

impl Quantiles {
    /// Of values in any order; zero when there are none.
    #[must_use]
    pub fn of(mut values: Vec<u64>) -> Self {
        values.sort_unstable();
        let at = |percent: usize| {
            let rank = (values.len() * percent).div_ceil(100).max(1);
            values.get(rank - 1).copied().unwrap_or(0)
        };
        Self { median: at(50), p95: at(95) }
    }
}

impl Truth {
    /// The numbers of all instances together.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let mut sum = Summary::default();
        let mut more = More::default();
        for (name, one) in &self.instances {
            one.add_counts(name, &mut sum, &mut more);
            one.add_days(&mut sum, &mut more);
        }
        self.add_users(&mut sum, &mut more);
        self.add_times(&mut sum, &mut more);
        sum.clients = self.instances.len() as u64;
        sum.more = Some(more);
        sum.derive();
        sum
    }

    fn add_users(&self, sum: &mut Summary, more: &mut More) {
        let mut by_day: BTreeMap<i32, BTreeSet<u16>> = BTreeMap::new();
        for one in self.instances.values() {
            for (day, users) in &one.users_by_day {
                by_day.entry(*day).or_default().extend(users);
            }
        }
        let all: BTreeSet<u16> = by_day.values().flatten().copied().collect();
        sum.users = all.len() as u64;
        let by_day = by_day.into_iter();
        more.users_per_day = by_day.map(|(day, users)| (iso_day(day), users.len() as u64)).collect();
    }

    fn add_times(&self, sum: &mut Summary, more: &mut More) {
        let instances = self.instances.values();
        let ended: Vec<u64> = instances.clone().flat_map(|one| one.ended_ms.clone()).collect();
        let restarts: Vec<u64> = instances.flat_map(|one| one.restarts_ms.clone()).collect();
        sum.session_count_ended = ended.len() as u64;
        sum.session_avg_s = mean(&ended) / 1000.0;
        sum.restart_count = restarts.len() as u64;
        sum.restart_min_ms = restarts.iter().copied().min().unwrap_or(0);
        sum.restart_max_ms = restarts.iter().copied().max().unwrap_or(0);
        sum.restart_avg_ms = mean(&restarts);
        more.session_ms = Quantiles::of(ended);
        more.restart_ms = Quantiles::of(restarts);
    }
}

impl InstanceTruth {
    fn add_counts(&self, name: &str, sum: &mut Summary, more: &mut More) {
        sum.records += self.records;
        sum.bytes += self.bytes;
        sum.ended += self.ended_ms.len() as u64;
        sum.crashed += self.crashed;
        sum.restarts_failed += self.restarts_failed;
        more.abnormal += self.abnormal;
        more.open += u64::from(self.running_since_ms.is_some());
        more.restarts_pending += u64::from(self.restart_pending);
        for (template, count) in &self.errors_by_template {
            add(&mut sum.errors_by_template, template, *count);
        }
        if self.fatals > 0 {
            add(&mut sum.fatals_by_client, name, self.fatals);
        }
        if let Some(last_ms) = self.last_ms {
            more.last_seen_ms.insert(name.to_owned(), last_ms);
        }
        if !self.version.is_empty() {
            add(&mut more.versions, &self.version, 1);
        }
    }

    fn add_days(&self, sum: &mut Summary, more: &mut More) {
        for (day, starts) in &self.starts_by_day {
            add(&mut sum.starts_per_day, &iso_day(*day), *starts);
            add(&mut more.instances_per_day, &iso_day(*day), 1);
        }
        for (day, count) in &self.interactions_by_day {
            add(&mut sum.interactions_per_day, &iso_day(*day), *count);
        }
        let fleet_days = more.errors_by_week_hour.iter_mut();
        for (fleet_day, day) in fleet_days.zip(&self.errors_by_hour) {
            for (fleet_hour, count) in fleet_day.iter_mut().zip(day) {
                *fleet_hour += count;
            }
        }
    }
}

impl Summary {
    /// Fills in what follows from other fields.
    pub(crate) fn derive(&mut self) {
        self.sessions = self.starts_per_day.values().sum();
        self.days = self.starts_per_day.len() as u64;
        if let Some(more) = &self.more {
            self.open_at_end = more.abnormal + more.open;
            self.errors_by_hour = by_hour(&more.errors_by_week_hour);
        }
        let mut fatals: Vec<(String, u64)> = self.fatals_by_client.clone().into_iter().collect();
        fatals.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        fatals.truncate(10);
        self.top10_fatal = fatals;
    }
}

/// Mean of whole milliseconds; zero when there are none.
#[must_use]
pub fn mean(values: &[u64]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    values.iter().sum::<u64>() as f64 / values.len() as f64
}

fn by_hour(by_week_hour: &WeekHours) -> BTreeMap<String, u64> {
    let hours = 0..by_week_hour[0].len();
    hours
        .map(|hour| (hour, by_week_hour.iter().map(|day| day[hour]).sum()))
        .filter(|(_, count)| *count > 0)
        .map(|(hour, count)| (hour.to_string(), count))
        .collect()
}

fn add(counts: &mut BTreeMap<String, u64>, key: &str, count: u64) {
    *counts.entry(key.to_owned()).or_default() += count;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_occur() {
        let hundred = Quantiles::of((1..=100).rev().collect());
        assert_eq!((hundred.median, hundred.p95), (50, 95));
        let one = Quantiles::of(vec![7]);
        assert_eq!((one.median, one.p95), (7, 7));
        assert_eq!(Quantiles::of(Vec::new()), Quantiles::default());
    }
}
