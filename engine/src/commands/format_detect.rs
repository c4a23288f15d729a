//! `logparser format detect`: which format log files seem to have, as a section of a profile.

use std::fmt::Write;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::columns::inert;
use super::sample::{self, Cut};
use super::{Done, Failed, How, out};
use crate::normalise::{Apart, Candidate, Fit, Lack, Sample, detect, detect_apart, lack};

/// Proposes `[format]` for these files, or several where one is not enough; those that are close come behind it,
/// switched off.
pub fn format_detect(how: &How, files: &[PathBuf]) -> Result<Done, Failed> {
    let (mut samples, mut cuts) = (Vec::new(), Vec::new());
    for path in files {
        let (bytes, cut) = sample::read(path)?;
        cuts.extend(cut);
        samples.push(Sample::new(path.display().to_string(), &bytes, sample::changed(path)));
    }
    let candidates = detect(&samples);
    let apart = detect_apart(&samples, &candidates);
    if candidates.is_empty() && apart.is_empty() {
        let (message, help) = of_lack(&lack(&samples));
        return Err(Failed::other(message, help));
    }
    let whole = match &apart[..] {
        [] => candidates.first().is_some_and(|best| best.total.explained() >= 1.0),
        apart => {
            let known: usize = apart.iter().map(|one| one.files.len()).sum();
            known == samples.len() && apart.iter().all(|one| one.candidate.total.explained() >= 1.0)
        }
    };
    let text = if how.json {
        of_json(&samples, &cuts, &candidates, &apart)
    } else {
        shown(&samples, &cuts, &candidates, &apart)
    };
    if how.json || !how.quiet {
        out(text.trim_end());
    }
    Ok(if whole { Done::Whole } else { Done::PartsMissing })
}

/// What lines lack that no format explains, and what to do.
fn of_lack(lack: &Lack) -> (String, &'static str) {
    match lack {
        Lack::Lines => {
            ("there are no lines to tell a format by: they are empty".to_owned(), "name log files with records in them")
        }
        Lack::Time => (
            "no format explains these lines: no time was found in them that begins a record".to_owned(),
            "name log files; or write a pattern: `kind = \"pattern\"` with `pattern` and `timestamp`",
        ),
        Lack::Date(clock) => (
            format!("no format explains these lines: their times, such as {clock}, have no date"),
            "let the application write the date into each line, too: a record's day can be told from nothing else",
        ),
        Lack::Message => (
            "no format explains these lines: they are JSON with a time, but no field seems to hold a message"
                .to_owned(),
            "name the fields: `kind = \"json\"` with `fields = { timestamp = \"…\", body = \"…\" }`",
        ),
        Lack::Pattern => (
            "no format explains these lines: times are in them, but nothing else that most lines share".to_owned(),
            "name files of one program only; or write a pattern: `kind = \"pattern\"` with `pattern` and `timestamp`",
        ),
    }
}

fn shown(samples: &[Sample], cuts: &[Cut], candidates: &[Candidate], apart: &[Apart]) -> String {
    let mut text: String = cuts.iter().map(|cut| format!("# {}\n", cut.told())).collect();
    text.extend(samples.iter().filter(|sample| sample.lines_not_utf8 > 0).map(of_encoding));
    if apart.is_empty() {
        text += &one(samples, candidates);
    } else {
        text += &several(samples, apart);
    }
    text
}

/// What is said of a file that is no UTF-8.
fn of_encoding(sample: &Sample) -> String {
    let likely = match sample.encoding {
        Some(encoding) => format!("`encoding = \"{encoding}\"` is likely: look at letters that are not English"),
        None => "other lines are, so bytes may be broken".to_owned(),
    };
    let lines = if sample.lines_not_utf8 == 1 { "line is" } else { "lines are" };
    format!("# {}: {} {lines} no UTF-8; {likely}.\n", inert(&sample.name), sample.lines_not_utf8)
}

/// Sections for files that do not all have the same format.
fn several(samples: &[Sample], apart: &[Apart]) -> String {
    let mut text = "# The files do not all have the same format.\n".to_owned();
    for Apart { candidate, files, globs } in apart {
        text.push('\n');
        for (at, fit) in files.iter().zip(&candidate.fits) {
            text += &format!("# {}: {}\n", inert(&samples[*at].name), told(fit));
        }
        text += &notes(candidate);
        text += &section(candidate, globs);
    }
    let is_known = |at: &usize| apart.iter().any(|one| one.files.contains(at));
    for at in (0..samples.len()).filter(|at| !is_known(at)) {
        text += &format!("\n# {}: no format explains its lines.\n", inert(&samples[at].name));
    }
    text
}

/// The section for all files, and those that are nearly as good.
fn one(samples: &[Sample], candidates: &[Candidate]) -> String {
    let mut text = String::new();
    for (rank, candidate) in candidates.iter().enumerate() {
        if rank > 0 {
            text += "\n# Nearly as good:\n";
        }
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(text, "# {}", told(&candidate.total));
        if samples.len() > 1 {
            for (sample, fit) in samples.iter().zip(&candidate.fits) {
                let _ = writeln!(text, "#   {}: {}", inert(&sample.name), told(fit));
            }
        }
        text += &notes(candidate);
        let off = if rank > 0 { "#" } else { "" };
        candidate.section.lines().for_each(|line| text.extend([off, line, "\n"]));
    }
    text
}

/// What is to be known of a section.
fn notes(candidate: &Candidate) -> String {
    let mut text = String::new();
    if !candidate.also.is_empty() {
        let also: Vec<String> = candidate.also.iter().map(|name| format!("\"{name}\"")).collect();
        let _ = writeln!(text, "# The same lines are written by {}.", also.join(", "));
    }
    if candidate.section.contains("zone = \"UTC\"") {
        text += "# The times carry no zone: say which one is meant.\n";
    }
    if candidate.total.loud > 0 {
        let records = if candidate.total.loud == 1 {
            "1 record holds".to_owned()
        } else {
            format!("{} records hold", candidate.total.loud)
        };
        let _ = writeln!(
            text,
            "# {records} a word such as ERROR, but no severity that is read, and would count as INFO: event rules with a \
             `body` and a `severity` can say what they are, or `{{severity}}` in a pattern, where it stands."
        );
    }
    text
}

/// A section as one of several.
fn section(candidate: &Candidate, globs: &[String]) -> String {
    let files = toml::Value::from(globs.to_vec());
    let files = if globs.is_empty() { String::new() } else { format!("files = {files}\n") };
    candidate.section.replacen("[format]\n", &format!("[[format]]\n{files}"), 1)
}

/// What a format explains.
fn told(fit: &Fit) -> String {
    let unexplained = fit.lines.saturating_sub(fit.records + fit.joined);
    format!(
        "{}% of {} lines: {} records, {} lines that go on with one, {unexplained} that do not fit",
        percent(fit.explained()),
        fit.lines,
        fit.records,
        fit.joined
    )
}

/// To one decimal, and never 100 where a line is left.
fn percent(share: f64) -> String {
    let tenths = (share * 1000.0).floor() / 10.0;
    format!("{tenths:.1}")
}

fn of_json(samples: &[Sample], cuts: &[Cut], candidates: &[Candidate], apart: &[Apart]) -> String {
    let fit = |fit: &Fit| json!({ "lines": fit.lines, "records": fit.records, "joined": fit.joined, "explained": fit.explained(), "loud": fit.loud });
    let all: Vec<usize> = (0..samples.len()).collect();
    let candidate = |candidate: &Candidate, files: &[usize], section: String| {
        let files =
            files.iter().zip(&candidate.fits).map(|(at, own)| json!({ "file": samples[*at].name, "fit": fit(own) }));
        json!({
            "section": section,
            "also": candidate.also,
            "fit": fit(&candidate.total),
            "files": files.collect::<Vec<Value>>(),
        })
    };
    let candidates: Vec<Value> = candidates.iter().map(|one| candidate(one, &all, one.section.clone())).collect();
    let apart: Vec<Value> =
        apart.iter().map(|Apart { candidate: one, files, globs }| candidate(one, files, section(one, globs))).collect();
    let not_utf8 = |sample: &&Sample| sample.lines_not_utf8 > 0;
    let not_utf8 = samples
        .iter()
        .filter(not_utf8)
        .map(|sample| json!({ "file": sample.name, "lines": sample.lines_not_utf8, "encoding": sample.encoding }));
    let not_utf8: Vec<Value> = not_utf8.collect();
    let cuts: Vec<Value> = cuts.iter().map(Cut::json).collect();
    format!("{:#}\n", json!({ "candidates": candidates, "formats": apart, "not_utf8": not_utf8, "cut": cuts }))
}
