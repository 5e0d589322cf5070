//! Single-item operations on a few keys: every kind of write with and without a condition, and strongly consistent
//! reads, alone, in batches and by queries.
//!
//! An item holds the value of the last write and a counter that updates add to, so that answers show much of the state.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::linearizable::{self, Call};
use super::{Answer, Load, Worker};
use crate::client::{Client, Response};

const KEYS: u64 = 4;

pub(super) struct Items;

/// The value and the counter.
type Item = Option<(u64, u64)>;

#[derive(Clone, Copy, Debug)]
enum Action {
    Get,
    Put(u64),
    Update(u64),
    Delete,
}

#[derive(Clone, Copy, Debug)]
enum Condition {
    None,
    Absent,
    Value(u64),
}

#[derive(Clone, Copy, Debug)]
enum Outcome {
    /// No answer came, or one that says nothing.
    Unknown,
    /// A read's item, a write's old item, or an update's new one.
    Done(Item),
    /// The condition did not hold for this item.
    Refused(Item),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Operation {
    action: Action,
    condition: Condition,
    outcome: Outcome,
}

fn step(state: &Item, operation: &Operation) -> Option<Item> {
    let holds = match operation.condition {
        Condition::None => true,
        Condition::Absent => state.is_none(),
        Condition::Value(value) => state.is_some_and(|(there, _)| there == value),
    };
    let after = match operation.action {
        Action::Get => *state,
        Action::Put(value) => Some((value, 0)),
        Action::Update(value) => Some((value, state.map_or(0, |(_, counter)| counter) + 1)),
        Action::Delete => None,
    };
    let answer = if matches!(operation.action, Action::Update(_)) { after } else { *state };
    match operation.outcome {
        Outcome::Unknown => Some(if holds { after } else { *state }),
        Outcome::Done(item) => (holds && item == answer).then_some(after),
        Outcome::Refused(item) => (!holds && item == *state).then_some(*state),
    }
}

impl Load for Items {
    const TABLE: &str = r#"{"TableName":"items","BillingMode":"PAY_PER_REQUEST",
        "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"N"}],
        "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}]}"#;
    type Call = (u64, Call<Operation>);

    fn call(worker: &mut Worker<'_>, into: &mut Vec<Self::Call>) -> bool {
        let sk = worker.chance.below(KEYS);
        match worker.chance.below(12) {
            0..3 => get(worker, sk, into),
            3 => batch_get(worker, into),
            4 => query(worker, into),
            5..12 => write(worker, sk, into),
            _ => unreachable!(),
        }
    }

    fn check(_: &mut Client, _: u64, calls: Vec<Self::Call>) -> Result<(), String> {
        let mut histories: BTreeMap<u64, Vec<Call<Operation>>> = BTreeMap::new();
        for (sk, call) in calls {
            histories.entry(sk).or_default().push(call);
        }
        for (sk, mut history) in histories {
            history.sort_by_key(|call| call.called);
            linearizable::check(None, &history, step).map_err(|stuck| {
                let stuck: Vec<_> = stuck.iter().map(|at| &history[*at]).collect();
                format!("key {sk}: no order for {stuck:#?} in {history:#?}")
            })?;
        }
        Ok(())
    }
}

fn key(worker: &Worker<'_>, sk: u64) -> Value {
    json!({"pk": {"S": worker.chapter.to_string()}, "sk": {"N": sk.to_string()}})
}

fn get(worker: &mut Worker<'_>, sk: u64, into: &mut Vec<(u64, Call<Operation>)>) -> bool {
    let body = json!({"TableName": "items", "Key": key(worker, sk), "ConsistentRead": true});
    let Some((answer, response)) = whole(worker.ask("GetItem", &body)) else { return false };
    into.push((sk, read(&answer, item(&response["Item"]))));
    true
}

/// Each item of a batch or of a page is a read of its own.
fn batch_get(worker: &mut Worker<'_>, into: &mut Vec<(u64, Call<Operation>)>) -> bool {
    let keys: Vec<Value> = (0..KEYS).map(|sk| key(worker, sk)).collect();
    let body = json!({"RequestItems": {"items": {"Keys": keys, "ConsistentRead": true}}});
    let Some((answer, response)) = whole(worker.ask("BatchGetItem", &body)) else { return false };
    assert_eq!(response["UnprocessedKeys"], json!({}));
    push_all(&answer, &response["Responses"]["items"], into);
    true
}

fn query(worker: &mut Worker<'_>, into: &mut Vec<(u64, Call<Operation>)>) -> bool {
    let body = json!({"TableName": "items", "KeyConditionExpression": "pk = :pk", "ConsistentRead": true,
        "ExpressionAttributeValues": {":pk": {"S": worker.chapter.to_string()}}});
    let Some((answer, response)) = whole(worker.ask("Query", &body)) else { return false };
    push_all(&answer, &response["Items"], into);
    true
}

fn push_all(answer: &Answer, items: &Value, into: &mut Vec<(u64, Call<Operation>)>) {
    let items = items.as_array().expect("items");
    let found: BTreeMap<u64, Item> = items.iter().map(|found| (number(&found["sk"]), item(found))).collect();
    assert_eq!(found.len(), items.len(), "an item stands once");
    into.extend((0..KEYS).map(|sk| (sk, read(answer, found.get(&sk).copied().flatten()))));
}

fn read(answer: &Answer, item: Item) -> Call<Operation> {
    let operation = Operation { action: Action::Get, condition: Condition::None, outcome: Outcome::Done(item) };
    Call { called: answer.called, returned: answer.returned, operation }
}

fn write(worker: &mut Worker<'_>, sk: u64, into: &mut Vec<(u64, Call<Operation>)>) -> bool {
    let value = worker.value();
    let (action, operation) = match worker.chance.below(7) {
        0..3 => (Action::Put(value), "PutItem"),
        3..6 => (Action::Update(value), "UpdateItem"),
        _ => (Action::Delete, "DeleteItem"),
    };
    let seen = into.iter().rev().find_map(|(_, call)| match call.operation.outcome {
        Outcome::Done(item) | Outcome::Refused(item) => item,
        Outcome::Unknown => None,
    });
    let condition = match (worker.chance.below(3), seen) {
        (0, Some((value, _))) => Condition::Value(value),
        (1, _) => Condition::Absent,
        _ => Condition::None,
    };
    let answer = worker.ask(operation, &write_body(key(worker, sk), action, condition));
    let outcome = answer.response.as_ref().map_or(Outcome::Unknown, outcome);
    let operation = Operation { action, condition, outcome };
    into.push((sk, Call { called: answer.called, returned: answer.returned, operation }));
    answer.response.is_some()
}

fn write_body(key: Value, action: Action, condition: Condition) -> Value {
    let mut body = json!({"TableName": "items", "ReturnValues": "ALL_OLD"});
    let mut values = json!({});
    match action {
        Action::Put(value) => {
            body["Item"] = key;
            body["Item"]["v"] = json!({"N": value.to_string()});
            body["Item"]["n"] = json!({"N": "0"});
        }
        Action::Update(value) => {
            body["Key"] = key;
            body["ReturnValues"] = json!("ALL_NEW");
            body["UpdateExpression"] = json!("SET v = :v ADD n :one");
            values = json!({":v": {"N": value.to_string()}, ":one": {"N": "1"}});
        }
        Action::Delete | Action::Get => body["Key"] = key,
    }
    match condition {
        Condition::None => {}
        Condition::Absent => body["ConditionExpression"] = json!("attribute_not_exists(pk)"),
        Condition::Value(value) => {
            body["ConditionExpression"] = json!("v = :expected");
            values[":expected"] = json!({"N": value.to_string()});
        }
    }
    if !matches!(condition, Condition::None) {
        body["ReturnValuesOnConditionCheckFailure"] = json!("ALL_OLD");
    }
    if values != json!({}) {
        body["ExpressionAttributeValues"] = values;
    }
    body
}

fn outcome(response: &Response) -> Outcome {
    let body = response.json();
    match response.status {
        200 => Outcome::Done(item(&body["Attributes"])),
        400 if body["__type"].as_str().is_some_and(|name| name.ends_with("#ConditionalCheckFailedException")) => {
            Outcome::Refused(item(&body["Item"]))
        }
        _ => panic!("{}", response.text()),
    }
}

/// The answer of a read, which must be a good one; `None` if none came.
fn whole(answer: Answer) -> Option<(Answer, Value)> {
    let response = answer.response.as_ref()?;
    assert_eq!(response.status, 200, "{}", response.text());
    let body = response.json();
    Some((answer, body))
}

fn item(attributes: &Value) -> Item {
    attributes.is_object().then(|| (number(&attributes["v"]), number(&attributes["n"])))
}

fn number(value: &Value) -> u64 {
    value["N"].as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{value} is no number"))
}
