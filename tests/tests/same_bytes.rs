//! Identical input gives an identical file, however it came: split anywhere, in any order, fetched again, rotated.

mod scene;

use std::fs;
use std::path::Path;

use logparser_tests::fleet::{Fleet, FleetOptions, profile_text};
use logparser_tests::story::{FolderPlan, Layout, Rotation, write_fleet};
use proptest::prelude::{ProptestConfig, Strategy, any, prop_oneof, proptest};
use proptest::sample::Index;
use scene::{MAIN, Scene};
use tempfile::TempDir;

/// Runs take a while, and each case has many of them; the laws below them are tested on thousands of cases.
const CASES: u32 = 8;
const INSTANCES: u32 = 3;

/// The whole logs of a few instances, one file each: what in the end is there, in every test.
fn whole(layout: Layout) -> Vec<(String, Vec<u8>)> {
    let folder = TempDir::new().expect("a folder");
    let rotation = Rotation { file_bytes_max: 10_000_000, files_max: 10 };
    let plan =
        FolderPlan { layout, instances: INSTANCES, days: 3, bytes_target: 120_000, rotation, ..FolderPlan::default() };
    write_fleet(folder.path(), &plan).expect("logs");
    let name = |index| logparser_tests::story::instance_name(index);
    let read = |name: &str| fs::read(folder.path().join(name).join("app.log")).expect("a log");
    (0..INSTANCES).map(|index| (name(index), read(&name(index)))).collect()
}

/// A fleet whose instances have no file yet.
fn nothing_yet(layout: Layout, whole: &[(String, Vec<u8>)]) -> Scene {
    let folder = TempDir::new().expect("a folder");
    for (name, _) in whole {
        fs::create_dir(folder.path().join(name)).expect("a folder");
        fs::write(folder.path().join(name).join("app.log"), "").expect("an empty log");
    }
    let options = FleetOptions { layout, ..FleetOptions::default() };
    Scene::rest(Fleet::from_folder(folder.path(), &options).expect("a fleet"))
}

/// The report of a first run over what is there now must be that of all the runs before.
fn must_be_as_clean(scene: &Scene, what: &str) {
    scene.beside("clean");
    scene.run_to("clean", 0);
    scene.published(MAIN).must_be(&scene.published("clean"), what);
}

/// What happens to an instance between two runs.
#[derive(Debug, Clone)]
enum Step {
    /// So many bytes more, wherever they end.
    Grow(Index),
    /// The rest of the line too; then the file is rotated away.
    Rotate(Index),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![3 => any::<Index>().prop_map(Step::Grow), 1 => any::<Index>().prop_map(Step::Rotate)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, max_shrink_iters: 20, ..ProptestConfig::default() })]

    #[test]
    fn split_anywhere(
        json in any::<bool>(),
        steps in proptest::collection::vec([step(), step(), step()], 2..6),
    ) {
        let layout = if json { Layout::Serilog } else { Layout::Log4net };
        let whole = whole(layout);
        let scene = nothing_yet(layout, &whole);
        let mut written = [0_usize; INSTANCES as usize];
        let mut rotated = 0;
        for steps in &steps {
            for (instance, step) in steps.iter().enumerate() {
                let (from, text) = (written[instance], &whole[instance].1);
                let left = text.len() - from;
                let files = scene.seen().instance(instance);
                let to = match step {
                    Step::Grow(index) => from + index.index(left + 1),
                    Step::Rotate(index) => {
                        let at = from + index.index(left + 1);
                        at + text[at..].iter().position(|byte| *byte == b'\n').map_or(0, |line| line + 1)
                    }
                };
                files.append("app.log", &text[from..to]);
                written[instance] = to;
                if matches!(step, Step::Rotate(_)) && text[..to].last() == Some(&b'\n') {
                    rotated += 1;
                    files.rename("app.log", &format!("app.{rotated}.log"));
                    files.append("app.log", b"");
                }
            }
            scene.run_to(MAIN, 0);
        }
        for (instance, (_, text)) in whole.iter().enumerate() {
            scene.seen().instance(instance).append("app.log", &text[written[instance]..]);
        }
        scene.run_to(MAIN, 0);
        must_be_as_clean(&scene, "split anywhere");
    }
}

/// A crash with its stack, and letters of more than one byte.
const CRASH: &str = "\
2026-10-16 10:00:00,000 [1] FATAL App.Crash - Unhandled exception in thread 7: NullReferenceException at A.Run()
System.NullReferenceException: Øst
   at A.Shell.Run() in C:\\src\\Shell.cs:line 12
   at A.Program.Main() in C:\\src\\Program.cs:line 3
--- End of inner exception stack trace ---
2026-10-16 10:00:01,000 [1] ERROR Config.Loader - Could not load profile 'Øst-Drama': access denied
";

#[test]
fn split_at_every_place_of_a_stack_trace() {
    let mut whole = whole(Layout::Log4net);
    let begin = whole[0].1.len();
    whole[0].1.extend_from_slice(CRASH.as_bytes());
    let text = &whole[0].1;
    // Each side of every line's end, within every character of two bytes, and places between.
    let ends = CRASH.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').flat_map(|(at, _)| [at, at + 1]);
    let letters = CRASH.char_indices().filter(|(_, c)| !c.is_ascii()).map(|(at, _)| at + 1);
    for inside in ends.chain(letters).chain((0..CRASH.len()).step_by(29)) {
        let scene = nothing_yet(Layout::Log4net, &whole);
        scene.seen().instance(0).append("app.log", &text[..begin + inside]);
        scene.run_to(MAIN, 0);
        scene.seen().instance(0).append("app.log", &text[begin + inside..]);
        scene.run_to(MAIN, 0);
        must_be_as_clean(&scene, &format!("{inside} bytes into the crash"));
        assert_eq!(scene.figures(MAIN, "errors").count("fatals"), 1, "{inside} bytes into the crash");
    }
}

#[test]
fn wide_text_split_within_its_characters() {
    let mut whole = whole(Layout::Log4net);
    let begin = whole[0].1.len();
    whole[0].1.extend_from_slice(CRASH.as_bytes());
    for (_, log) in &mut whole {
        let text = format!("\u{feff}{}", std::str::from_utf8(log).expect("UTF-8"));
        *log = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    }
    let text = whole[0].1.clone();
    let scene = nothing_yet(Layout::Log4net, &whole);
    let mut written = 0;
    // The first bytes one by one, then odd and even places, within the stack trace the most.
    let inside = (2 * begin..text.len()).step_by(155);
    for to in [1, 2, 3, 5, begin, begin + 1].into_iter().chain(inside).chain([text.len()]) {
        scene.seen().instance(0).append("app.log", &text[written..to]);
        written = to;
        scene.run_to(MAIN, 0);
    }
    (1..INSTANCES as usize).for_each(|instance| scene.seen().instance(instance).append("app.log", &whole[instance].1));
    scene.run_to(MAIN, 0);
    must_be_as_clean(&scene, "wide text");
    assert_eq!(scene.figures(MAIN, "errors").count("fatals"), 1);
}

#[test]
fn files_that_arrive_in_any_order() {
    let whole = whole(Layout::Log4net);
    let text = &whole[0].1;
    let line_after = |at: usize| at + text[at..].iter().position(|byte| *byte == b'\n').expect("a line's end") + 1;
    let (first, second) = (line_after(text.len() / 3), line_after(2 * text.len() / 3));
    let files = [("app.2.log", &text[..first]), ("app.1.log", &text[first..second]), ("app.log", &text[second..])];
    let reference = nothing_yet(Layout::Log4net, &whole);
    reference.seen().instance(0).remove("app.log");
    files.iter().for_each(|(name, part)| reference.seen().instance(0).append(name, part));
    reference.run_to(MAIN, 0);
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let scene = nothing_yet(Layout::Log4net, &whole);
        scene.seen().instance(0).remove("app.log");
        for file in order {
            let (name, part) = files[file];
            scene.seen().instance(0).append(name, part);
            scene.run_to(MAIN, 0);
        }
        // Addresses differ from fleet to fleet and stand in no report of instances that answer.
        scene.published(MAIN).must_be(&reference.published(MAIN), &format!("in the order {order:?}"));
    }
}

#[test]
fn a_file_seen_under_two_names_counts_once() {
    let whole = whole(Layout::Log4net);
    let scene = nothing_yet(Layout::Log4net, &whole);
    for (instance, (_, text)) in whole.iter().enumerate() {
        scene.seen().instance(instance).append("app.log", text);
    }
    scene.run_to(MAIN, 0);
    let once = scene.published(MAIN);
    scene.seen().instance(0).append("copy.log", &whole[0].1);
    scene.run_to(MAIN, 0);
    scene.published(MAIN).must_be(&once, "under two names");
}

#[test]
fn rest_and_folder_tell_the_same() {
    let logs = TempDir::new().expect("a folder");
    let rotation = Rotation { file_bytes_max: 15_000, files_max: 10 };
    let plan = FolderPlan { instances: 4, days: 3, bytes_target: 150_000, rotation, ..FolderPlan::default() };
    write_fleet(logs.path(), &plan).expect("logs");
    let scene = Scene::rest(Fleet::from_folder(logs.path(), &FleetOptions::default()).expect("a fleet"));
    let folder = format!("[fleet]\nfolder = {:?}\n", logs.path().display().to_string());
    scene.add_profile("folder", &profile_text(&folder, Layout::Log4net));
    scene.run_to(MAIN, 0);
    scene.run_to("folder", 0);
    assert!(Path::new(&scene.path("folder/reports/report.html")).exists());
    scene.published(MAIN).must_be(&scene.published("folder"), "REST and folder");
}

/// More than cross the boundary to a plugin together: rows of a batch, days of a batch, states of an instance.
const BUSY_ERRORS: u64 = 20_000;
const MANY_DAYS: u64 = 150;

/// A session and an error a day; one day is busy, and around the next midnight the clock steps back and forth.
fn long_log() -> String {
    let mut log = String::new();
    let first = chrono::NaiveDate::from_ymd_opt(2026, 3, 1).expect("a date");
    let mut add = |day: u64, time: &str, rest: String| {
        log += &format!("{} {time},000 [1] {rest}\n", first + chrono::Days::new(day));
    };
    for day in 0..MANY_DAYS {
        add(day, "08:00:00", format!("INFO  App.Session - Session {day:08x} started by u17 version 4.2.1"));
        add(day, "08:00:30", "ERROR Net.Http - Request failed with status 503".to_owned());
        if day == MANY_DAYS / 2 {
            for second in 0..BUSY_ERRORS {
                let time = format!("{:02}:{:02}:{:02}", 9 + second / 3600, second / 60 % 60, second % 60);
                add(day, &time, format!("ERROR Net.Http - Request failed with status 503 after {second} ms"));
            }
            for seconds in 0..4 {
                add(day, &format!("23:59:5{seconds}"), "ERROR Db.Sqlite - database is locked".to_owned());
                add(day + 1, &format!("00:00:0{seconds}"), "ERROR Db.Sqlite - database is locked".to_owned());
            }
        }
        add(day, "23:59:58", format!("INFO  App.Session - Session {day:08x} ended by u17"));
    }
    log
}

#[test]
fn more_days_and_records_than_a_plugin_is_given_at_once() {
    let mut whole = whole(Layout::Log4net);
    whole[0].1 = long_log().into_bytes();
    let text = &whole[0].1;
    let scene = nothing_yet(Layout::Log4net, &whole);
    for piece in text.chunks(text.len() / 3 + 7) {
        scene.seen().instance(0).append("app.log", piece);
        scene.run_to(MAIN, 0);
    }
    must_be_as_clean(&scene, "a long log");
    let sessions = scene.figures(MAIN, "sessions");
    assert_eq!(sessions.count("starts"), MANY_DAYS);
    assert_eq!(sessions.line("starts-per-day", "Starts").len() as u64, MANY_DAYS);
    assert_eq!(scene.figures(MAIN, "errors").count("errors"), MANY_DAYS + BUSY_ERRORS + 8);
}
