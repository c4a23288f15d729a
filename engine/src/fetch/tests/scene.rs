//! One store, the instances that are fetched into it, and what is found there afterwards.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use globset::{Glob, GlobSet, GlobSetBuilder};

use super::certificates::{Authority, Secure};
use super::rest_settings;
use super::server::Server;
use crate::catalog::{Catalog, Gap, Generation, InstanceRow};
use crate::fetch::{FetchSummary, InstanceOutcome, fetch};
use crate::mirror::{LockError, Mirror, StoreLock};
use crate::profile::{FileFilter, Instance, Keep, Period, Profile, ReportSettings, Rest, Source};
use crate::upkeep::{Terms, upkeep};

/// The profile of every case.
pub const PROFILE: &str = r#"
[fleet]
instances = []
include = ["*"]
[api]
list = "{address}/files"
items = "/files"
size = "/size"
modified = "/mtime"
etag = "/etag"
fetch = "{address}/files/{name}"
[limits]
concurrency = 8
headers_timeout = "1s"
progress_timeout = "1s"
instance_timeout = "20s"
tries = 2
[format]
kind = "pattern"
pattern = "{timestamp} {body}"
timestamp = "%FT%T"
"#;

/// A folder that goes with its owner.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Folder {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("logparser-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a temporary folder");
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Bytes of a file; a failing test shows them in short.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Content(pub Vec<u8>);

impl fmt::Debug for Content {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = String::from_utf8_lossy(&self.0[..self.0.len().min(30)]);
        let tail = String::from_utf8_lossy(&self.0[self.0.len().saturating_sub(30)..]);
        write!(formatter, "{} bytes {head:?}..{tail:?}", self.0.len())
    }
}

impl<T: AsRef<[u8]>> PartialEq<T> for Content {
    fn eq(&self, other: &T) -> bool {
        self.0 == other.as_ref()
    }
}

/// A generation as the analysis would read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub path: String,
    pub live: bool,
    pub gap: Option<Gap>,
    pub bytes: Content,
}

pub struct Scene {
    pub server: Server,
    pub profile: Profile,
    /// Vouches for the server.
    authority: Option<Authority>,
    _folder: Folder,
}

impl Scene {
    /// One instance `one` at a server without files.
    pub fn new() -> Scene {
        let server = Server::start();
        let folder = Folder::new();
        let profile =
            profile(&folder.0.join("store"), Source::Rest(Box::new(rest_settings())), &[("one", &server.address)]);
        Scene { server, profile, authority: None, _folder: folder }
    }

    /// The same, by a profile with more in its `[api]` and `[limits]`, and with instances that nobody answers for.
    ///
    /// Beside the profile of a secure server lie `company-ca.pem` of its authority and a client's `company.pem` with
    /// `company.key`; the same of an authority `other`; and an expired client's `late.pem`.
    pub fn of_profile(api: &toml::Table, limits: &toml::Table, dead: usize, secure: Option<&Secure>) -> Scene {
        let folder = Folder::new();
        let authority = secure.map(|_| Authority::new("company"));
        if let Some(authority) = &authority {
            authority.write(&folder.0, "late", (2000, 2020));
            authority.write(&folder.0, "company", (2000, 4000));
            Authority::new("other").write(&folder.0, "other", (2000, 4000));
        }
        let server =
            Server::start_as(authority.as_ref().zip(secure).map(|(authority, secure)| authority.server(secure)));
        let mut profile: toml::Table = toml::from_str(PROFILE).expect("a profile");
        for (name, more) in [("api", api), ("limits", limits)] {
            let section = profile[name].as_table_mut().expect("a section");
            section.extend(more.clone());
        }
        // Nothing listens at the lowest ports, which the system gives to nobody.
        let dead = (1..=dead).map(|number| (format!("dead-{number}"), format!("http://127.0.0.9:{number}")));
        let instances = [("one".to_owned(), server.address.clone())].into_iter().chain(dead).map(|(name, address)| {
            toml::Value::Table(
                [("name".to_owned(), name.into()), ("address".to_owned(), address.into())].into_iter().collect(),
            )
        });
        profile["fleet"]["instances"] = toml::Value::Array(instances.collect());
        let path = folder.0.join("fleet.toml");
        fs::write(&path, profile.to_string()).expect("a profile");
        let profile = crate::profile::load(&path).unwrap_or_else(|faults| panic!("{faults}"));
        Scene { server, profile, authority, _folder: folder }
    }

    /// From now on the server is another one to whom it may concern.
    pub fn secure(&self, secure: &Secure) {
        let authority = self.authority.as_ref().expect("a secure server");
        self.server.state().secure = (!secure.plain).then(|| authority.server(secure));
    }

    pub fn rest(&mut self) -> &mut Rest {
        match &mut self.profile.source {
            Source::Rest(rest) => rest,
            Source::Folder(_) => unreachable!("a scene is served over HTTP"),
        }
    }

    /// Lets ten minutes pass and fetches.
    pub fn fetch_all(&self) -> FetchSummary {
        let mut state = self.server.state();
        state.now_s += 600;
        state.requests.clear();
        drop(state);
        run(&self.profile)
    }

    /// The outcome of the instance `one`.
    pub fn fetch(&self) -> InstanceOutcome {
        let outcomes = self.fetch_all().instances;
        outcomes.into_iter().find(|outcome| outcome.name == "one").expect("an outcome")
    }

    /// Fetches; the instance must be reached.
    pub fn fetch_well(&self) -> InstanceOutcome {
        let outcome = self.fetch();
        assert_eq!(outcome.cause, None);
        outcome
    }

    /// Requests since the last fetch began.
    pub fn requests(&self) -> Vec<String> {
        self.server.state().requests.clone()
    }

    pub fn stored(&self) -> Vec<Stored> {
        stored(&self.profile.store, "one")
    }

    /// Paths and bytes of what is live.
    pub fn live(&self) -> BTreeMap<String, Content> {
        self.stored().into_iter().filter(|found| found.live).map(|found| (found.path, found.bytes)).collect()
    }

    /// What the server holds.
    pub fn shown(&self) -> BTreeMap<String, Content> {
        self.server.state().files.iter().map(|(name, file)| (name.clone(), Content(file.bytes.clone()))).collect()
    }
}

/// Locks a store. A process that another test is just starting holds every open file for a moment, locks included.
pub fn lock(store: &Path) -> StoreLock {
    for _ in 0..200 {
        match StoreLock::acquire(store) {
            Err(LockError::Held { .. }) => std::thread::sleep(Duration::from_millis(10)),
            locked => return locked.expect("a store"),
        }
    }
    panic!("{} stays locked", store.display());
}

pub fn run(profile: &Profile) -> FetchSummary {
    let lock = lock(&profile.store);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(fetch(profile, &lock, &(), std::future::pending())).expect("the store is well")
}

/// Upkeep, as if so many days had passed.
pub fn keep(profile: &Profile, days: i64) {
    let lock = lock(&profile.store);
    let mut catalog = Catalog::open(&lock).expect("a catalog");
    let now_us = chrono::Utc::now().timestamp_micros() + days * 86_400_000_000;
    let fleet: Vec<&str> = profile.instances.iter().map(|instance| instance.name.as_str()).collect();
    let terms = Terms { keep: &profile.keep, fleet: &fleet, now_us };
    let kept = upkeep(&lock, &mut catalog, &terms, &|| false).expect("the store is well");
    assert!(kept.finished && kept.damaged_chunks == 0, "{kept:?}");
}

/// A run that goes no further after this time. What it has handed over until then is still committed.
pub fn killed(profile: &Profile, after: Duration) {
    let held = lock(&profile.store);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let run = async { tokio::time::timeout(after, fetch(profile, &held, &(), std::future::pending())).await };
    if let Ok(ended) = runtime.block_on(run) {
        ended.expect("the store is well");
    }
    drop((runtime, held));
    // The lock is free once the thread that writes has ended.
    drop(lock(&profile.store));
}

pub fn stored(store: &Path, instance: &str) -> Vec<Stored> {
    let generations = generations(store, instance).into_iter();
    let stored = |(Generation { path, live, gap, .. }, bytes)| Stored { path, live, gap, bytes };
    generations.map(stored).collect()
}

/// All generations of an instance, in the order of their opening.
pub fn generations(store: &Path, instance: &str) -> Vec<(Generation, Content)> {
    let catalog = Catalog::open_to_read(store).expect("a catalog");
    let mirror = Mirror::open(store);
    let Some(row) = row(store, instance) else { return Vec::new() };
    let generations = catalog.generations(row.id).expect("generations").into_iter();
    let read = generations.map(|generation| {
        let chunks = catalog.chunks(generation.id).expect("chunks");
        let mut bytes = Vec::new();
        let mut reader = mirror.reader(&chunks, 0, generation.committed).expect("no holes");
        reader.read_to_end(&mut bytes).expect("bytes");
        assert_eq!(bytes.len() as u64, generation.committed);
        (generation, Content(bytes))
    });
    read.collect()
}

pub fn row(store: &Path, instance: &str) -> Option<InstanceRow> {
    let catalog = Catalog::open_to_read(store).expect("a catalog");
    catalog.instances().expect("instances").into_iter().find(|row| row.name == instance)
}

fn packed() -> GlobSet {
    let globs = ["*.gz", "*.zst"].map(|glob| Glob::new(glob).expect("a glob"));
    globs.into_iter().fold(&mut GlobSetBuilder::new(), |set, glob| set.add(glob)).build().expect("globs")
}

pub fn profile(store: &Path, source: Source, instances: &[(&str, &str)]) -> Profile {
    let zone = chrono_tz::UTC;
    let mut globs = GlobSetBuilder::new();
    globs.add(Glob::new("*").expect("a glob"));
    Profile {
        path: PathBuf::from("profile.toml"),
        title: String::new(),
        store: store.to_owned(),
        output: store.to_owned(),
        source,
        instances: instances
            .iter()
            .map(|(name, address)| Instance {
                name: (*name).to_owned(),
                address: (*address).to_owned(),
                tags: Vec::new(),
                zone: None,
            })
            .collect(),
        inventory: None,
        files: FileFilter { include: globs.build().expect("globs"), exclude: GlobSet::empty(), decode: packed() },
        zones: BTreeMap::new(),
        formats: Vec::new(),
        events: Vec::new(),
        keep: Keep::default(),
        signatures: Vec::new(),
        report: ReportSettings { zone: Some(zone), period: Period::All },
        kpis: Vec::new(),
        places: Default::default(),
    }
}
