//! Asks for one instance: the listing, short reads, and the opening of files; retried with patience.

use tokio::time::Instant;

use super::Context;
use super::answer::Ask;
use super::cause::{Cause, CauseClass};
use super::committer::StoreGone;
use super::listing::Listing;
use super::packed::Shelf;
use super::retry::{Fault, Patience};
use super::source::{Body, Opened, Source, Tally};
use crate::profile::Instance;

/// What the requests of one instance need.
#[derive(Clone, Copy)]
pub(super) struct Access<'a> {
    pub context: &'a Context,
    pub source: &'a Source,
    pub instance: &'a Instance,
    pub tally: &'a Tally,
    /// The end of the instance's time.
    pub deadline: Instant,
    pub shelf: &'a Shelf,
}

/// A part of a file.
#[derive(Debug)]
pub(super) struct Part {
    pub bytes: Vec<u8>,
    /// The file's length, where the answer tells it.
    pub length: Option<u64>,
}

/// A file is not as long as the offset that was asked for, but, if it is told, so long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Beyond(pub Option<u64>);

/// Why a transfer ended early. Bytes that were verified before are stored.
#[derive(Debug)]
pub(super) enum Stop {
    Failed(Cause),
    /// The file is not there; perhaps it was rotated since it was listed.
    Gone(Cause),
    Store,
}

/// Why one try ended early.
pub(super) enum Trouble {
    /// Another try may go better.
    Fault(Fault),
    Stop(Stop),
}

impl From<StoreGone> for Stop {
    fn from(_: StoreGone) -> Stop {
        Stop::Store
    }
}

impl From<StoreGone> for Trouble {
    fn from(gone: StoreGone) -> Trouble {
        Trouble::Stop(gone.into())
    }
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Trouble {
        Trouble::Fault(fault)
    }
}

impl Access<'_> {
    pub async fn list(&self) -> Result<Listing, Cause> {
        self.source.list(self.instance, Some(&self.context.files), self.tally, self.patience()).await
    }

    /// Bytes `from..to` of a file, fewer where it ends before.
    pub async fn probe(&self, path: &str, from: u64, to: u64) -> Result<Part, Stop> {
        let mut patience = self.patience();
        loop {
            match self.probe_once(path, from, to).await {
                Ok(part) => return Ok(part),
                Err(Trouble::Stop(stop)) => return Err(stop),
                Err(Trouble::Fault(fault)) => patience.wait(fault).await.map_err(Stop::Failed)?,
            }
        }
    }

    async fn probe_once(&self, path: &str, from: u64, to: u64) -> Result<Part, Trouble> {
        let mut body = match self.open(path, Ask { from, to: Some(to) }).await? {
            Ok(body) => body,
            Err(Beyond(length)) => return Ok(Part { bytes: Vec::new(), length }),
        };
        let wanted = usize::try_from(to - from).unwrap_or(usize::MAX);
        let mut skip = from - body.start;
        let mut bytes = Vec::new();
        let mut length = body.total;
        while bytes.len() < wanted || skip > 0 {
            let more = body.read(&mut bytes, self.tally).await?;
            let skipped = usize::try_from(skip).unwrap_or(usize::MAX).min(bytes.len());
            bytes.drain(..skipped);
            skip -= skipped as u64;
            if !more && body.is_short() {
                return Err(self.short(path, body.at(), body.end.unwrap_or(to)).into());
            }
            if !more {
                // A whole file without a promise ends where it ends.
                length = length.or(body.end.is_none().then(|| body.at()));
                break;
            }
        }
        bytes.truncate(wanted);
        Ok(Part { bytes, length })
    }

    /// Opens a file that may be shorter than the offset that is asked for.
    pub async fn open(&self, path: &str, ask: Ask) -> Result<Result<Box<Body>, Beyond>, Trouble> {
        if self.may_be_packed(path) { self.open_packed(path, ask).await } else { self.open_plain(path, ask).await }
    }

    pub async fn open_plain(&self, path: &str, ask: Ask) -> Result<Result<Box<Body>, Beyond>, Trouble> {
        match self.source.open(self.instance, path, ask, self.tally).await? {
            Opened::Bytes(body) => Ok(Ok(body)),
            Opened::Beyond(length) => Ok(Err(Beyond(length))),
            Opened::Gone => {
                let cause = self.cause(path, CauseClass::Missing, "the file is listed but not there");
                Err(Trouble::Stop(Stop::Gone(cause)))
            }
            Opened::Rejected(why) => Err(Fault::lasting(self.cause(path, CauseClass::Answer, why)).into()),
        }
    }

    /// The body ended too early.
    pub fn short(&self, path: &str, at: u64, end: u64) -> Fault {
        let what = format!("the body ended at byte {at} instead of {end}");
        Fault::passing(self.cause(path, CauseClass::Broken, &what))
    }

    pub fn cause(&self, path: &str, class: CauseClass, what: &str) -> Cause {
        Cause::new(class, format!("{}: {what}", self.source.asked(self.instance, path)))
    }

    pub fn patience(&self) -> Patience<'_> {
        Patience::new(&self.context.budget, self.source.patience().0)
    }
}
