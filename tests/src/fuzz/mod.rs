//! What fuzzing throws bytes at: each target takes any input, and panics where a law of the engine is broken.
//!
//! The crate in `tests/fuzz` has libFuzzer call them. The normal tests call them with every seed, and with every input
//! that once broke a law: those are kept in `tests/fuzz/found`, in a folder of the target's name.

mod listing;
mod packed;
mod profile;
mod records;
mod seeds;

use std::path::PathBuf;
use std::sync::LazyLock;
use std::{env, fs, process};

pub use seeds::seeds;

/// Something to throw bytes at.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    pub name: &'static str,
    /// Takes an input, and says whether it was one that comes far.
    pub run: fn(&[u8]) -> bool,
}

/// Bytes of a log in any format.
pub const RECORDS: Target = Target { name: "records", run: records::run };
/// A page of a listing from any API.
pub const LISTING: Target = Target { name: "listing", run: listing::run };
/// A profile.
pub const PROFILE: Target = Target { name: "profile", run: profile::run };
/// A compressed file.
pub const PACKED: Target = Target { name: "packed", run: packed::run };

pub const TARGETS: [Target; 4] = [RECORDS, LISTING, PROFILE, PACKED];

/// A folder for the files that a target needs, with an instance and a list of instances in it.
static SCRATCH: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = env::temp_dir().join(format!("logparser-fuzz-{}", process::id()));
    fs::create_dir_all(folder.join("fleet/one")).expect("a scratch folder");
    fs::write(folder.join("instances.csv"), "name,address,zone\nWS-1,http://h:1,Europe/Oslo\n").expect("a list");
    folder
});

/// An input in two parts: the text before a line, and the bytes behind it.
fn parted<'a>(input: &'a [u8], line: &str) -> Option<(&'a str, &'a [u8])> {
    let at = memchr::memmem::find(input, line.as_bytes())?;
    Some((str::from_utf8(&input[..at]).ok()?, &input[at + line.len()..]))
}
