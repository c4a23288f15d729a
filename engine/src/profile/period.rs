//! Days and periods, as a person writes them in the profile and on the command line.

use chrono::NaiveDate;

use super::Period;

/// Longest period in days: a hundred years, more than any log reaches back.
const PERIOD_DAYS_MAX: u32 = 36_525;

/// What a period may look like, for help texts.
pub(super) const PERIOD_HELP: &str =
    "\"7 days\", \"last month\", \"all\" or \"2026-10-01..2026-10-31\" (both days are included)";

/// Reads a period: `7 days`, `last month`, `all`, or `2026-10-01..2026-10-31`, in which the last day is included.
///
/// # Errors
/// What is wrong with the text, to stand after it, and what would be right.
pub fn parse_period(text: &str) -> Result<Period, String> {
    read_period(text).map_err(|problem| format!("{problem}; write {PERIOD_HELP}"))
}

/// Reads a period; the error is only what is wrong.
pub(super) fn read_period(text: &str) -> Result<Period, String> {
    match text.trim() {
        "all" => return Ok(Period::All),
        "last month" => return Ok(Period::LastMonth),
        _ => {}
    }
    if let Some((first, last)) = text.split_once("..") {
        return parse_range(first.trim(), last.trim());
    }
    let days = text.trim().strip_suffix("days").or_else(|| text.trim().strip_suffix("day"));
    let Some(days) = days.and_then(|days| days.trim_end().parse::<u32>().ok()) else {
        return Err("is not a period".to_owned());
    };
    if !(1..=PERIOD_DAYS_MAX).contains(&days) {
        return Err(format!("must have from 1 to {PERIOD_DAYS_MAX} days"));
    }
    Ok(Period::LastDays(days))
}

fn parse_range(first: &str, last: &str) -> Result<Period, String> {
    let from = parse_day(first).map_err(|problem| format!("begins with \"{first}\", which {problem}"))?;
    let last_day = parse_day(last).map_err(|problem| format!("ends with \"{last}\", which {problem}"))?;
    if last_day < from {
        return Err("ends before it begins".to_owned());
    }
    Ok(Period::Days { from, to: last_day + 1 })
}

/// Reads a day such as `2026-10-12`, as days since 1970-01-01.
///
/// # Errors
/// What is wrong with the text, to stand after its name.
pub fn parse_day(text: &str) -> Result<i32, String> {
    let digits = |part: &str, count| part.len() == count && part.bytes().all(|b| b.is_ascii_digit());
    let shape = matches!(text.split('-').collect::<Vec<_>>()[..],
        [year, month, day] if digits(year, 4) && digits(month, 2) && digits(day, 2));
    if !shape {
        return Err("is not a day such as 2026-10-12".to_owned());
    }
    let date: NaiveDate = text.parse().map_err(|_| "is not a day of the calendar".to_owned())?;
    Ok(date.to_epoch_days())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_read_as_people_write_them() {
        let day = |text| parse_day(text).expect("a day");
        for (text, period) in [
            ("7 days", Period::LastDays(7)),
            ("1 day", Period::LastDays(1)),
            (" 30days ", Period::LastDays(30)),
            ("last month", Period::LastMonth),
            ("all", Period::All),
            ("2026-10-01..2026-10-31", Period::Days { from: day("2026-10-01"), to: day("2026-11-01") }),
            ("2026-10-12 .. 2026-10-12", Period::Days { from: day("2026-10-12"), to: day("2026-10-13") }),
        ] {
            assert_eq!(parse_period(text), Ok(period), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for (text, problem) in [
            ("", "is not a period"),
            ("week", "is not a period"),
            ("-3 days", "is not a period"),
            ("0 days", "must have from 1 to 36525 days"),
            ("99999 days", "must have from 1 to 36525 days"),
            ("99999999999 days", "is not a period"),
            ("2026-10-31..2026-10-01", "ends before it begins"),
            ("2026-02-29..2026-03-01", "begins with \"2026-02-29\", which is not a day of the calendar"),
            ("2026-10-01..", "ends with \"\", which is not a day such as 2026-10-12"),
            ("+2026-1-1..2026-10-01", "begins with \"+2026-1-1\", which is not a day such as 2026-10-12"),
        ] {
            assert_eq!(read_period(text), Err(problem.to_owned()), "{text}");
            assert_eq!(parse_period(text), Err(format!("{problem}; write {PERIOD_HELP}")), "{text}");
        }
    }

    #[test]
    fn days_count_from_1970() {
        assert_eq!(parse_day("1970-01-01"), Ok(0));
        assert_eq!(parse_day("1969-12-31"), Ok(-1));
        assert_eq!(parse_day("2026-10-12"), Ok(20_738));
        assert!(parse_day("2026-10-12 ").is_err());
    }
}
