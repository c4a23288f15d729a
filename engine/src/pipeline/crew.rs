//! All cores over all instances: each thread takes the next instance, one thread writes what they bring.

use std::borrow::Cow;
use std::iter;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;

use super::analyse::Watch;
use super::failures::Failures;
use super::job::{Job, Problem};
use super::worker::Worker;
use crate::catalog::{Catalog, Update};
use crate::host::Plugin;
use crate::normalise::Normaliser;
use crate::profile::Veil;

/// Updates are handed over together, because to wait for each and be woken takes longer than to write it: so many times as
/// wait to be written, and no later than when they hold so many partials.
const WAITING_MAX: usize = 2;
const HAND_PARTIALS: usize = 500;
/// Instances that a thread reads of one state of the catalog. What the others write meanwhile is none of theirs, and each
/// look at it would cost reading it anew; but what was written waits that long to come from the log into its place.
const AT_ONCE: usize = 32;
/// Partials of one transaction: enough to make its fixed cost small, few enough to keep memory low.
const GROUP_PARTIALS: usize = 2_000;

/// What all threads share.
pub struct Crew<'a> {
    pub plugins: &'a [Plugin],
    pub normaliser: &'a Normaliser,
    pub failures: &'a Failures,
    /// Hides what logs repeat of the profile's secrets: it goes no further than the mirror.
    pub veil: &'a Veil,
}

/// How much was done.
#[derive(Debug, Default, Clone, Copy, serde::Serialize)]
pub struct Done {
    /// Instances of which something was read.
    pub instances: usize,
    /// Partials that were computed.
    pub partials: usize,
}

impl Crew<'_> {
    /// Does `work` for every job, on all cores, and writes what it brings, which `written` then has; fewer jobs where `watch`
    /// stops.
    ///
    /// # Errors
    /// The first trouble with the store.
    pub fn run<W>(
        &self,
        jobs: &[Job<'_>],
        catalog: &mut Catalog,
        watch: &dyn Watch,
        work: W,
        mut written: impl FnMut(Update),
    ) -> Result<Done, Problem>
    where
        W: Fn(&Job<'_>, &Catalog, &mut Worker<'_>) -> Result<Option<Update>, Problem> + Sync,
    {
        let next = AtomicUsize::new(0);
        let threads = thread::available_parallelism().map_or(1, usize::from).min(jobs.len().max(1));
        let store = catalog.store().to_owned();
        let (bring, brought) = sync_channel(WAITING_MAX);
        thread::scope(|scope| {
            for _ in 0..threads {
                let (bring, next, store, work) = (bring.clone(), &next, &store, &work);
                scope.spawn(move || {
                    let each = || -> Result<(), Problem> {
                        let catalog = Catalog::open_to_read(store)?;
                        let mut worker = Worker::new(self.plugins, self.normaliser, self.failures);
                        let mut take = || {
                            if watch.stops() { None } else { jobs.get(next.fetch_add(1, Ordering::Relaxed)) }
                        };
                        while let Some(first) = take() {
                            let mut updates: Vec<Update> = Vec::new();
                            let hand_over = |updates: &mut Vec<Update>| {
                                if bring.send(Ok(std::mem::take(updates))).is_err() {
                                    // Nobody listens any more: another thread's problem came first.
                                    next.store(jobs.len(), Ordering::Relaxed);
                                }
                            };
                            let done = catalog.at_once(|| -> Result<(), Problem> {
                                for job in iter::once(first).chain(iter::from_fn(&mut take)).take(AT_ONCE) {
                                    let update = work(job, &catalog, &mut worker)?;
                                    updates.extend(update.map(|update| self.veiled(update)));
                                    watch.instance_done();
                                    if updates.iter().map(|update| update.partials.len()).sum::<usize>()
                                        >= HAND_PARTIALS
                                    {
                                        hand_over(&mut updates);
                                    }
                                }
                                Ok(())
                            });
                            hand_over(&mut updates);
                            done??;
                        }
                        Ok(())
                    };
                    if let Err(problem) = each() {
                        next.store(jobs.len(), Ordering::Relaxed);
                        // Nobody listens any more: another thread's problem came first.
                        let _ = bring.send(Err(problem));
                    }
                });
            }
            drop(bring);
            let mut done = Done::default();
            let mut group: Vec<Update> = Vec::new();
            let mut partials = 0;
            for updates in brought {
                for update in updates? {
                    done.instances += 1;
                    partials += update.partials.len();
                    group.push(update);
                    if partials >= GROUP_PARTIALS {
                        catalog.write_analysed(&group)?;
                        group.drain(..).for_each(&mut written);
                        done.partials += std::mem::take(&mut partials);
                    }
                }
            }
            catalog.write_analysed(&group)?;
            group.into_iter().for_each(written);
            done.partials += partials;
            Ok(done)
        })
    }

    fn veiled(&self, mut update: Update) -> Update {
        let examples = update.scans.values_mut().flat_map(|scan| &mut scan.examples);
        let texts = update.symbols.iter_mut().map(|(_, text)| text).chain(examples.map(|(_, text)| text));
        for text in texts {
            if let Cow::Owned(hidden) = self.veil.hide(text) {
                *text = hidden;
            }
        }
        update
    }
}
