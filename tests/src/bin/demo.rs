//! The main job, seen: a simulated fleet, fetched, analysed, reported; then time passes, and only what is new is
//! fetched.
//!
//! `demo` shows it and ends; `demo serve` keeps the fleet answering, so that one can go on by hand.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use logparser::commands::run_args;
use logparser_tests::fleet::{Fleet, FleetOptions};

/// Everything that the demo leaves behind.
const FOLDER: &str = "demo";
/// Instances of the simulated fleet.
const INSTANCES: u32 = 200;
/// Instances that are down at the second run.
const DOWN: usize = 6;
/// How long a fleet keeps answering.
const SERVE: Duration = Duration::from_secs(30 * 60);
/// An hour of the fleet's time passes in so much of ours, while it keeps answering.
const HOUR: Duration = Duration::from_secs(60);

type Failed = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let done = match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => show(),
        ["serve"] => serve(),
        _ => Err("usage: demo [serve]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn begin(lifetime: Duration) -> Result<(Fleet, PathBuf), Failed> {
    let fleet = Fleet::start(&FleetOptions { instances: INSTANCES, lifetime, ..FleetOptions::default() })?;
    let profile = fleet.write_profile(Path::new(FOLDER))?;
    Ok((fleet, profile))
}

fn show() -> Result<(), Failed> {
    for left in ["store", "reports"] {
        let folder = Path::new(FOLDER).join(left);
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
    }
    let (mut fleet, profile) = begin(SERVE)?;
    println!("A simulated fleet of {INSTANCES} instances answers REST queries, each on a port of its own.\n");
    run(&profile, 0)?;
    tell(&fleet);

    println!("\nTime passes: two hours of work, full log files are rotated, {DOWN} instances are switched off.\n");
    fleet.advance(2);
    for index in 0..DOWN {
        fleet.set_down(index * 31, true)?;
    }
    fleet.reset_stats();
    run(&profile, 1)?;
    tell(&fleet);

    let profile = profile.display();
    println!("\nThe report: {FOLDER}/reports/report.html");
    println!("The profile, {profile}, and all that was stored stay. To go on by hand:");
    println!("  cargo demo serve                              the fleet answers for half an hour, and time passes");
    println!("  cargo run --release -- --profile {profile} run   in a second terminal");
    Ok(())
}

/// Runs `logparser run`, which must end with the given exit code.
fn run(profile: &Path, expected: u8) -> Result<(), Failed> {
    println!("$ logparser --profile {} run", profile.display());
    let started = Instant::now();
    let profile = profile.to_str().ok_or("the folder's name is not text")?;
    let code = run_args(["logparser", "--profile", profile, "run"]);
    println!("(exit code {code}, {:.1} s)", started.elapsed().as_secs_f64());
    if code == expected { Ok(()) } else { Err(format!("exit code {code} instead of {expected}").into()) }
}

/// What crossed the wire, as the fleet saw it.
fn tell(fleet: &Fleet) {
    let stats = fleet.stats();
    println!(
        "The fleet saw {} requests, {} of them for files; it sent {} bytes of log files.",
        stats.requests().count(),
        stats.file_requests().count(),
        stats.file_bytes()
    );
}

fn serve() -> Result<(), Failed> {
    let (mut fleet, profile) = begin(SERVE)?;
    let minutes = SERVE.as_secs() / 60;
    println!(
        "{INSTANCES} instances answer for {minutes} minutes; every minute an hour of theirs passes. Ctrl-C ends it."
    );
    println!("In a second terminal:\n  cargo run --release -- --profile {} run", profile.display());
    let end = Instant::now() + SERVE;
    while Instant::now() + HOUR < end {
        thread::sleep(HOUR);
        fleet.advance(1);
    }
    Ok(())
}
