//! How instances are asked: the shape of the target application's API, and what differs for some of the instances.

use std::time::Duration;

use super::api::Override;
use super::secret::Secret;
use super::tls::PemFile;

/// The shape of the target application's API, and how politely it is asked.
#[derive(Debug, Clone)]
pub struct Rest {
    /// URL template of the listing: `{address}`, `{instance}`.
    pub list_url: String,
    pub list_kind: ListKind,
    /// JSON pointer (RFC 6901) to the array of files; empty: the document itself.
    pub items: String,
    /// JSON pointers inside one item. `size`, `modified` and `etag` may be absent.
    pub name: String,
    pub size: Option<String>,
    pub modified: Option<String>,
    pub etag: Option<String>,
    pub paging: Paging,
    /// URL template of one file: `{address}`, `{instance}`, `{name}` (percent-encoded as one path segment), and
    /// `{offset}` for [`FetchKind::Offset`].
    pub fetch_url: String,
    pub fetch_kind: FetchKind,
    pub auth: Auth,
    pub tls: Tls,
    pub limits: Limits,
    /// What differs for instances with certain tags, in the order of the file.
    pub overrides: Vec<Override>,
}

/// What a listing is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListKind {
    /// JSON, read by the pointers of the profile.
    Json,
    /// `autoindex_format json` of nginx.
    Nginx,
    /// `file_server browse` of Caddy, which is asked for JSON.
    Caddy,
    /// The page of links that web servers make of a folder.
    Html,
}

/// How a listing goes on behind its first page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paging {
    /// It has one page.
    None,
    /// Each page holds, at a JSON pointer, what to give back as a parameter; without one, the URL of the next page.
    Cursor { pointer: String, parameter: Option<String> },
    /// Pages are numbered; one without entries is behind the last.
    Page { parameter: String, first: u32 },
    /// A page begins behind so many entries; one without entries is behind the last.
    Offset { parameter: String },
    /// The header `Link` names the next page.
    Link,
}

/// How a part of a file is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchKind {
    /// By the header `Range`.
    Range,
    /// By `{offset}` in the URL: the body begins there.
    Offset,
    /// Not at all: the file comes whole.
    Full,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    None,
    Basic { user: String, password: Secret },
    Bearer { token: Secret },
    Header { name: String, value: Secret },
}

impl Auth {
    /// What nobody else may know.
    pub(super) fn secret(&self) -> Option<&Secret> {
        match self {
            Auth::None => None,
            Auth::Basic { password: secret, .. } | Auth::Bearer { token: secret } => Some(secret),
            Auth::Header { value, .. } => Some(value),
        }
    }
}

/// Whom to trust behind `https`, and who asks there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tls {
    /// The authorities to trust, and no others; none: those of the system.
    pub authorities: Vec<PemFile>,
    pub client: Option<ClientCertificate>,
    pub version_min: TlsVersion,
}

/// Proves who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate, and behind it those that lead to its authority.
    pub certificate: PemFile,
    /// The private key, as PEM.
    pub key: Secret,
}

/// Least version that is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TlsVersion {
    #[default]
    V1_2,
    V1_3,
}

/// Limits of politeness and patience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Requests in flight over the whole fleet.
    pub concurrency_max: usize,
    pub connect_timeout: Duration,
    /// Until the response's headers are there.
    pub headers_timeout: Duration,
    /// Longest time without a byte of the body.
    pub progress_timeout: Duration,
    /// Longest time one instance may take in one run.
    pub instance_timeout: Duration,
    /// Longest time the whole fetch may take.
    pub run_timeout: Duration,
    /// Tries of one request, the first included.
    pub tries_max: u32,
}
