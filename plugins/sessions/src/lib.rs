//! The KPI family *Usage*: session starts, users, interactions, session lengths and crash-free sessions.
//!
//! A session is that of [`logparser_sdk::sessions`]; it belongs to the local day on which it started.

mod report;
mod state;

use logparser_sdk::sessions::{Owner, Start};
use logparser_sdk::{
    Batch, Check, Events, Instance, Key, Minute, Plugin, Results, Row, SettingsError, Symbol, Time, Window,
};
use state::{Fleet, Usage};

/// Settings: `[kpi.sessions]`.
#[logparser_sdk::settings]
pub struct Usages {
    /// A value with fewer observations than this is shown, but raises no highlight.
    pub minimum_sample: u64,
    /// Where a log has no session markers at all, a longer pause parts two sessions.
    pub idle_timeout_min: u32,
    /// Share of sessions without a crash below which there is a highlight.
    pub crash_free_min: f64,
    /// Change of the starts per day against the period before from which there is a highlight, as a share.
    pub starts_change_max: f64,
}

impl Default for Usages {
    fn default() -> Self {
        Self { minimum_sample: 20, idle_timeout_min: 30, crash_free_min: 0.98, starts_change_max: 0.5 }
    }
}

/// What happens to sessions.
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
}

/// What the plugin sees of a record.
#[derive(Row)]
pub struct Seen {
    event: Event,
    time: Time,
    previous: Option<Time>,
    minute: Minute,
    #[row(attribute = "session.id")]
    session: Option<Key>,
    #[row(attribute = "process.id")]
    process: Option<Key>,
    #[row(attribute = "user.id")]
    user: Option<Symbol>,
}

#[logparser_sdk::plugin(name = "sessions", title = "Usage", counted = ["user.action"])]
impl Plugin for Usages {
    type Row = Seen;
    type Partial = Usage;
    type Fleet = Fleet;
    const ACTIVITY: bool = true;

    fn check(&self) -> Vec<SettingsError> {
        Check::default()
            .range("minimum_sample", self.minimum_sample, 1..=1_000_000)
            .range("idle_timeout_min", self.idle_timeout_min, 1..=1440)
            .range("crash_free_min", self.crash_free_min, 0.0..=1.0)
            .range("starts_change_max", self.starts_change_max, 0.0..=100.0)
            .faults()
    }

    fn partial(&self) -> Usage {
        Usage::new(self.idle_timeout_min)
    }

    fn observe(&self, usage: &mut Usage, batch: &Batch) {
        for Seen { event, time, previous, minute, session, process, user } in batch.rows::<Seen>() {
            let owner = Owner { session, process };
            match event {
                Event::Start => usage.sessions.start(batch.day, &Start { owner, user, time, minute, previous }),
                Event::End => usage.sessions.end(batch.day, owner, time),
                Event::Crash => usage.sessions.crash(batch.day, owner, time),
            }
        }
        usage.actions(batch.day, batch.counts().iter().sum());
        usage.sessions.activity(batch);
    }

    fn fleet(&self, window: &Window) -> Fleet {
        Fleet::new(*window)
    }

    fn add(&self, fleet: &mut Fleet, _: &Instance, usage: Usage) {
        fleet.add(&usage);
    }

    fn report(&self, fleet: Fleet, results: &mut Results) -> Result<(), String> {
        report::tell(self, &fleet, results);
        Ok(())
    }
}
