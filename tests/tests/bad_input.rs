//! Bad input: a clear word that names the place and the way out; the rest goes on, nothing stored is lost.

mod scene;

use std::fs;

use logparser_reports::model::{InstanceState, SectionState};
use logparser_tests::fleet::{Fault, Fleet, FleetOptions};
use scene::{MAIN, Scene};

fn small() -> Fleet {
    Fleet::start(&FleetOptions { instances: 4, days: 2, ..FleetOptions::default() }).expect("a fleet")
}

#[test]
fn a_profile_that_cannot_be_read_is_named() {
    let scene = Scene::empty();
    fs::write(scene.path("latin.toml"), b"title = \"\xc3\x28\"").expect("a file");
    fs::create_dir(scene.path("folder.toml")).expect("a folder");
    for (name, word) in [("missing.toml", "logparser init"), ("latin.toml", "UTF-8"), ("folder.toml", "folder.toml")] {
        let ran = scene.start(&["--profile", name, "run"], &[]).finish();
        assert_eq!(ran.code, Some(2), "{name}");
        ran.must_say(&["error:", name, word]);
    }
}

#[test]
fn all_faults_of_a_profile_are_shown_at_once() {
    let scene = Scene::rest(small());
    scene.edit(MAIN, "period = \"all\"", "period = \"some days\"\ncolour = \"red\"");
    scene.edit(MAIN, "body = \"Session {session.id} ended by {user.id}\"", "body = \"Session {session.id\"");
    scene.edit(MAIN, "[kpi.restarts]\n", "[kpi.restarts]\ntimeout_s = \"soon\"\n");
    let ran = scene.run(MAIN);
    assert_eq!(ran.code, Some(2));
    ran.must_say(&["main.toml:", "some days", "colour", "Session {session.id", "^", "help:"]);
    assert!(scene.seen().stats().requests().next().is_none(), "nothing was done");
}

#[test]
fn all_settings_that_plugins_refuse_are_shown_at_once() {
    let scene = Scene::rest(small());
    scene.edit(MAIN, "[kpi.restarts]\n", "[kpi.restarts]\ntimeout_s = \"soon\"\ncompletion_min = 7\n");
    scene.edit(MAIN, "[kpi.errors]\n", "[kpi.errors]\ncolour = \"red\"\n");
    let ran = scene.run(MAIN);
    assert_eq!(ran.code, Some(2));
    ran.must_say(&["timeout_s = \"soon\"", "colour = \"red\"", "^", "2 faults"]);
    assert!(scene.seen().stats().requests().next().is_none(), "nothing was done");
}

#[test]
fn an_instance_that_answers_nonsense_loses_nothing_of_the_others() {
    let mut scene = Scene::rest(small());
    scene.run_to(MAIN, 0);
    let before = scene.report(MAIN);
    for fault in [Fault::Nonsense, Fault::TruncatedJson, Fault::Down] {
        scene.fleet().clear_faults(2).expect("an instance");
        scene.fleet().set_fault(2, fault.clone()).expect("an instance");
        scene.run_to(MAIN, 1);
        let after = scene.report(MAIN);
        // The errors' section names the instances that were not reached.
        assert!(before.sections[..2] == after.sections[..2], "{fault:?}: what was stored counts on");
        let instance = &after.coverage.instances[2];
        assert_eq!(instance.state, InstanceState::Unreachable, "{fault:?}");
        assert!(instance.cause.as_ref().is_some_and(|cause| cause.contains("/api/logs")), "{fault:?}: {instance:?}");
        assert_eq!(after.coverage.reached, 3, "{fault:?}");
    }
}

#[test]
fn a_log_of_random_bytes_is_counted_and_shown() {
    let mut scene = Scene::rest(small());
    scene.run_to(MAIN, 0);
    let before = scene.report(MAIN);
    scene.fleet().set_fault(1, Fault::RandomBytes { bytes: 200_000 }).expect("an instance");
    scene.run_to(MAIN, 0);
    let after = scene.report(MAIN);
    assert!(after.coverage.lines_unparsed > 100, "{} lines", after.coverage.lines_unparsed);
    assert!(after.coverage.unparsed.iter().any(|example| example.file.contains("random")), "examples are shown");
    assert_eq!(after.coverage.records, before.coverage.records);
    assert!(before.sections == after.sections, "noise changes no figure");
}

#[test]
fn a_fleet_that_nobody_ever_reached_still_has_a_report() {
    let mut scene = Scene::rest(small());
    for index in 0..4 {
        scene.fleet().set_down(index, true).expect("an instance");
    }
    scene.run_to(MAIN, 1);
    let report = scene.report(MAIN);
    assert_eq!((report.coverage.reached, report.coverage.never_seen), (0, 4));
    assert_eq!(report.sections.len(), 4);
}

#[test]
fn what_is_no_plugin_loses_only_its_section() {
    let scene = Scene::rest(small());
    scene.run_to(MAIN, 0);
    let whole = scene.report(MAIN);
    let module = b"\0asm\x01\0\0\0".to_vec();
    let cases: [(&str, Option<Vec<u8>>, &str); 5] = [
        ("missing", None, "cannot read"),
        ("empty", Some(Vec::new()), "no WebAssembly"),
        ("text", Some(b"#!/bin/sh\n".to_vec()), "no WebAssembly"),
        ("bare", Some(module.clone()), "no manifest"),
        ("cut", Some([&module[..], b"\x01\xff"].concat()), "not valid WebAssembly"),
    ];
    for (name, bytes, word) in cases {
        if let Some(bytes) = bytes {
            fs::write(scene.path(&format!("{name}.wasm")), bytes).expect("a file");
        }
        scene.beside(name);
        scene.extend(name, &format!("\n[kpi.broken]\nplugin = \"{name}.wasm\"\n"));
        let ran = scene.run_to(name, 1);
        ran.must_say(&["broken", word, &format!("{name}.wasm"), "help:"]);
        let report = scene.report(name);
        assert!(report.sections[..4] == whole.sections[..], "{name}: the other KPIs are as without it");
        let SectionState::Failed { what, place, help } = &report.sections[4].state else {
            panic!("{name}: {:?}", report.sections[4].state);
        };
        assert!(what.contains(word) && place.contains(name) && !help.is_empty(), "{name}: {what} {place} {help}");
    }
}

#[test]
fn a_report_that_cannot_be_written_is_a_failure_that_loses_nothing() {
    let scene = Scene::rest(small());
    fs::create_dir_all(scene.path("main")).expect("a folder");
    fs::write(scene.path("main/reports"), "a file where the folder should be").expect("a file");
    let ran = scene.run(MAIN);
    assert_eq!(ran.code, Some(3));
    ran.must_say(&["error: cannot write", "main/reports", "help:"]);
    fs::remove_file(scene.path("main/reports")).expect("the file goes");
    scene.seen().reset_stats();
    scene.run_to(MAIN, 0);
    assert!(scene.seen().stats().file_requests().next().is_none(), "what was fetched was kept");
}

#[test]
fn a_store_that_is_in_use_says_who_holds_it() {
    let scene = Scene::rest(small());
    let held = logparser::mirror::StoreLock::acquire(&scene.store(MAIN)).expect("a free store");
    let ran = scene.run(MAIN);
    assert_eq!(ran.code, Some(3));
    ran.must_say(&["in use by", &std::process::id().to_string(), "help:"]);
    drop(held);
    scene.run_to(MAIN, 0);
}
