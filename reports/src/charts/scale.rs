//! Round numbers along an axis.

use crate::format::Unit;

/// The least number of steps between the ends of an axis, give or take the last one; round steps are at most three
/// times each other, so that there are eight at most.
const STEPS_MIN: f64 = 2.5;
/// A line whose values spread less than this, against the largest, is shown without the empty space down to zero.
const FLAT_SHARE: f64 = 0.25;

const DAY_MS: f64 = 86_400_000.0;
/// Steps that read well as durations, in milliseconds; below and beyond they are decimal.
const DURATION_STEPS_MS: [f64; 26] = [
    1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1e3, 2e3, 5e3, 10e3, 15e3, 30e3, 60e3, 120e3, 300e3, 600e3,
    900e3, 1800e3, 3600e3, 7200e3, 10_800e3, 21_600e3, 43_200e3,
];

/// The range of an axis with its round numbers, both ends among them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scale {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) ticks: Vec<f64>,
}

impl Scale {
    /// A scale for bars: from zero, or from below where there are negative values.
    pub(super) fn from_zero(values: impl Iterator<Item = f64>, unit: &Unit) -> Self {
        let seen = Seen::new(values);
        Self::between(seen.low.min(0.0), seen.high.max(0.0), unit, seen.whole)
    }

    /// A scale for lines: from zero, unless that would press a flat line against the top.
    pub(super) fn for_line(values: impl Iterator<Item = f64>, unit: &Unit) -> Self {
        let seen = Seen::new(values);
        let spread = seen.high - seen.low;
        let flat = seen.low > 0.0 && spread > 0.0 && spread < seen.high * FLAT_SHARE;
        let (low, high) = if flat { (seen.low, seen.high) } else { (seen.low.min(0.0), seen.high.max(0.0)) };
        Self::between(low, high, unit, seen.whole)
    }

    fn between(low: f64, high: f64, unit: &Unit, whole: bool) -> Self {
        let step = step((high - low) / STEPS_MIN, unit, whole);
        let first = (low / step).floor();
        // Nothing to tell apart still needs an axis of some height.
        let last = (high / step).ceil().max(first + 1.0);
        let ticks: Vec<f64> = (0..=(last - first) as usize).map(|n| (first + n as f64) * step).collect();
        Self { low: first * step, high: last * step, ticks }
    }
}

/// What the values of an axis are like.
struct Seen {
    low: f64,
    high: f64,
    whole: bool,
}

impl Seen {
    fn new(values: impl Iterator<Item = f64>) -> Self {
        let nothing = Self { low: f64::INFINITY, high: f64::NEG_INFINITY, whole: true };
        values.fold(nothing, |seen, value| Self {
            low: seen.low.min(value),
            high: seen.high.max(value),
            whole: seen.whole && value.fract() == 0.0,
        })
    }
}

/// The largest round step that is not above `raw`. Whole values have whole steps: there is no half session.
fn step(raw: f64, unit: &Unit, whole: bool) -> f64 {
    match unit {
        Unit::Milliseconds => duration_step(raw),
        Unit::Seconds => duration_step(raw * 1000.0) / 1000.0,
        Unit::Of(_) if whole => decimal_step(raw).max(1.0),
        Unit::Share | Unit::Of(_) => decimal_step(raw),
    }
}

fn duration_step(raw_ms: f64) -> f64 {
    if raw_ms < DURATION_STEPS_MS[0] {
        return decimal_step(raw_ms);
    }
    if raw_ms >= DAY_MS {
        return decimal_step(raw_ms / DAY_MS) * DAY_MS;
    }
    let listed = DURATION_STEPS_MS.iter().rfind(|step| **step <= raw_ms);
    *listed.unwrap_or(&DURATION_STEPS_MS[0])
}

/// The largest of 1, 2, 5 times a power of ten that is not above `raw`; 1 for zero.
fn decimal_step(raw: f64) -> f64 {
    // Below, a float's digits no longer tell the ticks apart.
    const LEAST: f64 = 1e-12;
    if raw < LEAST {
        return if raw > 0.0 { LEAST } else { 1.0 };
    }
    let power = 10f64.powi(raw.log10().floor() as i32);
    // 1.9999999999999998 is two.
    let digit = raw / power + 1e-9;
    let round = [5.0, 2.0].into_iter().find(|round| *round <= digit);
    round.unwrap_or(1.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors() -> Unit {
        Unit::new("errors")
    }

    #[test]
    fn counts_have_whole_ticks() {
        let scale = Scale::from_zero([1.0, 2.0].into_iter(), &errors());
        assert_eq!(scale.ticks, [0.0, 1.0, 2.0]);
        let scale = Scale::from_zero([0.5, 2.0].into_iter(), &errors());
        assert_eq!(scale.ticks, [0.0, 0.5, 1.0, 1.5, 2.0]);
        let scale = Scale::from_zero([3.0, 231.0].into_iter(), &errors());
        assert_eq!(scale.ticks, [0.0, 50.0, 100.0, 150.0, 200.0, 250.0]);
    }

    #[test]
    fn durations_have_ticks_that_read_as_durations() {
        let scale = Scale::from_zero([170_000.0].into_iter(), &Unit::Milliseconds);
        assert_eq!(scale.ticks, [0.0, 60_000.0, 120_000.0, 180_000.0]);
        let scale = Scale::from_zero([170.0].into_iter(), &Unit::Seconds);
        assert_eq!(scale.ticks, [0.0, 60.0, 120.0, 180.0]);
    }

    #[test]
    fn bars_start_at_zero_and_flat_lines_need_not() {
        let values = [0.97, 0.985, 0.99];
        assert_eq!(Scale::from_zero(values.into_iter(), &Unit::Share).low, 0.0);
        let line = Scale::for_line(values.into_iter(), &Unit::Share);
        assert!(line.low > 0.9 && line.low <= 0.97 && line.high <= 1.0, "{line:?}");
        assert_eq!(Scale::for_line([1.0, 5.0].into_iter(), &errors()).low, 0.0);
        assert_eq!(Scale::for_line([0.0, 0.0].into_iter(), &errors()).ticks, [0.0, 1.0]);
    }

    #[test]
    fn every_value_is_inside_and_ticks_are_few() {
        let extremes = [1e-300, 1e-9, 0.3, 1.0, 7.0, 99.0, 1001.0, 86_400_000.0, 1e15];
        for high in extremes {
            for low in [0.0, -high, high * 0.9, -1.0] {
                for unit in ["ms", "s", "share", "errors"] {
                    let scale = Scale::for_line([low, high].into_iter(), &Unit::new(unit));
                    assert!(scale.low <= low && scale.high >= high, "{scale:?} for {low} to {high} {unit}");
                    assert!((2..=9).contains(&scale.ticks.len()), "{scale:?} for {low} to {high} {unit}");
                }
            }
        }
    }
}
