//! Secrets that nobody here knows, hidden in what a probe shows of requests and answers: the values of names that mean
//! one. Those of the profile are hidden by its veil.

use crate::profile::{HIDDEN, Veil};

/// Parts of names whose values are secrets.
const SECRET_NAMES: [&str; 13] = [
    "token",
    "secret",
    "password",
    "passwd",
    "pwd",
    "apikey",
    "accesskey",
    "privatekey",
    "signature",
    "credential",
    "cookie",
    "sessionid",
    "authorization",
];

/// Whole names whose values are secrets.
const SECRET_WORDS: [&str; 5] = ["auth", "sig", "sid", "phpsessid", "key"];

/// Parts of names whose values only lead to the next page, whatever else the name says.
const CURSOR_NAMES: [&str; 3] = ["page", "next", "continuation"];

/// A header's value. That of a challenge says how to log in, and is no secret.
pub(super) fn header(veil: &Veil, name: &str, value: &str) -> String {
    if means_secret(name) { HIDDEN.to_owned() } else { text(veil, value) }
}

/// Any text: what the veil knows is hidden, and the values of `token=…`, `"password": "…"` and their like.
pub(super) fn text(veil: &Veil, text: &str) -> String {
    let text = veil.hide(text);
    let mut shown = String::with_capacity(text.len());
    let mut rest: &str = &text;
    while let Some(at) = rest.find(['=', ':']) {
        let (before, sign) = (&rest[..at], &rest[at..=at]);
        let behind = &rest[at + 1..];
        let value = if means_secret(name_before(before)) { value_in(behind, sign) } else { 0..0 };
        shown.extend([before, sign, &behind[..value.start]]);
        if !value.is_empty() {
            shown.push_str(HIDDEN);
        }
        rest = &behind[value.end..];
    }
    shown + rest
}

fn means_secret(name: &str) -> bool {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    SECRET_WORDS.contains(&name.as_str()) || has(&SECRET_NAMES) && !has(&CURSOR_NAMES)
}

/// The name that ends a text, without the quote that may stand behind it.
fn name_before(text: &str) -> &str {
    let text = text.trim_end().trim_end_matches(['"', '\'']);
    let part = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    &text[text.trim_end_matches(part).len()..]
}

/// Where the value stands in what follows its name: in quotes, or up to what ends it; behind a colon the rest of the
/// line is a header's.
fn value_in(text: &str, sign: &str) -> std::ops::Range<usize> {
    let start = text.len() - text.trim_start_matches([' ', '\t']).len();
    let value = &text[start..];
    match value.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let end = value[1..].find(quote).unwrap_or(value.len() - 1);
            start + 1..start + 1 + end
        }
        // A table, a list or a number in JSON: what is in them has names of its own.
        Some('{' | '[') => 0..0,
        _ => {
            let ends: &[char] = if sign == "=" {
                &['&', ';', ',', ' ', '\t', '\r', '\n', '<', '"', '\'']
            } else {
                &['\r', '\n', ',', '}']
            };
            start..start + value.find(ends).unwrap_or(value.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{header, text};
    use crate::profile::Veil;

    #[test]
    fn secrets_are_hidden_and_the_rest_stays() {
        let veil = Veil::default();
        for (given, shown) in [
            ("http://h/l?limit=5&api_key=abc&x=1", "http://h/l?limit=5&api_key=(secret)&x=1"),
            (
                r#"{"name": "a.log", "password" : "p\n", "n": 5}"#,
                r#"{"name": "a.log", "password" : "(secret)", "n": 5}"#,
            ),
            ("Authorization: Basic dXNlcg==\nHost: h", "Authorization: (secret)\nHost: h"),
            ("<a href='/f?sig=a%2Bb'>f</a> token=", "<a href='/f?sig=(secret)'>f</a> token="),
            (
                r#"{"nextPageToken":"abc","key":"k","monkey":"m"}"#,
                r#"{"nextPageToken":"abc","key":"(secret)","monkey":"m"}"#,
            ),
            ("2026-10-12 05:48:29,658 [26] INFO abäc", "2026-10-12 05:48:29,658 [26] INFO abäc"),
            (r#"{"token": {"a": 1}}"#, r#"{"token": {"a": 1}}"#),
        ] {
            assert_eq!(text(&veil, given), shown);
        }
        assert_eq!(header(&veil, "Set-Cookie", "a=b"), "(secret)");
        assert_eq!(header(&veil, "WWW-Authenticate", "Basic realm=\"logs\""), "Basic realm=\"logs\"");
    }
}
