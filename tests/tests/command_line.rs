//! The command line: exit codes, what goes to which stream, and the commands beside `run`.

mod scene;

use std::fs;

use logparser_tests::story::{FolderPlan, Layout, Rotation, write_fleet};
use scene::{MAIN, Scene};

/// Five days of five instances, in a folder.
fn five() -> Scene {
    Scene::logs(Layout::Log4net, |folder| {
        let rotation = Rotation { file_bytes_max: 20_000, files_max: 10 };
        let plan = FolderPlan { instances: 5, days: 5, bytes_target: 200_000, rotation, ..FolderPlan::default() };
        write_fleet(folder, &plan).expect("logs");
    })
}

#[test]
fn quiet_says_nothing_and_plain_gives_paths() {
    let scene = five();
    let plain = scene.logparser(MAIN, &["run"]);
    assert_eq!(plain.code, Some(0));
    let paths: Vec<&str> = plain.stdout.lines().collect();
    assert!(paths.len() == 2 && paths.iter().all(|path| fs::metadata(path).is_ok()), "{paths:?}");
    let quiet = scene.logparser(MAIN, &["run", "--quiet"]);
    assert_eq!((quiet.code, quiet.stdout.as_str(), quiet.stderr.as_str()), (Some(0), "", ""));
}

#[test]
fn the_summary_is_json_and_nothing_else() {
    let scene = five();
    for arguments in [&["fetch", "--json"][..], &["report", "--json"], &["run", "--json"], &["check", "--json"]] {
        let ran = scene.logparser(MAIN, arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}");
        assert!(ran.summary().is_object(), "{arguments:?}");
    }
}

#[test]
fn fetch_and_report_do_their_half() {
    let scene = five();
    assert_eq!(scene.logparser(MAIN, &["fetch"]).code, Some(0));
    assert!(!scene.path("main/reports").exists(), "fetch publishes nothing");
    let folder = scene.path("logs/WS-0000");
    fs::remove_dir_all(&folder).and_then(|()| fs::create_dir(&folder)).expect("the logs go");
    assert_eq!(scene.logparser(MAIN, &["report"]).code, Some(0), "report does not ask the instances");
    assert!(scene.report(MAIN).coverage.records > 0);
}

#[test]
fn any_period_is_reported_without_fetching() {
    let scene = five();
    scene.run_to(MAIN, 0);
    let all = scene.report(MAIN);
    let starts = scene.figures(MAIN, "sessions").line("starts-per-day", "Starts");
    for (day, expected) in &starts {
        let ran = scene.logparser(MAIN, &["report", "--from", day, "--to", day]);
        assert_eq!(ran.code, Some(0));
        let one = scene.report(MAIN);
        assert_eq!((one.window.from.to_string(), one.window.days), (day.clone(), 1));
        assert_eq!(scene.figures(MAIN, "sessions").count("starts"), *expected, "{day}");
    }
    let words = format!("{}..{}", all.window.from, all.window.to.pred_opt().expect("a day before"));
    assert_eq!(scene.logparser(MAIN, &["report", "--period", &words]).code, Some(0));
    assert!(scene.report(MAIN) == all, "the same days give the same report");
}

#[test]
fn a_wrong_command_line_is_answered_with_2() {
    let scene = five();
    let cases: [&[&str]; 6] = [
        &["walk"],
        &["report", "--from", "2026-10-12"],
        &["report", "--from", "2026-10-14", "--to", "2026-10-12"],
        &["report", "--period", "some day"],
        &["report", "--from", "12.10.2026", "--to", "13.10.2026"],
        &["run", "--quiet", "--verbose"],
    ];
    for arguments in cases {
        let ran = scene.logparser(MAIN, arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}");
        assert!(!ran.stderr.is_empty() && ran.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn help_names_the_exit_codes_and_every_command() {
    let scene = Scene::empty();
    let help = scene.start(&["--help"], &[]).finish();
    assert_eq!(help.code, Some(0));
    for word in ["Exit codes", "run", "fetch", "report", "check", "init", "completions", "--profile", "--json"] {
        assert!(help.stdout.contains(word), "`{word}` is not in the help");
    }
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = scene.start(&["completions", shell], &[]).finish();
        assert!(script.code == Some(0) && script.stdout.contains("logparser"), "{shell}");
    }
}

#[test]
fn init_writes_a_profile_once_and_check_says_what_it_would_do() {
    let scene = Scene::empty();
    assert_eq!(scene.start(&["init"], &[]).finish().code, Some(0));
    let again = scene.start(&["init"], &[]).finish();
    assert_eq!(again.code, Some(3), "a profile is not written over");
    again.must_say(&["fleet.toml", "help:"]);
    fs::write(scene.path("instances.csv"), "name,address\nWS-0001,http://127.0.0.1:1\n").expect("a list");
    let check = scene.start(&["check"], &[]).finish();
    assert_eq!(check.code, Some(0));
    for word in ["1 instances", "sessions", "restarts", "errors", "installed-base"] {
        assert!(check.stdout.contains(word), "`{word}` is not in what check says");
    }
    let run = scene.start(&["run"], &[]).finish();
    assert_eq!(run.code, Some(1), "nobody answers: parts are missing, and the report says so");
    assert!(scene.path("reports/report.html").exists());
}

#[test]
fn days_may_be_those_of_each_instance() {
    let scene = Scene::logs(Layout::Log4net, |folder| {
        for name in ["WS-0001", "WS-0002"] {
            fs::create_dir(folder.join(name)).expect("a folder");
            let line = "2026-10-12 23:30:00,000 [1] INFO  App.Session - Session 0000000a started by u1 version 1\n";
            fs::write(folder.join(name).join("app.log"), line).expect("a log");
        }
    });
    let format = scene.text(MAIN).matches("zone = \"UTC\"").count();
    assert_eq!(format, 2, "the format's zone and the report's");
    let text = scene.text(MAIN).replacen("zone = \"UTC\"", "zone = \"America/New_York\"", 1);
    for (zone, day) in [("UTC", "2026-10-13"), ("instance", "2026-10-12"), ("America/New_York", "2026-10-12")] {
        fs::write(scene.profile(MAIN), text.replace("zone = \"UTC\"", &format!("zone = {zone:?}"))).expect("a profile");
        scene.run_to(MAIN, 0);
        assert_eq!(scene.report(MAIN).window.zone, zone);
        let starts = scene.figures(MAIN, "sessions").line("starts-per-day", "Starts");
        assert_eq!(starts.into_iter().collect::<Vec<_>>(), [(day.to_owned(), 2)], "{zone}");
    }
}
