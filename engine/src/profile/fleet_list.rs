//! The list of instances: a CSV file with the columns `name`, `address`, and if wanted `tags` and `zone`.
//!
//! Columns may stand in any order, tags are separated by `;`, lines that begin with `#` are left out.

use std::path::Path;
use std::sync::Arc;

use chrono_tz::Tz;
use csv::{ReaderBuilder, StringRecord, Trim};

use super::file::{self, UTF8_HELP, Unreadable};
use super::fleet::{Found, NAME_HELP, Place, check_name, instance};
use super::raw::{At, Document};
use super::suggest::{one_of, quoted};
use super::text::{Span, Text};
use super::url::check_address;
use super::value;

const COLUMNS: [&str; 4] = ["name", "address", "tags", "zone"];
const HEADER_HELP: &str = "the first line names the columns: name,address,tags,zone (the last two may be left out)";

/// Reads the list that the profile names; faults carry the list's own file and line.
pub(super) fn read(doc: Document<'_>, list: &At<String>, base: &Path) -> Vec<Found> {
    let path = base.join(&list.value);
    let name = Path::new(&doc.text.file).with_file_name(&list.value).display().to_string();
    match file::read(&path, name, 1) {
        Ok(text) => List { doc, text: Arc::new(text), columns: [None; 4], width: 0 }.read(),
        Err(Unreadable::File(problem)) => {
            let help = "a CSV file with the columns name,address; the path starts from the folder of the profile";
            doc.fault(&list.span, format!("`list` cannot be read: {problem}"), help);
            Vec::new()
        }
        Err(Unreadable::NotUtf8(text, at)) => {
            doc.faults.add(&text, &(at..at + 1), "the list is not UTF-8", UTF8_HELP);
            Vec::new()
        }
    }
}

struct List<'d> {
    doc: Document<'d>,
    text: Arc<Text>,
    /// Where each of [`COLUMNS`] stands in a line.
    columns: [Option<usize>; 4],
    /// Columns of the header.
    width: usize,
}

/// One line with values.
struct Line {
    record: StringRecord,
    span: Span,
}

impl List<'_> {
    fn read(mut self) -> Vec<Found> {
        let mut lines = self.lines().into_iter();
        let Some(header) = lines.next() else {
            self.doc.faults.add_of_file(&self.text, "the list is empty", HEADER_HELP);
            return Vec::new();
        };
        if !self.take_header(&header) {
            return Vec::new();
        }
        let mut found = Vec::new();
        let mut empty = true;
        for line in lines {
            empty = false;
            found.extend(self.take_line(&line));
        }
        if empty {
            self.doc.faults.add_of_file(
                &self.text,
                "the list names no instance",
                "one line an instance, below the header",
            );
        }
        found
    }

    /// Lines that are neither blank nor commented out, with their places.
    fn lines(&self) -> Vec<Line> {
        let mut builder = ReaderBuilder::new();
        builder.has_headers(false).flexible(true).trim(Trim::All).comment(Some(b'#'));
        let mut reader = builder.from_reader(self.text.content.as_bytes());
        let mut lines = Vec::new();
        loop {
            let mut record = StringRecord::new();
            let from = reader.position().byte() as usize;
            match reader.read_record(&mut record) {
                Ok(true) if record.iter().all(str::is_empty) => {}
                Ok(true) => lines.push(Line { record, span: self.line_at(from) }),
                Ok(false) => return lines,
                Err(error) => {
                    self.fault(&self.line_at(from), format!("the line cannot be read: {error}"), HEADER_HELP);
                    return lines;
                }
            }
        }
    }

    /// The first line from an offset on that has values.
    fn line_at(&self, from: usize) -> Span {
        let mut start = from.min(self.text.content.len());
        for line in self.text.content[start..].split_inclusive('\n') {
            let values = line.trim_end_matches(['\r', '\n']);
            if !values.is_empty() && !values.starts_with('#') {
                return start..start + values.len();
            }
            start += line.len();
        }
        start..start
    }

    /// Finds the columns; false where lines cannot be understood.
    fn take_header(&mut self, header: &Line) -> bool {
        self.width = header.record.len();
        for (at, name) in header.record.iter().enumerate() {
            let place = self.field(header, at);
            match COLUMNS.iter().position(|column| *column == name.to_lowercase()) {
                None if self.width == 1 && name.contains([';', '\t']) => {
                    self.fault(&place, "the columns are not separated by commas", HEADER_HELP);
                    return false;
                }
                None => self.fault(&place, format!("unknown column {}", quoted(name)), one_of(name, COLUMNS, "`")),
                Some(column) if self.columns[column].is_some() => {
                    self.fault(&place, format!("the column `{name}` stands twice"), "keep one of them");
                }
                Some(column) => self.columns[column] = Some(at),
            }
        }
        for (column, name) in COLUMNS.iter().enumerate().take(2) {
            if self.columns[column].is_none() {
                self.fault(&header.span, format!("the list lacks the column `{name}`"), HEADER_HELP);
            }
        }
        self.columns[0].is_some() && self.columns[1].is_some()
    }

    fn take_line(&self, line: &Line) -> Option<Found> {
        if line.record.iter().any(|field| field.contains('\n')) {
            self.fault(&line.span, "a quote is opened here and not closed on the line", "leave out `\"`, or close it");
            return None;
        }
        if line.record.len() > self.width {
            let message = format!("the line has {} columns, the header {}", line.record.len(), self.width);
            self.fault(&line.span, message, "several tags are separated by `;`");
            return None;
        }
        let [name, address, tags, zone] = self.columns.map(|at| at.and_then(|at| Some((at, line.record.get(at)?))));
        let (name_at, name) = name.unwrap_or_default();
        let (address_at, address) = address.unwrap_or_default();
        let place = Place {
            text: Arc::clone(&self.text),
            name: self.field(line, name_at),
            address: self.field(line, address_at),
        };
        if let Err(problem) = check_name(name) {
            self.fault(&place.name, format!("`name` {problem}"), NAME_HELP);
        }
        if address.is_empty() {
            self.fault(&place.address, "`address` is empty", "such as \"http://10.0.0.1:8080\"");
        } else if let Err(problem) = check_address(address) {
            self.fault(&place.address, format!("`address` {}", problem.problem), problem.help);
        }
        let zone = zone.filter(|(_, zone)| !zone.is_empty()).and_then(|(at, name)| self.zone(line, at, name));
        let tags = tags.map_or("", |(_, tags)| tags).split(';').map(|tag| tag.trim().to_owned());
        let tags = tags.filter(|tag| !tag.is_empty()).collect();
        Some(Found { instance: instance(name, address, tags, zone), place: Some(place) })
    }

    fn zone(&self, line: &Line, at: usize, name: &str) -> Option<Tz> {
        value::zone(name)
            .map_err(|help| {
                self.fault(&self.field(line, at), format!("`zone` is not a time zone: {}", quoted(name)), help)
            })
            .ok()
    }

    /// The place of a value; the whole line where quotes hide it or there is none.
    fn field(&self, line: &Line, at: usize) -> Span {
        let written = &self.text.content[line.span.clone()];
        if written.contains('"') {
            return line.span.clone();
        }
        let Some(value) = written.split(',').nth(at).filter(|value| !value.trim().is_empty()) else {
            return line.span.clone();
        };
        let before: usize = written.split(',').take(at).map(|value| value.len() + 1).sum();
        let start = line.span.start + before + value.len() - value.trim_start().len();
        start..start + value.trim().len()
    }

    fn fault(&self, span: &Span, message: impl Into<String>, help: impl Into<String>) {
        self.doc.faults.add(&self.text, span, message, help);
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert, proptest};

    use super::{Arc, Document, Found, List, Text};
    use crate::profile::fault::{Collector, Faults};

    fn read(content: &str) -> (Vec<Found>, Faults) {
        let text = Arc::new(Text::new("fleet.csv".to_owned(), content.to_owned(), 1));
        let faults = Collector::default();
        let doc = Document { text: &text, faults: &faults };
        let found = List { doc, text: Arc::clone(&text), columns: [None; 4], width: 0 }.read();
        (found, faults.into_faults())
    }

    #[test]
    fn columns_stand_in_any_order_and_lines_may_end_as_they_like() {
        let content =
            "\r\n# fleet\r\n zone , Address,NAME,tags\r\nAsia/Tokyo, http://a/ ,\"A, old\", x; y;;\r\n\n,http://b,B";
        let (found, faults) = read(content);
        assert_eq!(faults.count(), 0, "{faults}");
        let [a, b] = &found[..] else { panic!("{} found", found.len()) };
        assert_eq!((a.instance.name.as_str(), a.instance.address.as_str()), ("A, old", "http://a"));
        assert_eq!(
            (a.instance.zone, &a.instance.tags[..]),
            (Some(chrono_tz::Asia::Tokyo), &["x".to_owned(), "y".to_owned()][..])
        );
        assert_eq!((b.instance.name.as_str(), b.instance.zone), ("B", None));
    }

    proptest! {
        #[test]
        fn no_list_panics(header in "(name,address,tags,zone)?\n?", lines in "[a-z,\"#;\r\n\t é:/@0-9]{0,60}") {
            let (found, faults) = read(&format!("{header}{lines}"));
            prop_assert!(faults.iter().all(|fault| fault.help.is_some() && !fault.to_string().is_empty()));
            prop_assert!(!found.is_empty() || faults.count() > 0);
        }
    }
}
