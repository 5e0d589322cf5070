//! A block of IP addresses, such as `10.0.0.0/24`.

use std::net::IpAddr;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct AddressBlock {
    network: IpAddr,
    /// Unit: bits.
    prefix: u32,
}

impl AddressBlock {
    pub(super) fn parse(text: &str) -> Option<AddressBlock> {
        let (network, prefix) = text.split_once('/')?;
        let block = AddressBlock { network: network.parse().ok()?, prefix: prefix.parse().ok()? };
        (block.prefix <= bits(&block.network).1).then_some(block)
    }

    pub(super) fn holds(&self, text: &str) -> bool {
        let Ok(address) = text.parse::<IpAddr>() else { return false };
        let ((ours, width), (theirs, their_width)) = (bits(&self.network), bits(&address));
        // A prefix of nothing leaves no bits to compare.
        width == their_width && (ours ^ theirs).checked_shr(width - self.prefix).unwrap_or(0) == 0
    }
}

/// An address as a number, and its width.
fn bits(address: &IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(address) => (u32::from(*address).into(), 32),
        IpAddr::V6(address) => (u128::from(*address), 128),
    }
}
