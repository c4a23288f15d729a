//! The profile as it is written: tables whose keys and values know their place, and readers that take one key out
//! of a table, check it, and record a fault instead of stopping.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use chrono_tz::Tz;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::Collector;
use super::suggest::{named, one_of, quoted};
use super::text::{Span, Text};
use super::value::{NotADuration, Seconds, zone};

/// A key and a value that it may have, as one would write it; the sample is shown in help.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key(pub &'static str, pub &'static str);

/// A value and its place.
#[derive(Debug, Clone)]
pub(super) struct At<T> {
    pub value: T,
    pub span: Span,
}

/// The profile's text and what is wrong with it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Document<'d> {
    pub text: &'d Arc<Text>,
    pub faults: &'d Collector,
}

impl<'d> Document<'d> {
    /// Records a fault.
    pub fn fault(self, span: &Span, message: impl Into<String>, help: impl Into<String>) {
        self.faults.add(self.text, span, message, help);
    }

    /// The place of a part of a text value; the whole value where escapes move the part.
    pub fn part(self, value: &At<String>, part: Span) -> Span {
        let written = self.text.content.get(value.span.start + 1..value.span.end.saturating_sub(1));
        match written {
            Some(written) if written == value.value => {
                let start = value.span.start + 1;
                start + part.start..start + part.end
            }
            _ => value.span.clone(),
        }
    }
}

/// One table of the profile. What is taken is known; what is left at [`Table::finish`] is not.
#[derive(Debug)]
pub(super) struct Table<'d> {
    doc: Document<'d>,
    /// What messages call it, such as `[limits]` in backticks; empty at the top.
    pub name: String,
    pub span: Span,
    left: BTreeMap<&'d str, Entry<'d>>,
    known: Vec<&'static str>,
}

#[derive(Debug, Clone)]
struct Entry<'d> {
    key: Span,
    value: &'d Spanned<DeValue<'d>>,
}

impl<'d> Table<'d> {
    /// A table of the document; `span` is what a fault about the table as a whole marks.
    pub fn new(doc: Document<'d>, name: String, span: Span, table: &'d DeTable<'d>) -> Self {
        let entry = |(key, value): (&'d Spanned<_>, _)| {
            let name: &'d std::borrow::Cow<'d, str> = key.get_ref();
            (name.as_ref(), Entry { key: key.span(), value })
        };
        Self { doc, name, span, left: table.iter().map(entry).collect(), known: Vec::new() }
    }

    /// The document that the table stands in.
    pub fn doc(&self) -> Document<'d> {
        self.doc
    }

    fn take(&mut self, key: Key) -> Option<Entry<'d>> {
        self.known.push(key.0);
        self.left.remove(key.0)
    }

    /// Whether the key is there and not yet taken.
    pub fn has(&self, key: Key) -> bool {
        self.left.contains_key(key.0)
    }

    /// Takes a value of one type, or records that it is of another.
    fn typed<T>(&mut self, key: Key, wanted: &str, convert: fn(&'d DeValue<'d>) -> Option<T>) -> Option<At<T>> {
        let entry = self.take(key)?;
        let value = entry.value.get_ref();
        let Some(value) = convert(value) else {
            let message = format!("`{}` must be {wanted}, not {}", key.0, kind(value));
            self.doc.fault(&entry.value.span(), message, sample(key));
            return None;
        };
        Some(At { value, span: entry.value.span() })
    }

    /// The place of a value that is a text, whatever it should be.
    pub fn text_at(&mut self, key: Key) -> Option<Span> {
        let entry = self.left.get(key.0).filter(|entry| entry.value.get_ref().is_str())?;
        let span = entry.value.span();
        self.take(key);
        Some(span)
    }

    /// A text that is not blank.
    pub fn take_text(&mut self, key: Key) -> Option<At<String>> {
        let text = self.typed(key, "a text", as_text)?;
        if text.value.trim().is_empty() {
            self.doc.fault(&text.span, format!("`{}` is empty", key.0), sample(key));
            return None;
        }
        Some(text)
    }

    /// A text that must be there, and may be empty.
    pub fn take_pointer(&mut self, key: Key) -> Option<At<String>> {
        self.typed(key, "a text", as_text)
    }

    /// A text that must be there.
    pub fn take_required_text(&mut self, key: Key) -> Option<At<String>> {
        self.require(key);
        self.take_text(key)
    }

    /// Records a fault if the key is not there.
    pub fn require(&self, key: Key) {
        if !self.has(key) {
            self.doc.fault(
                &self.span,
                format!("{} lacks `{}`", self.name, key.0),
                format!("add `{} = {}`", key.0, key.1),
            );
        }
    }

    /// `true` or `false`.
    pub fn take_flag(&mut self, key: Key) -> Option<At<bool>> {
        self.typed(key, "true or false", DeValue::as_bool)
    }

    /// A whole number within a range.
    pub fn take_int(&mut self, key: Key, range: RangeInclusive<i64>) -> Option<i64> {
        let int = self.typed(key, "a whole number", as_int)?;
        self.in_range(key, int, &range)
    }

    /// A duration within a range, written with its unit.
    pub fn take_duration(&mut self, key: Key, range: RangeInclusive<Seconds>) -> Option<Duration> {
        let text = self.typed(key, "a duration with its unit", as_text)?;
        match text.value.parse() {
            Ok(value) => Some(self.in_range(key, At { value, span: text.span }, &range)?.0),
            Err(NotADuration) => {
                let message = format!("`{}` is not a duration: {}", key.0, quoted(&text.value));
                let help = format!("a number and its unit (ms, s, min, h), such as `{} = {}`", key.0, key.1);
                self.doc.fault(&text.span, message, help);
                None
            }
        }
    }

    fn in_range<T: PartialOrd + Display>(&self, key: Key, value: At<T>, range: &RangeInclusive<T>) -> Option<T> {
        if range.contains(&value.value) {
            return Some(value.value);
        }
        // As written: a number may have been too large for its type.
        let message = format!("`{}` is out of range: {}", key.0, &self.doc.text.content[value.span.clone()]);
        let help = format!("from {} to {}, such as `{} = {}`", range.start(), range.end(), key.0, key.1);
        self.doc.fault(&value.span, message, help);
        None
    }

    /// A time zone by its IANA name.
    pub fn take_zone(&mut self, key: Key) -> Option<Tz> {
        let text = self.take_text(key)?;
        self.zone(key, &text)
    }

    /// A time zone by its IANA name, or the one word that stands for none.
    pub fn take_zone_or(&mut self, key: Key, word: &str) -> Option<Option<Tz>> {
        let text = self.take_text(key)?;
        if text.value == word { Some(None) } else { self.zone(key, &text).map(Some) }
    }

    fn zone(&self, key: Key, text: &At<String>) -> Option<Tz> {
        match zone(&text.value) {
            Ok(zone) => Some(zone),
            Err(help) => {
                let message = format!("`{}` is not a time zone: {}", key.0, quoted(&text.value));
                self.doc.fault(&text.span, message, help);
                None
            }
        }
    }

    /// One of a few words.
    pub fn take_one_of<T: Copy>(&mut self, key: Key, words: &[(&'static str, T)]) -> Option<At<T>> {
        let text = self.take_text(key)?;
        match words.iter().find(|(word, _)| *word == text.value) {
            Some(&(_, value)) => Some(At { value, span: text.span }),
            None => {
                let message = format!("`{}` cannot be {}", key.0, quoted(&text.value));
                self.doc.fault(&text.span, message, one_of(&text.value, words.iter().map(|(word, _)| *word), "\""));
                None
            }
        }
    }

    /// A list of texts.
    pub fn take_texts(&mut self, key: Key) -> Option<At<Vec<At<String>>>> {
        let list = self.typed(key, "a list of texts", DeValue::as_array)?;
        let mut texts = Vec::new();
        for item in list.value {
            match item.get_ref() {
                DeValue::String(text) if !text.trim().is_empty() => {
                    texts.push(At { value: text.clone().into_owned(), span: item.span() });
                }
                DeValue::String(_) => {
                    self.doc.fault(&item.span(), format!("`{}` holds an empty text", key.0), sample(key));
                }
                other => {
                    let message = format!("`{}` must be a list of texts, this is {}", key.0, kind(other));
                    self.doc.fault(&item.span(), message, sample(key));
                }
            }
        }
        Some(At { value: texts, span: list.span })
    }

    /// The place and the length of a value that is a list.
    pub fn list_at(&self, key: Key) -> Option<(Span, usize)> {
        let entry = self.left.get(key.0)?;
        Some((entry.value.span(), entry.value.get_ref().as_array()?.len()))
    }

    /// A text, or a list of texts.
    pub fn take_text_or_texts(&mut self, key: Key) -> Option<Vec<At<String>>> {
        if self.list_at(key).is_some() {
            return self.take_texts(key).map(|texts| texts.value);
        }
        self.take_text(key).map(|text| vec![text])
    }

    /// A table inside this one, under a name such as `[limits]`.
    pub fn take_table(&mut self, key: Key) -> Option<Table<'d>> {
        let name = self.name_of(key.0);
        let table = self.typed(key, "a table", DeValue::as_table)?;
        Some(Table::new(self.doc, name, table.span, table.value))
    }

    /// A list of tables, `[[event]]` or `[ { … } ]`; `name` is what messages call one of them.
    pub fn take_tables(&mut self, key: Key, name: &str) -> Vec<Table<'d>> {
        let Some(list) = self.typed(key, "a list of tables", DeValue::as_array) else { return Vec::new() };
        let mut tables = Vec::new();
        for item in list.value {
            match item.get_ref() {
                DeValue::Table(table) => {
                    tables.push(Table::new(self.doc, name.to_owned(), item.span(), table));
                }
                other => {
                    let message = format!("`{}` must be a list of tables, this is {}", key.0, kind(other));
                    self.doc.fault(&item.span(), message, sample(key));
                }
            }
        }
        tables
    }

    /// Everything that is left, in the order of the file: for tables whose keys are the user's.
    pub fn take_rest(&mut self) -> Vec<(At<&'d str>, &'d Spanned<DeValue<'d>>)> {
        let left = std::mem::take(&mut self.left);
        let mut rest: Vec<_> =
            left.into_iter().map(|(name, entry)| (At { value: name, span: entry.key }, entry.value)).collect();
        rest.sort_by_key(|(key, _)| key.span.start);
        rest
    }

    /// Takes a key that belongs to another variant of the table, which is a fault.
    pub fn refuse(&mut self, key: Key, because: &str, help: &str) {
        if let Some(entry) = self.left.remove(key.0) {
            self.doc.fault(&entry.key, format!("`{}` {because}", key.0), help);
        }
    }

    /// Records a fault for every key that nobody took.
    pub fn finish(mut self) {
        let known = std::mem::take(&mut self.known);
        let place = if self.name.is_empty() { String::new() } else { format!(" in {}", self.name) };
        for (key, _) in self.take_rest() {
            let message = format!("unknown key {}{place}", named(key.value));
            self.doc.fault(&key.span, message, one_of(key.value, known.iter().copied(), "`"));
        }
    }

    fn name_of(&self, key: &str) -> String {
        match self.name.strip_suffix("]`") {
            Some(outer) => format!("{outer}.{key}]`"),
            None => format!("`[{key}]`"),
        }
    }
}

fn sample(key: Key) -> String {
    format!("such as `{} = {}`", key.0, key.1)
}

fn as_text(value: &DeValue<'_>) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn as_int(value: &DeValue<'_>) -> Option<i64> {
    let int = value.as_integer()?;
    // Too large for 64 bits: the nearest that fits is out of every range, too.
    let limit = if int.as_str().starts_with('-') { i64::MIN } else { i64::MAX };
    Some(i64::from_str_radix(int.as_str(), int.radix()).unwrap_or(limit))
}

/// What a value is, in words.
pub(super) fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a point",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
