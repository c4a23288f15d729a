//! The samples beside the repository, where they are: the log4net fleet as logs, and its truth.

use std::fs;
use std::path::PathBuf;

use logparser_sdk::Window;
use logparser_sdk::testkit::{Entry, Log, window};

/// The instances of the log4net sample by name; none where the samples are not at hand.
pub fn fleet() -> Option<Vec<(String, Log)>> {
    let Ok(folders) = fs::read_dir(folder().join("clients")) else {
        eprintln!("no samples in {}: nothing is checked", folder().display());
        return None;
    };
    let instance = |entry: fs::DirEntry| {
        let mut files: Vec<PathBuf> =
            fs::read_dir(entry.path()).expect("a folder of logs").map(|file| file.expect("a log").path()).collect();
        files.sort();
        (entry.file_name().into_string().expect("a plain name"), log(&files))
    };
    Some(folders.map(|entry| instance(entry.expect("an instance"))).collect())
}

/// The five days of the sample.
pub fn days() -> Window {
    window("2026-10-12", "2026-10-17")
}

/// The text of a value in `truth.json`, up to the closing bracket where it is a map.
pub fn truth(key: &str) -> String {
    let text = fs::read_to_string(folder().join("truth.json")).expect("the truth beside the logs");
    let (_, rest) = text.split_once(&format!("\n \"{key}\": ")).expect("a key of the truth");
    let end = if rest.starts_with('{') { rest.find("\n }") } else { rest.find([',', '\n']) };
    rest[..end.expect("an end of the value")].trim_start_matches('{').to_owned()
}

/// A number in `truth.json`.
pub fn number(key: &str) -> f64 {
    truth(key).parse().expect("a number")
}

/// A map of counts in `truth.json`, in the order of its keys.
pub fn counts(key: &str) -> Vec<(String, u64)> {
    let pair = |line: &str| {
        let (key, count) = line.rsplit_once(": ")?;
        Some((key.trim().trim_matches('"').to_owned(), count.trim_end_matches(',').parse().expect("a count")))
    };
    let mut counts: Vec<_> = truth(key).lines().filter_map(pair).collect();
    counts.sort();
    counts
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/samples/log4net"))
}

/// `app.log` is the newest file, and the last in the order of names; `app.1.log` is the one before.
fn log(files: &[PathBuf]) -> Log {
    let mut log = Log::default();
    for file in files {
        fs::read_to_string(file).expect("UTF-8").lines().for_each(|line| record(&mut log, line).unwrap_or(()));
    }
    log
}

/// `2026-10-12 05:48:29,658 [26] INFO  App.Session - Session 511935f9 started by u7346 version 4.2.1`
fn record(log: &mut Log, line: &str) -> Option<()> {
    let (time, rest) = (line.get(..23)?, line.get(24..)?.strip_prefix('[')?);
    let (head, body) = rest.split_once(" - ")?;
    let words: Vec<&str> = head.split_whitespace().collect();
    let entry = log.at(&time.replace(',', "."));
    let severity = match words[1] {
        "DEBUG" => 5,
        "WARN" => 13,
        "ERROR" => 17,
        "FATAL" => 21,
        _ => 9,
    };
    let two_words: Vec<&str> = body.split(' ').take(2).collect();
    entry.severity(severity).signature(&two_words.join(" "));
    event(entry, words[2], body);
    Some(())
}

fn event(entry: &mut Entry, logger: &str, body: &str) {
    let words: Vec<&str> = body.split(' ').collect();
    match (logger, words.as_slice()) {
        ("App.Session", ["Session", id, "started", "by", user, "version", version]) => {
            entry.event("session.start").text("session.id", id).text("user.id", user).text("app.version", version)
        }
        ("App.Session", ["Session", id, "ended", "by", user]) => {
            entry.event("session.end").text("session.id", id).text("user.id", user)
        }
        ("App.Crash", _) => entry.event("app.crash"),
        ("App.Ui", _) => entry.event("user.action"),
        ("Svc.Control", ["Service", "restart", "requested:", service]) => {
            entry.event("service.restart.request").text("service.name", service)
        }
        ("Svc.Control", ["Service", "restart", "completed:", service, "in", ms, "ms"]) => entry
            .event("service.restart.complete")
            .text("service.name", service)
            .integer("duration", ms.parse().expect("milliseconds")),
        ("Svc.Control", ["Service", "restart", "timed", "out:", service]) => {
            entry.event("service.restart.fail").text("service.name", service)
        }
        _ => entry,
    };
}
