//! Each rule of the family on a log of a few words.

use logparser_kpi_errors::Errors;
use logparser_sdk::testkit::{Facts, Log, Told, check_merge_law, report, report_with_facts, rich_log, time, window};

/// Each record is `day hour:minute what [signature]`, in October 2026; `*n` behind a signature repeats it.
fn log(words: &[&str]) -> Log {
    let mut log = Log::default();
    for line in words {
        let words: Vec<&str> = line.split(' ').collect();
        let times = words.get(4).map_or(1, |times| times.trim_start_matches('*').parse().expect("a number"));
        for _ in 0..times {
            let entry = log.at(&format!("2026-10-{} {}:00", words[0], words[1]));
            match words[2] {
                "error" => entry.severity(17),
                "fatal" => entry.severity(21),
                "warn" => entry.severity(13),
                "start" => entry.event("session.start"),
                "end" => entry.event("session.end"),
                _ => entry,
            };
            if let Some(signature) = words.get(3) {
                entry.signature(signature);
            }
        }
    }
    log
}

const NAMES: [&str; 5] = ["WS-1", "WS-2", "WS-3", "WS-4", "WS-5"];

/// The report over Monday 12 and Tuesday 13 October, after Saturday and Sunday.
fn told(logs: &[&[&str]]) -> Told {
    let logs: Vec<Log> = logs.iter().map(|words| log(words)).collect();
    let instances: Vec<(&str, &Log)> = NAMES.into_iter().zip(&logs).collect();
    report(&Errors::default(), &window("2026-10-12", "2026-10-14"), &instances)
}

/// The cell of a signature in the table of the most frequent errors.
fn cell(told: &Told, signature: &str, column: usize) -> String {
    let rows = told.rows("most-frequent-errors");
    rows.iter().find(|row| row[0] == signature).expect("the signature")[column].clone()
}

#[test]
fn errors_are_counted_by_severity() {
    let told = told(&[&["12 08:00 error a", "12 08:01 warn b", "12 08:02 fatal c", "13 09:00 error a"]]);
    assert_eq!((told.value("errors"), told.value("fatals")), ("3".to_owned(), "1".to_owned()));
    assert_eq!(told.series("errors-per-day")["Errors"], [Some(2.0), Some(1.0)]);
    assert_eq!(told.series("errors-per-day")["Fatal"], [Some(1.0), Some(0.0)]);
    assert_eq!(told.rows("most-frequent-errors").len(), 2);
}

#[test]
fn a_signature_tells_count_share_instances_and_times() {
    let told = told(&[&["12 08:00 error a", "12 09:00 error b"], &["13 07:00 error a", "13 07:30 error a"]]);
    let times = [time("2026-10-12 08:00:00"), time("2026-10-13 07:30:00")].map(|time| time.to_string());
    let row: Vec<String> = (0..6).map(|column| cell(&told, "a", column)).collect();
    assert_eq!(row, ["a", "3", "0.75", "2", times[0].as_str(), times[1].as_str()]);
}

#[test]
fn the_sum_of_all_counts_is_the_number_of_errors() {
    let mut logs = vec![Log::default(); 3];
    for n in 0..4000_i64 {
        let entry = logs[n as usize % 3].at_time(time("2026-10-12 08:00:00") + n * 1_000_000).severity(17);
        if n % 7 > 0 {
            entry.signature(&format!("s{}", n % 3500));
        }
    }
    check_merge_law(&Errors::default(), &logs[0], 1);
    let instances: Vec<(&str, &Log)> = NAMES.into_iter().zip(&logs).collect();
    let told = report(&Errors::default(), &window("2026-10-12", "2026-10-14"), &instances);
    let rows = told.rows("most-frequent-errors");
    let counts = rows.iter().map(|row| row[1].parse::<u64>().expect("a count"));
    assert_eq!((counts.sum::<u64>().to_string(), told.value("errors")), ("4000".to_owned(), "4000".to_owned()));
    assert_eq!(rows.iter().filter(|row| row[0] == "(other errors)").count(), 1);
}

#[test]
fn trends_are_against_the_period_before() {
    let before = ["10 08:00 error old", "10 08:00 error back", "11 08:00 error old", "11 08:00 error same *20"];
    let now = [
        "12 08:00 error old *4",
        "12 08:01 error back",
        "12 08:02 error same *39",
        "12 08:03 error fresh",
        "13 08:00 note",
    ];
    let words = [&before[..], &now].concat();
    let quiet = ["12 08:00 note"];
    let told = told(&[&words, &quiet, &quiet]);
    assert_eq!(["fresh", "back", "old", "same"].map(|name| cell(&told, name, 8)), ["new", "returned", "–", "–"]);
    assert_eq!(["fresh", "back", "old", "same"].map(|name| cell(&told, name, 6)), ["0", "1", "2", "20"]);
    assert_eq!(cell(&told, "old", 7), "+100 %");
    assert_eq!(cell(&told, "back", 4), time("2026-10-10 08:00:00").to_string());
}

#[test]
fn an_error_grows_when_it_doubles_and_is_no_small_number() {
    let grows = |before: u32, now: u32| {
        let words = [format!("11 08:00 error a *{before}"), format!("12 08:00 error a *{now}")];
        let told = told(&[&words.each_ref().map(String::as_str)]);
        (cell(&told, "a", 8), told.highlights())
    };
    let growing = ("growing".to_owned(), vec!["A growing error, 20 after 10 records: a".to_owned()]);
    assert_eq!(grows(10, 20), growing);
    assert_eq!(grows(11, 21).0, "–");
    assert_eq!(grows(9, 19), ("–".to_owned(), Vec::new()));
}

#[test]
fn an_error_spreads_when_its_instances_double_to_three_or_more() {
    let spread = ["12 08:00 error a"];
    let both = ["11 08:00 error a", "12 08:00 error a"];
    let spreads = told(&[&both, &["12 08:00 error a *18"], &spread, &["12 08:00 note"], &["12 08:00 note"]]);
    assert_eq!(cell(&spreads, "a", 8), "growing, spreading");
    let sentences = ["A growing error, 20 after 1 record: a", "A spreading error, on 3 after 1 instance: a"];
    assert_eq!(spreads.highlights()[..2], sentences);
    assert_eq!(cell(&told(&[&both, &spread, &spread]), "a", 8), "spreading");
    assert_eq!(cell(&told(&[&both, &spread]), "a", 8), "–");
    assert_eq!(cell(&told(&[&both, &both, &spread]), "a", 8), "–");
}

#[test]
fn without_a_period_before_there_is_no_trend() {
    let alone = told(&[&["12 08:00 error a", "12 08:00 fatal b", "13 08:00 note"]]);
    assert_eq!((cell(&alone, "a", 8), cell(&alone, "a", 6)), ("–".to_owned(), "–".to_owned()));
    assert_eq!(alone.highlights(), [""; 0]);
}

#[test]
fn a_new_fatal_error_is_a_highlight_however_rare() {
    let told = told(&[&["11 08:00 note", "12 08:00 fatal a", "12 08:00 error b"]]);
    assert_eq!(told.highlights(), ["A new fatal error, 1 record on 1 instance: a"]);
}

#[test]
fn a_flooding_instance_is_named() {
    let (loud, quiet) = (["12 08:00 error a *15"], ["12 08:00 error a *5"]);
    let flooded = told(&[&quiet, &loud, &quiet]);
    assert_eq!(cell(&flooded, "a", 9), "WS-2");
    assert_eq!(flooded.highlights(), ["WS-2 alone has 15 of all 25 errors", "WS-2 alone has 15 of 25 errors: a"]);
    assert_eq!(told(&[&quiet, &quiet, &quiet, &quiet]).highlights(), [""; 0]);
    assert_eq!(told(&[&loud, &quiet]).highlights(), [""; 0], "two instances always share their errors");
    assert_eq!(told(&[&loud, &["12 08:00 error a *2"], &["12 08:00 error a *2"]]).highlights(), [""; 0]);
}

#[test]
fn hours_and_weekdays_are_those_of_the_wall_clock() {
    let told = told(&[&["12 08:00 error a", "12 08:59 error a", "13 23:00 error a"]]);
    assert_eq!(told.heat("errors-by-weekday", "Mon", "08"), Some(2.0));
    assert_eq!(told.heat("errors-by-weekday", "Tue", "23"), Some(1.0));
    assert_eq!(told.heat("errors-by-weekday", "Tue", "08"), Some(0.0));
    assert_eq!(told.heat("errors-by-weekday", "Wed", "08"), None);
    assert_eq!(told.series("errors-by-hour")["Errors"][8], Some(2.0));
}

#[test]
fn errors_are_held_against_the_sessions_that_were_active() {
    let one = ["12 08:10 start", "12 09:10 error a", "12 09:20 end"];
    let two = ["12 09:00 start", "12 09:30 end", "12 11:00 error a"];
    let silent = ["12 09:00 note", "12 09:25 note"];
    let told = told(&[&one, &two, &silent]);
    assert_eq!(told.heat("errors-per-active-session", "Mon", "08"), Some(0.0));
    assert_eq!(told.heat("errors-per-active-session", "Mon", "09"), Some(1.0 / 3.0));
    assert_eq!(told.heat("errors-per-active-session", "Mon", "11"), None);
}

#[test]
fn instances_with_fatal_errors_come_with_their_rate() {
    let told = told(&[
        &["12 08:00 start", "12 08:10 fatal a", "12 09:00 start", "12 09:10 fatal a", "12 09:11 fatal a"],
        &["12 08:00 error a", "12 08:00 start"],
        &["11 08:00 fatal a", "12 08:00 note"],
    ]);
    assert_eq!(told.rows("top-fatal-instances"), [["WS-1", "3", "2", "1.5"]]);
    assert_eq!((told.value("instances-with-errors"), told.value("instances-with-fatals")), ("2".into(), "1".into()));
}

#[test]
fn many_fatal_errors_of_one_instance_are_a_highlight() {
    let one = |times| told(&[&[&*format!("12 08:00 fatal a *{times}")]]).highlights();
    assert_eq!(one(20), ["WS-1 has 20 fatal errors"]);
    assert_eq!(one(19), [""; 0]);
}

#[test]
fn unreached_instances_are_listed_apart() {
    let (some, none) = (log(&["12 08:00 fatal a"]), Log::default());
    let instances: [(&str, &Log, Facts<'_>); 3] =
        [("WS-1", &some, &[("reached", 1)]), ("WS-2", &none, &[("reached", 0)]), ("WS-3", &none, &[])];
    let told = report_with_facts(&Errors::default(), &window("2026-10-12", "2026-10-14"), &instances);
    assert_eq!(told.texts(), ["Not reached, so that their latest errors are not counted (1): WS-2."]);
}

#[test]
fn no_data_is_not_zero() {
    let nothing = told(&[&[]]);
    assert_eq!(nothing.value("errors"), "–");
    assert_eq!(nothing.series("errors-by-hour")["Errors"][8], None);
    assert_eq!(told(&[&["12 08:00 note"]]).value("errors"), "0");
}

#[test]
fn any_log_obeys_the_merge_law() {
    for seed in 0..20 {
        check_merge_law(&Errors::default(), &rich_log(seed, 150), seed);
    }
}
