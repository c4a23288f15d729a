//! Hides the secrets of a profile in texts that come back from outside: a server may repeat what it was asked with.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use memchr::memmem::Finder;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::rest::Auth;
use super::{Profile, Source};

/// What stands in the place of a secret.
pub const HIDDEN: &str = "(secret)";

/// Shorter secrets stand in many a harmless text, and to hide them there would tell what they are.
const SECRET_BYTES_MIN: usize = 4;

/// So much of a longer secret is hidden even where its end was cut off.
const PART_BYTES_MIN: usize = 16;

/// What stays as it is in the component of a URL.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// All secrets of a profile, in the forms in which they may come back: as they are, in base64, and as a URL, a form, a
/// JSON text or an HTML page would write them.
#[derive(Clone, Default)]
pub struct Veil {
    forms: Vec<Form>,
}

#[derive(Clone)]
struct Form {
    text: String,
    /// Finds where it begins.
    begin: Finder<'static>,
}

impl Veil {
    /// Hides the secrets of these credentials. One that cannot be read goes out with no request.
    pub fn over<'a>(auths: impl IntoIterator<Item = &'a Auth>) -> Veil {
        let mut texts = BTreeSet::new();
        for auth in auths {
            let Some(secret) = auth.secret().and_then(|secret| secret.read().ok()) else { continue };
            texts.extend(forms(secret.text()));
            if let Auth::Basic { user, .. } = auth {
                texts.extend(encoded(&format!("{user}:{}", secret.text())));
            }
        }
        let forms = texts.into_iter().filter(|text| text.len() >= SECRET_BYTES_MIN).map(|text| {
            let begin = Finder::new(&text.as_bytes()[..text.len().min(PART_BYTES_MIN)]).into_owned();
            Form { text, begin }
        });
        Veil { forms: forms.collect() }
    }

    /// Bytes of the longest text that it hides: so much behind a place has to be seen to know what to hide there.
    pub fn reach(&self) -> usize {
        self.forms.iter().map(|form| form.text.len()).max().unwrap_or(0)
    }

    /// Whether there is anything to hide in a text.
    pub fn covers(&self, text: &str) -> bool {
        self.forms.iter().any(|form| form.begin.find(text.as_bytes()).is_some())
    }

    /// The text without secrets.
    pub fn hide<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut found: Vec<Range<usize>> = self.forms.iter().flat_map(|form| form.find(text)).collect();
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        found.sort_by_key(|range| range.start);
        let mut hidden = String::with_capacity(text.len());
        let mut end = 0;
        for range in found {
            if range.start >= end {
                hidden.push_str(&text[end..range.start]);
                hidden.push_str(HIDDEN);
            }
            end = end.max(range.end);
        }
        hidden.push_str(&text[end..]);
        Cow::Owned(hidden)
    }
}

impl fmt::Debug for Veil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "veil over {} texts", self.forms.len())
    }
}

impl Form {
    /// Where it stands, or begins to stand.
    fn find<'a>(&'a self, text: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
        let text = text.as_bytes();
        // One may begin within what looked like another.
        let places = std::iter::successors(self.begin.find(text), |last| {
            let from = last + 1;
            Some(from + self.begin.find(&text[from..])?)
        });
        places.map(|at| {
            let same = text[at..].iter().zip(self.text.as_bytes()).take_while(|(a, b)| a == b);
            at..at + same.count()
        })
    }
}

fn forms(secret: &str) -> Vec<String> {
    let url = utf8_percent_encode(secret, COMPONENT).to_string();
    let hex_lower = url.split('%').enumerate().map(|(at, part)| match part.split_at_checked(2) {
        Some((hex, rest)) if at > 0 => format!("%{}{rest}", hex.to_lowercase()),
        _ => part.to_owned(),
    });
    let html = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let json = secret.replace('\\', "\\\\").replace('"', "\\\"");
    let mut all = encoded(secret);
    all.extend([
        hex_lower.collect(),
        url.replace("%20", "+"),
        url,
        html.replace('"', "&#34;").replace('\'', "&#39;"),
        html.replace('"', "&quot;").replace('\'', "&#x27;"),
        html,
        json.replace('/', "\\/"),
        json,
        secret.to_owned(),
    ]);
    all
}

/// In base64, without the end that tells the length.
fn encoded(text: &str) -> Vec<String> {
    [STANDARD, URL_SAFE].map(|engine| engine.encode(text).trim_end_matches('=').to_owned()).into()
}

impl Profile {
    /// Hides the secrets with which the fleet is asked, as far as they can be read.
    pub fn veil(&self) -> Veil {
        let Source::Rest(rest) = &self.source else { return Veil::default() };
        let shapes = (0..rest.overrides.len()).map(|at| rest.with_overrides(&[at]).auth);
        let inventory = self.inventory.iter().map(|inventory| inventory.auth.clone());
        let auths: Vec<Auth> = shapes.chain([rest.auth.clone()]).chain(inventory).collect();
        Veil::over(&auths)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::{prop_assert, proptest};

    use super::{HIDDEN, Veil};
    use crate::profile::{Auth, Secret};

    fn veil(secret: &str) -> Veil {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("secret.txt");
        fs::write(&file, secret).expect("a secret");
        Veil::over([&Auth::Basic { user: "logs".to_owned(), password: Secret::in_file(file) }])
    }

    #[test]
    fn a_secret_is_hidden_in_every_form() {
        let veil = veil("a b/c<\"d\"> & 'e'~\\");
        for shown in [
            "a b/c<\"d\"> & 'e'~\\",
            "a%20b%2Fc%3C%22d%22%3E%20%26%20%27e%27~%5C",
            "a%20b%2fc%3c%22d%22%3e%20%26%20%27e%27~%5c",
            "a+b%2Fc%3C%22d%22%3E+%26+%27e%27~%5C",
            "a b/c&lt;&quot;d&quot;&gt; &amp; &#x27;e&#x27;~\\",
            "a b/c<\\\"d\\\"> & 'e'~\\\\",
            "YSBiL2M8ImQiPiAmICdlJ35c",
            "bG9nczphIGIvYzwiZCI-ICYgJ2Unflw",
        ] {
            assert_eq!(veil.hide(&format!("<{shown}>{shown}")), format!("<{HIDDEN}>{HIDDEN}"), "{shown}");
            assert!(veil.covers(shown));
        }
        assert_eq!(veil.hide("a b/c"), "a b/c");
    }

    #[test]
    fn the_beginning_of_a_long_secret_is_hidden_too() {
        let veil = veil("0123456789abcdefghij");
        assert_eq!(veil.hide("token 0123456789abcdefgh…"), format!("token {HIDDEN}…"));
        assert_eq!(veil.hide("token 0123456789abcde…"), "token 0123456789abcde…");
        assert_eq!(Veil::default().hide("0123"), "0123");
    }

    proptest! {
        #[test]
        fn nothing_of_a_secret_is_left(before in "[01]{0,20}", secret in "[01]{4,40}", after in ".{0,40}") {
            let veil = veil(&secret);
            let hidden = veil.hide(&format!("{before}{secret}{secret}{after}")).into_owned();
            prop_assert!(!hidden.contains(&secret), "{hidden}");
        }
    }
}
