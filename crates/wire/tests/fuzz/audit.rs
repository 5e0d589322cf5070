//! Tables against their indexes and counters, as a client can compare them.

use api::Operation;
use model::codec::row::Stored;
use serde_json::{Map, Value, json};
use storage::Family;

use crate::test_service::TestService;

/// Every table that there is: no work is left, indexes hold what the items say, counts are right.
pub(crate) fn check(service: &TestService) {
    let (mut sizes, mut times) = ([0, 0], 0);
    let names = ask(service, Operation::ListTables, &json!({}));
    for name in names["TableNames"].as_array().expect("names") {
        let description = &ask(service, Operation::DescribeTable, &json!({"TableName": name}))["Table"];
        assert_eq!(description["TableStatus"], "ACTIVE", "{name}");
        let items = scan(service, &json!({"TableName": name}));
        assert_eq!(description["ItemCount"], items.len(), "the count of {name}");
        times += expiries(service, name, &items);
        sizes[0] += description["TableSizeBytes"].as_u64().expect("a size");
        for kind in ["LocalSecondaryIndexes", "GlobalSecondaryIndexes"] {
            for index in description[kind].as_array().into_iter().flatten() {
                check_index(service, description, index, &items);
                sizes[1] += index["IndexSizeBytes"].as_u64().expect("a size");
            }
        }
    }
    // A backup has items of its own, also the last one of a deleted table.
    let backups = ask(service, Operation::ListBackups, &json!({"BackupType": "ALL"}));
    for backup in backups["BackupSummaries"].as_array().expect("backups") {
        assert_eq!(backup["BackupStatus"], "AVAILABLE", "{backup}");
        sizes[0] += backup["BackupSizeBytes"].as_u64().expect("a size");
    }
    assert_eq!([stored_size(service, Family::Items), stored_size(service, Family::Index)], sizes, "sizes");
    let empty = service.rows().iter().filter(|(family, row)| *family == Family::Index && row.value.is_empty());
    assert_eq!(empty.count(), times, "rows of items by their expiry");
}

/// How many of a table's items its index of times contains.
fn expiries(service: &TestService, name: &Value, items: &[Value]) -> usize {
    let answer = ask(service, Operation::DescribeTimeToLive, &json!({"TableName": name}));
    let Some(attribute) = answer["TimeToLiveDescription"]["AttributeName"].as_str() else { return 0 };
    let second = |item: &Value| item[attribute]["N"].as_str().and_then(|text| text.parse::<f64>().ok());
    items.iter().filter_map(second).filter(|second| (0.0..u64::MAX as f64).contains(second)).count()
}

/// What all rows of a family together count for.
fn stored_size(service: &TestService, family: Family) -> u64 {
    // Rows of items by their expiry hold nothing.
    let rows = service.rows().iter().filter(|(own, row)| *own == family && !row.value.is_empty());
    let sizes = rows.map(|(_, row)| {
        let item = Stored::read(row.value.clone()).expect("a stored row").into_item().expect("a stored item");
        assert_eq!(item.size(), model::item_size(item.attributes()), "an item's own size");
        item.size() as u64
    });
    sizes.sum()
}

fn check_index(service: &TestService, table: &Value, index: &Value, items: &[Value]) {
    let name = &index["IndexName"];
    assert!(index["IndexStatus"].is_null() || index["IndexStatus"] == "ACTIVE", "{name}");
    let mut expected: Vec<String> =
        items.iter().filter_map(|item| projected(table, index, item)).map(|item| item.to_string()).collect();
    let found = scan(service, &json!({"TableName": table["TableName"], "IndexName": name}));
    let mut found: Vec<String> = found.iter().map(Value::to_string).collect();
    expected.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, expected, "index {name} of {}", table["TableName"]);
    assert_eq!(index["ItemCount"], found.len(), "the count of index {name}");
}

/// What the index holds of an item; nothing of one that lacks an attribute of its key.
fn projected(table: &Value, index: &Value, item: &Value) -> Option<Value> {
    let mut kept = names(&table["KeySchema"]);
    for element in index["KeySchema"].as_array()? {
        let name = element["AttributeName"].as_str()?;
        let definition = table["AttributeDefinitions"].as_array()?.iter().find(|own| own["AttributeName"] == name)?;
        let kind = definition["AttributeType"].as_str()?;
        if !fits_key(kind, item.get(name)?.get(kind)?.as_str()?, element["KeyType"] == "HASH") {
            return None;
        }
        kept.push(name.to_owned());
    }
    let projection = &index["Projection"];
    let extra = projection["NonKeyAttributes"].as_array().into_iter().flatten();
    kept.extend(extra.filter_map(|name| name.as_str().map(str::to_owned)));
    let all = projection["ProjectionType"] == "ALL";
    let members = item.as_object()?.iter().filter(|(name, _)| all || kept.contains(name));
    Some(Value::Object(Map::from_iter(members.map(|(name, value)| (name.clone(), value.clone())))))
}

/// Items that are older than an index may have values that cannot be a key's.
fn fits_key(kind: &str, value: &str, is_hash: bool) -> bool {
    let size = match kind {
        "B" => base64_simd::STANDARD.decode_to_vec(value).expect("base64").len(),
        _ => value.len(),
    };
    kind == "N" || (1..=if is_hash { 2048 } else { 1024 }).contains(&size)
}

fn names(schema: &Value) -> Vec<String> {
    let names = schema.as_array().into_iter().flatten();
    names.filter_map(|element| element["AttributeName"].as_str().map(str::to_owned)).collect()
}

fn scan(service: &TestService, request: &Value) -> Vec<Value> {
    let mut request = request.clone();
    let mut items = Vec::new();
    loop {
        let mut page = ask(service, Operation::Scan, &request);
        items.append(page["Items"].as_array_mut().expect("items"));
        match page.get("LastEvaluatedKey") {
            Some(key) => request["ExclusiveStartKey"] = key.clone(),
            None => return items,
        }
    }
}

fn ask(service: &TestService, operation: Operation, request: &Value) -> Value {
    let answer = service.call(operation, request.to_string().as_bytes());
    assert_eq!(answer.status, 200, "{operation} {request}: {}", answer.body);
    answer.body
}
