//! Tags of sessions.
//!
//! Source: IAM User Guide, "Pass session tags in AWS STS".

use std::collections::BTreeMap;

use auth::iam::is_same_tag;
use aws::sts::Tag;

use crate::query::{Code, Refusal};

const TAGS_MAX: usize = 50;

pub(super) fn asked(asked: Option<&[Tag]>) -> Result<BTreeMap<String, String>, Refusal> {
    let mut tags = BTreeMap::new();
    for tag in asked.unwrap_or_default() {
        put(&mut tags, &tag.key, &tag.value)?;
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
