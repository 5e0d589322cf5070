//! Large items, all of them written again in each of many transactions, so that journals become full.

use serde_json::{Value, json};

use crate::client::Client;
use crate::proof_chance::Chance;
use crate::proof_load::{End, Knowledge, Moment, Past};

const TABLE: &str = r#"{"TableName":"bulk","BillingMode":"PAY_PER_REQUEST",
    "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"N"}],
    "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}"#;
const ITEMS: u64 = 4;

/// What is known of them.
#[derive(Clone, Default)]
pub(super) struct BulkLedger {
    last: Option<BulkDeed>,
    doubt: Option<BulkDeed>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum BulkDeed {
    Create,
    /// All items are of that step.
    Put(u64),
}

impl Knowledge for BulkLedger {
    type Deed = BulkDeed;

    fn learn(&mut self, deed: BulkDeed) {
        self.last = Some(deed);
    }

    fn doubt(&mut self, deed: BulkDeed) {
        self.doubt = Some(deed);
    }
}

impl BulkLedger {
    pub(super) fn check(&mut self, client: &mut Client) {
        let there = find(client);
        let doubt = self.doubt.take();
        if there.is_some() && there == doubt {
            self.last = there;
        }
        assert_eq!(there, self.last, "large items; in doubt: {doubt:?}");
    }
}

/// What was done last, going by what is there.
fn find(client: &mut Client) -> Option<BulkDeed> {
    let get = |pk: u64| json!({"Get": {"TableName": "bulk", "Key": {"pk": {"N": pk.to_string()}}}});
    let body = json!({"TransactItems": (0..ITEMS).map(get).collect::<Vec<Value>>()});
    let response = client.call("TransactGetItems", &body.to_string());
    if response.text().contains("ResourceNotFoundException") {
        return None;
    }
    assert_eq!(response.status, 200, "{}", response.text());
    let found = response.json();
    let Some(step) = found["Responses"][0]["Item"]["step"]["N"].as_str() else {
        assert_eq!(found, json!({"Responses": vec![json!({}); ITEMS as usize]}), "none of them");
        return Some(BulkDeed::Create);
    };
    let step = step.parse().expect("a number");
    for pk in 0..ITEMS {
        assert!(found["Responses"][pk as usize]["Item"] == item(pk, step), "item {pk} of step {step}");
    }
    Some(BulkDeed::Put(step))
}

/// 360 KB that do not compress.
fn item(pk: u64, step: u64) -> Value {
    let mut chance = Chance::new(step * ITEMS + pk);
    let fill: String = (0..20_000).map(|_| format!("{:018x}", chance.next())).collect();
    json!({"pk": {"N": pk.to_string()}, "step": {"N": step.to_string()}, "fill": {"S": fill}})
}

/// Writes them, and knows when it wrote what.
pub(super) struct Bulk {
    past: Past<BulkLedger>,
}

impl Bulk {
    pub(super) fn new(before: BulkLedger, now: &Moment) -> Bulk {
        Bulk { past: Past::new(before, now) }
    }

    /// Whether the table is there, perhaps.
    pub(super) fn is_begun(&self) -> bool {
        self.known_at(u64::MAX).last.is_some()
    }

    /// Makes the table and writes all items as many times.
    pub(super) fn write(&mut self, client: &mut Client, steps: u64) {
        self.call(client, "CreateTable", TABLE, BulkDeed::Create);
        for step in 0..steps {
            let put = |pk: u64| json!({"Put": {"TableName": "bulk", "Item": item(pk, step)}});
            let body = json!({"TransactItems": (0..ITEMS).map(put).collect::<Vec<Value>>()}).to_string();
            self.call(client, "TransactWriteItems", &body, BulkDeed::Put(step));
        }
    }

    fn call(&mut self, client: &mut Client, operation: &str, body: &str, deed: BulkDeed) {
        self.past.begins();
        let response = client.call(operation, body);
        assert_eq!(response.status, 200, "{}", response.text());
        self.past.ends(End::Acknowledged, deed);
    }

    pub(super) fn known_at(&self, moment: u64) -> BulkLedger {
        self.past.known_at(moment)
    }
}
