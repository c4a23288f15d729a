//! `run --every`: it goes on by itself, whatever happens to a run, and stops when it is asked to.
#![cfg(unix)]

mod scene;

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use logparser::catalog::Catalog;
use logparser::mirror::{Holder, StoreLock};
use logparser::pipeline::{AnalyseError, Kpis, Watch, analyse, normaliser};
use logparser::profile;
use logparser_tests::fleet::{Fault, Fleet, FleetOptions};
use logparser_tests::story::{FolderPlan, Layout, write_fleet};
use scene::{MAIN, Running, Scene};
use serde_json::Value;

/// Longest time from the wish to stop to the end.
const STOPS_WITHIN: Duration = Duration::from_secs(5);

fn small() -> Scene {
    Scene::rest(Fleet::start(&FleetOptions { instances: 4, days: 2, ..FleetOptions::default() }).expect("a fleet"))
}

/// A fleet in which one instance takes minutes to give a file.
fn with_a_slow_one() -> Scene {
    let mut scene = small();
    let slow = Fault::SlowDrip { step_bytes: 5_000, pause: Duration::from_secs(20) };
    scene.fleet().set_fault(2, slow).expect("an instance");
    scene
}

fn start<'s>(scene: &'s Scene, arguments: &[&str], environment: &[(&str, &str)]) -> Running<'s> {
    let profile = scene.profile(MAIN);
    scene.start(&[&["--profile", profile.to_str().expect("a path in UTF-8")], arguments].concat(), environment)
}

/// The lines that runs gave on standard output.
fn told(running: &Running<'_>) -> Vec<Value> {
    let [out, _] = running.said();
    let whole = out.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole.lines().map(|line| serde_json::from_str(line).expect("a line is a JSON object")).collect()
}

fn until_complete(running: &mut Running<'_>, what: &str) {
    let before = told(running).len();
    // The run that was going on may have begun before.
    running.until(what, |running| told(running).iter().skip(before + 1).any(|run| run["complete"] == true));
}

/// Sends a signal, and gives the exit code.
fn ends_on(signal: &str, running: Running<'_>) -> Option<i32> {
    running.signal(signal);
    let asked = Instant::now();
    let ran = running.finish();
    assert!(asked.elapsed() < STOPS_WITHIN, "it took {:?}", asked.elapsed());
    ran.code
}

/// A process that is held at a fault point; the file holds it.
fn held<'s>(scene: &'s Scene, arguments: &[&str], point: &str) -> (Running<'s>, PathBuf) {
    let file = scene.path("held");
    let hold = format!("hold {}", file.display());
    let mut running = start(scene, arguments, &[("LOGPARSER_FAULT_POINT", point), ("LOGPARSER_FAULT", hold.as_str())]);
    running.until(point, |_| file.exists());
    (running, file)
}

#[test]
fn runs_follow_each_other_and_each_gives_a_line() {
    let mut scene = small();
    let profile = scene.profile(MAIN);
    scene.fleet().advance(1);
    let mut running = scene.start(&["-p", profile.to_str().expect("UTF-8"), "run", "--every", "1s", "--json"], &[]);
    running.until("three runs", |running| told(running).len() >= 3);
    let runs = told(&running);
    assert_eq!(ends_on("TERM", running), Some(0));
    let numbers: Vec<u64> = runs.iter().map(|run| run["run"].as_u64().expect("a number")).collect();
    assert!(numbers[0] == 1 && numbers.is_sorted() && numbers[1] < numbers[2], "{numbers:?}");
    assert!(runs.iter().all(|run| run["complete"] == true && run["began"].is_string()), "{runs:?}");
    assert_eq!(runs[1]["fetch"]["totals"]["requests"], 4, "nothing was new: one request an instance");
    scene.report(MAIN);
}

#[test]
fn between_runs_the_store_is_free_and_waiting_ends_at_once() {
    for signal in ["TERM", "INT"] {
        let scene = small();
        let mut running = start(&scene, &["run", "--every", "1h"], &[]);
        running.until_it_says("next run ", 1);
        assert_eq!(fs::read_to_string(scene.store(MAIN).join("lock")).expect("a lock"), "", "nobody holds it");
        scene.run_to(MAIN, 0);
        assert_eq!(ends_on(signal, running), Some(0));
    }
}

#[test]
fn the_second_says_who_holds_the_lock_and_a_dead_one_holds_nothing() {
    let mut scene = with_a_slow_one();
    for end in ["TERM", "KILL"] {
        let mut running = start(&scene, &["run", "--every", "1h"], &[]);
        let lock = scene.store(MAIN).join("lock");
        let holder = || serde_json::from_slice::<Holder>(&fs::read(&lock).unwrap_or_default());
        running.until("the lock", |running| holder().is_ok_and(|holder| holder.process == running.id()));
        let holder = holder().expect("a holder");
        let second = scene.run(MAIN);
        assert_eq!(second.code, Some(3));
        let process = format!("process {} on {} (`", running.id(), holder.machine);
        second.must_say(&["error: the store ", " is in use by ", &process, " run --every 1h`) since ", "help: wait"]);
        running.until_it_says("run 1, ", 1);
        // Although the answer will take minutes.
        assert_eq!(ends_on(end, running), (end == "TERM").then_some(0));
    }
    scene.fleet().clear_faults(2).expect("an instance");
    scene.run_to(MAIN, 0);
}

#[test]
fn a_stopped_fetch_keeps_what_it_has() {
    let mut scene = with_a_slow_one();
    let mut running = start(&scene, &["run", "--verbose"], &[]);
    running.until_it_says(" new bytes in ", 3);
    let before = scene.seen().stats().requests().count();
    assert_eq!(ends_on("INT", running), Some(3), "a single run that was stopped is not done");
    assert_eq!(scene.seen().stats().requests().count(), before, "nothing more was asked");
    assert!(!scene.path("main/reports/report.json").exists());
    scene.fleet().clear_faults(2).expect("an instance");
    scene.seen().reset_stats();
    scene.run_to(MAIN, 0);
    let stats = scene.seen().stats();
    let others = stats.instances.iter().filter(|(name, _)| *name != scene.seen().instance(2).name());
    assert!(others.flat_map(|(_, asked)| asked).all(|asked| asked.is_listing()), "what was there is not fetched again");
    scene.beside("clean");
    scene.run_to("clean", 0);
    scene.published(MAIN).must_be(&scene.published("clean"), "a fetch that was stopped");
}

#[test]
fn a_stopped_analysis_keeps_what_it_has() {
    let scene = small();
    let (running, file) = held(&scene, &["run"], "in-partials-transaction");
    running.signal("TERM");
    fs::remove_file(file).expect("the file that holds it");
    let ran = running.finish();
    assert_eq!(ran.code, Some(3));
    ran.must_say(&["stopping", "error: stopped", "help: "]);
    assert!(!scene.path("main/reports/report.json").exists());
    assert_eq!(scene.run_to(MAIN, 0).number("/report/effort/scanned/instances"), 0, "all had been read");
    scene.beside("clean");
    scene.run_to("clean", 0);
    scene.published(MAIN).must_be(&scene.published("clean"), "an analysis that was stopped");
}

/// Stops after so many looks.
struct Looks(AtomicUsize);

impl Watch for Looks {
    fn stops(&self) -> bool {
        self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_err()
    }
}

#[test]
fn an_analysis_stops_between_instances() {
    let scene = Scene::logs(Layout::Log4net, |logs| {
        let plan = FolderPlan { instances: 30, days: 2, bytes_target: 300_000, ..FolderPlan::default() };
        write_fleet(logs, &plan).expect("logs");
    });
    assert_eq!(scene.logparser(MAIN, &["fetch"]).code, Some(0));
    scene.beside("whole");
    let all = scene.run_to("whole", 0).number("/report/effort/scanned/instances");
    let profile = profile::load(&scene.profile(MAIN)).expect("a profile");
    let kpis = Kpis::load(&profile).expect("plugins");
    let normaliser = normaliser(&profile, &kpis).expect("rules");
    let run = |watch: &dyn Watch| {
        let lock = StoreLock::acquire(&profile.store).expect("a free store");
        let mut catalog = Catalog::open(&lock).expect("a catalog");
        analyse(&profile, &kpis, &normaliser, &mut catalog, &profile.report.period, watch)
    };
    assert!(matches!(run(&Looks(AtomicUsize::new(10))), Err(AnalyseError::Stopped)));
    let analysed = run(&()).unwrap_or_else(|error| panic!("{error}"));
    let rest = analysed.effort.scanned.instances as u64;
    assert!((all - 10..all).contains(&rest), "of {all}, {rest} were left after at most ten had been read");
}

#[test]
fn a_second_signal_ends_at_once() {
    let scene = small();
    let (mut running, file) = held(&scene, &["run", "--every", "1h"], "after-segment-write");
    running.signal("TERM");
    running.until_it_says("stopping", 1);
    assert_eq!(ends_on("TERM", running), Some(128 + 15));
    fs::remove_file(file).expect("the file that held it");
    scene.run_to(MAIN, 0);
}

#[test]
fn whatever_ends_a_run_the_next_one_begins() {
    let scene = small();
    let profile = scene.profile(MAIN);
    let right = scene.text(MAIN);
    let mut running = scene.start(&["-p", profile.to_str().expect("UTF-8"), "run", "--every", "1s", "--json"], &[]);
    until_complete(&mut running, "a run");

    fs::write(&profile, "nonsense = ").expect("a profile");
    running.until_it_says("main.toml:1:", 1);
    fs::write(&profile, right.replace("title = ", "title = \"Another\" #")).expect("a profile");
    until_complete(&mut running, "a run after the profile was wrong");
    assert_eq!(scene.report(MAIN).title, "Another", "a changed profile takes effect");

    let lock = (0..1000).find_map(|_| {
        std::thread::sleep(Duration::from_millis(1));
        StoreLock::acquire(&scene.store(MAIN)).ok()
    });
    running.until_it_says("is in use by process ", 1);
    drop(lock.expect("the lock between two runs"));
    until_complete(&mut running, "a run after the store was in use");

    let list = fs::read_to_string(scene.path("instances.csv")).expect("a list");
    let lines = list.lines().zip(0..).map(|(line, port)| match line.split_once(",http://") {
        Some((name, _)) => format!("{name},http://127.0.0.1:{port}\n"),
        None => format!("{line}\n"),
    });
    let nowhere: String = lines.collect();
    fs::write(scene.path("instances.csv"), nowhere).expect("a list");
    running.until("a run without any instance", |running| {
        told(running).last().is_some_and(|run| run["fetch"]["totals"]["unreachable"] == 4)
    });
    fs::write(scene.path("instances.csv"), list).expect("a list");
    until_complete(&mut running, "a run after the network was down");

    let numbers: Vec<u64> = told(&running).iter().map(|run| run["run"].as_u64().expect("a number")).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "a run is told once: {numbers:?}");
    let failed = told(&running).into_iter().filter(|run| run["error"].is_string());
    assert!(failed.clone().count() >= 2 && failed.clone().all(|run| run["complete"] == false), "runs that failed");
    assert_eq!(ends_on("TERM", running), Some(0));
}

#[test]
fn a_panic_and_a_full_disk_end_one_run_only() {
    let cases = [
        ("in-catalog-transaction", "panic", "ended without a word"),
        ("in-partials-transaction", "panic", "a fault inside LogParser ended the run"),
        ("after-segment-write", "full", "help: make room on the disk of "),
        ("before-report-rename", "read-only", "help: let LogParser's user write to "),
    ];
    for (point, how, says) in cases {
        let scene = small();
        let environment = [("LOGPARSER_FAULT_POINT", point), ("LOGPARSER_FAULT", how)];
        let mut running = start(&scene, &["run", "--every", "1s", "--quiet"], &environment);
        running.until("a report", |_| scene.path("main/reports/report.json").exists());
        let [_, said] = running.said();
        assert!(said.contains("run 1, 2") && said.contains(says), "{point}: {said}");
        assert_eq!(ends_on("TERM", running), Some(0), "{point}");
        scene.run_to(MAIN, 0);
        scene.beside("clean");
        scene.run_to("clean", 0);
        scene.published(MAIN).must_be(&scene.published("clean"), point);
    }
}

#[test]
fn a_run_that_takes_too_long_leaves_out_those_that_it_overlaps() {
    let scene = small();
    let (mut running, file) = held(&scene, &["run", "--every", "1s", "--json"], "after-segment-write");
    std::thread::sleep(Duration::from_millis(2_100));
    fs::remove_file(file).expect("the file that holds it");
    running.until("two runs", |running| told(running).len() >= 2);
    let numbers: Vec<u64> = told(&running).iter().map(|run| run["run"].as_u64().expect("a number")).collect();
    assert!(numbers[0] == 1 && numbers[1] >= 4, "{numbers:?}");
    running.until_it_says(" left out", 1);
    assert_eq!(ends_on("TERM", running), Some(0));
}

#[test]
fn what_is_wrong_from_the_start_is_said_at_once() {
    let scene = small();
    for interval in ["0s", "hourly", "999ms", "1000h"] {
        let ran = scene.logparser(MAIN, &["run", "--every", interval]);
        assert_eq!(ran.code, Some(2), "{interval}");
        ran.must_say(&["--every", interval]);
    }
    scene.extend(MAIN, "\nnonsense = ");
    let ran = scene.logparser(MAIN, &["run", "--every", "1h"]);
    assert_eq!(ran.code, Some(2));
    ran.must_say(&["error: ", "main.toml:"]);
}
