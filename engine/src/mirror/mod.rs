//! The mirror: the raw bytes of log files, as they came, in plain files.
//!
//! # Format
//! `mirror/NNNNNN.seg` in the store: segments, numbered from 1, append-only, without header or framing. Which
//! bytes belong to which file is the catalog's knowledge: a [`Chunk`] maps a span of a generation to a place in a
//! segment. A segment is full at 256 MiB; only the one with the highest number is written to.
//!
//! # Durability
//! Bytes count once the catalog says so. Order: append, sync, then one catalog transaction that carries the chunks
//! and the segment's committed length. What lies past that length is debris of a crash, and is cut off when the
//! mirror is next opened for writing. Readers never look past a committed chunk.
//!
//! No name from the network ever becomes part of a path here.

mod lock;
mod reader;
mod writer;

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

pub use lock::{Holder, LockError, StoreLock};
pub use reader::MirrorReader;
pub use writer::{MirrorWriter, Place};

/// A segment takes no more chunks once it is this long: small enough to move, compress or drop as one, large enough
/// that 100 GB are 400 files.
pub const SEGMENT_BYTES_MAX: u64 = 256 << 20;

/// Open segments that a mirror keeps; far below the usual limit of 1,024 open files of a process.
const OPEN_SEGMENTS_MAX: usize = 64;

/// A span of one generation, and where its bytes lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// First byte within the generation.
    pub offset: u64,
    pub bytes: u64,
    /// Number of the segment.
    pub segment: u32,
    /// First byte within the segment.
    pub position: u64,
}

/// A segment and its durable length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    pub number: u32,
    pub committed_bytes: u64,
}

/// What can go wrong with the mirror's files.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// The operating system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    /// A segment lost bytes that the catalog knows.
    #[error(
        "{} has {found_bytes} bytes, the catalog knows {committed_bytes}: the store was damaged; \
         restore it from a backup, or move it away and fetch anew",
        path.display()
    )]
    Short { path: PathBuf, committed_bytes: u64, found_bytes: u64 },
    /// The chunks do not cover the span that was asked for.
    #[error("bytes {from}..{to} were asked for, but no chunk holds byte {missing}")]
    Hole { from: u64, to: u64, missing: u64 },
}

impl MirrorError {
    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> MirrorError {
        let path = path.to_owned();
        move |source| MirrorError::Io { action, path, source }
    }
}

/// The reading side of the mirror, shared by all threads.
#[derive(Debug)]
pub struct Mirror {
    folder: PathBuf,
    open: Mutex<BTreeMap<u32, Arc<File>>>,
}

impl Mirror {
    /// The mirror of the store in this folder. Files are opened when they are first read.
    pub fn open(store: &Path) -> Mirror {
        Mirror { folder: folder_of(store), open: Mutex::new(BTreeMap::new()) }
    }

    /// Streams bytes `from..to` of a generation whose chunks are given in the order of their offsets.
    ///
    /// # Errors
    /// [`MirrorError::Hole`] when the chunks do not cover the span. A file that cannot be opened or is too short
    /// shows when it is read.
    pub fn reader(&self, chunks: &[Chunk], from: u64, to: u64) -> Result<MirrorReader<'_>, MirrorError> {
        MirrorReader::new(self, chunks, from, to)
    }

    fn segment(&self, number: u32) -> Result<Arc<File>, MirrorError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = open.get(&number) {
            return Ok(Arc::clone(file));
        }
        let path = segment_path(&self.folder, number);
        let file = Arc::new(File::open(&path).map_err(MirrorError::io("open", &path))?);
        if open.len() >= OPEN_SEGMENTS_MAX {
            open.clear();
        }
        open.insert(number, Arc::clone(&file));
        Ok(file)
    }
}

fn folder_of(store: &Path) -> PathBuf {
    store.join("mirror")
}

fn segment_path(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("{number:06}.seg"))
}

#[cfg(test)]
mod tests;
