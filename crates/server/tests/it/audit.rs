//! The audit log of a real server: who did what, and nothing of what they wrote.

use std::path::{Path, PathBuf};

use ::client::{Connection, Credentials, Endpoint, Trouble};
use api::Operation;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::authority::file;
use crate::client::{AUTHORIZATION, Client, request};
use crate::program::{PATIENCE, Server, run, until};

const TABLE: &str = r#"{"TableName":"Music","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":
    [{"AttributeName":"pk","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],
    "StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"}}"#;

struct House {
    folder: TempDir,
    server: Server,
}

impl House {
    fn new(arguments: &[&str]) -> House {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("audit").display().to_string();
        let server = Server::start(&[&["--memory", "--audit-log", &log], arguments].concat());
        House { folder, server }
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("audit")
    }

    /// Everything that was written, once the server has ended.
    fn events(self) -> Vec<Value> {
        let log = self.log();
        assert!(self.server.stop().success());
        events(&log)
    }
}

fn events(log: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(log).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn metrics(client: &mut Client) -> String {
    client.send(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client.response().text()
}

fn names(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["eventName"].as_str().unwrap()).collect()
}

#[test]
fn an_event_is_a_record_of_cloudtrail() {
    let house = House::new(&["--audit-data", "--region", "eu-west-3"]);
    let mut client = house.server.client();
    assert_eq!(client.call("CreateTable", TABLE).status, 200);
    let body = r#"{"TableName":"Music","Item":{"pk":{"S":"a"}},"ConditionExpression":"attribute_exists(pk)"}"#;
    client.send(&request("PutItem", &[("User-Agent", "agent/1"), ("X-Forwarded-For", "192.0.2.7")], body.as_bytes()));
    let refused = client.response();
    let events = house.events();
    assert_eq!(names(&events), ["CreateTable", "PutItem"]);
    let mut event = events[1].clone();
    let at = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
    assert_eq!(at("requestID"), refused.header("x-amzn-requestid"));
    assert!(at("eventID").len() == 36 && at("eventTime").len() == 20 && at("eventTime").ends_with('Z'), "{event}");
    for name in ["requestID", "eventID", "eventTime"] {
        event.as_object_mut().unwrap().remove(name);
    }
    let account = "000000000000";
    assert_eq!(
        event,
        json!({
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "Root", "principalId": account, "arn": "arn:aws:iam::000000000000:root", "accountId": account,
                "accessKeyId": "test",
            },
            "eventSource": "dynamodb.amazonaws.com",
            "eventName": "PutItem",
            "awsRegion": "eu-west-3",
            "sourceIPAddress": "127.0.0.1",
            "userAgent": "agent/1",
            "errorCode": "ConditionalCheckFailedException",
            "errorMessage": "The conditional request failed",
            "requestParameters": {"tableName": "Music"},
            "responseElements": null,
            "readOnly": false,
            "resources": [{
                "accountId": account, "type": "AWS::DynamoDB::Table",
                "ARN": "arn:aws:dynamodb:eu-west-3:000000000000:table/Music",
            }],
            "eventType": "AwsApiCall",
            "apiVersion": "2012-08-10",
            "managementEvent": false,
            "recipientAccountId": account,
            "eventCategory": "Data",
        })
    );
    assert!(events[0]["managementEvent"] == true && events[0]["eventCategory"] == "Management");
}

/// Without being asked for, reads and writes of items are not told.
#[test]
fn management_events_alone() {
    let house = House::new(&[]);
    let mut client = house.server.client();
    for (operation, body) in [
        ("CreateTable", TABLE),
        ("PutItem", r#"{"TableName":"Music","Item":{"pk":{"S":"a"}}}"#),
        ("Scan", r#"{"TableName":"Music"}"#),
        ("ListStreams", "{}"),
        ("DescribeTable", r#"{"TableName":"Nope"}"#),
        ("Nonsense", "{}"),
    ] {
        client.call(operation, body);
    }
    let mappings = b"GET /2015-03-31/event-source-mappings HTTP/1.1\r\nHost: localhost\r\n\r\n";
    client.send(mappings);
    assert_eq!(client.response().status, 403);
    let events = house.events();
    let names = names(&events);
    assert_eq!(names, ["CreateTable", "ListStreams", "DescribeTable", "ListEventSourceMappings20150331"]);
    assert_eq!(events[2]["errorCode"], "ResourceNotFoundException");
    assert_eq!(events[3]["userIdentity"], json!({"type": "Unknown"}));
    assert_eq!(events[3]["eventSource"], "lambda.amazonaws.com");
}

/// What IAM and STS are asked is told as well; without identities, most of it is refused.
#[test]
fn events_of_identities() {
    let house = House::new(&[]);
    let mut client = house.server.client();
    for form in ["Action=GetCallerIdentity&Version=2011-06-15", "Action=CreateUser&Version=2010-05-08&UserName=ann"] {
        let head = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                    X-Amz-Date: 20260101T000000Z\r\n";
        let length = form.len();
        client
            .send(format!("{head}Authorization: {AUTHORIZATION}\r\nContent-Length: {length}\r\n\r\n{form}").as_bytes());
        client.response();
    }
    let events = house.events();
    assert_eq!(names(&events), ["GetCallerIdentity", "CreateUser"]);
    let said = |at: usize| (events[at]["eventSource"].as_str().unwrap(), events[at]["userIdentity"]["type"].as_str());
    assert_eq!(said(0), ("sts.amazonaws.com", Some("Root")), "{}", events[0]);
    assert_eq!(said(1), ("iam.amazonaws.com", Some("Root")), "{}", events[1]);
    assert_eq!((&events[0]["errorCode"], &events[1]["errorCode"]), (&Value::Null, &json!("InvalidAction")));
    assert_eq!(events[1]["requestParameters"], json!({"userName": "ann"}));
}

#[test]
fn files_step_aside_and_are_opened_anew() {
    let house = House::new(&["--audit-log-bytes", "4KiB", "--audit-log-files", "2"]);
    let mut client = house.server.client();
    for _ in 0..40 {
        assert_eq!(client.call("ListTables", "{}").status, 200);
    }
    until("all are written", || metrics(&mut client).contains("stator_audit_events_total 40\n"));
    let rotated = |number: u32| house.folder.path().join(format!("audit.{number}"));
    let sizes = [1, 2].map(|number| rotated(number).metadata().unwrap().len());
    assert!(sizes.iter().all(|size| (1024..=4096).contains(size)) && !rotated(3).exists(), "{sizes:?}");
    // What another program has moved away is let go of.
    let moved = house.folder.path().join("moved");
    std::fs::rename(house.log(), &moved).unwrap();
    house.server.signal("-HUP");
    until("another file is begun", || house.log().exists());
    let before = events(&moved).len();
    assert_eq!(client.call("DescribeLimits", "{}").status, 200);
    assert_eq!(events(&moved).len(), before);
    assert_eq!(names(&house.events()), ["DescribeLimits"]);
}

/// A disk that takes nothing costs events, which are counted and told, but no answers.
#[cfg(target_os = "linux")]
#[test]
fn lost_events_are_counted() {
    let server = Server::start(&["--memory", "--audit-log", "/dev/full"]);
    let mut client = server.client();
    assert_eq!(client.call("ListTables", "{}").status, 200);
    server.hears("events are missing in the audit log");
    let page = metrics(&mut client);
    assert!(page.contains("stator_audit_events_lost_total 1\n") && page.contains("stator_audit_events_total 0\n"));
}

/// In the folder of the data, too, which the server makes.
#[test]
fn beside_the_data() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (data, log) = (data.display().to_string(), data.join("audit"));
    for starts in 1..=2 {
        let server = Server::start(&["--data", &data, "--audit-log", log.to_str().unwrap()]);
        assert_eq!(server.client().call("ListTables", "{}").status, 200);
        assert!(server.stop().success());
        assert_eq!(events(&log).len(), starts);
    }
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("no/folder");
    let output = run(&["serve", "--memory", "--listen", "127.0.0.1:0", "--audit-log", path.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains(path.to_str().unwrap()), "{said}");
}

#[test]
fn encrypted_connections_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let authority = folder.path().join("authority.pem").display().to_string();
    let house = House::new(&["--tls-self-signed", "--tls-self-signed-file", &authority]);
    let url = format!("https://localhost:{}", house.server.address.port());
    ask(&url, Some(Path::new(&authority)), &signer("test", "test", None), Operation::ListTables, &json!({})).unwrap();
    let events = house.events();
    let details = &events[0]["tlsDetails"];
    assert_eq!(details["tlsVersion"], "TLSv1.3", "{details}");
    assert!(details["cipherSuite"].as_str().unwrap().starts_with("TLS_"), "{details}");
    assert!(details["clientProvidedHostHeader"].as_str().unwrap().starts_with("localhost"), "{details}");
}

fn signer(access_key: &str, secret: &str, token: Option<&str>) -> Credentials {
    Credentials {
        access_key: access_key.to_owned(),
        secret: secret.to_owned(),
        session_token: token.map(str::to_owned),
        region: "us-east-1".to_owned(),
    }
}

fn ask(
    url: &str,
    ca_bundle: Option<&Path>,
    credentials: &Credentials,
    operation: Operation,
    body: &Value,
) -> Result<Value, Trouble> {
    let endpoint = Endpoint::parse(url, ca_bundle).expect("a URL");
    let mut connection = Connection::new(&endpoint, credentials, PATIENCE);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        connection.open().await?;
        connection.prepare(operation, body.to_string().as_bytes());
        Ok(serde_json::from_slice(connection.exchange().await?).unwrap_or_default())
    })
}

/// What must be nowhere: the server's secrets, and what stands in items and requests. All begin alike, so that one search
/// finds them.
const MARK: &str = "hide-me";

/// Everything that a server writes or says is searched for secrets and for items: the audit log, its own log, its metrics,
/// and, for the secrets of keys, its answers to those who have none.
#[test]
fn secrets_and_items_are_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let (secret, token) = (format!("{MARK}-secret"), format!("{MARK}-token"));
    let keys = format!(
        "[a]\naws_access_key_id = AKIDA\naws_secret_access_key = {secret}\n\
         [b]\naws_access_key_id = AKIDB\naws_secret_access_key = {secret}\naws_session_token = {token}\n"
    );
    let keys = file(folder.path(), "keys", &keys);
    let house = House::new(&["--audit-data", "--credentials", &keys, "--log", "json", "--log-slow-ms", "1"]);
    let url = format!("http://{}", house.server.address);
    let (a, b) = (signer("AKIDA", &secret, None), signer("AKIDB", &secret, Some(&token)));
    let call = |who: &Credentials, operation: &str, body: &Value| {
        ask(&url, None, who, Operation::from_name(operation).unwrap(), body)
    };
    for who in [&a, &b] {
        let _ = call(who, "CreateTable", &serde_json::from_str(TABLE).unwrap());
        for (operation, body) in marked_requests() {
            let _ = call(who, operation, &body);
        }
    }
    let mut said = String::new();
    for wrong in
        [signer("AKIDA", "wrong", None), signer("AKIDB", "wrong", Some(&token)), signer("AKIDB", &secret, None)]
    {
        match call(&wrong, "ListTables", &json!({})) {
            Err(Trouble::Refused { exception, message, .. }) => said += &format!("{exception} {message}\n"),
            other => panic!("{other:?}"),
        }
    }
    assert!(!said.contains(&secret), "{said}");
    // A secret where the key's name belongs.
    let _ = call(&signer("hide-me/+secret=", "wrong", None), "PutItem", &json!({}));

    let mut outputs = vec![metrics(&mut house.server.client())];
    house.server.signal("-TERM");
    outputs.push(house.server.hears(r#""event":"stopped""#));
    let (log, heard) = (house.log(), house.server.heard());
    assert!(house.server.wait().success());
    outputs.extend([heard, std::fs::read_to_string(log).unwrap()]);
    let audit = outputs.last().unwrap();
    assert!(audit.contains("TransactWriteItems") && audit.lines().count() > 40, "{audit}");
    for output in outputs {
        let found = output.lines().find(|line| line.contains(MARK));
        assert_eq!(found, None);
    }
}

/// Values where clients put them, in requests good and bad.
fn marked_requests() -> Vec<(&'static str, Value)> {
    let value = |what: &str| json!({"S": format!("{MARK}-{what}")});
    let key = json!({"pk": value("key")});
    let item = json!({"pk": value("key"), format!("{MARK}-attribute"): value("value")});
    let statement = |text: &str| format!("{text} '{MARK}-text'");
    let path = format!("{MARK}-attribute");
    vec![
        ("PutItem", json!({"TableName": "Music", "Item": item})),
        ("PutItem", json!({"TableName": "Music", "Item": {"pk": {"N": format!("{MARK}-number")}}})),
        ("PutItem", json!({"TableName": format!("{MARK} no table"), "Item": item})),
        ("PutItem", json!({"TableName": "Music", "Item": item, "ReturnValues": format!("{MARK}-enum")})),
        ("GetItem", json!({"TableName": "Music", "Key": key})),
        ("GetItem", json!({"TableName": "Music", "Key": {format!("{MARK}-wrong"): value("key")}})),
        (
            "UpdateItem",
            json!({"TableName": "Music", "Key": key, "UpdateExpression": "SET #a = :v, b = :w",
            "ExpressionAttributeNames": {"#a": path}, "ExpressionAttributeValues": {":v": value("v")}}),
        ),
        ("UpdateItem", json!({"TableName": "Music", "Key": key, "UpdateExpression": format!("SET {MARK}")})),
        (
            "UpdateItem",
            json!({"TableName": "Music", "Key": key, "UpdateExpression": "SET #a = :v",
            "ConditionExpression": "#a = :w", "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            "ExpressionAttributeNames": {"#a": path},
            "ExpressionAttributeValues": {":v": value("v"), ":w": value("other")}}),
        ),
        (
            "Query",
            json!({"TableName": "Music", "KeyConditionExpression": "pk = :k",
            "ExpressionAttributeValues": {":k": value("key")}}),
        ),
        ("Scan", json!({"TableName": "Music", "FilterExpression": format!("#a = {MARK}")})),
        ("BatchWriteItem", json!({"RequestItems": {"Music": [{"PutRequest": {"Item": item}}]}})),
        ("BatchGetItem", json!({"RequestItems": {"Music": {"Keys": [key]}}})),
        (
            "TransactWriteItems",
            json!({"TransactItems": [{"Put": {"TableName": "Music", "Item": item,
            "ConditionExpression": "attribute_not_exists(pk)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}}]}),
        ),
        ("TransactGetItems", json!({"TransactItems": [{"Get": {"TableName": "Music", "Key": key}}]})),
        ("ExecuteStatement", json!({"Statement": statement("SELECT * FROM Music WHERE pk =")})),
        ("ExecuteStatement", json!({"Statement": statement("SELECT * FROM Music WHERE nonsense")})),
        ("ExecuteStatement", json!({"Statement": statement(&format!("INSERT INTO Music VALUE {{'pk': '{MARK}'}}"))})),
        ("BatchExecuteStatement", json!({"Statements": [{"Statement": statement("DELETE FROM Music WHERE pk =")}]})),
        (
            "TagResource",
            json!({"ResourceArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Music",
            "Tags": [{"Key": "stage", "Value": format!("{MARK}-tag")}]}),
        ),
        (
            "GetShardIterator",
            json!({"StreamArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Music/stream/x",
            "ShardId": format!("{MARK} shard"), "ShardIteratorType": "LATEST"}),
        ),
    ]
}
