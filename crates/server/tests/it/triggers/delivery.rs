//! What reaches functions, and what becomes of what they do not take.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::function::{Call, Outside, function_error, number, ok};
use super::{item, lambda, map, put, settled, shown, table};
use crate::test_server::TestServer;

/// A mapping of a table's stream with what else there is to say.
fn mapping(function: &str, arn: &str, more: &Value) -> Value {
    let mut body = json!({"FunctionName": function, "EventSourceArn": arn, "StartingPosition": "TRIM_HORIZON"});
    more.as_object().unwrap().iter().for_each(|(name, value)| body[name] = value.clone());
    body
}

fn server(outside: &Outside) -> TestServer {
    TestServer::in_memory().lambda(outside.url()).flag("--sqs-endpoint", outside.url()).start()
}

#[test]
fn a_function_is_invoked_as_lambda_invokes_it() {
    let outside = Outside::start(|_, _| ok("null"));
    let server = server(&outside);
    let mut client = server.client();
    let arn = table(&mut client, "Music");
    (0..5).for_each(|n| put(&mut client, "Music", "a", n));
    let uuid = map(&server, &mapping("f:PROD", &arn, &json!({"BatchSize": 2})));
    let calls = outside.wait_for_numbers(5);
    assert_eq!(calls.iter().map(Call::numbers).collect::<Vec<_>>(), [vec![0, 1], vec![2, 3], vec![4]]);
    let first = &calls[0];
    assert_eq!(first.line, "POST /2015-03-31/functions/f/invocations?Qualifier=PROD");
    assert_eq!(first.header("x-amz-invocation-type"), "RequestResponse");
    assert!(first.header("authorization").contains("/us-east-1/lambda/aws4_request"), "{first:?}");
    let record = &first.records()[1];
    assert_eq!((&record["eventName"], &record["eventSourceARN"]), (&json!("MODIFY"), &json!(arn)));
    assert_eq!(record["dynamodb"]["OldImage"]["n"]["N"], "0");
    assert_eq!(shown(&server, &uuid, |shown| shown["LastProcessingResult"] == "OK")["State"], "Enabled");
    client.send(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let metrics = client.response().text();
    assert!(metrics.contains("stator_deliveries_active{to=\"lambda\"} 1"), "{metrics}");
    // A URL gets the event itself.
    let url = format!("{}/changes?x=y", outside.url());
    map(&server, &mapping(&url, &arn, &json!({})));
    let calls = outside.wait(|calls| calls.len() > 3);
    assert_eq!((calls[3].line.as_str(), calls[3].numbers()), ("POST /changes?x=y", vec![0, 1, 2, 3, 4]));
}

/// A restored copy that is only looked at: what was not delivered waits for the next start.
#[test]
fn nothing_is_delivered_with_no_deliveries() {
    let outside = Outside::start(|_, _| ok("null"));
    let node = TestServer::on_data("data");
    let first = node.start();
    let arn = table(&mut first.client(), "Music");
    let uuid = map(&first, &mapping(&format!("{}/changes", outside.url()), &arn, &json!({})));
    put(&mut first.client(), "Music", "a", 1);
    outside.wait_for_numbers(1);
    assert!(first.stop().success());
    let before = outside.calls().len();

    let idle = node.clone().flags(["--no-deliveries"]).start();
    let said = idle.log();
    assert!(said.contains("1 event source mapping and 0 Kinesis streaming destinations"), "{said}");
    assert!(said.contains("Expired items are not deleted"), "{said}");
    let mut client = idle.client();
    put(&mut client, "Music", "a", 2);
    assert_eq!(shown(&idle, &uuid, |_| true)["UUID"], json!(uuid));
    // Twice as long as a mapping's runner takes to look.
    std::thread::sleep(Duration::from_secs(2));
    client.send(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(!client.response().text().contains("stator_deliveries_active"));
    assert_eq!(outside.calls().len(), before);
    assert!(idle.stop().success());

    let again = node.start();
    let said = again.log();
    assert!(said.contains("this server delivers tables' changes: the data has 1 event source mapping"), "{said}");
    outside.wait(|calls| calls.iter().any(|call| call.numbers().contains(&2)));
}

#[test]
fn the_latest_position_is_that_of_the_mappings_creation() {
    let outside = Outside::start(|_, _| ok(""));
    let server = server(&outside);
    let mut client = server.client();
    let arn = table(&mut client, "Music");
    put(&mut client, "Music", "a", 1);
    let made = lambda(&server, "POST", "", &mapping("f", &arn, &json!({"StartingPosition": "LATEST"})));
    put(&mut client, "Music", "a", 2);
    assert_eq!(made.status, 202);
    assert_eq!(outside.wait_for_numbers(1)[0].numbers(), [2]);
    // A disabled mapping continues from its position.
    let path = format!("/{}", made.json()["UUID"].as_str().unwrap());
    let uuid = path[1..].to_owned();
    settled(&server, &uuid);
    lambda(&server, "PUT", &path, &json!({"Enabled": false}));
    settled(&server, &uuid);
    put(&mut client, "Music", "a", 3);
    lambda(&server, "PUT", &path, &json!({"Enabled": true}));
    settled(&server, &uuid);
    put(&mut client, "Music", "a", 4);
    let numbers: Vec<u64> = outside.wait_for_numbers(3).iter().flat_map(Call::numbers).collect();
    assert_eq!(numbers, [2, 3, 4]);
}

#[test]
fn only_what_fits_the_filters_is_delivered() {
    let outside = Outside::start(|_, _| ok(""));
    let server = server(&outside);
    let mut client = server.client();
    let arn = table(&mut client, "Music");
    let patterns = [
        json!({"dynamodb": {"NewImage": {"n": {"N": [{"numeric": [">=", 10, "<", 12]}]}}}}),
        json!({"eventName": ["INSERT"], "dynamodb": {"Keys": {"pk": {"S": [{"prefix": "b"}]}}}}),
    ];
    let filters: Vec<Value> = patterns.iter().map(|pattern| json!({"Pattern": pattern.to_string()})).collect();
    map(&server, &mapping("f", &arn, &json!({"FilterCriteria": {"Filters": filters}})));
    (1..=20).for_each(|n| put(&mut client, "Music", "a", n));
    (21..=25).for_each(|n| put(&mut client, "Music", "b", n));
    put(&mut client, "Music", "c", 11);
    put(&mut client, "Music", "b2", 30);
    let calls = outside.wait(|calls| calls.iter().any(|call| call.numbers().contains(&30)));
    let numbers: Vec<u64> = calls.iter().flat_map(Call::numbers).collect();
    assert_eq!(numbers, [10, 11, 21, 11, 30]);
}

#[test]
fn a_record_that_always_fails_is_found_and_given_up() {
    // A function that fails with number 5; a queue and a URL that hear of it.
    let outside = Outside::start(|call, _| match call.line.contains("/invocations") {
        true if call.numbers().contains(&5) => function_error(),
        _ => ok("{}"),
    });
    let server = server(&outside);
    let mut client = server.client();
    let arn = table(&mut client, "Music");
    (0..8).for_each(|n| put(&mut client, "Music", &n.to_string(), n));
    let url = format!("{}/failed", outside.url());
    let queue = "arn:aws:sqs:us-east-1:123456789012:q";
    for (function, destination) in [("f", queue), ("g", url.as_str())] {
        let more = json!({
            "BisectBatchOnFunctionError": true, "MaximumRetryAttempts": 1,
            "DestinationConfig": {"OnFailure": {"Destination": destination}},
        });
        map(&server, &mapping(function, &arn, &more));
    }
    let told = |call: &Call| call.line == "POST /" || call.line == "POST /failed";
    let done = |calls: &[Call], function: &str| {
        let path = format!("/functions/{function}/");
        calls.iter().any(|call| call.line.contains(&path) && call.numbers() == [6, 7])
    };
    let calls = outside
        .wait(|calls| calls.iter().filter(|call| told(call)).count() == 2 && done(calls, "f") && done(calls, "g"));
    let of_f: Vec<Vec<u64>> = calls.iter().filter(|call| call.line.contains("/f/")).map(Call::numbers).collect();
    assert_eq!(
        of_f,
        [
            vec![0, 1, 2, 3, 4, 5, 6, 7],
            vec![0, 1, 2, 3],
            vec![4, 5, 6, 7],
            vec![4, 5],
            vec![4],
            vec![5],
            vec![5],
            vec![6, 7],
        ]
    );
    let failing = calls[0].records()[5].clone();
    for call in calls.iter().filter(|call| told(call)) {
        let document = if call.line == "POST /" {
            assert_eq!(call.header("x-amz-target"), "AmazonSQS.SendMessage");
            assert_eq!(call.body["QueueUrl"], format!("{}/123456789012/q", outside.url()));
            serde_json::from_str(call.body["MessageBody"].as_str().unwrap()).unwrap()
        } else {
            call.body.clone()
        };
        assert_eq!(document["requestContext"]["condition"], "RetryAttemptsExhausted", "{document}");
        assert_eq!(document["requestContext"]["approximateInvokeCount"], 5);
        let response = json!({"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"});
        assert_eq!(document["responseContext"], response);
        let info = &document["DDBStreamBatchInfo"];
        assert_eq!((&info["batchSize"], &info["streamArn"]), (&json!(1), &json!(arn)));
        assert_eq!(info["startSequenceNumber"], failing["dynamodb"]["SequenceNumber"]);
        // With it the record can be read.
        let ask = json!({
            "StreamArn": arn, "ShardId": info["shardId"], "ShardIteratorType": "AT_SEQUENCE_NUMBER",
            "SequenceNumber": info["startSequenceNumber"],
        });
        let iterator = client.call("GetShardIterator", &ask.to_string()).json();
        let ask = json!({"ShardIterator": iterator["ShardIterator"], "Limit": 1}).to_string();
        assert_eq!(number(&client.call("GetRecords", &ask).json()["Records"][0]), 5);
    }
}

#[test]
fn partial_answers_are_continued_from_their_first_failure() {
    // Takes what is below 3 at once, and the rest one at a time.
    let outside = Outside::start(|call, _| {
        let failed = call.records().into_iter().enumerate().find(|(at, record)| *at > 0 && number(record) >= 3);
        let failures: Vec<Value> = failed
            .map(|(_, record)| json!({"itemIdentifier": record["dynamodb"]["SequenceNumber"]}))
            .into_iter()
            .collect();
        ok(json!({ "batchItemFailures": failures }))
    });
    let server = server(&outside);
    let mut client = server.client();
    let arn = table(&mut client, "Music");
    (0..6).for_each(|n| put(&mut client, "Music", "a", n));
    map(&server, &mapping("f", &arn, &json!({"FunctionResponseTypes": ["ReportBatchItemFailures"]})));
    let calls = outside.wait(|calls| calls.iter().any(|call| call.numbers() == [5]));
    let numbers: Vec<Vec<u64>> = calls.iter().map(Call::numbers).collect();
    assert_eq!(numbers, [vec![0, 1, 2, 3, 4, 5], vec![3, 4, 5], vec![4, 5], vec![5]]);
}

#[test]
fn what_is_not_reached_is_tried_until_it_is() {
    // Throttled, disconnected, broken: only the last counts, and retries are few.
    let outside = Outside::start(|_, before| match before {
        0 => Some((429, "", r#"{"Type":"User","message":"Rate Exceeded."}"#.to_owned())),
        1 => Some((503, "", String::new())),
        2 => Some((404, "", String::new())),
        3 => None,
        _ => ok("null"),
    });
    let server = server(&outside);
    let mut client = server.client();
    let arn = table(&mut client, "Music");
    let uuid = map(&server, &mapping("f", &arn, &json!({"MaximumRetryAttempts": 1})));
    put(&mut client, "Music", "a", 1);
    shown(&server, &uuid, |shown| shown["LastProcessingResult"] == "PROBLEM: Function call failed");
    shown(&server, &uuid, |shown| shown["LastProcessingResult"] == "OK");
    assert!(outside.calls().iter().all(|call| call.numbers() == [1]));
    assert_eq!(outside.calls().len(), 5);
}

#[test]
fn a_function_that_does_not_answer_has_failed() {
    let outside = Outside::start(|call, before| {
        if before == 0 && call.line.contains("invocations") {
            std::thread::sleep(Duration::from_secs(3));
        }
        ok("null")
    });
    let server = TestServer::in_memory().lambda(outside.url()).flag("--lambda-timeout", "1").start();
    let mut client = server.client();
    let arn = table(&mut client, "Music");
    put(&mut client, "Music", "a", 1);
    let destination = format!("{}/failed", outside.url());
    let more = json!({"MaximumRetryAttempts": 0, "DestinationConfig": {"OnFailure": {"Destination": destination}}});
    map(&server, &mapping("f", &arn, &more));
    let calls = outside.wait(|calls| calls.len() == 2);
    assert_eq!(calls[1].line, "POST /failed");
    assert_eq!(calls[1].body.get("responseContext"), None);
}

#[test]
fn the_window_gathers() {
    let outside = Outside::start(|_, _| ok(""));
    let server = server(&outside);
    let mut client = server.client();
    let arn = table(&mut client, "Music");
    map(&server, &mapping("f", &arn, &json!({"MaximumBatchingWindowInSeconds": 300, "BatchSize": 3})));
    (0..7).for_each(|n| {
        put(&mut client, "Music", "a", n);
        std::thread::sleep(Duration::from_millis(120));
    });
    let calls = outside.wait(|calls| calls.len() == 2);
    // The seventh waits for its window.
    assert_eq!(calls.iter().map(Call::numbers).collect::<Vec<_>>(), [vec![0, 1, 2], vec![3, 4, 5]]);
}

#[test]
fn lanes_go_side_by_side_and_items_in_their_order() {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let watched = Arc::clone(&most);
    let outside = Outside::start(move |call, before| {
        let now = running.fetch_add(1, Ordering::SeqCst) + 1;
        watched.fetch_max(now, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(5));
        running.fetch_sub(1, Ordering::SeqCst);
        // Every third fails.
        if call.line.contains("invocations") && before % 3 == 2 { function_error() } else { ok("null") }
    });
    let server = server(&outside);
    let mut client = server.client();
    let arn = table(&mut client, "Music");
    map(&server, &mapping("f", &arn, &json!({"ParallelizationFactor": 4, "BatchSize": 3})));
    (0..200).for_each(|n| put(&mut client, "Music", &(n % 10).to_string(), n));
    let calls = outside.wait_for_numbers(200);
    assert!(most.load(Ordering::SeqCst) > 1);
    in_order(&calls, 200);
}

/// Nothing of an item is delivered for the first time before what came before it, and nothing is missing.
pub(super) fn in_order(calls: &[Call], count: u64) {
    let mut last: BTreeMap<String, u64> = BTreeMap::new();
    let mut seen = std::collections::BTreeSet::new();
    for record in calls.iter().flat_map(Call::records) {
        let (item, n) = (record["dynamodb"]["Keys"]["pk"]["S"].as_str().unwrap().to_owned(), number(&record));
        if seen.insert(n) {
            let before = last.insert(item.clone(), n);
            assert!(before.is_none_or(|before| before < n), "{item}: {n} after {before:?}");
        }
    }
    assert_eq!(seen, (0..count).collect());
}

#[test]
fn nothing_is_lost_when_both_sides_fail() {
    let stopped = Arc::new(AtomicBool::new(false));
    let calm = Arc::clone(&stopped);
    // Fails in all ways, by a chance that is the same each time, until the writes are done.
    let outside = Outside::start(move |call, before| {
        let chance = before.wrapping_mul(2_654_435_761) >> 7;
        match chance % 7 {
            _ if calm.load(Ordering::SeqCst) => ok("null"),
            0 => function_error(),
            1 => Some((500, "", String::new())),
            2 => None,
            3 => {
                let records = call.records();
                let at = chance % records.len();
                let failure = json!({"itemIdentifier": records[at]["dynamodb"]["SequenceNumber"]});
                ok(json!({"batchItemFailures": [failure]}))
            }
            _ => ok("null"),
        }
    });
    let shards = ["--stream-shard-hours", "2s", "--stream-shard-writes", "20"];
    let node = TestServer::on_data("data").lambda(outside.url()).flags(shards);
    let mut server = node.start();
    let arn = table(&mut server.client(), "Music");
    let more = json!({
        "ParallelizationFactor": 3, "BatchSize": 7, "BisectBatchOnFunctionError": true,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    });
    let uuid = map(&server, &mapping("f", &arn, &more));
    for round in 0..4 {
        let mut client = server.client();
        for n in round * 50..round * 50 + 50 {
            let answer = client.try_call("PutItem", &item("Music", &(n % 9).to_string(), n));
            assert!(answer.is_some_and(|answer| answer.status == 200));
        }
        server.signal("-KILL");
        drop(server);
        server = node.start();
    }
    stopped.store(true, Ordering::SeqCst);
    let calls = outside.wait_for_numbers(200);
    in_order(&calls, 200);
    assert_eq!(settled(&server, &uuid)["State"], "Enabled");
}

#[test]
fn a_stream_that_has_ended_is_delivered_to_its_end() {
    let outside = Outside::start(|_, _| ok(""));
    let server = server(&outside);
    let mut client = server.client();
    let (deleted, disabled) = (table(&mut client, "Music"), table(&mut client, "Other"));
    put(&mut client, "Music", "a", 1);
    put(&mut client, "Other", "a", 2);
    let rests = json!({"Enabled": false});
    let mappings = [&deleted, &disabled].map(|arn| map(&server, &mapping("f", arn, &rests)));
    client.call("DeleteTable", r#"{"TableName":"Music"}"#);
    client.call("UpdateTable", r#"{"TableName":"Other","StreamSpecification":{"StreamEnabled":false}}"#);
    for uuid in &mappings {
        assert_eq!(lambda(&server, "PUT", &format!("/{uuid}"), &json!({"Enabled": true})).status, 202);
    }
    outside.wait_for_numbers(2);
    for uuid in &mappings {
        shown(&server, uuid, |shown| {
            shown["LastProcessingResult"].as_str().unwrap().contains("The stream is disabled")
        });
        assert_eq!(lambda(&server, "DELETE", &format!("/{uuid}"), &Value::Null).status, 202);
        shown(&server, uuid, |shown| shown.get("UUID").is_none());
    }
    // Nothing new follows a stream that has ended.
    let refused = lambda(&server, "POST", "", &mapping("g", &disabled, &json!({})));
    assert!(refused.status == 400 && refused.text().contains("Stream is disabled"), "{}", refused.text());
}
