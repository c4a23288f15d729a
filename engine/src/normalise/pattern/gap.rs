//! What stands between the time of a line and a head that is known already.

use super::super::swar;
use super::{Literal, Step};

/// What stands between a time at the begin of the line and what repeats: a literal, and perhaps a field with the one that
/// ends it.
#[derive(Debug, Clone, Copy)]
pub struct Gap {
    literal: Short,
    field: Option<Short>,
}

/// A literal of up to eight bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Short {
    /// Its first byte, eight times.
    firsts: u64,
    bytes: u8,
    packed: u64,
    mask: u64,
    /// What stands behind it is not this: a run of blanks is one.
    goes_on: u8,
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
    pub fn end(&self, line: &[u8], at: usize) -> Option<usize> {
        let at = self.literal.end(line, at)?;
        match &self.field {
            Some(closing) if *line.get(at)? != self.literal.goes_on => {
                closing.end(line, swar::find_near(line, at, closing.firsts)?)
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
        let firsts = swar::eight_times(*self.text.first()?);
        (mask != 0).then_some(Short { firsts, bytes: self.text.len() as u8, packed, mask, goes_on })
    }
}
