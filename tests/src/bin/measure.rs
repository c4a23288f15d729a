//! The benchmark: from mirrored files to KPI results, beside a program hard-coded for the layout, beside the same
//! plugins compiled natively, and with `--beside` beside programs for any table or stream, whose results must be the
//! truth first.
//!
//! Every figure is that of a process of its own, so that CPU time and peak memory are its own too. Rounds are
//! interleaved; the median counts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};

use logparser::catalog::Catalog;
use logparser::fetch::fetch;
use logparser::mirror::StoreLock;
use logparser::normalise::Start;
use logparser::pipeline::{Kpis, analyse, normaliser};
use logparser::profile::{self, Keep};
use logparser::upkeep::{Terms, upkeep};
use logparser_tests::beside::{self, Installed, PROGRAMS};
use logparser_tests::fleet::profile_text;
use logparser_tests::meter::{Meter, Took};
use logparser_tests::story::{FolderPlan, Layout, write_fleet};
use logparser_tests::{native, yardstick};

/// Rounds, of which the median counts.
const ROUNDS: usize = 5;

type Failed = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args.as_slice() {
        ["child", what, folder] => child(what, Path::new(folder)),
        [] => measure(None, None),
        ["--keep", folder] => measure(None, Some(Path::new(folder))),
        ["--beside"] => installed().and_then(|programs| measure(Some(&programs), None)),
        ["--beside", "--keep", folder] => {
            installed().and_then(|programs| measure(Some(&programs), Some(Path::new(folder))))
        }
        _ => Err("usage: measure [--beside] [--keep FOLDER]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The programs beside, in the target folder.
fn installed() -> Result<Installed, Failed> {
    let own = env::current_exe()?;
    let target = own.ancestors().nth(2).ok_or("this program lies in no target folder")?;
    beside::install(&target.join("beside"))
}

fn measure(programs: Option<&Installed>, keep: Option<&Path>) -> Result<(), Failed> {
    let temporary = tempfile::tempdir()?;
    let folder = keep.unwrap_or(temporary.path());
    let plan = FolderPlan::default();
    for (name, layout) in [("log4net", Layout::Log4net), ("json", Layout::Serilog)] {
        let folder = folder.join(name);
        let truth = write_fleet(&folder.join("logs"), &FolderPlan { layout, ..plan.clone() })?.summary();
        let megabytes = truth.bytes as f64 / 1e6;
        println!("\n{name}: {megabytes:.0} MB, {} records, {} instances", truth.records, plan.instances);
        prepare(&folder, layout)?;
        let mut kinds = vec!["cold", "native", "again", "records"];
        if layout == Layout::Log4net {
            kinds.insert(0, "yardstick");
        }
        kinds.extend(programs.iter().flat_map(|_| &PROGRAMS).map(|program| program.name));
        let mut took: BTreeMap<&str, Vec<Took>> = BTreeMap::new();
        for _ in 0..ROUNDS {
            for kind in &kinds {
                let one = match (programs, PROGRAMS.iter().find(|program| program.name == *kind)) {
                    (Some(programs), Some(program)) => program.measure(programs, name, &folder.join("logs"), &truth)?,
                    _ => spawn(kind, &folder)?,
                };
                took.entry(kind).or_default().push(one);
            }
        }
        let profile = profile_of_cold(&folder)?;
        // From here on the same logs are sealed.
        took.insert("seal", vec![spawn("seal", &folder)?]);
        fs::copy(folder.join("store/catalog.sqlite"), folder.join("fetched.sqlite"))?;
        for _ in 0..ROUNDS {
            took.entry("sealed").or_default().push(spawn("sealed", &folder)?);
        }
        kinds.extend(["seal", "sealed"]);
        let (text, packed) = Catalog::open(&StoreLock::acquire(&folder.join("store"))?)?.sealed()?;
        println!("sealed: {text} bytes into {packed}, {:.1} times less", text as f64 / packed as f64);
        println!(
            "{:<34}{:>9}{:>9}{:>9}{:>12}{:>10}",
            "median of five", "CPU s", "wall s", "MB/s", "records/s", "peak MB"
        );
        for kind in &kinds {
            let (cpu, wall) = (median(&took[kind], |took| took.cpu_s), median(&took[kind], |took| took.wall_s));
            let (rate, records) = (megabytes / wall, truth.records as f64 / wall);
            println!(
                "{:<34}{cpu:>9.3}{wall:>9.3}{rate:>9.0}{records:>12.0}{:>10.0}",
                describe(kind),
                median(&took[kind], |took| took.peak_mb)
            );
        }
        let cpu = |kind: &str| Some(median(took.get(kind)?, |took| took.cpu_s));
        if let (Some(cold), Some(yardstick)) = (cpu("cold"), cpu("yardstick")) {
            println!("LogParser takes {:.1} times the CPU time of the yardstick", cold / yardstick);
        }
        let least = PROGRAMS.iter().filter_map(|program| cpu(program.name)).min_by(f64::total_cmp);
        if let (Some(cold), Some(least)) = (cpu("cold"), least) {
            println!("the best of the other programs takes {:.1} times that of LogParser", least / cold);
        }
        print!("{profile}");
    }
    Ok(())
}

/// The median of a figure over the rounds.
fn median(took: &[Took], of: fn(&Took) -> f64) -> f64 {
    let mut values: Vec<f64> = took.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn describe(kind: &str) -> &str {
    match kind {
        "yardstick" => "yardstick, hard-coded",
        "cold" => "LogParser, cold",
        "native" => "LogParser, cold, native plugins",
        "records" => "LogParser, only records, one core",
        "seal" => "sealing all of it, once",
        "sealed" => "LogParser, cold, from sealed logs",
        "again" => "LogParser, nothing new",
        program => program,
    }
}

fn profile_of(folder: &Path) -> PathBuf {
    folder.join("fleet.toml")
}

/// Mirrors the logs, compiles the plugins, and keeps the catalog as it is before any analysis.
fn prepare(folder: &Path, layout: Layout) -> Result<(), Failed> {
    let text = profile_text("[fleet]\nfolder = \"logs\"\n", layout);
    let store = folder.join("store");
    if store.exists() {
        fs::remove_dir_all(&store)?;
    }
    fs::write(profile_of(folder), text)?;
    let profile = profile::load(&profile_of(folder))?;
    let lock = StoreLock::acquire(&profile.store)?;
    tokio::runtime::Runtime::new()?.block_on(fetch(&profile, &lock, &(), std::future::pending()))?;
    let kpis = Kpis::load(&profile)?;
    assert!(kpis.broken.is_empty() && kpis.refused.is_empty(), "the profile of the benchmark is right");
    fs::copy(folder.join("store/catalog.sqlite"), folder.join("fetched.sqlite"))?;
    Ok(())
}

/// Puts the catalog back to what it was before any analysis.
fn forget(folder: &Path) -> std::io::Result<()> {
    for name in ["catalog.sqlite-wal", "catalog.sqlite-shm"] {
        let _ = fs::remove_file(folder.join("store").join(name));
    }
    fs::copy(folder.join("fetched.sqlite"), folder.join("store/catalog.sqlite")).map(drop)
}

/// Where the time of a cold run goes, by function, as Linux's `perf` samples it; nothing where there is none.
fn profile_of_cold(folder: &Path) -> Result<String, Failed> {
    forget(folder)?;
    let data = folder.join("perf.data");
    let mut record = Command::new("perf");
    record.args(["record", "--quiet", "--freq", "2000", "--output"]).arg(&data).arg(env::current_exe()?);
    let Ok(recorded) = record.args(["child", "cold"]).arg(folder).output() else { return Ok(String::new()) };
    if !recorded.status.success() {
        return Ok(format!("no profile: {}\n", String::from_utf8_lossy(&recorded.stderr).trim()));
    }
    let mut report = Command::new("perf");
    report.args(["report", "--stdio", "--fields", "overhead,symbol", "--percent-limit", "1", "--input"]).arg(&data);
    let report = String::from_utf8_lossy(&report.output()?.stdout).into_owned();
    let lines = report.lines().filter(|line| line.contains('%') && !line.starts_with('#'));
    let lines: String = lines.map(|line| format!("{}\n", line.trim_end().trim_end_matches(['-', ' ']))).collect();
    Ok(format!("where a cold run's time goes:\n{lines}"))
}

fn spawn(kind: &str, folder: &Path) -> Result<Took, Failed> {
    if matches!(kind, "cold" | "native" | "sealed" | "seal") {
        forget(folder)?;
    }
    let output = Command::new(env::current_exe()?).arg("child").arg(kind).arg(folder).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn child(kind: &str, folder: &Path) -> Result<(), Failed> {
    let meter = Meter::start()?;
    if kind == "yardstick" {
        yardstick::run(&folder.join("logs"))?;
    } else if kind == "records" {
        read_records(folder)?;
    } else if kind == "seal" {
        seal(folder)?;
    } else {
        analysis(folder, kind == "native")?;
    }
    println!("{}", serde_json::to_string(&meter.took()?)?);
    Ok(())
}

/// Reads every record on one core, and does nothing with it.
fn read_records(folder: &Path) -> Result<(), Failed> {
    let profile = profile::load(&profile_of(folder))?;
    let kpis = Kpis::load(&profile)?;
    let normaliser = normaliser(&profile, &kpis).map_err(|faults| format!("{faults:?}"))?;
    for instance in fs::read_dir(folder.join("logs"))? {
        let instance = instance?.path();
        if !instance.is_dir() {
            continue;
        }
        for file in fs::read_dir(instance)? {
            let source = fs::File::open(file?.path())?;
            let start = Start { closed: true, ..Start::default() };
            let mut records = normaliser.open(source, start);
            while records.next()?.is_some() {}
        }
    }
    Ok(())
}

/// Upkeep as of two days later, when everything rests.
fn seal(folder: &Path) -> Result<(), Failed> {
    let lock = StoreLock::acquire(&folder.join("store"))?;
    let now_us = chrono::Utc::now().timestamp_micros() + 2 * 86_400_000_000;
    let terms = Terms { keep: &Keep::default(), fleet: &[], now_us };
    let kept = upkeep(&lock, &mut Catalog::open(&lock)?, &terms, &|| false)?;
    if kept.finished { Ok(()) } else { Err("there was not enough time to seal everything".into()) }
}

fn analysis(folder: &Path, natively: bool) -> Result<(), Failed> {
    let profile = profile::load(&profile_of(folder))?;
    let mut kpis = Kpis::load(&profile)?;
    if natively {
        kpis.plugins = kpis
            .plugins
            .into_iter()
            .map(|plugin| {
                let start = native::start(&plugin.name).expect("a plugin of this project");
                plugin.into_native(start)
            })
            .collect();
    }
    let normaliser = normaliser(&profile, &kpis).map_err(|faults| format!("{faults:?}"))?;
    let lock = StoreLock::acquire(&profile.store)?;
    let mut catalog = Catalog::open(&lock)?;
    analyse(&profile, &kpis, &normaliser, &mut catalog, &profile.report.period, &())?;
    Ok(())
}
