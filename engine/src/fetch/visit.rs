//! One instance in one run: list, skip, follow what is known, reclassify the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering::Relaxed;

use chrono::Utc;

use super::append::Appended;
use super::cause::{Cause, CauseClass};
use super::classify::{Doubt, Step, first_step};
use super::committer::StoreGone;
use super::listing::Listing;
use super::outcome::{FileCounts, FileOutcome, InstanceOutcome};
use super::reclassify::Undecided;
use super::transfer::{Access, Part, Stop};
use super::unpack::Ending;
use crate::catalog::{Change, Ends, Facts, Generation, GenerationId, Hole, InstanceId, PathRow, Reach};

/// After so many failures in a row an instance is left alone until the next run.
const FAILURES_MAX: u32 = 3;

/// Files may change while they are sorted out; after so many rounds without any progress they wait for the next run.
const STALLED_ROUNDS_MAX: usize = 3;

/// What is known of an instance, and what this run found.
pub(super) struct Visit<'a> {
    pub access: Access<'a>,
    pub id: InstanceId,
    /// What the last listing showed, brought up to date as files are settled.
    pub paths: BTreeMap<String, PathRow>,
    pub generations: BTreeMap<GenerationId, Generation>,
    /// What was damaged in the store, and is to be taken again.
    pub wanted: Vec<(GenerationId, Hole)>,
    /// The closed generations are among `generations`.
    pub closed_known: bool,
    /// Generations that this run closed.
    pub closed: u64,
    /// What decided files will be, once their bytes are taken.
    pub decided: BTreeMap<String, FileOutcome>,
    files: BTreeMap<String, FileOutcome>,
    cause: Option<Cause>,
    /// The last listing's `Date`, µs since 1970 UTC.
    pub server_date_us: Option<i64>,
    /// The local clock when that listing came, µs since 1970 UTC: beside the server's, its skew.
    pub listed_us: Option<i64>,
    listed: bool,
    listed_again: bool,
    /// Files that were listed twice, and not there.
    missing: BTreeSet<String>,
    failures: u32,
}

/// Why a pass over the listing, or a step of it, was broken off.
pub(super) enum Cut {
    /// A file could not be read; it was noted why. The pass goes on with the others.
    Unread,
    /// A listed file is not there: perhaps it was rotated, so the listing is asked for once more.
    ListAgain,
    Store,
}

impl From<StoreGone> for Cut {
    fn from(_: StoreGone) -> Cut {
        Cut::Store
    }
}

/// How taking a file's bytes went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// It has what is stored, and so many bytes more, which are stored now.
    Grown(u64),
    Different,
    /// It was noted why not.
    Failed,
}

impl<'a> Visit<'a> {
    pub fn new(access: Access<'a>, id: InstanceId) -> Visit<'a> {
        Visit {
            access,
            id,
            paths: BTreeMap::new(),
            generations: BTreeMap::new(),
            wanted: Vec::new(),
            closed_known: false,
            closed: 0,
            decided: BTreeMap::new(),
            files: BTreeMap::new(),
            cause: None,
            server_date_us: None,
            listed_us: None,
            listed: false,
            listed_again: false,
            missing: BTreeSet::new(),
            failures: 0,
        }
    }

    /// Fetches what is new. What goes wrong with the instance is noted, not returned.
    pub async fn run(&mut self) -> Result<(), StoreGone> {
        loop {
            let listing = match self.list().await {
                Ok(listing) => listing,
                Err(cause) => {
                    self.blame(cause);
                    return Ok(());
                }
            };
            if !self.listed {
                let known = self.access.context.committer.load(self.id).await?;
                self.paths = known.paths.into_iter().map(|row| (row.path.clone(), row)).collect();
                self.generations = known.live.into_iter().map(|generation| (generation.id, generation)).collect();
                self.wanted = known.wanted;
                self.listed = true;
            }
            let passed = match self.pass(&listing).await {
                Ok(()) => self.mend(&listing).await,
                cut => cut,
            };
            match passed {
                Ok(()) | Err(Cut::Unread) => return Ok(()),
                Err(Cut::Store) => return Err(StoreGone),
                Err(Cut::ListAgain) => self.start_over(),
            }
        }
    }

    /// Notes why this instance is not complete; the first cause stays.
    pub fn blame(&mut self, cause: Cause) {
        self.cause.get_or_insert(cause);
    }

    pub fn outcome(&self) -> InstanceOutcome {
        let mut files = FileCounts { closed: self.closed, ..FileCounts::default() };
        self.files.values().for_each(|outcome| files.count(*outcome));
        let tally = self.access.tally;
        InstanceOutcome {
            name: self.access.instance.name.clone(),
            state: match (self.listed, &self.cause) {
                (false, _) => Reach::Unreachable,
                (true, Some(_)) => Reach::Partial,
                (true, None) => Reach::Reached,
            },
            cause: self.cause.clone(),
            files,
            bytes_new: tally.bytes_new.load(Relaxed),
            bytes_wire: tally.bytes_wire.load(Relaxed),
            requests: tally.requests.load(Relaxed),
        }
    }

    async fn list(&mut self) -> Result<Listing, Cause> {
        let listing = self.access.list().await?;
        self.listed_us = Some(Utc::now().timestamp_micros());
        self.server_date_us = listing.date_us;
        self.access.shelf.clear();
        Ok(listing)
    }

    fn start_over(&mut self) {
        self.listed_again = true;
        self.failures = 0;
        self.cause = None;
        self.files.retain(|_, outcome| *outcome != FileOutcome::Failed);
    }

    async fn pass(&mut self, listing: &Listing) -> Result<(), Cut> {
        for refused in &listing.refused {
            self.fail(&refused.path, refused.cause.clone());
        }
        let mut open = BTreeMap::new();
        let mut skipped = Vec::new();
        for (path, facts) in &listing.files {
            match self.first_step(path, facts, listing, true) {
                Step::Skip => {
                    self.note(path, FileOutcome::Unchanged);
                    skipped.push((path, facts));
                }
                step => self.go(step, path, facts, &mut open).await?,
            }
        }
        let vanished = |path: &String| !listing.files.contains_key(path);
        if !open.is_empty() || self.paths.keys().any(vanished) {
            let doubt = Doubt::of(&self.paths);
            for (path, facts) in skipped.into_iter().filter(|(_, facts)| doubt.covers(facts)) {
                let step = self.first_step(path, facts, listing, false);
                self.go(step, path, facts, &mut open).await?;
            }
        }
        let mut stalled = 0;
        while stalled < STALLED_ROUNDS_MAX {
            let before = open.len();
            open = self.reclassify(listing, open).await?;
            if open.is_empty() {
                return Ok(());
            }
            stalled = if open.len() < before { 0 } else { stalled + 1 };
        }
        for path in open.into_keys() {
            let cause = self.access.cause(&path, CauseClass::Changing, "the file kept changing while it was read");
            self.fail(&path, cause);
        }
        Ok(())
    }

    fn first_step(&self, path: &str, facts: &Facts, listing: &Listing, trusted: bool) -> Step {
        let moved = || self.moved(path, facts, listing).is_some();
        first_step(facts, self.paths.get(path), trusted, |id| self.is_empty(id), moved)
    }

    /// Takes what a known file has more; one that shows another content is left open.
    async fn go(&mut self, step: Step, path: &str, facts: &Facts, open: &mut Undecided) -> Result<(), Cut> {
        let taken = match step {
            Step::Skip => return Ok(()),
            Step::Follow(generation) => self.take(path, facts, generation, None, &[]).await?,
            Step::Sort => Taken::Different,
        };
        match taken {
            Taken::Grown(0) => self.done(path, FileOutcome::Unchanged)?,
            Taken::Grown(_) => self.done(path, FileOutcome::Appended)?,
            Taken::Different => drop(open.insert(path.to_owned(), facts.clone())),
            Taken::Failed => {}
        }
        Ok(())
    }

    /// Whether nothing is stored of a generation.
    pub fn is_empty(&self, id: GenerationId) -> bool {
        self.generations.get(&id).is_some_and(|generation| generation.committed == 0)
    }

    /// Takes what a file has behind the stored bytes of a generation; see [`Access::append`] for its begin and the
    /// strangers.
    pub async fn take(
        &mut self,
        path: &str,
        facts: &Facts,
        id: GenerationId,
        begin: Option<Ends>,
        strangers: &[Ends],
    ) -> Result<Taken, Cut> {
        let Some(generation) = self.generations.get_mut(&id) else {
            return Ok(Taken::Different);
        };
        let size = length_listed(self.access, path, facts);
        if size.is_some_and(|size| size < generation.committed) {
            return Ok(Taken::Different);
        }
        if facts.size == Some(0) {
            self.show(path, facts, id, true)?;
            return Ok(Taken::Grown(0));
        }
        let before = generation.committed;
        let appended = match self.failures {
            FAILURES_MAX.. => None,
            _ => Some(self.access.append(path, size, generation, begin, strangers).await),
        };
        let grown = generation.committed - before;
        let judged = self.judge(path, appended);
        if judged.is_err()
            && let Some(row) = self.paths.get_mut(path)
        {
            // Should the file be gone for good, this is how long it was.
            (row.facts, row.settled) = (facts.clone(), false);
        }
        match judged? {
            Some(Appended::Same) => {
                self.show(path, facts, id, true)?;
                Ok(Taken::Grown(grown))
            }
            Some(Appended::Different) => Ok(Taken::Different),
            None => {
                self.show(path, facts, id, false)?;
                self.mark_missing(path)?;
                Ok(Taken::Failed)
            }
        }
    }

    /// Bytes `from..to` of a file, fewer where it ends before.
    pub async fn probe(&mut self, path: &str, from: u64, to: u64) -> Result<Part, Cut> {
        let part = match self.failures {
            FAILURES_MAX.. => None,
            _ => Some(self.access.probe(path, from, to).await),
        };
        self.judge(path, part)?.ok_or(Cut::Unread)
    }

    /// Notes a failure; nothing was tried (`None`) once the instance is given up.
    fn judge<T>(&mut self, path: &str, result: Option<Result<T, Stop>>) -> Result<Option<T>, Cut> {
        match result {
            Some(Ok(value)) => {
                self.failures = 0;
                return Ok(Some(value));
            }
            Some(Err(Stop::Failed(cause))) => {
                self.failures += 1;
                self.fail(path, cause);
            }
            Some(Err(Stop::Gone(_))) if !self.listed_again => return Err(Cut::ListAgain),
            Some(Err(Stop::Gone(cause))) => {
                self.missing.insert(path.to_owned());
                self.fail(path, cause);
            }
            Some(Err(Stop::Store)) => return Err(Cut::Store),
            None => self.note(path, FileOutcome::Failed),
        }
        Ok(None)
    }

    /// Records which generation a path shows, and what the listing said of it.
    pub fn show(&mut self, path: &str, facts: &Facts, id: GenerationId, settled: bool) -> Result<(), StoreGone> {
        let change = self.shown(path, facts, id, settled);
        self.access.context.committer.record(vec![change])
    }

    pub fn shown(&mut self, path: &str, facts: &Facts, generation: GenerationId, settled: bool) -> Change {
        // A compressed file of another length than listed may have been cut on its way, or is another one: what was
        // listed must not count as known under the name that it was rotated to meanwhile.
        let settled = settled
            && self.access.shelf.seen(path).is_none_or(|sight| match sight.ending {
                Ending::Whole => facts.size.is_none_or(|size| size == sight.packed_bytes),
                _ => facts.size.is_some_and(|size| size <= sight.packed_bytes),
            });
        let row = PathRow { path: path.to_owned(), generation, facts: facts.clone(), settled };
        self.paths.insert(path.to_owned(), row);
        Change::Show { instance: self.id, path: path.to_owned(), generation, facts: facts.clone(), settled }
    }

    pub fn fail(&mut self, path: &str, cause: Cause) {
        self.note(path, FileOutcome::Failed);
        self.blame(cause);
    }

    /// A file is as far as it can be taken: marks what it lacks, and tells what became of it.
    pub fn done(&mut self, path: &str, outcome: FileOutcome) -> Result<(), StoreGone> {
        self.mark(path)?;
        self.tell(path, outcome);
        Ok(())
    }

    /// Notes what became of a file: what was decided for it, or else this.
    pub fn tell(&mut self, path: &str, outcome: FileOutcome) {
        let outcome = self.decided.remove(path).unwrap_or(outcome);
        let sight = self.access.shelf.seen(path);
        match sight.and_then(|sight| self.access.defect(path, sight.ending)) {
            Some(cause) => self.fail(path, cause),
            None => self.note(path, outcome),
        }
    }

    /// Marks a file that was listed and not there.
    pub fn mark_missing(&mut self, path: &str) -> Result<(), StoreGone> {
        if self.missing.contains(path) { self.mark(path) } else { Ok(()) }
    }

    /// A generation whose compressed file has no proper end lacks bytes, and it is not known how many. So may one of
    /// which nothing was read, because its file was listed and not there.
    pub fn mark(&mut self, path: &str) -> Result<(), StoreGone> {
        let Some(row) = self.paths.get(path) else { return Ok(()) };
        let Some(generation) = self.generations.get_mut(&row.generation) else { return Ok(()) };
        let sight = self.access.shelf.seen(path);
        let length = sight.map(|sight| sight.length).or(row.facts.size);
        let missing = generation.committed == 0 && self.missing.contains(path);
        let lacks = missing || sight.is_some_and(|sight| sight.ending != Ending::Whole);
        let copies = |other: &PathRow| other.generation == row.generation && other.path != path && other.settled;
        let plain = |other: &PathRow| copies(other) && !self.access.may_be_packed(&other.path);
        if length.is_some_and(|length| length < generation.committed) || lacks && self.paths.values().any(plain) {
            // It is a shorter copy, or the file that it is made of is there: nothing of the generation is missing.
            return Ok(());
        }
        let gap = lacks.then_some(0);
        // What is known to be lost stays so.
        if generation.gap != gap && generation.gap.unwrap_or(0) == 0 {
            generation.gap = gap;
            let change = Change::Mark { generation: generation.id, gap };
            self.access.context.committer.record(vec![change])?;
        }
        Ok(())
    }

    /// A file that was settled before the listing was asked for again keeps what became of it then.
    fn note(&mut self, path: &str, outcome: FileOutcome) {
        if outcome == FileOutcome::Unchanged && self.files.contains_key(path) {
            return;
        }
        self.files.insert(path.to_owned(), outcome);
    }
}

/// A file's length, where the listing tells it: of a compressed file it tells another.
pub(super) fn length_listed(access: Access<'_>, path: &str, facts: &Facts) -> Option<u64> {
    facts.size.filter(|size| *size == 0 || !access.may_be_packed(path))
}
