//! Records that are passed are told as they would have been given one by one.

use std::sync::LazyLock;

use proptest::bool::weighted;
use proptest::prelude::{prop_assert_eq, prop_oneof, proptest};
use proptest::sample::select;
use proptest::strategy::{Just, Strategy};

use super::super::{Normaliser, Record, Told};
use super::{START, Slow, Start, compile, log4net, rules, serilog, wanted};
use crate::profile::{Format, Layout};

const PAUSE_US: i64 = 60_000_000;

/// The same lines in layouts that differ in what stands behind the time and how that is written.
const LAYOUTS: [(&str, &str); 7] = [
    ("{timestamp} [{thread}] {severity} {logger} - {body}", "%Y-%m-%d %H:%M:%S,%3f"),
    ("{timestamp} {thread} {severity} {logger} - {body}", "%Y-%m-%d %H:%M:%S,%3f"),
    ("{timestamp} [{thread}] {severity} {logger} - {body}", "%d.%m.%Y %H:%M:%S.%f"),
    ("{timestamp}|[{thread}] {severity} {logger} - {body}", "%Y%m%d %H-%M-%S,%3f"),
    ("{timestamp} [{thread}] {severity} {logger} - {body}", "%Y-%m-%dT%H:%M:%S.%3f%:z"),
    ("{timestamp} [{thread}] {severity} {logger} - {body}", "%Y-%m-%d %H:%M:%S.%6f"),
    ("{timestamp} [{thread}] {severity} {logger} - {body}", "%Y-%m-%d %H:%M:%S"),
];

/// One more layout: JSON.
const JSON: usize = LAYOUTS.len();

fn format(layout: usize) -> Format {
    if layout == JSON {
        return serilog();
    }
    let (pattern, timestamp) = LAYOUTS[layout];
    Format { layout: Layout::Pattern { pattern: pattern.into(), timestamp: timestamp.into() }, ..log4net() }
}

/// A line as a layout has it.
fn written(layout: usize, line: &str) -> String {
    let Some((time, rest)) = line.split_at_checked(23).filter(|_| line.starts_with("2026")) else { return line.into() };
    let (date, clock, millis) = (&time[..10], &time[11..19], &time[20..]);
    let [year, month, day] = [&date[..4], &date[5..7], &date[8..]];
    match layout {
        2 => format!("{day}.{month}.{year} {clock}.{millis}{rest}"),
        3 => format!("{year}{month}{day} {},{millis}|{}", clock.replace(':', "-"), &rest[1..]),
        4 => format!("{date}T{clock}.{millis}+02:00{rest}"),
        5 => format!("{date} {clock}.9{millis}17{rest}"),
        6 => format!("{date} {clock}{rest}"),
        JSON => json(&format!("{date}T{clock}.{millis}0000Z"), rest.trim_end_matches('\n')),
        _ => line.to_owned(),
    }
}

/// What stands behind the time in a line, as JSON: in one line, with a severity where it is not that of most.
fn json(time: &str, rest: &str) -> String {
    let (rest, end) = rest.strip_suffix('\r').map_or((rest, "\n"), |rest| (rest, "\r\n"));
    let mut words = rest.trim_start().splitn(3, [' ', ']']);
    let (thread, _, rest) = (words.next().unwrap_or("[0"), words.next(), words.next().unwrap_or_default());
    let (severity, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let (logger, body) = rest.trim_start().split_once(" -").unwrap_or((rest, ""));
    let told = match severity {
        "INFO" => String::new(),
        other => format!(r#", "@l": "{other}""#),
    };
    let body = serde_json::to_string(body.trim_start()).expect("a text");
    let thread = &thread[1..];
    format!(r#"{{"@t": "{time}", "@m": {body}, "SourceContext": "{logger}", "ThreadId": {thread}{told}}}{end}"#)
}

/// The plugins that count what users do, where they do not want it, as bits.
const COUNTING: u64 = 0b1001;

fn compile_counting(format: &Format) -> Normaliser {
    let mut wanted = wanted();
    wanted.plugins[0].events.retain(|event| event != "user.action");
    for plugin in [0, 3] {
        wanted.plugins[plugin].counted = vec!["user.action".to_owned()];
    }
    Normaliser::compile(std::slice::from_ref(format), &rules(), &wanted).unwrap()
}

/// More attributes than the rules take.
const ATTRIBUTES: usize = 16;

/// What is told of a record.
#[derive(Debug, PartialEq)]
struct Seen {
    offset: u64,
    time: i64,
    offset_min: i16,
    wanted: u64,
    counted: u64,
    severity: u8,
    event: Option<u16>,
    /// Logger, message and what follows it, and the attributes.
    texts: [String; 3],
    attributes: Vec<String>,
}

impl Seen {
    fn of(record: &Record) -> Self {
        let Record { offset, time, offset_min, wanted, counted, severity, event, .. } = *record;
        let texts = [record.logger(), record.body(), record.exception()].map(str::to_owned);
        let attributes = (0..ATTRIBUTES).map(|position| format!("{:?}", record.attribute(position))).collect();
        Self { offset, time, offset_min, wanted, counted, severity, event, texts, attributes }
    }
}

/// Lines that span two windows of those in which line ends are found, and more.
static LONG: LazyLock<[String; 2]> =
    LazyLock::new(|| [6_000, 20_000].map(|bytes| format!("[3] INFO  Core.Loop - {}", "x".repeat(bytes))));

/// Lines of which most are wanted by nobody, and whose times mostly go on.
fn line() -> impl Strategy<Value = String> {
    let seconds = prop_oneof![8 => 0..3u32, 1 => 50..70u32, 1 => 3_600..90_000u32];
    let rest = prop_oneof![
        8 => Just("[3] INFO  Core.Loop - Heartbeat sent, rtt=77 ms"),
        2 => Just("[12] DEBUG Core.Loop - a second one\r"),
        1 => Just("[12] INFO  App.Ui - Profile selected: Archive"),
        1 => Just("[7] ERROR Net.Http - Request failed\n   at Shell.Run()\n\n   at Program.Main()"),
        3 => Just("[7] ERROR Net.Http - Request failed with status 503"),
        2 => Just("[7] INFO  App.Session - Session 39292d22 started by ann version 4.2.1"),
        1 => Just("[7] INFO  App.Session - Session, but no rule that fits\r"),
        1 => Just("[7] ERROR Net.Http - no \u{1} text, and much of it"),
        1 => Just("[7] INFO  Core.Loop - with a line behind it\nthat joins"),
        1 => Just("and nothing that fits"),
        1 => Just("[3] INFO  Core.Loop -"),
        1 => select(LONG.iter().map(String::as_str).collect::<Vec<_>>()),
    ];
    (seconds, 0..1_000u32, weighted(0.15), rest).prop_map(|(seconds, millis, back, rest)| {
        let seconds = if back && seconds < 2 { 40_000 - seconds } else { 40_000 + seconds };
        let (day, second) = (24 + seconds / 86_400, seconds % 86_400);
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        format!("2026-10-{day} {hour:02}:{minute:02}:{second:02},{millis:03} {rest}\n")
    })
}

proptest! {
    #[test]
    fn they_are_told_as_if_read_one_by_one(
        lines in proptest::collection::vec((weighted(0.03), line()), 0..300),
        sizes in proptest::collection::vec(1usize..9_000, 1..9),
        bounds in (0..180_000_000_000i64, 0..180_000_000_000i64),
        layout in select((0..=JSON).collect::<Vec<_>>()),
        is_wide in weighted(0.2), counts: bool,
    ) {
        let normaliser = if counts { compile_counting(&format(layout)) } else { compile(&format(layout)) };
        let hole = |is_there: bool| if is_there { "\0".repeat(12) } else { String::new() };
        let log: String = lines.iter().map(|(has_hole, line)| hole(*has_hole) + &written(layout, line)).collect();
        let wide = || format!("\u{feff}{log}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        let broken = || log.bytes().map(|byte| if byte == 1 { 0xff } else { byte }).collect();
        let log: Vec<u8> = if is_wide { wide() } else { broken() };
        let start = 1_792_792_800_000_000; // 2026-10-24, the day before Berlin's longest
        let quiet = start + bounds.0.min(bounds.1)..start + bounds.0.max(bounds.1);
        let open = || {
            let source = Slow { text: &log, sizes: sizes.clone(), reads: 0 };
            normaliser.open(source, Start { closed: true, ..START })
        };
        let mut times = Vec::new();
        let mut alone = open();
        while let Some(record) = alone.next().unwrap() {
            times.push(Seen::of(record));
        }
        let mut records = open();
        let (mut at, mut last) = (0, i64::MIN);
        let (mut counted, mut counts) = (0, 0);
        loop {
            let mut before = None;
            let span = quiet.start.max(last)..quiet.end;
            let has_passed = records.pass(span.clone(), PAUSE_US, |told| {
                let mut these = &times[at..];
                match told {
                    Told::Idle(passed) => {
                        these = &these[..passed.records as usize];
                        assert_eq!((these[0].time, these[these.len() - 1].time), (passed.first, passed.last));
                        assert!(these.iter().all(|seen| seen.wanted == 0), "{these:?}");
                        counts += these.iter().filter(|seen| seen.counted != 0).count();
                    }
                    Told::Counted { event, plugins, times } => {
                        assert_eq!((normaliser.events()[usize::from(event)].as_str(), plugins), ("user.action", COUNTING));
                        counted += times as usize;
                        return true;
                    }
                    Told::One(record) => {
                        these = &these[..1];
                        assert_eq!(Seen::of(record), these[0]);
                    }
                }
                if let Some(before) = before {
                    assert!(before <= these[0].time, "{before} {these:?}");
                }
                for pair in these.windows(2) {
                    assert!((0..=PAUSE_US).contains(&(pair[1].time - pair[0].time)), "{pair:?}");
                }
                assert!(these.iter().all(|seen| span.contains(&seen.time)), "{span:?} {these:?}");
                (at, before) = (at + these.len(), Some(these[these.len() - 1].time));
                last = last.max(these[these.len() - 1].time);
                true
            });
            if has_passed.unwrap() {
                continue;
            }
            let Some(record) = records.next().unwrap() else { break };
            last = last.max(record.time);
            prop_assert_eq!(&Seen::of(record), &times[at]);
            at += 1;
        }
        prop_assert_eq!(at, times.len());
        prop_assert_eq!(counted, counts);
        let (alone, passed) = (alone.into_tally(), records.into_tally());
        prop_assert_eq!(format!("{alone:?}"), format!("{passed:?}"));
    }
}

#[test]
fn nearly_all_lines_are_passed() {
    for (layout, compile) in
        (0..=JSON).flat_map(|layout| [(layout, compile as fn(&Format) -> _), (layout, compile_counting)])
    {
        let normaliser = compile(&format(layout));
        let mut rests = [
            "[3] INFO  Core.Loop - Heartbeat sent",
            "[12] DEBUG Core.Loop - again",
            "[7] INFO  App.Ui - Profile selected: Archive",
        ];
        if layout != JSON {
            // One whose text somebody wants.
            rests[1] = "[12] ERROR Net.Http - Request failed with status 503";
        }
        let line = |at: usize| format!("2026-10-24 11:{:02}:{:02},000 {}\n", at / 60, at % 60, rests[at % 3]);
        let log: String = (0..600).map(|at| written(layout, &line(at))).collect();
        let mut records = normaliser.open(log.as_bytes(), Start { closed: true, ..START });
        let (mut passed, mut alone) = (0, 0);
        loop {
            let tell = |told: Told<'_>| {
                passed += match told {
                    Told::Idle(idle) => idle.records,
                    Told::Counted { .. } => 0,
                    Told::One(_) => 1,
                };
                true
            };
            if !records.pass(i64::MIN..i64::MAX, PAUSE_US, tell).unwrap() {
                if records.next().unwrap().is_none() {
                    break;
                }
                alone += 1;
            }
        }
        assert_eq!(passed + alone, 600, "{layout}");
        assert!(alone < 30, "layout {layout}: {alone} records were not passed");
    }
}
