//! TLS to the server, with its certificate verified by name unless less is asked for.
//!
//! A connector of our own on tokio-rustls, with ring: the ready-made one brings a dozen crates to read certificates for
//! channel binding.

mod verifiers;

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use base::RegularFile;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::error::OpenError;
use verifiers::AnyName;

/// Unit: bytes.
const PEM_BYTES_MAX: u64 = 16 << 20;

/// What of the server's certificate must be right.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verify {
    Nothing,
    /// The authority that signed it.
    Authority,
    /// That, and the name in it.
    Name,
}

/// The certificates of a connection, as files in PEM.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct TlsFiles {
    /// The file of trusted authorities; the system's authorities if there is none.
    pub(crate) root: Option<String>,
    /// The client's certificate and its key.
    pub(crate) client: Option<(String, String)>,
}

/// Makes encrypted connections.
#[derive(Clone)]
pub(crate) struct Tls(Arc<ClientConfig>);

impl Tls {
    pub(crate) fn new(files: &TlsFiles, verify: Verify) -> Result<Tls, OpenError> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| OpenError::Url(error.to_string()))?;
        let any_name = |roots| Arc::new(AnyName { roots, provider });
        let builder = match verify {
            Verify::Nothing => builder.dangerous().with_custom_certificate_verifier(any_name(None)),
            Verify::Authority => {
                builder.dangerous().with_custom_certificate_verifier(any_name(Some(authorities(files)?)))
            }
            Verify::Name => builder.with_root_certificates(authorities(files)?),
        };
        let mut config = match &files.client {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain = certificates(certificate)?;
                let private = PrivateKeyDer::from_pem_slice(&read_key(key)?.bytes)
                    .map_err(|error| OpenError::Url(format!("sslkey={key} holds no private key: {error}")))?;
                builder.with_client_auth_cert(chain, private).map_err(|error| {
                    OpenError::Url(format!("sslcert={certificate} and sslkey={key} do not fit: {error}"))
                })?
            }
        };
        config.alpn_protocols = vec![b"postgresql".to_vec()];
        Ok(Tls(Arc::new(config)))
    }
}

/// The trusted authorities; never an empty set.
fn authorities(files: &TlsFiles) -> Result<RootCertStore, OpenError> {
    let certificates = match &files.root {
        Some(file) => certificates(file)?,
        None => {
            base::check_system_authorities().map_err(OpenError::Url)?;
            rustls_native_certs::load_native_certs().certs
        }
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        // A system's store may contain unusable ones.
        let _ = roots.add(certificate);
    }
    if roots.is_empty() {
        return Err(OpenError::Url(
            "no certificate authorities are known to this system: name the server's with sslrootcert=FILE".into(),
        ));
    }
    Ok(roots)
}

fn certificates(file: &str) -> Result<Vec<CertificateDer<'static>>, OpenError> {
    let bytes = read(file)?.bytes;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(OpenError::Url(format!("{file} holds no certificate"))),
        Err(error) => Err(OpenError::Url(format!("{file} holds no certificate that can be read: {error}"))),
    }
}

fn read(file: &str) -> Result<RegularFile, OpenError> {
    let read = RegularFile::read(Path::new(file), PEM_BYTES_MAX);
    read.map_err(|error| OpenError::Url(format!("cannot read {file}: {error}")))
}

/// A private key that only this user or root reads, as libpq demands it.
fn read_key(file: &str) -> Result<RegularFile, OpenError> {
    let key = read(file)?;
    match key.exposed {
        None => Ok(key),
        Some(exposure) => Err(OpenError::Url(format!("sslkey={file} {exposure}; {}", exposure.advice()))),
    }
}

impl<S> MakeTlsConnect<S> for Tls
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Stream<S>;
    type TlsConnect = Connect;
    type Error = io::Error;

    fn make_tls_connect(&mut self, domain: &str) -> io::Result<Connect> {
        let name = ServerName::try_from(domain.to_owned())
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        Ok(Connect { connector: TlsConnector::from(self.0.clone()), name })
    }
}

pub(crate) struct Connect {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl<S> TlsConnect<S> for Connect
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Stream<S>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Stream<S>>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(async move { Ok(Stream(self.connector.connect(self.name, stream).await?)) })
    }
}

pub(crate) struct Stream<S>(client::TlsStream<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Stream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Stream<S> {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}
