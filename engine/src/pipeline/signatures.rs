//! What signatures the store's errors have, and what other rules would make of them.
//!
//! The logs are read anew, all of them, and nothing is written: the catalog's partials know counts, not rules and
//! messages. Instances are read side by side, and what they bring is added in their order.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::job::Problem;
use super::lacks::stored_spans;
use super::period;
use crate::calendar::Calendar;
use crate::catalog::{Catalog, InstanceId};
use crate::fold;
use crate::mirror::{Mirror, MirrorError};
use crate::normalise::{Alike, Normaliser, Record, Shape, Signatures, Start};
use crate::profile::{Instance, Period, Profile};

/// Messages that are shown of a signature.
const EXAMPLES_MAX: usize = 3;
/// What is kept of one.
const EXAMPLE_BYTES_MAX: usize = 400;

/// The signatures of a period's errors.
#[derive(Debug)]
pub struct Survey {
    /// The first and the last day; none where no record is stored.
    pub dates: Option<(NaiveDate, NaiveDate)>,
    /// The most frequent first.
    pub signatures: Vec<Signed>,
    /// What other rules make of them, where they make another one; the most frequent first.
    pub changes: Vec<Change>,
    /// Some bytes that were fetched are no longer stored.
    pub has_holes: bool,
    /// What is damaged in the store, by position of the instance; of these, what lies before the damage counts.
    pub damaged: BTreeMap<usize, String>,
}

/// A signature.
#[derive(Debug)]
pub struct Signed {
    pub text: String,
    /// Position of the rule behind it.
    pub rule: Option<usize>,
    pub errors: u64,
    pub instances: usize,
    /// Microseconds since 1970 UTC.
    pub first: i64,
    pub last: i64,
    /// Messages, each another one.
    pub examples: Vec<String>,
}

/// Errors that other rules give another signature.
#[derive(Debug)]
pub struct Change {
    pub before: String,
    pub after: String,
    /// Position of the other rule behind it.
    pub rule: Option<usize>,
    pub errors: u64,
    pub kind: ChangeKind,
}

/// What becomes of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It has another text.
    Renamed,
    /// Others have the same text then.
    Merged,
    /// Its errors have several texts then.
    Split,
    /// It is split, and what comes of it merged with others.
    Both,
}

/// Signatures by the rules of the profile, and by the other ones.
type Both = (String, String);

/// What was found in the logs of an instance, or of all up to one.
#[derive(Default)]
struct Found {
    errors: BTreeMap<Both, Errors>,
    /// Times of the oldest and of the newest record.
    times: Option<(i64, i64)>,
    /// Some bytes that were fetched are no longer stored.
    has_holes: bool,
    /// What is damaged, by position of the instance.
    damaged: BTreeMap<usize, String>,
}

/// Errors with the same two signatures.
#[derive(Default)]
struct Errors {
    rules: (Option<usize>, Option<usize>),
    days: BTreeMap<i32, Tally>,
}

/// Errors of a day.
#[derive(Default)]
struct Tally {
    errors: u64,
    instances: BTreeSet<usize>,
    /// Times of the first and of the last.
    times: Option<(i64, i64)>,
    examples: Vec<String>,
}

/// Reads everything that is stored of a profile's fleet, and tells what lies in the period. `normaliser` must be
/// compiled for what wants errors and their signatures; `tick` is called for every instance.
///
/// # Errors
/// Trouble with the store.
pub fn survey(
    profile: &Profile,
    normaliser: &Normaliser,
    other: Option<&Signatures>,
    period: &Period,
    tick: &(dyn Fn() + Sync),
) -> Result<Survey, Problem> {
    let catalog = Catalog::open_to_read(&profile.store)?;
    let ids: BTreeMap<String, InstanceId> = catalog.instances()?.into_iter().map(|row| (row.name, row.id)).collect();
    let mirror = Mirror::open(&profile.store);
    let next = AtomicUsize::new(0);
    let each = || -> Result<Vec<(usize, Found)>, Problem> {
        let catalog = Catalog::open_to_read(&profile.store)?;
        let mut brought = Vec::new();
        loop {
            let position = next.fetch_add(1, Ordering::Relaxed);
            let Some(instance) = profile.instances.get(position) else { return Ok(brought) };
            if let Some(id) = ids.get(&instance.name) {
                let (days, by_offset) = profile.days_of(instance);
                let calendar = Calendar::of(days, by_offset);
                let found = Found::default();
                let zone = profile.zone_of(instance);
                let alike = Alike::default();
                let mut reading = Reading { position, instance, zone, normaliser, other, calendar, alike, found };
                match catalog.at_once(|| reading.read(&catalog, &mirror, *id))? {
                    // Trouble with that instance alone: what was read up to there counts.
                    Err(Problem::Mirror(damage @ MirrorError::Damaged { .. })) => {
                        reading.found.damaged.insert(position, damage.to_string());
                    }
                    read => read?,
                }
                brought.push((position, reading.found));
            }
            tick();
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(profile.instances.len().max(1));
    let mut brought = thread::scope(|scope| -> Result<Vec<_>, Problem> {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(each)).collect();
        let mut brought = Vec::new();
        for thread in threads {
            brought.extend(thread.join().expect("reading does not panic")?);
        }
        Ok(brought)
    })?;
    brought.sort_by_key(|(position, _)| *position);
    let mut all = Found::default();
    brought.into_iter().for_each(|(_, found)| all.add(found));
    let mut calendar = Calendar::new(profile.report.zone.unwrap_or_else(|| profile.zone()));
    let (oldest, newest) = all.times.unwrap_or_default();
    let days = period::days(period, calendar.day(oldest), calendar.day(newest));
    Ok(Survey::of(all, days, other.is_some()))
}

/// One instance as it is read.
struct Reading<'a> {
    position: usize,
    instance: &'a Instance,
    zone: Option<Tz>,
    normaliser: &'a Normaliser,
    other: Option<&'a Signatures>,
    calendar: Calendar,
    alike: Alike,
    found: Found,
}

impl Reading<'_> {
    fn read(&mut self, catalog: &Catalog, mirror: &Mirror, id: InstanceId) -> Result<(), Problem> {
        let mut both = Both::default();
        let holes = catalog.holes(id)?;
        self.found.has_holes = !holes.is_empty();
        for generation in catalog.generations(id)? {
            let chunks = catalog.chunks(generation.id)?;
            let holes = holes.get(&generation.id).map_or(&[][..], Vec::as_slice);
            for span in stored_spans(holes, 0..generation.committed) {
                let start = Start {
                    zone: self.zone,
                    offset: span.start,
                    counted: span.start,
                    latest: None,
                    seen: generation.seen_us,
                    closed: !generation.live || span.end < generation.committed,
                    formats: self.normaliser.formats_of(&self.instance.tags, &generation.path),
                    shape: Shape::default(),
                };
                let mut records = self.normaliser.open(mirror.reader(&chunks, span.start, span.end)?, start);
                while let Some(record) = records.next()? {
                    widen(&mut self.found.times, (record.time, record.time));
                    if record.wanted != 0 {
                        self.see(record, &mut both);
                    }
                }
            }
        }
        Ok(())
    }

    fn see(&mut self, record: &Record, both: &mut Both) {
        both.0.clear();
        both.1.clear();
        let rule = self.normaliser.sign(record, &mut self.alike, &mut both.0);
        let other_rule = self.other.and_then(|other| other.write(record, &mut self.alike, &mut both.1));
        let errors = match self.found.errors.get_mut(both) {
            Some(errors) => errors,
            None => self.found.errors.entry(both.clone()).or_default(),
        };
        errors.rules = (rule, other_rule);
        self.calendar.follow(record.offset_min);
        let tally = errors.days.entry(self.calendar.day(record.time)).or_default();
        tally.errors += 1;
        tally.instances.insert(self.position);
        widen(&mut tally.times, (record.time, record.time));
        tally.add_example(record.body());
    }
}

impl Found {
    fn add(&mut self, other: Self) {
        if let Some(times) = other.times {
            widen(&mut self.times, times);
        }
        self.has_holes |= other.has_holes;
        self.damaged.extend(other.damaged);
        for (both, errors) in other.errors {
            let mine = self.errors.entry(both).or_default();
            mine.rules = errors.rules;
            for (day, tally) in errors.days {
                mine.days.entry(day).or_default().add(tally);
            }
        }
    }
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.errors += other.errors;
        self.instances.extend(other.instances);
        if let Some(times) = other.times {
            widen(&mut self.times, times);
        }
        other.examples.iter().for_each(|example| self.add_example(example));
    }

    fn add_example(&mut self, body: &str) {
        let line = body.lines().next().unwrap_or_default();
        let line = &line[..line.floor_char_boundary(EXAMPLE_BYTES_MAX)];
        if self.examples.len() < EXAMPLES_MAX && !self.examples.iter().any(|known| known == line) {
            self.examples.push(line.to_owned());
        }
    }
}

fn widen(times: &mut Option<(i64, i64)>, by: (i64, i64)) {
    let (first, last) = times.get_or_insert(by);
    (*first, *last) = ((*first).min(by.0), (*last).max(by.1));
}

impl Survey {
    fn of(found: Found, days: Range<i32>, is_compared: bool) -> Self {
        let mut signatures: BTreeMap<String, (Option<usize>, Tally)> = BTreeMap::new();
        let mut changes = Vec::new();
        let (mut of_before, mut of_after) = (BTreeMap::<String, u32>::new(), BTreeMap::<String, u32>::new());
        for ((before, after), errors) in found.errors {
            let mut sum = Tally::default();
            errors.days.into_iter().filter(|(day, _)| days.contains(day)).for_each(|(_, tally)| sum.add(tally));
            if sum.errors == 0 {
                continue;
            }
            *of_before.entry(before.clone()).or_default() += 1;
            *of_after.entry(after.clone()).or_default() += 1;
            if is_compared && before != after {
                let (errors, rule) = (sum.errors, errors.rules.1);
                changes.push(Change { before: before.clone(), after, rule, errors, kind: ChangeKind::Renamed });
            }
            let (rule, tally) = signatures.entry(before).or_default();
            *rule = errors.rules.0;
            tally.add(sum);
        }
        let signed = |(text, (rule, tally)): (String, (Option<usize>, Tally))| {
            let (first, last) = tally.times.unwrap_or_default();
            let (errors, instances, examples) = (tally.errors, tally.instances.len(), tally.examples);
            Signed { text, rule, errors, instances, first, last, examples }
        };
        let mut signatures: Vec<Signed> = signatures.into_iter().map(signed).collect();
        // Equal counts stay in the order of their texts.
        signatures.sort_by_key(|signed| std::cmp::Reverse(signed.errors));
        changes.sort_by_key(|change| std::cmp::Reverse(change.errors));
        for change in &mut changes {
            change.kind = match (of_before[&change.before] > 1, of_after[&change.after] > 1) {
                (true, true) => ChangeKind::Both,
                (true, false) => ChangeKind::Split,
                (false, true) => ChangeKind::Merged,
                (false, false) => ChangeKind::Renamed,
            };
        }
        let dates = found.times.and_then(|_| fold::dates(&days));
        Self {
            dates: dates.map(|(from, to)| (from, to.pred_opt().unwrap_or(to))),
            signatures,
            changes,
            has_holes: found.has_holes,
            damaged: found.damaged,
        }
    }
}
