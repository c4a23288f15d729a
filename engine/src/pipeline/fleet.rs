//! The fleet of a profile as the catalog knows it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use sha2::{Digest, Sha256};

use super::coverage::Seen;
use super::job::Job;
use super::kpis::{Kpis, wants_signatures};
use super::period;
use crate::calendar::{Calendar, SECOND_US};
use crate::catalog::{Catalog, CatalogError, InstanceId, InstanceRow};
use crate::host::Plugin;
use crate::mirror::Mirror;
use crate::normalise::{Normaliser, Signatures};
use crate::profile::{Instance, Period, Profile};

/// How far a clock must be ahead of all that follow to be in doubt, or of the fetch to be wrong.
const AHEAD_US: i64 = 2 * 86_400 * SECOND_US;
/// One clock in so many may be in doubt.
const DOUBTFUL_ONE_IN: usize = 50;

/// The instances of a profile that the catalog knows, and the numbers under which their analysis is kept.
pub struct Fleet {
    /// Rows of the profile's instances, in the order of the profile.
    rows: Vec<Option<InstanceRow>>,
    /// Number and digest of what shapes the records of each instance, in the order of the profile.
    layouts: Vec<(i64, [u8; 32])>,
    works: Vec<i64>,
    epoch: u64,
}

impl Fleet {
    /// Takes the profile's fleet into the catalog's books: for an analysis that `begins`, or for the one that began last.
    ///
    /// # Errors
    /// Trouble with the catalog.
    pub fn enter(begins: bool, profile: &Profile, kpis: &Kpis, catalog: &mut Catalog) -> Result<Self, CatalogError> {
        let names: Vec<&str> = profile.instances.iter().map(|instance| instance.name.as_str()).collect();
        let shape = Normaliser::digest(&profile.formats, &profile.events);
        let layouts: Vec<_> =
            profile.instances.iter().map(|instance| layout_digest(profile, instance, &shape)).collect();
        // Few instances differ: a number is looked up once.
        let different: Vec<_> = layouts.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        let works: Vec<_> = kpis.plugins.iter().map(|plugin| work_digest(plugin, profile)).collect();
        let read = |catalog: &Catalog| -> Result<BTreeMap<String, InstanceRow>, CatalogError> {
            Ok(catalog.instances()?.into_iter().map(|row| (row.name.clone(), row)).collect())
        };
        let mut rows = read(catalog)?;
        // Who was fetched has a row.
        let new: Vec<&str> = names.iter().copied().filter(|name| !rows.contains_key(*name)).collect();
        let (numbers, works) = catalog.enter(begins, &new, &different, &works)?;
        if !new.is_empty() {
            rows = read(catalog)?;
        }
        let numbers: BTreeMap<[u8; 32], i64> = different.into_iter().zip(numbers).collect();
        let layouts = layouts.into_iter().map(|digest| (numbers[&digest], digest)).collect();
        let rows = names.iter().map(|name| rows.remove(*name)).collect();
        Ok(Self { rows, layouts, works, epoch: catalog.epoch()? })
    }

    /// One job an instance.
    pub fn jobs<'a>(&'a self, profile: &'a Profile, normaliser: &'a Normaliser, mirror: &'a Mirror) -> Vec<Job<'a>> {
        let known = profile.instances.iter().zip(&self.rows).zip(&self.layouts).enumerate();
        known
            .map(|(position, ((instance, row), &(layout, layout_digest)))| Job {
                position,
                name: &instance.name,
                instance: row.as_ref().expect("every instance was enrolled").id,
                layout,
                layout_digest,
                zone: profile.zone_of(instance),
                tags: &instance.tags,
                days: profile.days_of(instance),
                works: &self.works,
                normaliser,
                mirror,
            })
            .collect()
    }

    /// The instances with all that is known of them.
    ///
    /// # Errors
    /// Trouble with the catalog.
    pub fn seen<'a>(&'a self, profile: &'a Profile, catalog: &Catalog) -> Result<Vec<Seen<'a>>, CatalogError> {
        let known = || profile.instances.iter().zip(&self.rows);
        let numbered = self.rows.iter().zip(&self.layouts);
        let layouts: BTreeMap<InstanceId, i64> =
            numbered.filter_map(|(row, (layout, _))| row.as_ref().map(|row| (row.id, *layout))).collect();
        let mut summaries = catalog.summaries(&layouts, self.future_us())?;
        if summaries.values().all(|summary| summary.last_time.is_none()) {
            // If all are from the future, it is the clock of this machine that is wrong.
            summaries = catalog.summaries(&layouts, i64::MAX)?;
        }
        let seen = known().map(|(instance, row)| {
            let summary = row.as_ref().and_then(|row| summaries.remove(&row.id)).unwrap_or_default();
            Seen { instance, row: row.as_ref(), summary }
        });
        Ok(seen.collect())
    }

    /// A time that no clock can have reached when the fleet was asked last.
    fn future_us(&self) -> i64 {
        let asked = self.rows.iter().flatten().filter_map(|row| row.asked_us).max();
        asked.map_or(i64::MAX, |asked| asked.saturating_add(AHEAD_US))
    }

    /// The days of the period. Where there is no record at all, it ends with the day of the last fetch.
    pub fn days(&self, profile: &Profile, period: &Period, seen: &[Seen<'_>], through: Option<i64>) -> Range<i32> {
        let asked = self.rows.iter().flatten().filter_map(|row| row.asked_us).max();
        let zone = profile.report.zone.unwrap_or_else(|| profile.zone());
        let mut last = Calendar::new(zone).day(through.or(asked).unwrap_or(0));
        if profile.report.zone.is_none() {
            // Each instance has days of its own: the last is that of the one which is furthest.
            let in_time = seen.iter().map(|seen| &seen.summary).filter(|summary| summary.last_time <= through);
            last = in_time.filter_map(|summary| summary.last_day).max().unwrap_or(last);
        }
        let first = seen.iter().filter_map(|seen| seen.summary.days.keys().next()).min();
        period::days(period, *first.unwrap_or(&last), last)
    }

    /// Time of the newest record, by which a period ends.
    ///
    /// One clock that runs far ahead must not carry the whole report into its future: of every fifty instances, one
    /// whose newest record lies days after the next one's does not count here.
    pub fn through(seen: &[Seen<'_>]) -> Option<i64> {
        let mut times: Vec<i64> = seen.iter().filter_map(|seen| seen.summary.last_time).collect();
        times.sort_unstable_by(|a, b| b.cmp(a));
        let doubtful = times.len() / DOUBTFUL_ONE_IN;
        let ahead = times.windows(2).take(doubtful).take_while(|pair| pair[0] - pair[1] > AHEAD_US).count();
        times.get(ahead).copied()
    }

    /// A key for what depends on the logs, on what shapes records, and on these parts.
    pub fn key(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut all: Vec<&[u8]> = self.layouts.iter().map(|(_, digest)| digest.as_slice()).collect();
        let epoch = self.epoch.to_le_bytes();
        let ids: Vec<u8> = self.rows.iter().flatten().flat_map(|row| row.id.0.to_le_bytes()).collect();
        all.extend([epoch.as_slice(), &ids]);
        all.extend(parts);
        digest(&all)
    }
}

/// Digest of everything that shapes a plugin's partials, beside the records: rules for signatures count where it wants
/// signatures.
pub fn work_digest(plugin: &Plugin, profile: &Profile) -> [u8; 32] {
    let own = plugin.work_digest();
    if wants_signatures(plugin) { digest(&[&own, &Signatures::digest(&profile.signatures)]) } else { own }
}

/// Digest of what shapes the records of an instance: the formats, the zones of its times and days, and those of its
/// tags that say which formats it may have.
fn layout_digest(profile: &Profile, instance: &Instance, shape: &[u8; 32]) -> [u8; 32] {
    let zones = match profile.zone_of(instance) {
        Some(zone) => vec![zone.name()],
        None => profile.formats.iter().map(|format| format.zone.name()).collect(),
    };
    let tags = profile.formats.iter().flat_map(|format| &format.tags.0).filter(|tag| instance.tags.contains(tag));
    let tags: BTreeSet<&String> = tags.collect();
    let (zone, by_offset) = profile.days_of(instance);
    let report_zone = format!("{}{}", zone.name(), if by_offset { " or its own offset" } else { "" });
    digest(&[shape, zones.join(" ").as_bytes(), report_zone.as_bytes(), format!("{tags:?}").as_bytes()])
}

/// SHA-256 over parts, each with its length.
fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}
