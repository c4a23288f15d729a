//! Layouts as data: each file of `layouts/` holds a `[format]`, lines as that logger writes them, and their records.
//! Adding a case is adding a file.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use chrono::{DateTime, SecondsFormat};
use logparser::normalise::{Normaliser, Want, Wanted};
use logparser::profile;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/layouts");
const REST: &str = "[fleet]\nfolder = \"fleet\"\n\n[kpi.errors]\n\n[format]\n";
const LOG: &str = "==== log\n";
const RECORDS: &str = "==== records\n";

/// The records of a log in a format, one a line: time, severity, logger, body, and what follows the message below.
fn shown(format: &str, log: &str, scratch: &Path) -> String {
    let path = scratch.join("profile.toml");
    fs::write(&path, format!("{REST}{format}")).expect("a profile");
    fs::create_dir_all(scratch.join("fleet/one")).expect("an instance");
    let profile = profile::load(&path).unwrap_or_else(|faults| panic!("{faults}"));
    let all = Want { events: Vec::new(), severity_min: Some(1), attributes: Vec::new(), signature: false };
    let wanted = Wanted { plugins: vec![all] };
    let normaliser = Normaliser::compile(&profile.format, &profile.events, &wanted).expect("a format that compiles");
    let mut records = normaliser.open(profile.format.zone, log.as_bytes(), 0, None, true);
    let mut shown = String::new();
    while let Some(record) = records.next().expect("memory gives no error") {
        let time = DateTime::from_timestamp_micros(record.time).expect("a time");
        let time = time.to_rfc3339_opts(SecondsFormat::Micros, true);
        writeln!(shown, "{time} {} {} | {}", record.severity, record.logger(), record.body()).expect("a text");
        for line in record.exception().lines() {
            writeln!(shown, "> {line}").expect("a text");
        }
    }
    let tally = records.into_tally();
    if tally.lines_unparsed > 0 {
        writeln!(shown, "unparsed {}", tally.lines_unparsed).expect("a text");
    }
    shown
}

#[test]
fn every_layout_gives_its_records() {
    let scratch = tempfile::tempdir().expect("a folder");
    let mut files: Vec<_> = fs::read_dir(FOLDER).expect("the cases").map(|file| file.expect("a case").path()).collect();
    files.sort();
    let mut wrong = String::new();
    for path in &files {
        let case = fs::read_to_string(path).expect("a case");
        let (format, rest) = case.split_once(LOG).expect("a log");
        let (log, expected) = rest.split_once(RECORDS).expect("its records");
        let shown = shown(format, log, scratch.path());
        if shown != expected {
            let name = path.file_name().unwrap_or_default().display();
            wrong += &format!("==== {name} gives\n{shown}==== instead of\n{expected}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(files.len() >= 6, "{} cases found", files.len());
}
