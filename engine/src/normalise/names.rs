//! Names in times: months, halves of a day, zones. English, whatever their case.

const HOUR_US: i64 = 3_600_000_000;
/// No name of a weekday, month or zone is longer, in any language.
const WORD_BYTES_MAX: usize = 40;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const MONTH_BYTES_MIN: usize = 3;

/// Short names of zones that mean one offset in every country where they are used, in quarters of an hour. Others,
/// such as CST of China and of America, leave the word to the zone of the instance.
const ZONES: [(&str, i64); 28] = [
    ("Z", 0),
    ("UTC", 0),
    ("GMT", 0),
    ("UT", 0),
    ("WET", 0),
    ("WEST", 4),
    ("CET", 4),
    ("CEST", 8),
    ("MEZ", 4),
    ("MESZ", 8),
    ("EET", 8),
    ("EEST", 12),
    ("MSK", 12),
    ("SAST", 8),
    ("EST", -20),
    ("EDT", -16),
    ("MDT", -24),
    ("PST", -32),
    ("PDT", -28),
    ("JST", 36),
    ("KST", 36),
    ("AEST", 40),
    ("AEDT", 44),
    ("ACST", 38),
    ("ACDT", 42),
    ("AWST", 32),
    ("NZST", 48),
    ("NZDT", 52),
];

/// Position behind a word of letters, of any language; a dot that shortens it is its end.
pub fn word(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let letters = rest.iter().take(WORD_BYTES_MAX).take_while(|byte| byte.is_ascii_alphabetic() || **byte >= 0x80);
    let end = at + letters.count();
    (end > at).then(|| end + usize::from(text.get(end) == Some(&b'.')))
}

/// The number of the month whose name stands there, and where that ends.
pub fn month(text: &[u8], at: usize) -> Option<(u32, usize)> {
    let end = word(text, at)?;
    let name = text[at..end].strip_suffix(b".").unwrap_or(&text[at..end]);
    let fits = |month: &&str| {
        name.len() >= MONTH_BYTES_MIN
            && month.as_bytes().get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name))
    };
    MONTHS.iter().zip(1..).find(|(month, _)| fits(month)).map(|(_, number)| (number, end))
}

/// Whether it is afternoon, and where the word ends: `AM`, `pm`, `a.m.`, and `p. m.` of Spanish.
pub fn half_day(text: &[u8], at: usize) -> Option<(bool, usize)> {
    let afternoon = match text.get(at)? {
        b'A' | b'a' => false,
        b'P' | b'p' => true,
        _ => return None,
    };
    let dotted = text.get(at + 1) == Some(&b'.');
    let mut end = at + 1;
    if dotted {
        let blanks: [&[u8]; 3] = [b" ", b"\xc2\xa0", b"\xe2\x80\xaf"];
        let rest = text.get(at + 2..)?;
        end = at + 2 + blanks.iter().find(|blank| rest.starts_with(blank)).map_or(0, |blank| blank.len());
    }
    matches!(text.get(end), Some(b'M' | b'm')).then_some(())?;
    let last = usize::from(dotted && text.get(end + 1) == Some(&b'.'));
    Some((afternoon, end + 1 + last))
}

/// Offset from UTC of a zone's short name, in microseconds; none where it is not known or means several.
pub fn zone(name: &[u8]) -> Option<i64> {
    let known = ZONES.iter().find(|(zone, _)| zone.as_bytes().eq_ignore_ascii_case(name));
    known.map(|(_, quarters)| quarters * HOUR_US / 4)
}
