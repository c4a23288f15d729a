//! Fault points: named places in the commit order at which a test can kill or hold the process, or let a step fail.
//!
//! They exist only with the cargo feature `fault-points`. `LOGPARSER_FAULT_POINT=NAME` strikes at the first time that
//! the point is reached, `NAME:N` at the N-th, and at no other time. `LOGPARSER_FAULT` says how:
//!
//! | | |
//! |---|---|
//! | `kill` | the process aborts, the default: no destructor runs and nothing is flushed, as with `kill -9` |
//! | `panic` | the thread panics |
//! | `hold FILE` | the thread makes a file, and waits until it is gone |
//! | `full` | the step fails as on a full disk |
//! | `read-only` | the step fails as on a disk that can only be read |

use std::io;

/// The fault points of a fetch, in the order in which one commit passes them.
#[cfg(feature = "fault-points")]
pub const FETCHING: [&str; 6] = [
    "after-segment-create",
    "after-segment-write",
    "after-segment-sync",
    "in-catalog-transaction",
    "after-catalog-commit",
    "before-outcome",
];

/// The fault points of what follows: partials are kept, and a report is published.
#[cfg(feature = "fault-points")]
pub const PUBLISHING: [&str; 7] = [
    "in-partials-transaction",
    "after-partials-commit",
    "in-sections-transaction",
    "after-sections-commit",
    "after-report-write",
    "before-report-rename",
    "after-report-rename",
];

/// The fault points of upkeep, after that.
#[cfg(feature = "fault-points")]
pub const KEEPING: [&str; 3] = ["in-upkeep-transaction", "after-upkeep-commit", "after-segment-forgotten"];

/// The fault points of upkeep where old logs are dropped.
#[cfg(feature = "fault-points")]
pub const DROPPING: [&str; 2] = ["in-drop-transaction", "after-drop-commit"];

/// Those of them that end a step which writes, and which therefore may fail.
#[cfg(feature = "fault-points")]
pub const FAILING: [&str; 8] = [
    "after-segment-create",
    "after-segment-write",
    "after-segment-sync",
    "in-catalog-transaction",
    "in-partials-transaction",
    "in-sections-transaction",
    "after-report-write",
    "before-report-rename",
];

/// A place at which the environment may have the process end.
#[cfg(feature = "fault-points")]
pub fn point(name: &str) {
    if let Some(how) = strikes(name) {
        strike(&how);
    }
}

/// The end of a step that writes: as [`point`], and the environment may also have it fail.
///
/// # Errors
/// What the environment asks for.
#[cfg(feature = "fault-points")]
pub fn step(name: &str) -> io::Result<()> {
    debug_assert!(FAILING.contains(&name), "unlisted step {name}");
    match strikes(name).as_deref() {
        Some("full") => Err(io::ErrorKind::StorageFull.into()),
        Some("read-only") => Err(io::ErrorKind::ReadOnlyFilesystem.into()),
        Some(how) => {
            strike(how);
            Ok(())
        }
        None => Ok(()),
    }
}

#[cfg(feature = "fault-points")]
fn strike(how: &str) {
    let Some(file) = how.strip_prefix("hold ").map(std::path::Path::new) else {
        match how {
            "kill" => std::process::abort(),
            other => panic!("the environment asks for this: {other}"),
        }
    };
    std::fs::write(file, "").expect("the file that holds the process");
    while file.exists() {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}

/// How the environment wants this point to strike, if it does now.
#[cfg(feature = "fault-points")]
fn strikes(name: &str) -> Option<String> {
    use std::sync::atomic::{AtomicU64, Ordering};

    static HITS: AtomicU64 = AtomicU64::new(0);
    let listed = [&FETCHING[..], &PUBLISHING, &KEEPING, &DROPPING].into_iter().flatten();
    debug_assert!(listed.copied().any(|listed| listed == name), "unlisted fault point {name}");
    let wanted = std::env::var("LOGPARSER_FAULT_POINT").ok()?;
    let (wanted, nth) = match wanted.split_once(':') {
        Some((wanted, nth)) => (wanted, nth.parse().unwrap_or(1)),
        None => (wanted.as_str(), 1),
    };
    let strikes = wanted == name && HITS.fetch_add(1, Ordering::SeqCst) + 1 == nth;
    strikes.then(|| std::env::var("LOGPARSER_FAULT").unwrap_or_else(|_| "kill".to_owned()))
}

/// Nothing: the feature `fault-points` is off.
#[cfg(not(feature = "fault-points"))]
#[inline(always)]
pub fn point(_name: &str) {}

/// Never fails: the feature `fault-points` is off.
#[cfg(not(feature = "fault-points"))]
#[inline(always)]
pub fn step(_name: &str) -> io::Result<()> {
    Ok(())
}
