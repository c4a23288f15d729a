//! Fault points: named places in the commit order at which a test can kill the process.
//!
//! They exist only with the cargo feature `fault-points`. `LOGPARSER_FAULT_POINT=NAME` aborts at the first time
//! that the point is reached, `NAME:N` at the N-th. An abort runs no destructor and flushes nothing, as `kill -9`.

/// Every fault point, in the order in which one commit passes them.
#[cfg(feature = "fault-points")]
pub const POINTS: [&str; 6] = [
    "after-segment-create",
    "after-segment-write",
    "after-segment-sync",
    "in-catalog-transaction",
    "after-catalog-commit",
    "before-outcome",
];

/// Aborts the process when the environment asks for it at this point.
#[cfg(feature = "fault-points")]
pub fn point(name: &str) {
    use std::sync::atomic::{AtomicU64, Ordering};

    static HITS: AtomicU64 = AtomicU64::new(0);
    debug_assert!(POINTS.contains(&name), "unlisted fault point {name}");
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
