//! A process that dies at a fault point: the next run reaches what a clean run reaches.

use std::process::Command;

use super::rest_settings;
use super::scene::{Scene, profile, run};
use super::server::lines;
use crate::fault;
use crate::profile::Source;

const STORE: &str = "LOGPARSER_TEST_STORE";
const ADDRESS: &str = "LOGPARSER_TEST_ADDRESS";

/// Not a test by itself: the run that the fault point kills.
#[test]
fn victim() {
    if let (Ok(store), Ok(address)) = (std::env::var(STORE), std::env::var(ADDRESS)) {
        run(&profile(store.as_ref(), Source::Rest(Box::new(rest_settings())), &[("one", &address)]));
    }
}

#[test]
fn a_kill_at_any_point_is_made_good_by_the_next_run() {
    for (point, hit) in fault::FETCHING.into_iter().flat_map(|point| [(point, 1), (point, 2), (point, 3)]) {
        let scene = Scene::new();
        scene.server.state().write("a.log", lines("a", 9_000));
        scene.server.state().write("b.log", lines("b", 2_000_000));
        let killed = (0..3).filter(|round| {
            let victim = Command::new(std::env::current_exe().expect("this test"))
                .args(["--exact", "fetch::tests::kill::victim"])
                .env(STORE, &scene.profile.store)
                .env(ADDRESS, &scene.server.address)
                .env("LOGPARSER_FAULT_POINT", format!("{point}:{hit}"))
                .output()
                .expect("a process");
            let mut state = scene.server.state();
            state.now_s += 600;
            state.append("a.log", lines("more", 700));
            if *round == 1 {
                state.rename("a.log", "a.1.log");
                state.write("a.log", lines("next", 5_000));
            }
            !victim.status.success()
        });
        assert!(killed.count() > 0 || hit > 1, "{point}:{hit} was never reached");
        scene.fetch_well();
        assert_eq!(scene.live(), scene.shown(), "{point}:{hit}");
        assert_eq!(scene.stored().len(), 3, "{point}:{hit}");
        assert!(scene.stored().iter().all(|found| found.gap.is_none()), "{point}:{hit}");
        assert_eq!(scene.fetch_well().requests, 1, "{point}:{hit}");
    }
}
