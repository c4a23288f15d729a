//! Why something could not be fetched: a class to count by, and one sentence to act on.
//!
//! The texts are deterministic: no durations, no addresses of this machine, no wording of the operating system.

use std::error::Error;
use std::fmt;
use std::io;

/// Longest excerpt of foreign text in a cause: about two lines of a report.
const EXCERPT_CHARS_MAX: usize = 200;

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

/// Foreign text, made safe to show: control characters escaped, at most 200 characters.
pub(super) fn excerpt(text: &str) -> String {
    excerpt_of(text, EXCERPT_CHARS_MAX)
}

/// The same, with a bound of its own.
pub(super) fn excerpt_of(text: &str, chars_max: usize) -> String {
    let mut shown = String::new();
    for (count, character) in text.trim().chars().enumerate() {
        if count == chars_max {
            shown.push('…');
            break;
        }
        match character {
            '\n' | '\r' | '\t' => shown.push(' '),
            other if other.is_control() => shown.extend(other.escape_default()),
            other => shown.push(other),
        }
    }
    shown
}

/// The trouble of an HTTP exchange, told by the kinds of the errors behind it.
pub(super) fn of_transport(error: &reqwest::Error, asked: &str) -> Cause {
    let mut kind = None;
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(inner) = next {
        if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
            return Cause::new(CauseClass::Tls, format!("{asked}: {tls}"));
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
        _ if error.is_connect() => (CauseClass::Connect, "no connection"),
        _ => (CauseClass::Broken, "the connection broke, or what came is no HTTP"),
    };
    Cause::new(class, format!("{asked}: {what}"))
}

#[cfg(test)]
mod tests {
    use super::excerpt;

    #[test]
    fn an_excerpt_is_short_and_inert() {
        assert_eq!(excerpt(" <html>\n\u{1b}[31m "), "<html> \\u{1b}[31m");
        let long = "ä".repeat(500);
        assert_eq!(excerpt(&long).chars().count(), 201);
    }
}
