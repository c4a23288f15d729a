//! What the head line of a record says, whatever the layout.

use super::body::Span;

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scanned {
    /// The begin of a record.
    Head,
    /// No begin: it belongs to the record before it.
    Joins,
    /// It fits no rule of the format, and ends the record before it.
    Unparsed,
}

/// What becomes of a record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fate {
    /// Its text decides, or nothing was decided yet.
    #[default]
    Open,
    /// No plugin can want it, whatever its text says.
    Idle,
    /// No plugin can want it, but some count it: the rule at this position fits it, whatever its text says.
    Counted { rule: u16 },
    /// The rule at this position fits it, of this severity, whatever its text says, and nobody wants that text.
    Blind { severity: u8, rule: u16 },
}

/// The fields of a head line; their places count from its begin.
///
/// A scan writes it in place: as a result it would be copied through memory from field to field, which takes longer
/// than finding the fields.
#[derive(Debug, Clone, Copy, Default)]
pub struct Head {
    /// Microseconds since 1970 UTC.
    pub time: i64,
    /// The time zone skipped this time.
    pub in_gap: bool,
    /// It tells no time: this is the greatest before it.
    pub is_timeless: bool,
    /// Minutes that its time is ahead of UTC, where it tells them; see [`super::clock::Stamp`].
    pub offset_min: i16,
    /// OpenTelemetry number.
    pub severity: u8,
    /// The word in its place, where nobody knows it.
    pub unknown_severity: Span,
    /// Who wrote the record.
    pub logger: Field,
    /// The message.
    pub body: Field,
    /// Where its second line ends, if it has one.
    pub second_end: u32,
    /// What its severity and logger decide. Where they do, logger and body may be those of another.
    pub fate: Fate,
    /// The exception, where the layout has a field for it.
    pub exception: Field,
}

/// A field's text.
#[derive(Debug, Clone, Copy, Default)]
pub struct Field {
    /// Its place in the line.
    pub span: Span,
    /// It holds JSON escapes.
    pub escaped: bool,
}

impl Field {
    /// A field as it stands.
    #[inline(always)]
    pub fn plain(start: usize, end: usize) -> Self {
        Self { span: Span::new(start, end), escaped: false }
    }

    /// Whether it has no text, or is not there.
    #[inline(always)]
    pub fn is_empty(self) -> bool {
        self.span.start == self.span.end
    }
}
