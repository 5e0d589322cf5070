//! The origin of a request, by which shares of memory and of connections are bounded.

use std::net::IpAddr;

/// The other end of connections, of which a client has one: an address of IPv4, or 64 bits of IPv6, which is what a
/// network gives to each of its machines.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Peer(u128);

impl Peer {
    pub fn of(address: IpAddr) -> Peer {
        match address.to_canonical() {
            // In the block that maps IPv4, where no network of IPv6 is.
            IpAddr::V4(address) => Peer(address.to_ipv6_mapped().to_bits()),
            IpAddr::V6(address) => Peer(address.to_bits() >> 64 << 64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let peer = |address: &str| Peer::of(address.parse().unwrap());
        assert_eq!(peer("192.0.2.1"), peer("::ffff:192.0.2.1"));
        assert_ne!(peer("192.0.2.1"), peer("192.0.2.2"));
        assert_eq!(peer("2001:db8::1"), peer("2001:db8::ffff:1"));
        assert_ne!(peer("2001:db8::1"), peer("2001:db8:0:1::1"));
    }
}
