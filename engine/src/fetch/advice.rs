//! What somebody who sets up an unknown API should look at: the key of the profile that decides, and its likely value.
//! What is proposed for a listing was tried on the answer before.

use reqwest::Url;
use serde_json::Value;

use super::cause::{Cause, CauseClass, excerpt};
use super::incoming::Incoming;
use super::index;
use super::listing::{self, Listing};
use super::shape::{self, Guess};
use super::trace::{Answered, Exchange};
use crate::profile::{Auth, FetchKind, FileFilter, ListKind, Paging, Rest, Veil};

/// Names that a proposal repeats at most.
const NAMED_MAX: usize = 8;

/// A key of the profile, why it decides, and lines to paste.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Advice {
    pub key: &'static str,
    pub why: String,
    pub lines: Vec<String>,
}

impl Advice {
    pub(super) fn new(key: &'static str, why: impl Into<String>, lines: impl IntoIterator<Item = String>) -> Advice {
        Advice { key, why: why.into(), lines: lines.into_iter().collect() }
    }

    /// Without secrets, which a server may have repeated in what the advice rests on.
    pub(super) fn under(self, veil: &Veil) -> Advice {
        let hide = |text: String| veil.hide(&text).into_owned();
        Advice { why: hide(self.why), lines: self.lines.into_iter().map(hide).collect(), ..self }
    }
}

/// What would help with the listing.
pub(super) fn on_listing(
    rest: &Rest,
    exchanges: &[Exchange],
    listed: Result<&Listing, &Cause>,
    filter: &FileFilter,
) -> Vec<Advice> {
    let last = exchanges.last().and_then(|exchange| exchange.answer.as_ref());
    let first = exchanges.iter().filter_map(|exchange| exchange.answer.as_ref()).find(|answer| answer.status == 200);
    match (listed, first, last) {
        (Err(cause), _, None) => unreached(cause).into_iter().collect(),
        (Err(_), _, Some(answer)) if answer.status != 200 => vec![refused(rest, answer, "list")],
        (listed, Some(answer), _) => understood(rest, answer, listed, filter),
        _ => Vec::new(),
    }
}

fn unreached(cause: &Cause) -> Option<Advice> {
    let (key, why) = match cause.class {
        CauseClass::Address => ("address", "the address of the instance and the template `list` make no URL together"),
        CauseClass::Connect => ("address", "nobody answers there: host and port, and whether the application runs"),
        CauseClass::Tls => ("tls", "no trust between the two sides: whom to trust (`ca`), who asks (`certificate`)"),
        CauseClass::Timeout => ("headers_timeout", "the answer takes longer than `[limits]` allow, or none ever comes"),
        CauseClass::Broken => ("address", "what answers there speaks no HTTP, or https where http is asked for"),
        _ => return None,
    };
    Some(Advice::new(key, why, []))
}

/// What an answer that is no 200 asks for; `key` is the template of the URL.
pub(super) fn refused(rest: &Rest, answer: &Answered, key: &'static str) -> Advice {
    let header = |name: &str| answer.headers.iter().find(|header| header.name == name).map(|header| &*header.value);
    match answer.status {
        401 | 403 if rest.auth != Auth::None => {
            Advice::new("auth", "the server refuses who asks: the secret, or the kind of `auth`", [])
        }
        401 | 403 | 407 => {
            let challenge = header("www-authenticate").unwrap_or_default();
            let kind = challenge.split(' ').next().unwrap_or_default().to_ascii_lowercase();
            let (why, line) = match kind.as_str() {
                "basic" => (
                    "the server wants a user and a password",
                    "auth = { kind = \"basic\", user = \"logs\", password = { env = \"LOGPARSER_PASSWORD\" } }",
                ),
                "bearer" => {
                    ("the server wants a token", "auth = { kind = \"bearer\", token = { env = \"LOGPARSER_TOKEN\" } }")
                }
                _ => (
                    "the server wants to know who asks, and does not say how; often it is a header",
                    "auth = { kind = \"header\", header = \"X-Api-Key\", value = { env = \"LOGPARSER_KEY\" } }",
                ),
            };
            Advice::new("auth", why, [line.to_owned()])
        }
        300..=399 => {
            let to = excerpt(header("location").unwrap_or("nowhere"), &Veil::default());
            let why = format!("the server leads to {to}, which is not followed: ask there in the first place");
            Advice::new(key, why, [])
        }
        404 | 405 | 410 => Advice::new(key, format!("there is nothing at this URL (status {})", answer.status), []),
        status => Advice::new(key, format!("the server answers with status {status}; its text may say why"), []),
    }
}

/// What an answer of status 200 gives to understand.
fn understood(rest: &Rest, answer: &Answered, listed: Result<&Listing, &Cause>, filter: &FileFilter) -> Vec<Advice> {
    let document: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let mut advice = Vec::new();
    let named = listed.is_ok_and(|listing| !listing.files.is_empty());
    // A server whose folders would be taken for files.
    let by_another = |document| shape::known_server(document).is_some_and(|kind| kind != rest.list_kind);
    match &document {
        Some(document) if !named || by_another(document) => advice.push(json(rest, document, listed.is_ok())),
        Some(document) => advice.extend(more_facts(rest, document)),
        None if !named => advice.push(no_json(rest, answer)),
        None => {}
    }
    if let Ok(listing) = listed {
        let taken = listing.files.keys().filter(|path| filter.takes(path)).count();
        if named && taken == 0 {
            advice.push(globs(listing));
        }
    }
    if rest.paging == Paging::None && rest.list_kind == ListKind::Json {
        advice.extend(paging(answer, document.as_ref()));
    }
    advice
}

/// A line of the profile.
fn line(key: &str, value: &str) -> String {
    format!("{key} = {}", toml::Value::String(value.to_owned()))
}

pub(super) fn word(kind: ListKind) -> &'static str {
    match kind {
        ListKind::Json => "json",
        ListKind::Nginx => "nginx",
        ListKind::Caddy => "caddy",
        ListKind::Html => "html",
    }
}

/// JSON in which the profile finds no file.
fn json(rest: &Rest, document: &Value, complete: bool) -> Advice {
    if let Some(kind) = shape::known_server(document).filter(|kind| *kind != rest.list_kind) {
        let why = match kind {
            ListKind::Nginx => "the answer is how nginx lists a folder (`autoindex_format json`)",
            _ => "the answer is how Caddy lists a folder (`file_server browse`)",
        };
        return Advice::new(
            "list_kind",
            format!("{why}; the pointers are known then"),
            [line("list_kind", word(kind))],
        );
    }
    if let Some(guess) = shape::guess(document) {
        let tried = Rest { list_kind: ListKind::Json, ..with(rest, &guess) };
        let mut found = Listing::new(None, Default::default());
        let text = document.to_string();
        let page = Incoming::whole(text.as_bytes());
        let count = listing::read(&tried, page, 0, &mut found).map_or(0, |_| found.files.len());
        if count > 0 {
            let place = if guess.items.is_empty() { "the answer itself".to_owned() } else { guess.items.clone() };
            let why = format!("the answer has a list of {count} files at {place}");
            let key = if rest.items == guess.items { "name" } else { "items" };
            let kind = (rest.list_kind != ListKind::Json).then(|| line("list_kind", "json"));
            return Advice::new(key, why, kind.into_iter().chain(lines(&guess)));
        }
    }
    if complete {
        return Advice::new("list", "the list is empty: the instance has no files, or they are listed elsewhere", []);
    }
    let why = match document {
        Value::Object(members) if members.values().all(Value::is_object) && !members.is_empty() => {
            "the answer is a table by name, not a list: that is not understood".to_owned()
        }
        Value::Object(members) => {
            let names: Vec<&str> = members.keys().take(NAMED_MAX).map(String::as_str).collect();
            let names = excerpt(&names.join(", "), &Veil::default());
            format!("no list of files is in the answer; at its top it has: {names}")
        }
        _ => "no list of files is in the answer".to_owned(),
    };
    Advice::new("list", why, [])
}

fn with(rest: &Rest, guess: &Guess) -> Rest {
    Rest {
        items: guess.items.clone(),
        name: guess.name.clone(),
        size: guess.size.clone(),
        modified: guess.modified.clone(),
        etag: guess.etag.clone(),
        ..rest.clone()
    }
}

fn lines(guess: &Guess) -> Vec<String> {
    let facts = [("size", &guess.size), ("modified", &guess.modified), ("etag", &guess.etag)];
    let facts = facts.into_iter().filter_map(|(key, pointer)| Some(line(key, pointer.as_ref()?)));
    [line("items", &guess.items), line("name", &guess.name)].into_iter().chain(facts).collect()
}

/// What the entries tell, and the profile does not ask for.
fn more_facts(rest: &Rest, document: &Value) -> Option<Advice> {
    let guess = shape::guess(document).filter(|guess| rest.list_kind == ListKind::Json && guess.items == rest.items)?;
    let items = document.pointer(&rest.items)?.as_array()?;
    let facts = [
        ("size", &rest.size, &guess.size),
        ("modified", &rest.modified, &guess.modified),
        ("etag", &rest.etag, &guess.etag),
    ];
    let told = |pointer: &String| items.iter().any(|item| item.pointer(pointer).is_some_and(|value| !value.is_null()));
    let missing = facts.into_iter().filter(|(_, own, guess)| guess.is_some() && !own.as_ref().is_some_and(told));
    let missing: Vec<_> = missing.filter_map(|(key, _, guess)| Some((key, line(key, guess.as_ref()?)))).collect();
    let (key, _) = missing.first()?;
    let why = "the entries tell more than the profile asks for: it saves requests to files that did not change";
    Some(Advice::new(key, why, missing.into_iter().map(|(_, line)| line)))
}

/// An answer that is no JSON.
fn no_json(rest: &Rest, answer: &Answered) -> Advice {
    let text = String::from_utf8_lossy(&answer.body).trim_start().to_ascii_lowercase();
    let page = text.starts_with("<!doctype html") || text.starts_with("<html");
    let index = Url::parse(&answer.url).is_ok_and(|url| {
        let mut found = Listing::new(None, Default::default());
        index::read(&url, Incoming::whole(&answer.body), 0, &mut found).is_ok_and(|seen| seen.entries > 0)
    });
    if index && rest.list_kind != ListKind::Html {
        let why = "the answer is the page of links that a web server makes of a folder";
        return Advice::new("list_kind", why, [line("list_kind", "html")]);
    }
    if page && (text.contains("password") || text.contains("sign in") || text.contains("log in")) {
        return Advice::new(
            "auth",
            "the answer is a page to log in, not a listing: the server wants to know who asks",
            [],
        );
    }
    if page {
        let why = "the answer is an HTML page without a listing: the listing is at another URL, often below /api";
        return Advice::new("list", why, []);
    }
    if text.starts_with('<') {
        return Advice::new("list", "the answer is XML, which is not understood: ask for JSON, where the API can", []);
    }
    if text.is_empty() {
        return Advice::new("list", "the answer is empty", []);
    }
    Advice::new("list", "the answer is neither JSON nor a page of links", [])
}

/// Files are listed, and the globs take none.
fn globs(listing: &Listing) -> Advice {
    let mut globs: Vec<String> = Vec::new();
    for path in listing.files.keys() {
        let name = path.rsplit('/').next().unwrap_or_default();
        let glob = name.rsplit_once('.').map_or_else(|| name.to_owned(), |(_, extension)| format!("*.{extension}"));
        if !globs.contains(&glob) && globs.len() < NAMED_MAX {
            globs.push(glob);
        }
    }
    let globs: Vec<String> = globs.into_iter().map(|glob| toml::Value::String(glob).to_string()).collect();
    let why = format!("of {} listed files the globs of `[fleet]` take none", listing.files.len());
    Advice::new("include", why, [format!("include = [{}]", globs.join(", "))])
}

/// Signs that the listing goes on behind its first page.
fn paging(answer: &Answered, document: Option<&Value>) -> Option<Advice> {
    let link = answer.headers.iter().any(|header| header.name == "link" && header.value.contains("next"));
    if link {
        let why = "the answer's header `Link` names a next page: only the first was read";
        return Some(Advice::new("paging", why, ["paging = { kind = \"link\" }".to_owned()]));
    }
    let (pointer, value) = next_page(document?, "", 0)?;
    let why = format!("{pointer} looks like the way to a next page: only the first was read");
    let is_url = value.contains("://") || value.starts_with(['/', '?']);
    let parameter = if is_url { "" } else { ", parameter = \"cursor\"" };
    let pointer = toml::Value::String(pointer);
    Some(Advice::new("paging", why, [format!("paging = {{ kind = \"cursor\", cursor = {pointer}{parameter} }}")]))
}

/// A text that is called like a way to the next page, at the top or in a table there.
fn next_page(value: &Value, pointer: &str, depth: usize) -> Option<(String, String)> {
    let members = value.as_object()?;
    let letters = |key: &str| key.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase();
    let called = |key: &str| {
        let key = letters(key);
        key.starts_with("next") || key.ends_with("nextlink") || key.contains("cursor") || key.contains("continuation")
    };
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let here = members
        .iter()
        .find_map(|(key, value)| Some((format!("{pointer}/{key}"), text(value)?)).filter(|_| called(key)));
    let below = || members.iter().find_map(|(key, value)| next_page(value, &format!("{pointer}/{key}"), depth + 1));
    here.or_else(|| if depth < 2 { below() } else { None })
}

/// What would help with files, seeing how parts of one came.
pub(super) fn on_parts(rest: &Rest, honoured: Option<bool>) -> Option<Advice> {
    match (rest.fetch_kind, honoured?) {
        (FetchKind::Full, true) => {
            let why = "the server gives parts of files: only what is new would cross the wire";
            Some(Advice::new("fetch_kind", why, [line("fetch_kind", "range")]))
        }
        (FetchKind::Offset, false) => {
            let why = "the server takes no notice of {offset}: every answer begins at the start of the file";
            Some(Advice::new("fetch_kind", why, [line("fetch_kind", "full")]))
        }
        (FetchKind::Range, false) => {
            let why = "the server ignores `Range`: a file that grew comes whole either way";
            Some(Advice::new("fetch_kind", why, [line("fetch_kind", "full")]))
        }
        (FetchKind::Full, false) | (FetchKind::Range | FetchKind::Offset, true) => None,
    }
}
