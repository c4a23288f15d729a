//! Dates and times of day.

use super::super::names;
use super::scan::{bounded, digits, is_in_row, one_of, run, word_of};

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/// `Sept.`, and what is as long with a letter beyond ASCII.
const SHORT_MONTH_BYTES_MAX: usize = 6;
/// Abbreviations that stand behind a time; any other word there is one of the text.
const ZONES: [&str; 22] = [
    "UTC", "GMT", "EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT", "CET", "CEST", "BST", "IST", "JST", "WET",
    "WEST", "EET", "EEST", "MSK", "AEST", "AEDT",
];

/// Whether a word is the name of a weekday or a month.
pub fn is_name(word: &[u8]) -> bool {
    let Ok(word) = <[u8; 3]>::try_from(word) else { return false };
    let word = word.map(|byte| byte.to_ascii_lowercase());
    WEEKDAYS.iter().chain(&MONTHS).any(|name| name.as_bytes() == word)
}

/// `2026-10-12T05:08:31.905Z`, `12.10.2026`, `05:08:31,905`, `Mon Oct 12 05:08:31 CEST 2026`
pub fn time(text: &[u8], at: usize) -> Option<usize> {
    let number = run(text, at, u8::is_ascii_digit);
    let may_go_on = match text.get(number) {
        Some(b'-' | b'/' | b'.') => true,
        Some(b':' | b' ') => number - at <= 2,
        _ => false,
    };
    if number > at && !may_go_on {
        // Most numbers are no dates.
        return None;
    }
    let end = match date(text, at).or_else(|| written(text, at)) {
        Some(end) => {
            let clock = one_of(text, end, b"T _:").and_then(|start| clock(text, start));
            let year = |end| one_of(text, end, b" ").and_then(|start| digits(text, start, 4, 4));
            clock.map_or(end, |end| year(end).and_then(|end| bounded(text, end)).unwrap_or(end))
        }
        None => clock(text, at).filter(|_| !is_in_row(text, at))?,
    };
    bounded(text, end)
}

fn date(text: &[u8], at: usize) -> Option<usize> {
    let first = run(text, at, u8::is_ascii_digit);
    let separator = *text.get(first).filter(|byte| b"-/.".contains(byte))?;
    let second = digits(text, first + 1, 1, 2).filter(|end| text.get(*end) == Some(&separator))?;
    match first - at {
        4 => digits(text, second + 1, 1, 2),
        1 | 2 => digits(text, second + 1, 4, 4),
        _ => None,
    }
}

/// `Mon, 12 Oct 2026`, `Oct 12`, `12/Oct/2026`, `12. Oktober`
fn written(text: &[u8], at: usize) -> Option<usize> {
    let weekday = word_of(text, at, &WEEKDAYS).and_then(|end| blank(text, one_of(text, end, b",").unwrap_or(end)));
    let start = weekday.unwrap_or(at);
    let end = match word_of(text, start, &MONTHS) {
        Some(month) => digits(text, blank(text, month)?, 1, 2)?,
        None => {
            let day = digits(text, start, 1, 2)?;
            ordinal(text, day).or_else(|| word_of(text, one_of(text, day, b" -/")?, &MONTHS))?
        }
    };
    let year = one_of(text, end, b" -/,").map(|start| blank(text, start).unwrap_or(start));
    let year = year.and_then(|start| digits(text, start, 4, 4)).and_then(|end| bounded(text, end));
    bounded(text, year.unwrap_or(end))
}

/// Where the month of `12. Okt.` ends, behind the day; the dot behind a long name is one of the text.
fn ordinal(text: &[u8], day: usize) -> Option<usize> {
    text.get(day..)?.starts_with(b". ").then_some(())?;
    let start = day + 2;
    let (_, end) = names::month(text, start)?;
    let is_long = end - start > SHORT_MONTH_BYTES_MAX;
    Some(end - usize::from(is_long && text[..end].ends_with(b".")))
}

/// Position behind blanks, one at least.
fn blank(text: &[u8], at: usize) -> Option<usize> {
    let end = run(text, at, |byte| *byte == b' ');
    (end > at).then_some(end)
}

/// `05:08`, `05:08:31.905 PM`, `05:08:31+02:00`; no part of a longer row of numbers with colons.
fn clock(text: &[u8], at: usize) -> Option<usize> {
    let mut end = digits(text, at, 1, 2)?;
    end = digits(text, one_of(text, end, b":")?, 2, 2)?;
    if let Some(seconds) = one_of(text, end, b":").and_then(|start| digits(text, start, 2, 2)) {
        end = seconds;
        let fraction = one_of(text, end, b".,:").and_then(|start| digits(text, start, 1, 9));
        end = fraction.unwrap_or(end);
    }
    if one_of(text, end, b":").is_some_and(|start| text.get(start).is_some_and(u8::is_ascii_alphanumeric)) {
        return None;
    }
    let blank = one_of(text, end, b" ");
    let half = word_of(text, blank.unwrap_or(end), &["am", "pm"]);
    // German has `am 13. März` behind a time.
    let is_german = |end: usize| {
        text[..end].ends_with(b" am")
            && text.get(end) == Some(&b' ')
            && digits(text, end + 1, 1, 2).is_some_and(|day| text.get(day) == Some(&b'.'))
    };
    end = half.filter(|half| !is_german(*half)).unwrap_or(end);
    let offset = |start| {
        let hours = digits(text, one_of(text, start, b"+-")?, 2, 4)?;
        Some(one_of(text, hours, b":").and_then(|minutes| digits(text, minutes, 2, 2)).unwrap_or(hours))
    };
    let zone = one_of(text, end, b"Z").or_else(|| offset(end)).or_else(|| {
        let start = one_of(text, end, b" ")?;
        ZONES.iter().find_map(|zone| super::scan::literal(text, start, zone.as_bytes())).or_else(|| offset(start))
    });
    Some(zone.and_then(|end| bounded(text, end)).unwrap_or(end))
}
