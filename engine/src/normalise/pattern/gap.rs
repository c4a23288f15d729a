//! The way to the fields of a head that most lines take: a time, a short gap, and a head that is known already.

use super::super::heads::KnownHeads;
use super::super::lines::AHEAD_BYTES;
use super::super::swar;
use super::super::timestamp::Dated;
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
    /// What may stand behind it is none of these: a run of blanks is one, and brackets may follow each other.
    goes_on: [u8; 2],
}

/// Reads idle lines: those whose heads are known as ones that no plugin can want.
#[derive(Debug, Clone, Copy)]
pub struct Idle<'a> {
    pub(super) dated: Dated<'a>,
    pub(super) gap: Gap,
    pub(super) heads: KnownHeads<'a>,
}

impl Idle<'_> {
    /// The time of an idle line; none where that is not sure. `ahead` is what begins with the line.
    #[inline(always)]
    pub fn time(&self, ahead: &[u8; AHEAD_BYTES], line: &[u8]) -> Option<i64> {
        let time = self.dated.read(ahead)?;
        let at = self.gap.end(ahead, self.dated.end())?;
        self.heads.are_idle(ahead, line, at).then_some(time)
    }
}

impl Short {
    /// Where the literal ends that stands at `at`, if nothing behind it belongs to it.
    #[inline(always)]
    fn end(&self, line: &[u8], at: usize) -> Option<usize> {
        let end = at + usize::from(self.bytes % 16);
        let is_here = swar::eight(line, at)? & self.mask == self.packed && !self.goes_on_at(line, end);
        is_here.then_some(end)
    }

    /// Whether something at `at` belongs to the literal before it.
    #[inline(always)]
    fn goes_on_at(&self, line: &[u8], at: usize) -> bool {
        line.get(at).is_none_or(|byte| self.goes_on.contains(byte))
    }
}

impl Gap {
    /// Where what stands at `at` ends, if it is as short as it mostly is.
    #[inline(always)]
    pub(super) fn end(&self, line: &[u8], at: usize) -> Option<usize> {
        let at = self.literal.end(line, at)?;
        match &self.field {
            Some(closing) => closing.end(line, swar::find_near(line, at, closing.first)?),
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
        let brackets = matches!(first_steps, [.., Step::Brackets(_)]);
        let field = match field {
            Some(closing) => Some(closing.short(brackets)?),
            None => None,
        };
        Some(Self { literal: literal.short(false)?, field })
    }
}

impl Literal {
    fn short(&self, brackets: bool) -> Option<Short> {
        // No line holds its own end.
        let goes_on = [if self.ends_blank { b' ' } else { b'\n' }, if brackets { b'[' } else { b'\n' }];
        let Self { packed, mask, .. } = *self;
        let first = *self.text.first()?;
        (mask != 0).then_some(Short { first, bytes: self.text.len() as u8, packed, mask, goes_on })
    }
}
