//! Any bytes as a log of any format with any event rules: however they come, the same records, in bounded memory.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read};

use logparser::normalise::{Alike, Normaliser, Record, Start, Tally, Told, Want, Wanted};
use logparser::profile;

use super::{SCRATCH, parted};
use crate::memory::most_during;
use crate::story::Random;

/// Between what follows `[format]` in a profile and the log, as in the cases of `tests/layouts`.
const LOG: &str = "==== log\n";
/// Repeats the byte before it: 4 times for each digit behind it, squared. No mutation makes a line of a mebibyte.
const REPEAT: u8 = 0x1a;
/// Enough for the longest line that is kept whole, and what a cut one drops.
const LOG_BYTES_MAX: usize = 3 << 20;
/// When the log was there first, which times without a year go by: 2026-10-12.
const SEEN_US: i64 = 1_791_763_200_000_000;
/// A pause that parts idle records.
const PAUSE_US: i64 = 60_000_000;
/// Buffers, the record in the making and its texts; far above what a log of a few lines needs.
const MEMORY_BYTES_MAX: usize = 24 << 20;

pub fn run(input: &[u8]) -> bool {
    let Some((format, log)) = parted(input, LOG) else { return false };
    let Some(normaliser) = compiled(format, 9, false) else { return false };
    let log = repeated(log);
    let start = Start { seen: Some(SEEN_US), ..Start::default() };
    let (ended, most) = most_during(|| {
        let mut records = normaliser.open(&log[..], Start { closed: true, ..start });
        while records.next().expect("memory gives no error").is_some() {}
        records.into_tally().end_of_records
    });
    assert_eq!(ended, log.len() as u64, "a closed log is read to its end");
    assert!(most <= MEMORY_BYTES_MAX, "{most} bytes of memory for a log of {}", log.len());

    let mut hash = DefaultHasher::new();
    input.hash(&mut hash);
    let mut random = Random::new(hash.finish());
    let whole = read(&normaliser, &log[..], start);
    let slow = Slow { text: &log, random: random.clone() };
    assert_eq!(whole, read(&normaliser, slow, start), "reads of other sizes");
    let errors = compiled(format, 17, random.between(0, 2) == 1).expect("only what is wanted differs");
    let alone = read(&errors, &log[..], start);
    assert_eq!(alone.1, read_passing(&errors, &log, start, &alone.0), "records of which nobody wants the text");
    let mut ends: BTreeSet<usize> = (0..3).map(|_| random.between(0, log.len() as u32) as usize).collect();
    ends.insert(log.len());
    let grown = read_growing(&normaliser, &log, &ends, start);
    assert_eq!((whole.0, whole.1.lines_unparsed), grown, "the log grew at {ends:?}");
    true
}

/// What reads a log, where somebody wants the text of records of this severity. With `counts`, some events are only counted.
fn compiled(format: &str, severity_min: u8, counts: bool) -> Option<Normaliser> {
    let path = SCRATCH.join("format.toml");
    fs::write(&path, format!("[fleet]\nfolder = \"fleet\"\n\n[kpi.errors]\n\n[format]\n{format}")).expect("a profile");
    let profile = profile::load(&path).ok()?;
    let events: BTreeSet<String> = profile.events.iter().map(|rule| rule.name.clone()).collect();
    let attributes = ["app.version", "duration", "service.name", "session.id", "user.id"].map(str::to_owned).to_vec();
    let (mut events, mut counted): (Vec<String>, Vec<String>) = (events.into_iter().collect(), Vec::new());
    if counts {
        counted = events.extract_if(.., |name| name.len() % 2 == 0).collect();
    }
    let named = Want { events, counted, attributes, ..Want::default() };
    let grave = Want { severity_min: Some(severity_min), text: true, ..Want::default() };
    let wanted = Wanted { plugins: vec![named, grave] };
    Normaliser::compile(&profile.formats, &profile.events, &wanted).ok()
}

fn repeated(text: &[u8]) -> Vec<u8> {
    let mut log = Vec::new();
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let times = bytes.peek().filter(|digit| byte == REPEAT && digit.is_ascii_digit());
        match (times, log.last().copied()) {
            (Some(digit), Some(last)) => {
                let times = 4usize << (2 * (digit - b'0'));
                log.resize((log.len() + times).min(LOG_BYTES_MAX.max(log.len())), last);
            }
            _ => log.push(byte),
        }
    }
    log
}

/// Every record, and what else was found.
fn read(normaliser: &Normaliser, source: impl Read, start: Start) -> (Vec<Shown>, Tally) {
    let mut records = normaliser.open(source, start);
    let (mut shown, mut alike) = (Vec::new(), Alike::default());
    while let Some(time) = records.peek_time().expect("memory gives no error") {
        let record = records.next().expect("memory gives no error").expect("a record whose time was seen");
        assert_eq!(record.time, time);
        shown.push(Shown::of(normaliser, record, &mut alike));
    }
    (shown, records.into_tally())
}

/// What else was found, where records are passed: each of them must be the next of those that were read one by one.
fn read_passing(normaliser: &Normaliser, log: &[u8], start: Start, alone: &[Shown]) -> Tally {
    let mut records = normaliser.open(log, start);
    let (mut rest, mut last, mut alike) = (alone.iter(), i64::MIN, Alike::default());
    let mut counts: BTreeMap<u16, i64> = BTreeMap::new();
    loop {
        let tell = |told: Told<'_>| {
            match told {
                Told::Idle(passed) => {
                    let these: Vec<&Shown> = rest.by_ref().take(passed.records as usize).collect();
                    for event in these.iter().filter_map(|record| record.facts.3) {
                        *counts.entry(event).or_default() -= 1;
                    }
                    let is_next = |pair: &[&Shown]| (0..=PAUSE_US).contains(&(pair[1].time - pair[0].time));
                    assert!(these.iter().all(|record| record.facts.1 == 0) && these.windows(2).all(is_next));
                    let ends = these.first().zip(these.last()).map(|(first, last)| (first.time, last.time));
                    assert_eq!(ends, Some((passed.first, passed.last)));
                }
                Told::Counted { event, plugins, times } => {
                    assert_eq!(plugins, 1);
                    *counts.entry(event).or_default() += times as i64;
                }
                Told::One(record) => assert_eq!(rest.next(), Some(&Shown::of(normaliser, record, &mut alike))),
            }
            true
        };
        if records.pass(last..i64::MAX, PAUSE_US, tell).expect("memory gives no error") {
            last = last.max(alone[alone.len() - rest.len() - 1].time);
            continue;
        }
        let Some(record) = records.next().expect("memory gives no error") else { break };
        last = last.max(record.time);
        let shown = rest.next().expect("a record that was read before");
        assert_eq!((shown.time, shown.facts.3), (record.time, record.event));
    }
    assert_eq!(rest.len(), 0);
    assert!(counts.values().all(|count| *count == 0), "not all were told that are counted: {counts:?}");
    records.into_tally()
}

/// The records of a log that was read each time that it had grown, and the lines that fit nothing.
fn read_growing(normaliser: &Normaliser, log: &[u8], ends: &BTreeSet<usize>, mut start: Start) -> (Vec<Shown>, u64) {
    let (mut records, mut unparsed, mut last) = (Vec::new(), 0, None);
    for end in ends.iter().copied() {
        let new = &log[start.offset as usize..end];
        if new.is_empty() {
            continue;
        }
        let goes_on = || normaliser.continues(new, start).expect("memory gives no error");
        if let Some(offset) = last.filter(|_| goes_on()) {
            // What came joins the last record, which is read again.
            records.pop();
            start.offset = offset;
        }
        let (more, tally) = read(normaliser, &log[start.offset as usize..end], start);
        start.latest = start.latest.max(more.iter().map(|record| record.time).max());
        (start.offset, start.shape) = (tally.end_of_records, tally.shape);
        last = tally.last_record_offset;
        unparsed += tally.lines_unparsed;
        records.extend(more);
    }
    (records, unparsed)
}

/// A record, as far as two of them are compared.
#[derive(Debug, PartialEq)]
struct Shown {
    time: i64,
    facts: (u64, u64, u8, Option<u16>),
    /// Hash of its texts and attributes.
    texts: u64,
}

impl Shown {
    /// `alike` holds what became of messages before.
    fn of(normaliser: &Normaliser, record: &Record, alike: &mut Alike) -> Self {
        let attributes: Vec<_> = (0..normaliser.attributes().len()).map(|id| record.attribute(id)).collect();
        let (mut signature, mut anew) = (String::new(), String::new());
        normaliser.sign(record, alike, &mut signature);
        normaliser.sign(record, &mut Alike::default(), &mut anew);
        assert_eq!(signature, anew, "an error that may be like one before it");
        let facts = (record.offset, record.wanted, record.severity, record.event);
        let mut hash = DefaultHasher::new();
        (record.logger(), record.body(), record.exception(), signature, format!("{attributes:?}")).hash(&mut hash);
        Self { time: record.time, facts, texts: hash.finish() }
    }
}

/// Hands a text over in reads of many sizes.
struct Slow<'a> {
    text: &'a [u8],
    random: Random,
}

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = 1 << self.random.between(0, if self.text.len() > 10_000 { 20 } else { 8 });
        let size = most.min(buffer.len()).min(self.text.len());
        buffer[..size].copy_from_slice(&self.text[..size]);
        self.text = &self.text[size..];
        Ok(size)
    }
}
