//! One instance as the analysis sees it.

use std::collections::BTreeMap;
use std::io;

use chrono_tz::Tz;
use sha2::{Digest as _, Sha256};

use super::stream::Lane;
use crate::catalog::{Catalog, CatalogError, Day, GenerationId, InstanceId};
use crate::mirror::{Mirror, MirrorError, MirrorReader};
use crate::normalise::{Normaliser, Records, Start};

/// An instance, with all that its analysis depends on.
#[derive(Clone)]
pub struct Job<'a> {
    /// Position in the fleet.
    pub position: usize,
    pub name: &'a str,
    pub instance: InstanceId,
    /// Number and digest of what shapes its records.
    pub layout: i64,
    pub layout_digest: [u8; 32],
    /// Zone of log times that carry none, where it is that of the instance.
    pub zone: Option<Tz>,
    pub tags: &'a [String],
    /// Zone of its days, and whether its times may tell another offset.
    pub days: (Tz, bool),
    /// The works of the plugins, by their position.
    pub works: &'a [i64],
    pub normaliser: &'a Normaliser,
    pub mirror: &'a Mirror,
}

/// Trouble with the store: the analysis cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    #[error("cannot read the mirror: {0}")]
    Read(io::Error),
}

impl From<io::Error> for Problem {
    /// What the mirror says comes through everything that reads it.
    fn from(error: io::Error) -> Self {
        match error.downcast::<MirrorError>() {
            Ok(error) => Self::Mirror(error),
            Err(error) => Self::Read(error),
        }
    }
}

impl Job<'_> {
    /// Starts to read a lane, up to a byte.
    ///
    /// # Errors
    /// Trouble with the store.
    pub fn open(&self, catalog: &Catalog, lane: &Lane, to: u64) -> Result<Records<'_, MirrorReader<'_>>, Problem> {
        let chunks = catalog.chunks(lane.generation)?;
        let reader = self.mirror.reader(&chunks, lane.from, to)?;
        Ok(self.normaliser.open(reader, self.start(lane, to)))
    }

    /// Whether a lane begins with a line that joins the record before it, or may do so once it is whole.
    ///
    /// # Errors
    /// Trouble with the store.
    pub fn continues(&self, catalog: &Catalog, lane: &Lane) -> Result<bool, Problem> {
        let chunks = catalog.chunks(lane.generation)?;
        let reader = self.mirror.reader(&chunks, lane.from, lane.to)?;
        Ok(self.normaliser.continues(reader, self.start(lane, lane.to))?)
    }

    fn start(&self, lane: &Lane, to: u64) -> Start {
        Start {
            zone: self.zone,
            offset: lane.from,
            counted: lane.counted,
            latest: lane.key,
            seen: lane.seen_us,
            closed: lane.closed && to == lane.to,
            formats: lane.formats,
            shape: lane.shape,
        }
    }

    /// Digest of the records that a day's partials cover.
    pub fn coverage(&self, ranges: &BTreeMap<GenerationId, Day>) -> i64 {
        let mut digest = Sha256::new();
        digest.update(self.layout_digest);
        for (generation, range) in ranges {
            for number in [generation.0.cast_unsigned(), range.first_offset, range.end_offset] {
                digest.update(number.to_le_bytes());
            }
        }
        let bytes = digest.finalize();
        i64::from_le_bytes(bytes[..8].try_into().expect("a digest has more than 8 bytes"))
    }
}
