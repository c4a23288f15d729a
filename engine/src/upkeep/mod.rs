//! Upkeep of the store, after a run: what is older than the profile keeps is dropped, what rests is sealed, and what
//! is dead gives its room back. Beside it, what can
//! be asked of a store: how large it is (`sizes`), and whether it is whole (`verify`).
//!
//! Everything is done as a fetch does it: bytes are appended and synced, then one transaction says that they count,
//! and only then is what they replace given up. A kill leaves what was, or what is to be. The time of a run is
//! bounded; what was not done is done after the next one.

mod bench;
mod compact;
mod retention;
mod seal;
mod sizes;
mod verify;

use std::io;
use std::time::Duration;

use self::bench::Bench;
use crate::catalog::{Catalog, CatalogError};
use crate::mirror::{MirrorError, StoreLock};
use crate::profile::Keep;

pub use retention::{droppable, droppable_bytes};
pub use sizes::{SegmentSize, Sizes, sizes};
pub use verify::{Fault, Verified, verify};

/// A first run over a large store has gigabytes to seal: 20 of them a minute, while someone may be waiting for the
/// next report. What is new in an hour takes less than a second.
const TIME_MAX: Duration = Duration::from_secs(60);

/// What did not grow for a day was rotated, or is idle: a file that is written to is so at least once a working day.
const REST_US: i64 = 24 * 3_600 * 1_000_000;

/// Trouble with the store.
#[derive(Debug, thiserror::Error)]
pub enum UpkeepError {
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    #[error("cannot read the mirror: {0}")]
    Read(io::Error),
    #[error("cannot pack: {0}")]
    Pack(io::Error),
}

/// What upkeep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Upkept {
    /// Bytes of logs that were sealed.
    pub sealed_bytes: u64,
    /// Bytes that they take now.
    pub packed_bytes: u64,
    /// Bytes of segments that were deleted.
    pub freed_bytes: u64,
    /// What was dropped for its age: bytes of logs, partials, instances.
    pub dropped_bytes: u64,
    pub dropped_partials: u64,
    pub dropped_instances: u64,
    /// Chunks that could not be read: `store verify` names them.
    pub damaged_chunks: u64,
    /// Whether there was time for everything.
    pub finished: bool,
}

/// What a store is kept by.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    pub keep: &'a Keep,
    /// Names of the profile's instances, in their order.
    pub fleet: &'a [&'a str],
    /// The local clock, µs since 1970 UTC.
    pub now_us: i64,
}

/// Does what there is to do, until it takes too long or someone asks to stop.
///
/// # Errors
/// Trouble with the store; damage in it is only counted.
pub fn upkeep(
    lock: &StoreLock,
    catalog: &mut Catalog,
    terms: &Terms<'_>,
    stops: &dyn Fn() -> bool,
) -> Result<Upkept, UpkeepError> {
    let mut dropped = Upkept { finished: true, ..Upkept::default() };
    retention::retain(catalog, terms, &mut dropped)?;
    let mut bench = Bench::new(lock, catalog, stops, dropped);
    seal::seal_all(&mut bench, terms.now_us - REST_US)?;
    compact::compact(&mut bench)?;
    bench.finish()
}

#[cfg(test)]
mod tests;
