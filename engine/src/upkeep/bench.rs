//! Where chunks are moved: appended elsewhere, synced, and then named by the catalog, many at a time.

use std::time::Instant;

use super::{TIME_MAX, UpkeepError, Upkept};
use crate::catalog::{Catalog, Move};
use crate::mirror::{Mirror, MirrorError, MirrorWriter, Place, StoreLock};

/// Bytes of a group: as in a fetch.
const GROUP_BYTES_MAX: u64 = 32 << 20;

/// Moves of a group: small files are many, and a transaction should be short.
const GROUP_MOVES_MAX: usize = 4_096;

pub(super) struct Bench<'c> {
    pub catalog: &'c mut Catalog,
    pub mirror: Mirror,
    pub done: Upkept,
    lock: StoreLock,
    /// Opened when something is written: most runs have little to do.
    writer: Option<MirrorWriter>,
    moves: Vec<Move>,
    bytes: u64,
    until: Instant,
    stops: &'c dyn Fn() -> bool,
}

impl<'c> Bench<'c> {
    pub fn new(lock: &StoreLock, catalog: &'c mut Catalog, stops: &'c dyn Fn() -> bool, done: Upkept) -> Bench<'c> {
        let (mirror, lock) = (Mirror::open(lock.folder()), lock.clone());
        Bench {
            catalog,
            mirror,
            done,
            lock,
            writer: None,
            moves: Vec::new(),
            bytes: 0,
            until: Instant::now() + TIME_MAX,
            stops,
        }
    }

    /// Whether there is time for more.
    pub fn has_time(&mut self) -> bool {
        let has_time = Instant::now() < self.until && !(self.stops)();
        self.done.finished &= has_time;
        has_time
    }

    pub fn append(&mut self, bytes: &[u8]) -> Result<Place, UpkeepError> {
        self.bytes += bytes.len() as u64;
        Ok(self.writer()?.append(bytes)?)
    }

    /// Notes a move; it counts after a while.
    pub fn note(&mut self, moved: Move) -> Result<(), UpkeepError> {
        self.moves.push(moved);
        if self.bytes >= GROUP_BYTES_MAX || self.moves.len() >= GROUP_MOVES_MAX {
            self.commit()?;
        }
        Ok(())
    }

    /// Lets all moves count.
    pub fn commit(&mut self) -> Result<(), UpkeepError> {
        if !self.moves.is_empty() {
            let segments = self.writer()?.sync()?;
            self.catalog.relocate(&segments, &self.moves)?;
            self.moves.clear();
            self.bytes = 0;
        }
        Ok(())
    }

    /// Lets nothing more be written to a segment.
    pub fn leave(&mut self, segment: u32) -> Result<(), UpkeepError> {
        let writer = self.writer()?;
        if writer.segment() == Some(segment) {
            writer.begin_segment()?;
        }
        Ok(())
    }

    /// Deletes a segment of which nothing is needed.
    pub fn delete(&mut self, segment: u32, bytes: u64) -> Result<(), UpkeepError> {
        self.catalog.forget_segment(segment)?;
        self.writer()?.remove_segment(segment)?;
        self.done.freed_bytes += bytes;
        Ok(())
    }

    /// Takes what could be read; damage is counted.
    pub fn readable(&mut self, read: Result<Vec<u8>, MirrorError>) -> Result<Option<Vec<u8>>, UpkeepError> {
        match read {
            Ok(bytes) => Ok(Some(bytes)),
            Err(MirrorError::Damaged { .. }) => {
                self.done.damaged_chunks += 1;
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    pub fn finish(mut self) -> Result<Upkept, UpkeepError> {
        self.commit()?;
        Ok(self.done)
    }

    fn writer(&mut self) -> Result<&mut MirrorWriter, UpkeepError> {
        match &mut self.writer {
            Some(writer) => Ok(writer),
            empty => Ok(empty.insert(MirrorWriter::open(&self.lock, &self.catalog.segments()?)?)),
        }
    }
}
