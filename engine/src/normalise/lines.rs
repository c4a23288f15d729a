//! Lines of a source, in bounded memory.
//!
//! One buffer holds what is being looked at: the record in the making, and the line behind it. It is filled again when
//! no whole line is left in it; a small one is replaced by a large one then, and that grows only for records that do not
//! fit. A line longer than [`LINE_BYTES_MAX`] is cut to [`CUT_BYTES`]; the rest of it is read and dropped. What is cut
//! depends on the text alone, never on how the source hands it over.

mod pass;

use std::io::{self, Read};
use std::mem;
use std::num::NonZeroU32;
use std::ops::Range;

use super::ends::{Ends, WINDOW_BYTES};
use super::spare::{Lent, Spares};
use super::swar;
pub use pass::{Passes, PassesAlone};

/// Fits the second-level cache of a core, and makes system calls few.
const BUFFER_BYTES: usize = 256 << 10;
/// What the system copies to a place that is no multiple of this takes five times as long on some processors: where it lies
/// less than 32 bytes further on in its page than the file's text in its own. Files begin with a page, and so does what is read
/// first of them; further on it lies anywhere, and so hardly ever there.
const BUFFER_ALIGNMENT: usize = 64;
/// The buffer of a source that is looked at first, perhaps long before it is read on. Until then another one has the large
/// buffer, which stays near to the processor.
const FIRST_BYTES: usize = 4 << 10;
/// Longest line and longest record that is kept whole.
pub const LINE_BYTES_MAX: usize = 1 << 20;
/// What is kept of longer ones: enough for any message and stack trace.
pub const CUT_BYTES: usize = 64 << 10;
/// So many bytes of zero in a row are a hole, which a loss of power leaves: the line before it ends there. Fewer may
/// belong to a text.
const HOLE_BYTES_MIN: usize = 8;
/// Bytes from a line's begin on that are looked at without a look at its length.
pub const AHEAD_BYTES: usize = 128;
/// What reading lines needs, from one source to the next.
#[derive(Debug, Default)]
pub struct LineSpares {
    first: Spares<Vec<u8>>,
    buffers: Spares<Vec<u8>>,
    ends: Spares<Ends>,
}

/// A line in the buffer. Two small numbers: it is passed in registers.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    bytes: u32,
    /// Bytes up to the next line, as far as they are in the buffer; never 0.
    taken: NonZeroU32,
}

/// What is special about a line that is too long.
#[derive(Debug, Default)]
struct Excess {
    is_cut: bool,
    /// Bytes of it that were dropped.
    dropped: u64,
}

impl Line {
    fn new(bytes: usize, taken: usize) -> Self {
        Self { bytes: bytes as u32, taken: NonZeroU32::MIN.saturating_add(taken as u32 - 1) }
    }

    /// Bytes without the line end.
    #[inline(always)]
    pub fn bytes(self) -> usize {
        self.bytes as usize
    }

    #[inline(always)]
    fn taken(self) -> usize {
        self.taken.get() as usize
    }
}

/// Reads lines.
#[derive(Debug)]
pub struct Lines<'b, R> {
    source: R,
    spares: &'b LineSpares,
    buffer: Lent<'b, Vec<u8>>,
    /// Where the record in the making lies.
    held: Range<usize>,
    /// It is as long as a record may be, and nothing joins it any more.
    is_cut: bool,
    /// Begin of the line that comes next.
    at: usize,
    /// What is special about it.
    excess: Excess,
    filled: usize,
    /// Line ends of the window that ends at `searched`.
    ends: Lent<'b, Ends>,
    searched: usize,
    /// Offset of the line that comes next.
    offset: u64,
    /// The source has ended.
    ended: bool,
    /// Whether an unterminated last line is a line.
    closed: bool,
    /// One was.
    is_unterminated: bool,
    /// Holes that were skipped.
    holes: u64,
}

impl<'b, R: Read> Lines<'b, R> {
    /// Lines of a source whose first byte has this offset. With `closed`, an unterminated last line is given too.
    pub fn new(source: R, offset: u64, closed: bool, spares: &'b LineSpares) -> Self {
        let buffer = spares.first.lend(|| vec![0; FIRST_BYTES], |_| true);
        let mut ends = spares.ends.lend(Ends::new, |_| true);
        ends.clear();
        let begin = buffer.as_ptr().align_offset(BUFFER_ALIGNMENT).min(BUFFER_ALIGNMENT);
        Self {
            source,
            spares,
            buffer,
            held: begin..begin,
            is_cut: false,
            at: begin,
            excess: Excess::default(),
            filled: begin,
            ends,
            searched: begin,
            offset,
            ended: false,
            closed,
            is_unterminated: false,
            holes: 0,
        }
    }

    /// Offset of the line that comes next.
    #[inline(always)]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether the last line was one that no line end follows.
    pub fn is_unterminated(&self) -> bool {
        self.is_unterminated
    }

    /// The source.
    #[inline(always)]
    pub fn source(&mut self) -> &mut R {
        &mut self.source
    }

    #[cfg(test)]
    pub fn buffer_bytes(&self) -> usize {
        self.buffer.len()
    }

    /// Holes of NUL bytes that were longer than a line.
    pub fn holes(&self) -> u64 {
        self.holes
    }

    /// Skips bytes at the begin of the line that comes next.
    pub fn skip_begin(&mut self, bytes: usize) {
        self.at += bytes;
        self.offset += bytes as u64;
    }

    /// Skips a byte order mark; only the first call of all may be this one.
    ///
    /// # Errors
    /// What the source gave.
    pub fn skip_mark(&mut self, mark: &[u8]) -> io::Result<()> {
        while self.filled - self.at < mark.len() && !self.ended {
            self.fill()?;
        }
        if self.buffer[self.at..self.filled].starts_with(mark) {
            self.skip_begin(mark.len());
        }
        Ok(())
    }

    /// The line that comes next, without taking it. Its text is [`Lines::text`] until the next call.
    ///
    /// # Errors
    /// What the source gave.
    #[inline(always)]
    pub fn peek(&mut self) -> io::Result<Option<Line>> {
        if let Some(end) = self.ends.peek()
            && end - self.at <= LINE_BYTES_MAX
        {
            return Ok(Some(self.whole(end - self.at)));
        }
        self.peek_further()
    }

    /// The text of the line that comes next.
    #[inline(always)]
    pub fn text(&self, line: Line) -> &[u8] {
        &self.buffer[self.at..self.at + line.bytes()]
    }

    /// Puts a text, which is not longer, in the place of the line that comes next. That begins so many bytes further on from
    /// now on.
    pub fn replace(&mut self, line: Line, text: &[u8]) -> usize {
        let skipped = line.bytes() - text.len();
        self.skip_begin(skipped);
        self.buffer[self.at..self.at + text.len()].copy_from_slice(text);
        skipped
    }

    /// The same, to be changed.
    pub fn text_mut(&mut self, line: Line) -> &mut [u8] {
        &mut self.buffer[self.at..self.at + line.bytes()]
    }

    /// Whether the line that comes next was cut.
    #[inline(always)]
    pub fn next_is_cut(&self) -> bool {
        self.excess.is_cut
    }

    /// Takes a line as the begin of a record.
    #[inline(always)]
    pub fn begin(&mut self, line: Line) {
        self.is_cut = self.excess.is_cut;
        self.held = self.at..self.at + if self.is_cut { line.bytes() } else { line.taken() };
        self.skip(line);
    }

    /// Takes a line as the continuation of the record in the making.
    pub fn join(&mut self, line: Line) {
        if !self.is_cut {
            let begin = self.held.end;
            if begin < self.at {
                // What was skipped is not of the record.
                self.buffer.copy_within(self.at..self.at + line.taken(), begin);
            }
            let end = begin + line.bytes();
            self.is_cut = self.excess.is_cut || end - self.held.start > LINE_BYTES_MAX;
            self.held.end = if self.is_cut { end.min(self.held.start + CUT_BYTES) } else { begin + line.taken() };
        }
        self.skip(line);
    }

    /// Takes a line that belongs to no record.
    #[inline(always)]
    pub fn skip(&mut self, line: Line) {
        self.ends.advance();
        self.at += line.taken();
        self.offset += line.taken() as u64;
        if self.excess.is_cut {
            self.offset += mem::take(&mut self.excess).dropped;
        }
    }

    /// Ends the record in the making; its text is gone.
    pub fn release(&mut self) {
        self.held = self.at..self.at;
    }

    /// The record in the making.
    #[inline(always)]
    pub fn held(&self) -> &[u8] {
        &self.buffer[self.held.clone()]
    }

    /// Whether the record in the making was cut.
    #[inline(always)]
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// A line that lies in the buffer as a whole.
    #[inline(always)]
    fn whole(&self, bytes: usize) -> Line {
        let has_return = bytes > 0 && self.buffer[self.at + bytes - 1] == b'\r';
        Line::new(bytes - usize::from(has_return), bytes + 1)
    }

    /// The next line where the window holds no end of it, or where it is too long.
    #[cold]
    fn peek_further(&mut self) -> io::Result<Option<Line>> {
        loop {
            let bytes = self.filled - self.at;
            match self.ends.peek().map(|end| end - self.at) {
                Some(bytes) if bytes <= LINE_BYTES_MAX => return Ok(Some(self.whole(bytes))),
                Some(_) if self.is_hole() => self.skip_hole()?,
                Some(bytes) => return Ok(Some(self.cut(bytes + 1, 0))),
                None if self.searched < self.filled && self.search() => {}
                None if bytes > LINE_BYTES_MAX && self.is_hole() => self.skip_hole()?,
                None if bytes > LINE_BYTES_MAX => return self.drop_rest(),
                None if !self.ended => self.fill()?,
                None if self.closed && bytes > 0 => {
                    self.is_unterminated = self.buffer[self.at..self.filled].iter().any(|byte| *byte != 0);
                    return Ok(Some(Line::new(self.whole(bytes).bytes(), bytes)));
                }
                None => return Ok(None),
            }
        }
    }

    /// Whether a line that is too long begins with nothing: the file has a hole there.
    fn is_hole(&self) -> bool {
        self.buffer[self.at..self.at + CUT_BYTES].iter().all(|byte| *byte == 0)
    }

    /// Goes to the first byte behind a hole. The record before it ends there.
    fn skip_hole(&mut self) -> io::Result<()> {
        self.is_cut |= !self.held.is_empty();
        let begin = self.offset;
        loop {
            let rest = &self.buffer[self.at..self.filled];
            let bytes = swar::skip(rest, 0, 0);
            let ends = bytes < rest.len();
            self.skip_begin(bytes);
            self.searched = self.searched.max(self.at);
            if ends {
                self.holes += 1;
                return Ok(());
            }
            if self.ended {
                match self.closed {
                    true => self.holes += 1,
                    // What follows may belong to it.
                    false => self.offset = begin,
                }
                return Ok(());
            }
            self.fill()?;
        }
    }

    /// Looks for line ends in what was not searched yet; false where more must be read first.
    fn search(&mut self) -> bool {
        let start = self.searched;
        self.searched = self.filled.min(start + WINDOW_BYTES);
        if self.ends.find(&self.buffer[start..self.searched], start) {
            self.end_at_holes(start);
        }
        self.searched > start
    }

    /// Puts line ends where holes begin in the window that begins at `start`. It ends before zeros of which it is not known
    /// yet whether they are a hole.
    #[cold]
    fn end_at_holes(&mut self, start: usize) {
        let mut at = start.max(self.at);
        while let Some(zeros) = memchr::memchr(0, &self.buffer[at.min(self.searched)..self.searched]) {
            let zeros = at + zeros;
            let known = self.filled.min(self.searched.max(zeros + HOLE_BYTES_MIN));
            at = swar::skip(&self.buffer[..known], zeros, 0);
            if matches!(self.buffer[self.at..zeros].last(), None | Some(0 | b'\n')) {
                // It begins a line, or is the rest of one that began before.
            } else if at - zeros >= HOLE_BYTES_MIN {
                self.buffer[zeros] = b'\n';
            } else if at == self.filled && !self.ended {
                self.searched = zeros;
            }
        }
        self.ends.find(&self.buffer[start..self.searched], start);
    }

    /// Reads to the end of a line of which more than [`LINE_BYTES_MAX`] bytes are in the buffer.
    fn drop_rest(&mut self) -> io::Result<Option<Line>> {
        let mut dropped = 0;
        loop {
            let kept = self.at + CUT_BYTES;
            dropped += (self.searched - kept) as u64;
            self.buffer.copy_within(self.searched..self.filled, kept);
            (self.filled, self.searched) = (kept + self.filled - self.searched, kept);
            self.fill()?;
            while self.searched < self.filled && self.ends.peek().is_none() && self.search() {}
            if let Some(end) = self.ends.peek() {
                return Ok(Some(self.cut(end + 1 - self.at, dropped)));
            }
            if self.ended {
                self.is_unterminated = self.closed;
                return Ok(self.closed.then(|| self.cut(self.filled - self.at, dropped)));
            }
        }
    }

    fn cut(&mut self, taken: usize, dropped: u64) -> Line {
        self.excess = Excess { is_cut: true, dropped };
        Line::new(CUT_BYTES, taken)
    }

    /// Reads once, behind what is there.
    fn fill(&mut self) -> io::Result<()> {
        if self.filled == self.buffer.len() {
            self.make_room();
        }
        loop {
            match self.source.read(&mut self.buffer[self.filled..]) {
                Ok(0) => self.ended = true,
                Ok(bytes) => self.filled = self.buffer.len().min(self.filled + bytes),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            return Ok(());
        }
    }

    /// Moves the record in the making and the line behind it to the front; grows where that frees little.
    fn make_room(&mut self) {
        // Of zeros at the end more must be known, all else was searched.
        let (held, unsearched) = (self.held.len(), self.filled - self.searched);
        if self.buffer.len() < BUFFER_BYTES {
            let spares = &self.spares.buffers;
            let mut buffer = spares.lend(|| vec![0; BUFFER_BYTES], |buffer| buffer.len() == BUFFER_BYTES);
            let (begin, rest) = (&self.buffer[self.held.clone()], &self.buffer[self.at..self.filled]);
            buffer[..held].copy_from_slice(begin);
            buffer[held..held + rest.len()].copy_from_slice(rest);
            self.buffer = buffer;
        } else {
            self.buffer.copy_within(self.held.clone(), 0);
            self.buffer.copy_within(self.at..self.filled, held);
        }
        (self.held, self.filled, self.at) = (0..held, held + self.filled - self.at, held);
        self.searched = self.filled - unsearched;
        let bytes = self.buffer.len();
        if self.filled > bytes / 4 * 3 {
            self.buffer.resize(bytes * 2, 0);
        }
    }
}
