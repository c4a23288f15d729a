//! Each rule of the family on a log of a few words.

use logparser_kpi_sessions::Usages;
use logparser_sdk::testkit::{Log, Told, check_merge_law, report, rich_log, window};

/// Each record is `day hour:minute event [session [user]]`, in October 2026.
fn log(words: &[&str]) -> Log {
    let mut log = Log::default();
    for line in words {
        let words: Vec<&str> = line.split(' ').collect();
        let entry = log.at(&format!("2026-10-{} {}:00", words[0], words[1]));
        match words[2] {
            "start" => entry.event("session.start"),
            "end" => entry.event("session.end"),
            "crash" => entry.event("app.crash"),
            "action" => entry.event("user.action"),
            _ => entry,
        };
        for (name, value) in ["session.id", "user.id"].into_iter().zip(&words[3..]) {
            entry.text(name, value);
        }
    }
    log
}

/// The report over 12 and 13 October.
fn told(logs: &[&[&str]]) -> Told {
    let logs: Vec<Log> = logs.iter().map(|words| log(words)).collect();
    let instances: Vec<(&str, &Log)> = ["WS-1", "WS-2", "WS-3"].into_iter().zip(&logs).collect();
    report(&Usages::default(), &window("2026-10-12", "2026-10-14"), &instances)
}

#[track_caller]
fn check(told: &Told, expected: &[(&str, &str)]) {
    for (id, value) in expected {
        assert_eq!(told.value(id), *value, "{id}");
    }
}

#[test]
fn starts_belong_to_their_day_with_the_users_and_instances_behind_them() {
    let one = ["12 08:00 start a u1", "12 09:00 end a u1", "12 10:00 start b u1", "12 11:00 end b u1"];
    let two = ["12 08:00 start a u1", "12 09:00 end a u1", "13 10:00 start b u2", "13 11:00 end b u2"];
    let told = told(&[&one, &two]);
    check(&told, &[("starts", "4"), ("users", "2"), ("instances", "2"), ("starts-per-day-mean", "2")]);
    assert_eq!(told.series("starts-per-day")["Starts"], [Some(3.0), Some(1.0)]);
    assert_eq!(told.series("users-per-day")["Users"], [Some(1.0), Some(1.0)]);
    assert_eq!(told.series("users-per-day")["Instances"], [Some(2.0), Some(1.0)]);
}

#[test]
fn only_the_events_of_user_actions_are_interactions() {
    let told = told(&[&["12 08:00 action", "12 08:01 note", "12 08:02 action", "13 08:00 action"]]);
    check(&told, &[("interactions", "3"), ("interactions-per-day-mean", "1.5")]);
    assert_eq!(told.series("interactions-per-day")["Interactions"], [Some(2.0), Some(1.0)]);
}

#[test]
fn only_ended_sessions_have_a_length() {
    let told = told(&[&[
        "12 08:00 start a",
        "12 08:10 end a",
        "12 09:00 start b",
        "12 09:30 end b",
        "12 10:00 start c",
        "12 10:40 crash",
        "12 11:00 start d",
        "12 12:00 start e",
        "12 12:10 end x",
        "12 12:20 note",
    ]]);
    check(&told, &[("sessions-ended", "2"), ("sessions-crashed", "1"), ("sessions-abnormal", "1")]);
    check(&told, &[("sessions-open", "1"), ("sessions-left-cut", "1"), ("sessions", "5")]);
    check(&told, &[("session-length-mean", "1200000"), ("session-length-median", "1200000")]);
    check(&told, &[("session-length-p95", "1740000"), ("crash-free-sessions", "0.75"), ("abnormal-sessions", "0.25")]);
    let mean = told.metric("session-length-mean");
    assert_eq!(mean.sample, Some(2));
    let note = "ended sessions; left out: 1 crashed, 1 abnormal, 1 open, 1 left-cut, 0 cut at pauses, 0 with a \
                negative length";
    assert_eq!(mean.note.as_deref(), Some(note));
}

#[test]
fn a_negative_length_is_counted_but_not_averaged() {
    let told = told(&[&["12 09:00 start a", "12 08:00 end a", "12 10:00 start b", "12 10:01 end b"]]);
    check(&told, &[("sessions-ended", "2"), ("session-length-mean", "60000")]);
    assert!(
        told.metric("session-length-mean")
            .note
            .as_deref()
            .is_some_and(|note| note.ends_with("1 with a negative length"))
    );
}

#[test]
fn users_are_crash_free_when_none_of_their_sessions_crashed() {
    let told = told(&[
        &["12 08:00 start a u1", "12 08:10 crash a", "12 09:00 start b u1", "12 09:10 end b"],
        &["12 08:00 start a u2", "12 08:10 end a", "12 09:00 start b u3", "12 09:10 note"],
    ]);
    check(&told, &[("users", "3"), ("crash-free-users", "0.5"), ("crashes", "1")]);
    assert_eq!(told.metric("crash-free-users").sample, Some(2));
}

#[test]
fn a_session_across_the_border_belongs_to_the_period_of_its_start() {
    let told = told(&[&["11 23:50 start a", "12 00:10 end a", "13 23:50 start b", "14 00:10 end b"]]);
    check(&told, &[("starts", "1"), ("sessions-ended", "1"), ("sessions-left-cut", "0")]);
    check(&told, &[("session-length-mean", "1200000")]);
}

#[test]
fn no_data_is_not_zero() {
    let nothing = told(&[&[]]);
    check(
        &nothing,
        &[("starts", "–"), ("interactions", "–"), ("session-length-mean", "–"), ("crash-free-sessions", "–")],
    );
    assert_eq!(nothing.series("starts-per-day")["Starts"], [None, None]);
    let idle = told(&[&["12 08:00 start a", "12 08:10 end a", "13 08:00 note"]]);
    assert_eq!(idle.series("starts-per-day")["Starts"], [Some(1.0), Some(0.0)]);
    let silent = told(&[&["10 08:00 note"]]);
    check(&silent, &[("starts", "–")]);
}

#[test]
fn without_markers_activity_stands_for_sessions() {
    let quiet = ["12 08:00 note", "12 08:20 note", "12 12:00 note", "12 12:10 note"];
    let told_quiet = told(&[&quiet]);
    check(&told_quiet, &[("starts", "2"), ("sessions-idle-cut", "2"), ("session-length-mean", "900000")]);
    assert_eq!(told_quiet.texts().len(), 1);
    let both = told(&[&quiet, &["12 08:00 start a", "12 08:10 end a"]]);
    check(&both, &[("starts", "3"), ("sessions-idle-cut", "2"), ("session-length-mean", "600000")]);
}

#[test]
fn the_period_before_is_compared_where_it_has_data() {
    let told_with = told(&[&["10 08:00 start a", "10 08:10 end a", "12 08:00 start b", "13 08:00 start c"]]);
    assert_eq!(told_with.metric("starts").note.as_deref(), Some("+100 % against the period before"));
    let told_without = told(&[&["12 08:00 start b", "13 08:00 start c"]]);
    assert_eq!(told_without.metric("starts").note, None);
}

/// Sessions of a minute each, of which the first `crashed` crash.
fn sessions(day: u32, count: u32, crashed: u32) -> Vec<String> {
    let session = |n: u32| {
        let close = if n < crashed { "crash" } else { "end" };
        let (hour, minute) = (8 + n / 30, n % 30 * 2);
        [format!("{day} {hour:02}:{minute:02} start s{n}"), format!("{day} {hour:02}:{:02} {close} s{n}", minute + 1)]
    };
    (0..count).flat_map(session).collect()
}

fn highlights(words: &[Vec<String>]) -> Vec<String> {
    let words: Vec<&str> = words.iter().flatten().map(String::as_str).collect();
    told(&[&words]).highlights()
}

#[test]
fn crashes_are_a_highlight_below_the_threshold_and_above_the_minimum_sample() {
    assert_eq!(highlights(&[sessions(12, 20, 1)]), ["Crash-free sessions are at 0.95: 1 of 20 sessions crashed"]);
    assert_eq!(highlights(&[sessions(12, 19, 1)]), [""; 0]);
    assert_eq!(highlights(&[sessions(12, 50, 1)]), [""; 0]);
}

#[test]
fn starts_that_change_strongly_are_a_highlight() {
    let fell = highlights(&[sessions(10, 40, 0), sessions(12, 20, 0)]);
    assert_eq!(fell, ["Session starts per day fell by 0.5 against the period before"]);
    let rose = highlights(&[sessions(10, 20, 0), sessions(12, 40, 0)]);
    assert_eq!(rose, ["Session starts per day rose by 1 against the period before"]);
    assert_eq!(highlights(&[sessions(10, 40, 0), sessions(12, 21, 0)]), [""; 0]);
    assert_eq!(highlights(&[sessions(10, 19, 0), sessions(12, 2, 0)]), [""; 0]);
}

#[test]
fn any_log_obeys_the_merge_law() {
    for seed in 0..20 {
        check_merge_law(&Usages::default(), &rich_log(seed, 150), seed);
    }
}

#[test]
fn settings_out_of_range_are_named() {
    let faults = logparser_sdk::plugin::settings::<Usages>(r#"{"crash_free_min": 98, "idle_timeout_min": 0}"#);
    let keys: Vec<String> = faults.expect_err("out of range").into_iter().map(|fault| fault.key).collect();
    assert_eq!(keys, ["idle_timeout_min", "crash_free_min"]);
}
