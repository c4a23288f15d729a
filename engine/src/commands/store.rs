//! `logparser store`: how large it is, whether it is whole, and what can be put right.

use std::error::Error;

use logparser_reports::format::{bytes, count};
use serde_json::{Value, json};

use super::inventory;
use super::progress::Voice;
use super::run::{fetch_fleet, fleet, keep, locked, terms, undropped};
use super::stop::Stop;
use super::{Done, Failed, How, out};
use crate::catalog::{Catalog, CatalogError};
use crate::fetch::check_access;
use crate::mirror::StoreLock;
use crate::profile::{self, Profile};
use crate::upkeep::{self, Sizes, Terms, Verified};

/// Faults that are told one by one.
const FAULTS_MAX: usize = 20;

/// What is done with a store, where not only its sizes are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::Subcommand)]
pub enum What {
    /// Show how large it is, and of what
    Sizes,
    /// Read every byte, and name everything that is not as it was stored
    Verify,
    /// Verify, and fetch damaged bytes again where an instance still has them
    Repair,
}

/// Does it.
pub fn store(how: &How, what: Option<What>) -> Result<Done, Failed> {
    let profile = profile::load(&how.profile).map_err(Failed::Profile)?;
    let keeper = Keeper { how, profile: &profile, voice: Voice::new(how) };
    match what.unwrap_or(What::Sizes) {
        What::Sizes => keeper.show_sizes(),
        What::Verify => keeper.verify(),
        What::Repair => keeper.repair(),
    }
}

/// Who looks after the store of a profile.
struct Keeper<'a> {
    how: &'a How,
    profile: &'a Profile,
    voice: Voice,
}

impl Keeper<'_> {
    fn show_sizes(&self) -> Result<Done, Failed> {
        let store = &self.profile.store;
        let mut catalog = Catalog::open_to_read(store).map_err(|error| self.unopened(&error))?;
        // A store of an older program is brought up to this one's version, unless a run is at work on it.
        match StoreLock::acquire(store) {
            Ok(lock) => catalog = self.open(&lock)?,
            Err(_) => catalog.refuse_older().map_err(|error| self.unopened(&error))?,
        }
        let known = fleet(self.profile);
        let sizes = upkeep::sizes(&catalog, &terms(self.profile, &known)).map_err(|error| self.failed(&error))?;
        if self.how.json {
            out(&format!("{:#}", json!(sizes)))
        } else {
            tell_sizes(&sizes)
        }
        Ok(Done::Whole)
    }

    fn verify(&self) -> Result<Done, Failed> {
        let lock = locked(self.profile)?;
        let verified = self.read_all(&lock)?;
        self.tell(&verified, &json!(verified));
        if verified.faults.is_empty() {
            return Ok(Done::Whole);
        }
        eprintln!("help: `logparser store repair` takes again what the instances still have");
        Ok(Done::PartsMissing)
    }

    /// Damaged bytes are given up, so that the fetch that follows takes them again; then everything is verified anew.
    fn repair(&self) -> Result<Done, Failed> {
        check_access(self.profile).map_err(Failed::Profile)?;
        let lock = locked(self.profile)?;
        let before = self.read_all(&lock)?;
        let mut fetched = None;
        if !before.faults.is_empty() {
            let stop = Stop::on_signals(self.voice);
            let profile = inventory::ask(self.profile, Some(&lock), &self.voice, &stop)?;
            give_up(&profile, &lock, &before).map_err(|error| self.failed(&error))?;
            fetched = Some(fetch_fleet(&profile, &lock, &self.voice, &stop)?);
            let (own, undropped) = (fleet(&profile), undropped(&profile));
            keep(&profile, &lock, &stop, &Terms { keep: &undropped, ..terms(&profile, &own) })?;
        }
        let after = self.read_all(&lock)?;
        self.tell(&after, &json!({ "before": before, "fetch": fetched, "after": after }));
        if !self.how.quiet && !self.how.json {
            let faults = |verified: &Verified| count(verified.faults.len() as u64);
            out(&format!("{} faults before, {} now", faults(&before), faults(&after)));
            let lost = after.lost_bytes.saturating_sub(before.lost_bytes);
            if lost > 0 {
                out(&format!("{} are lost: no instance has them any more; the report shows the gaps", bytes(lost)));
            }
        }
        Ok(if after.faults.is_empty() { Done::Whole } else { Done::PartsMissing })
    }

    fn read_all(&self, lock: &StoreLock) -> Result<Verified, Failed> {
        let catalog = self.open(lock)?;
        let instances = catalog.instances().map_err(|error| self.failed(&error))?;
        let stage = self.voice.stage("verifying", instances.len());
        upkeep::verify(&catalog, &|| stage.step()).map_err(|error| self.failed(&error))
    }

    fn tell(&self, verified: &Verified, summary: &Value) {
        for fault in verified.faults.iter().take(FAULTS_MAX) {
            eprintln!("error: {fault}");
        }
        if verified.faults.len() > FAULTS_MAX {
            eprintln!("and {} more: `--json` has them all", verified.faults.len() - FAULTS_MAX);
        }
        if self.how.json {
            out(&format!("{summary:#}"));
        } else if !self.how.quiet {
            out(&format!("{} of logs verified", bytes(verified.bytes)));
            if verified.unchecked_bytes > 0 {
                let old = bytes(verified.unchecked_bytes);
                out(&format!("{old} were stored before there were checksums; they get theirs once they rest"));
            }
            if verified.lost_bytes > 0 {
                out(&format!("{} were lost to damage", bytes(verified.lost_bytes)));
            }
            for name in &verified.debris {
                out(&format!("debris of a crash: {name}; the next run removes it"));
            }
        }
    }

    fn open(&self, lock: &StoreLock) -> Result<Catalog, Failed> {
        Catalog::open(lock).map_err(|error| self.unopened(&error))
    }

    fn unopened(&self, error: &CatalogError) -> Failed {
        match error {
            CatalogError::Missing { .. } => Failed::other(error, "`logparser run` or `logparser fetch` fills it"),
            CatalogError::Older { .. } => Failed::other(error, "another run is at work on it: let that end first"),
            _ => self.failed(error),
        }
    }

    fn failed(&self, error: &(dyn Error + 'static)) -> Failed {
        Failed::disk(error, &self.profile.store)
    }
}

/// Gives up what is damaged; what is wanted of instances that left the fleet is lost.
fn give_up(profile: &Profile, lock: &StoreLock, verified: &Verified) -> Result<(), CatalogError> {
    let mut catalog = Catalog::open(lock)?;
    catalog.reindex()?;
    catalog.give_up(&verified.damaged, &verified.short)?;
    let known = fleet(profile);
    for instance in catalog.instances()? {
        if known.binary_search(&instance.name.as_str()).is_err() {
            catalog.lose_wanted(instance.id)?;
        }
    }
    Ok(())
}

fn tell_sizes(sizes: &Sizes) {
    let row = |name: &str, value: String, note: String| {
        let line = format!("{name:<11}{value:>12}  {note}");
        out(line.trim_end());
    };
    let counts = &sizes.counts;
    row("logs", bytes(sizes.logs_bytes), format!("in {} files", count(counts.generations)));
    if sizes.sealed_bytes > 0 {
        let times = sizes.sealed_bytes as f64 / sizes.packed_bytes.max(1) as f64;
        let note = format!("sealed into {}, {times:.1} times less", bytes(sizes.packed_bytes));
        row("", bytes(sizes.sealed_bytes), note);
    }
    if sizes.droppable_bytes > 0 {
        row("", bytes(sizes.droppable_bytes), "older than `[keep]` says: the next run drops them".to_owned());
    }
    if counts.dropped_bytes > 0 {
        row("dropped", bytes(counts.dropped_bytes), "were older than `[keep]` says".to_owned());
    }
    if counts.lost_bytes > 0 {
        row("lost", bytes(counts.lost_bytes), "were damaged, and nobody has them any more".to_owned());
    }
    let segments = count(sizes.segments.len() as u64);
    let note = format!("in {segments} segments, {} of it dead", bytes(sizes.dead_bytes));
    row("mirror", bytes(sizes.live_bytes + sizes.dead_bytes), note);
    for one in &sizes.segments {
        let dead = bytes(one.bytes.saturating_sub(one.live_bytes));
        let note = format!("{} of logs, {dead} dead", bytes(one.logs_bytes));
        row(&format!("  {:06}", one.segment), bytes(one.bytes), note);
    }
    let note = format!("{} partials with {}", count(counts.partials), bytes(counts.partials_bytes));
    row("catalog", bytes(sizes.catalog_bytes), note);
    row("compiled", bytes(sizes.compiled_bytes), "plugins, made again when they are needed".to_owned());
    row("instances", count(counts.instances), String::new());
    row("files", count(counts.generations), format!("{} still listed", count(counts.generations_live)));
    row("days", count(counts.days), "of an instance, with records".to_owned());
}
