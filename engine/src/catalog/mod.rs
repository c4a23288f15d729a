//! The catalog: one SQLite file in the store that says what is known.
//!
//! `fetched` holds instances, generations and where their bytes lie; `change` writes what a fetch found, `kept` what
//! upkeep makes of it, `analysed` and `partials` what the analysis found. The whole
//! SQL of the engine is in this folder. Several catalogs may be open at a time, each one connection: SQLite's
//! write-ahead log lets readers go on while one writes.
//!
//! A write is durable when its function returns (`synchronous = FULL`), and is seen as a whole or not at all.

mod analysed;
mod change;
mod dropped;
mod fetched;
mod holes;
mod inventory;
mod kept;
mod partials;
mod peek;
mod summary;

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use crate::mirror::StoreLock;

pub use analysed::{Analysed, Day, Scan, Update};
pub use change::{Change, Group, Outcome};
pub use holes::{Hole, Why};
pub use inventory::KeptInventory;
pub use kept::{Counts, Move, SegmentUse};
pub use partials::Partial;
pub use summary::{Loss, Summary};

pub use fetched::{
    Digest, END_BYTES, Ends, Facts, Gap, Generation, GenerationId, InstanceId, InstanceRow, PathRow, Reach,
};

/// One step each; a store's version is the number of steps that it has taken.
const MIGRATIONS: [&str; 9] = [
    fetched::SCHEMA,
    analysed::SCHEMA,
    fetched::SEEN,
    kept::SCHEMA,
    inventory::SCHEMA,
    holes::SCHEMA,
    analysed::SHAPE,
    fetched::MOVED,
    partials::BY_ROWS,
];

/// A reader's transaction is short, a writer's group takes tens of milliseconds: ten seconds means a stuck process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Prepared statements that a connection keeps: more than there are in this folder.
const STATEMENTS_MAX: usize = 64;

/// What can go wrong with the catalog.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The file cannot be opened, or is no catalog.
    #[error("cannot open the catalog {}: {source}", path.display())]
    Open { path: PathBuf, source: io::Error },
    /// Nothing was ever fetched into this store.
    #[error("{} holds no catalog: nothing was fetched into this store yet", store.display())]
    Missing { store: PathBuf },
    /// A newer LogParser wrote the store.
    #[error(
        "the catalog {} has version {found}, this program knows up to {known}: use the newer program that wrote it",
        path.display()
    )]
    Newer { path: PathBuf, found: usize, known: usize },
    /// An older LogParser wrote the store, and nothing may be written now.
    #[error(
        "the catalog {} has version {found}, this program reads {known}: fetch once, which brings it up to date",
        path.display()
    )]
    Older { path: PathBuf, found: usize, known: usize },
    /// A statement failed.
    #[error("the catalog failed while {doing}: {source}")]
    Sql { doing: &'static str, source: io::Error },
    /// A change does not fit what is stored. The store was written by something else, or the engine has a fault.
    #[error("the catalog does not fit what was fetched: {what}")]
    Unfit { what: String },
}

/// Names what was being done, for `map_err`.
fn sql(doing: &'static str) -> impl FnOnce(rusqlite::Error) -> CatalogError {
    move |source| CatalogError::Sql { doing, source: in_kind(source) }
}

/// SQLite's word for what a disk refused, as the kind that the operating system's own errors have.
fn in_kind(error: rusqlite::Error) -> io::Error {
    let kind = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => ErrorKind::StorageFull,
        Some(ErrorCode::ReadOnly) => ErrorKind::ReadOnlyFilesystem,
        _ => ErrorKind::Other,
    };
    io::Error::new(kind, error)
}

/// One connection to a store's catalog.
#[derive(Debug)]
pub struct Catalog {
    store: PathBuf,
    connection: Connection,
    _lock: Option<StoreLock>,
}

impl Catalog {
    /// Opens the catalog for writing; creates it, or brings it up to this program's version.
    ///
    /// # Errors
    /// [`CatalogError::Newer`] when a newer program wrote the store, [`CatalogError::Open`] when the file cannot be
    /// used.
    pub fn open(lock: &StoreLock) -> Result<Catalog, CatalogError> {
        let path = path_of(lock.folder());
        let opened = |source| CatalogError::Open { path: path.clone(), source: in_kind(source) };
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let mut connection = connect(&path, flags).map_err(opened)?;
        // Pages of a new catalog: partials come and go by the thousand, and larger ones take fewer writes.
        connection
            .execute_batch(
                "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                 PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 2000;",
            )
            .map_err(opened)?;
        migrate(&mut connection, &path)?;
        Ok(Catalog { store: lock.folder().to_owned(), connection, _lock: Some(lock.clone()) })
    }

    /// Opens the catalog of the store in this folder for reading only; another process may be writing.
    ///
    /// # Errors
    /// [`CatalogError::Missing`] when there is none, [`CatalogError::Newer`] when a newer program wrote the store.
    pub fn open_to_read(store: &Path) -> Result<Catalog, CatalogError> {
        let path = path_of(store);
        if !path.exists() {
            return Err(CatalogError::Missing { store: store.to_owned() });
        }
        let opened = |source| CatalogError::Open { path: path.clone(), source: in_kind(source) };
        let connection = connect(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(opened)?;
        let found = version(&connection).map_err(opened)?;
        refuse_newer(&path, found)?;
        Ok(Catalog { store: store.to_owned(), connection, _lock: None })
    }

    /// The store's folder.
    pub fn store(&self) -> &Path {
        &self.store
    }

    /// Grows with every transaction that changed what was fetched: equal numbers mean equal logs.
    pub fn epoch(&self) -> Result<u64, CatalogError> {
        self.connection
            .query_row("SELECT value FROM meta WHERE key = 'epoch'", [], |row| row.get(0))
            .map_err(sql("reading the epoch"))
    }

    /// Runs `work` in one durable transaction; an error leaves no trace.
    fn write<T>(
        &mut self,
        doing: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, CatalogError>,
    ) -> Result<T, CatalogError> {
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sql(doing))?;
        let value = work(&transaction)?;
        transaction.commit().map_err(sql(doing))?;
        Ok(value)
    }
}

/// Opens a connection for one thread at a time.
fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // Plans do not depend on what is bound: without this, SQLite compiles a statement anew for every binding.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    Ok(connection)
}

fn path_of(store: &Path) -> PathBuf {
    store.join("catalog.sqlite")
}

fn version(connection: &Connection) -> rusqlite::Result<usize> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

fn refuse_newer(path: &Path, found: usize) -> Result<(), CatalogError> {
    if found > MIGRATIONS.len() {
        return Err(CatalogError::Newer { path: path.to_owned(), found, known: MIGRATIONS.len() });
    }
    Ok(())
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), CatalogError> {
    let failed = |source| CatalogError::Open { path: path.to_owned(), source: in_kind(source) };
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let found = version(&transaction).map_err(failed)?;
    refuse_newer(path, found)?;
    for step in &MIGRATIONS[found..] {
        transaction.execute_batch(step).map_err(failed)?;
    }
    if found < MIGRATIONS.len() {
        transaction.pragma_update(None, "user_version", MIGRATIONS.len()).map_err(failed)?;
    }
    transaction.commit().map_err(failed)
}

#[cfg(test)]
mod tests;
