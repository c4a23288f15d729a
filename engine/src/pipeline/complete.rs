//! Computes the partials that a report needs and that are missing or stale.

use std::collections::BTreeMap;
use std::ops::Range;

use super::job::{Job, Problem};
use super::stream::{self, Lane, Visitor};
use super::worker::Worker;
use crate::calendar::Calendar;
use crate::catalog::{Analysed, Catalog, Day, GenerationId, Partial, Update};
use crate::normalise::{Passed, Record};

/// Completes one instance over a range of days; none where nothing is missing.
///
/// # Errors
/// Trouble with the store.
pub fn complete(
    job: &Job<'_>,
    catalog: &Catalog,
    days: Range<i32>,
    worker: &mut Worker<'_>,
) -> Result<Option<Update>, Problem> {
    let analysed = catalog.analysed(job.layout, job.instance)?;
    let missing = missing(job, catalog, &analysed, days)?;
    if missing.is_empty() {
        return Ok(None);
    }
    let mut ranges: BTreeMap<GenerationId, Vec<&Day>> = BTreeMap::new();
    for day in missing.keys() {
        for (generation, range) in &analysed.days[day] {
            ranges.entry(*generation).or_default().push(range);
        }
    }
    let mut lanes = Vec::new();
    for generation in catalog.generations(job.instance)? {
        if let Some(ranges) = ranges.get(&generation.id) {
            let scan = analysed.scans.get(&generation.id);
            lanes.push(Lane {
                generation: generation.id,
                closed: !generation.live,
                first_key: scan.and_then(|scan| scan.first_key),
                head: generation.ends.head,
                seen_us: generation.seen_us,
                ..envelope(generation.id, ranges)
            });
        }
    }
    worker.begin_instance(job.position, job.name);
    let calendar = Calendar::new(job.report_zone);
    let mut visit = Visit { worker, missing: &missing, calendar, now: None, states: BTreeMap::new() };
    stream::run(&lanes, |lane, to| job.open(catalog, lane, to), &mut visit)?;
    visit.end_day();
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
    states: BTreeMap<(usize, i32), Vec<u8>>,
}

impl Visit<'_, '_> {
    fn end_day(&mut self) {
        if let Some(day) = self.now.take() {
            self.states.extend(self.worker.end_day().into_iter().map(|(plugin, state)| ((plugin, day), state)));
        }
    }
}

impl Visitor<Problem> for Visit<'_, '_> {
    fn visit(&mut self, _lane: usize, _key: i64, record: &Record) -> Result<(), Problem> {
        let day = self.calendar.day(record.time);
        if self.now != Some(day) {
            self.end_day();
            let Some(plugins) = self.missing.get(&day) else { return Ok(()) };
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

    fn pass(&mut self, passed: Passed) {
        self.worker.pass(passed);
    }
}

/// The days that are missing, each with the positions of the plugins that miss it.
fn missing(
    job: &Job<'_>,
    catalog: &Catalog,
    analysed: &Analysed,
    days: Range<i32>,
) -> Result<BTreeMap<i32, Vec<usize>>, Problem> {
    let there = catalog.coverage(job.works, job.instance)?;
    let mut missing = BTreeMap::new();
    for (day, ranges) in analysed.days.range(days) {
        let coverage = Some(job.coverage(ranges));
        let lacks = |(_, work): &(usize, &i64)| there.get(&(**work, *day)).copied() != coverage;
        let plugins: Vec<usize> = job.works.iter().enumerate().filter(lacks).map(|(plugin, _)| plugin).collect();
        if !plugins.is_empty() {
            missing.insert(*day, plugins);
        }
    }
    Ok(missing)
}

/// The bytes that hold all of the ranges.
fn envelope(generation: GenerationId, ranges: &[&Day]) -> Lane {
    let first = ranges.iter().min_by_key(|range| range.first_offset);
    Lane {
        generation,
        from: first.map_or(0, |range| range.first_offset),
        to: ranges.iter().map(|range| range.end_offset).max().unwrap_or(0),
        closed: false,
        key: first.map(|range| range.first_key),
        first_key: None,
        head: Default::default(),
        seen_us: None,
    }
}
