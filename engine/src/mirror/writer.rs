//! The writing side of the mirror.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::{MirrorError, SEGMENT_BYTES_MAX, Segment, StoreLock, folder_of, number_of, segment_path};
use crate::fault;

/// Where appended bytes went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub segment: u32,
    pub position: u64,
}

/// Appends to the newest segment. After any error it must be dropped: the file's end is then unknown.
#[derive(Debug)]
pub struct MirrorWriter {
    folder: PathBuf,
    current: Option<Current>,
    number_next: u32,
    /// Lengths to commit after the next sync.
    lengths: BTreeMap<u32, u64>,
    bytes_max: u64,
    _lock: StoreLock,
}

#[derive(Debug)]
struct Current {
    number: u32,
    file: File,
    bytes: u64,
}

impl MirrorWriter {
    /// Opens the mirror for writing, and cuts off what a crash left behind the committed lengths. A segment that lost
    /// bytes is left alone: what was in it shows as damaged when it is read.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn open(lock: &StoreLock, segments: &[Segment]) -> Result<MirrorWriter, MirrorError> {
        Self::with_segment_bytes_max(lock, segments, SEGMENT_BYTES_MAX)
    }

    pub(super) fn with_segment_bytes_max(
        lock: &StoreLock,
        segments: &[Segment],
        bytes_max: u64,
    ) -> Result<MirrorWriter, MirrorError> {
        let folder = folder_of(lock.folder());
        fs::create_dir_all(&folder).map_err(MirrorError::io("create", &folder))?;
        sync_folder(lock.folder())?;
        let newest = segments.iter().max_by_key(|segment| segment.number);
        delete_debris(&folder, segments)?;
        let mut current = None;
        for segment in segments {
            let whole = cut_debris(&segment_path(&folder, segment.number), segment.committed_bytes)?;
            if whole && Some(segment) == newest && segment.committed_bytes < bytes_max {
                current = Some(Current::open(&folder, segment)?);
            }
        }
        Ok(MirrorWriter {
            folder,
            current,
            number_next: newest.map_or(1, |segment| segment.number + 1),
            lengths: BTreeMap::new(),
            bytes_max,
            _lock: lock.clone(),
        })
    }

    /// Appends bytes. They are durable after [`MirrorWriter::sync`].
    pub fn append(&mut self, bytes: &[u8]) -> Result<Place, MirrorError> {
        if self.current.as_ref().is_some_and(|current| current.bytes >= self.bytes_max) {
            self.sync_current()?;
            self.current = None;
        }
        let current = match &mut self.current {
            Some(current) => current,
            empty => {
                let created = Current::create(&self.folder, self.number_next)?;
                self.number_next += 1;
                empty.insert(created)
            }
        };
        let path = || segment_path(&self.folder, current.number);
        let written = current.file.write_all(bytes).and_then(|()| fault::step("after-segment-write"));
        written.map_err(|source| MirrorError::io("write", &path())(source))?;
        let place = Place { segment: current.number, position: current.bytes };
        current.bytes += bytes.len() as u64;
        self.lengths.insert(current.number, current.bytes);
        Ok(place)
    }

    /// The segment that takes the next bytes, where one is open.
    pub fn segment(&self) -> Option<u32> {
        self.current.as_ref().map(|current| current.number)
    }

    /// Leaves the segment at that: what comes next goes into a new one.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn begin_segment(&mut self) -> Result<(), MirrorError> {
        self.sync_current()?;
        self.current = None;
        Ok(())
    }

    /// Deletes the file of a segment of which the catalog knows nothing any more. One that is not there is no error.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn remove_segment(&self, number: u32) -> Result<(), MirrorError> {
        let path = segment_path(&self.folder, number);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(MirrorError::io("delete", &path)(error)),
            _ => Ok(()),
        }
    }

    /// Makes everything that was appended durable, and returns the segments' lengths for the catalog to commit.
    pub fn sync(&mut self) -> Result<Vec<Segment>, MirrorError> {
        if self.lengths.is_empty() {
            return Ok(Vec::new());
        }
        self.sync_current()?;
        let lengths = std::mem::take(&mut self.lengths);
        Ok(lengths.into_iter().map(|(number, committed_bytes)| Segment { number, committed_bytes }).collect())
    }

    fn sync_current(&self) -> Result<(), MirrorError> {
        let Some(current) = &self.current else {
            return Ok(());
        };
        let path = segment_path(&self.folder, current.number);
        let synced = current.file.sync_data().and_then(|()| fault::step("after-segment-sync"));
        synced.map_err(MirrorError::io("sync", &path))
    }
}

impl Current {
    fn open(folder: &Path, segment: &Segment) -> Result<Current, MirrorError> {
        let path = segment_path(folder, segment.number);
        let mut file = File::options().write(true).open(&path).map_err(MirrorError::io("open", &path))?;
        file.seek(SeekFrom::Start(segment.committed_bytes)).map_err(MirrorError::io("seek in", &path))?;
        Ok(Current { number: segment.number, file, bytes: segment.committed_bytes })
    }

    /// A file of this number that the catalog does not know is debris of a crash: it is overwritten.
    fn create(folder: &Path, number: u32) -> Result<Current, MirrorError> {
        let path = segment_path(folder, number);
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)
            .map_err(MirrorError::io("create", &path))?;
        sync_folder(folder)?;
        fault::step("after-segment-create").map_err(MirrorError::io("create", &path))?;
        Ok(Current { number, file, bytes: 0 })
    }
}

/// Deletes segments that upkeep gave up, where a crash came in between: older than the newest one, and unknown.
fn delete_debris(folder: &Path, known: &[Segment]) -> Result<(), MirrorError> {
    let failed = || MirrorError::io("look into", folder);
    let newest = known.iter().map(|segment| segment.number).max().unwrap_or(0);
    for entry in fs::read_dir(folder).map_err(failed())? {
        let path = entry.map_err(failed())?.path();
        let given_up = |number: &u32| *number < newest && known.iter().all(|segment| segment.number != *number);
        if number_of(&path).filter(given_up).is_some() {
            fs::remove_file(&path).map_err(MirrorError::io("delete", &path))?;
        }
    }
    Ok(())
}

/// Whether the file has all that was committed.
fn cut_debris(path: &Path, committed_bytes: u64) -> Result<bool, MirrorError> {
    let found_bytes = match fs::metadata(path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(MirrorError::io("look at", path)(error)),
    };
    if found_bytes > committed_bytes {
        let file = File::options().write(true).open(path).map_err(MirrorError::io("open", path))?;
        file.set_len(committed_bytes).map_err(MirrorError::io("shorten", path))?;
    }
    Ok(found_bytes >= committed_bytes)
}

/// A new file is durable only when its folder is.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> Result<(), MirrorError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(MirrorError::io("sync", folder))
}

/// Windows syncs a folder's entry with the file.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> Result<(), MirrorError> {
    Ok(())
}
