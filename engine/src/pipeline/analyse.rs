//! From the store to the report's model: scan what is new, complete what is missing, fold, finish.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;

use chrono::DateTime;
use logparser_reports::model::{self, Coverage, Report, SCHEMA, SectionState};
use serde::Serialize;

use super::coverage::{Seen, attention, coverage, inventory};
use super::crew::{Crew, Done};
use super::failures::{Failure, Failures};
use super::fleet::{Fleet, work_digest};
use super::fresh::Fresh;
use super::job::{Job, Problem};
use super::kpis::{Kpis, broken_section};
use super::lacks::Lacks;
use super::section::{Finished, failed, finish};
use super::worker::Worker;
use super::{complete, scan};
use crate::calendar::Calendar;
use crate::catalog::{Catalog, CatalogError, InstanceId, Update};
use crate::fold::{self, FoldFault, Member, PartialRunner, fold};
use crate::host::Window;
use crate::mirror::Mirror;
use crate::normalise::{Normaliser, RuleFault};
use crate::profile::{Period, Profile};

/// What stops an analysis.
#[derive(Debug, thiserror::Error)]
pub enum AnalyseError {
    /// Trouble with the store.
    #[error(transparent)]
    Store(#[from] Problem),
    /// Someone asked to stop.
    #[error("stopped before the report was done")]
    Stopped,
}

/// Sees an analysis go on, and may end it.
pub trait Watch: Sync {
    /// An instance was looked at; up to twice each.
    fn instance_done(&self) {}
    /// Whether to go no further than the instances at work. What was read of them is kept.
    fn stops(&self) -> bool {
        false
    }
}

/// Nobody looks.
impl Watch for () {}

impl From<CatalogError> for AnalyseError {
    fn from(error: CatalogError) -> Self {
        Self::Store(error.into())
    }
}

/// A report, and what it took.
pub struct Analysed {
    /// The report.
    pub report: Report,
    /// What it took.
    pub effort: Effort,
    /// Instances whose logs are damaged in the store, each with what happened.
    pub damaged: Vec<(String, String)>,
}

/// What an analysis took.
#[derive(Debug, Clone, Serialize)]
pub struct Effort {
    /// New logs that were read.
    pub scanned: Done,
    /// Partials that were missing or stale.
    pub completed: Done,
    /// Sections that were folded; the others were as they had been.
    pub sections_folded: usize,
    /// Sections that a plugin failed to give.
    pub sections_failed: usize,
}

/// Compiles what the profile says of records.
///
/// # Errors
/// Every rule that is wrong.
pub fn normaliser(profile: &Profile, kpis: &Kpis) -> Result<Normaliser, Vec<RuleFault>> {
    Normaliser::compile(&profile.formats, &profile.events, &kpis.wanted())?.with_signatures(&profile.signatures)
}

/// Analyses what the store holds of the profile's fleet over a period.
///
/// # Errors
/// [`AnalyseError`]; a plugin that fails only loses its section.
pub fn analyse(
    profile: &Profile,
    kpis: &Kpis,
    normaliser: &Normaliser,
    catalog: &mut Catalog,
    period: &Period,
    watch: &dyn Watch,
) -> Result<Analysed, AnalyseError> {
    let (failures, lacks) = (Failures::default(), Lacks::default());
    let veil = profile.veil();
    let crew = Crew { plugins: &kpis.plugins, normaliser, failures: &failures, veil: &veil };
    let mirror = Mirror::open(&profile.store);
    let fleet = Fleet::enter(true, profile, kpis, catalog)?;
    let jobs = fleet.jobs(profile, normaliser, &mirror);
    let mut effort =
        Effort { scanned: Done::default(), completed: Done::default(), sections_folded: 0, sections_failed: 0 };

    // Instances of which nothing is left to complete.
    let whole = Mutex::new(BTreeSet::<InstanceId>::new());
    let whole = || whole.lock().unwrap_or_else(PoisonError::into_inner);
    let mut fresh = Fresh::new(!catalog.has_partials()?);
    let scanned = fleet.key(&[b"scanned"]);
    if catalog.section(&scanned)?.is_none() {
        let work = |job: &Job<'_>, catalog: &Catalog, worker: &mut Worker<'_>| {
            let scanned = scan::scan(job, catalog, worker);
            let scanned = lacks.survive(job.position, worker, scanned)?;
            if scanned.as_ref().is_some_and(|scanned| scanned.whole) {
                whole().insert(job.instance);
            }
            Ok(scanned.map(|scanned| scanned.update))
        };
        let written = |update: Update| {
            if whole().contains(&update.instance) {
                fresh.keep(update);
            }
        };
        effort.scanned = crew.run(&jobs, catalog, watch, work, written)?;
        go_on(watch)?;
        if lacks.damaged().is_empty() {
            catalog.keep_sections(&[(scanned, String::new())])?;
        }
    }

    let seen = fleet.seen(profile, catalog)?;
    let through = Fleet::through(&seen);
    let days = fleet.days(profile, period, &seen, through);
    let members: Vec<Member> = seen.iter().map(Seen::member).collect();
    let keys: Vec<_> = kpis
        .plugins
        .iter()
        .map(|plugin| {
            let window = serde_json::json!([plugin.name, days, through, members]).to_string();
            fleet.key(&[&work_digest(plugin, profile), window.as_bytes()])
        })
        .collect();
    let mut finished = keys.iter().map(|key| known(catalog, key)).collect::<Result<Vec<_>, _>>()?;
    if finished.iter().any(Option::is_none) {
        let window = fold::window(&days, through);
        let context = window.context_first_day..window.context_end_day;
        if let Some(forgotten_us) = catalog.forgotten_us()? {
            let zone = profile.report.zone.unwrap_or_else(|| profile.zone());
            let end = Calendar::new(zone).day(forgotten_us).saturating_add(1);
            lacks.note_forgotten(context.start..end.clamp(context.start, context.end));
        }
        let work = |job: &Job<'_>, catalog: &Catalog, worker: &mut Worker<'_>| {
            let Some(plan) = complete::plan(job, catalog, &context, None, &lacks)? else { return Ok(None) };
            let completed = complete::complete(job, catalog, &plan, worker);
            let completed = lacks.survive(job.position, worker, completed)?;
            if completed.is_none() {
                plan.lack(job, &lacks);
            }
            Ok(completed)
        };
        let rest: Vec<Job<'_>> = jobs.iter().filter(|job| !whole().contains(&job.instance)).cloned().collect();
        effort.completed = crew.run(&rest, catalog, watch, work, drop)?;
        go_on(watch)?;
        let noted = failures.into_inner();
        let books =
            Books { kpis, jobs: &jobs, seen: &seen, members: &members, noted: &noted, lacks: &lacks, fresh: &fresh };
        effort.sections_folded = books.fold_all(window, catalog, &mut finished)?;
        let new = |(plugin, (key, finished)): (usize, (&[u8; 32], &Option<Finished>))| {
            let finished = finished.as_ref().filter(|f| !matches!(f.section.state, SectionState::Failed { .. }))?;
            let text = serde_json::to_string(finished).expect("a section is plain data");
            (!lacks.is_passing(plugin)).then_some((*key, text))
        };
        catalog.keep_sections(&keys.iter().zip(&finished).enumerate().filter_map(new).collect::<Vec<_>>())?;
    }

    let (from, to) = fold::dates(&days).unwrap_or_default();
    let zone = profile.report.zone_name();
    let mut report = Report {
        schema: SCHEMA,
        title: profile.title.clone(),
        window: model::Window::new(from, to, zone),
        data_through: through.and_then(DateTime::from_timestamp_micros),
        highlights: Vec::new(),
        coverage: Coverage { inventory: inventory(profile), ..coverage(&seen, &days, through, &lacks.damaged()) },
        sections: Vec::new(),
    };
    for finished in finished.into_iter().flatten() {
        report.sections.push(finished.section);
        report.highlights.extend(finished.highlights);
    }
    for (position, kpi, error) in &kpis.broken {
        report.sections.insert(*position, broken_section(kpi, error));
    }
    effort.sections_failed =
        report.sections.iter().filter(|section| matches!(section.state, SectionState::Failed { .. })).count();
    report.highlights.extend(attention(&report.coverage));
    report.rank_highlights();
    let damaged = lacks.damaged().into_iter().map(|(position, what)| (members[position].name.clone(), what)).collect();
    Ok(Analysed { report, effort, damaged })
}

fn go_on(watch: &dyn Watch) -> Result<(), AnalyseError> {
    if watch.stops() { Err(AnalyseError::Stopped) } else { Ok(()) }
}

/// A section that is as it had been.
fn known(catalog: &Catalog, key: &[u8; 32]) -> Result<Option<Finished>, CatalogError> {
    Ok(catalog.section(key)?.and_then(|text| serde_json::from_str(&text).ok()))
}

/// All that a section is made from.
struct Books<'a> {
    kpis: &'a Kpis,
    jobs: &'a [Job<'a>],
    seen: &'a [Seen<'a>],
    members: &'a [Member],
    noted: &'a BTreeMap<usize, Failure>,
    lacks: &'a Lacks,
    fresh: &'a Fresh,
}

impl Books<'_> {
    /// Folds every plugin whose section is missing, side by side; gives their number.
    fn fold_all(
        &self,
        window: Window,
        catalog: &Catalog,
        finished: &mut [Option<Finished>],
    ) -> Result<usize, AnalyseError> {
        let store = catalog.store();
        let missing: Vec<usize> = (0..finished.len()).filter(|&position| finished[position].is_none()).collect();
        let fold_one = &|position| self.fold_one(position, window, store);
        thread::scope(|scope| {
            let threads: Vec<_> = missing.iter().map(|&position| scope.spawn(move || fold_one(position))).collect();
            for (&position, thread) in missing.iter().zip(threads) {
                finished[position] = Some(thread.join().expect("a fold does not panic")?);
            }
            Ok(missing.len())
        })
    }

    fn fold_one(&self, position: usize, window: Window, store: &Path) -> Result<Finished, CatalogError> {
        let plugin = &self.kpis.plugins[position];
        if let Some(failure) = self.noted.get(&position) {
            return Ok(failed(plugin, failure));
        }
        let catalog = Catalog::open_to_read(store)?;
        let runner = LocalRunner { jobs: self.jobs, seen: self.seen, lacks: self.lacks, fresh: self.fresh, catalog };
        match runner.catalog.at_once(|| fold(plugin, position, self.members, window, &runner))?? {
            Ok(told) => {
                let mut finished = finish(plugin, told, self.members, &runner.catalog)?;
                finished.section.state = self.lacks.state(position, self.members).unwrap_or(finished.section.state);
                Ok(finished)
            }
            Err(FoldFault { fault, place }) => Ok(failed(plugin, &Failure { fault, place })),
        }
    }
}

/// Gives the partials that the analysis put into the catalog, as far as they are not at hand.
struct LocalRunner<'a> {
    jobs: &'a [Job<'a>],
    seen: &'a [Seen<'a>],
    lacks: &'a Lacks,
    fresh: &'a Fresh,
    catalog: Catalog,
}

impl PartialRunner for LocalRunner<'_> {
    type Error = CatalogError;

    fn partials(&self, plugin: usize, instance: usize, days: Range<i32>) -> Result<Vec<Vec<u8>>, CatalogError> {
        let job = &self.jobs[instance];
        let work = job.works[plugin];
        let mut states = match self.fresh.states(work, job.instance, &days) {
            Some(states) => states,
            None => self.catalog.states(work, job.instance, days.start, days.end)?,
        };
        let stale = self.lacks.stale_days(plugin, instance);
        states.retain(|(day, _)| !stale.contains(day));
        let known = &self.seen[instance].summary.days;
        let is_read = || !self.lacks.damaged().contains_key(&instance);
        if states.iter().any(|(day, _)| !known.contains_key(day)) && is_read() {
            // Of a day without records, what was computed of bytes that are gone still counts; the rest is of another zone.
            let holes = self.catalog.holes(job.instance)?;
            let gone: Vec<(i32, i32)> = holes.values().flatten().filter_map(|hole| hole.days).collect();
            let is_gone = |day: &i32| gone.iter().any(|(first, last)| (first..=last).contains(&day));
            states.retain(|(day, _)| known.contains_key(day) || is_gone(day));
        }
        Ok(states.into_iter().map(|(_, state)| state).collect())
    }
}
