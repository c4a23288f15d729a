//! A record: what the plugins see of a log event.

use super::body::Captured;

/// A record of a source.
///
/// Its reader lends it, and writes the next one over it: as a value it would be copied through memory from hand to
/// hand, once for each of millions.
#[derive(Debug, Default)]
pub struct Record {
    /// Offset of its head line in the generation.
    pub offset: u64,
    /// Microseconds since 1970 UTC.
    pub time: i64,
    /// Minutes that the clock which wrote it was ahead of UTC, where its time tells them; 0 where it does not.
    pub offset_min: i16,
    /// The plugins that want it, as bits by position. Where it is 0, the record has no texts or attributes; and no texts where
    /// none of them wants any.
    pub wanted: u64,
    /// The plugins that count its event, as bits by position.
    pub counted: u64,
    /// OpenTelemetry number; a rule may have set it.
    pub severity: u8,
    /// Position of the event's name in [`super::Normaliser::events`]; none where nobody wants or counts it.
    pub event: Option<u16>,
    /// Of the last record that was looked at closely.
    pub(super) detail: Detail,
}

/// Texts and attributes of a wanted record.
#[derive(Debug, Default)]
pub struct Detail {
    /// Logger, body, exception and the values of other fields, one behind the other.
    pub text: String,
    /// Where the logger ends.
    pub logger_end: usize,
    /// Where the body ends.
    pub body_end: usize,
    /// Where the exception ends; the values of other fields stand behind it.
    pub exception_end: usize,
    /// By attribute; places count from the body's begin.
    pub captures: Vec<Captured>,
    /// Nothing was written since it was cleared.
    pub(super) is_empty: bool,
    /// The body, where it is a template: before its values are put in.
    pub(super) template: String,
}

/// The value of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// The record does not have it.
    None,
    /// Text.
    Text(&'a str),
    /// A number; a duration in milliseconds.
    Int(i64),
}

impl Detail {
    /// Begins to write anew.
    pub fn begin(&mut self) {
        self.is_empty = false;
        self.text.clear();
        self.captures.fill(Captured::None);
    }

    /// Forgets the record that was looked at before.
    #[inline]
    pub fn clear(&mut self) {
        if self.is_empty {
            return;
        }
        self.is_empty = true;
        self.text.clear();
        (self.logger_end, self.body_end, self.exception_end) = (0, 0, 0);
        self.captures.fill(Captured::None);
    }
}

impl Record {
    /// Who wrote it.
    pub fn logger(&self) -> &str {
        self.detail().map_or("", |detail| &detail.text[..detail.logger_end])
    }

    /// The message.
    pub fn body(&self) -> &str {
        self.detail().map_or("", |detail| &detail.text[detail.logger_end..detail.body_end])
    }

    /// What follows the message: exception and stack.
    pub fn exception(&self) -> &str {
        let text = self.detail().map_or("", |detail| &detail.text[detail.body_end..detail.exception_end]);
        text.trim_end().trim_start_matches(['\r', '\n'])
    }

    /// The attribute at a position in [`super::Normaliser::attributes`].
    #[inline]
    pub fn attribute(&self, position: usize) -> Value<'_> {
        let Some(detail) = self.detail() else { return Value::None };
        match detail.captures.get(position) {
            Some(Captured::Int(number)) => Value::Int(*number),
            Some(Captured::Text(span)) => {
                let text = &detail.text[detail.logger_end..];
                Value::Text(text.get(span.start as usize..span.end as usize).unwrap_or_default())
            }
            Some(Captured::None) | None => Value::None,
        }
    }

    /// Whether it has no text and no attributes.
    #[inline]
    pub fn is_bare(&self) -> bool {
        self.detail.is_empty
    }

    fn detail(&self) -> Option<&Detail> {
        (self.wanted != 0).then_some(&self.detail)
    }
}
