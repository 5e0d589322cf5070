//! The flags of encryption.

use std::path::PathBuf;

use clap::Args;
use clap::builder::BoolishValueParser;

#[derive(Args, Debug, Default)]
pub(crate) struct TlsArguments {
    /// Serve TLS with the certificate in this PEM file, followed by its intermediate certificates. Files are read again
    /// when they change, and on SIGHUP
    #[arg(long, env = "STATOR_TLS_CERTIFICATE", value_name = "FILE")]
    pub(crate) tls_certificate: Option<PathBuf>,

    /// The certificate's private key, in PEM
    #[arg(long, env = "STATOR_TLS_KEY", value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,

    /// For development: serve TLS with a certificate that is made at the start, for localhost and the address of --listen.
    /// The certificate for clients (AWS_CA_BUNDLE) is written to tls-self-signed.pem in the folder of --data
    #[arg(long, env = "STATOR_TLS_SELF_SIGNED", value_parser = BoolishValueParser::new())]
    pub(crate) tls_self_signed: bool,

    /// Where that certificate is written instead; needed for it with --memory and --storage
    #[arg(long, env = "STATOR_TLS_SELF_SIGNED_FILE", value_name = "FILE")]
    pub(crate) tls_self_signed_file: Option<PathBuf>,

    /// Accept only clients with a certificate that an authority in this PEM file has signed
    #[arg(long, env = "STATOR_TLS_CLIENT_CA", value_name = "FILE")]
    pub(crate) tls_client_ca: Option<PathBuf>,
}
