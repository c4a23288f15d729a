//! Log files that the command line names, read as what they hold.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::Failed;

/// What is read of a file: enough for any look at it.
pub const BYTES_MAX: u64 = 16 << 20;

/// The name by which formats know a file.
pub fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The first 16 MiB of a file, decoded where it is compressed; and whether it goes on behind. `-` is standard input.
pub fn read(path: &Path) -> Result<(Vec<u8>, bool), Failed> {
    let failed = |cause: io::Error| {
        Failed::other(
            format_args!("cannot read {}: {cause}", path.display()),
            "name log files, or `-` for standard input",
        )
    };
    let mut file: Box<dyn Read> = match path.to_str() {
        Some("-") => Box::new(io::stdin()),
        _ => Box::new(File::open(path).map_err(failed)?),
    };
    let mut first = Vec::new();
    file.by_ref().take(4).read_to_end(&mut first).map_err(failed)?;
    let whole = io::Cursor::new(first.clone()).chain(file);
    let mut decoded: Box<dyn Read> = match first[..] {
        [0x1f, 0x8b, ..] => Box::new(MultiGzDecoder::new(whole)),
        [0x28, 0xb5, 0x2f, 0xfd] => Box::new(zstd::stream::read::Decoder::new(whole).map_err(failed)?),
        _ => Box::new(whole),
    };
    let mut bytes = Vec::new();
    decoded.by_ref().take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    let goes_on = bytes.len() as u64 > BYTES_MAX;
    if goes_on {
        bytes.truncate(BYTES_MAX as usize);
        // Not in the middle of a line.
        bytes.truncate(bytes.iter().rposition(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1));
    }
    Ok((bytes, goes_on))
}
