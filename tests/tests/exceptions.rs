//! Exceptions as data: each file of `exceptions/` holds stack traces as a language writes them, and what they say.
//! Adding a case is adding a trace.
//!
//! A trace may begin with the record's message, behind `> `. Each case is tried whole, within a JSON line, and cut at
//! any byte as a growing file is.

use std::fs;

use logparser::normalise::{Alike, Normaliser, Record, Start, Value, Want, Wanted};
use logparser::profile;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/exceptions");
const ATTRIBUTES: [&str; 3] = ["exception.message", "exception.stacktrace", "exception.type"];
const BEFORE: &str = "2026-10-12 05:08:31,905 INFO A - before\n";
const HEAD: &str = "2026-10-12 05:08:32,000 ERROR A - ";
const AFTER: &str = "2026-10-12 05:08:33,000 INFO A - after\n";

const PATTERN: &str = r#"kind = "pattern"
pattern = "{timestamp} {severity} {logger} - {body}"
timestamp = "%Y-%m-%d %H:%M:%S,%3f"
"#;
const JSON: &str = r#"kind = "json"
fields = { timestamp = "t", severity = "l", logger = "n", body = "m", exception = "x" }
"#;

/// Of several causes, the second has a cause of its own.
const SEVERAL: &str = "System.AggregateException: One or more errors occurred. (Disk full) (outer)
 ---> System.IO.IOException: Disk full
   at App.Store.Write(String path)
   --- End of inner exception stack trace ---
   at App.Main.Run()
 ---> (Inner Exception #1) App.Fault: outer ---> System.TimeoutException: no answer
   at App.Net.Call() for System.ArgumentException: x
   --- End of inner exception stack trace ---<---
";

fn normaliser(format: &str) -> Normaliser {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("profile.toml");
    fs::create_dir_all(folder.path().join("fleet/one")).expect("an instance");
    fs::write(&path, format!("[fleet]\nfolder = \"fleet\"\n\n[format]\n{format}")).expect("a profile");
    let profile = profile::load(&path).unwrap_or_else(|faults| panic!("{faults}"));
    let attributes = ATTRIBUTES.iter().map(|name| (*name).to_owned()).collect();
    let want = Want { severity_min: Some(1), attributes, text: true, ..Want::default() };
    let normaliser = Normaliser::compile(&profile.formats, &[], &Wanted { plugins: vec![want] }).expect("a format");
    normaliser.with_signatures(&profile.signatures).expect("rules")
}

/// Signature, type, message and frames of a record.
fn shown(normaliser: &Normaliser, record: &Record) -> String {
    let mut signature = String::new();
    normaliser.sign(record, &mut Alike::default(), &mut signature);
    let value = |name: &str| {
        let position = normaliser.attributes().iter().position(|known| known == name).expect("a wanted attribute");
        match record.attribute(position) {
            Value::Text(text) => text.to_owned(),
            _ => "none".to_owned(),
        }
    };
    let signature = signature.strip_prefix("A ERROR: ").unwrap_or(&signature);
    format!(
        "{signature}\n{} | {}\n{}\n",
        value("exception.type"),
        value("exception.message"),
        value("exception.stacktrace")
    )
}

#[test]
fn what_an_error_says_in_a_field_of_its_own_is_its_message() {
    let normaliser = normaliser(JSON);
    let says = |fields: &str| {
        let line = format!("{{\"t\":\"2026-10-12T05:08:32Z\",\"l\":\"ERROR\",\"n\":\"A\",{fields}}}\n");
        let mut records = normaliser.open(line.as_bytes(), Start { closed: true, ..Start::default() });
        shown(&normaliser, records.next().expect("memory gives no error").expect("a record"))
    };
    let none = "none\n";
    for (fields, expected) in [
        (r#""m":"cannot connect","x":"refused""#, "cannot connect\nnone | refused\n"),
        (r#""m":"","x":"refused""#, "refused\nnone | refused\n"),
        (r#""x":"refused""#, "refused\nnone | refused\n"),
        (r#""m":"cannot connect""#, "cannot connect\nnone | none\n"),
        (r#""m":"cannot connect","x":null"#, "cannot connect\nnone | none\n"),
        (r#""m":"cannot connect","x":"""#, "cannot connect\nnone | none\n"),
        (r#""m":"cannot connect","x":" ""#, "cannot connect\nnone | none\n"),
        (r#""m":"cannot connect","x":"cannot connect""#, "cannot connect\nnone | none\n"),
        (r#""m":"cannot connect","x":false"#, "cannot connect\nnone | none\n"),
        (r#""m":"cannot connect","x":{"code":7}"#, "cannot connect\nnone | none\n"),
        (r#""x":"\n refused\n""#, "refused\nnone | refused\n"),
        (r#""m":"cannot connect","x":"at first\nand then""#, "cannot connect\nnone | none\n"),
    ] {
        assert_eq!(says(fields), format!("{expected}{none}"), "{fields}");
    }
    let thrown = "App.Fault at App.Db.Open\nApp.Fault | refused\nApp.Fault\nat App.Db.Open\n";
    assert_eq!(says(r#""m":"","x":"App.Fault: refused\n   at App.Db.Open()""#), thrown);
}

/// All records of a text, with their offsets, and where reading may go on.
fn read(normaliser: &Normaliser, text: &[u8], start: Start) -> (Vec<String>, Start, Option<u64>) {
    let mut records = normaliser.open(&text[start.offset as usize..], start);
    let mut all = Vec::new();
    while let Some(record) = records.next().expect("memory gives no error") {
        all.push(format!("{} {}{}", record.offset, shown(normaliser, record), record.exception()));
    }
    let tally = records.into_tally();
    (all, Start { offset: tally.end_of_records, shape: tally.shape, ..start }, tally.last_record_offset)
}

/// Reads a text as far as a cut, and then what came behind it, as the pipeline does.
fn read_in_two(normaliser: &Normaliser, text: &[u8], cut: usize) -> Vec<String> {
    let (mut records, mut begin, last) = read(normaliser, &text[..cut], Start::default());
    let rest = &text[begin.offset as usize..];
    if let Some(last) = last.filter(|_| normaliser.continues(rest, begin).expect("memory gives no error")) {
        records.pop();
        begin.offset = last;
    }
    records.extend(read(normaliser, text, begin).0);
    records
}

/// A case: the file it stands in, the record's message and its trace, and what these say.
struct Case {
    file: String,
    message: String,
    trace: String,
    says: String,
}

impl Case {
    fn log(&self) -> String {
        format!("{BEFORE}{HEAD}{}\n{}{AFTER}", self.message, self.trace)
    }
}

/// The traces of all languages.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for path in fs::read_dir(FOLDER).expect("the cases").map(|entry| entry.expect("a case").path()) {
        let text = fs::read_to_string(&path).expect("a case");
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for case in text.split("==== trace\n").skip(1) {
            let (trace, says) = case.split_once("==== says\n").expect("what it says");
            let message = trace.strip_prefix("> ").and_then(|rest| rest.split_once('\n'));
            let (message, trace) = message.unwrap_or(("it failed 7", trace));
            let [message, trace, says] = [message, trace, says].map(str::to_owned);
            cases.push(Case { file: name.clone(), message, trace, says });
        }
    }
    assert!(cases.len() >= 30, "{} cases", cases.len());
    cases
}

#[test]
fn traces_say_what_was_thrown() {
    let (pattern, json, mut wrong) = (normaliser(PATTERN), normaliser(JSON), String::new());
    for case in cases() {
        let Case { file, message, trace, says } = &case;
        let line = serde_json::json!({ "t": "2026-10-12T05:08:32Z", "l": "ERROR", "n": "A", "m": message, "x": trace });
        for (normaliser, log, position) in [(&pattern, case.log(), 1), (&json, line.to_string() + "\n", 0)] {
            let mut records = normaliser.open(log.as_bytes(), Start { closed: true, ..Start::default() });
            for _ in 0..position {
                records.next().expect("memory").expect("a record before");
            }
            let mut shown = shown(normaliser, records.next().expect("memory").expect("the record"));
            if position == 0 && trace.lines().count() == 1 && says.contains("\nnone | none\n") {
                // In a field for an exception, a line that names none is its message.
                shown = shown.replace(&format!("\nnone | {}\n", trace.trim()), "\nnone | none\n");
            }
            if shown != *says {
                wrong += &format!("==== {file}\n> {message}\n{trace}==== says\n{shown}==== instead of\n{says}\n");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_trace_that_is_cut_anywhere_is_the_whole() {
    let normaliser = normaliser(PATTERN);
    for case in cases() {
        let (file, log) = (&case.file, case.log());
        let (whole, ..) = read(&normaliser, log.as_bytes(), Start::default());
        for cut in 0..=log.len() {
            assert_eq!(read_in_two(&normaliser, log.as_bytes(), cut), whole, "{file} cut at {cut}");
        }
    }
}

#[test]
fn a_rule_finds_each_of_several_causes() {
    let all = ["AggregateException", "IOException", "App.Fault", "System.TimeoutException", "ArgumentException"];
    let found = all.map(|kind| {
        let rule = format!("{PATTERN}\n[[signature]]\nname = \"found\"\nexception = \"{kind}\"\n");
        let log = format!("{HEAD}it failed 7\n{SEVERAL}");
        let (records, ..) = read(&normaliser(&rule), log.as_bytes(), Start { closed: true, ..Start::default() });
        records[0].starts_with("0 found\nSystem.AggregateException | ")
    });
    assert_eq!(found, [true, true, true, true, false]);
}
