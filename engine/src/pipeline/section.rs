//! From what a plugin told to a section of the report: symbols, instances and records become what a reader sees.

use std::collections::{BTreeMap, BTreeSet};

use logparser_reports::model;
use serde::{Deserialize, Serialize};

use super::failures::Failure;
use crate::calendar;
use crate::catalog::{Catalog, CatalogError, GenerationId};
use crate::fold::Member;
use crate::host::{Axis, Cell, Chart, Highlight, Item, Level, Metric, Plugin, Series, State, Table, Told};

/// A section with the highlights that belong to it: what is kept between runs.
#[derive(Debug, Serialize, Deserialize)]
pub struct Finished {
    pub section: model::Section,
    pub highlights: Vec<model::Highlight>,
}

/// Finishes what a plugin told.
///
/// # Errors
/// Trouble with the catalog.
pub fn finish(plugin: &Plugin, told: Told, members: &[Member], catalog: &Catalog) -> Result<Finished, CatalogError> {
    let mut symbols = BTreeSet::new();
    let mut records = BTreeSet::new();
    for cell in told.items.iter().flat_map(cells) {
        match cell {
            Cell::Symbol(symbol) => drop(symbols.insert(*symbol)),
            Cell::Record(at) => drop(records.insert(at.generation)),
            _ => {}
        }
    }
    for item in &told.items {
        if let Item::Series(Series { axis: Axis::Symbols(axis), .. }) = item {
            symbols.extend(axis);
        }
    }
    let mut files = BTreeMap::new();
    for generation in records {
        let file = catalog.file_of(GenerationId(generation.cast_signed()))?;
        files.extend(file.map(|file| (generation, file)));
    }
    let look_up = LookUp { texts: catalog.texts(symbols)?, files, members };
    let mut finished = Finished { section: head(plugin, model::SectionState::Ok), highlights: Vec::new() };
    for item in told.items {
        match item {
            Item::Metric(metric) => finished.section.items.push(model::Item::Metric(look_up.metric(metric))),
            Item::Table(table, rows) => finished.section.items.push(model::Item::Table(look_up.table(table, &rows))),
            Item::Series(series) => finished.section.items.push(model::Item::Series(look_up.series(series))),
            Item::Heatmap(heatmap) => finished.section.items.push(model::Item::Heatmap(model::Heatmap {
                id: heatmap.id,
                title: heatmap.title,
                unit: heatmap.unit,
                rows: heatmap.rows,
                columns: heatmap.columns,
                values: heatmap.values,
            })),
            Item::Highlight(highlight) => finished.highlights.push(look_up.highlight(&plugin.name, highlight)),
            Item::Text(text) => finished.section.items.push(model::Item::Text { text }),
        }
    }
    let nothing = |item: &model::Item| matches!(item, model::Item::Metric(m) if m.state != model::MetricState::Ok);
    if finished.section.items.iter().all(nothing) {
        finished.section.state = model::SectionState::NoData;
    }
    Ok(finished)
}

/// The section of a plugin that failed.
pub fn failed(plugin: &Plugin, failure: &Failure) -> Finished {
    let state = model::SectionState::Failed {
        what: failure.fault.to_string(),
        place: failure.place.clone(),
        help: failure.fault.help().to_owned(),
    };
    Finished { section: head(plugin, state), highlights: Vec::new() }
}

fn head(plugin: &Plugin, state: model::SectionState) -> model::Section {
    model::Section {
        kpi: plugin.name.clone(),
        plugin: plugin.manifest.name.clone(),
        version: plugin.manifest.version.clone(),
        title: plugin.manifest.title.clone(),
        state,
        items: Vec::new(),
    }
}

/// Every cell of an item.
fn cells(item: &Item) -> Vec<&Cell> {
    match item {
        Item::Metric(metric) => vec![&metric.value],
        Item::Table(_, rows) => rows.iter().flatten().collect(),
        Item::Highlight(highlight) => {
            highlight.sentence.iter().chain([&highlight.value, &highlight.baseline]).collect()
        }
        Item::Series(_) | Item::Heatmap(_) | Item::Text(_) => Vec::new(),
    }
}

/// What symbols, instances and records stand for.
struct LookUp<'a> {
    texts: BTreeMap<u64, String>,
    files: BTreeMap<u64, (String, String)>,
    members: &'a [Member],
}

impl LookUp<'_> {
    fn cell(&self, cell: &Cell) -> model::Cell {
        match cell {
            Cell::None => model::Cell::None,
            Cell::Boolean(value) => model::Cell::Boolean(*value),
            Cell::Integer(value) => model::Cell::Integer(*value),
            Cell::Float(value) => model::Cell::Float(*value),
            Cell::Text(text) => model::Cell::Text(text.clone()),
            Cell::Time(time) => model::Cell::time(*time),
            Cell::Duration(value) => model::Cell::Duration(*value),
            Cell::Percent(value) => model::Cell::Percent(*value),
            Cell::Symbol(symbol) => {
                self.texts.get(symbol).map_or(model::Cell::None, |text| model::Cell::Symbol(text.clone()))
            }
            Cell::Instance(id) => self
                .members
                .get(*id as usize)
                .map_or(model::Cell::None, |member| model::Cell::Instance(member.name.clone())),
            Cell::Record(at) => self.files.get(&at.generation).map_or(model::Cell::None, |(instance, file)| {
                model::Cell::Record { instance: instance.clone(), file: file.clone(), offset: at.offset }
            }),
        }
    }

    fn metric(&self, metric: Metric) -> model::Metric {
        let state = match metric.state {
            State::Ok => model::MetricState::Ok,
            State::NoData => model::MetricState::NoData,
            State::NotApplicable => model::MetricState::NotApplicable,
        };
        let value = self.cell(&metric.value);
        model::Metric { id: metric.id, title: metric.title, value, state, sample: metric.sample, note: metric.note }
    }

    fn table(&self, table: Table, rows: &[Vec<Cell>]) -> model::Table {
        let columns = table.columns.into_iter().map(|column| model::Column { id: column.id, title: column.title });
        let whole = model::Table {
            id: table.id,
            title: table.title,
            columns: columns.collect(),
            rows: rows.iter().map(|row| row.iter().map(|cell| self.cell(cell)).collect()).collect(),
            rows_left_out: 0,
            note: table.note,
        };
        match table.rank {
            None => whole,
            Some(rank) => {
                whole.ranked(model::Rank { by: rank.by as usize, limit: rank.limit.map(|limit| limit as usize) })
            }
        }
    }

    fn highlight(&self, kpi: &str, highlight: Highlight) -> model::Highlight {
        model::Highlight {
            kpi: kpi.to_owned(),
            level: match highlight.level {
                Level::Info => model::Level::Info,
                Level::Warning => model::Level::Warning,
                Level::Critical => model::Level::Critical,
            },
            sentence: highlight.sentence.iter().map(|cell| self.cell(cell)).collect(),
            value: self.cell(&highlight.value),
            baseline: self.cell(&highlight.baseline),
            sample: highlight.sample,
            rule: highlight.rule,
        }
    }

    fn series(&self, series: Series) -> model::Series {
        let text = |symbol: &u64| self.texts.get(symbol).cloned().unwrap_or_else(|| format!("{symbol:016x}"));
        let points = series.points.into_iter();
        let mut points: Vec<_> = points.map(|one| model::Points { name: one.name, values: one.values }).collect();
        model::Series {
            id: series.id,
            title: series.title,
            chart: match series.chart {
                Chart::Line => model::Chart::Line,
                Chart::Bar => model::Chart::Bar,
            },
            unit: series.unit,
            axis: match series.axis {
                Axis::Days(days) => model::Axis::Days(days.into_iter().filter_map(calendar::date).collect()),
                Axis::Labels(labels) => model::Axis::Labels(labels),
                Axis::Symbols(symbols) => {
                    let (order, labels) = by_text(symbols.iter().map(text));
                    points
                        .iter_mut()
                        .for_each(|points| points.values = order.iter().map(|&at| points.values[at]).collect());
                    model::Axis::Labels(labels)
                }
            },
            points,
        }
    }
}

/// Texts in their order, with the places where they stood.
fn by_text(texts: impl Iterator<Item = String>) -> (Vec<usize>, Vec<String>) {
    let mut places: Vec<(String, usize)> = texts.zip(0..).collect();
    places.sort();
    places.into_iter().map(|(text, at)| (at, text)).unzip()
}
