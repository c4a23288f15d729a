//! What is kept of an instance, and of the fleet.

use std::collections::BTreeMap;

use logparser_sdk::{Batch, Coverage, Greatest, Instance, Last, Merge, Symbol, Time, Window};

use crate::InstalledBase;

/// Milliseconds and microseconds of a day.
pub const DAY_MS: f64 = 86_400_000.0;
const DAY_US: i64 = 86_400_000_000;

/// The state over a time span of one instance: the local days with records.
#[logparser_sdk::state]
#[derive(Default, Merge)]
pub struct Life {
    days: BTreeMap<i32, Day>,
}

/// One local day.
#[logparser_sdk::state]
#[derive(Default, Merge)]
struct Day {
    /// The newest record.
    last: Greatest<Time>,
    /// The version that the last session start told.
    version: Last<Symbol>,
}

impl Life {
    pub fn activity(&mut self, batch: &Batch) {
        if let Some(last) = batch.spans().map(|span| span.last).max() {
            self.days.entry(batch.day).or_default().last.see(last);
        }
    }

    pub fn version(&mut self, day: i32, version: Option<Symbol>) {
        if let Some(version) = version {
            self.days.entry(day).or_default().version.see(version);
        }
    }

    /// The version at the end of the window.
    fn version_at(&self, window: &Window) -> Option<Symbol> {
        self.days.range(..window.end_day).rev().find_map(|(_, day)| day.version.0)
    }

    /// The most days without records between two with records.
    fn longest_pause_days(&self) -> i32 {
        self.days.keys().zip(self.days.keys().skip(1)).map(|(before, after)| after - before - 1).max().unwrap_or(0)
    }
}

/// The state over all instances.
pub struct Fleet {
    pub window: Window,
    pub coverage: Coverage,
    /// In the order of their names.
    pub instances: Vec<Installed>,
    /// Instances with records, by day of the report.
    pub active: BTreeMap<i32, u64>,
    /// Instances with records in the period before.
    pub active_before: u64,
    /// Instances of which it is known whether they were reached.
    pub asked: u64,
}

/// One instance.
pub struct Installed {
    pub id: u32,
    pub version: Option<Symbol>,
    pub last: Option<Time>,
    /// From the last record to the newest of the fleet; none without a record.
    pub pause_ms: Option<f64>,
    /// Beyond this pause it is silent.
    pub silent_after_ms: f64,
    pub active_days: u64,
    pub state: Presence,
    pub clock_skew_ms: Option<i64>,
}

/// Whether an instance is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    Present,
    Silent,
    NoData,
    /// Not reached when the logs were last asked for; it may have records from before.
    Unreached,
}

impl Presence {
    pub fn name(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Silent => "silent",
            Self::NoData => "no data",
            Self::Unreached => "not reached",
        }
    }
}

impl Fleet {
    pub fn new(window: Window) -> Self {
        Self {
            window,
            coverage: Coverage::default(),
            instances: Vec::new(),
            active: BTreeMap::new(),
            active_before: 0,
            asked: 0,
        }
    }

    pub fn add(&mut self, settings: &InstalledBase, instance: &Instance, life: &Life) {
        self.coverage.see(life.days.keys().copied());
        let active_days = life.days.range(self.window.days()).map(|(&day, _)| day);
        active_days.for_each(|day| *self.active.entry(day).or_insert(0) += 1);
        self.active_before += u64::from(life.days.range(self.window.previous_days()).next().is_some());
        self.asked += u64::from(instance.fact("reached").is_some());
        let installed = self.installed(settings, instance, life);
        self.instances.push(installed);
    }

    fn installed(&self, settings: &InstalledBase, instance: &Instance, life: &Life) -> Installed {
        let last = life.days.values().filter_map(|day| day.last.0).max();
        let last = last.max(instance.fact("last-record").map(Time));
        let pause_us = |last: Time| self.window.data_through.saturating_sub(last.0).max(0);
        let pause_ms = last.map(|last| pause_us(last) as f64 / 1000.0);
        let silent_after_days = i64::from(settings.silent_days).max(2 * i64::from(life.longest_pause_days()));
        let state = match last {
            _ if instance.fact("reached") == Some(0) => Presence::Unreached,
            None => Presence::NoData,
            Some(last) if pause_us(last) > silent_after_days * DAY_US => Presence::Silent,
            Some(_) => Presence::Present,
        };
        Installed {
            id: instance.id,
            version: life.version_at(&self.window),
            last,
            pause_ms,
            silent_after_ms: silent_after_days as f64 * DAY_MS,
            active_days: life.days.range(self.window.days()).count() as u64,
            state,
            clock_skew_ms: instance.fact("clock-skew-ms"),
        }
    }

    pub fn count(&self, state: Presence) -> u64 {
        self.instances.iter().filter(|installed| installed.state == state).count() as u64
    }
}
