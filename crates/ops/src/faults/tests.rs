//! Rules at the gate: which requests they are about, what becomes of those, and that a sequence repeats itself.

use std::sync::{Arc, Mutex};

use api::*;
use aws::{Observer, RequestContext, RequestFacts, TransportFault};
use base::Clock;
use model::Attributes;
use storage::Memory;
use tables::fixture::{item, s};

use super::*;
use crate::gate::call;
use crate::service::{Service, Settings};
use crate::tests::catalog::{attribute, caller, key, projection, simple};

const ARN: &str = "arn:aws:dynamodb:us-east-1:000000000000:table/tab";

struct Server {
    service: Arc<Service>,
}

/// What an answer's connection was asked to do.
#[derive(Default)]
struct Seen(Mutex<Vec<TransportFault>>);

impl Observer for Seen {
    fn asked(&self, _: RequestFacts) {}

    fn breaks(&self, fault: TransportFault) {
        self.0.lock().unwrap().push(fault);
    }
}

fn error(exception: Exception) -> Option<Effect> {
    let error = InjectedError { exception, reasons: Vec::new(), codes: Vec::new() };
    Some(Effect::Error(error, Moment::Before))
}

fn throttle() -> Option<Effect> {
    error(Exception::ProvisionedThroughputExceeded { reasons: Vec::new() })
}

impl Server {
    /// With the tables `tab` and `other`, of the key `pk`; `tab` has the index `by-g`.
    async fn open(rules: Vec<FaultRule>) -> Server {
        let settings = Settings { faults: Some(Arc::default()), ..Settings::default() };
        let service = Service::open(Memory::new(), settings, Clock::system()).await.unwrap();
        let index = GlobalSecondaryIndex {
            index_name: "by-g".to_owned(),
            key_schema: key(&[("g", KeyType::Hash)]),
            projection: projection(ProjectionType::All),
            on_demand_throughput: None,
            provisioned_throughput: None,
            warm_throughput: None,
        };
        let names = ["pk", "g"].map(|name| attribute(name, ScalarAttributeType::S)).to_vec();
        let indexed = CreateTableInput {
            attribute_definitions: Some(names),
            global_secondary_indexes: Some(vec![index]),
            ..simple("tab")
        };
        for table in [indexed, simple("other")] {
            service.execute::<call::CreateTable>(&caller(), table).await.unwrap();
        }
        service.faults().unwrap().add(rules).unwrap();
        Server { service }
    }

    async fn put(&self, table: &str, pk: &str) -> Result<(), Exception> {
        let request = PutItemInput { table_name: table.to_owned(), item: row(pk), ..PutItemInput::default() };
        self.service.execute::<call::PutItem>(&caller(), request).await.map(drop)
    }

    async fn get(&self, pk: &str) -> Result<bool, Exception> {
        let request = GetItemInput { table_name: "tab".to_owned(), key: row(pk), ..GetItemInput::default() };
        self.service.execute::<call::GetItem>(&caller(), request).await.map(|answer| answer.item.is_some())
    }

    async fn query_index(&self) -> Result<(), Exception> {
        let request = QueryInput {
            table_name: "tab".to_owned(),
            index_name: Some("by-g".to_owned()),
            key_condition_expression: Some("g = :g".to_owned()),
            expression_attribute_values: Some(item(&[(":g", s("user#1"))])),
            ..QueryInput::default()
        };
        self.service.execute::<call::Query>(&caller(), request).await.map(drop)
    }

    async fn transact(&self, token: &str, keys: &[&str]) -> Result<(), Exception> {
        let put = |pk: &&str| Put { table_name: "tab".to_owned(), item: row(pk), ..Put::default() };
        let items =
            keys.iter().map(|pk| TransactWriteItem { put: Some(Box::new(put(pk))), ..Default::default() }).collect();
        let request = TransactWriteItemsInput {
            transact_items: items,
            client_request_token: Some(token.to_owned()),
            ..Default::default()
        };
        self.service.execute::<call::TransactWriteItems>(&caller(), request).await.map(drop)
    }

    fn injected(&self, id: &str) -> u64 {
        self.service.faults().unwrap().list().iter().find(|armed| armed.id == id).unwrap().injected
    }
}

fn row(pk: &str) -> Attributes {
    item(&[("pk", s(pk))])
}

fn of(id: &str) -> FaultRule {
    FaultRule { id: Some(id.to_owned()), ..FaultRule::default() }
}

fn reason(exception: &Exception) -> (&str, &str) {
    let [reason] = exception.throttling_reasons() else { panic!("{exception:?}") };
    (reason.reason.as_deref().unwrap(), reason.resource.as_deref().unwrap())
}

#[tokio::test]
async fn a_rule_is_about_its_requests_only() {
    let rule = FaultRule {
        table: Some("tab".to_owned()),
        operations: vec![Operation::PutItem],
        key_prefix: Some("user#".to_owned()),
        effect: throttle(),
        ..of("a")
    };
    let server = Server::open(vec![rule]).await;
    let refused = server.put("tab", "user#1").await.unwrap_err();
    assert_eq!(reason(&refused), ("TableWriteProvisionedThroughputExceeded", ARN));
    server.put("tab", "order#1").await.unwrap();
    server.put("other", "user#1").await.unwrap();
    assert!(!server.get("user#1").await.unwrap(), "nothing was done");
    assert_eq!(server.injected("a"), 1);
    assert_eq!(server.service.faults().unwrap().stats(), [(Operation::PutItem, "error", 1)]);
    assert!(server.service.faults().unwrap().delete("a"));
    server.put("tab", "user#1").await.unwrap();
}

#[tokio::test]
async fn the_next_requests_and_then_none() {
    let rule = FaultRule { count: Some(2), effect: error(Exception::internal("injected")), ..of("a") };
    let server = Server::open(vec![rule]).await;
    for expected in [true, true, false, false] {
        assert_eq!(server.get("a").await.is_err(), expected);
    }
}

#[tokio::test]
async fn a_share_follows_from_the_seed() {
    let rule = |id: &str, seed| FaultRule { probability: 0.3, seed, effect: throttle(), ..of(id) };
    let mut sequences = Vec::new();
    for seed in [1, 1, 2] {
        let server = Server::open(vec![rule("a", seed)]).await;
        let mut sequence = Vec::new();
        for _ in 0..200 {
            sequence.push(server.get("a").await.is_err());
        }
        let share = sequence.iter().filter(|refused| **refused).count();
        assert!((30..90).contains(&share), "{share} of 200");
        sequences.push(sequence);
    }
    assert_eq!(sequences[0], sequences[1]);
    assert_ne!(sequences[0], sequences[2]);
}

#[tokio::test]
async fn the_first_rule_that_fires_is_applied() {
    let idle = FaultRule { count: Some(1), effect: error(Exception::TransactionInProgress), ..of("first") };
    let rules = vec![idle, FaultRule { effect: throttle(), ..of("second") }];
    let server = Server::open(rules).await;
    assert_eq!(server.get("a").await, Err(Exception::TransactionInProgress));
    assert_eq!(reason(&server.get("a").await.unwrap_err()), ("TableReadProvisionedThroughputExceeded", ARN));
    assert_eq!((server.injected("first"), server.injected("second")), (1, 1));
}

#[tokio::test]
async fn an_index_is_throttled_for_reads_and_for_writes() {
    let rule = FaultRule {
        index: Some("by-g".to_owned()),
        effect: error(Exception::Throttling { reasons: Vec::new() }),
        ..of("a")
    };
    let server = Server::open(vec![rule]).await;
    let index = format!("{ARN}/index/by-g");
    let refused = server.query_index().await.unwrap_err();
    assert_eq!(reason(&refused), ("IndexReadKeyRangeThroughputExceeded", index.as_str()));
    let text = "Throughput exceeds the current capacity for one or more global secondary indexes. DynamoDB is automatically \
                scaling your index so please try again shortly.";
    assert_eq!(refused.to_string(), text);
    let refused = server.put("tab", "a").await.unwrap_err();
    assert_eq!(reason(&refused), ("IndexWriteKeyRangeThroughputExceeded", index.as_str()));
    server.put("other", "a").await.unwrap();
    assert!(!server.get("a").await.unwrap());
    let faults = server.service.faults().unwrap();
    faults.reset();
    let by_key = FaultRule { key_prefix: Some("user#".to_owned()), effect: throttle(), ..of("b") };
    faults.add(vec![by_key]).unwrap();
    server.query_index().await.unwrap_err();
}

#[tokio::test]
async fn an_error_after_the_effect_is_retried_with_its_token() {
    let after = |exception| {
        let error = InjectedError { exception, reasons: Vec::new(), codes: Vec::new() };
        Some(Effect::Error(error, Moment::After))
    };
    let effect = after(Exception::internal("injected"));
    let server = Server::open(vec![FaultRule { count: Some(1), effect, ..of("a") }]).await;
    assert!(matches!(server.transact("token", &["a", "b"]).await, Err(Exception::InternalServerError(_))));
    assert!(server.get("a").await.unwrap(), "it took effect");
    server.transact("token", &["a", "b"]).await.unwrap();
    let refused = server.transact("token", &["c"]).await.unwrap_err();
    assert_eq!(refused, Exception::IdempotentParameterMismatch, "the token is known");
    // An operation that is refused by itself has its own refusal, and the rule has not fired.
    let faults = server.service.faults().unwrap();
    faults.reset();
    faults.add(vec![FaultRule { count: Some(1), effect: after(Exception::TransactionInProgress), ..of("b") }]).unwrap();
    assert_eq!(server.transact("token", &["c"]).await, Err(Exception::IdempotentParameterMismatch));
    assert_eq!(server.injected("b"), 0);
    assert_eq!(server.put("tab", "c").await, Err(Exception::TransactionInProgress));
}

#[tokio::test]
async fn a_cancelled_transaction_has_a_reason_for_each_action() {
    let canceled = |codes: &[&str]| {
        let codes = codes.iter().map(|code| (*code).to_owned()).collect();
        let exception = Exception::TransactionCanceled { reasons: Vec::new() };
        Some(Effect::Error(InjectedError { exception, reasons: Vec::new(), codes }, Moment::Before))
    };
    let of_key = FaultRule {
        key_prefix: Some("b".to_owned()),
        count: Some(1),
        effect: canceled(&["TransactionConflict"]),
        ..of("a")
    };
    let listed = FaultRule { effect: canceled(&["ThrottlingError", "None"]), ..of("b") };
    let server = Server::open(vec![of_key, listed]).await;
    server.put("tab", "b").await.unwrap();
    for expected in ["[None, TransactionConflict, None]", "[ThrottlingError, None, None]"] {
        let refused = server.transact("token", &["a", "b", "c"]).await.unwrap_err();
        let Exception::TransactionCanceled { reasons } = &refused else { panic!("{refused:?}") };
        assert!(refused.to_string().ends_with(expected), "{refused}");
        assert!(reasons.iter().all(|one| one.message.is_some() == (one.code.as_deref() != Some("None"))));
    }
}

#[tokio::test]
async fn a_share_of_a_batch_is_left_out() {
    let rule = |share| FaultRule { effect: Some(Effect::Unprocessed(share)), ..of("a") };
    let server = Server::open(vec![rule(0.5)]).await;
    let writes = |count: usize| {
        let put = |at: usize| PutRequest { item: row(&at.to_string()) };
        let writes = (0..count).map(|at| WriteRequest { put_request: Some(Box::new(put(at))), delete_request: None });
        writes.collect::<Vec<WriteRequest>>()
    };
    let request_items = [("other".to_owned(), writes(1)), ("tab".to_owned(), writes(2))].into();
    let request = BatchWriteItemInput { request_items, ..Default::default() };
    let answer = server.service.execute::<call::BatchWriteItem>(&caller(), request).await.unwrap();
    let left = answer.unprocessed_items.unwrap();
    assert_eq!(left.iter().map(|(name, writes)| (name.as_str(), writes.len())).collect::<Vec<_>>(), [("tab", 2)]);
    let get = |names: &[&str]| {
        let keys = vec![row("0"), row("1")];
        let asked = |name: &&str| (name.to_string(), KeysAndAttributes { keys: keys.clone(), ..Default::default() });
        BatchGetItemInput { request_items: names.iter().map(asked).collect(), ..Default::default() }
    };
    let faults = server.service.faults().unwrap();
    faults.reset();
    faults.add(vec![rule(1.0)]).unwrap();
    let request = get(&["other", "tab"]);
    let answer = server.service.execute::<call::BatchGetItem>(&caller(), request).await.unwrap();
    assert_eq!(answer.responses.unwrap()["other"], [row("0").into()], "one is always processed");
    let left = answer.unprocessed_keys.unwrap();
    let left: Vec<_> = left.iter().map(|(name, asked)| (name.as_str(), asked.keys.len())).collect();
    assert_eq!(left, [("other", 1), ("tab", 2)]);
    // A batch of one item has no part that could be left out, and no other operation has parts.
    let one = BatchWriteItemInput { request_items: [("tab".to_owned(), writes(1))].into(), ..Default::default() };
    let answer = server.service.execute::<call::BatchWriteItem>(&caller(), one).await.unwrap();
    assert!(answer.unprocessed_items.unwrap().is_empty());
    assert_eq!(server.injected("a"), 1);
}

#[tokio::test]
async fn answers_break_on_their_way() {
    let before = FaultRule { count: Some(1), effect: Some(Effect::DropConnection(Moment::Before)), ..of("a") };
    let after = FaultRule { count: Some(1), effect: Some(Effect::DropConnection(Moment::After)), ..of("b") };
    let wrong = FaultRule { count: Some(1), effect: Some(Effect::WrongCrc32), ..of("c") };
    let server = Server::open(vec![before, after, wrong]).await;
    let mut expected = Vec::new();
    for (fault, is_made) in [
        (TransportFault::DropConnection, false),
        (TransportFault::DropConnection, true),
        (TransportFault::WrongCrc32, true),
    ] {
        let (seen, caller) = (Seen::default(), caller());
        let pk = format!("{}", expected.len());
        let request = PutItemInput { table_name: "tab".to_owned(), item: row(&pk), ..PutItemInput::default() };
        let context = RequestContext { caller: &caller, observer: Some(&seen) };
        let _ = server.service.execute::<call::PutItem>(context, request).await;
        assert_eq!(*seen.0.lock().unwrap(), [fault]);
        expected.push(is_made);
    }
    for (at, is_made) in expected.into_iter().enumerate() {
        assert_eq!(server.get(&at.to_string()).await, Ok(is_made));
    }
}

#[tokio::test(start_paused = true)]
async fn a_delay_does_not_change_the_answer() {
    let latency = Some(Latency::Uniform { ms: 2_000, jitter_ms: 0 });
    let server = Server::open(vec![FaultRule { latency, ..of("a") }]).await;
    let begun = tokio::time::Instant::now();
    server.put("tab", "a").await.unwrap();
    assert_eq!(begun.elapsed().as_millis(), 2_000);
    assert_eq!(server.service.faults().unwrap().stats(), [(Operation::PutItem, "latency", 1)]);
}

#[test]
fn rules_are_bounded_and_have_names_of_their_own() {
    let faults = Faults::default();
    let delay = || FaultRule { latency: Some(Latency::Uniform { ms: 1, jitter_ms: 0 }), ..FaultRule::default() };
    let named = faults.add(vec![delay(), FaultRule { id: Some("rule-2".to_owned()), ..delay() }, delay()]).unwrap();
    let ids: Vec<&str> = named.iter().map(|armed| armed.id.as_str()).collect();
    assert_eq!(ids, ["rule-1", "rule-2", "rule-3"]);
    assert_eq!(
        faults.add(vec![delay(), FaultRule { id: Some("rule-1".to_owned()), ..delay() }]),
        Err(AddError::SameId(1))
    );
    assert_eq!(faults.list().len(), 3);
    assert_eq!(faults.add((0..RULES_MAX - 2).map(|_| delay()).collect()), Err(AddError::TooMany));
    assert_eq!((faults.reset(), faults.list().len()), (3, 0));
}
