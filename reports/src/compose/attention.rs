//! What needs attention, as texts.

use serde::Serialize;

use super::page::plural;
use super::section::SectionView;
use crate::format::{Formatter, count, visible};
use crate::model::{Cell, Highlight, Level, Report};

/// Sentences that are seen at once; the rest opens on demand.
const SHOWN_MAX: usize = 12;

/// What the template `attention` sees.
#[derive(Debug, Serialize)]
pub(super) struct Attention {
    /// `2 critical, 1 warning`; empty where there is nothing.
    summary: String,
    findings: Vec<Finding>,
    more: Vec<Finding>,
    /// `3 more`
    more_size: String,
}

/// What the template `finding` sees.
#[derive(Debug, Serialize)]
struct Finding {
    level: &'static str,
    pieces: Vec<Piece>,
    /// Value, baseline and sample, as far as there are any.
    facts: Vec<Fact>,
    rule: String,
    section: String,
    /// Where it stands in the page; empty where it is not there.
    anchor: String,
}

#[derive(Debug, Serialize)]
struct Piece {
    /// A space, or nothing.
    before: &'static str,
    text: String,
    /// Whether it is a value in the sentence, not a word of it.
    value: bool,
}

#[derive(Debug, Serialize)]
struct Fact {
    name: &'static str,
    text: String,
}

impl Attention {
    pub(super) fn new(report: &Report, sections: &[SectionView], formatter: &Formatter) -> Self {
        let mut findings: Vec<Finding> =
            report.highlights.iter().map(|highlight| Finding::new(highlight, report, sections, formatter)).collect();
        let more = findings.split_off(findings.len().min(SHOWN_MAX));
        Self {
            summary: summary(&report.highlights),
            findings,
            more_size: format!("{} more", count(more.len() as u64)),
            more,
        }
    }
}

impl Finding {
    fn new(highlight: &Highlight, report: &Report, sections: &[SectionView], formatter: &Formatter) -> Self {
        let place = report.sections.iter().position(|section| section.kpi == highlight.kpi);
        let section = place.and_then(|place| sections.get(place));
        let (title, anchor) = match section {
            Some(section) => (section.title().to_owned(), section.anchor().to_owned()),
            None if highlight.kpi.is_empty() => ("Coverage".to_owned(), "coverage".to_owned()),
            None => (visible(&highlight.kpi), String::new()),
        };
        Self {
            level: level_in_words(highlight.level),
            pieces: pieces(&highlight.sentence, formatter),
            facts: facts(highlight, formatter),
            rule: visible(&highlight.rule),
            section: title,
            anchor,
        }
    }
}

fn pieces(sentence: &[Cell], formatter: &Formatter) -> Vec<Piece> {
    let mut said = String::new();
    let piece = |cell: &Cell| {
        let text = formatter.cell(cell);
        let before = if Highlight::spaced(&said, &text) { " " } else { "" };
        said.push_str(&text);
        Piece { before, text, value: !matches!(cell, Cell::Text(_)) }
    };
    sentence.iter().map(piece).collect()
}

fn facts(highlight: &Highlight, formatter: &Formatter) -> Vec<Fact> {
    let cell = |name, cell: &Cell| (*cell != Cell::None).then(|| Fact { name, text: formatter.cell(cell) });
    let sample = highlight.sample.map(|sample| Fact { name: "Sample", text: count(sample) });
    let facts = [cell("Value", &highlight.value), cell("Baseline", &highlight.baseline), sample];
    facts.into_iter().flatten().collect()
}

fn level_in_words(level: Level) -> &'static str {
    match level {
        Level::Critical => "critical",
        Level::Warning => "warning",
        Level::Info => "info",
    }
}

/// How many there are of each level: `2 critical, 1 warning`.
fn summary(highlights: &[Highlight]) -> String {
    let number = |level| highlights.iter().filter(|highlight| highlight.level == level).count() as u64;
    let levels = [
        (number(Level::Critical), "critical", "critical"),
        (number(Level::Warning), "warning", "warnings"),
        (number(Level::Info), "for information", "for information"),
    ];
    let present = levels.into_iter().filter(|(number, ..)| *number > 0);
    let words: Vec<String> = present.map(|(number, one, many)| plural(number, one, many)).collect();
    words.join(", ")
}
