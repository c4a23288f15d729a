//! The lock of a store: one process writes at a time.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The right to write to a store, held until the last clone is dropped or the process ends, however it ends.
#[derive(Debug, Clone)]
pub struct StoreLock {
    folder: PathBuf,
    _file: Arc<File>,
}

/// Why a store could not be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process is writing.
    #[error("the store {} is in use by {holder}; wait until it is done, or stop it", folder.display())]
    Held { folder: PathBuf, holder: String },
    /// The folder or its lock file cannot be used.
    #[error("cannot {action} {}: {source}", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
}

impl StoreLock {
    /// Locks the store in this folder, which is created when it is missing.
    ///
    /// # Errors
    /// [`LockError::Held`] at once when another process holds the lock; [`LockError::Io`] when the folder cannot be
    /// written.
    pub fn acquire(store: &Path) -> Result<StoreLock, LockError> {
        let failed = |action, path: &Path| {
            let path = path.to_owned();
            move |source| LockError::Io { action, path, source }
        };
        fs::create_dir_all(store).map_err(failed("create", store))?;
        let path = store.join("lock");
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Held { folder: store.to_owned(), holder: holder(&path) });
            }
            Err(TryLockError::Error(source)) => return Err(failed("lock", &path)(source)),
        }
        // Only a courtesy to whoever comes second; the lock itself is the operating system's.
        file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(failed("write", &path))?;
        Ok(StoreLock { folder: store.to_owned(), _file: Arc::new(file) })
    }

    /// The store's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Who holds the lock. Where a locked file cannot be read (Windows), it stays unnamed.
fn holder(path: &Path) -> String {
    fs::read_to_string(path)
        .ok()
        .and_then(|text| text.trim().parse::<u32>().ok())
        .map_or_else(|| "another process".to_owned(), |id| format!("process {id}"))
}
