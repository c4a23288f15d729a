//! A log of everything at once.

use super::{Log, next, time};

/// Steps between records, in seconds: within and beyond a span of activity, a timeout, an idle timeout, a day.
const STEPS_S: [i64; 9] = [0, 1, 20, 59, 61, 130, 900, 1801, 40_000];
/// The standard events.
const EVENTS: [&str; 7] = [
    "session.start",
    "session.end",
    "app.crash",
    "user.action",
    "service.restart.request",
    "service.restart.complete",
    "service.restart.fail",
];

/// Records of all standard events and severities in any order, of few sessions, processes, users and services, with
/// pauses, steps of the clock and days in between: what the merge law is checked on. Equal seeds give equal logs.
pub fn rich_log(seed: u64, records: usize) -> Log {
    let mut state = seed;
    let mut below = |limit: usize| (next(&mut state) % limit as u64) as usize;
    let mut log = Log::default();
    let mut now = time("2026-10-12 08:00:00");
    for _ in 0..records {
        let step_us = STEPS_S[below(STEPS_S.len())] * 1_000_000;
        now += if below(25) == 0 { -step_us } else { step_us };
        let entry = log.at_time(now);
        if let Some(event) = EVENTS.get(below(EVENTS.len() + 2)) {
            entry.event(event);
        }
        let texts = [
            ("session.id", ["a", "b", "c"]),
            ("process.id", ["p1", "p2", "p3"]),
            ("user.id", ["u1", "u2", "u3"]),
            ("app.version", ["1.0", "1.1", "2.0-rc1"]),
            ("service.name", ["Bridge", "Mixer", "Store"]),
        ];
        for (name, values) in texts {
            if below(3) > 0 {
                entry.text(name, values[below(values.len())]);
            }
        }
        if below(2) == 0 {
            entry.integer("duration", [-5, 0, 450, 12_489, 200_000][below(5)]);
        }
        match below(6) {
            0 => entry.severity(17).signature(["timeout", "denied", "locked"][below(3)]),
            1 => entry.severity(21).signature(["crash", "corrupt"][below(2)]),
            2 => entry.severity(18),
            _ => entry,
        };
    }
    log
}
