//! TLS: whom to trust and who asks, read once before anything is asked; and in words why two sides do not agree.

use chrono::DateTime;
use reqwest::{Certificate, ClientBuilder, Identity, tls};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{AlertDescription, CertificateError, Error, InconsistentKeys, PeerIncompatible, RootCertStore};

use super::cause::excerpt;
use crate::profile::{ClientCertificate, NoAccess, PemFile, Tls, TlsVersion, Veil};

const CERTIFICATES_HELP: &str = "certificates as PEM begin with -----BEGIN CERTIFICATE-----; \
     `openssl x509 -inform der -in FILE` makes PEM of others";

/// What goes into an HTTP client.
#[derive(Debug, Clone)]
pub(super) struct Trust {
    authorities: Vec<Certificate>,
    identity: Option<Identity>,
    version_min: TlsVersion,
}

impl Trust {
    /// Reads the files that the profile names.
    pub fn read(tls: &Tls) -> Result<Trust, NoAccess> {
        let mut authorities = Vec::new();
        for file in &tls.authorities {
            // Of a system's bundle there may be some that no server of today has; the others are good.
            let usable = |one: &CertificateDer<'static>| RootCertStore::empty().add(one.clone()).is_ok();
            let before = authorities.len();
            for certificate in certificates(file, &file.read()?)?.iter().filter(|one| usable(one)) {
                authorities.extend(Certificate::from_der(certificate).ok());
            }
            if authorities.len() == before {
                return Err(file.refuse("holds no certificate that can be used", CERTIFICATES_HELP));
            }
        }
        let identity = tls.client.as_ref().map(identity).transpose()?;
        Ok(Trust { authorities, identity, version_min: tls.version_min })
    }

    /// The client that trusts so. The system's authorities are read only for a secure address that names no others: a
    /// machine that has none can still fetch.
    pub fn apply(&self, builder: ClientBuilder, secure: bool) -> ClientBuilder {
        let builder = builder.tls_version_min(match self.version_min {
            TlsVersion::V1_2 => tls::Version::TLS_1_2,
            TlsVersion::V1_3 => tls::Version::TLS_1_3,
        });
        let builder = match &self.identity {
            Some(identity) => builder.identity(identity.clone()),
            None => builder,
        };
        match self.authorities.is_empty() && secure {
            true => builder,
            false => builder.tls_certs_only(self.authorities.iter().cloned()),
        }
    }
}

fn certificates(file: &PemFile, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, NoAccess> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Err(_) => Err(file.refuse("is not PEM to its end", CERTIFICATES_HELP)),
        Ok(found) if found.is_empty() => Err(file.refuse("holds no certificate", CERTIFICATES_HELP)),
        Ok(found) => Ok(found),
    }
}

fn identity(client: &ClientCertificate) -> Result<Identity, NoAccess> {
    let ClientCertificate { certificate, key } = client;
    let pem = certificate.read()?;
    let chain = certificates(certificate, &pem)?;
    let key_pem = key.read_text()?;
    let der = PrivateKeyDer::from_pem_slice(key_pem.text().as_bytes()).map_err(|_| {
        if key_pem.text().contains("ENCRYPTED") {
            let help = "nobody is there to type a passphrase: `openssl pkey -in FILE -out NEW` writes the key without";
            return key.refuse("holds a private key under a passphrase", help);
        }
        key.refuse("holds no private key", "a private key as PEM begins with -----BEGIN PRIVATE KEY-----")
    })?;
    let provider = rustls::crypto::ring::default_provider();
    match CertifiedKey::from_der(chain, der, &provider) {
        Ok(_) => {}
        Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
            let help = "`certificate` and `key` are made together: name the two files of one pair";
            return Err(key.refuse("holds the key of another certificate", help));
        }
        Err(Error::InvalidCertificate(_)) => {
            return Err(certificate.refuse("holds a certificate that cannot be used", CERTIFICATES_HELP));
        }
        Err(_) => {
            let help = "RSA, ECDSA (P-256, P-384) and Ed25519 keys can be used";
            return Err(key.refuse("holds a private key of an unknown kind", help));
        }
    }
    let both = [&pem, &b"\n"[..], key_pem.text().as_bytes()].concat();
    Identity::from_pem(&both)
        .map_err(|_| certificate.refuse("holds more than certificates", "leave only the certificates in it"))
}

/// Why the two sides did not agree, and the way out.
pub(super) fn in_words(error: &Error, trust: &Trust, veil: &Veil) -> String {
    use AlertDescription as Alert;
    match error {
        Error::InvalidCertificate(problem) => of_certificate(problem, veil),
        Error::AlertReceived(Alert::ProtocolVersion)
        | Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::Tls12NotOffered,
        ) => match trust.version_min {
            TlsVersion::V1_2 => "the server speaks no TLS that is safe, 1.2 or later; update it".to_owned(),
            TlsVersion::V1_3 => {
                "the server speaks no TLS 1.3; update it, or set a lower `min_version` in `tls`".to_owned()
            }
        },
        Error::AlertReceived(Alert::CertificateRequired) if trust.identity.is_none() => ASKED_WHO.to_owned(),
        Error::AlertReceived(
            alert @ (Alert::CertificateRequired
            | Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied
            | Alert::DecryptError),
        ) => match (&trust.identity, alert) {
            (None, _) => ASKED_WHO.to_owned(),
            (_, Alert::CertificateExpired) => {
                "the server refuses the client certificate: it has expired; renew it".to_owned()
            }
            (_, Alert::CertificateRevoked) => "the server refuses the client certificate: it was revoked".to_owned(),
            (_, Alert::UnknownCA) => "the server refuses the client certificate: it does not know its authority; \
                 `certificate` holds also what leads to an authority that the server knows"
                .to_owned(),
            _ => "the server refuses the client certificate; see `certificate` in `tls`".to_owned(),
        },
        Error::AlertReceived(Alert::HandshakeFailure) => {
            "the server ended the handshake: it has no cipher in common, or asks who asks (`certificate` in `tls`)"
                .to_owned()
        }
        Error::InvalidMessage(_) => {
            "what answers does not speak TLS; perhaps the address begins with http://".to_owned()
        }
        other => excerpt(&format!("TLS: {other}"), veil),
    }
}

const ASKED_WHO: &str = "the server wants to know who asks: name a client `certificate` and its `key` in `tls`";

fn of_certificate(problem: &CertificateError, veil: &Veil) -> String {
    match problem {
        CertificateError::Expired => "the server's certificate has expired; renew it there".to_owned(),
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("the server's certificate has expired on {}; renew it there", day(*not_after))
        }
        CertificateError::NotValidYet => "the server's certificate is not valid yet; see the clocks".to_owned(),
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("the server's certificate is not valid before {}; see the clocks of both sides", day(*not_before))
        }
        CertificateError::UnknownIssuer => {
            "the server's certificate comes from an authority that is not trusted here; \
             name the authority's file as `ca` in `tls`"
                .to_owned()
        }
        CertificateError::NotValidForName => OTHER_NAME.to_owned(),
        CertificateError::NotValidForNameContext { presented, .. } => match presented.is_empty() {
            true => "the server's certificate names no server; have it made anew, with its name".to_owned(),
            false => {
                let names: Vec<&str> = presented.iter().map(|name| bare(name)).collect();
                format!("{OTHER_NAME}: {}", excerpt(&names.join(", "), veil))
            }
        },
        other => excerpt(&format!("the server's certificate cannot be used: {other}"), veil),
    }
}

/// The name in `DnsName("host")` and `IpAddress(10.0.0.1)`.
fn bare(name: &str) -> &str {
    let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inner.unwrap_or(name).trim_matches('"')
}

const OTHER_NAME: &str = "the server's certificate is not for the name in the address; it has these, one to ask it by";

fn day(time: UnixTime) -> String {
    let time = i64::try_from(time.as_secs()).ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    time.map_or_else(|| "an unknown day".to_owned(), |time| time.format("%Y-%m-%d").to_string())
}
