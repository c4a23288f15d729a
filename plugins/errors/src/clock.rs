//! The wall clock: hours of the day and days of the week.

use logparser_sdk::{Minute, Time, Window};

/// Monday to Sunday.
pub const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
/// Hours of a day and of a week.
pub const DAY_H: usize = 24;
const WEEK_H: usize = 7 * DAY_H;

/// Microseconds of a minute.
const MINUTE_US: i64 = 60_000_000;

/// Counts by weekday and hour, from Monday's midnight on.
#[derive(Debug, Clone)]
pub struct Week([u64; WEEK_H]);

impl Default for Week {
    fn default() -> Self {
        Self([0; WEEK_H])
    }
}

impl Week {
    pub fn add(&mut self, day: i32, hour: u8, count: u64) {
        self.0[weekday(day) * DAY_H + usize::from(hour)] += count;
    }

    pub fn at(&self, weekday: usize, hour: usize) -> u64 {
        self.0[weekday * DAY_H + hour]
    }

    /// Counts something once in every hour of the week that it touches on the days of the window.
    pub fn touch(&mut self, first: Time, last: Time, offset_min: i16, window: &Window) {
        let hour = |time: Time| (time.0.div_euclid(MINUTE_US) + i64::from(offset_min)).div_euclid(60);
        let from = hour(first).max(i64::from(window.first_day) * DAY_H as i64);
        let to = hour(last).min(i64::from(window.end_day) * DAY_H as i64 - 1);
        for hour in (from..=to).take(WEEK_H) {
            let day = hour.div_euclid(DAY_H as i64) as i32;
            self.add(day, hour.rem_euclid(DAY_H as i64) as u8, 1);
        }
    }
}

/// 0 is Monday; 1970-01-01 was a Thursday.
pub fn weekday(day: i32) -> usize {
    (day + 3).rem_euclid(7) as usize
}

/// The hour of a minute of the day.
pub fn hour(minute: Minute) -> u8 {
    (minute.0 / 60).min(23) as u8
}

/// Local time minus UTC, from one instant on both clocks.
pub fn offset_min(day: i32, minute: Minute, time: Time) -> i16 {
    let local = i64::from(day) * 1440 + i64::from(minute.0);
    i16::try_from(local - time.0.div_euclid(MINUTE_US)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use logparser_sdk::testkit::{day, time, window};

    fn touched(first: &str, last: &str, offset_min: i16) -> Vec<(usize, usize)> {
        let mut week = Week::default();
        week.touch(Time(time(first)), Time(time(last)), offset_min, &window("2026-10-12", "2026-10-19"));
        let cells = (0..7).flat_map(|weekday| (0..DAY_H).map(move |hour| (weekday, hour)));
        cells.filter(|&(weekday, hour)| week.at(weekday, hour) == 1).collect()
    }

    #[test]
    fn weekdays_are_those_of_the_calendar() {
        assert_eq!(WEEKDAYS[weekday(day("1970-01-01"))], "Thu");
        assert_eq!(WEEKDAYS[weekday(day("2026-10-12"))], "Mon");
    }

    #[test]
    fn every_hour_that_is_touched_counts_once() {
        assert_eq!(touched("2026-10-12 08:10:00", "2026-10-12 08:50:00", 0), [(0, 8)]);
        assert_eq!(touched("2026-10-12 08:59:59", "2026-10-12 10:00:00", 0), [(0, 8), (0, 9), (0, 10)]);
        assert_eq!(touched("2026-10-12 23:59:00", "2026-10-13 00:01:00", 0), [(0, 23), (1, 0)]);
        assert_eq!(touched("2026-10-12 22:30:00", "2026-10-12 22:31:00", 120), [(1, 0)]);
    }

    #[test]
    fn only_the_days_of_the_window_count() {
        assert_eq!(touched("2026-10-11 08:00:00", "2026-10-12 01:00:00", 0), [(0, 0), (0, 1)]);
        assert_eq!(touched("2026-10-18 23:00:00", "2026-10-20 01:00:00", 0), [(6, 23)]);
        assert_eq!(touched("2026-10-12 09:00:00", "2026-10-12 08:00:00", 0), []);
        assert_eq!(touched("2026-10-01 08:00:00", "2026-11-12 01:00:00", 0).len(), WEEK_H);
    }
}
