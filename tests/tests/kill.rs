//! Killed in the middle of a run: the next run gives the report of a clean one.

mod scene;

use std::thread;
use std::time::Instant;

use logparser_tests::fleet::{Fleet, FleetOptions};
use scene::{MAIN, Scene};

/// Kills at random moments of a run.
const KILLS: u32 = 12;

fn fleet() -> Fleet {
    Fleet::start(&FleetOptions { instances: 24, days: 3, ..FleetOptions::default() }).expect("a fleet")
}

/// Finishes what was interrupted and compares it with a clean run over the same logs.
fn must_recover(scene: &Scene, name: &str, what: &str) {
    scene.run_to(name, 0);
    let clean = format!("{name}-clean");
    scene.beside(&clean);
    scene.run_to(&clean, 0);
    scene.published(name).must_be(&scene.published(&clean), what);
    let catalog = rusqlite::Connection::open(scene.store(name).join("catalog.sqlite")).expect("a catalog");
    let checked: String = catalog.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("a check");
    assert_eq!(checked, "ok", "{what}");
}

#[test]
fn aborted_at_every_step_of_the_commit() {
    let mut scene = Scene::rest(fleet());
    scene.run_to(MAIN, 0);
    for (number, point) in logparser::fault::POINTS.into_iter().enumerate() {
        // Both a first run and one that only adds to what is there.
        let name = format!("first-{number}");
        scene.beside(&name);
        scene.fleet().advance(1);
        for name in [name.as_str(), MAIN] {
            let profile = scene.profile(name);
            let arguments = ["--profile", profile.to_str().expect("a path in UTF-8"), "run"];
            let ran = scene.start(&arguments, &[("LOGPARSER_FAULT_POINT", point)]).finish();
            // A later run opens no new segment.
            assert!(
                ran.code.is_none() || name == MAIN && point == "after-segment-create",
                "{point}: it was not reached"
            );
        }
        must_recover(&scene, &name, point);
        scene.run_to(MAIN, 0);
    }
    must_recover(&scene, MAIN, "after all of them");
}

#[test]
fn killed_at_random_moments() {
    let mut scene = Scene::rest(fleet());
    scene.beside("timed");
    let started = Instant::now();
    scene.run_to("timed", 0);
    let whole = started.elapsed();
    let mut killed = 0;
    for kill in 0..KILLS {
        let profile = scene.profile(MAIN);
        let mut running = scene.start(&["--profile", profile.to_str().expect("a path in UTF-8"), "run"], &[]);
        // Golden-ratio steps fall everywhere in the run, in any number of kills.
        thread::sleep(whole.mul_f64(f64::from(kill) * 0.618_034 % 1.0));
        killed += u32::from(running.goes_on());
        running.kill();
        if kill % 3 == 2 {
            scene.fleet().advance(1);
        }
    }
    assert!(killed >= KILLS / 3, "only {killed} of {KILLS} kills met a run");
    must_recover(&scene, MAIN, "after the kills");
}
