//! A dry run and a probe: what they tell comes true, and they leave no trace.

use std::collections::BTreeMap;
use std::fs;
use std::future::{Future, pending};
use std::path::{Path, PathBuf};

use super::scene::{Folder, Scene, lock, profile};
use super::server::{lines, ok};
use crate::catalog::{Catalog, Reach};
use crate::fetch::listing::FILES_MAX;
use crate::fetch::{CauseClass, InstanceForecast, InstanceOutcome, Probe, Prospect, foresee, probe};
use crate::profile::{Auth, FetchKind, Profile, Secret, Source};

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(work)
}

/// What lies in a store, byte by byte; `None`: there is none.
fn bytes_of(store: &Path) -> Option<BTreeMap<PathBuf, Vec<u8>>> {
    fn collect(folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            match entry.path() {
                path if path.is_dir() => collect(&path, found),
                path => drop(found.insert(path.clone(), fs::read(&path).expect("a file"))),
            }
        }
    }
    let mut found = BTreeMap::new();
    store.exists().then(|| collect(store, &mut found))?;
    Some(found)
}

fn foreseen(profile: &Profile) -> InstanceForecast {
    let before = bytes_of(&profile.store);
    let fleet = block_on(foresee(profile, &|_| {}, pending())).expect("the store is well");
    assert!(bytes_of(&profile.store) == before, "a dry run left a trace");
    fleet.instances.into_iter().find(|one| one.name == "one").expect("an instance")
}

fn probed(profile: &Profile) -> Probe {
    let before = bytes_of(&profile.store);
    let seen = block_on(probe(profile, &profile.instances[0])).expect("this machine is well");
    assert!(bytes_of(&profile.store) == before, "a probe left a trace");
    seen
}

/// What a case's next run would do, told before it.
pub fn foretell(scene: &Scene) -> InstanceForecast {
    foreseen(&scene.profile)
}

/// Fails where a run did something else than was told, as far as a listing can tell.
pub fn must_come_true(told: &InstanceForecast, came: &InstanceOutcome, name: &str) {
    let (told_files, files) = (&told.counts, &came.files);
    assert_eq!(told.state == Reach::Unreachable, came.state == Reach::Unreachable, "{name}: {told:?} {came:?}");
    if came.state != Reach::Reached {
        return;
    }
    assert!(told.requests <= came.requests, "{name}: {told:?} {came:?}");
    let as_known = files.rewritten == 0 && files.renamed == 0 && files.new <= told_files.new;
    if !as_known {
        return;
    }
    assert!(told_files.unchanged <= files.unchanged, "{name}: {told:?} {came:?}");
    // How much a compressed file holds, no listing tells.
    if told.files.iter().any(|file| file.path.ends_with(".gz") || file.path.ends_with(".zst")) {
        return;
    }
    if told.unknown == 0 {
        assert!(came.bytes_new <= told.bytes, "{name}: {told:?} {came:?}");
    }
    if told.unknown == 0 && told_files.reclassified == 0 && told_files.new == 0 {
        assert_eq!((came.bytes_new, files.appended), (told.bytes, told_files.appended), "{name}: {told:?} {came:?}");
    }
}

fn prospects(told: &InstanceForecast) -> Vec<(&str, Prospect, Option<u64>)> {
    told.files.iter().map(|file| (file.path.as_str(), file.prospect, file.bytes)).collect()
}

#[test]
fn every_prospect_is_told() {
    let scene = Scene::new();
    for (name, bytes) in [("a.log", 120), ("b.log", 100), ("c.log", 100), ("d.log", 100), ("e.log", 9)] {
        scene.server.state().write(name, lines(name, bytes));
    }
    let new = foreseen(&scene.profile);
    assert_eq!((new.counts.new, new.bytes, new.requests), (5, 429, 1));
    scene.fetch_well();
    let mut state = scene.server.state();
    state.now_s += 600;
    state.append("b.log", "more");
    state.write("c.log", "less");
    state.now_s -= 60;
    state.append("d.log", "");
    state.rename("e.log", "f.log");
    drop(state);
    let told = foreseen(&scene.profile);
    let expected = [
        ("a.log", Prospect::Unchanged, Some(0)),
        ("b.log", Prospect::Appended, Some(4)),
        ("c.log", Prospect::Reclassified, Some(4)),
        ("d.log", Prospect::Checked, Some(0)),
        ("f.log", Prospect::Reclassified, Some(9)),
    ];
    assert_eq!(prospects(&told), expected);
    assert_eq!((told.counts.gone, told.bytes), (1, 17));
    scene.server.state().no_sizes = true;
    let told = foreseen(&scene.profile);
    assert!(told.unknown > 0 && told.files.iter().any(|file| file.bytes.is_none()), "{told:?}");
}

#[test]
fn a_store_is_left_as_it_is_even_in_use() {
    let scene = Scene::new();
    scene.server.state().write("a.log", lines("a", 100));
    assert!(!scene.profile.store.exists());
    assert_eq!(probed(&scene.profile).files[0].prospect, Some(Prospect::New));
    assert!(!scene.profile.store.exists(), "a store that was not there was made");
    scene.fetch_well();
    let held = lock(&scene.profile.store);
    let writer = Catalog::open(&held).expect("a catalog");
    let prospect = foreseen(&scene.profile).files[0].prospect;
    assert_eq!(prospect, Prospect::Unchanged, "beside a writer that holds the lock");
    drop((writer, held));
    assert_eq!(probed(&scene.profile).files[0].prospect, Some(Prospect::Unchanged));
}

#[test]
fn parts_are_tried_whatever_the_profile_says() {
    for (kind, ignored, honoured, advised) in [
        (FetchKind::Range, false, Some(true), None),
        (FetchKind::Range, true, Some(false), Some("fetch_kind = \"full\"")),
        (FetchKind::Full, false, Some(true), Some("fetch_kind = \"range\"")),
        (FetchKind::Full, true, Some(false), None),
    ] {
        let mut scene = Scene::new();
        scene.rest().fetch_kind = kind;
        let mut state = scene.server.state();
        state.write("a.log", lines("a", 5_000));
        state.write("b.log", lines("b", 100));
        if ignored {
            state.ranges = super::server::Ranges::Ignored;
        }
        drop(state);
        let seen = probed(&scene.profile);
        let parts = seen.parts.expect("a file to try");
        assert_eq!((parts.path.as_str(), parts.honoured, parts.cause), ("b.log", honoured, None), "{kind:?} {ignored}");
        let lines: Vec<&str> = seen.advice.iter().flat_map(|advice| &advice.lines).map(String::as_str).collect();
        assert_eq!(lines, Vec::from_iter(advised), "{kind:?} {ignored}");
        assert_eq!(scene.requests(), ["/files", "/files/b.log bytes=0-63", "/files/b.log bytes=16-63"]);
    }
}

#[test]
fn an_offset_that_is_not_heeded_is_found_out() {
    for (heeded, honoured) in [(true, Some(true)), (false, Some(false))] {
        let mut scene = Scene::new();
        let rest = scene.rest();
        (rest.fetch_kind, rest.fetch_url) = (FetchKind::Offset, "{address}/files/{name}?offset={offset}".to_owned());
        let mut state = scene.server.state();
        state.write("a.log", lines("a", 5_000));
        state.offsets = heeded.then_some(usize::MAX);
        drop(state);
        assert_eq!(probed(&scene.profile).parts.expect("a file to try").honoured, honoured);
    }
}

#[test]
fn a_secret_is_shown_nowhere() {
    let mut scene = Scene::new();
    let file = scene.profile.store.with_extension("secret");
    fs::write(&file, "s3cret-t0ken\n").expect("a secret");
    scene.rest().auth = Auth::Bearer { token: Secret::in_file(file) };
    let mut state = scene.server.state();
    state.write("a.log", "the log of s3cret-t0ken itself, and enough behind it to be asked for in parts");
    let headers = "Set-Cookie: id=s3cret-t0ken\r\nX-Echo: Bearer s3cret-t0ken\r\n";
    state.bend(
        "/files",
        ok("503 Service Unavailable", headers, b"{\"you\": \"s3cret-t0ken\", \"password\": \"other\"}"),
    );
    drop(state);
    let seen = probed(&scene.profile);
    let shown = serde_json::to_string(&seen).expect("JSON");
    assert!(!shown.contains("s3cret") && !shown.contains("other\\"), "{shown}");
    let headers: Vec<String> =
        seen.exchanges[0].sent.iter().map(|header| format!("{}: {}", header.name, header.value)).collect();
    assert!(headers.contains(&"authorization: (secret)".to_owned()), "{headers:?}");
    assert_eq!(seen.exchanges.len(), 4, "the refusal, the listing and two parts");
    assert_eq!(seen.exchanges[0].answer.as_ref().map(|answer| answer.status), Some(503));
    assert!(seen.exchanges[0].answer.as_ref().is_some_and(|answer| answer.excerpt.contains("you")), "{seen:?}");
    assert_eq!((seen.state, seen.requests), (Reach::Reached, 4));
}

#[test]
fn clocks_and_refused_names_are_told() {
    let scene = Scene::new();
    scene.server.state().write("../evil.log", "x");
    scene.server.state().write("a.log", lines("a", 100));
    let seen = probed(&scene.profile);
    // The server's clock stands in 2024.
    assert!(seen.clock_skew_ms.is_some_and(|skew| skew < -86_400_000), "{:?}", seen.clock_skew_ms);
    let why: Vec<_> = seen.files.iter().map(|file| (file.path.as_str(), file.why_not.as_deref())).collect();
    let refused = "the listed name \"../evil.log\" has a segment . or ..";
    assert_eq!(why, [("a.log", None), ("../evil.log", Some(refused))]);
    assert_eq!((seen.state, seen.cause.map(|cause| cause.class)), (Reach::Partial, Some(CauseClass::Name)));
}

#[test]
fn of_more_files_than_are_taken_the_rest_is_left_out_and_said() {
    let scene = Scene::new();
    let names: Vec<_> = (0..FILES_MAX + 7).map(|number| format!("{{\"name\": \"{number}.log\"}}")).collect();
    let listing = format!("{{\"files\": [{}]}}", names.join(","));
    scene.server.state().bend("/files", ok("200 OK", "", listing.as_bytes()));
    let told = foreseen(&scene.profile);
    assert_eq!((told.state, told.counts.new, told.counts.gone), (Reach::Partial, FILES_MAX as u64, 0));
    assert_eq!((told.files.len() as u64 + told.files_more, told.files.len()), (FILES_MAX as u64, 200));
    let cause = told.cause.expect("a cause");
    assert!(cause.text.starts_with("the listing has 7 files beyond the 20000 that are taken"), "{cause}");
}

#[test]
fn a_folder_is_asked_nothing() {
    let home = Folder::new();
    let root = home.0.join("bundles");
    fs::create_dir_all(root.join("one")).expect("folders");
    fs::write(root.join("one/app.log"), lines("a", 9_000)).expect("a file");
    let profile = profile(&home.0.join("store"), Source::Folder(root), &[("one", "")]);
    assert_eq!(prospects(&foreseen(&profile)), [("app.log", Prospect::New, Some(9_000))]);
    let seen = probed(&profile);
    assert_eq!((seen.state, seen.exchanges.len(), seen.requests), (Reach::Reached, 0, 0));
    assert_eq!(seen.listing.map(|listing| (listing.kind, listing.files)), Some(("folder", 1)));
    assert!(!profile.store.exists());
}
