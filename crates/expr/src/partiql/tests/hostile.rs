//! No text exhausts the stack, or panics.

use model::{AttributeValue, Number};
use proptest::prelude::*;

use super::*;

#[test]
fn hostile_texts_exhaust_nothing() {
    let where_ = |condition: &str| format!("SELECT * FROM T WHERE {condition}");
    let deep = |open: &str, middle: &str, close: &str, count: usize| {
        format!("{}{middle}{}", open.repeat(count), close.repeat(count))
    };
    let texts = [
        where_(&deep("(", "a=1", ")", 4000)),
        where_(&deep("(a=1 OR (b=2 AND ", "a=1", "))", 400)),
        where_(&deep("(a=1 OR (b=2 AND ", "a=1", "))", 100)),
        where_(&deep("NOT ", "a=1", "", 2000)),
        where_(&deep("NOT (a=1 OR ", "a=1", ")", 200)),
        where_(&deep("a=1 AND ", "a=1", "", 1000)),
        where_(&format!("a = {}", deep("[", "1", "]", 4000))),
        where_(&format!("a = {}", deep("{'a':", "1", "}", 1300))),
        where_(&format!("a = {}", deep("(", "1", ")", 4000))),
        where_(&deep("size(", "a", ")", 1300)),
        format!("UPDATE T SET a = {} WHERE a = 1", vec!["1"; 4000].join("+")),
        format!("UPDATE T SET a = {} WHERE a = 1", deep("(1+", "1", ")", 1500)),
        format!("UPDATE T SET a = {} WHERE a = 1", deep("list_append(a,", "a", ")", 500)),
        format!("SELECT {} FROM T", vec!["a"; 4000].join(".")),
        format!("SELECT {} FROM T", vec!["a"; 4000].join(",")),
        "<".repeat(8192),
        "'".repeat(8192),
        "(".repeat(8192),
    ];
    // Less stack than any thread of the server has.
    let parsing = std::thread::Builder::new().stack_size(1024 * 1024).spawn(move || {
        for text in &texts {
            try_all(text);
        }
    });
    parsing.expect("a thread").join().expect("no panic");
}

/// Does with a text whatever the service could do.
fn try_all(text: &str) {
    let parameters = [AttributeValue::S("x".to_owned()), AttributeValue::N(Number::ZERO)];
    let old = item("{a: 1, b: \"x\", c: [1, {d: <1>}], pk: \"k\", sk: 5}");
    let key = |name: &str, key_type| model::KeyAttribute { name: name.to_owned(), key_type };
    let schema =
        model::KeySchema { hash: vec![key("pk", model::KeyType::S)], range: vec![key("sk", model::KeyType::N)] };
    for count in 0..=parameters.len() {
        match parse(text, &parameters[..count]) {
            Ok(Statement::Select(select)) => {
                let _ = access(select.condition.as_ref(), &select.order, &schema);
                let _ = select.columns.map(|columns| columns.apply(old.view()));
                let _ = select.condition.map(|condition| condition.matches(old.view()));
            }
            Ok(Statement::Update(update)) => {
                let _ = key_of(&update.condition, &schema);
                let _ = update.update.apply(old.clone());
            }
            Ok(_) => {}
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_texts_never_panic(text in "\\PC{0,80}") {
        try_all(&text);
    }

    #[test]
    fn arbitrary_tokens_never_panic(tokens in proptest::collection::vec(proptest::sample::select(TOKENS), 0..40),
                                    head in proptest::sample::select(HEADS)) {
        try_all(&format!("{head} {}", tokens.join(" ")));
    }
}

const HEADS: &[&str] = &[
    "",
    "SELECT * FROM T WHERE",
    "SELECT",
    "INSERT INTO T VALUE",
    "UPDATE T SET",
    "UPDATE T SET a = 1 WHERE",
    "DELETE FROM T WHERE",
    "EXISTS(SELECT * FROM T WHERE pk =",
];

const TOKENS: &[&str] = &[
    "SELECT",
    "FROM",
    "WHERE",
    "ORDER",
    "BY",
    "DESC",
    "SET",
    "REMOVE",
    "RETURNING",
    "ALL",
    "OLD",
    "*",
    "AND",
    "OR",
    "NOT",
    "IN",
    "BETWEEN",
    "IS",
    "MISSING",
    "NULL",
    "TRUE",
    "a",
    "pk",
    "sk",
    "\"b\"",
    "'x'",
    "1",
    "-",
    "+",
    "?",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "<<",
    ">>",
    ",",
    ":",
    ".",
    "=",
    "<",
    "<>",
    ">=",
    "size",
    "begins_with",
    "contains",
    "set_add",
    "list_append",
    "attribute_type",
    "a = 1",
    "pk = 'k'",
    "sk > 5",
    "'é'",
];
