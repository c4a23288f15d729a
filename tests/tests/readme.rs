//! The README is tried, not believed: its commands run, its profiles load, its plugin is built and gives results.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use logparser::pipeline::Kpis;
use logparser::profile::{self, EMBEDDED_PLUGINS, EXAMPLE};
use logparser_tests::fleet::{Fleet, FleetOptions};

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are a folder of the repository").to_owned()
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).expect("the README")
}

/// A block of code, with the line on which it begins.
struct Block {
    language: String,
    line: usize,
    text: String,
}

fn blocks() -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for (number, line) in (1..).zip(readme().lines()) {
        match line.strip_prefix("```") {
            Some(language) if !open => {
                blocks.push(Block { language: language.to_owned(), line: number, text: String::new() });
            }
            Some(_) => {}
            None if open => blocks.last_mut().expect("a block is open").text += &format!("{line}\n"),
            None => {}
        }
        open ^= line.starts_with("```");
    }
    assert!(!open, "the last block of the README is not closed");
    blocks
}

/// The blocks of a language that contain a text.
fn blocks_of(language: &str, text: &str) -> Vec<Block> {
    blocks().into_iter().filter(|block| block.language == language && block.text.contains(text)).collect()
}

fn only_block(language: &str, text: &str) -> Block {
    let mut found = blocks_of(language, text);
    assert_eq!(found.len(), 1, "`{language}` blocks of the README with {text:?}");
    found.remove(0)
}

/// What stands between backticks outside of blocks.
fn inline_codes(text: &str) -> Vec<String> {
    let outside = text.split("\n```").step_by(2);
    outside.flat_map(|text| text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// The words of a command; quotes keep words together.
fn words(command: &str) -> Vec<String> {
    let part = |(index, part): (usize, &str)| match index % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect(),
        _ => vec![part.to_owned()],
    };
    command.split('"').enumerate().flat_map(part).collect()
}

fn logparser(folder: &Path, arguments: &[String]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_under-test"));
    command.current_dir(folder).args(arguments).output().expect("the program starts")
}

/// Both streams of a command that failed.
fn scene(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!(
        "{}\n--- standard output\n{}--- standard error\n{}",
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    )
}

fn help(arguments: &[&str]) -> String {
    let arguments: Vec<String> = arguments.iter().chain(&["--help"]).map(|word| (*word).to_owned()).collect();
    let output = logparser(&root(), &arguments);
    assert!(output.status.success(), "logparser {}: {}", arguments.join(" "), scene(&output));
    String::from_utf8(output.stdout).expect("the help is text")
}

/// The example with the sections of a snippet in the place of its own.
fn composed(snippet: &str) -> String {
    let headers: BTreeSet<&str> = snippet.lines().filter(|line| line.starts_with('[')).collect();
    let mut keep = true;
    let mut profile = String::new();
    for line in EXAMPLE.lines() {
        if line.starts_with('[') {
            keep = !headers.contains(line);
        }
        if keep {
            profile += &format!("{line}\n");
        }
    }
    profile + snippet
}

/// What becomes of each line of the README's commands.
enum Try {
    /// Runs in a folder with a profile.
    Logparser(Vec<String>),
    /// Must be known to the command line.
    Arguments(Vec<String>),
    /// Is an alias of cargo for a binary of the tests.
    Alias(String),
    /// Is run by `.ci/run`.
    Ci,
    /// Is run with the developer's plugin.
    Plugin,
    /// Tests of a package in their long form, which a variable asks for.
    Long { variable: String, package: String },
    /// Installs the package in a folder.
    Install(String),
    /// A script of the repository, which takes too long here.
    Script(String),
}

fn classify(command: &str, line: usize) -> Try {
    if let Some((variable, test)) = command.split_once("=").filter(|(name, _)| !name.contains(' '))
        && let [_, "cargo", "test", "--release", "--package", package, ..] = test.split(' ').collect::<Vec<_>>()[..]
    {
        return Try::Long { variable: variable.to_owned(), package: package.to_owned() };
    }
    if let Some(arguments) = command.strip_prefix("logparser ") {
        return Try::Logparser(words(arguments));
    }
    if let Some((_, arguments)) = command.split_once(" logparser ").or(command.split_once("cargo run --release -- ")) {
        return Try::Arguments(words(arguments));
    }
    if let Some(folder) = command.strip_prefix("cargo install --locked --path ") {
        return Try::Install(folder.to_owned());
    }
    if developers_commands().contains(&command.to_owned()) {
        return Try::Plugin;
    }
    match command.split(' ').collect::<Vec<_>>()[..] {
        ["cargo", alias] | ["cargo", alias, "serve" | "--beside"] => Try::Alias(alias.to_owned()),
        [script, ..] if script.ends_with(".sh") => Try::Script(script.to_owned()),
        ["cargo", "test", .., "--workspace"] => Try::Ci,
        _ => panic!("README line {line}: nothing here tries `{command}`"),
    }
}

fn developers_commands() -> Vec<String> {
    only_block("sh", "rustup target add").text.lines().map(str::to_owned).collect()
}

fn commands() -> Vec<(usize, Try)> {
    let shells = blocks().into_iter().filter(|block| ["sh", "crontab"].contains(&block.language.as_str()));
    let lines = shells.flat_map(|block| {
        let numbered = (block.line + 1..).zip(block.text.lines());
        numbered.map(|(number, line)| (number, classify(line, number))).collect::<Vec<_>>()
    });
    lines.collect()
}

#[test]
fn supports_commands_work_on_a_fleet() {
    let fleet = Fleet::start(&FleetOptions { instances: 3, ..FleetOptions::default() }).expect("a fleet");
    let folder = tempfile::tempdir().expect("a folder");
    let mut list = String::from("name,address\n");
    for instance in fleet.instances() {
        list += &format!("{},http://{}\n", instance.name(), instance.address());
    }
    fs::write(folder.path().join("instances.csv"), list).expect("a list");
    let log = "2026-10-12 05:48:29,658 [26] INFO  App.Session - Session 1 started by u1 version 4.2.1\n";
    fs::write(folder.path().join("app.log"), log).expect("a log");
    let mut tried = 0;
    for (line, command) in commands() {
        let Try::Logparser(arguments) = command else { continue };
        let output = logparser(folder.path(), &arguments);
        assert!(output.status.success(), "README line {line}: {}", scene(&output));
        tried += 1;
    }
    assert!(tried >= 5, "{tried} commands of logparser in the README");
    for file in ["store/mirror", "store/catalog.sqlite", "store/compiled", "reports/report.html", "reports/report.json"]
    {
        assert!(folder.path().join(file).exists(), "the README promises {file}");
    }
}

#[test]
fn the_other_commands_exist() {
    let aliases = fs::read_to_string(root().join(".cargo/config.toml")).expect("the aliases");
    let mut tests = Vec::new();
    for (line, command) in commands() {
        match command {
            Try::Logparser(_) | Try::Plugin => {}
            Try::Arguments(arguments) => {
                help(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
            }
            Try::Alias(alias) => {
                let expected = format!("{alias} = \"run --release --package logparser-tests --bin {alias} --\"");
                assert!(aliases.contains(&expected), "README line {line}: no such alias of cargo: {expected}");
                let source = root().join(format!("tests/src/bin/{alias}.rs"));
                assert!(source.is_file(), "README line {line}: {} is missing", source.display());
            }
            Try::Ci => tests.push(line),
            Try::Long { variable, package } => {
                let (folder, file) = match package.as_str() {
                    "logparser" => ("engine", "engine/src/fetch/tests/history.rs"),
                    _ => ("tests", "tests/tests/kill.rs"),
                };
                let manifest = fs::read_to_string(root().join(folder).join("Cargo.toml")).expect("a package");
                assert!(manifest.contains(&format!("name = \"{package}\"")), "README line {line}: no {package}");
                let test = fs::read_to_string(root().join(file)).expect("a test");
                assert!(test.contains(&format!("\"{variable}\"")), "README line {line}: {file} knows no {variable}");
            }
            Try::Install(package) => {
                let manifest = fs::read_to_string(root().join(package).join("Cargo.toml")).expect("a package");
                assert!(manifest.contains("name = \"logparser\""), "README line {line}: another package");
            }
            Try::Script(script) => assert!(root().join(&script).is_file(), "README line {line}: no {script}"),
        }
    }
    assert_eq!(tests.len(), 1, "one command passes all tests: `.ci/run` takes it from the README");
    let ci = fs::read_to_string(root().join(".ci/run")).expect("the checks of a clean clone");
    assert!(ci.contains("README.md"), "`.ci/run` takes the test command from the README");
    let demo = Command::new(env!("CARGO_BIN_EXE_demo")).arg("nonsense").output().expect("the demo starts");
    assert!(scene(&demo).contains("serve"), "{}", scene(&demo));
}

/// Writes the README's units of systemd into a folder, with the program under test and a profile in it.
fn write_units(folder: &Path, units: &[Block]) {
    for Block { line, text, .. } in units {
        let path = text.lines().next().and_then(|first| first.strip_prefix("# /etc/systemd/system/"));
        let path = folder.join(path.unwrap_or_else(|| panic!("README line {line}: a unit says where it stands")));
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        let text = text.replace("/usr/local/bin/logparser", env!("CARGO_BIN_EXE_under-test"));
        fs::write(path, text.replace("/etc/logparser", &folder.display().to_string())).expect("a unit");
    }
}

/// The commands of a unit that are not empty.
fn starts(unit: &str) -> impl Iterator<Item = Vec<String>> {
    let starts = unit.lines().filter_map(|line| line.strip_prefix("ExecStart="));
    starts.filter(|start| !start.is_empty()).map(|start| words(start)[1..].to_vec())
}

#[test]
#[cfg(unix)]
fn the_units_of_systemd_are_right_and_their_commands_run() {
    let fleet = Fleet::start(&FleetOptions { instances: 3, ..FleetOptions::default() }).expect("a fleet");
    let folder = tempfile::tempdir().expect("a folder");
    fleet.write_profile(folder.path()).expect("a profile");
    let units = blocks_of("ini", "# /etc/systemd/system/");
    assert_eq!(units.len(), 3, "a service, a drop-in and a timer");
    for Block { line, text, .. } in &units {
        let right = |line: &str| {
            let key = |key: &str| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphabetic());
            line.is_empty() || line.starts_with(['#', '[']) || line.split_once('=').is_some_and(|(name, _)| key(name))
        };
        assert!(text.lines().all(right), "README line {line}: no unit\n{text}");
    }
    // The service by itself, and then with the timer and the drop-in.
    for (units, unit) in [(&units[..1], "logparser.service"), (&units[..], "logparser.timer")] {
        write_units(folder.path(), units);
        let mut systemd = Command::new("systemd-analyze");
        systemd
            .args(["verify", "--man=no"])
            .arg(folder.path().join(unit))
            .env("SYSTEMD_UNIT_PATH", format!("{}:", folder.path().display()));
        match systemd.output() {
            Ok(output) => assert!(output.status.success() && output.stderr.is_empty(), "{unit}: {}", scene(&output)),
            Err(missing) => eprintln!("systemd's own check is left out: {missing}"),
        }
        let text = fs::read_to_string(folder.path().join("logparser.service")).expect("a service");
        let drop_in = fs::read_to_string(folder.path().join("logparser.service.d/timer.conf")).unwrap_or_default();
        let [start] = &starts(if drop_in.is_empty() { &text } else { &drop_in }).collect::<Vec<_>>()[..] else {
            panic!("{unit} has one command");
        };
        let report = folder.path().join("reports/report.html");
        let _ = fs::remove_file(&report);
        let mut command = Command::new(env!("CARGO_BIN_EXE_under-test"));
        let mut running = command.args(start).stderr(Stdio::null()).stdout(Stdio::null()).spawn().expect("it starts");
        let goes_on = drop_in.is_empty();
        let begun = Instant::now();
        while goes_on && !report.exists() && begun.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(10));
        }
        if goes_on {
            let sent = Command::new("kill").args(["-TERM", &running.id().to_string()]).status();
            assert!(sent.expect("`kill` starts").success(), "{unit}: it ended before it was asked to");
        }
        assert_eq!(running.wait().expect("a process").code(), Some(0), "{unit}: {start:?}");
        assert!(report.exists(), "{unit}: {start:?} publishes a report");
    }
}

#[test]
fn the_tables_name_what_there_is() {
    let (readme, main) = (readme(), help(&[]));
    let listed = main.split("Commands:").nth(1).and_then(|text| text.split("\n\n").next()).expect("a list of commands");
    let known: BTreeSet<&str> = listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let row =
        |line: &'_ str| line.strip_prefix("| `logparser ").and_then(|rest| rest.split('`').next().map(str::to_owned));
    let mut shown: BTreeSet<String> = readme.lines().filter_map(row).collect();
    shown.insert("help".to_owned());
    assert_eq!(shown.iter().map(String::as_str).collect::<BTreeSet<_>>(), known, "commands");

    let codes = |text: &str, before: &str| -> BTreeSet<String> {
        let number =
            |line: &str| line.strip_prefix(before)?.chars().next().filter(char::is_ascii_digit).map(String::from);
        text.lines().filter_map(number).collect()
    };
    assert_eq!(codes(&readme, "| "), codes(&main, "  "), "exit codes");

    let flags = [help(&["run"]), help(&["signatures"])].concat();
    for code in inline_codes(&readme).iter().filter(|code| code.starts_with("--")) {
        let flag = code.split_whitespace().next().expect("a flag");
        assert!(flags.contains(&format!("{flag} ")) || flags.contains(&format!("{flag}\n")), "no flag {flag}");
    }

    let proposal = only_block("text", "help: `items` decides").text;
    let case = fs::read_to_string(root().join("tests/tests/probe/items_elsewhere.case")).expect("a case of the probe");
    assert!(case.contains(&proposal), "the README shows another proposal than a probe");
    let detected = only_block("text", "[format]").text;
    let log = root().join("tests/tests/formats/german.log").display().to_string();
    let output = logparser(&root(), &["format", "detect", log.as_str()].map(str::to_owned));
    assert_eq!(String::from_utf8_lossy(&output.stdout), detected, "the README shows another proposal");

    for plugin in EMBEDDED_PLUGINS {
        assert!(readme.contains(&format!("\n| `{plugin}` | ")), "the KPI {plugin} is not in the README");
    }
}

#[test]
fn the_profiles_load() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("instances.csv"), only_block("csv", "name,address").text).expect("a list");
    fs::create_dir_all(folder.path().join("bundles/WS-0001")).expect("a folder");
    let snippets = blocks_of("toml", "# fleet.toml");
    assert!(snippets.len() >= 3, "{} profiles in the README", snippets.len());
    for Block { line, text, .. } in snippets {
        let path = folder.path().join("fleet.toml");
        fs::write(&path, composed(&text)).expect("a profile");
        let profile = profile::load(&path).unwrap_or_else(|faults| panic!("README line {line}:\n{faults}"));
        let kpis = Kpis::load(&profile).expect("WebAssembly runs here");
        assert!(kpis.refused.is_empty(), "README line {line}: {:?}", kpis.refused);
        // The developer's plugin is built by a test of its own.
        let broken: Vec<&str> = kpis.broken.iter().map(|(_, kpi, _)| kpi.name.as_str()).collect();
        assert!(broken.iter().all(|name| text.contains(&format!("[kpi.{name}]\nplugin = "))), "README line {line}");
    }
}

/// Runs cargo on the developer's plugin. The target folder stays: only the plugin and the SDK are built each time.
fn cargo(folder: &Path, target: &Path, command: &str) {
    let arguments = command.strip_prefix("cargo ").expect("a command of cargo");
    let mut cargo = Command::new(env!("CARGO"));
    // The workspace's lock file names what is downloaded already.
    cargo.current_dir(folder).args(words(arguments)).arg("--offline").env("CARGO_TARGET_DIR", target);
    let output = cargo.output().expect("cargo starts");
    assert!(output.status.success(), "{command}: {}", scene(&output));
}

#[test]
fn the_developers_plugin_is_built_tested_and_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme-plugin");
    let seats = folder.path().join("seats");
    fs::create_dir_all(seats.join("src")).expect("a folder");
    let manifest = only_block("toml", "# seats/Cargo.toml").text;
    let sdk = root().join("plugin-sdk");
    assert!(manifest.contains("\"../logparser/plugin-sdk\""));
    let manifest = manifest.replace("\"../logparser/plugin-sdk\"", &format!("{:?}", sdk.display().to_string()));
    fs::write(seats.join("Cargo.toml"), manifest).expect("a manifest");
    fs::write(seats.join("src/lib.rs"), only_block("rust", "//! Shared seats").text).expect("a source");
    fs::copy(root().join("Cargo.lock"), seats.join("Cargo.lock")).expect("a lock file");
    for command in developers_commands().iter().filter(|command| command.starts_with("cargo ")) {
        cargo(&seats, &target, command);
    }

    let snippet = only_block("toml", "[kpi.seats]").text;
    let snippet = snippet.replace("seats/target", &target.display().to_string());
    let profile = composed(&format!("[fleet]\nfolder = \"bundles\"\n\n{snippet}"));
    fs::write(folder.path().join("fleet.toml"), profile).expect("a profile");
    for (instance, users) in [("desk", ["ann", "ann"]), ("studio", ["ann", "ben"])] {
        let bundle = folder.path().join("bundles").join(instance);
        fs::create_dir_all(&bundle).expect("a folder");
        let start =
            |user| format!("2026-10-12 08:00:00,000 [1] INFO  App.Session - Session 1 started by {user} version 4.2\n");
        fs::write(bundle.join("app.log"), users.map(start).concat()).expect("a log");
    }
    let output = logparser(folder.path(), &["run".to_owned()]);
    assert!(output.status.success(), "{}", scene(&output));
    let json = fs::read_to_string(folder.path().join("reports/report.json")).expect("a report");
    let report: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let sections = report["sections"].as_array().expect("sections");
    let section = sections.iter().find(|section| section["kpi"] == "seats").expect("a section of the plugin");
    assert_eq!((&section["title"], &section["state"]), (&"Shared seats".into(), &"ok".into()));
    assert_eq!(section["items"][0]["value"], serde_json::json!({ "percent": 0.5 }), "{section:#}");
}

#[test]
fn links_and_paths_lead_somewhere() {
    let folders = ["engine", "reports", "plugin-sdk", "plugins", "tests"];
    for name in ["README.md", "ARCHITECTURE.md"] {
        let text = fs::read_to_string(root().join(name)).expect(name);
        let outside: Vec<&str> = text.split("\n```").step_by(2).collect();
        let anchors: BTreeSet<String> = outside
            .iter()
            .flat_map(|text| text.lines())
            .filter(|line| line.starts_with('#'))
            .map(|line| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-"))
            .map(|line| line.chars().filter(|c| c.is_alphanumeric() || *c == '-').collect())
            .collect();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            match link.strip_prefix('#') {
                Some(anchor) => assert!(anchors.contains(anchor), "{name}: no heading for #{anchor}: {anchors:?}"),
                None if link.starts_with("https://") => {}
                None => assert!(root().join(link).exists(), "{name}: {link} is not there"),
            }
        }
        for code in inline_codes(&text).iter().filter(|code| code.contains('/') && !code.contains([' ', '*', '{'])) {
            if folders.contains(&code.split('/').next().expect("a folder")) {
                assert!(root().join(code).exists(), "{name}: `{code}` is not there");
            }
        }
    }
}
