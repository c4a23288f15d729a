//! One errand to every instance of the fleet: who is asked when, and within which limits.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::FetchError;
use super::approach::{Approach, is_secure};
use super::cause::{Cause, CauseClass};
use super::committer::StoreGone;
use super::folder::FolderSource;
use super::source::Source;
use crate::profile::{self, Instance, NoAccess, Profile, Veil};

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
    /// How the instances are asked, by the overrides that make the difference.
    approaches: BTreeMap<Vec<usize>, Approach>,
    veil: Arc<Veil>,
}

impl Plan {
    /// Reads all secrets and certificates: before anything is asked.
    pub fn of(profile: &Profile) -> Result<Plan, NoAccess> {
        let profile::Source::Rest(rest) = &profile.source else {
            let (at_work_max, run_timeout) = (FOLDERS_AT_WORK_MAX, Duration::MAX);
            let approaches = BTreeMap::new();
            return Ok(Plan { at_work_max, run_timeout, secure: false, approaches, veil: Arc::default() });
        };
        let mut approaches = BTreeMap::new();
        for instance in &profile.instances {
            let overrides = rest.overrides_of(&instance.tags);
            if let Entry::Vacant(vacant) = approaches.entry(overrides) {
                let rest = rest.with_overrides(vacant.key());
                vacant.insert(Approach::read(rest)?);
            }
        }
        let urls = approaches.values().flat_map(|one| [&one.rest.list_url, &one.rest.fetch_url]);
        let secure = urls.chain(profile.instances.iter().map(|instance| &instance.address)).any(|url| is_secure(url));
        let (at_work_max, run_timeout) = (rest.limits.concurrency_max.max(1), rest.limits.run_timeout);
        Ok(Plan { at_work_max, run_timeout, secure, approaches, veil: Arc::new(profile.veil()) })
    }

    /// The source of an instance.
    pub fn source(&self, profile: &Profile, instance: &Instance) -> Result<Source, FetchError> {
        self.source_of(profile, &overrides_of(profile, instance))
    }

    fn source_of(&self, profile: &Profile, overrides: &[usize]) -> Result<Source, FetchError> {
        Ok(match &profile.source {
            profile::Source::Folder(root) => Source::Folder(FolderSource::new(root.clone())),
            profile::Source::Rest(_) => {
                let source = self.approaches[overrides].source(self.secure, &self.veil);
                Source::Rest(Box::new(source.map_err(FetchError::Client)?))
            }
        })
    }
}

/// The overrides that make the shape of an instance.
fn overrides_of(profile: &Profile, instance: &Instance) -> Vec<usize> {
    match &profile.source {
        profile::Source::Rest(rest) => rest.overrides_of(&instance.tags),
        profile::Source::Folder(_) => Vec::new(),
    }
}

/// What is done with each instance.
pub(super) trait Errand: Send + Sync + 'static {
    type Outcome: Send + 'static;

    /// Does it for the instance at this place in the profile; ends with an outcome even when it is halted.
    fn visit(
        &self,
        index: usize,
        instance: &Instance,
        source: &Source,
        halted: Halted,
    ) -> impl Future<Output = Result<Self::Outcome, StoreGone>> + Send;

    /// The outcome of an instance whose turn did not come.
    fn not_asked(&self, instance: &Instance, cause: Cause) -> Self::Outcome;
}

/// The instances of a run, and what is done with them.
pub(super) struct Fleet<'a, E: Errand> {
    pub profile: &'a Profile,
    pub plan: &'a Plan,
    pub errand: Arc<E>,
    /// Called with each outcome, in the order in which they come.
    pub done: &'a (dyn Fn(&E::Outcome) + Sync),
}

/// Tells a task that its run is over.
pub(super) type Halted = watch::Receiver<Option<Halt>>;

/// Why instances are no longer asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Halt {
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

impl<E: Errand> Fleet<'_, E> {
    /// Visits every instance, until all are done, `stop` completes or the run's time is over. Gives the outcomes in
    /// the profile's order, and whether it was stopped.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(Vec<E::Outcome>, bool), FetchError> {
        let (halt, halted) = watch::channel(None);
        let mut stop = pin!(stop);
        let mut deadline = pin!(tokio::time::sleep(self.plan.run_timeout));
        let instances = &self.profile.instances;
        let mut outcomes: BTreeMap<usize, E::Outcome> = BTreeMap::new();
        let mut at_work = JoinSet::new();
        let mut sources = BTreeMap::new();
        let mut next = 0;
        loop {
            while at_work.len() < self.plan.at_work_max && next < instances.len() && halt.borrow().is_none() {
                if next % INSTANCES_PER_CLIENT == 0 {
                    sources.clear();
                }
                let overrides = overrides_of(self.profile, &instances[next]);
                let source = match sources.get(&overrides) {
                    Some(source) => Arc::clone(source),
                    None => {
                        let source = Arc::new(self.plan.source_of(self.profile, &overrides)?);
                        Arc::clone(sources.entry(overrides).or_insert(source))
                    }
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
                        (self.done)(&outcome);
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
        let cause = || halt.unwrap_or(Halt::Stopped).cause();
        let in_order = instances.iter().enumerate().map(|(index, instance)| {
            outcomes.remove(&index).unwrap_or_else(|| self.errand.not_asked(instance, cause()))
        });
        Ok((in_order.collect(), halt == Some(Halt::Stopped)))
    }

    /// The task of one instance; it ends with an outcome even when it is halted.
    fn task(
        &self,
        index: usize,
        source: Arc<Source>,
        halted: Halted,
    ) -> impl Future<Output = (usize, Result<E::Outcome, StoreGone>)> + Send + use<E> {
        let errand = Arc::clone(&self.errand);
        let instance = self.profile.instances[index].clone();
        let wave = if index < self.plan.at_work_max { index } else { 0 };
        async move {
            tokio::time::sleep(START_STAGGER * u32::try_from(wave).unwrap_or(0)).await;
            (index, errand.visit(index, &instance, &source, halted).await)
        }
    }
}

/// The end of an instance's time.
pub(super) fn deadline_of(source: &Source) -> Instant {
    let start = Instant::now();
    start.checked_add(source.patience().1).unwrap_or(start + UNLIMITED)
}

/// Does work until it is done, the instance's time is over or the run is halted; then gives the cause in its place.
pub(super) async fn within_limits<T>(
    work: impl Future<Output = T>,
    deadline: Instant,
    mut halted: Halted,
) -> Result<T, Cause> {
    tokio::select! {
        // Once halted, nothing more is asked. What the work itself makes of the deadline comes before the deadline.
        biased;
        halt = halted.wait_for(Option::is_some) => {
            Err(halt.ok().and_then(|halt| *halt).unwrap_or(Halt::Stopped).cause())
        }
        done = work => Ok(done),
        () = tokio::time::sleep_until(deadline) => {
            let text = "the instance's time limit came before everything was taken";
            Err(Cause::new(CauseClass::Timeout, text))
        }
    }
}
