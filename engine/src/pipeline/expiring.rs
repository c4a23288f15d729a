//! What was not computed of logs yet is computed before they are dropped, whatever days a report is of.
//!
//! A report completes its own days. Others may be stale, since a file came late, or lack a plugin that is new or has
//! other settings. Once their logs are gone nobody could complete them any more.

use std::collections::BTreeSet;

use super::analyse::{AnalyseError, Watch};
use super::complete;
use super::crew::{Crew, Done};
use super::failures::Failures;
use super::fleet::Fleet;
use super::job::Job;
use super::kpis::Kpis;
use super::lacks::Lacks;
use super::worker::Worker;
use crate::catalog::{Catalog, GenerationId};
use crate::mirror::Mirror;
use crate::normalise::Normaliser;
use crate::profile::Profile;

/// Completes all days on which these generations have records, in the books of the last analysis. What a plugin cannot
/// compute, or what is damaged, is left: it will not come by waiting.
///
/// # Errors
/// [`AnalyseError`]: then nothing may be dropped yet.
pub fn complete_expiring(
    profile: &Profile,
    kpis: &Kpis,
    normaliser: &Normaliser,
    catalog: &mut Catalog,
    expiring: &BTreeSet<GenerationId>,
    watch: &dyn Watch,
) -> Result<Done, AnalyseError> {
    let (failures, lacks) = (Failures::default(), Lacks::default());
    let veil = profile.veil();
    let crew = Crew { plugins: &kpis.plugins, normaliser, failures: &failures, veil: &veil };
    let mirror = Mirror::open(&profile.store);
    let fleet = Fleet::enter(false, profile, kpis, catalog)?;
    let work = |job: &Job<'_>, catalog: &Catalog, worker: &mut Worker<'_>| {
        let Some(plan) = complete::plan(job, catalog, &(i32::MIN..i32::MAX), Some(expiring), &lacks)? else {
            return Ok(None);
        };
        let completed = complete::complete(job, catalog, &plan, worker);
        lacks.survive(job.position, worker, completed)
    };
    let done = crew.run(&fleet.jobs(profile, normaliser, &mirror), catalog, watch, work, drop)?;
    if watch.stops() { Err(AnalyseError::Stopped) } else { Ok(done) }
}
