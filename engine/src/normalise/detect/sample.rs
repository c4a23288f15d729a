//! The lines of a file that are looked at.

use encoding_rs::WINDOWS_1252;

use super::super::colour;
use super::super::trial::utf8_of;
use super::LINES_MAX;

/// What is proposed for a file that is no UTF-8: the usual encoding of Windows in the west.
const LIKELY: &str = "windows-1252";

/// The beginning of a file.
#[derive(Debug, Clone)]
pub struct Sample {
    pub name: String,
    /// When the file was changed, in microseconds since 1970 UTC.
    pub changed: i64,
    /// Lines that are no UTF-8.
    pub lines_not_utf8: u64,
    /// The encoding that these lines are likely to have.
    pub encoding: Option<&'static str>,
    /// As they are read; UTF-16 is decoded.
    bytes: Vec<u8>,
    text: String,
}

impl Sample {
    /// The lines that are looked at of a file's bytes.
    pub fn new(name: String, bytes: &[u8], changed: i64) -> Self {
        let mut bytes = utf8_of(bytes);
        let end = memchr::memchr_iter(b'\n', &bytes).nth(LINES_MAX - 1).map_or(bytes.len(), |at| at + 1);
        bytes.truncate(end);
        let (mut broken, mut whole) = (0, 0);
        for chunk in bytes.utf8_chunks() {
            broken += chunk.invalid().len();
            whole += chunk.valid().chars().filter(|char| !char.is_ascii()).count();
        }
        let is_other = broken > whole;
        let text = if is_other { WINDOWS_1252.decode(&bytes).0 } else { String::from_utf8_lossy(&bytes) };
        let text = colour::without(&text);
        let lines = bytes.split(|byte| *byte == b'\n');
        let lines_not_utf8 = lines.filter(|line| std::str::from_utf8(line).is_err()).count() as u64;
        Self { name, changed, lines_not_utf8, encoding: is_other.then_some(LIKELY), bytes, text }
    }

    /// The bytes that a format is tried on.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Lines that may begin a record.
    pub fn heads(&self) -> impl Iterator<Item = &str> {
        self.text.lines().filter(|line| !line.starts_with([' ', '\t']) && !line.trim().is_empty())
    }
}
