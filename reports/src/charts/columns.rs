//! Bars that stand side by side: days, and names that are short enough.

use super::frame::{Drawing, Frame, Labelled, Plane, Side, labels_width_px, text_width_px};
use super::paint::Role;
use super::scale::Scale;
use super::{ChartError, Plot, WIDTH_PX};
use crate::model::Axis;

const HEIGHT_PX: f64 = 240.0;
const BAR_MAX_PX: f64 = 40.0;
/// Share of its place that a bar, or a group of bars, fills.
const FILL: f64 = 0.72;
/// Up to as many bars over names lie down.
const ROWS_MAX: usize = 12;
/// Space between two names.
const NAME_GAP_PX: f64 = 10.0;
/// Narrower bars leave no room for the dash that stands for a missing one.
const NO_VALUE_MIN_PX: f64 = 5.0;
/// From this width of a place on, a bar carries its value.
const VALUE_SLOT_PX: f64 = 44.0;

/// Whether names should stand side by side under their bars: many short ones, such as hours. A few read better one
/// under the other.
pub(super) fn suits(names: &[String]) -> bool {
    let widest = names.iter().map(|name| text_width_px(name)).fold(0.0, f64::max);
    names.len() > ROWS_MAX && (widest + NAME_GAP_PX) * (names.len() as f64) < WIDTH_PX - NAME_GAP_PX
}

pub(super) fn draw(plot: &Plot<'_>) -> Result<String, ChartError> {
    let scale = Scale::from_zero(plot.values(), &plot.unit);
    let frame = frame(plot, &scale, HEIGHT_PX);
    let slot_px = frame.plot_width_px() / plot.slots as f64;
    let group = (BAR_MAX_PX * plot.points.len() as f64 / slot_px).min(FILL);
    let with_values = plot.points.len() == 1 && slot_px >= VALUE_SLOT_PX;
    frame.draw(|plane| {
        let width = group / plot.points.len() as f64;
        for (series, points) in plot.points.iter().enumerate() {
            for (place, value) in points {
                let left = *place as f64 + 0.5 - group / 2.0 + width * series as f64;
                let Some(value) = *value else {
                    if width * slot_px >= NO_VALUE_MIN_PX {
                        let middle = (left + width / 2.0, 0.0);
                        plane.text(middle, Side::Above, "–".to_owned(), Role::Muted)?;
                    }
                    continue;
                };
                plane.rectangle([(left, 0.0), (left + width, value)], Role::Series(series), 1.0)?;
                if with_values && value >= 0.0 {
                    let top = (left + width / 2.0, value);
                    plane.text(top, Side::Above, plot.unit.tick(value), Role::Ink)?;
                }
            }
        }
        base_line(plane, plot.slots)
    })
}

/// The frame of a chart whose places lie along the x axis.
pub(super) fn frame(plot: &Plot<'_>, scale: &Scale, height_px: f64) -> Frame {
    let ticks: Vec<_> = scale.ticks.iter().map(|at| (*at, plot.unit.tick(*at))).collect();
    let mut frame = Frame {
        height_px,
        // Room for a value above the highest bar.
        top_px: 18.0,
        // The last label is centred under the last place and may reach beyond.
        right_px: 24.0,
        left_px: labels_width_px(&ticks).max(36.0),
        bottom_px: 26.0,
        x: Labelled { low: 0.0, high: plot.slots as f64, labels: Vec::new() },
        y: Labelled { low: scale.low, high: scale.high, labels: ticks },
        grid: true,
    };
    frame.x.labels = plot.labels(frame.plot_width_px());
    if let Axis::Labels(_) = plot.axis {
        frame.right_px = 12.0;
    }
    frame
}

/// The line that bars stand on.
pub(super) fn base_line(plane: &mut Plane<'_, '_>, slots: usize) -> Result<(), Drawing> {
    plane.path(vec![(0.0, 0.0), (slots as f64, 0.0)], Role::Muted, 1.0)
}
