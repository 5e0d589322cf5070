//! The texts of a key, as one string of bytes: what a summary counts.

/// The texts of a key's attributes, each behind its size (2 bytes).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ContributorKey(Vec<u8>);

impl ContributorKey {
    /// Of a text that is longer than a key may be, the beginning counts.
    pub fn push(&mut self, text: &str) {
        let text = base::cut(text, usize::from(u16::MAX));
        self.0.extend_from_slice(&(text.len() as u16).to_be_bytes());
        self.0.extend_from_slice(text.as_bytes());
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl<'a> FromIterator<&'a str> for ContributorKey {
    fn from_iter<T: IntoIterator<Item = &'a str>>(texts: T) -> ContributorKey {
        let mut key = ContributorKey::default();
        texts.into_iter().for_each(|text| key.push(text));
        key
    }
}

/// The texts of a key; none of bytes that are none.
pub(crate) fn texts(mut key: &[u8]) -> Option<Vec<String>> {
    let mut texts = Vec::new();
    while let Some((size, rest)) = key.split_first_chunk::<2>() {
        let (text, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*size)))?;
        texts.push(String::from_utf8(text.to_vec()).ok()?);
        key = rest;
    }
    key.is_empty().then_some(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_as_they_were_written() {
        let key: ContributorKey = ["a", "", "ä-1"].into_iter().collect();
        assert_eq!(texts(key.as_bytes()).unwrap(), ["a", "", "ä-1"]);
        assert_eq!(texts(&[]).unwrap(), [""; 0]);
        assert_eq!(texts(&key.as_bytes()[..key.as_bytes().len() - 1]), None);
        assert_eq!(texts(&[0, 1, 0xFF]), None);
    }
}
