//! What is kept of an instance, and of the fleet.

use std::collections::BTreeMap;
use std::ops::Range;

use logparser_sdk::{Batch, Coverage, Distribution, Greatest, Leading, Merge, Symbol, Time, Window};

use crate::resolve::{Outcome, Restart, resolve};
use crate::{Event, Seen};

/// Requests and answers of one instance and day that are kept: 100 KiB of state.
pub const STEPS_MAX: usize = 4096;

/// Microseconds of a minute and of a day.
const MINUTE_US: i64 = 60_000_000;
const DAY_US: i64 = 1440 * MINUTE_US;

/// The state over a time span of one instance, by local day: what was asked and answered. What becomes of it is
/// known once all days are there.
#[logparser_sdk::state]
#[derive(Default, Merge)]
pub struct Log {
    pub days: BTreeMap<i32, Day>,
}

/// One local day.
#[logparser_sdk::state]
#[derive(Default, Merge)]
pub struct Day {
    pub steps: Leading<Step, STEPS_MAX>,
    /// Time went on until then.
    pub last: Greatest<Time>,
}

/// A request or an answer.
#[logparser_sdk::state]
pub struct Step {
    pub service: Option<Symbol>,
    pub time: Time,
    pub what: What,
}

/// Which.
#[logparser_sdk::state]
#[derive(Copy)]
pub enum What {
    Request,
    Complete(Option<Own>),
    Fail,
}

/// What a completion says itself.
#[logparser_sdk::state]
#[derive(Copy)]
pub struct Own {
    pub duration_ms: u64,
    /// Local days between the beginning and the completion.
    pub days_before: u32,
}

impl Log {
    pub fn see(&mut self, day: i32, row: &Seen) {
        let what = match row.event {
            Event::Request => What::Request,
            Event::Complete => What::Complete(row.own()),
            Event::Fail => What::Fail,
        };
        self.days.entry(day).or_default().steps.see(Step { service: row.service, time: row.time, what });
    }

    pub fn activity(&mut self, batch: &Batch) {
        if let Some(last) = batch.spans().map(|span| span.last).max() {
            self.days.entry(batch.day).or_default().last.see(last);
        }
    }
}

impl Seen {
    /// A negative duration is no duration, nor is one of more microseconds than there are.
    fn own(&self) -> Option<Own> {
        let duration_ms = self.duration_ms.filter(|ms| (0..=i64::MAX / 1000).contains(ms))?;
        let midnight_us = i64::from(self.minute.0) * MINUTE_US + self.time.0.rem_euclid(MINUTE_US);
        let beyond_us = duration_ms * 1000 - midnight_us;
        let days_before = if beyond_us <= 0 { 0 } else { 1 + (beyond_us - 1) / DAY_US };
        Some(Own { duration_ms: duration_ms.cast_unsigned(), days_before: u32::try_from(days_before).ok()? })
    }
}

/// The state over all instances.
pub struct Fleet {
    pub window: Window,
    pub coverage: Coverage,
    /// The days of the report, by service.
    pub services: BTreeMap<Option<Symbol>, Totals>,
    /// The days before, for comparison.
    pub before: Totals,
    /// By day of the report.
    pub days: BTreeMap<i32, DayTimes>,
    /// Instances and days with more steps than are kept.
    pub overfull: u64,
}

/// Response times of a day.
#[derive(Default)]
pub struct DayTimes {
    count: u64,
    sum_us: u128,
}

/// Sums over a period.
#[derive(Default, Clone, Merge)]
pub struct Totals {
    pub times_us: Distribution,
    pub completed: u64,
    pub failed: u64,
    pub pending: u64,
    pub retries: u64,
    /// Failed restarts that were answered after the timeout or the failure.
    pub late: u64,
    /// Completed restarts whose completion lies before their request.
    pub clock_faults: u64,
    /// Completions without a request in the data and without a duration.
    pub unknown: u64,
}

impl Fleet {
    pub fn new(window: Window) -> Self {
        Self {
            window,
            coverage: Coverage::default(),
            services: BTreeMap::new(),
            before: Totals::default(),
            days: BTreeMap::new(),
            overfull: 0,
        }
    }

    pub fn add(&mut self, log: &Log, timeout_us: i64) {
        let Range { start, end } = self.window.days();
        self.coverage.see(log.days.keys().copied());
        self.overfull += log.days.range(start..end).filter(|(_, day)| day.steps.is_overfull()).count() as u64;
        for restart in resolve(log, timeout_us) {
            if self.window.days().contains(&restart.day) {
                self.services.entry(restart.service).or_default().see(&restart);
                if let Outcome::Completed(Some(time_us)) = restart.outcome {
                    self.days.entry(restart.day).or_default().see(time_us);
                }
            } else if self.window.previous_days().contains(&restart.day) {
                self.before.see(&restart);
            }
        }
    }
}

impl Fleet {
    /// The days of the report, over all services.
    pub fn now(&self) -> Totals {
        let mut now = Totals::default();
        self.services.values().for_each(|totals| now.append(totals.clone()));
        now
    }
}

impl DayTimes {
    fn see(&mut self, time_us: u64) {
        self.count += 1;
        self.sum_us += u128::from(time_us);
    }

    pub fn mean_ms(&self) -> f64 {
        self.sum_us as f64 / (u128::from(self.count) * 1000) as f64
    }
}

impl Totals {
    fn see(&mut self, restart: &Restart) {
        self.retries += restart.retries;
        self.late += u64::from(restart.late);
        match restart.outcome {
            Outcome::Completed(time_us) => {
                self.completed += 1;
                match time_us {
                    Some(time_us) => self.times_us.see(time_us),
                    None => self.clock_faults += 1,
                }
            }
            Outcome::Failed => self.failed += 1,
            Outcome::Pending => self.pending += 1,
            Outcome::Unknown => self.unknown += 1,
        }
    }

    /// Restarts that were answered, or should have been.
    pub fn decided(&self) -> u64 {
        self.completed + self.failed
    }
}
