//! `logparser signatures`: what the masks leave of messages.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, ErrorKind, Read, Write};
use std::path::Path;

use super::{Done, Failed};
use crate::normalise::of_message;

/// What counts of a line: more than a signature looks at.
const LINE_BYTES_MAX: u64 = 4096;

/// Prints the signature of each line of a file, one a line, in their order.
pub fn of_messages(input: &Path) -> Result<Done, Failed> {
    let read: Box<dyn Read> = match input.to_str() {
        Some("-") => Box::new(io::stdin()),
        _ => Box::new(File::open(input).map_err(|cause| unread(input, &cause))?),
    };
    let mut read = BufReader::with_capacity(1 << 16, read);
    let mut write = BufWriter::new(io::stdout().lock());
    let mut line = Vec::new();
    loop {
        line.clear();
        let bytes = read.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line);
        if bytes.map_err(|cause| unread(input, &cause))? == 0 {
            break;
        }
        if line.pop_if(|last| *last == b'\n').is_none() {
            read.skip_until(b'\n').map_err(|cause| unread(input, &cause))?;
        }
        match writeln!(write, "{}", of_message(&String::from_utf8_lossy(&line))) {
            // Nobody reads on.
            Err(cause) if cause.kind() == ErrorKind::BrokenPipe => return Ok(Done::Whole),
            written => written.map_err(unwritten)?,
        }
    }
    match write.flush() {
        Err(cause) if cause.kind() != ErrorKind::BrokenPipe => Err(unwritten(cause)),
        _ => Ok(Done::Whole),
    }
}

fn unread(input: &Path, cause: &io::Error) -> Failed {
    Failed::other(format_args!("cannot read {}: {cause}", input.display()), "name a file of messages, one a line")
}

fn unwritten(cause: io::Error) -> Failed {
    Failed::other(format_args!("cannot write to standard output: {cause}"), "look at where the output goes")
}
