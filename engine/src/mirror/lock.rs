//! The lock of a store: one process writes at a time.
//!
//! The lock is the operating system's, on the file `lock`, and goes with the process that holds it, however that ends.
//! What stands in the file is only a courtesy to whoever comes second: who holds the lock, as one line of JSON.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Local, Utc};
use logparser_reports::format::{duration, visible};
use serde::{Deserialize, Serialize};

/// A longer command line is cut: it only has to be recognised.
const COMMAND_CHARS_MAX: usize = 200;

/// The right to write to a store, held until the last clone is dropped or the process ends, however it ends.
#[derive(Debug, Clone)]
pub struct StoreLock {
    folder: PathBuf,
    _held: Arc<Held>,
}

/// The locked file.
#[derive(Debug)]
struct Held(File);

impl Drop for Held {
    fn drop(&mut self) {
        // Where it cannot be emptied, it names a process that holds no lock any more: nobody reads it then.
        let _ = self.0.set_len(0);
    }
}

/// Who holds a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process, by its id on its machine.
    pub process: u32,
    /// The machine, by its own name: a store may lie on a disk that several of them share.
    pub machine: String,
    /// Its command line.
    pub command: String,
    pub since: DateTime<Utc>,
}

/// Why a store could not be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process is writing.
    #[error("the store {} is in use by {}", folder.display(), named(holder.as_ref()))]
    Held { folder: PathBuf, holder: Option<Holder> },
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
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Held { folder: store.to_owned(), holder: Holder::of(&path) });
            }
            Err(TryLockError::Error(source)) => return Err(failed("lock", &path)(source)),
        }
        let held = Held(file);
        held.sign().map_err(failed("write", &path))?;
        Ok(StoreLock { folder: store.to_owned(), _held: Arc::new(held) })
    }

    /// The store's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Held {
    fn sign(&self) -> io::Result<()> {
        let holder = serde_json::to_string(&Holder::this_process()).map_err(io::Error::other)?;
        self.0.set_len(0)?;
        writeln!(&self.0, "{holder}")
    }
}

impl Holder {
    fn this_process() -> Holder {
        let machine = gethostname::gethostname().to_string_lossy().into_owned();
        Holder { process: std::process::id(), machine, command: command(std::env::args_os()), since: Utc::now() }
    }

    /// Who holds the lock of a store. Where a locked file cannot be read (Windows), it stays unnamed; so does who has
    /// only just taken the lock, or is about to give it back.
    fn of(lock: &Path) -> Option<Holder> {
        serde_json::from_str(&fs::read_to_string(lock).ok()?).ok()
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Holder { process, machine, command, since } = self;
        let local = since.with_timezone(&Local).format("%Y-%m-%d %H:%M:%S %:z");
        let (machine, command) = (visible(machine), visible(command));
        write!(f, "process {process} on {machine} (`{command}`) since {local}")?;
        // Clocks of two machines may disagree, too.
        match (Utc::now() - *since).num_seconds() {
            ..=0 => Ok(()),
            seconds => write!(f, ", {} ago", duration(seconds as f64 * 1000.0)),
        }
    }
}

fn named(holder: Option<&Holder>) -> String {
    holder.map_or_else(|| "another process".to_owned(), Holder::to_string)
}

/// A command line as a person would type it, without the program's folder.
fn command(words: impl Iterator<Item = std::ffi::OsString>) -> String {
    let word = |(index, word): (usize, std::ffi::OsString)| {
        let program = Path::new(&word).file_name().filter(|_| index == 0).map(ToOwned::to_owned);
        let word = program.unwrap_or(word).to_string_lossy().into_owned();
        if word.contains(char::is_whitespace) { format!("\"{word}\"") } else { word }
    };
    let words: Vec<String> = words.enumerate().map(word).collect();
    words.join(" ").chars().take(COMMAND_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::{Holder, command};

    #[test]
    fn a_holder_is_told_with_its_machine_command_and_time() {
        let now = Holder::this_process();
        let told = now.to_string();
        for part in [format!("process {} on {} (`", now.process, now.machine), "`) since 2".to_owned()] {
            assert!(told.contains(&part), "{told}");
        }
        for (minutes, end) in [(-3, ", 3 min ago"), (0, ""), (60, "")] {
            let since = now.since + chrono::Duration::minutes(minutes);
            let told = Holder { since, ..now.clone() }.to_string();
            assert!(told.ends_with(end) && told.contains(" ago") != end.is_empty(), "{told}");
        }
    }

    #[test]
    fn a_command_line_is_short_and_without_folders() {
        let words = ["/usr/bin/logparser", "run", "--period", "7 days"].map(Into::into).into_iter();
        assert_eq!(command(words), "logparser run --period \"7 days\"");
        let long = vec!["x".repeat(500).into()].into_iter();
        assert_eq!(command(long).len(), 200);
    }
}
