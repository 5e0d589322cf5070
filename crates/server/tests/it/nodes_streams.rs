//! A stream over two servers and one PostgreSQL: enabled on one, written and read on both, rolled and split, disabled; and a server
//! that is killed while it writes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use storage_postgres::testing::PostgresServer;

use crate::client::Client;
use crate::program::PATIENCE;
use crate::stream_reader::{StreamReader, shards};
use crate::test_server::TestServer;

const ITEMS: usize = 5;

/// Shards roll after two seconds, and split soon.
fn node(url: &str) -> TestServer {
    let shards = ["--stream-shard-hours", "2s", "--stream-shard-writes", "20"];
    TestServer::on_database(url).flag("--node-lease-ms", "600").flags(&shards).start()
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < deadline, "{what} does not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A change of a table. It is refused while another server changes the same definition, as the roll of a shard does.
fn change(client: &mut Client, operation: &str, body: Value) {
    until(operation, || {
        let answer = client.call(operation, &body.to_string());
        let is_raced = answer.text().contains("Table is being updated");
        assert!(answer.status == 200 || is_raced, "{operation} {body}: {}", answer.text());
        answer.status == 200
    });
}

/// A table that is followed, as both servers know. Returns its stream's ARN.
fn followed_table(a: &mut Client, b: &mut Client) -> String {
    let table = json!({"TableName": "Sums", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}]});
    a.ask("CreateTable", table);
    // The other one knows the table from before it was followed.
    b.ask("GetItem", json!({"TableName": "Sums", "Key": {"k": {"S": "none"}}}));
    let stream = json!({"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"});
    a.ask("UpdateTable", json!({"TableName": "Sums", "StreamSpecification": stream}));
    let table = |client: &mut Client| client.ask("DescribeTable", json!({"TableName": "Sums"}))["Table"].clone();
    until("the stream", || table(b)["TableStatus"] == "ACTIVE");
    table(b)["LatestStreamArn"].as_str().expect("an ARN").to_owned()
}

fn addition(at: usize) -> Value {
    json!({"TableName": "Sums", "Key": {"k": {"S": format!("{}", at % ITEMS)}},
        "UpdateExpression": "ADD n :one", "ExpressionAttributeValues": {":one": {"N": "1"}}})
}

/// Adds to items until it is asked to end or its server has ended; returns how many additions were answered.
fn writer(server: &TestServer, first: usize, ended: &Arc<AtomicBool>, answered: &Arc<AtomicU64>) -> JoinHandle<u64> {
    let (mut client, ended, answered) = (server.client(), Arc::clone(ended), Arc::clone(answered));
    std::thread::spawn(move || {
        let mut own = 0;
        for at in first.. {
            let one = json!({"Update": addition(at)});
            let other = json!({"Update": addition(at + 2)});
            let (added, sent) = match at % 4 {
                0 => (2, client.try_call("TransactWriteItems", &json!({"TransactItems": [one, other]}).to_string())),
                _ => (1, client.try_call("UpdateItem", &addition(at).to_string())),
            };
            match sent {
                None => break,
                Some(answer) if answer.status == 200 => own += added,
                // Another transaction was in the way, and nothing is changed.
                Some(answer) => assert!(answer.text().contains("TransactionConflict"), "{}", answer.text()),
            }
            answered.fetch_add(1, Ordering::Relaxed);
            if ended.load(Ordering::Relaxed) {
                break;
            }
            // Dense at first, and then only so that something is always going on.
            std::thread::sleep(Duration::from_millis(if at < first + 50 { 0 } else { 40 }));
        }
        own
    })
}

/// Reads a stream, and adds its changes up.
struct Follower {
    stream: StreamReader,
    sums: BTreeMap<String, u64>,
}

impl Follower {
    fn new(arn: &str) -> Follower {
        Follower { stream: StreamReader::new(arn), sums: BTreeMap::new() }
    }

    /// Reads a page of each shard whose parent is read. False at the end of what there is.
    fn step(&mut self, client: &mut Client) -> bool {
        self.stream.step(client, |record| {
            let record = &record["dynamodb"];
            let sum = |image: &str| record[image]["n"]["N"].as_str().map_or(0, |n| n.parse().expect("a number"));
            let k = record["Keys"]["k"]["S"].as_str().expect("a key").to_owned();
            let before = self.sums.insert(k, sum("NewImage")).unwrap_or(0);
            assert_eq!((sum("OldImage"), sum("NewImage")), (before, before + 1), "an item's next change");
        })
    }

    fn on(mut self, server: &TestServer, ended: &Arc<AtomicBool>) -> JoinHandle<Follower> {
        let (mut client, ended) = (server.client(), Arc::clone(ended));
        std::thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                if !self.step(&mut client) {
                    std::thread::sleep(Duration::from_millis(20));
                }
            }
            self
        })
    }
}

fn stored(client: &mut Client) -> BTreeMap<String, u64> {
    let page = client.ask("Scan", json!({"TableName": "Sums", "ConsistentRead": true}));
    let items = page["Items"].as_array().expect("items");
    let text = |item: &Value, name: &str, kind: &str| item[name][kind].as_str().expect("an attribute").to_owned();
    items.iter().map(|item| (text(item, "k", "S"), text(item, "n", "N").parse().expect("a number"))).collect()
}

#[test]
fn two_servers_write_and_read_a_stream() {
    let Some(database) = PostgresServer::shared() else { return };
    let url = database.database();
    let servers = [node(&url), node(&url)];
    let [mut a, mut b] = servers.each_ref().map(TestServer::client);
    let arn = followed_table(&mut a, &mut b);
    let (ended, answered) = (Arc::new(AtomicBool::new(false)), Arc::default());
    let writers: Vec<_> = (0..4).map(|at| writer(&servers[at % 2], at * 7, &ended, &answered)).collect();
    let followers = servers.each_ref().map(|server| Follower::new(&arn).on(server, &ended));

    let parent = |shard: &Value| shard["ParentShardId"].as_str().map(str::to_owned);
    until("a split, and rolls behind it", || {
        let parents: Vec<_> = shards(&mut b, &arn).iter().filter_map(parent).collect();
        let are_split = parents.iter().filter(|one| parents.iter().filter(|other| other == one).count() == 2).count();
        are_split >= 4 && parents.len() >= are_split + 4
    });
    // Enough for all shards, on whichever server.
    let rolled = answered.load(Ordering::Relaxed);
    until("more writes", || answered.load(Ordering::Relaxed) > rolled + 20);
    ended.store(true, Ordering::Relaxed);
    let written: u64 = writers.into_iter().map(|writer| writer.join().expect("a writer")).sum();

    let off = json!({"TableName": "Sums", "StreamSpecification": {"StreamEnabled": false}});
    change(&mut b, "UpdateTable", off);
    let status = |client: &mut Client| {
        client.ask("DescribeStream", json!({"StreamArn": arn}))["StreamDescription"]["StreamStatus"].clone()
    };
    until("the end of the stream", || status(&mut a) == "DISABLED");
    a.ask("UpdateItem", addition(0));
    let mut expected = stored(&mut b);
    expected.entry("0".to_owned()).and_modify(|sum| *sum -= 1);
    assert_eq!(expected.values().sum::<u64>(), written);
    for (follower, client) in followers.into_iter().zip([&mut a, &mut b]) {
        let mut follower = follower.join().expect("a follower");
        while follower.step(client) {}
        assert_eq!(follower.sums, expected);
        assert!(follower.stream.is_finished());
    }

    // The stream outlives the table.
    change(&mut a, "DeleteTable", json!({"TableName": "Sums"}));
    until("the end of the table", || b.call("DescribeTable", r#"{"TableName": "Sums"}"#).status == 400);
    let listed = b.ask("ListStreams", json!({"TableName": "Sums"}));
    assert_eq!(listed["Streams"][0]["StreamArn"], *arn);
    let mut follower = Follower::new(&arn);
    while follower.step(&mut b) {}
    assert_eq!(follower.sums, expected);
}

#[test]
fn a_killed_server_loses_no_record() {
    let Some(database) = PostgresServer::shared() else { return };
    let url = database.database();
    let (first, second) = (node(&url), node(&url));
    let (mut a, mut b) = (first.client(), second.client());
    let arn = followed_table(&mut a, &mut b);
    let (ended, answered) = (Arc::new(AtomicBool::new(false)), Arc::default());
    let writers: Vec<_> = (0..4).map(|at| writer(&second, at * 7, &ended, &answered)).collect();
    let follower = Follower::new(&arn).on(&first, &ended);
    until("writes", || answered.load(Ordering::Relaxed) > 60);
    second.signal("-KILL");
    let written: u64 = writers.into_iter().map(|writer| writer.join().expect("a writer")).sum();
    a.ask("UpdateItem", addition(1));
    ended.store(true, Ordering::Relaxed);
    let mut follower = follower.join().expect("a follower");
    // Each writer's last one may have been done without an answer, and may still be on its way into the database.
    until("the stream agrees with the table", || {
        let expected = stored(&mut a);
        while follower.step(&mut a) {}
        follower.sums == expected
    });
    let sum = follower.sums.values().sum::<u64>();
    assert!((written + 1..=written + 1 + 4 * 2).contains(&sum), "{sum} of {written}");
}
