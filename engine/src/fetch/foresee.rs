//! The errand of a dry run: lists each instance, and tells what a fetch would do.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::FetchError;
use super::cause::Cause;
use super::committer::StoreGone;
use super::fleet::{Errand, Fleet, Halted, Plan, deadline_of, within_limits};
use super::forecast::{FileForecast, Prospect, Stored};
use super::retry::{Budget, Patience};
use super::room::Room;
use super::source::{Source, Tally};
use crate::catalog::Reach;
use crate::profile::{FileFilter, Instance, Profile};

/// Files of an instance that are told one by one, since all instances are told at once; a probe tells all of one.
const FILES_TOLD_MAX: usize = 200;

/// How many files what would be done with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Prospects {
    pub unchanged: u64,
    pub checked: u64,
    pub appended: u64,
    pub new: u64,
    pub reclassified: u64,
    /// Names that are refused.
    pub refused: u64,
    /// Paths that were there before.
    pub gone: u64,
}

/// What a fetch would do with one instance.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct InstanceForecast {
    pub name: String,
    pub state: Reach,
    /// The first trouble; `None` exactly when the instance was reached.
    pub cause: Option<Cause>,
    pub counts: Prospects,
    /// New bytes at most, of the files whose lengths are told.
    pub bytes: u64,
    /// Files that may bring bytes, and nothing tells how many.
    pub unknown: u64,
    pub bytes_wire: u64,
    /// HTTP requests of this dry run; 0 for folders.
    pub requests: u64,
    pub files: Vec<FileForecast>,
    /// Files that are not told one by one.
    pub files_more: u64,
}

/// Sums over the fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct ForecastTotals {
    pub instances: u64,
    pub reached: u64,
    pub partial: u64,
    pub unreachable: u64,
    pub counts: Prospects,
    pub bytes: u64,
    pub unknown: u64,
    pub bytes_wire: u64,
    pub requests: u64,
}

/// What a fetch of the fleet would do.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FleetForecast {
    /// In the order of the profile.
    pub instances: Vec<InstanceForecast>,
    pub totals: ForecastTotals,
    /// The caller asked to stop before every instance was done.
    pub stopped: bool,
}

/// Lists the whole fleet, within all limits of a fetch, and tells what a fetch would do. The store is left as it is;
/// one that is not there is not made. `done` is called with each instance as it is listed.
///
/// # Errors
/// The store cannot be read, or trouble with this machine.
pub async fn foresee(
    profile: &Profile,
    done: &(dyn Fn(&InstanceForecast) + Sync),
    stop: impl Future<Output = ()>,
) -> Result<FleetForecast, FetchError> {
    let names: BTreeSet<&str> = profile.instances.iter().map(|instance| instance.name.as_str()).collect();
    let errand = Foreseeing {
        budget: Budget::for_fleet(profile.instances.len()),
        filter: Arc::new(profile.files.clone()),
        room: Room::default(),
        stored: Stored::of(&profile.store, &names)?,
    };
    let plan = Plan::of(profile)?;
    let fleet = Fleet { profile, plan: &plan, errand: Arc::new(errand), done };
    let (instances, stopped) = fleet.run(stop).await?;
    let mut totals = ForecastTotals::default();
    instances.iter().for_each(|instance| totals.add(instance));
    Ok(FleetForecast { instances, totals, stopped })
}

struct Foreseeing {
    budget: Budget,
    filter: Arc<FileFilter>,
    room: Room,
    stored: BTreeMap<String, Stored>,
}

impl Errand for Foreseeing {
    type Outcome = InstanceForecast;

    async fn visit(
        &self,
        _: usize,
        instance: &Instance,
        source: &Source,
        halted: Halted,
    ) -> Result<InstanceForecast, StoreGone> {
        let tally = Tally { share: self.room.share(), ..Tally::default() };
        let patience = Patience::new(&self.budget, source.patience().0);
        let listed =
            within_limits(source.list(instance, Some(&self.filter), &tally, patience), deadline_of(source), halted)
                .await;
        let mut forecast = match listed.and_then(|listed| listed) {
            Err(cause) => self.not_asked(instance, cause),
            Ok(listing) => {
                let nothing = Stored::default();
                let stored = self.stored.get(&instance.name).unwrap_or(&nothing);
                let mut files = stored.forecast(&self.filter, &listing);
                let mut counts = Prospects::of(&files);
                (counts.refused, counts.gone) = (listing.refused.len() as u64, stored.gone(&listing).len() as u64);
                let cause = listing.refused.into_iter().next().map(|refused| refused.cause);
                let bytes = files.iter().filter_map(|file| file.bytes).sum();
                let unknown = files.iter().filter(|file| file.bytes.is_none()).count() as u64;
                let files_more = files.len().saturating_sub(FILES_TOLD_MAX) as u64;
                files.truncate(FILES_TOLD_MAX);
                files.shrink_to_fit();
                InstanceForecast {
                    name: instance.name.clone(),
                    state: if cause.is_some() { Reach::Partial } else { Reach::Reached },
                    cause,
                    counts,
                    bytes,
                    unknown,
                    bytes_wire: 0,
                    requests: 0,
                    files,
                    files_more,
                }
            }
        };
        (forecast.bytes_wire, forecast.requests) = (tally.bytes_wire.load(Relaxed), tally.requests.load(Relaxed));
        Ok(forecast)
    }

    fn not_asked(&self, instance: &Instance, cause: Cause) -> InstanceForecast {
        InstanceForecast {
            name: instance.name.clone(),
            state: Reach::Unreachable,
            cause: Some(cause),
            counts: Prospects::default(),
            bytes: 0,
            unknown: 0,
            bytes_wire: 0,
            requests: 0,
            files: Vec::new(),
            files_more: 0,
        }
    }
}

impl Prospects {
    fn of(files: &[FileForecast]) -> Prospects {
        let count = |prospect| files.iter().filter(|file| file.prospect == prospect).count() as u64;
        Prospects {
            unchanged: count(Prospect::Unchanged),
            checked: count(Prospect::Checked),
            appended: count(Prospect::Appended),
            new: count(Prospect::New),
            reclassified: count(Prospect::Reclassified),
            ..Prospects::default()
        }
    }

    fn add(&mut self, other: &Prospects) {
        self.unchanged += other.unchanged;
        self.checked += other.checked;
        self.appended += other.appended;
        self.new += other.new;
        self.reclassified += other.reclassified;
        self.refused += other.refused;
        self.gone += other.gone;
    }
}

impl ForecastTotals {
    fn add(&mut self, instance: &InstanceForecast) {
        self.instances += 1;
        match instance.state {
            Reach::Reached => self.reached += 1,
            Reach::Partial => self.partial += 1,
            Reach::Unreachable => self.unreachable += 1,
        }
        self.counts.add(&instance.counts);
        self.bytes += instance.bytes;
        self.unknown += instance.unknown;
        self.bytes_wire += instance.bytes_wire;
        self.requests += instance.requests;
    }
}
