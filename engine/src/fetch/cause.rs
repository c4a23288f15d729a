//! Why something could not be fetched: a class to count by, and one sentence to act on.
//!
//! The texts are deterministic: no durations, no addresses of this machine, no wording of the operating system.

use std::error::Error;
use std::fmt;
use std::io;

use super::tls::{self, Trust};
use crate::profile::Veil;

/// Longest excerpt of foreign text in a cause: about two lines of a report.
const EXCERPT_CHARS_MAX: usize = 200;

/// Bytes of a foreign text that an excerpt of so many characters may come from.
const fn bytes_of(chars_max: usize) -> usize {
    5 * chars_max
}

/// What kind of trouble it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CauseClass {
    /// The address in the profile makes no URL that can be asked.
    Address,
    /// No connection came about.
    Connect,
    /// The connection broke, or the body ended before its promised length.
    Broken,
    /// Too long without progress, or a limit of time was reached.
    Timeout,
    /// The two sides found no trust or no common version.
    Tls,
    /// The server refused with this status.
    Status,
    /// A redirect to another host.
    Redirect,
    /// The listing is not what the profile describes.
    Listing,
    /// A file name that no honest listing has.
    Name,
    /// A listed file is not there.
    Missing,
    /// An answer that contradicts the request.
    Answer,
    /// A compressed file that cannot be decoded.
    Damaged,
    /// More bytes than the listing and any plausible growth explain.
    Excess,
    /// What is stored of a file is damaged.
    Store,
    /// A file kept changing its content while it was read.
    Changing,
    /// A folder or file cannot be read.
    Folder,
    /// The run was stopped, or ran out of time.
    Stopped,
}

impl CauseClass {
    /// The word for it, as stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            CauseClass::Address => "address",
            CauseClass::Connect => "connect",
            CauseClass::Broken => "broken",
            CauseClass::Timeout => "timeout",
            CauseClass::Tls => "tls",
            CauseClass::Status => "status",
            CauseClass::Redirect => "redirect",
            CauseClass::Listing => "listing",
            CauseClass::Name => "name",
            CauseClass::Missing => "missing",
            CauseClass::Answer => "answer",
            CauseClass::Damaged => "damaged",
            CauseClass::Excess => "excess",
            CauseClass::Store => "store",
            CauseClass::Changing => "changing",
            CauseClass::Folder => "folder",
            CauseClass::Stopped => "stopped",
        }
    }
}

/// Why an instance or a file could not be fetched.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Cause {
    pub class: CauseClass,
    pub text: String,
}

impl Cause {
    pub(super) fn new(class: CauseClass, text: impl Into<String>) -> Cause {
        Cause { class, text: text.into() }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// Foreign text, made safe to show: without secrets, control characters escaped, at most 200 characters.
///
/// Whatever comes from outside is shown through here. Secrets are hidden before the text is cut: half of one is not
/// known as one.
pub(super) fn excerpt(text: &str, veil: &Veil) -> String {
    excerpt_of(text, EXCERPT_CHARS_MAX, veil)
}

/// The same, with a bound of its own.
pub(super) fn excerpt_of(text: &str, chars_max: usize, veil: &Veil) -> String {
    let mut inert = String::new();
    let bytes_max = bytes_of(chars_max) + veil.reach();
    for character in text.chars() {
        match character {
            '\n' | '\r' | '\t' => inert.push(' '),
            other if other.is_control() => inert.extend(other.escape_default()),
            other => inert.push(other),
        }
        if inert.len() > bytes_max {
            break;
        }
    }
    let mut shown = veil.hide(&inert).into_owned();
    if inert.len() > bytes_max {
        // What is last may be the beginning of a secret.
        shown.truncate(shown.floor_char_boundary(shown.len().saturating_sub(veil.reach())));
    }
    let mut shown = shown.trim().chars();
    let mut cut: String = shown.by_ref().take(chars_max).collect();
    if shown.next().is_some() {
        cut.push('…');
    }
    cut
}

/// The excerpt of the beginning of a body.
pub(super) fn beginning(body: &[u8], veil: &Veil) -> String {
    excerpt(&String::from_utf8_lossy(&body[..body.len().min(beginning_bytes(veil))]), veil)
}

/// Bytes of a body that are enough to show how it begins.
pub(super) fn beginning_bytes(veil: &Veil) -> usize {
    bytes_of(EXCERPT_CHARS_MAX) + veil.reach() + 1
}

/// The trouble of an HTTP exchange, told by the kinds of the errors behind it.
pub(super) fn of_transport(error: &reqwest::Error, asked: &str, trust: &Trust, veil: &Veil) -> Cause {
    let mut kind = None;
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(inner) = next {
        if let Some(error) = inner.downcast_ref::<rustls::Error>() {
            return Cause::new(CauseClass::Tls, format!("{asked}: {}", tls::in_words(error, trust, veil)));
        }
        next = inner.source();
        if let Some(failed) = inner.downcast_ref::<io::Error>() {
            kind = Some(failed.kind());
            // `source` of an `io::Error` leaves out the error that it wraps.
            next = failed.get_ref().map_or(next, |wrapped| Some(wrapped));
        }
    }
    let (class, what) = match kind {
        _ if error.is_builder() => (CauseClass::Address, "is no address that can be asked"),
        _ if error.is_timeout() && error.is_connect() => (CauseClass::Timeout, "no connection within the time limit"),
        _ if error.is_timeout() => (CauseClass::Timeout, "no answer within the time limit"),
        Some(io::ErrorKind::ConnectionRefused) => (CauseClass::Connect, "the connection was refused"),
        Some(io::ErrorKind::ConnectionReset) => (CauseClass::Broken, "the connection was reset"),
        Some(io::ErrorKind::UnexpectedEof) if error.is_connect() => {
            (CauseClass::Connect, "the connection ended in the middle of the TLS handshake")
        }
        _ if error.is_connect() => (CauseClass::Connect, "no connection"),
        _ => (CauseClass::Broken, "the connection broke, or what came is no HTTP"),
    };
    Cause::new(class, format!("{asked}: {what}"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{EXCERPT_CHARS_MAX, beginning, bytes_of, excerpt};
    use crate::profile::{Auth, Secret, Veil};

    #[test]
    fn an_excerpt_is_short_and_inert() {
        let veil = Veil::default();
        assert_eq!(excerpt(" <html>\n\u{1b}[31m ", &veil), "<html> \\u{1b}[31m");
        let long = "ä".repeat(500);
        assert_eq!(excerpt(&long, &veil).chars().count(), 201);
    }

    #[test]
    fn a_secret_is_hidden_wherever_an_excerpt_is_cut() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("token.txt");
        let secret = "s3cr3t-".repeat(60);
        fs::write(&file, &secret).expect("a secret");
        let veil = Veil::over([&Auth::Bearer { token: Secret::in_file(file) }]);
        for before in 0..bytes_of(EXCERPT_CHARS_MAX) + 10 {
            for blank in [" ", "x"] {
                let body = blank.repeat(before) + &secret;
                let shown = beginning(body.as_bytes(), &veil);
                assert!(!shown.contains("s3c"), "{before}: {shown}");
                assert_eq!(excerpt(&body, &veil), shown);
            }
        }
    }
}
