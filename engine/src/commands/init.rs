//! `logparser init`: a commented profile to start from.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use super::{Done, Failed};
use crate::profile::EXAMPLE;

/// Writes the example; a file that is there stays as it is.
pub fn init(file: &Path) -> Result<Done, Failed> {
    let write = || File::create_new(file)?.write_all(EXAMPLE.as_bytes());
    write().map_err(|cause| {
        let help = match cause.kind() {
            io::ErrorKind::AlreadyExists => "name another file, or move that one away",
            _ => "name a file in a folder that you may write to",
        };
        Failed::other(format_args!("cannot write {}: {cause}", file.display()), help)
    })?;
    println!("wrote {}", file.display());
    println!("Every key is explained in it. Name your instances, then: logparser --profile {} check", file.display());
    Ok(Done::Whole)
}
