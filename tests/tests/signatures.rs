//! Signatures of plain messages: cases as data, and the grouping accuracy on labelled public logs.
//!
//! Each file of `signatures/` holds messages in paragraphs: those of a paragraph have one signature, and no two
//! paragraphs share one; `\x1b` stands for a byte. Adding a case is adding a paragraph.

mod scene;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use logparser::normalise::of_message;
use logparser_tests::story::Layout;
use scene::{MAIN, Scene};
use serde_json::Value;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/signatures");
/// Labelled logs, where they lie beside the repository.
const LABELLED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/loghub");
const LABELLED_ENDS: &str = "_2k.log_structured.csv";

/// What is asked of the mean over all systems, and of each.
const MEAN_MIN: f64 = 0.9;
const EACH_MIN: f64 = 0.65;

#[test]
fn messages_of_a_paragraph_have_one_signature() {
    let mut wrong = String::new();
    let mut paragraphs = 0;
    for path in fs::read_dir(FOLDER).expect("the cases").map(|entry| entry.expect("a case").path()) {
        let text = fs::read_to_string(&path).expect("a case");
        let mut first_with: BTreeMap<String, &str> = BTreeMap::new();
        for paragraph in text.trim_end().split("\n\n") {
            paragraphs += 1;
            let signatures: BTreeSet<String> =
                paragraph.lines().map(|line| of_message(&line.replace("\\x1b", "\x1b"))).collect();
            if signatures.len() > 1 {
                wrong += &format!("{}: one paragraph, several signatures\n{signatures:#?}\n", path.display());
            }
            for signature in signatures {
                if let Some(other) = first_with.insert(signature.clone(), paragraph) {
                    wrong += &format!("{}: {signature} is also of\n{other}\nand\n{paragraph}\n", path.display());
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(paragraphs >= 100, "{paragraphs} paragraphs");
}

/// A system's messages with their labels.
fn labelled(path: &Path) -> Vec<(String, String)> {
    let mut reader = csv::Reader::from_path(path).expect("a table");
    let headers = reader.headers().expect("its head").clone();
    let column = |name: &str| headers.iter().position(|header| header == name).expect("a column");
    let (content, label) = (column("Content"), column("EventId"));
    let rows = reader.records().map(|row| row.expect("a row"));
    rows.map(|row| (row[content].replace('\n', " "), row[label].to_owned())).collect()
}

/// Share of messages whose group holds the same messages as their label's group.
fn accuracy(messages: &[(String, String)]) -> f64 {
    let (mut groups, mut labels) = (BTreeMap::<String, Vec<usize>>::new(), BTreeMap::<&str, Vec<usize>>::new());
    for (position, (message, label)) in messages.iter().enumerate() {
        groups.entry(of_message(message)).or_default().push(position);
        labels.entry(label).or_default().push(position);
    }
    let labels: BTreeSet<&Vec<usize>> = labels.values().collect();
    let right: usize = groups.values().filter(|group| labels.contains(group)).map(Vec::len).sum();
    right as f64 / messages.len() as f64
}

#[test]
fn labelled_logs_are_grouped_as_their_labels_say() {
    let Ok(folder) = fs::read_dir(LABELLED) else {
        println!("skipped: there are no labelled logs in {LABELLED}");
        return;
    };
    let names = folder.map(|entry| entry.expect("a file").file_name().to_string_lossy().into_owned());
    let systems: BTreeSet<String> =
        names.filter_map(|name| name.strip_suffix(LABELLED_ENDS).map(str::to_owned)).collect();
    let mut sum = 0.0;
    for system in &systems {
        let accuracy = accuracy(&labelled(&Path::new(LABELLED).join(format!("{system}{LABELLED_ENDS}"))));
        println!("{system:<12} {accuracy:.3}");
        assert!(accuracy >= EACH_MIN, "{system}: {accuracy:.3}");
        sum += accuracy;
    }
    let mean = sum / systems.len() as f64;
    println!("{:<12} {mean:.3}", "mean");
    assert!(mean >= MEAN_MIN, "mean of {} systems: {mean:.3}", systems.len());
}

#[test]
fn a_file_of_messages_gives_a_signature_a_line_in_any_order() {
    let scene = Scene::empty();
    let mut lines: Vec<String> = (0..500).map(|n| format!("Lost {n} of 'x{n}' in {n} ms")).collect();
    lines.extend(["".to_owned(), "no end".to_owned(), "x ".repeat(100_000), "Ø from 10.0.0.1\r".to_owned()]);
    let print = |lines: &[String]| {
        fs::write(scene.path("messages"), lines.join("\n")).expect("messages");
        let ran = scene.start(&["signatures", "--input", "messages"], &[]).finish();
        assert_eq!(ran.code, Some(0));
        ran.stdout.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let printed = print(&lines);
    assert_eq!(printed.len(), lines.len());
    assert_eq!(printed[0], "Lost <*> of '<str>' in <time>");
    assert_eq!(printed[500..502], ["", "no end"]);
    assert_eq!(printed[503], "Ø from <host>");
    lines.reverse();
    let mut turned = print(&lines);
    turned.reverse();
    assert_eq!(turned, printed, "the order changes nothing");
    let ran = scene.start(&["signatures", "--input", "nothing"], &[]).finish();
    assert_eq!(ran.code, Some(3));
    assert!(ran.stderr.starts_with("error: cannot read nothing") && ran.stderr.contains("\nhelp: "), "{}", ran.stderr);
}

/// A log of errors: so many lines of each message, on two instances and two days.
fn errors() -> Scene {
    let scene = Scene::logs(Layout::Log4net, |folder| {
        for (instance, day) in [("one", 12), ("two", 13)] {
            let line = |second: usize, text: String| format!("2026-10-{day} 05:00:{second:02},000 [1] {text}\n");
            let mut log = line(0, "INFO App.Net - all is well 1".to_owned());
            for n in 1..=6 {
                log += &line(
                    n,
                    format!("ERROR App.Net - Request to http://a/{n} failed with status {} after {n} ms", 500 + n % 2),
                );
            }
            for n in 1..=3 {
                log += &line(n, format!("ERROR App.Db - database is locked (retry {n} of 5)"));
                log += &line(n, format!("ERROR App.Store - the database is locked by {n}"));
            }
            log += &line(9, "FATAL App.Crash - it failed 7".to_owned());
            log += "System.IO.FileNotFoundException: No 7\n   at A.B(String c) in C:\\b.cs:line 7\n";
            fs::create_dir_all(folder.join(instance)).expect("an instance");
            fs::write(folder.join(instance).join("app.log"), log).expect("a log");
        }
    });
    scene.run_to(MAIN, 0);
    scene
}

const RULES: &str = r#"
[[signature]]
name = "Database locked"
body = "{*}database is locked{*}"

[[signature]]
name = "Request failed with {status}"
logger = "App.Net"
body = "Request to {*} failed with status {status:int} after {*}"

[[signature]]
name = "Disk: {signature}"
exception = "FileNotFoundException"
"#;

fn table(scene: &Scene, arguments: &[&str]) -> Value {
    let ran = scene.logparser(MAIN, &[&["signatures", "--json", "--period", "all"], arguments].concat());
    assert_eq!(ran.code, Some(0));
    ran.summary()
}

/// Signatures with their counts.
fn counted(table: &Value) -> BTreeMap<String, u64> {
    let rows = table["signatures"].as_array().expect("signatures").iter();
    rows.map(|row| (row["signature"].as_str().expect("a text").to_owned(), row["errors"].as_u64().expect("a count")))
        .collect()
}

#[test]
fn rules_merge_split_and_name_and_the_sum_stays() {
    let scene = errors();
    let request = "App.Net ERROR: Request to <url> failed with status <*> after <time>";
    let plain = counted(&table(&scene, &[]));
    let expected = [
        ("App.Crash FATAL: System.IO.FileNotFoundException at A.B", 2),
        ("App.Db ERROR: database is locked (retry <*> of <*>)", 6),
        (request, 12),
        ("App.Store ERROR: the database is locked by <*>", 6),
    ];
    assert_eq!(plain, expected.map(|(text, count)| (text.to_owned(), count)).into());

    scene.beside("other");
    scene.extend("other", RULES);
    let compared = table(&scene, &["--against", scene.profile("other").to_str().expect("a path")]);
    assert_eq!(counted(&compared), plain, "the other rules change nothing yet");
    let changes = compared["changes"].as_array().expect("changes");
    let told: Vec<_> = changes
        .iter()
        .map(|change| [&change["kind"], &change["before"], &change["after"]].map(|text| text.as_str().expect("a text")))
        .collect();
    assert_eq!(
        told,
        [
            ["merged", "App.Db ERROR: database is locked (retry <*> of <*>)", "Database locked"],
            ["split", request, "Request failed with 500"],
            ["split", request, "Request failed with 501"],
            ["merged", "App.Store ERROR: the database is locked by <*>", "Database locked"],
            [
                "renamed",
                "App.Crash FATAL: System.IO.FileNotFoundException at A.B",
                "Disk: App.Crash FATAL: System.IO.FileNotFoundException at A.B"
            ],
        ]
    );

    scene.extend(MAIN, RULES);
    let ruled = table(&scene, &[]);
    let expected = [
        ("Database locked", 12),
        ("Disk: App.Crash FATAL: System.IO.FileNotFoundException at A.B", 2),
        ("Request failed with 500", 6),
        ("Request failed with 501", 6),
    ];
    assert_eq!(counted(&ruled), expected.map(|(text, count)| (text.to_owned(), count)).into());
    let first = &ruled["signatures"][0];
    assert_eq!((first["instances"].as_u64(), first["examples"].as_array().map(Vec::len)), (Some(2), Some(3)));
    assert_eq!([&first["first"], &first["last"]], ["2026-10-12T05:00:01Z", "2026-10-13T05:00:03Z"]);
    let line = first["rule_line"].as_u64().expect("the line of its rule") as usize;
    assert_eq!(scene.text(MAIN).lines().nth(line - 1), Some("body = \"{*}database is locked{*}\""));

    let text = scene.logparser(MAIN, &["signatures", "--period", "all", "--top", "1"]).stdout;
    assert!(
        text.starts_with(
            "4 signatures of 26 errors, 2026-10-12 to 2026-10-13\n\nDatabase locked\n    12 errors, 2 instances, "
        ),
        "{text}"
    );
    assert!(
        text.contains("main.toml:")
            && text.contains("    | database is locked (retry 1 of 5)\n")
            && text.ends_with("\n3 more; see `--top`\n"),
        "{text}"
    );
}

#[test]
fn changed_rules_compute_errors_anew_and_nothing_else() {
    let scene = errors();
    let before = scene.report(MAIN);
    scene.extend(MAIN, RULES);
    let ran = scene.run_to(MAIN, 0);
    let effort = &ran.summary()["report"]["effort"];
    assert_eq!(effort["scanned"]["instances"], 0, "no log is scanned again");
    assert_eq!(effort["completed"]["partials"], 2, "one plugin's day of each instance");
    assert_eq!(effort["sections_folded"], 1, "one section is told anew");
    let errors = scene.figures(MAIN, "errors");
    let after = scene.report(MAIN);
    assert_eq!(errors.count("errors"), 26);
    let others = |report: &logparser_reports::Report| {
        report.sections.iter().filter(|section| section.kpi != "errors").cloned().collect::<Vec<_>>()
    };
    assert!(others(&before) == others(&after), "the other sections stay");
    let shown = String::from_utf8(scene.published(MAIN).json).expect("JSON");
    assert!(shown.contains("Database locked") && !shown.contains("retry <*> of"), "the report tells the rules' names");
}

#[test]
fn nothing_stored_and_wrong_rules_are_said() {
    let scene = Scene::logs(Layout::Log4net, |folder| fs::create_dir_all(folder.join("one")).expect("an instance"));
    let ran = scene.logparser(MAIN, &["signatures"]);
    assert_eq!(ran.code, Some(3));
    assert!(ran.stderr.contains("help: "), "{}", ran.stderr);
    scene.logparser(MAIN, &["fetch"]);
    let ran = scene.logparser(MAIN, &["signatures"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "no records are stored\n"), "{}", ran.stderr);
    scene.extend(MAIN, "\n[[signature]]\nname = \"x\"\nbody = \"{a:hours}\"\n");
    let ran = scene.logparser(MAIN, &["signatures"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("body = \"{a:hours}\"") && ran.stderr.contains("^"), "{}", ran.stderr);
}
