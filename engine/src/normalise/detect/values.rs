//! What the values of a field have in common.

use super::super::severity::Severities;
use super::naming::distinct;
use super::words;

/// Whether at least half of these have words enough for a sentence, and differ.
pub fn are_sentences(values: &[&str]) -> bool {
    let sentences: Vec<&str> = values.iter().filter(|value| value.split_whitespace().count() > 2).copied().collect();
    sentences.len() * 2 >= values.len() && distinct(&sentences) * 2 > sentences.len()
}

/// Whether a word for a severity comes next.
pub fn begins_severity(text: &str, severities: &Severities) -> bool {
    let text = text.trim_start_matches([' ', '[', '(', '<', ']']);
    let word = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    word.len() > 1 && words::is_severity(word, severities)
}

/// Whether a text is the name of a zone, such as `Europe/Berlin`.
pub fn is_zone(value: &str) -> bool {
    value.contains('/') && value.parse::<chrono_tz::Tz>().is_ok()
}

pub fn starts_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

/// Values such as `core:error` or `core.ERROR`, as who wrote the line and how grave it is.
pub fn halves<'v>(
    values: &[&'v str],
    sign: char,
    needed: usize,
    severities: &Severities,
) -> Option<(Vec<&'v str>, Vec<&'v str>)> {
    let half = |value: &&'v str| value.split_once(sign).filter(|(who, how)| !who.contains(' ') && !how.is_empty());
    let halves: Vec<(&str, &str)> = values.iter().filter_map(half).collect();
    let says = |(who, how): &&(&str, &str)| words::is_severity(if sign == '/' { who } else { how }, severities);
    (halves.iter().filter(says).count() >= needed).then(|| halves.into_iter().unzip())
}

/// A text before the first `end`, and from there on; two colons are part of a name.
pub fn cut<'t>(text: &'t str, end: &str) -> (&'t str, &'t str) {
    let is_half = |at: usize| end == ":" && (text[at + 1..].starts_with(':') || text[..at].ends_with(':'));
    let at = text.match_indices(end).map(|(at, _)| at).find(|at| !is_half(*at));
    text.split_at(at.unwrap_or(text.len()))
}
