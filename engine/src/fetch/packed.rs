//! Compressed files, seen as what they hold: transferred whole, decoded into a file without a name beside the store,
//! and read from there. To everything else they look like plain files whose length is known once they are opened.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::answer::Ask;
use super::append::body_bytes_max;
use super::cause::{Cause, CauseClass};
use super::folder::{FolderBody, blocking};
use super::retry::Fault;
use super::source::{Body, Flow};
use super::transfer::{Access, Beyond, Trouble};
use super::unpack::{DECODED_BYTES_MAX, Ending, Unpacked, unpack};

/// Decoders at work at a time over the whole run: each takes up to 8 MiB and a core.
pub(super) const DECODERS_MAX: usize = 4;

/// Bytes that arrive before they are written.
const WRITE_BYTES: usize = 1 << 20;

/// What a compressed file turned out to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sight {
    /// Bytes that it holds, as far as they count.
    pub length: u64,
    pub ending: Ending,
    /// Bytes that it has as it is.
    pub packed_bytes: u64,
}

/// The compressed files that a visit has opened. The content of the last one stays at hand: it is first looked at,
/// to find out what it is, and then taken.
#[derive(Debug)]
pub(super) struct Shelf {
    folder: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    seen: BTreeMap<String, Sight>,
    last: Option<(String, File)>,
}

impl Shelf {
    /// `folder` is where decoded files lie while they are needed.
    pub fn new(folder: PathBuf) -> Shelf {
        Shelf { folder, state: Mutex::default() }
    }

    /// Files may have changed since they were seen.
    pub fn clear(&self) {
        *self.state() = State::default();
    }

    pub fn seen(&self, path: &str) -> Option<Sight> {
        self.state().seen.get(path).copied()
    }

    fn at_hand(&self, path: &str) -> io::Result<Option<(File, Sight)>> {
        let state = self.state();
        match (&state.last, state.seen.get(path)) {
            (Some((last, file)), Some(sight)) if last == path => Ok(Some((file.try_clone()?, *sight))),
            _ => Ok(None),
        }
    }

    fn keep(&self, path: &str, file: File, sight: Sight) {
        let mut state = self.state();
        state.seen.insert(path.to_owned(), sight);
        state.last = Some((path.to_owned(), file));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Access<'_> {
    /// Whether a file of this name may be compressed.
    pub fn may_be_packed(&self, path: &str) -> bool {
        self.context.files.decode.is_match(path)
    }

    /// Opens what a compressed file holds.
    pub async fn open_packed(&self, path: &str, ask: Ask) -> Result<Result<Box<Body>, Beyond>, Trouble> {
        let at_hand = self.shelf.at_hand(path).map_err(|error| self.here(path, &error))?;
        let (mut file, sight) = match at_hand {
            Some(found) => found,
            None => match self.transfer(path).await? {
                Ok((packed, packed_bytes)) => self.decode(path, packed, packed_bytes).await?,
                Err(beyond) => return Ok(Err(beyond)),
            },
        };
        if ask.from > 0 && ask.from >= sight.length {
            return Ok(Err(Beyond(Some(sight.length))));
        }
        file.seek(SeekFrom::Start(ask.from)).map_err(|error| self.here(path, &error))?;
        let end = ask.to.map_or(sight.length, |to| to.min(sight.length));
        let flow = Flow::Unpacked(FolderBody::new(file, path));
        Ok(Ok(Box::new(Body::new(ask.from, Some(end), Some(sight.length), flow))))
    }

    /// Transfers the whole file as it is.
    async fn transfer(&self, path: &str) -> Result<Result<(File, u64), Beyond>, Trouble> {
        let mut body = match self.open_plain(path, Ask::WHOLE).await? {
            Ok(body) => body,
            Err(beyond) => return Ok(Err(beyond)),
        };
        let limit = body_bytes_max(body.total);
        let folder = self.shelf.folder.clone();
        let mut file = self.blocking(path, move || tempfile::tempfile_in(folder)).await?;
        let mut buffer = Vec::new();
        loop {
            let more = body.read(&mut buffer, self.tally).await?;
            if body.at() > limit {
                let what = "the body goes on far beyond the listed size";
                return Err(Fault::lasting(self.cause(path, CauseClass::Excess, what)).into());
            }
            if buffer.len() >= WRITE_BYTES || !more {
                let mut bytes = std::mem::take(&mut buffer);
                (file, buffer) = self
                    .blocking(path, move || {
                        file.write_all(&bytes)?;
                        bytes.clear();
                        Ok((file, bytes))
                    })
                    .await?;
            }
            if !more && body.is_short() {
                return Err(self.short(path, body.at(), body.end.unwrap_or(0)).into());
            }
            if !more {
                return Ok(Ok((file, body.at())));
            }
        }
    }

    /// Decodes a transferred file.
    async fn decode(&self, path: &str, packed: File, packed_bytes: u64) -> Result<(File, Sight), Trouble> {
        let _permit = self.context.decoders.acquire().await;
        let folder = self.shelf.folder.clone();
        let work = move || {
            let mut decoded = BufWriter::new(tempfile::tempfile_in(folder)?);
            let mut packed = packed;
            packed.seek(SeekFrom::Start(0))?;
            match unpack(&mut packed, packed_bytes, &mut decoded)? {
                Unpacked::Plain => Ok((packed, Sight { length: packed_bytes, ending: Ending::Whole, packed_bytes })),
                Unpacked::Decoded(length, ending) => {
                    let file = decoded.into_inner().map_err(io::IntoInnerError::into_error)?;
                    Ok((file, Sight { length, ending, packed_bytes }))
                }
            }
        };
        let (file, sight) = self.blocking(path, work).await?;
        self.shelf.keep(path, file.try_clone().map_err(|error| self.here(path, &error))?, sight);
        Ok((file, sight))
    }

    /// Why not all of a compressed file could be taken.
    pub fn defect(&self, path: &str, ending: Ending) -> Option<Cause> {
        let (class, what) = match ending {
            Ending::Whole | Ending::Truncated => return None,
            Ending::Damaged(why) => (CauseClass::Damaged, format!("what follows cannot be decoded: {why}")),
            Ending::Excess => {
                let what = format!("it decodes to more than any log, or to more than {DECODED_BYTES_MAX} bytes");
                (CauseClass::Excess, what)
            }
        };
        Some(self.cause(path, class, &what))
    }

    async fn blocking<T: Send + 'static>(
        &self,
        path: &str,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> Result<T, Fault> {
        blocking(move || Ok(work())).await?.map_err(|error| self.here(path, &error))
    }

    /// Trouble with this machine's disk.
    fn here(&self, path: &str, error: &io::Error) -> Fault {
        let what = format!("cannot be decoded beside the store: {}", error.kind());
        Fault::lasting(self.cause(path, CauseClass::Folder, &what))
    }
}
