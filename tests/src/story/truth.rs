//! The truth about a story, counted while its events are written.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::words::{CRASH, ERRORS, VERSIONS};
use super::{Event, Severity, What};
use crate::calendar::{day_and_hour, weekday_of};

/// Errors by weekday (0 is Monday) and hour, UTC.
pub type WeekHours = [[u64; 24]; 7];

/// What one instance has written. Days are numbers since 1970-01-01 UTC.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceTruth {
    /// A stack belongs to its record.
    pub records: u64,
    pub bytes: u64,
    pub last_ms: Option<i64>,
    pub starts_by_day: BTreeMap<i32, u64>,
    pub users_by_day: BTreeMap<i32, BTreeSet<u16>>,
    pub interactions_by_day: BTreeMap<i32, u64>,
    /// Lengths of the ended sessions, in the order of their ends.
    pub ended_ms: Vec<u64>,
    pub crashed: u64,
    /// Neither end nor crash, and a later start came.
    pub abnormal: u64,
    /// Start of the session that runs at the end of the data.
    pub running_since_ms: Option<i64>,
    /// Times of completed restarts, in the order of their completion.
    pub restarts_ms: Vec<u64>,
    pub restarts_failed: u64,
    /// A restart is unanswered at the end of the data.
    pub restart_pending: bool,
    /// By the text that they are made from, fatals included.
    pub errors_by_template: BTreeMap<String, u64>,
    pub errors_by_hour: WeekHours,
    pub fatals: u64,
    /// Of the newest session.
    pub version: String,
}

impl InstanceTruth {
    /// Counts an event that was written in `bytes` bytes. Events come in time order.
    pub fn observe(&mut self, event: &Event, bytes: usize) {
        self.records += 1;
        self.bytes += bytes as u64;
        self.last_ms = Some(event.time_ms);
        let (day, hour) = day_and_hour(event.time_ms);
        match event.what {
            What::Noise { .. } => {}
            What::SessionStart { version, .. } => {
                *self.starts_by_day.entry(day).or_default() += 1;
                self.users_by_day.entry(day).or_default().insert(event.user);
                VERSIONS[usize::from(version)].clone_into(&mut self.version);
                let unfinished = self.running_since_ms.replace(event.time_ms);
                self.abnormal += u64::from(unfinished.is_some());
            }
            What::SessionEnd { .. } => {
                if let Some(start_ms) = self.running_since_ms.take() {
                    self.ended_ms.push((event.time_ms - start_ms) as u64);
                }
            }
            What::Action { .. } => *self.interactions_by_day.entry(day).or_default() += 1,
            What::RestartRequested { .. } => self.restart_pending = true,
            What::RestartCompleted { took_ms, .. } => {
                self.restart_pending = false;
                self.restarts_ms.push(u64::from(took_ms));
            }
            What::RestartTimedOut { .. } => {
                self.restart_pending = false;
                self.restarts_failed += 1;
            }
            What::Error { wording } => {
                self.errors_by_hour[weekday_of(day)][hour] += 1;
                self.error(usize::from(wording));
            }
        }
    }

    fn error(&mut self, wording: usize) {
        let error = &ERRORS[wording];
        *self.errors_by_template.entry(error.text.to_owned()).or_default() += 1;
        self.fatals += u64::from(error.severity == Severity::Fatal);
        if wording == CRASH && self.running_since_ms.take().is_some() {
            self.crashed += 1;
        }
    }
}

/// What a fleet has written, by the instances' names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truth {
    pub instances: BTreeMap<String, InstanceTruth>,
}

impl Truth {
    /// Takes over the instances of another part of the fleet; the newer truth about an instance replaces the older.
    pub fn merge(&mut self, other: Self) {
        self.instances.extend(other.instances);
    }

    /// The truth about the instances that `keep` wants, such as those that were reached.
    #[must_use]
    pub fn only(&self, keep: impl Fn(&str) -> bool) -> Self {
        let kept = self.instances.iter().filter(|(name, _)| keep(name));
        Self { instances: kept.map(|(name, one)| (name.clone(), one.clone())).collect() }
    }
}
