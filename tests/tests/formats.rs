//! `logparser format` and `logparser events`, as a user sees them, over the logs of `layouts/` and over those in
//! `formats/` that no named layout fits. What is shown of each log stands in `formats/`: adding a log is adding a file.
//!
//! `wild/` holds logs as they come, with what is proposed for them and how that reads them; `\x1b` stands for a byte.

mod scene;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use chrono::DateTime;
use logparser_tests::disk::sorted_entries;
use logparser_tests::escape::unescaped;
use logparser_tests::story::{FolderPlan, Layout, write_fleet};
use scene::{MAIN, Ran, Scene};

const TESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");
/// What a profile needs beside its format.
const REST: &str = "[fleet]\nfolder = \"logs\"\n\n[kpi.errors]\n\n[format]\n";
/// Public logs of many systems, where they are at hand.
const PUBLIC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/loghub");
/// When logs were changed of which nobody says it: in the night to October 14th, 2026.
const CHANGED: Duration = Duration::from_secs(1_791_936_000);
const LOG: &str = "==== log\n";
const RECORDS: &str = "==== records\n";

fn folder(name: &str) -> PathBuf {
    Path::new(TESTS).join(name)
}

fn named(path: &Path) -> String {
    path.file_stem().expect("a name").to_string_lossy().into_owned()
}

/// The cases of the layouts that have one format, and their log as it stands: name, format and log.
fn layouts() -> Vec<(String, String, String)> {
    let stands = |(_, format, _): &(String, String, String)| {
        !format.lines().any(|line| ["[[format]]", "# encoded", "# escapes"].iter().any(|begin| line.starts_with(begin)))
    };
    let case = |path: &PathBuf| {
        let text = fs::read_to_string(path).expect("a case");
        let (format, rest) = text.split_once(LOG).expect("a log");
        let (log, _) = rest.split_once(RECORDS).expect("its records");
        (named(path), format.to_owned(), log.to_owned())
    };
    sorted_entries(&folder("layouts")).expect("the cases").iter().map(case).filter(stands).collect()
}

/// A scene in which a profile of any format can be tried.
fn empty() -> Scene {
    let scene = Scene::empty();
    fs::create_dir_all(scene.path("logs/one")).expect("an instance");
    scene
}

/// Writes a log that was changed at a time, so that the years of times without one are the same for ever.
fn write_log(scene: &Scene, name: &str, bytes: &[u8], changed: SystemTime) {
    fs::write(scene.path(name), bytes).expect("a log");
    let file = fs::File::options().append(true).open(scene.path(name)).expect("a log");
    file.set_modified(changed).expect("a time");
}

/// When the log of a case was seen, or a time that is the same for all.
fn changed(case: &str) -> SystemTime {
    let seen = case.lines().find_map(|line| line.strip_prefix("# seen "));
    seen.map_or(SystemTime::UNIX_EPOCH + CHANGED, |seen| {
        DateTime::parse_from_rfc3339(seen.trim()).expect("a time").into()
    })
}

/// What is wrong where what is shown is not what stands in a file of `formats/`.
fn differs(file: &str, shown: &str) -> String {
    let expected = fs::read_to_string(folder("formats").join(file)).unwrap_or_default();
    if shown == expected {
        String::new()
    } else {
        format!("==== {file} would be\n{shown}==== instead of\n{expected}\n")
    }
}

fn must_be_as_in(file: &str, shown: &str) {
    let wrong = differs(file, shown);
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn formats_are_proposed_and_read_what_they_promise() {
    let scene = empty();
    let mut shown = String::new();
    for (name, format, log) in layouts() {
        write_log(&scene, "app.log", log.as_bytes(), changed(&format));
        let ran = scene.start(&["format", "detect", "app.log"], &[]).finish();
        shown += &format!("==== {name}: exit code {}\n{}{}", ran.code.unwrap_or(-1), ran.stdout, ran.stderr);
    }
    must_be_as_in("detect.txt", &shown);
}

#[test]
fn what_is_not_read_of_a_long_log_is_said() {
    let scene = empty();
    scene.add_profile(MAIN, &format!("{REST}kind = \"log4net\"\n"));
    let line = "2026-10-12 05:48:29,658 [1] INFO  App.Net - Request took 7 ms and came from a cache\n";
    let most = 16 << 20;
    let file = |name: &str, bytes: usize| {
        let text = line.repeat(bytes.div_ceil(line.len()));
        fs::write(scene.path(name), &text[..bytes]).expect("a log");
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, &text.as_bytes()[..bytes]).expect("memory");
        fs::write(scene.path(&format!("{name}.gz")), packed.finish().expect("memory")).expect("a log");
    };
    file("long.log", 2 * most);
    file("short.log", most);
    let commands: [&[&str]; 3] = [&["format", "detect"], &["format", "test"], &["events", "suggest"]];
    for command in commands {
        let run = |file: &str, more: &[&str]| scene.logparser(MAIN, &[command, &[file][..], more].concat()).stdout;
        let shown = run("long.log", &[]);
        assert!(shown.contains("only the first 16 MiB of long.log were read, 50% of it\n"), "{command:?}: {shown}");
        let shown = run("long.log.gz", &[]);
        assert!(shown.contains("only the first 16 MiB of long.log.gz were read, "), "{command:?}: {shown}");
        for short in ["short.log", "short.log.gz"] {
            assert!(!run(short, &[]).contains("only the first"), "{command:?}: all of {short} was read");
        }
        let told: serde_json::Value = serde_json::from_str(&run("long.log", &["--json"])).expect("JSON");
        assert_eq!(told["cut"][0]["file"], "long.log", "{command:?}");
        assert_eq!(told["cut"][0]["bytes_read"], most, "{command:?}");
        let help = scene.logparser(MAIN, &[command, &["--help"][..]].concat()).stdout;
        assert!(help.contains("of a long one, the first 16 MiB are read"), "{help}");
    }
}

#[test]
fn a_format_is_tried_before_there_is_a_fleet() {
    let scene = empty();
    let fleet = "[fleet]\nlist = \"no-such-list.csv\"\n\n[api]\nlist = \"{address}/logs\"\n";
    scene.add_profile(MAIN, &format!("{fleet}\n[kpi.errors]\n\n[format]\nkind = \"log4net\"\n"));
    fs::write(scene.path("app.log"), "2026-10-12 05:48:29,658 [1] INFO  App.Net - Request took 7 ms\n").expect("a log");
    for (command, code) in
        [(&["format", "test", "app.log"][..], 0), (&["events", "suggest", "app.log"], 0), (&["check"], 2)]
    {
        let ran = scene.logparser(MAIN, command);
        assert_eq!(ran.code, Some(code), "{command:?}: {}", ran.stderr);
    }
}

#[test]
fn logs_that_no_layout_fits_get_a_pattern_of_their_own() {
    let mut wrong = String::new();
    for path in sorted_entries(&folder("formats")).expect("the logs") {
        if path.extension().is_none_or(|extension| extension != "log") {
            continue;
        }
        let scene = empty();
        fs::copy(&path, scene.path("app.log")).expect("a log");
        fs::write(scene.path("other.log"), "nothing\n   in here\n").expect("a log");
        let detected = scene.start(&["format", "detect", "app.log", "other.log"], &[]).finish();
        let mut shown = format!("==== detect\n{}{}", detected.stdout, detected.stderr);
        let rules = fs::read_to_string(path.with_extension("toml")).expect("rules beside the log");
        let proposed = detected.stdout.split("\n# Nearly as good:\n").next().expect("a section");
        scene.add_profile(MAIN, &format!("{}{proposed}\n{rules}", REST.replace("[format]\n", "")));
        let tested = scene.logparser(MAIN, &["format", "test", "app.log"]);
        shown += &format!("==== test: exit code {}\n{}{}", tested.code.unwrap_or(-1), tested.stdout, tested.stderr);
        let suggested = scene.logparser(MAIN, &["events", "suggest", "app.log", "--most", "3"]);
        shown += &format!("==== suggest\n{}{}", suggested.stdout, suggested.stderr);
        scene.extend(MAIN, &suggested.stdout);
        assert_eq!(scene.logparser(MAIN, &["check"]).code, Some(0), "what is suggested can be pasted");
        wrong += &differs(&format!("{}.txt", named(&path)), &shown);
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn logs_as_they_come_are_read_as_they_are_meant() {
    let mut wrong = String::new();
    for path in sorted_entries(&folder("wild")).expect("the logs") {
        let case = fs::read_to_string(&path).expect("a case");
        let (logs, expected) = case.split_at(case.find("==== detect").expect("what is proposed"));
        let scene = empty();
        let mut names = Vec::new();
        for (name, text) in logs.split("==== ").filter_map(|log| log.split_once('\n')) {
            write_log(&scene, name, &unescaped(text.as_bytes()), changed(""));
            names.push(name);
        }
        let shown =
            |what: &str, ran: &Ran| format!("==== {what}: exit code {:?}\n{}{}", ran.code, ran.stdout, ran.stderr);
        let detected = scene.start(&[&["format", "detect"], &names[..]].concat(), &[]).finish();
        let mut all = shown("detect", &detected);
        if detected.code != Some(3) {
            let proposed = detected.stdout.split("\n# Nearly as good:\n").next().expect("a section");
            scene.add_profile(MAIN, &format!("{}{proposed}", REST.replace("[format]\n", "")));
            all += &shown("test", &scene.logparser(MAIN, &[&["format", "test"], &names[..]].concat()));
        }
        if expected.contains("==== suggest") {
            let suggested = scene.logparser(MAIN, &[&["events", "suggest"], &names[..]].concat());
            all += &shown("suggest", &suggested);
            scene.extend(MAIN, &suggested.stdout);
            all += &shown("with these rules", &scene.logparser(MAIN, &[&["format", "test"], &names[..]].concat()));
        }
        if all != expected {
            wrong += &format!("==== {} would be\n{all}==== instead of\n{expected}\n", named(&path));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn public_logs_are_explained() {
    let Ok(files) = sorted_entries(Path::new(PUBLIC)) else {
        println!("skipped: there are no public logs in {PUBLIC}");
        return;
    };
    let scene = empty();
    for path in files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "log")) {
        let path = path.to_str().expect("a path in UTF-8");
        let ran = scene.start(&["format", "detect", "--json", path], &[]).finish();
        let explained = ran.summary()["candidates"][0]["fit"]["explained"].as_f64();
        assert!(explained >= Some(0.99), "{path}: {explained:?}");
    }
}

#[test]
fn lines_are_shown_as_the_profile_reads_them() {
    let scene = empty();
    let mut shown = String::new();
    for (name, format, log) in layouts() {
        write_log(&scene, "app.log", log.as_bytes(), changed(&format));
        scene.add_profile(MAIN, &format!("{REST}{format}"));
        let ran = scene.logparser(MAIN, &["format", "test", "app.log", "--lines", "4"]);
        shown += &format!("==== {name}: exit code {}\n{}{}", ran.code.unwrap_or(-1), ran.stdout, ran.stderr);
    }
    must_be_as_in("test.txt", &shown);
}

#[test]
fn utf16_is_looked_at_as_utf8_is() {
    let scene = empty();
    for (name, format, log) in layouts() {
        scene.add_profile(MAIN, &format!("{REST}{format}"));
        let shown = |bytes: &[u8]| {
            write_log(&scene, "app.log", bytes, changed(&format));
            let detected = scene.start(&["format", "detect", "app.log"], &[]).finish();
            let tested = scene.logparser(MAIN, &["format", "test", "app.log"]);
            let suggested = scene.logparser(MAIN, &["events", "suggest", "app.log"]);
            [detected, tested, suggested].map(|ran| (ran.code, ran.stdout))
        };
        let log = log.trim_start_matches('\u{feff}');
        let wide: Vec<u8> = log.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(shown(&wide), shown(log.as_bytes()), "{name}");
    }
}

#[test]
fn events_are_suggested_from_what_is_stored_and_named_then() {
    let scene = Scene::logs(Layout::Log4net, |folder| {
        let plan = FolderPlan { instances: 3, days: 2, bytes_target: 100_000, ..FolderPlan::default() };
        write_fleet(folder, &plan).expect("logs");
    });
    let none = scene.logparser(MAIN, &["events", "suggest"]);
    assert_eq!(none.code, Some(3));
    none.must_say(&["nothing is stored", "help: fetch first"]);
    assert_eq!(scene.logparser(MAIN, &["fetch"]).code, Some(0));
    let count = |rules: &str| {
        let ran = scene.logparser(MAIN, &["events", "suggest", "--json", "--most", rules]);
        (ran.number("/records"), ran.summary()["suggestions"].as_array().expect("a list").clone())
    };
    let (before, suggested) = count("3");
    assert_eq!(suggested.len(), 3);
    let counts: Vec<u64> = suggested.iter().map(|one| one["count"].as_u64().expect("a count")).collect();
    assert!(counts.is_sorted_by(|a, b| a >= b), "{counts:?}");
    scene.extend(MAIN, &scene.logparser(MAIN, &["events", "suggest", "--most", "3"]).stdout);
    let (after, _) = count("3");
    assert!(before - after >= counts.iter().sum(), "{before} records had no event, now {after}");
}

#[test]
fn what_cannot_be_told_is_said() {
    let scene = empty();
    fs::write(scene.path("words.txt"), "no time\nat all\n").expect("a file");
    for (arguments, code, words) in [
        (&["format", "detect", "words.txt"][..], 3, &["no format explains these lines", "help:"][..]),
        (&["format", "detect", "missing.log"], 3, &["cannot read missing.log", "help:"]),
        (&["format", "detect"], 2, &["required"]),
        (&["format", "test", "words.txt"], 2, &["the profile cannot be read", "logparser init"]),
        (&["events", "suggest"], 2, &["the profile cannot be read"]),
    ] {
        let ran = scene.start(arguments, &[]).finish();
        assert_eq!(ran.code, Some(code), "{arguments:?}");
        ran.must_say(words);
    }
    let json = scene.start(&["format", "detect", "--json", "words.txt"], &[]).finish();
    assert_eq!(json.code, Some(3), "{}", json.stdout);
}
