//! The store over time: sealed, and read as before.

mod scene;

use std::fs;
use std::path::PathBuf;

use logparser::catalog::Catalog;
use logparser::fault;
use logparser::mirror::StoreLock;
use logparser::profile::Keep;
use logparser::upkeep::{Terms, Upkept, upkeep};
use logparser_reports::model::SectionState;
use logparser_tests::disk::sorted_entries;
use logparser_tests::fleet::{Fleet, FleetOptions};
use scene::{MAIN, Ran, Scene};

const DAY_US: i64 = 86_400_000_000;

fn scene() -> Scene {
    let options = FleetOptions { instances: 5, days: 3, ..FleetOptions::default() };
    Scene::rest(Fleet::start(&options).expect("a fleet"))
}

/// Upkeep, as if two days had passed.
fn keep(scene: &Scene, name: &str) -> Upkept {
    let lock = StoreLock::acquire(&scene.store(name)).expect("nobody else uses the store");
    let mut catalog = Catalog::open(&lock).expect("a catalog");
    let now_us = chrono::Utc::now().timestamp_micros() + 2 * DAY_US;
    let terms = Terms { keep: &Keep::default(), fleet: &[], now_us };
    upkeep(&lock, &mut catalog, &terms, &|| false).expect("a store that is well")
}

#[test]
fn reports_are_the_same_from_sealed_logs() {
    let scene = scene();
    scene.run_to(MAIN, 0);
    let before = scene.published(MAIN);
    let kept = keep(&scene, MAIN);
    let bytes: u64 = scene.report(MAIN).coverage.bytes;
    assert_eq!(kept.sealed_bytes, bytes, "everything rests");
    assert!(kept.packed_bytes * 4 < bytes && kept.freed_bytes >= bytes, "{kept:?}");
    scene.run_to(MAIN, 0);
    scene.published(MAIN).must_be(&before, "sealed");

    // Everything is read again, on one side as it came, on the other side from frames.
    let everything = |name: &str| scene.edit(name, "[kpi.restarts]\n", "[kpi.restarts]\ntimeout_s = 30\n");
    everything(MAIN);
    scene.beside("plain");
    assert!(scene.run_to(MAIN, 0).number("/report/effort/completed/partials") >= 5);
    scene.run_to("plain", 0);
    scene.published(MAIN).must_be(&scene.published("plain"), "computed from sealed logs");

    // What is appended to a sealed log is not mixed up with it.
    let instance = scene.seen().instance(2).clone();
    instance.append("app.log", b"2026-10-16 12:30:00,000 [1] ERROR Net.Http - Request failed with status 503\n");
    scene.run_to(MAIN, 0);
    scene.run_to("plain", 0);
    scene.published(MAIN).must_be(&scene.published("plain"), "appended to sealed logs");
    keep(&scene, MAIN);
    scene.beside("clean");
    scene.run_to("clean", 0);
    scene.run_to(MAIN, 0);
    scene.published(MAIN).must_be(&scene.published("clean"), "sealed again");
}

fn segments(scene: &Scene) -> Vec<PathBuf> {
    sorted_entries(&scene.store(MAIN).join("mirror")).expect("the mirror")
}

/// Turns one bit of a file.
fn flip(path: &PathBuf, at: usize) {
    let mut bytes = fs::read(path).expect("a segment");
    bytes[at] ^= 1 << (at % 8);
    fs::write(path, bytes).expect("a segment");
}

/// Lets all partials be computed anew, by a setting that has not been used before.
fn forget_results(scene: &Scene, seconds: u32) {
    scene.edit(MAIN, "[kpi.restarts]\n", &format!("[kpi.restarts]\ntimeout_s = {seconds}\n"));
}

fn store(scene: &Scene, what: &str, code: i32) -> Ran {
    let ran = scene.logparser(MAIN, &["store", what]);
    assert_eq!(ran.code, Some(code), "exit code of `store {what}`");
    ran
}

/// The report must be that of a clean run over what the instances have.
fn must_be_as_clean(scene: &Scene, what: &str) {
    scene.run_to(MAIN, 0);
    scene.beside("clean");
    scene.run_to("clean", 0);
    scene.published(MAIN).must_be(&scene.published("clean"), what);
}

#[test]
fn a_bit_that_turned_is_found_and_put_right() {
    let scene = scene();
    scene.run_to(MAIN, 0);
    keep(&scene, MAIN);
    // Some bytes are sealed, some are not.
    scene.seen().instance(2).append("app.log", "2026-10-16 12:30:00,000 [1] INFO  A.B - more\n".repeat(900).as_bytes());
    scene.run_to(MAIN, 0);
    let told = store(&scene, "verify", 0).stdout;
    assert!(told.contains("of logs verified"), "{told}");
    let [segment] = &segments(&scene)[..] else { panic!("{:?}", segments(&scene)) };
    let bytes = fs::metadata(segment).expect("a segment").len() as usize;
    for at in [0, bytes / 3, bytes / 2, bytes * 2 / 3, bytes - 1] {
        flip(segment, at);
    }
    let told = store(&scene, "verify", 1).stderr;
    assert!(told.matches("error: ").count() >= 2 && told.contains("error: WS-000"), "{told}");
    assert!(told.contains("help: `logparser store repair`"), "{told}");
    store(&scene, "repair", 0);
    store(&scene, "verify", 0);
    forget_results(&scene, 30);
    must_be_as_clean(&scene, "repaired");
}

#[test]
fn a_segment_that_is_gone_costs_its_files_and_not_the_run() {
    let scene = scene();
    scene.run_to(MAIN, 0);
    let [segment] = &segments(&scene)[..] else { panic!("{:?}", segments(&scene)) };
    let bytes = fs::read(segment).expect("a segment");
    fs::write(segment, &bytes[..bytes.len() / 2]).expect("a segment");
    // One instance adds something: that goes into another segment.
    scene.seen().instance(1).append("app.log", b"2026-10-16 12:30:00,000 [1] INFO  A.B - more\n");
    forget_results(&scene, 30);
    let told = scene.run_to(MAIN, 1).stderr;
    assert!(told.contains("not all logs of WS-") && told.contains("`logparser store repair`"), "{told}");
    let report = scene.report(MAIN);
    assert!(report.coverage.instances.iter().any(|one| one.cause_class.as_deref() == Some("store")));
    let partial =
        |state: &SectionState| matches!(state, SectionState::Partial { days_missing, .. } if !days_missing.is_empty());
    assert!(report.sections.iter().any(|section| partial(&section.state)), "{report:?}");
    store(&scene, "repair", 0);
    must_be_as_clean(&scene, "repaired");
    for segment in segments(&scene) {
        fs::remove_file(segment).expect("a segment");
    }
    store(&scene, "verify", 1);
    store(&scene, "repair", 0);
    store(&scene, "verify", 0);
    scene.edit(MAIN, "timeout_s = 30\n", "timeout_s = 31\n");
    must_be_as_clean(&scene, "repaired from nothing");
}

#[test]
fn what_nobody_has_any_more_is_a_gap() {
    let scene = scene();
    scene.run_to(MAIN, 0);
    let instance = scene.seen().instance(0).clone();
    let bytes = instance.file("app.log").expect("a log").len() as u64;
    instance.remove("app.log");
    scene.run_to(MAIN, 0);
    let records = scene.report(MAIN).coverage.records;
    let catalog = rusqlite::Connection::open(scene.store(MAIN).join("catalog.sqlite")).expect("a catalog");
    let text = "SELECT segment, position FROM chunks c JOIN generations g ON g.id = c.generation WHERE live = 0";
    let place = |row: &rusqlite::Row<'_>| Ok((row.get::<_, u32>(0)?, row.get::<_, u64>(1)?));
    let (segment, position) = catalog.query_row(text, [], place).expect("one chunk");
    drop(catalog);
    flip(&scene.store(MAIN).join(format!("mirror/{segment:06}.seg")), position as usize + 9);
    let told = store(&scene, "repair", 0).stdout;
    assert!(told.contains("are lost: no instance has them"), "{told}");
    // What was computed before still counts.
    scene.run_to(MAIN, 0);
    let coverage = scene.report(MAIN).coverage;
    assert_eq!(coverage.records, records);
    let lost: Vec<_> = coverage.gaps.iter().filter(|gap| gap.in_store).map(|gap| gap.bytes).collect();
    assert_eq!(lost, [Some(bytes)]);
    // What is computed anew cannot have it, and says so.
    forget_results(&scene, 30);
    scene.run_to(MAIN, 1);
    let report = scene.report(MAIN);
    let section = report.sections.iter().find(|section| section.kpi == "restarts").expect("a section");
    let SectionState::Partial { instances_failed, days_missing } = &section.state else { panic!("{section:?}") };
    assert_eq!((instances_failed.len(), days_missing.is_empty()), (1, false), "{section:?}");
    let others = report.sections.iter().filter(|section| section.kpi != "restarts");
    assert!(others.into_iter().all(|section| section.state == SectionState::Ok));
}

/// Everything that is stored, not only the last days.
fn run_all(scene: &Scene, name: &str, code: i32) -> Ran {
    let ran = scene.logparser(name, &["run", "--json", "--period", "all"]);
    assert_eq!(ran.code, Some(code), "exit code of the last run");
    ran
}

/// A scene with a store that keeps, and one that does not; then a log goes, and others grow old beside it.
fn aging(keep: &str) -> (Scene, Vec<u8>) {
    let scene = scene();
    scene.beside("kept");
    scene.extend(MAIN, keep);
    run_all(&scene, MAIN, 0);
    run_all(&scene, "kept", 0);
    let instance = scene.seen().instance(0).clone();
    let log = instance.file("app.log").expect("a log");
    instance.remove("app.log");
    scene.seen().instance(1).append("app.log", b"2026-10-27 12:30:00,000 [1] INFO  A.B - much later\n");
    (scene, log)
}

#[test]
fn old_logs_are_dropped_and_still_count() {
    let (scene, log) = aging("[keep]\nlogs = \"2 days\"\n");
    let both = |what: &str| {
        let ran = run_all(&scene, MAIN, 0);
        run_all(&scene, "kept", 0);
        scene.published(MAIN).must_be(&scene.published("kept"), what);
        ran
    };
    // A kill in the middle changes nothing.
    for point in fault::DROPPING {
        let profile = scene.profile(MAIN);
        let arguments = ["--profile", profile.to_str().expect("a path in UTF-8"), "run", "--period", "all"];
        let ran = scene.start(&arguments, &[("LOGPARSER_FAULT_POINT", point)]).finish();
        assert_eq!(ran.code, None, "{point} was not reached");
    }
    assert_eq!(both("dropped at the kill").number("/upkeep/dropped_bytes"), 0);
    let sizes = scene.logparser(MAIN, &["store", "--json"]);
    assert_eq!(sizes.number("/dropped_bytes"), log.len() as u64);
    store(&scene, "verify", 0);
    scene.seen().instance(2).append("app.log", b"2026-10-27 12:31:00,000 [1] ERROR A.B - more\n");
    assert_eq!(both("the run after").number("/upkeep/dropped_bytes"), 0);

    // The file comes back: it is known. It grows: that is new, and nothing else.
    let instance = scene.seen().instance(0).clone();
    instance.append("app.log", &log);
    assert_eq!(both("back again").number("/fetch/totals/bytes_new"), 0);
    let more = b"2026-10-27 12:32:00,000 [1] ERROR A.B - grown\n";
    instance.append("app.log", more);
    assert_eq!(both("grown").number("/fetch/totals/bytes_new"), more.len() as u64);
    // A shorter copy is no news, either.
    instance.append("copy.log", &log[..log.len() * 3 / 4]);
    assert_eq!(run_all(&scene, MAIN, 0).number("/fetch/totals/bytes_new"), 0);
    instance.remove("copy.log");

    forget_results(&scene, 30);
    let told = run_all(&scene, MAIN, 1);
    assert_eq!(told.number("/report/effort/sections_failed"), 0);
    let section = scene.figures(MAIN, "restarts").0;
    let SectionState::Partial { instances_failed, days_missing } = &section.state else { panic!("{section:?}") };
    assert_eq!((instances_failed.len(), days_missing.is_empty()), (1, false), "{section:?}");
    assert!(String::from_utf8_lossy(&scene.published(MAIN).html).contains("no longer kept, or damaged"));
}

#[test]
fn what_was_not_computed_yet_is_computed_before_logs_are_dropped() {
    let (scene, log) = aging("[keep]\nlogs = \"2 days\"\n");
    // Other settings, and reports of days on which the old logs have no part.
    for name in [MAIN, "kept"] {
        scene.edit(name, "[kpi.restarts]\n", "[kpi.restarts]\ntimeout_s = 30\n");
    }
    let short = ["--period", "2026-10-27..2026-10-27", "--json"];
    let run = |command: &str| {
        let ran = scene.logparser(MAIN, &[&[command][..], &short[..]].concat());
        assert_eq!(ran.code, Some(0), "{command}");
        ran
    };
    // A fetch alone closes the file, and has nobody to complete its days.
    let fetched = scene.logparser(MAIN, &["fetch", "--json"]);
    assert_eq!(fetched.number("/fetch/totals/files/closed"), 1);
    assert_eq!(fetched.number("/upkeep/dropped_bytes"), 0);
    assert_eq!(run("report").number("/upkeep/dropped_bytes"), log.len() as u64);
    assert_eq!(run("run").number("/upkeep/dropped_bytes"), 0);
    run_all(&scene, MAIN, 0);
    run_all(&scene, "kept", 0);
    scene.published(MAIN).must_be(&scene.published("kept"), "completed before it was dropped");
}

#[test]
fn old_results_are_dropped_and_the_report_says_so() {
    let (scene, log) = aging("[keep]\nlogs = \"2 days\"\npartials = \"3 days\"\n");
    run_all(&scene, "kept", 0);
    let starts = |name: &str| scene.figures(name, "errors").count("errors");
    let dropped = run_all(&scene, MAIN, 0);
    assert_eq!(dropped.number("/upkeep/dropped_bytes"), log.len() as u64);
    assert!(dropped.number("/upkeep/dropped_partials") >= 4);
    scene.seen().instance(2).append("app.log", b"2026-10-27 12:31:00,000 [1] INFO  A.B - more\n");
    run_all(&scene, MAIN, 1);
    run_all(&scene, "kept", 0);
    assert!(String::from_utf8_lossy(&scene.published(MAIN).html).contains("dropped for their age"));
    assert!(starts(MAIN) < starts("kept"));
    // It comes back, and is as new: it counts once.
    scene.seen().instance(0).append("app.log", &log);
    assert_eq!(run_all(&scene, MAIN, 1).number("/fetch/totals/bytes_new"), log.len() as u64);
    assert_eq!(starts(MAIN), starts("kept"));
    store(&scene, "verify", 0);

    // An instance that left the fleet is forgotten in the end.
    let catalog = || Catalog::open_to_read(&scene.store(MAIN)).expect("a catalog");
    assert_eq!(catalog().instances().expect("instances").len(), 5);
    let lock = StoreLock::acquire(&scene.store(MAIN)).expect("nobody else uses the store");
    let keep = Keep { instances_days: Some(3), ..Keep::default() };
    let now_us = chrono::Utc::now().timestamp_micros() + 4 * DAY_US;
    let terms = Terms { keep: &keep, fleet: &["WS-0001", "WS-0002", "WS-0003", "WS-0004"], now_us };
    let kept =
        upkeep(&lock, &mut Catalog::open(&lock).expect("a catalog"), &terms, &|| false).expect("a store that is well");
    assert_eq!((kept.dropped_instances, catalog().instances().expect("instances").len()), (1, 4));
}
