//! Values in words: the one place that renders a cell for people.
//!
//! Digits are grouped with a narrow no-break space, which reads the same in every country; the decimal sign is a
//! point; a value that is missing is an em dash.

mod day;
mod duration;
mod number;
mod text;
mod unit;

use chrono::offset::LocalResult;
use chrono::{DateTime, TimeZone, Utc};
use chrono_tz::Tz;

pub use day::{day, window};
pub use duration::duration;
pub use number::{bytes, count, float, integer, percent};
pub use text::visible;
pub use unit::Unit;

use crate::model::Cell;

/// What stands where there is no value.
pub const NO_VALUE: &str = "—";

/// Renders cells, with times in the report's zone.
#[derive(Debug, Clone, Copy)]
pub struct Formatter {
    zone: Option<Tz>,
}

impl Formatter {
    /// A formatter for the zone of a report: an IANA name. Any other name, such as `instance`, gives times in UTC
    /// that say so.
    pub fn new(zone: &str) -> Self {
        Self { zone: zone.parse().ok() }
    }

    /// The cell in words.
    pub fn cell(&self, cell: &Cell) -> String {
        match cell {
            Cell::None => NO_VALUE.to_owned(),
            Cell::Boolean(true) => "yes".to_owned(),
            Cell::Boolean(false) => "no".to_owned(),
            Cell::Integer(value) => integer(*value),
            Cell::Float(value) => float(*value),
            Cell::Duration(ms) => duration(*ms),
            Cell::Percent(share) => percent(*share),
            Cell::Time(time) => self.time(*time),
            Cell::Text(text) | Cell::Symbol(text) | Cell::Instance(text) => visible(text),
            Cell::Record { instance, file, offset } => {
                format!("{} {} @{offset}", visible(instance), visible(file))
            }
        }
    }

    /// The time as it stands in logs, to the second: `2026-10-16 07:15:02`.
    ///
    /// Where the clocks go back and an hour comes twice, the offset is added: only it tells the two apart.
    pub fn time(&self, time: DateTime<Utc>) -> String {
        const FORM: &str = "%Y-%m-%d %H:%M:%S";
        let Some(zone) = self.zone else {
            return time.format("%Y-%m-%d %H:%M:%S UTC").to_string();
        };
        let local = time.with_timezone(&zone);
        match zone.from_local_datetime(&local.naive_local()) {
            LocalResult::Ambiguous(..) => local.format("%Y-%m-%d %H:%M:%S %:z").to_string(),
            _ => local.format(FORM).to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Cell {
        Cell::Time(text.parse().unwrap())
    }

    #[test]
    fn times_are_in_the_zone_of_the_report() {
        let berlin = Formatter::new("Europe/Berlin");
        assert_eq!(berlin.cell(&at("2026-10-16T05:15:02.9Z")), "2026-10-16 07:15:02");
        let each = Formatter::new("instance");
        assert_eq!(each.cell(&at("2026-10-16T05:15:02Z")), "2026-10-16 05:15:02 UTC");
    }

    #[test]
    fn the_hour_that_comes_twice_says_which_one_it_is() {
        let berlin = Formatter::new("Europe/Berlin");
        assert_eq!(berlin.cell(&at("2026-10-25T00:30:00Z")), "2026-10-25 02:30:00 +02:00");
        assert_eq!(berlin.cell(&at("2026-10-25T01:30:00Z")), "2026-10-25 02:30:00 +01:00");
        assert_eq!(berlin.cell(&at("2026-10-25T02:30:00Z")), "2026-10-25 03:30:00");
    }

    #[test]
    fn cells_in_words() {
        let formatter = Formatter::new("UTC");
        let record = Cell::Record { instance: "s-1".into(), file: "app.log".into(), offset: 48211 };
        let cases = [
            (Cell::None, "—"),
            (Cell::Boolean(true), "yes"),
            (Cell::Integer(-1200), "−1\u{202f}200"),
            (Cell::Float(f64::NAN), "—"),
            (Cell::Duration(2848.99), "2.8 s"),
            (Cell::Percent(0.98), "98.0%"),
            (Cell::text("a\u{1b}[31m"), r"a\u{1b}[31m"),
            (record, "s-1 app.log @48211"),
        ];
        for (cell, words) in cases {
            assert_eq!(formatter.cell(&cell), words, "{cell:?}");
        }
    }
}
