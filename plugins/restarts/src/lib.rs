//! The KPI family *Service restarts*: response time and completion rate.
//!
//! ```text
//!   request ─────────── complete                completed: its own duration, else completed − first request
//!   request ─ request ─ complete                completed, with one retry
//!   request ─────────── fail                    failed
//!   request ──── timeout ─────── complete       failed; the answer is late
//!   request ──── timeout ─────── request …      failed; the later request begins another restart
//!   request ── end of the data                  pending, within the timeout
//!                       complete                completed, if it carries its duration; else left out
//!                       fail                    failed, unless the restart before has failed and nothing was asked
//! ```
//!
//! A restart is one of an instance and a service. It belongs to the local day of its first request, or of its
//! completion minus the duration.

mod report;
mod resolve;
mod state;

use logparser_sdk::{
    Batch, Check, Events, Instance, Minute, Plugin, Results, Row, SettingsError, Symbol, Time, Window,
};
use state::{Fleet, Log};

/// Settings: `[kpi.restarts]`.
#[logparser_sdk::settings]
pub struct Restarts {
    /// A value with fewer observations than this is shown, but raises no highlight.
    pub minimum_sample: u64,
    /// A restart that is not complete after this time has failed.
    pub timeout_s: u32,
    /// Mean response time above which there is a highlight.
    pub mean_max_s: f64,
    /// Share of completed restarts below which there is a highlight.
    pub completion_min: f64,
}

impl Default for Restarts {
    fn default() -> Self {
        Self { minimum_sample: 20, timeout_s: 120, mean_max_s: 10.0, completion_min: 0.95 }
    }
}

/// What happens to a restart.
#[derive(Events)]
pub enum Event {
    /// Somebody asks for it.
    #[event("service.restart.request")]
    Request,
    /// The service runs again.
    #[event("service.restart.complete")]
    Complete,
    /// It did not work.
    #[event("service.restart.fail")]
    Fail,
}

/// What the plugin sees of a record.
#[derive(Row)]
pub struct Seen {
    event: Event,
    time: Time,
    minute: Minute,
    #[row(attribute = "service.name")]
    service: Option<Symbol>,
    #[row(attribute = "duration")]
    duration_ms: Option<i64>,
}

#[logparser_sdk::plugin(name = "restarts", title = "Service restarts")]
impl Plugin for Restarts {
    type Row = Seen;
    type Partial = Log;
    type Fleet = Fleet;
    const ACTIVITY: bool = true;

    fn check(&self) -> Vec<SettingsError> {
        Check::default()
            .range("minimum_sample", self.minimum_sample, 1..=1_000_000)
            .range("timeout_s", self.timeout_s, 1..=86_400)
            .range("mean_max_s", self.mean_max_s, 0.0..=86_400.0)
            .range("completion_min", self.completion_min, 0.0..=1.0)
            .faults()
    }

    fn partial(&self) -> Log {
        Log::default()
    }

    fn observe(&self, log: &mut Log, batch: &Batch) {
        batch.rows().for_each(|row| log.see(batch.day, &row));
        log.activity(batch);
    }

    fn fleet(&self, window: &Window) -> Fleet {
        Fleet::new(*window)
    }

    fn add(&self, fleet: &mut Fleet, _: &Instance, log: Log) {
        fleet.add(&log, i64::from(self.timeout_s) * 1_000_000);
    }

    fn report(&self, fleet: Fleet, results: &mut Results) -> Result<(), String> {
        report::tell(self, &fleet, results);
        Ok(())
    }
}
