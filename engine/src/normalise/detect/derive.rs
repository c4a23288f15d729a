//! A pattern of one's own, derived from lines: what stands in all of them is text, what varies is a field.

use std::collections::{BTreeMap, BTreeSet};

use super::super::severity::Severities;
use super::stamp::{self, Stamp};

/// Lines that need not fit, as a share of those with a time.
const OUTLIERS_MAX: f64 = 0.1;
/// Lines of which a pattern is derived: more do not make it better.
const LINES_MAX: usize = 500;
/// A longer text is no field of a head.
const FIELD_CHARS_MAX: usize = 80;
/// More different words are no severities.
const WORDS_MAX: usize = 8;
/// Fields before the body.
const FIELDS_MAX: usize = 8;

/// What a field seems to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    Severity,
    /// A few words of capitals, as severities are in another language.
    Words,
    /// A dotted or single identifier.
    Identifier,
    Number,
    Other,
}

/// A pattern, and the format of its times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derived {
    pub pattern: String,
    pub timestamp: String,
    /// Words for severities that are not known.
    pub words: BTreeSet<String>,
}

/// The pattern that the lines seem to have, with each format that their times may have.
pub fn derive(lines: &[&str], severities: &Severities) -> Vec<Derived> {
    let stamped: Vec<(&str, Stamp)> =
        lines.iter().filter_map(|line| Some((*line, stamp::find(line)?))).take(LINES_MAX).collect();
    // What JSON holds is told by its members.
    if stamped.iter().filter(|(line, _)| line.starts_with('{')).count() * 2 > stamped.len() {
        return Vec::new();
    }
    let mut used = Used::default();
    let Some(pattern) = pattern(&stamped, severities, &mut used) else { return Vec::new() };
    let with = |timestamp| Derived { pattern: pattern.clone(), timestamp, words: used.words.clone() };
    forms(&stamped).into_iter().map(with).collect()
}

/// The formats of times, those that read most lines first.
pub fn forms(stamped: &[(&str, Stamp)]) -> Vec<String> {
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
    counted.sort_by(|a, b| (b.0, a.1, &a.2).cmp(&(a.0, b.1, &b.2)));
    let mut forms: Vec<String> = counted.into_iter().map(|(.., form)| form).collect();
    let mut seen = BTreeSet::new();
    forms.retain(|form| seen.insert(form.clone()));
    forms.truncate(4);
    forms
}

fn pattern(stamped: &[(&str, Stamp)], severities: &Severities, used: &mut Used) -> Option<String> {
    let before: Vec<&str> = stamped.iter().map(|(line, stamp)| &line[..stamp.start]).collect();
    let needed = least(before.len());
    let (prefix, kept) = prefix(&before, needed, severities, used)?;
    let mut rests: Vec<&str> = Vec::new();
    for ((line, stamp), _) in stamped.iter().zip(&kept).filter(|(_, kept)| **kept) {
        rests.push(&line[stamp.end..]);
    }
    let mut pattern = prefix + "{timestamp}";
    for _ in 0..FIELDS_MAX {
        let literal = punctuation(&mut rests, needed)?;
        pattern += &literal;
        match field(&mut rests, &literal, needed, severities, used) {
            Some(name) => pattern += &format!("{{{name}}}"),
            None => return (!literal.is_empty()).then(|| pattern + "{body}"),
        }
    }
    let literal = punctuation(&mut rests, needed)?;
    (!literal.is_empty()).then(|| pattern + &literal + "{body}")
}

fn least(lines: usize) -> usize {
    let most = (lines as f64 * (1.0 - OUTLIERS_MAX)).ceil() as usize;
    // Of a few lines, one may be odd.
    if lines < 3 { lines.max(1) } else { most.min(lines - 1) }
}

/// Names that stand in the pattern already.
#[derive(Default)]
struct Used {
    severity: bool,
    logger: bool,
    thread: bool,
    words: BTreeSet<String>,
}

impl Used {
    fn name(&mut self, holds: Holds, in_brackets: bool) -> &'static str {
        let once = |used: &mut bool, name| if std::mem::replace(used, true) { "*" } else { name };
        match holds {
            Holds::Severity | Holds::Words => once(&mut self.severity, "severity"),
            Holds::Number => once(&mut self.thread, "thread"),
            // In brackets before the logger stands what wrote the line, not who.
            Holds::Identifier | Holds::Other if in_brackets && !self.thread && !self.severity => {
                once(&mut self.thread, "thread")
            }
            Holds::Identifier => once(&mut self.logger, "logger"),
            Holds::Other => "*",
        }
    }
}

/// What stands before the time, and which lines have it.
fn prefix(before: &[&str], needed: usize, severities: &Severities, used: &mut Used) -> Option<(String, Vec<bool>)> {
    let same = most_frequent(before);
    let kept: Vec<bool> = before.iter().map(|text| *text == same).collect();
    if kept.iter().filter(|kept| **kept).count() >= needed {
        return Some((escaped(same), kept));
    }
    // One field, and the signs around it.
    let inner = |text: &'_ str| {
        let start = text.len() - text.trim_start_matches(|c: char| !c.is_alphanumeric()).len();
        let end = text.trim_end_matches(|c: char| !c.is_alphanumeric()).len().max(start);
        (text[..start].to_owned(), text[start..end].to_owned(), text[end..].to_owned())
    };
    let parts: Vec<_> = before.iter().map(|text| inner(text)).collect();
    let opens = most_frequent(&parts.iter().map(|(open, ..)| open.as_str()).collect::<Vec<_>>()).to_owned();
    let closes: Vec<String> = parts.iter().map(|(.., close)| collapsed(close)).collect();
    let close = most_frequent(&closes.iter().map(String::as_str).collect::<Vec<_>>()).to_owned();
    let fits = |(open, value, _): &(String, String, String), own: &String| {
        *open == opens && *own == close && !value.is_empty() && !value.contains(' ') && !own.is_empty()
    };
    let kept: Vec<bool> = parts.iter().zip(&closes).map(|(part, own)| fits(part, own)).collect();
    let values: Vec<&str> =
        parts.iter().zip(&kept).filter(|(_, kept)| **kept).map(|((_, value, _), _)| value.as_str()).collect();
    if values.len() < needed {
        return None;
    }
    let name = used.name(holds(&values, severities), false);
    Some((format!("{}{{{name}}}{}", escaped(&opens), escaped(&close)), kept))
}

/// The text that most of these are; of equally frequent ones the first by their order.
fn most_frequent<'t>(texts: &[&'t str]) -> &'t str {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    texts.iter().for_each(|text| *counts.entry(text).or_default() += 1);
    counts.into_iter().max_by_key(|(text, count)| (*count, std::cmp::Reverse(*text))).map_or("", |(text, _)| text)
}

/// Runs of spaces as one, as a pattern has them.
fn collapsed(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        if c != ' ' || !shown.ends_with(' ') {
            shown.push(c);
        }
    }
    shown
}

/// A text as a literal of a pattern.
fn escaped(text: &str) -> String {
    collapsed(text).replace('{', "{{").replace('}', "}}")
}

/// The signs that most lines go on with, taken off them; lines that do not are left out.
fn punctuation(rests: &mut Vec<&str>, needed: usize) -> Option<String> {
    let signs = |text: &'_ str| {
        let end = text.find(|c: char| c.is_alphanumeric() || c == '_').unwrap_or(text.len());
        text[..end].to_owned()
    };
    let mut literal: Option<String> = None;
    // The longest that enough lines share.
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for rest in rests.iter() {
        let own = collapsed(&signs(rest));
        for (end, c) in own.char_indices() {
            *counts.entry(own[..end + c.len_utf8()].to_owned()).or_default() += 1;
        }
    }
    for (text, count) in counts {
        if count >= needed && literal.as_ref().is_none_or(|known| text.len() > known.len()) {
            literal = Some(text);
        }
    }
    let literal = literal.unwrap_or_default();
    rests.retain_mut(|rest| match behind(rest, &literal) {
        Some(more) => {
            *rest = more;
            true
        }
        None => false,
    });
    (rests.len() >= needed).then(|| escaped(&literal))
}

/// What follows a literal, in which a space is one or more.
fn behind<'t>(text: &'t str, literal: &str) -> Option<&'t str> {
    let mut rest = text;
    for c in literal.chars() {
        rest = if c == ' ' {
            let trimmed = rest.trim_start_matches(' ');
            (trimmed.len() < rest.len()).then_some(trimmed)?
        } else {
            rest.strip_prefix(c)?
        };
    }
    Some(rest)
}

/// The next field of most lines, taken off them; none where the body begins.
fn field(
    rests: &mut Vec<&str>,
    before: &str,
    needed: usize,
    severities: &Severities,
    used: &mut Used,
) -> Option<&'static str> {
    let closing = before.trim_end().chars().next_back().and_then(|open| {
        [('[', "]"), ('(', ")"), ('<', ">"), ('"', "\"")]
            .iter()
            .find(|(known, _)| *known == open)
            .map(|(_, close)| *close)
    });
    let ends: &[&str] = match &closing {
        Some(close) => &[close],
        None => &["|", "\t", " ", " - ", ": ", ":", "]", ";", ","],
    };
    for end in ends {
        let found: Vec<(&str, &str)> =
            rests.iter().filter_map(|rest| rest.split_once(end).map(|_| cut(rest, end))).collect();
        let is_field = |value: &str| {
            let blank = closing.is_none() && !["|", "\t"].contains(end) && value.contains(' ');
            !blank && value.chars().count() <= FIELD_CHARS_MAX
        };
        let fitting: Vec<(&str, &str)> = found.into_iter().filter(|(value, _)| is_field(value)).collect();
        if fitting.len() < needed {
            continue;
        }
        let values: Vec<&str> = fitting.iter().map(|(value, _)| value.trim()).collect();
        let holds = holds(&values, severities);
        let few = distinct(&values) * 2 <= values.len().max(2) || distinct(&values) <= 3;
        let accepted = match (*end, holds) {
            _ if closing.is_some() => true,
            ("|" | "\t", _) => true,
            (_, Holds::Severity | Holds::Words) => !used.severity,
            (" ", Holds::Number) => !used.severity && !used.thread,
            (" ", Holds::Identifier) => !used.logger && dotted(&values),
            (" - " | ": " | ":" | "]", Holds::Identifier) => !used.logger && (dotted(&values) || few),
            _ => false,
        };
        if accepted {
            // Blanks that pad most of the values belong to what follows.
            let padded = fitting.iter().filter(|(value, _)| value.ends_with(' ')).count() >= needed;
            let whole: Vec<&str> = rests.iter().filter(|rest| !cut(rest, end).1.is_empty()).copied().collect();
            let taken = |rest: &&str| {
                let value = cut(rest, end).0;
                is_field(value).then_some(if padded { value.trim_end().len() } else { value.len() })
            };
            if matches!(holds, Holds::Severity | Holds::Words) {
                let unknown = values.iter().filter(|value| is_capitals(value) && !severities.knows(value));
                used.words = unknown.map(|value| (*value).to_owned()).collect();
            }
            *rests = whole.into_iter().filter_map(|rest| Some(&rest[taken(&rest)?..])).collect();
            return Some(used.name(holds, closing.is_some()));
        }
    }
    None
}

/// A text before the first `end`, and from there on.
fn cut<'t>(text: &'t str, end: &str) -> (&'t str, &'t str) {
    text.split_at(text.find(end).unwrap_or(text.len()))
}

fn distinct(values: &[&str]) -> usize {
    values.iter().collect::<BTreeSet<_>>().len()
}

/// Whether most of these are names in parts, such as `App.Session`.
fn dotted(values: &[&str]) -> bool {
    let is_dotted = |value: &&&str| {
        let value = value.trim_end_matches(':');
        value.split('.').count() > 1
            && value.split('.').all(|part| part.starts_with(|c: char| c.is_alphabetic() || c == '_'))
    };
    values.iter().filter(is_dotted).count() * 10 >= values.len() * 6
}

/// Whether a text is a word of capitals, as severities often are.
fn is_capitals(value: &str) -> bool {
    value.len() > 2 && value.chars().all(|c| c.is_ascii_uppercase())
}

fn holds(values: &[&str], severities: &Severities) -> Holds {
    let most = |fits: &dyn Fn(&str) -> bool| values.iter().filter(|value| fits(value)).count() >= least(values.len());
    let identifier = |value: &str| {
        value.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && value.chars().all(|c| c.is_alphanumeric() || "_.-$/+`#<>".contains(c))
    };
    if most(&|value| severities.knows(value)) {
        Holds::Severity
    } else if most(&is_capitals) && distinct(values) <= WORDS_MAX && distinct(values) * 2 <= values.len() {
        Holds::Words
    } else if most(&|value| !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit())) {
        Holds::Number
    } else if most(&identifier) {
        Holds::Identifier
    } else {
        Holds::Other
    }
}

#[cfg(test)]
mod tests {
    use super::{BTreeMap, Severities, derive};

    #[test]
    fn patterns_are_derived_from_lines() {
        let severities = Severities::new(&BTreeMap::new(), 9);
        for (lines, pattern) in [
            (
                &[
                    "2026-10-12 05:48:29 | INFO  | App.Ui | Profile opened",
                    "2026-10-12 05:48:30 | ERROR | App.Net | No route: x",
                ][..],
                "{timestamp} | {severity} | {logger} | {body}",
            ),
            (
                &["[12.10.2026 05:48:29] (7) WARN: disk is full", "[12.10.2026 05:48:31] (12) INFO: disk is fine"],
                "[{timestamp}] ({thread}) {severity}: {body}",
            ),
            (
                &[
                    "INFO  2026-10-12 05:48:29,658 app.session - Session started",
                    "DEBUG 2026-10-12 05:48:29,658 app.ui - x y z",
                ],
                "{severity} {timestamp} {logger} - {body}",
            ),
            (
                &["2026-10-12T05:48:29Z something happened", "2026-10-12T05:48:29Z nothing else did"],
                "{timestamp} {body}",
            ),
        ] {
            let derived = derive(lines, &severities);
            assert_eq!(derived.first().map(|derived| derived.pattern.as_str()), Some(pattern), "{lines:?}");
        }
        assert!(derive(&["no time", "at all"], &severities).is_empty());
    }
}
