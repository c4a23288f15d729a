//! Records of one source, one after the other.
//!
//! A record ends where the next begins, so the reader is always one head line ahead: that one is *pending*.

use std::io::{self, Read};

use chrono_tz::Tz;

use super::body::Captured;
use super::clock::Clock;
use super::head::{Field, Head, Scanned};
use super::json::{push_lossy, unescape};
use super::lines::{Line, Lines};
use super::record::Record;
use super::tally::Tally;
use super::{Layout, Normaliser};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads the records of one source.
#[derive(Debug)]
pub struct Records<'n, R> {
    normaliser: &'n Normaliser,
    lines: Lines<'n, R>,
    clock: Clock,
    /// The next line is this head.
    pending: Option<(Head, Line)>,
    /// Nothing was read yet of a source that may begin with a mark.
    may_have_mark: bool,
    scratch: Scratch,
    tally: Tally,
}

/// Texts of the wanted record that do not stand in the source as they are, and its attributes.
#[derive(Debug, Default)]
struct Scratch {
    logger: String,
    body: String,
    exception: String,
    captures: Vec<Captured>,
}

impl<'n, R: Read> Records<'n, R> {
    pub(super) fn new(
        normaliser: &'n Normaliser,
        zone: Tz,
        source: R,
        offset: u64,
        latest: Option<i64>,
        closed: bool,
    ) -> Self {
        let captures = vec![Captured::None; normaliser.attributes.len()];
        Self {
            normaliser,
            lines: Lines::new(source, offset, closed, &normaliser.buffers),
            clock: Clock::new(zone, latest),
            pending: None,
            may_have_mark: offset == 0,
            scratch: Scratch { captures, ..Scratch::default() },
            tally: Tally::default(),
        }
    }

    /// The next record; none at the end.
    ///
    /// # Errors
    /// What the source gave; then its records are not to be read further.
    #[inline]
    pub fn next(&mut self) -> io::Result<Option<Record<'_>>> {
        let Some((head, line)) = self.take_pending()? else { return Ok(None) };
        let offset = self.lines.offset();
        self.lines.begin(&line);
        if let Layout::Pattern(_) = self.normaliser.layout {
            self.tally.last_record_offset = self.extend()?.then_some(offset);
        }
        Ok(Some(self.record(&head, offset, line.bytes)))
    }

    /// The time of the next record, without taking it; none at the end.
    ///
    /// # Errors
    /// What the source gave.
    pub fn peek_time(&mut self) -> io::Result<Option<i64>> {
        if self.pending.is_none() {
            self.pending = self.find_head()?;
        }
        Ok(self.pending.as_ref().map(|(head, _)| head.time))
    }

    /// What reading found beside records, up to the last that was given.
    pub fn into_tally(self) -> Tally {
        let lines_unterminated = u64::from(self.lines.is_unterminated());
        Tally { end_of_records: self.lines.offset(), lines_unterminated, ..self.tally }
    }

    #[inline(always)]
    fn take_pending(&mut self) -> io::Result<Option<(Head, Line)>> {
        match self.pending.take() {
            None => self.find_head(),
            pending => Ok(pending),
        }
    }

    /// The next line that is a head; all before it are unparsed.
    #[inline]
    fn find_head(&mut self) -> io::Result<Option<(Head, Line)>> {
        if self.may_have_mark {
            self.may_have_mark = false;
            self.lines.skip_mark(BYTE_ORDER_MARK)?;
        }
        self.lines.release();
        while let Some(line) = self.lines.peek()? {
            match self.scan(&line) {
                Scanned::Head(head) => return Ok(Some((head, line))),
                Scanned::Joins | Scanned::Unparsed => self.skip_unparsed(&line),
            }
        }
        Ok(None)
    }

    /// Takes the lines up to the next head into the record; true where a line that comes later may still join it.
    #[inline(always)]
    fn extend(&mut self) -> io::Result<bool> {
        while let Some(line) = self.lines.peek()? {
            match self.scan(&line) {
                Scanned::Head(head) => {
                    self.pending = Some((head, line));
                    return Ok(false);
                }
                Scanned::Joins => self.lines.join(&line),
                Scanned::Unparsed => {
                    self.skip_unparsed(&line);
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    #[inline(always)]
    fn scan(&mut self, line: &Line) -> Scanned {
        let scanned = self.normaliser.scan(self.lines.text(line), line.is_cut, &mut self.clock);
        if let Scanned::Head(head) = &scanned {
            self.clock.pass(head.time);
        }
        scanned
    }

    #[cold]
    fn skip_unparsed(&mut self, line: &Line) {
        let text = self.lines.text(line);
        if !text.trim_ascii().is_empty() {
            self.tally.note_unparsed(self.lines.offset(), text);
        }
        self.lines.skip(line);
    }

    /// The record that was taken.
    #[inline(always)]
    fn record(&mut self, head: &Head, offset: u64, head_bytes: usize) -> Record<'_> {
        self.tally.records += 1;
        self.tally.last_time = Some(head.time);
        self.tally.gap_times += u64::from(head.in_gap);
        self.tally.records_cut += u64::from(self.lines.is_cut());
        let wanted = self.normaliser.wanted_for(head.severity);
        let logger = head.logger.span.of(self.lines.held());
        if wanted == 0 && !head.logger.escaped && self.normaliser.rules.of(logger).is_empty() {
            return unwanted(head, offset);
        }
        self.wanted(head, offset, head_bytes)
    }

    /// A record that some plugin may want.
    #[inline(never)]
    fn wanted(&mut self, head: &Head, offset: u64, head_bytes: usize) -> Record<'_> {
        let (held, scratch) = (self.lines.held(), &mut self.scratch);
        let mut is_lossy = false;
        let logger = text(head.logger, held, &mut scratch.logger, &mut is_lossy);
        let body = text(head.body, held, &mut scratch.body, &mut is_lossy);
        scratch.captures.fill(Captured::None);
        let rules = &self.normaliser.rules;
        let candidates = rules.of(logger.as_bytes());
        let rule = rules.first(candidates, head.severity, first_line(body), &mut scratch.captures);
        let severity = rule.and_then(|rule| rule.severity).unwrap_or(head.severity);
        let wanted = self.normaliser.wanted_for(severity) | rule.map_or(0, |rule| rule.wanted);
        if wanted == 0 {
            return Record { severity, ..unwanted(head, offset) };
        }
        let exception = match self.normaliser.layout {
            Layout::Pattern(_) => Field::plain(head_bytes, held.len()),
            Layout::Json(_) => head.exception,
        };
        let exception = text(exception, held, &mut scratch.exception, &mut is_lossy);
        self.tally.invalid_utf8 += u64::from(is_lossy);
        Record {
            offset,
            time: head.time,
            wanted,
            severity,
            event: rule.and_then(|rule| rule.event),
            logger,
            body,
            exception: exception.trim_end().trim_start_matches(['\r', '\n']),
            captures: &scratch.captures,
        }
    }
}

#[inline(always)]
fn unwanted(head: &Head, offset: u64) -> Record<'static> {
    Record {
        offset,
        time: head.time,
        wanted: 0,
        severity: head.severity,
        event: None,
        logger: "",
        body: "",
        exception: "",
        captures: &[],
    }
}

/// A field's text: as it stands where it can be, else written into `scratch`.
fn text<'t>(field: Field, held: &'t [u8], scratch: &'t mut String, is_lossy: &mut bool) -> &'t str {
    let bytes = field.span.of(held);
    if !field.escaped
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return text;
    }
    scratch.clear();
    *is_lossy |= if field.escaped { unescape(bytes, scratch) } else { push_lossy(bytes, scratch) };
    scratch
}

/// The first line of a body, which rules look at.
fn first_line(body: &str) -> &[u8] {
    let body = body.as_bytes();
    let line = &body[..memchr::memchr(b'\n', body).unwrap_or(body.len())];
    line.strip_suffix(b"\r").unwrap_or(line)
}
