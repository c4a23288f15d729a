//! Fetching from web servers that nobody here wrote, over logs that `logrotate` rotates between runs and during them.

#![cfg(unix)]

mod scene;
mod webserver;

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, SystemTime};

use logparser::catalog::Catalog;
use logparser::mirror::Mirror;
use logparser_tests::fleet::profile_text;
use logparser_tests::story::{FolderPlan, Layout, Rotation, instance_name, write_fleet};
use scene::{MAIN, Scene};
use serde_json::json;
use webserver::{Asked, WebServer, installed, logrotate};

/// How files are rotated: a word, and what `logrotate` is told.
const ROTATIONS: [(&str, &str); 4] = [
    ("rename", "create 0644"),
    ("copytruncate", "copytruncate"),
    ("delaycompress", "create 0644\ncompress\ndelaycompress"),
    ("dateext", "create 0644\ncompress\ndateext\ndateformat -%Y%m%d-%s"),
];

/// A name with all that means something in a URL, in HTML or in JSON.
const ODD: &str = "odd ü %41+&;=:'\"<b>?#.log";

/// The log of one instance, and what was written to it.
struct Log {
    folder: PathBuf,
    settings: PathBuf,
    /// What will be written, and how much of it was.
    text: Vec<u8>,
    written: usize,
    /// The file's lives, the last one goes on.
    lives: Vec<Vec<u8>>,
}

impl Log {
    fn new(scene: &Scene, index: u32, text: Vec<u8>) -> Log {
        let (word, manner) = ROTATIONS[index as usize];
        let folder = scene.path("logs").join(word);
        fs::create_dir_all(&folder).expect("a folder");
        let settings = scene.path(&format!("{word}.conf"));
        let file = folder.join("app.log");
        fs::write(&settings, format!("{} {{\nrotate 100\n{manner}\n}}\n", file.display())).expect("settings");
        let mut log = Log { folder, settings, text, written: 0, lives: vec![Vec::new()] };
        log.write_to(ODD, 30);
        log.lives.push(Vec::new());
        log
    }

    /// So many of a thousand of the whole, up to the end of a line.
    fn write(&mut self, permille: usize) {
        self.write_to("app.log", permille);
    }

    fn write_to(&mut self, name: &str, permille: usize) {
        let end = (self.written + self.text.len() * permille / 1000).min(self.text.len());
        let end = end + self.text[end..].iter().position(|byte| *byte == b'\n').map_or(0, |line| line + 1);
        let more = &self.text[self.written..end];
        let mut file = OpenOptions::new().create(true).append(true).open(self.folder.join(name)).expect("a log");
        file.write_all(more).expect("a disk with room");
        self.lives.last_mut().expect("a life").extend_from_slice(more);
        self.written = end;
    }

    fn rotate(&mut self) {
        logrotate(&self.settings);
        self.lives.push(Vec::new());
    }

    fn files(&self) -> Vec<PathBuf> {
        fs::read_dir(&self.folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect()
    }

    /// Lets two days pass since the last write.
    fn age(&self) {
        for (number, path) in self.files().into_iter().enumerate() {
            let long_ago = SystemTime::now() - Duration::from_secs(2 * 86_400 + number as u64);
            File::options().append(true).open(path).expect("a log").set_modified(long_ago).expect("a time");
        }
    }

    fn expected(&self) -> Vec<Vec<u8>> {
        let mut lives = self.lives.clone();
        lives.retain(|life| !life.is_empty());
        lives.sort();
        lives
    }
}

/// What is stored of an instance, each generation by itself; nothing may be missing from any.
fn stored(scene: &Scene, profile: &str, instance: &str) -> Vec<Vec<u8>> {
    let store = scene.store(profile);
    let catalog = Catalog::open_to_read(&store).expect("a catalog");
    let mirror = Mirror::open(&store);
    let row = catalog.instances().expect("instances").into_iter().find(|row| row.name == instance);
    let generations = catalog.generations(row.expect("an instance").id).expect("generations");
    let mut stored: Vec<_> = generations
        .iter()
        .map(|generation| {
            // An index of minutes and rounded sizes may hide that a file went by: then it says that bytes may be missing.
            let may_hide = instance.starts_with("table-") && generation.gap == Some(0);
            assert!(generation.gap.is_none() || may_hide, "{instance}: {generation:?}");
            let chunks = catalog.chunks(generation.id).expect("chunks");
            let mut bytes = Vec::new();
            let reader = mirror.reader(&chunks, 0, generation.committed);
            reader.expect("no holes").read_to_end(&mut bytes).expect("bytes");
            bytes
        })
        .collect();
    stored.retain(|bytes| !bytes.is_empty());
    stored.sort();
    stored
}

/// What a listing tells of files that are two days old.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tells {
    /// Enough to see that nothing is new.
    Enough,
    /// Names alone: every file has to be asked.
    Names,
}

/// A scene whose fleet has every listing over every rotation: `LISTING-ROTATION`.
fn scene_of(start: fn(&Path, &Path) -> WebServer, kinds: &[(&str, &str)]) -> (Scene, WebServer) {
    let scene = Scene::empty();
    fs::create_dir(scene.path("logs")).expect("a folder");
    // The server may be another user.
    fs::set_permissions(scene.path(""), Permissions::from_mode(0o755)).expect("a folder of ours");
    let server = start(&scene.path("server"), &scene.path("logs"));
    let mut source = "[fleet]\ninclude = [\"*.log*\"]\ninstances = [\n".to_owned();
    for (listing, _) in kinds {
        for (rotation, _) in ROTATIONS {
            let address = format!("{}/{listing}/{rotation}", server.address());
            source +=
                &format!("{{ name = \"{listing}-{rotation}\", address = \"{address}\", tags = [\"{listing}\"] }},\n");
        }
    }
    source += "]\n[api]\nlist = \"{address}/\"\nfetch = \"{address}/{name}\"\noverride = [\n";
    for (listing, kind) in kinds {
        source += &format!("{{ tags = [\"{listing}\"], list_kind = \"{kind}\" }},\n");
    }
    source += "]\n";
    scene.add_profile(MAIN, &profile_text(&source, Layout::Log4net));
    (scene, server)
}

fn logs_of(scene: &Scene) -> Vec<Log> {
    let whole = tempfile::tempdir().expect("a folder");
    let rotation = Rotation { file_bytes_max: 10_000_000, files_max: 1 };
    let instances = ROTATIONS.len() as u32;
    let plan = FolderPlan { instances, bytes_target: 400_000, rotation, ..FolderPlan::default() };
    write_fleet(whole.path(), &plan).expect("logs");
    let read = |index| fs::read(whole.path().join(instance_name(index)).join("app.log")).expect("a log");
    (0..instances).map(|index| Log::new(scene, index, read(index))).collect()
}

/// Runs; the server saw as many requests as the engine counted.
fn run(scene: &Scene, server: &mut WebServer) -> Vec<Asked> {
    let ran = scene.run_to(MAIN, 0);
    server.asked(ran.number("/fetch/totals/requests"))
}

fn must_be_stored(scene: &Scene, profile: &str, kinds: &[(&str, &str)], logs: &[Log]) {
    for (listing, _) in kinds {
        for (log, (rotation, _)) in logs.iter().zip(ROTATIONS) {
            let instance = format!("{listing}-{rotation}");
            let (found, expected) = (stored(scene, profile, &instance), log.expected());
            let lengths = |lives: &[Vec<u8>]| lives.iter().map(Vec::len).collect::<Vec<_>>();
            assert!(found == expected, "{profile} {instance}: {:?}, not {:?}", lengths(&found), lengths(&expected));
        }
    }
}

fn play(start: fn(&Path, &Path) -> WebServer, kinds: &[(&str, &str)], tells: impl Fn(&str) -> Tells) {
    let (scene, mut server) = scene_of(start, kinds);
    let mut logs = logs_of(&scene);
    let each = |logs: &mut [Log], what: &dyn Fn(&mut Log)| logs.iter_mut().for_each(what);

    each(&mut logs, &|log| log.write(200));
    run(&scene, &mut server);
    must_be_stored(&scene, MAIN, kinds, &logs);

    // What was appended is asked for by its range, and nothing else crosses the wire.
    each(&mut logs, &|log| log.write(50));
    let asked = run(&scene, &mut server);
    for (listing, _) in kinds {
        for (log, (rotation, _)) in logs.iter().zip(ROTATIONS) {
            let path = format!("/{listing}/{rotation}/app.log");
            let ranged: Vec<_> = asked.iter().filter(|asked| asked.path == path).collect();
            let [one] = ranged[..] else { panic!("{path}: {ranged:?}") };
            assert_eq!(one.status, 206, "{one:?}");
            assert!(one.range.is_some() && one.bytes < 4_096 + log.text.len() as u64 * 52 / 1000, "{one:?}");
        }
    }
    must_be_stored(&scene, MAIN, kinds, &logs);

    // One rotation between two runs, then two.
    for rotations in [1, 2] {
        for _ in 0..rotations {
            each(&mut logs, &|log| log.write(50));
            each(&mut logs, &Log::rotate);
            // The names of `dateext` tell seconds.
            thread::sleep(Duration::from_millis(1_050));
        }
        each(&mut logs, &|log| log.write(50));
        run(&scene, &mut server);
        must_be_stored(&scene, MAIN, kinds, &logs);
    }

    // Writing and rotating while runs go on.
    let logs = Mutex::new(logs);
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for step in 1..=37 {
                let mut logs = logs.lock().expect("no writer panics");
                each(&mut logs, &|log| log.write(10));
                if step % 12 == 0 {
                    each(&mut logs, &Log::rotate);
                }
                drop(logs);
                thread::sleep(Duration::from_millis(90));
            }
        });
        while !writer.is_finished() {
            let ran = scene.run(MAIN);
            server.asked(ran.number("/fetch/totals/requests"));
        }
    });
    let mut logs = logs.into_inner().expect("no writer panics");
    run(&scene, &mut server);
    must_be_stored(&scene, MAIN, kinds, &logs);
    let packed = |log: &Log| log.files().iter().filter(|path| path.extension().is_some_and(|end| end == "gz")).count();
    assert_eq!(logs.iter().map(packed).collect::<Vec<_>>(), [0, 0, 5, 6]);

    // Nothing new, for two days.
    each(&mut logs, &|log| log.age());
    run(&scene, &mut server);
    let asked = run(&scene, &mut server);
    for (listing, _) in kinds {
        for (log, (rotation, _)) in logs.iter().zip(ROTATIONS) {
            let folder = format!("/{listing}/{rotation}/");
            let files = if tells(listing) == Tells::Enough { 0 } else { log.files().len() };
            let own: Vec<_> = asked.iter().filter(|asked| asked.path.starts_with(&folder)).collect();
            assert_eq!(own.len(), 1 + files, "{folder}: {own:#?}");
            assert_eq!(own[0].path, folder);
        }
    }
    must_be_stored(&scene, MAIN, kinds, &logs);

    // All of it at once tells the same.
    scene.beside("clean");
    let ran = scene.run_to("clean", 0);
    server.asked(ran.number("/fetch/totals/requests"));
    must_be_stored(&scene, "clean", kinds, &logs);
    scene.published(MAIN).must_be(&scene.published("clean"), "fetched step by step, and at once");
    assert_eq!(scene.report(MAIN).coverage.gaps.len(), 0);

    // A name that is no text is refused by itself.
    each(&mut logs, &|log| fs::write(log.folder.join(OsStr::from_bytes(b"caf\xe9.log")), "x\n").expect("a file"));
    let summary = scene.run_to(MAIN, 1).summary();
    let outcomes = summary["fetch"]["instances"].as_array().expect("instances");
    assert_eq!(outcomes.len(), kinds.len() * ROTATIONS.len());
    for outcome in outcomes {
        let found = [&outcome["state"], &outcome["cause"]["class"], &outcome["files"]["failed"]];
        assert_eq!(found, [&json!("partial"), &json!("name"), &json!(1)], "{outcome}");
    }
    must_be_stored(&scene, MAIN, kinds, &logs);
}

#[test]
fn nginx_with_its_listings() {
    if installed(&["nginx", "logrotate", "setpriv"]) {
        let kinds = [("json", "nginx"), ("html", "html"), ("rounded", "html")];
        play(WebServer::nginx, &kinds, |_| Tells::Enough);
    }
}

#[test]
fn apache_with_its_indexes() {
    if installed(&["apache2", "logrotate", "setpriv"]) {
        let kinds = [("plain", "html"), ("fancy", "html"), ("table", "html")];
        play(WebServer::apache, &kinds, |listing| if listing == "plain" { Tells::Names } else { Tells::Enough });
    }
}
