//! A plugin that was built in another folder, with the SDK as its only dependency, runs by naming it in the profile;
//! one that misbehaves loses its section and nothing else.

mod scene;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use logparser_reports::model::SectionState;
use logparser_tests::fleet::{Fleet, FleetOptions};
use scene::{MAIN, Scene};

const SOURCE: &str = include_str!("hostile/plugin.rs");

/// Builds the plugin, once, and gives the module as `cargo build` leaves it.
fn built() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("elsewhere");
        let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugin-sdk").canonicalize().expect("the SDK");
        let manifest = format!(
            "[package]\nname = \"hostile\"\nversion = \"7.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
             [lib]\ncrate-type = [\"cdylib\"]\n\n[dependencies]\nlogparser-sdk = {{ path = {:?} }}\n",
            sdk.display().to_string()
        );
        fs::create_dir_all(folder.join("src")).expect("a folder");
        fs::write(folder.join("Cargo.toml"), manifest).expect("a manifest");
        fs::write(folder.join("src/lib.rs"), SOURCE).expect("a source");
        // The versions that this project was built with are there already.
        fs::copy(sdk.join("../Cargo.lock"), folder.join("Cargo.lock")).expect("a lock file");
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let arguments = ["build", "--release", "--target", "wasm32-unknown-unknown", "--target-dir", "target"];
        let output = Command::new(cargo).args(arguments).current_dir(&folder).output().expect("cargo starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        folder.join("target/wasm32-unknown-unknown/release/hostile.wasm")
    })
}

fn scene() -> Scene {
    let fleet = FleetOptions { instances: 4, days: 3, ..FleetOptions::default() };
    let scene = Scene::rest(Fleet::start(&fleet).expect("a fleet"));
    scene.run_to(MAIN, 0);
    scene
}

/// A profile beside the main one, with the plugin in the given mood as its second KPI.
fn with(scene: &Scene, name: &str, how: &str) {
    scene.beside(name);
    let plugin = built().display().to_string();
    scene.edit(
        name,
        "[kpi.restarts]\n",
        &format!("[kpi.logons]\nplugin = {plugin:?}\nhow = {how:?}\n\n[kpi.restarts]\n"),
    );
}

#[test]
fn a_plugin_from_elsewhere_runs_by_naming_it() {
    let scene = scene();
    with(&scene, "more", "well");
    scene.run_to("more", 0);
    let logons = scene.figures("more", "logons");
    assert_eq!((logons.0.plugin.as_str(), logons.0.version.as_str()), ("hostile", "7.0.0"));
    assert_eq!(logons.count("logons"), scene.figures(MAIN, "sessions").count("starts"));
    let (mut more, main) = (scene.report("more"), scene.report(MAIN));
    more.sections.remove(1);
    assert!(more == main, "nothing else has changed");
}

#[test]
fn a_plugin_that_misbehaves_loses_its_section_only() {
    let scene = scene();
    let main = scene.report(MAIN);
    let cases = [
        ("panic", "the answer is not", "instance WS-0000"),
        ("late", "not known today", "instance WS-0000, 2026-10-14"),
        ("spin", "fuel", "instance WS-0000, 2026-10-12"),
        ("hoard", "it gave up", "instance WS-0000"),
        ("recurse", "stack", "instance WS-0000"),
        ("flood", "results", "the report"),
        ("giant", "", "the report"),
        ("sulk", "not today", "the report"),
    ];
    for (how, what_word, where_word) in cases {
        with(&scene, how, how);
        let ran = scene.run_to(how, 1);
        ran.must_say(&["the KPI `logons` has no results", what_word, where_word, "help:"]);
        let mut report = scene.report(how);
        let section = report.sections.remove(1);
        let SectionState::Failed { what, place, help } = &section.state else { panic!("{how}: {:?}", section.state) };
        assert!(what.contains(what_word), "{how}: {what}");
        assert!(place.contains(where_word), "{how}: {place}");
        assert!(!help.is_empty() && section.items.is_empty(), "{how}");
        assert!(report == main, "{how}: nothing else has changed");
        let before = scene.published(how);
        scene.run_to(how, 1);
        scene.published(how).must_be(&before, "the same plugin fails in the same way");
    }
}

#[test]
fn a_setting_that_a_plugin_refuses_is_a_fault_of_the_profile() {
    let scene = scene();
    with(&scene, "refuse", "refuse");
    let ran = scene.run("refuse");
    assert_eq!(ran.code, Some(2));
    ran.must_say(&["never like this", "how = \"refuse\"", "^"]);
}
