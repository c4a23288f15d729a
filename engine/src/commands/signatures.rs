//! `logparser signatures`: what errors are counted by, and what other rules would make of them.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::{Value, json};

use super::progress::Voice;
use super::run::rule_fault;
use super::{Days, Done, Failed, How, inventory};
use crate::normalise::{Normaliser, RuleFault, Want, Wanted, of_message};
use crate::pipeline::{Change, ChangeKind, Signed, Survey, survey};
use crate::profile::{self, Faults, Profile};

/// What counts of a line of plain messages: more than a signature looks at.
const LINE_BYTES_MAX: u64 = 4096;
/// Errors begin here, as OpenTelemetry counts.
const SEVERITY_MIN: u8 = 17;

/// What to show.
#[derive(Debug, Args)]
pub struct Asked {
    /// Print the signature of each message of a file instead, one a line; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["against", "from", "to", "period"])]
    input: Option<PathBuf>,
    /// Show also what the `[[signature]]` rules of another profile would change
    #[arg(long, value_name = "PROFILE")]
    against: Option<PathBuf>,
    /// How many are shown, the most frequent first
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    top: usize,
    #[command(flatten)]
    days: Days,
}

/// Shows the signatures of what is stored, or of plain messages.
pub fn signatures(how: &How, asked: &Asked) -> Result<Done, Failed> {
    if let Some(input) = &asked.input {
        return of_messages(input);
    }
    let profile = profile::load(&how.profile).map_err(Failed::Profile)?;
    let profile = inventory::must_be_known(&profile)?;
    let other = asked.against.as_deref().map(profile::load).transpose().map_err(Failed::Profile)?;
    let period = asked.days.or(&profile.report.period)?;
    let refused = |profile: &Profile, faults: Vec<RuleFault>| {
        let faults: Vec<_> = faults.iter().map(|fault| rule_fault(profile, fault)).collect();
        Failed::Profile(Faults::from(faults))
    };
    let want = Want { severity_min: Some(SEVERITY_MIN), text: true, ..Want::default() };
    let normaliser = Normaliser::compile(&profile.formats, &profile.events, &Wanted { plugins: vec![want] })
        .and_then(|normaliser| normaliser.with_signatures(&profile.signatures))
        .map_err(|faults| refused(&profile, faults))?;
    let compile = |other: &Profile| normaliser.signatures(&other.signatures).map_err(|faults| refused(other, faults));
    let rules = other.as_ref().map(compile);
    let rules = rules.transpose()?;
    let voice = Voice::new(how);
    let stage = voice.stage("reading", profile.instances.len());
    let survey = survey(&profile, &normaliser, rules.as_ref(), &period, &|| stage.step()).map_err(|problem| {
        Failed::other(problem, "`logparser fetch` fills the store; then look at its disk and rights")
    })?;
    drop(stage);
    let text = match how.json {
        true => format!("{:#}\n", as_json(&survey, &profile, other.as_ref())),
        false => as_text(&survey, &profile, other.as_ref(), asked.top),
    };
    for (instance, damage) in &survey.damaged {
        voice.say(&format!(
            "{}: {damage}; `logparser store repair` may fetch it again",
            profile.instances[*instance].name
        ));
    }
    if survey.has_holes {
        voice.say("some logs are no longer stored: what was in them does not count here");
    }
    let done = printed(io::stdout().lock().write_all(text.as_bytes()))?;
    Ok(if survey.damaged.is_empty() { done } else { Done::PartsMissing })
}

fn as_json(survey: &Survey, profile: &Profile, other: Option<&Profile>) -> Value {
    let line = |profile: &Profile, rule: Option<usize>| rule.map(|rule| profile.signature_line(rule));
    let signature = |signed: &Signed| {
        json!({
            "signature": signed.text, "errors": signed.errors, "instances": signed.instances,
            "first": time(signed.first), "last": time(signed.last),
            "rule_line": line(profile, signed.rule), "examples": signed.examples,
        })
    };
    let mut told = json!({
        "from": survey.dates.map(|(from, _)| from), "to": survey.dates.map(|(_, to)| to),
        "signatures": survey.signatures.iter().map(signature).collect::<Vec<_>>(),
    });
    if let Some(other) = other {
        let change = |change: &Change| {
            json!({
                "kind": word(change.kind), "errors": change.errors, "before": change.before, "after": change.after,
                "rule_line": line(other, change.rule),
            })
        };
        told["changes"] = survey.changes.iter().map(change).collect();
    }
    told
}

fn as_text(survey: &Survey, profile: &Profile, other: Option<&Profile>, top: usize) -> String {
    let errors: u64 = survey.signatures.iter().map(|signed| signed.errors).sum();
    let Some((from, to)) = survey.dates else { return "no records are stored\n".to_owned() };
    let mut told = format!(
        "{} of {}, {from} to {to}\n",
        count(survey.signatures.len() as u64, "signature"),
        count(errors, "error")
    );
    let behind = |profile: &Profile, rule: Option<usize>| match rule {
        Some(rule) => format!("by the rule at {}:{}", profile.path.display(), profile.signature_line(rule)),
        None => "by the masks".to_owned(),
    };
    let mut say = |text: String| told.extend([text.as_str(), "\n"]);
    for signed in survey.signatures.iter().take(top) {
        say(format!("\n{}", plain(&signed.text)));
        let (errors, instances) = (count(signed.errors, "error"), count(signed.instances as u64, "instance"));
        let (first, last) = (time(signed.first), time(signed.last));
        say(format!("    {errors}, {instances}, {first} to {last}, {}", behind(profile, signed.rule)));
        signed.examples.iter().for_each(|example| say(format!("    | {}", plain(example))));
    }
    if survey.signatures.len() > top {
        say(format!("\n{} more; see `--top`", survey.signatures.len() - top));
    }
    let Some(other) = other else { return told };
    say(format!("\n{} by the rules of {}", count(survey.changes.len() as u64, "change"), other.path.display()));
    for change in survey.changes.iter().take(top) {
        say(format!("\n{}, {}, {}", word(change.kind), count(change.errors, "error"), behind(other, change.rule)));
        say(format!("    before | {}\n    after  | {}", plain(&change.before), plain(&change.after)));
    }
    told
}

fn word(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Renamed => "renamed",
        ChangeKind::Merged => "merged",
        ChangeKind::Split => "split",
        ChangeKind::Both => "split and merged",
    }
}

fn count(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Seconds, in UTC: no zone is that of all instances.
fn time(time: i64) -> String {
    let time = DateTime::<Utc>::from_timestamp_micros(time).unwrap_or_default();
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A line of a log for a terminal, which must not obey it.
fn plain(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect()
}

/// Prints the signature of each line of a file, one a line, in their order.
fn of_messages(input: &Path) -> Result<Done, Failed> {
    let read: Box<dyn Read> = match input.to_str() {
        Some("-") => Box::new(io::stdin()),
        _ => Box::new(File::open(input).map_err(|cause| unread(input, &cause))?),
    };
    let mut read = BufReader::with_capacity(1 << 16, read);
    let mut write = BufWriter::new(io::stdout().lock());
    let mut line = Vec::new();
    loop {
        line.clear();
        let bytes = read.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line);
        if bytes.map_err(|cause| unread(input, &cause))? == 0 {
            break;
        }
        if line.pop_if(|last| *last == b'\n').is_none() {
            read.skip_until(b'\n').map_err(|cause| unread(input, &cause))?;
        }
        if let Err(cause) = writeln!(write, "{}", of_message(&String::from_utf8_lossy(&line))) {
            return printed(Err(cause));
        }
    }
    printed(write.flush())
}

/// What came of writing to standard output. Where nobody reads on, that is no failure.
fn printed(written: io::Result<()>) -> Result<Done, Failed> {
    match written {
        Err(cause) if cause.kind() != ErrorKind::BrokenPipe => {
            let what = format_args!("cannot write to standard output: {cause}");
            Err(Failed::other(what, "look at where the output goes"))
        }
        _ => Ok(Done::Whole),
    }
}

fn unread(input: &Path, cause: &io::Error) -> Failed {
    Failed::other(format_args!("cannot read {}: {cause}", input.display()), "name a file of messages, one a line")
}
