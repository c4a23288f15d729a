//! Files and folders, with the place in everything that goes wrong.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A file or folder that the system refuses.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {source}", path.display())]
pub struct DiskFault {
    pub action: &'static str,
    pub path: PathBuf,
    pub source: io::Error,
}

/// Puts the place into an I/O error.
pub trait Named<T> {
    /// Says that `action` on `path` failed.
    ///
    /// # Errors
    /// The same as before, with its place.
    fn named(self, action: &'static str, path: &Path) -> Result<T, DiskFault>;
}

impl<T> Named<T> for io::Result<T> {
    fn named(self, action: &'static str, path: &Path) -> Result<T, DiskFault> {
        self.map_err(|source| DiskFault { action, path: path.to_owned(), source })
    }
}

/// Paths of all entries of a folder, in the order of their names.
///
/// # Errors
/// A folder that cannot be listed.
pub fn sorted_entries(folder: &Path) -> Result<Vec<PathBuf>, DiskFault> {
    let entries = fs::read_dir(folder).named("list", folder)?;
    let mut paths =
        entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>().named("list", folder)?;
    paths.sort();
    Ok(paths)
}

/// The last part of a path, as text.
#[must_use]
pub fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
