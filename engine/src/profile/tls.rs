//! `tls`: how a server proves who it is, and who asks it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::Tls;
use super::access::NoAccess;
use super::file::in_words;
use super::raw::{At, Key, Table};
use super::rest::{ClientCertificate, TlsVersion};
use super::secret::take_secret;
use super::text::Span;

const TLS: Key = Key("tls", "{ ca = [\"company-ca.pem\"] }");
const CA: Key = Key("ca", "[\"company-ca.pem\"]");
const CERTIFICATE: Key = Key("certificate", "\"client.pem\"");
const KEY: Key = Key("key", "{ file = \"client.key\" }");
const MIN_VERSION: Key = Key("min_version", "\"1.3\"");

const VERSIONS: [(&str, TlsVersion); 2] = [("1.2", TlsVersion::V1_2), ("1.3", TlsVersion::V1_3)];

/// Four times what a system's bundle of all public authorities has.
const PEM_BYTES_MAX: u64 = 1 << 20;

/// A file of certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PemFile {
    path: PathBuf,
    span: Span,
}

impl PemFile {
    /// What the file holds.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(&self) -> Result<Vec<u8>, NoAccess> {
        let mut bytes = Vec::new();
        File::open(&self.path).and_then(|file| file.take(PEM_BYTES_MAX + 1).read_to_end(&mut bytes)).map_err(
            |error| {
                let help = "the path starts from the folder of the profile";
                self.refuse(&format!("cannot be read: {}", in_words(&error)), help)
            },
        )?;
        if bytes.len() as u64 > PEM_BYTES_MAX {
            let problem = format!("is larger than {} MiB", PEM_BYTES_MAX >> 20);
            return Err(self.refuse(&problem, "it holds certificates alone"));
        }
        Ok(bytes)
    }

    /// What is wrong with the file, as the end of a sentence.
    pub fn refuse(&self, problem: &str, help: impl Into<String>) -> NoAccess {
        NoAccess::at(&self.span, format!("the file {} {problem}", self.path.display()), help)
    }
}

pub(super) fn take_tls(table: &mut Table<'_>, base: &Path) -> Option<Tls> {
    let mut tls = table.take_table(TLS)?;
    let file = |At { value, span }: At<String>| PemFile { path: base.join(value), span };
    let ca = tls.take_texts(CA);
    if let Some(ca) = ca.as_ref().filter(|ca| ca.value.is_empty()) {
        let help = "name a file, or leave `ca` out: then the system's authorities are trusted";
        tls.doc().fault(&ca.span, "`ca` is empty: no server would be trusted", help);
    }
    if tls.has(CERTIFICATE) {
        tls.require(KEY);
    } else if tls.has(KEY) {
        tls.require(CERTIFICATE);
    }
    let certificate = tls.take_text(CERTIFICATE).map(file);
    let key = match tls.has(KEY) {
        true => take_secret(&mut tls, KEY, base),
        // Left out, it is one that the table may have all the same.
        false => tls.take_table(KEY).and(None),
    };
    let version_min = tls.take_one_of(MIN_VERSION, &VERSIONS).map_or(TlsVersion::V1_2, |version| version.value);
    tls.finish();
    Some(Tls {
        authorities: ca.map_or_else(Vec::new, |ca| ca.value.into_iter().map(file).collect()),
        client: certificate.zip(key).map(|(certificate, key)| ClientCertificate { certificate, key }),
        version_min,
    })
}
