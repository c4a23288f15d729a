//! Values that are more than their text: durations and time zones.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use chrono_tz::{TZ_VARIANTS, Tz};

use super::suggest::nearest;

/// A duration as the user writes it: `500ms`, `10s`, `2min` or `1h`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(super) struct Seconds(pub Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0.as_millis();
        match UNITS.iter().rev().find(|(_, unit_ms)| ms.is_multiple_of(u128::from(*unit_ms))) {
            Some((unit, unit_ms)) => write!(f, "{}{unit}", ms / u128::from(*unit_ms)),
            None => write!(f, "{ms}ms"),
        }
    }
}

/// Units of a duration, in milliseconds. No `m`: it would be read as minutes, months or milli.
const UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1_000), ("min", 60_000), ("h", 3_600_000)];

/// The text is no number with a unit.
#[derive(Debug)]
pub(super) struct NotADuration;

impl FromStr for Seconds {
    type Err = NotADuration;

    fn from_str(text: &str) -> Result<Self, NotADuration> {
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_| NotADuration)?;
        let (_, unit_ms) = UNITS.iter().find(|(name, _)| *name == unit.trim_start()).ok_or(NotADuration)?;
        Ok(Self(Duration::from_millis(number.checked_mul(*unit_ms).ok_or(NotADuration)?)))
    }
}

/// Least and greatest time from one run to the next: a run that finds nothing new takes a second, and after a month
/// most instances have rotated away what nobody fetched.
const INTERVAL_RANGE: RangeInclusive<Seconds> =
    Seconds(Duration::from_secs(1))..=Seconds(Duration::from_secs(744 * 3600));

/// Reads the time from one run to the next, such as `1h`.
///
/// # Errors
/// What is wrong with the text, to stand after it, and what would be right.
pub fn parse_interval(text: &str) -> Result<Duration, String> {
    let (least, greatest) = (INTERVAL_RANGE.start(), INTERVAL_RANGE.end());
    match text.trim().parse::<Seconds>() {
        Ok(interval) if INTERVAL_RANGE.contains(&interval) => Ok(interval.0),
        Ok(_) => Err(format!("must be from {least} to {greatest}")),
        Err(NotADuration) => Err("is no duration; write a number and s, min or h, such as 30min".to_owned()),
    }
}

/// The zone of an IANA name, or what would be one.
pub(super) fn zone(name: &str) -> Result<Tz, String> {
    name.parse().map_err(|_| {
        let names = || TZ_VARIANTS.iter().map(|zone| zone.name());
        let city = |zone: &&str| zone.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(name));
        let near = names().find(city).or_else(|| nearest(name, names())).filter(|near| *near != "UTC");
        format!("an IANA name such as \"{}\" or \"UTC\"", near.unwrap_or("Europe/Berlin"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_a_number_and_a_unit() {
        for (text, ms) in [("500ms", 500), ("10s", 10_000), ("2 min", 120_000), ("1h", 3_600_000), ("0s", 0)] {
            let seconds: Seconds = text.parse().expect("a duration");
            assert_eq!(seconds.0, Duration::from_millis(ms), "{text}");
        }
        for text in
            ["", "10", "s", "5m", "-1s", "1.5h", "1h30min", "99999999999999999999h", "18446744073709551615h", "1 S"]
        {
            assert!(text.parse::<Seconds>().is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_shown_as_they_are_written() {
        for text in ["10ms", "1500ms", "90s", "10min", "48h"] {
            assert_eq!(text.parse::<Seconds>().expect("a duration").to_string(), text);
        }
    }

    #[test]
    fn an_interval_is_a_duration_within_bounds() {
        assert_eq!(parse_interval("1h"), Ok(Duration::from_secs(3600)));
        assert_eq!(parse_interval("1s"), Ok(Duration::from_secs(1)));
        for text in ["999ms", "0s", "745h"] {
            assert_eq!(parse_interval(text), Err("must be from 1s to 744h".to_owned()), "{text}");
        }
        for text in ["", "1", "hourly", "5m"] {
            assert!(parse_interval(text).is_err_and(|problem| problem.contains("30min")), "{text}");
        }
    }

    #[test]
    fn zones_are_found_by_name_and_suggested_by_likeness() {
        assert_eq!(zone("Europe/Oslo"), Ok(Tz::Europe__Oslo));
        for (typed, meant) in [
            ("Europe/Berlln", "Europe/Berlin"),
            ("europe/oslo", "Europe/Oslo"),
            ("Oslo", "Europe/Oslo"),
            ("Mars", "Europe/Berlin"),
        ] {
            assert_eq!(zone(typed), Err(format!("an IANA name such as \"{meant}\" or \"UTC\"")));
        }
    }
}
