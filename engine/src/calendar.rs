//! Local days and minutes of the report's zone.
//!
//! A day is the time between two local midnights: 23, 24 or 25 hours. Times are microseconds since 1970 UTC, days
//! are days since 1970-01-01.

use std::ops::Range;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone};
use chrono_tz::Tz;

/// Microseconds of a second.
pub const SECOND_US: i64 = 1_000_000;
const MINUTE_US: i64 = 60 * SECOND_US;
const DAY_US: i64 = 86_400 * SECOND_US;
/// Hardly any zone changes its offset within a quarter of an hour that begins on the quarter.
const SLOT_US: i64 = 15 * MINUTE_US;

/// Finds the local day of times that mostly follow each other.
pub struct Calendar {
    zone: Tz,
    /// Times that tell an offset have the days of that.
    by_offset: bool,
    /// The offset that the last of them told, in minutes; 0 where it told none.
    told_min: i16,
    /// The day found last, and its bounds.
    day: i32,
    from: i64,
    to: i64,
    /// Times that all have this offset.
    alike: Range<i64>,
    offset_us: i64,
}

impl Calendar {
    /// The calendar of a zone.
    pub fn new(zone: Tz) -> Self {
        Self { zone, by_offset: false, told_min: 0, day: 0, from: 0, to: 0, alike: 0..0, offset_us: 0 }
    }

    /// The days of an instance. With `by_offset`, nobody said in which zone it is, and each of its times that tells an
    /// offset has the days of that offset.
    pub fn of(zone: Tz, by_offset: bool) -> Self {
        Self { by_offset, ..Self::new(zone) }
    }

    /// Goes over to a time that tells this offset from UTC, or none.
    #[inline]
    pub fn follow(&mut self, told_min: i16) {
        if self.by_offset && told_min != self.told_min {
            *self = Self { by_offset: true, told_min, ..Self::new(self.zone) };
        }
    }

    /// The local day of a time.
    #[inline]
    pub fn day(&mut self, time: i64) -> i32 {
        if time < self.from || time >= self.to {
            self.find(time);
        }
        self.day
    }

    /// The bounds of the day that was found last; none where the next time may tell another offset.
    #[inline]
    pub fn bounds(&self) -> Range<i64> {
        if self.by_offset { 0..0 } else { self.from..self.to }
    }

    /// Minutes since local midnight, as the wall clock shows them.
    pub fn minute(&mut self, time: i64) -> u32 {
        if !self.alike.contains(&time) {
            self.find_alike(time);
        }
        ((time + self.offset_us).rem_euclid(DAY_US) / MINUTE_US) as u32
    }

    /// Finds the times around one that have its offset: the day's where it has one only, else a quarter of an hour.
    #[cold]
    fn find_alike(&mut self, time: i64) {
        self.offset_us = self.offset(time);
        let is_alike = |times: &Range<i64>| {
            let step = (times.end.saturating_sub(times.start) / 4).max(1);
            let mut tried = (times.start..times.end).step_by(step as usize).chain([times.end.saturating_sub(1)]);
            times.contains(&time) && tried.all(|time| self.offset(time) == self.offset_us)
        };
        let slot = time - time.rem_euclid(SLOT_US);
        let spans = [self.from..self.to, slot..slot.saturating_add(SLOT_US)];
        self.alike = spans.into_iter().find(is_alike).unwrap_or(0..0);
    }

    fn offset(&self, time: i64) -> i64 {
        match self.told_min {
            0 => offset_us(self.zone, time),
            minutes => i64::from(minutes) * MINUTE_US,
        }
    }

    #[cold]
    fn find(&mut self, time: i64) {
        let local = time.saturating_add(self.offset(time));
        self.day = i32::try_from(local.div_euclid(DAY_US)).unwrap_or(if local < 0 { i32::MIN } else { i32::MAX });
        if self.told_min != 0 {
            self.from = i64::from(self.day) * DAY_US - self.offset(time);
            self.to = self.from + DAY_US;
            return;
        }
        self.from = last_midnight(self.zone, self.day).unwrap_or_else(|| start_of_day(self.zone, self.day));
        self.to = start_of_day(self.zone, self.day.saturating_add(1));
        if time < self.from || time >= self.to {
            // Around a midnight that comes twice: only this instant is sure.
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
    if let Some(first) = earliest(zone, date.and_time(NaiveTime::MIN)) {
        return first;
    }
    // A midnight that the zone skipped: the day begins with the jump.
    let midnight = i64::from(day) * DAY_US;
    let (mut before, mut after) = (midnight - DAY_US, midnight + DAY_US);
    while after - before > 1 {
        let time = before + (after - before) / 2;
        if time + offset_us(zone, time) < midnight { before = time } else { after = time }
    }
    after
}

/// The last instant at which a local day begins; none where the zone skipped its midnight.
fn last_midnight(zone: Tz, day: i32) -> Option<i64> {
    let midnight = date(day)?.and_time(NaiveTime::MIN);
    zone.from_local_datetime(&midnight).latest().map(|instant| instant.timestamp_micros())
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
        assert_eq!(hours(Tz::America__Sao_Paulo, "2018-02-17"), 25, "its last hour comes twice");
        assert_eq!(hours(Tz::Australia__Sydney, "2026-04-05"), 25);
        assert_eq!(hours(Tz::Australia__Sydney, "2026-10-04"), 23);
        let length = |date: &str| {
            let day = day(date.parse().expect("a date"));
            [day, day + 1].map(|day| start_of_day(Tz::Australia__Lord_Howe, day))
        };
        let [from, to] = length("2026-10-04");
        assert_eq!((to - from) / MINUTE_US, 23 * 60 + 30);
        let [from, to] = length("2026-04-05");
        assert_eq!((to - from) / MINUTE_US, 24 * 60 + 30);
    }

    #[test]
    fn offsets_with_seconds_are_right_to_the_second() {
        let mut calendar = Calendar::new(Tz::Africa__Monrovia);
        // 44 minutes and 30 seconds behind UTC, until the midnight that became a quarter to one.
        let cases = [
            ("1972-01-07T00:43:29Z", "1972-01-06", 23 * 60 + 58),
            ("1972-01-07T00:44:29Z", "1972-01-06", 23 * 60 + 59),
            ("1972-01-07T00:44:30Z", "1972-01-07", 44),
            ("1972-01-07T00:45:00Z", "1972-01-07", 45),
        ];
        for (time, date, minute) in cases {
            assert_eq!(calendar.day(at(time)), day(date.parse().expect("a date")), "{time}");
            assert_eq!(calendar.minute(at(time)), minute, "{time}");
        }
        assert_eq!(
            start_of_day(Tz::Africa__Monrovia, day("1972-01-07".parse().expect("a date"))),
            at("1972-01-07T00:44:30Z")
        );
    }

    #[test]
    fn minutes_of_a_fold_at_midnight_belong_to_the_day_before() {
        let mut calendar = Calendar::new(Tz::America__St_Johns);
        // One minute after midnight it was one minute past eleven again.
        let cases = [
            ("2010-11-07T02:29:59Z", "2010-11-06", 23 * 60 + 59),
            ("2010-11-07T02:30:00Z", "2010-11-07", 0),
            ("2010-11-07T02:31:00Z", "2010-11-06", 23 * 60 + 1),
            ("2010-11-07T03:30:00Z", "2010-11-07", 0),
        ];
        for (time, date, minute) in cases {
            assert_eq!(calendar.day(at(time)), day(date.parse().expect("a date")), "{time}");
            assert_eq!(calendar.minute(at(time)), minute, "{time}");
        }
    }

    #[test]
    fn a_time_that_tells_its_offset_has_the_days_of_that_where_nothing_else_is_known() {
        // The offset that is told in minutes, the time, and day and minute.
        let cases = [
            (540, "2026-10-11T20:48:03Z", "2026-10-12", 5 * 60 + 48),
            (540, "2026-10-12T14:59:59Z", "2026-10-12", 23 * 60 + 59),
            (540, "2026-10-12T15:00:00Z", "2026-10-13", 0),
            (-570, "2026-10-12T09:29:59Z", "2026-10-11", 23 * 60 + 59),
            (0, "2026-10-11T22:30:00Z", "2026-10-12", 30),
            (120, "2026-10-11T22:30:00Z", "2026-10-12", 30),
            (60, "2026-10-11T22:30:00Z", "2026-10-11", 23 * 60 + 30),
        ];
        let zone = Tz::Europe__Berlin;
        let mut told = Calendar::of(zone, true);
        let mut known = Calendar::of(zone, false);
        for (offset_min, time, date, minute) in cases {
            told.follow(offset_min);
            assert_eq!(told.day(at(time)), day(date.parse().expect("a date")), "{time}");
            assert_eq!(told.minute(at(time)), minute, "{time}");
            assert!(told.bounds().is_empty(), "the next one may tell another");
            known.follow(offset_min);
            assert_eq!(known.day(at(time)), Calendar::new(zone).day(at(time)), "{time}");
        }
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
