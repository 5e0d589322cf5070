//! The flags of encryption.

use std::path::PathBuf;

use clap::Args;
use clap::builder::BoolishValueParser;

#[derive(Args, Debug, Default)]
pub(crate) struct TlsArguments {
    /// Speak TLS, with the certificate in this PEM file, followed by those of the authorities in between. Files are read
    /// again when they change, and on SIGHUP
    #[arg(long, env = "STATOR_TLS_CERTIFICATE", value_name = "FILE")]
    pub(crate) tls_certificate: Option<PathBuf>,

    /// The certificate's private key, in PEM
    #[arg(long, env = "STATOR_TLS_KEY", value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,

    /// For development: speak TLS with a certificate that is made at the start, for localhost and the address of --listen.
    /// What clients are to trust (AWS_CA_BUNDLE) is written to tls-self-signed.pem in the folder of --data
    #[arg(long, env = "STATOR_TLS_SELF_SIGNED", value_parser = BoolishValueParser::new())]
    pub(crate) tls_self_signed: bool,

    /// Where it is written instead; without a folder, nowhere else
    #[arg(long, env = "STATOR_TLS_SELF_SIGNED_FILE", value_name = "FILE")]
    pub(crate) tls_self_signed_file: Option<PathBuf>,

    /// Let only those in who present a certificate that an authority in this PEM file has signed
    #[arg(long, env = "STATOR_TLS_CLIENT_CA", value_name = "FILE")]
    pub(crate) tls_client_ca: Option<PathBuf>,
}
