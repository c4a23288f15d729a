//! Passes lines that need no closer look: what becomes of their records is decided by what was read before, as it stands
//! in them again, and only their times are new.

use std::mem;
use std::ops::Range;

use super::Normaliser;
use super::format::Format;
use super::head::{Fate, Head};
use super::heads::{Known, KnownHeads};
use super::lines::{AHEAD_BYTES, Passes, PassesAlone};
use super::pattern::Gap;
use super::record::Record;
use super::timestamp::{Dated, MINUTE_US, Minutes, Moment};
use super::ways::Ways;

/// Knows lines by their heads.
#[derive(Debug)]
pub struct ByHead<'a> {
    pub gap: Gap,
    pub heads: KnownHeads<'a>,
    /// What the line that it begins at decides.
    pub first: Fate,
    /// The line that came last, where its text decides: it is a record alone if the next line is a head.
    pub held: Option<Held<'a>>,
}

/// A line that waits for the next one.
#[derive(Debug)]
pub struct Held<'a> {
    /// Its head, which goes on at `at`.
    known: &'a Known,
    at: usize,
    bytes: usize,
    ahead_by: usize,
    time: i64,
    /// The same in its ten minutes.
    moment: Moment,
    /// The ten minutes of the line before it, and its time in them.
    before: (Minutes, Moment),
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
    /// How often an event occurred among them that plugins count, as bits; it is told at some time, and ends nothing.
    Counted { event: u16, plugins: u64, times: u64 },
    /// Any other.
    One(&'a Record),
}

/// Goes from line to line, as long as their times go on. `K` knows the lines.
pub struct Passing<'a, K, T> {
    pub known: K,
    pub dated: Dated<'a>,
    pub normaliser: &'a Normaliser,
    pub format: &'a Format,
    /// Idle records are told together where none is further behind the one before it.
    pub pause_us: i64,
    /// All times are in this.
    pub span: Range<i64>,
    /// Where the first line stands; none where it is not known of the others.
    pub offset: Option<u64>,
    /// The ten minutes of the line that came last. Where all of them are before the end, their times are told by their digits.
    pub minutes: &'a mut Minutes,
    /// Holds a record while it is told.
    pub record: &'a mut Record,
    /// Is told of all records, in their order; false ends it.
    pub tell: T,
    pub progress: Progress,
}

/// How far it came.
#[derive(Debug)]
pub struct Progress {
    /// The time of the line that came last, in its ten minutes. Before the first line it is behind all.
    moment: Moment,
    has_begun: bool,
    /// Idle records that were not told yet, the ten minutes of the first, and its time in them.
    idle: u64,
    first: (i64, Moment),
    /// A rule whose event is counted, and how often it occurred since that was told.
    counted: (u16, u64),
    /// Records that were told and of which some was no text.
    pub lossy: u64,
}

impl Progress {
    pub const BEGIN: Self = Self {
        moment: Moment::BEHIND_ALL,
        has_begun: false,
        idle: 0,
        first: (0, Moment::BEHIND_ALL),
        counted: (0, 0),
        lossy: 0,
    };
}

impl<'a, T> Passing<'a, (), T> {
    /// The same, by what knows the lines.
    pub fn by<K>(self, known: K) -> Passing<'a, K, T> {
        let Self { known: (), dated, normaliser, format, pause_us, span, offset, minutes, record, tell, progress } =
            self;
        Passing { known, dated, normaliser, format, pause_us, span, offset, minutes, record, tell, progress }
    }
}

impl<K, T: FnMut(Told<'_>) -> bool> Passing<'_, K, T> {
    /// Tells what was not told yet, and gives the time of the line that came last.
    pub fn finish(&mut self) -> Option<i64> {
        let last = self.last()?;
        self.tell_counted();
        self.tell_idle(last);
        Some(last)
    }

    fn last(&self) -> Option<i64> {
        self.progress.has_begun.then(|| self.minutes.instant(self.progress.moment))
    }

    fn tell_idle(&mut self, last: i64) -> bool {
        let records = mem::take(&mut self.progress.idle);
        let (start, first) = self.progress.first;
        records == 0 || (self.tell)(Told::Idle(Passed { records, first: start + first.micros(), last }))
    }

    /// Takes in an idle record.
    #[inline(always)]
    fn see_idle(&mut self) {
        if self.progress.idle == 0 {
            self.progress.first = (self.minutes.start_us(), self.progress.moment);
        }
        self.progress.idle += 1;
    }

    /// Takes in the line whose time a text begins with, if it is idle and follows within a minute: most do.
    #[inline(always)]
    fn takes_at_once(&mut self, text: &[u8]) -> bool {
        let goes_on = self.minutes.moment(text).filter(|moment| moment.follows(self.progress.moment));
        if let Some(moment) = goes_on {
            self.progress.moment = moment;
            self.see_idle();
        }
        goes_on.is_some()
    }

    /// The same for one that is counted too.
    #[inline(always)]
    fn takes_quietly(&mut self, fate: Fate, text: &[u8]) -> bool {
        match fate {
            Fate::Idle => self.takes_at_once(text),
            Fate::Counted { rule } => {
                let takes = self.takes_at_once(text);
                if takes {
                    self.count(rule);
                }
                takes
            }
            Fate::Blind { .. } | Fate::Open => false,
        }
    }

    /// Takes in any line whose time a text begins with, `ahead_by` bytes behind the first; false where it is not to be passed.
    #[inline(never)]
    fn takes(&mut self, fate: Fate, text: &[u8], ahead_by: usize) -> bool {
        if fate == Fate::Open || (matches!(fate, Fate::Blind { .. }) && self.offset.is_none()) {
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
                if let Fate::Counted { rule } = fate {
                    self.count(rule);
                }
                true
            }
        }
    }

    /// Takes in a record that is counted: mostly it is of the same event as the one before.
    #[inline(always)]
    fn count(&mut self, rule: u16) {
        if self.progress.counted.0 != rule {
            self.tell_counted();
            self.progress.counted.0 = rule;
        }
        self.progress.counted.1 += 1;
    }

    /// Tells how often the event occurred that came last.
    fn tell_counted(&mut self) {
        let (rule, times) = (self.progress.counted.0, mem::take(&mut self.progress.counted.1));
        if times > 0
            && let rule = self.format.rules.at(rule)
            && let Some(event) = rule.event
        {
            (self.tell)(Told::Counted { event, plugins: rule.counted, times });
        }
    }

    /// Goes on to the time that a text begins with, if it may follow the one before.
    fn advance(&mut self, text: &[u8], last: Option<i64>) -> Option<i64> {
        let tells_by_digits = |minutes: &Minutes| minutes.end_us() <= self.span.end && self.pause_us >= MINUTE_US;
        let (earliest, end) = (last.unwrap_or(self.span.start), self.span.end);
        let may_follow = |time: &i64| (earliest..end).contains(time);
        // Mostly they are the same: to copy them would take longer than all else.
        let (time, moment) = match self.minutes.moment(text).filter(|_| tells_by_digits(self.minutes)) {
            Some(moment) => (Some(self.minutes.instant(moment)).filter(may_follow)?, moment),
            None => {
                let (minutes, moment) = self.dated.minutes(text)?;
                let time = Some(minutes.instant(moment)).filter(may_follow)?;
                *self.minutes = match minutes.of_minute(moment) {
                    _ if tells_by_digits(&minutes) => minutes,
                    // The end is within the ten minutes: records of another file come there.
                    minute if tells_by_digits(&minute) => minute,
                    minute => minute.untold(),
                };
                (time, moment)
            }
        };
        (self.progress.moment, self.progress.has_begun) = (moment, true);
        Some(time)
    }

    /// Takes in a record of which nobody wants the text.
    fn tell_blind(&mut self, severity: u8, rule: u16, ahead_by: usize, time: i64) -> bool {
        let Some(offset) = self.offset else { return false };
        let record = &mut *self.record;
        (record.offset, record.time) = (offset + ahead_by as u64, time);
        record.offset_min = self.dated.offset_min();
        record.detail.clear();
        self.normaliser.settle(record, severity, Some(self.format.rules.at(rule)));
        (self.tell)(Told::One(record))
    }
}

/// Lines that a pattern describes.
impl<'a, T: FnMut(Told<'_>) -> bool> Passes for Passing<'a, ByHead<'a>, T> {
    fn begin(&mut self, ahead: &[u8; AHEAD_BYTES]) -> bool {
        self.takes(self.known.first, ahead, 0)
    }

    #[inline(always)]
    fn goes_on(&mut self, text: &[u8], ahead: &[u8; AHEAD_BYTES], bytes: usize, ahead_by: usize) -> bool {
        let ByHead { gap, heads, .. } = &self.known;
        let Some(at) = gap.end(ahead, self.dated.end()) else { return false };
        let Some(known) = heads.at(ahead, at) else { return false };
        (known.is_idle(ahead, bytes, at) && self.takes_at_once(ahead))
            || self.takes_known(known, at, text, bytes, ahead_by)
    }

    #[inline(always)]
    fn holds(&self) -> bool {
        self.known.held.is_some()
    }

    fn gives_back(&mut self) -> bool {
        let Some(held) = self.known.held.take() else { return false };
        (*self.minutes, self.progress.moment) = held.before;
        true
    }
}

impl<'a, T: FnMut(Told<'_>) -> bool> Passing<'a, ByHead<'a>, T> {
    /// Takes in any line whose head may be known; false where it is not to be passed.
    #[inline(never)]
    fn takes_known(&mut self, known: &'a Known, at: usize, text: &[u8], bytes: usize, ahead_by: usize) -> bool {
        let line = &text[ahead_by..];
        if !known.ends_at(&line[..bytes], at) || !self.tell_held(text, line) {
            return false;
        }
        match known.fate() {
            Fate::Open => self.hold(known, at, line, bytes, ahead_by),
            fate => self.takes_quietly(fate, line) || self.takes(fate, line, ahead_by),
        }
    }

    /// Holds a line until the next one is there.
    fn hold(&mut self, known: &'a Known, at: usize, line: &[u8], bytes: usize, ahead_by: usize) -> bool {
        let last = self.last();
        if self.offset.is_none()
            || self.format.layout.of_two_lines().is_some()
            || last.is_some_and(|last| !self.tell_idle(last))
        {
            return false;
        }
        let before = (*self.minutes, self.progress.moment);
        let Some(time) = self.advance(line, last) else { return false };
        // No line is taken at once behind this time.
        let moment = mem::replace(&mut self.progress.moment, Moment::BEHIND_ALL);
        self.known.held = Some(Held { known, at, bytes, ahead_by, time, moment, before });
        true
    }

    /// Tells the record of the line that is held, if there is one and the line behind it is a head, as far as its time says.
    fn tell_held(&mut self, text: &[u8], behind: &[u8]) -> bool {
        let Some(held) = self.known.held.take_if(|_| self.dated.read(behind).is_some()) else {
            return self.known.held.is_none();
        };
        let Some(offset) = self.offset else { return false };
        let line = &text[held.ahead_by..][..held.bytes];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let mut head = Head::default();
        held.known.write(line, held.at, &mut head);
        let rules = self.format.rules.of(head.logger.span.of(line));
        let record = &mut *self.record;
        (record.offset, record.time) = (offset + held.ahead_by as u64, held.time);
        record.offset_min = self.dated.offset_min();
        let detail = &mut record.detail;
        let (rule, is_lossy) = self.normaliser.look(self.format, &head, line, line.len(), rules, detail);
        self.normaliser.settle(record, head.severity, rule);
        self.progress.moment = held.moment;
        self.progress.lossy += u64::from(is_lossy);
        (self.tell)(Told::One(record))
    }
}

/// Lines of JSON.
impl<T: FnMut(Told<'_>) -> bool> PassesAlone for Passing<'_, &Ways, T> {
    #[inline(always)]
    fn goes_on(&mut self, text: &[u8], bytes: usize, ahead_by: usize) -> bool {
        let Some((fate, time)) = self.known.walk(text, bytes, self.dated.end()) else { return false };
        let text = &text[time..];
        self.takes_quietly(fate, text) || self.takes(fate, text, ahead_by)
    }
}
