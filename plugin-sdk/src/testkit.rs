//! Logs made of words, reports to look into, and the merge law: what a plugin's own tests need.
//!
//! Days are those of UTC here.

mod log;
mod rich;
mod told;

use std::collections::BTreeSet;

use crate::bindings::exports::logparser::plugin::plugin as contract;
use crate::export::{decode, encode};
use crate::manifest::Manifest;
use crate::plugin::Plugin;
use crate::results::Results;
use crate::{Batch, Column, Fact, Instance, Merge, Window};
pub use log::{Entry, Log, day, symbol, time};
pub use rich::rich_log;
pub use told::Told;

/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;
/// A pause that ends a span of activity, as in the contract.
const PAUSE_US: i64 = 60_000_000;

/// A window of whole days, `first` up to but without `end`, whose context reaches as far before and a week behind.
pub fn window(first: &str, end: &str) -> Window {
    let (first_day, end_day) = (day(first), day(end));
    Window {
        first_day,
        end_day,
        context_first_day: first_day - (end_day - first_day),
        context_end_day: end_day + 7,
        data_through: i64::from(end_day) * DAY_US - 1,
    }
}

/// The plugin's manifest.
///
/// # Panics
/// When it is not one: a fault of the derives.
pub fn manifest<P: Plugin>() -> Manifest {
    serde_json::from_str(P::MANIFEST).expect("the derives write a manifest")
}

/// The state over a log, as the engine makes it: filtered by the subscription, one batch a day.
pub fn observe<P: Plugin>(plugin: &P, log: &Log) -> P::Partial {
    observe_entries(plugin, &log.entries)
}

fn observe_entries<P: Plugin>(plugin: &P, entries: &[Entry]) -> P::Partial {
    let manifest = manifest::<P>();
    let mut partial = plugin.partial();
    for day in entries.chunk_by(|a, b| a.time.div_euclid(DAY_US) == b.time.div_euclid(DAY_US)) {
        Batch::each_day(batch(&manifest, day), |day| plugin.observe(&mut partial, day));
    }
    partial
}

fn batch(manifest: &Manifest, entries: &[Entry]) -> contract::Batch {
    let position = |entry: &Entry| manifest.events.iter().position(|name| entry.event.as_ref() == Some(name));
    let wanted =
        |entry: &Entry| position(entry).is_some() || manifest.severity.is_some_and(|least| entry.severity >= least);
    let rows: Vec<(Option<&Entry>, &Entry)> = entries
        .iter()
        .enumerate()
        .map(|(index, entry)| (index.checked_sub(1).map(|before| &entries[before]), entry))
        .filter(|(_, entry)| wanted(entry))
        .collect();
    let unsigned = |text: Option<&String>| text.map_or(0, |text| symbol(text));
    let columns = manifest.columns.iter().map(|column| {
        let name = column.name.as_str();
        let entries = rows.iter().map(|(_, entry)| *entry);
        match column.holds.as_str() {
            "time" => Column::Signed(entries.map(|entry| entry.time).collect()),
            "previous" => Column::Signed(rows.iter().map(|(before, _)| before.map_or(i64::MIN, |e| e.time)).collect()),
            "minute" => Column::Words(entries.map(|e| (e.time.rem_euclid(DAY_US) / 60_000_000) as u32).collect()),
            "event" => Column::Bytes(entries.map(|e| position(e).map_or(255, |at| at as u8)).collect()),
            "severity" => Column::Bytes(entries.map(|entry| entry.severity).collect()),
            "integer" => Column::Signed(entries.map(|e| e.integers.get(name).copied().unwrap_or(i64::MIN)).collect()),
            _ if column.attribute => Column::Unsigned(entries.map(|e| unsigned(e.texts.get(name))).collect()),
            _ => Column::Unsigned(entries.map(|entry| unsigned(entry.signature.as_ref())).collect()),
        }
    });
    let mut activity: Vec<i64> = Vec::new();
    for entry in entries.iter().filter(|_| manifest.activity) {
        match activity.last_mut() {
            Some(last) if entry.time >= *last && entry.time - *last <= PAUSE_US => *last = entry.time,
            _ => activity.extend([entry.time, entry.time]),
        }
    }
    let day = i32::try_from(entries[0].time.div_euclid(DAY_US)).expect("a date of our times");
    let count = |count: usize| u32::try_from(count).expect("a small log");
    let day = contract::Day { day, rows: count(rows.len()), spans: count(activity.len() / 2) };
    let times = |name: &String| entries.iter().filter(|entry| entry.event.as_ref() == Some(name)).count() as u64;
    let counts = manifest.counted.iter().map(times).collect();
    contract::Batch { days: vec![day], columns: columns.collect(), counts, activity }
}

/// The results of a plugin over instances with their logs; instances are added in the order of their names.
///
/// # Panics
/// When the plugin gives no results.
pub fn report<P: Plugin>(plugin: &P, window: &Window, instances: &[(&str, &Log)]) -> Told {
    let instances: Vec<_> = instances.iter().map(|&(name, log)| (name, log, &[][..])).collect();
    report_with_facts(plugin, window, &instances)
}

/// Facts that the engine knows of an instance, by name.
pub type Facts<'a> = &'a [(&'a str, i64)];

/// Like [`report`], with facts that the engine knows of each instance. The fact `last-record` comes from the log.
///
/// # Panics
/// When the plugin gives no results.
pub fn report_with_facts<P: Plugin>(plugin: &P, window: &Window, instances: &[(&str, &Log, Facts<'_>)]) -> Told {
    let mut instances: Vec<_> = instances.to_vec();
    instances.sort_by_key(|(name, ..)| *name);
    let mut fleet = plugin.fleet(window);
    for (id, (name, log, facts)) in (0..).zip(&instances) {
        let last = log.entries.iter().map(|entry| entry.time).max().map(|time| ("last-record", time));
        let fact = |(name, value): (&str, i64)| Fact { name: name.to_owned(), value };
        let facts = facts.iter().copied().chain(last).map(fact).collect();
        let instance = Instance { id, name: (*name).to_owned(), tags: Vec::new(), facts };
        let saved = encode::<P>(&observe(plugin, log));
        plugin.add(&mut fleet, &instance, decode::<P>(&saved).expect("what was saved"));
    }
    let mut items = Results::default();
    plugin.report(fleet, &mut items).expect("the plugin gives results");
    let entries = || instances.iter().flat_map(|(_, log, _)| &log.entries);
    let texts: BTreeSet<&String> = entries().flat_map(|entry| entry.texts.values().chain(&entry.signature)).collect();
    Told {
        items,
        texts: texts.into_iter().map(|text| (symbol(text), text.clone())).collect(),
        names: instances.iter().map(|(name, ..)| (*name).to_owned()).collect(),
    }
}

/// Checks the merge law on random splits of a log: `observe(a ++ b) = append(observe(a), observe(b))`, to the byte,
/// also for three pieces appended in either order and with empty ones.
///
/// # Panics
/// When the law is broken: says where the log was split.
pub fn check_merge_law<P: Plugin>(plugin: &P, log: &Log, seed: u64) {
    let whole = encode::<P>(&observe(plugin, log));
    let mut random = seed;
    for _ in 0..64 {
        let mut cuts = [(); 2].map(|()| (next(&mut random) % (log.len() as u64 + 1)) as usize);
        cuts.sort_unstable();
        let pieces = [&log.entries[..cuts[0]], &log.entries[cuts[0]..cuts[1]], &log.entries[cuts[1]..]];
        let [a, b, c] = pieces.map(|piece| encode::<P>(&observe_entries(plugin, piece)));
        let append = |first: &[u8], later: &[u8]| {
            let mut state = decode::<P>(first).expect("a saved state");
            state.append(decode::<P>(later).expect("a saved state"));
            encode::<P>(&state)
        };
        let left = append(&append(&a, &b), &c);
        let right = append(&a, &append(&b, &c));
        assert!(left == whole, "the merge law is broken: (a ++ b) ++ c, split at records {cuts:?}");
        assert!(right == whole, "the merge law is broken: a ++ (b ++ c), split at records {cuts:?}");
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
