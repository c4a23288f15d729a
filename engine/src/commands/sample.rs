//! Log files that the command line names, read as what they hold.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::time::SystemTime;

use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};

use super::Failed;
use super::columns::inert;

/// What is read of a file: enough for any look at it.
const BYTES_MAX: u64 = 16 << 20;

/// A file that goes on behind what was read of it.
pub struct Cut {
    file: String,
    /// Of the file's bytes, where its length is known.
    share: Option<f64>,
}

/// When a file was changed last, in microseconds since 1970 UTC; now, where nobody knows.
pub fn changed(path: &Path) -> i64 {
    let known = fs::metadata(path).and_then(|file| file.modified()).ok();
    let since = known.unwrap_or_else(SystemTime::now).duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// The name by which formats know a file.
pub fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The first 16 MiB of a file, decoded where it is compressed; and whether it goes on behind. `-` is standard input.
pub fn read(path: &Path) -> Result<(Vec<u8>, Option<Cut>), Failed> {
    let failed = |cause: io::Error| {
        Failed::other(
            format_args!("cannot read {}: {cause}", path.display()),
            "name log files, or `-` for standard input",
        )
    };
    let (file, length): (Box<dyn Read>, _) = match path.to_str() {
        Some("-") => (Box::new(io::stdin()), None),
        _ => {
            let length = fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|metadata| metadata.len());
            (Box::new(File::open(path).map_err(failed)?), length)
        }
    };
    let taken = Cell::new(0);
    let mut file = Counted { file, taken: &taken };
    let mut first = Vec::new();
    file.by_ref().take(4).read_to_end(&mut first).map_err(failed)?;
    let whole = io::Cursor::new(first.clone()).chain(file);
    let mut decoded: Box<dyn Read + '_> = match first[..] {
        [0x1f, 0x8b, ..] => Box::new(MultiGzDecoder::new(whole)),
        [0x28, 0xb5, 0x2f, 0xfd] => Box::new(zstd::stream::read::Decoder::new(whole).map_err(failed)?),
        _ => Box::new(whole),
    };
    let mut bytes = Vec::new();
    decoded.by_ref().take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 <= BYTES_MAX {
        return Ok((bytes, None));
    }
    bytes.truncate(BYTES_MAX as usize);
    // Not in the middle of a line.
    bytes.truncate(bytes.iter().rposition(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1));
    let share = length.map(|length| taken.get() as f64 / length.max(1) as f64);
    Ok((bytes, Some(Cut { file: path.display().to_string(), share })))
}

impl Cut {
    /// What was read, in a sentence.
    pub fn told(&self) -> String {
        // Neither nothing nor all of it.
        let share = self.share.map(|share| (share * 100.0).clamp(1.0, 99.0).round());
        let share = share.map_or_else(|| "it goes on".to_owned(), |share| format!("{share}% of it"));
        format!("only the first {} MiB of {} were read, {share}", BYTES_MAX >> 20, inert(&self.file))
    }

    /// The same, for programs.
    pub fn json(&self) -> Value {
        json!({ "file": self.file, "bytes_read": BYTES_MAX, "share": self.share })
    }
}

/// Counts what is read of a file.
struct Counted<'c> {
    file: Box<dyn Read>,
    taken: &'c Cell<u64>,
}

impl Read for Counted<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(into)?;
        self.taken.set(self.taken.get() + count as u64);
        Ok(count)
    }
}
