//! Transactions over a few lists: appends to several, with checks of their lengths, reads of several; and single
//! updates, reads and queries in between.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::serializable::{self, List, Outcome, Step, Transaction};
use super::{Answer, Load, Worker};
use crate::client::{Client, Response};

const LISTS: u64 = 5;
/// Lists that one transaction touches, at most.
const TOUCHED_MAX: u64 = 4;

pub(super) struct Lists;

impl Load for Lists {
    const TABLE: &str = r#"{"TableName":"lists","BillingMode":"PAY_PER_REQUEST",
        "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"N"}],
        "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}]}"#;
    type Call = Transaction;

    fn call(worker: &mut Worker<'_>, into: &mut Vec<Transaction>) -> bool {
        match worker.chance.below(10) {
            0..4 => transact_write(worker, into),
            4..7 => transact_get(worker, into),
            7 => update(worker, into),
            8 => get(worker, into),
            _ => query(worker, into),
        }
    }

    fn check(client: &mut Client, chapter: u64, calls: Vec<Transaction>) -> Result<(), String> {
        let response = client.call("Query", &query_body(chapter).to_string());
        assert_eq!(response.status, 200, "{}", response.text());
        let last = lists_of(&response.json()["Items"]);
        serializable::check(&calls, &last).map_err(|anomaly| {
            let mut involved = format!("{anomaly}");
            if let serializable::Anomaly::Cycle(cycle) = &anomaly {
                cycle.iter().for_each(|(at, edge)| involved.push_str(&format!("\n{edge:?} from {:?}", calls[*at])));
            }
            format!("{involved}\nat the end: {last:?}")
        })
    }
}

fn key(chapter: u64, list: List) -> Value {
    json!({"pk": {"S": chapter.to_string()}, "sk": {"N": list.to_string()}})
}

fn append(chapter: u64, list: List, value: u64) -> Value {
    json!({"TableName": "lists", "Key": key(chapter, list),
        "UpdateExpression": "SET l = list_append(if_not_exists(l, :none), :value)",
        "ExpressionAttributeValues": {":none": {"L": []}, ":value": {"L": [{"N": value.to_string()}]}}})
}

/// Makes `request` hold only if the list has a length.
fn require_length(request: &mut Value, length: usize) {
    if length == 0 {
        request["ConditionExpression"] = json!("attribute_not_exists(l)");
    } else {
        request["ConditionExpression"] = json!("size(l) = :length");
        request["ExpressionAttributeValues"][":length"] = json!({"N": length.to_string()});
    }
}

/// Appends to some lists, and checks the length of some: those it appends to, or others.
fn transact_write(worker: &mut Worker<'_>, into: &mut Vec<Transaction>) -> bool {
    let chapter = worker.chapter;
    let (mut steps, mut actions) = (Vec::new(), Vec::new());
    for list in worker.chance.some_below(LISTS, TOUCHED_MAX) {
        let length = last_length(into, list).filter(|_| worker.chance.one_in(2));
        let appends = actions.is_empty() || !worker.chance.one_in(3);
        if let Some(length) = length {
            steps.push(Step::ReadLength(list, length));
        }
        if appends {
            let value = worker.value();
            let mut request = append(chapter, list, value);
            length.into_iter().for_each(|length| require_length(&mut request, length));
            steps.push(Step::Append(list, value));
            actions.push(json!({"Update": request}));
        } else if let Some(length) = length {
            let mut request = json!({"TableName": "lists", "Key": key(chapter, list)});
            require_length(&mut request, length);
            actions.push(json!({"ConditionCheck": request}));
        }
    }
    let answer = worker.ask("TransactWriteItems", &json!({"TransactItems": actions}));
    push(&answer, steps, into)
}

/// How long the client last saw or left a list, as far as it knows.
fn last_length(calls: &[Transaction], list: List) -> Option<usize> {
    let mut steps = calls.iter().rev().filter(|call| call.outcome == Outcome::Committed).flat_map(|call| &call.steps);
    steps.find_map(|step| match step {
        Step::Read(read, values) if *read == list => Some(values.len()),
        // It was a condition of an append, more often than not to the same list.
        Step::ReadLength(read, length) if *read == list => Some(length + 1),
        _ => None,
    })
}

fn transact_get(worker: &mut Worker<'_>, into: &mut Vec<Transaction>) -> bool {
    let lists = worker.chance.some_below(LISTS, TOUCHED_MAX);
    let get = |list: &List| json!({"Get": {"TableName": "lists", "Key": key(worker.chapter, *list)}});
    let gets: Vec<Value> = lists.iter().map(get).collect();
    let answer = worker.ask("TransactGetItems", &json!({"TransactItems": gets}));
    let Some(body) = good(&answer) else { return push(&answer, Vec::new(), into) };
    let responses = body["Responses"].as_array().expect("responses");
    assert_eq!(responses.len(), lists.len());
    let steps = lists.into_iter().zip(responses).map(|(list, response)| Step::Read(list, values(&response["Item"])));
    push(&answer, steps.collect(), into)
}

/// One update alone; its answer has the value before it.
fn update(worker: &mut Worker<'_>, into: &mut Vec<Transaction>) -> bool {
    let (list, value) = (worker.chance.below(LISTS), worker.value());
    let mut body = append(worker.chapter, list, value);
    body["ReturnValues"] = json!("ALL_NEW");
    let answer = worker.ask("UpdateItem", &body);
    let mut steps = vec![Step::Append(list, value)];
    if let Some(body) = good(&answer) {
        let mut values = values(&body["Attributes"]);
        assert_eq!(values.pop(), Some(value), "the new item ends with what was appended");
        steps.insert(0, Step::Read(list, values));
    }
    push(&answer, steps, into)
}

fn get(worker: &mut Worker<'_>, into: &mut Vec<Transaction>) -> bool {
    let list = worker.chance.below(LISTS);
    let body = json!({"TableName": "lists", "Key": key(worker.chapter, list), "ConsistentRead": true});
    let answer = worker.ask("GetItem", &body);
    let steps = good(&answer).map(|body| vec![Step::Read(list, values(&body["Item"]))]);
    push(&answer, steps.unwrap_or_default(), into)
}

fn query_body(chapter: u64) -> Value {
    json!({"TableName": "lists", "KeyConditionExpression": "pk = :pk", "ConsistentRead": true,
        "ExpressionAttributeValues": {":pk": {"S": chapter.to_string()}}})
}

/// A page comes from one snapshot, so its items are one read.
fn query(worker: &mut Worker<'_>, into: &mut Vec<Transaction>) -> bool {
    let answer = worker.ask("Query", &query_body(worker.chapter));
    let Some(body) = good(&answer) else { return push(&answer, Vec::new(), into) };
    let mut found = lists_of(&body["Items"]);
    let steps = (0..LISTS).map(|list| Step::Read(list, found.remove(&list).unwrap_or_default()));
    push(&answer, steps.collect(), into)
}

fn push(answer: &Answer, steps: Vec<Step>, into: &mut Vec<Transaction>) -> bool {
    let outcome = match &answer.response {
        None => Outcome::Unknown,
        Some(response) if response.status == 200 => Outcome::Committed,
        Some(response) => {
            assert!(is_refusal(response), "{}", response.text());
            Outcome::Refused
        }
    };
    let (called, returned) = (answer.called, answer.returned.unwrap_or(u64::MAX));
    into.push(Transaction { called, returned, outcome, steps });
    answer.response.is_some()
}

/// A refusal that this load may meet: a condition that does not hold, or another transaction under way.
fn is_refusal(response: &Response) -> bool {
    let body = response.json();
    let name = body["__type"].as_str().unwrap_or_default().rsplit('#').next().unwrap_or_default();
    let reasons = || body["CancellationReasons"].as_array().expect("reasons");
    let expected = |reason: &Value| {
        matches!(reason["Code"].as_str(), Some("None" | "ConditionalCheckFailed" | "TransactionConflict"))
    };
    match name {
        "TransactionConflictException" => true,
        "TransactionCanceledException" => reasons().iter().all(expected),
        _ => false,
    }
}

fn good(answer: &Answer) -> Option<Value> {
    answer.response.as_ref().filter(|response| response.status == 200).map(Response::json)
}

fn lists_of(items: &Value) -> BTreeMap<List, Vec<u64>> {
    let items = items.as_array().expect("items");
    items.iter().map(|item| (number(&item["sk"]), values(item))).collect()
}

fn values(item: &Value) -> Vec<u64> {
    item["l"]["L"].as_array().map(|values| values.iter().map(number).collect()).unwrap_or_default()
}

fn number(value: &Value) -> u64 {
    value["N"].as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{value} is no number"))
}
