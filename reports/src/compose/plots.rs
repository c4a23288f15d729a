//! Charts with what stands around them: legend and numbers.

use serde::Serialize;

use super::table::{Heading, TableView};
use crate::charts::{self, ChartError, SERIES_COLOURS, heat_range, place_name};
use crate::format::{Formatter, Unit, visible};
use crate::model::{Axis, Cell, Heatmap, Series};

/// What the template `series` sees.
#[derive(Debug, Serialize)]
pub(super) struct SeriesView {
    title: String,
    /// What the values count; empty where they say it themselves.
    unit: String,
    /// The drawing; empty where there is no data. The one thing in the page that is not escaped: it is escaped where
    /// it is drawn.
    svg: String,
    /// Empty where a single line needs no name.
    legend: Vec<LegendView>,
    /// The same in numbers.
    numbers: TableView,
}

#[derive(Debug, Serialize)]
struct LegendView {
    name: String,
    /// Number of its colour, from 1.
    colour: usize,
}

/// What the template `heatmap` sees.
#[derive(Debug, Serialize)]
pub(super) struct HeatmapView {
    title: String,
    svg: String,
    /// Ends of the shades, the upper one with the unit.
    low: String,
    high: String,
    /// Whether some places have no value.
    gaps: bool,
    numbers: TableView,
}

impl SeriesView {
    pub(super) fn new(series: &Series, formatter: &Formatter) -> Result<Self, ChartError> {
        let unit = Unit::new(&series.unit);
        Ok(Self {
            title: visible(&series.title),
            unit: unit.name().map(visible).unwrap_or_default(),
            svg: charts::series(series)?.unwrap_or_default(),
            legend: legend(series),
            numbers: series_numbers(series, &unit, formatter),
        })
    }
}

impl HeatmapView {
    pub(super) fn new(heatmap: &Heatmap, formatter: &Formatter) -> Result<Self, ChartError> {
        let unit = Unit::new(&heatmap.unit);
        let (low, high) = heat_range(heatmap);
        Ok(Self {
            title: visible(&heatmap.title),
            svg: charts::heatmap(heatmap)?.unwrap_or_default(),
            low: unit.tick(low),
            high: visible(format!("{} {}", unit.tick(high), unit.name().unwrap_or_default()).trim_end()),
            gaps: heatmap.values.iter().any(Option::is_none),
            numbers: heatmap_numbers(heatmap, &unit, formatter),
        })
    }
}

fn legend(series: &Series) -> Vec<LegendView> {
    let repeats_title = series.points.len() == 1;
    let named = series.points.iter().enumerate().filter(|_| !repeats_title);
    let entry = |(place, points): (usize, &crate::model::Points)| LegendView {
        name: visible(&points.name),
        colour: place % SERIES_COLOURS + 1,
    };
    named.map(entry).collect()
}

fn series_numbers(series: &Series, unit: &Unit, formatter: &Formatter) -> TableView {
    let along = match series.axis {
        Axis::Days(_) => "Day",
        Axis::Labels(_) => "",
    };
    let names = series.points.iter().map(|points| points.name.as_str());
    let headings: Vec<_> = std::iter::once(along).chain(names).map(Heading::Of).collect();
    let row = |place: usize| {
        let values = series.points.iter().map(|points| points.values.get(place).copied().flatten());
        let name = Cell::Text(place_name(&series.axis, place));
        std::iter::once(name).chain(values.map(|value| cell(value, unit))).collect()
    };
    let rows: Vec<Vec<Cell>> = (0..series.axis.len()).map(row).collect();
    TableView::of(&series.title, &headings, &rows, formatter)
}

fn heatmap_numbers(heatmap: &Heatmap, unit: &Unit, formatter: &Formatter) -> TableView {
    let names = heatmap.columns.iter().map(String::as_str);
    let headings: Vec<_> = std::iter::once("").chain(names).map(Heading::Of).collect();
    let row = |(row, name): (usize, &String)| {
        let values = (0..heatmap.columns.len()).map(|column| heatmap.value(row, column));
        std::iter::once(Cell::text(name)).chain(values.map(|value| cell(value, unit))).collect()
    };
    let rows: Vec<Vec<Cell>> = heatmap.rows.iter().enumerate().map(row).collect();
    TableView::of(&heatmap.title, &headings, &rows, formatter)
}

/// The value of a chart as a cell.
fn cell(value: Option<f64>, unit: &Unit) -> Cell {
    let Some(value) = value else {
        return Cell::None;
    };
    match unit {
        Unit::Milliseconds => Cell::Duration(value),
        Unit::Seconds => Cell::Duration(value * 1000.0),
        Unit::Share => Cell::Percent(value),
        Unit::Of(_) => Cell::Float(value),
    }
}
