//! Layouts as data: each file of `layouts/` holds a `[format]`, lines as that logger writes them, and their records.
//! Adding a case is adding a file. Event rules may stand behind the format; the records then show what these took out.
//!
//! Lines before the format say what the file is: `# seen` when it was there first, `# file` its name, `# tags` those of
//! its instance, `# encoded` the encoding that its text is put into, `# mixed` that it has several, and `# escapes` that
//! `\\x00` stands for a byte.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use chrono::{DateTime, SecondsFormat};
use logparser::normalise::{Normaliser, Record, Start, Value, Want, Wanted};
use logparser::profile::{self, KNOWN, Profile};
use logparser_tests::escape::unescaped;
use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/layouts");
const REST: &str = "[fleet]\nfolder = \"fleet\"\n\n[kpi.errors]\n\n";
const LOG: &str = "==== log\n";
const RECORDS: &str = "==== records\n";

/// A case, compiled.
struct Case {
    name: String,
    log: Vec<u8>,
    expected: String,
    normaliser: Normaliser,
    start: Start,
    /// Its lines are in several encodings: it cannot be put into another.
    is_mixed: bool,
}

impl Case {
    fn load(path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default().display().to_string();
        let text = fs::read_to_string(path).expect("a case");
        let (format, rest) = text.split_once(LOG).expect("a log");
        let (log, expected) = rest.split_once(RECORDS).expect("its records");
        let said = |what: &str| {
            format
                .lines()
                .find_map(|line| line.strip_prefix("# ")?.strip_prefix(what))
                .map(|said| said.trim().to_owned())
        };
        let seen = said("seen").map(|seen| DateTime::parse_from_rfc3339(&seen).expect("a time").timestamp_micros());
        let tags: Vec<String> = said("tags").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
        let normaliser = normaliser(&load(format, &name));
        let formats = normaliser.formats_of(&tags, &said("file").unwrap_or_default());
        let mut log = log.as_bytes().to_vec();
        if said("escapes").is_some() {
            log = unescaped(&log);
        }
        if let Some(encoding) = said("encoded") {
            let encoding = encoding_rs::Encoding::for_label(encoding.as_bytes()).expect("an encoding");
            log = encoding.encode(std::str::from_utf8(&log).expect("a text")).0.into_owned();
        }
        let start = Start { seen, closed: true, formats, ..Start::default() };
        let is_mixed = said("mixed").is_some();
        Self { name, log, expected: expected.to_owned(), normaliser, start, is_mixed }
    }

    fn all() -> Vec<Self> {
        let mut files: Vec<_> =
            fs::read_dir(FOLDER).expect("the cases").map(|file| file.expect("a case").path()).collect();
        files.sort();
        files.iter().map(|path| Self::load(path)).collect()
    }

    /// The records of a log, one a line, and where they end.
    fn records(&self, log: &[u8], start: Start) -> Read {
        let mut records = self.normaliser.open(log, start);
        let mut read = Read { start, ..Read::new(start) };
        while let Some(record) = records.next().expect("memory gives no error") {
            read.start.latest = read.start.latest.max(Some(record.time));
            read.records.push((record.offset, shown(&self.normaliser, record)));
        }
        let tally = records.into_tally();
        read.unparsed = tally.lines_unparsed;
        read.faults = tally.faults().into_iter().filter(|(_, count)| *count > 0).collect();
        (read.start.offset, read.start.shape, read.last) =
            (tally.end_of_records, tally.shape, tally.last_record_offset);
        read
    }
}

/// What was read so far.
struct Read {
    records: Vec<(u64, String)>,
    unparsed: u64,
    faults: Vec<(&'static str, u64)>,
    /// The last record, where it may still grow.
    last: Option<u64>,
    /// Where to go on.
    start: Start,
}

impl Read {
    fn new(start: Start) -> Self {
        Self { records: Vec::new(), unparsed: 0, faults: Vec::new(), last: None, start }
    }

    /// How often there was a fault.
    fn count(&self, kind: &str) -> u64 {
        self.faults.iter().filter(|(known, _)| *known == kind).map(|(_, count)| count).sum()
    }

    fn text(&self) -> String {
        let mut text: String = self.records.iter().map(|(_, record)| record.as_str()).collect();
        let unparsed = Some(("unparsed", self.unparsed)).filter(|(_, count)| *count > 0);
        for (what, count) in unparsed.iter().chain(&self.faults) {
            writeln!(text, "{what} {count}").expect("a text");
        }
        text
    }
}

/// A text in UTF-8 or UTF-16, with a byte order mark or without.
fn encoded(text: &str, encoding: usize) -> Vec<u8> {
    let mark = if encoding % 2 == 1 { "\u{feff}" } else { "" };
    let text = format!("{mark}{text}");
    match encoding / 2 {
        0 => text.into_bytes(),
        1 => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        _ => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
    }
}

fn load(format: &str, name: &str) -> Profile {
    let scratch = tempfile::tempdir().expect("a folder");
    let path = scratch.path().join("profile.toml");
    let header = if format.contains("[[format]]") { "" } else { "[format]\n" };
    fs::write(&path, format!("{REST}{header}{format}")).expect("a profile");
    fs::create_dir_all(scratch.path().join("fleet/one")).expect("an instance");
    profile::load(&path).unwrap_or_else(|faults| panic!("{name}: {faults}"))
}

/// Everything is wanted: all records, and all that the rules take out of them.
fn normaliser(profile: &Profile) -> Normaliser {
    let mut attributes = BTreeSet::new();
    for rule in &profile.events {
        attributes.extend(rule.fields.keys().map(|key| key.split(':').next().expect("a name").to_owned()));
        let places = rule.body.iter().flat_map(|body| body.split('{').skip(1));
        attributes.extend(places.filter_map(|place| Some(place.split_once(['}', ':'])?.0.to_owned())));
    }
    let all = Want {
        events: profile.events.iter().map(|rule| rule.name.clone()).collect(),
        severity_min: Some(0),
        attributes: attributes.into_iter().collect(),
        text: true,
        ..Want::default()
    };
    let wanted = Wanted { plugins: vec![all] };
    Normaliser::compile(&profile.formats, &profile.events, &wanted).unwrap_or_else(|faults| panic!("{faults:?}"))
}

/// A record: time, severity, logger, body; event and attributes; below, what follows the message.
fn shown(normaliser: &Normaliser, record: &Record) -> String {
    let time = DateTime::from_timestamp_micros(record.time).expect("a time");
    let time = time.to_rfc3339_opts(SecondsFormat::Micros, true);
    let mut shown = format!("{time} {} {} | {}", record.severity, record.logger(), record.body());
    if let Some(event) = record.event {
        write!(shown, " | {}", normaliser.events()[usize::from(event)]).expect("a text");
    }
    for (position, name) in normaliser.attributes().iter().enumerate() {
        match record.attribute(position) {
            Value::None => Ok(()),
            Value::Text(text) => write!(shown, " {name}={text}"),
            Value::Int(number) => write!(shown, " {name}={number}"),
        }
        .expect("a text");
    }
    shown.push('\n');
    for line in record.exception().lines() {
        writeln!(shown, "> {line}").expect("a text");
    }
    shown
}

#[test]
fn every_layout_gives_its_records() {
    let cases = Case::all();
    let mut wrong = String::new();
    for case in &cases {
        let read = case.records(&case.log, case.start).text();
        if read != case.expected {
            wrong += &format!("==== {} gives\n{read}==== instead of\n{}\n", case.name, case.expected);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    for known in &KNOWN {
        assert!(cases.iter().any(|case| case.name == format!("{}.txt", known.name)), "no case of {}", known.name);
    }
}

#[test]
fn every_sample_is_a_record_of_its_layout() {
    for known in &KNOWN {
        let profile = load(&format!("kind = \"{}\"", known.name), known.name);
        let case = Case {
            name: String::new(),
            log: Vec::new(),
            expected: String::new(),
            normaliser: normaliser(&profile),
            start: Start { closed: true, ..Start::default() },
            is_mixed: false,
        };
        let read = case.records(known.sample.as_bytes(), case.start);
        assert_eq!((read.records.len(), read.unparsed), (1, 0), "{}", known.name);
        assert!(read.records[0].1.contains("Session 511935f9 started"), "{}: {}", known.name, read.records[0].1);
    }
}

static CASES: LazyLock<Vec<Case>> = LazyLock::new(Case::all);

/// Reads a file as the analysis does while it grows up to these places: from where it ended, or again from a last
/// record that went on.
fn read_growing(case: &Case, log: &[u8], ends: &[usize]) -> Read {
    let mut grown = Read::new(Start { closed: false, ..case.start });
    for &end in ends {
        let mut start = Start { counted: grown.start.offset, ..grown.start };
        let new = &log[start.offset as usize..end];
        let goes_on = || case.normaliser.continues(new, start).expect("memory gives no error");
        if let Some(last) = grown.last.filter(|_| !new.is_empty() && goes_on()) {
            start.offset = last;
            grown.records.pop();
        }
        if start.offset as usize == end {
            continue;
        }
        let more = case.records(&log[start.offset as usize..end], start);
        (grown.last, grown.start) = (more.last, more.start);
        grown.unparsed += more.unparsed;
        grown.records.extend(more.records);
        grown.faults.extend(more.faults);
    }
    grown
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_file_that_grows_gives_the_records_of_the_whole(
        order in proptest::collection::vec(any::<proptest::sample::Index>(), 1..12),
        cuts in proptest::collection::vec(0.0..1.0f64, 0..6),
        encoding in 0usize..6,
    ) {
        for case in CASES.iter() {
            let lines: Vec<&[u8]> = case.log.split_inclusive(|byte| *byte == b'\n').collect();
            let log: Vec<u8> = order.iter().flat_map(|line| lines[line.index(lines.len())]).copied().collect();
            let open = Start { closed: false, ..case.start };
            let plain = case.records(&log, open);
            let log = match String::from_utf8(log) {
                // Zeros do not tell UTF-16: a hole at the begin needs a mark before it.
                Ok(text) if !case.is_mixed => encoded(&text, encoding | usize::from(text.starts_with('\0'))),
                // It is in an encoding of its own.
                other => other.map_or_else(|bytes| bytes.into_bytes(), String::into_bytes),
            };
            let whole = case.records(&log, open);
            let mut ends: Vec<usize> = cuts.iter().map(|cut| (cut * log.len() as f64) as usize).collect();
            ends.push(log.len());
            ends.sort_unstable();
            let grown = read_growing(case, &log, &ends);
            prop_assert_eq!(&grown.records, &whole.records, "{}", case.name);
            prop_assert_eq!(grown.unparsed, whole.unparsed, "{}", case.name);
            for kind in ["gap-time", "no-time", "nul-hole", "other-encoding", "stray-line"] {
                prop_assert_eq!(grown.count(kind), whole.count(kind), "{} of {}", kind, case.name);
            }
            prop_assert_eq!(grown.start.offset, whole.start.offset, "{}", case.name);
            let texts = |read: &Read| read.records.iter().map(|(_, text)| text.clone()).collect::<Vec<_>>();
            prop_assert_eq!(texts(&whole), texts(&plain), "{}", case.name);
        }
    }

    #[test]
    fn no_bytes_break_any_layout(bytes: Vec<u8>, case in any::<proptest::sample::Index>(), at in any::<proptest::sample::Index>()) {
        let case = &CASES[case.index(CASES.len())];
        let mut log = case.log.clone();
        let at = at.index(log.len() + 1);
        log.splice(at..at, bytes);
        for encoding in [None, Some(2), Some(5)] {
            let log = encoding.map_or_else(|| log.clone(), |e| encoded(&String::from_utf8_lossy(&log), e));
            let whole = case.records(&log, case.start);
            prop_assert_eq!(whole.start.offset, log.len() as u64, "{}", case.name);
        }
    }
}
