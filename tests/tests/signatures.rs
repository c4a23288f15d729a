//! Signatures of plain messages: cases as data, and the grouping accuracy on labelled public logs.
//!
//! Each file of `signatures/` holds messages in paragraphs: those of a paragraph have one signature, and no two
//! paragraphs share one. Adding a case is adding a paragraph.

mod scene;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use logparser::normalise::of_message;
use scene::Scene;

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
            let signatures: BTreeSet<String> = paragraph.lines().map(of_message).collect();
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
