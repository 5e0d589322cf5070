//! `ExpressionAttributeNames` and `ExpressionAttributeValues` of one request, and which of them its expressions used.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::limits::PLACEHOLDER_SIZE_MAX;
use model::{AttributeValue, Attributes};

use crate::error::{ExpressionError, PlaceholderMap, Problem};
use crate::token::is_word;

/// What `#name` and `:value` stand for. One instance serves all expressions of a request; [`Placeholders::finish`]
/// then refuses those that no expression used.
#[derive(Clone, Debug, Default)]
pub struct Placeholders {
    names: BTreeMap<String, String>,
    /// An expression may use one very often: uses share it.
    values: BTreeMap<String, Arc<AttributeValue>>,
    names_used: BTreeSet<String>,
    values_used: BTreeSet<String>,
}

impl Placeholders {
    /// Takes the two maps as the request gave them. Keys are with their `#` or `:`.
    ///
    /// # Errors
    /// An empty map, a key that is no placeholder, or an empty attribute name.
    pub fn new(
        names: Option<BTreeMap<String, String>>,
        values: Option<Attributes>,
    ) -> Result<Placeholders, ExpressionError> {
        check_keys(PlaceholderMap::Names, names.as_ref().map(|map| map.keys().map(String::as_str)), b'#')?;
        check_keys(PlaceholderMap::Values, values.as_ref().map(Attributes::names), b':')?;
        let names = names.unwrap_or_default();
        if let Some((key, _)) = names.iter().find(|(_, name)| name.is_empty()) {
            return Err(Problem::PlaceholderNameEmpty(key.clone()).into());
        }
        let values = values.into_iter().flatten().map(|(key, value)| (key, Arc::new(value))).collect();
        Ok(Placeholders { names, values, ..Placeholders::default() })
    }

    /// The attribute name that `#name` stands for; it counts as used.
    pub fn name(&mut self, key: &str) -> Option<&str> {
        let name = self.names.get(key)?;
        mark(&mut self.names_used, key);
        Some(name)
    }

    /// The value that `:value` stands for; it counts as used.
    pub fn value(&mut self, key: &str) -> Option<&Arc<AttributeValue>> {
        let value = self.values.get(key)?;
        mark(&mut self.values_used, key);
        Some(value)
    }

    /// Refuses names, then values, that no expression used.
    ///
    /// # Errors
    /// `Value provided in … unused in expressions: keys: {…}`.
    pub fn finish(&self) -> Result<(), ExpressionError> {
        refuse_unused(PlaceholderMap::Names, self.names.keys().map(String::as_str), &self.names_used)?;
        refuse_unused(PlaceholderMap::Values, self.values.keys().map(String::as_str), &self.values_used)
    }
}

fn mark(used: &mut BTreeSet<String>, key: &str) {
    if !used.contains(key) {
        used.insert(key.to_owned());
    }
}

fn check_keys<'a>(
    map: PlaceholderMap,
    keys: Option<impl ExactSizeIterator<Item = &'a str>>,
    sigil: u8,
) -> Result<(), ExpressionError> {
    let Some(mut keys) = keys else { return Ok(()) };
    if keys.len() == 0 {
        return Err(Problem::PlaceholdersEmpty(map).into());
    }
    match keys.find(|key| key.len() > PLACEHOLDER_SIZE_MAX || !is_placeholder(key.as_bytes(), sigil)) {
        Some(key) if key.len() > PLACEHOLDER_SIZE_MAX => {
            Err(Problem::PlaceholderKeyTooLong(map, key.to_owned()).into())
        }
        Some(key) => Err(Problem::PlaceholderKey(map, key.to_owned()).into()),
        None => Ok(()),
    }
}

fn is_placeholder(key: &[u8], sigil: u8) -> bool {
    matches!(key, [first, rest @ ..] if *first == sigil && !rest.is_empty() && rest.iter().all(|byte| is_word(*byte)))
}

fn refuse_unused<'a>(
    map: PlaceholderMap,
    keys: impl Iterator<Item = &'a str>,
    used: &BTreeSet<String>,
) -> Result<(), ExpressionError> {
    let unused: Vec<String> = keys.filter(|key| !used.contains(*key)).map(str::to_owned).collect();
    if unused.is_empty() { Ok(()) } else { Err(Problem::PlaceholdersUnused(map, unused).into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(entries: &[(&str, &str)]) -> Option<BTreeMap<String, String>> {
        Some(entries.iter().map(|(key, name)| ((*key).to_owned(), (*name).to_owned())).collect())
    }

    fn values(keys: &[&str]) -> Option<Attributes> {
        Some(keys.iter().map(|key| ((*key).to_owned(), AttributeValue::Null)).collect())
    }

    #[track_caller]
    fn refused(names: Option<BTreeMap<String, String>>, values: Option<Attributes>, expected: &str) {
        let error = Placeholders::new(names, values).expect_err("must be refused");
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn malformed_maps_are_refused() {
        refused(names(&[]), None, "ExpressionAttributeNames must not be empty");
        refused(None, values(&[]), "ExpressionAttributeValues must not be empty");
        let key = |map, key| format!("{map} contains invalid key: Syntax error; key: \"{key}\"");
        for bad in ["", "a", "#", "#a-b", "##", ":a", "#é"] {
            refused(names(&[(bad, "x")]), None, &key("ExpressionAttributeNames", bad));
        }
        for bad in ["", "a", ":", ":a b", "#a"] {
            refused(None, values(&[bad]), &key("ExpressionAttributeValues", bad));
        }
        let long = format!("#{}", "a".repeat(255));
        refused(
            names(&[(long.as_str(), "x")]),
            None,
            &format!(
                "ExpressionAttributeNames contains invalid key: The expression attribute map contains a key that is \
                 too long; key: \"{long}\""
            ),
        );
        refused(
            names(&[("#a", "")]),
            None,
            "ExpressionAttributeNames contains invalid value: Empty attribute name for key #a",
        );
    }

    #[test]
    fn unused_placeholders_are_refused_names_first() {
        let mut placeholders =
            Placeholders::new(names(&[("#a", "x"), ("#b", "y")]), values(&[":a", ":b", ":_1"])).expect("well formed");
        assert_eq!(
            placeholders.finish().expect_err("unused").to_string(),
            "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a, #b}"
        );
        assert_eq!(placeholders.name("#a"), Some("x"));
        assert_eq!(placeholders.name("#b"), Some("y"));
        assert_eq!(placeholders.name("#c"), None);
        assert_eq!(placeholders.value(":a").map(AsRef::as_ref), Some(&AttributeValue::Null));
        assert_eq!(
            placeholders.finish().expect_err("unused").to_string(),
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:_1, :b}"
        );
        placeholders.value(":b");
        placeholders.value(":_1");
        assert_eq!(placeholders.finish(), Ok(()));
    }

    /// However often an expression uses a value, there is one of it.
    #[test]
    fn uses_share_a_value() {
        let value = AttributeValue::L(vec![AttributeValue::Null; 1_000]);
        let values = Some([(":v".to_owned(), value)].into_iter().collect());
        let mut placeholders = Placeholders::new(None, values).expect("valid");
        let uses = vec![":v"; 90].join(", ");
        let text = vec![format!("b IN ({uses})"); 10].join(" OR ");
        let condition =
            crate::Condition::parse(crate::ExpressionKind::Filter, &text, &mut placeholders).expect("valid");
        let shared = placeholders.values.get(":v").map(Arc::strong_count);
        assert_eq!(shared, Some(901));
        drop(condition);
    }
}
