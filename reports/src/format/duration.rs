//! Durations.

use super::NO_VALUE;
use super::number::{fixed, integer, signed};

const SECOND_MS: f64 = 1000.0;
const MINUTE_MS: f64 = 60.0 * SECOND_MS;
const HOUR_MS: f64 = 60.0 * MINUTE_MS;
const DAY_MS: f64 = 24.0 * HOUR_MS;

/// A duration in milliseconds, in the two largest units that matter: `450 ms`, `2.8 s`, `24 min 50 s`, `3 h 5 min`.
///
/// It is rounded before the unit is chosen, so that `60 s` never stands for `1 min`.
pub fn duration(ms: f64) -> String {
    if !ms.is_finite() {
        return NO_VALUE.to_owned();
    }
    let size = ms.abs();
    let words = match size {
        _ if size < 9.95 => format!("{} ms", fixed(size, 1)),
        _ if size < 999.5 => format!("{size:.0} ms"),
        _ if size < MINUTE_MS - 50.0 => format!("{:.1} s", size / SECOND_MS),
        _ if size < HOUR_MS - SECOND_MS / 2.0 => pair(size, (MINUTE_MS, "min"), (SECOND_MS, "s")),
        _ if size < DAY_MS - MINUTE_MS / 2.0 => pair(size, (HOUR_MS, "h"), (MINUTE_MS, "min")),
        _ => pair(size, (DAY_MS, "d"), (HOUR_MS, "h")),
    };
    signed(ms < 0.0 && words != "0 ms", &words)
}

/// The size in a large and a small unit, rounded to the small one; a small part of zero is left out.
fn pair(size: f64, large: (f64, &str), small: (f64, &str)) -> String {
    let ratio = large.0 / small.0;
    let smalls = (size / small.0).round();
    // Saturates far beyond any age of a log.
    let larges = integer((smalls / ratio).floor() as i64);
    match smalls % ratio {
        0.0 => format!("{larges} {}", large.1),
        rest => format!("{larges} {} {rest} {}", large.1, small.1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_units_at_most_and_never_a_full_small_one() {
        let cases = [
            (0.0, "0 ms"),
            (-0.01, "0 ms"),
            (0.4, "0.4 ms"),
            (450.0, "450 ms"),
            (999.4, "999 ms"),
            (999.6, "1.0 s"),
            (2848.99, "2.8 s"),
            (59_949.0, "59.9 s"),
            (59_960.0, "1 min"),
            (1_490_000.0, "24 min 50 s"),
            (3_599_400.0, "59 min 59 s"),
            (3_599_700.0, "1 h"),
            (11_520_000.0, "3 h 12 min"),
            (86_399_000.0, "1 d"),
            (187_200_000.0, "2 d 4 h"),
            (-2848.99, "−2.8 s"),
            (f64::NAN, "—"),
        ];
        for (ms, words) in cases {
            assert_eq!(duration(ms), words, "{ms}");
        }
    }
}
