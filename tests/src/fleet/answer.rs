//! Answers as data, made from an instance's files, before a fault bends them and a connection carries them.

use axum::body::Bytes;
use axum::http::{HeaderName, StatusCode, header};
use chrono::{DateTime, Utc};
use serde_json::json;

use super::files::{Files, LogFile};
use super::pour::Pace;
use super::range::Part;

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// `GET /api/logs`
    Listing,
    /// `GET /api/logs/{name}`
    File(String),
    /// Anything else.
    Unknown,
}

/// The headers that an answer depends on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conditions {
    pub range: Option<String>,
    pub if_range: Option<String>,
}

/// One answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: Vec<(HeaderName, String)>,
    /// What is sent.
    pub body: Bytes,
    /// `Content-Length`; more than the body has: the connection breaks off.
    pub promised_bytes: usize,
    pub pace: Pace,
}

impl Answer {
    /// A whole document.
    #[must_use]
    pub fn document(status: StatusCode, content_type: &str, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        Self {
            status,
            headers: vec![(header::CONTENT_TYPE, content_type.to_owned())],
            promised_bytes: body.len(),
            body,
            pace: Pace::default(),
        }
    }

    /// An error, in the application's JSON.
    #[must_use]
    pub fn error(status: StatusCode, message: &str) -> Self {
        let body = json!({ "error": message }).to_string();
        Self::document(status, "application/json", body)
    }

    /// The listing of all files.
    #[must_use]
    pub fn listing(files: &Files) -> Self {
        let items = files.iter().map(|(name, file)| {
            json!({
                "name": name,
                "size": file.bytes.len(),
                "modified": rfc3339(file.modified_ms),
                "etag": file.etag(),
            })
        });
        let body = json!({ "files": items.collect::<Vec<_>>() }).to_string();
        Self::document(StatusCode::OK, "application/json", body)
    }

    /// A file, or the part of it that was asked for.
    #[must_use]
    pub fn file(file: &LogFile, conditions: &Conditions) -> Self {
        let size = file.bytes.len();
        let stale = conditions.if_range.as_ref().is_some_and(|tag| *tag != file.etag());
        let range = conditions.range.as_deref().filter(|_| !stale);
        let text = |status, bytes: &[u8]| Self::document(status, "text/plain", bytes.to_vec());
        let mut answer = match Part::of(range, size) {
            Part::Whole => text(StatusCode::OK, &file.bytes),
            Part::Bytes { from, to } => {
                let mut part = text(StatusCode::PARTIAL_CONTENT, &file.bytes[from..to]);
                let place = format!("bytes {from}-{}/{size}", to - 1);
                part.headers.push((header::CONTENT_RANGE, place));
                part
            }
            Part::Unsatisfiable => {
                let mut nothing = text(StatusCode::RANGE_NOT_SATISFIABLE, b"");
                let place = format!("bytes */{size}");
                nothing.headers.push((header::CONTENT_RANGE, place));
                nothing
            }
        };
        answer.headers.extend([
            (header::ACCEPT_RANGES, "bytes".to_owned()),
            (header::ETAG, file.etag()),
            (header::LAST_MODIFIED, http_date(file.modified_ms)),
        ]);
        answer
    }
}

/// `2026-10-12T05:08:31Z`
fn rfc3339(time_ms: i64) -> String {
    formatted(time_ms, "%Y-%m-%dT%H:%M:%SZ")
}

/// `Mon, 12 Oct 2026 05:08:31 GMT`
#[must_use]
pub fn http_date(time_ms: i64) -> String {
    formatted(time_ms, "%a, %d %b %Y %H:%M:%S GMT")
}

fn formatted(time_ms: i64, format: &str) -> String {
    let time = DateTime::<Utc>::from_timestamp_millis(time_ms).unwrap_or_default();
    time.format(format).to_string()
}
