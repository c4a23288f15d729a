//! Severity words as OpenTelemetry severity numbers.

use std::collections::BTreeMap;

use super::body::Span;
use super::head::{Field, Head};
use super::swar;

/// Common words. The numbers are those of OpenTelemetry's log data model (its appendix B for syslog's words), except
/// that CRITICAL is the gravest word of .NET and Python, and so is fatal.
const COMMON: [(&str, u8); 40] = [
    ("TRACE", 1),
    ("TRC", 1),
    ("T", 1),
    ("VERBOSE", 1),
    ("VRB", 1),
    ("V", 1),
    ("FINEST", 1),
    ("SILLY", 1),
    ("FINER", 3),
    ("FINE", 5),
    ("DEBUG", 5),
    ("DBG", 5),
    ("DBUG", 5),
    ("D", 5),
    ("CONFIG", 8),
    ("INFO", 9),
    ("INF", 9),
    ("I", 9),
    ("INFORMATION", 9),
    ("INFORMATIONAL", 9),
    ("NOTICE", 10),
    ("WARN", 13),
    ("WARNING", 13),
    ("WRN", 13),
    ("W", 13),
    ("ERROR", 17),
    ("ERR", 17),
    ("FAIL", 17),
    ("E", 17),
    ("SEVERE", 17),
    ("CRIT", 18),
    ("ALERT", 19),
    ("CRITICAL", 21),
    ("C", 21),
    ("FATAL", 21),
    ("FTL", 21),
    ("F", 21),
    ("PANIC", 21),
    ("EMERGENCY", 21),
    ("EMERG", 21),
];

/// What a word is taken for that nobody knows.
const ASSUMED: u8 = 9;

/// syslog's numbers, from emergency to debug (the same appendix): fields of JSON tell them where others have words.
pub const SYSLOG: [u8; 8] = [21, 19, 18, 17, 13, 10, 9, 5];

/// Least number of each range, with its name: what a signature shows.
const RANGES: [(u8, &str); 6] = [(21, "FATAL"), (17, "ERROR"), (13, "WARN"), (9, "INFO"), (5, "DEBUG"), (0, "TRACE")];

/// The name of the range that a severity falls in.
pub fn range_name(severity: u8) -> &'static str {
    RANGES.iter().find(|(least, _)| severity >= *least).map_or("TRACE", |(_, name)| name)
}

/// Whether a text is a common word for a severity, in upper case and longer than a letter.
pub fn is_shouted(text: &[u8]) -> bool {
    shouted(text).is_some()
}

/// Whether such a text is one for an error or worse.
pub fn is_alarm(text: &[u8]) -> bool {
    shouted(text).is_some_and(|number| number >= 17)
}

fn shouted(text: &[u8]) -> Option<u8> {
    let is_word = text.len() > 1 && text.iter().all(u8::is_ascii_uppercase);
    let known = COMMON.iter().find(|(word, _)| is_word && word.as_bytes() == text);
    known.map(|(_, number)| *number)
}

/// The words of a format.
#[derive(Debug)]
pub struct Severities {
    /// By word in upper case.
    words: BTreeMap<Box<[u8]>, u8>,
    /// Words of up to eight bytes in the usual spellings, by hash; a free slot is 0.
    slots: Vec<(u64, u8)>,
    shift: u32,
    /// Severity of other words, and of records without one.
    pub default: u8,
    /// Nobody said that other words have it.
    is_assumed: bool,
}

impl Severities {
    /// The common words and those of the format, which come first. Without a `default`, other words are [`ASSUMED`], and
    /// told.
    pub fn new(own: &BTreeMap<String, u8>, default: Option<u8>) -> Self {
        let mut words: BTreeMap<Box<[u8]>, u8> =
            COMMON.iter().map(|(word, number)| (word.as_bytes().into(), *number)).collect();
        for (word, number) in own {
            // Letters beyond ASCII have no other case in bytes.
            for spelling in [word.to_uppercase(), word.to_lowercase(), title(word)] {
                words.insert(spelling.to_ascii_uppercase().into_bytes().into(), *number);
            }
        }
        // Three spellings a word, and three slots of four free.
        let size = (words.len() * 12).next_power_of_two();
        let mut severities = Self {
            words: BTreeMap::new(),
            slots: vec![(0, 0); size],
            shift: u64::BITS - size.ilog2(),
            default: default.unwrap_or(ASSUMED),
            is_assumed: default.is_none(),
        };
        for (word, number) in &words {
            let lower = word.to_ascii_lowercase();
            let mut title = lower.clone();
            title[..1.min(word.len())].make_ascii_uppercase();
            for spelling in [word, lower.as_slice(), &title] {
                severities.insert(spelling, *number);
            }
        }
        severities.words = words;
        severities
    }

    fn insert(&mut self, word: &[u8], number: u8) {
        let key = swar::pack(word);
        if word.len() > 8 || word.is_empty() || word.contains(&0) {
            return;
        }
        let mut slot = self.slot(key);
        while self.slots[slot].0 != 0 && self.slots[slot].0 != key {
            slot = (slot + 1) % self.slots.len();
        }
        self.slots[slot] = (key, number);
    }

    #[inline(always)]
    fn slot(&self, key: u64) -> usize {
        (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift) as usize
    }

    /// Whether a word has a number of its own.
    pub fn knows(&self, word: &str) -> bool {
        !word.trim().is_empty() && self.number(word.as_bytes()).is_some()
    }

    /// Writes the severity that a field says.
    #[inline(always)]
    pub fn read(&self, field: Field, line: &[u8], into: &mut Head) {
        let number = self.number(field.span.of(line));
        into.severity = number.unwrap_or(self.default);
        into.unknown_severity = if number.is_none() && self.is_assumed { field.span } else { Span::default() };
    }

    /// Writes that no field says one.
    #[inline(always)]
    pub fn read_none(&self, into: &mut Head) {
        (into.severity, into.unknown_severity) = (self.default, Span::default());
    }

    /// The number of a word; none of an unknown one.
    #[inline(always)]
    fn number(&self, word: &[u8]) -> Option<u8> {
        if word.len() <= 8 {
            let key = swar::pack(word);
            let mut slot = self.slot(key);
            while self.slots[slot].0 != 0 {
                if self.slots[slot].0 == key {
                    return Some(self.slots[slot].1);
                }
                slot = (slot + 1) % self.slots.len();
            }
        }
        self.other(word)
    }

    /// The number of a word that is long or in an unusual spelling.
    #[cold]
    fn other(&self, word: &[u8]) -> Option<u8> {
        let word = word.trim_ascii();
        if word.is_empty() {
            return Some(self.default);
        }
        let known = |word: &[u8]| self.words.get(word.to_ascii_uppercase().as_slice()).copied();
        known(word).or_else(|| of_syslog(word)).or_else(|| {
            // `ERROR+2` of Go lies that far above its word.
            let sign = word.iter().rposition(|byte| matches!(byte, b'+' | b'-')).filter(|at| at + 1 < word.len())?;
            let apart: i8 = std::str::from_utf8(&word[sign..]).ok()?.parse().ok()?;
            Some(known(&word[..sign])?.saturating_add_signed(apart).clamp(1, 24))
        })
    }
}

/// A word with its first letter large.
fn title(word: &str) -> String {
    let mut chars = word.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    first + &chars.as_str().to_lowercase()
}

/// The severity of one of syslog's numbers.
fn of_syslog(word: &[u8]) -> Option<u8> {
    match word {
        [digit @ b'0'..=b'7'] => Some(SYSLOG[usize::from(digit - b'0')]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_known_in_any_spelling_and_own_words_come_first() {
        let own = BTreeMap::from([
            ("HINT".to_owned(), 7),
            ("ALERT".to_owned(), 24),
            ("30".to_owned(), 9),
            ("1".to_owned(), 6),
            ("BŁĄD".to_owned(), 17),
        ]);
        let severities = Severities::new(&own, Some(2));
        let cases = [
            ("INFO", 9),
            ("info", 9),
            ("Info", 9),
            ("iNFO", 9),
            ("Warning", 13),
            ("Information", 9),
            ("EMERGENCY", 21),
            ("f", 21),
            (" WARN ", 13),
            ("hint", 7),
            ("Alert", 24),
            ("30", 9),
            ("3", 17),
            (" 7 ", 5),
            ("ERROR+2", 19),
            ("debug-4", 1),
            ("INFO-100", 1),
            ("1", 6),
            ("błąd", 17),
            ("Błąd", 17),
            ("BŁĄD", 17),
            ("", 2),
        ];
        for (word, number) in cases {
            assert_eq!(severities.number(word.as_bytes()), Some(number), "{word}");
        }
        for word in ["8", "whatever it says", "WARNUNG"] {
            let line = format!("at {word}");
            let field = Field::plain(3, line.len());
            let mut head = Head::default();
            severities.read(field, line.as_bytes(), &mut head);
            assert_eq!((head.severity, head.unknown_severity), (2, Span::default()), "{word}");
            Severities::new(&own, None).read(field, line.as_bytes(), &mut head);
            assert_eq!((head.severity, head.unknown_severity), (ASSUMED, field.span), "{word}");
        }
    }

    #[test]
    fn every_severity_has_a_range() {
        let names: Vec<_> = [0, 1, 4, 5, 9, 12, 13, 17, 20, 21, 24, 255].map(range_name).into();
        let expected = ["TRACE", "TRACE", "TRACE", "DEBUG", "INFO", "INFO", "WARN", "ERROR", "ERROR", "FATAL"];
        assert_eq!(names[..10], expected);
    }
}
