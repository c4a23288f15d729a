//! What reading a source found, beside its records.

use super::shape::Shape;

/// The fault of a record whose severity is no known word.
pub const UNKNOWN_SEVERITY: &str = "unknown-severity";
/// Unparsed lines that are kept as examples.
pub const EXAMPLES_MAX: usize = 3;
/// Characters of an example.
const EXAMPLE_CHARS_MAX: usize = 200;

/// Counts over one source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Records that were given.
    pub records: u64,
    /// Lines that fit no rule of the format; blank lines are none.
    pub lines_unparsed: u64,
    /// The first of them, and of stray ones: offset and text, cut, with what is not printable escaped.
    pub examples: Vec<(u64, String)>,
    /// Wanted records with bytes that are no text in their encoding.
    pub invalid_utf8: u64,
    /// Records at a local time that daylight saving skipped.
    pub gap_times: u64,
    /// Records that tell no time, and have the greatest before them.
    pub records_timeless: u64,
    /// Records whose severity is no known word, taken as INFO.
    pub severities_unknown: u64,
    /// The first such words.
    pub unknown_words: Vec<String>,
    /// Holes of NUL bytes.
    pub holes: u64,
    /// Lines that joined a record although they begin as records of another layout do.
    pub lines_stray: u64,
    /// Lines in another encoding than their file's.
    pub lines_recoded: u64,
    /// Records that were longer than a record may be.
    pub records_cut: u64,
    /// Last lines that no line end follows, of closed generations.
    pub lines_unterminated: u64,
    /// What is settled of the generation.
    pub shape: Shape,
    /// Offset up to which everything was taken: the begin of a line.
    pub end_of_records: u64,
    /// The last record, where a line that comes later may still join it.
    pub last_record_offset: Option<u64>,
    /// Time of the last record.
    pub last_time: Option<i64>,
}

impl Tally {
    /// Counts of the faults, by a name that is stored.
    pub fn faults(&self) -> [(&'static str, u64); 9] {
        [
            ("cut-record", self.records_cut),
            ("gap-time", self.gap_times),
            ("invalid-utf8", self.invalid_utf8),
            ("no-time", self.records_timeless),
            ("nul-hole", self.holes),
            ("other-encoding", self.lines_recoded),
            ("stray-line", self.lines_stray),
            (UNKNOWN_SEVERITY, self.severities_unknown),
            ("unterminated-line", self.lines_unterminated),
        ]
    }

    /// Counts a line that fits no rule.
    pub(super) fn note_unparsed(&mut self, offset: u64, line: &[u8]) {
        self.lines_unparsed += 1;
        self.add_example(offset, line);
    }

    /// Counts a line that joined a record and may be one of another layout.
    pub(super) fn note_stray(&mut self, offset: u64, line: &[u8]) {
        self.lines_stray += 1;
        self.add_example(offset, line);
    }

    /// Counts a record whose severity is no known word.
    #[cold]
    pub(super) fn note_unknown_severity(&mut self, word: &[u8]) {
        self.severities_unknown += 1;
        // Mostly the word is one of those, as it stands.
        let is_new = self.unknown_words.iter().all(|known| known.as_bytes() != word);
        if is_new && self.unknown_words.len() < EXAMPLES_MAX {
            let word = escaped(word);
            if !self.unknown_words.contains(&word) {
                self.unknown_words.push(word);
            }
        }
    }

    /// Keeps a line as an example.
    pub(super) fn add_example(&mut self, offset: u64, line: &[u8]) {
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push((offset, escaped(line)));
        }
    }
}

/// The begin of a line as text from which the bytes can be told.
fn escaped(line: &[u8]) -> String {
    // No character takes more than four bytes.
    let line = &line[..line.len().min(EXAMPLE_CHARS_MAX * 4)];
    let mut text = String::new();
    for chunk in line.utf8_chunks() {
        for char in chunk.valid().chars() {
            match char {
                '\\' => text.push_str("\\\\"),
                char if char.is_control() => text.extend(char.escape_default()),
                char => text.push(char),
            }
        }
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("\\x{byte:02x}")));
    }
    if let Some((end, _)) = text.char_indices().nth(EXAMPLE_CHARS_MAX) {
        text.truncate(end);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_few_short_and_lossless() {
        let mut tally = Tally::default();
        for offset in 0..5 {
            tally.note_unparsed(offset, b"a\\\t\xff\xc3\xa6\0");
        }
        assert_eq!(tally.lines_unparsed, 5);
        let offsets: Vec<_> = tally.examples.iter().map(|(offset, _)| *offset).collect();
        assert_eq!(offsets, [0, 1, 2]);
        assert_eq!(tally.examples[0].1, "a\\\\\\t\\xffæ\\u{0}");
        assert_eq!(escaped("æ".repeat(1000).as_bytes()), "æ".repeat(200));
        assert_eq!(escaped(&[0xff; 1000]).chars().count(), 200);
    }
}
