//! From the markers of all days to sessions.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

use super::Reference;
use super::day::{Begin, Close, Day, Marker};
use super::spans::Spans;
use crate::{Symbol, Time};

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Its end came.
    Ended,
    /// A crash came.
    Crashed,
    /// No end, and a later start came.
    Abnormal,
    /// Still running at the end of the data.
    Open,
    /// A stretch of activity of an instance without session markers.
    IdleCut,
}

/// One session whose start is in the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// The local day on which it started: the day to which it belongs.
    pub day: i32,
    /// How it ended.
    pub kind: Kind,
    /// When it started.
    pub start: Time,
    /// When it ended; for an open session the last record of the data.
    pub end: Time,
    /// Local time minus UTC at the start; none where no marker told it.
    pub offset_min: Option<i16>,
    /// The user who started it.
    pub user: Option<Symbol>,
}

impl Session {
    /// The length in microseconds; none where it is negative, which is a clock fault.
    pub fn length_us(&self) -> Option<u64> {
        u64::try_from(self.end.0.saturating_sub(self.start.0)).ok()
    }
}

/// The sessions of an instance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resolved {
    /// Sessions with their start in the data, by day and in stream order.
    pub sessions: Vec<Session>,
    /// By local day: session starts. More than there are sessions when a day has too many markers to keep.
    pub starts: BTreeMap<i32, u64>,
    /// By local day of the end: ends of sessions whose start is not in the data.
    pub left_cut: BTreeMap<i32, u64>,
    /// By local day: crashes, also those that hit no session.
    pub crashes: BTreeMap<i32, u64>,
    /// Days that have more markers than [`super::MARKERS_MAX`]; sessions are missing there.
    pub overfull: BTreeSet<i32>,
}

/// Reads all days in their order.
pub(super) fn resolve(days: &BTreeMap<i32, Day>, idle_us: i64) -> Resolved {
    let mut resolved = match days.values().any(|day| day.marked) {
        true => Reader::new(days).read(days),
        false => cut_at_pauses(days, idle_us),
    };
    for (&day, state) in days {
        count(&mut resolved.starts, day, state.starts);
        count(&mut resolved.crashes, day, state.crashes);
        resolved.overfull.extend(state.overfull.then_some(day));
    }
    resolved
}

fn count(by_day: &mut BTreeMap<i32, u64>, day: i32, number: u64) {
    if number > 0 {
        *by_day.entry(day).or_insert(0) += number;
    }
}

/// A session while the markers are read.
struct Running {
    session: Session,
    key: Reference,
    /// Nothing can change it any more.
    closed: bool,
}

/// The hash of a reference: its key, which is one already, whatever it is the key of.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn write(&mut self, _: &[u8]) {}
    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

struct Reader {
    sessions: Vec<Running>,
    left_cut: BTreeMap<i32, u64>,
    /// The session that started most recently, for each id.
    by_id: HashMap<Reference, usize, BuildHasherDefault<AsItIs>>,
    /// Ends without a start in the data, each counted once.
    cut: BTreeSet<Reference>,
    /// The last record before the marker's day.
    last: Option<Time>,
}

impl Reader {
    fn new(days: &BTreeMap<i32, Day>) -> Self {
        let markers = days.values().map(|day| day.markers.len()).sum();
        Self {
            sessions: Vec::with_capacity(markers),
            left_cut: BTreeMap::new(),
            by_id: HashMap::with_capacity_and_hasher(markers, BuildHasherDefault::default()),
            cut: BTreeSet::new(),
            last: None,
        }
    }

    fn read(mut self, days: &BTreeMap<i32, Day>) -> Resolved {
        for (&day, state) in days {
            for marker in &state.markers {
                match marker {
                    Marker::Start(begin) => self.start(day, begin),
                    Marker::Close(close) => self.close(day, close),
                }
            }
            self.last = state.last.or(self.last);
        }
        let last = self.last;
        let finish = |running: Running| match running.session.kind {
            Kind::Open => Session { end: last.unwrap_or(running.session.start), ..running.session },
            _ => running.session,
        };
        let sessions = self.sessions.into_iter().map(finish).collect();
        Resolved { sessions, left_cut: self.left_cut, ..Resolved::default() }
    }

    fn start(&mut self, day: i32, begin: &Begin) {
        let key = begin.owner.key();
        let same = if key == Reference::Instance { self.newest() } else { self.by_id.get(&key).copied() };
        if let Some(newest) = self.newest() {
            self.supersede(newest, begin.previous.or(self.last));
        }
        if let Some(same) = same.filter(|&at| self.sessions[at].key == key) {
            self.sessions[same].closed = true;
        }
        let at = self.sessions.len();
        let ids = [begin.owner.session.map(Reference::Session), begin.owner.process.map(Reference::Process)];
        self.by_id.extend(ids.into_iter().flatten().map(|id| (id, at)));
        let session = Session {
            day,
            kind: Kind::Open,
            start: begin.time,
            end: begin.time,
            offset_min: Some(begin.offset_min),
            user: begin.user,
        };
        self.sessions.push(Running { session, key, closed: false });
    }

    /// A later start came: abnormal, until its own end says otherwise. Only the newest session can be open.
    fn supersede(&mut self, newest: usize, previous: Option<Time>) {
        let session = &mut self.sessions[newest].session;
        if session.kind == Kind::Open {
            session.kind = Kind::Abnormal;
            session.end = previous.unwrap_or(session.start);
        }
    }

    fn close(&mut self, day: i32, close: &Close) {
        let meant = match close.of {
            Reference::Instance => self.newest(),
            id => self.by_id.get(&id).copied(),
        };
        match meant {
            Some(at) => self.sessions[at].close(close),
            None if !close.crash && self.cut.insert(close.of) => count(&mut self.left_cut, day, 1),
            None => {}
        }
    }

    fn newest(&self) -> Option<usize> {
        self.sessions.len().checked_sub(1)
    }
}

impl Running {
    fn close(&mut self, close: &Close) {
        if !self.closed {
            self.closed = true;
            self.session.kind = if close.crash { Kind::Crashed } else { Kind::Ended };
            self.session.end = close.time;
        }
    }
}

/// Without starts and ends: stretches of activity. One in which a crash falls is crashed.
fn cut_at_pauses(days: &BTreeMap<i32, Day>, idle_us: i64) -> Resolved {
    let mut spans = Spans::default();
    let mut day_of = BTreeMap::new();
    let mut crashes = Vec::new();
    for (&day, state) in days {
        for (first, last) in state.spans.iter() {
            spans.join(first, last, idle_us);
            day_of.entry(first).or_insert(day);
        }
        crashes.extend(state.markers.iter().filter_map(|marker| match marker {
            Marker::Close(close) => Some(close.time),
            Marker::Start(_) => None,
        }));
    }
    let mut resolved = Resolved::default();
    for (start, end) in spans.iter() {
        let day = day_of[&start];
        let crashed = crashes.iter().any(|&time| start <= time && time <= end);
        let kind = if crashed { Kind::Crashed } else { Kind::IdleCut };
        count(&mut resolved.starts, day, 1);
        resolved.sessions.push(Session { day, kind, start, end, offset_min: None, user: None });
    }
    // Steps of the clock can put a later time on an earlier day.
    resolved.sessions.sort_by_key(|session| session.day);
    resolved
}
