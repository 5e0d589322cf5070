//! Tables and an index that come and go under the load.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::audit::scan;
use super::past::{self, End, Knowledge, Past};
use crate::client::{Client, Response};
use crate::program::PATIENCE;
use crate::proof_chance::Chance;

pub(super) const MAIN: &str = r#"{"TableName":"main","BillingMode":"PAY_PER_REQUEST",
    "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"S"},
        {"AttributeName":"n","AttributeType":"N"},{"AttributeName":"color","AttributeType":"S"}],
    "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],
    "LocalSecondaryIndexes":[{"IndexName":"local","Projection":{"ProjectionType":"KEYS_ONLY"},
        "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"n","KeyType":"RANGE"}]}],
    "GlobalSecondaryIndexes":[{"IndexName":"by-color","Projection":{"ProjectionType":"ALL"},
        "KeySchema":[{"AttributeName":"color","KeyType":"HASH"},{"AttributeName":"n","KeyType":"RANGE"}]},
        {"IndexName":"by-n","Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["v"]},
        "KeySchema":[{"AttributeName":"n","KeyType":"HASH"}]}],
    "StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"}}"#;

/// An index as the server describes it.
pub(super) struct Index {
    pub(super) name: String,
    pub(super) item_count: u64,
    keys: Vec<String>,
    /// `None` for all.
    projected: Option<Vec<String>>,
}

impl Index {
    /// The index row of an item, if it has the index's keys.
    pub(super) fn row(&self, item: &Value) -> Option<String> {
        let item = item.as_object()?;
        let has_keys = self.keys.iter().all(|key| item.contains_key(key));
        let is_shown = |name: &str| self.projected.as_ref().is_none_or(|names| names.iter().any(|one| one == name));
        let shown = item.iter().filter(|(name, _)| is_shown(name)).map(|(name, value)| (name.clone(), value.clone()));
        has_keys.then(|| Value::Object(shown.collect()).to_string())
    }
}

pub(super) fn indexes(description: &Value) -> Vec<Index> {
    let lists = ["LocalSecondaryIndexes", "GlobalSecondaryIndexes"].map(|name| description[name].as_array());
    let all = lists.into_iter().flatten().flatten();
    let names = |list: &Value, member: &str| -> Vec<String> {
        let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
        let name = |entry: &Value| if member.is_empty() { entry.clone() } else { entry[member].clone() };
        list.iter().map(|entry| name(entry).as_str().expect("a name").to_owned()).collect()
    };
    let index = |index: &Value| {
        let keys = names(&index["KeySchema"], "AttributeName");
        let projected = match index["Projection"]["ProjectionType"].as_str() {
            Some("ALL") => None,
            _ => Some([keys.clone(), names(&index["Projection"]["NonKeyAttributes"], "")].concat()),
        };
        let projected = projected.map(|names| [names, vec!["pk".to_owned(), "sk".to_owned()]].concat());
        Index {
            name: index["IndexName"].as_str().expect("a name").to_owned(),
            item_count: index["ItemCount"].as_u64().expect("a count"),
            keys,
            projected,
        }
    };
    all.map(index).collect()
}

/// The server has ended.
struct Gone;

fn describe(client: &mut Client, table: &str) -> Result<Option<Value>, Gone> {
    let request = json!({"TableName": table}).to_string();
    let response = client.try_call("DescribeTable", &request).ok_or(Gone)?;
    if response.status == 400 && response.text().contains("ResourceNotFoundException") {
        return Ok(None);
    }
    assert_eq!(response.status, 200, "{}", response.text());
    Ok(Some(response.json()["Table"].clone()))
}

fn is_settled(description: &Value) -> bool {
    let statuses = description["GlobalSecondaryIndexes"].as_array().into_iter().flatten();
    statuses.map(|index| &index["IndexStatus"]).chain([&description["TableStatus"]]).all(|status| status == "ACTIVE")
}

/// Waits until nothing is being made or deleted. The table, or none if there is none.
fn try_settled(client: &mut Client, table: &str) -> Result<Option<Value>, Gone> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match describe(client, table)? {
            Some(description) if !is_settled(&description) => {}
            settled => return Ok(settled),
        }
        assert!(Instant::now() < deadline, "{table} does not become active");
        thread::sleep(Duration::from_millis(2));
    }
}

pub(super) fn settled(client: &mut Client, table: &str) -> Option<Value> {
    try_settled(client, table).unwrap_or_else(|Gone| panic!("the server is gone"))
}

/// Calls and expects success.
fn call(client: &mut Client, operation: &str, body: &Value) -> Result<Response, Gone> {
    let response = client.try_call(operation, &body.to_string()).ok_or(Gone)?;
    assert_eq!(response.status, 200, "{operation} {body}: {}", response.text());
    Ok(response)
}

/// The tables that come and go, with the items of those that are there.
#[derive(Clone, Default)]
pub(super) struct TablesLedger {
    tables: BTreeMap<String, BTreeMap<String, Value>>,
    /// What a call without an answer would have done.
    doubt: Option<TableDeed>,
}

#[derive(Clone)]
pub(super) enum TableDeed {
    Create(String),
    Delete(String),
    Put(String, Value),
}

impl Knowledge for TablesLedger {
    type Deed = TableDeed;

    fn learn(&mut self, deed: TableDeed) {
        match deed {
            TableDeed::Create(name) => {
                self.tables.insert(name, BTreeMap::new());
            }
            TableDeed::Delete(name) => {
                self.tables.remove(&name);
            }
            TableDeed::Put(name, item) => {
                let pk = item["pk"]["S"].as_str().expect("pk").to_owned();
                self.tables.entry(name).or_default().insert(pk, item);
            }
        }
    }

    fn doubt(&mut self, deed: TableDeed) {
        self.doubt = Some(deed);
    }
}

const SIDE_TABLES: u64 = 3;

impl TablesLedger {
    pub(super) fn check(&mut self, client: &mut Client) {
        let mut there = BTreeMap::new();
        for side_table in 0..SIDE_TABLES {
            let name = format!("side-{side_table}");
            let Some(description) = settled(client, &name) else { continue };
            let items = scan(client, json!({"TableName": name}));
            let indexed = scan(client, json!({"TableName": name, "IndexName": "by-color"}));
            let by_key = |items: Vec<Value>| -> BTreeMap<String, Value> {
                items.into_iter().map(|item| (item["pk"]["S"].as_str().expect("pk").to_owned(), item)).collect()
            };
            assert_eq!(description["ItemCount"], json!(items.len()), "the count of {name}");
            let items = by_key(items);
            assert_eq!(by_key(indexed), items, "the index of {name}");
            there.insert(name, items);
        }
        if let Some(deed) = self.doubt.take() {
            let mut done = self.clone();
            done.learn(deed);
            if there == done.tables {
                self.tables = done.tables;
            }
        }
        assert_eq!(there, self.tables, "tables that come and go");
    }
}

/// Makes tables, fills them and deletes them, one after the other.
#[derive(Default)]
pub(super) struct SideTables {
    pub(super) ledger: TablesLedger,
    pub(super) past: Option<Past<TablesLedger>>,
    pub(super) made: u64,
    pub(super) deleted: u64,
    steps: u64,
}

impl SideTables {
    pub(super) fn new(steps: u64) -> SideTables {
        SideTables { steps, ..SideTables::default() }
    }

    pub(super) fn change_all(&mut self, mut client: Client, mut chance: Chance, go_on: &AtomicBool) {
        while go_on.load(Ordering::Relaxed) && self.change(&mut client, &mut chance).is_ok() {}
    }

    fn change(&mut self, client: &mut Client, chance: &mut Chance) -> Result<(), Gone> {
        let name = format!("side-{}", chance.below(SIDE_TABLES));
        let named = json!({"TableName": name});
        if !self.ledger.tables.contains_key(&name) {
            self.call(client, "CreateTable", &side_table(&name), TableDeed::Create(name))?;
            self.made += 1;
            let found = call(client, "Scan", &named)?.json();
            assert_eq!(found["Count"], 0, "a new table is empty");
        } else if chance.one_in(8) {
            self.call(client, "DeleteTable", &named, TableDeed::Delete(name.clone()))?;
            self.deleted += 1;
            assert!(try_settled(client, &name)?.is_none(), "it was deleted");
        } else {
            self.steps += 1;
            let color = ["red", "green"][chance.below(2) as usize];
            let pk = chance.below(20).to_string();
            let item = json!({"pk": {"S": pk}, "color": {"S": color}, "step": {"N": self.steps.to_string()}});
            let body = json!({"TableName": name, "Item": item});
            self.call(client, "PutItem", &body, TableDeed::Put(name, item))?;
        }
        Ok(())
    }

    fn call(&mut self, client: &mut Client, operation: &str, body: &Value, deed: TableDeed) -> Result<(), Gone> {
        past::begins(&mut self.past);
        let answer = call(client, operation, body);
        past::ends(&mut self.past, end(&answer), deed.clone());
        match answer {
            Ok(_) => self.ledger.learn(deed),
            Err(Gone) => self.ledger.doubt(deed),
        }
        answer.map(drop)
    }
}

fn end(answer: &Result<Response, Gone>) -> End {
    if answer.is_ok() { End::Acknowledged } else { End::Gone }
}

fn side_table(name: &str) -> Value {
    json!({"TableName": name, "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "color", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "GlobalSecondaryIndexes": [{"IndexName": "by-color", "Projection": {"ProjectionType": "ALL"},
            "KeySchema": [{"AttributeName": "color", "KeyType": "HASH"}]}]})
}

/// Whether the index that is created and deleted is there.
#[derive(Clone, Default)]
pub(super) struct IndexLedger {
    is_there: bool,
    /// A call without an answer.
    in_doubt: bool,
}

impl Knowledge for IndexLedger {
    type Deed = bool;

    fn learn(&mut self, is_there: bool) {
        self.is_there = is_there;
    }

    fn doubt(&mut self, _is_there: bool) {
        self.in_doubt = true;
    }
}

impl IndexLedger {
    pub(super) fn check(&mut self, client: &mut Client) {
        let is_there = has_extra(&settled(client, "main").expect("the table"));
        assert!(is_there == self.is_there || self.in_doubt, "the index that comes and goes");
        *self = IndexLedger { is_there, in_doubt: false };
    }
}

/// Builds an index of the main table and drops it while the table is written.
#[derive(Default)]
pub(super) struct ExtraIndex {
    pub(super) ledger: IndexLedger,
    pub(super) past: Option<Past<IndexLedger>>,
    pub(super) made: u64,
    pub(super) deleted: u64,
}

const EXTRA: &str = "extra";

impl ExtraIndex {
    pub(super) fn change_all(&mut self, mut client: Client, mut chance: Chance, go_on: &AtomicBool) {
        while go_on.load(Ordering::Relaxed) && self.change(&mut client, &mut chance).is_ok() {}
    }

    fn change(&mut self, client: &mut Client, chance: &mut Chance) -> Result<(), Gone> {
        let is_there = !self.ledger.is_there;
        past::begins(&mut self.past);
        let answer = call(client, "UpdateTable", &extra_update(is_there));
        past::ends(&mut self.past, end(&answer), is_there);
        match answer {
            Ok(_) => self.ledger.learn(is_there),
            Err(Gone) => self.ledger.doubt(is_there),
        }
        answer?;
        if is_there {
            self.made += 1;
        } else {
            self.deleted += 1;
        }
        let description = try_settled(client, "main")?.expect("the table");
        assert_eq!(has_extra(&description), is_there);
        thread::sleep(Duration::from_millis(chance.below(20)));
        Ok(())
    }
}

/// The call that makes or drops the index.
fn extra_update(is_there: bool) -> Value {
    if !is_there {
        return json!({"TableName": "main", "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": EXTRA}}]});
    }
    let create = json!({"Create": {"IndexName": EXTRA, "Projection": {"ProjectionType": "ALL"}, "KeySchema": [
        {"AttributeName": "sk", "KeyType": "HASH"}, {"AttributeName": "color", "KeyType": "RANGE"}]}});
    let attributes = json!([{"AttributeName": "sk", "AttributeType": "S"},
        {"AttributeName": "color", "AttributeType": "S"}]);
    json!({"TableName": "main", "AttributeDefinitions": attributes, "GlobalSecondaryIndexUpdates": [create]})
}

fn has_extra(description: &Value) -> bool {
    indexes(description).iter().any(|index| index.name == EXTRA)
}
