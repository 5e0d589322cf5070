//! Tags of sessions.
//!
//! Source: IAM User Guide, "Pass session tags in AWS STS".

use std::collections::BTreeMap;

use auth::iam::is_same_tag;

use super::asked::length;
use crate::query::{Code, Parameters, Refusal};

const TAGS_MAX: usize = 50;
/// Unit: characters.
const KEY_LENGTH_MAX: usize = 128;
const VALUE_LENGTH_MAX: usize = 256;

pub(super) fn asked(parameters: &Parameters) -> Result<BTreeMap<String, String>, Refusal> {
    let mut tags = BTreeMap::new();
    for (at, member) in parameters.members("Tags") {
        let part = |name: &str, small: &str| {
            let path = format!("tags.{at}.member.{small}");
            member.get(name).copied().map(|text| (path.clone(), text)).ok_or_else(|| Refusal::missing(&path))
        };
        let ((key_path, key), (value_path, value)) = (part("Key", "key")?, part("Value", "value")?);
        length(&key_path, key, 1, KEY_LENGTH_MAX)?;
        length(&value_path, value, 0, VALUE_LENGTH_MAX)?;
        put(&mut tags, key, value)?;
    }
    Ok(tags)
}

/// One more, which must be a good one.
pub(super) fn put(tags: &mut BTreeMap<String, String>, key: &str, value: &str) -> Result<(), Refusal> {
    let wrong = |text: &str| Err(Refusal::new(Code::InvalidParameterValue, text));
    let is_good = |letter: char| letter.is_alphanumeric() || letter.is_whitespace() || "_.:/=+-@".contains(letter);
    if key.to_lowercase().starts_with("aws:") {
        return wrong("Tag keys that start with aws: are reserved for system use.");
    }
    if !key.chars().chain(value.chars()).all(is_good) {
        return wrong("A session tag contains a letter that tags cannot have.");
    }
    if tags.keys().any(|other| is_same_tag(other, key)) {
        return wrong("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
    }
    if tags.len() == TAGS_MAX {
        return wrong("There are more than 50 session tags.");
    }
    tags.insert(key.to_owned(), value.to_owned());
    Ok(())
}
