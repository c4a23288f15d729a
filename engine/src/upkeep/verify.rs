//! Is the store whole? Every byte is read and held against its checksum, and what the catalog says against the files.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::UpkeepError;
use crate::catalog::{Catalog, END_BYTES, Generation, GenerationId, Hole, InstanceRow, Why};
use crate::mirror::{Chunk, Mirror, MirrorError};

/// What is wrong with a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Fault {
    /// Bytes of a file cannot be read, or are not what was stored.
    Damaged { instance: String, file: String, offset: u64, bytes: u64, what: String },
    /// They were given up; the next fetch takes them again.
    Wanted { instance: String, file: String, offset: u64, bytes: u64 },
    /// A file's bytes are not named in whole, or are not those of its ends.
    Unfit { instance: String, file: String, what: String },
    /// A segment is shorter than what was committed, or is not there.
    Segment { segment: u32, what: String },
    /// The catalog does not pass its own checks.
    Catalog { what: String },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Damaged { instance, file, offset, bytes, what } => {
                write!(f, "{instance} {file}, {bytes} bytes from byte {offset}: {what}")
            }
            Fault::Wanted { instance, file, offset, bytes } => {
                write!(f, "{instance} {file}, {bytes} bytes from byte {offset}: given up, to be fetched again")
            }
            Fault::Unfit { instance, file, what } => write!(f, "{instance} {file}: {what}"),
            Fault::Segment { segment, what } => write!(f, "segment {segment:06}: {what}"),
            Fault::Catalog { what } => write!(f, "catalog: {what}"),
        }
    }
}

/// What verifying found.
#[derive(Debug, Default, Serialize)]
pub struct Verified {
    /// Bytes of logs that were read.
    pub bytes: u64,
    /// Those of them that have no checksum, because an older program stored them.
    pub unchecked_bytes: u64,
    /// Bytes of damaged chunks that are gone for good: the report calls them gaps.
    pub lost_bytes: u64,
    /// Files of the mirror that nobody needs; the next run removes them.
    pub debris: Vec<String>,
    pub faults: Vec<Fault>,
    /// The chunks behind the faults.
    #[serde(skip)]
    pub damaged: Vec<(GenerationId, Chunk)>,
    /// The segments behind them.
    #[serde(skip)]
    pub short: Vec<u32>,
}

/// Reads everything. `step` is called for every instance.
///
/// # Errors
/// When the catalog cannot be read at all; everything else is a fault that is found.
pub fn verify(catalog: &Catalog, step: &dyn Fn()) -> Result<Verified, UpkeepError> {
    let mut verified = Verified::default();
    verified.faults.extend(catalog.complaints()?.into_iter().map(|what| Fault::Catalog { what }));
    verified.look_at_segments(catalog)?;
    let mirror = Mirror::open(catalog.store());
    for instance in catalog.instances()? {
        let holes = catalog.holes(instance.id)?;
        for generation in catalog.generations(instance.id)? {
            let holes = holes.get(&generation.id).map_or(&[][..], Vec::as_slice);
            let chunks = catalog.chunks(generation.id)?;
            let file = File { instance: &instance, generation: &generation, chunks: &chunks, holes };
            file.verify(&mirror, &mut verified)?;
        }
        step();
    }
    Ok(verified)
}

impl Verified {
    fn look_at_segments(&mut self, catalog: &Catalog) -> Result<(), UpkeepError> {
        let found: BTreeMap<String, u64> = crate::mirror::files(catalog.store())?;
        let mut known = BTreeMap::new();
        for segment in catalog.segments()? {
            let name = crate::mirror::file_name(segment.number);
            let what = match found.get(&name) {
                None => "the file is not there".to_owned(),
                Some(bytes) if *bytes < segment.committed_bytes => {
                    format!("{bytes} bytes, {} were committed", segment.committed_bytes)
                }
                Some(bytes) => {
                    known.insert(name, *bytes > segment.committed_bytes);
                    continue;
                }
            };
            known.insert(name, false);
            if segment.committed_bytes == 0 {
                continue;
            }
            self.short.push(segment.number);
            self.faults.push(Fault::Segment { segment: segment.number, what });
        }
        let is_debris = |name: &&String| known.get(*name).copied().unwrap_or(true);
        self.debris.extend(found.keys().filter(is_debris).cloned());
        Ok(())
    }
}

/// A generation with all that is said of its bytes.
struct File<'a> {
    instance: &'a InstanceRow,
    generation: &'a Generation,
    chunks: &'a [Chunk],
    holes: &'a [Hole],
}

impl File<'_> {
    fn verify(&self, mirror: &Mirror, verified: &mut Verified) -> Result<(), UpkeepError> {
        let faults = verified.faults.len();
        let (instance, file) = (&self.instance.name, &self.generation.path);
        for chunk in self.chunks {
            match mirror.chunk(chunk) {
                Ok(_) => {
                    verified.bytes += chunk.bytes;
                    verified.unchecked_bytes += if chunk.checksum.is_none() { chunk.bytes } else { 0 };
                }
                Err(damage @ (MirrorError::Damaged { .. } | MirrorError::Io { .. })) => {
                    let (instance, file, what) = (instance.clone(), file.clone(), damage.to_string());
                    let (offset, bytes) = (chunk.offset, chunk.bytes);
                    verified.faults.push(Fault::Damaged { instance, file, offset, bytes, what });
                    verified.damaged.push((self.generation.id, *chunk));
                }
                Err(error) => return Err(error.into()),
            }
        }
        for hole in self.holes {
            match hole.why {
                Why::Wanted => verified.faults.push(Fault::Wanted {
                    instance: instance.clone(),
                    file: file.clone(),
                    offset: hole.offset,
                    bytes: hole.bytes,
                }),
                Why::Lost => verified.lost_bytes += hole.bytes,
                Why::Dropped => {}
            }
        }
        let unfit = |what: String| Fault::Unfit { instance: instance.clone(), file: file.clone(), what };
        if let Some(at) = self.uncovered() {
            verified.faults.push(unfit(format!("nothing says where byte {at} of {} is", self.generation.committed)));
        } else if verified.faults.len() == faults
            && self.holes.is_empty()
            && let Some((what, chunks)) = self.strange_end(mirror)?
        {
            verified.faults.push(unfit(format!("its {what} is not what was fetched")));
            verified.damaged.extend(chunks.into_iter().map(|chunk| (self.generation.id, chunk)));
        }
        Ok(())
    }

    /// The first byte that neither a chunk nor a hole covers once.
    fn uncovered(&self) -> Option<u64> {
        let mut spans: Vec<(u64, u64)> = self.chunks.iter().map(|chunk| (chunk.offset, chunk.bytes)).collect();
        spans.extend(self.holes.iter().map(|hole| (hole.offset, hole.bytes)));
        spans.sort_unstable();
        let mut at = 0;
        for (offset, bytes) in spans {
            if offset != at {
                return Some(at);
            }
            at += bytes;
        }
        (at != self.generation.committed).then_some(at)
    }

    /// The end of the file whose hash is another one, with its chunks. Only chunks without a checksum can be to blame.
    fn strange_end(&self, mirror: &Mirror) -> Result<Option<(&'static str, Vec<Chunk>)>, UpkeepError> {
        let Generation { committed, ends, .. } = *self.generation;
        if committed == 0 {
            return Ok(None);
        }
        for (what, from, to, wanted) in [
            ("beginning", 0, ends.head_bytes, ends.head),
            ("end", committed.saturating_sub(END_BYTES), committed, ends.tail),
        ] {
            let mut bytes = Vec::new();
            mirror.reader(self.chunks, from, to)?.read_to_end(&mut bytes).map_err(UpkeepError::Read)?;
            if <[u8; 32]>::from(Sha256::digest(&bytes)) != wanted {
                let meets = |chunk: &&Chunk| chunk.offset < to && from < chunk.end();
                return Ok(Some((what, self.chunks.iter().filter(meets).copied().collect())));
            }
        }
        Ok(None)
    }
}
