//! Files whose content is not what their name held before: moved, copied, new, or rewritten.
//!
//! Everything is decided before anything is stored, by short reads at the two ends that identify a file. Then the
//! decisions are recorded together, and the bytes are taken.

use std::collections::BTreeMap;

use super::classify::{Match, Relation};
use super::listing::Listing;
use super::outcome::FileOutcome;
use super::visit::{Cut, Taken, Visit, length_listed};
use crate::catalog::{Change, Ends, Facts, Generation, GenerationId, PathRow};

/// Files that wait for a decision, by path.
pub(super) type Undecided = BTreeMap<String, Facts>;

/// What a file shows.
struct Decision {
    path: String,
    facts: Facts,
    /// `None`: a content that is not stored yet.
    found: Option<Match>,
}

/// What is left to do for a decided file.
struct Job {
    path: String,
    facts: Facts,
    generation: GenerationId,
    /// Everything listed is stored already.
    complete: bool,
}

/// The last that is known of a generation whose path shows it no more.
#[derive(Default, Clone, Copy)]
struct LastSeen {
    /// As listed; 0 where that says nothing.
    size: u64,
    /// It may have had more than was seen of it.
    in_doubt: bool,
    /// Its path is not listed any more.
    vanished: bool,
}

impl Visit<'_> {
    /// Sorts the files out; gives those back that changed again meanwhile.
    pub async fn reclassify(&mut self, listing: &Listing, undecided: Undecided) -> Result<Undecided, Cut> {
        let mut decisions = Vec::new();
        for (path, facts) in &undecided {
            match self.decide(path, facts, &undecided, listing).await {
                Ok(found) => decisions.push(Decision { path: path.clone(), facts: facts.clone(), found }),
                Err(Cut::Unread) => self.remember(path, facts)?,
                Err(cut) => return Err(cut),
            }
        }
        let mut jobs = self.apply(listing, decisions)?;
        // Shorter ones first: where two new files have one content, the longer one is seen to begin as the other.
        jobs.sort_by_key(|job| job.facts.size);
        let mut strangers: Vec<Ends> = Vec::new();
        let mut again = Undecided::new();
        for job in jobs {
            if job.complete {
                self.show(&job.path, &job.facts, job.generation, true)?;
                self.done(&job.path, FileOutcome::Unchanged)?;
                continue;
            }
            let first = self.is_empty(job.generation);
            match self.take(&job.path, &job.facts, job.generation, &strangers).await? {
                Taken::Grown(_) => self.done(&job.path, FileOutcome::Appended)?,
                Taken::Different => drop(again.insert(job.path, job.facts)),
                Taken::Failed => {}
            }
            let now = self.generations.get(&job.generation).filter(|now| first && now.committed > 0);
            strangers.extend(now.map(|now| now.ends));
        }
        Ok(again)
    }

    /// A file that could not be looked at leaves a trace: should it be gone for good, this is what was lost.
    fn remember(&mut self, path: &str, facts: &Facts) -> Result<(), Cut> {
        if facts.size == Some(0) || self.paths.contains_key(path) {
            return Ok(());
        }
        let mut changes = Vec::new();
        let generation = self.open_generation(path, &mut changes);
        changes.push(self.shown(path, facts, generation, false));
        Ok(self.access.context.committer.record(changes)?)
    }

    /// Records the decisions, and closes what no file shows any more: all in one step.
    fn apply(&mut self, listing: &Listing, decisions: Vec<Decision>) -> Result<Vec<Job>, Cut> {
        let mut changes = Vec::new();
        let mut last_seen: BTreeMap<GenerationId, LastSeen> = BTreeMap::new();
        let mut jobs = Vec::new();
        let mut origins = Vec::new();
        for Decision { path, facts, found } in decisions {
            let before = self.paths.get(&path).map(|row| row.generation);
            if let Some(row) = self.paths.get(&path) {
                let in_doubt = self.may_have_grown(row, found);
                let size = length_listed(self.access, &path, &row.facts).unwrap_or(0);
                let seen = last_seen.entry(row.generation).or_default();
                seen.size = seen.size.max(size);
                seen.in_doubt |= in_doubt;
            }
            let generation = match found {
                Some(found) => found.generation,
                None => self.open_generation(&path, &mut changes),
            };
            changes.push(self.shown(&path, &facts, generation, false));
            let complete = self.is_complete(&path, &facts, generation, found);
            jobs.push(Job { path: path.clone(), facts, generation, complete });
            origins.push((path, found.map(|found| found.generation), before));
        }
        self.forget_vanished(listing, &mut changes, &mut last_seen);
        self.close_and_rename(&last_seen, &mut changes);
        if !changes.is_empty() {
            self.access.context.committer.record(changes)?;
        }
        for (path, found, before) in origins {
            if let Some(outcome) = self.outcome_of(found, before) {
                self.decided.insert(path, outcome);
            }
        }
        Ok(jobs)
    }

    /// What a decided file is; `None` when it shows what it showed before.
    fn outcome_of(&self, found: Option<GenerationId>, before: Option<GenerationId>) -> Option<FileOutcome> {
        let lives_on = |id| self.generations.get(&id).is_some_and(|generation: &Generation| generation.live);
        match (found, before) {
            (Some(found), Some(before)) if found == before => None,
            (Some(_), _) => Some(FileOutcome::Renamed),
            // A name whose old content lives on under another name holds a new file, not a rewritten one.
            (None, Some(before)) if !lives_on(before) => Some(FileOutcome::Rewritten),
            (None, _) => Some(FileOutcome::New),
        }
    }

    /// Whether a replaced file may have had more than was taken of it. One that was complete when it was last listed,
    /// and whose name went to a file that is known by another name, was rotated away behind that one: files in the
    /// middle of a rotation do not grow. Neither do compressed ones.
    fn may_have_grown(&self, row: &PathRow, now: Option<Match>) -> bool {
        let known = |id| self.paths.values().any(|other| other.generation == id && other.path != row.path);
        let at_rest = self.access.may_be_packed(&row.path) || now.is_some_and(|now| known(now.generation));
        !(row.settled && at_rest)
    }

    fn open_generation(&mut self, path: &str, changes: &mut Vec<Change>) -> GenerationId {
        let id = self.access.context.committer.generation();
        let path = path.to_owned();
        changes.push(Change::Open { generation: id, instance: self.id, path: path.clone() });
        let generation =
            Generation { id, path, live: true, committed: 0, ends: Ends::default(), gap: None, seen_us: None };
        self.generations.insert(id, generation);
        id
    }

    /// Whether the short reads have already shown that there is nothing to take.
    fn is_complete(&self, path: &str, facts: &Facts, id: GenerationId, found: Option<Match>) -> bool {
        let stored = self.generations.get(&id).map(|generation| generation.committed);
        length_listed(self.access, path, facts) == stored
            || found.is_some_and(|found| found.relation == Relation::Prefix)
    }

    fn forget_vanished(
        &mut self,
        listing: &Listing,
        changes: &mut Vec<Change>,
        last_seen: &mut BTreeMap<GenerationId, LastSeen>,
    ) {
        if !listing.complete {
            return;
        }
        let listed =
            |path: &str| listing.files.contains_key(path) || listing.refused.iter().any(|entry| entry.path == path);
        for (path, row) in self.paths.extract_if(.., |path, _| !listed(path)) {
            let size = length_listed(self.access, &path, &row.facts);
            let seen = last_seen.entry(row.generation).or_default();
            seen.size = seen.size.max(size.unwrap_or(0));
            seen.in_doubt |= size.is_none() && !row.settled;
            seen.vanished = true;
            changes.push(Change::Forget { instance: self.id, path });
        }
    }

    fn close_and_rename(&mut self, last_seen: &BTreeMap<GenerationId, LastSeen>, changes: &mut Vec<Change>) {
        let mut shown: BTreeMap<GenerationId, Vec<&str>> = BTreeMap::new();
        for row in self.paths.values() {
            shown.entry(row.generation).or_default().push(&row.path);
        }
        for generation in self.generations.values_mut() {
            match shown.get(&generation.id) {
                None if generation.live => {
                    let seen = last_seen.get(&generation.id).copied().unwrap_or_default();
                    let lost = seen.size.saturating_sub(generation.committed);
                    generation.live = false;
                    let vanished_unread = seen.vanished && (seen.in_doubt || lost > 0);
                    generation.gap = (seen.in_doubt || lost > 0).then_some(lost).or(generation.gap);
                    if generation.committed == 0 && !vanished_unread {
                        // Its path shows something that is known, or there never was anything.
                        changes.push(Change::Discard { generation: generation.id });
                        continue;
                    }
                    self.closed += 1;
                    changes.push(Change::Close { generation: generation.id, gap: generation.gap });
                }
                None => {}
                Some(paths) => {
                    let named = paths.contains(&generation.path.as_str());
                    if generation.live && named {
                        continue;
                    }
                    if !named {
                        generation.path = paths[0].to_owned();
                    }
                    if !generation.live {
                        (generation.live, generation.gap) = (true, None);
                    }
                    let path = generation.path.clone();
                    changes.push(Change::Rename { generation: generation.id, path });
                }
            }
        }
    }
}
