//! A writer: it alone writes its items, so that it knows what each of them is, and what each answer must be.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::ledger::{Deed, Effect, Ledger, SHARED};
use super::past::{self, End, Knowledge, Past};
use crate::client::{Client, Response};
use crate::proof_chance::Chance;

const KEYS: u64 = 24;
/// Writes of one transaction, at most.
const TRANSACTION_MAX: u64 = 5;
/// Items of each cycle that all writers try to be the first to put.
const CLAIMS: u64 = 8;

pub(super) struct Writer {
    id: u64,
    pub(super) ledger: Ledger,
    pub(super) past: Option<Past<Ledger>>,
    steps: u64,
    pub(super) acknowledged: u64,
    pub(super) refused: u64,
    pub(super) transactions: u64,
    pub(super) unanswered: u64,
}

/// What is asked for one item.
enum Change {
    Put(Value),
    Update { n: u64, v: String },
    Delete,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Condition {
    None,
    Holds,
    Fails,
}

impl Writer {
    pub(super) fn new(id: u64, steps: u64) -> Writer {
        let ledger = Ledger::new(id);
        Writer { id, ledger, past: None, steps, acknowledged: 0, refused: 0, transactions: 0, unanswered: 0 }
    }

    /// Writes until the server has ended, or `go_on` is false.
    pub(super) fn write(&mut self, mut client: Client, mut chance: Chance, cycle: u64, go_on: &AtomicBool) {
        self.ledger.tokened.clear();
        while go_on.load(Ordering::Relaxed) {
            self.steps += 1;
            past::begins(&mut self.past);
            let end = match chance.below(10) {
                0..4 => self.write_one(&mut client, &mut chance),
                4..8 => self.transact(&mut client, &mut chance),
                8 => self.write_batch(&mut client, &mut chance),
                _ => self.claim(&mut client, &mut chance, cycle),
            };
            match end {
                End::Acknowledged => self.acknowledged += 1,
                End::Refused => self.refused += 1,
                End::Gone => {
                    self.unanswered += 1;
                    return;
                }
            }
        }
    }

    fn write_one(&mut self, client: &mut Client, chance: &mut Chance) -> End {
        let sk = chance.below(KEYS).to_string();
        let change = self.change(chance, &sk);
        let condition = condition(chance);
        let operation = match change {
            Change::Put(_) => "PutItem",
            Change::Update { .. } => "UpdateItem",
            Change::Delete => "DeleteItem",
        };
        let body = self.request(&sk, &change, condition);
        let items = match condition {
            // It must be refused: nothing of it can be there.
            Condition::Fails => BTreeMap::new(),
            _ => [(sk.clone(), self.after(&sk, &change))].into(),
        };
        let effect = Effect { items, ..Effect::default() };
        let response = client.try_call(operation, &body.to_string());
        let end = self.end(response, condition, "ConditionalCheckFailedException");
        self.settle(end, effect, true, None)
    }

    fn transact(&mut self, client: &mut Client, chance: &mut Chance) -> End {
        self.transactions += 1;
        let mut effect = Effect::default();
        let mut actions = Vec::new();
        let keys = chance.some_below(KEYS, TRANSACTION_MAX);
        // At most one of the conditions fails.
        let failing = chance.one_in(4).then(|| chance.below(keys.len() as u64));
        for (at, sk) in (0..).zip(keys) {
            let sk = sk.to_string();
            let change = self.change(chance, &sk);
            let condition = if failing == Some(at) {
                Condition::Fails
            } else if chance.one_in(2) {
                Condition::Holds
            } else {
                Condition::None
            };
            let kind = match change {
                Change::Put(_) => "Put",
                Change::Update { .. } => "Update",
                Change::Delete => "Delete",
            };
            actions.push(json!({kind: self.request(&sk, &change, condition)}));
            effect.items.insert(sk.clone(), self.after(&sk, &change));
        }
        if chance.one_in(2) {
            let counter = chance.below(SHARED);
            effect.shared = Some(counter);
            actions.push(json!({"Update": {"TableName": "main", "UpdateExpression": "ADD n :one",
                "Key": {"pk": {"S": "shared"}, "sk": {"S": counter.to_string()}},
                "ExpressionAttributeValues": {":one": {"N": "1"}}}}));
        }
        let mut body = json!({"TransactItems": actions});
        let has_token = chance.one_in(2);
        if has_token {
            body["ClientRequestToken"] = json!(format!("{}-{}", self.id, self.steps));
        }
        let response = client.try_call("TransactWriteItems", &body.to_string());
        let condition = failing.map_or(Condition::None, |_| Condition::Fails);
        let end = match response {
            Some(response) if is_conflict(&response) => {
                assert!(effect.shared.is_some(), "a conflict on keys of its own: {}", response.text());
                End::Refused
            }
            response => self.end(response, condition, "TransactionCanceledException"),
        };
        // If it must be refused, nothing of it can be there.
        let effect = if failing.is_some() { Effect::default() } else { effect };
        self.settle(end, effect, true, has_token.then_some(body).filter(|_| failing.is_none()))
    }

    fn write_batch(&mut self, client: &mut Client, chance: &mut Chance) -> End {
        let mut effect = Effect::default();
        let mut requests = Vec::new();
        for sk in chance.some_below(KEYS, 8) {
            let sk = sk.to_string();
            if chance.one_in(3) {
                requests.push(json!({"DeleteRequest": {"Key": self.ledger.key(&sk)}}));
                effect.items.insert(sk, None);
            } else {
                let item = self.item(chance, &sk);
                requests.push(json!({"PutRequest": {"Item": item}}));
                effect.items.insert(sk, Some(item));
            }
        }
        let response = client.try_call("BatchWriteItem", &json!({"RequestItems": {"main": requests}}).to_string());
        let unprocessed = response.as_ref().map(|response| response.json()["UnprocessedItems"].clone());
        assert!(unprocessed.is_none_or(|unprocessed| unprocessed == json!({})));
        let end = self.end(response, Condition::None, "none");
        self.settle(end, effect, false, None)
    }

    /// Tries to be the first to put an item; only one writer may succeed.
    fn claim(&mut self, client: &mut Client, chance: &mut Chance, cycle: u64) -> End {
        let sk = format!("{cycle}-{}", chance.below(CLAIMS));
        let item = json!({"pk": {"S": "claims"}, "sk": {"S": sk}, "v": {"S": format!("{}-{}", self.id, self.steps)}});
        let body = json!({"TableName": "main", "Item": item, "ConditionExpression": "attribute_not_exists(pk)"});
        let end = match client.try_call("PutItem", &body.to_string()) {
            None => End::Gone,
            Some(response) if response.status == 200 => End::Acknowledged,
            Some(response) => {
                assert!(response.text().contains("ConditionalCheckFailedException"), "{}", response.text());
                End::Refused
            }
        };
        self.settle(end, Effect { claim: Some((sk, item)), ..Effect::default() }, true, None)
    }

    /// Checks that an answer is what it must be.
    fn end(&self, response: Option<Response>, condition: Condition, refusal: &str) -> End {
        let Some(response) = response else { return End::Gone };
        if condition == Condition::Fails {
            assert_eq!(response.status, 400, "a condition does not hold: {}", response.text());
            assert!(response.text().contains(refusal), "{}", response.text());
            return End::Refused;
        }
        assert_eq!(response.status, 200, "{}", response.text());
        End::Acknowledged
    }

    fn settle(&mut self, end: End, effect: Effect, is_whole: bool, tokened: Option<Value>) -> End {
        let deed = Deed { effect, is_whole, tokened };
        past::ends(&mut self.past, end, deed.clone());
        match end {
            End::Acknowledged => self.ledger.learn(deed),
            End::Refused => {}
            End::Gone => self.ledger.doubt(deed),
        }
        end
    }

    fn item(&self, chance: &mut Chance, sk: &str) -> Value {
        let mut item = self.ledger.key(sk);
        item["n"] = json!({"N": chance.below(50).to_string()});
        item["v"] = json!({"S": self.new_v(chance, sk)});
        // Without a colour it is in no index by colour.
        if !chance.one_in(3) {
            let color = ["red", "green", "blue"][chance.below(3) as usize];
            item["color"] = json!({"S": color});
        }
        item
    }

    /// A value that was never written before; now and then a long one.
    fn new_v(&self, chance: &mut Chance, sk: &str) -> String {
        let size = match chance.below(40) {
            0 => 100_000,
            1..10 => 4_000,
            _ => 100,
        };
        format!("{} {} {sk} {}", self.id, self.steps, "v".repeat(chance.below(size) as usize))
    }

    fn change(&self, chance: &mut Chance, sk: &str) -> Change {
        match chance.below(5) {
            0..2 => Change::Put(self.item(chance, sk)),
            // Not what would change nothing: its effect could not be observed.
            2 if self.ledger.items.contains_key(sk) => Change::Delete,
            _ => Change::Update { n: chance.below(50), v: self.new_v(chance, sk) },
        }
    }

    /// What a change makes of the item that is there.
    fn after(&self, sk: &str, change: &Change) -> Option<Value> {
        match change {
            Change::Put(item) => Some(item.clone()),
            Change::Delete => None,
            Change::Update { n, v } => {
                let mut item = self.ledger.items.get(sk).cloned().unwrap_or_else(|| self.ledger.key(sk));
                item["n"] = json!({"N": n.to_string()});
                item["v"] = json!({"S": v});
                item.as_object_mut().expect("an item").remove("color");
                Some(item)
            }
        }
    }

    fn request(&self, sk: &str, change: &Change, condition: Condition) -> Value {
        let mut request = json!({"TableName": "main"});
        let mut values = json!({});
        match change {
            Change::Put(item) => request["Item"] = item.clone(),
            Change::Delete => request["Key"] = self.ledger.key(sk),
            Change::Update { n, v } => {
                request["Key"] = self.ledger.key(sk);
                request["UpdateExpression"] = json!("SET n = :n, v = :v REMOVE color");
                values = json!({":n": {"N": n.to_string()}, ":v": {"S": v}});
            }
        }
        let there = self.ledger.items.get(sk);
        match (condition, there) {
            (Condition::None, _) => {}
            (Condition::Holds, Some(item)) => {
                request["ConditionExpression"] = json!("v = :there");
                values[":there"] = item["v"].clone();
            }
            (Condition::Fails, Some(_)) => {
                request["ConditionExpression"] = json!("v = :there");
                values[":there"] = json!({"S": "never"});
            }
            (Condition::Holds, None) => request["ConditionExpression"] = json!("attribute_not_exists(pk)"),
            (Condition::Fails, None) => request["ConditionExpression"] = json!("attribute_exists(pk)"),
        }
        if values != json!({}) {
            request["ExpressionAttributeValues"] = values;
        }
        request
    }
}

fn condition(chance: &mut Chance) -> Condition {
    match chance.below(4) {
        0 => Condition::Holds,
        1 => Condition::Fails,
        _ => Condition::None,
    }
}

/// Whether a transaction gave way to another one on a shared counter.
fn is_conflict(response: &Response) -> bool {
    if response.status == 200 {
        return false;
    }
    let body = response.json();
    let reasons = body["CancellationReasons"].as_array();
    reasons.is_some_and(|reasons| reasons.iter().any(|reason| reason["Code"] == "TransactionConflict"))
}
