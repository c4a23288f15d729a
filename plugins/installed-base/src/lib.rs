//! The KPI family *Installed base*: versions, last seen, silent, clock skew, unreachable.
//!
//! Facts of an instance that the engine may know: `reached` (0 or 1), `last-record` (a time), `clock-skew-ms` (positive
//! where the clock of the instance is ahead).
//!
//! An instance is *silent* when its last record lies further back than both `silent_days` and twice its longest pause
//! between days with records, counted from the newest record of the fleet. One without any record is not silent:
//! there are no data.

mod report;
mod state;

use logparser_sdk::{Batch, Check, Events, Instance, Plugin, Results, Row, SettingsError, Symbol, Window};
use state::{Fleet, Life};

/// Settings: `[kpi.installed-base]`.
#[logparser_sdk::settings]
pub struct InstalledBase {
    /// A value with fewer observations than this is shown, but raises no highlight.
    pub minimum_sample: u64,
    /// Days without a record up to which no instance is silent.
    pub silent_days: u32,
    /// Share of instances that may be out of reach without a highlight.
    pub unreached_max: f64,
    /// Difference of the clocks from which an instance is listed.
    pub clock_skew_min_s: f64,
}

impl Default for InstalledBase {
    fn default() -> Self {
        Self { minimum_sample: 20, silent_days: 3, unreached_max: 0.05, clock_skew_min_s: 5.0 }
    }
}

/// What tells the version.
#[derive(Events)]
pub enum Event {
    /// A session begins.
    #[event("session.start")]
    Start,
}

/// What the plugin sees of a record.
#[derive(Row)]
pub struct Seen {
    event: Event,
    #[row(attribute = "app.version")]
    version: Option<Symbol>,
}

#[logparser_sdk::plugin(name = "installed-base", title = "Installed base")]
impl Plugin for InstalledBase {
    type Row = Seen;
    type Partial = Life;
    type Fleet = Fleet;
    const ACTIVITY: bool = true;

    fn check(&self) -> Vec<SettingsError> {
        Check::default()
            .range("minimum_sample", self.minimum_sample, 1..=1_000_000)
            .range("silent_days", self.silent_days, 1..=3650)
            .range("unreached_max", self.unreached_max, 0.0..=1.0)
            .range("clock_skew_min_s", self.clock_skew_min_s, 0.0..=86_400.0)
            .faults()
    }

    fn partial(&self) -> Life {
        Life::default()
    }

    fn observe(&self, life: &mut Life, batch: &Batch) {
        life.activity(batch);
        for row in batch.rows::<Seen>() {
            match row.event {
                Event::Start => life.version(batch.day, row.version),
            }
        }
    }

    fn fleet(&self, window: &Window) -> Fleet {
        Fleet::new(*window)
    }

    fn add(&self, fleet: &mut Fleet, instance: &Instance, life: Life) {
        fleet.add(self, instance, &life);
    }

    fn report(&self, fleet: Fleet, results: &mut Results) -> Result<(), String> {
        report::tell(self, &fleet, results);
        Ok(())
    }
}
