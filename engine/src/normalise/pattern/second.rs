//! Heads of two lines: the second is read once the record is whole.

use chrono_tz::Tz;

use super::super::body::Span;
use super::super::clock::Clock;
use super::super::head::{Field, Head};
use super::super::severity::Severities;
use super::{Pattern, Walk};

impl Pattern {
    /// Whether a head has a second line.
    #[inline(always)]
    pub fn has_second(&self) -> bool {
        self.second.is_some()
    }

    /// Reads the second line of a record, whose first one ends at `first_end`, and puts its fields into the head. Of a
    /// record without one, or with another, the first line is the message.
    #[cold]
    pub fn read_second(&self, held: &[u8], first_end: usize, severities: &Severities, into: &mut Head) {
        let Some(steps) = &self.second else { return };
        let rest = &held[first_end..];
        let start = first_end
            + match rest {
                [b'\r', b'\n', ..] => 2,
                [b'\n', ..] => 1,
                _ => 0,
            };
        let end = memchr::memchr(b'\n', &held[start..]).map_or(held.len(), |bytes| start + bytes);
        let line = held[start..end].strip_suffix(b"\r").unwrap_or(&held[start..end]);
        let (mut clock, mut found) =
            (Clock::new(Tz::UTC, None, None), Head { severity: into.severity, ..Head::default() });
        let mut walk = Walk { line, at: 0, has_time: false, clock: &mut clock, severities };
        into.second_end = 0;
        if line.is_empty() || !self.follow(steps, &mut walk, &mut found) || walk.at != line.len() {
            into.body = if into.body.span == Span::default() { Field::plain(0, first_end) } else { into.body };
            return;
        }
        let moved = |span: Span| Span::new(start + span.start as usize, start + span.end as usize);
        for (field, found) in [(&mut into.logger, found.logger), (&mut into.body, found.body)] {
            if found.span != Span::default() {
                field.span = moved(found.span);
            }
        }
        if found.unknown_severity != Span::default() {
            into.unknown_severity = moved(found.unknown_severity);
        }
        (into.severity, into.second_end) = (found.severity, (start + line.len()) as u32);
    }
}
