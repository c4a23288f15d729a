//! Passes lines that need no closer look: a time, a short gap, and a head that is known and decides what becomes of the
//! record.

use std::mem;

use super::super::Normaliser;
use super::super::head::Fate;
use super::super::heads::{Known, KnownHeads};
use super::super::lines::{AHEAD_BYTES, Passes};
use super::super::record::Record;
use super::super::rules::Rules;
use super::super::timestamp::{Dated, MINUTE_US, Minute, Moment};
use super::gap::Gap;

/// Lines of a date whose heads are known.
#[derive(Debug, Clone, Copy)]
pub struct Usual<'a> {
    pub(super) dated: Dated<'a>,
    pub(super) gap: Gap,
    pub(super) heads: KnownHeads<'a>,
}

/// Records that were passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed {
    /// How many.
    pub records: u64,
    /// Time of the first.
    pub first: i64,
    /// Time of the last: none of them has a greater one.
    pub last: i64,
}

/// What is told of the lines that were passed.
#[derive(Debug)]
pub enum Told<'a> {
    /// Records that nobody wants.
    Idle(Passed),
    /// One that somebody wants, but not its text.
    Blind(&'a Record),
}

/// Goes from line to line, as long as their times go on.
pub struct Passing<'a, T> {
    pub usual: Usual<'a>,
    pub normaliser: &'a Normaliser,
    pub rules: &'a Rules,
    /// Idle records are told together where none is further behind the one before it.
    pub pause_us: i64,
    /// All times are before this.
    pub end: i64,
    /// What the line that it begins at decides.
    pub first: Fate,
    /// Where that line stands; none where it is not known of the others.
    pub offset: Option<u64>,
    /// The minute of the line that came last. Where all of it is before the end, its times are told by their digits.
    pub minute: &'a mut Minute,
    /// Holds a blind record while it is told.
    pub record: &'a mut Record,
    /// Is told of all records, in their order; false ends it.
    pub tell: T,
    pub progress: Progress,
}

/// How far it came.
#[derive(Debug, Default)]
pub struct Progress {
    /// The time of the line that came last, in its minute.
    moment: Moment,
    /// Idle records that were not told yet, the minute of the first, and its time in that.
    idle: u64,
    first: (i64, Moment),
}

impl<T: FnMut(Told<'_>) -> bool> Passing<'_, T> {
    /// Tells what was not told yet, and gives the time of the line that came last.
    pub fn finish(&mut self) -> i64 {
        let last = self.last();
        self.tell_idle(last);
        last
    }

    fn last(&self) -> i64 {
        self.minute.instant(self.progress.moment)
    }

    fn tell_idle(&mut self, last: i64) -> bool {
        let records = mem::take(&mut self.progress.idle);
        let (minute, first) = self.progress.first;
        records == 0 || (self.tell)(Told::Idle(Passed { records, first: minute + first.micros(), last }))
    }

    /// Takes in an idle record.
    #[inline(always)]
    fn see_idle(&mut self) {
        if self.progress.idle == 0 {
            self.progress.first = (self.minute.start_us(), self.progress.moment);
        }
        self.progress.idle += 1;
    }

    /// Takes in a record of which nobody wants the text.
    fn tell_blind(&mut self, severity: u8, rule: u16, ahead_by: usize, time: i64) -> bool {
        let Some(offset) = self.offset else { return false };
        let record = &mut *self.record;
        (record.offset, record.time) = (offset + ahead_by as u64, time);
        record.offset_min = self.usual.dated.offset_min();
        record.detail.clear();
        self.normaliser.settle(record, severity, Some(self.rules.at(rule)));
        (self.tell)(Told::Blind(record))
    }

    fn tells_by_digits(&self, minute: &Minute) -> bool {
        minute.end_us() <= self.end && self.pause_us >= MINUTE_US
    }

    fn enter(&mut self, minute: Minute, moment: Moment) {
        *self.minute = if self.tells_by_digits(&minute) { minute } else { minute.untold() };
        self.progress.moment = moment;
    }

    /// The same as `goes_on`, of a line with any known head, at any time.
    #[inline(never)]
    fn goes_on_with(
        &mut self,
        known: &Known,
        ahead: &[u8; AHEAD_BYTES],
        bytes: usize,
        at: usize,
        ahead_by: usize,
    ) -> bool {
        let fate = known.fate(ahead, bytes, at);
        if fate == Fate::Open || (fate != Fate::Idle && self.offset.is_none()) {
            return false;
        }
        let last = self.last();
        let Some(time) = self.advance(ahead, last) else { return false };
        if let Fate::Blind { severity, rule } = fate {
            return self.tell_idle(last) && self.tell_blind(severity, rule, ahead_by, time);
        }
        if time - last > self.pause_us && !self.tell_idle(last) {
            return false;
        }
        self.see_idle();
        true
    }

    /// Goes on to the time of a line, if it may follow.
    fn advance(&mut self, ahead: &[u8; AHEAD_BYTES], last: i64) -> Option<i64> {
        if let Some(moment) = self.minute.moment(ahead) {
            let goes_on = moment >= self.progress.moment;
            self.progress.moment = self.progress.moment.max(moment);
            return goes_on.then(|| self.last());
        }
        let (minute, moment) = self.usual.dated.minute(ahead)?;
        let time = minute.instant(moment);
        (time >= last && time < self.end).then(|| {
            self.enter(minute, moment);
            time
        })
    }
}

impl<T: FnMut(Told<'_>) -> bool> Passes for Passing<'_, T> {
    fn begin(&mut self, ahead: &[u8; AHEAD_BYTES]) -> bool {
        match self.minute.moment(ahead) {
            Some(moment) if self.tells_by_digits(self.minute) => self.progress.moment = moment,
            _ => {
                let Some((minute, moment)) = self.usual.dated.minute(ahead) else { return false };
                self.enter(minute, moment);
            }
        }
        match self.first {
            Fate::Open => false,
            Fate::Idle => {
                self.see_idle();
                true
            }
            Fate::Blind { severity, rule } => self.tell_blind(severity, rule, 0, self.last()),
        }
    }

    #[inline(always)]
    fn goes_on(&mut self, ahead: &[u8; AHEAD_BYTES], bytes: usize, ahead_by: usize) -> bool {
        let Usual { dated, gap, heads } = &self.usual;
        let Some(at) = gap.end(ahead, dated.end()) else { return false };
        let Some(known) = heads.at(ahead, at) else { return false };
        // Most lines are such.
        if known.is_idle(ahead, bytes, at)
            && let Some(moment) = self.minute.moment(ahead)
            && moment >= self.progress.moment
        {
            self.progress.moment = moment;
            self.see_idle();
            return true;
        }
        self.goes_on_with(known, ahead, bytes, at, ahead_by)
    }
}
