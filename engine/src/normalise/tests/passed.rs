//! Records that are passed are those that would have been given one by one.

use proptest::prelude::{any, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::select;
use proptest::strategy::{Just, Strategy};

use super::{START, Slow, Start, compile, log4net};
use crate::profile::{Format, Layout};

const PAUSE_US: i64 = 60_000_000;

/// The same lines in layouts that differ in what stands behind the time and how that is written.
const LAYOUTS: [(&str, &str); 5] = [
    ("{timestamp} [{thread}] {severity} {logger} - {body}", "%Y-%m-%d %H:%M:%S,%3f"),
    ("{timestamp} {thread} {severity} {logger} - {body}", "%Y-%m-%d %H:%M:%S,%3f"),
    ("{timestamp} [{thread}] {severity} {logger} - {body}", "%d.%m.%Y %H:%M:%S.%f"),
    ("{timestamp}|[{thread}] {severity} {logger} - {body}", "%Y%m%d %H-%M-%S,%3f"),
    ("{timestamp} [{thread}] {severity} {logger} - {body}", "%Y-%m-%dT%H:%M:%S.%3f%:z"),
];

fn format(layout: usize) -> Format {
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
        _ => line.to_owned(),
    }
}

/// Lines of which most are wanted by nobody, and whose times mostly go on.
fn line() -> impl Strategy<Value = String> {
    let seconds = prop_oneof![8 => 0..3u32, 1 => 50..70u32, 1 => 3_600..90_000u32];
    let rest = prop_oneof![
        8 => Just("[3] INFO  Core.Loop - Heartbeat sent, rtt=77 ms"),
        2 => Just("[12] DEBUG Core.Loop - a second one\r"),
        1 => Just("[12] INFO  App.Ui - Profile selected: Archive"),
        1 => Just("[7] ERROR Net.Http - Request failed\n   at Shell.Run()\n\n   at Program.Main()"),
        1 => Just("[7] INFO  Core.Loop - with a line behind it\nthat joins"),
        1 => Just("and nothing that fits"),
        1 => Just("[3] INFO  Core.Loop -"),
    ];
    (seconds, 0..1_000u32, any::<bool>(), rest).prop_map(|(seconds, millis, back, rest)| {
        let seconds = if back && seconds < 2 { 40_000 - seconds } else { 40_000 + seconds };
        let (day, second) = (24 + seconds / 86_400, seconds % 86_400);
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        format!("2026-10-{day} {hour:02}:{minute:02}:{second:02},{millis:03} {rest}\n")
    })
}

proptest! {
    #[test]
    fn they_are_the_ones_that_nobody_wants(
        lines in proptest::collection::vec(line(), 0..300),
        sizes in proptest::collection::vec(1usize..9_000, 1..9),
        bounds in (0..180_000_000_000i64, 0..180_000_000_000i64),
        layout in select((0..LAYOUTS.len()).collect::<Vec<_>>()),
    ) {
        let normaliser = compile(&format(layout));
        let log: String = lines.iter().map(|line| written(layout, line)).collect();
        let start = 1_792_792_800_000_000; // 2026-10-24, the day before Berlin's longest
        let quiet = start + bounds.0.min(bounds.1)..start + bounds.0.max(bounds.1);
        let open = || {
            let source = Slow { text: log.as_bytes(), sizes: sizes.clone(), reads: 0 };
            normaliser.open(source, Start { closed: true, ..START })
        };
        let mut times = Vec::new();
        let mut alone = open();
        while let Some(record) = alone.next().unwrap() {
            times.push((record.time, record.wanted));
        }
        let mut records = open();
        let (mut at, mut last) = (0, i64::MIN);
        loop {
            let span = quiet.start.max(last)..quiet.end;
            if let Some(passed) = records.pass_idle(span.clone(), PAUSE_US).unwrap() {
                let these = &times[at..at + passed.records as usize];
                prop_assert_eq!(these[0].0, passed.first);
                prop_assert_eq!(these[these.len() - 1].0, passed.last);
                for pair in these.windows(2) {
                    assert!((0..=PAUSE_US).contains(&(pair[1].0 - pair[0].0)), "{these:?}");
                }
                assert!(these.iter().all(|(time, wanted)| *wanted == 0 && span.contains(time)), "{span:?} {these:?}");
                at += these.len();
                last = last.max(passed.last);
                continue;
            }
            let Some(record) = records.next().unwrap() else { break };
            prop_assert_eq!((record.time, record.wanted), times[at]);
            last = last.max(record.time);
            at += 1;
        }
        prop_assert_eq!(at, times.len());
        let (alone, passed) = (alone.into_tally(), records.into_tally());
        prop_assert_eq!(format!("{alone:?}"), format!("{passed:?}"));
    }
}
