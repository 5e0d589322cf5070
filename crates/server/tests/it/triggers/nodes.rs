//! A mapping over two servers and one PostgreSQL: one of them delivers, and the other takes over when it is killed.

use serde_json::{Value, json};
use storage_postgres::testing::PostgresServer;

use super::delivery::in_order;
use super::function::{Outside, function_error, ok};
use super::{lambda, map, put, settled, shown, table};
use crate::test_server::TestServer;

#[test]
fn another_server_takes_over_when_the_one_that_delivers_is_killed() {
    let outside = Outside::start(|_, before| if before % 5 == 4 { function_error() } else { ok("null") });
    let Some(database) = PostgresServer::shared() else { return };
    let (storage, url) = (database.database(), outside.url());
    let node = || {
        TestServer::on_database(&storage)
            .flag("--node-lease-ms", "600")
            .lambda(&url)
            .flag("--stream-shard-hours", "2s")
            .start()
    };
    let (one, other) = (node(), node());
    let arn = table(&mut one.client(), "Music");
    let body = json!({
        "FunctionName": "f", "EventSourceArn": arn, "StartingPosition": "TRIM_HORIZON", "BatchSize": 5,
        "ParallelizationFactor": 2,
    });
    let uuid = map(&one, &body);
    // The other one knows it, too.
    assert_eq!(settled(&other, &uuid)["State"], "Enabled");
    let (mut to_one, mut to_other) = (one.client(), other.client());
    for n in 0..60 {
        put(if n % 2 == 0 { &mut to_one } else { &mut to_other }, "Music", &(n % 7).to_string(), n);
    }
    outside.wait(|calls| calls.len() > 5);
    one.signal("-KILL");
    drop(one);
    (60..120).for_each(|n| put(&mut to_other, "Music", &(n % 7).to_string(), n));
    in_order(&outside.wait_for_numbers(120), 120);
    // It is changed and taken away by the one that is left.
    let path = format!("/{uuid}");
    assert_eq!(lambda(&other, "PUT", &path, &json!({"Enabled": false})).status, 202);
    assert_eq!(settled(&other, &uuid)["State"], "Disabled");
    assert_eq!(lambda(&other, "DELETE", &path, &Value::Null).status, 202);
    shown(&other, &uuid, |shown| shown.get("UUID").is_none());
    assert!(other.stop().success());
}
