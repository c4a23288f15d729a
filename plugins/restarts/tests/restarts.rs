//! Each rule of the family on a log of a few words.

use logparser_kpi_restarts::Restarts;
use logparser_sdk::testkit::{Log, Told, check_merge_law, report, rich_log, window};

/// Each record is `day hour:minute:second event [service [duration]]`, in October 2026.
fn log(words: &[&str]) -> Log {
    let mut log = Log::default();
    for line in words {
        let words: Vec<&str> = line.split(' ').collect();
        let entry = log.at(&format!("2026-10-{} {}", words[0], words[1]));
        match words[2] {
            "request" => entry.event("service.restart.request"),
            "complete" => entry.event("service.restart.complete"),
            "fail" => entry.event("service.restart.fail"),
            _ => entry,
        };
        if let Some(service) = words.get(3) {
            entry.text("service.name", service);
        }
        if let Some(duration) = words.get(4) {
            entry.integer("duration", duration.parse().expect("milliseconds"));
        }
    }
    log
}

/// The report over 12 and 13 October.
fn told(words: &[&str]) -> Told {
    let log = log(words);
    check_merge_law(&Restarts::default(), &log, 1);
    report(&Restarts::default(), &window("2026-10-12", "2026-10-14"), &[("WS-1", &log)])
}

/// Completed, failed, pending, retries, and the mean response time.
#[track_caller]
fn check(words: &[&str], counts: [u64; 4], mean_ms: &str) -> Told {
    let told = told(words);
    let ids = ["restarts-completed", "restarts-failed", "restarts-pending", "restart-retries"];
    assert_eq!(ids.map(|id| told.value(id)), counts.map(|count| count.to_string()));
    assert_eq!(told.value("restart-time-mean"), mean_ms);
    told
}

#[test]
fn the_time_runs_from_the_request_to_the_completion() {
    check(&["12 08:00:00 request a", "12 08:00:07 complete a"], [1, 0, 0, 0], "7000");
    check(&["12 08:00:00 request a", "12 08:00:00 complete a"], [1, 0, 0, 0], "0");
}

#[test]
fn the_duration_of_the_record_wins() {
    check(&["12 08:00:00 request a", "12 08:00:07 complete a 6500"], [1, 0, 0, 0], "6500");
    check(&["12 08:00:00 request a", "12 08:00:07 complete a -1"], [1, 0, 0, 0], "7000");
}

#[test]
fn services_and_instances_do_not_answer_for_each_other() {
    let words = ["12 08:00:00 request a", "12 08:00:01 request b", "12 08:00:04 complete b", "12 08:00:07 complete a"];
    let both = check(&words, [2, 0, 0, 0], "5000");
    let rows = both.rows("restarts-by-service");
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().any(|row| row[..2] == ["a", "1"] && row[7] == "7000"), "{rows:?}");
    let (asked, answered) = (log(&["12 08:00:00 request a", "12 09:00:00 note"]), log(&["12 08:00:07 complete a 10"]));
    let window = window("2026-10-12", "2026-10-14");
    let apart = report(&Restarts::default(), &window, &[("WS-1", &asked), ("WS-2", &answered)]);
    assert_eq!((apart.value("restarts-completed").as_str(), apart.value("restarts-failed").as_str()), ("1", "1"));
}

#[test]
fn a_second_request_before_the_completion_is_a_retry() {
    let words = ["12 08:00:00 request a", "12 08:00:30 request a", "12 08:01:00 complete a"];
    check(&words, [1, 0, 0, 1], "60000");
    let words = ["12 08:00:00 request a", "12 08:00:30 complete a", "12 08:00:40 request a", "12 08:00:50 complete a"];
    check(&words, [2, 0, 0, 0], "20000");
}

#[test]
fn a_request_after_the_timeout_is_another_restart() {
    let words = ["12 08:00:00 request a", "12 08:02:01 request a", "12 08:02:11 complete a"];
    check(&words, [1, 1, 0, 0], "10000");
    let words = ["12 08:00:00 request a", "12 08:02:00 request a", "12 08:02:00 complete a"];
    check(&words, [1, 0, 0, 1], "120000");
}

#[test]
fn no_completion_within_the_timeout_is_a_failure() {
    check(&["12 08:00:00 request a", "12 08:02:01 note"], [0, 1, 0, 0], "–");
    check(&["12 08:00:00 request a", "13 08:00:00 note"], [0, 1, 0, 0], "–");
}

#[test]
fn a_late_answer_does_not_repair_a_failure() {
    let late = check(&["12 08:00:00 request a", "12 08:03:00 complete a 180000"], [0, 1, 0, 0], "–");
    let note = late.metric("restarts-failed").note.clone();
    assert_eq!(note.as_deref(), Some("no completion within 120 s, or a failure; 1 answered late"));
    let words = ["12 08:00:00 request a", "12 08:00:30 fail a", "12 08:00:40 complete a 40000"];
    check(&words, [0, 1, 0, 0], "–");
}

#[test]
fn an_explicit_failure_is_one_failure() {
    check(&["12 08:00:00 request a", "12 08:01:00 fail a"], [0, 1, 0, 0], "–");
    check(&["12 08:00:00 request a", "12 08:01:00 fail a", "12 08:01:01 fail a"], [0, 1, 0, 0], "–");
    check(&["12 08:00:00 request a", "12 08:05:00 fail a"], [0, 1, 0, 0], "–");
    check(&["12 08:00:00 fail a", "12 09:00:00 fail a"], [0, 2, 0, 0], "–");
}

#[test]
fn an_unanswered_request_at_the_end_of_the_data_is_pending() {
    let told = check(&["12 08:00:00 request a", "12 08:01:59 note"], [0, 0, 1, 0], "–");
    assert_eq!(told.value("restart-completion-rate"), "–");
}

#[test]
fn a_completion_without_a_request_needs_its_own_duration() {
    check(&["12 08:00:00 complete a 2500"], [1, 0, 0, 0], "2500");
    let unknown = check(&["12 08:00:00 complete a"], [0, 0, 0, 0], "–");
    let note = unknown.metric("restarts-completed").note.clone();
    assert_eq!(note.as_deref(), Some("left out: 1 without a request and without a duration"));
    let words = ["12 08:00:00 fail a", "12 09:00:00 complete a 2500", "12 10:00:00 complete a 3500"];
    check(&words, [2, 1, 0, 0], "3000");
}

#[test]
fn a_restart_belongs_to_the_day_on_which_it_began() {
    check(&["11 23:59:58 request a", "12 00:00:03 complete a"], [0, 0, 0, 0], "–");
    check(&["12 00:00:03 complete a 5000", "12 00:00:05 complete a 5000"], [1, 0, 0, 0], "5000");
    check(&["13 23:59:58 request a", "14 00:00:03 complete a"], [1, 0, 0, 0], "5000");
    check(&["12 08:00:00 note", "14 00:00:03 complete a 90000000"], [1, 0, 0, 0], "90000000");
    check(&["12 08:00:00 note", "14 23:00:03 complete a 82803000"], [0, 0, 0, 0], "–");
    check(&["12 08:00:00 note", "14 23:00:03 complete a 82803001"], [1, 0, 0, 0], "82803001");
}

#[test]
fn a_completion_before_its_request_is_a_clock_fault() {
    let told = check(&["12 08:00:07 request a", "12 08:00:00 complete a"], [1, 0, 0, 0], "–");
    let note = told.metric("restarts-completed").note.clone();
    assert_eq!(note.as_deref(), Some("1 lie before their request and have no response time"));
}

#[test]
fn no_data_is_not_zero() {
    assert_eq!(told(&[]).value("restarts-completed"), "–");
    assert_eq!(told(&["12 08:00:00 note"]).value("restarts-completed"), "0");
}

#[test]
fn the_chart_has_gaps_where_nothing_was_restarted() {
    let told = told(&["12 08:00:00 request a", "12 08:00:05 complete a", "13 08:00:00 note"]);
    assert_eq!(told.series("restart-time-per-day")["Mean"], [Some(5000.0), None]);
}

/// `completed` restarts of `seconds`, and `failed` ones.
fn highlights(completed: u32, failed: u32, seconds: u32) -> Vec<String> {
    let mut words = Vec::new();
    for n in 0..completed + failed {
        let (hour, minute) = (8 + n / 30, n % 30 * 2);
        words.push(format!("12 {hour:02}:{minute:02}:00 request a"));
        let what = if n < completed { "complete" } else { "fail" };
        words.push(format!("12 {hour:02}:{minute:02}:{seconds:02} {what} a"));
    }
    told(&words.iter().map(String::as_str).collect::<Vec<_>>()).highlights()
}

#[test]
fn slow_and_failing_restarts_are_highlights() {
    assert_eq!(highlights(20, 0, 11), ["Service restarts take 11000 on average"]);
    assert_eq!(highlights(20, 0, 10), [""; 0]);
    assert_eq!(highlights(18, 2, 5), ["Only 0.9 of service restarts complete: 2 of 20 failed"]);
    assert_eq!(highlights(19, 1, 5), [""; 0]);
}

#[test]
fn small_numbers_raise_no_highlight() {
    assert_eq!(highlights(19, 0, 50), [""; 0]);
    assert_eq!(highlights(10, 9, 5), [""; 0]);
}

#[test]
fn any_log_obeys_the_merge_law() {
    for seed in 0..20 {
        check_merge_law(&Restarts::default(), &rich_log(seed, 150), seed);
    }
}

#[test]
fn settings_out_of_range_are_named() {
    let faults = logparser_sdk::plugin::settings::<Restarts>(r#"{"timeout_s": 0, "completion_min": 95}"#);
    let keys: Vec<String> = faults.expect_err("out of range").into_iter().map(|fault| fault.key).collect();
    assert_eq!(keys, ["timeout_s", "completion_min"]);
}
