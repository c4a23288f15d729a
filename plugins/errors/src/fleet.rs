//! What is kept of the fleet.

use std::collections::BTreeMap;

use logparser_sdk::sessions::Resolved;
use logparser_sdk::{Coverage, Instance, Symbol, Time, Window};

use crate::clock::Week;
use crate::state::{Health, Tally};

/// The state over all instances.
pub struct Fleet {
    pub window: Window,
    pub coverage: Coverage,
    /// By signature; none stands for those that are counted together.
    pub signatures: BTreeMap<Option<Symbol>, Signature>,
    /// The days of the report.
    pub now: Totals,
    /// The days before, for comparison.
    pub before: Totals,
    /// By day of the report.
    pub days: BTreeMap<i32, Totals>,
    /// Errors by weekday and hour.
    pub errors: Week,
    /// Sessions that were active.
    pub active: Week,
    /// Instances with records in the report's days.
    pub instances: u64,
    /// Instances with errors, in the order of their names.
    pub ill: Vec<Ill>,
    /// Names of the instances that were not reached.
    pub unreached: Vec<String>,
    /// Activity of instances that never told the local time.
    adrift: Vec<(Time, Time)>,
    offset_min: Option<i16>,
}

/// Sums over a period.
#[derive(Default)]
pub struct Totals {
    pub errors: u64,
    pub fatals: u64,
}

/// An instance with errors in the report's days.
pub struct Ill {
    pub id: u32,
    pub errors: u64,
    pub fatals: u64,
    pub sessions: u64,
}

/// A signature over all instances.
#[derive(Default)]
pub struct Signature {
    pub errors: u64,
    pub fatals: u64,
    pub instances: u64,
    /// In the data, which may reach back before the report's days.
    pub first: Option<Time>,
    /// In the report's days.
    pub last: Option<Time>,
    /// Errors and instances in the period before.
    pub before: u64,
    pub instances_before: u64,
    /// The last day of the period before with an error.
    pub last_day_before: Option<i32>,
    /// The instance with most of the errors: their number and its id.
    pub loudest: Option<(u64, u32)>,
}

impl Fleet {
    pub fn new(window: Window) -> Self {
        Self {
            window,
            coverage: Coverage::default(),
            signatures: BTreeMap::new(),
            now: Totals::default(),
            before: Totals::default(),
            days: BTreeMap::new(),
            errors: Week::default(),
            active: Week::default(),
            instances: 0,
            ill: Vec::new(),
            unreached: Vec::new(),
            adrift: Vec::new(),
            offset_min: None,
        }
    }

    pub fn add(&mut self, instance: &Instance, health: &Health) {
        if instance.fact("reached") == Some(0) {
            self.unreached.push(instance.name.clone());
        }
        self.coverage.see(health.sessions.days());
        self.instances += u64::from(health.sessions.days().any(|day| self.window.days().contains(&day)));
        let resolved = health.sessions.resolve();
        self.add_sessions(health, &resolved);
        self.add_signatures(instance.id, health);
        self.add_hours(health);
        let mut totals = Totals::default();
        for (_, state) in health.days.range(self.window.days()) {
            state.signatures.iter().for_each(|(_, tally)| totals.see(tally));
        }
        if totals.errors > 0 {
            let in_window = |day| self.window.days().contains(&day);
            let sessions = resolved.sessions.iter().filter(|session| in_window(session.day)).count() as u64;
            self.ill.push(Ill { id: instance.id, errors: totals.errors, fatals: totals.fatals, sessions });
        }
    }

    fn add_sessions(&mut self, health: &Health, resolved: &Resolved) {
        for session in &resolved.sessions {
            match session.offset_min.or_else(|| health.offset_min(session.day)) {
                Some(offset_min) => {
                    self.offset_min = self.offset_min.or(Some(offset_min));
                    self.active.touch(session.start, session.end, offset_min, &self.window);
                }
                None => self.adrift.push((session.start, session.end)),
            }
        }
    }

    fn add_signatures(&mut self, id: u32, health: &Health) {
        let mut mine: BTreeMap<Option<Symbol>, Signature> = BTreeMap::new();
        for (&day, state) in health.days.range(self.window.context_first_day..self.window.end_day) {
            for (signature, tally) in state.signatures.iter() {
                let mine = mine.entry(signature).or_default();
                if day < self.window.first_day {
                    mine.see_before(day, tally);
                    self.before.see(tally);
                } else {
                    mine.see_now(tally);
                    self.now.see(tally);
                    self.days.entry(day).or_default().see(tally);
                }
            }
        }
        for (signature, mine) in mine {
            self.signatures.entry(signature).or_default().take_in(id, &mine);
        }
    }

    fn add_hours(&mut self, health: &Health) {
        for (&day, state) in health.days.range(self.window.days()) {
            state.hours.iter().for_each(|(&hour, &errors)| self.errors.add(day, hour, errors));
        }
    }

    /// Sessions that were active, also those of instances that never told the local time: they keep the time of the
    /// others.
    pub fn active(&self) -> Week {
        let mut active = self.active.clone();
        for &(first, last) in &self.adrift {
            active.touch(first, last, self.offset_min.unwrap_or(0), &self.window);
        }
        active
    }
}

impl Health {
    /// Local time minus UTC, on the nearest day before that tells it, else after.
    fn offset_min(&self, day: i32) -> Option<i16> {
        let known = |(_, state): (&i32, &crate::state::Day)| state.offset_min.0;
        self.days.range(..=day).next_back().and_then(known).or_else(|| self.days.range(day..).next().and_then(known))
    }
}

impl Totals {
    fn see(&mut self, tally: &Tally) {
        self.errors += tally.errors;
        self.fatals += tally.fatals;
    }
}

impl Signature {
    fn see_before(&mut self, day: i32, tally: &Tally) {
        self.before += tally.errors;
        self.first = least(self.first, tally.first.0);
        self.last_day_before = self.last_day_before.max(Some(day));
    }

    fn see_now(&mut self, tally: &Tally) {
        self.errors += tally.errors;
        self.fatals += tally.fatals;
        self.first = least(self.first, tally.first.0);
        self.last = self.last.max(tally.last.0);
    }

    /// Instances come in the order of their names, so that of two equally loud ones the first name stays.
    fn take_in(&mut self, id: u32, mine: &Self) {
        self.errors += mine.errors;
        self.fatals += mine.fatals;
        self.before += mine.before;
        self.instances += u64::from(mine.errors > 0);
        self.instances_before += u64::from(mine.before > 0);
        self.first = least(self.first, mine.first);
        self.last = self.last.max(mine.last);
        self.last_day_before = self.last_day_before.max(mine.last_day_before);
        if self.loudest.is_none_or(|(errors, _)| mine.errors > errors) {
            self.loudest = Some((mine.errors, id));
        }
    }
}

fn least(a: Option<Time>, b: Option<Time>) -> Option<Time> {
    a.into_iter().chain(b).min()
}
