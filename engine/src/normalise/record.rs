//! A record: what the plugins see of a log event.

use super::body::Captured;
use super::signature;

/// A record of a source.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// Offset of its head line in the generation.
    pub offset: u64,
    /// Microseconds since 1970 UTC.
    pub time: i64,
    /// The plugins that want it, as bits by position. Where it is 0, nothing below is filled.
    pub wanted: u64,
    /// OpenTelemetry number; a rule may have set it.
    pub severity: u8,
    /// Position of the event's name in [`super::Normaliser::events`].
    pub event: Option<u16>,
    /// Who wrote it.
    pub logger: &'a str,
    /// The message.
    pub body: &'a str,
    /// What follows the message: exception and stack.
    pub exception: &'a str,
    pub(super) captures: &'a [Captured],
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

impl<'a> Record<'a> {
    /// The attribute at a position in [`super::Normaliser::attributes`].
    #[inline]
    pub fn attribute(&self, position: usize) -> Value<'a> {
        match self.captures.get(position) {
            Some(Captured::Int(number)) => Value::Int(*number),
            Some(Captured::Text(span)) => {
                Value::Text(self.body.get(span.start as usize..span.end as usize).unwrap_or_default())
            }
            Some(Captured::None) | None => Value::None,
        }
    }

    /// Appends the record's signature: what makes two errors the same.
    pub fn signature(&self, into: &mut String) {
        signature::write(self, into);
    }
}
