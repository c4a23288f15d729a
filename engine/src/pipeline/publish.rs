//! Publishes a report: every file whole or not at all.
//!
//! All files are written beside their places and synced, and only then renamed, so that a disk without room leaves the
//! report of before as it is. A file that is being written is locked: one that is not is debris of a crash, and goes.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use logparser_reports::{ComposeError, Report};

use crate::fault;

/// What keeps a report from being published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// A template is wrong.
    #[error("cannot compose the report: {0}")]
    Compose(#[from] ComposeError),
    /// A file cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
}

/// Writes `report.html` and `report.json` into the folder, and gives their paths.
///
/// # Errors
/// [`PublishError`]; what was published before stays.
pub fn publish(report: &Report, folder: &Path) -> Result<Vec<PathBuf>, PublishError> {
    let files = [("report.html", logparser_reports::html(report)?), ("report.json", logparser_reports::json(report))];
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| PublishError::Write { path, source }
    };
    fs::create_dir_all(folder).map_err(failed(folder))?;
    sweep(folder);
    let mut parts = Vec::new();
    for (name, text) in files {
        let path = folder.join(name);
        let part = Part::write(&path, text.as_bytes()).map_err(failed(&path))?;
        parts.push((part, path));
    }
    let publish = |(part, path): (Part, PathBuf)| part.rename(&path).map_err(failed(&path)).map(|()| path);
    parts.into_iter().map(publish).collect()
}

/// A file that is written, and has not its name yet. Unless it gets it, it goes.
struct Part {
    path: PathBuf,
    file: File,
}

impl Part {
    fn write(path: &Path, bytes: &[u8]) -> io::Result<Part> {
        let path = path.with_added_extension(format!("{}.{PART}", std::process::id()));
        let file = File::create(&path)?;
        // Where files cannot be locked, none is taken for debris either.
        let _ = file.lock();
        let mut part = Part { path, file };
        part.file.write_all(bytes)?;
        fault::step("after-report-write")?;
        part.file.sync_all()?;
        Ok(part)
    }

    fn rename(self, path: &Path) -> io::Result<()> {
        fault::step("before-report-rename")?;
        fs::rename(&self.path, path)?;
        fault::point("after-report-rename");
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // It is not there any more where it was renamed; where it cannot go now, the next run sweeps it.
        let _ = fs::remove_file(&self.path);
    }
}

/// What a part's name ends with.
const PART: &str = "part";

/// Removes parts that nobody writes any more. Those that cannot be removed do no harm.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_report = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("report."));
        let is_part = path.extension().is_some_and(|extension| extension == PART);
        if is_report && is_part && File::open(&path).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = fs::remove_file(&path);
        }
    }
}
