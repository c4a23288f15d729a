//! Fetch against a real HTTP server on loopback, and against folders.

mod case;
mod cases;
mod disk;
mod history;
#[cfg(feature = "fault-points")]
mod kill;
mod packed;
mod refusals;
mod scene;
mod server;

use std::time::Duration;

use crate::profile::{Limits, Rest};

/// A listing `{"files": [{"name", "size", "mtime", "etag"}]}`, and short limits.
pub(super) fn rest_settings() -> Rest {
    let pointer = |name: &str| Some(format!("/{name}"));
    Rest {
        list_url: "{address}/files".to_owned(),
        items: "/files".to_owned(),
        name: "/name".to_owned(),
        size: pointer("size"),
        modified: pointer("mtime"),
        etag: pointer("etag"),
        fetch_url: "{address}/files/{name}".to_owned(),
        limits: Limits {
            concurrency_max: 8,
            connect_timeout: Duration::from_secs(5),
            headers_timeout: Duration::from_secs(1),
            progress_timeout: Duration::from_secs(1),
            instance_timeout: Duration::from_secs(20),
            run_timeout: Duration::from_secs(60),
            tries_max: 2,
        },
    }
}
