//! Proof: expressions and statements of any text, as long and as deep as they may be and a little more, end in an
//! answer, and take no more memory than the journey's requests.

use api::Operation;
use serde_json::json;

use crate::chance::{Chance, seed, setting};
use crate::corpus::{self, Scene};
use crate::expressions::Speech;
use crate::json::{Json, text};
use crate::mutation::{mutate_text, soup};
use crate::partiql::{self, Purpose};
use crate::service_model::Model;
use crate::tables::TABLES;
use crate::test_service::TestService;

const SHORT_CHAPTERS: u64 = 8;
const TEXTS: u64 = 100;
/// Unit: bytes.
const EXPRESSION_SIZE_MAX: usize = 4096;
const STATEMENT_SIZE_MAX: usize = 8192;

/// What can be nested in itself any number of times: what opens it, what is inside, what closes it.
const NESTS: &[(&str, &str, &str)] = &[
    ("(", "a = :v", ")"),
    ("NOT ", "a = :v", ""),
    ("(a = :v OR (b = :v AND ", "a = :v", "))"),
    ("NOT (a = :v OR ", "a = :v", ")"),
    ("size(", "a", ")"),
    ("a.", "a", ""),
    ("", "a", "[0]"),
    ("SET a = (", ":v", ")"),
    ("SET a = if_not_exists(a, ", ":v", ")"),
    ("list_append(a, ", ":v", ")"),
    ("SELECT * FROM plain WHERE (", "a = 1", ")"),
    ("(a = 1 OR (b = 2 AND ", "a = 1", "))"),
    ("[", "1", "]"),
    ("{'a': ", "1", "}"),
    ("<<", "1", ">>"),
    ("(1 + ", "1", ")"),
    ("'", "", "'"),
    ("\"", "", "\""),
];
/// What can follow itself any number of times, and its separator.
const RUNS: &[(&str, &str)] = &[
    ("a = :v", " AND "),
    ("a = :v", " OR "),
    (":v", ", "),
    ("a", ", "),
    ("#n", ", "),
    ("a.b[1].c", ", "),
    ("a = a + :v", ", "),
    ("1", " + "),
    ("a = 1", " AND "),
    ("SET a = 1", " "),
    ("REMOVE a[0]", " "),
    ("'a'", ", "),
    ("?", ", "),
    ("\u{10FFFF}", ""),
];
const HEADS: &[&str] = &[
    "",
    "SET ",
    "REMOVE ",
    "ADD ",
    "a IN (",
    "pk = :v AND ",
    "SELECT * FROM plain WHERE ",
    "SELECT ",
    "UPDATE plain SET a = ",
    "UPDATE plain ",
    "INSERT INTO plain VALUE {'pk': 'a', 'b': ",
    "DELETE FROM plain WHERE pk = 'a' AND ",
    "SELECT * FROM plain WHERE pk IN [",
];
const TAILS: &[&str] = &["", "", ")", "]", "}", " WHERE pk = 'a'"];

#[test]
fn texts_of_all_kinds() {
    let model = Model::load();
    let chapters = setting("STATOR_PROOF_FUZZ", SHORT_CHAPTERS);
    let seed = seed();
    for chapter in 0..chapters {
        let seed = seed.wrapping_add(chapter);
        let mut chance = Chance::new(seed);
        let mut service = TestService::new();
        let item = json!({"pk": {"S": "a"}, "a": {"N": "1"}, "b": {"L": [{"M": {"c": {"S": "x"}}}]}});
        service.call(Operation::PutItem, json!({"TableName": "plain", "Item": item}).to_string().as_bytes());
        service.look();
        for _ in 0..TEXTS {
            let (operation, body) = any_request(&mut chance);
            let _scene = Scene { seed, operation, body: &body };
            service.try_out(&model, operation, &body);
        }
    }
}

/// A text in one of the places that take one.
fn any_request(chance: &mut Chance) -> (Operation, Vec<u8>) {
    let member = *chance.pick(&[
        "ConditionExpression",
        "FilterExpression",
        "KeyConditionExpression",
        "ProjectionExpression",
        "UpdateExpression",
        "Statement",
        "Statement",
        "Statement",
    ]);
    let (said, mut members) = any_text(chance, member);
    let operation = match member {
        "Statement" => Operation::ExecuteStatement,
        "ConditionExpression" | "UpdateExpression" => Operation::UpdateItem,
        "KeyConditionExpression" => Operation::Query,
        _ => Operation::Scan,
    };
    members.push((member.to_owned(), text(said)));
    if operation != Operation::ExecuteStatement {
        members.push(("TableName".to_owned(), text("plain")));
    }
    if operation == Operation::UpdateItem {
        members.push(("Key".to_owned(), Json::from(&json!({"pk": {"S": "a"}}))));
    }
    (operation, Json::Object(members).write())
}

/// The text, and what it speaks of.
fn any_text(chance: &mut Chance, member: &str) -> (String, Vec<(String, Json)>) {
    let size = if member == "Statement" { STATEMENT_SIZE_MAX } else { EXPRESSION_SIZE_MAX };
    // Just as long as it may be, or anything shorter.
    let size = if chance.one_in(3) { size + 1 - chance.below(3) as usize } else { chance.below(size as u64) as usize };
    let mut said = match chance.below(5) {
        0 => soup(chance, size as u64 / 3),
        1 | 2 => nested(chance, size),
        3 => run(chance, size),
        _ => return known(chance, member, size),
    };
    if chance.one_in(4) {
        said = mutate_text(chance, &said);
    }
    (cut(said, size), given(chance, member))
}

fn nested(chance: &mut Chance, size: usize) -> String {
    let (open, middle, close) = *chance.pick(NESTS);
    let count = size / (open.len() + close.len()).max(1);
    let head = *chance.pick(HEADS);
    format!("{head}{}{middle}{}{}", open.repeat(count), close.repeat(count), chance.pick(TAILS))
}

fn run(chance: &mut Chance, size: usize) -> String {
    let (part, between) = *chance.pick(RUNS);
    let count = size / (part.len() + between.len());
    format!("{}{}{}", chance.pick(HEADS), vec![part; count].join(between), chance.pick(TAILS))
}

/// Right sentences, one after the other.
fn known(chance: &mut Chance, member: &str, size: usize) -> (String, Vec<(String, Json)>) {
    if member == "Statement" {
        let (mut said, parameters) = partiql::statement(chance, &TABLES[1], Purpose::Alone);
        while chance.one_in(2) && said.len() < size {
            said = format!("{said} AND {said}");
        }
        return (cut(said, size), vec![("Parameters".to_owned(), Json::List(parameters))]);
    }
    let mut speech = Speech::default();
    let mut said = speech.expression(chance, member, &TABLES[1], None);
    let between = *chance.pick(&[" AND ", " OR ", ", ", " "]);
    for _ in 0..chance.below(60) {
        said = format!("{said}{between}{}", speech.expression(chance, member, &TABLES[1], None));
    }
    (cut(said, size), speech.into_members(chance))
}

fn given(chance: &mut Chance, member: &str) -> Vec<(String, Json)> {
    let value = Json::from(chance.pick(&[json!({"N": "1"}), json!({"S": "a"}), json!({"L": []})]));
    match member {
        "Statement" => Vec::new(),
        "ProjectionExpression" => vec![("ExpressionAttributeNames".to_owned(), Json::from(&json!({"#n": "b"})))],
        _ => vec![("ExpressionAttributeValues".to_owned(), crate::json::object(":v", value))],
    }
}

fn cut(mut said: String, size: usize) -> String {
    said.truncate((0..=size.min(said.len())).rev().find(|at| said.is_char_boundary(*at)).unwrap_or(0));
    said
}

#[test]
fn kept_texts() {
    let model = Model::load();
    let mut service = TestService::new();
    for line in corpus::lines("texts.txt") {
        for member in ["FilterExpression", "ProjectionExpression", "UpdateExpression", "Statement"] {
            let operation = match member {
                "Statement" => Operation::ExecuteStatement,
                "UpdateExpression" => Operation::UpdateItem,
                _ => Operation::Scan,
            };
            let said = String::from_utf8_lossy(&corpus::unescape(&line)).into_owned();
            let mut body = json!({member: said});
            if operation != Operation::ExecuteStatement {
                body["TableName"] = "plain".into();
            }
            if operation == Operation::UpdateItem {
                body["Key"] = json!({"pk": {"S": "a"}});
            }
            let body = body.to_string();
            let _scene = Scene { seed: 0, operation, body: body.as_bytes() };
            service.try_out(&model, operation, body.as_bytes());
        }
    }
}
