//! Takes what a file has behind the stored bytes of a generation: verified first, then handed on in pieces.

use tokio::time::timeout_at;

use super::answer::Ask;
use super::cause::CauseClass;
use super::ends::{Check, END, Growing, Verdict, digest};
use super::retry::Fault;
use super::source::{Body, Tally};
use super::transfer::{Access, Stop, Trouble};
use crate::catalog::{END_BYTES, Ends, Generation};

/// A file may have grown since it was listed, by at most its size and at least this; what is beyond waits for the
/// next run. It is the bound on an endless body.
const GROWTH_BYTES_MAX: u64 = 64 << 20;

/// The same bound where the listing tells no sizes.
const UNLISTED_BYTES_MAX: u64 = 4 << 30;

/// How a file compares to its generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Appended {
    /// It has what is stored; everything behind it was taken.
    Same,
    /// It has other content: nothing was taken.
    Different,
}

/// How one answer ended.
enum Once {
    Done(Appended),
    /// The file goes on behind what was answered.
    Short(Fault),
}

impl Access<'_> {
    /// Verifies that the file has what is stored of the generation, and stores what is behind it.
    ///
    /// The first bytes of a generation are stored only when the file begins as it did when that was decided: else it was
    /// rotated meanwhile. Nor does it begin as a stranger does, or end too soon to tell: then it may be a copy.
    pub async fn append(
        &self,
        path: &str,
        size: Option<u64>,
        generation: &mut Generation,
        begin: Option<Ends>,
        strangers: &[Ends],
    ) -> Result<Appended, Stop> {
        let limit = body_bytes_max(size).max(generation.committed.saturating_add(GROWTH_BYTES_MAX));
        let mut patience = self.patience();
        loop {
            let before = generation.committed;
            let once = self.append_once(path, size, limit, generation, begin, strangers).await;
            let fault = match once {
                Ok(Once::Done(Appended::Different)) if self.begins_anew(path, generation).await? => {
                    let what = "the answer begins at the start of the file, not at the offset that was asked for";
                    return Err(Stop::Failed(self.cause(path, CauseClass::Answer, what)));
                }
                Ok(Once::Done(appended)) => return Ok(appended),
                Ok(Once::Short(_)) if generation.committed > before => continue,
                Ok(Once::Short(fault)) | Err(Trouble::Fault(fault)) => fault,
                Err(Trouble::Stop(stop)) => return Err(stop),
            };
            if generation.committed > before {
                patience.renew();
            }
            patience.wait(fault).await.map_err(Stop::Failed)?;
        }
    }

    async fn append_once(
        &self,
        path: &str,
        size: Option<u64>,
        limit: u64,
        generation: &mut Generation,
        begin: Option<Ends>,
        strangers: &[Ends],
    ) -> Result<Once, Trouble> {
        let before = generation.committed;
        let ask = Ask { from: before.saturating_sub(END_BYTES), to: None };
        let Ok(mut body) = self.open(path, ask).await? else {
            let nothing = if before == 0 { Appended::Same } else { Appended::Different };
            return Ok(Once::Done(nothing));
        };
        let mut check = Check::new(body.start, before, generation.ends);
        let mut buffer = Vec::new();
        while check.verdict() == Verdict::Open {
            if !body.read(&mut buffer, self.tally).await? {
                return self.ended_early(path, size, &body, before).await;
            }
            buffer.drain(..check.feed(&buffer));
        }
        if check.verdict() == Verdict::Different {
            return Ok(Once::Done(Appended::Different));
        }
        if before == 0 && (begin.is_some() || !strangers.is_empty()) {
            while buffer.len() < END && body.read(&mut buffer, self.tally).await? {}
            let is_another = begin.is_some_and(|begin| buffer.len() < length(&begin) || !may_begin_as(&begin, &buffer));
            if is_another || strangers.iter().any(|ends| may_begin_as(ends, &buffer)) {
                return Ok(Once::Done(Appended::Different));
            }
        }
        let mut growing = Growing::new(generation.ends, check.into_window());
        self.store(&mut body, buffer, &mut growing, limit, generation).await?;
        let goal = match body.total.or(size) {
            Some(goal) => goal,
            // Nothing tells the file's length: only an answer without news is its end.
            None if body.end.is_some() && generation.committed > before => u64::MAX,
            None => 0,
        };
        if generation.committed >= goal {
            return Ok(Once::Done(Appended::Same));
        }
        Ok(Once::Short(self.short(path, generation.committed, goal)))
    }

    /// Stores the rest of a verified body, piece by piece; what came before a fault is stored too.
    async fn store(
        &self,
        body: &mut Body,
        mut buffer: Vec<u8>,
        growing: &mut Growing,
        limit: u64,
        generation: &mut Generation,
    ) -> Result<(), Trouble> {
        loop {
            let read = match timeout_at(self.deadline, body.read(&mut buffer, self.tally)).await {
                Ok(read) => read,
                // Without this, a slow file would lose what came of it at every run, and never be complete.
                Err(_) => {
                    let what = "the instance's time limit came before the end of the body";
                    Err(Fault::lasting(self.cause(&generation.path, CauseClass::Timeout, what)))
                }
            };
            let room = usize::try_from(limit.saturating_sub(generation.committed)).unwrap_or(usize::MAX);
            let excess = buffer.len() > room;
            buffer.truncate(room);
            let more = matches!(read, Ok(true)) && !excess;
            if !buffer.is_empty() && (!more || buffer.len() >= self.context.piece_bytes) {
                self.hand_on(std::mem::take(&mut buffer), growing, generation).await?;
            }
            if excess {
                let what = "the body goes on far beyond the listed size";
                return Err(Fault::lasting(self.cause(&generation.path, CauseClass::Excess, what)).into());
            }
            if read? {
                continue;
            }
            if body.is_short() {
                let end = body.end.unwrap_or(generation.committed);
                return Err(self.short(&generation.path, generation.committed, end).into());
            }
            return Ok(());
        }
    }

    async fn hand_on(&self, bytes: Vec<u8>, growing: &mut Growing, generation: &mut Generation) -> Result<(), Trouble> {
        let ends = growing.grow(&bytes);
        let count = bytes.len();
        self.context.committer.append(generation.id, generation.committed, bytes, ends).await?;
        generation.committed += count as u64;
        generation.ends = ends;
        Tally::add(&self.tally.bytes_new, count);
        Ok(())
    }

    /// Whether the server takes no notice of an offset in the URL: behind it comes what stands at the file's start.
    /// Taken for a part of the file, that would be counted twice.
    async fn begins_anew(&self, path: &str, generation: &Generation) -> Result<bool, Stop> {
        let Ends { head, head_bytes, .. } = generation.ends;
        let from = generation.committed.saturating_sub(END_BYTES);
        if from == 0 || !self.source.trusts_offsets() {
            return Ok(false);
        }
        Ok(digest(&self.probe(path, from, from + head_bytes).await?.bytes) == head)
    }

    /// The body ended before the stored bytes were seen again: either the answer is cut, or the file is shorter.
    async fn ended_early(&self, path: &str, size: Option<u64>, body: &Body, committed: u64) -> Result<Once, Trouble> {
        let at = body.at();
        let shorter = match (body.total, body.end) {
            _ if body.is_short() => false,
            (Some(total), _) => total < committed,
            (None, None) => size.is_none_or(|size| size < committed),
            // A part of a file whose length nobody tells, and shorter than asked: is there anything behind it?
            (None, Some(_)) => self.probe(path, at, at + 1).await.map_err(Trouble::Stop)?.bytes.is_empty(),
        };
        if shorter {
            return Ok(Once::Done(Appended::Different));
        }
        Err(self.short(path, at, committed).into())
    }
}

/// The bound on a body, where a file of this size was listed or promised.
pub(super) fn body_bytes_max(size: Option<u64>) -> u64 {
    size.map_or(UNLISTED_BYTES_MAX, |size| size.saturating_add(size.max(GROWTH_BYTES_MAX)))
}

/// Whether a file with these first bytes begins as the generation with these ends, as far as can be told.
fn may_begin_as(ends: &Ends, bytes: &[u8]) -> bool {
    bytes.get(..length(ends)).is_none_or(|head| digest(head) == ends.head)
}

fn length(ends: &Ends) -> usize {
    usize::try_from(ends.head_bytes).unwrap_or(usize::MAX)
}
