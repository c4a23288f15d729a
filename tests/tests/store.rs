//! The store over time: sealed, and read as before.

mod scene;

use logparser::catalog::Catalog;
use logparser::mirror::StoreLock;
use logparser::upkeep::{Upkept, upkeep};
use logparser_tests::fleet::{Fleet, FleetOptions};
use scene::{MAIN, Scene};

const DAY_US: i64 = 86_400_000_000;

fn scene() -> Scene {
    let options = FleetOptions { instances: 5, days: 3, ..FleetOptions::default() };
    Scene::rest(Fleet::start(&options).expect("a fleet"))
}

/// Upkeep, as if two days had passed.
fn keep(scene: &Scene, name: &str) -> Upkept {
    let lock = StoreLock::acquire(&scene.store(name)).expect("nobody else uses the store");
    let mut catalog = Catalog::open(&lock).expect("a catalog");
    upkeep(&lock, &mut catalog, chrono::Utc::now().timestamp_micros() + 2 * DAY_US).expect("a store that is well")
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
