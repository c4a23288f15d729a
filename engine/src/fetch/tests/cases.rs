//! Every fault that fetch must survive, as data: `cases/GROUP/NAME.toml`, each a short history of one instance.
//!
//! A new case is a new file; see `case.rs` for its keys. `LOGPARSER_CASE=NAME` plays only those with this in their
//! path.

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::case::{Case, Manner, Run, Step};
use super::foresee::{foretell, must_come_true};
use super::scene::{Scene, Stored, row};
use super::server::State;
use crate::catalog::Reach;
use crate::fetch::CauseClass;

/// The faults, by group, in the order of the design's list.
const FAULTS: [(&str, &[&str]); 7] = [
    (
        "growth",
        &[
            "append",
            "unchanged",
            "same-size rewrite in the same second",
            "larger rewrite",
            "truncated to 0",
            "truncated and regrown past the offset",
            "two live files with one head",
            "empty file",
        ],
    ),
    (
        "rotation",
        &[
            "rename and create",
            "copytruncate, seen midway",
            ".1 to .2 to .3 between runs",
            "rotation between list and fetch",
            "deleted before read",
            "same name every day",
        ],
    ),
    (
        "http",
        &[
            "Range ignored",
            "206 early",
            "206 late",
            "206 without Content-Range",
            "206 with /*",
            "gzip on a range",
            "short body with a clean close",
            "body past its length",
            "an HTML login page with 200",
            "redirect to another host",
            "429 with a date",
            "slow drip",
            "endless stream",
            "a listed file is not there",
            "a lasting refusal",
        ],
    ),
    (
        "names",
        &[
            "../",
            "absolute",
            "%2e",
            "NUL",
            "not UTF-8",
            "10,000 characters",
            "differing in case only",
            "truncated JSON",
            "a million entries",
        ],
    ),
    ("content", &["a long line", "UTF-8 split at a delta's edge", "UTF-16, BOM, CRLF", "NUL holes", "binary junk"]),
    ("system", &["a third of the fleet dead", "expired certificate", "clocks off by a day"]),
    (
        "tls",
        &[
            "unknown authority",
            "signed by itself",
            "wrong name",
            "not valid yet",
            "client certificate not given",
            "client certificate refused",
            "client certificate expired",
            "version too old",
            "plain HTTP",
        ],
    ),
];

/// Faults that need more than a server, and the test that causes each.
const BY_CODE: &[(&str, &str)] = &[
    #[cfg(feature = "fault-points")]
    ("kill -9 at each commit step", "kill::a_kill_at_any_point_is_made_good_by_the_next_run"),
    ("disk full", "disk::a_full_disk_ends_the_run_and_harms_nothing"),
    ("read-only disk", "disk::a_disk_that_cannot_be_written_is_named"),
    ("two runs at once", "refusals::a_second_run_at_the_same_time_is_told_who_is_first"),
];

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
    let group = |path: &Path| path.parent().and_then(Path::file_name).expect("a group").to_string_lossy().into_owned();
    let found: BTreeSet<_> = files().iter().map(|path| (group(path), read(path).fault)).collect();
    let listed =
        FAULTS.iter().flat_map(|(group, faults)| faults.iter().map(|fault| (group.to_string(), fault.to_string())));
    assert_eq!(found, listed.collect());

    let tests = Command::new(std::env::current_exe().expect("this test")).arg("--list").output().expect("a list");
    let tests = String::from_utf8(tests.stdout).expect("UTF-8");
    for (fault, test) in BY_CODE {
        assert!(tests.contains(&format!("fetch::tests::{test}: test\n")), "{fault}: no test {test}");
    }
}

#[test]
fn every_case_ends_as_it_says() {
    let wanted = std::env::var("LOGPARSER_CASE").unwrap_or_default();
    let (mut played, mut failed) = (0, Vec::new());
    for path in files().iter().filter(|path| path.to_string_lossy().contains(&wanted)) {
        let case = read(path);
        for manner in &case.servers {
            let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(path).display();
            let name = format!("{name}, {manner:?}");
            // Each prints its own scene; the others are played all the same.
            if catch_unwind(|| play(&case, manner, &name)).is_err() {
                failed.push(name);
            }
            played += 1;
        }
    }
    assert!(failed.is_empty(), "{} of {played} cases failed: {failed:#?}", failed.len());
    assert!(played > 0, "no case has {wanted} in its path");
}

fn play(case: &Case, manner: &Manner, name: &str) {
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
        let steps = run.after_listing.clone();
        let mut state = scene.server.state();
        state.bent = run.answers.iter().flat_map(|bent| bent.answers()).collect();
        if !steps.is_empty() {
            state.after_listing = Some(Box::new(move |state| happen(&steps, state)));
        }
        drop(state);
        must_end(&scene, run, &name);
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

fn must_end(scene: &Scene, run: &Run, name: &str) {
    // Answers that are bent, and files that change between two requests, are told by no listing.
    let plain = run.answers.is_empty() && run.after_listing.is_empty();
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
    if let Some(requests) = &run.requests {
        assert_eq!(&scene.requests(), requests, "{}", scene_of());
    }
    let left: Vec<_> = scene.server.state().bent.iter().map(|(ending, _)| ending.clone()).collect();
    assert!(left.is_empty(), "answers to {left:?} were not asked for: {}", scene_of());

    let mut stored = scene.stored();
    let expected = match &run.stored {
        Some(generations) => generations.iter().enumerate().map(|(index, one)| one.stored(stored.get(index))).collect(),
        None => {
            stored.sort_by(|a, b| a.path.cmp(&b.path));
            let shown = scene.shown().into_iter();
            shown.map(|(path, bytes)| Stored { path, live: true, gap: None, bytes }).collect::<Vec<_>>()
        }
    };
    assert_eq!(stored, expected, "{}", scene_of());

    let row = row(&scene.profile.store, "one").expect("a row");
    if run.reach == Reach::Reached {
        assert_eq!(row.server_date_us, Some(scene.server.state().now_s * 1_000_000), "{}", scene_of());
    }
    let cause = outcome.cause.as_ref().map(|cause| (cause.class.as_str().to_owned(), cause.text.clone()));
    assert_eq!((row.reach, row.cause), (Some(outcome.state), cause), "what the report says: {}", scene_of());
}
