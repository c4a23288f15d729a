//! Charts as SVG, made to stand inside the page: they take its font and its colours, so that they follow it into
//! the dark and onto paper. Each says in its `aria-label` what a glance would tell.

mod columns;
mod days;
mod frame;
mod heatmap;
mod line;
mod paint;
mod rows;
mod scale;
mod summary;

pub use heatmap::heatmap;
pub(crate) use heatmap::range as heat_range;
pub(crate) use paint::SERIES_COLOURS;
pub(crate) use summary::place_name;
pub use summary::{describe_heatmap, describe_series};

use chrono::NaiveDate;

use crate::format::Unit;
use crate::model::{Axis, Chart, Heatmap, Series};

/// Width of a chart in the units of its view box; the page scales it.
const WIDTH_PX: f64 = 960.0;
/// Values beyond are not drawn: no axis has digits for them.
const DRAWABLE_MAX: f64 = 1e15;

/// A chart that could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("the chart could not be drawn: {what}")]
pub struct ChartError {
    what: String,
}

impl ChartError {
    fn new(cause: impl std::fmt::Display) -> Self {
        Self { what: cause.to_string() }
    }
}

/// The series as SVG; none where it has no value to draw.
///
/// Bars over names lie down, unless the names are many and short.
///
/// # Errors
/// Where the drawing library refuses, which no known input makes it do.
pub fn series(series: &Series) -> Result<Option<String>, ChartError> {
    let plot = Plot::new(series);
    if plot.values().next().is_none() {
        return Ok(None);
    }
    let svg = match (series.chart, &series.axis) {
        (Chart::Line, _) => line::draw(&plot),
        (Chart::Bar, Axis::Labels(labels)) if !columns::suits(labels) => rows::draw(&plot, labels),
        (Chart::Bar, _) => columns::draw(&plot),
    }?;
    Ok(Some(paint::finish(&svg, &describe_series(series))))
}

/// A series made ready to be drawn: every value at its place, what cannot be drawn left out.
struct Plot<'a> {
    axis: &'a Axis,
    unit: Unit,
    /// Number of places along the axis; days that the axis leaves out have a place too.
    slots: usize,
    /// For each line or bar, its values by place, ordered by place.
    points: Vec<Vec<(usize, Option<f64>)>>,
}

impl<'a> Plot<'a> {
    fn new(series: &'a Series) -> Self {
        let places = places(&series.axis);
        let points = series.points.iter().map(|points| {
            let values = points.values.iter().map(|value| value.filter(|v| is_drawable(*v)));
            let mut placed: Vec<_> = places.iter().copied().zip(values).collect();
            placed.sort_by_key(|(place, _)| *place);
            placed
        });
        Self {
            axis: &series.axis,
            unit: Unit::new(&series.unit),
            slots: places.iter().max().map_or(0, |last| last + 1),
            points: points.collect(),
        }
    }

    /// The values that there are.
    fn values(&self) -> impl Iterator<Item = f64> {
        self.points.iter().flatten().filter_map(|(_, value)| *value)
    }

    /// Labels beneath the places, as many as `width_px` has room for.
    fn labels(&self, width_px: f64) -> Vec<(f64, String)> {
        match self.axis {
            Axis::Days(axis) => days::labels(axis.iter().min().copied(), self.slots, width_px),
            Axis::Labels(labels) => frame::thinned(labels, width_px / self.slots as f64),
        }
    }
}

/// The place of each entry of the axis: a day stands where the calendar has it.
fn places(axis: &Axis) -> Vec<usize> {
    match axis {
        Axis::Labels(labels) => (0..labels.len()).collect(),
        Axis::Days(days) => {
            let Some(first) = days.iter().min() else {
                return Vec::new();
            };
            let place = |day: &NaiveDate| usize::try_from((*day - *first).num_days());
            days.iter().map(|day| place(day).unwrap_or(0)).collect()
        }
    }
}

fn is_drawable(value: f64) -> bool {
    value.is_finite() && value.abs() <= DRAWABLE_MAX
}

/// The drawable values of a heatmap.
fn heat_values(heatmap: &Heatmap) -> impl Iterator<Item = f64> {
    heatmap.values.iter().flatten().copied().filter(|value| is_drawable(*value))
}

#[cfg(test)]
mod tests;
