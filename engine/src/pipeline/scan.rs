//! Reads what is new of an instance: finds its days, and carries partials on where the records only continue.
//!
//! A day's partial goes on when what is new follows everything that it covers. Where it does not (a late file, a last
//! record that grew, a plugin or setting that changed) the day is left stale, and [`super::complete`] computes it
//! anew if the report needs it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::job::{Job, Problem};
use super::lacks::stored_spans;
use super::stream::{self, Lane, Order, Visitor};
use super::worker::{Saved, Worker};
use crate::calendar::Calendar;
use crate::catalog::{Analysed, Catalog, Day, Generation, GenerationId, Hole, Partial, Scan, Update, Why};
use crate::normalise::{Passed, Record, Shape, Tally};

/// Examples of unparsed lines that are kept of a generation.
const EXAMPLES_MAX: usize = 3;

/// What a scan brought.
pub struct Scanned {
    pub update: Update,
    /// Every plugin has a partial of every day: there is nothing left to complete.
    pub whole: bool,
}

/// Scans one instance; none where there is nothing new.
///
/// # Errors
/// Trouble with the store.
pub fn scan(job: &Job<'_>, catalog: &Catalog, worker: &mut Worker<'_>) -> Result<Option<Scanned>, Problem> {
    let generations = catalog.generations(job.instance)?;
    let analysed = catalog.analysed(job.layout, job.instance)?;
    let mut scan = Scanning::new(job, catalog, analysed)?;
    let mut lanes = Vec::new();
    let holes = catalog.holes(job.instance)?;
    for generation in &generations {
        lanes.extend(scan.lanes(generation, holes.get(&generation.id).map_or(&[][..], Vec::as_slice))?);
    }
    if lanes.is_empty() {
        return Ok(None);
    }
    scan.orders = generations.iter().map(|generation| (generation.id, scan.order(generation))).collect();
    worker.begin_instance(job.position, job.name);
    let open = |lane: &Lane, to: u64| job.open(catalog, lane, to);
    let tallies = stream::run(&lanes, open, &mut Visit { scan: &mut scan, lanes: &lanes, worker })?;
    scan.keep_range();
    scan.take_states(worker);
    for (lane, tally) in lanes.iter().zip(tallies) {
        scan.end_lane(lane, &tally);
    }
    let scanned = scan.into_scanned(worker);
    // What is no longer stored may lack.
    Ok(Some(Scanned { whole: scanned.whole && holes.is_empty(), ..scanned }))
}

/// What is known while an instance is read.
struct Scanning<'a> {
    job: &'a Job<'a>,
    calendar: Calendar,
    /// As it was before.
    before: Analysed,
    coverage: BTreeMap<(i64, i32), i64>,
    catalog: &'a Catalog,
    orders: BTreeMap<GenerationId, Order>,
    /// As it becomes.
    scans: BTreeMap<GenerationId, Scan>,
    days: BTreeMap<(i32, GenerationId), Day>,
    /// Days whose partials cannot go on.
    stale: BTreeSet<i32>,
    states: BTreeMap<(usize, i32), Vec<u8>>,
    now: Option<Now>,
    /// The day that each generation was on last.
    last_days: BTreeMap<GenerationId, i32>,
}

/// Hands the records over.
struct Visit<'v, 'a, 'w> {
    scan: &'v mut Scanning<'a>,
    lanes: &'v [Lane],
    worker: &'v mut Worker<'w>,
}

impl Visitor<Problem> for Visit<'_, '_, '_> {
    #[inline]
    fn visit(&mut self, lane: usize, key: i64, record: &Record) -> Result<(), Problem> {
        self.scan.visit(lane, &self.lanes[lane], key, record, self.worker)
    }

    #[inline]
    fn quiet(&self, lane: usize) -> Range<i64> {
        match &self.scan.now {
            Some(now) if now.lane == lane => self.scan.calendar.bounds(),
            _ => 0..0,
        }
    }

    #[inline]
    fn count(&mut self, event: u16, plugins: u64, times: u64) {
        self.worker.count(event, plugins, times);
    }

    #[inline]
    fn pass(&mut self, passed: Passed) {
        if let Some(now) = &mut self.scan.now {
            now.range.records += passed.records;
            now.range.last_key = passed.last;
            now.range.last_time = now.range.last_time.max(passed.last);
        }
        self.worker.pass(passed);
    }
}

/// The day and generation that the stream is in.
struct Now {
    lane: usize,
    day: i32,
    range: Day,
    generation: GenerationId,
}

impl<'a> Scanning<'a> {
    fn new(job: &'a Job<'a>, catalog: &'a Catalog, before: Analysed) -> Result<Self, Problem> {
        let coverage =
            if before.days.is_empty() { BTreeMap::new() } else { catalog.coverage(job.works, job.instance)? };
        Ok(Self {
            job,
            calendar: Calendar::of(job.days.0, job.days.1),
            before,
            coverage,
            catalog,
            orders: BTreeMap::new(),
            scans: BTreeMap::new(),
            days: BTreeMap::new(),
            stale: BTreeSet::new(),
            states: BTreeMap::new(),
            now: None,
            last_days: BTreeMap::new(),
        })
    }

    /// What is new of a generation: one lane, or one for each side of a hole.
    fn lanes(&mut self, generation: &Generation, holes: &[Hole]) -> Result<Vec<Lane>, Problem> {
        let known = self.before.scans.get(&generation.id).cloned().unwrap_or_default();
        let lane = |span: &Range<u64>| Lane {
            generation: generation.id,
            from: span.start,
            counted: span.start,
            to: span.end,
            closed: match holes.iter().find(|hole| hole.offset == span.end) {
                Some(hole) => hole.why != Why::Wanted,
                None => !generation.live,
            },
            key: known.last_key,
            first_key: known.first_key,
            head: generation.ends.head,
            seen_us: generation.seen_us,
            formats: self.job.normaliser.formats_of(self.job.tags, &generation.path),
            shape: Shape::from_stored(known.shape),
        };
        let mut lanes: Vec<Lane> = stored_spans(holes, known.parsed..generation.committed).iter().map(lane).collect();
        let Some(lane) = lanes.first_mut() else { return Ok(lanes) };
        let mut scan = known;
        if let Some(last) = scan.last_record
            && lane.from == scan.parsed
            && !holes.iter().any(|hole| hole.meets(last, lane.to))
            && self.job.continues(self.catalog, lane)?
        {
            // The last record grew: it is read again as a whole, and its day computed anew.
            lane.from = last;
            scan.records -= 1;
            let day = scan.last_time.map(|time| self.day_of_last(generation.id, last, time));
            if let Some(day) = day {
                self.stale.insert(day);
                self.take_back(day, generation.id);
            }
        }
        self.scans.insert(generation.id, scan);
        Ok(lanes)
    }

    /// The day of a generation's last record, whose time may have told an offset.
    fn day_of_last(&mut self, generation: GenerationId, last: u64, time: i64) -> i32 {
        let is_of = |range: &Day| range.last_time == time && (range.first_offset..range.end_offset).contains(&last);
        let mut days = self.before.days.iter().filter(|(_, days)| days.get(&generation).is_some_and(is_of));
        days.next().map_or_else(|| self.calendar.day(time), |(day, _)| *day)
    }

    /// Takes the last record of a generation out of its day.
    fn take_back(&mut self, day: i32, generation: GenerationId) {
        if let Some(range) = self.before.days.get_mut(&day).and_then(|days| days.get_mut(&generation)) {
            range.records = range.records.saturating_sub(1);
        }
    }

    fn order(&self, generation: &Generation) -> Order {
        let scan = self.before.scans.get(&generation.id);
        (scan.and_then(|scan| scan.first_key).unwrap_or(i64::MAX), generation.ends.head)
    }

    #[inline]
    fn visit(
        &mut self,
        lane: usize,
        plan: &Lane,
        key: i64,
        record: &Record,
        worker: &mut Worker<'_>,
    ) -> Result<(), Problem> {
        self.calendar.follow(record.offset_min);
        let day = self.calendar.day(record.time);
        match &mut self.now {
            Some(now) if now.day == day && now.lane == lane => {
                now.range.records += 1;
                now.range.last_key = key;
                now.range.last_time = now.range.last_time.max(record.time);
            }
            _ => self.turn(lane, plan, day, key, record, worker)?,
        }
        let calendar = &mut self.calendar;
        worker.see(record, || calendar.minute(record.time));
        Ok(())
    }

    /// The stream goes over to another day or generation.
    #[cold]
    fn turn(
        &mut self,
        lane: usize,
        plan: &Lane,
        day: i32,
        key: i64,
        record: &Record,
        worker: &mut Worker<'_>,
    ) -> Result<(), Problem> {
        let same_day = self.now.as_ref().is_some_and(|now| now.day == day);
        self.keep_range();
        if let Some(last) = self.last_days.insert(plan.generation, day) {
            self.end_range(last, plan.generation, record.offset);
        }
        self.scans.entry(plan.generation).or_default().first_key.get_or_insert(record.time);
        if self.is_late(plan, day, key) {
            self.stale.insert(day);
        }
        if !same_day {
            if self.days_of(day).next().is_some() {
                // The stream was there before: its states go on.
                self.take_states(worker);
            }
            let saved = self.saved(day)?;
            worker.begin_day(day, saved);
        }
        let before = || self.before.days.get(&day).and_then(|days| days.get(&plan.generation)).cloned();
        let fresh = || Day {
            first_offset: record.offset,
            end_offset: record.offset,
            records: 0,
            first_key: key,
            last_key: key,
            last_time: record.time,
        };
        let mut range = self.days.remove(&(day, plan.generation)).or_else(before).unwrap_or_else(fresh);
        range.records += 1;
        range.last_key = key;
        range.last_time = range.last_time.max(record.time);
        self.now = Some(Now { lane, day, range, generation: plan.generation });
        Ok(())
    }

    /// The records of a generation on a day reach up to `offset`.
    fn end_range(&mut self, day: i32, generation: GenerationId, offset: u64) {
        if let Some(range) = self.days.get_mut(&(day, generation)) {
            range.end_offset = range.end_offset.max(offset);
        }
    }

    /// Whether a record comes before something that the day's partials cover already.
    fn is_late(&self, plan: &Lane, day: i32, key: i64) -> bool {
        let order = self.orders.get(&plan.generation);
        self.before.days.get(&day).is_some_and(|days| {
            let others = days.iter().filter(|(generation, _)| **generation != plan.generation);
            others.into_iter().any(|(generation, range)| (range.last_key, self.orders.get(generation)) > (key, order))
        })
    }

    /// The plugins whose partials of a day can go on, each with what was saved of it.
    fn saved(&mut self, day: i32) -> Result<Saved, Problem> {
        if self.stale.contains(&day) {
            return Ok(Vec::new());
        }
        let before = self.before.days.get(&day).map(|ranges| self.job.coverage(ranges));
        let mut saved = Vec::new();
        for (plugin, &work) in self.job.works.iter().enumerate() {
            if let Some(state) = self.states.remove(&(plugin, day)) {
                saved.push((plugin, Some(state)));
            } else if before.is_none() {
                saved.push((plugin, None));
            } else if self.coverage.get(&(work, day)).copied() == before {
                let states = self.catalog.states(work, self.job.instance, day, day + 1)?;
                saved.extend(states.into_iter().map(|(_, state)| (plugin, Some(state))));
            }
        }
        Ok(saved)
    }

    fn take_states(&mut self, worker: &mut Worker<'_>) {
        self.states.extend(worker.take_states());
    }

    /// What was read of a day.
    fn days_of(&self, day: i32) -> impl Iterator<Item = (GenerationId, &Day)> {
        let ranges = self.days.range((day, GenerationId(i64::MIN))..=(day, GenerationId(i64::MAX)));
        ranges.map(|((_, generation), range)| (*generation, range))
    }

    fn keep_range(&mut self) {
        if let Some(now) = self.now.take() {
            self.days.insert((now.day, now.generation), now.range);
        }
    }

    /// Adds what a lane's end tells.
    fn end_lane(&mut self, lane: &Lane, tally: &Tally) {
        if let Some(last) = self.last_days.get(&lane.generation) {
            self.end_range(*last, lane.generation, tally.end_of_records);
        }
        let ranges = self.days.iter().filter(|((_, generation), _)| *generation == lane.generation);
        let last_key = ranges.map(|(_, range)| range.last_key).max();
        let scan = self.scans.entry(lane.generation).or_default();
        scan.last_key = scan.last_key.max(last_key);
        note(scan, tally);
    }

    /// What the partials of a day cover now.
    fn coverage_of(&self, day: i32) -> i64 {
        let mut ranges = self.before.days.get(&day).cloned().unwrap_or_default();
        ranges.extend(self.days_of(day).map(|(generation, range)| (generation, range.clone())));
        self.job.coverage(&ranges)
    }

    fn into_scanned(mut self, worker: &mut Worker<'_>) -> Scanned {
        let first_time = self.before.days.is_empty() && self.stale.is_empty();
        let days: BTreeSet<i32> = self.days.keys().map(|(day, _)| *day).collect();
        let coverage: BTreeMap<i32, i64> = days.iter().map(|day| (*day, self.coverage_of(*day))).collect();
        let states = std::mem::take(&mut self.states).into_iter().filter(|((_, day), _)| !self.stale.contains(day));
        let works = self.job.works;
        let partial = |((plugin, day), state)| Partial { work: works[plugin], day, coverage: coverage[&day], state };
        let partials: Vec<_> = states.map(partial).collect();
        let whole = first_time && partials.len() == days.len() * works.len();
        let update = Update {
            instance: self.job.instance,
            layout: self.job.layout,
            scans: self.scans,
            days: self.days,
            partials,
            symbols: worker.take_texts(),
        };
        Scanned { update, whole }
    }
}

/// Adds what was read of a generation to what was known of it.
fn note(scan: &mut Scan, tally: &Tally) {
    if Shape::from_stored(scan.shape).format.is_none() {
        scan.shape = tally.shape.stored();
    }
    scan.parsed = tally.end_of_records;
    scan.records += tally.records;
    scan.unparsed += tally.lines_unparsed;
    scan.last_record = tally.last_record_offset;
    scan.last_time = tally.last_time.or(scan.last_time);
    for (kind, count) in tally.faults() {
        if count > 0 {
            *scan.faults.entry(kind.to_owned()).or_default() += count;
        }
    }
    let room = EXAMPLES_MAX.saturating_sub(scan.examples.len());
    scan.examples.extend(tally.examples.iter().take(room).cloned());
}
