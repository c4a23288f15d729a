//! Publishes a report: every file whole or not at all.

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
    #[error("cannot write {}: {cause}", path.display())]
    Write { path: PathBuf, cause: io::Error },
}

/// Writes `report.html` and `report.json` into the folder, and gives their paths.
///
/// # Errors
/// [`PublishError`]; what was published before stays.
pub fn publish(report: &Report, folder: &Path) -> Result<Vec<PathBuf>, PublishError> {
    let files = [("report.html", logparser_reports::html(report)?), ("report.json", logparser_reports::json(report))];
    let written = files.map(|(name, text)| {
        let path = folder.join(name);
        replace(&path, text.as_bytes()).map_err(|cause| PublishError::Write { path: path.clone(), cause })?;
        Ok(path)
    });
    written.into_iter().collect()
}

/// Writes beside, syncs, renames.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().expect("a file in a folder");
    fs::create_dir_all(folder)?;
    let part = path.with_extension(format!("{}.part", std::process::id()));
    let mut file = File::create(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fault::point("before-report-rename");
    fs::rename(&part, path)?;
    fault::point("after-report-rename");
    Ok(())
}
