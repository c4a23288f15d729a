//! `logparser format detect`: which format log files seem to have, as a section of a profile.

use std::fmt::Write;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::columns::inert;
use super::sample::{self, Cut};
use super::{Done, Failed, How, out};
use crate::normalise::{Candidate, Fit, Sample, detect, text_of};

/// Proposes `[format]` for these files; those that are close come behind it, switched off.
pub fn format_detect(how: &How, files: &[PathBuf]) -> Result<Done, Failed> {
    let (mut samples, mut cuts) = (Vec::new(), Vec::new());
    for path in files {
        let (bytes, cut) = sample::read(path)?;
        cuts.extend(cut);
        samples.push(Sample { name: path.display().to_string(), text: text_of(&bytes) });
    }
    let candidates = detect(&samples);
    let whole = candidates.first().is_some_and(|best| best.total.explained() >= 1.0);
    let text = if how.json { of_json(&samples, &cuts, &candidates) } else { shown(&samples, &cuts, &candidates) };
    if candidates.is_empty() {
        return Err(Failed::other(
            "no format explains these lines: no time was found in them that begins a record",
            "name log files; or write a pattern: `kind = \"pattern\"` with `pattern` and `timestamp`",
        ));
    }
    if how.json || !how.quiet {
        out(text.trim_end());
    }
    Ok(if whole { Done::Whole } else { Done::PartsMissing })
}

fn shown(samples: &[Sample], cuts: &[Cut], candidates: &[Candidate]) -> String {
    let mut text: String = cuts.iter().map(|cut| format!("# {}\n", cut.told())).collect();
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
        if !candidate.also.is_empty() {
            let also: Vec<String> = candidate.also.iter().map(|name| format!("\"{name}\"")).collect();
            let _ = writeln!(text, "# The same lines are written by {}.", also.join(", "));
        }
        if candidate.section.contains("zone = ") {
            text += "# The times carry no zone: say which one is meant.\n";
        }
        let off = if rank > 0 { "#" } else { "" };
        candidate.section.lines().for_each(|line| text.extend([off, line, "\n"]));
    }
    text
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

fn of_json(samples: &[Sample], cuts: &[Cut], candidates: &[Candidate]) -> String {
    let fit = |fit: &Fit| json!({ "lines": fit.lines, "records": fit.records, "joined": fit.joined, "explained": fit.explained() });
    let candidate = |candidate: &Candidate| {
        let files =
            samples.iter().zip(&candidate.fits).map(|(sample, own)| json!({ "file": sample.name, "fit": fit(own) }));
        json!({
            "section": candidate.section,
            "also": candidate.also,
            "fit": fit(&candidate.total),
            "files": files.collect::<Vec<Value>>(),
        })
    };
    let candidates: Vec<Value> = candidates.iter().map(candidate).collect();
    format!("{:#}\n", json!({ "candidates": candidates, "cut": cuts.iter().map(Cut::json).collect::<Vec<_>>() }))
}
