//! A format and its rules, tried on lines: what each line becomes, or why it becomes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use encoding_rs::{UTF_16BE, UTF_16LE};

use super::detect::{everything, find_stamp};
use super::exception;
use super::explain::why_no_record;
use super::shape::Wide;
use super::template::{Piece, parse};
use super::wide::Decoder;
use super::{Normaliser, RuleFault, Start, Value, Want, Wanted};
use crate::profile::{EventRule, Format};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What came of the lines.
#[derive(Debug, Default)]
pub struct Trial {
    /// Lines that are not blank.
    pub lines: u64,
    pub records: u64,
    /// Lines that go on with a record.
    pub joined: u64,
    /// Those of them that begin with a time, as records of another format do.
    pub stray: u64,
    pub unparsed: u64,
    /// Records with bytes that are no text in their encoding.
    pub invalid: u64,
    /// Records that tell no time.
    pub timeless: u64,
    /// Records whose severity is no known word, and the first such words.
    pub unknown_severities: u64,
    pub unknown_words: Vec<String>,
    /// Records by the rule that named them.
    pub by_rule: Vec<u64>,
    /// The first lines of both kinds, in the order of the file.
    pub seen: Vec<Seen>,
}

/// A line, from 1, and what it became.
#[derive(Debug)]
pub enum Seen {
    Record(Box<RecordSeen>),
    Unparsed { line: u64, text: String, why: String },
}

/// A record and its fields.
#[derive(Debug, Default)]
pub struct RecordSeen {
    pub line: u64,
    /// µs since 1970 UTC.
    pub time: i64,
    pub severity: u8,
    pub logger: String,
    /// The first line of the message.
    pub body: String,
    /// The rule that named it, by its place in the profile.
    pub rule: Option<usize>,
    pub attributes: Vec<(String, String)>,
    /// Lines that go on with it, and those of them that begin with a time.
    pub joined: u64,
    pub stray: u64,
}

/// Tries the format that a file has, and the rules that hold for it, on its lines, as if the file had been there first
/// at `seen`; of records and of lines that are none, the first `most` are shown.
///
/// # Errors
/// Everything that is wrong with the formats and the rules.
pub fn try_lines(
    formats: &[Format],
    rules: &[EventRule],
    file: &str,
    text: &[u8],
    seen: i64,
    most: usize,
) -> Result<Trial, Vec<RuleFault>> {
    let position = Normaliser::compile(formats, rules, &everything())?.format_of(file, text);
    let Some(format) = formats.get(position) else { return Ok(Trial::default()) };
    let (format, text) = as_utf8(format, text);
    let (format, text) = (&format, &text[..]);
    // Names of their own tell rules apart that give the same event.
    let numbered: Vec<EventRule> =
        rules.iter().enumerate().map(|(at, rule)| EventRule { name: format!("{at:09}"), ..rule.clone() }).collect();
    let events = numbered.iter().map(|rule| rule.name.clone()).collect();
    let want = Want { events, severity_min: Some(1), attributes: attributes_of(rules), text: true, ..Want::default() };
    let normaliser = Normaliser::compile(std::slice::from_ref(format), &numbered, &Wanted { plugins: vec![want] })?;
    let mut trial = Trial { by_rule: vec![0; rules.len()], ..Trial::default() };
    let mut offsets: BTreeSet<u64> = BTreeSet::new();
    let mut shown: BTreeMap<u64, RecordSeen> = BTreeMap::new();
    let mut records = normaliser.open(text, Start { closed: true, seen: Some(seen), ..Start::default() });
    // Memory gives no error.
    while let Ok(Some(record)) = records.next() {
        trial.records += 1;
        offsets.insert(record.offset);
        let rule = record.event.and_then(|event| normaliser.events()[usize::from(event)].parse::<usize>().ok());
        if let Some(count) = rule.and_then(|rule| trial.by_rule.get_mut(rule)) {
            *count += 1;
        }
        if shown.len() < most {
            let attributes = normaliser.attributes().iter().enumerate();
            let attributes = attributes.filter_map(|(at, name)| match record.attribute(at) {
                Value::None => None,
                Value::Text(text) => Some((name.clone(), text.to_owned())),
                Value::Int(number) => Some((name.clone(), number.to_string())),
            });
            let seen = RecordSeen {
                time: record.time,
                severity: record.severity,
                logger: record.logger().to_owned(),
                body: record.body().lines().next().unwrap_or_default().to_owned(),
                rule,
                attributes: attributes.collect(),
                ..RecordSeen::default()
            };
            shown.insert(record.offset, seen);
        }
    }
    let tally = records.into_tally();
    (trial.invalid, trial.timeless) = (tally.invalid_utf8, tally.records_timeless);
    (trial.unknown_severities, trial.unknown_words) = (tally.severities_unknown, tally.unknown_words);
    trial.go_through(&normaliser, format, text, &offsets, shown, most);
    Ok(trial)
}

/// A format and a text without UTF-16, in which no line could be shown.
fn as_utf8(format: &Format, text: &[u8]) -> (Format, Vec<u8>) {
    let wide = match format.encoding {
        Some(encoding) if encoding == UTF_16LE => Some(Some(Wide::Little)),
        Some(encoding) if encoding == UTF_16BE => Some(Some(Wide::Big)),
        Some(_) => Some(None),
        None => None,
    };
    let (plain, is_wide) = decoded(text, wide);
    (Format { encoding: format.encoding.filter(|_| !is_wide), ..format.clone() }, plain)
}

/// The bytes of a file of which no format is known, without UTF-16.
pub fn utf8_of(bytes: &[u8]) -> Vec<u8> {
    decoded(bytes, None).0
}

/// Bytes that are UTF-8 or like ASCII, and whether they were UTF-16.
fn decoded(bytes: &[u8], wide: Option<Option<Wide>>) -> (Vec<u8>, bool) {
    let mut plain = Vec::new();
    let mut decoder = Decoder::new(bytes, 0, 0, wide, true);
    // Memory gives no error.
    let _ = decoder.read_to_end(&mut plain);
    (plain, decoder.wide().flatten().is_some())
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// A record begins.
    Record,
    /// It goes on with the record before it.
    Joins,
    Unparsed,
}

/// Whether a line begins with a time: then it is a record of another format, not the end of one.
pub fn is_stray(line: &[u8]) -> bool {
    !line.starts_with(b" ") && !line.starts_with(b"\t") && find_stamp(&String::from_utf8_lossy(line)).is_some()
}

/// Tells what each line is that is not blank, with its number, the offset of its record and its bytes, knowing where
/// records begin: behind a hole or a mark that is not where the line does.
pub fn each_line(
    normaliser: &Normaliser,
    text: &[u8],
    begins: &BTreeSet<u64>,
    mut see: impl FnMut(u64, u64, &[u8], LineKind),
) {
    let mark = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    let mut next = mark as u64;
    let mut is_open = false;
    for (number, line) in (1..).zip(text[mark..].split_inclusive(|byte| *byte == b'\n')) {
        let offset = next;
        next += line.len() as u64;
        if line.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0) {
            continue;
        }
        let begin = begins.range(offset..next).next().copied();
        let kind = if begin.is_some() {
            LineKind::Record
        } else if is_open && normaliser.joins(line) {
            LineKind::Joins
        } else {
            LineKind::Unparsed
        };
        is_open = kind != LineKind::Unparsed;
        see(number, begin.unwrap_or(offset), line, kind);
    }
}

impl Trial {
    /// Goes through the lines, knowing what records hold that are shown.
    fn go_through(
        &mut self,
        normaliser: &Normaliser,
        format: &Format,
        text: &[u8],
        begins: &BTreeSet<u64>,
        mut shown: BTreeMap<u64, RecordSeen>,
        most: usize,
    ) {
        let mut unparsed_shown = 0;
        // Whether the last record is shown.
        let mut is_shown = false;
        each_line(normaliser, text, begins, |number, offset, line, kind| {
            self.lines += 1;
            match kind {
                LineKind::Record => {
                    let record = shown.remove(&offset);
                    is_shown = record.is_some();
                    self.seen.extend(record.map(|seen| Seen::Record(Box::new(RecordSeen { line: number, ..seen }))));
                }
                LineKind::Joins => {
                    let stray = u64::from(is_stray(line));
                    (self.joined, self.stray) = (self.joined + 1, self.stray + stray);
                    if let (true, Some(Seen::Record(record))) = (is_shown, self.seen.last_mut()) {
                        (record.joined, record.stray) = (record.joined + 1, record.stray + stray);
                    }
                }
                LineKind::Unparsed => {
                    self.unparsed += 1;
                    if unparsed_shown < most {
                        unparsed_shown += 1;
                        let text = String::from_utf8_lossy(line).trim_end().to_owned();
                        self.seen.push(Seen::Unparsed { line: number, why: why_no_record(format, &text), text });
                    }
                }
            }
        });
    }
}

/// The attributes that rules and stack traces give to records.
fn attributes_of(rules: &[EventRule]) -> Vec<String> {
    let mut names: BTreeSet<String> = exception::ATTRIBUTES.map(str::to_owned).into();
    for rule in rules {
        let pieces = rule.body.as_deref().and_then(|body| parse(body).ok()).unwrap_or_default();
        names.extend(pieces.into_iter().filter_map(|piece| match piece {
            Piece::Place { name, .. } if name != "*" => Some(name),
            _ => None,
        }));
        names.extend(rule.fields.keys().map(|name| name.split(':').next().unwrap_or_default().to_owned()));
    }
    names.into_iter().collect()
}
