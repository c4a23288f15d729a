//! File names from the network: refused when they could mean a place, and encoded when they go into a URL.
//!
//! A name is only ever a value in the catalog and a part of a request, never a local path.

use std::borrow::Cow;
use std::fmt::Write;

/// Longer than any file system allows for a whole path.
const NAME_CHARS_MAX: usize = 4096;

/// Why this name is refused, if it is. Percent-encoded dots and slashes count as what they stand for: a server
/// between here and the files may decode once more.
pub(super) fn refusal(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("is empty");
    }
    if name.contains('\0') {
        return Some("contains a NUL");
    }
    if name.contains(char::REPLACEMENT_CHARACTER) {
        return Some("is not UTF-8");
    }
    if name.chars().count() > NAME_CHARS_MAX {
        return Some("is longer than 4096 characters");
    }
    let decoded = decoded_once(name);
    let bytes = decoded.as_bytes();
    let drive = bytes.len() >= 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':';
    if drive || decoded.starts_with(['/', '\\']) {
        return Some("is absolute");
    }
    if decoded.split(['/', '\\']).any(|segment| segment == "." || segment == "..") {
        return Some("has a segment . or ..");
    }
    None
}

fn decoded_once(name: &str) -> Cow<'_, str> {
    if !name.contains('%') {
        return Cow::Borrowed(name);
    }
    let lower = name.to_ascii_lowercase();
    Cow::Owned(lower.replace("%2e", ".").replace("%2f", "/").replace("%5c", "\\"))
}

/// The text as one path segment of a URL.
pub(super) fn encoded(text: &str) -> String {
    let mut segment = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            segment.push(char::from(byte));
        } else {
            write!(segment, "%{byte:02X}").expect("writing to a String cannot fail");
        }
    }
    segment
}

/// Fills `{address}`, `{instance}` and `{name}` into a URL template, in one pass: what is filled in is not filled
/// again.
pub(super) fn expanded(template: &str, address: &str, instance: &str, name: &str) -> String {
    let mut url = String::with_capacity(template.len() + address.len() + name.len());
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        url.push_str(&rest[..open]);
        rest = &rest[open..];
        let (key, value) = [
            ("{address}", Cow::Borrowed(address)),
            ("{instance}", Cow::Owned(encoded(instance))),
            ("{name}", Cow::Owned(encoded(name))),
        ]
        .into_iter()
        .find(|(key, _)| rest.starts_with(key))
        .unwrap_or(("{", Cow::Borrowed("{")));
        url.push_str(&value);
        rest = &rest[key.len()..];
    }
    url.push_str(rest);
    url
}

#[cfg(test)]
mod tests {
    use super::{encoded, expanded, refusal};

    #[test]
    fn names_that_mean_a_place_are_refused() {
        let long = "a".repeat(5000);
        for name in [
            "",
            "../x",
            "a/../b",
            "a\\..\\b",
            "/etc/passwd",
            "\\\\host\\x",
            "C:\\x",
            "c:x",
            "%2e%2e/x",
            "a/%2E%2E%2Fb",
            "%2fetc",
            "a\0b",
            "a\u{fffd}b",
            ".",
            "a/./b",
            &long,
        ] {
            assert!(refusal(name).is_some(), "{name:?}");
        }
        for name in ["app.log", "..app.log", "a..b/c", "100%.log", "日誌.log", "a b", "App.log.2024-01-01T10:00"] {
            assert_eq!(refusal(name), None, "{name:?}");
        }
    }

    #[test]
    fn a_name_stays_one_segment() {
        assert_eq!(encoded("a/b c%?#ä"), "a%2Fb%20c%25%3F%23%C3%A4");
    }

    #[test]
    fn templates_are_filled_once() {
        let url = expanded("{address}/i/{instance}/f?n={name}&x={other}", "http://h:1", "W 1", "{address}");
        assert_eq!(url, "http://h:1/i/W%201/f?n=%7Baddress%7D&x={other}");
    }
}
