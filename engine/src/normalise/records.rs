//! Records of one source, one after the other.
//!
//! A record ends where the next begins, so the reader is always one head line ahead: that one is *pending*.

mod look;
mod pass;

use std::io::{self, Read};

use super::body::{Captured, Span};
use super::clock::Clock;
use super::colour;
use super::format::Format;
use super::head::{Fate, Head, Scanned};
use super::heads::Heads;
use super::lines::{Line, Lines};
use super::record::{Detail, Record};
use super::shape::Shape;
use super::spare::Lent;
use super::stray;
use super::tally::Tally;
use super::timestamp::Minutes;
use super::wide::Decoder;
use super::{MARK, Normaliser, Start, may_hide_head, recoded, uncovered};
pub use look::first_line;

/// Reads the records of one source.
#[derive(Debug)]
pub struct Records<'n, R> {
    normaliser: &'n Normaliser,
    /// The format of the source; while it is not settled, one of those that may be.
    format: &'n Format,
    /// The formats that may be, as bits by position; 0 once it is settled.
    undecided: u64,
    start: Start,
    lines: Lines<'n, Decoder<R>>,
    clock: Clock,
    heads: Lent<'n, Heads>,
    /// Those of the line that was passed last.
    minutes: Minutes,
    /// The next line, where it is known to be a head.
    pending: Option<Line>,
    /// What that head says, and what the one before said, in turn: to copy one takes longer than to read it.
    both: [Head; 2],
    /// Which of them is that of the next line.
    turn: usize,
    /// Bytes before the next line that were skipped, and belong to it: its record begins with them.
    skipped: u64,
    /// Nothing was read yet of a source that may begin with a mark.
    may_have_mark: bool,
    /// The record that is lent.
    record: Record,
    tally: Tally,
}

impl<'n, R: Read> Records<'n, R> {
    pub(super) fn new(normaliser: &'n Normaliser, source: R, start: Start) -> Self {
        let Start { offset, closed, mut shape, .. } = start;
        let may_be = |position: &usize| start.formats >> position & 1 == 1;
        let mut undecided = 0;
        if shape.format.is_none_or(|position| usize::from(position) >= normaliser.formats.len()) {
            let several: Vec<usize> = (0..normaliser.formats.len()).filter(may_be).collect();
            shape.format = several.first().map(|position| *position as u8).or(Some(0));
            if several.len() > 1 {
                undecided = several.iter().map(|position| 1 << position).sum();
            }
        }
        let format = &normaliser.formats[usize::from(shape.format.unwrap_or_default())];
        let wide = shape.wide.or(format.wide);
        let decoder = Decoder::new(source, offset, start.counted, wide, closed);
        let captures = vec![Captured::None; normaliser.names.attributes.len()];
        Self {
            normaliser,
            format,
            undecided,
            start: Start { shape, ..start },
            lines: Lines::new(decoder, offset, closed, &normaliser.spares),
            clock: format.clock(&start),
            heads: format.heads(),
            minutes: Minutes::default(),
            pending: None,
            both: [Head::default(); 2],
            turn: 0,
            skipped: 0,
            may_have_mark: offset == 0,
            record: Record { detail: Detail { captures, ..Detail::default() }, ..Record::default() },
            tally: Tally::default(),
        }
    }

    /// The next record; none at the end.
    ///
    /// # Errors
    /// What the source gave; then its records are not to be read further.
    #[inline]
    #[expect(clippy::should_implement_trait, reason = "no iterator lends what it reads into")]
    pub fn next(&mut self) -> io::Result<Option<&Record>> {
        let line = match self.pending.take() {
            Some(line) => line,
            None => match self.find_head()? {
                Some(line) => line,
                None => return Ok(None),
            },
        };
        let this = self.turn;
        self.turn ^= 1;
        let offset = self.offset();
        self.skipped = 0;
        self.lines.begin(line);
        if self.format.layout.has_joins() && self.extend()? {
            self.tally.last_record_offset = Some(offset);
        }
        self.take(this, offset, line);
        Ok(Some(&self.record))
    }

    /// The time of the next record, without taking it; none at the end.
    ///
    /// # Errors
    /// What the source gave.
    pub fn peek_time(&mut self) -> io::Result<Option<i64>> {
        if self.pending.is_none() {
            self.pending = self.find_head()?;
        }
        Ok(self.pending.map(|_| self.both[self.turn & 1].time))
    }

    /// Offset of the line that comes next in the generation.
    #[inline(always)]
    fn offset(&mut self) -> u64 {
        let offset = self.lines.offset() - self.skipped;
        self.lines.source().raw(offset)
    }

    /// Bytes of the buffer, which never shrinks.
    #[cfg(test)]
    pub fn held_bytes_max(&self) -> usize {
        self.lines.buffer_bytes()
    }

    /// What reading found beside records, up to the last that was given.
    pub fn into_tally(mut self) -> Tally {
        let format = self.start.shape.format.filter(|_| self.undecided == 0);
        let shape = Shape { format, wide: self.lines.source().wide() };
        let (end_of_records, holes) = (self.offset(), self.tally.holes + self.lines.holes());
        let lines_recoded = self.tally.lines_recoded + self.lines.source().recoded();
        let lines_unterminated = u64::from(self.lines.is_unterminated());
        let last_time = (self.tally.records > 0).then_some(self.record.time);
        Tally { end_of_records, lines_recoded, lines_unterminated, last_time, holes, shape, ..self.tally }
    }

    /// The next line that is a head; all before it are unparsed.
    #[inline]
    fn find_head(&mut self) -> io::Result<Option<Line>> {
        if self.may_have_mark {
            self.may_have_mark = false;
            self.lines.skip_mark(MARK)?;
        }
        self.lines.release();
        while let Some(line) = self.lines.peek()? {
            match self.scan(line) {
                Scanned::Head => return Ok(Some(line)),
                Scanned::Joins | Scanned::Unparsed if self.uncover(line) => {}
                Scanned::Joins | Scanned::Unparsed => self.skip_unparsed(line),
            }
        }
        Ok(None)
    }

    /// Takes the lines up to the next head into the record; true where a line that comes later may still join it.
    #[inline(always)]
    fn extend(&mut self) -> io::Result<bool> {
        while let Some(line) = self.lines.peek()? {
            match self.scan(line) {
                Scanned::Head => {
                    self.pending = Some(line);
                    return Ok(false);
                }
                Scanned::Joins | Scanned::Unparsed if self.uncover(line) => {}
                Scanned::Joins => {
                    if matches!(self.lines.text(line).first(), Some(b'0'..=b'9' | b'{')) {
                        self.note_stray(line);
                    }
                    self.lines.join(line);
                    self.skipped = 0;
                }
                Scanned::Unparsed => {
                    self.skip_unparsed(line);
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    #[inline(always)]
    fn scan(&mut self, line: Line) -> Scanned {
        if self.undecided != 0 {
            return self.decide(line);
        }
        let (text, is_cut) = (self.lines.text(line), self.lines.next_is_cut());
        let head = &mut self.both[self.turn & 1];
        let scanned = self.normaliser.scan(self.format, text, is_cut, &mut self.clock, &mut self.heads, head);
        if scanned == Scanned::Head {
            self.clock.pass(head.time);
        }
        scanned
    }

    /// Takes the first of the formats that may be of which a line is a head.
    #[cold]
    fn decide(&mut self, line: Line) -> Scanned {
        let (text, is_cut) = (self.lines.text(line), self.lines.next_is_cut());
        for (position, format) in self.normaliser.formats.iter().enumerate() {
            if self.undecided >> position & 1 == 0 {
                continue;
            }
            let (mut clock, mut heads) = (format.clock(&self.start), Heads::new());
            let head = &mut self.both[self.turn & 1];
            *head = Head::default();
            if self.normaliser.scan(format, text, is_cut, &mut clock, &mut heads, head) == Scanned::Head {
                clock.pass(head.time);
                (self.format, self.clock, self.heads, self.undecided) = (format, clock, format.heads(), 0);
                self.start.shape.format = Some(position as u8);
                return Scanned::Head;
            }
        }
        Scanned::Unparsed
    }

    /// Counts a line that joins the record although it may be one of another layout.
    #[cold]
    fn note_stray(&mut self, line: Line) {
        if stray::is_stray(self.lines.text(line)) && self.is_new() {
            let offset = self.offset();
            self.tally.note_stray(offset, self.lines.text(line));
        }
    }

    /// Whether faults of the line that comes next were not counted when it was read before.
    fn is_new(&mut self) -> bool {
        self.offset() >= self.start.counted
    }

    /// Decodes a line that is in another encoding; skips a hole at its begin, and what else hides a head: a mark, or colours.
    /// False where nothing was done.
    #[inline(always)]
    fn uncover(&mut self, line: Line) -> bool {
        let text = self.lines.text(line);
        (may_hide_head(text) || recoded::may_be_wide(text)) && self.uncover_head(line)
    }

    #[cold]
    fn uncover_head(&mut self, line: Line) -> bool {
        if self.recode(line) {
            return true;
        }
        let text = self.lines.text(line);
        let Some((hidden, bare)) = uncovered(text).filter(|_| !self.lines.next_is_cut()) else { return false };
        let has_hole = text[..hidden].contains(&0);
        let zeros = text.iter().take_while(|byte| **byte == 0).count();
        let mut head = Head::default();
        let mut heads = Heads::new();
        let is_head = (0..self.normaliser.formats.len()).any(|position| {
            let format = &self.normaliser.formats[position];
            let may_be = if self.undecided == 0 {
                std::ptr::eq(format, self.format)
            } else {
                self.undecided >> position & 1 == 1
            };
            let mut clock = format.clock(&Start { latest: self.clock.latest(), ..self.start });
            may_be && self.normaliser.scan(format, &bare, false, &mut clock, &mut heads, &mut head) == Scanned::Head
        });
        // Without a head, it is only the hole that is skipped.
        let skipped = if is_head { hidden } else { zeros };
        // A single zero is the second half of a line end in UTF-16, behind the last line of it.
        let is_hole = has_hole && skipped > 0 && !(zeros == 1 && (is_head || text.len() == 1));
        self.tally.holes += u64::from(is_hole && self.is_new());
        if is_head {
            let text = self.lines.text_mut(line);
            let coloured = text[..hidden].iter().position(|byte| *byte == colour::ESCAPE);
            self.skipped += coloured.map_or(0, |at| (hidden - at) as u64);
            colour::blank(text);
        }
        self.lines.skip_begin(skipped);
        is_head || skipped > 0
    }

    /// Decodes a line of UTF-16 in a file that is none, where it stands; false where it is none.
    fn recode(&mut self, line: Line) -> bool {
        let text = self.lines.text(line);
        let Some((begin, recoded)) = recoded::of_wide(text, self.format.texts) else { return false };
        let (room, has_hole) = (text.len() - begin, begin > 1 && text[..2] == [0, 0]);
        if self.is_new() {
            self.tally.holes += u64::from(has_hole);
            self.tally.lines_recoded += 1;
            self.tally.records_cut += u64::from(recoded.len() > room);
        }
        if self.lines.next_is_cut() {
            let (offset, text) = (self.offset(), self.lines.text(line).to_vec());
            self.tally.add_example(offset, &text);
            return false;
        }
        // Of a text that has no room the end is lost, but no half of a character stays.
        let fits = |end: &usize| std::str::from_utf8(&recoded[..*end]).is_ok();
        let end = recoded.len().min(room);
        let end = (end.saturating_sub(3)..=end).rev().find(fits).unwrap_or(end);
        let skipped = self.lines.replace(line, &recoded[..end]);
        self.skipped = (skipped - begin) as u64;
        true
    }

    #[cold]
    fn skip_unparsed(&mut self, line: Line) {
        let text = self.lines.text(line);
        if !text.trim_ascii().is_empty() {
            let text = text.to_vec();
            let offset = self.offset();
            self.tally.note_unparsed(offset, &text);
        }
        self.lines.skip(line);
        self.skipped = 0;
    }

    /// Writes the record that was taken.
    #[inline(always)]
    fn take(&mut self, this: usize, offset: u64, line: Line) {
        if let Some(pattern) = self.format.layout.of_two_lines() {
            pattern.read_second(self.lines.held(), line.bytes(), &self.format.severities, &mut self.both[this & 1]);
        }
        let Head { time, severity, unknown_severity, in_gap, is_timeless, fate, offset_min, logger, .. } =
            self.both[this & 1];
        self.tally.records += 1;
        if (in_gap | is_timeless) && offset >= self.start.counted {
            self.tally.gap_times += u64::from(in_gap);
            self.tally.records_timeless += u64::from(is_timeless);
        }
        if unknown_severity != Span::default() && offset >= self.start.counted {
            self.tally.note_unknown_severity(unknown_severity.of(self.lines.held()));
        }
        if self.lines.is_cut() {
            self.tally.records_cut += 1;
        }
        (self.record.offset, self.record.time, self.record.offset_min) = (offset, time, offset_min);
        let (normaliser, all) = (self.normaliser, &self.format.rules);
        let (mut fate, mut rules): (Fate, &[u32]) = (fate, &[]);
        if fate == Fate::Open {
            rules = all.of(logger.span.of(self.lines.held()));
            fate = if logger.escaped { fate } else { normaliser.fate(all, severity, rules) };
        }
        let rule = match fate {
            Fate::Idle => None,
            Fate::Blind { rule, .. } | Fate::Counted { rule } => {
                self.record.detail.clear();
                Some(all.at(rule))
            }
            Fate::Open => {
                let (head, held) = (&self.both[this & 1], self.lines.held());
                let detail = &mut self.record.detail;
                let (rule, is_lossy) = normaliser.look(self.format, head, held, line.bytes(), rules, detail);
                self.tally.invalid_utf8 += u64::from(is_lossy);
                rule
            }
        };
        normaliser.settle(&mut self.record, severity, rule);
    }
}
