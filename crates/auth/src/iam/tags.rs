//! A tag as a condition key: keys have no case in a context, those of tags neither.

use std::borrow::Cow;

use super::Values;

/// Whether a context key's last part, which is in lower case, names a tag.
fn names(lower: &str, tag: &str) -> bool {
    tag.eq_ignore_ascii_case(lower) || (!tag.is_ascii() && tag.chars().flat_map(char::to_lowercase).eq(lower.chars()))
}

/// The value of the tag that `lower` names. Tags whose keys differ in nothing but case have one name: if their values
/// differ, all of them are the answer, and conditions take the worst of them.
pub fn tag_value<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>, lower: &str) -> Option<Values<'a>> {
    let mut found = tags.into_iter().filter(|(tag, _)| names(lower, tag)).map(|(_, value)| value);
    let first = found.next()?;
    let mut others = found.filter(|value| *value != first).peekable();
    Some(match others.peek() {
        None => Values::One(Cow::Borrowed(first)),
        Some(_) => Values::Many(std::iter::once(first).chain(others).map(Cow::Borrowed).collect()),
    })
}

/// Whether a key in lower case has the value of one tag: several values are an ambiguity then, and no list.
pub(super) fn is_tag(key: &str) -> bool {
    ["aws:principaltag/", "aws:requesttag/", "aws:resourcetag/", "iam:resourcetag/"]
        .iter()
        .any(|family| key.starts_with(family))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_whose_keys_differ_in_case_have_one_name() {
        let value = |tags: &[(&'static str, &'static str)], lower: &str| {
            tag_value(tags.iter().copied(), lower).map(|values| match values {
                Values::One(one) => one.into_owned(),
                Values::Many(many) => many.join("|"),
            })
        };
        let tags = [("Team", "a"), ("Straße", "s"), ("team", "b"), ("TEAM", "a"), ("ÄÖ", "x"), ("äö", "x")];
        assert_eq!(value(&tags, "team").as_deref(), Some("a|b"));
        assert_eq!(value(&tags, "straße").as_deref(), Some("s"));
        assert_eq!(value(&tags, "äö").as_deref(), Some("x"));
        assert_eq!(value(&tags, "tea"), None);
        assert_eq!(value(&[], ""), None);
    }
}
