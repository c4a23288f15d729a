//! From requests and answers to restarts.

use std::collections::BTreeMap;

use logparser_sdk::{Symbol, Time};

use crate::state::{Log, Own, Step, What};

/// What became of a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// With its response time in microseconds; none where that is negative, which is a clock fault.
    Completed(Option<u64>),
    Failed,
    /// Unanswered at the end of the data, within the timeout.
    Pending,
    /// Complete, but nobody knows since when.
    Unknown,
}

/// One restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restart {
    /// The local day on which it began.
    pub day: i32,
    pub service: Option<Symbol>,
    pub outcome: Outcome,
    pub retries: u64,
    /// Whether a failed restart was answered after all.
    pub late: bool,
}

/// The restarts of an instance.
pub fn resolve(log: &Log, timeout_us: i64) -> Vec<Restart> {
    let mut services: BTreeMap<Option<Symbol>, Service> = BTreeMap::new();
    for (&day, state) in &log.days {
        for step in state.steps.values() {
            services.entry(step.service).or_default().step(day, step, timeout_us);
        }
    }
    let last = log.days.values().filter_map(|day| day.last.0).max();
    let finish = |mut service: Service| {
        service.finish(last, timeout_us);
        service.restarts
    };
    services.into_values().flat_map(finish).collect()
}

/// The restarts of a service while the steps are read.
#[derive(Default)]
struct Service {
    restarts: Vec<Restart>,
    /// The time of the first request of the last restart, while it waits for an answer.
    waiting: Option<Time>,
    /// Whether the last restart was asked for and failed, and nothing has come since.
    failed: bool,
}

impl Service {
    fn step(&mut self, day: i32, step: &Step, timeout_us: i64) {
        self.time_out(step.time, timeout_us);
        match step.what {
            What::Request => self.request(day, step),
            What::Complete(own) => self.complete(day, step, own),
            What::Fail => self.fail(day, step),
        }
    }

    /// A restart that waits for longer than the timeout has failed.
    fn time_out(&mut self, now: Time, timeout_us: i64) {
        if self.waiting.is_some_and(|first| now.0.saturating_sub(first.0) > timeout_us) {
            self.decide(Outcome::Failed);
            self.failed = true;
        }
    }

    fn request(&mut self, day: i32, step: &Step) {
        match self.waiting {
            Some(_) => self.last().retries += 1,
            None => {
                self.begin(day, step, Outcome::Pending);
                self.waiting = Some(step.time);
            }
        }
    }

    fn complete(&mut self, day: i32, step: &Step, own: Option<Own>) {
        let own_us = own.map(|own| own.duration_ms.saturating_mul(1000));
        if let Some(first) = self.waiting {
            let time_us = own_us.or_else(|| u64::try_from(step.time.0.saturating_sub(first.0)).ok());
            self.decide(Outcome::Completed(time_us));
        } else if self.failed {
            self.last().late = true;
            self.failed = false;
        } else if let Some(own) = own {
            let began = day.saturating_sub_unsigned(own.days_before);
            self.begin(began, step, Outcome::Completed(own_us));
        } else {
            self.begin(day, step, Outcome::Unknown);
        }
    }

    fn fail(&mut self, day: i32, step: &Step) {
        if self.waiting.is_some() {
            self.decide(Outcome::Failed);
            self.failed = true;
        } else if !self.failed {
            self.begin(day, step, Outcome::Failed);
        }
    }

    fn begin(&mut self, day: i32, step: &Step, outcome: Outcome) {
        self.failed = false;
        self.restarts.push(Restart { day, service: step.service, outcome, retries: 0, late: false });
    }

    fn decide(&mut self, outcome: Outcome) {
        self.waiting = None;
        self.last().outcome = outcome;
    }

    fn last(&mut self) -> &mut Restart {
        self.restarts.last_mut().expect("called only after a restart began")
    }

    /// At the end of the data a restart still waits, unless the records went on for longer than the timeout.
    fn finish(&mut self, last: Option<Time>, timeout_us: i64) {
        if let Some(last) = last {
            self.time_out(last, timeout_us);
        }
    }
}
