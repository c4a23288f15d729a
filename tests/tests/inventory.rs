//! A fleet that an inventory names, as a user sees it: before it ever answered, and where nothing may be stored.

mod scene;

use std::collections::BTreeMap;

use scene::serving::Server;
use scene::{MAIN, Scene};

/// What a profile needs beside its fleet.
const REST: &str = "[api]\nlist = \"{address}/logs\"\nfetch = \"{address}/logs/{name}\"\nitems = \"/files\"\nsize = \"/size\"\n\
                    [limits]\ntries = 1\n[format]\nkind = \"log4net\"\n[kpi.errors]\n";
const LOG: &str = "2026-10-12 05:48:29,658 [1] ERROR App.Net - no answer\n";
const REFUSED: &str = "503 Service Unavailable\n\nnot now";
const HELP: &str = "help: see `inventory` in [fleet]; once it has answered, a run goes on without it";

/// A server that is inventory and instance in one, and does not know its fleet yet.
fn scene() -> (Scene, Server) {
    let listing = format!(
        "200 OK\nContent-Type: application/json\n\n{{\"files\": [{{\"name\": \"app.log\", \"size\": {}}}]}}",
        LOG.len()
    );
    let answers = [("/targets", REFUSED), ("/logs", &listing), ("/logs/app.log", &format!("200 OK\n\n{LOG}"))];
    let answers = answers.map(|(path, answer)| (path.to_owned(), answer.to_owned()));
    let server = Server::start(BTreeMap::from(answers));
    let scene = Scene::empty();
    scene.add_profile(MAIN, &format!("[fleet]\ninventory = {{ url = \"{}/targets\" }}\n{REST}", server.address));
    (scene, server)
}

fn named(server: &Server) -> String {
    let target = server.address.trim_start_matches("http://");
    format!("200 OK\n\n[{{\"targets\": [\"{target}\"], \"labels\": {{\"instance\": \"WS-0001\"}}}}]")
}

#[test]
fn an_inventory_that_never_answered_names_nobody() {
    let (scene, server) = scene();
    for arguments in [&["run"][..], &["fetch"], &["fetch", "--dry-run"], &["probe", "WS-0001"]] {
        let ran = scene.logparser(MAIN, arguments);
        assert_eq!(ran.code, Some(3), "{arguments:?}");
        let cause = format!("error: the inventory names no instances yet: {}/targets: status 503", server.address);
        ran.must_say(&[&cause, HELP]);
        assert_eq!((ran.stdout.as_str(), server.asked()), ("", vec!["/targets".to_owned()]), "{arguments:?}");
    }
    // Without asking there is nothing to report of, and the way out is to ask.
    let ran = scene.logparser(MAIN, &["report"]);
    assert_eq!((ran.code, server.asked().len()), (Some(3), 0));
    ran.must_say(&[
        "error: the inventory names no instances yet",
        "help: `logparser fetch` asks it, and keeps what it says",
    ]);
    assert!(!scene.path(MAIN).join("reports").exists(), "a report of nobody was published");

    // Once it has answered, a run goes on without it, and says so.
    server.set("/targets", &named(&server));
    scene.run_to(MAIN, 0);
    server.set("/targets", REFUSED);
    let ran = scene.run_to(MAIN, 1);
    ran.must_say(&["the inventory could not be asked, its last answer is used", "status 503"]);
    assert_eq!((ran.number("/fetch/totals/reached"), ran.number("/inventory/instances")), (1, 1));
}

#[test]
fn a_profile_is_right_before_its_inventory_answered() {
    let (scene, server) = scene();
    let checked = scene.logparser(MAIN, &["check"]);
    assert_eq!((checked.code, server.asked().len()), (Some(0), 0));
    let words = "fleet     0 instances, and those that the inventory will name: it has not answered yet; asks ";
    assert!(checked.stdout.contains(words), "{}", checked.stdout);
    let json = scene.logparser(MAIN, &["check", "--json"]).summary();
    assert_eq!((&json["instances"], &json["inventory_known"]), (&0.into(), &false.into()));
    assert!(!scene.store(MAIN).join("catalog.sqlite").exists(), "a check made a catalog");

    server.set("/targets", &named(&server));
    scene.run_to(MAIN, 0);
    server.asked();
    let checked = scene.logparser(MAIN, &["check"]);
    assert_eq!((checked.code, server.asked().len()), (Some(0), 0));
    assert!(
        checked.stdout.contains("fleet     1 instances, 1 of them named by the inventory at "),
        "{}",
        checked.stdout
    );
}

#[test]
fn whoever_only_looks_stores_nothing_of_an_inventory() {
    let (scene, server) = scene();
    server.set("/targets", &named(&server));
    let catalog = scene.store(MAIN).join("catalog.sqlite");
    let probed = scene.logparser(MAIN, &["probe", "WS-0001"]);
    assert_eq!(probed.code, Some(0));
    assert!(probed.stdout.contains("json, 1 page: 1 files, 1 taken"), "{}", probed.stdout);
    assert_eq!(server.asked()[..2], ["/targets", "/logs"]);
    let dry = scene.logparser(MAIN, &["fetch", "--dry-run", "--json"]);
    assert_eq!((dry.code, dry.number("/dry_run/totals/counts/new")), (Some(0), 1));
    assert_eq!(server.asked(), ["/targets", "/logs"]);
    assert!(!catalog.exists(), "what was only looked at was stored");
    scene.logparser(MAIN, &["report"]).must_say(&["error: the inventory names no instances yet"]);

    // What is stored stays, whatever the inventory says to who only looks.
    scene.run_to(MAIN, 0);
    let before = std::fs::read(&catalog).expect("a catalog");
    server.set("/targets", "200 OK\n\n[{\"targets\": [\"127.0.0.1:1\"], \"labels\": {\"instance\": \"WS-0002\"}}]");
    let dry = scene.logparser(MAIN, &["fetch", "--dry-run", "--json"]);
    assert_eq!((dry.code, dry.number("/dry_run/totals/unreachable")), (Some(1), 1));
    assert_eq!(scene.logparser(MAIN, &["probe", "WS-0001"]).code, Some(0), "by the last answer that was kept");
    server.set("/targets", REFUSED);
    let dry = scene.logparser(MAIN, &["fetch", "--dry-run", "--json"]);
    assert_eq!(dry.number("/dry_run/totals/reached"), 1, "the fleet that is known");
    dry.must_say(&["the inventory could not be asked, its last answer is used"]);
    assert_eq!(std::fs::read(&catalog).expect("a catalog"), before);
}
