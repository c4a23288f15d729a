//! Secrets, taken out of what is shown of requests and answers: those that the run knows, wherever they stand, and the
//! values of names that mean a secret.

/// What stands in the place of a secret.
pub(super) const HIDDEN: &str = "***";

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

/// Shorter texts are words, not secrets; hiding them would hide everything.
const SECRET_CHARS_MIN: usize = 4;

/// Hides secrets.
#[derive(Debug, Default)]
pub(super) struct Veil {
    secrets: Vec<String>,
}

impl Veil {
    pub fn new(secrets: Vec<String>) -> Veil {
        Veil { secrets: secrets.into_iter().filter(|secret| secret.chars().count() >= SECRET_CHARS_MIN).collect() }
    }

    /// A header's value. That of a challenge says how to log in, and is no secret.
    pub fn header(&self, name: &str, value: &str) -> String {
        if means_secret(name) { HIDDEN.to_owned() } else { self.text(value) }
    }

    /// Any text: known secrets are hidden, and the values of `token=…`, `"password": "…"` and their like.
    pub fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            text = text.replace(secret, HIDDEN);
        }
        let mut shown = String::with_capacity(text.len());
        let mut rest = text.as_str();
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
    use super::Veil;

    #[test]
    fn secrets_are_hidden_and_the_rest_stays() {
        let veil = Veil::new(vec!["s3cret-t0ken".to_owned(), "ab".to_owned()]);
        for (text, shown) in [
            ("echo: s3cret-t0ken!", "echo: ***!"),
            ("http://h/l?limit=5&api_key=abc&x=1", "http://h/l?limit=5&api_key=***&x=1"),
            (r#"{"name": "a.log", "password" : "p\n", "n": 5}"#, r#"{"name": "a.log", "password" : "***", "n": 5}"#),
            ("Authorization: Basic dXNlcg==\nHost: h", "Authorization: ***\nHost: h"),
            ("<a href='/f?sig=a%2Bb'>f</a> token=", "<a href='/f?sig=***'>f</a> token="),
            (
                r#"{"nextPageToken":"abc","key":"k","monkey":"m"}"#,
                r#"{"nextPageToken":"abc","key":"***","monkey":"m"}"#,
            ),
            ("2026-10-12 05:48:29,658 [26] INFO abäc", "2026-10-12 05:48:29,658 [26] INFO abäc"),
            (r#"{"token": {"a": 1}}"#, r#"{"token": {"a": 1}}"#),
        ] {
            assert_eq!(veil.text(text), shown);
        }
        assert_eq!(veil.header("Set-Cookie", "a=b"), "***");
        assert_eq!(veil.header("WWW-Authenticate", "Basic realm=\"logs\""), "Basic realm=\"logs\"");
    }
}
