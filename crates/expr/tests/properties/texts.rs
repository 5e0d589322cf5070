//! Whatever the text, parsing ends in an expression or in a refusal.

use expr::{Condition, ExpressionKind, Placeholders, Projection, Update};
use model::{AttributeValue, Attributes};
use proptest::prelude::*;

const PIECES: [&str; 48] = [
    "a",
    "b.c",
    "#a",
    "#nope",
    ":v",
    ":l",
    ":nope",
    "SET",
    "REMOVE",
    "ADD",
    "DELETE",
    "AND",
    "OR",
    "NOT",
    "BETWEEN",
    "IN",
    "(",
    "(",
    ")",
    ")",
    "[",
    "]",
    "[0]",
    ".",
    ",",
    ",",
    "=",
    "=",
    "<>",
    "<",
    "<=",
    ">",
    ">=",
    "+",
    "-",
    "size(",
    "contains(",
    "begins_with(",
    "attribute_exists(",
    "attribute_type(",
    "if_not_exists(",
    "list_append(",
    "nope(",
    "name",
    "!",
    "_",
    "é",
    "99999999999999999999",
];

fn placeholders() -> Placeholders {
    let names = [("#a".to_owned(), "a".to_owned())].into_iter().collect();
    let values: Attributes = [
        (":v".to_owned(), AttributeValue::S("x".into())),
        (":l".to_owned(), AttributeValue::L(vec![AttributeValue::Null])),
    ]
    .into_iter()
    .collect();
    Placeholders::new(Some(names), Some(values)).expect("well formed")
}

fn parse_as_everything(text: &str) {
    for kind in [ExpressionKind::Condition, ExpressionKind::Filter, ExpressionKind::KeyCondition] {
        if let Err(error) = Condition::parse(kind, text, &mut placeholders()) {
            assert!(!error.to_string().is_empty());
        }
    }
    let _ = Update::parse(text, &mut placeholders());
    let _ = Projection::parse(text, &mut placeholders());
}

proptest! {
    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        parse_as_everything(&text);
    }

    #[test]
    fn any_soup_of_tokens_is_answered(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..40)) {
        parse_as_everything(&pieces.join(" "));
        parse_as_everything(&pieces.concat());
    }
}
