//! Computes the partials that a report needs and that are missing or stale.

use std::collections::BTreeMap;
use std::ops::Range;

use super::job::{Job, Problem};
use super::stream::{self, Lane};
use super::worker::Worker;
use crate::calendar::Calendar;
use crate::catalog::{Analysed, Catalog, Day, GenerationId, Partial, Update};

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
    let mut states: BTreeMap<(usize, i32), Vec<u8>> = BTreeMap::new();
    let mut calendar = Calendar::new(job.report_zone);
    let mut now: Option<i32> = None;
    let take = |worker: &mut Worker<'_>, states: &mut BTreeMap<_, _>, day: i32| {
        states.extend(worker.end_day().into_iter().map(|(plugin, state)| ((plugin, day), state)));
    };
    stream::run(
        &lanes,
        |lane, to| job.open(catalog, lane, to),
        |_, _, record| {
            let day = calendar.day(record.time);
            if now != Some(day) {
                if let Some(last) = now.take() {
                    take(worker, &mut states, last);
                }
                let Some(plugins) = missing.get(&day) else { return Ok::<(), Problem>(()) };
                let saved: Vec<_> = plugins.iter().map(|plugin| (*plugin, states.remove(&(*plugin, day)))).collect();
                worker.begin_day(day, saved);
                now = Some(day);
            }
            worker.see(record, || calendar.minute(record.time));
            Ok(())
        },
    )?;
    if let Some(last) = now {
        take(worker, &mut states, last);
    }
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
