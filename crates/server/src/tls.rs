//! Encryption of the main address: TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1 by ALPN, client certificates where they are
//! demanded.
//!
//! Certificates can be replaced while the server runs (`renewal`): new connections use the new ones, and open connections
//! stay open. A handshake is part of its connection (`handshake`), so that everything that bounds a connection
//! bounds it too.

mod arguments;
mod expiry;
mod files;
mod handshake;
mod renewal;
mod self_signed;
mod session;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base::{Metric, Page, RegularFile, Unreadable};
use jobs::Jobs;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tokio_rustls::TlsAcceptor;

pub(crate) use arguments::TlsArguments;
use files::{Loaded, Source, Stamps};
pub(crate) use handshake::Encrypted;

use crate::connection_states::ConnectionState;
use crate::hangups::Hangups;
use crate::log::{self, Value};
use crate::metrics::Connections;
use crate::patience::Patient;
use crate::protect;

/// How a file of certificates begins.
const CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----";
/// Where a self-signed certificate is, in the folder of the data.
const SELF_SIGNED: &str = "tls-self-signed.pem";

/// What the server presents itself with.
pub(crate) struct Tls {
    source: Source,
    /// What newcomers get.
    current: Mutex<Loaded>,
    /// What was seen of the files before they were first read.
    first_stamps: Stamps,
    /// What clients are to trust, of a certificate that was made at the start: in PEM.
    made: Option<String>,
    handshake_timeout: Duration,
}

impl Tls {
    /// Nothing if no encryption is asked for. `listen` is what clients may call the server, beside localhost.
    pub(crate) fn new(
        arguments: &TlsArguments,
        listen: &str,
        handshake_timeout: Duration,
    ) -> Result<Option<Arc<Tls>>, String> {
        let client_ca = arguments.tls_client_ca.clone();
        let (source, made) = match (&arguments.tls_certificate, &arguments.tls_key, arguments.tls_self_signed) {
            (Some(certificate), Some(key), _) => (Source::files(certificate.clone(), key.clone(), client_ca), None),
            (_, _, true) => {
                let (identity, authority) = self_signed::make(listen).map_err(|error| error.to_string())?;
                (Source::made(identity, client_ca), Some(authority))
            }
            _ => return Ok(None),
        };
        let first_stamps = source.stamps();
        let current = Mutex::new(source.load()?);
        Ok(Some(Arc::new(Tls { source, current, first_stamps, made, handshake_timeout })))
    }

    /// Encrypts a connection, beginning with its first byte.
    pub(crate) fn encrypt(
        &self,
        socket: Patient,
        state: &Arc<ConnectionState>,
        counts: &Arc<Connections>,
    ) -> Encrypted {
        let acceptor = TlsAcceptor::from(Arc::clone(&self.current.lock().config));
        Encrypted::new(acceptor, socket, self.handshake_timeout, Arc::clone(state), Arc::clone(counts))
    }

    /// Loads everything anew.
    fn renew(&self) -> Result<(), String> {
        // Loaded without the lock, so handshakes do not wait for files; a load that fails leaves the current ones.
        let renewed = self.source.load()?;
        *self.current.lock() = renewed;
        Ok(())
    }

    /// Puts what clients are to trust where they can take it, if it was made at the start. Returns where.
    pub(crate) fn publish(&self, named: Option<&Path>, data: Option<&Path>) -> Result<Option<PathBuf>, String> {
        let Some(pem) = &self.made else { return Ok(None) };
        let path = named.map(PathBuf::from).or_else(|| data.map(|data| data.join(SELF_SIGNED)));
        if let Some(path) = &path {
            // Clients of other users read it where it was asked for; the data folder is closed to them.
            refuse_other_files(path)
                .and_then(|()| std::fs::write(path, pem).map_err(|error| error.to_string()))
                .and_then(|()| {
                    if named.is_some() { protect::publish(path).map_err(|error| error.to_string()) } else { Ok(()) }
                })
                .map_err(|error| format!("cannot write the self-signed certificate to {}: {error}", path.display()))?;
        }
        let fingerprint = self
            .source
            .first_certificate()
            .map(|certificate| base::hex(&Sha256::digest(&certificate)))
            .unwrap_or_default();
        let place = match &path {
            Some(path) => format!("clients trust it with AWS_CA_BUNDLE={}", path.display()),
            None => "name a file for it with --tls-self-signed-file, so that clients can trust it".to_owned(),
        };
        let message = format!("the certificate is self-signed, made for this run; {place}; SHA-256 {fingerprint}");
        log::info("tls_self_signed", &message, &[("sha256", Value::Text(&fingerprint))]);
        Ok(path)
    }

    /// Adds the job that loads changed files.
    pub(crate) fn keep_renewed(self: &Arc<Tls>, jobs: &Jobs) -> std::io::Result<()> {
        jobs.add(renewal::job(self, Hangups::new()?));
        Ok(())
    }
}

static EXPIRY: Metric = Metric::gauge(
    "stator_tls_certificate_expiry_timestamp_seconds",
    "When the certificate ends, in seconds since 1970.",
);

impl Tls {
    pub(crate) fn write_metrics(&self, page: &mut Page) {
        if let Some(expiry_s) = self.current.lock().expiry_s {
            page.metric(&EXPIRY).value(expiry_s);
        }
    }
}

/// Only a certificate is replaced by the next one: a flag that names a key by mistake destroys nothing.
fn refuse_other_files(path: &Path) -> Result<(), String> {
    match RegularFile::begin(path, CERTIFICATE.len()) {
        Err(Unreadable::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.to_string()),
        Ok(begin) if begin.is_empty() || begin == CERTIFICATE => Ok(()),
        Ok(_) => Err("there is another file of that name, which holds no certificate".to_owned()),
    }
}
