//! Passes lines that need no closer look: what becomes of their records is decided by what was read before, as it stands
//! in them again, and only their times are new.

use std::mem;
use std::ops::Range;

use super::Normaliser;
use super::head::Fate;
use super::heads::KnownHeads;
use super::lines::{AHEAD_BYTES, Passes};
use super::pattern::Gap;
use super::record::Record;
use super::rules::Rules;
use super::timestamp::{Dated, MINUTE_US, Minute, Moment};
use super::ways::Ways;

/// Knows lines by their heads.
#[derive(Debug, Clone, Copy)]
pub struct ByHead<'a> {
    pub gap: Gap,
    pub heads: KnownHeads<'a>,
    /// What the line that it begins at decides.
    pub first: Fate,
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

/// Goes from line to line, as long as their times go on. `K` knows the lines.
pub struct Passing<'a, K, T> {
    pub known: K,
    pub dated: Dated<'a>,
    pub normaliser: &'a Normaliser,
    pub rules: &'a Rules,
    /// Idle records are told together where none is further behind the one before it.
    pub pause_us: i64,
    /// All times are in this.
    pub span: Range<i64>,
    /// Where the first line stands; none where it is not known of the others.
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
#[derive(Debug)]
pub struct Progress {
    /// The time of the line that came last, in its minute. Before the first line it is behind all.
    moment: Moment,
    has_begun: bool,
    /// Idle records that were not told yet, the minute of the first, and its time in that.
    idle: u64,
    first: (i64, Moment),
}

impl Progress {
    pub const BEGIN: Self = Self { moment: Moment::MAX, has_begun: false, idle: 0, first: (0, Moment::MAX) };
}

impl<'a, T> Passing<'a, (), T> {
    /// The same, by what knows the lines.
    pub fn by<K>(self, known: K) -> Passing<'a, K, T> {
        let Self { known: (), dated, normaliser, rules, pause_us, span, offset, minute, record, tell, progress } = self;
        Passing { known, dated, normaliser, rules, pause_us, span, offset, minute, record, tell, progress }
    }
}

impl<K, T: FnMut(Told<'_>) -> bool> Passing<'_, K, T> {
    /// Tells what was not told yet, and gives the time of the line that came last.
    pub fn finish(&mut self) -> Option<i64> {
        let last = self.last()?;
        self.tell_idle(last);
        Some(last)
    }

    fn last(&self) -> Option<i64> {
        self.progress.has_begun.then(|| self.minute.instant(self.progress.moment))
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

    /// Takes in the line whose time a text begins with, if it is idle and follows in the minute of the one before: most do.
    #[inline(always)]
    fn takes_at_once(&mut self, text: &[u8]) -> bool {
        let goes_on = self.minute.moment(text).filter(|moment| *moment >= self.progress.moment);
        if let Some(moment) = goes_on {
            self.progress.moment = moment;
            self.see_idle();
        }
        goes_on.is_some()
    }

    /// Takes in any line whose time a text begins with, `ahead_by` bytes behind the first; false where it is not to be passed.
    #[inline(never)]
    fn takes(&mut self, fate: Fate, text: &[u8], ahead_by: usize) -> bool {
        if fate == Fate::Open || (fate != Fate::Idle && self.offset.is_none()) {
            return false;
        }
        let last = self.last();
        let Some(time) = self.advance(text, last) else { return false };
        match (fate, last) {
            (Fate::Blind { severity, rule }, _) => {
                last.is_none_or(|last| self.tell_idle(last)) && self.tell_blind(severity, rule, ahead_by, time)
            }
            (_, Some(last)) if time - last > self.pause_us && !self.tell_idle(last) => false,
            _ => {
                self.see_idle();
                true
            }
        }
    }

    /// Goes on to the time that a text begins with, if it may follow the one before.
    fn advance(&mut self, text: &[u8], last: Option<i64>) -> Option<i64> {
        let tells_by_digits = |minute: &Minute| minute.end_us() <= self.span.end && self.pause_us >= MINUTE_US;
        let (minute, moment) = match self.minute.moment(text).filter(|_| tells_by_digits(self.minute)) {
            Some(moment) => (*self.minute, moment),
            None => {
                let (minute, moment) = self.dated.minute(text)?;
                (if tells_by_digits(&minute) { minute } else { minute.untold() }, moment)
            }
        };
        let time = minute.instant(moment);
        if time < last.unwrap_or(self.span.start) || time >= self.span.end {
            return None;
        }
        (*self.minute, self.progress.moment, self.progress.has_begun) = (minute, moment, true);
        Some(time)
    }

    /// Takes in a record of which nobody wants the text.
    fn tell_blind(&mut self, severity: u8, rule: u16, ahead_by: usize, time: i64) -> bool {
        let Some(offset) = self.offset else { return false };
        let record = &mut *self.record;
        (record.offset, record.time) = (offset + ahead_by as u64, time);
        record.offset_min = self.dated.offset_min();
        record.detail.clear();
        self.normaliser.settle(record, severity, Some(self.rules.at(rule)));
        (self.tell)(Told::Blind(record))
    }
}

/// Lines that a pattern describes.
impl<T: FnMut(Told<'_>) -> bool> Passes for Passing<'_, ByHead<'_>, T> {
    fn begin(&mut self, ahead: &[u8; AHEAD_BYTES]) -> bool {
        self.takes(self.known.first, ahead, 0)
    }

    #[inline(always)]
    fn goes_on(&mut self, ahead: &[u8; AHEAD_BYTES], bytes: usize, ahead_by: usize) -> bool {
        let ByHead { gap, heads, .. } = &self.known;
        let Some(at) = gap.end(ahead, self.dated.end()) else { return false };
        let Some(known) = heads.at(ahead, at) else { return false };
        (known.is_idle(ahead, bytes, at) && self.takes_at_once(ahead))
            || self.takes(known.fate(ahead, bytes, at), ahead, ahead_by)
    }
}

/// Lines of JSON.
impl<T: FnMut(Told<'_>) -> bool> Passing<'_, &Ways, T> {
    /// Whether a line of so many bytes, with the carriage return that may end it, is passed. A text begins with it, and it
    /// stands `ahead_by` bytes behind the first.
    #[inline(always)]
    pub fn goes_on(&mut self, text: &[u8], bytes: usize, ahead_by: usize) -> bool {
        let Some((fate, time)) = self.known.walk(text, bytes, self.dated.end()) else { return false };
        let text = &text[time..];
        (fate == Fate::Idle && self.takes_at_once(text)) || self.takes(fate, text, ahead_by)
    }
}
