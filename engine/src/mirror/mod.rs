//! The mirror: the bytes of log files, in plain files.
//!
//! # Format
//! `mirror/NNNNNN.seg` in the store: segments, numbered from 1, append-only, without header or framing. Which
//! bytes belong to which file is the catalog's knowledge: a [`Chunk`] maps a span of a generation to a place in a
//! segment. There it lies as it came, or *sealed*: as a zstd frame of its own, of at most 512 KiB of text. Every
//! reader gets the text. A segment is full at 256 MiB; only the one with the highest number is written to.
//!
//! # Durability
//! Bytes count once the catalog says so. Order: append, sync, then one catalog transaction that carries the chunks
//! and the segment's committed length. What lies past that length is debris of a crash, and is cut off when the
//! mirror is next opened for writing. Readers never look past a committed chunk.
//!
//! # Damage
//! A chunk has a checksum of its text. Bytes that are not there, or are not what was committed, are
//! [`MirrorError::Damaged`]: trouble with the files that they belong to, not with the mirror.
//!
//! No name from the network ever becomes part of a path here.

mod frame;
mod lock;
mod reader;
mod shelf;
mod writer;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use zstd::bulk::Decompressor;

use self::reader::read_at;
use self::shelf::Shelf;

pub use frame::{Checksum, FRAME_BYTES, Packer, checksum};
pub use lock::{Holder, LockError, StoreLock};
pub use reader::MirrorReader;
pub use writer::{MirrorWriter, Place};

/// A segment takes no more chunks once it is this long: small enough to move, compress or drop as one, large enough
/// that 100 GB are 400 files.
pub const SEGMENT_BYTES_MAX: u64 = 256 << 20;

/// Chunks are far shorter: a catalog that says otherwise is damaged itself.
const CHUNK_BYTES_MAX: usize = 64 << 20;

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
    /// Length of the frame that holds the bytes; none where they lie as they came.
    pub packed: Option<u64>,
    /// [`checksum`] of the bytes; none where an older program stored them.
    pub checksum: Option<u64>,
}

impl Chunk {
    /// Where it ends within the generation.
    pub fn end(&self) -> u64 {
        self.offset + self.bytes
    }

    /// Bytes that it takes in its segment.
    pub fn stored_bytes(&self) -> u64 {
        self.packed.unwrap_or(self.bytes)
    }
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
    /// Bytes are not what was committed.
    #[error("the store is damaged in segment {segment:06} at byte {position}: {what}")]
    Damaged { segment: u32, position: u64, what: String },
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
    shelf: Shelf,
}

impl Mirror {
    /// The mirror of the store in this folder. Files are opened when they are first read.
    pub fn open(store: &Path) -> Mirror {
        Mirror { folder: folder_of(store), open: Mutex::new(BTreeMap::new()), shelf: Shelf::default() }
    }

    /// Streams bytes `from..to` of a generation whose chunks are given in the order of their offsets.
    ///
    /// # Errors
    /// [`MirrorError::Hole`] when the chunks do not cover the span. A file that cannot be opened or is too short
    /// shows when it is read.
    pub fn reader(&self, chunks: &[Chunk], from: u64, to: u64) -> Result<MirrorReader<'_>, MirrorError> {
        MirrorReader::new(self, chunks, from, to)
    }

    /// The bytes of a chunk, verified.
    ///
    /// # Errors
    /// [`MirrorError::Damaged`], or what the operating system says.
    pub fn chunk(&self, chunk: &Chunk) -> Result<Vec<u8>, MirrorError> {
        let stored = self.stored(chunk)?;
        self.open_stored(chunk, stored)
    }

    /// The bytes of a chunk as they lie in its segment, to be put elsewhere; verified all the same.
    ///
    /// # Errors
    /// As [`Mirror::chunk`].
    pub fn chunk_as_stored(&self, chunk: &Chunk) -> Result<Vec<u8>, MirrorError> {
        let stored = self.stored(chunk)?;
        self.open_stored(chunk, stored.clone())?;
        Ok(stored)
    }

    /// Undoes the sealing.
    fn open_stored(&self, chunk: &Chunk, stored: Vec<u8>) -> Result<Vec<u8>, MirrorError> {
        let bytes = match chunk.packed {
            None => stored,
            Some(_) => {
                let mut bytes = Vec::new();
                let mut decoder = Decompressor::new().map_err(|error| self.damaged(chunk, error.to_string()))?;
                frame::unpack(&mut decoder, &stored, chunk.bytes, &mut bytes)
                    .map_err(|error| self.damaged(chunk, format!("cannot be decoded: {error}")))?;
                bytes
            }
        };
        self.verify(chunk, &bytes)?;
        Ok(bytes)
    }

    fn verify(&self, chunk: &Chunk, bytes: &[u8]) -> Result<(), MirrorError> {
        match chunk.checksum {
            Some(wanted) if wanted != checksum(bytes) => {
                Err(self.damaged(chunk, format!("{} bytes are not what was stored", chunk.bytes)))
            }
            _ => Ok(()),
        }
    }

    fn stored(&self, chunk: &Chunk) -> Result<Vec<u8>, MirrorError> {
        let mut stored = Vec::new();
        self.read_stored(chunk, &mut stored)?;
        Ok(stored)
    }

    /// Reads a chunk's bytes as they lie in its segment.
    fn read_stored(&self, chunk: &Chunk, stored: &mut Vec<u8>) -> Result<(), MirrorError> {
        let bytes = chunk.stored_bytes();
        let bytes = usize::try_from(bytes).ok().filter(|bytes| *bytes <= CHUNK_BYTES_MAX);
        let bytes = bytes.ok_or_else(|| self.damaged(chunk, "no chunk is so long".to_owned()))?;
        let file = self.segment(chunk.segment, chunk.position)?;
        stored.resize(bytes, 0);
        let mut done = 0;
        while done < bytes {
            let at = chunk.position + done as u64;
            match read_at(&file, &mut stored[done..], at) {
                Ok(0) => return Err(self.truncated(chunk.segment, at)),
                Ok(got) => done += got,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(MirrorError::io("read", &segment_path(&self.folder, chunk.segment))(error)),
            }
        }
        Ok(())
    }

    fn damaged(&self, chunk: &Chunk, what: String) -> MirrorError {
        MirrorError::Damaged { segment: chunk.segment, position: chunk.position, what }
    }

    fn truncated(&self, segment: u32, position: u64) -> MirrorError {
        MirrorError::Damaged { segment, position, what: "the file ends too early".to_owned() }
    }

    /// An open segment; `position` is what is wanted of it.
    fn segment(&self, number: u32, position: u64) -> Result<Arc<File>, MirrorError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = open.get(&number) {
            return Ok(Arc::clone(file));
        }
        let path = segment_path(&self.folder, number);
        let file = match File::open(&path) {
            Ok(file) => Arc::new(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let what = "the file is not there".to_owned();
                return Err(MirrorError::Damaged { segment: number, position, what });
            }
            Err(error) => return Err(MirrorError::io("open", &path)(error)),
        };
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
    folder.join(file_name(number))
}

/// The files of a store's mirror with their lengths; none where there is no mirror yet.
///
/// # Errors
/// What the operating system says.
pub fn files(store: &Path) -> Result<BTreeMap<String, u64>, MirrorError> {
    let folder = folder_of(store);
    let mut files = BTreeMap::new();
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(files),
        entries => entries.map_err(MirrorError::io("look into", &folder))?,
    };
    for entry in entries {
        let entry = entry.map_err(MirrorError::io("look into", &folder))?;
        let bytes = entry.metadata().map_or(0, |metadata| metadata.len());
        files.insert(entry.file_name().to_string_lossy().into_owned(), bytes);
    }
    Ok(files)
}

/// The name of a segment's file.
pub fn file_name(segment: u32) -> String {
    format!("{segment:06}.seg")
}

/// The number of a segment's file.
fn number_of(path: &Path) -> Option<u32> {
    let number = path.file_name()?.to_str()?.strip_suffix(".seg")?.parse().ok()?;
    (path.file_name() == segment_path(Path::new(""), number).file_name()).then_some(number)
}

#[cfg(test)]
mod tests;
