//! The formats that the times of many lines may have, and which of them is meant where day, month and year stand in an
//! order that nobody told.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::super::clock::Clock;
use super::super::timestamp::TimeFormat;
use super::stamp::Stamp;

/// Formats that are tried.
const FORMS_MAX: usize = 6;
const DAY_US: i64 = 86_400_000_000;

/// The formats of times, those that read most lines first; of several that read as many, that in which they run on
/// most plausibly. The file was there at `seen`.
pub fn forms(stamped: &[(&str, Stamp)], seen: i64) -> Vec<String> {
    let mut counted: Vec<(usize, usize, String)> = Vec::new();
    for (_, stamp) in stamped {
        for (rank, form) in stamp.forms.iter().enumerate() {
            match counted.iter_mut().find(|(.., known)| known == form) {
                Some((count, ..)) => *count += 1,
                None => counted.push((1, rank, form.clone())),
            }
        }
    }
    // Numbers without a leading zero read those with one, too.
    let strict = |form: &str| form.replace("%-", "%");
    let shapes: BTreeSet<String> =
        counted.iter().filter(|(.., form)| form.contains("%-")).map(|(.., form)| strict(form)).collect();
    for shape in shapes {
        let alike: Vec<(usize, usize, String)> =
            counted.iter().filter(|(.., form)| strict(form) == shape).cloned().collect();
        let mut form = shape;
        for letter in ["d", "m", "H", "I", "M", "S"] {
            let loose = format!("%-{letter}");
            if alike.iter().any(|(.., form)| form.contains(&loose)) {
                form = form.replace(&format!("%{letter}"), &loose);
            }
        }
        let rank = alike.iter().map(|(_, rank, _)| *rank).min().unwrap_or(0);
        counted.push((alike.iter().map(|(count, ..)| count).sum(), rank, form));
    }
    // Numbers of several units.
    let epochs: Vec<usize> =
        counted.iter().filter(|(.., form)| form.starts_with("epoch")).map(|(count, ..)| *count).collect();
    if epochs.len() > 1 {
        counted.push((epochs.iter().sum(), 0, "epoch".to_owned()));
    }
    counted
        .sort_by_cached_key(|(count, rank, form)| (Reverse(*count), oddity(form, stamped, seen), *rank, form.clone()));
    let mut forms: Vec<String> = counted.into_iter().map(|(.., form)| form).collect();
    let mut seen = BTreeSet::new();
    forms.retain(|form| seen.insert(form.clone()));
    forms.truncate(FORMS_MAX);
    forms
}

/// How oddly times run on in a format: the days between the first and the last, for what changes most slowly is the year;
/// then the years to when the file was there.
fn oddity(form: &str, stamped: &[(&str, Stamp)], seen: i64) -> (u64, u64) {
    let Ok(format) = TimeFormat::compile(form) else { return (u64::MAX, u64::MAX) };
    let mut clock = Clock::new(chrono_tz::UTC, None, Some(seen));
    let texts = stamped.iter().map(|(line, stamp)| &line.as_bytes()[stamp.start..stamp.end]);
    let times: Vec<i64> = texts.filter_map(|text| Some(clock.read(&format, text)?.time)).collect();
    let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) else { return (u64::MAX, u64::MAX) };
    let days = |us: u64| us / DAY_US.unsigned_abs();
    (days(last.abs_diff(*first)), days(last.abs_diff(seen)) / 365)
}
