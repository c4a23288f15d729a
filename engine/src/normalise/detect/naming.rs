//! What the fields of a head seem to hold, and which names they get: told from all of them together.

use std::collections::BTreeSet;

use super::super::severity::Severities;
use super::derive::least;
use super::words;

/// More different words are no severities.
pub const WORDS_MAX: usize = 8;

/// What a field seems to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    Severity,
    /// A few words of capitals, as severities are that nobody knows.
    Words,
    /// A dotted or single identifier.
    Identifier,
    Number,
    /// A file and a line, as they say where a record was written.
    Place,
    Other,
}

/// A field before its name is known.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    pub holds: Holds,
    /// It stands in brackets.
    pub in_brackets: bool,
    /// Most values are names in parts, such as `App.Session`.
    pub is_dotted: bool,
    /// Most values look as those of threads: `main`, `pool-1-thread-2`, `12`.
    pub is_thread: bool,
    /// A number directly behind the logger: the line of its file.
    pub is_line: bool,
}

impl Field {
    pub fn of(values: &[&str], in_brackets: bool, severities: &Severities) -> Self {
        Self {
            holds: holds(values, severities),
            in_brackets,
            is_dotted: dotted(values),
            is_thread: values.iter().filter(|value| is_thread(value)).count() >= least(values.len()),
            is_line: false,
        }
    }
}

/// The names of fields in their order; one that repeats a part or means nothing is `*`.
pub fn names(fields: &[Field]) -> Vec<&'static str> {
    let find = |fits: &dyn Fn(usize, &Field) -> bool| fields.iter().enumerate().position(|(at, field)| fits(at, field));
    let severity = find(&|_, field| matches!(field.holds, Holds::Severity | Holds::Words));
    let is_name = |field: &Field| field.holds == Holds::Identifier;
    let behind_severity = |at: usize| severity.is_some_and(|severity| at > severity);
    // In brackets before the logger or the severity stands what wrote the line, not who.
    let logger = find(&|_, field| is_name(field) && field.is_dotted && !field.in_brackets)
        .or_else(|| find(&|_, field| is_name(field) && field.is_dotted))
        .or_else(|| find(&|_, field| is_name(field) && !field.in_brackets))
        .or_else(|| find(&|at, field| is_name(field) && behind_severity(at) && !field.is_thread));
    let before = logger.max(severity).unwrap_or(0);
    let may_be_thread = |at: usize, field: &Field| {
        let in_place = field.in_brackets && (at < before || field.is_thread);
        Some(at) != logger
            && match field.holds {
                Holds::Number => !field.is_line && (field.in_brackets || logger.is_none_or(|logger| at < logger)),
                Holds::Identifier | Holds::Other => in_place,
                Holds::Severity | Holds::Words | Holds::Place => false,
            }
    };
    let thread = find(&|at, field| may_be_thread(at, field) && field.is_thread && field.in_brackets)
        // Of two numbers the first is the process.
        .or_else(|| {
            let is_number = |(at, field): (usize, &Field)| may_be_thread(at, field) && field.holds == Holds::Number;
            (0..fields.len()).rev().find(|at| is_number((*at, &fields[*at])))
        })
        .or_else(|| find(&may_be_thread));
    let name = |at: usize, field: &Field| match Some(at) {
        at if at == severity => "severity",
        at if at == logger => "logger",
        at if at == thread => "thread",
        _ if field.is_line => "line",
        _ => "*",
    };
    let mut named: Vec<&str> = fields.iter().enumerate().map(|(at, field)| name(at, field)).collect();
    // A name stands once.
    let lines: Vec<usize> = (0..named.len()).filter(|at| named[*at] == "line").collect();
    lines.into_iter().skip(1).for_each(|at| named[at] = "*");
    named
}

fn holds(values: &[&str], severities: &Severities) -> Holds {
    let most = |fits: &dyn Fn(&str) -> bool| values.iter().filter(|value| fits(value)).count() >= least(values.len());
    let some = |fits: &dyn Fn(&str) -> bool| values.iter().any(|value| fits(value));
    let known = |value: &str| words::is_severity(value, severities);
    let kinds = distinct(values);
    let of_known: Vec<&str> = values.iter().filter(|value| known(value)).copied().collect();
    // Half of them are words for severities, of several kinds: the others will be words of the same logger.
    let mostly_known = kinds <= WORDS_MAX && of_known.len() * 2 >= values.len() && distinct(&of_known) > 1;
    let repeat = kinds <= WORDS_MAX && kinds * 2 <= values.len();
    let is_number = |value: &str| !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    if most(&known) {
        Holds::Severity
    } else if most(&is_capitals) && (repeat || kinds <= WORDS_MAX && some(&known))
        || most(&is_word) && (repeat && some(&known) || mostly_known)
    {
        Holds::Words
    } else if most(&is_number) {
        Holds::Number
    } else if most(&is_identifier) {
        Holds::Identifier
    } else if most(&|value| value.rsplit_once(':').is_some_and(|(file, line)| is_identifier(file) && is_number(line))) {
        Holds::Place
    } else {
        Holds::Other
    }
}

fn is_identifier(value: &str) -> bool {
    let begins = value.starts_with(|c: char| c.is_alphabetic() || c == '_');
    begins && value.replace("::", ".").chars().all(|c| c.is_alphanumeric() || "_.-$/+`#<>".contains(c))
}

/// Whether a text is a word of capitals, as severities often are.
pub fn is_capitals(value: &str) -> bool {
    value.len() > 2 && value.chars().all(|c| c.is_ascii_uppercase())
}

fn is_word(value: &str) -> bool {
    value.len() > 2 && value.chars().all(char::is_alphabetic)
}

fn is_thread(value: &str) -> bool {
    let numbered = value.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_numbered = numbered.len() < value.len() && (numbered.is_empty() || numbered.ends_with(['-', '#']));
    value == "main" || is_numbered || value.to_ascii_lowercase().contains("thread")
}

/// Whether most of these are names in parts, such as `App.Session` or `app::session`.
pub fn dotted(values: &[&str]) -> bool {
    let is_dotted = |value: &&&str| {
        let value = value.trim_end_matches(':').replace("::", ".");
        value.split('.').count() > 1
            && value.split('.').all(|part| part.starts_with(|c: char| c.is_alphabetic() || c == '_'))
    };
    values.iter().filter(is_dotted).count() * 10 >= values.len() * 6
}

pub fn distinct(values: &[&str]) -> usize {
    values.iter().collect::<BTreeSet<_>>().len()
}
