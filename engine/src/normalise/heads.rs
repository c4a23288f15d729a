//! Heads that were read before.
//!
//! Behind its time and thread, a head line of a log is one of a few dozen: severities and loggers repeat. Each is read
//! once; where it comes again, one comparison stands for finding its fields. That also spares the processor most of
//! its wrong guesses, because the fields' lengths differ from line to line and the comparison's does not.

use std::array;

use super::body::Span;
use super::form::{FORM_BYTES, Form};
use super::head::{Fate, Field, Head};
use super::joints::Joints;
use super::lines::AHEAD_BYTES;
use super::ways::Ways;

/// More than the heads that a log uses at a time; what is used of them fits into the first-level cache.
const SLOTS: usize = 256;
/// Longer heads are not kept.
const BYTES_MAX: usize = 64;

/// The heads of a format that came last, each in the slot of its first bytes.
#[derive(Debug, Default)]
pub struct Heads {
    known: Box<[Known]>,
    /// The same for lines of JSON.
    pub joints: Joints,
    pub ways: Ways,
}

/// A head, from its first field of meaning up to its body. The free slot is empty.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub struct Known {
    /// The first bytes.
    begin: Form,
    /// The bytes behind them.
    rest: [u8; BYTES_MAX - FORM_BYTES],
    rest_bytes: u8,
    bytes: u8,
    is_idle_and_short: bool,
    severity: u8,
    fate: Fate,
    /// Begin and end, counted from the head's begin.
    logger: (u8, u8),
}

impl Heads {
    /// None yet; the default has not even room for one.
    pub fn new() -> Self {
        let free = Known {
            begin: Form::default(),
            rest: [0; BYTES_MAX - FORM_BYTES],
            rest_bytes: 0,
            bytes: 0,
            is_idle_and_short: false,
            severity: 0,
            fate: Fate::Open,
            logger: (0, 0),
        };
        Self { known: vec![free; SLOTS].into(), joints: Joints::new(), ways: Ways::default() }
    }

    /// Reads the head that goes on at `at`, if it is known; true where it was.
    #[inline(always)]
    pub fn read(&self, line: &[u8], at: usize, into: &mut Head) -> bool {
        let Some(begin) = line.get(at..).and_then(|rest| rest.first_chunk::<FORM_BYTES>()) else { return false };
        let Some(known) = self.known().and_then(|known| known.find(begin)) else { return false };
        if !known.ends_at(line, at) {
            return false;
        }
        known.write(line, at, into);
        true
    }

    /// All of them; none while there is no room for any.
    #[inline(always)]
    pub fn known(&self) -> Option<KnownHeads<'_>> {
        self.known.first_chunk().map(KnownHeads)
    }

    /// Keeps a head that was read from `at` on, of a known severity. It must end where the body begins, and the body must not
    /// be empty.
    pub fn keep(&mut self, line: &[u8], at: usize, head: &Head) {
        let (end, logger) = (head.body.span.start as usize, head.logger.span);
        let text = line.get(at..end).filter(|text| (1..=BYTES_MAX).contains(&text.len()));
        let (Some(text), Some(begin)) = (text, line.get(at..).and_then(|rest| rest.first_chunk())) else { return };
        let within = |place: u32| (place as usize).saturating_sub(at) as u8;
        let known = &mut self.known[slot(begin)];
        known.begin = Form { least: *begin, most: array::from_fn(|at| if at < text.len() { 0 } else { u8::MAX }) };
        let rest = text.get(FORM_BYTES..).unwrap_or_default();
        known.rest[..rest.len()].copy_from_slice(rest);
        known.rest_bytes = rest.len() as u8;
        known.bytes = text.len() as u8;
        known.severity = head.severity;
        known.fate = head.fate;
        known.is_idle_and_short = head.fate == Fate::Idle && rest.is_empty();
        known.logger = (within(logger.start), within(logger.end));
    }
}

/// The heads that are known.
#[derive(Debug, Clone, Copy)]
pub struct KnownHeads<'a>(&'a [Known; SLOTS]);

impl<'a> KnownHeads<'a> {
    /// The head of a line that goes on at `at`, if it is known; where it ends was not looked at. `ahead` is what begins with
    /// the line, long enough for any head.
    #[inline(always)]
    pub fn at(self, ahead: &[u8; AHEAD_BYTES], at: usize) -> Option<&'a Known> {
        self.find(ahead.get(at..)?.first_chunk()?)
    }

    /// What is known of a head with this begin.
    #[inline(always)]
    fn find(self, begin: &[u8; FORM_BYTES]) -> Option<&'a Known> {
        let known = &self.0[slot(begin)];
        known.begin.fits(begin).then_some(known)
    }
}

impl Known {
    /// Whether this is the head of an idle line of so many bytes that goes on at `at` as this one does; only short heads are.
    #[inline(always)]
    pub fn is_idle(&self, ahead: &[u8; AHEAD_BYTES], bytes: usize, at: usize) -> bool {
        self.is_idle_and_short && self.ends_before(ahead, bytes, at)
    }

    /// What its severity and logger decide.
    pub fn fate(&self) -> Fate {
        self.fate
    }

    /// Writes what this head says in a line that goes on with it at `at`.
    #[inline(always)]
    pub fn write(&self, line: &[u8], at: usize, into: &mut Head) {
        (into.severity, into.unknown_severity) = (self.severity, Span::default());
        into.fate = self.fate;
        // Of others nobody will look at the fields.
        if self.fate == Fate::Open {
            into.logger = Field::plain(at + usize::from(self.logger.0), at + usize::from(self.logger.1));
            into.body = Field::plain(at + usize::from(self.bytes), line.len());
        }
    }

    /// Whether a head that begins as this one, at `at`, also ends as it.
    #[inline(always)]
    pub fn ends_at(&self, line: &[u8], at: usize) -> bool {
        self.ends_before(line, line.len(), at)
            && (self.rest_bytes == 0 || line[at + FORM_BYTES..].starts_with(&self.rest[..usize::from(self.rest_bytes)]))
    }

    /// Whether something stands behind a head that begins as this one, at `at`, and does not belong to it, in a line of so
    /// many bytes.
    #[inline(always)]
    fn ends_before(&self, line: &[u8], bytes: usize, at: usize) -> bool {
        let end = at + usize::from(self.bytes);
        // A blank behind it would still belong to the head.
        end < bytes && line.get(end).is_some_and(|byte| *byte != b' ')
    }
}

/// The slot of a head, by its first 16 bytes: a severity and the most of a logger in most layouts.
#[inline(always)]
fn slot(begin: &[u8; FORM_BYTES]) -> usize {
    // An odd number from the golden ratio.
    const A: u64 = 0x9e37_79b9_7f4a_7c15;
    let ([first, second, ..], _) = begin.as_chunks::<8>() else { return 0 };
    let mixed = (u64::from_le_bytes(*first) ^ u64::from_le_bytes(*second).rotate_left(29)).wrapping_mul(A);
    (mixed >> (u64::BITS - SLOTS.ilog2())) as usize
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono_tz::Tz;
    use proptest::prelude::{Strategy, prop_assert_eq, proptest};
    use proptest::sample::select;

    use super::super::clock::Clock;
    use super::super::head::Scanned;
    use super::super::pattern::Pattern;
    use super::super::severity::Severities;
    use super::super::text::Texts;
    use super::*;

    /// Lines whose heads are alike, up to their blanks.
    fn line() -> impl Strategy<Value = String> {
        let loggers = [
            "A",
            "Core.Loop",
            "Core.Loops",
            "a.logger.whose.name.is.longer.than.all.that.is.kept.of.a.head",
            "a.b.c.d.e.f.g.h.i.j.k",
        ];
        let fields = (
            select(vec!["[1]", "[38]", "[a longer thread]"]),
            select(vec!["INFO ", "INFO", " WARN", "ERROR", ""]),
            select(loggers.to_vec()),
            select(vec![" - ", " -  ", "  - ", " -"]),
            select(vec!["", " ", "x", " x", "a body that is long enough to be compared at once", "a - b - c"]),
        );
        fields.prop_map(|(thread, severity, logger, dash, body)| {
            format!("2026-10-12 05:10:56,078 {thread} {severity} {logger}{dash}{body}")
        })
    }

    proptest! {
        #[test]
        fn a_known_head_is_read_as_a_new_one(lines in proptest::collection::vec(line(), 1..60)) {
            for layout in ["{timestamp} [{thread}] {severity} {logger} - {body}", "{timestamp} {*} {severity} {logger} -{body}"] {
                let pattern = Pattern::compile(0, layout, "%Y-%m-%d %H:%M:%S,%3f", Texts::new(None)).unwrap();
                let severities = Severities::new(&BTreeMap::new(), None);
                let scan = |line: &str, heads: &mut Heads| {
                    let mut head = Head::default();
                    let fate = |severity: u8, logger: &[u8]| match logger {
                        [b'C', ..] if severity < 13 => Fate::Idle,
                        [b'a', ..] if severity < 13 => Fate::Blind { severity, rule: 1 },
                        _ => Fate::Open,
                    };
                    let mut clock = Clock::new(Tz::UTC, None, None);
                    let scanned = pattern.scan(line.as_bytes(), &mut clock, &severities, heads, fate, &mut head);
                    if head.fate != Fate::Open {
                        (head.logger, head.body) = (Field::default(), Field::default());
                    }
                    (scanned, (scanned == Scanned::Head).then(|| format!("{head:?}")))
                };
                let mut heads = Heads::new();
                for line in &lines {
                    prop_assert_eq!(scan(line, &mut heads), scan(line, &mut Heads::new()), "{}", line);
                }
            }
        }
    }
}
