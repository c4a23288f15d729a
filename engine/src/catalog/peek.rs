//! Peeking into a store without leaving a trace there: for commands that store nothing.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rusqlite::OpenFlags;

use super::{Catalog, CatalogError, MIGRATIONS, connect, in_kind, path_of, refuse_newer, version};

/// A catalog that changes while it is peeked at is peeked at again, this often; then beside its writer.
const PEEKS_MAX: usize = 3;

/// What of a path a URI takes as it is.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.');

/// What tells that a catalog at rest was written to.
type Rest = (u64, Option<SystemTime>);

impl Catalog {
    /// Reads from the catalog of the store in this folder; `None` when there is none. Nothing is written, no lock is
    /// taken. A catalog at rest is read as it lies: an ordinary reader would leave the files of its log behind. One
    /// that is being written, or was left by a kill, is read through its log.
    ///
    /// # Errors
    /// [`CatalogError::Newer`] or [`CatalogError::Older`] when another program wrote the store; `read` failed.
    pub fn peek<T>(
        store: &Path,
        read: impl Fn(&Catalog) -> Result<T, CatalogError>,
    ) -> Result<Option<T>, CatalogError> {
        for _ in 0..PEEKS_MAX {
            let Some(before) = at_rest(store) else { break };
            let peeked = Catalog::as_it_lies(store).and_then(|catalog| read(&catalog));
            if at_rest(store) == Some(before) {
                return peeked.map(Some);
            }
        }
        if !path_of(store).exists() {
            return Ok(None);
        }
        let catalog = Catalog::open_to_read(store)?;
        catalog.refuse_older()?;
        read(&catalog).map(Some)
    }

    fn as_it_lies(store: &Path) -> Result<Catalog, CatalogError> {
        let path = path_of(store);
        let opened = |source| CatalogError::Open { path: path.clone(), source: in_kind(source) };
        let absolute = std::path::absolute(&path).unwrap_or_else(|_| path.clone());
        let text = absolute.to_string_lossy().replace('\\', "/");
        let slash = if text.starts_with('/') { "" } else { "/" };
        let uri = format!("file:{slash}{}?immutable=1", utf8_percent_encode(&text, PATH));
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        let connection = connect(Path::new(&uri), flags).map_err(opened)?;
        refuse_newer(&path, version(&connection).map_err(opened)?)?;
        let catalog = Catalog { store: store.to_owned(), connection, _lock: None };
        catalog.refuse_older()?;
        Ok(catalog)
    }

    /// A reader cannot bring a store up to date.
    ///
    /// # Errors
    /// [`CatalogError::Older`] when an older program wrote the store.
    pub fn refuse_older(&self) -> Result<(), CatalogError> {
        let path = path_of(&self.store);
        let opened = |source| CatalogError::Open { path: path.clone(), source: in_kind(source) };
        let found = version(&self.connection).map_err(opened)?;
        if found < MIGRATIONS.len() {
            return Err(CatalogError::Older { path, found, known: MIGRATIONS.len() });
        }
        Ok(())
    }
}

/// The state of a catalog that nobody has open for writing; `None` when somebody has, or when there is none.
fn at_rest(store: &Path) -> Option<Rest> {
    let path = path_of(store);
    let metadata = fs::metadata(&path).ok()?;
    let mut log = path.into_os_string();
    log.push("-wal");
    (!Path::new(&log).exists() && path_of(store).to_str().is_some()).then(|| (metadata.len(), metadata.modified().ok()))
}
