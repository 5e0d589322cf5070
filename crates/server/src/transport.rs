//! The transport of a connection: the address of its peer, and whether it is encrypted.
//! Policies ask for it (`aws:SourceIp`, `aws:SecureTransport`), and so does the audit log.
//!
//! The address is the other end of the connection: the client's, or that of a proxy. Headers that name another address are
//! not trusted.

use std::net::SocketAddr;

use auth::iam::Transport;

/// What client and server agreed on, in OpenSSL's names, which are CloudTrail's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct TlsSession {
    pub(crate) version: &'static str,
    pub(crate) cipher_suite: String,
    /// What the client has shown, in DER, where that is demanded.
    pub(crate) client_certificate: Option<Vec<u8>>,
}

/// An address of IPv4 that a socket of IPv6 shows is the one of IPv4.
pub(crate) fn transport(peer: SocketAddr, secure: bool) -> Transport {
    Transport { peer: peer.ip().to_canonical(), secure }
}

/// Of a client on this machine.
#[cfg(test)]
pub(crate) fn local() -> Transport {
    transport(SocketAddr::from(([127, 0, 0, 1], 0)), false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_ipv4_are_themselves() {
        for (socket, expected) in
            [("[::ffff:192.0.2.7]:80", "192.0.2.7"), ("192.0.2.7:80", "192.0.2.7"), ("[2001:db8::1]:80", "2001:db8::1")]
        {
            let transport = transport(socket.parse().unwrap(), true);
            assert_eq!((transport.peer.to_string().as_str(), transport.secure), (expected, true));
        }
    }
}
