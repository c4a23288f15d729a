//! Authorities and what they sign, made while a test runs.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, date_time_ymd,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig};

/// How a server proves who it is, and whom it lets in.
#[derive(serde::Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct Secure {
    /// Names in the server's certificate.
    names: Vec<String>,
    /// The first day of the year in which the certificate begins to be valid, and of that in which it ends.
    valid: (i32, i32),
    /// It lets in only who has a certificate of its own authority.
    asks_who: bool,
    /// It speaks TLS 1.2, and nothing later.
    old: bool,
    /// It speaks no TLS at all.
    pub plain: bool,
    /// Its certificate is signed by itself, and marked as one of an authority.
    by_itself: bool,
}

impl Default for Secure {
    fn default() -> Self {
        Secure {
            names: vec!["127.0.0.1".to_owned()],
            valid: (2000, 4000),
            asks_who: false,
            old: false,
            plain: false,
            by_itself: false,
        }
    }
}

/// Signs certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    pem: String,
    /// The server's own, for `127.0.0.1`.
    by_itself: Pair,
}

/// A certificate and its key, as PEM.
pub struct Pair {
    pub certificate: String,
    pub key: String,
}

impl Authority {
    pub fn new(name: &str) -> Authority {
        let own = |names: Vec<String>| {
            let mut params = CertificateParams::new(names).expect("parameters");
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let own_name = if params.subject_alt_names.is_empty() { name } else { "itself" };
            params.distinguished_name.push(DnType::CommonName, own_name);
            let key = KeyPair::generate().expect("a key");
            let certificate = params.self_signed(&key).expect("a certificate");
            (params, key, certificate)
        };
        let (_, key, certificate) = own(vec!["127.0.0.1".to_owned()]);
        let by_itself = Pair { certificate: certificate.pem(), key: key.serialize_pem() };
        let (params, key, certificate) = own(Vec::new());
        let (pem, certificate) = (certificate.pem(), certificate.der().clone());
        Authority { issuer: Issuer::new(params, key), certificate, pem, by_itself }
    }

    pub fn issue(&self, names: &[String], valid: (i32, i32), usage: ExtendedKeyUsagePurpose) -> Pair {
        let mut params = CertificateParams::new(names).expect("parameters");
        (params.not_before, params.not_after) = (date_time_ymd(valid.0, 1, 1), date_time_ymd(valid.1, 1, 1));
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Pair { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    /// Writes `NAME-ca.pem`, a client's `NAME.pem` with `NAME.key`, and `NAME-itself.pem` of a server.
    pub fn write(&self, folder: &Path, name: &str, valid: (i32, i32)) {
        let client = self.issue(&[name.to_owned()], valid, ExtendedKeyUsagePurpose::ClientAuth);
        let itself = &self.by_itself.certificate;
        let files =
            [("-ca.pem", &self.pem), (".pem", &client.certificate), (".key", &client.key), ("-itself.pem", itself)];
        for (ending, text) in files {
            fs::write(folder.join(format!("{name}{ending}")), text).expect("a file");
        }
    }

    /// The server that this authority vouches for.
    pub fn server(&self, secure: &Secure) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = if secure.old { &[&TLS12][..] } else { &[&TLS13, &TLS12] };
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_protocol_versions(versions).expect("versions that fit");
        let builder = if secure.asks_who {
            let mut roots = RootCertStore::empty();
            roots.add(self.certificate.clone()).expect("an authority");
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().expect("a verifier"))
        } else {
            builder.with_no_client_auth()
        };
        let issued = self.issue(&secure.names, secure.valid, ExtendedKeyUsagePurpose::ServerAuth);
        let pair = if secure.by_itself { &self.by_itself } else { &issued };
        let certificate = CertificateDer::from_pem_slice(pair.certificate.as_bytes()).expect("PEM");
        let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).expect("PEM");
        Arc::new(builder.with_single_cert(vec![certificate], key).expect("a pair"))
    }
}
