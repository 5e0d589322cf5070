//! Resource policies, in one account and across two.

use serde_json::{Value, json};

use super::house::{ACCOUNT, House, OTHER, T, allow, by};

fn key() -> Value {
    json!({"pk": {"S": "a"}, "sk": {"S": "1"}})
}

fn put(house: &House, arn: &str, statements: &[Value]) {
    let policy = super::house::document(statements);
    house.root("PutResourcePolicy", &json!({"ResourceArn": arn, "Policy": policy}));
}

fn lets(user: &str, action: &str, resource: &str) -> Value {
    let mut statement = allow(action, resource);
    statement["Principal"] = json!({"AWS": format!("arn:aws:iam::{user}")});
    statement
}

/// Operations of another account on table TTT, each with the action that it needs.
fn requests(house: &House) -> Vec<(&'static str, Value)> {
    let get = json!({"TableName": T, "Key": key()});
    vec![
        ("GetItem", get.clone()),
        ("PutItem", json!({"TableName": T, "Item": key()})),
        ("Scan", json!({"TableName": T})),
        ("BatchGetItem", json!({"RequestItems": {T: {"Keys": [key()]}}})),
        ("BatchWriteItem", json!({"RequestItems": {T: [{"PutRequest": {"Item": key()}}]}})),
        ("TransactGetItems", json!({"TransactItems": [{"Get": get.clone()}]})),
        ("TransactWriteItems", json!({"TransactItems": [{"Delete": get}]})),
        ("ExecuteStatement", json!({"Statement": format!("SELECT * FROM \"{T}\" WHERE pk='a'")})),
        ("DescribeTable", json!({"TableName": T})),
        ("DescribeStream", json!({"StreamArn": house.stream})),
        ("GetRecords", json!({"ShardIterator": house.iterator})),
    ]
}

#[test]
fn another_account_needs_both() {
    let house = House::new();
    house.user(OTHER, "guest", &[allow("dynamodb:*", "arn:aws:dynamodb:us-east-1:111111111111:*")]);
    house.user(OTHER, "stranger", &[]);
    let denied = |user: &str, (operation, body): &(&str, Value), why: &str| {
        let before = house.rows();
        let answer = house.call(by(user), operation, &body.to_string());
        assert_eq!(answer.kind, "AccessDeniedException", "{operation} by {user}: {}", answer.body);
        assert!(answer.message.contains(why), "{operation} by {user}: {}", answer.message);
        assert_eq!(house.rows(), before);
    };
    for request in requests(&house) {
        denied("guest", &request, "because no resource-based policy allows");
        denied("root222222222222", &request, "because no resource-based policy allows");
    }
    let principal = "222222222222:root";
    put(&house, T, &[lets(principal, "dynamodb:*", T), lets(principal, "dynamodb:*", &format!("{T}/index/*"))]);
    let stream = house.stream.clone();
    put(&house, &stream, &[lets(principal, "dynamodb:*", &stream)]);
    for request in requests(&house) {
        denied("stranger", &request, "because no identity-based policy allows");
        let (operation, body) = &request;
        let answer = house.call(by("guest"), operation, &body.to_string());
        assert_eq!(answer.status, 200, "{operation}: {}", answer.body);
    }
    // A name is of one's own account, and so is what is made.
    let own = house.call(by("guest"), "GetItem", &json!({"TableName": "TTT", "Key": key()}).to_string());
    assert_eq!(own.kind, "AccessDeniedException");
}

#[test]
fn a_table_speaks_for_its_indexes_and_a_stream_for_itself() {
    let house = House::new();
    house.user(ACCOUNT, "own", &[]);
    let user = format!("{ACCOUNT}:user/own");
    put(&house, T, &[lets(&user, "dynamodb:*", &format!("{T}/index/GGG"))]);
    let scan = |index: Option<&str>| {
        let mut body = json!({"TableName": "TTT"});
        if let Some(index) = index {
            body["IndexName"] = index.into();
        }
        house.call(by("own"), "Scan", &body.to_string()).status
    };
    assert_eq!([scan(None), scan(Some("GGG"))], [400, 200]);
    let describe = || house.call(by("own"), "DescribeStream", &json!({"StreamArn": house.stream}).to_string()).status;
    assert_eq!(describe(), 400);
    put(&house, &house.stream, &[lets(&user, "dynamodb:DescribeStream", &house.stream)]);
    assert_eq!(describe(), 200);
}

#[test]
fn nobody_locks_themselves_out_by_mistake() {
    let house = House::new();
    house.user(ACCOUNT, "admin", &[allow("dynamodb:*", "*")]);
    let mut deny = lets("111111111111:user/admin", "dynamodb:PutResourcePolicy", T);
    deny["Effect"] = "Deny".into();
    let policy = super::house::document(&[deny]);
    let put = |confirm: bool| {
        let body = json!({"ResourceArn": T, "Policy": policy, "ConfirmRemoveSelfResourceAccess": confirm});
        house.call(by("admin"), "PutResourcePolicy", &body.to_string())
    };
    let refused = put(false);
    let expected = "The new resource policy will not allow you to update the resource policy in the future.";
    assert_eq!((refused.kind.as_str(), refused.message.as_str()), ("AccessDeniedException", expected));
    assert_eq!(put(true).status, 200);
    assert_eq!(put(true).kind, "AccessDeniedException");
}

#[test]
fn the_root_user_takes_away_what_locks_everybody_out() {
    let house = House::new();
    let mut deny = lets("111111111111:root", "dynamodb:*", T);
    (deny["Effect"], deny["Principal"]) = ("Deny".into(), "*".into());
    let policy = super::house::document(&[deny]);
    let body = json!({"ResourceArn": T, "Policy": policy, "ConfirmRemoveSelfResourceAccess": true});
    house.root("PutResourcePolicy", &body);
    let root = format!("root{ACCOUNT}");
    let get = json!({"TableName": "TTT", "Key": key()}).to_string();
    let answer = house.call(by(&root), "GetItem", &get);
    assert!(answer.message.ends_with("with an explicit deny in a resource-based policy"), "{}", answer.message);
    house.root("DeleteResourcePolicy", &json!({"ResourceArn": T}));
    assert_eq!(house.call(by(&root), "GetItem", &get).status, 200);
}
