//! The folder source: one subfolder of log files an instance, for bundles that users send in.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::answer::Ask;
use super::cause::{self, Cause, CauseClass};
use super::listing::Listing;
use super::retry::Fault;
use super::source::{Body, Flow, Opened};
use crate::catalog::Facts;
use crate::profile::{FileFilter, Instance, Veil};

/// Bytes of one read: large enough that the calls do not count.
const READ_BYTES: u64 = 1 << 20;

/// Folders in folders; deeper ones are no bundle of logs.
const DEPTH_MAX: usize = 16;

/// Reads instances from the subfolders of a folder.
pub(super) struct FolderSource {
    root: PathBuf,
}

/// An open file, read up to its end.
pub(super) struct FolderBody {
    file: Option<File>,
    path: String,
}

impl FolderSource {
    pub fn new(root: PathBuf) -> FolderSource {
        FolderSource { root }
    }

    pub async fn list(&self, instance: &Instance, filter: Option<Arc<FileFilter>>) -> Result<Listing, Fault> {
        let (root, name) = self.subfolder(instance)?;
        blocking(move || {
            let now_us = micros(SystemTime::now());
            let mut listing = Listing::new(filter, Default::default());
            let home = home(&root, &name)?;
            walk(&home, &home, "", 0, now_us, &mut listing)?;
            listing.finish();
            Ok(listing)
        })
        .await
    }

    pub async fn open(&self, instance: &Instance, path: &str, ask: Ask) -> Result<Opened, Fault> {
        let (root, own) = self.subfolder(instance)?;
        let name = path.to_owned();
        blocking(move || {
            let what = format!("the file \"{}\"", excerpt(&name));
            let home = home(&root, &own)?;
            let opened = fs::canonicalize(home.join(&name)).and_then(|file| {
                // Between the listing and now a link, or what is no file, may have been put in the way.
                let stays = file.starts_with(&home) && fs::metadata(&file)?.is_file();
                if stays { File::open(file) } else { Err(io::ErrorKind::NotFound.into()) }
            });
            let mut file = match opened {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Opened::Gone),
                Err(error) => return Err(fault(&what, &error)),
            };
            let total = file.metadata().map_err(|error| fault(&what, &error))?.len();
            if ask.from > 0 && ask.from >= total {
                return Ok(Opened::Beyond(Some(total)));
            }
            file.seek(SeekFrom::Start(ask.from)).map_err(|error| fault(&what, &error))?;
            let end = ask.to.map_or(total, |to| to.min(total));
            let flow = Flow::Folder(FolderBody::new(file, &name));
            Ok(Opened::Bytes(Box::new(Body::new(ask.from, Some(end), Some(total), flow))))
        })
        .await
    }

    /// The root and the subfolder's name; that is one folder name, never a way out of the root.
    fn subfolder(&self, instance: &Instance) -> Result<(PathBuf, String), Fault> {
        let mut components = Path::new(&instance.name).components();
        match (components.next(), components.next()) {
            (Some(Component::Normal(_)), None) => Ok((self.root.clone(), instance.name.clone())),
            _ => {
                let text = format!("\"{}\" is no name of a subfolder", excerpt(&instance.name));
                Err(Fault::lasting(Cause::new(CauseClass::Folder, text)))
            }
        }
    }
}

/// The instance's folder itself. A bundle may hold links: one that leads out of the root is not followed.
fn home(root: &Path, name: &str) -> Result<PathBuf, Fault> {
    let what = "the instance's folder";
    let root = fs::canonicalize(root).map_err(|error| fault("the folder of bundles", &error))?;
    let home = fs::canonicalize(root.join(name)).map_err(|error| fault(what, &error))?;
    if home.starts_with(&root) {
        return Ok(home);
    }
    Err(Fault::lasting(Cause::new(CauseClass::Folder, format!("{what} is a link that leaves the folder of bundles"))))
}

impl FolderBody {
    /// Reads on from where the file stands.
    pub fn new(file: File, path: &str) -> FolderBody {
        FolderBody { file: Some(file), path: path.to_owned() }
    }

    /// Adds the next bytes; `false` at the end.
    pub async fn read(&mut self, into: &mut Vec<u8>) -> Result<bool, Fault> {
        let Some(file) = self.file.take() else {
            return Ok(false);
        };
        let path = self.path.clone();
        let mut buffer = std::mem::take(into);
        let (file, buffer, got) = blocking(move || {
            let got = (&file).take(READ_BYTES).read_to_end(&mut buffer);
            let got = got.map_err(|error| fault(&format!("the file \"{}\"", excerpt(&path)), &error))?;
            Ok((file, buffer, got))
        })
        .await?;
        *into = buffer;
        self.file = (got > 0).then_some(file);
        Ok(got > 0)
    }
}

/// Nobody is asked for folders, so no secret comes back.
fn excerpt(text: &str) -> String {
    cause::excerpt(text, &Veil::default())
}

fn walk(
    home: &Path,
    folder: &Path,
    prefix: &str,
    depth: usize,
    now_us: i64,
    listing: &mut Listing,
) -> Result<(), Fault> {
    let what = if prefix.is_empty() { "the instance's folder".to_owned() } else { format!("\"{}\"", excerpt(prefix)) };
    for entry in fs::read_dir(folder).map_err(|error| fault(&what, &error))? {
        let entry = entry.map_err(|error| fault(&what, &error))?;
        let file_name = entry.file_name();
        let Some(name) = file_name.to_str() else {
            listing.refuse(&file_name.to_string_lossy(), CauseClass::Name, "is not UTF-8");
            continue;
        };
        let path = format!("{prefix}{name}");
        let found = fs::canonicalize(entry.path()).and_then(|target| Ok((fs::metadata(&target)?, target)));
        let (metadata, target) = match found {
            Ok(found) => found,
            // Gone since the folder was read, or a link to nothing.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => {
                listing.refuse(&path, CauseClass::Folder, &format!("cannot be read: {}", error.kind()));
                continue;
            }
        };
        if !target.starts_with(home) {
            listing.refuse(&path, CauseClass::Name, "is a link that leaves the instance's folder");
            continue;
        }
        if metadata.is_dir() && depth == DEPTH_MAX {
            // Without a path, because no filter of files is meant for it.
            let text =
                format!("\"{}\" is a folder below {DEPTH_MAX} others, whose files are not taken", excerpt(&path));
            listing.push(String::new(), CauseClass::Folder, text);
        // A link to a folder is not followed: what it leads to is found where it is, and links can form circles.
        } else if metadata.is_dir() && !entry.path().is_symlink() {
            walk(home, &target, &format!("{path}/"), depth + 1, now_us, listing)?;
        } else if metadata.is_file() {
            let modified_us = metadata.modified().ok().map(micros);
            let facts = Facts { size: Some(metadata.len()), modified_us, etag: None, date_us: Some(now_us) };
            listing.add(&path, facts);
        }
        let too_many = |why| Fault::lasting(Cause::new(CauseClass::Listing, format!("the instance's folder {why}")));
        listing.count().map_err(too_many)?;
    }
    Ok(())
}

fn micros(time: SystemTime) -> i64 {
    let micros = |span: std::time::Duration| i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => micros(after),
        Err(before) => -micros(before.duration()),
    }
}

/// An error of the file system, told by its kind: that wording is the same everywhere.
fn fault(what: &str, error: &io::Error) -> Fault {
    Fault::lasting(Cause::new(CauseClass::Folder, format!("{what} cannot be read: {}", error.kind())))
}

/// Runs file system calls where they may block.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Fault::lasting(Cause::new(CauseClass::Stopped, "the run was stopped"))),
        },
    }
}
