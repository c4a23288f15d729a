//! The scene of a test: a folder, a fleet or a folder of logs, profiles over it, and the program under test.
//!
//! Every profile is a file `NAME.toml` with a store and an output of its own, so that runs over the same logs can be
//! compared. A test that fails prints the whole scene: profiles, runs with both streams, requests served, files.

#![allow(dead_code, reason = "every test file takes its part")]

mod figures;
mod recovery;
mod running;
pub mod serving;
mod warm;

use std::cell::RefCell;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use logparser_reports::Report;
use logparser_tests::disk::sorted_entries;
use logparser_tests::fleet::{Fleet, profile_text};
use logparser_tests::story::Layout;
use tempfile::TempDir;

pub use figures::Figures;
pub use running::{Ran, Running};

/// The profile that every scene begins with.
pub const MAIN: &str = "main";
/// Requests of a fleet and characters of a stream that a failing test prints.
const REQUESTS_SHOWN: usize = 100;
const STREAM_SHOWN: usize = 6_000;

/// What a test plays in.
pub struct Scene {
    folder: TempDir,
    fleet: Option<Fleet>,
    ran: RefCell<Vec<Ran>>,
}

/// A published report, byte by byte.
#[derive(PartialEq, Eq)]
pub struct Published {
    pub html: Vec<u8>,
    pub json: Vec<u8>,
}

impl Scene {
    /// A fleet that answers over REST.
    pub fn rest(fleet: Fleet) -> Self {
        let mut scene = Self::empty();
        let written = fleet.write_profile(&scene.path("")).expect("a profile of the fleet");
        let text = fs::read_to_string(&written).expect("the profile of the fleet");
        fs::remove_file(written).expect("the fleet's own profile gives way");
        scene.fleet = Some(fleet);
        scene.add_profile(MAIN, &text);
        scene
    }

    /// A folder with one subfolder of logs an instance; `fill` is given its path.
    pub fn logs(layout: Layout, fill: impl FnOnce(&Path)) -> Self {
        let scene = Self::empty();
        fs::create_dir_all(scene.path("logs")).expect("a folder for logs");
        fill(&scene.path("logs"));
        scene.add_profile(MAIN, &profile_text("[fleet]\nfolder = \"logs\"\n", layout));
        scene
    }

    /// Nothing but a folder.
    pub fn empty() -> Self {
        Self { folder: TempDir::new().expect("a temporary folder"), fleet: None, ran: RefCell::default() }
    }

    /// A path in the scene's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The file of a profile.
    pub fn profile(&self, name: &str) -> PathBuf {
        self.path(&format!("{name}.toml"))
    }

    /// The fleet of a scene that has one.
    pub fn fleet(&mut self) -> &mut Fleet {
        self.fleet.as_mut().expect("a scene with a fleet")
    }

    /// The fleet, to look at.
    pub fn seen(&self) -> &Fleet {
        self.fleet.as_ref().expect("a scene with a fleet")
    }

    /// Writes a profile, with a store and an output of its own.
    pub fn add_profile(&self, name: &str, text: &str) {
        let own = format!("store = \"{name}/store\"\noutput = \"{name}/reports\"\n");
        fs::write(self.profile(name), own + text).expect("a profile");
        warm::provide(&self.store(name));
    }

    /// Another profile over the same logs, as the main one stands.
    pub fn beside(&self, name: &str) {
        let text = self.text(MAIN);
        let shared = text.splitn(3, '\n').nth(2).expect("two lines of its own, and the rest");
        self.add_profile(name, shared);
    }

    /// A profile's text.
    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.profile(name)).expect("a profile")
    }

    /// Replaces a part of a profile that must be there once.
    pub fn edit(&self, name: &str, from: &str, to: &str) {
        let text = self.text(name);
        assert_eq!(text.matches(from).count(), 1, "`{from}` in the profile {name}");
        fs::write(self.profile(name), text.replace(from, to)).expect("a profile");
    }

    /// Adds lines to the end of a profile.
    pub fn extend(&self, name: &str, lines: &str) {
        fs::write(self.profile(name), self.text(name) + lines).expect("a profile");
    }

    /// The store of a profile.
    pub fn store(&self, name: &str) -> PathBuf {
        self.path(name).join("store")
    }

    /// Fetches, analyses and publishes; the summary is JSON.
    pub fn run(&self, name: &str) -> Ran {
        self.logparser(name, &["run", "--json"])
    }

    /// As [`Scene::run`], and it must end with the exit code.
    pub fn run_to(&self, name: &str, code: i32) -> Ran {
        let ran = self.run(name);
        assert_eq!(ran.code, Some(code), "exit code of the last run");
        ran
    }

    /// Runs the program on a profile.
    pub fn logparser(&self, name: &str, arguments: &[&str]) -> Ran {
        let profile = self.profile(name);
        let profile = profile.to_str().expect("a path in UTF-8");
        self.start(&[&["--profile", profile], arguments].concat(), &[]).finish()
    }

    /// Starts the program with variables in its environment.
    pub fn start(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Running<'_> {
        Running::start(self, &[], arguments, environment)
    }

    /// Starts the program on a profile, by a command line that its own is added to.
    pub fn start_within(&self, within: &[&str], name: &str, arguments: &[&str]) -> Running<'_> {
        let profile = self.profile(name);
        let profile = profile.to_str().expect("a path in UTF-8");
        Running::start(self, within, &[&["--profile", profile], arguments].concat(), &[])
    }

    /// What was published for a profile.
    pub fn published(&self, name: &str) -> Published {
        let read = |file: &str| {
            let path = self.path(name).join("reports").join(file);
            fs::read(&path).unwrap_or_else(|cause| panic!("{}: {cause}", path.display()))
        };
        Published { html: read("report.html"), json: read("report.json") }
    }

    /// The report of a profile.
    pub fn report(&self, name: &str) -> Report {
        serde_json::from_slice(&self.published(name).json).expect("report.json is a report")
    }

    /// The figures of a KPI in the report of a profile.
    pub fn figures(&self, name: &str, kpi: &str) -> Figures {
        let report = self.report(name);
        let section = report.sections.into_iter().find(|section| section.kpi == kpi);
        Figures(section.unwrap_or_else(|| panic!("no section {kpi} in the report of {name}")))
    }

    /// The whole scene, for a person.
    fn tell(&self) -> String {
        let mut told = String::from("\n======== the scene ========\n");
        let mut say = |text: String| told.extend([text.as_str(), "\n"]);
        for path in sorted_entries(self.folder.path()).unwrap_or_default() {
            if path.extension().is_some_and(|extension| extension == "toml") {
                let text = fs::read_to_string(&path).unwrap_or_else(|cause| cause.to_string());
                say(format!("---- {}\n{text}", path.display()));
            }
        }
        for ran in self.ran.borrow().iter() {
            say(format!("---- {ran}"));
        }
        if let Some(fleet) = &self.fleet {
            let asked =
                fleet.instances().flat_map(|one| one.requests().into_iter().map(|r| (one.name().to_owned(), r)));
            let asked: Vec<_> = asked.collect();
            say(format!("---- {} requests since the last reset", asked.len()));
            for (name, request) in asked.iter().take(REQUESTS_SHOWN) {
                let range = request.range.as_deref().unwrap_or("whole");
                say(format!("{name} {} {range}: {}, {} bytes", request.path, request.status, request.body_bytes));
            }
        }
        say("---- files".to_owned());
        list(self.folder.path(), self.folder.path(), &mut told);
        told
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.tell());
        }
    }
}

impl Published {
    /// Fails where two reports are not the same bytes, and shows the first lines that differ. What the last fetch made
    /// of the files, and what it saw of clocks, is left out: that tells of the run, all else tells of the logs.
    pub fn must_be(&self, other: &Self, what: &str) {
        let (one, two) = (self.of_the_logs(), other.of_the_logs());
        for (file, left, right) in [("report.json", &one.json, &two.json), ("report.html", &one.html, &two.html)] {
            assert!(left == right, "{what}: {file} differs\n{}", first_difference(left, right));
        }
    }
}

impl Published {
    fn of_the_logs(&self) -> Self {
        let mut json: serde_json::Value = serde_json::from_slice(&self.json).expect("report.json is JSON");
        json["coverage"]["files_fetched"].take();
        for instance in json["coverage"]["instances"].as_array_mut().expect("instances") {
            instance["fetched"].take();
            instance["clock_skew_ms"].take();
        }
        let html = String::from_utf8(self.html.clone()).expect("report.html is UTF-8");
        let cut = html.split_once("<summary><h3>Files in the last fetch").and_then(|(before, rest)| {
            let (_, after) = rest.split_once("</table>")?;
            Some([before, after].concat())
        });
        let json = serde_json::to_vec_pretty(&json).expect("JSON");
        Self { html: cut.unwrap_or(html).into_bytes(), json }
    }
}

fn first_difference(left: &[u8], right: &[u8]) -> String {
    let (left, right) = (String::from_utf8_lossy(left), String::from_utf8_lossy(right));
    let lines = left.lines().zip(right.lines()).enumerate();
    let mut told = String::new();
    for (number, (left, right)) in lines.filter(|(_, (left, right))| left != right).take(5) {
        // Writing to a string cannot fail.
        let _ = writeln!(told, "line {}:\n  - {}\n  + {}", number + 1, clip(left, 300), clip(right, 300));
    }
    told
}

/// The beginning of a text that is too long to read.
fn clip(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

fn list(root: &Path, folder: &Path, told: &mut String) {
    for path in sorted_entries(folder).unwrap_or_default() {
        if path.is_dir() {
            list(root, &path, told);
        } else {
            let bytes = fs::metadata(&path).map_or(0, |metadata| metadata.len());
            let name = path.strip_prefix(root).unwrap_or(&path);
            let _ = writeln!(told, "{bytes:>10} {}", name.display());
        }
    }
}
