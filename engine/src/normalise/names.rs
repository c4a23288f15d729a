//! Names in times: months, halves of a day, zones; whatever their case.

const HOUR_US: i64 = 3_600_000_000;
/// No name of a weekday, month or zone is longer, in any language.
const WORD_BYTES_MAX: usize = 40;

/// Each month in the languages in which programs write dates, without letters beyond ASCII: those are other bytes in every
/// encoding. The short form is the begin of the long one, or stands beside it.
const MONTHS: [&[&str]; 12] = [
    &["january", "januari", "janvier", "januar", "enero", "gennaio", "janeiro", "jnner"],
    &["february", "februari", "februar", "fvrier", "febrero", "febbraio", "fevereiro"],
    &["march", "mrz", "mrt", "maart", "mars", "marzo", "maro", "marts"],
    &["april", "avril", "abril"],
    &["may", "mai", "mei", "maj", "mayo", "maggio", "maio"],
    &["june", "juni", "juin", "junio", "giugno", "junho"],
    &["july", "juli", "juillet", "julio", "luglio", "julho"],
    &["august", "augustus", "augusti", "aot", "agosto"],
    &["september", "septembre", "septiembre", "settembre", "setembro"],
    &["october", "oktober", "octobre", "octubre", "ottobre", "outubro"],
    &["november", "novembre", "noviembre", "novembro"],
    &["december", "dezember", "dcembre", "diciembre", "dicembre", "dezembro", "desember"],
];
/// The short ones of English.
const SHORT: [[u8; 3]; 12] =
    [*b"jan", *b"feb", *b"mar", *b"apr", *b"may", *b"jun", *b"jul", *b"aug", *b"sep", *b"oct", *b"nov", *b"dec"];
/// Weekdays in the same languages, whole and short.
const WEEKDAYS: &str = "mon tue wed thu fri sat sun tues weds thur thurs monday tuesday wednesday thursday friday saturday \
    sunday mo di mi do fr sa so montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag lun mar mer jeu ven \
    sam dim lundi mardi mercredi jeudi vendredi samedi dimanche mi\u{e9} jue vie s\u{e1}b dom lunes martes mi\u{e9}rcoles \
    jueves viernes s\u{e1}bado domingo gio luned\u{ec} marted\u{ec} mercoled\u{ec} gioved\u{ec} venerd\u{ec} sabato \
    domenica ma wo vr za zo maandag dinsdag woensdag donderdag vrijdag zaterdag zondag";
/// Letters of ASCII that a short form has at least, and one that has others too.
const MONTH_LETTERS_MIN: usize = 3;
const MONTH_LETTERS_MIN_BESIDE: usize = 2;
/// AM and PM of German, but for the dot.
const HALF_DAYS: [(&str, bool); 2] = [("vorm", false), ("nachm", true)];

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
    // Nearly all logs have these; they are read for every record of syslog.
    if let &[a, b, c] = name
        && let Some(month) = SHORT.iter().position(|short| *short == [a | 0x20, b | 0x20, c | 0x20])
    {
        return Some((month as u32 + 1, end));
    }
    let letters = || name.iter().filter(|byte| byte.is_ascii()).map(u8::to_ascii_lowercase);
    let count = letters().count();
    let least = if count == name.len() { MONTH_LETTERS_MIN } else { MONTH_LETTERS_MIN_BESIDE };
    let fits =
        |known: &&str| known.len() >= count && known.bytes().zip(letters()).all(|(known, letter)| known == letter);
    let fitting = MONTHS.iter().zip(1..).find(|(names, _)| names.iter().any(fits));
    fitting.filter(|_| count >= least).map(|(_, number)| (number, end))
}

/// Where the name of a weekday ends that stands there.
pub fn weekday(text: &[u8], at: usize) -> Option<usize> {
    let end = word(text, at)?;
    let name = std::str::from_utf8(&text[at..end]).ok()?.trim_end_matches('.').to_lowercase();
    WEEKDAYS.split_whitespace().any(|known| known == name).then_some(end)
}

/// Whether it is afternoon, and where the word ends: `AM`, `pm`, `a.m.`, `p. m.` of Spanish, and `nachm.` of German.
pub fn half_day(text: &[u8], at: usize) -> Option<(bool, usize)> {
    let afternoon = match text.get(at)? {
        b'A' | b'a' => false,
        b'P' | b'p' => true,
        _ => {
            let end = word(text, at)?;
            let name = text[at..end].strip_suffix(b".").unwrap_or(&text[at..end]);
            let (_, afternoon) = HALF_DAYS.iter().find(|(half, _)| half.as_bytes().eq_ignore_ascii_case(name))?;
            return Some((*afternoon, end));
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_known_by_long_and_short_names_in_any_encoding() {
        for (names, number) in MONTHS.iter().zip(1..) {
            for name in *names {
                for short in [name, &name[..MONTH_LETTERS_MIN]].into_iter().filter(|short| **short != *"jui") {
                    assert_eq!(month(short.as_bytes(), 0), Some((number, short.len())), "{short}");
                }
            }
        }
        let cases: [(&[u8], u32); 12] = [
            (b"OKT.", 10),
            (b"Sept.", 9),
            ("M\u{e4}rz".as_bytes(), 3),
            (b"M\xe4rz", 3),
            ("M\u{e4}r.".as_bytes(), 3),
            ("f\u{e9}vr.".as_bytes(), 2),
            ("F\u{c9}V.".as_bytes(), 2),
            ("ao\u{fb}t".as_bytes(), 8),
            ("d\u{e9}c.".as_bytes(), 12),
            (b"d\xe9c.", 12),
            ("J\u{e4}nner".as_bytes(), 1),
            ("mar\u{e7}o".as_bytes(), 3),
        ];
        for (name, number) in cases {
            assert_eq!(month(name, 0), Some((number, name.len())), "{}", String::from_utf8_lossy(name));
        }
        for word in ["", "ma", "j\u{e4}", "octoberfest", "monday", "\u{e4}\u{f6}\u{fc}", "14"] {
            assert_eq!(month(word.as_bytes(), 0), None, "{word}");
        }
    }
}
