//! How large the store is, and of what.

use std::fs;
use std::path::Path;

use serde::Serialize;

use super::{Terms, UpkeepError, droppable_bytes};
use crate::catalog::{Catalog, Counts};

/// Sizes of a store, in bytes.
#[derive(Debug, Serialize)]
pub struct Sizes {
    /// The logs, as they came.
    pub logs_bytes: u64,
    /// Of these, the ones that are sealed, and what they take.
    pub sealed_bytes: u64,
    pub packed_bytes: u64,
    /// Of the logs, what the next upkeep drops.
    pub droppable_bytes: u64,
    /// All segments: what is needed of them, and what is dead.
    pub live_bytes: u64,
    pub dead_bytes: u64,
    pub segments: Vec<SegmentSize>,
    pub catalog_bytes: u64,
    pub compiled_bytes: u64,
    #[serde(flatten)]
    pub counts: Counts,
}

/// One file of the mirror.
#[derive(Debug, Serialize)]
pub struct SegmentSize {
    pub segment: u32,
    pub bytes: u64,
    pub live_bytes: u64,
    /// What the live bytes hold, as text.
    pub logs_bytes: u64,
}

/// Measures a store.
///
/// # Errors
/// Trouble with the catalog.
pub fn sizes(catalog: &Catalog, terms: &Terms<'_>) -> Result<Sizes, UpkeepError> {
    let segments: Vec<SegmentSize> = catalog
        .segments_in_use()?
        .into_iter()
        .map(|one| SegmentSize {
            segment: one.number,
            bytes: one.committed_bytes,
            live_bytes: one.live_bytes,
            logs_bytes: one.text_bytes,
        })
        .collect();
    let sum = |part: fn(&SegmentSize) -> u64| segments.iter().map(part).sum::<u64>();
    let live_bytes = sum(|one| one.live_bytes);
    let (sealed_bytes, packed_bytes) = catalog.sealed()?;
    let store = catalog.store();
    let catalog_files = ["catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-shm"];
    Ok(Sizes {
        logs_bytes: sum(|one| one.logs_bytes),
        sealed_bytes,
        packed_bytes,
        droppable_bytes: droppable_bytes(catalog, terms)?,
        live_bytes,
        dead_bytes: sum(|one| one.bytes).saturating_sub(live_bytes),
        catalog_bytes: catalog_files.iter().map(|name| length(&store.join(name))).sum(),
        compiled_bytes: folder_length(&store.join("compiled")),
        counts: catalog.counts()?,
        segments,
    })
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

fn folder_length(folder: &Path) -> u64 {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| length(&entry.path())).sum()
}
