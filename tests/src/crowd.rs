//! A crowd: as many instances as a test of scale needs, each an address of its own, with a few small log files.
//!
//! Nothing is kept in memory for them: every byte of a file follows from its instance, its name and its offset. All
//! addresses are those of the loopback (127/8), on one port, so each instance is a host of its own to its client.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_RANGE, HOST, RANGE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use serde_json::json;
use tokio::runtime::{Builder, Runtime};

use crate::fleet::Part;

/// Log files of an instance: the live one and those that were rotated away.
const FILES: [&str; 3] = ["app.log", "app.1.log", "app.2.log"];

/// Bytes of each file at the beginning: twice what proves that a file was appended to.
const FILE_BYTES: u64 = 8_192;

/// One line, as the fleet's log4net layout has it.
const LINE_BYTES: usize = 64;

/// Time of the files at the beginning, 2025-10-09 08:00 UTC; each time that a file grows, it is an hour later.
const WRITTEN_S: u64 = 1_759_996_800;

/// Instances that append to their live file together; see [`Crowd::grow`].
const GROWING_EVERY: u32 = 100;

/// Bytes that each of them appends at a time: a few records.
pub const GROWTH_BYTES: u64 = 4 * LINE_BYTES as u64;

/// Entries of a listing that claims what no instance has.
pub const CLAIMED: usize = 1_000_000;

/// Instances on one port of the loopback.
pub struct Crowd {
    instances: u32,
    port: u16,
    book: Arc<Book>,
    _runtime: Runtime,
}

/// What the whole crowd knows.
#[derive(Debug, Default)]
struct Book {
    growths: AtomicU64,
    requests: AtomicU64,
    /// Listed in place of the files that are there.
    claim: OnceLock<Bytes>,
}

impl Crowd {
    /// Opens the port.
    ///
    /// # Errors
    /// A socket that cannot be opened.
    pub fn start(instances: u32) -> io::Result<Self> {
        // All of 127/8 at once is only to be had with all other addresses; those who ask at others are refused below.
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let book = Arc::new(Book::default());
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let app = Router::new()
            .route("/api/logs", get(listing))
            .route("/api/logs/{name}", get(file))
            .with_state(Arc::clone(&book));
        runtime.spawn(async move {
            if let Ok(listener) = tokio::net::TcpListener::from_std(listener) {
                // Errors of connections end the connection.
                let _ = axum::serve(listener, app).await;
            }
        });
        Ok(Self { instances, port, book, _runtime: runtime })
    }

    /// The list of instances, as a profile names it.
    #[must_use]
    pub fn csv(&self) -> String {
        let rows = (0..self.instances).map(|number| {
            let address = SocketAddr::from((address_of(number), self.port));
            format!("C-{number:05},http://{address}\n")
        });
        std::iter::once("name,address\n".to_owned()).chain(rows).collect()
    }

    /// From now on every instance claims to have a million files, of which none is there. Returns the bytes of that listing.
    pub fn claim(&self, extension: &str) -> usize {
        let entries = (0..CLAIMED)
            .map(|number| format!(r#"{{"name":"app-{number:07}.{extension}","size":1000,"modified":{WRITTEN_S}}}"#));
        let body = format!(r#"{{"files":[{}]}}"#, entries.collect::<Vec<_>>().join(","));
        self.book.claim.get_or_init(|| Bytes::from(body)).len()
    }

    /// One instance of a hundred appends to its live file. Returns how many bytes that are in all.
    pub fn grow(&self) -> u64 {
        self.book.growths.fetch_add(1, Ordering::Relaxed);
        u64::from(self.instances.div_ceil(GROWING_EVERY)) * GROWTH_BYTES
    }

    /// Requests since the last time that this was asked.
    pub fn requests(&self) -> u64 {
        self.book.requests.swap(0, Ordering::Relaxed)
    }

    /// Bytes of all files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let grown = self.book.growths.load(Ordering::Relaxed) * u64::from(self.instances.div_ceil(GROWING_EVERY));
        u64::from(self.instances) * FILES.len() as u64 * FILE_BYTES + grown * GROWTH_BYTES
    }
}

/// From 127.0.0.1 on.
fn address_of(number: u32) -> Ipv4Addr {
    let [_, high, middle, low] = (number + 1).to_be_bytes();
    Ipv4Addr::new(127, high, middle, low)
}

/// The instance that is asked, by the address that the client names.
fn number_of(headers: &HeaderMap) -> Option<u32> {
    match headers.get(HOST)?.to_str().ok()?.parse().ok()? {
        SocketAddr::V4(host) if host.ip().is_loopback() => {
            let [_, high, middle, low] = host.ip().octets();
            u32::from_be_bytes([0, high, middle, low]).checked_sub(1)
        }
        _ => None,
    }
}

impl Book {
    /// Length of a file, and how often it was appended to.
    fn length(&self, number: u32, file: usize) -> (u64, u64) {
        let grows = file == 0 && number.is_multiple_of(GROWING_EVERY);
        let growths = if grows { self.growths.load(Ordering::Relaxed) } else { 0 };
        (FILE_BYTES + growths * GROWTH_BYTES, growths)
    }
}

async fn listing(State(book): State<Arc<Book>>, headers: HeaderMap) -> Response {
    book.requests.fetch_add(1, Ordering::Relaxed);
    let Some(number) = number_of(&headers) else { return refused(StatusCode::FORBIDDEN) };
    if let Some(claim) = book.claim.get() {
        return respond(StatusCode::OK, None, claim.clone());
    }
    let files = FILES.iter().enumerate().map(|(file, name)| {
        let (size, growths) = book.length(number, file);
        json!({ "name": name, "size": size, "modified": WRITTEN_S + growths * 3_600 })
    });
    let body = json!({ "files": files.collect::<Vec<_>>() }).to_string();
    respond(StatusCode::OK, None, body.into_bytes())
}

async fn file(State(book): State<Arc<Book>>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    book.requests.fetch_add(1, Ordering::Relaxed);
    let Some(number) = number_of(&headers) else { return refused(StatusCode::FORBIDDEN) };
    let Some(file) = FILES.iter().position(|known| *known == name) else { return refused(StatusCode::NOT_FOUND) };
    let (size, _) = book.length(number, file);
    let length = usize::try_from(size).unwrap_or(usize::MAX);
    let range = headers.get(RANGE).and_then(|range| range.to_str().ok());
    match Part::of(range, length) {
        Part::Whole => respond(StatusCode::OK, None, content(number, file, 0, length)),
        Part::Bytes { from, to } => {
            let place = format!("bytes {from}-{}/{size}", to - 1);
            respond(StatusCode::PARTIAL_CONTENT, Some(place), content(number, file, from, to))
        }
        Part::Unsatisfiable => {
            respond(StatusCode::RANGE_NOT_SATISFIABLE, Some(format!("bytes */{size}")), Body::empty())
        }
    }
}

/// Bytes `from..to` of a file.
fn content(number: u32, file: usize, from: usize, to: usize) -> Vec<u8> {
    let first = from / LINE_BYTES;
    let lines = (first..to.div_ceil(LINE_BYTES)).map(|line| {
        let text = format!("2026-10-12 05:48:29,658 [1] INFO  App.Crowd - {number:05} {file} {line:06}");
        format!("{text:<width$}\n", width = LINE_BYTES - 1)
    });
    let text: String = lines.collect();
    text.as_bytes()[from - first * LINE_BYTES..to - first * LINE_BYTES].to_vec()
}

fn refused(status: StatusCode) -> Response {
    respond(status, None, Body::empty())
}

fn respond(status: StatusCode, place: Option<String>, body: impl Into<Body>) -> Response {
    let mut response = Response::builder().status(status);
    if let Some(place) = place {
        response = response.header(CONTENT_RANGE, place);
    }
    response.body(body.into()).expect("headers of visible ASCII")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{LINE_BYTES, address_of, content, number_of};
    use axum::http::HeaderMap;
    use axum::http::header::HOST;

    #[test]
    fn every_instance_has_an_address_of_its_own() {
        let mut seen = BTreeSet::new();
        for number in 0..70_000 {
            let address = address_of(number);
            assert!(address.is_loopback() && seen.insert(address), "{number}: {address}");
            let host = format!("{address}:80").parse().expect("a header");
            assert_eq!(number_of(&HeaderMap::from_iter([(HOST, host)])), Some(number));
        }
    }

    #[test]
    fn a_part_is_the_part_of_the_whole() {
        let whole = content(7, 1, 0, 5 * LINE_BYTES);
        assert_eq!(whole.len(), 5 * LINE_BYTES);
        for (from, to) in [(0, 1), (63, 65), (64, 128), (100, 320), (320, 320)] {
            assert_eq!(content(7, 1, from, to), whole[from..to]);
        }
        assert!(!content(7, 1, 0, 128).windows(64).any(|line| content(8, 1, 0, 64) == line));
    }
}
