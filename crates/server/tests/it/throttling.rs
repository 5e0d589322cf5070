//! `--enforce-throughput`: what a client sees beyond the throughput of its table, and what is counted.

use std::time::Instant;

use serde_json::{Value, json};

use crate::client::Client;
use crate::test_server::TestServer;

fn create_request(name: &str, throughput: &Value) -> Value {
    let mut request = json!({"TableName": name, "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]});
    request.as_object_mut().unwrap().extend(throughput.as_object().unwrap().clone());
    request
}

fn create(client: &mut Client, name: &str, throughput: &Value) {
    assert_eq!(client.call("CreateTable", &create_request(name, throughput).to_string()).status, 200);
}

/// Reads until a read is refused.
fn refusal(client: &mut Client, name: &str) -> Value {
    let key = json!({"TableName": name, "Key": {"pk": {"S": "a"}}, "ConsistentRead": true}).to_string();
    let refused = (0..20_000).map(|_| client.call("GetItem", &key)).find(|answer| answer.status != 200);
    let refused = refused.expect("a refusal");
    assert_eq!(refused.status, 400);
    refused.json()
}

#[test]
fn requests_beyond_the_throughput_are_refused() {
    let server = TestServer::in_memory().flags(["--enforce-throughput"]).start();
    let mut client = server.client();
    create(&mut client, "paid", &json!({"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 2}}));
    let maximum = json!({"MaxReadRequestUnits": 1});
    create(&mut client, "free", &json!({"BillingMode": "PAY_PER_REQUEST", "OnDemandThroughput": maximum}));

    let refused = refusal(&mut client, "paid");
    assert_eq!(refused["__type"], "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException");
    let arn = "arn:aws:dynamodb:us-east-1:000000000000:table/paid";
    let reasons = json!([{"reason": "TableReadProvisionedThroughputExceeded", "resource": arn}]);
    assert_eq!(refused["ThrottlingReasons"], reasons);
    let refused = refusal(&mut client, "free");
    assert_eq!(refused["__type"], "com.amazon.coral.availability#ThrottlingException");
    assert_eq!(refused["message"], "Throughput exceeds the maximum OnDemandThroughput configured on table or index");
    assert_eq!(refused["throttlingReasons"][0]["reason"], "TableReadMaxOnDemandThroughputExceeded");

    // The rate of writes over some time, as the client's own clock sees it.
    let put = json!({"TableName": "paid", "Item": {"pk": {"S": "a"}}}).to_string();
    let (begun, mut done) = (Instant::now(), 0);
    while begun.elapsed().as_millis() < 1_500 {
        done += u32::from(client.call("PutItem", &put).status == 200);
    }
    let given = 2.0 * (1.0 + begun.elapsed().as_secs_f64());
    assert!(done >= 4 && f64::from(done) <= given + 1.0, "{done} of {given}");

    let mut metrics = server.client();
    metrics.send(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let page = metrics.response().text();
    let event = "\nstator_throttle_events_total{reason=\"TableReadProvisionedThroughputExceeded\"} 1\n";
    assert!(page.contains(event) && page.contains("\nstator_throttled_requests_total "), "{page}");
}

#[test]
fn quotas_of_throughput_are_settings() {
    let flags = ["--table-units-max", "100", "--account-units-max", "150"];
    let server = TestServer::in_memory().flags(flags).start();
    let mut client = server.client();
    let limits = client.call("DescribeLimits", "{}").json();
    assert_eq!(
        (&limits["TableMaxReadCapacityUnits"], &limits["AccountMaxWriteCapacityUnits"]),
        (&json!(100), &json!(150))
    );
    let units = |units: i64| json!({"ProvisionedThroughput": {"ReadCapacityUnits": units, "WriteCapacityUnits": 1}});
    create(&mut client, "first", &units(100));
    for (read, expected) in [(101, "Per table maximum: 100."), (51, "Limit: 150. Requested: 51")] {
        let request = create_request("second", &units(read));
        let refused = client.call("CreateTable", &request.to_string()).json();
        assert!(refused["message"].as_str().is_some_and(|text| text.contains(expected)), "{refused}");
    }
    create(&mut client, "second", &units(50));
}
