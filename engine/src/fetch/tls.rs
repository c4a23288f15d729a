//! TLS: whom to trust and who asks, read once before anything is asked; and in words why two sides do not agree.

use std::sync::Arc;

use chrono::DateTime;
use reqwest::{ClientBuilder, Identity, tls};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{AlertDescription, CertificateError, ClientConfig, Error, InconsistentKeys, PeerIncompatible};

use super::cause::excerpt;
use super::pinned::{OF_AUTHORITY, Pinned};
use crate::profile::{ClientCertificate, NoAccess, PemFile, Tls, TlsVersion, Veil};

const CERTIFICATES_HELP: &str = "certificates of version 3, as PEM: they begin with -----BEGIN CERTIFICATE-----; \
     `openssl x509 -inform der -in FILE` makes PEM of others";

/// What goes into an HTTP client.
#[derive(Debug, Clone)]
pub(super) struct Trust {
    /// Settings with authorities of one's own; `None`: those of the system are trusted.
    own: Option<ClientConfig>,
    identity: Option<Identity>,
    version_min: TlsVersion,
}

/// Who asks.
struct Client {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    identity: Identity,
}

impl Trust {
    /// Reads the files that the profile names.
    pub fn read(tls: &Tls) -> Result<Trust, NoAccess> {
        let provider = Arc::new(ring::default_provider());
        let mut authorities = Vec::new();
        for file in &tls.authorities {
            let found = certificates(file, &file.read()?)?;
            if Pinned::new(&found, Arc::clone(&provider)).is_none() {
                return Err(file.refuse("holds no certificate that can be used", CERTIFICATES_HELP));
            }
            authorities.extend(found);
        }
        let client = tls.client.as_ref().map(|named| client(named, &provider)).transpose()?;
        let identity = client.as_ref().map(|client| client.identity.clone());
        let own = match (tls.authorities.first(), Pinned::new(&authorities, Arc::clone(&provider))) {
            (Some(file), Some(pinned)) => {
                let settings = settings(pinned, client, tls.version_min, provider);
                Some(settings.map_err(|error| file.refuse(&format!("cannot be used: {error}"), CERTIFICATES_HELP))?)
            }
            _ => None,
        };
        Ok(Trust { own, identity, version_min: tls.version_min })
    }

    /// The client that trusts so. The system's authorities are read only for a secure address that names no others: a
    /// machine that has none can still fetch.
    pub fn apply(&self, builder: ClientBuilder, secure: bool) -> ClientBuilder {
        if let Some(own) = &self.own {
            return builder.tls_backend_preconfigured(own.clone());
        }
        let builder = builder.tls_version_min(match self.version_min {
            TlsVersion::V1_2 => tls::Version::TLS_1_2,
            TlsVersion::V1_3 => tls::Version::TLS_1_3,
        });
        let builder = match &self.identity {
            Some(identity) => builder.identity(identity.clone()),
            None => builder,
        };
        if secure { builder } else { builder.tls_certs_only([]) }
    }
}

fn settings(
    pinned: Pinned,
    client: Option<Client>,
    version_min: TlsVersion,
    provider: Arc<CryptoProvider>,
) -> Result<ClientConfig, Error> {
    let versions = match version_min {
        TlsVersion::V1_2 => &[&TLS13, &TLS12][..],
        TlsVersion::V1_3 => &[&TLS13],
    };
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions)?;
    let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(pinned));
    let mut settings = match client {
        Some(Client { chain, key, .. }) => builder.with_client_auth_cert(chain, key)?,
        None => builder.with_no_client_auth(),
    };
    settings.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(settings)
}

fn certificates(file: &PemFile, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, NoAccess> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Err(_) => Err(file.refuse("is not PEM to its end", CERTIFICATES_HELP)),
        Ok(found) if found.is_empty() => Err(file.refuse("holds no certificate", CERTIFICATES_HELP)),
        Ok(found) => Ok(found),
    }
}

fn client(named: &ClientCertificate, provider: &CryptoProvider) -> Result<Client, NoAccess> {
    let ClientCertificate { certificate, key } = named;
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
    match CertifiedKey::from_der(chain.clone(), der.clone_key(), provider) {
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
    let identity = Identity::from_pem(&both)
        .map_err(|_| certificate.refuse("holds more than certificates", "leave only the certificates in it"))?;
    Ok(Client { chain, key: der, identity })
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
        Error::AlertReceived(Alert::HandshakeFailure) => match &trust.identity {
            None => {
                "the server ended the handshake: it wants to know who asks (`certificate` in `tls`), or has no cipher in \
                 common"
            }
            Some(_) => "the server ended the handshake: it refuses the client certificate, or has no cipher in common",
        }
        .to_owned(),
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
        CertificateError::BadSignature => {
            "the server's certificate names an authority that has another key than the one \
             here; perhaps `ca` in `tls` names an old file"
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
        CertificateError::Other(why) => match why.to_string().as_str() {
            OF_AUTHORITY => {
                "the server's certificate is one of an authority; have one made for the server, or name its \
                 own file as `ca` in `tls`"
                    .to_owned()
            }
            "UnsupportedCertVersion" => {
                "the server's certificate is of version 1, without names; have it made anew, of version 3 with its name"
                    .to_owned()
            }
            why => excerpt(&format!("the server's certificate cannot be used: {why}"), veil),
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
