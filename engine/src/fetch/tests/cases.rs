//! Every fault that fetch must survive, as data: `cases/GROUP/NAME.toml`, each a short history of one instance.
//!
//! Faults of the machine itself are caused by tests of their own: `BY_CODE` says which.
//!
//! A new case is a new file; see `case.rs` for its keys. `LOGPARSER_CASE=NAME` plays only those with this in their
//! path.

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::slice;

use super::case::{Case, Expected, Run, Step};
use super::foresee::{foretell, must_come_true};
use super::scene::{Scene, Stored, row};
use super::server::{Meanwhile, State};
use crate::catalog::Reach;
use crate::fetch::CauseClass;

/// The faults, by group: each item of the design's list in its words, and, where it names several or its words are
/// about more than a server, what its cases are called.
type Items = &'static [(&'static str, &'static [&'static str])];
const FAULTS: [(&str, Items); 6] = [
    (
        "growth",
        &[
            ("append", &[]),
            ("unchanged", &[]),
            ("same-size rewrite in the same second", &[]),
            ("larger rewrite", &[]),
            ("truncated to 0", &[]),
            ("truncated and regrown past the offset", &[]),
            ("two live files with one head", &[]),
            ("empty file", &[]),
        ],
    ),
    (
        "rotation",
        &[
            ("rename + create", &[]),
            ("copytruncate, seen midway", &[]),
            (".1→.2→.3 between runs", &[]),
            ("rotated to .gz", &[]),
            (".gz still being written", &[]),
            ("rotation between list and fetch", &[]),
            ("deleted before read", &[]),
            ("same name every day", &[]),
        ],
    ),
    (
        "HTTP",
        &[
            ("Range ignored", &[]),
            (
                "206 early, late, without Content-Range, with /*",
                &["206 early", "206 late", "206 without Content-Range", "206 with /*"],
            ),
            ("gzip on a range", &[]),
            ("short body with a clean close", &[]),
            ("body past its length", &[]),
            ("an HTML login page with 200", &[]),
            ("redirect to another host", &[]),
            ("429 with a date", &[]),
            ("slow drip", &[]),
            ("endless stream", &[]),
        ],
    ),
    (
        "names and listings",
        &[
            ("../, absolute, %2e, NUL", &["../", "absolute", "%2e", "NUL"]),
            ("not UTF-8", &[]),
            ("10,000 characters", &[]),
            ("differing in case only", &[]),
            ("truncated JSON", &[]),
            ("a paging loop", &[]),
            ("a million entries", &[]),
        ],
    ),
    (
        "content",
        &[
            // Bytes pass in pieces of at most 4 MiB, whatever stands in them.
            ("a 1 GB line", &["a long line"]),
            ("UTF-8 split at a delta's edge", &[]),
            ("UTF-16, BOM, CRLF", &[]),
            ("NUL holes", &[]),
            ("binary junk", &[]),
        ],
    ),
    (
        "system",
        &[
            ("kill -9 at each commit step", &[]),
            ("disk full", &[]),
            ("read-only disk", &[]),
            ("two runs at once", &[]),
            ("a third of the fleet dead", &[]),
            ("expired certificate", &[]),
            ("clocks off by a day", &[]),
        ],
    ),
];

/// What the list does not name, and cases do.
const BEYOND: [&str; 13] = [
    "a listed file is not there",
    "a lasting refusal",
    "a compressed file is damaged",
    "a compressed file is a bomb",
    "unknown authority",
    "signed by itself",
    "wrong name",
    "not valid yet",
    "client certificate not given",
    "client certificate refused",
    "client certificate expired",
    "version too old",
    "plain HTTP",
];

/// Faults that need more than a server, and the test that causes each.
const BY_CODE: [(&str, &str, &str); 7] = [
    ("kill -9 at each commit step", FETCH_KILLED, "a_kill_at_any_point_is_made_good_by_the_next_run"),
    ("kill -9 at each commit step", "tests/tests/kill.rs", "aborted_at_every_step_of_the_commit"),
    ("disk full", FETCH_TO_DISK, "a_full_disk_ends_the_run_and_harms_nothing"),
    ("disk full", "tests/tests/disk.rs", "a_disk_that_is_full_to_the_last_byte"),
    ("read-only disk", FETCH_TO_DISK, "a_disk_that_cannot_be_written_is_named"),
    ("read-only disk", "tests/tests/disk.rs", "a_disk_that_can_only_be_read_from_now_on"),
    ("two runs at once", FETCH_REFUSED, "a_second_run_at_the_same_time_is_told_who_is_first"),
];
const FETCH_KILLED: &str = "engine/src/fetch/tests/kill.rs";
const FETCH_TO_DISK: &str = "engine/src/fetch/tests/disk.rs";
const FETCH_REFUSED: &str = "engine/src/fetch/tests/refusals.rs";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the engine is a folder of the repository").to_owned()
}

fn files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/fetch/tests/cases");
    let entries = |folder: &Path| -> Vec<PathBuf> {
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect()
    };
    let mut files: Vec<_> = entries(&root).iter().flat_map(|group| entries(group)).collect();
    files.sort();
    files
}

fn read(path: &Path) -> Case {
    let text = fs::read_to_string(path).expect("a case");
    toml::from_str(&text).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()))
}

#[test]
fn every_fault_has_a_case() {
    let items = FAULTS.iter().flat_map(|(_, items)| items.iter());
    let listed = items.flat_map(|(item, faults)| if faults.is_empty() { slice::from_ref(item) } else { faults });
    let due: BTreeSet<String> = listed.chain(&BEYOND).map(|fault| (*fault).to_owned()).collect();
    let mut found: BTreeSet<String> = files().iter().map(|path| read(path).fault).collect();
    for (fault, path, test) in BY_CODE {
        let code = fs::read_to_string(repository().join(path)).unwrap_or_else(|cause| panic!("{path}: {cause}"));
        assert!(code.contains(&format!("fn {test}()")), "{fault}: no test {test} in {path}");
        found.insert(fault.to_owned());
    }
    assert_eq!(found, due);
}

/// The list itself lies beside the repository, where there is one.
#[test]
fn every_fault_of_the_design_is_known() {
    let path = repository().join("../shared/ACQUISITION.md");
    let Ok(text) = fs::read_to_string(&path) else { return eprintln!("skipped: there is no {}", path.display()) };
    let (_, list) = text.split_once("\n## Faults to survive").expect("a list of faults");
    let lines = list.lines().filter_map(|line| line.split_once(": "));
    let items = |items: &str| -> Vec<String> {
        let words = |item: &str| item.split(" (").next().unwrap_or(item).replace('`', "");
        items.split(" · ").map(words).collect()
    };
    let listed: Vec<_> = lines.map(|(group, list)| (group.to_owned(), items(list))).collect();
    let own = FAULTS
        .iter()
        .map(|(group, items)| (group.to_string(), items.iter().map(|(item, _)| item.to_string()).collect::<Vec<_>>()));
    assert_eq!(listed, own.collect::<Vec<_>>());
}

#[test]
fn a_case_that_lacks_a_statement_is_refused() {
    let whole = "fault = 'append'\n[[run]]\nreach = 'reached'\nfiles = {}\nrequests = ['/files']\nstored = 'shown'";
    assert!(toml::from_str::<Case>(whole).is_ok());
    for statement in ["reach", "files", "requests", "stored"] {
        let lacking: Vec<_> = whole.lines().filter(|line| !line.starts_with(statement)).collect();
        let fault = toml::from_str::<Case>(&lacking.join("\n")).err().expect("a refusal").to_string();
        assert!(fault.contains(&format!("missing field `{statement}`")), "{fault}");
    }
}

#[test]
fn every_case_ends_as_it_says() {
    let wanted = std::env::var("LOGPARSER_CASE").unwrap_or_default();
    let (mut played, mut failed) = (0, Vec::new());
    for path in files().iter().filter(|path| path.to_string_lossy().contains(&wanted)) {
        let case = read(path);
        for (server, manner) in case.servers.iter().enumerate() {
            let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(path).display();
            let name = format!("{name}, {manner:?}");
            // Each prints its own scene; the others are played all the same.
            if catch_unwind(|| play(&case, server, &name)).is_err() {
                failed.push(name);
            }
            played += 1;
        }
    }
    assert!(failed.is_empty(), "{} of {played} cases failed: {failed:#?}", failed.len());
    assert!(played > 0, "no case has {wanted} in its path");
}

fn play(case: &Case, server: usize, name: &str) {
    let manner = &case.servers[server];
    let scene = Scene::of_profile(&case.api, &case.limits, case.dead, case.secure.as_ref());
    let mut state = scene.server.state();
    (state.ranges, state.no_sizes, state.sizes_only) = (manner.ranges, manner.no_sizes, manner.sizes_only);
    drop(state);
    for (number, run) in case.runs.iter().enumerate() {
        let name = format!("{name}, run {}", number + 1);
        happen(&run.before, &mut scene.server.state());
        if let Some(secure) = &run.secure {
            scene.secure(secure);
        }
        let meanwhile = |steps: &[Step]| -> Option<Meanwhile> {
            let steps = steps.to_vec();
            (!steps.is_empty()).then(|| Box::new(move |state: &mut State| happen(&steps, state)) as Meanwhile)
        };
        let mut state = scene.server.state();
        state.bent = run.answers.iter().flat_map(|bent| bent.answers()).collect();
        (state.after_listing, state.after_look) = (meanwhile(&run.after_listing), meanwhile(&run.after_look));
        drop(state);
        must_end(&scene, run, server, &name);
    }
    if case.settles {
        let before = scene.stored();
        let again = scene.fetch();
        let found = (again.state, again.bytes_new, again.requests);
        assert_eq!(found, (Reach::Reached, 0, 1), "{name}, nothing new: {:?} {again:?}", scene.requests());
        assert_eq!(scene.stored(), before, "{name}, nothing new");
    }
}

fn happen(steps: &[Step], state: &mut State) {
    steps.iter().for_each(|step| step.happen(state));
}

fn must_end(scene: &Scene, run: &Run, server: usize, name: &str) {
    // Answers that are bent, and files that change between two requests, are told by no listing.
    let plain = run.answers.is_empty() && run.after_listing.is_empty() && run.after_look.is_empty();
    let told = plain.then(|| foretell(scene));
    let summary = scene.fetch_all();
    let outcome = summary.instances.iter().find(|outcome| outcome.name == "one").expect("an outcome");
    for dead in summary.instances.iter().filter(|outcome| outcome.name != "one") {
        let class = dead.cause.as_ref().map(|cause| cause.class);
        assert_eq!((dead.state, class), (Reach::Unreachable, Some(CauseClass::Connect)), "{name}: {dead:?}");
    }
    if let Some(told) = told {
        must_come_true(&told, outcome, name);
    }
    let scene_of = || format!("{name}\nrequests: {:#?}\n{outcome:#?}", scene.requests());
    let class = outcome.cause.as_ref().map(|cause| cause.class);
    assert_eq!((outcome.state, class), (run.reach, run.cause), "{}", scene_of());
    let text = outcome.cause.as_ref().map_or("", |cause| cause.text.as_str());
    assert!(text.contains(&run.says), "{}", scene_of());
    assert_eq!(outcome.files, run.files, "{}", scene_of());
    assert_eq!(outcome.bytes_new, run.bytes_new.unwrap_or(outcome.bytes_new), "{}", scene_of());
    assert_eq!(scene.requests(), run.requests.of(server), "{}", scene_of());
    let left: Vec<_> = scene.server.state().bent.iter().map(|(ending, _)| ending.clone()).collect();
    assert!(left.is_empty(), "answers to {left:?} were not asked for: {}", scene_of());

    let mut stored = scene.stored();
    let expected = match &run.stored {
        Expected::Generations(all) => {
            all.iter().enumerate().map(|(index, one)| one.stored(stored.get(index))).collect()
        }
        Expected::AsShown(_) => {
            stored.sort_by(|a, b| a.path.cmp(&b.path));
            let shown = scene.shown().into_iter();
            shown.map(|(path, bytes)| Stored { path, live: true, gap: None, bytes }).collect::<Vec<_>>()
        }
    };
    assert_eq!(stored, expected, "{}", scene_of());

    let row = row(&scene.profile.store, "one").expect("a row");
    if run.reach == Reach::Reached {
        let now_s = scene.server.state().now_s;
        assert_eq!(row.server_date_us, Some(now_s * 1_000_000), "{}", scene_of());
    }
    let cause = outcome.cause.as_ref().map(|cause| (cause.class.as_str().to_owned(), cause.text.clone()));
    assert_eq!((row.reach, row.cause), (Some(outcome.state), cause), "what the report says: {}", scene_of());
}
