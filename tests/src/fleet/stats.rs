//! What crossed the wire.

use std::collections::BTreeMap;

/// One request, as the server saw it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    /// Path and query, as sent.
    pub path: String,
    /// The `Range` header.
    pub range: Option<String>,
    pub status: u16,
    /// Bytes of the body that left the server.
    pub body_bytes: u64,
}

impl Request {
    /// Whether it asked for the listing, not for a file.
    #[must_use]
    pub fn is_listing(&self) -> bool {
        self.path.split('?').next() == Some("/api/logs")
    }
}

/// Requests since the last reset, by the instances' names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    pub instances: BTreeMap<String, Vec<Request>>,
}

impl Stats {
    /// All requests.
    pub fn requests(&self) -> impl Iterator<Item = &Request> {
        self.instances.values().flatten()
    }

    /// Requests for files.
    pub fn file_requests(&self) -> impl Iterator<Item = &Request> {
        self.requests().filter(|request| !request.is_listing())
    }

    /// Bytes of all bodies.
    #[must_use]
    pub fn body_bytes(&self) -> u64 {
        self.requests().map(|request| request.body_bytes).sum()
    }

    /// Bytes of the bodies of files.
    #[must_use]
    pub fn file_bytes(&self) -> u64 {
        self.file_requests().map(|request| request.body_bytes).sum()
    }
}
