//! TLS to a server: always with its certificate verified, by name.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::RegularFile;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::WantsClientCert;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{CertificateError, ClientConfig, ConfigBuilder, Error, RootCertStore};
use zeroize::Zeroizing;

use crate::Failure;

/// Certificates of authorities in PEM, with text around them. Unit: bytes.
const PEM_BYTES_MAX: u64 = 16 << 20;

/// The expected server's name, and the trusted authorities.
#[derive(Clone, Debug)]
pub(crate) struct Tls {
    pub(crate) name: ServerName<'static>,
    config: Arc<ClientConfig>,
}

impl Tls {
    /// Trusts the authorities of the file instead of the system's, if there is one.
    pub(crate) fn new(name: &str, ca_bundle: Option<&Path>) -> Result<Tls, Failure> {
        Tls::with(name, ca_bundle, None)
    }

    /// As [`Tls::new`], and shows the server a certificate.
    pub(crate) fn with(name: &str, ca_bundle: Option<&Path>, identity: Option<&Identity>) -> Result<Tls, Failure> {
        let name = ServerName::try_from(name.to_owned())
            .map_err(|_| Failure::new(format!("{name} is not a name that a certificate can have")))?;
        let mut roots = RootCertStore::empty();
        for certificate in authorities(ca_bundle)? {
            // A system's store may contain unusable ones.
            let _ = roots.add(certificate);
        }
        if roots.is_empty() {
            return Err(Failure::new(match ca_bundle {
                None => {
                    "this system knows no certificate authorities: name a PEM file with the server's with --ca-bundle"
                        .to_owned()
                }
                Some(file) => format!("{} holds no certificate of an authority", file.display()),
            }));
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Failure::new(error.to_string()))?
            .with_root_certificates(roots);
        let mut config = match identity {
            None => config.with_no_client_auth(),
            Some(identity) => identity.show(config)?,
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Tls { name, config: Arc::new(config) })
    }

    pub(crate) async fn connect(&self, socket: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        TlsConnector::from(Arc::clone(&self.config)).connect(self.name.clone(), socket).await
    }
}

/// Files of the certificate that a client shows, in PEM.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// The client's own certificate, followed by its intermediate ones.
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Identity {
    fn show(&self, config: ConfigBuilder<ClientConfig, WantsClientCert>) -> Result<ClientConfig, Failure> {
        let failure = |file: &Path, error: &dyn std::fmt::Display| {
            Failure::new(format!("cannot use {} to be known by a server: {error}", file.display()))
        };
        let read = |file: &Path| RegularFile::read(file, PEM_BYTES_MAX).map_err(|error| failure(file, &error));
        let bytes = read(&self.certificate)?.bytes;
        let chain = CertificateDer::pem_slice_iter(&bytes).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|error| failure(&self.certificate, &error))?;
        let bytes = Zeroizing::new(read(&self.key)?.bytes);
        let key = PrivateKeyDer::from_pem_slice(&bytes).map_err(|error| failure(&self.key, &error))?;
        config.with_client_auth_cert(chain, key).map_err(|error| failure(&self.certificate, &error))
    }
}

fn authorities(ca_bundle: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let Some(file) = ca_bundle else { return system_authorities() };
    let failure = |error: &dyn std::fmt::Display| {
        Failure::new(format!(
            "cannot read the certificates of --ca-bundle (AWS_CA_BUNDLE), {}: {error}",
            file.display()
        ))
    };
    let read = RegularFile::read(file, PEM_BYTES_MAX).map_err(|error| failure(&error))?;
    CertificateDer::pem_slice_iter(&read.bytes).collect::<Result<_, _>>().map_err(|error| failure(&error))
}

fn system_authorities() -> Result<Vec<CertificateDer<'static>>, Failure> {
    base::check_system_authorities().map_err(Failure::new)?;
    Ok(rustls_native_certs::load_native_certs().certs)
}

/// What is wrong with the encryption, and what to do; `None` if the error is about something else.
pub(crate) fn explained(error: &io::Error) -> Option<String> {
    let error = error.get_ref()?.downcast_ref::<Error>()?;
    Some(match error {
        Error::InvalidCertificate(error) => certificate(error),
        Error::InvalidMessage(_) => "what answers is not TLS: does the URL begin with http:// instead?".to_owned(),
        error => format!("TLS: {error}"),
    })
}

fn certificate(error: &CertificateError) -> String {
    match error {
        // A bad signature: of an authority that has the name of a trusted one, and another key.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "its certificate is signed by an authority that is not trusted here: \
                                            give --ca-bundle a PEM file with that authority's certificate"
                .to_owned()
        }
        CertificateError::NotValidForNameContext { expected, presented } => format!(
            "its certificate is for {}, not for {}: use a URL with a name that the certificate has",
            names(presented),
            expected.to_str()
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired: renew it, or set this machine's clock right".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet: wait, or set this machine's clock right".to_owned()
        }
        error => format!(
            "its certificate cannot be used ({error}): it must be one for a server, not an authority's own, signed by \
             an authority of this system or of --ca-bundle"
        ),
    }
}

/// The names of a certificate, which arrive as `DnsName("localhost")`.
fn names(presented: &[String]) -> String {
    let bare = |name: &String| {
        let inner = name.split_once('(').map_or(name.as_str(), |(_, rest)| rest);
        inner.trim_end_matches(')').trim_matches('"').to_owned()
    };
    match presented {
        [] => "no name".to_owned(),
        presented => presented.iter().map(bare).collect::<Vec<_>>().join(" and "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_say_what_to_do() {
        let check = |error: Error, expected: &str| {
            let said = explained(&io::Error::new(io::ErrorKind::InvalidData, error));
            assert!(said.as_deref().is_some_and(|said| said.contains(expected)), "{said:?}");
        };
        let refused = |error: CertificateError| Error::InvalidCertificate(error);
        check(refused(CertificateError::UnknownIssuer), "give --ca-bundle a PEM file");
        check(refused(CertificateError::BadSignature), "give --ca-bundle a PEM file");
        check(refused(CertificateError::Expired), "renew it");
        check(refused(CertificateError::NotValidYet), "clock");
        check(refused(CertificateError::BadEncoding), "it must be one for a server");
        let misnamed = |presented: &[&str]| CertificateError::NotValidForNameContext {
            expected: ServerName::try_from("a.example").unwrap(),
            presented: presented.iter().map(|name| (*name).to_owned()).collect(),
        };
        check(refused(misnamed(&[])), "is for no name, not for a.example");
        check(refused(misnamed(&["DnsName(\"localhost\")", "IpAddress(::1)"])), "is for localhost and ::1, not for");
        check(Error::NoApplicationProtocol, "TLS: ");
        assert_eq!(explained(&io::Error::from(io::ErrorKind::ConnectionRefused)), None);
    }

    #[test]
    fn a_bundle_must_hold_authorities() {
        let folder = std::env::temp_dir();
        let said = Tls::new("localhost", Some(&folder)).unwrap_err().to_string();
        assert!(said.contains("--ca-bundle") && said.contains("a folder"), "{said}");
        #[cfg(unix)]
        {
            let said = Tls::new("localhost", Some(Path::new("/dev/zero"))).unwrap_err().to_string();
            assert!(said.contains("AWS_CA_BUNDLE") && said.contains("a device"), "{said}");
        }
        assert!(Tls::new("a b", None).is_err());
    }
}
