//! What an instance says it has: a JSON listing, read by the profile's pointers or by those of a known server. It holds
//! what the profile takes, and nothing of what it does not.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use chrono::DateTime;
use serde_json::Value;
use serde_json::value::RawValue;

use super::cause::{Cause, CauseClass, excerpt};
use super::incoming::Incoming;
use super::name;
use super::pointed::{self, plain};
use crate::catalog::Facts;
use crate::profile::{FileFilter, ListKind, Paging, Rest, Veil};

/// More entries than any folder of logs has, whatever else lies in it; one that claims them is not listing logs.
pub(super) const ENTRIES_MAX: usize = 1_000_000;

/// Epoch numbers below this are seconds (until the year 5138), others milliseconds (since 1973).
const EPOCH_SECONDS_MAX: f64 = 1e11;

/// Files that are taken of one instance: ten years of ten logs that begin anew twice a week, and as many again. Each costs two thousand
/// bytes while it is looked at. A long name counts as several.
pub(super) const FILES_MAX: usize = 20_000;

/// Entries that are refused by name; more are counted.
const REFUSED_MAX: usize = 1_000;

/// Bytes of a name that make it count as another file.
const NAME_BYTES: usize = 128;

/// The files of an instance.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// By path. A path that is listed twice counts once, as it is listed first.
    pub files: BTreeMap<String, Facts>,
    /// Entries that are not taken.
    pub refused: Vec<Refused>,
    /// False when something is listed and neither taken nor refused by its name: then nothing can be said to be missing.
    pub complete: bool,
    /// The server's `Date`, µs since 1970 UTC.
    pub date_us: Option<i64>,
    /// What it holds, told while it grows.
    pub held: Held,
    /// Which files are taken; all where nobody says.
    filter: Option<Arc<FileFilter>>,
    entries: usize,
    /// Files beyond those that are taken of one instance.
    pub left_out: usize,
    refused_more: usize,
    veil: Arc<Veil>,
}

/// How much a listing holds, in files.
#[derive(Debug, Clone, Default)]
pub(super) struct Held(Arc<AtomicUsize>);

/// An entry that is not taken.
#[derive(Debug)]
pub(super) struct Refused {
    pub path: String,
    pub cause: Cause,
}

impl Held {
    pub fn files(&self) -> usize {
        self.0.load(Relaxed)
    }
}

/// What a page says of the next one; `None`: neither a text nor a number.
pub(super) type Cursor = Option<Value>;

/// What one page of a listing was.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct PageSeen {
    pub entries: usize,
    /// Tells it from pages with other names.
    pub names: u64,
}

impl PageSeen {
    /// One more entry.
    pub fn see(&mut self, name: &str) {
        let mut hasher = DefaultHasher::new();
        (self.names, name).hash(&mut hasher);
        (self.entries, self.names) = (self.entries + 1, hasher.finish());
    }
}

impl Listing {
    pub fn new(filter: Option<Arc<FileFilter>>, veil: Arc<Veil>) -> Listing {
        Listing { complete: true, filter, veil, ..Listing::default() }
    }

    /// One more entry comes.
    ///
    /// # Errors
    /// There are too many, as the end of a sentence.
    pub fn count(&mut self) -> Result<(), String> {
        self.entries += 1;
        if self.entries > ENTRIES_MAX { Err(format!("has more than {ENTRIES_MAX} entries")) } else { Ok(()) }
    }

    pub fn refuse(&mut self, path: &str, class: CauseClass, why: &str) {
        if !self.takes(path) {
            return;
        }
        let text = format!("the listed name \"{}\" {why}", excerpt(path, &self.veil));
        self.push(self.veil.hide(path).into_owned(), class, text);
    }

    /// Takes one entry over, unless its name is refused. No secret gets into the store by what it says.
    pub fn add(&mut self, path: &str, facts: Facts) {
        self.put(path, facts, false);
    }

    /// The same, and what it says counts more than what was said of the file before.
    pub fn amend(&mut self, path: &str, facts: Facts) {
        self.put(path, facts, true);
    }

    /// Nothing more comes: says what was left out.
    pub fn finish(&mut self) {
        if self.refused_more > 0 {
            let text = format!("the listing has {} more names that are refused", self.refused_more);
            self.leave_out(CauseClass::Name, text);
        }
        if self.left_out > 0 {
            let text = format!(
                "the listing has {} files beyond the {} that are taken of one instance: `include` and `exclude` can \
                 leave some out",
                self.left_out,
                self.files.len()
            );
            self.leave_out(CauseClass::Listing, text);
        }
    }

    fn put(&mut self, path: &str, mut facts: Facts, amends: bool) {
        if !self.takes(path) {
            return;
        }
        let secret = || self.veil.covers(path).then_some("holds a password or token of the profile");
        if let Some(why) = name::refusal(path).or_else(secret) {
            return self.refuse(path, CauseClass::Name, why);
        }
        facts.etag = facts.etag.filter(|etag| !self.veil.covers(etag));
        if let Some(known) = self.files.get_mut(path) {
            if amends {
                *known = facts;
            }
        } else if self.held.files() < FILES_MAX {
            self.hold(path.len() + facts.etag.as_ref().map_or(0, String::len));
            self.files.insert(path.to_owned(), facts);
        } else {
            self.left_out += 1;
        }
    }

    /// Whether the profile takes files of this name. A name that cannot be had is said to be so.
    fn takes(&self, path: &str) -> bool {
        path.is_empty() || self.filter.as_ref().is_none_or(|filter| filter.takes(path))
    }

    /// Notes what is not taken, and why; without a path where it is no file.
    pub fn push(&mut self, path: String, class: CauseClass, text: String) {
        if self.refused.len() < REFUSED_MAX && self.held.files() < FILES_MAX {
            self.hold(path.len() + text.len());
            self.refused.push(Refused { path, cause: Cause::new(class, text) });
        } else {
            self.refused_more += 1;
        }
    }

    fn leave_out(&mut self, class: CauseClass, text: String) {
        self.complete = false;
        self.refused.push(Refused { path: String::new(), cause: Cause::new(class, text) });
    }

    fn hold(&self, bytes: usize) {
        self.held.0.fetch_add(1 + bytes / NAME_BYTES, Relaxed);
    }
}

/// Where a JSON listing holds what is needed.
#[derive(Clone, Copy)]
struct Pointers<'a> {
    items: &'a str,
    name: &'a str,
    size: Option<&'a str>,
    modified: Option<&'a str>,
    etag: Option<&'a str>,
    /// What tells a file from a folder, and what it is for a file.
    file: Option<(&'a str, Is)>,
}

/// `autoindex_format json` of nginx.
const NGINX: Pointers<'static> = Pointers {
    items: "",
    name: "/name",
    size: Some("/size"),
    modified: Some("/mtime"),
    etag: None,
    file: Some(("/type", Is::Text("file"))),
};

/// `file_server browse` of Caddy.
const CADDY: Pointers<'static> =
    Pointers { modified: Some("/mod_time"), file: Some(("/is_dir", Is::Flag(false))), ..NGINX };

/// The value of a file.
#[derive(Clone, Copy)]
enum Is {
    Text(&'static str),
    Flag(bool),
}

impl<'a> Pointers<'a> {
    fn of(rest: &'a Rest) -> Pointers<'a> {
        match rest.list_kind {
            ListKind::Nginx => NGINX,
            ListKind::Caddy => CADDY,
            ListKind::Json | ListKind::Html => Pointers {
                items: &rest.items,
                name: &rest.name,
                size: rest.size.as_deref(),
                modified: rest.modified.as_deref(),
                etag: rest.etag.as_deref(),
                file: None,
            },
        }
    }
}

/// Reads one page of a listing into it as it arrives, and gives what leads to the next one, if it is in the page;
/// `date_us` is the server's clock, or the local one.
///
/// # Errors
/// What does not fit the profile, as the end of a sentence.
pub(super) fn read(
    rest: &Rest,
    page: Incoming<'_>,
    date_us: i64,
    listing: &mut Listing,
) -> Result<(PageSeen, Option<Cursor>), String> {
    let pointers = Pointers::of(rest);
    let cursor = match &rest.paging {
        Paging::Cursor { pointer, .. } => Some(pointer.as_str()),
        _ => None,
    };
    let mut seen = PageSeen::default();
    let found = pointed::search(page, pointers.items, cursor, &mut |entry| {
        listing.count()?;
        listing.take(pointers, entry, date_us, &mut seen);
        Ok(())
    })?;
    match found.is_list {
        Some(true) => Ok((seen, found.other)),
        Some(false) => Err(format!("has no array at the pointer \"{}\"", pointers.items)),
        None => Err(format!("has nothing at the pointer \"{}\"", pointers.items)),
    }
}

impl Listing {
    fn take(&mut self, pointers: Pointers<'_>, entry: &RawValue, date_us: i64, seen: &mut PageSeen) {
        let at = |pointer| pointed::at(entry, pointer).ok().flatten().and_then(plain);
        let name = at(pointers.name);
        let path = name.as_ref().and_then(Value::as_str);
        seen.see(path.unwrap_or_default());
        let is_file = |(pointer, is)| match (is, at(pointer)) {
            (Is::Text(text), Some(Value::String(found))) => found == text,
            (Is::Flag(flag), Some(Value::Bool(found))) => found == flag,
            _ => false,
        };
        if !pointers.file.is_none_or(is_file) {
            return;
        }
        let Some(path) = path else {
            self.complete = false;
            let index = seen.entries - 1;
            let text = format!("entry {index} of the listing has no text at the pointer \"{}\"", pointers.name);
            return self.push(String::new(), CauseClass::Listing, text);
        };
        match facts(pointers, entry, &self.veil) {
            Ok(facts) => self.add(path, Facts { date_us: Some(date_us), ..facts }),
            Err(why) => self.refuse(path, CauseClass::Listing, &why),
        }
    }
}

fn facts(pointers: Pointers<'_>, entry: &RawValue, veil: &Veil) -> Result<Facts, String> {
    Ok(Facts {
        size: field(entry, pointers.size, "size", size, veil)?,
        modified_us: field(entry, pointers.modified, "time", time_us, veil)?,
        etag: field(entry, pointers.etag, "ETag", |value| value.as_str().map(str::to_owned), veil)?,
        date_us: None,
    })
}

fn field<T>(
    entry: &RawValue,
    pointer: Option<&str>,
    what: &str,
    read: impl FnOnce(&Value) -> Option<T>,
    veil: &Veil,
) -> Result<Option<T>, String> {
    let Some(found) = pointer.and_then(|pointer| pointed::at(entry, pointer).ok().flatten()) else { return Ok(None) };
    match plain(found) {
        Some(Value::Null) => Ok(None),
        value => match value.as_ref().and_then(read) {
            Some(read) => Ok(Some(read)),
            None => Err(format!("has a {what} that cannot be read: {}", excerpt(found.get(), veil))),
        },
    }
}

/// Bytes, as a number or as a text of digits.
fn size(value: &Value) -> Option<u64> {
    // SQLite's integers end at 2^63; no file is that long.
    let size = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
    (size <= i64::MAX as u64).then_some(size)
}

/// RFC 3339, an HTTP date, or seconds or milliseconds since 1970; as µs since 1970 UTC.
pub(super) fn time_us(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => {
            let number = number.as_f64()?;
            let scale = if number.abs() < EPOCH_SECONDS_MAX { 1e6 } else { 1e3 };
            Some((number * scale).round() as i64)
        }
        Value::String(text) => text_time_us(text),
        _ => None,
    }
}

/// RFC 3339 or an HTTP date, as µs since 1970 UTC.
pub(super) fn text_time_us(text: &str) -> Option<i64> {
    let text = text.trim();
    let time = DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_rfc2822(text));
    time.ok().map(|time| time.timestamp_micros())
}

#[cfg(test)]
mod tests {
    use super::{Arc, FILES_MAX, Incoming, Listing, REFUSED_MAX, read, time_us};
    use crate::fetch::tests::rest_settings;
    use crate::profile::{ListKind, Rest};

    fn parse(rest: &Rest, body: &str) -> Result<Listing, String> {
        let mut listing = Listing::new(None, Arc::default());
        read(rest, Incoming::whole(body.as_bytes()), 42, &mut listing)?;
        listing.finish();
        Ok(listing)
    }

    #[test]
    fn times_come_in_four_forms() {
        for (text, expected) in [
            (r#""1994-11-06T08:49:37.5Z""#, Some(784_111_777_500_000)),
            (r#""Sun, 06 Nov 1994 08:49:37 GMT""#, Some(784_111_777_000_000)),
            ("784111777", Some(784_111_777_000_000)),
            ("784111777.25", Some(784_111_777_250_000)),
            ("784111777500", Some(784_111_777_500_000)),
            (r#""yesterday""#, None),
            ("[]", None),
        ] {
            let value = serde_json::from_str(text).expect("JSON");
            assert_eq!(time_us(&value), expected, "{text}");
        }
    }

    #[test]
    fn entries_are_judged_one_by_one() {
        let body = r#"{"files": [
            {"name": "a.log", "size": 5, "mtime": 784111777}, {"name": "../b", "size": 1},
            {"name": "c.log", "size": -1}, {"size": 7}, {"name": "d.log"}, {"name": "a.log", "size": 9}
        ]}"#;
        let listing = parse(&rest_settings(), body).expect("a listing");
        assert_eq!(listing.files.keys().collect::<Vec<_>>(), ["a.log", "d.log"]);
        assert_eq!(listing.files["a.log"].size, Some(5));
        assert_eq!(listing.files["d.log"].date_us, Some(42));
        assert_eq!(listing.refused.len(), 3);
        assert!(!listing.complete);
    }

    #[test]
    fn what_is_held_is_bounded_and_the_rest_is_said() {
        let entry = |name: &str| format!("{{\"name\":\"{name}\"}}");
        let parse = |entries: Vec<String>| {
            parse(&rest_settings(), &format!("{{\"files\": [{}]}}", entries.join(","))).expect("a listing")
        };
        let many = parse((0..FILES_MAX + 5).map(|number| entry(&format!("{number}.log"))).collect());
        assert_eq!((many.files.len(), many.left_out, many.complete), (FILES_MAX, 5, false));
        assert!(many.refused[0].cause.text.starts_with("the listing has 5 files beyond the 20000 "));
        let long = parse((0..FILES_MAX).map(|number| entry(&format!("{number:01280}"))).collect());
        assert_eq!(long.files.len(), FILES_MAX.div_ceil(11));
        let refused = parse((0..REFUSED_MAX + 5).map(|number| entry(&format!("../{number}"))).collect());
        assert_eq!((refused.refused.len(), refused.complete), (REFUSED_MAX + 1, false));
        assert_eq!(refused.refused[REFUSED_MAX].cause.text, "the listing has 5 more names that are refused");
    }

    #[test]
    fn half_of_a_character_costs_its_name_alone() {
        let body =
            r#"{"\ud800": 1, "files": [{"name": "a\ud800.log"}, {"name": "b.log", "etag": "\udfff", "\udfff": 2}]}"#;
        let listing = parse(&rest_settings(), body).expect("a listing");
        assert_eq!(listing.files.keys().collect::<Vec<_>>(), ["b.log"]);
        assert!(listing.complete && listing.refused[0].cause.text.ends_with("is not UTF-8"), "{listing:?}");
    }

    #[test]
    fn what_is_no_listing_says_so() {
        for body in ["<html>", r#"{"files": [{"name": "a"#, r#"{"other": []}"#, r#"{"files": 3}"#] {
            assert!(parse(&rest_settings(), body).is_err(), "{body}");
        }
    }
    #[test]
    fn folders_of_known_servers_are_left_out() {
        for (list_kind, body) in [
            (
                ListKind::Nginx,
                r#"[{"name": "old", "type": "directory", "mtime": "Sun, 06 Nov 1994 08:49:37 GMT"},
                    {"name": "a.log", "type": "file", "mtime": "Sun, 06 Nov 1994 08:49:37 GMT", "size": 5}]"#,
            ),
            (
                ListKind::Caddy,
                r#"[{"name": "old/", "size": 4096, "url": "./old/", "mod_time": "1994-11-06T08:49:37Z", "is_dir": true},
                    {"name": "a.log", "size": 5, "url": "./a.log", "mod_time": "1994-11-06T08:49:37Z", "is_dir": false}]"#,
            ),
        ] {
            let listing = parse(&Rest { list_kind, ..rest_settings() }, body).expect("a listing");
            assert_eq!(listing.files.keys().collect::<Vec<_>>(), ["a.log"]);
            let facts = &listing.files["a.log"];
            assert_eq!((facts.size, facts.modified_us), (Some(5), Some(784_111_777_000_000)));
            assert!(listing.complete && listing.refused.is_empty());
        }
    }
}
