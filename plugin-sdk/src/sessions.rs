//! The session as mergeable state: from a session start to the first of its end, a crash, or the next start of the
//! same owner.
//!
//! ```text
//!   start A ────────── end A                      ended
//!   start A ─────── crash                         crashed
//!   start A ──── start A …                        abnormal: ends at the last record before the later start
//!   start A ──── start B …                        abnormal, unless the end of A still comes
//!   start A ──── end of the data                  open
//!                end A                            left-cut: no start in the data
//! ```
//!
//! The owner of a session is its session id where there is one, else its process id, else the instance. An end or a
//! crash without an id means the session that started most recently. A pause in the log ends no session; only where
//! the data of an instance has neither starts nor ends at all, its activity is cut into sessions at pauses longer
//! than the idle timeout.
//!
//! What a session is in the end depends on records before and after it, possibly days away. So the state keeps what
//! the markers said, and [`Sessions::resolve`] reads them in order once all days are there. It is small, and bounded
//! whatever the log holds: ends and crashes that change nothing are not kept, and of the rest a day keeps the first
//! [`MARKERS_MAX`].

mod day;
mod resolve;
mod spans;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::{Batch, Key, Merge, Minute, Save, Symbol, Time};
use day::{Begin, Close, Day};
pub use resolve::{Kind, Resolved, Session};

/// Markers of one instance and day that are kept: a hundred times a busy day, and 250 KiB of state.
pub const MARKERS_MAX: usize = 4096;

/// Microseconds of a minute.
const MINUTE_US: i64 = 60_000_000;

/// The ids that a start, an end or a crash carries: the attributes `session.id` and `process.id`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Save)]
pub struct Owner {
    /// The id of the session.
    pub session: Option<Key>,
    /// The id of the process.
    pub process: Option<Key>,
}

/// A session start, as a row tells it.
#[derive(Debug, Clone, Copy)]
pub struct Start {
    /// Whose session it is.
    pub owner: Owner,
    /// The user, for distinct users.
    pub user: Option<Symbol>,
    /// When it started.
    pub time: Time,
    /// The same instant on the wall clock.
    pub minute: Minute,
    /// The record before, wanted or not: where a session ends that this start cuts off.
    pub previous: Option<Time>,
}

/// The sessions of one instance over a time span, under the merge law.
///
/// For each batch: tell the markers in their order, then [`activity`](Self::activity).
#[derive(Debug, Clone, PartialEq, Save)]
pub struct Sessions {
    idle_timeout_min: u32,
    days: BTreeMap<i32, Day>,
}

impl Sessions {
    /// No sessions yet. `idle_timeout_min` is at least one minute: a shorter pause does not part spans of activity.
    pub fn new(idle_timeout_min: u32) -> Self {
        Self { idle_timeout_min: idle_timeout_min.max(1), days: BTreeMap::new() }
    }

    /// Takes in a session start on a local day.
    pub fn start(&mut self, day: i32, start: &Start) {
        let minute_utc = start.time.0.div_euclid(MINUTE_US);
        let minute_local = i64::from(day) * 1440 + i64::from(start.minute.0);
        let begin = Begin {
            owner: start.owner,
            user: start.user,
            time: start.time,
            offset_min: i16::try_from(minute_local - minute_utc).unwrap_or(0),
            previous: start.previous,
        };
        self.days.entry(day).or_default().start(begin);
    }

    /// Takes in a session end on a local day.
    pub fn end(&mut self, day: i32, owner: Owner, time: Time) {
        self.close(day, Close { of: owner.key(), crash: false, time });
    }

    /// Takes in a crash on a local day.
    pub fn crash(&mut self, day: i32, owner: Owner, time: Time) {
        self.close(day, Close { of: owner.key(), crash: true, time });
    }

    fn close(&mut self, day: i32, close: Close) {
        let idle_us = self.idle_us();
        self.days.entry(day).or_default().close(close, idle_us);
    }

    /// Takes in the activity of a batch, after its markers.
    pub fn activity(&mut self, batch: &Batch) {
        if batch.spans().next().is_some() {
            let idle_us = self.idle_us();
            self.days.entry(batch.day).or_default().activity(batch, idle_us);
        }
    }

    /// The local days on which the instance has records.
    pub fn days(&self) -> impl Iterator<Item = i32> + '_ {
        self.days.keys().copied()
    }

    /// The sessions, once all days are there.
    pub fn resolve(&self) -> Resolved {
        resolve::resolve(&self.days, self.idle_us())
    }

    fn idle_us(&self) -> i64 {
        i64::from(self.idle_timeout_min) * MINUTE_US
    }
}

impl Merge for Sessions {
    fn append(&mut self, later: Self) {
        let idle_us = self.idle_us();
        for (day, state) in later.days {
            self.days.entry(day).or_default().append(state, idle_us);
        }
    }
}

/// What an end or a crash means: the session of an id, or the one that started most recently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Save)]
enum Reference {
    Session(Key),
    Process(Key),
    Instance,
}

impl Owner {
    fn key(self) -> Reference {
        match (self.session, self.process) {
            (Some(session), _) => Reference::Session(session),
            (None, Some(process)) => Reference::Process(process),
            (None, None) => Reference::Instance,
        }
    }
}
