//! What a report lacks, because logs are no longer stored or are damaged: found while it is computed, and told by its
//! sections.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use logparser_reports::model::SectionState;

use super::job::Problem;
use super::worker::Worker;
use crate::calendar;
use crate::catalog::{Hole, Why};
use crate::fold::Member;
use crate::mirror::MirrorError;

/// What is missing of an instance's day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lack {
    pub day: i32,
    /// What is kept of the day is of other records than those that are there now: it must not count.
    pub stale: bool,
    /// A repair may bring it back.
    pub passing: bool,
}

/// What was found to be missing, by every thread.
#[derive(Debug, Default)]
pub struct Lacks(Mutex<Found>);

#[derive(Debug, Default)]
struct Found {
    /// By position of the plugin and of the instance.
    days: BTreeMap<(usize, usize), BTreeMap<i32, Lack>>,
    /// Instances whose logs could not be read, with what happened.
    damaged: BTreeMap<usize, String>,
    /// Days of which results may have been dropped for their age, of any instance.
    forgotten: Range<i32>,
}

impl Lacks {
    /// Notes that a plugin lacks a day of an instance.
    pub fn note(&self, plugin: usize, instance: usize, lack: Lack) {
        let mut found = self.found();
        let noted = found.days.entry((plugin, instance)).or_default().entry(lack.day).or_insert(lack);
        noted.stale |= lack.stale;
        noted.passing |= lack.passing;
    }

    /// Damage in the logs of an instance is trouble with that instance alone: it is noted, and nothing came of it.
    ///
    /// # Errors
    /// All other trouble with the store.
    pub fn survive<T: Default>(
        &self,
        instance: usize,
        worker: &mut Worker<'_>,
        result: Result<T, Problem>,
    ) -> Result<T, Problem> {
        match result {
            Err(Problem::Mirror(damage @ MirrorError::Damaged { .. })) => {
                self.note_damage(instance, damage.to_string());
                worker.give_up();
                Ok(T::default())
            }
            other => other,
        }
    }

    /// Notes why the logs of an instance could not be read in whole.
    pub fn note_damage(&self, instance: usize, what: String) {
        self.found().damaged.entry(instance).or_insert(what);
    }

    /// Instances whose logs could not be read, by position, with what happened.
    pub fn damaged(&self) -> BTreeMap<usize, String> {
        self.found().damaged.clone()
    }

    /// Notes days of which results may have been dropped for their age.
    pub fn note_forgotten(&self, days: Range<i32>) {
        self.found().forgotten = days;
    }

    /// The days of an instance whose partials must not count.
    pub fn stale_days(&self, plugin: usize, instance: usize) -> BTreeSet<i32> {
        let found = self.found();
        let days = found.days.get(&(plugin, instance)).into_iter().flatten();
        days.filter(|(_, lack)| lack.stale).map(|(day, _)| *day).collect()
    }

    /// Whether a repair could make the results of a plugin more.
    pub fn is_passing(&self, plugin: usize) -> bool {
        let found = self.found();
        let mut lacks = found.days.range((plugin, 0)..(plugin + 1, 0)).flat_map(|(_, days)| days.values());
        !found.damaged.is_empty() || lacks.any(|lack| lack.passing)
    }

    /// The state of a section from which days are missing; none where nothing is.
    pub fn state(&self, plugin: usize, members: &[Member]) -> Option<SectionState> {
        let found = self.found();
        let lacks = || found.days.range((plugin, 0)..(plugin + 1, 0));
        let instances: BTreeSet<usize> =
            lacks().map(|((_, instance), _)| *instance).chain(found.damaged.keys().copied()).collect();
        let days = lacks().flat_map(|(_, days)| days.keys().copied());
        let days: BTreeSet<i32> = days.chain(found.forgotten.clone()).collect();
        (!instances.is_empty() || !days.is_empty()).then(|| SectionState::Partial {
            instances_failed: instances.iter().map(|instance| members[*instance].name.clone()).collect(),
            days_missing: days.iter().filter_map(|day| calendar::date(*day)).collect(),
        })
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The stored spans of these bytes, in their order. What lies behind a hole that may still be filled has to wait.
pub fn stored_spans(holes: &[Hole], bytes: Range<u64>) -> Vec<Range<u64>> {
    let mut spans = Vec::new();
    let mut at = bytes.start;
    for hole in holes.iter().filter(|hole| hole.meets(bytes.start, bytes.end)) {
        spans.push(at..hole.offset);
        at = hole.end();
        if hole.why == Why::Wanted {
            at = bytes.end;
            break;
        }
    }
    spans.push(at..bytes.end);
    spans.retain(|span| span.start < span.end);
    spans
}

#[cfg(test)]
mod tests {
    use super::{Hole, Why, stored_spans};

    #[test]
    fn spans_lie_between_holes() {
        let hole = |offset, bytes, why| Hole { offset, bytes, checksum: None, why, days: None };
        let holes = [hole(0, 10, Why::Dropped), hole(20, 5, Why::Lost), hole(40, 5, Why::Wanted)];
        let spans = |holes: &[Hole], from, to| {
            stored_spans(holes, from..to).into_iter().map(|span| (span.start, span.end)).collect::<Vec<_>>()
        };
        assert_eq!(spans(&[], 3, 9), [(3, 9)]);
        assert_eq!(spans(&holes, 0, 90), [(10, 20), (25, 40)]);
        assert_eq!(spans(&holes, 12, 22), [(12, 20)]);
        assert_eq!(spans(&holes, 45, 60), [(45, 60)]);
        assert_eq!(spans(&holes, 41, 60), []);
        assert_eq!(spans(&holes, 2, 8), []);
    }
}
