//! Computes the partials that a report needs and that are missing or stale.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::job::{Job, Problem};
use super::lacks::{Lack, Lacks};
use super::stream::{self, Lane, Visitor};
use super::worker::Worker;
use crate::calendar::Calendar;
use crate::catalog::{Analysed, Catalog, Day, GenerationId, Hole, Partial, Update, Why};
use crate::normalise::{Passed, Record, Shape};

/// What is to be computed of an instance.
pub struct Plan {
    analysed: Analysed,
    holes: BTreeMap<GenerationId, Vec<Hole>>,
    /// The days that are missing, each with the positions of the plugins that miss it.
    missing: BTreeMap<i32, Vec<usize>>,
}

/// Finds what is missing of an instance over a range of days, if need be only on those of some generations, and notes
/// what cannot be computed any more; none where there is nothing to do.
///
/// # Errors
/// Trouble with the store.
pub fn plan(
    job: &Job<'_>,
    catalog: &Catalog,
    days: &Range<i32>,
    only: Option<&BTreeSet<GenerationId>>,
    lacks: &Lacks,
) -> Result<Option<Plan>, Problem> {
    let analysed = catalog.analysed(job.layout, job.instance)?;
    let missing = missing(job, catalog, &analysed, days, only)?;
    let mut plan = Plan { analysed, holes: catalog.holes(job.instance)?, missing };
    if !plan.holes.is_empty() {
        plan.leave_out(job, days, lacks);
    }
    Ok((!plan.missing.is_empty()).then_some(plan))
}

impl Plan {
    /// Leaves out the days whose bytes are not all stored any more.
    fn leave_out(&mut self, job: &Job<'_>, days: &Range<i32>, lacks: &Lacks) {
        let Plan { analysed, holes, missing } = self;
        let of = |generation: &GenerationId| holes.get(generation).into_iter().flatten();
        missing.retain(|&day, plugins| {
            let ranges = analysed.days[&day].iter();
            let met = ranges.flat_map(|(generation, range)| of(generation).filter(|hole| is_within(hole, range)));
            let whys: Vec<Why> = met.map(|hole| hole.why).collect();
            let lack = Lack { day, stale: true, passing: whys.contains(&Why::Wanted) };
            plugins.iter().filter(|_| !whys.is_empty()).for_each(|&plugin| lacks.note(plugin, job.position, lack));
            whys.is_empty()
        });
        // What went before it was read under this layout has no days at all.
        for (generation, hole) in
            holes.iter().flat_map(|(generation, holes)| holes.iter().map(move |h| (generation, h)))
        {
            let mut ranges = analysed.days.values().filter_map(|ranges| ranges.get(generation));
            if ranges.any(|range| is_within(hole, range)) {
                continue;
            }
            let (first, last) = hole.days.unwrap_or((days.end, days.start));
            for day in first.max(days.start)..last.saturating_add(1).min(days.end) {
                let lack = Lack { day, stale: false, passing: hole.why == Why::Wanted };
                (0..job.works.len()).for_each(|plugin| lacks.note(plugin, job.position, lack));
            }
            if hole.why == Why::Wanted {
                lacks.note_damage(job.position, format!("{} damaged bytes wait for the next fetch", hole.bytes));
            }
        }
    }

    /// Notes that nothing of it can be had.
    pub fn lack(&self, job: &Job<'_>, lacks: &Lacks) {
        for (&day, plugins) in &self.missing {
            let lack = Lack { day, stale: true, passing: true };
            plugins.iter().for_each(|&plugin| lacks.note(plugin, job.position, lack));
        }
    }

    /// The stretches of a generation that hold these ranges, without a hole in any.
    fn stretches(&self, generation: GenerationId, ranges: &mut [&Day]) -> Vec<Lane> {
        let holes = self.holes.get(&generation).map_or(&[][..], Vec::as_slice);
        ranges.sort_by_key(|range| range.first_offset);
        let mut lanes: Vec<Lane> = Vec::new();
        for range in ranges {
            match lanes.last_mut() {
                Some(lane) if !holes.iter().any(|hole| hole.meets(lane.from, range.end_offset)) => {
                    lane.to = lane.to.max(range.end_offset);
                }
                _ => lanes.push(Lane {
                    generation,
                    from: range.first_offset,
                    counted: range.end_offset,
                    to: range.end_offset,
                    closed: false,
                    key: Some(range.first_key),
                    first_key: None,
                    head: Default::default(),
                    seen_us: None,
                    formats: 0,
                    shape: Shape::default(),
                }),
            }
        }
        lanes
    }
}

fn is_within(hole: &Hole, range: &Day) -> bool {
    hole.meets(range.first_offset, range.end_offset)
}

/// Completes one instance as planned.
///
/// # Errors
/// Trouble with the store.
pub fn complete(
    job: &Job<'_>,
    catalog: &Catalog,
    plan: &Plan,
    worker: &mut Worker<'_>,
) -> Result<Option<Update>, Problem> {
    let Plan { analysed, missing, .. } = plan;
    let mut ranges: BTreeMap<GenerationId, Vec<&Day>> = BTreeMap::new();
    for day in missing.keys() {
        for (generation, range) in &analysed.days[day] {
            ranges.entry(*generation).or_default().push(range);
        }
    }
    let mut lanes = Vec::new();
    for generation in catalog.generations(job.instance)? {
        if let Some(ranges) = ranges.get_mut(&generation.id) {
            let scan = analysed.scans.get(&generation.id);
            let first_key = scan.and_then(|scan| scan.first_key);
            let (closed, head, seen_us) = (!generation.live, generation.ends.head, generation.seen_us);
            let formats = job.normaliser.formats_of(job.tags, &generation.path);
            let shape = Shape::from_stored(scan.map_or(0, |scan| scan.shape));
            let stretches = plan.stretches(generation.id, ranges).into_iter();
            let whole = |lane| Lane { closed, first_key, head, seen_us, formats, shape, ..lane };
            lanes.extend(stretches.map(whole));
        }
    }
    worker.begin_instance(job.position, job.name);
    let calendar = Calendar::of(job.days.0, job.days.1);
    let mut visit = Visit { worker, missing, calendar, now: None, begun: BTreeSet::new(), states: BTreeMap::new() };
    stream::run(&lanes, |lane, to| job.open(catalog, lane, to), &mut visit)?;
    visit.take_states();
    let Visit { worker, states, .. } = visit;
    let partial = |((plugin, day), state): ((usize, i32), Vec<u8>)| {
        let coverage = job.coverage(&analysed.days[&day]);
        Partial { work: job.works[plugin], day, coverage, state }
    };
    Ok(Some(Update {
        instance: job.instance,
        layout: job.layout,
        scans: BTreeMap::new(),
        days: BTreeMap::new(),
        partials: states.into_iter().map(partial).collect(),
        symbols: worker.take_texts(),
    }))
}

/// Hands over the records of the days that are missing.
struct Visit<'v, 'w> {
    worker: &'v mut Worker<'w>,
    missing: &'v BTreeMap<i32, Vec<usize>>,
    calendar: Calendar,
    /// The missing day that the stream is in.
    now: Option<i32>,
    /// The missing days that it was in.
    begun: BTreeSet<i32>,
    states: BTreeMap<(usize, i32), Vec<u8>>,
}

impl Visit<'_, '_> {
    fn take_states(&mut self) {
        self.states.extend(self.worker.take_states());
    }
}

impl Visitor<Problem> for Visit<'_, '_> {
    fn visit(&mut self, _lane: usize, _key: i64, record: &Record) -> Result<(), Problem> {
        self.calendar.follow(record.offset_min);
        let day = self.calendar.day(record.time);
        if self.now != Some(day) {
            self.now = None;
            let Some(plugins) = self.missing.get(&day) else { return Ok(()) };
            if !self.begun.insert(day) {
                // The stream was there before: its states go on.
                self.take_states();
            }
            let saved = plugins.iter().map(|plugin| (*plugin, self.states.remove(&(*plugin, day)))).collect();
            self.worker.begin_day(day, saved);
            self.now = Some(day);
        }
        let calendar = &mut self.calendar;
        self.worker.see(record, || calendar.minute(record.time));
        Ok(())
    }

    fn quiet(&self, _lane: usize) -> Range<i64> {
        if self.now.is_some() { self.calendar.bounds() } else { 0..0 }
    }

    fn count(&mut self, event: u16, plugins: u64, times: u64) {
        self.worker.count(event, plugins, times);
    }

    fn pass(&mut self, passed: Passed) {
        self.worker.pass(passed);
    }
}

/// The days that are missing, each with the positions of the plugins that miss it.
fn missing(
    job: &Job<'_>,
    catalog: &Catalog,
    analysed: &Analysed,
    days: &Range<i32>,
    only: Option<&BTreeSet<GenerationId>>,
) -> Result<BTreeMap<i32, Vec<usize>>, Problem> {
    let mut missing = BTreeMap::new();
    let wanted = |ranges: &BTreeMap<GenerationId, Day>| {
        only.is_none_or(|only| ranges.keys().any(|generation| only.contains(generation)))
    };
    let mut days = analysed.days.range(days.clone()).filter(|(_, ranges)| wanted(ranges)).peekable();
    if days.peek().is_none() {
        return Ok(missing);
    }
    let there = catalog.coverage(job.works, job.instance)?;
    for (day, ranges) in days {
        let coverage = Some(job.coverage(ranges));
        let lacks = |(_, work): &(usize, &i64)| there.get(&(**work, *day)).copied() != coverage;
        let plugins: Vec<usize> = job.works.iter().enumerate().filter(lacks).map(|(plugin, _)| plugin).collect();
        if !plugins.is_empty() {
            missing.insert(*day, plugins);
        }
    }
    Ok(missing)
}
