//! Bodies of every operation, made from the service model: a member's name and shape determine its value, so that most
//! requests are ones that a client could mean. Some are then broken.

use api::Operation;

use crate::attributes;
use crate::chance::Chance;
use crate::expressions::Speech;
use crate::heard::Heard;
use crate::json::{Json, raw, text};
use crate::mutation::{any_text, mutate_text, write_broken};
use crate::partiql::{self, Purpose};
use crate::service_model::Model;
use crate::tables::{Index, OTHERS, TABLES, Table};

/// The operations that most requests are of.
const DATA: &[Operation] = &[
    Operation::PutItem,
    Operation::PutItem,
    Operation::PutItem,
    Operation::UpdateItem,
    Operation::UpdateItem,
    Operation::UpdateItem,
    Operation::DeleteItem,
    Operation::GetItem,
    Operation::Query,
    Operation::Query,
    Operation::Query,
    Operation::Scan,
    Operation::Scan,
    Operation::BatchGetItem,
    Operation::BatchWriteItem,
    Operation::TransactGetItems,
    Operation::TransactWriteItems,
    Operation::TransactWriteItems,
    Operation::ExecuteStatement,
    Operation::ExecuteStatement,
    Operation::ExecuteStatement,
    Operation::BatchExecuteStatement,
    Operation::ExecuteTransaction,
];
/// Those that change tables.
const TABLE_CHANGES: &[Operation] = &[
    Operation::CreateTable,
    Operation::UpdateTable,
    Operation::UpdateTable,
    Operation::DeleteTable,
    Operation::DescribeTable,
    Operation::UpdateTimeToLive,
    Operation::TagResource,
];

const EXPRESSIONS: &[&str] = &[
    "ConditionExpression",
    "FilterExpression",
    "KeyConditionExpression",
    "ProjectionExpression",
    "UpdateExpression",
    "ExpressionAttributeNames",
    "ExpressionAttributeValues",
];
const LEGACY: &[&str] = &[
    "AttributesToGet",
    "AttributeUpdates",
    "ConditionalOperator",
    "Expected",
    "KeyConditions",
    "QueryFilter",
    "ScanFilter",
];

/// An operation, and a body for it that is broken in none to three places.
pub(crate) fn any_request(chance: &mut Chance, model: &Model, heard: &Heard) -> (Operation, Vec<u8>) {
    if !heard.next_pages.is_empty() && chance.one_in(20) {
        let (operation, tree) = chance.pick(&heard.next_pages).clone();
        let times = chance.below(4) / 2;
        return (operation, write_broken(chance, tree, times));
    }
    let operation = any_operation(chance);
    (operation, any_body(chance, model, heard, operation))
}

fn any_operation(chance: &mut Chance) -> Operation {
    match chance.below(20) {
        0 => *chance.pick(Operation::ALL),
        1 | 2 => *chance.pick(TABLE_CHANGES),
        _ => *chance.pick(DATA),
    }
}

fn any_body(chance: &mut Chance, model: &Model, heard: &Heard, operation: Operation) -> Vec<u8> {
    let mut maker = Maker { chance, model, heard, table: &TABLES[0], index: None, operation, segmented: false };
    maker.segmented = maker.chance.one_in(8);
    maker.choose_table();
    let tree = maker.shape(model.input(operation), "", 0);
    let times = match chance.below(16) {
        0 => 2 + chance.below(2),
        1 | 2 => 1,
        _ => 0,
    };
    write_broken(chance, tree, times)
}

struct Maker<'a> {
    chance: &'a mut Chance,
    model: &'a Model,
    heard: &'a Heard,
    /// What the request, or this part of it, is about.
    table: &'static Table,
    index: Option<&'static Index>,
    operation: Operation,
    /// Whether a scan is one of several.
    segmented: bool,
}

impl Maker<'_> {
    fn choose_table(&mut self) {
        self.table = if self.chance.one_in(3) { self.chance.pick(TABLES) } else { &TABLES[0] };
        let indexes: Vec<_> = self.table.indexes().collect();
        self.index = if indexes.is_empty() || self.chance.one_in(2) { None } else { Some(*self.chance.pick(&indexes)) };
    }

    fn shape(&mut self, name: &str, member: &str, depth: usize) -> Json {
        if let Some(known) = self.known(name, member) {
            return known;
        }
        let shape = self.model.shape(name);
        let part = |key: &str| shape[key]["shape"].as_str().expect("a part");
        match shape["type"].as_str().expect("a type") {
            "structure" => self.structure(name, depth),
            "list" => {
                let count = self.length(shape["min"].as_u64(), shape["max"].as_u64());
                Json::List((0..count).map(|_| self.element(part("member"), member, depth)).collect())
            }
            "map" => {
                let count = self.length(shape["min"].as_u64(), shape["max"].as_u64());
                let entries = (0..count).map(|_| {
                    let (key, value) = (part("key"), part("value"));
                    let Json::Text(key) = self.map_key(key) else { unreachable!("a map's key is a text") };
                    (key, self.shape(value, member, depth + 1))
                });
                Json::Object(entries.collect())
            }
            "boolean" => raw(*self.chance.pick(&["true", "false"])),
            "integer" | "long" => self.whole(shape["min"].as_i64(), shape["max"].as_i64()),
            "double" => raw(*self.chance.pick(&["0", "0.5", "-1", "70.0", "1e300"])),
            "timestamp" => raw(*self.chance.pick(&["1700000000", "1700000000.123", "0", "-1", "1e15", "1e400"])),
            "blob" => crate::json::base64(b"blob"),
            _ => self.string(shape, member),
        }
    }

    fn element(&mut self, shape: &str, member: &str, depth: usize) -> Json {
        if matches!(shape, "TransactWriteItem" | "TransactGetItem" | "GlobalSecondaryIndexUpdate") {
            self.choose_table();
        }
        self.shape(shape, member, depth + 1)
    }

    /// Requests of several tables name them as keys; what follows is about that one.
    fn map_key(&mut self, shape: &str) -> Json {
        if shape == "TableArn" {
            self.choose_table();
        }
        match self.shape(shape, "", 0) {
            Json::Text(text) => Json::Text(text),
            _ => text("x"),
        }
    }

    /// Few, but now and then at the edge of what is allowed.
    fn length(&mut self, min: Option<u64>, max: Option<u64>) -> u64 {
        let min = min.unwrap_or(0);
        match max {
            Some(max) if self.chance.one_in(300) => max.min(120) + self.chance.below(2),
            _ if self.chance.one_in(60) => min.saturating_sub(1),
            _ => min.max(1) + self.chance.below(3) * self.chance.below(2),
        }
    }

    fn whole(&mut self, min: Option<i64>, max: Option<i64>) -> Json {
        let (min, max) = (min.unwrap_or(-1), max.unwrap_or(10));
        raw(match self.chance.below(12) {
            0 => min.saturating_sub(1).to_string(),
            1 => max.saturating_add(1).to_string(),
            2 => max.to_string(),
            3 => self.chance.pick(&["2147483647", "-2147483648", "4294967296", "1.5"]).to_string(),
            _ => (min + self.chance.below(5) as i64).to_string(),
        })
    }

    fn string(&mut self, shape: &serde_json::Value, member: &str) -> Json {
        if let Some(words) = shape["enum"].as_array() {
            // All but updates take only the first two.
            let few = member == "ReturnValues" && self.operation != Operation::UpdateItem && !self.chance.one_in(20);
            let word = self.chance.pick(if few { &words[..2] } else { words }).as_str().expect("a word");
            return if self.chance.one_in(100) { text(word.to_lowercase()) } else { text(word) };
        }
        if self.chance.one_in(40) {
            return any_text(self.chance);
        }
        let min = shape["min"].as_u64().unwrap_or(1).max(1) as usize;
        match member {
            // An idempotency token: few, so that they are used twice.
            "ClientRequestToken" => text(*self.chance.pick(&["one", "two", "three"])),
            _ => text("a".repeat(min.next_multiple_of(if min > 20 { 16 } else { 1 }))),
        }
    }

    /// Shapes with a meaning that is known here, beyond their type.
    fn known(&mut self, shape: &str, member: &str) -> Option<Json> {
        let chance = &mut *self.chance;
        Some(match (shape, member) {
            (_, "NextToken") if !self.heard.next_tokens.is_empty() => {
                let token = chance.pick(&self.heard.next_tokens).clone();
                text(if chance.one_in(3) { mutate_text(chance, &token) } else { token })
            }
            ("TableArn" | "TableName", _) => text(self.table_name()),
            ("IndexName", _) => text(self.index_name()),
            ("ResourceArnString", _) => text(arn(self.table.name)),
            ("AttributeName" | "KeySchemaAttributeName" | "NonKeyAttributeName" | "TimeToLiveAttributeName", _) => {
                text(attributes::attribute(chance).0)
            }
            ("Key", "ExclusiveStartKey") => match self.heard.last_keys.len() {
                0 => attributes::start_key(chance, self.table, self.index),
                _ if chance.one_in(3) => attributes::start_key(chance, self.table, self.index),
                _ => chance.pick(&self.heard.last_keys).clone(),
            },
            ("Key", _) => attributes::key(chance, self.table),
            ("PutItemInputAttributeMap", _) => attributes::item(chance, self.table),
            ("AttributeValue", _) => attributes::any_value(chance),
            _ => return None,
        })
    }

    fn table_name(&mut self) -> String {
        let makes = matches!(self.operation, Operation::CreateTable | Operation::DeleteTable);
        match self.chance.below(80) {
            0 => (*self.chance.pick(&["nope", "", "ab", "a b", "é"])).to_owned(),
            1 => arn(self.table.name),
            2 => mutate_text(self.chance, &arn(self.table.name)),
            _ if makes && !self.chance.one_in(10) => (*self.chance.pick(OTHERS)).to_owned(),
            _ => self.table.name.to_owned(),
        }
    }

    fn index_name(&mut self) -> String {
        match self.index {
            Some(index) if !self.chance.one_in(20) => index.name.to_owned(),
            _ => (*self.chance.pick(&["by-x", "by-g", "new", "newer"])).to_owned(),
        }
    }

    fn structure(&mut self, name: &str, depth: usize) -> Json {
        match name {
            "CreateTableInput" if !self.chance.one_in(4) => return self.create_table(),
            "UpdateTableInput" if !self.chance.one_in(4) => return self.update_table(),
            // The model's own way round a structure that holds itself.
            _ if depth > 12 => return Json::Object(Vec::new()),
            _ => {}
        }
        let mut members = Vec::new();
        // These hold one of several things.
        let one_of = matches!(name, "TransactWriteItem" | "WriteRequest" | "GlobalSecondaryIndexUpdate");
        if one_of && !self.chance.one_in(40) {
            let names: Vec<&String> = self.model.members(name).keys().collect();
            let member = (*self.chance.pick(&names)).clone();
            return Json::Object(vec![(member.clone(), self.member(name, &member, depth))]);
        }
        for member in self.model.members(name).keys() {
            let spoken = EXPRESSIONS.contains(&member.as_str()) || LEGACY.contains(&member.as_str());
            if spoken || matches!(member.as_str(), "Statement" | "Parameters") {
                continue;
            }
            if self.is_wanted(name, member) {
                members.push((member.clone(), self.member(name, member, depth)));
            }
        }
        self.speak(name, &mut members, depth);
        Json::Object(members)
    }

    fn member(&mut self, structure: &str, member: &str, depth: usize) -> Json {
        let shape = self.model.members(structure)[member]["shape"].as_str().expect("a shape");
        self.shape(shape, member, depth + 1)
    }

    fn is_wanted(&mut self, structure: &str, member: &str) -> bool {
        if self.model.is_required(structure, member) {
            return !self.chance.one_in(200);
        }
        match member {
            "IndexName" => self.index.is_some(),
            "ExclusiveStartKey" | "NextToken" | "ClientRequestToken" => self.chance.one_in(4),
            // They belong together.
            "Segment" | "TotalSegments" => self.segmented != self.chance.one_in(20),
            "Select" | "ConsistentRead" => self.chance.one_in(6),
            _ => self.chance.one_in(3),
        }
    }

    /// Expressions or the parameters before them, as the structure has them; seldom both. Statements likewise.
    fn speak(&mut self, structure: &str, members: &mut Vec<(String, Json)>, depth: usize) {
        let own = self.model.members(structure);
        if own.contains_key("Statement") {
            self.choose_table();
            let alone = self.operation == Operation::ExecuteStatement;
            let purpose = if alone { Purpose::Alone } else { Purpose::OneItem };
            let (statement, parameters) = partiql::statement(self.chance, self.table, purpose);
            members.push(("Statement".to_owned(), text(statement)));
            if !parameters.is_empty() {
                members.push(("Parameters".to_owned(), Json::List(parameters)));
            }
        }
        let has_legacy = LEGACY.iter().any(|member| own.contains_key(*member));
        let style = self.chance.below(if has_legacy { 10 } else { 7 });
        if style < 7 {
            let mut speech = Speech::default();
            for member in
                EXPRESSIONS.iter().filter(|member| member.ends_with("Expression") && own.contains_key(**member))
            {
                let needed = matches!(*member, "KeyConditionExpression" | "UpdateExpression");
                if needed || self.model.is_required(structure, member) || self.chance.one_in(4) {
                    let expression = speech.expression(self.chance, member, self.table, self.index);
                    members.push(((*member).to_owned(), text(expression)));
                }
            }
            members.extend(speech.into_members(self.chance));
        }
        if style >= 7 && style != 9 || style == 0 && self.chance.one_in(5) {
            for member in LEGACY.iter().filter(|member| own.contains_key(**member)) {
                if *member == "KeyConditions" {
                    let conditions = self.key_conditions();
                    members.push(((*member).to_owned(), conditions));
                } else if self.chance.one_in(if *member == "ConditionalOperator" { 15 } else { 3 }) {
                    let value = self.member(structure, member, depth);
                    members.push(((*member).to_owned(), value));
                }
            }
        }
    }

    fn key_conditions(&mut self) -> Json {
        let (key, hashes) = self.index.map_or((self.table.key, 1), |index| (index.key, index.hashes));
        let used = hashes + self.chance.below((key.len() - hashes + 1) as u64) as usize;
        let conditions = key[..used].iter().enumerate().map(|(at, (name, kind))| {
            let operator = match at >= hashes {
                true => *self.chance.pick(&["EQ", "LE", "GT", "BETWEEN", "BEGINS_WITH", "NE"]),
                false => "EQ",
            };
            let count = if operator == "BETWEEN" { 2 } else { 1 };
            let values = (0..count).map(|_| attributes::key_value(self.chance, kind)).collect();
            let condition = vec![
                ("ComparisonOperator".to_owned(), text(operator)),
                ("AttributeValueList".to_owned(), Json::List(values)),
            ];
            ((*name).to_owned(), Json::Object(condition))
        });
        Json::Object(conditions.collect())
    }

    /// A table as one of the prepared ones is, under a name of its own.
    fn create_table(&mut self) -> Json {
        let mut request = self.table.creation();
        request["TableName"] = (*self.chance.pick(OTHERS)).into();
        if self.chance.one_in(3) {
            request["BillingMode"] = "PROVISIONED".into();
            let throughput = serde_json::json!({"ReadCapacityUnits": 5, "WriteCapacityUnits": 5});
            let indexes = request["GlobalSecondaryIndexes"].as_array_mut();
            indexes.into_iter().flatten().for_each(|index| index["ProvisionedThroughput"] = throughput.clone());
            request["ProvisionedThroughput"] = throughput;
        }
        Json::from(&request)
    }

    /// A global index more, or one less.
    fn update_table(&mut self) -> Json {
        let name = *self.chance.pick(&["new", "newer", "by-x", "by-g"]);
        let update = if self.chance.one_in(3) {
            serde_json::json!({"Delete": {"IndexName": name}})
        } else {
            let other = self.chance.pick(TABLES);
            let (attribute, _) = *self.chance.pick(&other.key_attributes());
            let kind = *self.chance.pick(&["ALL", "KEYS_ONLY"]);
            let key = serde_json::json!([{"AttributeName": attribute, "KeyType": "HASH"}]);
            let projection = serde_json::json!({"ProjectionType": kind});
            serde_json::json!({"Create": {"IndexName": name, "KeySchema": key, "Projection": projection}})
        };
        let mut definitions = self.table.creation()["AttributeDefinitions"].clone();
        if let Some(attribute) = update["Create"]["KeySchema"][0]["AttributeName"].as_str() {
            let kind = TABLES.iter().flat_map(Table::key_attributes).find(|(name, _)| *name == attribute);
            let known = definitions.as_array().is_some_and(|own| own.iter().any(|it| it["AttributeName"] == attribute));
            if let (false, Some((_, kind)), Some(own)) = (known, kind, definitions.as_array_mut()) {
                own.push(serde_json::json!({"AttributeName": attribute, "AttributeType": kind}));
            }
        }
        let table = if self.chance.one_in(2) { self.table.name } else { self.chance.pick(OTHERS) };
        Json::from(&serde_json::json!({
            "TableName": table,
            "AttributeDefinitions": definitions,
            "GlobalSecondaryIndexUpdates": [update],
        }))
    }
}

fn arn(table: &str) -> String {
    format!("arn:aws:dynamodb:us-east-1:000000000000:table/{table}")
}
