//! Days and windows.

use chrono::{Datelike, NaiveDate};

use crate::model::Window;

/// A day: `12 October 2026`.
pub fn day(day: NaiveDate) -> String {
    day.format("%-d %B %Y").to_string()
}

/// The days of a window, both ends included: `12 – 16 October 2026`.
pub fn window(window: &Window) -> String {
    let (from, last) = (window.from, window.to.pred_opt().unwrap_or(window.to));
    if from >= last {
        return day(from);
    }
    let form = match (from.year() == last.year(), from.month() == last.month()) {
        (true, true) => "%-d",
        (true, false) => "%-d %B",
        (false, _) => "%-d %B %Y",
    };
    format!("{} – {}", from.format(form), day(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_says_no_month_twice() {
        let cases = [
            ("2026-10-12", "2026-10-17", "12 – 16 October 2026"),
            ("2026-10-12", "2026-10-13", "12 October 2026"),
            ("2026-10-12", "2026-10-12", "12 October 2026"),
            ("2026-09-28", "2026-10-05", "28 September – 4 October 2026"),
            ("2026-12-28", "2027-01-04", "28 December 2026 – 3 January 2027"),
            ("2026-10-01", "2027-10-02", "1 October 2026 – 1 October 2027"),
        ];
        for (from, to, words) in cases {
            let shown = window(&Window::new(from.parse().unwrap(), to.parse().unwrap(), "UTC"));
            assert_eq!(shown, words);
        }
    }
}
