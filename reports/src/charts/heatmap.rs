//! Values by row and column as shades.

use super::frame::{Frame, Labelled, Side, cut, labels_width_px, text_width_px, thinned};
use super::paint::{Role, finish};
use super::{ChartError, WIDTH_PX, describe_heatmap, heat_values, is_drawable};
use crate::format::Unit;
use crate::model::Heatmap;

const ROW_PX: f64 = 26.0;
/// Width of a cell at most: few columns make no banners.
const COLUMN_MAX_PX: f64 = 72.0;
/// Space between two cells.
const GAP_PX: f64 = 2.0;
/// Shade of the least value: not nothing, which means no data.
const FAINTEST: f64 = 0.07;
/// From this shade on, numbers change their colour: here both have a contrast of 4.5 to 1, in the light and in the
/// dark; the heat colours of the style are chosen for it.
const STRONG: f64 = 0.7;

/// The heatmap as SVG; none where it has no value to draw.
///
/// # Errors
/// Where the drawing library refuses, which no known input makes it do.
pub fn heatmap(heatmap: &Heatmap) -> Result<Option<String>, ChartError> {
    let empty = heatmap.rows.is_empty() || heatmap.columns.is_empty();
    if empty || heat_values(heatmap).next().is_none() {
        return Ok(None);
    }
    let svg = draw(heatmap)?;
    Ok(Some(finish(&svg, &describe_heatmap(heatmap))))
}

fn draw(heatmap: &Heatmap) -> Result<String, ChartError> {
    let (rows, columns) = (heatmap.rows.len() as f64, heatmap.columns.len() as f64);
    let unit = Unit::new(&heatmap.unit);
    let frame = frame(heatmap);
    let cell_px = frame.plot_width_px() / columns;
    let widest = heat_values(heatmap).map(|value| text_width_px(&unit.tick(value)));
    let with_numbers = widest.fold(0.0, f64::max) + GAP_PX + 2.0 <= cell_px;
    let range = range(heatmap);
    let (gap_x, gap_y) = (GAP_PX / cell_px / 2.0, GAP_PX / ROW_PX / 2.0);
    frame.draw(|plane| {
        for row in 0..heatmap.rows.len() {
            for column in 0..heatmap.columns.len() {
                let (x, y) = (column as f64, rows - row as f64);
                let middle = (x + 0.5, y - 0.5);
                let Some(value) = heatmap.value(row, column).filter(|value| is_drawable(*value)) else {
                    plane.text(middle, Side::Upon, "–".to_owned(), Role::Muted)?;
                    continue;
                };
                let shade = shade(value, range);
                let corners = [(x + gap_x, y - gap_y), (x + 1.0 - gap_x, y - 1.0 + gap_y)];
                plane.rectangle(corners, Role::Heat, shade)?;
                if with_numbers && value != 0.0 {
                    let role = if shade >= STRONG { Role::OnHeat } else { Role::OnFaint };
                    plane.text(middle, Side::Upon, unit.tick(value), role)?;
                }
            }
        }
        Ok(())
    })
}

fn frame(heatmap: &Heatmap) -> Frame {
    let (rows, columns) = (heatmap.rows.len() as f64, heatmap.columns.len() as f64);
    let names = heatmap.rows.iter().enumerate();
    let labels: Vec<_> = names.map(|(row, name)| (rows - row as f64 - 0.5, cut(name))).collect();
    let left_px = labels_width_px(&labels).clamp(36.0, WIDTH_PX / 2.0);
    let width_px = (WIDTH_PX - left_px - 8.0).min(columns * COLUMN_MAX_PX);
    Frame {
        height_px: rows * ROW_PX + 30.0,
        top_px: 4.0,
        right_px: WIDTH_PX - left_px - width_px,
        left_px,
        bottom_px: 26.0,
        x: Labelled { low: 0.0, high: columns, labels: thinned(&heatmap.columns, width_px / columns) },
        y: Labelled { low: 0.0, high: rows, labels },
        grid: false,
    }
}

/// The values of the faintest and the strongest shade: from zero, or from the least where that is below.
pub(crate) fn range(heatmap: &Heatmap) -> (f64, f64) {
    heat_values(heatmap).fold((0.0, 0.0), |(low, high), value| (low.min(value), high.max(value)))
}

fn shade(value: f64, (low, high): (f64, f64)) -> f64 {
    if high <= low {
        return FAINTEST;
    }
    let share = (value - low) / (high - low);
    // Two decimals: more would only make the file longer.
    ((FAINTEST + (1.0 - FAINTEST) * share) * 100.0).round() / 100.0
}
