//! Instances that an inventory names: taken, refused, kept, and known again.

use std::fs;

use super::scene::{Folder, PROFILE, Scene, lock, run, stored};
use super::server::{lines, ok};
use crate::catalog::Reach;
use crate::fetch::{FetchError, ask_inventory, known_fleet};
use crate::profile::{Instance, InventoryState, Profile, load};

/// A scene whose instances an inventory at `/targets` names; with more in its table, and in `[fleet]`.
struct Named {
    scene: Scene,
    _folder: Folder,
}

impl Named {
    fn new(more: &str, fleet: &str) -> Named {
        let mut scene = Scene::new();
        let folder = Folder::new();
        let path = folder.0.join("fleet.toml");
        let inventory = format!("inventory = {{ url = \"{}/targets\"{more} }}\n{fleet}", scene.server.address);
        fs::write(&path, PROFILE.replace("instances = []", &inventory)).expect("a profile");
        scene.profile = load(&path).unwrap_or_else(|faults| panic!("{faults}"));
        Named { scene, _folder: folder }
    }

    fn ask(&self) -> Result<Profile, FetchError> {
        let lock = lock(&self.scene.profile.store);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(ask_inventory(&self.scene.profile, Some(&lock)))
    }

    /// Asks; the inventory says this.
    fn told(&self, answer: &str) -> Result<Profile, FetchError> {
        self.scene.server.state().bend("/targets", ok("200 OK", "", answer.as_bytes()));
        self.ask()
    }

    /// The host and port of the server.
    fn target(&self) -> &str {
        self.scene.server.address.strip_prefix("http://").expect("a plain server")
    }
}

fn state(profile: &Profile) -> &InventoryState {
    profile.inventory.as_ref().and_then(|inventory| inventory.state.as_ref()).expect("an inventory that was asked")
}

/// Name, address, tags and zone.
fn facts(instance: &Instance) -> (&str, &str, String, &str) {
    (&instance.name, &instance.address, instance.tags.join(" "), instance.zone.map_or("-", |zone| zone.name()))
}

const ANSWER: &str = r#"[
    {"targets": ["10.0.0.2:80"], "labels": {"instance": "WS-2", "zone": "Asia/Tokyo", "site": "tokyo", "use": "lab;old",
        "__meta_rack": "7", "__scheme__": "https"}},
    {"targets": ["10.0.0.4:80", "10.0.0.3:80"], "labels": {"site": "oslo"}},
    {"targets": ["10.0.0.1"]}
]"#;

#[test]
fn labels_say_what_an_instance_is() {
    let named = Named::new("", "");
    let profile = named.told(ANSWER).expect("an answer");
    assert_eq!(
        profile.instances.iter().map(facts).collect::<Vec<_>>(),
        [
            ("10.0.0.1", "http://10.0.0.1", String::new(), "-"),
            ("10.0.0.3:80", "http://10.0.0.3:80", "oslo".to_owned(), "-"),
            ("10.0.0.4:80", "http://10.0.0.4:80", "oslo".to_owned(), "-"),
            ("WS-2", "https://10.0.0.2:80", "tokyo lab old".to_owned(), "Asia/Tokyo"),
        ]
    );
    assert_eq!((state(&profile).instances, &state(&profile).refused[..]), (4, &[][..]));

    let settings = r#", address = "https://{__address__}/{site}", name = "__address__", zone = "none",
        tags = ["__meta_rack", "site"]"#;
    let named = Named::new(&settings.replace('\n', " "), "");
    let profile = named.told(ANSWER).expect("an answer");
    let found: Vec<_> = profile.instances.iter().map(facts).collect();
    assert_eq!(found[0], ("10.0.0.2:80", "https://10.0.0.2:80/tokyo", "7 tokyo".to_owned(), "-"));
    assert_eq!(state(&profile).refused, ["the entry \"10.0.0.1\": it has no label `site`"]);
}

#[test]
fn bad_entries_are_refused_by_name_and_the_others_are_taken() {
    let fleet = "instances = [ { name = \"own\", address = \"http://10.0.0.9\" } ]";
    let named = Named::new("", fleet);
    let answer = r#"[
        {"targets": ["10.0.0.1"], "labels": {"instance": "good"}}, {"targets": ["10.0.0.1"], "labels": {"instance": "twin"}},
        {"targets": ["10.0.0.2"], "labels": {"instance": "good"}}, {"targets": ["10.0.0.3"], "labels": {"instance": "own"}},
        {"targets": ["10.0.0.9"], "labels": {"instance": "other"}}, {"targets": ["a b"], "labels": {"instance": "odd"}},
        {"targets": ["me:secret@host"], "labels": {"instance": "login"}}, {"targets": ["10.0.0.4"], "labels": {"instance": " "}},
        {"targets": ["10.0.0.5"], "labels": {"instance": "late", "zone": "Europe/Olso"}}, {"targets": ["h/a?b"]},
        {"targets": "10.0.0.6"}, {"targets": [7]}, {"targets": ["10.0.0.7"], "labels": {"n": 1}}, 5,
        {"targets": ["10.0.0.8"], "labels": {"instance": "a\u0007"}}
    ]"#;
    let profile = named.told(answer).expect("an answer");
    let names: Vec<_> = profile.instances.iter().map(|instance| instance.name.as_str()).collect();
    assert_eq!(names, ["good", "own"]);
    let refused = state(&profile).refused.join("\n");
    for (place, why) in [
        ("the entry \"twin\" (\"10.0.0.1\")", "it has the address of \"good\""),
        ("the entry \"good\" (\"10.0.0.2\")", "another instance has that name"),
        ("the entry \"own\" (\"10.0.0.3\")", "another instance has that name"),
        ("the entry \"other\" (\"10.0.0.9\")", "it has the address of \"own\""),
        ("the entry \"odd\" (\"a b\")", "holds a character that no URL has"),
        ("the entry \"login\"", "carries a user name or password"),
        ("the entry \"10.0.0.4\"", "its name is empty"),
        ("the entry \"late\"", "is not a time zone: \"Europe/Olso\"; an IANA name such as \"Europe/Oslo\""),
        ("the entry \"h/a?b\"", "has a query"),
        ("group 11", "it has no list `targets`"),
        ("group 12", "one of its targets is no text"),
        ("group 13", "its label `n` is no text"),
        ("group 14", "it has no list `targets`"),
        ("\"10.0.0.8\"", "its name holds a control character"),
    ] {
        assert!(refused.lines().any(|line| line.contains(place) && line.contains(why)), "{place} {why}:\n{refused}");
    }
    assert_eq!(refused.lines().count(), 14, "{refused}");
}

#[test]
fn a_run_goes_on_with_the_fleet_that_is_known() {
    let named = Named::new("", "");
    let store = named.scene.profile.store.clone();
    assert!(known_fleet(&named.scene.profile).expect("no store yet").is_none());
    named.scene.server.state().bend("/targets", ok("404 Not Found", "", b""));
    let first = named.ask().expect_err("it has never answered").to_string();
    assert!(first.contains("names no instances yet") && first.contains("/targets: status 404"), "{first}");
    assert!(known_fleet(&named.scene.profile).expect("a store").is_none());

    named.scene.server.state().write("a.log", lines("a", 100));
    let both = format!(
        r#"[{{"targets": ["{0}"], "labels": {{"instance": "one"}}}}, {{"targets": ["127.0.0.9:1"], "labels": {{"instance": "two"}}}}]"#,
        named.target()
    );
    let profile = named.told(&both).expect("an answer");
    let summary = run(&profile);
    assert_eq!((summary.totals.reached, summary.totals.unreachable), (1, 1));

    // Whatever goes wrong, the last good answer holds.
    let error = r#"{"error": "busy"}"#;
    let long = "[".to_owned() + &"1,".repeat(1_001) + "1]";
    for (answer, why) in [
        (ok("200 OK", "", error.as_bytes()), "a list of groups"),
        (ok("200 OK", "", b"[]"), "names no instance that can be taken"),
        (ok("200 OK", "", br#"[{"targets": ["a b"]}]"#), "names no instance that can be taken: the entry \"a b\""),
        (ok("200 OK", "", &both.as_bytes()[..40]), "cannot be read: EOF"),
        (ok("200 OK", "", (both.clone() + "]").as_bytes()), "cannot be read: trailing characters"),
        (ok("200 OK", "Content-Type: text/html\r\n", b"<html>Log in</html>"), "text/html; it begins with: <html>"),
        (ok("200 OK", "", long.as_bytes()), "more than 1000 parts of it are no entries"),
        (ok("401 Unauthorized", "", b""), "status 401"),
        (ok("302 Found", "Location: http://127.0.0.2:9/targets\r\n", b""), "which is not followed"),
    ] {
        named.scene.server.state().bend("/targets", answer);
        let complete = named.ask().expect("the known fleet");
        assert_eq!(complete.instances, profile.instances, "{why}");
        let (_, cause) = state(&complete).cause.as_ref().expect("a cause");
        assert!(cause.contains(why) && cause.contains("/targets"), "{why}: {cause}");
        let known = known_fleet(&named.scene.profile).expect("a store").expect("a fleet");
        assert_eq!((&known.instances, state(&known)), (&profile.instances, state(&complete)), "{why}");
    }

    // One leaves: it is no part of the fleet any more, and its logs stay.
    named.scene.server.state().append("a.log", b"more\n");
    let only_two = r#"[{"targets": ["127.0.0.9:1"], "labels": {"instance": "two"}}]"#;
    let complete = named.told(only_two).expect("an answer");
    assert_eq!((complete.instances.len(), state(&complete).cause.as_ref()), (1, None));
    assert_eq!(run(&complete).instances.len(), 1);
    assert_eq!(stored(&store, "one")[0].bytes.0.len(), 100);
    let complete = named.told(&both).expect("an answer");
    let outcome = run(&complete).instances.into_iter().find(|outcome| outcome.name == "one").expect("an outcome");
    assert_eq!((outcome.state, outcome.bytes_new), (Reach::Reached, 5));
}

#[test]
fn the_order_of_an_answer_says_nothing() {
    let named = Named::new("", "");
    let groups =
        [r#"{"targets": ["a"], "labels": {"instance": "x"}}"#, r#"{"targets": ["b"], "labels": {"instance": "x"}}"#];
    let taken = |answer: String| {
        let profile = named.told(&answer).expect("an answer");
        (profile.instances.clone(), state(&profile).refused.clone())
    };
    let forth = taken(format!("[{}, {}]", groups[0], groups[1]));
    assert_eq!(forth, taken(format!("[{1}, {0}, {1}]", groups[0], groups[1])));
}

#[test]
fn an_answer_without_end_is_cut() {
    let named = Named::new("", "");
    let labels = format!(r#""labels": {{"a": "{}"}}"#, "x".repeat(50_000));
    let targets: Vec<String> = (0..1_000).map(|number| format!("\"h{number}\"")).collect();
    let answer = format!("[{{\"targets\": [{}], {labels}}}]", targets.join(","));
    let error = named.told(&answer).expect_err("labels of 50 MB in all").to_string();
    assert!(error.contains("its labels make more than 33554432 bytes"), "{error}");
    let targets: Vec<String> = (0..100_001).map(|number| format!("\"h{number}\"")).collect();
    let error = named.told(&format!("[{{\"targets\": [{}]}}]", targets.join(","))).expect_err("many").to_string();
    assert!(error.contains("it names more than 100000 instances"), "{error}");
}
