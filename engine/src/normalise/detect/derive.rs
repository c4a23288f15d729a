//! A pattern of one's own, derived from lines: what stands in all of them is text, what varies is a field.

use std::collections::{BTreeMap, BTreeSet};

use super::super::severity::Severities;
use super::naming::{Field, Holds, distinct, dotted, names};
use super::order::forms;
use super::prefix::prefix;
use super::stamp::{self, Stamp};
use super::values::{are_sentences, begins_severity, cut, halves, is_zone, starts_number};
use super::words;

/// Lines that need not fit, as a share of those with a time.
const OUTLIERS_MAX: f64 = 0.1;
/// Lines of which a pattern is derived: more do not make it better.
const LINES_MAX: usize = 500;
/// A longer text is no field of a head.
const FIELD_CHARS_MAX: usize = 80;
/// Numbers before the severity: of a process and of a thread.
const NUMBERS_MAX: usize = 2;
/// Fields before the body.
const FIELDS_MAX: usize = 8;

/// A pattern, and the format of its times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derived {
    pub pattern: String,
    pub timestamp: String,
    /// Words for severities that are not known.
    pub words: BTreeSet<String>,
    /// The zone that all lines name.
    pub zone: Option<String>,
}

/// The pattern that the lines seem to have, with each format that their times may have.
pub fn derive(lines: &[&str], severities: &Severities, seen: i64) -> Vec<Derived> {
    let mut stamped: Vec<(&str, Stamp)> =
        lines.iter().filter_map(|line| Some((*line, stamp::find(line)?))).take(LINES_MAX).collect();
    // What JSON holds is told by its members.
    if stamped.iter().filter(|(line, _)| line.starts_with('{')).count() * 2 > stamped.len() {
        return Vec::new();
    }
    let mut parts = Parts::default();
    let found = pattern(&stamped, severities, &mut parts).or_else(|| {
        keep_most_alike(&mut stamped);
        parts = Parts::default();
        pattern(&stamped, severities, &mut parts)
    });
    let Some(pattern) = found else { return Vec::new() };
    let with = |timestamp| Derived {
        pattern: pattern.clone(),
        timestamp,
        words: parts.words.clone(),
        zone: parts.zone.clone(),
    };
    forms(&stamped, seen).into_iter().map(with).collect()
}

/// Keeps of lines of several layouts those of the one that most of them have, as far as the signs around their times tell.
fn keep_most_alike(stamped: &mut Vec<(&str, Stamp)>) {
    let signs = |(line, stamp): &(&str, Stamp)| {
        let before = line[..stamp.start].chars().next_back();
        (before, line[stamp.end..].chars().take(2).filter(|c| !c.is_alphanumeric()).collect::<String>())
    };
    let mut counts = BTreeMap::new();
    stamped.iter().for_each(|line| *counts.entry(signs(line)).or_insert(0) += 1);
    let most = counts.into_iter().max_by_key(|(_, count)| *count).map(|(signs, _)| signs);
    stamped.retain(|line| Some(signs(line)) == most);
}

fn pattern(stamped: &[(&str, Stamp)], severities: &Severities, parts: &mut Parts) -> Option<String> {
    let before: Vec<&str> = stamped.iter().map(|(line, stamp)| &line[..stamp.start]).collect();
    let needed = least(before.len());
    let kept = prefix(&before, needed, severities, parts)?;
    let mut rests: Vec<&str> = Vec::new();
    for ((line, stamp), _) in stamped.iter().zip(&kept).filter(|(_, kept)| **kept) {
        rests.push(&line[stamp.end..]);
    }
    parts.text("{timestamp}");
    for _ in 0..FIELDS_MAX {
        let literal = punctuation(&mut rests, needed, severities)?;
        parts.text(&literal);
        if !field(&mut rests, &literal, needed, severities, parts) {
            return (!literal.is_empty()).then(|| parts.pattern() + "{body}");
        }
    }
    let literal = punctuation(&mut rests, needed, severities)?;
    parts.text(&literal);
    (!literal.is_empty()).then(|| parts.pattern() + "{body}")
}

pub fn least(lines: usize) -> usize {
    let most = (lines as f64 * (1.0 - OUTLIERS_MAX)).ceil() as usize;
    // Of a few lines, one may be odd.
    if lines < 3 { lines.max(1) } else { most.min(lines - 1) }
}

/// What is known of a pattern so far: fields, each with the text before it, and the text behind the last.
#[derive(Default)]
pub struct Parts {
    fields: Vec<(String, Field)>,
    last: String,
    /// Words for severities that are not known.
    words: BTreeSet<String>,
    /// The zone that all lines name.
    zone: Option<String>,
}

impl Parts {
    pub fn text(&mut self, text: &str) {
        self.last += text;
    }

    pub fn field(&mut self, values: &[&str], in_brackets: bool, severities: &Severities) {
        let field = Field::of(values, in_brackets, severities);
        if matches!(field.holds, Holds::Severity | Holds::Words) && !self.has_severity() {
            self.words = words::unknown(values.iter().copied(), severities);
            if values.iter().any(|value| ["fail", "dbug"].contains(value)) {
                // Beside these words of .NET, it is that of its gravest.
                self.words.extend(values.iter().filter(|value| **value == "crit").map(|value| (*value).to_owned()));
            }
        }
        let is_line = self.is_behind_logger() && field.holds == Holds::Number;
        self.fields.push((std::mem::take(&mut self.last), Field { is_line, ..field }));
    }

    /// A field that may hold anything.
    pub fn anything(&mut self) {
        let field =
            Field { holds: Holds::Other, in_brackets: false, is_dotted: false, is_thread: false, is_line: false };
        self.fields.push((std::mem::take(&mut self.last), field));
    }

    fn any(&self, fits: impl Fn(&Field) -> bool) -> bool {
        self.fields.iter().any(|(_, field)| fits(field))
    }

    fn has_severity(&self) -> bool {
        self.any(|field| matches!(field.holds, Holds::Severity | Holds::Words))
    }

    fn numbers(&self) -> usize {
        self.fields.iter().filter(|(_, field)| field.holds == Holds::Number).count()
    }

    /// A field is the logger, whatever follows.
    fn has_logger(&self) -> bool {
        self.any(|field| field.holds == Holds::Identifier && (field.is_dotted || !field.in_brackets))
    }

    /// A field is the logger, if its name is not one of a machine or the like.
    fn has_dotted_logger(&self) -> bool {
        self.any(|field| field.holds == Holds::Identifier && field.is_dotted)
    }

    /// A field in brackets is the logger where no better one follows.
    fn may_have_logger(&self) -> bool {
        let behind = self.fields.iter().skip_while(|(_, field)| !matches!(field.holds, Holds::Severity | Holds::Words));
        behind.skip(1).any(|(_, field)| field.holds == Holds::Identifier && !field.is_thread)
    }

    /// Whether a colon stands directly behind the logger.
    fn is_behind_logger(&self) -> bool {
        self.last == ":" && self.fields.last().is_some_and(|(_, field)| field.holds == Holds::Identifier)
    }

    /// Whether a bracket was opened before the time that nothing has closed.
    fn is_open(&self) -> bool {
        let texts = self.fields.iter().map(|(text, _)| text).chain([&self.last]);
        let count = |sign: char| texts.clone().map(|text| text.matches(sign).count()).sum::<usize>();
        count('[') > count(']')
    }

    fn pattern(&self) -> String {
        let fields: Vec<Field> = self.fields.iter().map(|(_, field)| *field).collect();
        let named = self.fields.iter().zip(names(&fields)).map(|((text, _), name)| format!("{text}{{{name}}}"));
        named.collect::<String>() + &self.last
    }
}

/// The text that most of these are; of equally frequent ones the first by their order.
pub fn most_frequent<'t>(texts: &[&'t str]) -> &'t str {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    texts.iter().for_each(|text| *counts.entry(text).or_default() += 1);
    counts.into_iter().max_by_key(|(text, count)| (*count, std::cmp::Reverse(*text))).map_or("", |(text, _)| text)
}

/// A text without the blanks before a sign that closes a field: they pad its value.
pub fn unpadded(text: &str) -> &str {
    let bare = text.trim_start_matches(' ');
    if bare.starts_with([']', ')', '>', ':']) { bare } else { text }
}

/// Runs of spaces as one, as a pattern has them.
pub fn collapsed(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        if c != ' ' || !shown.ends_with(' ') {
            shown.push(c);
        }
    }
    shown
}

/// A text as a literal of a pattern.
pub fn escaped(text: &str) -> String {
    collapsed(text).replace('{', "{{").replace('}', "}}")
}

/// The signs that most lines go on with, taken off them; lines that do not are left out.
fn punctuation(rests: &mut Vec<&str>, needed: usize, severities: &Severities) -> Option<String> {
    let signs = |text: &'_ str| {
        let end = text.find(|c: char| c.is_alphanumeric() || c == '_').unwrap_or(text.len());
        // What a bracket opens is a field, even where the same signs stand in all of them.
        let bracket = text[..end].find(['[', '(', '<']).map_or(end, |at| at + 1);
        text[..bracket].to_owned()
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
    let mut literal = literal.unwrap_or_default();
    // A blank behind a sign is padding, where a longer severity stands without it.
    let bare = literal.trim_end_matches(' ');
    let is_longer = |rest: &&str| {
        let more = behind(rest, bare).filter(|_| behind(rest, &literal).is_none());
        more.and_then(|more| more.split(|c: char| !c.is_alphanumeric()).next())
            .is_some_and(|word| words::is_severity(word, severities))
    };
    if !bare.is_empty() && rests.iter().any(is_longer) {
        literal.truncate(bare.len());
    }
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

/// Takes the next field off most lines; false where the body begins.
fn field(rests: &mut Vec<&str>, before: &str, needed: usize, severities: &Severities, parts: &mut Parts) -> bool {
    let closing = before.trim_end().chars().next_back().and_then(|open| {
        [('[', "]"), ('(', ")"), ('<', ">"), ('"', "\"")]
            .iter()
            .find(|(known, _)| *known == open)
            .map(|(_, close)| *close)
    });
    let ends: &[&str] = match &closing {
        Some(close) => &[close],
        None if parts.is_open() => &["|", "\t", " ", "]", ": ", ":", ";", ","],
        None => &["|", "\t", " ", " - ", ": ", ":", "]", ";", ","],
    };
    let said = |end: &str| rests.iter().filter(|rest| words::is_severity(cut(rest, end).0.trim(), severities)).count();
    for (rank, end) in ends.iter().enumerate() {
        let found: Vec<(&str, &str)> =
            rests.iter().map(|rest| cut(rest, end)).filter(|(_, behind)| !behind.is_empty()).collect();
        let is_field = |value: &str| {
            // What is quoted and has blanks is rather a message.
            let is_open = closing.is_none() || *end == "\"";
            let blank = is_open && !["|", "\t"].contains(end) && value.trim().contains(' ');
            (!blank || words::is_severity(value.trim(), severities)) && value.chars().count() <= FIELD_CHARS_MAX
        };
        let fitting: Vec<(&str, &str)> = found.into_iter().filter(|(value, _)| is_field(value)).collect();
        if fitting.len() < needed {
            continue;
        }
        let values: Vec<&str> = fitting.iter().map(|(value, _)| value.trim()).collect();
        let Field { holds, is_line, .. } =
            Field { is_line: parts.is_behind_logger(), ..Field::of(&values, closing.is_some(), severities) };
        let is_before = |(_, behind): &&(&str, &str)| begins_severity(&behind[end.len()..], severities);
        let leads_to_severity = !parts.has_severity() && fitting.iter().filter(is_before).count() >= needed;
        // Of a word of capitals that nobody knows, and one that all know behind it, the second is the severity.
        let is_foreign = holds == Holds::Words
            && !values.iter().any(|value| words::is_severity(value, severities))
            && leads_to_severity;
        let says_nothing = is_foreign || values.iter().all(|value| is_zone(value));
        let split = |sign| halves(&values, sign, needed, severities).filter(|_| !parts.has_severity());
        let few = distinct(&values) * 2 <= values.len().max(2) || distinct(&values) <= 3;
        let is_logger = dotted(&values) && !parts.has_dotted_logger();
        let accepted = match (*end, holds) {
            _ if closing.is_some() => true,
            _ if says_nothing => true,
            // What fields of JSON follow is the message, and so are sentences, whatever follows.
            ("|" | "\t", _) => {
                let is_before_json = fitting.iter().any(|(_, behind)| behind[1..].trim_start().starts_with('{'));
                !is_before_json && (holds != Holds::Other || !are_sentences(&values))
            }
            // `INFO :` ends with a colon where `ERROR:` does.
            (_, Holds::Severity | Holds::Words) => {
                !parts.has_severity() && !ends[rank..].iter().any(|other| said(other) > said(end))
            }
            (" ", Holds::Identifier | Holds::Number) if leads_to_severity => true,
            (" " | "]", Holds::Number) if is_line => true,
            (" ", Holds::Number) => !parts.has_severity() && parts.numbers() < NUMBERS_MAX,
            (":", Holds::Identifier) if is_line => fitting.iter().all(|(_, behind)| starts_number(&behind[1..])),
            (": ", Holds::Identifier) if split('.').is_some() => true,
            ("]" | ": ", Holds::Identifier) if split('/').is_some() => true,
            (" ", Holds::Identifier) => is_logger,
            (" - " | ": " | ":" | "]", Holds::Identifier) => {
                is_logger || few && !parts.has_logger() && !parts.may_have_logger()
            }
            _ => false,
        };
        if accepted {
            let is_severity = matches!(holds, Holds::Severity | Holds::Words);
            // Blanks that pad all values belong to what follows; behind a severity only where blanks follow the sign,
            // too, for a longer one may have none.
            let is_framed = fitting.iter().all(|(_, behind)| behind[end.len()..].starts_with(' '));
            let is_sure = !is_severity || is_framed;
            let padded = closing.is_none() && is_sure && fitting.iter().all(|(value, _)| value.ends_with(' '));
            let whole: Vec<&str> = rests.iter().filter(|rest| !cut(rest, end).1.is_empty()).copied().collect();
            let taken = |rest: &&str| {
                let value = cut(rest, end).0;
                is_field(value).then_some(if padded { value.trim_end().len() } else { value.len() })
            };
            let signs = [if closing.is_some() { ':' } else { '.' }, '/'];
            match signs.into_iter().find_map(|sign| Some((sign, split(sign)?))) {
                Some((sign, (left, right))) => {
                    parts.field(&left, false, severities);
                    parts.text(&sign.to_string());
                    parts.field(&right, false, severities);
                }
                None if says_nothing => {
                    let zone = values.first().filter(|_| !is_foreign && distinct(&values) == 1);
                    parts.zone = zone.map(|zone| (*zone).to_owned()).or(parts.zone.take());
                    parts.anything();
                }
                None => parts.field(&values, closing.is_some(), severities),
            }
            let more = |text| if is_severity { unpadded(text) } else { text };
            *rests = whole.into_iter().filter_map(|rest| Some(more(&rest[taken(&rest)?..]))).collect();
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{BTreeMap, Severities, derive};

    #[test]
    fn patterns_are_derived_from_lines() {
        let severities = Severities::new(&BTreeMap::new(), None);
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
            (&["2026-10-12 05:48:29 [INFO ] App.X - a"; 3], "{timestamp} [{severity}] {logger} - {body}"),
            (&["2026-10-12 05:48:29|INFO |a"; 3], "{timestamp}|{severity}|{body}"),
            (&["2026-10-12 05:48:29 INFO : a"; 3], "{timestamp} {severity}: {body}"),
            (&["INFO  2026-10-12 05:48:29 a"; 3], "{severity} {timestamp} {body}"),
            (
                &["2026-10-12T05:48:29Z something happened", "2026-10-12T05:48:29Z nothing else did"],
                "{timestamp} {body}",
            ),
        ] {
            let derived = derive(lines, &severities, 0);
            assert_eq!(derived.first().map(|derived| derived.pattern.as_str()), Some(pattern), "{lines:?}");
        }
        assert!(derive(&["no time", "at all"], &severities, 0).is_empty());
    }

    #[test]
    fn severities_are_read_however_they_are_padded() {
        let severities = Severities::new(&BTreeMap::new(), None);
        for (often, seldom, pattern) in [
            ("T [INFO ] App.X - a", "T [ERROR] App.X - b", "{timestamp} [{severity}] {logger} - {body}"),
            ("T [ INFO] App.X - a", "T [ERROR] App.X - b", "{timestamp} [{severity}] {logger} - {body}"),
            (
                "[T] [INFO ] [main] A.X - a",
                "[T] [ERROR] [main] A.X - b",
                "[{timestamp}] [{severity}] [{thread}] {logger} - {body}",
            ),
            (
                "T [7] INFO : App.X - a",
                "T [7] ERROR: App.X - b",
                "{timestamp} [{thread}] {severity}: {logger} - {body}",
            ),
            ("T INFO : a", "T ERROR: b", "{timestamp} {severity}: {body}"),
            ("T:INFO :a", "T:ERROR:b", "{timestamp}:{severity}:{body}"),
            ("T|INFO |a", "T|ERROR|b", "{timestamp}|{severity}|{body}"),
            ("T| INFO|a", "T|ERROR|b", "{timestamp}|{severity}|{body}"),
            ("[INFO ] T a", "[ERROR] T b", "[{severity}] {timestamp} {body}"),
            ("[ INFO] T a", "[ERROR] T b", "[{severity}] {timestamp} {body}"),
            ("INFO |T|a", "ERROR|T|b", "{severity}|{timestamp}|{body}"),
        ] {
            for (many, few) in [(30, 2), (10, 10), (2, 30)] {
                let of = |line: &str, count| vec![line.replace('T', "2026-10-12 05:48:29,123"); count];
                let lines = [of(often, many), of(seldom, few)].concat();
                let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
                let derived = derive(&lines, &severities, 0);
                let found = derived.first().map(|derived| derived.pattern.as_str());
                assert_eq!(found, Some(pattern), "{often} {many} times, {seldom} {few} times");
            }
        }
    }
}
