//! Event rules that a log suggests: its most frequent messages that no rule names, with what varies in them masked.

use std::collections::{BTreeMap, BTreeSet};

use super::body::{BodyPattern, Captured};
use super::severity::range_name;
use super::signature::of_message;

/// Different messages that are counted: more are no list to read, and memory has an end.
const GROUPS_MAX: usize = 50_000;
/// A rule's body is a line to read; what is behind fits any text.
const BODY_CHARS_MAX: usize = 160;
/// What stands in a masked message for anything.
const ANY: &str = "<*>";
/// Words of a message that go into the name of its event.
const NAME_WORDS: usize = 3;

/// Messages that no rule names, counted.
#[derive(Debug, Default)]
pub struct Unnamed {
    groups: BTreeMap<(String, String), Group>,
    /// Records of unnamed messages, all of them.
    pub records: u64,
    /// Those of messages that came when `GROUPS_MAX` were counted.
    pub uncounted: u64,
}

#[derive(Debug)]
struct Group {
    count: u64,
    severity: u8,
    example: String,
}

/// A rule, and why it is suggested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    pub name: String,
    pub logger: Option<String>,
    pub body: Option<String>,
    pub count: u64,
    /// Of its first record: the word for it.
    pub severity: &'static str,
    /// The first message.
    pub example: String,
}

impl Unnamed {
    /// Counts a record that no rule names; `body` is its message.
    pub fn count(&mut self, logger: &str, severity: u8, body: &str) {
        self.records += 1;
        let line = body.lines().next().unwrap_or_default();
        // Masks leave out the blanks around a message; a rule needs them.
        let text = line.trim();
        let begin = line.find(text).unwrap_or_default();
        let message = format!("{}{}{}", &line[..begin], masked(text), &line[begin + text.len()..]);
        let key = (logger.to_owned(), message);
        if let Some(group) = self.groups.get_mut(&key) {
            group.count += 1;
        } else if self.groups.len() < GROUPS_MAX {
            self.groups.insert(key, Group { count: 1, severity, example: line.to_owned() });
        } else {
            self.uncounted += 1;
        }
    }

    /// The most frequent, as rules that fit their examples and have names that no other has.
    pub fn suggestions(&self, most: usize, taken: &BTreeSet<&str>) -> Vec<Suggestion> {
        let mut groups: Vec<_> = self.groups.iter().collect();
        groups.sort_by(|a, b| b.1.count.cmp(&a.1.count).then_with(|| a.0.cmp(b.0)));
        let mut names: BTreeSet<String> = taken.iter().map(|name| (*name).to_owned()).collect();
        let mut suggested: Vec<Suggestion> = Vec::new();
        let told: Vec<_> =
            groups.into_iter().map(|(key, group)| (key, body_of(&key.1, &group.example), group)).collect();
        let some: BTreeSet<&str> =
            told.iter().filter(|(_, body, _)| body.is_some()).map(|((logger, _), ..)| logger.as_str()).collect();
        for ((logger, message), body, group) in told {
            if suggested.len() == most {
                break;
            }
            // Without a body a rule takes all of its logger, and without either it would take everything.
            if body.is_none() && (logger.is_empty() || some.contains(logger.as_str())) {
                continue;
            }
            let logger = Some(logger.clone()).filter(|logger| !logger.is_empty());
            let known = |other: &Suggestion| other.body == body && other.logger == logger;
            if suggested.iter().any(known) {
                continue;
            }
            let name = name_of(logger.as_deref(), message, &names);
            names.insert(name.clone());
            let Group { count, severity, example } = group;
            let (severity, example) = (range_name(*severity), example.clone());
            suggested.push(Suggestion { name, logger, body, count: *count, severity, example });
        }
        suggested
    }
}

/// A message masked, with a mask for each stretch of white space that is more than a blank: masks would make it one.
fn masked(text: &str) -> String {
    let is_blank = |char: char| char.is_whitespace() || char.is_control();
    let mut parts = String::new();
    let mut rest = text;
    let mut at = 0;
    while let Some(start) = rest[at..].find(is_blank).map(|start| at + start) {
        let end = rest[start..].find(|char| !is_blank(char)).map_or(rest.len(), |end| start + end);
        if &rest[start..end] == " " {
            at = end;
        } else {
            parts.extend([of_message(&rest[..start]).as_str(), ANY]);
            (rest, at) = (&rest[end..], 0);
        }
    }
    parts + &of_message(rest)
}

/// A masked message as the body of a rule that fits an example: masks are places, and neighbours are one place. A message
/// that is nothing but signs stands as it is. `None` where nothing would tell it from another.
fn body_of(message: &str, example: &str) -> Option<String> {
    let masked = masked_body(message).filter(|body| fits(body, example));
    let plain = || example.replace('{', "{{").replace('}', "}}");
    let is_signs = || !example.trim().is_empty() && !example.contains(char::is_alphanumeric);
    masked.or_else(|| is_signs().then(plain).filter(|body| fits(body, example)))
}

fn masked_body(message: &str) -> Option<String> {
    let mut body = String::new();
    let mut letters = 0;
    let mut rest = message;
    while let Some(c) = rest.chars().next() {
        if body.chars().count() >= BODY_CHARS_MAX {
            place(&mut body);
            break;
        }
        if let Some(end) = mask_end(rest) {
            place(&mut body);
            rest = &rest[end..];
            continue;
        }
        match c {
            '{' | '}' => body.extend([c, c]),
            c => body.push(c),
        }
        letters += usize::from(c.is_alphabetic());
        rest = &rest[c.len_utf8()..];
    }
    (letters > 0).then_some(body)
}

fn place(body: &mut String) {
    if !body.ends_with("{*}") {
        body.push_str("{*}");
    }
}

/// Where a mask such as `<num>` ends that begins here.
fn mask_end(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('<')?;
    let end =
        inner.find(|c: char| !c.is_ascii_lowercase() && c != '-' && c != '*').filter(|end| (1..=12).contains(end))?;
    inner[end..].starts_with('>').then_some(end + 2)
}

fn fits(body: &str, example: &str) -> bool {
    BodyPattern::compile(body, |_| None)
        .is_ok_and(|pattern| pattern.captures(example.as_bytes(), &mut [Captured::None; 0]))
}

/// A name that says who and what: the last part of the logger, and the first words of the message.
fn name_of(logger: Option<&str>, message: &str, taken: &BTreeSet<String>) -> String {
    let clean = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
    };
    let subject =
        logger.and_then(|logger| logger.rsplit(['.', '/', ':', '$']).map(clean).find(|part| !part.is_empty()));
    let mut words = Vec::new();
    for word in message.split(|c: char| c.is_whitespace() || ",;:=()[]'\"".contains(c)) {
        let is_word = word.chars().all(|c| c.is_ascii_alphabetic() || "-_.".contains(c)) && mask_end(word).is_none();
        let word = clean(word);
        if is_word && !word.is_empty() {
            words.push(word);
        }
        if words.len() == NAME_WORDS {
            break;
        }
    }
    let parts: Vec<String> = subject.into_iter().chain((!words.is_empty()).then(|| words.join("_"))).collect();
    let mut name = if parts.is_empty() { "event".to_owned() } else { parts.join(".") };
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        name = format!("event.{name}");
    }
    let mut number = 1;
    let mut unique = name.clone();
    while taken.contains(&unique) {
        number += 1;
        unique = format!("{name}_{number}");
    }
    unique
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Unnamed, masked_body};

    #[test]
    fn masked_messages_become_bodies() {
        for (message, body) in [
            ("no <num> of '<str>'", Some("no {*} of '{*}'")),
            ("{a} <num><num> <b", Some("{{a}} {*} <b")),
            ("<num> <time>", None),
            ("", None),
        ] {
            assert_eq!(masked_body(message).as_deref(), body, "{message}");
        }
    }

    #[test]
    fn the_most_frequent_come_first_with_names_of_their_own() {
        let mut unnamed = Unnamed::default();
        for number in 0..5 {
            unnamed.count("App.Sync", 9, &format!("Synchronised {number} profiles"));
            unnamed.count("App.Sync", 9, &format!("Synchronised {number} profiles anew"));
        }
        unnamed.count("App.Sync", 17, "Synchronised 7 profiles");
        (0..8).for_each(|number| unnamed.count("App.Sync", 9, &format!("Opened {number}: \t ok now")));
        unnamed.count("", 17, "12");
        let suggestions = unnamed.suggestions(10, &BTreeSet::from(["sync.synchronised_profiles"]));
        let shown: Vec<_> =
            suggestions.iter().map(|one| (one.name.as_str(), one.body.as_deref().unwrap_or(""), one.count)).collect();
        let expected = [
            ("sync.opened_now", "Opened {*}:{*}ok now", 8),
            ("sync.synchronised_profiles_2", "Synchronised {*} profiles", 6),
            ("sync.synchronised_profiles_anew", "Synchronised {*} profiles anew", 5),
        ];
        assert_eq!(shown, expected);
        assert_eq!((unnamed.records, suggestions[1].example.as_str()), (20, "Synchronised 0 profiles"));
    }

    #[test]
    fn no_rule_takes_the_records_of_others() {
        let mut unnamed = Unnamed::default();
        let messages = ["42", "43", "44", "{}", "{}", "0xdeadbeef", "Profile opened ", "Profile closed"];
        messages.iter().for_each(|message| unnamed.count("App.Ui", 9, message));
        ["7", "8"].iter().for_each(|message| unnamed.count("App.Count", 9, message));
        let suggestions = unnamed.suggestions(10, &BTreeSet::new());
        let shown: Vec<_> = suggestions.iter().map(|one| (one.logger.as_deref(), one.body.as_deref())).collect();
        let ui = |body| (Some("App.Ui"), Some(body));
        assert_eq!(shown, [(Some("App.Count"), None), ui("{{}}"), ui("Profile closed"), ui("Profile opened ")]);
    }
}
