//! What an instance says it has: a JSON listing, read by the profile's pointers.

use std::collections::BTreeMap;

use chrono::DateTime;
use serde_json::Value;

use super::cause::{Cause, CauseClass, excerpt};
use super::name;
use crate::catalog::Facts;
use crate::profile::Rest;

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
}

/// An entry that is not taken.
#[derive(Debug)]
pub(super) struct Refused {
    pub path: String,
    pub cause: Cause,
}

impl Listing {
    pub fn empty(date_us: Option<i64>) -> Listing {
        Listing { complete: true, date_us, ..Listing::default() }
    }

    pub fn refuse(&mut self, path: &str, class: CauseClass, why: &str) {
        let text = format!("the listed name \"{}\" {why}", excerpt(path));
        self.refused.push(Refused { path: path.to_owned(), cause: Cause::new(class, text) });
    }

    /// Takes one entry over, unless its name is refused.
    pub fn add(&mut self, path: &str, facts: Facts) {
        match name::refusal(path) {
            Some(why) => self.refuse(path, CauseClass::Name, why),
            None => {
                self.files.entry(path.to_owned()).or_insert(facts);
            }
        }
    }
}

/// Reads a listing. `now_us` is the local clock, for servers that send no `Date`.
///
/// # Errors
/// What does not fit the profile, as the end of a sentence.
pub(super) fn parse(rest: &Rest, body: &[u8], date_us: Option<i64>, now_us: i64) -> Result<Listing, String> {
    // One name that is not UTF-8 is refused by itself; the other files are taken.
    let document: Value =
        serde_json::from_str(&String::from_utf8_lossy(body)).map_err(|error| format!("is no JSON: {error}"))?;
    let items = document
        .pointer(&rest.items)
        .ok_or_else(|| format!("has nothing at the pointer \"{}\"", rest.items))?
        .as_array()
        .ok_or_else(|| format!("has no array at the pointer \"{}\"", rest.items))?;
    if items.len() > ENTRIES_MAX {
        return Err(format!("has more than {ENTRIES_MAX} entries"));
    }
    let mut listing = Listing::empty(date_us);
    for (index, item) in items.iter().enumerate() {
        let Some(path) = item.pointer(&rest.name).and_then(Value::as_str) else {
            listing.complete = false;
            let text = format!("entry {index} of the listing has no text at the pointer \"{}\"", rest.name);
            listing.refused.push(Refused { path: String::new(), cause: Cause::new(CauseClass::Listing, text) });
            continue;
        };
        match facts(rest, item) {
            Ok(facts) => listing.add(path, Facts { date_us: date_us.or(Some(now_us)), ..facts }),
            Err(why) => listing.refuse(path, CauseClass::Listing, &why),
        }
    }
    Ok(listing)
}

fn facts(rest: &Rest, item: &Value) -> Result<Facts, String> {
    Ok(Facts {
        size: field(item, rest.size.as_deref(), "size", size)?,
        modified_us: field(item, rest.modified.as_deref(), "time", time_us)?,
        etag: field(item, rest.etag.as_deref(), "ETag", |value| value.as_str().map(str::to_owned))?,
        date_us: None,
    })
}

fn field<T>(
    item: &Value,
    pointer: Option<&str>,
    what: &str,
    read: impl FnOnce(&Value) -> Option<T>,
) -> Result<Option<T>, String> {
    match pointer.and_then(|pointer| item.pointer(pointer)) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match read(value) {
            Some(read) => Ok(Some(read)),
            None => Err(format!("has a {what} that cannot be read: {}", excerpt(&value.to_string()))),
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
fn time_us(value: &Value) -> Option<i64> {
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
    use super::{parse, time_us};
    use crate::fetch::tests::rest_settings;

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
        let listing = parse(&rest_settings(), body.as_bytes(), None, 42).expect("a listing");
        assert_eq!(listing.files.keys().collect::<Vec<_>>(), ["a.log", "d.log"]);
        assert_eq!(listing.files["a.log"].size, Some(5));
        assert_eq!(listing.files["d.log"].date_us, Some(42));
        assert_eq!(listing.refused.len(), 3);
        assert!(!listing.complete);
    }

    #[test]
    fn what_is_no_listing_says_so() {
        for body in ["<html>", r#"{"files": [{"name": "a"#, r#"{"other": []}"#, r#"{"files": 3}"#] {
            assert!(parse(&rest_settings(), body.as_bytes(), None, 0).is_err(), "{body}");
        }
    }
}
