//! Which days are written beneath an axis.

use chrono::{Datelike, Days, NaiveDate, Weekday};

/// Room for a label such as `28 Sep`.
const DAY_LABEL_PX: f64 = 52.0;
/// Room for a label such as `Mon 28 Sep`.
const WEEKDAY_LABEL_PX: f64 = 84.0;
/// Room for a label such as `28 Sep 2026`.
const FULL_LABEL_PX: f64 = 90.0;

/// Positions (centres of places, from the first day) and labels for `slots` days along `width_px`: every day where
/// there is room, else Mondays, else the first of each month, else days at even distances.
pub(super) fn labels(first: Option<NaiveDate>, slots: usize, width_px: f64) -> Vec<(f64, String)> {
    let Some(first) = first else {
        return Vec::new();
    };
    let room = |label_px: f64| (width_px / label_px) as usize;
    let some = |step: usize, test: fn(NaiveDate) -> bool, form: &str| -> Vec<(f64, String)> {
        let days = (0..slots).step_by(step).filter_map(|slot| Some((slot, day_at(first, slot)?)));
        let shown = days.filter(|(_, day)| test(*day));
        shown.map(|(slot, day)| (slot as f64 + 0.5, day.format(form).to_string())).collect()
    };
    if slots <= room(WEEKDAY_LABEL_PX) {
        some(1, |_| true, "%a %-d %b")
    } else if slots <= room(DAY_LABEL_PX) {
        some(1, |_| true, "%-d %b")
    } else if slots / 7 < room(DAY_LABEL_PX) {
        some(1, |day| day.weekday() == Weekday::Mon, "%-d %b")
    } else if slots / 30 < room(DAY_LABEL_PX) {
        some(1, |day| day.day() == 1, "%b %Y")
    } else {
        some(slots.div_ceil(room(FULL_LABEL_PX)), |_| true, "%-d %b %Y")
    }
}

fn day_at(first: NaiveDate, slot: usize) -> Option<NaiveDate> {
    first.checked_add_days(Days::new(slot as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels_of(slots: usize) -> Vec<(f64, String)> {
        labels(NaiveDate::from_ymd_opt(2026, 9, 17), slots, 880.0)
    }

    #[test]
    fn few_days_are_all_named() {
        assert_eq!(labels_of(1), [(0.5, "Thu 17 Sep".to_owned())]);
        assert_eq!(labels_of(14).len(), 14);
    }

    #[test]
    fn a_month_is_named_by_its_mondays() {
        let shown = labels_of(30);
        assert_eq!(shown[0], (4.5, "21 Sep".to_owned()));
        assert_eq!(shown.len(), 4);
        assert_eq!(labels_of(90).len(), 13);
    }

    #[test]
    fn labels_always_have_room() {
        for slots in [1, 5, 10, 16, 17, 60, 118, 119, 400, 1000, 100_000, 90_000_000] {
            let shown = labels_of(slots);
            assert!(shown.len() * 50 <= 880, "{} labels for {slots} days", shown.len());
        }
    }
}
