//! What an instance says it has: a JSON listing, read by the profile's pointers or by those of a known server.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::DateTime;
use serde_json::Value;

use super::cause::{Cause, CauseClass, excerpt};
use super::name;
use crate::catalog::Facts;
use crate::profile::{FileFilter, ListKind, Rest, Veil};

/// More files than any instance of a desktop program has; one that claims them is not listing logs.
pub(super) const ENTRIES_MAX: usize = 1_000_000;

/// Epoch numbers below this are seconds (until the year 5138), others milliseconds (since 1973).
const EPOCH_SECONDS_MAX: f64 = 1e11;

/// The files of an instance.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// By path. A path that is listed twice counts once, as it is listed first.
    pub files: BTreeMap<String, Facts>,
    /// Entries that are not taken.
    pub refused: Vec<Refused>,
    /// False when an entry has no usable name: then nothing can be said to be missing.
    pub complete: bool,
    /// The server's `Date`, µs since 1970 UTC.
    pub date_us: Option<i64>,
    veil: Arc<Veil>,
}

/// An entry that is not taken.
#[derive(Debug)]
pub(super) struct Refused {
    pub path: String,
    pub cause: Cause,
}

impl Listing {
    pub fn empty(date_us: Option<i64>, veil: Arc<Veil>) -> Listing {
        Listing { complete: true, date_us, veil, ..Listing::default() }
    }

    /// Leaves out what the profile does not take.
    pub fn keep(&mut self, filter: &FileFilter) {
        self.files.retain(|path, _| filter.takes(path));
        self.refused.retain(|refused| refused.path.is_empty() || filter.takes(&refused.path));
    }

    pub fn refuse(&mut self, path: &str, class: CauseClass, why: &str) {
        let text = format!("the listed name \"{}\" {why}", excerpt(path, &self.veil));
        self.refused.push(Refused { path: self.veil.hide(path).into_owned(), cause: Cause::new(class, text) });
    }

    /// Takes one entry over, unless its name is refused. No secret gets into the store by what it says.
    pub fn add(&mut self, path: &str, mut facts: Facts) {
        let secret = || self.veil.covers(path).then_some("holds a password or token of the profile");
        match name::refusal(path).or_else(secret) {
            Some(why) => self.refuse(path, CauseClass::Name, why),
            None => {
                facts.etag = facts.etag.filter(|etag| !self.veil.covers(etag));
                self.files.entry(path.to_owned()).or_insert(facts);
            }
        }
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

/// Reads one page of a listing into it, and counts its entries; `date_us` is the server's clock, or the local one.
///
/// # Errors
/// What does not fit the profile, as the end of a sentence.
pub(super) fn read(rest: &Rest, document: &Value, date_us: i64, listing: &mut Listing) -> Result<usize, String> {
    let pointers = Pointers::of(rest);
    let items = document
        .pointer(pointers.items)
        .ok_or_else(|| format!("has nothing at the pointer \"{}\"", pointers.items))?
        .as_array()
        .ok_or_else(|| format!("has no array at the pointer \"{}\"", pointers.items))?;
    if listing.files.len() + listing.refused.len() + items.len() > ENTRIES_MAX {
        return Err(format!("has more than {ENTRIES_MAX} entries"));
    }
    for (index, item) in items.iter().enumerate() {
        let is_file = |(pointer, is)| match is {
            Is::Text(text) => item.pointer(pointer).and_then(Value::as_str) == Some(text),
            Is::Flag(flag) => item.pointer(pointer).and_then(Value::as_bool) == Some(flag),
        };
        if !pointers.file.is_none_or(is_file) {
            continue;
        }
        let Some(path) = item.pointer(pointers.name).and_then(Value::as_str) else {
            listing.complete = false;
            let text = format!("entry {index} of the listing has no text at the pointer \"{}\"", pointers.name);
            listing.refused.push(Refused { path: String::new(), cause: Cause::new(CauseClass::Listing, text) });
            continue;
        };
        match facts(pointers, item, &listing.veil) {
            Ok(facts) => listing.add(path, Facts { date_us: Some(date_us), ..facts }),
            Err(why) => listing.refuse(path, CauseClass::Listing, &why),
        }
    }
    Ok(items.len())
}

fn facts(pointers: Pointers<'_>, item: &Value, veil: &Veil) -> Result<Facts, String> {
    Ok(Facts {
        size: field(item, pointers.size, "size", size, veil)?,
        modified_us: field(item, pointers.modified, "time", time_us, veil)?,
        etag: field(item, pointers.etag, "ETag", |value| value.as_str().map(str::to_owned), veil)?,
        date_us: None,
    })
}

fn field<T>(
    item: &Value,
    pointer: Option<&str>,
    what: &str,
    read: impl FnOnce(&Value) -> Option<T>,
    veil: &Veil,
) -> Result<Option<T>, String> {
    match pointer.and_then(|pointer| item.pointer(pointer)) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match read(value) {
            Some(read) => Ok(Some(read)),
            None => Err(format!("has a {what} that cannot be read: {}", excerpt(&value.to_string(), veil))),
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
    use super::{Arc, Listing, read, time_us};
    use crate::fetch::tests::rest_settings;
    use crate::profile::{ListKind, Rest};

    fn parse(rest: &Rest, body: &str) -> Result<Listing, String> {
        let mut listing = Listing::empty(None, Arc::default());
        let document = serde_json::from_str(body).map_err(|error| error.to_string())?;
        read(rest, &document, 42, &mut listing).map(|_| listing)
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
