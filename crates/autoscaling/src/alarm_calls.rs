//! Requests of tests to CloudWatch's own API, on the alarms of policies.

use std::sync::Arc;

use auth::Caller;
use auth::iam::Transport;
use aws::{AwsService, CLOUDWATCH, Input, Protocol, Request};
use cloudwatch::{CloudWatch, Metrics, scope};
use serde_json::Value;
use storage::{Batch, Engine, KeyUse, Mode, Reads, StorageError};

/// Calls an operation; returns the answer, which is one.
pub(crate) async fn call(
    metrics: &Arc<Metrics>,
    (account, region): (&str, &str),
    operation: &str,
    body: Value,
) -> Value {
    let caller = Caller {
        account: account.to_owned(),
        region: region.to_owned(),
        access_key: "AKIA1".to_owned(),
        identity: None,
        served: None,
    };
    let request = Request {
        operation: CLOUDWATCH.operation(operation).unwrap(),
        protocol: Protocol::AwsJson,
        caller: Some(&caller),
        observer: None,
        input: Input::Body(body.to_string().into_bytes().into()),
        request_id: "id",
        transport: Transport { peer: std::net::Ipv4Addr::LOCALHOST.into(), secure: false },
        user_agent: None,
    };
    let reply = CloudWatch::new(Arc::clone(metrics)).call(request).await;
    assert_eq!(reply.status, 200, "{operation}: {:?}", reply.body);
    serde_json::from_slice(&reply.body).unwrap_or_default()
}

/// As if an account had so many alarms.
pub(crate) async fn set_count(engine: &dyn Engine, (account, region): (&str, &str), count: u64) {
    let key = keyspace::DatabaseRow::Metric.key(&[&b"C"[..], &scope(account, region)].concat());
    let set = |_: &Reads, batch: &mut Batch| {
        batch.put(key.clone(), count.to_be_bytes().to_vec());
        Ok::<(), StorageError>(())
    };
    engine.write(Mode::Plain, &[KeyUse::write(key.clone())], set).await.unwrap().unwrap();
}
