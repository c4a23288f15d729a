//! Fault points: named places in the commit order at which a test can kill the process.
//!
//! They exist only with the cargo feature `fault-points`. `LOGPARSER_FAULT_POINT=NAME` aborts at the first time
//! that the point is reached, `NAME:N` at the N-th. An abort runs no destructor and flushes nothing, as `kill -9`.

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
pub const PUBLISHING: [&str; 6] = [
    "in-partials-transaction",
    "after-partials-commit",
    "in-sections-transaction",
    "after-sections-commit",
    "before-report-rename",
    "after-report-rename",
];

/// Aborts the process when the environment asks for it at this point.
#[cfg(feature = "fault-points")]
pub fn point(name: &str) {
    use std::sync::atomic::{AtomicU64, Ordering};

    static HITS: AtomicU64 = AtomicU64::new(0);
    debug_assert!(FETCHING.contains(&name) || PUBLISHING.contains(&name), "unlisted fault point {name}");
    let Ok(wanted) = std::env::var("LOGPARSER_FAULT_POINT") else {
        return;
    };
    let (wanted, nth) = match wanted.split_once(':') {
        Some((wanted, nth)) => (wanted, nth.parse().unwrap_or(1)),
        None => (wanted.as_str(), 1),
    };
    if wanted == name && HITS.fetch_add(1, Ordering::SeqCst) + 1 == nth {
        std::process::abort();
    }
}

/// Nothing: the feature `fault-points` is off.
#[cfg(not(feature = "fault-points"))]
#[inline(always)]
pub fn point(_name: &str) {}
