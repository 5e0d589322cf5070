//! A tag as a condition key: keys have no case in a context, those of tags neither.

use std::borrow::Cow;

use super::work::WorkBudget;
use super::{Context, Values};

/// The cost of folding the case of one letter beyond ASCII. Unit: steps.
const LETTER_STEPS: usize = 4;

/// Whether the keys of two tags differ in nothing but the case of their letters.
pub fn is_same_tag(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other) || (!(one.is_ascii() && other.is_ascii()) && folded(one).eq(folded(other)))
}

/// A tag's key with its letters in one case: the same for all keys that [`is_same_tag`] takes for one.
pub fn folded_tag(key: &str) -> String {
    folded(key).collect()
}

/// The letters in lower case. A sigma has two small forms, of which `str::to_lowercase` takes one by the sigma's place.
pub(super) fn folded(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase).map(|letter| if letter == 'ς' { 'σ' } else { letter })
}

/// Whether a context key's last part, which is in lower case, names a tag. The comparison is paid for whatever its end.
fn names(lower: &str, tag: &str, work: &WorkBudget) -> bool {
    if work.is_exhausted() {
        return false;
    }
    if tag.is_ascii() {
        return work.spend_bytes(tag.len()) && tag.eq_ignore_ascii_case(lower);
    }
    let mut compared = 0;
    let is_same = folded(tag).inspect(|_| compared += 1).eq(folded(lower));
    work.spend_bytes(tag.len()) && work.spend(LETTER_STEPS * compared) && is_same
}

/// The value of the tag that `lower` names. Tags whose keys differ in nothing but case have one name: if their values
/// differ, all of them are the answer, and conditions take the worst of them.
pub fn tag_value<'a>(
    tags: impl IntoIterator<Item = (&'a str, &'a str)>,
    lower: &str,
    work: &WorkBudget,
) -> Option<Values<'a>> {
    let mut found = tags.into_iter().filter(|(tag, _)| names(lower, tag, work)).map(|(_, value)| value);
    let first = found.next()?;
    let mut others = found.filter(|value| *value != first).peekable();
    Some(match others.peek() {
        None => Values::One(Cow::Borrowed(first)),
        Some(_) => Values::Many(std::iter::once(first).chain(others).map(Cow::Borrowed).collect()),
    })
}

/// Whether a key in lower case has one value: several are an ambiguity then, and no list, as those of tags whose keys differ in
/// case, or of a write that may show one thing when it succeeds and another when its condition fails.
pub(super) fn has_one_value(key: &str) -> bool {
    ["aws:principaltag/", "aws:requesttag/", "aws:resourcetag/", "iam:resourcetag/"]
        .iter()
        .any(|family| key.starts_with(family))
        || key == "dynamodb:returnvalues"
}

/// Whether a variable of this key has several values, of which one is meant.
pub(super) fn is_ambiguous(key: &str, context: &dyn Context, work: &WorkBudget) -> bool {
    has_one_value(key) && matches!(context.values(key, work), Some(Values::Many(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_whose_keys_differ_in_case_have_one_name() {
        let value = |tags: &[(&'static str, &'static str)], lower: &str| {
            tag_value(tags.iter().copied(), lower, &WorkBudget::default()).map(|values| match values {
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
        // As `str::to_lowercase` writes the end of a word.
        assert_eq!(value(&[("ΟΔΟΣ", "o")], &"ΟΔΟΣ".to_lowercase()).as_deref(), Some("o"));
        assert_eq!(value(&[("οδοσ", "o")], &"ΟΔΟΣ".to_lowercase()).as_deref(), Some("o"));
    }

    #[test]
    fn tags_are_the_same_whatever_the_case_of_their_letters() {
        for (one, other, expected) in [
            ("team", "TEAM", true),
            ("Straße", "STRAßE", true),
            ("ΟΔΟΣ", "οδος", true),
            ("ΟΔΟΣ", "οδοσ", true),
            ("K", "\u{212a}", true),
            ("é", "e", false),
            ("a", "ab", false),
        ] {
            assert_eq!((is_same_tag(one, other), is_same_tag(other, one)), (expected, expected), "{one} {other}");
        }
    }
}
