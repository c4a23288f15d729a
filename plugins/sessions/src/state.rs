//! What is kept of an instance, and of the fleet.

use std::collections::{BTreeMap, BTreeSet};

use logparser_sdk::sessions::{Kind, Resolved, Session};
use logparser_sdk::{Coverage, Distribution, Merge, Sessions, Symbol, Window};

/// The state over a time span of one instance.
#[logparser_sdk::state]
#[derive(Merge)]
pub struct Usage {
    pub sessions: Sessions,
    /// Interactions by local day.
    actions: BTreeMap<i32, u64>,
}

impl Usage {
    pub fn new(idle_timeout_min: u32) -> Self {
        Self { sessions: Sessions::new(idle_timeout_min), actions: BTreeMap::new() }
    }

    pub fn actions(&mut self, day: i32, count: u64) {
        if count > 0 {
            *self.actions.entry(day).or_insert(0) += count;
        }
    }
}

/// The state over all instances.
pub struct Fleet {
    pub window: Window,
    pub coverage: Coverage,
    /// The days of the report.
    pub now: Totals,
    /// The days before, for comparison.
    pub before: Totals,
    /// By day of the report.
    pub days: BTreeMap<i32, DayTotals>,
}

/// Sums over a period.
#[derive(Default)]
pub struct Totals {
    pub starts: u64,
    pub actions: u64,
    pub crashes: u64,
    pub left_cut: u64,
    pub kinds: BTreeMap<Kind, u64>,
    /// Ended sessions whose end lies before their start.
    pub clock_faults: u64,
    /// Lengths of ended sessions, in microseconds.
    pub ended_us: Distribution,
    /// Lengths of stretches of activity, in microseconds.
    pub idle_cut_us: Distribution,
    /// Users behind the starts.
    pub users: BTreeSet<Symbol>,
    /// Users with a session that is neither open nor left-cut.
    pub closed_users: BTreeSet<Symbol>,
    pub crashed_users: BTreeSet<Symbol>,
    /// Instances with a start.
    pub instances: u64,
    /// Instances without session markers.
    pub unmarked: u64,
    /// Instances and days with more markers than are kept.
    pub overfull: u64,
}

/// Sums over a day.
#[derive(Default)]
pub struct DayTotals {
    pub starts: u64,
    pub actions: u64,
    pub instances: u64,
    pub users: BTreeSet<Symbol>,
}

impl Fleet {
    pub fn new(window: Window) -> Self {
        Self {
            window,
            coverage: Coverage::default(),
            now: Totals::default(),
            before: Totals::default(),
            days: BTreeMap::new(),
        }
    }

    pub fn add(&mut self, usage: &Usage) {
        let resolved = usage.sessions.resolve();
        self.coverage.see(usage.sessions.days());
        self.now.add(&resolved, &usage.actions, self.window.days());
        self.before.add(&resolved, &usage.actions, self.window.previous_days());
        for (&day, &starts) in resolved.starts.range(self.window.days()) {
            let totals = self.days.entry(day).or_default();
            totals.starts += starts;
            totals.instances += 1;
        }
        for (&day, &actions) in usage.actions.range(self.window.days()) {
            self.days.entry(day).or_default().actions += actions;
        }
        for of_day in resolved.sessions.chunk_by(|a, b| a.day == b.day) {
            if self.window.days().contains(&of_day[0].day) {
                self.days.entry(of_day[0].day).or_default().users.extend(users(of_day));
            }
        }
    }
}

impl Totals {
    fn add(&mut self, resolved: &Resolved, actions: &BTreeMap<i32, u64>, days: std::ops::Range<i32>) {
        let sum = |by_day: &BTreeMap<i32, u64>| by_day.range(days.clone()).map(|(_, count)| count).sum::<u64>();
        let starts = sum(&resolved.starts);
        self.starts += starts;
        self.instances += u64::from(starts > 0);
        self.actions += sum(actions);
        self.crashes += sum(&resolved.crashes);
        self.left_cut += sum(&resolved.left_cut);
        self.overfull += resolved.overfull.range(days.clone()).count() as u64;
        let from = resolved.sessions.partition_point(|session| session.day < days.start);
        let to = resolved.sessions.partition_point(|session| session.day < days.end);
        let sessions = &resolved.sessions[from..to.max(from)];
        self.unmarked += u64::from(sessions.first().is_some_and(|session| session.offset_min.is_none()));
        self.users.extend(users(sessions));
        self.closed_users.extend(users(sessions.iter().filter(|session| session.kind != Kind::Open)));
        self.crashed_users.extend(users(sessions.iter().filter(|session| session.kind == Kind::Crashed)));
        sessions.iter().for_each(|session| self.see(session));
    }

    fn see(&mut self, session: &Session) {
        *self.kinds.entry(session.kind).or_insert(0) += 1;
        match (session.kind, session.length_us()) {
            (Kind::Ended, Some(length_us)) => self.ended_us.see(length_us),
            (Kind::Ended, None) => self.clock_faults += 1,
            (Kind::IdleCut, Some(length_us)) => self.idle_cut_us.see(length_us),
            _ => {}
        }
    }

    pub fn of(&self, kind: Kind) -> u64 {
        self.kinds.get(&kind).copied().unwrap_or(0)
    }

    /// Sessions that started.
    pub fn sessions(&self) -> u64 {
        self.kinds.values().sum()
    }

    /// Sessions that are neither open nor left-cut.
    pub fn closed(&self) -> u64 {
        self.sessions() - self.of(Kind::Open)
    }

    /// Lengths of the ended sessions; where nothing has session markers, of the stretches of activity.
    pub fn lengths_us(&self) -> &Distribution {
        if self.of(Kind::Ended) == 0 { &self.idle_cut_us } else { &self.ended_us }
    }

    /// `crashed` of `all` as the share that did not crash.
    pub fn crash_free_sessions(&self) -> Option<f64> {
        free(self.of(Kind::Crashed), self.closed())
    }

    pub fn crash_free_users(&self) -> Option<f64> {
        free(self.crashed_users.len() as u64, self.closed_users.len() as u64)
    }
}

/// The users of sessions, without repeating one for each of a row of sessions.
fn users<'a>(sessions: impl IntoIterator<Item = &'a Session>) -> impl Iterator<Item = Symbol> {
    let mut before = None;
    let mut change = move |user: &Symbol| before.replace(*user) != Some(*user);
    sessions.into_iter().filter_map(|session| session.user).filter(move |user| change(user))
}

/// The share that is not hit; none of nothing.
fn free(hit: u64, all: u64) -> Option<f64> {
    (all > 0).then(|| (all - hit) as f64 / all as f64)
}
