//! Local days and minutes of the report's zone.
//!
//! A day is the time between two local midnights: 23, 24 or 25 hours. Times are microseconds since 1970 UTC, days
//! are days since 1970-01-01.

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone};
use chrono_tz::Tz;

/// Microseconds of a second.
pub const SECOND_US: i64 = 1_000_000;
const MINUTE_US: i64 = 60 * SECOND_US;
const DAY_US: i64 = 86_400 * SECOND_US;
/// No zone changes its offset within a quarter of an hour that begins on the quarter.
const SLOT_US: i64 = 15 * MINUTE_US;

/// Finds the local day of times that mostly follow each other.
pub struct Calendar {
    zone: Tz,
    /// The day found last, and its bounds.
    day: i32,
    from: i64,
    to: i64,
    /// The quarter of an hour asked for last, and its offset.
    slot: i64,
    offset_us: i64,
}

impl Calendar {
    /// The calendar of a zone.
    pub fn new(zone: Tz) -> Self {
        Self { zone, day: 0, from: 0, to: 0, slot: i64::MIN, offset_us: 0 }
    }

    /// The local day of a time.
    #[inline]
    pub fn day(&mut self, time: i64) -> i32 {
        if time < self.from || time >= self.to {
            self.find(time);
        }
        self.day
    }

    /// Minutes since local midnight, as the wall clock shows them.
    pub fn minute(&mut self, time: i64) -> u32 {
        let slot = time.div_euclid(SLOT_US);
        if slot != self.slot {
            self.offset_us = offset_us(self.zone, time);
            self.slot = slot;
        }
        ((time + self.offset_us).rem_euclid(DAY_US) / MINUTE_US) as u32
    }

    #[cold]
    fn find(&mut self, time: i64) {
        let local = time.saturating_add(offset_us(self.zone, time));
        self.day = i32::try_from(local.div_euclid(DAY_US)).unwrap_or(if local < 0 { i32::MIN } else { i32::MAX });
        self.from = start_of_day(self.zone, self.day);
        self.to = start_of_day(self.zone, self.day.saturating_add(1));
        if time < self.from || time >= self.to {
            // Where a zone skipped or repeated a midnight: only this instant is sure.
            (self.from, self.to) = (time, time);
        }
    }
}

/// Offset of local time from UTC.
fn offset_us(zone: Tz, time: i64) -> i64 {
    DateTime::from_timestamp_micros(time)
        .map_or(0, |utc| i64::from(zone.offset_from_utc_datetime(&utc.naive_utc()).fix().local_minus_utc()) * SECOND_US)
}

/// The first instant of a local day.
pub fn start_of_day(zone: Tz, day: i32) -> i64 {
    let Some(date) = date(day) else {
        return if day < 0 { i64::MIN } else { i64::MAX };
    };
    let mut local = date.and_time(NaiveTime::MIN);
    // A midnight that daylight saving skipped: the day begins up to some hours later.
    for _ in 0..96 {
        if let Some(first) = earliest(zone, local) {
            return first;
        }
        local += Duration::minutes(15);
    }
    i64::from(day) * DAY_US
}

fn earliest(zone: Tz, local: NaiveDateTime) -> Option<i64> {
    zone.from_local_datetime(&local).earliest().map(|instant| instant.timestamp_micros())
}

/// The date of a day.
pub fn date(day: i32) -> Option<NaiveDate> {
    NaiveDate::from_epoch_days(day)
}

/// The day of a date.
pub fn day(date: NaiveDate) -> i32 {
    date.to_epoch_days()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text).expect("a time").timestamp_micros()
    }

    #[test]
    fn days_have_23_24_or_25_hours() {
        let hours = |zone: Tz, date: &str| {
            let day = day(date.parse().expect("a date"));
            (start_of_day(zone, day + 1) - start_of_day(zone, day)) / (3600 * SECOND_US)
        };
        assert_eq!(hours(Tz::Europe__Berlin, "2026-03-29"), 23);
        assert_eq!(hours(Tz::Europe__Berlin, "2026-06-01"), 24);
        assert_eq!(hours(Tz::Europe__Berlin, "2026-10-25"), 25);
        assert_eq!(hours(Tz::America__Sao_Paulo, "2018-11-04"), 23, "a midnight that does not exist");
    }

    #[test]
    fn minutes_are_those_of_the_wall_clock() {
        let mut calendar = Calendar::new(Tz::Europe__Berlin);
        let cases = [
            ("2026-10-24T22:30:00Z", "2026-10-25", 30),
            ("2026-10-25T00:30:00Z", "2026-10-25", 150),
            ("2026-10-25T01:30:00Z", "2026-10-25", 150),
            ("2026-10-25T22:59:59Z", "2026-10-25", 23 * 60 + 59),
            ("2026-10-25T23:00:00Z", "2026-10-26", 0),
        ];
        for (time, date, minute) in cases {
            assert_eq!(calendar.day(at(time)), day(date.parse().expect("a date")), "{time}");
            assert_eq!(calendar.minute(at(time)), minute, "{time}");
        }
    }

    #[test]
    fn extreme_times_have_days() {
        let mut calendar = Calendar::new(Tz::Pacific__Apia);
        for time in [i64::MIN, i64::MIN / 2, -1, 0, i64::MAX / 2, i64::MAX] {
            calendar.day(time);
            calendar.minute(time / 2);
        }
        // Apia skipped 2011-12-30.
        let skipped = day("2011-12-30".parse().expect("a date"));
        assert!(start_of_day(Tz::Pacific__Apia, skipped) <= start_of_day(Tz::Pacific__Apia, skipped + 1));
    }
}
