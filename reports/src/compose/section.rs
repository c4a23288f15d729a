//! One KPI, as texts.

use serde::Serialize;

use super::ComposeError;
use super::page::{names, plural};
use super::plots::{HeatmapView, SeriesView};
use super::table::TableView;
use crate::charts::ChartError;
use crate::format::{Formatter, NO_VALUE, count, visible};
use crate::model::{Cell, Item, Metric, MetricState, Report, Section, SectionState};

/// What the template `section` sees.
#[derive(Debug, Serialize)]
pub(super) struct SectionView {
    anchor: String,
    title: String,
    kpi: String,
    /// `sessions 1.0.0`
    plugin: String,
    /// What is missing; empty where the results are whole.
    partial: String,
    no_data: bool,
    failure: Option<Failure>,
    blocks: Vec<Block>,
}

#[derive(Debug, Serialize)]
struct Failure {
    what: String,
    place: String,
    help: String,
}

/// One thing under another in a section; exactly one part is filled.
#[derive(Debug, Default, Serialize)]
struct Block {
    metrics: Vec<MetricView>,
    table: Option<TableView>,
    series: Option<SeriesView>,
    heatmap: Option<HeatmapView>,
    text: Option<String>,
}

/// What the template `metric` sees.
#[derive(Debug, Default, Serialize)]
pub(super) struct MetricView {
    title: String,
    value: String,
    /// Why there is no value; empty where there is one.
    state: &'static str,
    /// `sample 1 234`; empty where it means nothing.
    sample: String,
    note: String,
}

impl SectionView {
    pub(super) fn new(
        place: usize,
        section: &Section,
        report: &Report,
        formatter: &Formatter,
    ) -> Result<Self, ComposeError> {
        Ok(Self {
            anchor: anchor(&section.kpi, place),
            title: visible(&section.title),
            kpi: visible(&section.kpi),
            plugin: visible(&format!("{} {}", section.plugin, section.version)),
            partial: partial(&section.state, report.coverage.instances_expected),
            no_data: section.state == SectionState::NoData,
            failure: failure(&section.state),
            blocks: blocks(section, formatter)?,
        })
    }

    pub(super) fn title(&self) -> &str {
        &self.title
    }

    pub(super) fn anchor(&self) -> &str {
        &self.anchor
    }
}

impl MetricView {
    /// A number that always has a value.
    pub(super) fn number(title: &str, value: String, note: String) -> Self {
        Self { title: title.to_owned(), value, note, ..Self::default() }
    }

    fn new(metric: &Metric, formatter: &Formatter) -> Self {
        let state = match metric.state {
            MetricState::NotApplicable => "not applicable",
            MetricState::Ok if metric.value.has_value() => "",
            MetricState::Ok | MetricState::NoData => "no data",
        };
        let value = if state.is_empty() { formatter.cell(&metric.value) } else { NO_VALUE.to_owned() };
        Self {
            title: visible(&metric.title),
            value,
            state,
            sample: metric.sample.map(|sample| format!("sample {}", count(sample))).unwrap_or_default(),
            note: metric.note.as_deref().map(visible).unwrap_or_default(),
        }
    }
}

/// A name for links into the page. Names of KPIs are nearly always fit for it; one that is not gets its place, so
/// that no two are the same.
fn anchor(kpi: &str, place: usize) -> String {
    let fit = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    if kpi.chars().all(fit) {
        return format!("kpi-{kpi}");
    }
    let cleaned: String = kpi.chars().map(|letter| if fit(letter) { letter } else { '-' }).collect();
    format!("kpi-{cleaned}.{place}")
}

fn partial(state: &SectionState, expected: u64) -> String {
    let SectionState::Partial { instances_failed, days_missing } = state else {
        return String::new();
    };
    let number = instances_failed.len() as u64;
    let are = if number == 1 { "is" } else { "are" };
    let names = names(instances_failed.iter().map(String::as_str));
    let of = plural(expected, "instance", "instances");
    let (Some(first), Some(last)) = (days_missing.iter().min(), days_missing.iter().max()) else {
        return format!("{} of {of} {are} missing from these results: {names}.", count(number));
    };
    if instances_failed.is_empty() {
        return format!(
            "Results of {first} to {last} were dropped for their age: of these days not everything is here."
        );
    }
    let days = plural(days_missing.len() as u64, "day is", "days are");
    format!(
        "Logs of {days} no longer kept, or damaged, between {first} and {last}: of {} of {of}. Of these days the \
         results do not hold everything: {names}.",
        count(number)
    )
}

fn failure(state: &SectionState) -> Option<Failure> {
    let SectionState::Failed { what, place, help } = state else {
        return None;
    };
    Some(Failure { what: visible(what), place: visible(place), help: visible(help) })
}

/// The items in their order; metrics that follow each other stand in one row of figures.
fn blocks(section: &Section, formatter: &Formatter) -> Result<Vec<Block>, ComposeError> {
    let failed = |item: &str| {
        let (kpi, item) = (section.kpi.clone(), item.to_owned());
        |source: ChartError| ComposeError::Chart { kpi, item, source }
    };
    let mut blocks: Vec<Block> = Vec::new();
    for item in &section.items {
        let mut block = Block::default();
        match item {
            Item::Metric(metric) => {
                let view = MetricView::new(metric, formatter);
                if let Some(row) = blocks.last_mut().filter(|block| !block.metrics.is_empty()) {
                    row.metrics.push(view);
                    continue;
                }
                block.metrics.push(view);
            }
            Item::Table(table) => block.table = Some(TableView::new(table, formatter)),
            Item::Series(series) => {
                block.series = Some(SeriesView::new(series, formatter).map_err(failed(&series.id))?);
            }
            Item::Heatmap(heatmap) => {
                block.heatmap = Some(HeatmapView::new(heatmap, formatter).map_err(failed(&heatmap.id))?);
            }
            Item::Text { text } => block.text = Some(formatter.cell(&Cell::text(text))),
        }
        blocks.push(block);
    }
    Ok(blocks)
}
