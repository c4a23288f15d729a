//! Calendar arithmetic on day numbers, for the two places that are too hot for a date library.

/// Milliseconds of one day.
pub const DAY_MS: i64 = 86_400_000;
/// Milliseconds of one hour.
pub const HOUR_MS: i64 = 3_600_000;

/// Days since 1970-01-01 of a date in the proleptic Gregorian calendar.
#[must_use]
pub fn day_of(year: i32, month: u32, day: u32) -> i32 {
    // Years begin in March, so that the leap day is the last of its year.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month as i32 + 9) % 12) + 2) / 5 + day as i32 - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of a day number.
#[must_use]
pub fn date_of(day: i32) -> (i32, u32, u32) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let date = (day_of_year - (153 * march_month + 2) / 5 + 1) as u32;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 } as u32;
    let year = year_of_era + era * 400 + i32::from(month <= 2);
    (year, month, date)
}

/// `2026-10-12` of a day number.
#[must_use]
pub fn iso_day(day: i32) -> String {
    let (year, month, date) = date_of(day);
    format!("{year:04}-{month:02}-{date:02}")
}

/// Weekday of a day number, 0 is Monday.
#[must_use]
pub fn weekday_of(day: i32) -> usize {
    // 1970-01-01 was a Thursday.
    (day + 3).rem_euclid(7) as usize
}

/// Day number, and hour of the day, of an instant in UTC.
#[must_use]
pub fn day_and_hour(time_ms: i64) -> (i32, usize) {
    let day = time_ms.div_euclid(DAY_MS);
    let hour = time_ms.rem_euclid(DAY_MS) / HOUR_MS;
    (day as i32, hour as usize)
}

#[cfg(test)]
mod tests {
    use chrono::{Datelike, NaiveDate};

    use super::*;

    #[test]
    fn agrees_with_chrono_over_centuries() {
        let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
        for day in (-200_000..200_000).step_by(17) {
            let date = epoch + chrono::Duration::days(i64::from(day));
            let parts = (date.year(), date.month(), date.day());
            assert_eq!(date_of(day), parts);
            assert_eq!(day_of(parts.0, parts.1, parts.2), day);
            assert_eq!(weekday_of(day), date.weekday().num_days_from_monday() as usize);
        }
    }

    #[test]
    fn instants_before_1970_belong_to_the_day_they_lie_in() {
        assert_eq!(day_and_hour(-1), (-1, 23));
        assert_eq!(day_and_hour(25 * HOUR_MS), (1, 1));
    }
}
