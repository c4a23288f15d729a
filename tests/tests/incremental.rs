//! Only what is new crosses the wire, and only what is new is parsed.

mod scene;

use std::fs;

use logparser_tests::fleet::{Fleet, FleetOptions};
use logparser_tests::story::Layout;
use scene::{MAIN, Ran, Scene};

const INSTANCES: u64 = 6;
/// What a ranged request repeats of what is stored, to prove that the file was appended to.
const OVERLAP_BYTES: u64 = 4096;

fn scene() -> Scene {
    let options = FleetOptions { instances: INSTANCES as u32, days: 3, ..FleetOptions::default() };
    let scene = Scene::rest(Fleet::start(&options).expect("a fleet"));
    scene.run_to(MAIN, 0);
    scene.seen().reset_stats();
    scene
}

fn effort(ran: &Ran) -> [u64; 4] {
    ["scanned/instances", "scanned/partials", "completed/partials", "sections_folded"]
        .map(|what| ran.number(&format!("/report/effort/{what}")))
}

/// Days on which an instance has records.
fn days(scene: &Scene, instance: usize) -> u64 {
    let name = scene.report(MAIN).coverage.instances[instance].name.clone();
    let catalog = rusqlite::Connection::open(scene.store(MAIN).join("catalog.sqlite")).expect("a catalog");
    let text = "SELECT count(DISTINCT day) FROM days d JOIN generations g ON g.id = d.generation \
                JOIN instances i ON i.id = g.instance WHERE i.name = ?1";
    catalog.query_row(text, [name], |row| row.get(0)).expect("a number")
}

#[test]
fn nothing_new_costs_a_listing_an_instance_and_no_log_byte() {
    let scene = scene();
    let before = scene.published(MAIN);
    let ran = scene.run_to(MAIN, 0);
    let stats = scene.seen().stats();
    assert_eq!(stats.requests().count() as u64, INSTANCES);
    assert_eq!(stats.file_requests().count(), 0);
    assert_eq!(effort(&ran), [0, 0, 0, 0]);
    scene.published(MAIN).must_be(&before, "nothing new");
}

#[test]
fn what_grew_is_asked_for_from_where_it_ended() {
    let scene = scene();
    let instance = scene.seen().instance(2).clone();
    let added = b"2026-10-16 12:30:00,000 [1] ERROR Net.Http - Request failed with status 503\n".as_slice();
    let size = instance.file("app.log").expect("a log").len() as u64;
    instance.append("app.log", added);
    let errors = scene.figures(MAIN, "errors").count("errors");
    let ran = scene.run_to(MAIN, 0);
    let stats = scene.seen().stats();
    let asked: Vec<_> = stats.file_requests().collect();
    assert_eq!(asked.len(), 1);
    let overlap = size.min(OVERLAP_BYTES);
    assert_eq!(asked[0].range.as_deref(), Some(format!("bytes={}-", size - overlap).as_str()));
    assert_eq!((asked[0].status, asked[0].body_bytes), (206, overlap + added.len() as u64));
    assert_eq!(ran.number("/fetch/totals/bytes_new"), added.len() as u64);
    assert_eq!(effort(&ran), [1, 4, 0, 4], "one day of one instance, for each of four plugins");
    assert_eq!(scene.figures(MAIN, "errors").count("errors"), errors + 1);
}

#[test]
fn a_rotation_alone_transfers_no_log_twice() {
    let scene = scene();
    let instance = scene.seen().instance(1).clone();
    let bytes = instance.file("app.log").expect("a log").len() as u64;
    instance.rename("app.log", "app.moved.log");
    let before = scene.published(MAIN);
    let ran = scene.run_to(MAIN, 0);
    assert_eq!(ran.number("/fetch/totals/bytes_new"), 0);
    assert!(scene.seen().stats().file_bytes() <= (2 * OVERLAP_BYTES).min(2 * bytes), "head and tail, no more");
    scene.published(MAIN).must_be(&before, "a name changes nothing");
}

#[test]
fn a_changed_setting_computes_the_partials_of_its_plugin_only() {
    let scene = scene();
    let days: u64 = (0..INSTANCES as usize).map(|instance| days(&scene, instance)).sum();
    scene.edit(MAIN, "[kpi.restarts]\n", "[kpi.restarts]\ntimeout_s = 30\n");
    assert_eq!(effort(&scene.run_to(MAIN, 0)), [0, 0, days, 1]);
    scene.edit(MAIN, "timeout_s = 30\n", "");
    assert_eq!(effort(&scene.run_to(MAIN, 0)), [0, 0, 0, 0], "what was computed before is still there");
}

#[test]
fn a_kpi_that_is_switched_on_later_finds_everything() {
    let scene = scene();
    let whole = scene.published(MAIN);
    let off = "[kpi.errors]\nenabled = false\n";
    scene.beside("late");
    scene.edit("late", "[kpi.errors]\nenabled = true\n", off);
    scene.run_to("late", 0);
    scene.edit("late", off, "[kpi.errors]\nenabled = true\n");
    let ran = scene.run_to("late", 0);
    assert_eq!(ran.number("/report/effort/sections_folded"), 1);
    scene.published("late").must_be(&whole, "all at once, or one later");
}

#[test]
fn a_late_file_restates_its_days() {
    let scene = scene();
    let instance = scene.seen().instance(3).clone();
    let text = instance.file("app.log").expect("a log");
    let first = text.split(|byte| *byte == b'\n').next().expect("a line");
    let day = std::str::from_utf8(&first[..10]).expect("a date").to_owned();
    let errors = || scene.figures(MAIN, "errors").line("errors-per-day", "Errors")[&day];
    let before = errors();
    let late = format!("{day} 00:00:01,000 [1] ERROR Net.Http - Request failed with status 503\n");
    instance.append("late.log", late.as_bytes());
    let ran = scene.run_to(MAIN, 0);
    assert_eq!(errors(), before + 1);
    assert_eq!(ran.number("/report/effort/completed/partials"), 4, "the day, for each of four plugins");
    scene.beside("clean");
    scene.run_to("clean", 0);
    scene.published(MAIN).must_be(&scene.published("clean"), "late, or there from the start");
}

#[test]
fn another_zone_leaves_nothing_on_a_day_that_has_no_records_any_more() {
    let line = |time: &str| format!("2026-10-{time},000 [1] ERROR Net.Http - Request failed with status 503\n");
    let scene = Scene::logs(Layout::Log4net, |logs| {
        fs::create_dir(logs.join("WS-1")).expect("a folder");
        fs::write(logs.join("WS-1/app.log"), line("14 00:30:00") + &line("16 12:00:00")).expect("a log");
    });
    scene.run_to(MAIN, 0);
    // In this zone the first record was written the day before, by the report's days.
    let [before, after] = ["%3f\"\nzone = \"UTC\"", "%3f\"\nzone = \"Europe/Berlin\""];
    scene.edit(MAIN, before, after);
    scene.run_to(MAIN, 0);
    assert_eq!(scene.figures(MAIN, "errors").count("errors"), 2, "one on each day");
    scene.beside("clean");
    scene.run_to("clean", 0);
    scene.published(MAIN).must_be(&scene.published("clean"), "another zone before, or never");
}
