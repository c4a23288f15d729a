//! `logparser probe`: one instance, seen closely.

use std::fmt::Write;

use logparser_reports::format::duration;
use serde_json::json;

use super::columns::{Columns, Side, inert};
use super::progress::Voice;
use super::run::runtime;
use super::stop::Stop;
use super::{Done, Failed, How, inventory, out};
use crate::catalog::Reach;
use crate::fetch::{Advice, Exchange, FileSeen, ListingSeen, Parts, Probe, Prospect, check_access, probe as ask};
use crate::profile;

/// The server's `Date` has whole seconds, and the answer is on its way for a while.
const SKEW_MS_MIN: u64 = 2_000;

/// Files that are shown; `--json` has them all.
const FILES_MAX: usize = 200;

/// Shows one instance; nothing is stored.
pub fn probe(how: &How, word: &str, tags: &[String]) -> Result<Done, Failed> {
    let profile = profile::load(&how.profile).map_err(Failed::Profile)?;
    check_access(&profile).map_err(Failed::Profile)?;
    let profile = match inventory::known(&profile)? {
        Some(known) => known,
        // An address needs no name.
        None if word.contains("://") => profile,
        None => {
            let voice = Voice::new(how);
            inventory::ask(&profile, None, &voice, &Stop::on_signals(voice))?
        }
    };
    let instance = profile.instance(word, tags).map_err(|error| Failed::usage(&error, &error.help))?;
    let seen = runtime()?.block_on(ask(&profile, &instance)).map_err(|error| Failed::disk(&error, &profile.store))?;
    if how.json {
        out(&format!("{:#}", json!(seen)));
    } else if !how.quiet {
        out(shown(&seen).trim_end());
    }
    Ok(if seen.state == Reach::Reached { Done::Whole } else { Done::PartsMissing })
}

/// What was seen, for a person.
fn shown(seen: &Probe) -> String {
    let mut text = String::new();
    let at = if seen.address.is_empty() || seen.address == seen.instance {
        String::new()
    } else {
        format!(" at {}", seen.address)
    };
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(text, "{}{at}", inert(&seen.instance));
    for exchange in &seen.exchanges {
        text.push('\n');
        show_exchange(&mut text, exchange);
    }
    if seen.exchanges.is_empty() {
        text += "\nnothing is asked over the network: its logs lie in a folder\n";
    }
    if seen.exchanges_more > 0 {
        let _ = writeln!(text, "\nand {} more requests", seen.exchanges_more);
    }
    text.push('\n');
    show_understood(&mut text, seen);
    show_files(&mut text, seen);
    seen.advice.iter().for_each(|advice| show_advice(&mut text, advice));
    text
}

fn show_exchange(text: &mut String, exchange: &Exchange) {
    let _ = writeln!(text, "asked      {} {}", exchange.method, inert(&exchange.url));
    for header in &exchange.sent {
        let _ = writeln!(text, "           {}: {}", header.name, inert(&header.value));
    }
    if let Some(cause) = &exchange.cause {
        let _ = writeln!(text, "no answer  {}", inert(&cause.text));
    }
    let Some(answer) = &exchange.answer else { return };
    let status = format!("{} {}", answer.status, answer.reason);
    let _ = writeln!(text, "came back  {} ({}), {} bytes read", status.trim_end(), answer.version, answer.body_bytes);
    if let Some(found_at) = &answer.found_at {
        let _ = writeln!(text, "           after a redirect to {}", inert(found_at));
    }
    for header in &answer.headers {
        let _ = writeln!(text, "           {}: {}", header.name, inert(&header.value));
    }
    if !answer.excerpt.is_empty() {
        let _ = writeln!(text, "           {}", inert(&answer.excerpt));
    }
}

fn show_understood(text: &mut String, seen: &Probe) {
    let mut say = |name: &str, what: String| {
        let _ = writeln!(text, "{name:<9}  {what}");
    };
    match &seen.listing {
        Some(listing) => {
            say("listing", of_listing(listing));
            let ListingSeen { files, with_size, with_time, with_etag, .. } = listing;
            say("told", format!("size of {with_size}, time of {with_time}, ETag of {with_etag} of {files} files"));
            if listing.packed > 0 {
                say("packed", format!("{} may be compressed: they are transferred whole", listing.packed));
            }
        }
        None => say("listing", "not understood".to_owned()),
    }
    if let Some(cause) = &seen.cause {
        say("cause", inert(&cause.text));
    }
    if let Some(parts) = &seen.parts {
        say("parts", of_parts(parts));
    }
    if let Some(skew) = seen.clock_skew_ms {
        say("clock", of_clock(skew));
    }
    if let Some(cause) = &seen.store_cause {
        say("store", format!("what is stored is not known: {cause}"));
    }
}

fn of_listing(listing: &ListingSeen) -> String {
    let ListingSeen { kind, pages, files, taken, refused, .. } = listing;
    let pages = match pages {
        0 => String::new(),
        1 => ", 1 page".to_owned(),
        pages => format!(", {} pages", *pages),
    };
    let refused = if *refused > 0 { format!(", {refused} refused") } else { String::new() };
    format!("{kind}{pages}: {files} files, {taken} taken{refused}")
}

fn of_parts(parts: &Parts) -> String {
    let file = inert(&parts.path);
    match (&parts.cause, parts.honoured) {
        (Some(cause), _) => format!("tried on {file}: {}", inert(&cause.text)),
        (None, Some(true)) => format!("come as asked, tried on {file}"),
        (None, Some(false)) => format!("do not come as asked, the file comes from its start: tried on {file}"),
        (None, None) => format!("not known: {file} is too short to tell"),
    }
}

fn of_clock(skew_ms: i64) -> String {
    let off = duration(skew_ms.unsigned_abs() as f64);
    match skew_ms {
        _ if skew_ms.unsigned_abs() < SKEW_MS_MIN => "the server's agrees with this machine's".to_owned(),
        0.. => format!("the server's is {off} ahead of this machine's"),
        _ => format!("the server's is {off} behind this machine's"),
    }
}

fn show_files(text: &mut String, seen: &Probe) {
    let mut table = Columns::new([
        ("FILE", Side::Left),
        ("SIZE", Side::Right),
        ("MODIFIED", Side::Left),
        ("ETAG", Side::Left),
        ("A FETCH WOULD", Side::Left),
    ]);
    for file in seen.files.iter().take(FILES_MAX) {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let size = file.size.map(|count| count.to_string()).unwrap_or_default();
        table.row([file.path.clone(), size, text(&file.modified), text(&file.etag), would(file)]);
    }
    if !table.is_empty() {
        let _ = write!(text, "\n{}", table.render(false));
    }
    if seen.files.len() > FILES_MAX {
        let _ = writeln!(text, "and {} more: `--json` has them all", seen.files.len() - FILES_MAX);
    }
    for path in &seen.gone {
        let _ = writeln!(text, "not listed any more: {}", inert(path));
    }
    let bytes: u64 = seen.files.iter().filter_map(|file| file.bytes).sum();
    if seen.files.iter().any(|file| file.prospect.is_some()) {
        let unknown = seen.files.iter().filter(|file| file.prospect.is_some() && file.bytes.is_none()).count();
        let more = if unknown > 0 { format!(", and what is new of {unknown} files") } else { String::new() };
        let _ = writeln!(text, "a fetch would take up to {bytes} bytes{more}; nothing was stored");
    }
}

fn would(file: &FileSeen) -> String {
    let bytes = file.bytes.map(|bytes| format!("{} bytes", bytes));
    match (file.prospect, bytes, &file.why_not) {
        (_, _, Some(why)) => format!("not take it: {why}"),
        (None, _, None) => "not known".to_owned(),
        (Some(Prospect::Unchanged), _, _) => "not ask for it: it is unchanged".to_owned(),
        (Some(Prospect::Checked), Some(_), _) if file.bytes == Some(0) => {
            "ask for its end, which may have changed".to_owned()
        }
        (Some(Prospect::Checked), bytes, _) => {
            format!("ask for it: {}", bytes.as_deref().unwrap_or("nothing tells how much is new"))
        }
        (Some(Prospect::Appended), bytes, _) => format!("append {}", bytes.unwrap_or_default()),
        (Some(Prospect::New), bytes, _) => {
            format!("take it as new: {}", bytes.as_deref().unwrap_or("its size is not told"))
        }
        (Some(Prospect::Reclassified), bytes, _) => {
            format!("compare it with what is stored: up to {}", bytes.as_deref().unwrap_or("all of it"))
        }
    }
}

fn show_advice(text: &mut String, advice: &Advice) {
    let _ = writeln!(text, "\nhelp: `{}` decides: {}", advice.key, inert(&advice.why));
    for line in &advice.lines {
        let _ = writeln!(text, "      {}", inert(line));
    }
}
