//! Where logs come from, seen alike: a listing, and the bytes of a file from an offset on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::answer::Ask;
use super::cause::{Cause, excerpt};
use super::folder::{FolderBody, FolderSource};
use super::listing::Listing;
use super::rest::{RestBody, RestSource};
use super::retry::{Fault, Patience};
use super::room::Share;
use super::trace::Trace;
use crate::profile::{FileFilter, Instance, Veil};

/// One of the two sources of a profile.
pub(super) enum Source {
    Rest(Box<RestSource>),
    Folder(FolderSource),
}

/// What one instance cost and brought.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub requests: AtomicU64,
    pub bytes_wire: AtomicU64,
    pub bytes_new: AtomicU64,
    /// Sees what crosses the wire.
    pub trace: Trace,
    /// Room for its files.
    pub share: Share,
}

impl Tally {
    pub fn add(counter: &AtomicU64, amount: usize) {
        counter.fetch_add(amount as u64, Ordering::Relaxed);
    }
}

/// What opening a file came to.
pub(super) enum Opened {
    Bytes(Box<Body>),
    /// The file is not as long as the offset that was asked for, but, if it is told, so long.
    Beyond(Option<u64>),
    /// The file is not there.
    Gone,
    /// The bytes cannot be placed.
    Rejected(&'static str),
}

/// Bytes of a file, arriving.
pub(super) struct Body {
    /// Offset in the file of the first byte; at or before what was asked.
    pub start: u64,
    /// End of the promised bytes, exclusive.
    pub end: Option<u64>,
    /// Length of the file, where it is told.
    pub total: Option<u64>,
    at: u64,
    flow: Flow,
}

/// The source's own end of a body.
pub(super) enum Flow {
    Rest(RestBody),
    Folder(FolderBody),
    /// What a compressed file held, decoded beside the store.
    Unpacked(FolderBody),
}

impl Body {
    pub fn new(start: u64, end: Option<u64>, total: Option<u64>, flow: Flow) -> Body {
        Body { start, end, total, at: start, flow }
    }

    /// Offset behind the last byte that was read.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// Whether promised bytes are missing.
    pub fn is_short(&self) -> bool {
        self.end.is_some_and(|end| self.at < end)
    }

    /// Adds the next bytes to `into`; `false` at the end. Never more than was promised: what comes behind that
    /// belongs to no file.
    pub async fn read(&mut self, into: &mut Vec<u8>, tally: &Tally) -> Result<bool, Fault> {
        if self.end.is_some_and(|end| self.at >= end) {
            return Ok(false);
        }
        let before = into.len();
        let more = match &mut self.flow {
            Flow::Rest(body) => body.read(into).await?,
            Flow::Folder(body) | Flow::Unpacked(body) => body.read(into).await?,
        };
        tally.trace.received(&into[before..]);
        if !matches!(self.flow, Flow::Unpacked(_)) {
            Tally::add(&tally.bytes_wire, into.len() - before);
        }
        let room = self.end.map_or(u64::MAX, |end| end - self.at);
        let got = ((into.len() - before) as u64).min(room);
        into.truncate(before + usize::try_from(got).expect("at most the length of a Vec"));
        self.at += got;
        Ok(more)
    }
}

impl Source {
    /// What the instance has; of that, what the filter takes, where there is one.
    pub async fn list(
        &self,
        instance: &Instance,
        filter: Option<&Arc<FileFilter>>,
        tally: &Tally,
        mut patience: Patience<'_>,
    ) -> Result<Listing, Cause> {
        loop {
            let listed = match self {
                Source::Rest(rest) => rest.list(instance, filter, tally).await,
                Source::Folder(folder) => folder.list(instance, filter.cloned()).await,
            };
            match listed {
                Ok(listing) => return Ok(listing),
                Err(fault) => patience.wait(fault).await?,
            }
        }
    }

    /// Opens a file. An answer that cannot be placed is followed by one request for the whole file.
    pub async fn open(&self, instance: &Instance, path: &str, ask: Ask, tally: &Tally) -> Result<Opened, Fault> {
        let rest = match self {
            Source::Folder(folder) => return folder.open(instance, path, ask).await,
            Source::Rest(rest) => rest,
        };
        match rest.open(instance, path, ask, tally).await? {
            Opened::Rejected(_) => rest.open(instance, path, Ask::WHOLE, tally).await,
            opened => Ok(opened),
        }
    }

    /// Tries of one request, and the time for all of them.
    pub fn patience(&self) -> (u32, Duration) {
        match self {
            Source::Rest(rest) => (rest.limits().tries_max, rest.limits().instance_timeout),
            Source::Folder(_) => (1, Duration::MAX),
        }
    }

    /// Whether nothing but the content tells where a body begins.
    pub fn trusts_offsets(&self) -> bool {
        matches!(self, Source::Rest(rest) if rest.trusts_offsets())
    }

    /// What is asked when this file is fetched, for causes.
    pub fn asked(&self, instance: &Instance, path: &str) -> String {
        match self {
            Source::Rest(rest) => rest.asked(instance, path),
            Source::Folder(_) => format!("the file \"{}\"", excerpt(path, &Veil::default())),
        }
    }
}
