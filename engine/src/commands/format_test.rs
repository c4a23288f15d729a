//! `logparser format test`: what the profile's format and rules make of lines.

use std::fmt::Write;
use std::io::{self, IsTerminal};
use std::path::PathBuf;

use chrono::DateTime;
use serde_json::{Value, json};

use super::columns::{Columns, Paint, Side, inert};
use super::run::rules_failed;
use super::sample::{self, Cut};
use super::{Done, Failed, How, out};
use crate::normalise::{RecordSeen, Seen, Trial, range_name, try_lines};
use crate::profile::{self, EventRule, Profile};

/// Characters of a message or line that are shown.
const TEXT_CHARS_MAX: usize = 160;

/// Shows the first `most` records of each file, and as many lines that are none.
pub fn format_test(how: &How, files: &[PathBuf], most: usize) -> Result<Done, Failed> {
    let profile = profile::load_without_fleet(&how.profile).map_err(Failed::Profile)?;
    let (mut trials, mut cuts) = (Vec::new(), Vec::new());
    for path in files {
        let (bytes, cut) = sample::read(path)?;
        cuts.extend(cut);
        let (name, seen) = (sample::name(path), sample::changed(path));
        let trial = try_lines(&profile.formats, &profile.events, &name, &bytes, seen, most)
            .map_err(|rules| rules_failed(&profile, &rules))?;
        trials.push((path.display().to_string(), trial));
    }
    let whole = trials.iter().all(|(_, trial)| trial.unparsed == 0 && trial.stray == 0);
    if how.json {
        out(&format!("{:#}", of_json(&profile, &trials, &cuts)));
    } else if !how.quiet {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        cuts.iter().for_each(|cut| out(&cut.told()));
        out(shown(&profile, &trials, io::stdout().is_terminal() && !no_color).trim_end());
    }
    Ok(if whole { Done::Whole } else { Done::PartsMissing })
}

fn shown(profile: &Profile, trials: &[(String, Trial)], colour: bool) -> String {
    let mut text = String::new();
    for (name, trial) in trials {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(text, "{}: {}", inert(name), told(trial));
        if trial.invalid > 0 {
            let _ = writeln!(text, "{}", not_text(trial.invalid));
        }
        if trial.timeless > 0 {
            let _ = writeln!(text, "{}", timeless(trial.timeless));
        }
        if trial.unknown_severities > 0 {
            let _ = writeln!(text, "{}", unknown_severities(trial));
        }
        text.push('\n');
        text += &lines(profile, trial).render(colour);
        text.push('\n');
    }
    if !profile.events.is_empty() {
        text += &rules(profile, trials).render(colour);
    }
    text
}

fn told(trial: &Trial) -> String {
    let Trial { lines, records, joined, stray, unparsed, by_rule, .. } = trial;
    let named: u64 = by_rule.iter().sum();
    let stray = if *stray > 0 { format!(" ({stray} of them begin with a time)") } else { String::new() };
    format!(
        "{lines} lines: {records} records ({named} named by a rule), {joined} lines that go on with one{stray}, \
         {unparsed} that do not fit"
    )
}

fn not_text(records: u64) -> String {
    let records = if records == 1 { "1 record holds".to_owned() } else { format!("{records} records hold") };
    format!(
        "{records} bytes that are no text in the encoding of the format; files of Windows often need \
         `encoding = \"windows-1252\"`"
    )
}

fn timeless(records: u64) -> String {
    let records = if records == 1 { "1 record tells".to_owned() } else { format!("{records} records tell") };
    format!("{records} no time: the latest before it in the file stands for it, or when the file was seen first")
}

fn unknown_severities(trial: &Trial) -> String {
    let records = if trial.unknown_severities == 1 {
        "1 record has a severity that is no known word and counts".to_owned()
    } else {
        format!("{} records have severities that are no known words and count", trial.unknown_severities)
    };
    let words: Vec<_> = trial.unknown_words.iter().map(|word| format!("\"{word}\"")).collect();
    format!(
        "{records} as INFO, such as {}: name them in `severities`, or say in `default_severity` what others are",
        words.join(", ")
    )
}

fn lines(profile: &Profile, trial: &Trial) -> Columns {
    let mut table = Columns::new([
        ("LINE", Side::Right),
        ("TIME (UTC)", Side::Left),
        ("SEVERITY", Side::Left),
        ("LOGGER", Side::Left),
        ("EVENT", Side::Left),
        ("MESSAGE", Side::Left),
    ]);
    for seen in &trial.seen {
        match seen {
            Seen::Record(record) => show_record(&mut table, profile, record),
            Seen::Unparsed { line, text, why } => {
                let paint = Paint::Bad;
                let blank = || (String::new(), Paint::Plain);
                let none = ("no record".to_owned(), paint);
                table.painted([(line.to_string(), paint), none, blank(), blank(), blank(), (cut(text), paint)]);
                table.note(&format!("the line {why}"), paint);
            }
        }
    }
    table
}

fn show_record(table: &mut Columns, profile: &Profile, record: &RecordSeen) {
    let paint = match record.severity {
        17.. => Paint::Bad,
        13..17 => Paint::Warn,
        ..9 => Paint::Faint,
        _ => Paint::Plain,
    };
    let event = record.rule.and_then(|rule| profile.events.get(rule)).map_or("", |rule| &rule.name);
    table.painted([
        (record.line.to_string(), Paint::Faint),
        (time(record.time), Paint::Faint),
        (range_name(record.severity).to_owned(), paint),
        (record.logger.clone(), Paint::Plain),
        (event.to_owned(), Paint::Good),
        (cut(&record.body), paint),
    ]);
    let attributes = record.attributes.iter().map(|(name, value)| format!("{name} = {}", cut(value)));
    let attributes: Vec<String> = attributes.collect();
    if !attributes.is_empty() {
        table.note(&attributes.join("  "), Paint::Good);
    }
    let lines = if record.joined == 1 { "line" } else { "lines" };
    match (record.joined, record.stray) {
        (0, _) => {}
        (joined, 0) => table.note(&format!("and {joined} {lines} more"), Paint::Faint),
        (joined, stray) => {
            table.note(&format!("and {joined} {lines} more, {stray} of which begin with another time"), Paint::Warn)
        }
    }
}

fn time(time_us: i64) -> String {
    let time = DateTime::from_timestamp_micros(time_us).unwrap_or_default();
    let micros = time_us.rem_euclid(1_000);
    let digits = if micros == 0 { "%Y-%m-%d %H:%M:%S%.3f" } else { "%Y-%m-%d %H:%M:%S%.6f" };
    time.format(digits).to_string()
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(TEXT_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// How often each rule named a record.
fn rules(profile: &Profile, trials: &[(String, Trial)]) -> Columns {
    let mut table = Columns::new([
        ("RULE", Side::Right),
        ("EVENT", Side::Left),
        ("RECORDS", Side::Right),
        ("LOGGER", Side::Left),
        ("BODY", Side::Left),
    ]);
    for (at, rule) in profile.events.iter().enumerate() {
        let count = counted(trials, at);
        let (records, paint) =
            if count == 0 { ("never".to_owned(), Paint::Warn) } else { (count.to_string(), Paint::Plain) };
        let EventRule { name, logger, body, .. } = rule;
        let [logger, body] = [logger, body].map(|text| (text.clone().unwrap_or_default(), Paint::Plain));
        table.painted([((at + 1).to_string(), Paint::Faint), (name.clone(), paint), (records, paint), logger, body]);
    }
    table
}

fn counted(trials: &[(String, Trial)], rule: usize) -> u64 {
    trials.iter().map(|(_, trial)| trial.by_rule[rule]).sum()
}

fn of_json(profile: &Profile, trials: &[(String, Trial)], cuts: &[Cut]) -> Value {
    let seen = |seen: &Seen| match seen {
        Seen::Record(record) => json!({
            "line": record.line,
            "time": time(record.time),
            "severity": record.severity,
            "logger": record.logger,
            "body": record.body,
            "event": record.rule.map(|rule| &profile.events[rule].name),
            "attributes": record.attributes,
            "joined": record.joined,
        }),
        Seen::Unparsed { line, text, why } => json!({ "line": line, "text": text, "why": why }),
    };
    let file = |(name, trial): &(String, Trial)| {
        json!({
            "file": name,
            "lines": trial.lines,
            "records": trial.records,
            "joined": trial.joined,
            "stray": trial.stray,
            "unparsed": trial.unparsed,
            "invalid": trial.invalid,
            "timeless": trial.timeless,
            "unknown_severities": trial.unknown_severities,
            "seen": trial.seen.iter().map(seen).collect::<Vec<_>>(),
        })
    };
    let rule = |(at, rule): (usize, &EventRule)| json!({ "name": rule.name, "records": counted(trials, at) });
    json!({
        "files": trials.iter().map(file).collect::<Vec<_>>(),
        "cut": cuts.iter().map(Cut::json).collect::<Vec<_>>(),
        "rules": profile.events.iter().enumerate().map(rule).collect::<Vec<_>>(),
    })
}
