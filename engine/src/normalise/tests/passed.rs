//! Records that are passed are those that would have been given one by one.

use proptest::prelude::{any, prop_assert_eq, prop_oneof, proptest};
use proptest::strategy::{Just, Strategy};

use super::{START, Slow, Start, compile, log4net};

const PAUSE_US: i64 = 60_000_000;

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
        let (day, second) = (25 + seconds / 86_400, seconds % 86_400);
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        format!("2026-10-{day} {hour:02}:{minute:02}:{second:02},{millis:03} {rest}\n")
    })
}

proptest! {
    #[test]
    fn they_are_the_ones_that_nobody_wants(
        lines in proptest::collection::vec(line(), 0..300),
        sizes in proptest::collection::vec(1usize..9_000, 1..9),
        bounds in (0..90_000_000_000i64, 0..90_000_000_000i64),
    ) {
        let normaliser = compile(&log4net());
        let log = lines.concat();
        let start = 1_792_879_200_000_000; // 2026-10-25, Berlin's longest day
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
