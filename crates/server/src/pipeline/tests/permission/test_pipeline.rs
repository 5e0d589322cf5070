//! The pipeline of a server in this process, over accounts, principals and tables, and the rows that are stored in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use auth::iam::{Policy, PolicyKind, Principal, PrincipalKind};
use auth::sigv4::{SigningKey, amz_date, hex};
use auth::{Access, Directory, Known, Principals, Refusal};
use base::Clock;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use ops::Service;
use parking_lot::Mutex;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use storage::{Consistency, Engine, Family, Memory, Row, ScanRange};
use tokio::runtime::Runtime;
use wire::DynamoDb;

use super::super::{Answered, Echo, pipeline_of};
use crate::connection_states::ConnectionState;
use crate::pipeline::Pipeline;
use crate::route::Pages;
use crate::services::Services;
use crate::transport;
use crate::web::{Web, WebArguments};

pub(super) const ACCOUNT: &str = "111111111111";
pub(super) const OTHER: &str = "222222222222";
pub(super) const REGION: &str = "us-east-1";
pub(super) const T: &str = "arn:aws:dynamodb:us-east-1:111111111111:table/TTT";
const NOW_MS: u64 = 1_700_000_000_000;
const SECRET: &str = "secret";

/// DynamoDB with identities, over an engine in memory and a clock that does not move.
pub(super) struct TestPipeline {
    runtime: Runtime,
    pub engine: Arc<Memory>,
    pub inner: Pipeline,
    keys: Arc<Keys>,
    /// Of table TTT: its stream's ARN, a shard of it and an iterator.
    pub stream: String,
    pub shard: String,
    pub iterator: String,
}

/// The principal of each access key.
#[derive(Default)]
struct Keys(Mutex<BTreeMap<String, Arc<Principal>>>);

impl Directory for Keys {
    fn known(&self, access_key: &str, token: Option<&str>, _: u64) -> Result<Known, Refusal> {
        if token.is_some() {
            return Err(Refusal::Expired);
        }
        let principal = self.0.lock().get(access_key).cloned().ok_or(Refusal::Unrecognized)?;
        Ok(Known { secret: SECRET.to_owned().into(), principal })
    }

    fn used(&self, _: &str, _: &str, _: &str, _: u64) {}
}

/// How a request is signed, or is not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Signing<'a> {
    No,
    With { key: &'a str, secret: &'a str, token: Option<&'a str> },
}

pub(super) fn by(key: &str) -> Signing<'_> {
    Signing::With { key, secret: SECRET, token: None }
}

/// What a request was answered with.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: u16,
    /// An exception's name without its namespace, or nothing.
    pub kind: String,
    pub message: String,
    pub body: Value,
}

/// A policy's document of statements.
pub(super) fn document(statements: &[Value]) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

pub(super) fn allow(action: &str, resource: &str) -> Value {
    json!({"Effect": "Allow", "Action": action, "Resource": resource})
}

pub(super) fn deny(action: &str, resource: &str) -> Value {
    json!({"Effect": "Deny", "Action": action, "Resource": resource})
}

fn principal(kind: PrincipalKind, account: &str, name: &str, policies: &[String]) -> Principal {
    let parse = |text: &String| Arc::new(Policy::parse(PolicyKind::Identity, text).expect("a policy"));
    let (arn, username) = match kind {
        PrincipalKind::Root => (format!("arn:aws:iam::{account}:root"), None),
        _ => (format!("arn:aws:iam::{account}:user/{name}"), Some(name.to_owned())),
    };
    Principal {
        kind,
        account: account.to_owned(),
        arn,
        role_arn: None,
        role_id: None,
        user_id: format!("AIDA{name}"),
        username,
        tags: BTreeMap::new(),
        context: BTreeMap::new(),
        identity_policies: policies.iter().map(parse).collect(),
        boundary: None,
        session_policies: None,
    }
}

impl TestPipeline {
    pub(super) fn new() -> TestPipeline {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let engine = Memory::new();
        let (clock, _) = Clock::manual(NOW_MS);
        let open = Service::open(engine.clone(), ops::Settings::default(), clock.clone());
        let service = runtime.block_on(open).expect("an empty database");
        service.reaches_kinesis();
        let keys = Arc::<Keys>::default();
        let inner = Pipeline {
            services: Arc::new(Services::of(vec![
                Arc::new(DynamoDb::new(&service)),
                Arc::new(DynamoDb::streams(&service)),
            ])),
            access: Arc::new(Access::Identity(Principals::new(keys.clone(), clock))),
            region: REGION.to_owned(),
            pages: Pages { operator: false, console: None },
            web: Web::new(&WebArguments::default(), false, []),
            ..pipeline_of(Echo)
        };
        let (stream, shard, iterator) = Default::default();
        let mut pipeline = TestPipeline { runtime, engine, inner, keys, stream, shard, iterator };
        for account in [ACCOUNT, OTHER] {
            pipeline.add(account, &format!("root{account}"), PrincipalKind::Root, &[]);
        }
        pipeline.furnish();
        pipeline
    }

    fn add(&self, account: &str, key: &str, kind: PrincipalKind, policies: &[String]) {
        let principal = principal(kind, account, key, policies);
        self.keys.0.lock().insert(key.to_owned(), Arc::new(principal));
    }

    /// A user with a policy of these statements, or none; its access key is its name.
    pub(super) fn user(&self, account: &str, name: &str, statements: &[Value]) {
        let policies = if statements.is_empty() { Vec::new() } else { vec![document(statements)] };
        self.add(account, name, PrincipalKind::User, &policies);
    }

    /// The tables TTT and UUU, with items, and NNN with a number for a key.
    fn furnish(&mut self) {
        for name in ["TTT", "UUU"] {
            self.root("CreateTable", &json!({
                "TableName": name, "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [
                    {"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"},
                    {"AttributeName": "g", "AttributeType": "S"}, {"AttributeName": "h", "AttributeType": "B"}],
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
                "GlobalSecondaryIndexes": [{"IndexName": "GGG", "Projection": {"ProjectionType": "ALL"},
                    "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}, {"AttributeName": "h", "KeyType": "HASH"}]}],
                "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"},
                "Tags": [{"Key": "Team", "Value": "blue"}],
            }));
            for pk in ["a", "b"] {
                let item =
                    json!({"pk": {"S": pk}, "sk": {"S": "1"}, "g": {"S": pk}, "h": {"B": "AQI="}, "x": {"S": "y"}});
                self.root("PutItem", &json!({"TableName": name, "Item": item}));
            }
        }
        self.root(
            "CreateTable",
            &json!({
                "TableName": "NNN", "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "n", "AttributeType": "N"}],
                "KeySchema": [{"AttributeName": "n", "KeyType": "HASH"}],
            }),
        );
        let table = self.root("DescribeTable", &json!({"TableName": "TTT"}));
        self.stream = table["Table"]["LatestStreamArn"].as_str().expect("a stream").to_owned();
        let described = self.root("DescribeStream", &json!({"StreamArn": self.stream}));
        let shard = &described["StreamDescription"]["Shards"][0]["ShardId"];
        self.shard = shard.as_str().expect("a shard").to_owned();
        let from = json!({"StreamArn": self.stream, "ShardId": self.shard, "ShardIteratorType": "TRIM_HORIZON"});
        let iterator = self.root("GetShardIterator", &from);
        self.iterator = iterator["ShardIterator"].as_str().expect("an iterator").to_owned();
    }

    /// What the root user of the first account is answered.
    pub(super) fn root(&self, operation: &str, body: &Value) -> Value {
        let answer = self.call(by(&format!("root{ACCOUNT}")), operation, &body.to_string());
        assert_eq!(answer.status, 200, "{operation}: {}", answer.body);
        answer.body
    }

    /// Sends a request to DynamoDB, and waits until nothing is left to be done for it.
    pub(super) fn call(&self, signing: Signing<'_>, operation: &str, body: &str) -> Answer {
        let operation = api::Operation::from_name(operation).expect("an operation");
        let target = format!("{}.{operation}", operation.service().target_prefix());
        let headers = [("content-type", "application/x-amz-json-1.0"), ("x-amz-target", target.as_str())];
        self.send(signing, "dynamodb", "POST", "/", &headers, body)
    }

    pub(super) fn send(
        &self,
        signing: Signing<'_>,
        service: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let date = String::from_utf8(amz_date(NOW_MS / 1_000).to_vec()).expect("a date");
        let mut request =
            Request::builder().method(method).uri(path).header("host", "here").header("x-amz-date", &date);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Signing::With { key, secret, token } = signing {
            let own = [("host", "here"), ("x-amz-date", date.as_str())];
            let mut signed: Vec<(&str, &str)> = own.into_iter().chain(headers.iter().copied()).collect();
            signed.sort_unstable();
            let names = signed.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
            let signed: String = signed.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
            let canonical = format!("{method}\n{path}\n\n{signed}\n{names}\n{}", digest(body));
            let (day, hashed) = (&date[..8], digest(&canonical));
            let scope = format!("{day}/{REGION}/{service}/aws4_request");
            let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{hashed}");
            let signature = hex(&SigningKey::new(secret, day, REGION, service).sign(&[text.as_bytes()]));
            let signature = String::from_utf8_lossy(&signature);
            let authorization =
                format!("AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={names}, Signature={signature}");
            request = request.header("authorization", authorization);
            if let Some(token) = token {
                request = request.header("x-amz-security-token", token);
            }
        }
        let request = request.body(Full::new(Bytes::copy_from_slice(body.as_bytes()))).expect("a request");
        let answered = self.runtime.block_on(async {
            let state = ConnectionState::new(transport::local());
            let (head, body) = self.inner.answer(request, &state).await.into_parts();
            let body = body.collect().await.expect("a body").to_bytes();
            settle().await;
            Answered { status: head.status.as_u16(), headers: head.headers, body }
        });
        answer(&answered)
    }

    /// Everything that is stored.
    pub(super) fn rows(&self) -> Vec<(Family, Row)> {
        self.runtime.block_on(async {
            let view = self.engine.view(Consistency::Strong).await.expect("a view");
            let mut rows = Vec::new();
            for family in Family::ALL {
                let range = ScanRange::whole(family, usize::MAX, usize::MAX);
                rows.extend(view.scan(&range).await.expect("rows").rows.into_iter().map(|row| (family, row)));
            }
            rows
        })
    }
}

pub(super) fn kinesis_arn(name: &str) -> String {
    format!("arn:aws:kinesis:us-east-1:111111111111:stream/{name}")
}

fn digest(text: &str) -> String {
    String::from_utf8(hex(&Sha256::digest(text).into()).to_vec()).expect("a digest")
}

fn answer(answered: &Answered) -> Answer {
    let body: Value = serde_json::from_slice(&answered.body).unwrap_or_default();
    let text = |member: &str| body.get(member).and_then(Value::as_str);
    let kind = text("__type").map(|kind| kind.rsplit('#').next().unwrap_or(kind).to_owned());
    let kind = kind.or_else(|| Some(answered.headers.get("x-amzn-errortype")?.to_str().ok()?.to_owned()));
    let message = text("message").or(text("Message")).unwrap_or_default().to_owned();
    Answer { status: answered.status, kind: kind.unwrap_or_default(), message, body }
}

/// Lets background work run as far as it can at this time.
async fn settle() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}
