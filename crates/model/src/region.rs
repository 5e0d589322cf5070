//! The name of a region, as rows and records hold it.

use std::fmt;

/// The longest name of a region. Unit: bytes.
const REGION_NAME_SIZE_MAX: usize = 32;

/// A region's name, in place: a stamp that has one is copied without an allocation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegionName {
    /// Padded with zeros, which no name has: names order as their texts do.
    bytes: [u8; REGION_NAME_SIZE_MAX],
    size: u8,
}

/// Whether a text can be a region's name: lowercase letters, digits and hyphens, of a bounded length.
pub fn is_region_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=REGION_NAME_SIZE_MAX).contains(&text.len()) && text.bytes().all(fits)
}

impl RegionName {
    pub fn parse(text: &str) -> Option<RegionName> {
        if !is_region_name(text) {
            return None;
        }
        let mut bytes = [0; REGION_NAME_SIZE_MAX];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(RegionName { bytes, size: text.len() as u8 })
    }

    /// As [`RegionName::push`] wrote it, with what is behind it.
    pub fn split_from(bytes: &[u8]) -> Option<(RegionName, &[u8])> {
        let (size, rest) = bytes.split_first()?;
        let (text, rest) = rest.split_at_checked(usize::from(*size))?;
        Some((RegionName::parse(std::str::from_utf8(text).ok()?)?, rest))
    }

    /// Appends the name's size in one byte, and the name.
    pub fn push(&self, out: &mut Vec<u8>) {
        out.push(self.size);
        out.extend_from_slice(self.as_str().as_bytes());
    }

    pub fn as_str(&self) -> &str {
        let text = self.bytes.get(..usize::from(self.size)).unwrap_or_default();
        // Only `parse` makes one, of ASCII.
        std::str::from_utf8(text).unwrap_or_default()
    }
}

impl fmt::Display for RegionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RegionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RegionName({})", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_written_and_nothing_else_is() {
        let longest = "a".repeat(REGION_NAME_SIZE_MAX);
        for text in ["eu-west-3", "a", &longest] {
            let region = RegionName::parse(text).unwrap();
            assert_eq!(region.as_str(), text);
            let mut bytes = Vec::new();
            region.push(&mut bytes);
            bytes.push(7);
            assert_eq!(RegionName::split_from(&bytes), Some((region, &[7][..])));
            assert_eq!(RegionName::split_from(&bytes[..text.len()]), None);
        }
        for text in ["", "EU", "eu west", "eu\0", &format!("{longest}a")] {
            assert_eq!(RegionName::parse(text), None, "{text}");
            let bytes = [&[text.len() as u8][..], text.as_bytes()].concat();
            assert_eq!(RegionName::split_from(&bytes), None, "{text}");
        }
    }

    #[test]
    fn names_order_as_their_texts() {
        let names = ["a", "a-", "a0", "aa", "ab", "b"].map(|text| RegionName::parse(text).unwrap());
        assert!(names.is_sorted());
    }
}
