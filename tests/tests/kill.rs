//! Killed in the middle of a run: the next run gives the report of a clean one.

mod scene;

use std::thread;
use std::time::{Duration, Instant};

use logparser::fault;
use logparser_tests::fleet::{Fleet, FleetOptions};
use scene::{MAIN, Scene};

/// Kills at random moments of a run; `LOGPARSER_KILLS` is another number.
const KILLS: u32 = 12;

/// Kills after which the state is finished and compared, so that kills also meet what kills left behind.
const KILLS_IN_A_ROW: u32 = 4;

/// A record, and what is new of a file: two frames that are sealed, and a rest that is not.
const BUSY: &str = "2026-10-16 12:30:00,000 [1] DEBUG Net.Http - GET /profiles answered with 200\n";
const BUSY_BYTES: usize = 1280 << 10;

fn fleet() -> Fleet {
    // Long enough for some hundred kills.
    let lifetime = Duration::from_secs(2 * 3600);
    Fleet::start(&FleetOptions { instances: 24, days: 3, lifetime, ..FleetOptions::default() }).expect("a fleet")
}

#[test]
fn aborted_at_every_step_of_the_commit() {
    let mut scene = Scene::rest(fleet());
    scene.run_to(MAIN, 0);
    let points = [&fault::FETCHING[..], &fault::PUBLISHING, &fault::KEEPING].concat();
    for (number, point) in points.into_iter().enumerate() {
        // Both a first run and one that only adds to what is there.
        let name = format!("first-{number}");
        scene.beside(&name);
        scene.work_on();
        // Enough to be sealed, and for what it leaves to be given back.
        let busy = scene.fleet().instance(number % 24).clone();
        busy.append("busy.log", BUSY.repeat(BUSY_BYTES / BUSY.len()).as_bytes());
        for name in [name.as_str(), MAIN] {
            let profile = scene.profile(name);
            let arguments = ["--profile", profile.to_str().expect("a path in UTF-8"), "run"];
            let ran = scene.start(&arguments, &[("LOGPARSER_FAULT_POINT", point)]).finish();
            // A later run opens no new segment, and an old one need not be mostly dead.
            let rare = ["after-segment-create", "after-segment-forgotten"].contains(&point);
            assert!(ran.code.is_none() || name == MAIN && rare, "{point}: it was not reached");
        }
        scene.must_recover(&name, point);
        scene.run_to(MAIN, 0);
    }
    scene.must_recover(MAIN, "after all of them");
}

#[test]
fn killed_at_random_moments() {
    let mut scene = Scene::rest(fleet());
    scene.beside("timed");
    let started = Instant::now();
    scene.run_to("timed", 0);
    let whole = started.elapsed();
    let kills = std::env::var("LOGPARSER_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(KILLS);
    let mut killed = 0;
    for kill in 0..kills {
        let profile = scene.profile(MAIN);
        let mut running = scene.start(&["--profile", profile.to_str().expect("a path in UTF-8"), "run"], &[]);
        // Golden-ratio steps fall everywhere in the run, in any number of kills.
        thread::sleep(whole.mul_f64(f64::from(kill) * 0.618_034 % 1.0));
        killed += u32::from(running.goes_on());
        running.kill();
        if kill % KILLS_IN_A_ROW == KILLS_IN_A_ROW - 1 {
            scene.must_recover(MAIN, &format!("after {} kills", kill + 1));
        }
        if kill % 3 == 2 {
            scene.fleet().advance(1);
        }
    }
    assert!(killed >= kills / 3, "only {killed} of {kills} kills met a run");
    scene.must_recover(MAIN, "after the kills");
}
