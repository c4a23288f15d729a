//! What stands before the time of a line, as a part of a pattern.

use std::collections::BTreeMap;

use super::super::severity::Severities;
use super::derive::{Parts, collapsed, escaped, most_frequent, unpadded};
use super::words;

/// What stands before the time, and which lines have it.
pub fn prefix(before: &[&str], needed: usize, severities: &Severities, parts: &mut Parts) -> Option<Vec<bool>> {
    let same = most_frequent(before);
    let kept: Vec<bool> = before.iter().map(|text| *text == same).collect();
    let is_severity = words::is_severity(same.trim_matches(|c: char| !c.is_alphanumeric()), severities);
    if !is_severity && kept.iter().filter(|kept| **kept).count() >= needed {
        common(same, parts);
        return Some(kept);
    }
    // One field, and the signs around it.
    let inner = |text: &'_ str| {
        let start = text.len() - text.trim_start_matches(|c: char| !c.is_alphanumeric()).len();
        let end = text.trim_end_matches(|c: char| !c.is_alphanumeric()).len().max(start);
        (text[..start].to_owned(), text[start..end].to_owned(), text[end..].to_owned())
    };
    let mut inners: Vec<_> = before.iter().map(|text| inner(text)).collect();
    // What a value is padded with belongs to it.
    inners.iter_mut().for_each(|(open, ..)| open.truncate(open.trim_end().len()));
    let opens = most_frequent(&inners.iter().map(|(open, ..)| open.as_str()).collect::<Vec<_>>()).to_owned();
    let mut closes: Vec<String> = inners.iter().map(|(.., close)| collapsed(unpadded(close))).collect();
    if closes.iter().any(|close| close.starts_with(|c: char| c != ' ')) {
        let bare = |close: &mut String| match close.trim_start() {
            "" => {}
            bare => *close = bare.to_owned(),
        };
        closes.iter_mut().for_each(bare);
    }
    let close = most_frequent(&closes.iter().map(String::as_str).collect::<Vec<_>>()).to_owned();
    let fits = |(open, value, _): &(String, String, String), own: &String| {
        *open == opens && *own == close && !value.is_empty() && !value.contains(' ') && !own.is_empty()
    };
    let mut kept: Vec<bool> = inners.iter().zip(&closes).map(|(part, own)| fits(part, own)).collect();
    // A value ends where what closes it stands first: `4711:775:` are two.
    let columns: Vec<Vec<&str>> = inners.iter().map(|(_, value, _)| value.split(&close).collect()).collect();
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    columns
        .iter()
        .zip(&kept)
        .filter(|(_, kept)| **kept)
        .for_each(|(own, _)| *counts.entry(own.len()).or_default() += 1);
    let count = counts.into_iter().max_by_key(|(_, lines)| *lines).map_or(1, |(count, _)| count);
    kept.iter_mut().zip(&columns).for_each(|(kept, own)| *kept &= own.len() == count);
    if kept.iter().filter(|kept| **kept).count() < needed {
        return any_prefix(before, needed, parts);
    }
    parts.text(&escaped(&opens));
    for column in 0..count {
        let own = columns.iter().zip(&kept).filter(|(_, kept)| **kept);
        let values: Vec<&str> = own.map(|(columns, _)| columns[column]).collect();
        parts.field(&values, column == 0 && opens.ends_with(['[', '(']), severities);
        parts.text(&escaped(&close));
    }
    Some(kept)
}

/// What stands before the time of all lines alike: words are those of this sample, such as the machine, the user or the
/// version, and only the signs around them those of the layout.
fn common(text: &str, parts: &mut Parts) {
    let is_sign = |c: char| c.is_whitespace() || "[](){}<>|;,\"'".contains(c);
    let mut rest = text;
    let mut before = ' ';
    while !rest.is_empty() {
        let end = rest.find(is_sign).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        let bare = word.trim_end_matches([':', '=', '-', '#', '@', '.', '*']);
        let is_label = bare.len() < word.len() && !bare.contains(|c: char| c.is_ascii_digit());
        let is_free = bare.contains(char::is_alphanumeric) && !behind.is_empty() && !is_label;
        // An element of XML and what is glued to the time have names.
        if is_free && (before != '<' || bare.contains(|c: char| c.is_ascii_digit())) {
            parts.anything();
            parts.text(&escaped(&word[bare.len()..]));
        } else {
            parts.text(&escaped(word));
        }
        rest = behind;
        if let Some(sign) = rest.chars().next() {
            parts.text(&escaped(&rest[..sign.len_utf8()]));
            (before, rest) = (sign, &rest[sign.len_utf8()..]);
        }
    }
}

/// Before the time anything, and then signs that most lines share, such as a bracket.
fn any_prefix(before: &[&str], needed: usize, parts: &mut Parts) -> Option<Vec<bool>> {
    let signs = |text: &&'_ str| {
        let end = text.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '-');
        collapsed(&text[end.len()..])
    };
    let all: Vec<String> = before.iter().map(signs).collect();
    let close = most_frequent(&all.iter().map(String::as_str).collect::<Vec<_>>());
    let kept: Vec<bool> = before.iter().zip(&all).map(|(text, own)| own == close && text.len() > close.len()).collect();
    if close.trim().is_empty() || kept.iter().filter(|kept| **kept).count() < needed {
        return None;
    }
    parts.anything();
    parts.text(&escaped(close));
    Some(kept)
}
