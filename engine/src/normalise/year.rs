//! The year of times that tell none: the one that brings a time nearest to what is known already.
//!
//! What is known is the greatest time before it in its file; for the first time of a file, when the file was seen
//! first: its records were there by then. Both are stored, so the same bytes give the same years whenever they are
//! read again. December goes over to January, and a line that comes late goes back to December.

use chrono::{DateTime, Datelike, NaiveDate};

/// Clocks that differ, and zones: so much later than it was seen a record may seem to be.
const SLACK_US: i64 = 2 * 86_400_000_000;
const DAY_US: i64 = 86_400_000_000;
/// Years between two leap days, at most, and one more.
const YEARS_MAX: i32 = 9;

/// What a time without a year is held against, in microseconds since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// A time before it in the same file.
    Near(i64),
    /// When the file was seen: the time is not later.
    UpTo(i64),
}

/// The date in the year that the anchor makes likely; `date` gives it in a year, where that has it.
pub fn infer(date: impl Fn(i32) -> Option<NaiveDate>, in_day_us: i64, anchor: Anchor) -> Option<NaiveDate> {
    let (at, limit) = match anchor {
        Anchor::Near(at) => (at, i64::MAX),
        Anchor::UpTo(at) => (at, at.saturating_add(SLACK_US)),
    };
    let year = DateTime::from_timestamp_micros(at)?.year();
    let nearest = |years: i32| {
        let dates = (year - years..=year + years).filter_map(&date);
        let distance = |date: &NaiveDate| {
            let time = i64::from(date.to_epoch_days()) * DAY_US + in_day_us;
            (time <= limit).then_some(time.abs_diff(at))
        };
        dates.filter_map(|date| Some((distance(&date)?, date))).min().map(|(_, date)| date)
    };
    nearest(1).or_else(|| nearest(YEARS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros()
    }

    #[test]
    fn the_nearest_year_is_taken() {
        let near = |text: &str| Anchor::Near(at(text));
        let up_to = |text: &str| Anchor::UpTo(at(text));
        let cases = [
            (12, 31, near("2026-12-31T23:59:00Z"), "2026-12-31"),
            (1, 1, near("2026-12-31T23:59:00Z"), "2027-01-01"),
            (12, 31, near("2027-01-01T00:00:10Z"), "2026-12-31"),
            (6, 1, near("2026-12-31T00:00:00Z"), "2027-06-01"),
            (7, 5, near("2026-12-31T00:00:00Z"), "2026-07-05"),
            (2, 29, near("2027-02-28T00:00:00Z"), "2028-02-29"),
            (2, 29, near("2025-12-31T00:00:00Z"), "2024-02-29"),
            (2, 29, near("1900-03-01T00:00:00Z"), "1904-02-29"),
            (2, 29, up_to("2027-03-01T00:00:00Z"), "2024-02-29"),
            (10, 12, up_to("2026-10-12T01:00:00Z"), "2026-10-12"),
            (10, 13, up_to("2026-10-12T23:00:00Z"), "2026-10-13"),
            (10, 20, up_to("2026-10-12T01:00:00Z"), "2025-10-20"),
            (1, 1, up_to("2026-12-31T23:00:00Z"), "2027-01-01"),
            (11, 1, up_to("2027-02-01T00:00:00Z"), "2026-11-01"),
        ];
        for (month, day, anchor, expected) in cases {
            let date = infer(|year| NaiveDate::from_ymd_opt(year, month, day), 0, anchor).unwrap();
            assert_eq!(date.to_string(), expected, "{month}-{day} at {anchor:?}");
        }
        assert_eq!(infer(|year| NaiveDate::from_ymd_opt(year, 2, 30), 0, near("2026-01-01T00:00:00Z")), None);
        assert_eq!(infer(|year| NaiveDate::from_ymd_opt(year, 2, 28), 0, Anchor::Near(i64::MAX)), None);
    }
}
