//! Lines in another encoding than their file's, as where a program appends to a log and does not ask what it is written
//! in: `>>` of PowerShell writes UTF-16 behind whatever is there.
//!
//! What a line is, its own bytes tell: nothing is remembered of the lines before it, so it is the same wherever reading
//! begins. What tells nothing is in the encoding of the file.

use super::shape::Wide;
use super::text::Texts;

/// Units at the begin of a line that tell UTF-16, where they are Latin.
const WIDE_UNITS: usize = 4;
/// Bytes at the begin of a line that are no UTF-16, where they are ASCII: of Chinese characters one in five has such
/// bytes, and that would be half as many of these in a row.
const NARROW_BYTES: usize = 24;
/// A shorter line is none with so many.
const NARROW_BYTES_MIN: usize = 12;
/// Units with their bytes the wrong way round that tell that a byte is missing, or one too many.
const SHIFTED_UNITS: usize = 8;
/// The blank of Chinese and Japanese texts, which is `0` the wrong way round.
const WIDE_BLANK: u16 = 0x3000;
/// Lines of 8 bits a character end in these and a line end, and both make no character of UTF-16.
const LAST_BYTES: &[u8] = b"\r)];}";
const WIDE_MARKS: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// Whether a line may be UTF-16: a quick look, which is right where it says no.
#[inline(always)]
pub fn may_be_wide(line: &[u8]) -> bool {
    matches!(line, [0 | 0xfe | 0xff, ..] | [_, 0, ..] | [.., b'\r', 0])
}

/// Where UTF-16 begins in a line of a file that is none, and its text as the file would have it.
pub fn of_wide(line: &[u8], texts: Texts) -> Option<(usize, Vec<u8>)> {
    let mut begin = begin_of_wide(line)?;
    // Nothing else may hide a head in what is decoded: its bytes are not those of the file.
    while let [0xff, 0xfe, ..] | [0, 0, ..] = line[begin..] {
        begin += 2;
    }
    // Half a unit stands before a hole.
    let units = line[begin..].chunks(2).map(|unit| Wide::Little.unit([unit[0], unit.get(1).copied().unwrap_or(0)]));
    let text: String = char::decode_utf16(units).map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    Some((begin, texts.encode_plainly(&text)))
}

/// Where UTF-16 begins in a line: behind the second half of the line end before it, a hole, or a mark. Of the order of
/// PowerShell; ASCII in the other one looks the same, as every line but the first has half of a line end before it.
fn begin_of_wide(line: &[u8]) -> Option<usize> {
    let zeros = |at: usize| at + line[at..].iter().take_while(|byte| **byte == 0).count();
    let mut at = zeros(0);
    if WIDE_MARKS.iter().any(|mark| line[at..].starts_with(mark)) {
        at = zeros(at + 2);
    }
    let text = &line[at..];
    if text.ends_with(b"\r\0") {
        // A character with the byte of a line end in it ended the line before, and left its other byte.
        return Some(at + text.len() % 2);
    }
    let (units, _) = text.as_chunks::<2>();
    let begin = &units[..units.len().min(WIDE_UNITS)];
    let is_wide = !begin.is_empty() && begin.iter().all(|[low, high]| *low != 0 && *high == 0);
    is_wide.then_some(at)
}

/// Whether a text in UTF-16 has a line of 8 bits a character where `behind` begins; none where more bytes must tell.
pub fn is_narrow(behind: &[u8], is_all: bool) -> Option<bool> {
    let begin = &behind[..behind.len().min(NARROW_BYTES)];
    let end = begin.iter().position(|byte| *byte == b'\n');
    let line = &begin[..end.unwrap_or(begin.len())];
    if !line.iter().all(|byte| is_text(*byte)) {
        return Some(false);
    }
    match end {
        // Chinese words may be nothing but ASCII, byte by byte: then it is their line end that tells.
        Some(end) if end % 2 == 0 && end >= NARROW_BYTES_MIN => match behind.get(end + 1) {
            None if !is_all => None,
            next => Some(next != Some(&0)),
        },
        None if begin.len() < NARROW_BYTES && !is_all => None,
        _ => Some(line.len() >= NARROW_BYTES_MIN),
    }
}

/// How many bytes of the unit that UTF-16 begins with, one of which is a line end, are of a line of 8 bits that ends there:
/// another such line follows, or text that has its bytes the wrong way round. None where more bytes must tell.
pub fn narrow_end(raw: &[u8], wide: Wide, is_all: bool) -> Option<usize> {
    if let [last, b'\n', ..] = raw
        && wide == Wide::Little
        && LAST_BYTES.contains(last)
    {
        return Some(2);
    }
    for at in 0..2 {
        if raw.get(at) == Some(&b'\n') && is_narrow(&raw[at + 1..], is_all)? {
            return Some(at + 1);
        }
    }
    let behind = raw.get(2..).unwrap_or_default();
    let (units, _) = behind[..behind.len().min(2 * SHIFTED_UNITS)].as_chunks::<2>();
    let mut swapped = units.iter().map(|unit| wide.unit(*unit).swap_bytes());
    if !swapped.all(|unit| u8::try_from(unit).is_ok_and(is_text)) {
        return Some(0);
    }
    let is_whole = units.len() == SHIFTED_UNITS;
    let is_shifted = is_whole && units.iter().any(|unit| wide.unit(*unit) != WIDE_BLANK);
    (is_whole || is_all).then_some(usize::from(is_shifted))
}

/// Whether a byte is a character of ASCII that stands in a line of text.
fn is_text(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\r' | b' '..=b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn lines_of_utf16_are_told_by_their_bytes() {
        let texts = Texts::new(None);
        let told = |line: &[u8]| of_wide(line, texts).map(|(at, text)| (at, String::from_utf8(text).unwrap()));
        let both = |at: usize, text: &str| Some((at, text.to_owned()));
        assert_eq!(told(&wide("2026 \u{e9}\u{4e0d}")), both(0, "2026 \u{e9}\u{4e0d}"));
        assert_eq!(told(&[b"\0", &wide("2026\r")[..]].concat()), both(1, "2026\r"));
        assert_eq!(told(&[b"\0\0\0", &wide("2026\r")[..]].concat()), both(3, "2026\r"));
        assert_eq!(told(&[b"\xff\xfe", &wide("2026")[..]].concat()), both(2, "2026"));
        assert_eq!(told(b"\xfe\xff\x002\x000\x002\x006\0\r\0"), both(3, "2026\r"));
        assert_eq!(told(b"\0}\0"), both(1, "}"));
        assert_eq!(told(b"\0\r\0"), both(1, "\r"));
        // What a character with the byte of a line end leaves.
        assert_eq!(told(&[b"\x4e", &wide("\u{4e0d}\u{8db3}\r")[..]].concat()), both(1, "\u{4e0d}\u{8db3}\r"));
        // The last byte was not written.
        assert_eq!(told(b"2\x000\x002\x006\x00-"), both(0, "2026-"));
        for line in [&b"2026"[..], b"\x002026", b"", b"\0", b"a\0\0\0", b"a\0b\0c\0de", b"\xff\xfe", b"\xff\xfe2026"] {
            assert_eq!(told(line), None, "{line:?}");
        }
        for line in [&wide("2026")[..], b"\x002\0", b"\xff\xfe2\0", b"\xfe\xff\x002", b"\x4e\x0d\x4e\r\0"] {
            assert!(may_be_wide(line), "{line:?}");
        }
        let latin = Texts::new(Some(encoding_rs::WINDOWS_1252));
        assert_eq!(of_wide(&wide("one caf\u{e9}"), latin), Some((0, b"one caf\xe9".to_vec())));
    }

    #[test]
    fn lines_of_8_bits_are_told_by_their_bytes() {
        for is_all in [false, true] {
            assert_eq!(is_narrow(b"2026-10-12 05:08:31,905 [39]", is_all), Some(true));
            assert_eq!(is_narrow(b"2026-10-12 5\n2", is_all), Some(true));
            assert_eq!(is_narrow(b"2026-10-12 05\n\0", is_all), Some(true));
            assert_eq!(
                is_narrow(&wide("\u{672a}\u{627e}\u{5230}\u{7528}\u{6237}\u{6570}\u{636e}\n2"), is_all),
                Some(false)
            );
            assert_eq!(is_narrow(b"2026-10-12\n\0", is_all), Some(false));
            assert_eq!(is_narrow(b"2026-10-12 Gr\xc3\xb6\xc3\x9fe [39] INFO", is_all), Some(false));
            assert_eq!(is_narrow(&wide("2026-10-12"), is_all), Some(false));
        }
        assert_eq!((is_narrow(b"2026-10-12 05", false), is_narrow(b"2026-10-12 05", true)), (None, Some(true)));
        assert_eq!((is_narrow(b"2026-10-12 5\n", false), is_narrow(b"2026-10-12 5\n", true)), (None, Some(true)));
        assert_eq!((is_narrow(b"", false), is_narrow(b"", true)), (None, Some(false)));
    }

    #[test]
    fn a_line_ends_within_a_unit_where_another_begins_behind_it() {
        let next = b"2026-10-12 05:08:31,905 [39]";
        let taken = |parts: [&[u8]; 2], is_all: bool| narrow_end(&parts.concat(), Wide::Little, is_all);
        assert_eq!(taken([b"\n", next], false), Some(1));
        assert_eq!(taken([b"x\n", next], false), Some(2));
        assert_eq!(taken([b"\n\n", next], false), Some(2));
        assert_eq!(taken([b"}\n", &wide("2026")], false), Some(2));
        let shifted = wide("2026-10-12");
        assert_eq!(taken([b"x\n\0", &shifted], false), Some(1));
        assert_eq!(taken([b"x\n\0", &shifted[..9]], false), None);
        assert_eq!(taken([b"x\n\0", &shifted[..9]], true), Some(0));
        let blanks = "\u{3000}".repeat(9);
        for text in ["\u{4e0a}2026-10-12", &format!("\u{4e0a}{blanks}"), "\u{a95}2026-10-12"] {
            assert_eq!(taken([&wide(text), b""], true), Some(0), "{text}");
        }
    }
}
