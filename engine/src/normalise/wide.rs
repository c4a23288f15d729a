//! UTF-16 becomes UTF-8 before its lines are looked for.
//!
//! All else is handed through untouched: in every other encoding line ends are the byte `\n`, and the texts of records
//! that somebody wants are decoded where they are taken. Offsets stay those of the raw bytes: where each line begins in
//! them is kept for the lines that are still being looked at. Half of a surrogate pair becomes what UTF-8 would make of
//! it, which is no UTF-8: it counts as a fault where a record holds it.
//!
//! Lines of 8 bits a character that others appended to UTF-16 are handed through, too, and counted; see [`recoded`].

use std::collections::VecDeque;
use std::io::{self, Read};

use super::recoded;
use super::shape::Wide;

/// Raw bytes that are read at once.
const RAW_BYTES: usize = 64 << 10;
/// No line and no record keeps more text in the reader of lines; what begins further back is not asked for any more.
const HELD_BYTES_MAX: u64 = 8 << 20;
/// Bytes that tell UTF-16 from other encodings.
const SIGN_BYTES: usize = 4;

/// A source, as UTF-8 where it is UTF-16.
#[derive(Debug)]
pub struct Decoder<R> {
    source: R,
    offset: u64,
    closed: bool,
    /// Up to here faults were counted before.
    counted: u64,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Nothing was read yet, and the first bytes will tell.
    Unknown,
    Plain,
    Wide(Box<Converter>),
}

#[derive(Debug)]
struct Converter {
    wide: Wide,
    /// Nothing will follow what the source gives.
    closed: bool,
    counted: u64,
    raw: Box<[u8]>,
    start: usize,
    end: usize,
    source_ended: bool,
    /// A character that did not fit into what was asked for.
    waiting: ([u8; 4], usize),
    /// Offsets in UTF-8 and in the raw bytes, up to which was decoded.
    decoded: u64,
    consumed: u64,
    /// The begins of lines, and of where holes begin and end, in their order.
    begins: VecDeque<Begin>,
    /// What was decoded last is zero.
    in_hole: bool,
    /// A line begins here, of which nothing is known yet.
    begins_line: bool,
    /// The line has 8 bits a character.
    is_narrow: bool,
    /// Lines that were in another encoding.
    recoded: u64,
}

/// Where a line begins.
#[derive(Debug)]
struct Begin {
    /// Offsets in UTF-8 and in the raw bytes.
    decoded: u64,
    raw: u64,
    /// It is in another encoding, at least in part.
    is_recoded: bool,
}

impl<R: Read> Decoder<R> {
    /// A source whose first byte has this offset. Where `wide` is not known, the first bytes tell. Lines in another encoding
    /// are counted that begin at `counted` or behind it.
    pub fn new(source: R, offset: u64, counted: u64, wide: Option<Option<Wide>>, closed: bool) -> Self {
        let state = match wide {
            None => State::Unknown,
            Some(None) => State::Plain,
            Some(Some(wide)) => State::Wide(Converter::new(wide, offset, counted, closed)),
        };
        Self { source, offset, closed, counted, state }
    }

    /// The raw offset of the line that begins at an offset of the text. Offsets must not go back.
    #[inline(always)]
    pub fn raw(&mut self, offset: u64) -> u64 {
        match &mut self.state {
            State::Wide(converter) => converter.raw(offset),
            State::Plain | State::Unknown => offset,
        }
    }

    /// Lines in another encoding, up to the offset that was asked for last.
    pub fn recoded(&self) -> u64 {
        match &self.state {
            State::Wide(converter) => converter.recoded,
            State::Plain | State::Unknown => 0,
        }
    }

    /// What the first bytes told; none while there were too few.
    pub fn wide(&self) -> Option<Option<Wide>> {
        match &self.state {
            State::Unknown => None,
            State::Plain => Some(None),
            State::Wide(converter) => Some(Some(converter.wide)),
        }
    }

    /// Reads the first bytes, and tells by them; none where there are too few. They are read to where they are asked for, not
    /// by themselves first: of most sources they are all that another read would be for.
    fn read_first(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let room = into.len().min(RAW_BYTES);
        if room < SIGN_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the first bytes of a source are read together"));
        }
        let mut bytes = 0;
        while bytes < SIGN_BYTES {
            match self.source.read(&mut into[bytes..room]) {
                Ok(0) => break,
                Ok(more) => bytes += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if bytes < SIGN_BYTES && !self.closed {
            return Ok(0);
        }
        let Some(wide) = Wide::of(&into[..bytes.min(SIGN_BYTES)]) else {
            self.state = State::Plain;
            return Ok(bytes);
        };
        let mut converter = Converter::new(wide, self.offset, self.counted, self.closed);
        converter.raw[..bytes].copy_from_slice(&into[..bytes]);
        converter.end = bytes;
        let count = converter.read(&mut self.source, into);
        self.state = State::Wide(converter);
        count
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match &mut self.state {
            State::Plain => self.source.read(into),
            State::Wide(converter) => converter.read(&mut self.source, into),
            State::Unknown => self.read_first(into),
        }
    }
}

impl Converter {
    fn new(wide: Wide, offset: u64, counted: u64, closed: bool) -> Box<Self> {
        Box::new(Self {
            wide,
            closed,
            counted,
            raw: vec![0; RAW_BYTES].into(),
            start: 0,
            end: 0,
            source_ended: false,
            waiting: ([0; 4], 0),
            decoded: offset,
            consumed: offset,
            begins: VecDeque::from([Begin { decoded: offset, raw: offset, is_recoded: false }]),
            in_hole: false,
            begins_line: true,
            is_narrow: false,
            recoded: 0,
        })
    }

    fn raw(&mut self, offset: u64) -> u64 {
        self.forget(offset);
        self.begins.front().map_or(offset, |begin| begin.raw)
    }

    /// Forgets the lines that end up to an offset of the text.
    fn forget(&mut self, offset: u64) {
        while self.begins.get(1).is_some_and(|begin| begin.decoded <= offset) {
            let line = self.begins.pop_front().filter(|line| line.is_recoded && line.raw >= self.counted);
            self.recoded += u64::from(line.is_some());
        }
    }

    /// Takes note of what begins here.
    fn begin(&mut self) {
        self.begins.push_back(Begin { decoded: self.decoded, raw: self.consumed, is_recoded: false });
    }

    /// Takes note that the line which is being decoded is in another encoding.
    fn note_recoded(&mut self) {
        if let Some(line) = self.begins.back_mut() {
            line.is_recoded = true;
        }
    }

    fn read(&mut self, source: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
        let mut count = 0;
        while count < into.len() {
            if self.waiting.1 > 0 {
                let (bytes, waiting) = &mut self.waiting;
                let fits = (*waiting).min(into.len() - count);
                into[count..count + fits].copy_from_slice(&bytes[..fits]);
                bytes.copy_within(fits..*waiting, 0);
                (*waiting, count) = (*waiting - fits, count + fits);
                continue;
            }
            count += self.plain(&mut into[count..]);
            if count == into.len() {
                break;
            }
            if !self.convert() && (count > 0 || !self.fill(source)?) {
                break;
            }
        }
        self.forget(self.decoded.saturating_sub(HELD_BYTES_MAX + 1));
        Ok(count)
    }

    /// Decodes the characters up to the next that is not ASCII, ends a line or is zero, as most are not; gives their
    /// number.
    fn plain(&mut self, into: &mut [u8]) -> usize {
        if self.begins_line || self.is_narrow {
            return 0;
        }
        let (units, _) = self.raw[self.start..self.end].as_chunks::<2>();
        let mut count = 0;
        for (unit, byte) in units.iter().zip(into) {
            let unit = self.wide.unit(*unit);
            if unit >= 0x80 || unit == u16::from(b'\n') || unit == 0 {
                break;
            }
            *byte = unit as u8;
            count += 1;
        }
        if count > 0 {
            self.leave_hole();
        }
        self.start += 2 * count;
        self.consumed += 2 * count as u64;
        self.decoded += count as u64;
        count
    }

    /// Takes note of the end of a hole, where one ends here.
    fn leave_hole(&mut self) {
        if std::mem::take(&mut self.in_hole) {
            self.begin();
        }
    }

    /// Decodes the next character, or tells what a line is; false where that needs more raw bytes.
    fn convert(&mut self) -> bool {
        let raw = &self.raw[self.start..self.end];
        let is_all = self.source_ended && self.closed;
        if self.begins_line {
            let Some(is_narrow) = recoded::is_narrow(raw, is_all) else { return false };
            (self.begins_line, self.is_narrow) = (false, is_narrow);
            if is_narrow {
                self.note_recoded();
            }
            return true;
        }
        let mut is_recoded = false;
        let unit = |at: usize| raw.get(at..)?.first_chunk().map(|bytes| self.wide.unit(*bytes));
        let (bytes, used) = match (unit(0), unit(2)) {
            _ if self.is_narrow => match raw.first() {
                Some(byte) => (([*byte, 0, 0, 0], 1), 1),
                None => return false,
            },
            (Some(high @ 0xd800..=0xdbff), Some(low @ 0xdc00..=0xdfff)) => {
                let code = 0x1_0000 + (u32::from(high - 0xd800) << 10) + u32::from(low - 0xdc00);
                (encode(code), 4)
            }
            (Some(0xd800..=0xdbff), None) if !self.source_ended => return false,
            (Some(unit), _) if unit != u16::from(b'\n') && raw[..2].contains(&b'\n') => {
                let Some(narrow) = recoded::narrow_end(raw, self.wide, is_all) else { return false };
                is_recoded = narrow > 0;
                if is_recoded { (([raw[0], raw[1], 0, 0], narrow), narrow) } else { (encode(u32::from(unit)), 2) }
            }
            (Some(unit), _) => (encode(u32::from(unit)), 2),
            // Half a unit ends the source: no text, in any encoding.
            (None, _) if raw.len() == 1 && self.source_ended => (([0xff, 0, 0, 0], 1), 1),
            (None, _) => return false,
        };
        if is_recoded {
            self.note_recoded();
        }
        let last = bytes.0[bytes.1 - 1];
        let is_zero = last == 0;
        let begins_hole = is_zero && !self.in_hole;
        if !is_zero {
            self.leave_hole();
        }
        self.in_hole = is_zero;
        self.start += used;
        self.consumed += used as u64;
        self.decoded += bytes.1 as u64;
        let ends_source = self.source_ended && self.start == self.end;
        let ends_line = last == b'\n';
        self.begins_line = ends_line || is_zero;
        self.is_narrow &= !self.begins_line;
        if ends_line || begins_hole || ends_source {
            self.begin();
        }
        self.waiting = bytes;
        true
    }

    /// Reads on; false at the end of the source.
    fn fill(&mut self, source: &mut impl Read) -> io::Result<bool> {
        if self.source_ended {
            return Ok(false);
        }
        self.raw.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        let more = loop {
            match source.read(&mut self.raw[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.end += more;
        self.source_ended = more == 0;
        if self.source_ended && self.start == self.end {
            self.begin();
        }
        // With the end known, what waited for more may be decoded as it is.
        Ok(more > 0 || self.start < self.end)
    }
}

/// A code point as UTF-8; half of a surrogate pair in the same way.
fn encode(code: u32) -> ([u8; 4], usize) {
    let tail = |shift: u32| 0x80 | (code >> shift & 0x3f) as u8;
    match code {
        0..0x80 => ([code as u8, 0, 0, 0], 1),
        0x80..0x800 => ([0xc0 | (code >> 6) as u8, tail(0), 0, 0], 2),
        0x800..0x1_0000 => ([0xe0 | (code >> 12) as u8, tail(6), tail(0), 0], 3),
        _ => ([0xf0 | (code >> 18) as u8, tail(12), tail(6), tail(0)], 4),
    }
}

#[cfg(test)]
mod tests;
