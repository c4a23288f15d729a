//! The REST source: one HTTP client, one request at a time for an instance.

use std::time::Duration;

use chrono::Utc;
use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, DATE, HeaderName, LOCATION, RANGE, RETRY_AFTER,
};
use reqwest::{Client, Response, StatusCode, Url, redirect};
use tokio::time::timeout;

use super::answer::{Answer, Ask, Head, PAGE_BYTES, classify, is_page, may_be_page};
use super::cause::{Cause, CauseClass, excerpt, of_transport};
use super::listing::{self, Listing};
use super::name;
use super::retry::{Again, Fault, retry_after};
use super::source::{Body, Flow, Opened, Tally};
use crate::profile::{Instance, Limits, Rest};

/// Far more than a million entries need; beyond it, a listing is no listing.
const LISTING_BYTES_MAX: usize = 64 << 20;

/// As browsers do, and more than any honest installation needs.
const REDIRECTS_MAX: usize = 5;

/// Asks instances as the profile describes.
pub(super) struct RestSource {
    client: Client,
    rest: Rest,
}

/// The body of an answer.
pub(super) struct RestBody {
    response: Response,
    progress_timeout: Duration,
    asked: String,
    /// Bytes that were read before they were asked for.
    ahead: Vec<u8>,
}

/// Builds the HTTP client. Without any `https` address the system's certificates are not read: a machine that has
/// none can still fetch.
pub(super) fn client(limits: &Limits, secure: bool) -> Result<Client, reqwest::Error> {
    // Fails only when a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder()
        .user_agent(concat!("logparser/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(limits.connect_timeout)
        .redirect(redirect::Policy::custom(stay_on_host))
        .referer(false)
        .no_proxy()
        .pool_max_idle_per_host(1);
    let builder = if secure { builder } else { builder.tls_certs_only([]) };
    builder.build()
}

/// A redirect may change the path, or go from plain to secure; it never leaves the host.
fn stay_on_host(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let stays = attempt.previous().last().is_some_and(|from| {
        let to = attempt.url();
        let upgrade = from.scheme() == "http"
            && to.scheme() == "https"
            && from.port_or_known_default() == Some(80)
            && to.port_or_known_default() == Some(443);
        let same = from.scheme() == to.scheme() && from.port_or_known_default() == to.port_or_known_default();
        from.host() == to.host() && (same || upgrade)
    });
    if stays && attempt.previous().len() <= REDIRECTS_MAX { attempt.follow() } else { attempt.stop() }
}

impl RestSource {
    pub fn new(client: Client, rest: Rest) -> RestSource {
        RestSource { client, rest }
    }

    /// What is asked when a file is fetched, for causes.
    pub fn asked(&self, instance: &Instance, path: &str) -> String {
        let url = name::expanded(&self.rest.fetch_url, &instance.address, &instance.name, path);
        Url::parse(&url).map_or_else(|_| excerpt(&url), |url| shown(&url))
    }

    pub async fn list(&self, instance: &Instance, tally: &Tally) -> Result<Listing, Fault> {
        let url = parsed(name::expanded(&self.rest.list_url, &instance.address, &instance.name, ""))?;
        let response = self.send(&url, Ask::WHOLE, tally).await?;
        let asked = shown(&url);
        match (response.status(), classify(Ask::WHOLE, &head(&response))) {
            (StatusCode::OK, Answer::Bytes { .. }) => {}
            (_, other) => return Err(refusal(&asked, &response, other)),
        }
        let status = response.status().as_u16();
        let kind = header(&response, CONTENT_TYPE).unwrap_or("no content type").to_owned();
        let date_us = header(&response, DATE).and_then(listing::text_time_us);
        let mut flow = self.body(response, asked.clone());
        let mut body = Vec::new();
        while flow.read(&mut body).await? && body.len() <= LISTING_BYTES_MAX {}
        Tally::add(&tally.bytes_wire, body.len());
        let parsed = if body.len() > LISTING_BYTES_MAX {
            Err(format!("is longer than {LISTING_BYTES_MAX} bytes"))
        } else {
            listing::parse(&self.rest, &body, date_us, Utc::now().timestamp_micros())
        };
        parsed.map_err(|why| {
            let shown = excerpt(&String::from_utf8_lossy(&body[..body.len().min(1024)]));
            let kind = excerpt(&kind);
            let text = format!("{asked}: the listing {why} (status {status}, {kind}; it begins with: {shown})");
            Fault::lasting(Cause::new(CauseClass::Listing, text))
        })
    }

    pub async fn open(&self, instance: &Instance, path: &str, ask: Ask, tally: &Tally) -> Result<Opened, Fault> {
        let url = parsed(name::expanded(&self.rest.fetch_url, &instance.address, &instance.name, path))?;
        let response = self.send(&url, ask, tally).await?;
        match classify(ask, &head(&response)) {
            Answer::Bytes { start, end, total } => {
                let may_be_page = start == 0 && may_be_page(header(&response, CONTENT_TYPE), path);
                let mut body = self.body(response, shown(&url));
                if may_be_page {
                    body.refuse_page().await?;
                }
                let flow = Flow::Rest(body);
                Ok(Opened::Bytes(Box::new(Body::new(start, end, total, flow))))
            }
            Answer::Beyond(length) => Ok(Opened::Beyond(length)),
            Answer::Gone => Ok(Opened::Gone),
            Answer::Reject(why) => Ok(Opened::Rejected(why)),
            other => Err(refusal(&shown(&url), &response, other)),
        }
    }

    async fn send(&self, url: &Url, ask: Ask, tally: &Tally) -> Result<Response, Fault> {
        let mut request = self.client.get(url.clone()).header(ACCEPT_ENCODING, "identity");
        if let Some(range) = ask.range() {
            request = request.header(RANGE, range);
        }
        Tally::add(&tally.requests, 1);
        let limits = &self.rest.limits;
        match timeout(limits.connect_timeout + limits.headers_timeout, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => {
                let cause = of_transport(&error, &shown(url));
                Err(match cause.class {
                    CauseClass::Address | CauseClass::Tls => Fault::lasting(cause),
                    _ => Fault::passing(cause),
                })
            }
            Err(_) => Err(too_slow(&shown(url), "no answer within the time limit")),
        }
    }

    fn body(&self, response: Response, asked: String) -> RestBody {
        RestBody { response, progress_timeout: self.rest.limits.progress_timeout, asked, ahead: Vec::new() }
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

    /// Refuses a body that is an HTML page, such as a login, where a file was asked for.
    async fn refuse_page(&mut self) -> Result<(), Fault> {
        let mut ahead = Vec::new();
        while ahead.len() < PAGE_BYTES && self.read_on(&mut ahead).await? {}
        if is_page(&ahead) {
            let shown = excerpt(&String::from_utf8_lossy(&ahead[..ahead.len().min(1024)]));
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

/// Why an answer gives no bytes.
fn refusal(asked: &str, response: &Response, answer: Answer) -> Fault {
    let status = response.status().as_u16();
    match answer {
        Answer::Again => {
            let wait = header(response, RETRY_AFTER).and_then(|text| retry_after(text, Utc::now()));
            let cause = Cause::new(CauseClass::Status, format!("{asked}: status {status}"));
            Fault { cause, again: wait.map_or(Again::Soon, Again::After) }
        }
        Answer::Redirect => {
            let to = excerpt(header(response, LOCATION).unwrap_or("nowhere"));
            let text = format!("{asked}: status {status} leads to {to}, which is not followed");
            Fault::lasting(Cause::new(CauseClass::Redirect, text))
        }
        Answer::Reject(why) => Fault::lasting(Cause::new(CauseClass::Answer, format!("{asked}: {why}"))),
        _ => Fault::lasting(Cause::new(CauseClass::Status, format!("{asked}: status {status}"))),
    }
}

fn parsed(url: String) -> Result<Url, Fault> {
    Url::parse(&url).map_err(|_| {
        let text = format!("\"{}\" is no URL; see the address and the URL templates in the profile", excerpt(&url));
        Fault::lasting(Cause::new(CauseClass::Address, text))
    })
}

/// A URL without the user and password that it may carry.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // Only URLs without a host refuse, and those carry neither.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    excerpt(url.as_str())
}
