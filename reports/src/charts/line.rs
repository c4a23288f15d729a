//! Lines, interrupted where there is no data.

use super::paint::Role;
use super::scale::Scale;
use super::{ChartError, Plot, columns};

const HEIGHT_PX: f64 = 240.0;
const LINE_PX: f64 = 2.0;
const DOT_PX: f64 = 2.75;
/// With more places than this the dots would run into each other.
const DOTTED_SLOTS_MAX: usize = 62;

pub(super) fn draw(plot: &Plot<'_>) -> Result<String, ChartError> {
    let scale = Scale::for_line(plot.values(), &plot.unit);
    let frame = columns::frame(plot, &scale, HEIGHT_PX);
    let all_dots = plot.slots <= DOTTED_SLOTS_MAX;
    frame.draw(|plane| {
        if scale.low <= 0.0 {
            columns::base_line(plane, plot.slots)?;
        }
        for (series, points) in plot.points.iter().enumerate() {
            for stretch in stretches(points) {
                // A point between two gaps would be no line at all.
                let dots = if all_dots || stretch.len() == 1 { stretch.as_slice() } else { &[] };
                for at in dots {
                    plane.dot(*at, DOT_PX, Role::Series(series))?;
                }
                plane.path(stretch, Role::Series(series), LINE_PX)?;
            }
        }
        Ok(())
    })
}

/// The stretches without a gap: neither a missing value nor a place that the axis leaves out.
fn stretches(points: &[(usize, Option<f64>)]) -> Vec<Vec<(f64, f64)>> {
    let mut stretches: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut previous = None;
    for (place, value) in points {
        let Some(value) = *value else { continue };
        let joined = place.checked_sub(1).is_some_and(|before| previous == Some(before));
        let at = (*place as f64 + 0.5, value);
        match stretches.last_mut() {
            Some(stretch) if joined => stretch.push(at),
            _ => stretches.push(vec![at]),
        }
        previous = Some(*place);
    }
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_breaks_at_gaps() {
        let points = [(0, Some(1.0)), (1, Some(2.0)), (2, None), (3, Some(3.0)), (7, Some(4.0)), (8, Some(5.0))];
        let lengths: Vec<_> = stretches(&points).iter().map(Vec::len).collect();
        assert_eq!(lengths, [2, 1, 2]);
        assert!(stretches(&[(0, None)]).is_empty());
    }
}
