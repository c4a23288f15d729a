//! `logparser probe` and `fetch --dry-run`, as a user sees them. Each file of `probe/` holds what the profile says of
//! the API, what a server answers, and what is shown: adding a case is adding a file.

mod scene;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use logparser_tests::disk::sorted_entries;
use logparser_tests::fleet::{Fault, Fleet, FleetOptions};
use scene::serving::Server;
use scene::{MAIN, Ran, Scene};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/probe");
const PART: &str = "==== ";
/// Sections that every profile needs, and that have no part in a probe.
const REST: &str = "[format]\nkind = \"log4net\"\n\n[kpi.errors]\n";
/// What was shown, without what differs from run to run.
fn masked(shown: &str, address: &str) -> String {
    let version = format!("logparser/{}", env!("CARGO_PKG_VERSION"));
    let shown = shown.replace(address, "http://HOST").replace(&version, "logparser/VERSION");
    let changing = ["           date: ", "clock      "];
    let lines = shown.lines().map(|line| match changing.iter().find(|start| line.starts_with(**start)) {
        Some(start) => format!("{start}…\n"),
        None => format!("{line}\n"),
    });
    lines.collect()
}

fn probe_of(path: &Path) -> (String, String) {
    let case = fs::read_to_string(path).expect("a case");
    let mut api = String::new();
    let mut answers = BTreeMap::new();
    let mut expected = String::new();
    for part in case.split(PART).skip(1) {
        let (name, text) = part.split_once('\n').expect("a part with a name");
        match name.split_once(' ') {
            Some(("GET", path)) => drop(answers.insert(path.to_owned(), text.trim_end().to_owned())),
            None if name == "profile" => api = text.to_owned(),
            None if name == "shown" => expected = text.to_owned(),
            _ => panic!("{}: what is `{name}`?", path.display()),
        }
    }
    let server = Server::start(answers);
    let scene = Scene::empty();
    let fleet = format!("[fleet]\ninstances = [{{ name = \"WS-0001\", address = \"{}\" }}]\n", server.address);
    let api = api.replace("[fleet]\n", &fleet);
    scene.add_profile(MAIN, &format!("{api}\n{REST}"));
    let ran = scene.logparser(MAIN, &["probe", "WS-0001"]);
    assert!(!scene.store(MAIN).join("catalog.sqlite").exists(), "{}: a catalog was made", path.display());
    let code = ran.code.expect("it ends by itself");
    (masked(&format!("{}{}exit code {code}\n", ran.stdout, ran.stderr), &server.address), expected)
}

#[test]
fn every_api_is_shown_and_explained() {
    let cases: Vec<_> = sorted_entries(Path::new(FOLDER)).expect("the cases");
    let (mut wrong, mut played) = (String::new(), 0);
    for path in cases.iter().filter(|path| path.extension().is_some_and(|extension| extension == "case")) {
        let (shown, expected) = probe_of(path);
        if shown != expected {
            wrong += &format!("==== {} shows\n{shown}==== instead of\n{expected}\n", path.display());
        }
        played += 1;
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(played >= 8, "{played} cases found");
}

/// Two instances, with small files.
fn small() -> Fleet {
    Fleet::start(&FleetOptions { instances: 3, days: 2, ..FleetOptions::default() }).expect("a fleet")
}

/// Everything in a store but compiled plugins, byte by byte.
fn bytes_of(scene: &Scene) -> Vec<Vec<u8>> {
    let files = ["catalog.sqlite", "mirror/000001.seg", "lock"].map(|name| scene.store(MAIN).join(name));
    assert!(!scene.store(MAIN).join("catalog.sqlite-wal").exists(), "the catalog is at rest");
    files.map(|path| fs::read(path).expect("a file of the store")).into()
}

#[test]
fn an_instance_of_the_fleet_is_shown() {
    let mut scene = Scene::rest(small());
    scene.run_to(MAIN, 0);
    scene.fleet().advance(1);
    let before = bytes_of(&scene);
    let name = scene.seen().instance(1).name().to_owned();
    let address = format!("http://{}", scene.seen().addresses()[1]);
    let ran = scene.logparser(MAIN, &["probe", &name]);
    assert_eq!(ran.code, Some(0));
    let expected = fs::read_to_string(Path::new(FOLDER).join("fleet.txt")).unwrap_or_default();
    let shown = masked(&ran.stdout, &address);
    assert!(shown == expected, "==== shows\n{shown}==== instead of\n{expected}");
    let json = scene.logparser(MAIN, &["probe", &name, "--json"]).summary();
    assert_eq!(json["state"], "reached");
    assert_eq!(json["exchanges"][0]["answer"]["status"], 200);
    assert_eq!(scene.logparser(MAIN, &["probe", &address, "--tag", "old"]).code, Some(0), "by its address");
    assert!(bytes_of(&scene) == before, "a probe changed the store");
}

#[test]
fn who_cannot_be_asked_is_named() {
    let mut scene = Scene::rest(small());
    let name = scene.seen().instance(1).name().to_owned();
    let unknown = scene.logparser(MAIN, &["probe", &format!("{name}x")]);
    assert_eq!(unknown.code, Some(2));
    unknown.must_say(&["error: the profile has no instance", "help: did you mean", &name]);
    let wrong = scene.logparser(MAIN, &["probe", "ftp://me:secret@host"]);
    assert_eq!(wrong.code, Some(2));
    assert!(!wrong.stderr.contains("secret"), "{}", wrong.stderr);
    scene.fleet().set_down(1, true).expect("an instance");
    let dead = scene.logparser(MAIN, &["probe", &name]);
    assert_eq!(dead.code, Some(1));
    for word in ["no answer", "the connection was refused", "help: `address` decides", "not understood"] {
        assert!(dead.stdout.contains(word), "`{word}` is not shown:\n{}", dead.stdout);
    }
    let folder = Scene::empty();
    fs::create_dir_all(folder.path("logs/one")).expect("a folder");
    fs::write(folder.path("logs/one/app.log"), "2026-10-12 05:48:29,658 [1] INFO  A - b\n").expect("a log");
    folder.add_profile(MAIN, &format!("[fleet]\nfolder = \"logs\"\n{REST}"));
    let ran = folder.logparser(MAIN, &["probe", "one"]);
    assert!(ran.code == Some(0) && ran.stdout.contains("nothing is asked over the network"), "{}", ran.stdout);
    let ran = folder.logparser(MAIN, &["probe", "http://127.0.0.1:1"]);
    assert_eq!(ran.code, Some(2));
    ran.must_say(&["the profile's fleet is a folder"]);
}

fn dry(scene: &Scene, code: i32) -> (Ran, serde_json::Value) {
    let ran = scene.logparser(MAIN, &["fetch", "--dry-run", "--json"]);
    assert_eq!(ran.code, Some(code));
    let summary = ran.summary();
    (ran, summary["dry_run"]["totals"].clone())
}

#[test]
fn a_dry_run_tells_what_the_next_fetch_does() {
    let mut scene = Scene::rest(small());
    let (_, told) = dry(&scene, 0);
    assert!(!scene.store(MAIN).join("lock").exists(), "a store was made");
    scene.seen().reset_stats();
    let ran = scene.logparser(MAIN, &["fetch", "--json"]);
    assert_eq!(told["bytes"], ran.number("/fetch/totals/bytes_new"));
    assert_eq!(told["counts"]["new"], ran.number("/fetch/totals/files/new"));

    scene.fleet().advance(1);
    let before = bytes_of(&scene);
    scene.seen().reset_stats();
    let (_, told) = dry(&scene, 0);
    assert_eq!(scene.seen().stats().requests().count(), 3, "one request an instance");
    let table = scene.logparser(MAIN, &["fetch", "--dry-run"]);
    assert_eq!(table.stdout.lines().count(), 4, "a head, and a line an instance:\n{}", table.stdout);
    table.must_say(&["a fetch would take up to", "nothing was stored"]);
    assert!(bytes_of(&scene) == before, "a dry run changed the store");
    let ran = scene.logparser(MAIN, &["fetch", "--json"]);
    assert!(told["bytes"].as_u64() > Some(0), "{told}");
    assert_eq!(told["bytes"], ran.number("/fetch/totals/bytes_new"));
    assert_eq!(told["counts"]["appended"], ran.number("/fetch/totals/files/appended"));

    scene.fleet().set_fault(0, Fault::Down).expect("an instance");
    let (ran, told) = dry(&scene, 1);
    assert_eq!((&told["reached"], &told["unreachable"]), (&2.into(), &1.into()));
    ran.must_say(&["unreachable: ", "the connection was refused"]);
}
