//! Dead instances, hostile names, folders, and a second run at the same time.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use globset::{Glob, GlobSet};

use super::scene::{Content, Folder, Scene, Stored, lock, profile, row, run, stored};
use super::server::{lines, zstd};
use crate::catalog::Reach;
use crate::fetch::{CauseClass, FileCounts, InstanceOutcome, Progress, fetch};
use crate::mirror::{LockError, StoreLock};
use crate::profile::{FileFilter, Source};

#[test]
fn a_dead_instance_is_named_and_the_others_are_fetched() {
    let mut scene = Scene::new();
    scene.server.state().write("a.log", lines("a", 100));
    let mut dead = scene.profile.instances[0].clone();
    // A port that was free a moment ago.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    dead.address = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    dead.name = "dead".to_owned();
    scene.profile.instances.push(dead.clone());
    let summary = scene.fetch_all();
    assert_eq!((summary.totals.reached, summary.totals.unreachable), (1, 1));
    let cause = summary.instances[1].cause.as_ref().expect("a cause");
    assert_eq!(cause.class, CauseClass::Connect);
    assert_eq!(cause.text, format!("{}/files: the connection was refused", dead.address));
    // What leaves the profile keeps its data.
    scene.profile.instances.remove(0);
    scene.fetch_all();
    assert_eq!(scene.live(), scene.shown());
    assert_eq!(row(&scene.profile.store, "one").and_then(|row| row.reach), Some(Reach::Reached));
}

/// Everything below a folder, from its own name on.
fn tree(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(tree(&path));
        }
        found.insert(path);
    }
    found
}

#[test]
fn no_name_from_the_network_becomes_a_path() {
    let scene = Scene::new();
    let (long, deep) = ("n".repeat(10_000), "d/".repeat(3_000));
    // What each may turn into, if it ever meets a disk: a place outside of the store, a device, another file.
    let hostile = [
        "../evil.log",
        "../../../evil.log",
        "a/../../../evil.log",
        "..\\..\\evil.log",
        "..",
        ".",
        "/evil.log",
        "/tmp/evil.log",
        "//host/evil.log",
        "\\\\host\\evil.log",
        "C:\\evil.log",
        "c:evil.log",
        "%2e%2e/evil.log",
        "%2E%2E%2Fevil.log",
        "%2fevil.log",
        "..%5cevil.log",
        "evil\0.log",
        "\0",
        "\\\\?\\C:\\evil.log",
        "\\\\.\\pipe\\evil",
        "\\??\\C:\\evil.log",
        "a\\..\\..\\evil.log",
        "a/./evil.log",
        "a/..",
        "evil.log?x=/../evil.log",
        "evil.log#/../evil.log",
        "%2e%2E%5Cevil.log",
        &long,
        &deep,
    ];
    let folders = "e/".repeat(1_000) + "evil.log";
    let odd = [
        "CON",
        "nul.log",
        "COM1.log",
        "evil.log:stream",
        "evil.log.",
        "evil.log ",
        " evil.log",
        "-rf",
        "~/evil.log",
        "$HOME/evil.log",
        "`touch evil`",
        "evil\n.log",
        "evil\u{202e}gol.exe",
        "Evil.log",
        "EVIL.LOG",
        "evil.log",
        "catalog.sqlite",
        "mirror/000001.seg",
        "lock",
        "%252e%252e%252fevil.log",
        "a/b/c/evil.log",
        "a//evil.log",
        "..%c0%afevil.log",
        "..%u2216evil.log",
        "．．／evil.log",
        "...",
        "file:///evil.log",
        "http://127.0.0.9/evil.log",
        "evil HTTP/1.1\r\nX: evil.log",
        "PRN",
        "AUX.txt",
        "evil\u{7f}\u{1}.log",
        "catalog.sqlite-wal",
        "{address}{name}",
        "<script>evil()</script>.log",
        &folders,
    ];
    for name in hostile.into_iter().chain(odd) {
        scene.server.state().write(name, lines(name, 40));
    }
    let around = scene.profile.store.parent().expect("a folder around the store").to_owned();
    let here = std::env::current_dir().expect("a folder");
    let before = (tree(&here), names_of(&std::env::temp_dir()));
    let outcome = scene.fetch();
    let (refused, taken) = (hostile.len() as u64, odd.len() as u64);
    assert_eq!((outcome.state, outcome.files.failed), (Reach::Partial, refused));
    assert_eq!((outcome.files.new, outcome.cause.expect("a cause").class), (taken, CauseClass::Name));
    assert_eq!(scene.live().into_keys().collect::<BTreeSet<_>>(), odd.map(str::to_owned).into());
    assert!(scene.stored().iter().all(|found| found.bytes == lines(&found.path, 40)));

    let store = &scene.profile.store;
    let own = ["", "catalog.sqlite", "catalog.sqlite-shm", "catalog.sqlite-wal", "lock", "mirror", "mirror/000001.seg"];
    let own: BTreeSet<_> = own.iter().map(|name| store.join(name)).collect();
    let strange: Vec<_> = tree(&around).into_iter().filter(|path| !own.contains(path)).collect();
    assert!(strange.is_empty(), "{strange:?}");
    assert_eq!(tree(&here), before.0);
    let evil = |names: &BTreeSet<PathBuf>| names.iter().any(|name| name.to_string_lossy().contains("evil"));
    assert!(!evil(&names_of(&std::env::temp_dir())) && !evil(&before.1));
    assert!(!Path::new("/evil.log").exists());
}

/// What lies in a folder where others write, too.
fn names_of(folder: &Path) -> BTreeSet<PathBuf> {
    fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()).collect()
}

#[test]
fn only_wanted_files_are_taken() {
    let mut scene = Scene::new();
    let globs = |glob: &str| GlobSet::builder().add(Glob::new(glob).expect("a glob")).build().expect("globs");
    scene.profile.files = FileFilter { include: globs("*.log"), exclude: globs("debug*"), decode: globs("*.gz") };
    for name in ["app.log", "debug.log", "notes.txt"] {
        scene.server.state().write(name, name);
    }
    assert_eq!(scene.fetch_well().files.new, 1);
    assert_eq!(scene.live().into_keys().collect::<Vec<_>>(), ["app.log"]);
}

#[test]
fn a_folder_is_a_source_too() {
    let home = Folder::new();
    let root = home.0.join("bundles");
    fs::create_dir_all(root.join("one/old")).expect("folders");
    fs::write(root.join("one/app.log"), lines("a", 9_000)).expect("a file");
    fs::write(root.join("one/old/app.log"), lines("b", 100)).expect("a file");
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc/passwd", root.join("one/link.log")).expect("a link");
    let profile =
        profile(&home.0.join("store"), Source::Folder(root.clone()), &[("one", ""), ("../one", ""), ("two", "")]);
    let summary = run(&profile);
    let classes: Vec<_> = summary.instances.iter().map(|one| one.cause.as_ref().map(|cause| cause.class)).collect();
    let link = cfg!(unix).then_some(CauseClass::Name);
    assert_eq!(classes, [link, Some(CauseClass::Folder), Some(CauseClass::Folder)]);
    assert_eq!((summary.totals.files.new, summary.totals.bytes_new, summary.totals.requests), (2, 9_100, 0));

    fs::rename(root.join("one/app.log"), root.join("one/app.1.log")).expect("a rename");
    fs::write(root.join("one/app.log"), lines("c", 50)).expect("a file");
    let summary = run(&profile);
    assert_eq!((summary.totals.files.renamed, summary.totals.files.new, summary.totals.bytes_new), (1, 1, 50));
    let found: Vec<_> = stored(&profile.store, "one").into_iter().map(|one| (one.path, one.bytes.0.len())).collect();
    assert_eq!(found, [("app.1.log".to_owned(), 9_000), ("old/app.log".to_owned(), 100), ("app.log".to_owned(), 50)]);
}

/// A bundle comes from anyone, and may hold links.
#[test]
#[cfg(unix)]
fn a_link_in_a_bundle_leads_nowhere_else() {
    use std::os::unix::fs::symlink;
    let home = Folder::new();
    let (root, outside) = (home.0.join("bundles"), home.0.join("outside"));
    for folder in ["bundles/one/in", "bundles/two", "outside"] {
        fs::create_dir_all(home.0.join(folder)).expect("folders");
    }
    let write = |path: &Path| fs::write(path, lines("secret", 500)).expect("a file");
    write(&outside.join("secret.log"));
    fs::write(root.join("one/app.log"), lines("a", 300)).expect("a file");
    fs::write(root.join("one/in/app.log"), lines("b", 200)).expect("a file");
    let link = |to: &Path, at: &str| symlink(to, root.join(at)).expect("a link");
    // Out of the instance: by a file, a folder, by steps up, by another link, to another instance, to a device.
    link(&outside.join("secret.log"), "one/file.log");
    link(&outside, "one/folder.log");
    link(Path::new("../../outside/secret.log"), "one/up.log");
    link(Path::new("file.log"), "one/twice.log");
    link(&root.join("two"), "one/neighbour.log");
    link(Path::new("/dev/zero"), "one/zero.log");
    // Within it: a file under another name; folders are found where they are; a circle and a link to nothing end.
    link(Path::new("in/app.log"), "one/within.log");
    link(Path::new("in"), "one/again.log");
    link(Path::new("."), "one/in/circle.log");
    link(Path::new("nowhere"), "one/nothing.log");
    // An instance that is a link itself.
    link(&outside, "three");
    let instances = [("one", ""), ("two", ""), ("three", "")];
    let profile = profile(&home.0.join("store"), Source::Folder(root.clone()), &instances);
    let summary = run(&profile);
    let [one, two, three] = &summary.instances[..] else { panic!("{summary:?}") };
    assert_eq!((one.state, one.files.failed, one.bytes_new), (Reach::Partial, 6, 500), "{one:?}");
    assert_eq!((two.state, two.files, two.bytes_new), (Reach::Reached, FileCounts::default(), 0));
    let cause = three.cause.as_ref().expect("a cause");
    assert_eq!(cause.text, "the instance's folder is a link that leaves the folder of bundles");
    assert_eq!((three.state, cause.class), (Reach::Unreachable, CauseClass::Folder));
    let stored = ["one", "two", "three"].map(|name| stored(&profile.store, name)).concat();
    let secret = |one: &Stored| one.bytes.0.windows(6).any(|part| part == b"secret");
    assert!(!stored.iter().any(secret), "{stored:?}");

    // A link that takes the place of a file after the listing.
    fs::remove_file(root.join("one/app.log")).expect("a file");
    link(&outside.join("secret.log"), "one/app.log");
    assert_eq!(run(&profile).totals.bytes_new, 0);
}

#[test]
fn folders_that_are_too_deep_are_named() {
    let home = Folder::new();
    let deep = home.0.join("bundles/one").join("d/".repeat(17));
    fs::create_dir_all(&deep).expect("folders");
    fs::write(deep.join("app.log"), "too deep").expect("a file");
    fs::write(deep.parent().expect("a folder").join("app.log"), "deep").expect("a file");
    let profile = profile(&home.0.join("store"), Source::Folder(home.0.join("bundles")), &[("one", "")]);
    let outcome = run(&profile).instances.remove(0);
    assert_eq!((outcome.state, outcome.files.new, outcome.files.failed, outcome.bytes_new), (Reach::Partial, 1, 1, 4));
    assert!(outcome.cause.expect("a cause").text.ends_with("is a folder below 16 others, whose files are not taken"));
}

#[test]
fn a_folder_has_compressed_files_too() {
    let home = Folder::new();
    let folder = home.0.join("bundles/one");
    fs::create_dir_all(&folder).expect("a folder");
    let write = |name: &str, bytes: Vec<u8>| fs::write(folder.join(name), bytes).expect("a file");
    let profile = profile(&home.0.join("store"), Source::Folder(home.0.join("bundles")), &[("one", "")]);
    write("app.log", lines("a", 9_000));
    run(&profile);
    let whole = [lines("a", 9_000), lines("b", 300)].concat();
    write("app.log.1.zst", zstd(&whole));
    fs::remove_file(folder.join("app.log")).expect("a file");
    let summary = run(&profile);
    assert_eq!((summary.totals.bytes_new, summary.totals.files.renamed), (300, 1));
    let stored = stored(&profile.store, "one");
    assert_eq!((stored.len(), &stored[0].bytes), (1, &Content(whole)));
    assert_eq!(run(&profile).totals.bytes_new, 0);
}

#[test]
fn a_second_run_at_the_same_time_is_told_who_is_first() {
    let folder = Folder::new();
    let first = lock(&folder.0);
    match StoreLock::acquire(&folder.0) {
        Err(LockError::Held { holder, .. }) => {
            assert_eq!(holder.map(|holder| holder.process), Some(std::process::id()))
        }
        other => panic!("{other:?}"),
    }
    drop(first);
    drop(lock(&folder.0));
}

#[derive(Default)]
struct Names(Mutex<Vec<String>>);

impl Progress for Names {
    fn instance_done(&self, outcome: &InstanceOutcome) {
        self.0.lock().expect("no panic").push(outcome.name.clone());
    }
}

#[test]
fn a_stop_leaves_what_was_verified() {
    let mut scene = Scene::new();
    scene.server.state().write("a.log", lines("a", 100));
    scene.server.state().write("b.log", lines("b", 100));
    for _ in 0..9 {
        let mut second = scene.profile.instances[0].clone();
        second.name = format!("later-{}", scene.profile.instances.len());
        scene.profile.instances.push(second);
    }
    scene.rest().limits.concurrency_max = 1;
    scene.server.state().bend("b.log", super::server::ok("503 Service Unavailable", "Retry-After: 30\r\n", b""));
    let store = lock(&scene.profile.store);
    let names = Names::default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let stop = async {
        while scene.server.state().requests.len() < 3 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let summary = runtime.block_on(fetch(&scene.profile, &store, &names, stop)).expect("the store is well");
    drop(store);
    assert!(summary.stopped);
    assert_eq!(summary.instances.len(), 10);
    assert_eq!(summary.instances[0].state, Reach::Partial);
    assert_eq!(*names.0.lock().expect("no panic"), ["one"]);
    assert!(
        summary.instances.iter().all(|one| one.cause.as_ref().is_some_and(|cause| cause.class == CauseClass::Stopped))
    );
    assert_eq!(scene.live()["a.log"], lines("a", 100));
    assert_eq!(row(&scene.profile.store, "later-5").and_then(|row| row.reach), None);
    scene.fetch_well();
    assert_eq!(scene.live(), scene.shown());
}
