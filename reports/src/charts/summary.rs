//! What a glance at a chart would tell, in words.

use super::heat_values;
use crate::format::{Unit, day};
use crate::model::{Axis, Chart, Heatmap, Points, Series};

/// The series in words: its kind, what it runs along, and the ends of each line.
pub fn describe_series(series: &Series) -> String {
    let kind = match series.chart {
        Chart::Line => "line chart",
        Chart::Bar => "bar chart",
    };
    let ends = series.points.iter().map(|points| describe_points(series, points));
    let ends: Vec<String> = ends.collect();
    format!("{}: {kind}, {}. {}", series.title, extent(&series.axis), ends.join(" "))
}

/// The heatmap in words: its size, and where its highest value stands.
pub fn describe_heatmap(heatmap: &Heatmap) -> String {
    let unit = Unit::new(&heatmap.unit);
    let size = format!("{}: heatmap, {} rows, {} columns.", heatmap.title, heatmap.rows.len(), heatmap.columns.len());
    let Some(high) = heat_values(heatmap).reduce(f64::max) else {
        return format!("{size} No data.");
    };
    let at = heatmap.values.iter().position(|value| *value == Some(high)).unwrap_or(0);
    let columns = heatmap.columns.len().max(1);
    let row = heatmap.rows.get(at / columns).map_or("", String::as_str);
    let column = heatmap.columns.get(at % columns).map_or("", String::as_str);
    format!("{size} Highest {} at {row}, {column}.", unit.value(Some(high)))
}

fn extent(axis: &Axis) -> String {
    match axis {
        Axis::Labels(labels) => format!("{} names", labels.len()),
        Axis::Days(days) => match (days.iter().min(), days.iter().max()) {
            (Some(first), Some(last)) => format!("{} days, {} to {}", days.len(), day(*first), day(*last)),
            _ => "no days".to_owned(),
        },
    }
}

fn describe_points(series: &Series, points: &Points) -> String {
    let unit = Unit::new(&series.unit);
    let finite = |value: &Option<f64>| value.filter(|value| value.is_finite());
    let placed = points.values.iter().enumerate();
    let placed: Vec<_> = placed.filter_map(|(place, value)| Some((place, finite(value)?))).collect();
    let by_value = |a: &&(usize, f64), b: &&(usize, f64)| a.1.total_cmp(&b.1);
    // Of equal values the first one counts; `max_by` finds the last.
    let (Some(low), Some(high)) = (placed.iter().min_by(by_value), placed.iter().rev().max_by(by_value)) else {
        return format!("{}: no data.", points.name);
    };
    let end =
        |(place, value): &(usize, f64)| format!("{} ({})", unit.value(Some(*value)), place_name(&series.axis, *place));
    format!("{}: lowest {}, highest {}.", points.name, end(low), end(high))
}

/// The name of a place on the axis.
pub(crate) fn place_name(axis: &Axis, place: usize) -> String {
    match axis {
        Axis::Labels(labels) => labels.get(place).cloned().unwrap_or_default(),
        Axis::Days(days) => days.get(place).map(|d| day(*d)).unwrap_or_default(),
    }
}
