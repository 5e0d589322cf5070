//! From files in PEM to what a TLS server needs; every failure names its file.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{Error, RootCertStore, ServerConfig};
use zeroize::Zeroizing;

use super::expiry::expiry_s;
use crate::secret_file::{self, PEM_BYTES_MAX, Secrecy};

/// What a client may choose, the best first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Where the server's certificates come from.
pub(super) struct Source {
    identity: Origin,
    /// The authorities of clients' certificates, where they are demanded.
    client_ca: Option<PathBuf>,
    flags: &'static Flags,
}

/// What names the files, in messages.
pub(crate) struct Flags {
    pub(crate) certificate: &'static str,
    pub(crate) key: &'static str,
    pub(crate) client_ca: &'static str,
}

/// Those of the main address.
pub(super) static MAIN: Flags =
    Flags { certificate: "--tls-certificate", key: "--tls-key", client_ca: "--tls-client-ca" };

enum Origin {
    Files { certificate: PathBuf, key: PathBuf },
    Made(Identity),
}

/// A chain of certificates, the server's own first, and its key.
pub(super) struct Identity {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
}

/// What was read.
pub(super) struct Loaded {
    pub(super) config: Arc<ServerConfig>,
    pub(super) expiry_s: Option<u64>,
}

/// When the files were written, and how long they are: if it stays, so have they.
pub(super) type Stamps = Vec<Option<(SystemTime, u64)>>;

impl Source {
    pub(super) fn files(
        certificate: PathBuf,
        key: PathBuf,
        client_ca: Option<PathBuf>,
        flags: &'static Flags,
    ) -> Source {
        Source { identity: Origin::Files { certificate, key }, client_ca, flags }
    }

    pub(super) fn made(identity: Identity, client_ca: Option<PathBuf>) -> Source {
        Source { identity: Origin::Made(identity), client_ca, flags: &MAIN }
    }

    /// Everything that a connection needs. It has tickets of its own: a client admitted by other certificates is authenticated
    /// again.
    pub(super) fn load(&self) -> Result<Loaded, String> {
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(|error| error.to_string())?;
        let builder = match &self.client_ca {
            Some(file) => builder.with_client_cert_verifier(verifier(self.flags.client_ca, file, provider)?),
            None => builder.with_no_client_auth(),
        };
        let identity = self.identity()?;
        let expiry_s = identity.chain.first().and_then(|certificate| expiry_s(certificate));
        let mut config = builder.with_single_cert(identity.chain, identity.key).map_err(|error| self.unfit(&error))?;
        config.alpn_protocols = PROTOCOLS.iter().map(|name| name.to_vec()).collect();
        config.ticketer = ring::Ticketer::new().map_err(|error| error.to_string())?;
        Ok(Loaded { config: Arc::new(config), expiry_s })
    }

    pub(super) fn first_certificate(&self) -> Option<CertificateDer<'static>> {
        self.identity().ok()?.chain.into_iter().next()
    }

    pub(super) fn stamps(&self) -> Stamps {
        let stamp = |file: &Path| fs::metadata(file).and_then(|found| Ok((found.modified()?, found.len()))).ok();
        let mut stamps: Stamps = self.client_ca.iter().map(|file| stamp(file)).collect();
        if let Origin::Files { certificate, key } = &self.identity {
            stamps.extend([stamp(certificate), stamp(key)]);
        }
        stamps
    }

    fn identity(&self) -> Result<Identity, String> {
        match &self.identity {
            Origin::Made(Identity { chain, key }) => Ok(Identity { chain: chain.clone(), key: key.clone_key() }),
            Origin::Files { certificate, key } => {
                let Flags { certificate: of_certificate, key: of_key, .. } = self.flags;
                Ok(Identity { chain: certificates(of_certificate, certificate)?, key: private_key(of_key, key)? })
            }
        }
    }

    fn unfit(&self, error: &Error) -> String {
        let Origin::Files { certificate, key } = &self.identity else { return error.to_string() };
        let (certificate, key) = (certificate.display(), key.display());
        let Flags { certificate: of_certificate, key: of_key, .. } = self.flags;
        match error {
            Error::InconsistentKeys(_) => format!(
                "the private key in {of_key} {key} does not belong to the first certificate in {of_certificate} {certificate}"
            ),
            error => {
                format!("the certificate in {certificate} and the private key in {key} cannot be used: {error}")
            }
        }
    }
}

fn verifier(
    flag: &'static str,
    file: &Path,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, String> {
    let unusable = |error: &dyn std::fmt::Display| {
        format!("the certificates in {flag} {} cannot be used: {error}", file.display())
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(flag, file)? {
        roots.add(certificate).map_err(|error| unusable(&error))?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().map_err(|error| unusable(&error))
}

fn certificates(flag: &'static str, file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let bytes = read(flag, file, Secrecy::Public)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(format!("{flag} {} holds no certificate in PEM", file.display())),
        Err(error) => Err(format!("{flag} {} holds a certificate that cannot be read: {error}", file.display())),
    }
}

fn private_key(flag: &'static str, file: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let bytes = read(flag, file, Secrecy::Foreign)?;
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|error| {
        format!(
            "{flag} {} holds no private key in PEM that can be read (one without a password): {error}",
            file.display()
        )
    })
}

fn read(flag: &'static str, file: &Path, secrecy: Secrecy) -> Result<Zeroizing<Vec<u8>>, String> {
    secret_file::read(flag, file, PEM_BYTES_MAX, secrecy)
        .map_err(|error| format!("cannot read {flag} {}: {error}", file.display()))
}
