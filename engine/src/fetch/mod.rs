//! Fetch: takes from every instance what is new, and nothing else.
//!
//! A run lists each instance (`listing`, from `rest` or `folder`), skips what is unchanged, follows what it knows
//! by a ranged request whose overlap proves that the file was appended to (`append`), and sorts out what does not
//! fit (`reclassify`, `decide`). Compressed files are seen as what they hold (`packed`, `unpack`). Bytes and findings go through one writer (`committer`): to the mirror, synced,
//! then to the catalog. Trouble with an instance is an outcome, never an error; an error is trouble with the store.
//!
//! `foresee` tells what a fetch would do, and `probe` shows one instance in full: both list as a run does, and store
//! nothing. `fleet` keeps the limits of all errands to the fleet.
//!
//! One instance has one request in flight, and as many instances are at work as `concurrency_max` says: that is the
//! limit on requests over the fleet.

mod advice;
mod answer;
mod append;
mod approach;
mod cause;
mod classify;
mod committer;
mod credentials;
mod decide;
mod ends;
mod fetching;
mod fleet;
mod folder;
mod forecast;
mod foresee;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod incoming;
mod index;
mod inventory;
mod listing;
mod mend;
mod name;
mod named;
mod outcome;
mod packed;
mod paged;
mod paging;
mod parts;
mod pinned;
mod pointed;
mod probe;
mod reclassify;
mod rest;
mod retry;
mod room;
mod shape;
mod source;
mod tls;
mod trace;
mod transfer;
mod unpack;
mod visit;

use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Semaphore;

use self::committer::Committer;
use self::fetching::Fetching;
use self::fleet::{Fleet, Plan};
use self::retry::Budget;
use self::room::Room;
use crate::catalog::{Catalog, CatalogError};
use crate::mirror::{MirrorError, StoreLock};
use crate::profile::{FileFilter, NoAccess, Profile};

pub use advice::Advice;
pub use approach::check_access;
pub use cause::{Cause, CauseClass};
pub use forecast::{FileForecast, Prospect};
pub use foresee::{FleetForecast, ForecastTotals, InstanceForecast, Prospects, foresee};
pub use inventory::{ask_inventory, known_fleet};
pub use outcome::{FetchSummary, FileCounts, InstanceOutcome, Totals};
pub use parts::Parts;
pub use probe::{FileSeen, ListingSeen, Probe, probe};
pub use trace::{Answered, Exchange, Header};

/// Memory for bytes under way, over all instances at work.
const PIECES_BYTES_MAX: usize = 64 << 20;

/// A piece is handed to the writer at this size: not smaller, for the calls; not larger, as a chunk's bound.
const PIECE_BYTES: std::ops::RangeInclusive<usize> = (64 << 10)..=(4 << 20);

/// Trouble with the store, or with this machine. An instance never causes one.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    #[error("cannot read back what is stored: {0}")]
    Read(io::Error),
    #[error("cannot start the thread that writes the store: {0}")]
    Thread(io::Error),
    #[error("what the profile asks with cannot be had: {0}")]
    Access(#[from] NoAccess),
    #[error("cannot set up HTTP: {0}; an https address needs the system's certificates, or `ca` in `tls`")]
    Client(reqwest::Error),
    #[error("the inventory names no instances yet: {0}")]
    Inventory(Cause),
    #[error("the thread that writes the store ended without a word")]
    Vanished,
}

/// Sees a fetch go on.
pub trait Progress: Send + Sync {
    /// So many instances will be asked.
    fn started(&self, _instances: usize) {}
    /// An instance is done, whatever came of it. Called in the order in which they end.
    fn instance_done(&self, _outcome: &InstanceOutcome) {}
}

/// Nobody looks.
impl Progress for () {}

/// What all instances of a run share.
struct Context {
    /// The store's folder, for what must lie on a disk for a while.
    folder: PathBuf,
    files: Arc<FileFilter>,
    room: Room,
    decoders: Semaphore,
    committer: Committer,
    budget: Budget,
    piece_bytes: usize,
}

/// Fetches the whole fleet into the store.
///
/// When `stop` completes, no further request is made, what was verified is committed, and the summary of what was
/// done comes back. Dropping the future commits as much, without a summary.
///
/// # Errors
/// Trouble with the store or with this machine. What was committed before stays.
pub async fn fetch(
    profile: &Profile,
    store: &StoreLock,
    progress: &dyn Progress,
    stop: impl Future<Output = ()>,
) -> Result<FetchSummary, FetchError> {
    let mut catalog = Catalog::open(store)?;
    let names: Vec<&str> = profile.instances.iter().map(|instance| instance.name.as_str()).collect();
    let ids = catalog.enrol(&names)?;
    let (committer, finished) = Committer::start(store, catalog)?;
    let plan = Plan::of(profile)?;
    let context = Context {
        folder: store.folder().to_owned(),
        files: Arc::new(profile.files.clone()),
        room: Room::default(),
        decoders: Semaphore::new(packed::DECODERS_MAX),
        committer,
        budget: Budget::for_fleet(profile.instances.len()),
        piece_bytes: (PIECES_BYTES_MAX / plan.at_work_max.max(1)).clamp(*PIECE_BYTES.start(), *PIECE_BYTES.end()),
    };
    progress.started(names.len());
    let done = |outcome: &InstanceOutcome| progress.instance_done(outcome);
    let fleet = Fleet { profile, plan: &plan, errand: Arc::new(Fetching { context, ids }), done: &done };
    let ran = fleet.run(stop).await;
    // Every sender of orders is gone now, so the thread commits what it has and ends.
    finished.await.map_err(|_| FetchError::Vanished)??;
    ran.map(|(instances, stopped)| FetchSummary::new(instances, stopped))
}

#[cfg(test)]
mod tests;
