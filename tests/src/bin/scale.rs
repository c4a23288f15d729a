//! The benchmark of acquisition: ten thousand instances, of which nobody, or one in a hundred, has something new; and
//! with `claims`, instances that list a million files each, of which the profile takes all or none.
//!
//! The crowd is served by this process; every fetch is a process of its own, so that its memory and CPU are its own.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};

use logparser::fetch::{Totals, fetch};
use logparser::mirror::StoreLock;
use logparser::profile;
use logparser_tests::crowd::Crowd;
use logparser_tests::fleet::profile_text;
use logparser_tests::meter::{Meter, Took};
use logparser_tests::story::Layout;
use serde::{Deserialize, Serialize};

/// Instances, where the command line names no other number.
const INSTANCES: u32 = 10_000;

/// Fetches of a kind, of which the median counts.
const ROUNDS: usize = 3;

const SOURCE: &str = r#"[fleet]
list = "instances.csv"

[api]
list = "{address}/api/logs"
items = "/files"
size = "/size"
modified = "/modified"
fetch = "{address}/api/logs/{name}"
"#;

type Failed = Box<dyn std::error::Error>;

/// What a fetch took and did.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Fetched {
    took: Took,
    reached: u64,
    requests: u64,
    bytes_new: u64,
    bytes_wire: u64,
}

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args.as_slice() {
        ["child", folder] => child(Path::new(folder)),
        ["claims"] => claims(),
        [] => measure(INSTANCES),
        [instances] => instances.parse().map_err(Failed::from).and_then(measure),
        _ => Err("usage: scale [INSTANCES | claims]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(instances: u32) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let crowd = Crowd::start(instances)?;
    fs::write(folder.path().join("instances.csv"), crowd.csv())?;
    fs::write(profile_of(folder.path()), profile_text(SOURCE, Layout::Log4net))?;
    println!("{instances} instances, {:.0} MB of logs", crowd.bytes() as f64 / 1e6);
    head("median of three");
    show("the first fetch", &[spawn(&crowd, instances, folder.path(), crowd.bytes())?]);
    let rounds = || (0..ROUNDS).map(|_| spawn(&crowd, instances, folder.path(), 0)).collect::<Result<Vec<_>, _>>();
    show("nothing new", &rounds()?);
    let grown = (0..ROUNDS).map(|_| {
        let new = crowd.grow();
        spawn(&crowd, instances, folder.path(), new)
    });
    show("one in a hundred has grown", &grown.collect::<Result<Vec<_>, _>>()?);
    Ok(())
}

/// One instance, and as many as are at work at a time, list a million files each.
fn claims() -> Result<(), Failed> {
    head("a million files claimed");
    for (extension, taken) in [("dat", "none"), ("log", "all")] {
        for instances in [1, 64] {
            let folder = tempfile::tempdir()?;
            let crowd = Crowd::start(instances)?;
            let bytes = crowd.claim(extension);
            fs::write(folder.path().join("instances.csv"), crowd.csv())?;
            fs::write(profile_of(folder.path()), profile_text(SOURCE, Layout::Log4net))?;
            let fetched = fetch_in_child(folder.path())?;
            // Where all ask for their files, some may run out of time while they wait for room.
            assert!(fetched.bytes_wire >= bytes as u64, "a listing was read");
            show(&format!("by {instances}, {taken} taken"), &[fetched]);
        }
    }
    Ok(())
}

fn head(what: &str) {
    println!(
        "{what:<28}{:>9}{:>9}{:>9}{:>10}{:>12}{:>12}",
        "wall s", "CPU s", "peak MB", "requests", "new bytes", "wire bytes"
    );
}

fn show(what: &str, fetched: &[Fetched]) {
    let median = |of: fn(&Fetched) -> f64| {
        let mut values: Vec<f64> = fetched.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    println!(
        "{what:<28}{:>9.2}{:>9.2}{:>9.0}{:>10.0}{:>12.0}{:>12.0}",
        median(|one| one.took.wall_s),
        median(|one| one.took.cpu_s),
        median(|one| one.took.peak_mb),
        median(|one| one.requests as f64),
        median(|one| one.bytes_new as f64),
        median(|one| one.bytes_wire as f64),
    );
}

fn profile_of(folder: &Path) -> PathBuf {
    folder.join("fleet.toml")
}

/// Fetches in another process; it must bring so many bytes, and count its requests as the crowd does.
fn spawn(crowd: &Crowd, instances: u32, folder: &Path, bytes_new: u64) -> Result<Fetched, Failed> {
    crowd.requests();
    let fetched = fetch_in_child(folder)?;
    let seen = (fetched.reached, fetched.bytes_new, fetched.requests);
    let due = (u64::from(instances), bytes_new, crowd.requests());
    if seen != due {
        return Err(format!("reached, new bytes and requests are {seen:?}, not {due:?}").into());
    }
    Ok(fetched)
}

fn fetch_in_child(folder: &Path) -> Result<Fetched, Failed> {
    let output = Command::new(env::current_exe()?).arg("child").arg(folder).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn child(folder: &Path) -> Result<(), Failed> {
    let meter = Meter::start()?;
    let profile = profile::load(&profile_of(folder))?;
    let lock = StoreLock::acquire(&profile.store)?;
    let summary = tokio::runtime::Runtime::new()?.block_on(fetch(&profile, &lock, &(), std::future::pending()))?;
    let Totals { reached, requests, bytes_new, bytes_wire, .. } = summary.totals;
    let fetched = Fetched { took: meter.took()?, reached, requests, bytes_new, bytes_wire };
    println!("{}", serde_json::to_string(&fetched)?);
    Ok(())
}
