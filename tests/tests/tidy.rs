//! House rules that can be read from the source: who may use what, and nothing that lies about.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The stages of the engine in the order of the flow, what else there is, and which of them each may use.
const MODULES: [(&str, &[&str]); 12] = [
    ("profile", &[]),
    ("fetch", &["profile", "mirror", "catalog", "fault"]),
    ("mirror", &["fault"]),
    ("catalog", &["mirror", "fault"]),
    ("normalise", &["profile"]),
    ("host", &["profile"]),
    ("fold", &["host", "calendar"]),
    ("pipeline", &["profile", "mirror", "catalog", "normalise", "host", "fold", "calendar", "fault"]),
    ("upkeep", &["profile", "mirror", "catalog"]),
    ("commands", &["profile", "fetch", "mirror", "catalog", "normalise", "pipeline", "upkeep"]),
    ("calendar", &[]),
    ("fault", &[]),
];

/// Words, and the only folder that may say them.
const AT_HOME: [(&[&str], &str); 3] = [
    (&["reqwest", "hyper", "rustls", "http::"], "engine/src/fetch/"),
    (&["wasmtime", "wasmparser", "wit_component"], "engine/src/host/"),
    (&["rusqlite", "SELECT", "INSERT", "DELETE FROM", "CREATE TABLE", "PRAGMA"], "engine/src/catalog/"),
];

/// Folders that see no file, no network, no clock and no environment, and the words that would.
const PURE: [&str; 4] = ["engine/src/normalise/", "reports/src/", "plugins/", "plugin-sdk/src/"];
const IMPURE: [&str; 16] = [
    "std::fs",
    "fs::",
    "File::",
    "std::net",
    "net::",
    "std::env",
    "env::",
    "std::process",
    "std::thread",
    "tokio",
    "SystemTime",
    "Instant",
    "Utc::now",
    "Local::now",
    "println!",
    "eprintln!",
];

/// Files in which a hash map's order reaches nothing.
const MAY_HASH: [(&str, &str); 1] = [("plugin-sdk/src/sessions/resolve.rs", "asked only for the session of an id")];

/// Crates of this workspace that each may depend on; the tests may depend on all.
const CRATES: [(&str, &[&str]); 8] = [
    ("logparser", &["logparser-reports", "logparser-sdk"]),
    ("logparser-reports", &[]),
    ("logparser-sdk", &["logparser-sdk-macros"]),
    ("logparser-sdk-macros", &[]),
    ("logparser-kpi-sessions", &["logparser-sdk"]),
    ("logparser-kpi-restarts", &["logparser-sdk"]),
    ("logparser-kpi-errors", &["logparser-sdk"]),
    ("logparser-kpi-installed-base", &["logparser-sdk"]),
];

/// What lies at the top beside hidden files.
const TOP: [&str; 9] =
    ["Cargo.toml", "Cargo.lock", "README.md", "ARCHITECTURE.md", "engine", "plugins", "plugin-sdk", "reports", "tests"];
/// What builds and the demo leave there; git ignores it.
const LEFT: [&str; 2] = ["target", "demo"];

/// A file with more is two.
const RUST_LINES_MAX: usize = 450;

/// Words that say that something is not done. In pieces, for this file obeys too.
const UNDONE: [&str; 6] = [
    concat!("to", "do"),
    concat!("fix", "me"),
    concat!("unimple", "mented!("),
    concat!("x", "xx"),
    concat!("for ", "now"),
    concat!("simpl", "ified"),
];

/// Words of no name: the glossary has others, or they say nothing.
const NO_NAMES: [&str; 9] =
    ["aggregate", "snapshot", "fingerprint", "widget", "config", "util", "utils", "helper", "helpers"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are a folder of the repository").to_owned()
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|cause| panic!("{path}: {cause}"))
}

/// Every file of the repository, from its root, with `/` between the parts.
fn files() -> BTreeSet<String> {
    fn walk(folder: &Path, name: &str, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")) {
            let own = entry.file_name().to_string_lossy().into_owned();
            let path = if name.is_empty() { own.clone() } else { format!("{name}/{own}") };
            match entry.file_type().expect("a type").is_dir() {
                true if own == ".git" || LEFT.contains(&path.as_str()) => {}
                true => walk(&entry.path(), &path, found),
                false => drop(found.insert(path)),
            }
        }
    }
    let mut found = BTreeSet::new();
    walk(&root(), "", &mut found);
    found
}

fn rust_files() -> Vec<String> {
    files().into_iter().filter(|path| path.ends_with(".rs")).collect()
}

/// The module that a line declares in a file of its own.
fn declared(line: &str) -> Option<&str> {
    let line = line.trim().strip_suffix(';')?;
    let line = line.strip_prefix("pub(crate) ").or(line.strip_prefix("pub(super) ")).unwrap_or(line);
    line.strip_prefix("pub ").unwrap_or(line).strip_prefix("mod ")
}

/// The files in which a module of `path` may stand.
fn places(path: &str, module: &str) -> [String; 2] {
    let (folder, file) = path.rsplit_once('/').expect("a file in a folder");
    let root = ["mod.rs", "lib.rs", "main.rs", "build.rs"].contains(&file) || folder.ends_with("/bin");
    let root = root || folder.ends_with("/tests") && !folder.contains("/src/");
    let base = if root { folder.to_owned() } else { path.trim_end_matches(".rs").to_owned() };
    [format!("{base}/{module}.rs"), format!("{base}/{module}/mod.rs")]
}

/// The engine's, the reports', the plugins' and the SDK's code, without comments and tests.
fn code() -> BTreeMap<String, String> {
    let (mut code, mut tests) = (BTreeMap::new(), BTreeSet::new());
    for path in rust_files() {
        let (_, within) = path.split_once("/src/").unwrap_or_default();
        if within.is_empty() || path.starts_with("tests/") {
            continue;
        }
        let (mut kept, mut before) = (String::new(), "");
        for line in text(&path).lines().map(str::to_owned).collect::<Vec<_>>().iter() {
            if before == "#[cfg(test)]" && line.starts_with("mod ") {
                match declared(line) {
                    Some(module) => tests.extend(places(&path, module)),
                    // By custom the tests are the last part of a file.
                    None => break,
                }
            }
            before = line;
            kept += line.split("//").next().unwrap_or_default();
            kept.push('\n');
        }
        code.insert(path, kept);
    }
    let folder = |test: &String| test.trim_end_matches("mod.rs").to_owned();
    code.retain(|path, _| !tests.iter().any(|test| path == test || path.starts_with(&folder(test))));
    assert!(code.len() > 100, "{} files of code", code.len());
    code
}

/// Whether a text has a word, and not only as a part of another.
fn says(text: &str, word: &str) -> bool {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(word).any(|(at, _)| {
        let open = word.ends_with(|c: char| !c.is_alphanumeric());
        !part(text[..at].chars().next_back()) && (open || !part(text[at + word.len()..].chars().next()))
    })
}

/// Fails with all offenders at once.
fn none(rule: &str, offenders: impl IntoIterator<Item = String>) {
    let offenders: Vec<String> = offenders.into_iter().collect();
    assert!(offenders.is_empty(), "{rule}:\n  {}", offenders.join("\n  "));
}

#[test]
fn a_stage_uses_only_what_it_may() {
    let mut offenders = Vec::new();
    for (path, code) in code() {
        let Some(within) = path.strip_prefix("engine/src/") else { continue };
        let module = within.split(['/', '.']).next().unwrap_or_default();
        let Some((_, may)) = MODULES.iter().find(|(name, _)| *name == module) else {
            assert!(["lib", "main"].contains(&module), "{path} belongs to no stage");
            continue;
        };
        assert!(!code.contains("crate::{"), "{path}: a line for each module that is used");
        let used = MODULES.iter().map(|(name, _)| *name).filter(|name| says(&code, &format!("crate::{name}")));
        offenders
            .extend(used.filter(|name| *name != module && !may.contains(name)).map(|name| format!("{path}: {name}")));
    }
    none("a stage uses what it may not know", offenders);
}

#[test]
fn modules_stand_in_the_order_of_the_flow() {
    let stages: Vec<&str> = MODULES.iter().map(|(name, _)| *name).collect();
    let library = text("engine/src/lib.rs");
    assert_eq!(library.lines().filter_map(declared).collect::<Vec<_>>(), stages, "engine/src/lib.rs");
    let map = text("ARCHITECTURE.md");
    let row = |line: &str| line.strip_prefix("| `engine/src/")?.split(['`', '.']).next().map(str::to_owned);
    assert_eq!(map.lines().filter_map(row).collect::<Vec<_>>(), stages, "ARCHITECTURE.md");
}

#[test]
fn words_stay_at_home() {
    let code = code();
    let mut offenders = Vec::new();
    for (path, code) in &code {
        for (words, home) in AT_HOME.iter().filter(|(_, home)| !path.starts_with(home)) {
            let said = words.iter().filter(|word| says(code, word));
            offenders.extend(said.map(|word| format!("{path}: {word}, which only {home} may say")));
        }
        if PURE.iter().any(|folder| path.starts_with(folder)) {
            let said = IMPURE.iter().filter(|word| says(code, word));
            offenders.extend(said.map(|word| format!("{path}: {word}, where nothing is but data in and data out")));
        }
        let hash = says(code, "HashMap") || says(code, "HashSet");
        if hash && !MAY_HASH.iter().any(|(may, _)| may == path) {
            offenders.push(format!("{path}: a hash map, whose order could reach an output"));
        }
    }
    none("words are out of place", offenders);
    for (words, home) in AT_HOME {
        assert!(code.iter().any(|(path, code)| path.starts_with(home) && says(code, words[0])), "{home} has moved");
    }
}

/// The packages of this workspace.
fn packages() -> Vec<Value> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(root()).args(["metadata", "--no-deps", "--offline", "--format-version", "1"]);
    let output = cargo.output().expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    metadata["packages"].as_array().expect("packages").clone()
}

fn named(value: &Value) -> &str {
    value["name"].as_str().expect("a name")
}

fn dependencies(package: &Value) -> &[Value] {
    package["dependencies"].as_array().expect("dependencies")
}

#[test]
fn crates_depend_on_what_they_may() {
    let packages = packages();
    let members: BTreeSet<&str> = packages.iter().map(named).collect();
    let listed: BTreeSet<&str> = CRATES.iter().map(|(name, _)| *name).chain(["logparser-tests"]).collect();
    assert_eq!(members, listed, "the crates of the workspace");
    for package in &packages {
        let Some((name, may)) = CRATES.iter().find(|(name, _)| *name == named(package)) else { continue };
        let own: BTreeSet<&str> =
            dependencies(package).iter().map(named).filter(|name| members.contains(name)).collect();
        let strange = own.iter().filter(|own| !may.contains(own)).map(ToString::to_string);
        none(&format!("{name} depends on what it may not know"), strange);
    }
}

#[test]
fn every_dependency_is_used() {
    let packages = packages();
    let manifest = text("Cargo.toml");
    let section = manifest.split("[workspace.dependencies]\n").nth(1).expect("a section");
    let section = section.split("\n[").next().expect("its lines");
    let declared = section.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name);
    let taken: BTreeSet<&str> = packages.iter().flat_map(dependencies).map(named).collect();
    none("no crate takes these of the workspace", declared.filter(|name| !taken.contains(name)).map(str::to_owned));

    let rust = rust_files();
    let mut offenders = Vec::new();
    for package in &packages {
        let folder = Path::new(package["manifest_path"].as_str().expect("a path")).parent().expect("a folder");
        let folder = folder.strip_prefix(root()).expect("a folder of the repository").display().to_string() + "/";
        let code: String = rust.iter().filter(|path| path.starts_with(&folder)).map(|path| text(path)).collect();
        let unused = dependencies(package).iter().map(named).filter(|name| !says(&code, &name.replace('-', "_")));
        offenders.extend(unused.map(|name| format!("{}: {name}", named(package))));
    }
    none("dependencies that no source names", offenders);
}

#[test]
fn the_top_holds_what_is_expected() {
    let entries = fs::read_dir(root()).expect("the root");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let strange = |name: &String| !name.starts_with('.') && ![&TOP[..], &LEFT].concat().contains(&name.as_str());
    none("nobody expects this at the top", names.filter(strange));
}

/// Whether cargo compiles this file by itself.
fn is_root(path: &str) -> bool {
    let (folder, file) = path.rsplit_once('/').unwrap_or_default();
    match file {
        "lib.rs" | "main.rs" => folder.ends_with("/src"),
        "build.rs" => true,
        _ => folder.ends_with("/src/bin") || folder.ends_with("/tests") && !folder.contains("/src"),
    }
}

#[test]
fn every_source_is_compiled() {
    let rust = rust_files();
    let mut waiting: Vec<String> = rust.iter().filter(|path| is_root(path)).cloned().collect();
    let mut reached = BTreeMap::new();
    while let Some(path) = waiting.pop() {
        let code = text(&path);
        let modules = code.lines().filter_map(declared).flat_map(|module| places(&path, module));
        waiting.extend(modules.filter(|path| rust.contains(path)));
        reached.insert(path, code);
    }
    let included = |path: &String| {
        let from = path.rmatch_indices('/').nth(1).map_or(0, |(at, _)| at + 1);
        reached.values().any(|code| code.contains(&format!("include_str!(\"{}\")", &path[from..])))
    };
    let lost = rust.iter().filter(|path| !reached.contains_key(*path) && !included(path));
    none("no `mod` names these files", lost.cloned());
}

#[test]
fn every_other_file_is_named_by_a_source() {
    let sources: Vec<(String, String)> = rust_files().into_iter().map(|path| (text(&path), path)).collect();
    let is_named = |path: &String| {
        let parts: Vec<&str> = path.split('/').collect();
        let (member, file) = (format!("{}/", parts[0]), parts[parts.len() - 1]);
        let folders = parts[1..parts.len() - 1].iter().filter(|part| !["src", "tests"].contains(part));
        let names: Vec<String> = folders.flat_map(|part| [format!("\"{part}\""), format!("/{part}\"")]).collect();
        let says = |code: &str| code.contains(file) || names.iter().any(|name| code.contains(name));
        sources.iter().any(|(code, source)| source.starts_with(&member) && says(code))
    };
    let own = |path: &String| path.ends_with(".rs") || path.ends_with("Cargo.toml") || path.starts_with('.');
    let files = files().into_iter().filter(|path| path.contains('/') && !own(path));
    none("no source names these files", files.filter(|path| !is_named(path)));
}

#[test]
fn files_are_short_done_and_well_named() {
    let files = files();
    let lines = |path: &String| (text(path).lines().count(), path.clone());
    let long = rust_files().iter().map(lines).filter(|(lines, _)| *lines > RUST_LINES_MAX).collect::<Vec<_>>();
    let prose = [".rs", ".toml", ".md", ".hbs", ".wit", "/run"];
    let mut offenders: Vec<String> =
        long.into_iter().map(|(lines, path)| format!("{path}: {lines} lines, {RUST_LINES_MAX} at most")).collect();
    for path in files.iter().filter(|path| prose.iter().any(|end| path.ends_with(end))) {
        for (number, line) in (1..).zip(text(path).to_lowercase().lines()) {
            offenders
                .extend(UNDONE.iter().filter(|word| says(line, word)).map(|word| format!("{path}:{number}: {word}")));
        }
    }
    let item = ["fn ", "struct ", "enum ", "trait ", "mod ", "type ", "const "];
    for (path, code) in code() {
        for line in code.lines() {
            let line = line
                .trim()
                .trim_start_matches("pub ")
                .trim_start_matches("pub(crate) ")
                .trim_start_matches("pub(super) ");
            let Some(name) = item.iter().find_map(|item| line.strip_prefix(item)) else { continue };
            let name: String = name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            offenders.extend(
                NO_NAMES
                    .iter()
                    .filter(|word| parts(&name).contains(**word))
                    .map(|word| format!("{path}: {name}: {word}")),
            );
        }
    }
    none("house rules", offenders);
}

/// The words that a name is made of.
fn parts(name: &str) -> BTreeSet<String> {
    let mut spaced = String::new();
    for c in name.chars() {
        if c.is_uppercase() && spaced.ends_with(char::is_lowercase) {
            spaced.push('_');
        }
        spaced.push(c);
    }
    spaced.to_lowercase().split('_').map(str::to_owned).collect()
}

#[test]
fn limits_are_those_of_the_code() {
    let (map, readme) = (text("ARCHITECTURE.md"), text("README.md"));
    let mut checked = 0;
    for line in map.lines() {
        let [_, _, value, source, _] = line.split('|').map(str::trim).collect::<Vec<_>>()[..] else { continue };
        let [_, file, _, name, _] = source.split('`').collect::<Vec<_>>()[..] else { continue };
        let code = text(file);
        let line = code
            .lines()
            .find(|line| says(line, &format!("const {name}")))
            .unwrap_or_else(|| panic!("{file}: no {name}"));
        let expression = line.split_once(" = ").and_then(|(_, rest)| rest.split(';').next()).expect("a value");
        assert_eq!(written(expression), value, "ARCHITECTURE.md: {name}");
        assert!(!file.starts_with("engine/src/host") || readme.contains(value), "README.md: {name} is {value}");
        checked += 1;
    }
    assert!(checked > 15, "{checked} limits in ARCHITECTURE.md");
}

/// A constant as people write it.
fn written(expression: &str) -> String {
    match expression.split_once(" << ") {
        Some((count, "20")) => format!("{count} MiB"),
        Some((count, "10")) => format!("{count} KiB"),
        _ => {
            let digits: Vec<char> = expression.chars().filter(char::is_ascii_digit).collect();
            let groups = digits.rchunks(3).rev().map(|group| group.iter().collect::<String>());
            groups.collect::<Vec<_>>().join(",")
        }
    }
}
