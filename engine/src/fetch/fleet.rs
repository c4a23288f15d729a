//! One run over the fleet: who is asked when, and within which limits.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::cause::{Cause, CauseClass};
use super::committer::StoreGone;
use super::credentials::Credentials;
use super::folder::FolderSource;
use super::outcome::{FetchSummary, FileCounts, InstanceOutcome};
use super::packed::Shelf;
use super::rest::{self, RestSource};
use super::source::{Source, Tally};
use super::transfer::Access;
use super::visit::Visit;
use super::{Context, FetchError, Progress};
use crate::catalog::{InstanceId, Reach};
use crate::fault;
use crate::profile::{self, Instance, NoSecret, Profile, Rest};

/// The first instances start this far apart, so that a run does not begin with one burst.
const START_STAGGER: Duration = Duration::from_millis(2);

/// Folders are read from one disk: more at a time are not faster.
const FOLDERS_AT_WORK_MAX: usize = 4;

/// Longer than any run.
const UNLIMITED: Duration = Duration::from_secs(365 * 24 * 3600);

/// Instances that share a connection pool. A pool keeps a connection to each of its instances until all of them are
/// done, so this bounds the open sockets of a large fleet.
const INSTANCES_PER_CLIENT: usize = 256;

/// How a run goes about its fleet.
pub(super) struct Plan {
    pub at_work_max: usize,
    run_timeout: Duration,
    secure: bool,
    /// The shapes that the API has in this fleet, by the overrides that make them, and who asks there.
    shapes: BTreeMap<Vec<usize>, (Rest, Credentials)>,
}

impl Plan {
    /// Reads all secrets: before anything is asked.
    pub fn of(profile: &Profile) -> Result<Plan, NoSecret> {
        let profile::Source::Rest(rest) = &profile.source else {
            let (at_work_max, run_timeout) = (FOLDERS_AT_WORK_MAX, Duration::MAX);
            return Ok(Plan { at_work_max, run_timeout, secure: false, shapes: BTreeMap::new() });
        };
        let mut shapes = BTreeMap::new();
        for instance in &profile.instances {
            let overrides = rest.overrides_of(&instance.tags);
            if let Entry::Vacant(vacant) = shapes.entry(overrides) {
                let rest = rest.with_overrides(vacant.key());
                let credentials = Credentials::read(&rest.auth)?;
                vacant.insert((rest, credentials));
            }
        }
        let urls = shapes.values().flat_map(|(rest, _)| [&rest.list_url, &rest.fetch_url]);
        let secure = urls
            .chain(profile.instances.iter().map(|instance| &instance.address))
            .any(|url| url.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:")));
        let (at_work_max, run_timeout) = (rest.limits.concurrency_max.max(1), rest.limits.run_timeout);
        Ok(Plan { at_work_max, run_timeout, secure, shapes })
    }
}

/// The instances of a run, and what they share.
pub(super) struct Fleet<'a> {
    pub profile: &'a Profile,
    /// Keys of the instances, in the profile's order.
    pub ids: &'a [InstanceId],
    pub plan: &'a Plan,
    pub context: Arc<Context>,
    pub progress: &'a dyn Progress,
}

/// Why instances are no longer asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Halt {
    Stopped,
    OutOfTime,
}

impl Halt {
    fn cause(self) -> Cause {
        let (class, text) = match self {
            Halt::Stopped => (CauseClass::Stopped, "the run was stopped before this instance was done"),
            Halt::OutOfTime => (CauseClass::Timeout, "the run's time limit came before this instance was done"),
        };
        Cause::new(class, text)
    }
}

impl Fleet<'_> {
    /// Visits every instance, until all are done, `stop` completes or the run's time is over.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<FetchSummary, FetchError> {
        let (halt, halted) = watch::channel(None);
        let mut stop = pin!(stop);
        let mut deadline = pin!(tokio::time::sleep(self.plan.run_timeout));
        let mut outcomes: BTreeMap<usize, InstanceOutcome> = BTreeMap::new();
        let mut at_work = JoinSet::new();
        let mut sources = BTreeMap::new();
        let mut next = 0;
        loop {
            while at_work.len() < self.plan.at_work_max && next < self.ids.len() && halt.borrow().is_none() {
                if next % INSTANCES_PER_CLIENT == 0 {
                    sources.clear();
                }
                let overrides = self.overrides_of(next);
                let source = match sources.get(&overrides) {
                    Some(source) => Arc::clone(source),
                    None => Arc::clone(sources.entry(overrides.clone()).or_insert(Arc::new(self.source(&overrides)?))),
                };
                at_work.spawn(self.task(next, source, halted.clone()));
                next += 1;
            }
            tokio::select! {
                biased;
                () = &mut stop, if halt.borrow().is_none() => drop(halt.send_replace(Some(Halt::Stopped))),
                () = &mut deadline, if halt.borrow().is_none() => drop(halt.send_replace(Some(Halt::OutOfTime))),
                ended = at_work.join_next() => match ended {
                    None => break,
                    Some(Ok((index, Ok(outcome)))) => {
                        self.progress.instance_done(&outcome);
                        outcomes.insert(index, outcome);
                    }
                    // The committer's thread knows what happened.
                    Some(Ok((_, Err(StoreGone)))) => break,
                    Some(Err(failed)) => match failed.try_into_panic() {
                        Ok(panic) => std::panic::resume_unwind(panic),
                        Err(_) => break,
                    },
                },
            }
        }
        at_work.shutdown().await;
        let halt = *halt.borrow();
        let instances =
            (0..self.ids.len()).map(|index| outcomes.remove(&index).unwrap_or_else(|| self.not_asked(index, halt)));
        Ok(FetchSummary::new(instances.collect(), halt == Some(Halt::Stopped)))
    }

    /// The overrides that make the shape of an instance.
    fn overrides_of(&self, index: usize) -> Vec<usize> {
        match &self.profile.source {
            profile::Source::Rest(rest) => rest.overrides_of(&self.profile.instances[index].tags),
            profile::Source::Folder(_) => Vec::new(),
        }
    }

    fn source(&self, overrides: &[usize]) -> Result<Source, FetchError> {
        Ok(match &self.profile.source {
            profile::Source::Folder(root) => Source::Folder(FolderSource::new(root.clone())),
            profile::Source::Rest(_) => {
                let (rest, credentials) = &self.plan.shapes[overrides];
                let client = rest::client(&rest.limits, credentials, self.plan.secure).map_err(FetchError::Client)?;
                Source::Rest(Box::new(RestSource::new(client, rest.clone(), credentials.clone())))
            }
        })
    }

    /// The task of one instance; it ends with an outcome even when it is halted.
    fn task(
        &self,
        index: usize,
        source: Arc<Source>,
        halted: watch::Receiver<Option<Halt>>,
    ) -> impl Future<Output = (usize, Result<InstanceOutcome, StoreGone>)> + Send + 'static {
        let context = Arc::clone(&self.context);
        let instance = self.profile.instances[index].clone();
        let id = self.ids[index];
        let wave = if index < self.plan.at_work_max { index } else { 0 };
        async move {
            tokio::time::sleep(START_STAGGER * u32::try_from(wave).unwrap_or(0)).await;
            (index, visit_within_limits(&context, &source, &instance, id, halted).await)
        }
    }

    fn not_asked(&self, index: usize, halt: Option<Halt>) -> InstanceOutcome {
        InstanceOutcome {
            name: self.profile.instances[index].name.clone(),
            state: Reach::Unreachable,
            cause: Some(halt.unwrap_or(Halt::Stopped).cause()),
            files: FileCounts::default(),
            bytes_new: 0,
            bytes_wire: 0,
            requests: 0,
        }
    }
}

async fn visit_within_limits(
    context: &Context,
    source: &Source,
    instance: &Instance,
    id: InstanceId,
    mut halted: watch::Receiver<Option<Halt>>,
) -> Result<InstanceOutcome, StoreGone> {
    let asked_us = Utc::now().timestamp_micros();
    let tally = Tally::default();
    let start = Instant::now();
    let deadline = start.checked_add(source.patience().1).unwrap_or(start + UNLIMITED);
    let shelf = Shelf::new(context.folder.clone());
    let access = Access { context, source, instance, tally: &tally, deadline, shelf: &shelf };
    let mut visit = Visit::new(access, id);
    let cut = tokio::select! {
        // Once halted, nothing more is asked. What the visit itself makes of the deadline comes before the deadline.
        biased;
        halt = halted.wait_for(Option::is_some) => halt.ok().and_then(|halt| *halt).map(Halt::cause),
        done = visit.run() => done.map(|()| None)?,
        () = tokio::time::sleep_until(deadline) => {
            let text = "the instance's time limit came before everything was taken";
            Some(Cause::new(CauseClass::Timeout, text))
        }
    };
    if let Some(cause) = cut {
        visit.blame(cause);
    }
    let outcome = visit.outcome();
    fault::point("before-outcome");
    context.committer.record(vec![outcome.change(id, visit.listed_us.unwrap_or(asked_us), visit.server_date_us)])?;
    Ok(outcome)
}
