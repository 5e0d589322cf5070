//! `stator tail` against a real server: what it prints, where it begins, and how it ends.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::Client;
use crate::program::{PATIENCE, command, run, run_with};
use crate::test_server::TestServer;

/// A running `stator tail`; killed when dropped.
pub(crate) struct Tail {
    child: Child,
    lines: mpsc::Receiver<String>,
    says: mpsc::Receiver<String>,
}

fn lines_of(source: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(source).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    receiver
}

impl Tail {
    /// Begun, and ready for changes.
    pub(crate) fn start(url: &str, arguments: &[&str]) -> Tail {
        let (mut tail, stdout) = Tail::start_unread(url, arguments);
        tail.lines = lines_of(stdout);
        tail
    }

    fn start_unread(url: &str, arguments: &[&str]) -> (Tail, ChildStdout) {
        let all = [&["tail", "Music", "--endpoint", url], arguments].concat();
        let mut child = command(&all).spawn().expect("start");
        let stdout = child.stdout.take().expect("stdout");
        let says = lines_of(child.stderr.take().expect("stderr"));
        let tail = Tail { child, lines: mpsc::channel().1, says };
        tail.hears("following Music");
        (tail, stdout)
    }

    pub(crate) fn line(&self) -> Value {
        let line = self.lines.recv_timeout(PATIENCE).expect("a line");
        serde_json::from_str(&line).expect("JSON")
    }

    /// Waits for a sentence with `text` in it.
    pub(crate) fn hears(&self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        let mut said = Vec::new();
        while let Ok(line) = self.says.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            if line.contains(text) {
                return;
            }
            said.push(line);
        }
        panic!("tail does not say {text}; it said: {said:#?}");
    }

    fn interrupt(&self) {
        let status = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().expect("kill");
        assert!(status.success());
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("wait") {
                return status;
            }
            assert!(Instant::now() < deadline, "tail does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn make_table(client: &mut Client, stream: bool) {
    let mut table = json!({"TableName": "Music", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}]});
    if stream {
        table["StreamSpecification"] = json!({"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"});
    }
    client.ask("CreateTable", table);
}

fn put(client: &mut Client, k: &str) {
    client.ask("PutItem", json!({"TableName": "Music", "Item": {"k": {"S": k}, "n": {"N": "1"}}}));
}

/// Runs to the end: whether all went well, the keys on stdout, and what stood on stderr.
fn keys(server: &TestServer, arguments: &[&str]) -> (bool, String, String) {
    let url = server.url();
    let Output { status, stdout, stderr } = run(&[&["tail", "Music", "--endpoint", &url], arguments].concat());
    let stdout = String::from_utf8(stdout).expect("text");
    let key =
        |line: &str| serde_json::from_str::<Value>(line).expect("JSON")["keys"]["k"]["S"].as_str().map(str::to_owned);
    let keys: Vec<String> = stdout.lines().map(|line| key(line).expect("a key")).collect();
    (status.success(), keys.join(" "), String::from_utf8(stderr).expect("text"))
}

/// Each change as it comes, also those after the server was away.
#[test]
fn changes_come_as_they_are_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_str().expect("a path");
    let server = TestServer::on_data(data).start();
    let mut client = server.client();
    make_table(&mut client, true);
    put(&mut client, "before");
    let tail = Tail::start(&server.url(), &[]);
    put(&mut client, "a");
    let line = tail.line();
    let (key, one, two) = (json!({"k": {"S": "a"}}), json!({"N": "1"}), json!({"N": "2"}));
    let (old, new) = (json!({"k": {"S": "a"}, "n": one}), json!({"k": {"S": "a"}, "n": two}));
    assert_eq!((&line["event"], &line["keys"], &line["new"]), (&json!("INSERT"), &key, &old), "{line}");
    assert_eq!((line.get("old"), line.get("by")), (None, None), "{line}");
    assert!(line["shard"].as_str().is_some_and(|shard| shard.starts_with("shardId-")), "{line}");
    assert!(line["time"].as_str().is_some_and(|time| time.ends_with('Z')), "{line}");

    let values = json!({":two": {"N": "2"}});
    client.ask(
        "UpdateItem",
        json!({"TableName": "Music", "Key": key, "UpdateExpression": "SET n = :two",
        "ExpressionAttributeValues": values}),
    );
    let changed = tail.line();
    assert_eq!((&changed["event"], &changed["old"], &changed["new"]), (&json!("MODIFY"), &old, &new), "{changed}");
    assert!(changed["sequence"].as_str() > line["sequence"].as_str());

    let address = server.address.to_string();
    assert!(server.stop().success());
    tail.hears("does not answer");
    let server = TestServer::on_data(data).flag("--listen", &address).start();
    tail.hears("answers again");
    server.client().ask("DeleteItem", json!({"TableName": "Music", "Key": key}));
    let removed = tail.line();
    assert_eq!((&removed["event"], &removed["old"]), (&json!("REMOVE"), &new), "{removed}");
    assert_eq!((removed.get("new"), removed.get("by")), (None, None), "{removed}");

    tail.interrupt();
    assert!(tail.wait().success());
}

#[test]
fn where_it_begins_and_when_it_ends() {
    let server = TestServer::in_memory().start();
    let mut client = server.client();
    make_table(&mut client, true);
    // Nothing has come yet.
    assert_eq!(keys(&server, &["--since", "start", "--no-follow"]), (true, String::new(), String::new()));
    for k in ["a", "b", "c"] {
        put(&mut client, k);
    }
    let check = |arguments: &[&str], expected: &str| {
        let (ok, keys, said) = keys(&server, &[arguments, &["--no-follow"]].concat());
        assert!(ok && keys == expected && said.is_empty(), "{arguments:?}: {keys} {said}");
    };
    check(&["--since", "start"], "a b c");
    check(&["--since", "10m"], "a b c");
    check(&["--since", "2020-01-31T12:00:00Z"], "a b c");
    check(&[], "");
    check(&["--since", "start", "--limit", "2"], "a b");
    // Without --no-follow, the limit is the end.
    let (ok, found, said) = keys(&server, &["--since", "start", "--limit", "3"]);
    assert!(ok && found == "a b c" && said.contains("following Music"), "{found} {said}");
    for (since, expected) in [("soon", "10m"), ("9999-01-01T00:00:00Z", "still to come")] {
        let (ok, _, said) = keys(&server, &["--since", since]);
        assert!(!ok && said.contains(expected), "{said}");
    }
}

/// The second stream of a table is another one; a disabled one has an end.
#[test]
fn disabled_streams() {
    let server = TestServer::in_memory().start();
    let mut client = server.client();
    make_table(&mut client, true);
    put(&mut client, "a");
    let tail = Tail::start(&server.url(), &["--since", "start"]);
    assert_eq!(tail.line()["keys"]["k"]["S"], "a");
    client.ask("UpdateTable", json!({"TableName": "Music", "StreamSpecification": {"StreamEnabled": false}}));
    tail.hears("is disabled: no more changes come");
    assert!(tail.wait().success());
    let (ok, found, said) = keys(&server, &["--since", "start"]);
    assert!(ok && found == "a" && said.contains("is disabled"), "{found} {said}");
    let (ok, found, said) = keys(&server, &[]);
    assert!(!ok && found.is_empty() && said.contains("has no stream"), "{found} {said}");
    let stream = json!({"StreamEnabled": true, "StreamViewType": "KEYS_ONLY"});
    client.ask("UpdateTable", json!({"TableName": "Music", "StreamSpecification": stream}));
    put(&mut client, "b");
    let (ok, found, said) = keys(&server, &["--since", "start", "--no-follow"]);
    assert!(ok && found == "b" && said.is_empty(), "{found} {said}");
}

#[test]
fn without_a_stream_it_says_how_to_enable_one() {
    let server = TestServer::in_memory().start();
    let (ok, _, said) = keys(&server, &[]);
    let expected = format!("there is no table Music in region us-east-1 at {}, for the access key ", server.url());
    assert!(!ok && said.contains(&expected), "{said}");
    make_table(&mut server.client(), false);
    let (ok, _, said) = keys(&server, &["--region", "eu-west-3"]);
    let enabling = format!(
        "Music has no stream; this enables one: aws dynamodb update-table --table-name Music --stream-specification \
         StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES --region eu-west-3 --endpoint-url http://{}",
        server.address
    );
    assert!(!ok && said.contains(&enabling), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    // A server that speaks TLS answers in plain text.
    let encrypted = TestServer::in_memory().flags(["--tls-self-signed"]).start();
    let said = keys(&encrypted, &[]).2;
    assert!(said.contains("400 This port speaks TLS: the endpoint's URL is an https://.\n"), "{said}");
    // No server listens on port 1.
    let output = run(&["tail", "Music", "--endpoint", "http://127.0.0.1:1"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("cannot reach http://127.0.0.1:1"), "{said}");
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let server = TestServer::in_memory().start();
    let mut client = server.client();
    make_table(&mut client, true);
    for is_changed in [true, false] {
        let (tail, stdout) = Tail::start_unread(&server.url(), &[]);
        drop(stdout);
        if is_changed {
            put(&mut client, "a");
        }
        assert!(tail.wait().success());
    }
}

#[test]
fn deletions_of_time_to_live_are_marked() {
    let server = TestServer::in_memory().start();
    let mut client = server.client();
    make_table(&mut client, true);
    let expiry = json!({"Enabled": true, "AttributeName": "t"});
    client.ask("UpdateTimeToLive", json!({"TableName": "Music", "TimeToLiveSpecification": expiry}));
    let hour_ago = base::Clock::system().now_ms() / 1_000 - 3_600;
    let item = json!({"k": {"S": "a"}, "t": {"N": hour_ago.to_string()}});
    client.ask("PutItem", json!({"TableName": "Music", "Item": item}));
    let tail = Tail::start(&server.url(), &["--since", "start"]);
    assert_eq!(tail.line()["event"], "INSERT");
    let removed = tail.line();
    assert_eq!((&removed["event"], &removed["by"], &removed["old"]), (&json!("REMOVE"), &json!("ttl"), &item));
}

/// More than a pipe holds is to be printed, and the pipe is not read: an interrupt ends it all the same, whenever it comes.
#[test]
fn an_interrupt_ends_it_while_its_output_is_not_read() {
    let server = TestServer::in_memory().start();
    let mut client = server.client();
    make_table(&mut client, true);
    put(&mut client, &"x".repeat(2_000));
    for at in 0..200 {
        client.ask(
            "UpdateItem",
            json!({"TableName": "Music", "Key": {"k": {"S": "x".repeat(2_000)}},
            "UpdateExpression": "SET n = :n", "ExpressionAttributeValues": {":n": {"N": at.to_string()}}}),
        );
    }
    let (tail, mut stdout) = Tail::start_unread(&server.url(), &["--since", "start"]);
    // It has begun to print; a pipe holds 64 KiB.
    stdout.read_exact(&mut [0; 1]).expect("a byte");
    tail.interrupt();
    assert!(tail.wait().success());
}

#[test]
fn a_deleted_table_ends_it_with_a_sentence() {
    let server = TestServer::in_memory().start();
    let mut client = server.client();
    make_table(&mut client, true);
    let tail = Tail::start(&server.url(), &[]);
    client.ask("DeleteTable", json!({"TableName": "Music"}));
    tail.hears("the stream of Music is disabled");
    assert_eq!(tail.wait().code(), Some(0));
}

#[test]
fn changes_come_in_order_while_shards_roll_and_split() {
    const ITEMS: usize = 8;
    let server =
        TestServer::in_memory().flag("--stream-shard-hours", "300ms").flag("--stream-shard-writes", "5").start();
    let mut client = server.client();
    make_table(&mut client, true);
    let described = client.ask("DescribeTable", json!({"TableName": "Music"}));
    let arn = described["Table"]["LatestStreamArn"].clone();
    let following = Tail::start(&server.url(), &[]);
    let (mut rounds, deadline) = (0, Instant::now() + PATIENCE);
    while rounds < 20 || !has_split(&mut client, &arn) {
        assert!(Instant::now() < deadline, "no shard is split");
        for k in 0..ITEMS {
            let update = json!({"TableName": "Music", "Key": {"k": {"S": k.to_string()}},
                "UpdateExpression": "ADD n :one", "ExpressionAttributeValues": {":one": {"N": "1"}}});
            client.ask("UpdateItem", update);
        }
        rounds += 1;
        std::thread::sleep(Duration::from_millis(40));
    }
    client.ask("DeleteTable", json!({"TableName": "Music"}));
    let after = Tail::start(&server.url(), &["--since", "start"]);
    for tail in [following, after] {
        let mut counts = [0; ITEMS];
        for _ in 0..rounds * ITEMS {
            let line = tail.line();
            let number = |value: &Value| value.as_str().expect("text").parse::<usize>().expect("a number");
            let count = &mut counts[number(&line["keys"]["k"]["S"])];
            *count += 1;
            assert_eq!(number(&line["new"]["n"]["N"]), *count, "{line}");
        }
        tail.hears("is disabled: no more changes come");
        assert!(tail.wait().success());
    }
}

fn has_split(client: &mut Client, arn: &Value) -> bool {
    let described = client.ask("DescribeStream", json!({"StreamArn": arn}));
    let shards = described["StreamDescription"]["Shards"].as_array().expect("shards").clone();
    let children = |of: &Value| shards.iter().filter(|shard| shard["ParentShardId"] == of["ShardId"]).count();
    shards.iter().any(|shard| children(shard) == 2)
}

/// As the AWS CLI finds them: a profile's keys, and the endpoint of a service.
#[test]
fn server_and_keys_come_from_the_environment_or_the_profile() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.to_str().expect("a path").to_owned()
    };
    let keys = file(
        "credentials",
        "[other]\naws_access_key_id=O\naws_secret_access_key=o\n[music]\naws_access_key_id=M\n\
                                    aws_secret_access_key=m\n",
    );
    let server_keys = file("server", "[m]\naws_access_key_id = M\naws_secret_access_key = m\n");
    let server = TestServer::in_memory().credentials(&server_keys).start();
    let url = server.url();
    let nowhere = ("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    let config = file(
        "config",
        &format!("[profile music]\nservices = s\n[services s]\ndynamodb_streams =\n  endpoint_url = {url}\n"),
    );
    let files = [("AWS_SHARED_CREDENTIALS_FILE", keys.as_str()), ("AWS_CONFIG_FILE", config.as_str())];
    let profile = ("AWS_PROFILE", "music");
    for (variables, expected) in [
        (&[profile][..], "there is no table Music"),
        (&[profile, ("AWS_ENDPOINT_URL_DYNAMODB", &url), nowhere], "there is no table Music"),
        (&[profile, ("AWS_ENDPOINT_URL_DYNAMODB_STREAMS", &url), nowhere], "there is no table Music"),
        (&[("AWS_PROFILE", "other"), ("AWS_ENDPOINT_URL", &url)], "security token"),
        (&[("AWS_PROFILE", "none")], "there is no profile none"),
    ] {
        let output = run_with(&["tail", "Music", "--no-follow"], &[&files[..], variables].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(expected), "{variables:?}: {said}");
    }
}
