//! The whole page, as texts that are ready to be shown.

use std::collections::BTreeSet;

use serde::Serialize;

use super::ComposeError;
use super::attention::Attention;
use super::coverage::CoverageView;
use super::section::SectionView;
use crate::format::{Formatter, count, visible, window};
use crate::model::{Report, Section};

/// What the template `page` sees.
#[derive(Debug, Serialize)]
pub(super) struct Page {
    title: String,
    /// `12 – 16 October 2026`
    window: String,
    zone: String,
    /// `5 days`
    days: String,
    /// First day and the day after the last, as ISO dates.
    from: String,
    to: String,
    /// `data through 2026-10-16 23:58:12`
    data_through: String,
    schema: u32,
    /// `errors 1.0.0, sessions 1.0.0`
    plugins: String,
    attention: Attention,
    coverage: CoverageView,
    sections: Vec<SectionView>,
}

impl Page {
    pub(super) fn new(report: &Report) -> Result<Self, ComposeError> {
        let formatter = Formatter::new(&report.window.zone);
        let sections = report.sections.iter().enumerate();
        let sections = sections.map(|(place, section)| SectionView::new(place, section, report, &formatter));
        let sections = sections.collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            title: visible(&report.title),
            window: window(&report.window),
            zone: zone_in_words(&report.window.zone),
            days: plural(u64::from(report.window.days), "day", "days"),
            from: report.window.from.to_string(),
            to: report.window.to.to_string(),
            data_through: data_through(report, &formatter),
            schema: report.schema,
            plugins: plugins(&report.sections),
            attention: Attention::new(report, &sections, &formatter),
            coverage: CoverageView::new(&report.coverage, &formatter),
            sections,
        })
    }
}

/// The plugins by name, each once.
fn plugins(sections: &[Section]) -> String {
    let plugins = sections.iter().map(|section| format!("{} {}", section.plugin, section.version));
    let plugins: BTreeSet<String> = plugins.map(|plugin| visible(&plugin)).collect();
    plugins.into_iter().collect::<Vec<_>>().join(", ")
}

fn data_through(report: &Report, formatter: &Formatter) -> String {
    let through = |time| format!("data through {}", formatter.time(time));
    report.data_through.map_or_else(|| "no data".to_owned(), through)
}

fn zone_in_words(zone: &str) -> String {
    match zone {
        "instance" => "the zone of each instance".to_owned(),
        name => visible(name),
    }
}

/// A number with its noun.
pub(super) fn plural(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// Names in a row, the first few of them.
pub(super) fn names<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    /// As many as still read as a sentence.
    const SHOWN_MAX: usize = 20;
    let hidden = names.len().saturating_sub(SHOWN_MAX);
    let shown: Vec<String> = names.take(SHOWN_MAX).map(visible).collect();
    match hidden {
        0 => shown.join(", "),
        _ => format!("{} and {} more", shown.join(", "), count(hidden as u64)),
    }
}
