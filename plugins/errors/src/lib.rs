//! The KPI family *Health*: errors by signature, by time of day and by instance.
//!
//! Errors are the records of severity 17 and above, fatal ones those of 21 and above: what a profile maps to another
//! severity, such as a crash event, counts as mapped. A signature of the report is, held against the period before:
//!
//! | state | when |
//! |---|---|
//! | new | not seen in the period before |
//! | returned | seen there, but on no day of its second half |
//! | growing | at least twice as often as there, and at least the minimum sample |
//! | spreading | on at least twice as many instances as there, and on at least three |
//!
//! None of them is said where the logs do not reach back far enough to tell.

mod attention;
mod clock;
mod fleet;
mod report;
mod state;
mod trend;

use fleet::Fleet;
use logparser_sdk::sessions::{Owner, Start};
use logparser_sdk::{
    Batch, Check, Events, Instance, Key, Minute, Plugin, Results, Row, SettingsError, Severity, Symbol, Time, Window,
};
use state::Health;

/// The least severity of an error, in OpenTelemetry's numbers.
const ERROR: Severity = Severity(17);
/// The least severity of a fatal error.
const FATAL: Severity = Severity(21);

/// Settings: `[kpi.errors]`.
#[logparser_sdk::settings]
pub struct Errors {
    /// A value with fewer observations than this is shown, but raises no highlight.
    pub minimum_sample: u64,
    /// Rows of the tables of the most frequent errors and of the instances with fatal ones.
    pub top: u32,
    /// Where a log has no session markers at all, a longer pause parts two sessions.
    pub idle_timeout_min: u32,
}

impl Default for Errors {
    fn default() -> Self {
        Self { minimum_sample: 20, top: 10, idle_timeout_min: 30 }
    }
}

/// What happens to sessions: errors are held against those that were active.
#[derive(Events)]
pub enum Event {
    /// A session begins.
    #[event("session.start")]
    Start,
    /// A session ends.
    #[event("session.end")]
    End,
    /// The application dies.
    #[event("app.crash")]
    Crash,
    /// An error that says nothing about sessions.
    #[event(other)]
    Other,
}

/// What the plugin sees of a record.
#[derive(Row)]
#[row(severity = 17)]
pub struct Seen {
    event: Event,
    severity: Severity,
    time: Time,
    previous: Option<Time>,
    minute: Minute,
    signature: Option<Symbol>,
    #[row(attribute = "session.id")]
    session: Option<Key>,
    #[row(attribute = "process.id")]
    process: Option<Key>,
}

#[logparser_sdk::plugin(name = "errors", title = "Health")]
impl Plugin for Errors {
    type Row = Seen;
    type Partial = Health;
    type Fleet = Fleet;
    const ACTIVITY: bool = true;

    fn check(&self) -> Vec<SettingsError> {
        Check::default()
            .range("minimum_sample", self.minimum_sample, 1..=1_000_000)
            .range("top", self.top, 1..=1000)
            .range("idle_timeout_min", self.idle_timeout_min, 1..=1440)
            .faults()
    }

    fn partial(&self) -> Health {
        Health::new(self.idle_timeout_min)
    }

    fn observe(&self, health: &mut Health, batch: &Batch) {
        for row in batch.rows::<Seen>() {
            let Seen { time, previous, minute, session, process, .. } = row;
            let owner = Owner { session, process };
            match row.event {
                Event::Start => {
                    health.sessions.start(batch.day, &Start { owner, user: None, time, minute, previous });
                }
                Event::End => health.sessions.end(batch.day, owner, time),
                Event::Crash => health.sessions.crash(batch.day, owner, time),
                Event::Other => {}
            }
            if row.severity >= ERROR {
                health.error(batch.day, &row);
            }
        }
        health.sessions.activity(batch);
    }

    fn fleet(&self, window: &Window) -> Fleet {
        Fleet::new(*window)
    }

    fn add(&self, fleet: &mut Fleet, instance: &Instance, health: Health) {
        fleet.add(instance, &health);
    }

    fn report(&self, fleet: Fleet, results: &mut Results) -> Result<(), String> {
        report::tell(self, &fleet, results);
        Ok(())
    }
}
