//! UTF-16 becomes UTF-8 before its lines are looked for.
//!
//! All else is handed through untouched: in every other encoding line ends are the byte `\n`, and the texts of records
//! that somebody wants are decoded where they are taken. Offsets stay those of the raw bytes: where each line begins in
//! them is kept for the lines that are still being looked at. Half of a surrogate pair becomes what UTF-8 would make of
//! it, which is no UTF-8: it counts as a fault where a record holds it.

use std::collections::VecDeque;
use std::io::{self, Read};

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
    state: State,
}

#[derive(Debug)]
enum State {
    /// Nothing was read yet, and the first bytes will tell.
    Unknown,
    /// What was read to tell it, and how much of it was handed on.
    Plain {
        sign: [u8; SIGN_BYTES],
        bytes: usize,
        given: usize,
    },
    Wide(Box<Converter>),
}

#[derive(Debug)]
struct Converter {
    wide: Wide,
    raw: Box<[u8]>,
    start: usize,
    end: usize,
    source_ended: bool,
    /// A character that did not fit into what was asked for.
    waiting: ([u8; 4], usize),
    /// Offsets in UTF-8 and in the raw bytes, up to which was decoded.
    decoded: u64,
    consumed: u64,
    /// Both of the begins of lines, and of where holes begin and end, in their order.
    begins: VecDeque<(u64, u64)>,
    /// What was decoded last is zero.
    in_hole: bool,
}

impl<R: Read> Decoder<R> {
    /// A source whose first byte has this offset. Where `wide` is not known, the first bytes tell.
    pub fn new(source: R, offset: u64, wide: Option<Option<Wide>>, closed: bool) -> Self {
        let state = match wide {
            None => State::Unknown,
            Some(None) => State::Plain { sign: [0; SIGN_BYTES], bytes: 0, given: 0 },
            Some(Some(wide)) => State::Wide(Converter::new(wide, offset)),
        };
        Self { source, offset, closed, state }
    }

    /// The raw offset of the line that begins at an offset of the text. Offsets must not go back.
    #[inline(always)]
    pub fn raw(&mut self, offset: u64) -> u64 {
        match &mut self.state {
            State::Wide(converter) => converter.raw(offset),
            State::Plain { .. } | State::Unknown => offset,
        }
    }

    /// What the first bytes told; none while there were too few.
    pub fn wide(&self) -> Option<Option<Wide>> {
        match &self.state {
            State::Unknown => None,
            State::Plain { .. } => Some(None),
            State::Wide(converter) => Some(Some(converter.wide)),
        }
    }

    /// Reads the first bytes; false where there are too few to tell.
    fn tell(&mut self) -> io::Result<bool> {
        let mut sign = [0; SIGN_BYTES];
        let mut bytes = 0;
        while bytes < SIGN_BYTES {
            match self.source.read(&mut sign[bytes..])? {
                0 => break,
                more => bytes += more,
            }
        }
        if bytes < SIGN_BYTES && !self.closed {
            return Ok(false);
        }
        self.state = match Wide::of(&sign[..bytes]) {
            Some(wide) => {
                let mut converter = Converter::new(wide, self.offset);
                converter.raw[..bytes].copy_from_slice(&sign[..bytes]);
                converter.end = bytes;
                State::Wide(converter)
            }
            None => State::Plain { sign, bytes, given: 0 },
        };
        Ok(true)
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if matches!(self.state, State::Unknown) && !self.tell()? {
            return Ok(0);
        }
        match &mut self.state {
            State::Plain { bytes, given, .. } if bytes == given => self.source.read(into),
            State::Plain { sign, bytes, given } => {
                let count = into.len().min(*bytes - *given);
                into[..count].copy_from_slice(&sign[*given..*given + count]);
                *given += count;
                Ok(count)
            }
            State::Wide(converter) => converter.read(&mut self.source, into),
            State::Unknown => Ok(0),
        }
    }
}

impl Converter {
    fn new(wide: Wide, offset: u64) -> Box<Self> {
        Box::new(Self {
            wide,
            raw: vec![0; RAW_BYTES].into(),
            start: 0,
            end: 0,
            source_ended: false,
            waiting: ([0; 4], 0),
            decoded: offset,
            consumed: offset,
            begins: VecDeque::from([(offset, offset)]),
            in_hole: false,
        })
    }

    fn raw(&mut self, offset: u64) -> u64 {
        while self.begins.get(1).is_some_and(|(decoded, _)| *decoded <= offset) {
            self.begins.pop_front();
        }
        self.begins.front().map_or(offset, |(_, raw)| *raw)
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
        while self.begins.get(1).is_some_and(|(decoded, _)| decoded + HELD_BYTES_MAX < self.decoded) {
            self.begins.pop_front();
        }
        Ok(count)
    }

    /// Decodes the characters up to the next that is not ASCII, ends a line or is zero, as most are not; gives their
    /// number.
    fn plain(&mut self, into: &mut [u8]) -> usize {
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
            self.begins.push_back((self.decoded, self.consumed));
        }
    }

    /// Decodes the next character; false where that needs more raw bytes.
    fn convert(&mut self) -> bool {
        let raw = &self.raw[self.start..self.end];
        let unit = |at: usize| raw.get(at..)?.first_chunk().map(|bytes| self.wide.unit(*bytes));
        let (bytes, used) = match (unit(0), unit(2)) {
            (Some(high @ 0xd800..=0xdbff), Some(low @ 0xdc00..=0xdfff)) => {
                let code = 0x1_0000 + (u32::from(high - 0xd800) << 10) + u32::from(low - 0xdc00);
                (encode(code), 4)
            }
            (Some(0xd800..=0xdbff), None) if !self.source_ended => return false,
            (Some(unit), _) => (encode(u32::from(unit)), 2),
            // Half a unit ends the source: no text, in any encoding.
            (None, _) if raw.len() == 1 && self.source_ended => (([0xff, 0, 0, 0], 1), 1),
            (None, _) => return false,
        };
        let is_zero = bytes.0[0] == 0;
        let begins_hole = is_zero && !self.in_hole;
        if !is_zero {
            self.leave_hole();
        }
        self.in_hole = is_zero;
        self.start += used;
        self.consumed += used as u64;
        self.decoded += bytes.1 as u64;
        let ends_source = self.source_ended && self.start == self.end;
        if bytes.0[0] == b'\n' || begins_hole || ends_source {
            self.begins.push_back((self.decoded, self.consumed));
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
            self.begins.push_back((self.decoded, self.consumed));
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
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    /// Reads all, in pieces of some sizes, from a source that gives pieces of some sizes.
    fn decode(raw: &[u8], wide: Option<Option<Wide>>, sizes: &[usize]) -> (Vec<u8>, Vec<u64>) {
        let mut decoder = Decoder::new(Pieces { raw, sizes: sizes.to_vec(), reads: 0 }, 0, wide, true);
        let (mut text, mut piece) = (Vec::new(), 0);
        let mut begins = vec![decoder.raw(0)];
        loop {
            let mut buffer = vec![0; sizes[piece % sizes.len()]];
            piece += 1;
            let count = decoder.read(&mut buffer).unwrap();
            if count == 0 {
                begins.push(decoder.raw(text.len() as u64));
                return (text, begins);
            }
            for byte in &buffer[..count] {
                text.push(*byte);
                if *byte == b'\n' {
                    begins.push(decoder.raw(text.len() as u64));
                }
            }
        }
    }

    struct Pieces<'a> {
        raw: &'a [u8],
        sizes: Vec<usize>,
        reads: usize,
    }

    impl Read for Pieces<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.reads += 1;
            let size = self.sizes[self.reads % self.sizes.len()].min(into.len()).min(self.raw.len());
            into[..size].copy_from_slice(&self.raw[..size]);
            self.raw = &self.raw[size..];
            Ok(size)
        }
    }

    fn encoded(text: &str, wide: Wide) -> Vec<u8> {
        text.encode_utf16()
            .flat_map(|unit| if wide == Wide::Little { unit.to_le_bytes() } else { unit.to_be_bytes() })
            .collect()
    }

    #[test]
    fn what_is_no_text_is_kept_as_what_is_no_text() {
        let raw = [0x3d, 0xd8, b'a', 0, 0x00, 0xde, b'\n', 0, b'b'];
        let (text, begins) = decode(&raw, Some(Some(Wide::Little)), &[3]);
        assert_eq!(text, [0xed, 0xa0, 0xbd, b'a', 0xed, 0xb8, 0x80, b'\n', 0xff]);
        assert_eq!(begins, [0, 8, 9]);
    }

    #[test]
    fn few_bytes_tell_nothing_while_more_may_come() {
        let mut decoder = Decoder::new(&b"a\0b"[..], 0, None, false);
        assert_eq!(decoder.read(&mut [0; 8]).unwrap(), 0);
        assert_eq!(decoder.wide(), None);
        assert_eq!(decode(b"a\0b", None, &[8]).0, b"a\0b");
    }

    proptest! {
        #[test]
        fn text_and_offsets_are_right_however_it_is_read(
            text in "([a-z]|\n|\u{e9}|\u{65e5}|\u{1f600}){0,60}",
            sizes in proptest::collection::vec(1usize..9, 1..5),
            big: bool,
        ) {
            let wide = if big { Wide::Big } else { Wide::Little };
            let raw = encoded(&format!("2026{text}"), wide);
            let text = format!("2026{text}");
            let (decoded, begins) = decode(&raw, None, &sizes);
            prop_assert_eq!(String::from_utf8(decoded).unwrap(), text.clone());
            let ends = text.match_indices('\n').map(|(at, _)| at + 1).chain([text.len()]);
            let expected: Vec<u64> =
                [0].into_iter().chain(ends.map(|end| text[..end].encode_utf16().count() as u64 * 2)).collect();
            prop_assert_eq!(begins, expected);
        }

        #[test]
        fn all_else_is_handed_through(raw: Vec<u8>, sizes in proptest::collection::vec(1usize..9, 1..5)) {
            if Wide::of(&raw[..raw.len().min(4)]).is_none() {
                prop_assert_eq!(decode(&raw, None, &sizes).0, raw);
            }
        }

        #[test]
        fn no_bytes_break_it(raw in proptest::collection::vec(any::<u8>(), 0..60), sizes in proptest::collection::vec(1usize..9, 1..5)) {
            let (_, begins) = decode(&raw, Some(Some(Wide::Big)), &sizes);
            prop_assert_eq!(begins.last(), Some(&(raw.len() as u64)));
        }
    }
}
