//! What crosses the wire with one instance, request by request, for a probe to show. In a run nobody looks, and
//! nothing is kept.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{RequestBuilder, Response, Url};
use tokio::time::timeout;

use super::cause::{Cause, excerpt_of};
use super::named;
use super::rest::shown;
use crate::profile::{HIDDEN, Veil};

/// Exchanges that are kept: more than anybody reads. Further ones are counted.
const EXCHANGES_MAX: usize = 32;

/// What is kept of the first body, which tells the shape of an API: a listing of ten thousand files and more.
const FIRST_BODY_BYTES_MAX: usize = 4 << 20;

/// What is kept of the other bodies, and read of one that no run would read.
const BODY_BYTES_MAX: usize = 8 << 10;

/// What is shown of a body: a few lines of a terminal.
const EXCERPT_CHARS_MAX: usize = 400;

/// A request, and what came back.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Exchange {
    pub method: String,
    pub url: String,
    /// Headers that were sent, beside `Host`; secrets are hidden.
    pub sent: Vec<Header>,
    pub answer: Option<Answered>,
    /// Why there is no answer.
    pub cause: Option<Cause>,
}

/// A header; secrets are hidden.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Header {
    pub name: String,
    pub value: String,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Answered {
    pub version: String,
    pub status: u16,
    pub reason: String,
    /// Where the answer was found, when a redirect led there.
    pub found_at: Option<String>,
    pub headers: Vec<Header>,
    /// Bytes of the body that were read; a part may be enough.
    pub body_bytes: u64,
    /// The beginning of the body, secrets hidden.
    pub excerpt: String,
    #[serde(skip)]
    pub(super) body: Vec<u8>,
    #[serde(skip)]
    pub(super) url: String,
}

/// Keeps exchanges, or nothing.
#[derive(Debug, Default)]
pub(super) struct Trace(Option<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    veil: Arc<Veil>,
    exchanges: Vec<Exchange>,
    /// Exchanges beyond those that are kept.
    more: u64,
}

impl Trace {
    /// Keeps what crosses the wire from here on, without secrets.
    pub fn of(veil: Arc<Veil>) -> Trace {
        Trace(Some(Mutex::new(Kept { veil, ..Kept::default() })))
    }

    /// Whether somebody looks.
    pub fn is_kept(&self) -> bool {
        self.0.is_some()
    }

    fn kept(&self) -> Option<MutexGuard<'_, Kept>> {
        Some(self.0.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A request goes out.
    pub fn asked(&self, request: &RequestBuilder) {
        let Some(mut kept) = self.kept() else { return };
        let Some(Ok(request)) = request.try_clone().map(RequestBuilder::build) else { return };
        if kept.exchanges.len() >= EXCHANGES_MAX {
            kept.more += 1;
            return;
        }
        let exchange = Exchange {
            method: request.method().to_string(),
            url: named::text(&kept.veil, &shown(request.url(), &kept.veil)),
            sent: headers(&kept.veil, request.headers()),
            answer: None,
            cause: None,
        };
        kept.exchanges.push(exchange);
    }

    /// An answer begins. The body of a refusal, which no run reads, is read here, as far as it is shown.
    pub async fn answered(&self, asked: &Url, response: &mut Response, progress_timeout: Duration) {
        if !self.begun(asked, response) || response.status().is_success() {
            return;
        }
        let mut read = 0;
        while read < BODY_BYTES_MAX
            && let Ok(Ok(Some(bytes))) = timeout(progress_timeout, response.chunk()).await
        {
            read += bytes.len();
            self.received(&bytes);
        }
    }

    /// Keeps the head of an answer; `false` where nothing is kept.
    fn begun(&self, asked: &Url, response: &Response) -> bool {
        let Some(mut kept) = self.kept() else { return false };
        let found_at = (response.url() != asked).then(|| named::text(&kept.veil, &shown(response.url(), &kept.veil)));
        let answer = Answered {
            version: format!("{:?}", response.version()),
            status: response.status().as_u16(),
            reason: response.status().canonical_reason().unwrap_or_default().to_owned(),
            found_at,
            headers: headers(&kept.veil, response.headers()),
            body_bytes: 0,
            excerpt: String::new(),
            body: Vec::new(),
            url: response.url().to_string(),
        };
        if let Some(exchange) = kept.last() {
            exchange.answer = Some(answer);
        }
        true
    }

    /// No answer came.
    pub fn failed(&self, cause: &Cause) {
        let Some(mut kept) = self.kept() else { return };
        let cause = kept.shown(cause);
        if let Some(exchange) = kept.last() {
            exchange.cause = Some(cause);
        }
    }

    /// Bytes of the last answer's body.
    pub fn received(&self, bytes: &[u8]) {
        let Some(mut kept) = self.kept() else { return };
        let is_good = |exchange: &&Exchange| exchange.answer.as_ref().is_some_and(|answer| answer.status == 200);
        let first = kept.exchanges.iter().filter(is_good).nth(1).is_none();
        let most = if first { FIRST_BODY_BYTES_MAX } else { BODY_BYTES_MAX };
        if let Some(answer) = kept.last().and_then(|exchange| exchange.answer.as_mut()) {
            answer.body_bytes += bytes.len() as u64;
            let room = most.saturating_sub(answer.body.len());
            answer.body.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
    }

    /// A cause as it may be shown.
    pub fn shown(&self, cause: &Cause) -> Cause {
        self.kept().map_or_else(|| cause.clone(), |kept| kept.shown(cause))
    }

    /// Takes out what was kept, and how many exchanges were not.
    pub fn take(&self) -> (Vec<Exchange>, u64) {
        let Some(mut kept) = self.kept() else { return Default::default() };
        let (mut exchanges, more) = (std::mem::take(&mut kept.exchanges), std::mem::take(&mut kept.more));
        for answer in exchanges.iter_mut().filter_map(|exchange| exchange.answer.as_mut()) {
            // First hidden, then cut: a secret that is cut would not be known any more.
            let beginning = String::from_utf8_lossy(&answer.body[..answer.body.len().min(BODY_BYTES_MAX)]);
            answer.excerpt = excerpt_of(&named::text(&kept.veil, &beginning), EXCERPT_CHARS_MAX, &kept.veil);
        }
        (exchanges, more)
    }
}

impl Kept {
    /// The exchange that is under way; `None` where it is not kept.
    fn last(&mut self) -> Option<&mut Exchange> {
        if self.more > 0 { None } else { self.exchanges.last_mut() }
    }

    fn shown(&self, cause: &Cause) -> Cause {
        Cause { class: cause.class, text: named::text(&self.veil, &cause.text) }
    }
}

fn headers(veil: &Veil, headers: &HeaderMap) -> Vec<Header> {
    let shown = headers.iter().map(|(name, value)| {
        let text = String::from_utf8_lossy(value.as_bytes());
        let value = if value.is_sensitive() { HIDDEN.to_owned() } else { named::header(veil, name.as_str(), &text) };
        Header { name: name.to_string(), value: excerpt_of(&value, EXCERPT_CHARS_MAX, veil) }
    });
    let mut headers: Vec<Header> = shown.collect();
    headers.sort_by(|a, b| a.name.cmp(&b.name));
    headers
}
