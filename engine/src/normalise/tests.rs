//! The laws of the normaliser, on the samples and on texts of its own.

mod passed;
mod recoded;

mod long;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use chrono_tz::Tz;
use proptest::prelude::{any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::strategy::{Just, Strategy};
use proptest::test_runner::TestCaseError;

use super::{Alike, Normaliser, Shape, Start, Tally, Value, Want, Wanted};
use crate::profile::{EventRule, Format, Layout, known as layout};

const LOG: &str = "\
2026-10-12 05:08:31,905 [39] INFO  App.Session - Session 39292d22 started by u2951 version 4.2.1
2026-10-12 05:10:56,078 [38] WARN  Core.Loop - Watcher: no change in 225 files

2026-10-12 05:11:02,175 [37] INFO  Svc.Control - Service restart completed: Bridge in 498 ms\r
2026-10-12 05:12:28,228 [8] INFO  App.Ui - \u{d8}st-Drama
2026-10-12 05:14:18,458 [27] FATAL App.Crash - Unhandled exception in thread 7
   at Shell.Run() in C:\\Shell.cs:line 246

   at Program.Main(String[] args)
2026-10-12 05:14:19,000 [2] this has a time and no more
   so this joins nothing
2026-10-12 05:14:20,793 [7] DEBUG Core.Loop - Cache hit
";

fn log4net() -> Format {
    known("log4net")
}

fn serilog() -> Format {
    known("json")
}

fn known(name: &str) -> Format {
    layout(name).unwrap().format()
}

fn rule(name: &str, logger: &str, body: Option<&str>) -> EventRule {
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    EventRule {
        name: name.into(),
        logger: text(logger),
        severity_min: None,
        body: body.and_then(text),
        severity: None,
        formats: Vec::new(),
        fields: BTreeMap::new(),
    }
}

fn rules() -> Vec<EventRule> {
    vec![
        rule("session.start", "App.Session", Some("Session {session.id} started by {user.id} version {app.version}")),
        rule("session.end", "App.Session", Some("Session {session.id} ended by {user.id}")),
        EventRule { severity: Some(21), ..rule("app.crash", "App.Crash", Some("Unhandled exception in thread {*}")) },
        rule("user.action", "App.Ui", None),
        rule("restart.request", "Svc.Control", Some("Service restart requested: {service.name}")),
        rule("restart.complete", "Svc.Control", Some("Service restart completed: {service.name} in {duration:ms} ms")),
        rule("restart.fail", "Svc.Control", Some("Service restart timed out: {service.name}")),
    ]
}

fn want(events: &[&str], severity_min: Option<u8>, attributes: &[&str]) -> Want {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let text = severity_min.is_some();
    Want { events: names(events), severity_min, attributes: names(attributes), text, ..Want::default() }
}

fn wanted() -> Wanted {
    Wanted {
        plugins: vec![
            want(&["session.start", "session.end", "app.crash", "user.action"], None, &["session.id", "user.id"]),
            want(&["restart.request", "restart.complete", "restart.fail"], None, &["service.name", "duration"]),
            want(&["app.crash"], Some(17), &[]),
            want(&["session.start"], None, &["app.version"]),
        ],
    }
}

fn compile(format: &Format) -> Normaliser {
    Normaliser::compile(std::slice::from_ref(format), &rules(), &wanted()).unwrap()
}

/// Hands a text over in reads of these sizes, again and again.
pub(super) struct Slow<'a> {
    pub text: &'a [u8],
    pub sizes: Vec<usize>,
    pub reads: usize,
}

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.sizes[self.reads % self.sizes.len()].min(buffer.len()).min(self.text.len());
        self.reads += 1;
        buffer[..size].copy_from_slice(&self.text[..size]);
        self.text = &self.text[size..];
        Ok(size)
    }
}

const START: Start = Start { zone: Some(Tz::Europe__Berlin), ..Start::BEGIN };
const UTC: Start = Start { zone: Some(Tz::UTC), ..START };

/// Every record of a text, written out.
fn read(normaliser: &Normaliser, source: impl Read, start: Start) -> (Vec<String>, Tally) {
    let mut records = normaliser.open(source, start);
    let mut shown = Vec::new();
    while let Some(time) = records.peek_time().unwrap() {
        let record = records.next().unwrap().expect("a record whose time was seen");
        assert_eq!(record.time, time);
        let event = record.event.map(|event| &normaliser.events()[usize::from(event)]);
        let attributes: Vec<_> = (0..normaliser.attributes().len()).map(|id| record.attribute(id)).collect();
        let mut signature = String::new();
        normaliser.sign(record, &mut Alike::default(), &mut signature);
        let (offset, wanted, severity) = (record.offset, record.wanted, record.severity);
        let texts = (record.logger(), record.body(), record.exception());
        shown.push(format!("{offset} {time} {wanted:b} {severity} {event:?} {attributes:?} {texts:?} {signature}"));
    }
    (shown, records.into_tally())
}

fn samples() -> Option<PathBuf> {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/samples"));
    let found = path.is_dir().then(|| path.to_owned());
    if found.is_none() {
        eprintln!("skipped: the samples lie beside the repository, and not here");
    }
    found
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let instances = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    instances.flat_map(|instance| fs::read_dir(instance).unwrap().map(|entry| entry.unwrap().path())).collect()
}

#[test]
fn a_rule_that_nobody_wants_hides_the_users_that_it_takes() {
    let rules = [rule("auth.fail", "App.Auth", Some("Login of {user.name} failed, {*} is locked"))];
    let wanted = Wanted { plugins: vec![want(&[], Some(17), &[])] };
    let normaliser = Normaliser::compile(&[log4net()], &rules, &wanted).unwrap();
    let line = "2026-10-12 05:08:31,905 [1] ERROR App.Auth - Login of anna failed, anna is locked\n";
    let (mut records, mut signature) = (normaliser.open(line.as_bytes(), UTC), String::new());
    normaliser.sign(records.next().unwrap().expect("a record"), &mut Alike::default(), &mut signature);
    assert_eq!(signature, "App.Auth ERROR: Login of <user> failed, <user> is locked");
}

#[test]
fn the_text_of_an_event_is_there_where_it_is_wanted() {
    for text in [false, true] {
        let mut wanted = wanted();
        wanted.plugins[0].text = text;
        let normaliser = Normaliser::compile(&[log4net()], &rules(), &wanted).unwrap();
        let mut records = normaliser.open(LOG.as_bytes(), UTC);
        let action = loop {
            let record = records.next().unwrap().expect("an action");
            if record.event.is_some_and(|event| normaliser.events()[usize::from(event)] == "user.action") {
                break record;
            }
        };
        let texts = (action.logger(), action.body(), action.attribute(0));
        assert_eq!(texts, if text { ("App.Ui", "\u{d8}st-Drama", Value::None) } else { ("", "", Value::None) });
    }
}

#[test]
fn a_log_gives_its_records() {
    let normaliser = compile(&log4net());
    let mut records = normaliser.open(LOG.as_bytes(), UTC);
    let attribute = |name: &str| normaliser.attributes().binary_search(&name.to_owned()).unwrap();
    assert_eq!(normaliser.attributes(), ["app.version", "duration", "service.name", "session.id", "user.id"]);

    let start = records.next().unwrap().unwrap();
    assert_eq!((start.offset, start.time, start.wanted, start.severity), (0, 1_791_781_711_905_000, 0b1001, 9));
    assert_eq!(normaliser.events()[usize::from(start.event.unwrap())], "session.start");
    assert_eq!(start.attribute(attribute("session.id")), Value::Text("39292d22"));
    assert_eq!(start.attribute(attribute("app.version")), Value::Text("4.2.1"));
    assert_eq!(start.attribute(attribute("duration")), Value::None);

    let watcher = records.next().unwrap().unwrap();
    assert_eq!((watcher.wanted, watcher.severity, watcher.body()), (0, 13, ""));

    let restart = records.next().unwrap().unwrap();
    assert_eq!((restart.wanted, restart.attribute(attribute("duration"))), (0b10, Value::Int(498)));
    assert_eq!(restart.attribute(attribute("service.name")), Value::Text("Bridge"));

    let action = records.next().unwrap().unwrap();
    assert_eq!((action.wanted, action.body()), (0b1, ""), "nobody wants its text");

    let crash = records.next().unwrap().unwrap();
    assert_eq!((crash.wanted, crash.severity, crash.logger()), (0b101, 21, "App.Crash"));
    let stack = "   at Shell.Run() in C:\\Shell.cs:line 246\n\n   at Program.Main(String[] args)";
    assert_eq!(crash.exception(), stack);
    let mut signature = String::new();
    normaliser.sign(crash, &mut Alike::default(), &mut signature);
    assert_eq!(signature, "App.Crash FATAL: Unhandled exception in thread <*>");

    let last = records.next().unwrap().unwrap().offset;
    assert!(records.next().unwrap().is_none());
    let tally = records.into_tally();
    assert_eq!((tally.records, tally.lines_unparsed), (6, 2));
    assert_eq!(tally.examples[1].1, "   so this joins nothing");
    assert_eq!((tally.end_of_records, tally.last_record_offset), (LOG.len() as u64, Some(last)));
    assert_eq!(tally.last_time, Some(1_791_782_060_793_000));
}

#[test]
fn both_samples_give_their_truth() {
    let Some(samples) = samples() else { return };
    let mut of_both = Vec::new();
    for (layout, format) in [("log4net", log4net()), ("serilog", serilog())] {
        let normaliser = compile(&format);
        let truth = fs::read_to_string(samples.join(layout).join("truth.json")).unwrap();
        let truth: serde_json::Value = serde_json::from_str(&truth).unwrap();
        let mut signatures: BTreeMap<String, u64> = BTreeMap::new();
        let (mut count, mut events) = (0, BTreeMap::new());
        for file in files(&samples.join(layout).join("clients")) {
            let mut records = normaliser.open(fs::File::open(file).unwrap(), Start { closed: true, ..UTC });
            while let Some(record) = records.next().unwrap() {
                count += 1;
                if record.severity >= 17 {
                    let mut signature = String::new();
                    normaliser.sign(record, &mut Alike::default(), &mut signature);
                    *signatures.entry(signature).or_default() += 1;
                }
                if let Some(event) = record.event {
                    *events.entry(normaliser.events()[usize::from(event)].as_str()).or_insert(0u64) += 1;
                }
            }
            let tally = records.into_tally();
            assert!(tally.faults().iter().all(|(_, count)| *count == 0));
            assert_eq!((tally.lines_unparsed, tally.examples), (0, vec![]));
        }
        assert_eq!(truth["records"], count);
        for (event, key) in [("session.start", "sessions"), ("session.end", "ended"), ("app.crash", "crashed")] {
            assert_eq!(truth[key], events[event], "{event}");
        }
        assert_eq!(truth["restart_count"], events["restart.complete"]);
        assert_eq!(truth["restarts_failed"], events["restart.fail"]);
        let sorted = |mut counts: Vec<u64>| {
            counts.sort_unstable();
            counts
        };
        let templates = truth["errors_by_template"].as_object().unwrap().values();
        let expected = sorted(templates.map(|count| count.as_u64().unwrap()).collect());
        assert_eq!(sorted(signatures.values().copied().collect()), expected, "{signatures:#?}");
        of_both.push(signatures);
    }
    assert_eq!(of_both[0], of_both[1]);
}

#[test]
fn an_unterminated_line_waits_unless_its_generation_is_closed() {
    let normaliser = compile(&log4net());
    let text = "2026-10-12 05:14:19,000 [2] INFO  A - b\n2026-10-12 05:14:20,000 [2] INFO  A - c";
    let first_end = text.find('\n').unwrap() as u64 + 1;
    let (records, tally) = read(&normaliser, text.as_bytes(), START);
    assert_eq!((records.len(), tally.end_of_records, tally.lines_unterminated), (1, first_end, 0));
    assert_eq!(tally.last_record_offset, Some(0));
    let (records, tally) = read(&normaliser, text.as_bytes(), Start { closed: true, ..START });
    assert_eq!((records.len(), tally.end_of_records, tally.lines_unterminated), (2, text.len() as u64, 1));
}

#[test]
fn a_mark_is_skipped_wherever_a_record_begins() {
    let normaliser = compile(&log4net());
    let text = format!("\u{feff}{LOG}");
    let (records, tally) = read(&normaliser, text.as_bytes(), START);
    assert_eq!((records.len(), tally.lines_unparsed), (6, 2));
    assert!(records[0].starts_with("3 "));
    let (records, tally) = read(&normaliser, text.as_bytes(), Start { offset: 100, ..START });
    assert_eq!((records.len(), tally.lines_unparsed), (6, 2));
    assert!(records[0].starts_with("103 "));
}

#[test]
fn text_that_is_no_utf8_is_kept_and_counted() {
    let normaliser = compile(&log4net());
    let line = b"2026-10-12 05:14:19,000 [2] ERROR A - caf\xe9 5\n2026-10-12 05:14:19,000 [2] INFO  A - caf\xe9 5\n";
    let (records, tally) = read(&normaliser, &line[..], START);
    assert!(records[0].ends_with("A ERROR: caf\u{fffd} <*>"), "{}", records[0]);
    assert_eq!(tally.invalid_utf8, 1);
}

#[test]
fn the_first_rule_that_fits_names_a_record() {
    let rules = [
        rule("unwanted", "A", Some("x {*}")),
        EventRule { severity_min: Some(13), ..rule("first", "", Some("{*}y")) },
        rule("second", "A", None),
        rule("never", "A", None),
    ];
    let wanted = Wanted { plugins: vec![want(&["first", "second", "never"], None, &[])] };
    let normaliser = Normaliser::compile(&[log4net()], &rules, &wanted).unwrap();
    let event_of = |severity: &str, logger: &str, body: &str| {
        let line = format!("2026-10-12 05:14:19,000 [2] {severity} {logger} - {body}\n");
        let mut records = normaliser.open(line.as_bytes(), UTC);
        let record = records.next().unwrap().unwrap();
        record.event.map_or("-", |event| normaliser.events()[usize::from(event)].as_str()).to_owned()
    };
    assert_eq!(normaliser.events(), ["first", "never", "second"]);
    assert_eq!(event_of("ERROR", "A", "x y"), "-");
    assert_eq!(event_of("ERROR", "A", "z y"), "first");
    assert_eq!(event_of("INFO", "A", "z y"), "second");
    assert_eq!(event_of("ERROR", "B", "x y"), "first");
    assert_eq!(event_of("INFO", "B", "x y"), "-");
}

#[test]
fn all_faults_come_at_once() {
    let mut format = log4net();
    format.layout = Layout::Pattern { pattern: "{severity}".to_owned(), timestamp: "%H".to_owned() };
    let rules = [rule("a", "", Some("{x")), rule("b", "", None), rule("c", "", Some("{x:y}"))];
    let wanted = Wanted { plugins: vec![Want::default(); 65] };
    let faults = Normaliser::compile(&[format], &rules, &wanted).unwrap_err();
    let shown: Vec<_> = faults.iter().map(ToString::to_string).collect();
    let expected = [
        "the KPIs: 65 are switched on, and 64 is the most",
        "the format's pattern: it has no {timestamp}",
        "the format's timestamp: `%H` tells no whole date and time",
        "body of event rule 1: the `{` at character 1 is not closed",
        "body of event rule 3: `{x:y}`: there is no type `y`",
    ];
    assert_eq!(shown, expected);
    assert!(faults.iter().all(|fault| !fault.help().is_empty()));
}

#[test]
fn the_digest_changes_with_what_shapes_records_and_not_with_the_zone() {
    let digest = Normaliser::digest(&[log4net()], &rules());
    assert_eq!(digest, Normaliser::digest(&[Format { zone: Tz::Asia__Tokyo, ..log4net() }], &rules()));
    assert_ne!(digest, Normaliser::digest(&[serilog()], &rules()));
    assert_ne!(digest, Normaliser::digest(&[Format { severity_default: Some(13), ..log4net() }], &rules()));
    assert_ne!(digest, Normaliser::digest(&[log4net()], &rules()[1..]));
}

/// A line of a log, whole or broken.
fn line() -> impl Strategy<Value = String> {
    let head = (0..48u32, 0..60u32, 0..2u32).prop_map(|(quarter, second, thread)| {
        let (hour, minute) = (quarter / 12, quarter % 12 * 5);
        format!("2026-10-25 {hour:02}:{minute:02}:{second:02},500 [{thread}]")
    });
    let rest = prop_oneof![
        Just(" INFO  App.Session - Session 1 started by u\u{d8} version 4".to_owned()),
        Just(" ERROR Net.Http - Request to https://a.b/c failed with 7".to_owned()),
        Just(" DEBUG Core.Loop - Heartbeat".to_owned()),
        Just(" FATAL App.Crash - Unhandled exception in thread 3".to_owned()),
        Just(" no field fits".to_owned()),
    ];
    let alone = prop_oneof![
        Just("   at Shell.Run() in C:\\Shell.cs:line 246".to_owned()),
        Just("System.XException: no".to_owned()),
        Just(String::new()),
        "[\u{0}-\u{ff}]{0,12}".prop_map(|text| text.replace('\n', " ")),
        Just(r#"{"@t":"2026-10-25T02:30:00","@l":"Error","SourceContext":"A","@m":"a\nb 5"}"#.to_owned()),
    ];
    let end = prop_oneof![3 => Just("\n"), 1 => Just("\r\n")];
    let text = prop_oneof![4 => (head, rest).prop_map(|(head, rest)| head + &rest), 2 => alone];
    (text, end).prop_map(|(text, end)| text + end)
}

fn log() -> impl Strategy<Value = String> {
    (proptest::collection::vec(line(), 0..40), "[a-z0-9]{0,8}").prop_map(|(lines, last)| lines.concat() + &last)
}

/// What was read of a log that grew up to each of these ends, and whether it was closed then.
fn grown(normaliser: &Normaliser, log: &[u8], ends: &[usize], is_closed: bool) -> (Vec<String>, [u64; 2]) {
    let (mut records, mut counts) = (Vec::new(), [0, 0]);
    let (mut begin, mut last, mut latest, mut shape) = (0, None::<usize>, None, Shape::default());
    for (turn, end) in ends.iter().enumerate() {
        let closed = is_closed && turn + 1 == ends.len();
        let counted = begin as u64;
        let start = Start { offset: counted, latest, shape, closed, ..START };
        let new = &log[begin..*end];
        if new.is_empty() {
            continue;
        }
        if let Some(offset) = last.filter(|_| normaliser.continues(new, start).unwrap()) {
            // As the caller does: the last record grew, and is read again.
            records.pop();
            begin = offset;
        }
        let start = Start { offset: begin as u64, counted, ..start };
        let (more, tally) = read(normaliser, &log[begin..*end], start);
        let times = more.iter().filter_map(|record| record.split(' ').nth(1)?.parse::<i64>().ok());
        latest = latest.max(times.max());
        begin = tally.end_of_records as usize;
        shape = tally.shape;
        last = tally.last_record_offset.map(|offset| offset as usize);
        counts = [counts[0] + tally.lines_unparsed, counts[1] + tally.lines_recoded];
        records.extend(more);
    }
    (records, counts)
}

/// A log that grew at some places, as shares of it, must give what it gives as a whole.
fn must_grow(normaliser: &Normaliser, log: &[u8], cuts: &[f64]) -> Result<(), TestCaseError> {
    let mut ends: Vec<usize> = cuts.iter().map(|cut| (cut * log.len() as f64) as usize).collect();
    ends.push(log.len());
    ends.sort_unstable();
    for is_closed in [false, true] {
        let whole = grown(normaliser, log, &[log.len()], is_closed);
        prop_assert_eq!(grown(normaliser, log, &ends, is_closed), whole);
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_split_into_reads_gives_the_same_records(log in log(), sizes in proptest::collection::vec(1usize..300, 1..20), closed: bool) {
        for format in [log4net(), serilog()] {
            let normaliser = compile(&format);
            let start = Start { closed, ..START };
            let whole = read(&normaliser, log.as_bytes(), start);
            let split = read(&normaliser, Slow { text: log.as_bytes(), sizes: sizes.clone(), reads: 0 }, start);
            prop_assert_eq!(whole, split);
        }
    }

    #[test]
    fn a_log_that_grows_gives_the_records_of_the_whole(log in log(), cuts in proptest::collection::vec(0.0..1.0f64, 1..5)) {
        for format in [log4net(), serilog()] {
            must_grow(&compile(&format), log.as_bytes(), &cuts)?;
        }
    }

    #[test]
    fn no_bytes_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..400), closed: bool, lines in proptest::collection::vec(line(), 0..3)) {
        for format in [log4net(), serilog()] {
            let normaliser = compile(&format);
            let mut log = lines.concat().into_bytes();
            log.extend(&bytes);
            let (_, tally) = read(&normaliser, &log[..], Start { closed, ..START });
            prop_assert!(tally.end_of_records <= log.len() as u64);
            normaliser.continues(&bytes[..], START).unwrap();
        }
    }
}
