//! The way to the fields of a head that most lines take: a time, a short gap, and a head that is known already.

use super::super::heads::KnownHeads;
use super::super::lines::{AHEAD_BYTES, Passes};
use super::super::swar;
use super::super::timestamp::{Dated, MINUTE_US, Minute, Moment};
use super::{Literal, Step};

/// What stands between a time at the begin of the line and what repeats: a literal, and perhaps a field with the one that
/// ends it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gap {
    literal: Short,
    field: Option<Short>,
}

/// A literal of up to eight bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Short {
    first: u8,
    bytes: u8,
    packed: u64,
    mask: u64,
    /// What stands behind it is not this: a run of blanks is one.
    goes_on: u8,
}

/// Knows idle lines: those whose heads are known as ones that no plugin can want.
#[derive(Debug, Clone, Copy)]
pub struct Idle<'a> {
    pub(super) dated: Dated<'a>,
    pub(super) gap: Gap,
    pub(super) heads: KnownHeads<'a>,
}

/// Goes from idle line to idle line, as long as their times go on.
#[derive(Debug)]
pub struct Passing<'a> {
    idle: Idle<'a>,
    /// No time is further behind the one before it.
    pause_us: i64,
    /// All times are before this.
    end: i64,
    /// The minute of the line that came last, and its time in it. Where all of the minute is before the end, its times are
    /// told by their digits.
    minute: &'a mut Minute,
    moment: Moment,
}

impl<'a> Idle<'a> {
    /// Lines behind each other whose times lie before `end`, each at most `pause_us` behind the one before it. `minute` is
    /// what was known of the lines before.
    pub fn passing(self, pause_us: i64, end: i64, minute: &'a mut Minute) -> Passing<'a> {
        Passing { idle: self, pause_us, end, minute, moment: Moment::default() }
    }
}

impl Passing<'_> {
    /// The time of the line that came last.
    pub fn last(&self) -> i64 {
        self.minute.instant(self.moment)
    }

    fn is_told_by_digits(&self, minute: &Minute) -> bool {
        minute.end_us() <= self.end && self.pause_us >= MINUTE_US
    }

    fn enter(&mut self, minute: Minute, moment: Moment) {
        *self.minute = if self.is_told_by_digits(&minute) { minute } else { minute.untold() };
        self.moment = moment;
    }

    /// The same as `goes_on`, in another minute.
    #[cold]
    fn turn(&mut self, ahead: &[u8; AHEAD_BYTES]) -> bool {
        let Some((minute, moment)) = self.idle.dated.minute(ahead) else { return false };
        let (last, time) = (self.last(), minute.instant(moment));
        let goes_on = time >= last && time - last <= self.pause_us && time < self.end;
        if goes_on {
            self.enter(minute, moment);
        }
        goes_on
    }
}

impl Passes for Passing<'_> {
    #[inline(always)]
    fn begin(&mut self, ahead: &[u8; AHEAD_BYTES]) -> bool {
        match self.minute.moment(ahead) {
            Some(moment) if self.is_told_by_digits(self.minute) => self.moment = moment,
            _ => {
                let Some((minute, moment)) = self.idle.dated.minute(ahead) else { return false };
                self.enter(minute, moment);
            }
        }
        true
    }

    #[inline(always)]
    fn goes_on(&mut self, ahead: &[u8; AHEAD_BYTES], bytes: usize) -> bool {
        let Idle { dated, gap, heads } = &self.idle;
        let is_idle = gap.end(ahead, dated.end()).is_some_and(|at| heads.are_idle(ahead, bytes, at));
        is_idle
            && match self.minute.moment(ahead) {
                Some(moment) if moment >= self.moment => {
                    self.moment = moment;
                    true
                }
                Some(_) => false,
                None => self.turn(ahead),
            }
    }
}

impl Short {
    /// Where the literal ends that stands at `at`, if it does.
    #[inline(always)]
    fn end(&self, line: &[u8], at: usize) -> Option<usize> {
        let end = at + usize::from(self.bytes % 16);
        (swar::eight(line, at)? & self.mask == self.packed).then_some(end)
    }
}

impl Gap {
    /// Where what stands at `at` ends, if it is as short as it mostly is, and if a head that is known stands there: none begins
    /// with what would still belong to the gap.
    #[inline(always)]
    pub(super) fn end(&self, line: &[u8], at: usize) -> Option<usize> {
        let at = self.literal.end(line, at)?;
        match &self.field {
            Some(closing) if *line.get(at)? != self.literal.goes_on => {
                closing.end(line, swar::find_near(line, at, closing.first)?)
            }
            Some(_) => None,
            None => Some(at),
        }
    }

    pub(super) fn of(first_steps: &[Step]) -> Option<Self> {
        let (literal, field) = match first_steps {
            [Step::Timestamp, Step::Literal(literal)] => (literal, None),
            [Step::Timestamp, Step::Literal(literal), Step::Field(_, closing) | Step::Brackets(closing)] => {
                (literal, Some(closing))
            }
            _ => return None,
        };
        let field = match field {
            Some(closing) => Some(closing.short()?),
            None => None,
        };
        Some(Self { literal: literal.short()?, field })
    }
}

impl Literal {
    fn short(&self) -> Option<Short> {
        // No line holds its own end.
        let goes_on = if self.ends_blank { b' ' } else { b'\n' };
        let Self { packed, mask, .. } = *self;
        let first = *self.text.first()?;
        (mask != 0).then_some(Short { first, bytes: self.text.len() as u8, packed, mask, goes_on })
    }
}
