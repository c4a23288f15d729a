//! Numbers, quantities, and words with digits.

use super::scan::{bounded, digits, has_digit, is_in_row, is_word, one_of, run, token_end, word_end};
use super::word::TYPE_ENDS;

/// Units that stand at the number at once.
const TIMES: [&str; 11] = ["ns", "us", "µs", "ms", "s", "sec", "secs", "m", "min", "h", "d"];
const SIZES: [&str; 17] =
    ["B", "b", "K", "k", "M", "G", "kB", "KB", "MB", "GB", "TB", "kb", "mb", "KiB", "MiB", "GiB", "TiB"];
/// Units behind a blank; shorter ones are words of the text.
const TIME_WORDS: [&str; 22] = [
    "ns",
    "us",
    "µs",
    "ms",
    "s",
    "sec",
    "secs",
    "msec",
    "msecs",
    "min",
    "mins",
    "second",
    "seconds",
    "minute",
    "minutes",
    "hour",
    "hours",
    "day",
    "days",
    "millis",
    "millisecond",
    "milliseconds",
];
const SIZE_WORDS: [&str; 12] = ["B", "kB", "KB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB", "byte", "bytes"];
/// Bytes of the longest of all these.
const UNIT_BYTES_MAX: usize = 12;
/// Digits of a hexadecimal number that nothing else marks: among them a decimal one, or none.
const HEX_DIGITS_MIN: usize = 6;
pub const HEX_MIN: usize = 8;

/// `17371472-6616-4e41-a95f-7f9a8df05f25`
pub fn guid(text: &[u8], at: usize) -> Option<usize> {
    let guid = text.get(at..at + 36)?;
    let fits = guid.iter().enumerate().all(|(position, byte)| match position {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    });
    bounded(text, at + 36).filter(|_| fits)
}

/// End of a hexadecimal number by itself: a GUID, one that says so, or a word of digits and letters. No mask tells one from
/// another of its length.
pub fn hexadecimal(text: &[u8], at: usize) -> Option<usize> {
    let within_path = text[..at].ends_with(b"\\");
    let end =
        if text[at..].starts_with(b"0x") { run(text, at + 2, u8::is_ascii_hexdigit) } else { guid_or_word(text, at)? };
    let begins = at == 0 || b" (".contains(&text[at - 1]) || (within_path && text[at..end].contains(&b'-'));
    let marks: &[u8] = if within_path { b" ),.\\" } else { b" )," };
    (begins && text.get(end).is_none_or(|byte| marks.contains(byte))).then_some(end)
}

/// One without digits may be left as it is, and nobody would see that; one without letters is a decimal number, and may have
/// a unit.
fn guid_or_word(text: &[u8], at: usize) -> Option<usize> {
    let end = guid(text, at).unwrap_or_else(|| run(text, at, u8::is_ascii_hexdigit));
    let number = &text[at..end];
    let has_letters = number.split_last().is_some_and(|(_, before)| before.iter().any(u8::is_ascii_alphabetic));
    (number.len() >= HEX_MIN && has_letters && has_digit(number)).then_some(end)
}

/// `88ms`, `1.5 seconds`, `<1 sec`, `2h 30m`
pub fn duration(text: &[u8], at: usize) -> Option<usize> {
    // A GUID may begin like one: `1737147d-`.
    let one = |at| quantity(text, at, &TIMES, &TIME_WORDS).filter(|_| guid(text, at).is_none());
    let mut end = one(one_of(text, at, b"<>~").unwrap_or(at))?;
    while let Some(next) = one(one_of(text, end, b" ").unwrap_or(end)) {
        end = next;
    }
    Some(end)
}

/// `12 MB`, `16K`, `1173 bytes (1.14 KB)`
pub fn size(text: &[u8], at: usize) -> Option<usize> {
    let one = |at| quantity(text, at, &SIZES, &SIZE_WORDS);
    let end = one(at)?;
    let start = text[end..].starts_with(b" (").then_some(end + 2);
    Some(start.and_then(one).and_then(|end| one_of(text, end, b")")).unwrap_or(end))
}

fn quantity(text: &[u8], at: usize, glued: &[&str], words: &[&str]) -> Option<usize> {
    let number = number(text, at).filter(|_| !is_in_row(text, at))?;
    let (start, units) = match one_of(text, number, b" ") {
        Some(start) => (start, words),
        // A counter in hexadecimal, which may end like a unit: `0000000b`, `0000000d`.
        None if matches!(text[at..number], [b'0', b'0'..=b'9', ..]) => return None,
        None => (number, glued),
    };
    let end = word_end(text, start);
    // Most numbers have no unit, and most words behind them are none.
    let may_be = end > start && end - start <= UNIT_BYTES_MAX;
    (may_be && units.iter().any(|unit| unit.as_bytes() == &text[start..end])).then_some(end)
}

/// `-12.5`, `1,234`, and the digits of `88ms`.
fn number(text: &[u8], at: usize) -> Option<usize> {
    let mut end = digits(text, sign(text, at).unwrap_or(at), 1, text.len())?;
    while let Some(more) = one_of(text, end, b".,").and_then(|start| digits(text, start, 1, text.len())) {
        end = more;
    }
    Some(end)
}

/// Position behind a sign that belongs to a number.
fn sign(text: &[u8], at: usize) -> Option<usize> {
    let may_have_sign = at == 0 || text[at - 1].is_ascii_whitespace() || b"=([{:,;<#".contains(&text[at - 1]);
    one_of(text, at, b"+-").filter(|_| may_have_sign)
}

/// `-12.5`, `0xCE6DF4B4`, `u7346`, `page-5`, `a54f3e`, `blk_-87`, and a field that was too small: `****`.
pub fn id(text: &[u8], at: usize) -> Option<usize> {
    let filled = run(text, at, |byte| *byte == b'*');
    if filled >= at + 2 {
        let is_end = |byte: Option<&u8>| byte.is_none_or(|byte| b" ()[],".contains(byte));
        let stands_alone = is_end(at.checked_sub(1).map(|before| &text[before])) && is_end(text.get(filled));
        return stands_alone.then_some(filled);
    }
    let start = sign(text, at).filter(|start| text.get(*start).is_some_and(u8::is_ascii_digit)).unwrap_or(at);
    let end = token_end(text, start);
    if let Some(end) = range(text, end).filter(|_| end > start) {
        return Some(end);
    }
    let token = &text[start..end];
    let varies = token.split(|byte| !is_word(byte) || *byte == b'_').any(varies);
    (varies && !TYPE_ENDS.iter().any(|known| token.ends_with(known))).then_some(end)
}

/// The range behind the begin of a name, as in `node-[40-63,70]`.
fn range(text: &[u8], at: usize) -> Option<usize> {
    let start = one_of(text, one_of(text, at, b"-_.").unwrap_or(at), b"[")?;
    let end = run(text, start, |byte| byte.is_ascii_digit() || b",-".contains(byte));
    let fits = has_digit(&text[start..end]) && text[start..end].iter().any(|byte| b",-".contains(byte));
    one_of(text, end, b"]").filter(|_| fits)
}

/// Whether letters are a hexadecimal number.
pub fn is_hex_word(letters: &[u8]) -> bool {
    letters.len() >= HEX_MIN && letters.iter().all(u8::is_ascii_hexdigit)
}

/// Whether a word is no word: it has digits, and not only within letters, as in `Win32Exception`.
fn varies(word: &[u8]) -> bool {
    let at_an_end = word.first().is_some_and(u8::is_ascii_digit) || word.last().is_some_and(u8::is_ascii_digit);
    if at_an_end {
        return true;
    }
    let count = word.iter().filter(|byte| byte.is_ascii_digit()).count();
    let is_hex = |least| word.len() >= least && word.iter().all(u8::is_ascii_hexdigit);
    if count == 0 { is_hex(HEX_MIN) } else { count * 2 >= word.len() || is_hex(HEX_DIGITS_MIN) }
}
