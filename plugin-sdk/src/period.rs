//! The window of a report beside the period before it.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::{Cell, Instance, Metric, Window};

impl Window {
    /// The days of the report.
    pub fn days(&self) -> Range<i32> {
        self.first_day..self.end_day
    }

    /// The days before, with which they are compared.
    pub fn previous_days(&self) -> Range<i32> {
        self.context_first_day..self.first_day
    }
}

impl Instance {
    /// What the engine knows of the instance under this name; none where it knows nothing.
    pub fn fact(&self, name: &str) -> Option<i64> {
        self.facts.iter().find(|fact| fact.name == name).map(|fact| fact.value)
    }
}

/// The days on which any instance has records: on the others a count is unknown, not zero.
#[derive(Debug, Clone, Default)]
pub struct Coverage(BTreeSet<i32>);

impl Coverage {
    /// Takes in the days on which an instance has records.
    pub fn see(&mut self, days: impl IntoIterator<Item = i32>) {
        self.0.extend(days);
    }

    /// Whether there are records on this day.
    pub fn has(&self, day: i32) -> bool {
        self.0.contains(&day)
    }

    /// Number of days with records.
    pub fn days(&self, range: Range<i32>) -> u64 {
        self.0.range(range).count() as u64
    }

    /// Whether the period before has records on at least half as many days as the window has. With less, everything
    /// would look new and growing when the logs reach back no further.
    pub fn is_comparable(&self, window: &Window) -> bool {
        let (now, before) = (self.days(window.days()), self.days(window.previous_days()));
        before > 0 && 2 * before >= now
    }

    /// A count of one day, to be drawn: none where there are no records.
    pub fn count(&self, day: i32, count: Option<u64>) -> Option<f64> {
        self.has(day).then(|| count.unwrap_or(0) as f64)
    }
}

impl Metric {
    /// Notes the change against the value of the period before: of a share in points, else in percent. Says nothing
    /// where one of the two is unknown.
    pub fn compare(&mut self, before: impl Into<Cell>) -> &mut Self {
        match change(&self.value, &before.into()) {
            Some(change) => self.note(format!("{change} against the period before")),
            None => self,
        }
    }
}

/// The change of a value against the period before, such as `+12 %`, of a share in points; none where one of the two
/// is unknown.
pub fn change(now: &Cell, before: &Cell) -> Option<String> {
    let (new, old) = (number(now)?, number(before)?);
    let text = match now {
        Cell::Percent(_) => format!("{:+.1} points", 100.0 * (new - old)),
        _ if new == old => "unchanged".to_owned(),
        _ if old == 0.0 => "none before".to_owned(),
        _ => format!("{:+.0} %", 100.0 * (new - old) / old.abs()),
    };
    Some(text)
}

fn number(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Integer(value) => Some(*value as f64),
        Cell::Float(value) | Cell::Duration(value) | Cell::Percent(value) => Some(*value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::{day, window};

    #[test]
    fn a_change_says_how_much() {
        let change = |now: Cell, before: Cell| change(&now, &before).unwrap_or_default();
        assert_eq!(change(Cell::Integer(112), Cell::Integer(100)), "+12 %");
        assert_eq!(change(Cell::Duration(50.0), Cell::Duration(100.0)), "-50 %");
        assert_eq!(change(Cell::Integer(3), Cell::Integer(3)), "unchanged");
        assert_eq!(change(Cell::Integer(3), Cell::Integer(0)), "none before");
        assert_eq!(change(Cell::Percent(0.95), Cell::Percent(0.985)), "-3.5 points");
        assert_eq!(change(Cell::Integer(3), Cell::None), "");
    }

    #[test]
    fn a_period_with_too_few_days_before_it_is_not_compared() {
        let window = window("2026-10-12", "2026-10-17");
        let mut coverage = Coverage::default();
        coverage.see(window.days());
        assert!(!coverage.is_comparable(&window));
        coverage.see([day("2026-10-10"), day("2026-10-11")]);
        assert!(!coverage.is_comparable(&window));
        coverage.see([day("2026-10-09")]);
        assert!(coverage.is_comparable(&window));
    }

    #[test]
    fn a_day_without_records_is_unknown_and_not_zero() {
        let mut coverage = Coverage::default();
        coverage.see([7]);
        assert_eq!(coverage.count(7, None), Some(0.0));
        assert_eq!(coverage.count(8, Some(3)), None);
    }
}
