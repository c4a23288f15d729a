//! The REST source: one HTTP client, one request at a time for an instance.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, DATE, HeaderName, LINK, LOCATION, RANGE,
    RETRY_AFTER, USER_AGENT,
};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url, redirect};
use tokio::time::timeout;

use super::answer::{Answer, Ask, Head, PAGE_BYTES, classify, is_of_name, is_page, may_be_page};
use super::approach::Approach;
use super::cause::{Cause, CauseClass, beginning, beginning_bytes, excerpt, of_transport};
use super::listing;
use super::name;
use super::retry::{Again, Fault, retry_after};
use super::source::{Body, Flow, Opened, Tally};
use crate::profile::{FetchKind, Instance, Limits, Rest, Veil};

/// As browsers do, and more than any honest installation needs.
const REDIRECTS_MAX: usize = 5;

/// How every request names the program.
const AGENT: &str = concat!("logparser/", env!("CARGO_PKG_VERSION"));

/// Asks instances as the profile describes.
pub(super) struct RestSource {
    client: Client,
    approach: Approach,
    veil: Arc<Veil>,
}

/// An answer, and what stands in its head.
pub(super) struct Whole {
    asked: String,
    /// Where it was found, after redirects.
    pub at: Url,
    status: u16,
    kind: String,
    pub links: String,
    pub date_us: Option<i64>,
    /// The body, or its beginning.
    pub bytes: Vec<u8>,
}

/// The body of an answer.
pub(super) struct RestBody {
    response: Response,
    progress_timeout: Duration,
    asked: String,
    /// Bytes that were read before they were asked for.
    ahead: Vec<u8>,
}

fn client(approach: &Approach, secure: bool) -> Result<Client, reqwest::Error> {
    // Fails only when a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // A header of any name goes along with a redirect: with credentials, only where it stays at the same origin.
    let upgrades = !approach.credentials.is_some();
    let builder = Client::builder()
        .connect_timeout(approach.rest.limits.connect_timeout)
        .redirect(redirect::Policy::custom(move |attempt| stay_on_host(attempt, upgrades)))
        .referer(false)
        .no_proxy()
        .pool_max_idle_per_host(1);
    approach.trust.apply(builder, secure).build()
}

/// A redirect may change the path, or, where `upgrades` says so, go from plain to secure; it never leaves the host.
fn stay_on_host(attempt: redirect::Attempt<'_>, upgrades: bool) -> redirect::Action {
    let stays = attempt.previous().last().is_some_and(|from| {
        let to = attempt.url();
        let upgrade = upgrades
            && from.scheme() == "http"
            && to.scheme() == "https"
            && from.port_or_known_default() == Some(80)
            && to.port_or_known_default() == Some(443);
        let same = from.scheme() == to.scheme() && from.port_or_known_default() == to.port_or_known_default();
        from.host() == to.host() && (same || upgrade)
    });
    if stays && attempt.previous().len() <= REDIRECTS_MAX { attempt.follow() } else { attempt.stop() }
}

impl RestSource {
    pub fn new(approach: Approach, secure: bool, veil: Arc<Veil>) -> Result<RestSource, reqwest::Error> {
        Ok(RestSource { client: client(&approach, secure)?, approach, veil })
    }

    pub fn limits(&self) -> &Limits {
        &self.approach.rest.limits
    }

    /// Whether nothing but the content tells where a body begins.
    pub fn trusts_offsets(&self) -> bool {
        self.approach.rest.fetch_kind == FetchKind::Offset
    }

    /// The same source, which asks for parts of files in another way.
    pub fn by(&self, fetch_kind: FetchKind) -> RestSource {
        let mut approach = self.approach.clone();
        approach.rest.fetch_kind = fetch_kind;
        RestSource { client: self.client.clone(), approach, veil: self.veil() }
    }

    pub fn settings(&self) -> &Rest {
        &self.approach.rest
    }

    /// Hides the secrets of the profile.
    pub fn veil(&self) -> Arc<Veil> {
        Arc::clone(&self.veil)
    }

    /// What is asked when a file is fetched, for causes.
    pub fn asked(&self, instance: &Instance, path: &str) -> String {
        let url = self.file_url(instance, path, Ask::WHOLE);
        Url::parse(&url).map_or_else(|_| excerpt(&url, &self.veil), |url| self.shown(&url))
    }

    fn file_url(&self, instance: &Instance, path: &str, ask: Ask) -> String {
        let url = self.approach.rest.fetch_url.replace("{offset}", &ask.from.to_string());
        name::expanded(&url, &instance.address, &instance.name, path)
    }

    /// A whole answer with status 200; of one that is longer than `bytes_max`, a little more than so many bytes.
    pub async fn whole(&self, url: &Url, accept: &str, bytes_max: usize, tally: &Tally) -> Result<Whole, Fault> {
        let (mut whole, mut body) = self.begin(url, accept, tally).await?;
        while body.take(&mut whole.bytes, tally).await? && whole.bytes.len() <= bytes_max {}
        Ok(whole)
    }

    /// The head of an answer with status 200, and its body, of which nothing was read.
    pub async fn begin(&self, url: &Url, accept: &str, tally: &Tally) -> Result<(Whole, RestBody), Fault> {
        let response = self.send(url, self.client.get(url.clone()).header(ACCEPT, accept), tally).await?;
        let asked = self.shown(url);
        match (response.status(), classify(Ask::WHOLE, &head(&response))) {
            (StatusCode::OK, Answer::Bytes { .. }) => {}
            (_, other) => return Err(self.refusal(&asked, &response, other)),
        }
        let links: Vec<&str> = response.headers().get_all(LINK).iter().filter_map(|link| link.to_str().ok()).collect();
        let whole = Whole {
            asked: asked.clone(),
            at: response.url().clone(),
            status: response.status().as_u16(),
            kind: header(&response, CONTENT_TYPE).unwrap_or("no content type").to_owned(),
            links: links.join(", "),
            date_us: header(&response, DATE).and_then(listing::text_time_us),
            bytes: Vec::new(),
        };
        Ok((whole, self.body(response, asked)))
    }

    /// An answer is not what was asked for.
    pub fn unfit(&self, whole: &Whole, what: &str, why: &str) -> Fault {
        let Whole { asked, status, .. } = whole;
        let kind = excerpt(&whole.kind, &self.veil);
        let shown = beginning(&whole.bytes, &self.veil);
        let text = format!("{asked}: the {what} {why} (status {status}, {kind}; it begins with: {shown})");
        Fault::lasting(Cause::new(CauseClass::Listing, text))
    }

    pub async fn open(&self, instance: &Instance, path: &str, ask: Ask, tally: &Tally) -> Result<Opened, Fault> {
        let ask = if self.approach.rest.fetch_kind == FetchKind::Full { Ask::WHOLE } else { ask };
        let url = self.parsed(self.file_url(instance, path, ask))?;
        let mut request = self.client.get(url.clone()).header(ACCEPT, "*/*");
        if let Some(range) = ask.range().filter(|_| self.approach.rest.fetch_kind == FetchKind::Range) {
            request = request.header(RANGE, range);
        }
        let response = self.send(&url, request, tally).await?;
        let mut head = head(&response);
        // A server may give the encoding of a compressed file as that of its answer: the body is the file all the same.
        head.content_encoding = head.content_encoding.filter(|encoding| !is_of_name(encoding, path));
        let answer = match (self.approach.rest.fetch_kind, classify(ask, &head)) {
            // The body begins at the offset. It may end before the file does: how long that is, it does not tell.
            (FetchKind::Offset, Answer::Bytes { end, .. }) if response.status() == StatusCode::OK => {
                Answer::Bytes { start: ask.from, end: end.map(|length| ask.from.saturating_add(length)), total: None }
            }
            (_, answer) => answer,
        };
        match answer {
            Answer::Bytes { start, end, total } => {
                let may_be_page =
                    (start == 0 || self.trusts_offsets()) && may_be_page(header(&response, CONTENT_TYPE), path);
                let mut body = self.body(response, self.shown(&url));
                if may_be_page {
                    body.refuse_page(&self.veil).await?;
                }
                let flow = Flow::Rest(body);
                Ok(Opened::Bytes(Box::new(Body::new(start, end, total, flow))))
            }
            Answer::Beyond(length) => Ok(Opened::Beyond(length)),
            Answer::Gone => Ok(Opened::Gone),
            Answer::Reject(why) => Ok(Opened::Rejected(why)),
            other => Err(self.refusal(&self.shown(&url), &response, other)),
        }
    }

    async fn send(&self, url: &Url, request: RequestBuilder, tally: &Tally) -> Result<Response, Fault> {
        let request = request.header(USER_AGENT, AGENT).header(ACCEPT_ENCODING, "identity");
        let request = self.approach.credentials.apply(request);
        Tally::add(&tally.requests, 1);
        tally.trace.asked(&request);
        let limits = &self.approach.rest.limits;
        let fault = match timeout(limits.connect_timeout + limits.headers_timeout, request.send()).await {
            Ok(Ok(mut response)) => {
                tally.trace.answered(url, &mut response, limits.progress_timeout).await;
                return Ok(response);
            }
            Ok(Err(error)) => {
                let cause = of_transport(&error, &self.shown(url), &self.approach.trust, &self.veil);
                match cause.class {
                    CauseClass::Address | CauseClass::Tls => Fault::lasting(cause),
                    _ => Fault::passing(cause),
                }
            }
            Err(_) => too_slow(&self.shown(url), "no answer within the time limit"),
        };
        tally.trace.failed(&fault.cause);
        Err(fault)
    }

    /// Why an answer gives no bytes.
    fn refusal(&self, asked: &str, response: &Response, answer: Answer) -> Fault {
        let status = response.status().as_u16();
        match answer {
            Answer::Again => {
                let wait = header(response, RETRY_AFTER).and_then(|text| retry_after(text, Utc::now()));
                let cause = Cause::new(CauseClass::Status, format!("{asked}: status {status}"));
                Fault { cause, again: wait.map_or(Again::Soon, Again::After) }
            }
            Answer::Redirect => {
                let to = excerpt(header(response, LOCATION).unwrap_or("nowhere"), &self.veil);
                let text = format!("{asked}: status {status} leads to {to}, which is not followed");
                Fault::lasting(Cause::new(CauseClass::Redirect, text))
            }
            Answer::Reject(why) => Fault::lasting(Cause::new(CauseClass::Answer, format!("{asked}: {why}"))),
            _ => Fault::lasting(Cause::new(CauseClass::Status, format!("{asked}: status {status}"))),
        }
    }

    pub fn parsed(&self, url: String) -> Result<Url, Fault> {
        Url::parse(&url).map_err(|_| {
            let url = excerpt(&url, &self.veil);
            let text = format!("\"{url}\" is no URL; see the address and the URL templates in the profile");
            Fault::lasting(Cause::new(CauseClass::Address, text))
        })
    }

    fn shown(&self, url: &Url) -> String {
        shown(url, &self.veil)
    }

    fn body(&self, response: Response, asked: String) -> RestBody {
        RestBody { response, progress_timeout: self.approach.rest.limits.progress_timeout, asked, ahead: Vec::new() }
    }
}

impl RestBody {
    /// Adds the next bytes; `false` at the end.
    pub async fn read(&mut self, into: &mut Vec<u8>) -> Result<bool, Fault> {
        if !self.ahead.is_empty() {
            into.append(&mut self.ahead);
            return Ok(true);
        }
        self.read_on(into).await
    }

    /// The same, and what came is counted.
    pub async fn take(&mut self, into: &mut Vec<u8>, tally: &Tally) -> Result<bool, Fault> {
        let before = into.len();
        let more = self.read(into).await?;
        Tally::add(&tally.bytes_wire, into.len() - before);
        tally.trace.received(&into[before..]);
        Ok(more)
    }

    /// Refuses a body that is an HTML page, such as a login, where a file was asked for.
    async fn refuse_page(&mut self, veil: &Veil) -> Result<(), Fault> {
        let mut ahead = Vec::new();
        while ahead.len() < PAGE_BYTES && self.read_on(&mut ahead).await? {}
        if is_page(&ahead) {
            while ahead.len() < beginning_bytes(veil) && self.read_on(&mut ahead).await? {}
            let shown = beginning(&ahead, veil);
            let text = format!("{}: the answer is an HTML page, not the file; it begins with: {shown}", self.asked);
            return Err(Fault::lasting(Cause::new(CauseClass::Answer, text)));
        }
        self.ahead = ahead;
        Ok(())
    }

    async fn read_on(&mut self, into: &mut Vec<u8>) -> Result<bool, Fault> {
        match timeout(self.progress_timeout, self.response.chunk()).await {
            Ok(Ok(Some(bytes))) => {
                into.extend_from_slice(&bytes);
                Ok(true)
            }
            Ok(Ok(None)) => Ok(false),
            Ok(Err(_)) => {
                let text = format!("{}: the connection broke before the end of the body", self.asked);
                Err(Fault::passing(Cause::new(CauseClass::Broken, text)))
            }
            Err(_) => Err(too_slow(&self.asked, "no further byte within the time limit")),
        }
    }
}

/// A URL without the user and password that it may carry.
pub(super) fn shown(url: &Url, veil: &Veil) -> String {
    let mut url = url.clone();
    // Only URLs without a host refuse, and those carry neither.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    excerpt(url.as_str(), veil)
}

fn too_slow(asked: &str, what: &str) -> Fault {
    Fault::passing(Cause::new(CauseClass::Timeout, format!("{asked}: {what}")))
}

fn head(response: &Response) -> Head<'_> {
    Head {
        status: response.status().as_u16(),
        content_range: header(response, CONTENT_RANGE),
        content_encoding: header(response, CONTENT_ENCODING),
        content_type: header(response, CONTENT_TYPE),
        content_length: response.content_length(),
    }
}

fn header(response: &Response, name: HeaderName) -> Option<&str> {
    response.headers().get(name)?.to_str().ok()
}
