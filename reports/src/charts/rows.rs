//! Bars that lie under each other, each beside its name: for names too long to stand side by side.

use super::frame::{Frame, Labelled, Side, cut, labels_width_px, text_width_px};
use super::paint::Role;
use super::scale::Scale;
use super::{ChartError, Plot, WIDTH_PX};

const BAR_PX: f64 = 14.0;
const GAP_PX: f64 = 10.0;

pub(super) fn draw(plot: &Plot<'_>, names: &[String]) -> Result<String, ChartError> {
    let scale = Scale::from_zero(plot.values(), &plot.unit);
    let high = plot.values().fold(0.0, f64::max);
    let row_px = BAR_PX * plot.points.len() as f64 + GAP_PX;
    // Places count downwards, the axis upwards.
    let from_top = |place: f64| plot.slots as f64 - place;
    let labels = names.iter().enumerate();
    let labels: Vec<_> = labels.map(|(place, name)| (from_top(place as f64 + 0.5), cut(name))).collect();
    let words = plot.values().map(|value| text_width_px(&plot.unit.value(Some(value))));
    let frame = Frame {
        height_px: row_px * plot.slots as f64 + 8.0,
        top_px: 4.0,
        right_px: words.fold(0.0, f64::max) + 16.0,
        left_px: labels_width_px(&labels).min(WIDTH_PX / 2.0),
        bottom_px: 4.0,
        x: Labelled { low: scale.low, high: if high > 0.0 { high } else { scale.high }, labels: Vec::new() },
        y: Labelled { low: 0.0, high: plot.slots as f64, labels },
        grid: false,
    };
    frame.draw(|plane| {
        let (height, gap) = (BAR_PX / row_px, GAP_PX / row_px);
        for (series, points) in plot.points.iter().enumerate() {
            for (place, value) in points {
                let top = from_top(*place as f64 + gap / 2.0 + height * series as f64);
                let (end, words) = (value.unwrap_or(0.0).max(0.0), plot.unit.value(*value));
                if let Some(value) = *value {
                    let corners = [(0.0, top), (value, top - height)];
                    plane.rectangle(corners, Role::Series(series), 1.0)?;
                }
                plane.text((end, top - height / 2.0), Side::Right, words, Role::Ink)?;
            }
        }
        plane.path(vec![(0.0, 0.0), (0.0, plot.slots as f64)], Role::Muted, 1.0)
    })
}
