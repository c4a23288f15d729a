//! Disks that are full or can only be read: the run says so and how to go on, what was stored and published stays as it
//! was, and the next run reaches what a clean one reaches.

mod scene;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use logparser::fault;
use logparser_tests::fleet::{Fleet, FleetOptions};
use logparser_tests::story::{FolderPlan, Layout, write_fleet};
use scene::{MAIN, Ran, Scene};

fn fleet() -> Fleet {
    Fleet::start(&FleetOptions { instances: 6, days: 2, ..FleetOptions::default() }).expect("a fleet")
}

/// A run that the disk ended says what could not be written, and how to go on.
fn must_have_failed(ran: &Ran, what: &str, help: &str) {
    assert_eq!(ran.code, Some(3), "{what}");
    ran.must_say(&["error: ", "help: ", help, "nothing stored was lost"]);
}

#[test]
fn every_step_that_writes_may_fail() {
    let mut scene = Scene::rest(fleet());
    scene.run_to(MAIN, 0);
    // The report's second file is the one that could leave two of different runs.
    let steps = fault::FAILING.into_iter().chain(["after-report-write:2"]);
    let hows = [("full", "make room on the disk of "), ("read-only", "let LogParser's user write to ")];
    for (number, (step, (how, help))) in steps.flat_map(|step| hows.map(|how| (step, how))).enumerate() {
        let (what, name) = (format!("{step}, {how}"), format!("first-{number}"));
        scene.beside(&name);
        scene.work_on();
        let before = scene.published(MAIN);
        for name in [name.as_str(), MAIN] {
            let profile = scene.profile(name);
            let arguments = ["--profile", profile.to_str().expect("a path in UTF-8"), "run"];
            let ran = scene.start(&arguments, &[("LOGPARSER_FAULT_POINT", step), ("LOGPARSER_FAULT", how)]).finish();
            // A later run opens no new segment.
            if name != MAIN || step != "after-segment-create" {
                must_have_failed(&ran, &what, help);
                let folder = if step.contains("report") { "reports" } else { "store" };
                ran.must_say(&[scene.path(name).join(folder).to_str().expect("a path in UTF-8")]);
                assert!(name != MAIN || scene.published(MAIN) == before, "{what}: the report of before has changed");
            }
        }
        assert!(!scene.path(&name).join("reports/report.json").exists(), "{what}: half a report");
        scene.must_recover(&name, &what);
        scene.run_to(MAIN, 0);
        scene.must_be_sound(MAIN, &what);
    }
    scene.must_recover(MAIN, "after all of them");
}

#[test]
fn a_report_that_was_being_written_is_swept_up() {
    let scene = Scene::rest(fleet());
    scene.run_to(MAIN, 0);
    let reports = scene.path(MAIN).join("reports");
    let ours = [("report.html.4711.part", "debris"), ("report.4711.part", "older debris"), ("notes.part", "not ours")];
    for (name, text) in ours {
        fs::write(reports.join(name), text).expect("a file");
    }
    // Another run, over another store, writes it just now.
    let written = fs::File::create(reports.join("report.html.4712.part")).expect("a file");
    written.lock().expect("a lock");
    scene.run_to(MAIN, 0);
    let mut left: Vec<_> =
        fs::read_dir(&reports).expect("reports").map(|entry| entry.expect("one").file_name()).collect();
    left.sort();
    assert_eq!(left, ["notes.part", "report.html", "report.html.4712.part", "report.json"]);
}

/// Four megabytes of logs.
fn logs() -> Scene {
    Scene::logs(Layout::Log4net, |logs| {
        let plan = FolderPlan { instances: 20, days: 3, bytes_target: 4_000_000, ..FolderPlan::default() };
        write_fleet(logs, &plan).expect("logs");
    })
}

#[test]
#[cfg(unix)]
fn no_file_may_grow_beyond_a_limit() {
    let scene = logs();
    let mut failed = 0;
    // From half a MiB, which the memory of plugins needs, up to a limit that does not matter any more.
    let mut blocks = 1024;
    loop {
        let (what, name) = (format!("files of {blocks} blocks at most"), format!("limit-{blocks}"));
        scene.beside(&name);
        let script = "trap '' XFSZ; ulimit -f \"$0\"; exec \"$@\"";
        let ran = scene.start_within(&["sh", "-c", script, &blocks.to_string()], &name, &["run"]).finish();
        if ran.code == Some(0) {
            break;
        }
        must_have_failed(&ran, &what, " on the disk of ");
        failed += 1;
        scene.must_recover(&name, &what);
        blocks += blocks / 2;
    }
    assert!(failed > 4, "{failed} limits were too small");
}

/// A disk of its own for one profile, in memory.
struct Disk(PathBuf);

impl Disk {
    const KIB: u64 = 64 << 10;

    fn mount(folder: PathBuf) -> Disk {
        fs::create_dir_all(&folder).expect("a folder");
        let disk = Disk(folder);
        disk.system("mount", &["-t", "tmpfs", "-o", &format!("size={}k", Self::KIB), "tmpfs"]);
        disk
    }

    fn system(&self, program: &str, arguments: &[&str]) {
        let done = Command::new(program).args(arguments).arg(&self.0).status();
        assert!(done.expect("a command of the system").success(), "{program} {arguments:?}");
    }

    /// Leaves so much room.
    fn fill(&self, free_kib: u64) {
        let listed =
            Command::new("df").args(["-k", "--output=avail"]).arg(&self.0).output().expect("`df` starts").stdout;
        let listed = String::from_utf8(listed).expect("text");
        let free: u64 = listed.lines().nth(1).and_then(|line| line.trim().parse().ok()).expect("a number");
        let filler = vec![0; usize::try_from((free - free_kib) << 10).expect("a small disk")];
        fs::write(self.filler(), filler).expect("room for the filler");
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }

    fn make_room(&self) {
        fs::remove_file(self.filler()).expect("the filler");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // The disk goes with its namespace at the latest.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Runs a test of this file once more, where it may mount disks; false: it is that run. Where the system does not allow
/// that, the test is left out.
#[cfg(target_os = "linux")]
fn runs_with_disks(test: &str) -> bool {
    const INSIDE: &str = "LOGPARSER_TEST_DISKS";
    if std::env::var(INSIDE).is_ok() {
        return false;
    }
    let namespace = || Command::new("unshare");
    if !namespace().args(["-Urm", "true"]).status().is_ok_and(|status| status.success()) {
        eprintln!("{test} is left out: no namespace in which to mount a disk");
        return true;
    }
    let own = std::env::current_exe().expect("this program");
    let inside = namespace().arg("-Urm").arg(own).args(["--exact", test, "--nocapture"]).env(INSIDE, "1").output();
    let inside = inside.expect("a namespace");
    let said = [inside.stdout, inside.stderr].concat();
    assert!(inside.status.success(), "{}", String::from_utf8_lossy(&said));
    true
}

#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_is_full_to_the_last_byte() {
    if runs_with_disks("a_disk_that_is_full_to_the_last_byte") {
        return;
    }
    let mut scene = Scene::rest(fleet());
    let (mut free_kib, mut failed) = (0, 0);
    loop {
        let (what, name) = (format!("{free_kib} KiB are free"), format!("disk-{free_kib}"));
        let disk = Disk::mount(scene.path(&name));
        scene.beside(&name);
        disk.fill(free_kib);
        let ran = scene.logparser(&name, &["run"]);
        if ran.code == Some(0) {
            break;
        }
        must_have_failed(&ran, &what, " on the disk of ");
        disk.make_room();
        scene.must_recover(&name, &what);

        // Full in the middle of a later run, where it writes the logs.
        scene.work_on();
        let before = scene.published(&name);
        let file = scene.path("held");
        let hold = format!("hold {}", file.display());
        let profile = scene.profile(&name);
        let arguments = ["--profile", profile.to_str().expect("a path in UTF-8"), "run"];
        let held = [("LOGPARSER_FAULT_POINT", "after-segment-write"), ("LOGPARSER_FAULT", hold.as_str())];
        let mut running = scene.start(&arguments, &held);
        running.until("a write", |_| file.exists());
        disk.fill(0);
        fs::remove_file(file).expect("the file that holds it");
        must_have_failed(&running.finish(), &what, "make room on the disk of ");
        assert!(scene.published(&name) == before, "{what}: the report of before has changed");
        disk.make_room();
        scene.must_recover(&name, &what);
        failed += 1;
        free_kib = (free_kib * 2).max(4);
    }
    assert!(failed > 4, "{failed} times there was too little room");
}

#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_can_only_be_read_from_now_on() {
    if runs_with_disks("a_disk_that_can_only_be_read_from_now_on") {
        return;
    }
    let mut scene = Scene::rest(fleet());
    let disk = Disk::mount(scene.path("own"));
    scene.beside("own");
    let reports = Disk::mount(scene.path("own/reports"));
    let read_only = |disk: &Disk, yes: bool| {
        disk.system("mount", &["-o", if yes { "remount,ro" } else { "remount,rw" }]);
    };
    scene.run_to("own", 0);
    scene.work_on();
    let before = scene.published("own");
    let named = |ran: &Ran, path: &Path| ran.must_say(&[path.to_str().expect("a path in UTF-8")]);

    read_only(&disk, true);
    let ran = scene.run("own");
    must_have_failed(&ran, "the store", "let LogParser's user write to ");
    named(&ran, &scene.store("own"));
    read_only(&disk, false);

    // The reports' disk turns in the middle of a run.
    let file = scene.path("held");
    let hold = format!("hold {}", file.display());
    let profile = scene.profile("own");
    let arguments = ["--profile", profile.to_str().expect("a path in UTF-8"), "run"];
    let held = [("LOGPARSER_FAULT_POINT", "in-partials-transaction"), ("LOGPARSER_FAULT", hold.as_str())];
    let mut running = scene.start(&arguments, &held);
    running.until("partials", |_| file.exists());
    read_only(&reports, true);
    fs::remove_file(file).expect("the file that holds it");
    let ran = running.finish();
    must_have_failed(&ran, "the reports", "let LogParser's user write to ");
    named(&ran, &scene.path("own/reports"));
    assert!(scene.published("own") == before, "the report of before has changed");
    read_only(&reports, false);
    scene.must_recover("own", "disks that could only be read");
}
