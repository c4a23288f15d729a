//! Reading a text file of bounded size, and in words why it cannot be read.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use super::text::Text;

/// A profile or a list of 100,000 instances has a tenth of this; anything larger is another file.
const BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Why there is no text.
pub(super) enum Unreadable {
    /// The file as a whole; to stand after its name.
    File(String),
    /// The text up to the first byte that is not UTF-8, and the offset of that byte.
    NotUtf8(Text, usize),
}

/// What would be right for [`Unreadable::NotUtf8`].
pub(super) const UTF8_HELP: &str = "save the file with the encoding UTF-8";

/// Reads a whole file; `name` is what faults call it, `rank` its place among the profile's files.
pub(super) fn read(path: &Path, name: String, rank: usize) -> Result<Text, Unreadable> {
    let bytes = read_bytes(path).map_err(|error| Unreadable::File(in_words(&error)))?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(Unreadable::File(format!("it is larger than {} MiB", BYTES_MAX >> 20)));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(Unreadable::File(format!("it is UTF-16; {UTF8_HELP}")));
    }
    match String::from_utf8(bytes) {
        // Windows editors put a byte order mark before the text; it would be counted as a column.
        Ok(content) => Ok(Text::new(name, content.trim_start_matches('\u{feff}').to_owned(), rank)),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            Err(Unreadable::NotUtf8(Text::new(name, String::from_utf8_lossy(error.as_bytes()).into_owned(), rank), at))
        }
    }
}

fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    let mut bytes = Vec::new();
    file.take(BYTES_MAX + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The same words on every system, for what people meet.
pub(super) fn in_words(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "it does not exist".to_owned(),
        ErrorKind::PermissionDenied => "its permissions forbid it".to_owned(),
        ErrorKind::IsADirectory => "it is a folder".to_owned(),
        _ => error.to_string(),
    }
}
