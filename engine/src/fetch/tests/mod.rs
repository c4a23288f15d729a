//! Fetch against a real HTTP server on loopback, and against folders.

mod access;
mod case;
mod cases;
mod certificates;
mod disk;
mod foresee;
mod history;
mod inventory;
#[cfg(feature = "fault-points")]
mod kill;
mod life;
mod refusals;
mod scene;
mod server;
mod shapes;

use std::time::Duration;

use crate::profile::{Auth, FetchKind, Limits, ListKind, Paging, Rest, Tls};

/// A listing `{"files": [{"name", "size", "mtime", "etag"}]}`, and short limits.
pub(super) fn rest_settings() -> Rest {
    let pointer = |name: &str| Some(format!("/{name}"));
    Rest {
        list_url: "{address}/files".to_owned(),
        list_kind: ListKind::Json,
        items: "/files".to_owned(),
        name: "/name".to_owned(),
        size: pointer("size"),
        modified: pointer("mtime"),
        etag: pointer("etag"),
        paging: Paging::None,
        fetch_url: "{address}/files/{name}".to_owned(),
        fetch_kind: FetchKind::Range,
        auth: Auth::None,
        tls: Tls::default(),
        overrides: Vec::new(),
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
