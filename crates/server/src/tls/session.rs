//! What client and server agreed on, for the audit log: in OpenSSL's names, which are CloudTrail's.

use tokio_rustls::rustls::{CipherSuite, ProtocolVersion, ServerConnection};

use crate::transport::TlsSession;

pub(super) fn of(connection: &ServerConnection) -> TlsSession {
    let version = match connection.protocol_version() {
        Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
        Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
        _ => "TLS",
    };
    let suite = connection.negotiated_cipher_suite().map(|suite| suite.suite());
    let client = connection.peer_certificates().and_then(<[_]>::first).map(|shown| shown.to_vec());
    TlsSession { version, cipher_suite: suite.map(cipher_suite).unwrap_or_default(), client_certificate: client }
}

fn cipher_suite(suite: CipherSuite) -> String {
    let name = suite.as_str().unwrap_or_default();
    match name.strip_prefix("TLS13_") {
        Some(rest) => format!("TLS_{rest}"),
        None => {
            let short = name.trim_start_matches("TLS_").replace("_WITH_", "_").replace("AES_", "AES");
            short.replace("POLY1305_SHA256", "POLY1305").replace('_', "-")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_cipher_suites() {
        for (suite, expected) in [
            (CipherSuite::TLS13_AES_128_GCM_SHA256, "TLS_AES_128_GCM_SHA256"),
            (CipherSuite::TLS13_CHACHA20_POLY1305_SHA256, "TLS_CHACHA20_POLY1305_SHA256"),
            (CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "ECDHE-RSA-AES128-GCM-SHA256"),
            (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "ECDHE-ECDSA-AES256-GCM-SHA384"),
            (CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE-RSA-CHACHA20-POLY1305"),
        ] {
            assert_eq!(cipher_suite(suite), expected);
        }
    }
}
