//! Each rule of the family on a log of a few words.

use logparser_kpi_installed_base::InstalledBase;
use logparser_sdk::Window;
use logparser_sdk::testkit::{Facts, Log, Told, check_merge_law, report_with_facts, rich_log, time, window};

/// Each record is a day of October 2026 at noon, with the version where it is a session start.
fn log(words: &[&str]) -> Log {
    let mut log = Log::default();
    for line in words {
        let (day, version) = line.split_once(' ').unwrap_or((line, ""));
        let entry = log.at(&format!("2026-10-{day} 12:00:00"));
        if !version.is_empty() {
            entry.event("session.start").text("app.version", version);
        }
    }
    log
}

/// 12 to 18 October, with data through the end of the 18th.
fn week() -> Window {
    window("2026-10-12", "2026-10-19")
}

fn told(instances: &[(&str, &[&str], Facts<'_>)]) -> Told {
    let logs: Vec<Log> = instances.iter().map(|(_, words, _)| log(words)).collect();
    let instances: Vec<_> = instances.iter().zip(&logs).map(|(&(name, _, facts), log)| (name, log, facts)).collect();
    report_with_facts(&InstalledBase::default(), &week(), &instances)
}

fn state(told: &Told, name: &str) -> String {
    told.rows("last-seen").into_iter().find(|row| row[0] == name).expect("the instance")[5].clone()
}

#[test]
fn an_instance_has_the_version_of_its_last_start() {
    let told = told(&[
        ("WS-1", &["12 1.0", "13 1.1", "14"], &[]),
        ("WS-2", &["12 1.1"], &[]),
        ("WS-3", &["05 1.0"], &[]),
        ("WS-4", &["12"], &[]),
        ("WS-5", &["12 1.1", "20 2.0"], &[]),
        ("WS-6", &[], &[]),
    ]);
    let mut rows = told.rows("versions");
    rows.sort();
    assert_eq!(rows, [["(unknown)", "1", "–"], ["1.0", "1", "0.25"], ["1.1", "3", "0.75"]]);
    assert_eq!((told.value("versions"), told.metric("versions").sample), ("2".to_owned(), Some(4)));
}

#[test]
fn an_instance_is_silent_after_three_days() {
    let told = told(&[("WS-1", &["15"], &[]), ("WS-2", &["16"], &[]), ("WS-3", &["14"], &[])]);
    assert_eq!(["WS-1", "WS-2", "WS-3"].map(|name| state(&told, name)), ["silent", "present", "silent"]);
    assert_eq!(told.value("instances-silent"), "2");
    assert_eq!(told.rows("silent-instances").len(), 2);
    let sentence = "2 instances are silent for longer than usual; the longest, WS-3, for 388799999.999";
    assert_eq!(told.highlights(), [sentence]);
}

#[test]
fn a_longer_pause_is_usual_for_some() {
    let regular: &[&str] = &["05", "06", "07", "08", "09", "13"];
    let told = told(&[("WS-1", regular, &[]), ("WS-2", &["08", "09", "12", "13"], &[])]);
    assert_eq!((state(&told, "WS-1"), state(&told, "WS-2")), ("present".to_owned(), "silent".to_owned()));
    assert_eq!(told.rows("silent-instances")[0][2], (4.0 * 86_400_000.0_f64).to_string());
}

#[test]
fn without_any_record_there_are_no_data() {
    let told = told(&[("WS-1", &[], &[]), ("WS-2", &["18"], &[])]);
    assert_eq!((state(&told, "WS-1"), told.value("instances-without-data")), ("no data".to_owned(), "1".to_owned()));
    assert_eq!(told.rows("silent-instances").len(), 0);
    assert_eq!(told.highlights(), [""; 0]);
}

#[test]
fn an_instance_that_was_not_reached_is_not_silent() {
    let told = told(&[("WS-1", &["12"], &[("reached", 0)]), ("WS-2", &["18"], &[("reached", 1)])]);
    assert_eq!(state(&told, "WS-1"), "not reached");
    assert_eq!(told.rows("unreached-instances"), [["WS-1", &time("2026-10-12 12:00:00").to_string(), "–"]]);
    assert_eq!(told.metric("instances-unreached").sample, Some(2));
    assert_eq!(told.highlights(), [""; 0], "two instances are a small number");
}

#[test]
fn records_that_the_engine_knows_of_count_as_seen() {
    let told = told(&[("WS-1", &[], &[("last-record", time("2026-10-18 08:00:00"))])]);
    assert_eq!(state(&told, "WS-1"), "present");
}

#[test]
fn many_unreached_instances_are_a_highlight() {
    let names: Vec<String> = (0..20).map(|n| format!("WS-{n:02}")).collect();
    let with = |unreached: usize| {
        let facts = |n| if n < unreached { &[("reached", 0)][..] } else { &[("reached", 1)][..] };
        let instances: Vec<(&str, &[&str], Facts<'_>)> =
            names.iter().enumerate().map(|(n, name)| (name.as_str(), &["18"][..], facts(n))).collect();
        told(&instances).highlights()
    };
    assert_eq!(with(1), [""; 0]);
    assert_eq!(with(2), ["2 of 20 instances were not reached: 0.1"]);
    assert_eq!(with(6), ["6 of 20 instances were not reached: 0.3"]);
    assert_eq!(with(7), [""; 0], "coverage tells");
}

#[test]
fn clocks_that_are_off_are_listed() {
    let told = told(&[
        ("WS-1", &["18"], &[("clock-skew-ms", 4999)]),
        ("WS-2", &["18"], &[("clock-skew-ms", 5000)]),
        ("WS-3", &["18"], &[("clock-skew-ms", -60_000)]),
        ("WS-4", &["18"], &[]),
    ]);
    assert_eq!(told.rows("clock-skew"), [["WS-2", "5000", "ahead"], ["WS-3", "60000", "behind"]]);
    assert_eq!(told.highlights(), ["2 instances have clocks off by 5 s or more; the most, WS-3, by 60000 behind"]);
    assert_eq!(told.metric("instances-clock-skewed").sample, Some(3));
}

#[test]
fn what_nobody_knows_is_not_zero() {
    let told = told(&[("WS-1", &["18"], &[])]);
    assert_eq!(told.value("instances-unreached"), "–");
    assert_eq!(told.value("instances-clock-skewed"), "–");
    assert_eq!(told.value("versions"), "–");
}

#[test]
fn instances_are_counted_by_the_days_on_which_they_have_records() {
    let told = told(&[("WS-1", &["12", "14"], &[]), ("WS-2", &["12", "11"], &[]), ("WS-3", &["06"], &[])]);
    let expected = [Some(2.0), None, Some(1.0), None, None, None, None];
    assert_eq!(told.series("instances-per-day")["Instances"], expected);
    assert_eq!(told.value("instances-active"), "2");
}

#[test]
fn any_log_obeys_the_merge_law() {
    for seed in 0..20 {
        check_merge_law(&InstalledBase::default(), &rich_log(seed, 150), seed);
    }
}
