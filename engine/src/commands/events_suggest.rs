//! `logparser events suggest`: rules for the most frequent messages that no rule names.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::io::{self, Read};
use std::path::PathBuf;

use serde_json::json;

use super::columns::inert;
use super::run::rules_failed;
use super::sample::{self, Cut};
use super::{Done, Failed, How, out};
use crate::catalog::{Catalog, CatalogError, Generation};
use crate::mirror::{Chunk, Mirror};
use crate::normalise::{Normaliser, Start, Suggestion, Unnamed, Want, Wanted};
use crate::profile::{self, Instance, Profile};

/// Suggests rules from files, or from what is stored.
pub fn events_suggest(how: &How, files: &[PathBuf], most: usize) -> Result<Done, Failed> {
    let load = if files.is_empty() { profile::load } else { profile::load_without_fleet };
    let profile = load(&how.profile).map_err(Failed::Profile)?;
    let names: BTreeSet<String> = profile.events.iter().map(|rule| rule.name.clone()).collect();
    let want = Want { events: names.iter().cloned().collect(), severity_min: Some(1), text: true, ..Want::default() };
    let normaliser = Normaliser::compile(&profile.formats, &profile.events, &Wanted { plugins: vec![want] })
        .map_err(|rules| rules_failed(&profile, &rules))?;
    let mut unnamed = Unnamed::default();
    if files.is_empty() {
        read_store(&profile, &normaliser, &mut unnamed)?;
    }
    let mut cuts = Vec::new();
    for path in files {
        let (bytes, cut) = sample::read(path)?;
        cuts.extend(cut);
        let formats = normaliser.formats_of(&[], &sample::name(path));
        let start = Start { formats, closed: true, seen: Some(sample::changed(path)), ..Start::default() };
        count(&normaliser, start, &bytes[..], &mut unnamed).map_err(|cause| Failed::other(cause, "name log files"))?;
    }
    let taken: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    let suggestions = unnamed.suggestions(most, &taken);
    let text = if how.json { of_json(&unnamed, &cuts, &suggestions) } else { shown(&unnamed, &cuts, &suggestions) };
    if how.json || !how.quiet {
        out(text.trim_end());
    }
    Ok(Done::Whole)
}

fn count(normaliser: &Normaliser, start: Start, source: impl Read, unnamed: &mut Unnamed) -> io::Result<()> {
    let mut records = normaliser.open(source, start);
    while let Some(record) = records.next()? {
        if record.event.is_none() {
            unnamed.count(record.logger(), record.severity, record.body());
        }
    }
    Ok(())
}

/// Counts all that is stored, which stays as it is.
fn read_store(profile: &Profile, normaliser: &Normaliser, unnamed: &mut Unnamed) -> Result<(), Failed> {
    let instances: BTreeMap<&str, &Instance> = profile.instances.iter().map(|one| (one.name.as_str(), one)).collect();
    let found = Catalog::peek(&profile.store, |catalog| {
        let mut found: Vec<(Start, Generation, Vec<Chunk>)> = Vec::new();
        for row in catalog.instances()? {
            let instance = instances.get(row.name.as_str());
            let zone = instance.and_then(|instance| profile.zone_of(instance));
            let tags = instance.map(|instance| &instance.tags[..]).unwrap_or_default();
            for generation in catalog.generations(row.id)? {
                let chunks = catalog.chunks(generation.id)?;
                let formats = normaliser.formats_of(tags, &generation.path);
                let seen = generation.seen_us;
                found.push((Start { zone, seen, formats, closed: true, ..Start::default() }, generation, chunks));
            }
        }
        Ok::<_, CatalogError>(found)
    });
    let nothing = || {
        let store = profile.store.display();
        Failed::other(format_args!("nothing is stored in {store}"), "fetch first, or name log files")
    };
    let found = found.map_err(|error| Failed::disk(&error, &profile.store))?.ok_or_else(nothing)?;
    let mirror = Mirror::open(&profile.store);
    for (start, generation, chunks) in found {
        let reader =
            mirror.reader(&chunks, 0, generation.committed).map_err(|error| Failed::disk(&error, &profile.store))?;
        count(normaliser, start, reader, unnamed).map_err(|cause| Failed::disk(&cause, &profile.store))?;
    }
    Ok(())
}

fn shown(unnamed: &Unnamed, cuts: &[Cut], suggestions: &[Suggestion]) -> String {
    let mut text: String = cuts.iter().map(|cut| format!("# {}\n", cut.told())).collect();
    text += &format!("# {} records have no event.\n", unnamed.records);
    for Suggestion { name, logger, body, count, severity, example } in suggestions {
        let share = *count as f64 * 100.0 / unnamed.records.max(1) as f64;
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(text, "\n# {count} records ({share:.1}%), the first {severity}:\n#   {}", inert(example));
        let line = |key: &str, value: &str| format!("{key} = {}\n", toml::Value::String(value.to_owned()));
        text += "[[event]]\n";
        text += &line("name", name);
        logger.iter().for_each(|logger| text += &line("logger", logger));
        body.iter().for_each(|body| text += &line("body", body));
    }
    if unnamed.uncounted > 0 {
        let _ = writeln!(text, "\n# {} records more have messages of their own.", unnamed.uncounted);
    }
    text
}

fn of_json(unnamed: &Unnamed, cuts: &[Cut], suggestions: &[Suggestion]) -> String {
    let suggested: Vec<_> = suggestions
        .iter()
        .map(|one| {
            json!({
                "name": one.name,
                "logger": one.logger,
                "body": one.body,
                "count": one.count,
                "severity": one.severity,
                "example": one.example,
            })
        })
        .collect();
    format!(
        "{:#}\n",
        json!({ "records": unnamed.records, "cut": cuts.iter().map(Cut::json).collect::<Vec<_>>(), "suggestions": suggested })
    )
}
