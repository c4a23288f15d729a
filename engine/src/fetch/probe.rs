//! One instance, looked at closely: what was asked, what came back, how it was understood, and what a fetch would do.
//! It asks as a run does, by the same source, and stores nothing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use chrono::{DateTime, SecondsFormat, Utc};
use tokio::time::timeout_at;

use super::FetchError;
use super::advice::{self, Advice};
use super::answer::Ask;
use super::cause::{Cause, CauseClass};
use super::fleet::{Plan, deadline_of};
use super::forecast::{Prospect, Stored};
use super::listing::Listing;
use super::parts::{Parts, try_parts};
use super::retry::{Budget, Patience};
use super::source::{Source, Tally};
use super::trace::{Exchange, Trace};
use crate::catalog::{Facts, Reach};
use crate::profile::{FileFilter, Instance, Profile};

/// What was seen of one instance.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Probe {
    pub instance: String,
    /// Empty for folders.
    pub address: String,
    pub state: Reach,
    /// Why the listing was not understood, the first refused name, or why no part of a file came.
    pub cause: Option<Cause>,
    /// Requests in their order, and how many more there were; none for folders.
    pub exchanges: Vec<Exchange>,
    pub exchanges_more: u64,
    pub listing: Option<ListingSeen>,
    /// How parts of a file came; `None` where no file could be asked for.
    pub parts: Option<Parts>,
    /// The server's clock minus this machine's; `None` where the server tells no time.
    pub clock_skew_ms: Option<i64>,
    /// Why it is not known what is stored.
    pub store_cause: Option<String>,
    /// In the order of their names; refused ones last.
    pub files: Vec<FileSeen>,
    /// Names that were there before, and are not listed any more.
    pub gone: Vec<String>,
    pub advice: Vec<Advice>,
    pub requests: u64,
    pub bytes_wire: u64,
}

/// A listing, as far as it was understood.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ListingSeen {
    pub kind: &'static str,
    pub pages: u64,
    pub files: usize,
    pub with_size: usize,
    pub with_time: usize,
    pub with_etag: usize,
    pub taken: usize,
    /// Of those that are taken: how many may be compressed.
    pub packed: usize,
    pub refused: usize,
}

/// A listed file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FileSeen {
    pub path: String,
    pub size: Option<u64>,
    /// RFC 3339.
    pub modified: Option<String>,
    pub etag: Option<String>,
    /// What a fetch would do; `None` where the file is not taken, or nobody knows what is stored.
    pub prospect: Option<Prospect>,
    /// New bytes, at most.
    pub bytes: Option<u64>,
    /// Why it is not taken.
    pub why_not: Option<String>,
}

/// Asks one instance as a run would, and tells all that was seen. It need not be one of the profile's.
///
/// # Errors
/// A secret cannot be read, or trouble with this machine. Trouble with the instance is what a probe tells.
pub async fn probe(profile: &Profile, instance: &Instance) -> Result<Probe, FetchError> {
    let alone = Profile { instances: vec![instance.clone()], ..profile.clone() };
    let source = Plan::of(&alone)?.source(&alone, instance)?;
    let veil = if let Source::Rest(rest) = &source { rest.veil() } else { Default::default() };
    let tally = Tally { trace: Trace::of(Arc::clone(&veil)), ..Tally::default() };
    let deadline = deadline_of(&source);
    let budget = Budget::for_fleet(1);
    let patience = Patience::new(&budget, source.patience().0);
    let listed = timeout_at(deadline, source.list(instance, None, &tally, patience)).await;
    let now_us = Utc::now().timestamp_micros();
    let listed = listed.unwrap_or_else(|_| {
        Err(Cause::new(CauseClass::Timeout, "the instance's time limit came before the listing was complete"))
    });
    let listed = listed.map_err(|cause| tally.trace.shown(&cause));
    let (mut exchanges, exchanges_more) = tally.trace.take();
    let mut seen = Probe::of(instance, &listed);
    if let (Source::Rest(rest), filter) = (&source, &profile.files) {
        seen.advice = advice::on_listing(rest.settings(), &exchanges, listed.as_ref(), filter);
    }
    if let Ok(listing) = &listed {
        let pages = exchanges.iter().filter(|exchange| exchange.answer.as_ref().is_some_and(|it| it.status == 200));
        let pages = pages.count() as u64 + exchanges_more;
        seen.listing = Some(ListingSeen::of(&source, pages, listing, &profile.files));
        seen.clock_skew_ms =
            listing.date_us.filter(|_| matches!(source, Source::Rest(_))).map(|at| (at - now_us) / 1000);
        seen.foretell(profile, listing);
        if let (Source::Rest(rest), Some(path)) = (&source, sample(listing, &profile.files)) {
            let parts = timeout_at(deadline, try_parts(rest, instance, path, listing.files[path].size, &tally)).await;
            let (parts_exchanges, _) = tally.trace.take();
            let parts = parts.ok().map(|parts| parts.shown(&tally.trace));
            let answer = parts_exchanges.last().and_then(|exchange| exchange.answer.as_ref());
            if let (Some(Parts { cause: Some(_), .. }), Some(answer)) = (&parts, answer)
                && !(200..300).contains(&answer.status)
            {
                seen.advice.push(advice::refused(rest.settings(), answer, "fetch"));
            }
            let honoured = parts.as_ref().and_then(|parts| parts.honoured);
            seen.advice.extend(advice::on_parts(rest.settings(), honoured));
            seen.advice.extend(parts.as_ref().and_then(|parts| parts.decode_advice(&profile.files)));
            if let Some(cause) = parts.as_ref().and_then(|parts| parts.cause.clone()) {
                seen.state = Reach::Partial;
                seen.cause.get_or_insert(cause);
            }
            seen.parts = parts;
            exchanges.extend(parts_exchanges);
        }
    }
    seen.advice = seen.advice.into_iter().map(|advice| advice.under(&veil)).collect();
    (seen.exchanges, seen.exchanges_more) = (exchanges, exchanges_more);
    (seen.requests, seen.bytes_wire) = (tally.requests.load(Relaxed), tally.bytes_wire.load(Relaxed));
    Ok(seen)
}

impl Probe {
    fn of(instance: &Instance, listed: &Result<Listing, Cause>) -> Probe {
        let state = if listed.is_ok() { Reach::Reached } else { Reach::Unreachable };
        Probe {
            instance: instance.name.clone(),
            address: instance.address.clone(),
            state,
            cause: listed.as_ref().err().cloned(),
            exchanges: Vec::new(),
            exchanges_more: 0,
            listing: None,
            parts: None,
            clock_skew_ms: None,
            store_cause: None,
            files: Vec::new(),
            gone: Vec::new(),
            advice: Vec::new(),
            requests: 0,
            bytes_wire: 0,
        }
    }

    /// What a fetch would do with the files of a listing.
    fn foretell(&mut self, profile: &Profile, listing: &Listing) {
        let filter = &profile.files;
        let mut kept = Listing::new(None, Default::default());
        kept.complete = listing.complete;
        kept.files
            .extend(listing.files.iter().filter(|(path, _)| filter.takes(path)).map(|(p, f)| (p.clone(), f.clone())));
        let stored = Stored::of(&profile.store, &BTreeSet::from([self.instance.as_str()]));
        let forecast = match stored {
            Ok(mut stored) => {
                let stored = stored.remove(&self.instance).unwrap_or_default();
                self.gone = stored.gone(&kept);
                stored.forecast(filter, &kept)
            }
            Err(error) => {
                self.store_cause = Some(error.to_string());
                Vec::new()
            }
        };
        let mut forecast = forecast.into_iter().peekable();
        for (path, facts) in &listing.files {
            let mut file = FileSeen::of(path, facts);
            if !filter.include.is_match(path) {
                file.why_not = Some("no glob of `include` fits".to_owned());
            } else if filter.exclude.is_match(path) {
                file.why_not = Some("a glob of `exclude` fits".to_owned());
            } else if let Some(told) = forecast.next_if(|told| told.path == *path) {
                (file.prospect, file.bytes) = (Some(told.prospect), told.bytes);
            }
            self.files.push(file);
        }
        for refused in &listing.refused {
            let mut file = FileSeen::of(&refused.path, &Facts::default());
            file.why_not = Some(refused.cause.text.clone());
            self.files.push(file);
            if refused.path.is_empty() || filter.takes(&refused.path) {
                self.state = Reach::Partial;
                self.cause.get_or_insert_with(|| refused.cause.clone());
            }
        }
    }
}

impl ListingSeen {
    fn of(source: &Source, pages: u64, listing: &Listing, filter: &FileFilter) -> ListingSeen {
        let count = |has: fn(&Facts) -> bool| listing.files.values().filter(|facts| has(facts)).count();
        let taken: Vec<&String> = listing.files.keys().filter(|path| filter.takes(path)).collect();
        ListingSeen {
            kind: match source {
                Source::Folder(_) => "folder",
                Source::Rest(rest) => advice::word(rest.settings().list_kind),
            },
            pages,
            files: listing.files.len(),
            with_size: count(|facts| facts.size.is_some()),
            with_time: count(|facts| facts.modified_us.is_some()),
            with_etag: count(|facts| facts.etag.is_some()),
            taken: taken.len(),
            packed: taken.iter().filter(|path| filter.decode.is_match(path)).count(),
            refused: listing.refused.len(),
        }
    }
}

impl FileSeen {
    fn of(path: &str, facts: &Facts) -> FileSeen {
        let modified = facts.modified_us.and_then(DateTime::from_timestamp_micros);
        FileSeen {
            path: path.to_owned(),
            size: facts.size,
            modified: modified.map(|time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
            etag: facts.etag.clone(),
            prospect: None,
            bytes: None,
            why_not: None,
        }
    }
}

/// The file of which parts are asked for: the smallest that has enough to tell, one that is taken before others.
fn sample<'l>(listing: &'l Listing, filter: &FileFilter) -> Option<&'l str> {
    let enough = |facts: &Facts| facts.size.is_none_or(|size| size >= Ask::TRIED.to.unwrap_or(2));
    let some = listing.files.iter().filter(|(_, facts)| facts.size != Some(0));
    some.min_by_key(|(path, facts)| (!filter.takes(path), !enough(facts), facts.size, *path))
        .map(|(path, _)| path.as_str())
}
