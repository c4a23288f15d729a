//! Files whose content is not what their name held before: moved, copied, new, or rewritten.
//!
//! Everything is decided before anything is stored, by short reads at the two ends that identify a file. Then the
//! decisions are recorded together, and the bytes are taken.

use std::collections::BTreeMap;

use super::classify::{Match, Relation};
use super::listing::Listing;
use super::outcome::FileOutcome;
use super::transfer::Access;
use super::visit::{Cut, Taken, Visit, length_listed};
use crate::catalog::{Change, Ends, Facts, Gap, Generation, GenerationId, PathRow};

/// Files that wait for a decision, by path.
pub(super) type Undecided = BTreeMap<String, Facts>;

/// What a file shows.
struct Decision {
    path: String,
    facts: Facts,
    /// `None`: a content that is not stored yet.
    found: Option<Match>,
    /// How it begins, where that was looked at.
    begin: Option<Ends>,
    /// It could be looked at. One that could not leaves a trace: should it be gone for good, this is what was lost.
    read: bool,
}

/// What is left to do for a decided file.
struct Job {
    path: String,
    facts: Facts,
    generation: GenerationId,
    begin: Option<Ends>,
    /// Everything listed is stored already.
    complete: bool,
    /// It has not all that is stored, or was not looked at: it cannot say that nothing is missing.
    part: bool,
}

/// The last that is known of a generation whose path shows it no more, and what was found of it elsewhere.
#[derive(Default, Clone, Copy)]
struct LastSeen {
    /// As listed; 0 where that says nothing.
    size: u64,
    /// It may have had more than was seen of it.
    in_doubt: bool,
    /// Its path is not listed any more.
    vanished: bool,
    /// Several paths showed it: one is the file, the others are copies, and maybe shorter.
    copied: bool,
    /// Nothing was read of it because it was being made or moved just then, and what it became was found.
    passed_by: bool,
    /// The length of the longest file that was found to have all that is stored of it; the greatest where none is told.
    found: Option<u64>,
}

impl Visit<'_> {
    /// Sorts the files out; gives those back that changed again meanwhile.
    pub async fn reclassify(&mut self, listing: &Listing, undecided: Undecided) -> Result<Undecided, Cut> {
        let mut decisions = Vec::new();
        for (path, facts) in &undecided {
            let ((found, begin), read) = match self.decide(path, facts, &undecided, listing).await {
                Ok(decided) => (decided, true),
                Err(Cut::Unread) => ((self.own_if_empty(path).or_else(|| self.own_if_alike(path, facts)), None), false),
                Err(cut) => return Err(cut),
            };
            decisions.push(Decision { path: path.clone(), facts: facts.clone(), found, begin, read });
        }
        let mut jobs = self.apply(listing, decisions)?;
        // Shorter ones first: where two new files have one content, the longer one is seen to begin as the other.
        jobs.sort_by_key(|job| job.facts.size);
        let mut strangers: Vec<Ends> = Vec::new();
        let mut again = Undecided::new();
        for job in jobs {
            if job.complete {
                self.show(&job.path, &job.facts, job.generation, true)?;
                if !job.part {
                    self.mark(&job.path)?;
                }
                self.tell(&job.path, FileOutcome::Unchanged);
                continue;
            }
            let first = self.is_empty(job.generation);
            match self.take(&job.path, &job.facts, job.generation, job.begin, &strangers).await? {
                Taken::Grown(0) => self.done(&job.path, FileOutcome::Unchanged)?,
                Taken::Grown(_) => self.done(&job.path, FileOutcome::Appended)?,
                Taken::Different => drop(again.insert(job.path, job.facts)),
                Taken::Failed => {}
            }
            let now = self.generations.get(&job.generation).filter(|now| first && now.committed > 0);
            strangers.extend(now.map(|now| now.ends));
        }
        Ok(again)
    }

    /// Records the decisions, and closes what no file shows any more: all in one step.
    fn apply(&mut self, listing: &Listing, decisions: Vec<Decision>) -> Result<Vec<Job>, Cut> {
        let mut changes = Vec::new();
        let mut last_seen = self.last_seen(&decisions);
        let packed_came = decisions.iter().any(|decision| self.is_packed_arrival(decision));
        let mut jobs = Vec::new();
        let (mut origins, mut unread) = (Vec::new(), Vec::new());
        for Decision { path, facts, found, begin, read } in decisions {
            let before = self.paths.get(&path).map(|row| row.generation);
            let generation = match found {
                Some(found) => found.generation,
                None => self.open_generation(&path, &mut changes),
            };
            changes.push(self.shown(&path, &facts, generation, false));
            if read {
                let part = found.is_some_and(|found| found.relation == Relation::Prefix);
                let complete = part || self.is_complete(&path, &facts, generation);
                jobs.push(Job { path: path.clone(), facts, generation, begin, complete, part });
                origins.push((path, found.map(|found| found.generation), before));
            } else {
                unread.push(path);
            }
        }
        self.forget_vanished(listing, packed_came, &mut changes, &mut last_seen);
        self.close_and_rename(&last_seen, &mut changes);
        if !changes.is_empty() {
            self.access.context.committer.record(changes)?;
        }
        for path in unread {
            self.mark_missing(&path)?;
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

    /// The last that is known of the files that the decided ones replace, and of those that they are.
    fn last_seen(&self, decisions: &[Decision]) -> BTreeMap<GenerationId, LastSeen> {
        let mut shown: BTreeMap<GenerationId, usize> = BTreeMap::new();
        self.paths.values().for_each(|row| *shown.entry(row.generation).or_default() += 1);
        let mut last_seen: BTreeMap<GenerationId, LastSeen> = BTreeMap::new();
        for Decision { path, facts, found, .. } in decisions {
            if let Some(found) = found.filter(|found| found.relation == Relation::Continues) {
                let length = length_told(self.access, path, facts).unwrap_or(u64::MAX);
                let seen = last_seen.entry(found.generation).or_default();
                seen.found = seen.found.max(Some(length));
            }
            let Some(row) = self.paths.get(path) else { continue };
            let came_from_another_name = found.is_some_and(|found| shown.contains_key(&found.generation));
            let seen = last_seen.entry(row.generation).or_default();
            seen.copied = shown.get(&row.generation).is_some_and(|count| *count > 1);
            seen.size = seen.size.max(length_listed(self.access, path, &row.facts).unwrap_or(0));
            seen.in_doubt |= !(row.settled && (came_from_another_name || self.rests(row)));
        }
        last_seen
    }

    /// Whether a compressed file came to a name that did not show it before.
    fn is_packed_arrival(&self, decision: &Decision) -> bool {
        let before = self.paths.get(&decision.path).map(|row| row.generation);
        let arrived = decision.found.is_none_or(|found| Some(found.generation) != before);
        arrived && self.access.may_be_packed(&decision.path)
    }

    /// Whether a file is written to no more: one that was rotated away since it was first seen, or compressed. Neither
    /// is one whose name went to a file that was known by another name: it was rotated away behind that one.
    fn rests(&self, row: &PathRow) -> bool {
        let moved = self.generations.get(&row.generation).is_some_and(|generation| generation.moved);
        moved || self.access.may_be_packed(&row.path)
    }

    fn open_generation(&mut self, path: &str, changes: &mut Vec<Change>) -> GenerationId {
        let id = self.access.context.committer.generation();
        let path = path.to_owned();
        changes.push(Change::Open { generation: id, instance: self.id, path: path.clone() });
        let (ends, gap, seen_us) = (Ends::default(), None, None);
        let generation = Generation { id, path, live: true, committed: 0, ends, gap, seen_us, moved: false };
        self.generations.insert(id, generation);
        id
    }

    /// Whether as much is stored as is listed.
    fn is_complete(&self, path: &str, facts: &Facts, id: GenerationId) -> bool {
        let stored = self.generations.get(&id).map(|generation| generation.committed);
        length_listed(self.access, path, facts) == stored
    }

    fn forget_vanished(
        &mut self,
        listing: &Listing,
        packed_came: bool,
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
            // `logrotate` compresses a file beside itself, and moves the outcome on.
            let generation = self.generations.get(&row.generation);
            let marked = generation.is_some_and(|generation| generation.committed == 0 && generation.gap.is_some());
            seen.passed_by |= packed_came && marked;
            changes.push(Change::Forget { instance: self.id, path });
        }
    }

    fn close_and_rename(&mut self, last_seen: &BTreeMap<GenerationId, LastSeen>, changes: &mut Vec<Change>) {
        let mut shown: BTreeMap<GenerationId, Vec<&PathRow>> = BTreeMap::new();
        for row in self.paths.values() {
            shown.entry(row.generation).or_default().push(row);
        }
        for generation in self.generations.values_mut() {
            match shown.get(&generation.id) {
                None if generation.live => {
                    let seen = last_seen.get(&generation.id).copied().unwrap_or_default();
                    let lost = seen.size.saturating_sub(generation.committed);
                    generation.live = false;
                    generation.gap = (seen.in_doubt || lost > 0).then_some(lost).max(generation.gap);
                    let vanished_unread = seen.vanished && generation.gap.is_some() && !seen.passed_by;
                    if generation.committed == 0 && !vanished_unread {
                        // Its path shows something that is known, or what it became does, or there never was anything.
                        changes.push(Change::Discard { generation: generation.id });
                        continue;
                    }
                    self.closed += 1;
                    changes.push(Change::Close { generation: generation.id, gap: generation.gap });
                }
                None => {}
                Some(rows) => {
                    let seen = last_seen.get(&generation.id).copied().unwrap_or_default();
                    let size = if seen.copied { seen.size } else { 0 };
                    let lost = size.saturating_sub(bytes_at_hand(self.access, generation, rows));
                    // A shorter copy takes nothing back of what was told; a file that goes on does, as far as it goes.
                    let more = seen.found.map(|length| length.saturating_sub(generation.committed));
                    let still =
                        |gap: Gap| more.map_or(Some(gap), |more| gap.checked_sub(more).filter(|left| *left > 0));
                    let gap = generation.gap.and_then(still).max((lost > 0).then_some(lost));
                    // An empty one proves nothing: another file may have its name now.
                    if generation.committed > 0 && gap != generation.gap {
                        generation.gap = gap;
                        changes.push(Change::Mark { generation: generation.id, gap });
                    }
                    let named = rows.iter().any(|row| row.path == generation.path);
                    if generation.live && named {
                        continue;
                    }
                    if !named {
                        generation.path.clone_from(&rows[0].path);
                        generation.moved = true;
                    }
                    generation.live = true;
                    let path = generation.path.clone();
                    changes.push(Change::Rename { generation: generation.id, path });
                }
            }
        }
    }
}

/// How much of a generation is stored, or held by the files that still show it.
fn bytes_at_hand(access: Access<'_>, generation: &Generation, rows: &[&PathRow]) -> u64 {
    let length = |row: &&PathRow| {
        let nothing_more = row.settled.then_some(0);
        length_told(access, &row.path, &row.facts).or(nothing_more).unwrap_or(u64::MAX)
    };
    rows.iter().map(length).max().unwrap_or(0).max(generation.committed)
}

/// A file's length, as far as anything tells it.
fn length_told(access: Access<'_>, path: &str, facts: &Facts) -> Option<u64> {
    access.shelf.seen(path).map(|sight| sight.length).or(length_listed(access, path, facts))
}
