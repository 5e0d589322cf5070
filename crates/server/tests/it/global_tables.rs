//! A global table of two regions on two servers over one PostgreSQL: both write in both regions, one of them is killed, and nothing that was
//! acknowledged is missing in either region.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use storage_postgres::testing::PostgresServer;

use crate::client::{AUTHORIZATION, Client, request};
use crate::program::until;
use crate::test_server::TestServer;

const HOME: &str = "us-east-1";
const AWAY: &str = "eu-west-1";
/// Writes of a server, before one of them is killed and behind that.
const WRITES: usize = 150;
/// Keys that all write.
const SHARED: usize = 5;

fn node(url: &str) -> TestServer {
    TestServer::on_database(url).flags(["--node-lease-ms", "600", "--regions", AWAY]).start()
}

/// As [`Client::try_call`], signed for a region.
fn try_call(client: &mut Client, region: &str, operation: &str, body: &Value) -> Option<(u16, Value)> {
    let plain = request(operation, &[], body.to_string().as_bytes());
    let text = String::from_utf8(plain).expect("text");
    assert!(text.contains(AUTHORIZATION));
    let signed = text.replacen(&format!("/{HOME}/dynamodb/"), &format!("/{region}/dynamodb/"), 1);
    std::io::Write::write_all(client.socket.get_mut(), signed.as_bytes()).ok()?;
    let response = client.try_response()?;
    Some((response.status, response.json()))
}

fn call(client: &mut Client, region: &str, operation: &str, body: Value) -> Value {
    let (status, answer) = try_call(client, region, operation, &body).expect("an answer");
    assert_eq!(status, 200, "{operation} {body}: {answer}");
    answer
}

fn is_active(client: &mut Client, region: &str) -> bool {
    let described = try_call(client, region, "DescribeTable", &json!({"TableName": "Table"}));
    described
        .is_some_and(|(status, answer)| status == 200 && answer["Table"]["Replicas"][0]["ReplicaStatus"] == "ACTIVE")
}

/// All items, by their keys.
fn items(client: &mut Client, region: &str) -> BTreeMap<String, Value> {
    let (mut found, mut start) = (BTreeMap::new(), None);
    loop {
        let mut scan = json!({"TableName": "Table", "ConsistentRead": true});
        if let Some(start) = start {
            scan["ExclusiveStartKey"] = start;
        }
        let mut page = call(client, region, "Scan", scan);
        for item in page["Items"].as_array().expect("items") {
            found.insert(item["k"]["S"].as_str().expect("a key").to_owned(), item.clone());
        }
        start = page.get_mut("LastEvaluatedKey").map(Value::take);
        if start.is_none() {
            return found;
        }
    }
}

/// Writes in both regions until a count is reached, or the server is dead. Returns the keys of its own whose puts were acknowledged, and
/// those whose deletions were.
fn write(address: SocketAddr, name: &str, progress: &AtomicUsize) -> [Vec<String>; 2] {
    let (mut client, mut put, mut deleted) = (Client::connect(address), Vec::new(), Vec::new());
    for at in 0..WRITES {
        let region = if at % 2 == 0 { HOME } else { AWAY };
        let own = format!("{name}-{at}");
        let shared = format!("shared-{}", at % SHARED);
        for key in [&own, &shared] {
            let asked = json!({"TableName": "Table", "Item": {"k": {"S": key}, "v": {"S": own}}});
            let Some((status, answer)) = try_call(&mut client, region, "PutItem", &asked) else {
                return [put, deleted];
            };
            assert_eq!(status, 200, "{answer}");
        }
        // Some of its own are deleted again, in the region that they were put in.
        if at % 5 == 4 {
            let asked = json!({"TableName": "Table", "Key": {"k": {"S": own}}});
            match try_call(&mut client, region, "DeleteItem", &asked) {
                Some((200, _)) => deleted.push(own),
                Some(other) => panic!("{other:?}"),
                None => return [put, deleted],
            }
        } else {
            put.push(own);
        }
        progress.fetch_add(1, Ordering::Relaxed);
    }
    [put, deleted]
}

#[test]
fn two_regions_on_two_servers_survive_the_death_of_one() {
    let Some(database) = PostgresServer::shared() else { return };
    let url = database.database();
    let (first, second) = (node(&url), node(&url));
    let mut client = first.client();
    let schema = json!({"TableName": "Table", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}]});
    call(&mut client, HOME, "CreateTable", schema);
    call(&mut client, HOME, "PutItem", json!({"TableName": "Table", "Item": {"k": {"S": "before"}}}));
    let adding = json!({"TableName": "Table", "ReplicaUpdates": [{"Create": {"RegionName": AWAY}}]});
    call(&mut client, HOME, "UpdateTable", adding);
    for server in [&first, &second] {
        let mut client = server.client();
        until("the replica", || is_active(&mut client, HOME) && is_active(&mut client, AWAY));
    }
    let progress = AtomicUsize::new(0);
    let (mut put, mut deleted) = (vec!["before".to_owned()], Vec::new());
    std::thread::scope(|scope| {
        let progress = &progress;
        let spawn = |address: SocketAddr, name: &'static str| scope.spawn(move || write(address, name, progress));
        let writers = [spawn(first.address, "first"), spawn(second.address, "second")];
        until("writes", || progress.load(Ordering::Relaxed) > WRITES / 2);
        // Its deliveries are another's now, and its writes are there.
        let killed = std::process::Command::new("kill").args(["-KILL", &second.pid().to_string()]).status();
        assert!(killed.expect("kill").success());
        for writer in writers {
            let [own, gone] = writer.join().expect("a writer");
            put.extend(own);
            deleted.extend(gone);
        }
    });
    assert!(put.iter().any(|key| key.starts_with("second-")), "it has written before it died");
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let (home, away) = (items(&mut client, HOME), items(&mut client, AWAY));
        let has_all = |items: &BTreeMap<String, Value>| put.iter().all(|key| items.contains_key(key));
        let has_none = |items: &BTreeMap<String, Value>| deleted.iter().all(|key| !items.contains_key(key));
        if home == away && has_all(&home) && has_none(&home) {
            assert_eq!(home.keys().filter(|key| key.starts_with("shared-")).count(), SHARED);
            break;
        }
        assert!(Instant::now() < deadline, "the regions differ: {} and {} items", home.len(), away.len());
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(first.stop().success());
}
