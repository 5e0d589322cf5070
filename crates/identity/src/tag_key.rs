//! Keys of tags that differ in case only are one key.

use std::collections::{BTreeMap, BTreeSet};

use auth::iam::{folded_tag, is_same_tag};

/// Sets a tag, in place of one whose key differs in case at most: keys of principals' tags are the same in either case.
pub(crate) fn override_tag(tags: &mut BTreeMap<String, String>, key: &str, value: &str) {
    tags.retain(|other, _| !is_same_tag(other, key));
    tags.insert(key.to_owned(), value.to_owned());
}

/// The keys of tags that a request names, and behind them the stored ones that differ from one of these in case: a request
/// that replaces or removes a tag means the stored one too.
pub(crate) fn with_stored_keys<'a>(named: Vec<&'a str>, stored: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let spelled: BTreeSet<&str> = named.iter().copied().collect();
    let meant: BTreeSet<String> = named.iter().map(|key| folded_tag(key)).collect();
    let is_meant = |key: &&str| !spelled.contains(key) && meant.contains(&folded_tag(key));
    let others: Vec<&str> = stored.filter(is_meant).collect();
    named.into_iter().chain(others).collect()
}
