//! From a period to days.

use std::ops::Range;

use chrono::{Datelike, Months};

use crate::calendar;
use crate::profile::Period;

/// Longest period: a century of days is a typing error, and a chart of it a flood.
const DAYS_MAX: i32 = 3_660;

/// The days of a period, half-open. `first` and `last` are the days of the oldest and the newest record.
pub fn days(period: &Period, first: i32, last: i32) -> Range<i32> {
    let days = match *period {
        Period::LastDays(count) => last.saturating_add(1).saturating_sub_unsigned(count)..last.saturating_add(1),
        Period::All => first..last.saturating_add(1),
        Period::Days { from, to } => from..to,
        Period::LastMonth => month_before(last),
    };
    days.start.max(days.end.saturating_sub(DAYS_MAX))..days.end
}

fn month_before(day: i32) -> Range<i32> {
    let this = calendar::date(day).and_then(|date| date.with_day(1));
    let before = this.and_then(|date| date.checked_sub_months(Months::new(1)));
    match (before, this) {
        (Some(before), Some(this)) => calendar::day(before)..calendar::day(this),
        _ => day..day.saturating_add(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> i32 {
        calendar::day(text.parse().expect("a date"))
    }

    #[test]
    fn periods_end_with_the_newest_record() {
        let (first, last) = (day("2026-01-05"), day("2026-03-31"));
        let cases = [
            (Period::LastDays(7), "2026-03-25", "2026-04-01"),
            (Period::LastMonth, "2026-02-01", "2026-03-01"),
            (Period::All, "2026-01-05", "2026-04-01"),
            (Period::Days { from: day("2025-12-01"), to: day("2025-12-03") }, "2025-12-01", "2025-12-03"),
        ];
        for (period, from, to) in cases {
            assert_eq!(days(&period, first, last), day(from)..day(to), "{period:?}");
        }
    }
}
