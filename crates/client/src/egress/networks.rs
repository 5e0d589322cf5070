//! Networks, and those that are closed to callers.
//!
//! Source: IANA IPv4 and IPv6 Special-Purpose Address Registries; RFC 6052 (NAT64), 3056 (6to4), 4380 (Teredo), 2765 (SIIT).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Addresses that share their first bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Network {
    address: IpAddr,
    /// Unit: bits.
    prefix: u8,
}

impl Network {
    /// None if there are bits behind the prefix, or no such prefix.
    pub(super) fn new(address: IpAddr, prefix: u8) -> Option<Network> {
        let network = Network { address, prefix };
        let fits = prefix <= bits_of(address).1;
        (fits && network.behind(address) == 0).then_some(network)
    }

    pub(super) fn of_one(address: IpAddr) -> Network {
        Network { address, prefix: bits_of(address).1 }
    }

    pub(super) fn contains(&self, other: IpAddr) -> bool {
        let ((own, width), (bits, other_width)) = (bits_of(self.address), bits_of(other));
        width == other_width && shifted(own ^ bits, width - self.prefix) == 0
    }

    /// The bits of an address that the prefix leaves.
    fn behind(&self, address: IpAddr) -> u128 {
        let (bits, width) = bits_of(address);
        let rest = width - self.prefix;
        if rest == 128 { bits } else { bits & ((1 << rest) - 1) }
    }
}

fn bits_of(address: IpAddr) -> (u128, u8) {
    match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    }
}

fn shifted(bits: u128, by: u8) -> u128 {
    bits.checked_shr(by.into()).unwrap_or(0)
}

const CLOSED_V4: &[(Ipv4Addr, u8)] = &[
    // This host on this network.
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    // Private.
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    // Shared with a carrier.
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // Azure's platform address, which answers from inside a virtual machine only.
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    // Link-local, cloud metadata services among it.
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    // Protocol assignments; Oracle's metadata service is here.
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    // Benchmarks of networks.
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    // Multicast, then reserved, with broadcast at its end.
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

const CLOSED_V6: &[(Ipv6Addr, u8)] = &[
    (Ipv6Addr::UNSPECIFIED, 128),
    (Ipv6Addr::LOCALHOST, 128),
    // A network's own translation to IPv4.
    (Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48),
    // Discarded.
    (Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 0), 64),
    // Teredo, which hides an IPv4 address.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 32),
    // Segment routing.
    (Ipv6Addr::new(0x5f00, 0, 0, 0, 0, 0, 0, 0), 16),
    // Unique local, link-local, site-local.
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10),
    // Multicast.
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8),
];

pub(super) fn is_closed(address: IpAddr) -> bool {
    let within = |network: IpAddr, prefix: u8| Network { address: network, prefix }.contains(address);
    match address {
        IpAddr::V4(_) => CLOSED_V4.iter().any(|(network, prefix)| within((*network).into(), *prefix)),
        IpAddr::V6(_) => CLOSED_V6.iter().any(|(network, prefix)| within((*network).into(), *prefix)),
    }
}

/// An address, and the IPv4 address inside it, if it is an IPv6 address that leads to one.
pub(super) fn forms(address: IpAddr) -> Vec<IpAddr> {
    let inner = match address {
        IpAddr::V4(_) => None,
        IpAddr::V6(address) => embedded(address),
    };
    [address].into_iter().chain(inner.map(IpAddr::V4)).collect()
}

fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, high, low] = address.segments();
    let ipv4 = |high: u16, low: u16| Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
    match [a, b, c, d, e, f] {
        // Neither `::` nor `::1` is one.
        [0, 0, 0, 0, 0, 0] if high != 0 || low > 1 => ipv4(high, low),
        // Mapped, translated, NAT64.
        [0, 0, 0, 0, 0, 0xffff] | [0, 0, 0, 0, 0xffff, 0] | [0x64, 0xff9b, 0, 0, 0, 0] => ipv4(high, low),
        // 6to4.
        [0x2002, high, low, ..] => ipv4(high, low),
        _ => None,
    }
}
