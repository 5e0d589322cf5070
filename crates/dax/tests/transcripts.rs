//! Real clients, replayed: what each sent to this server with all ten operations, and that the server answers the same today.
//!
//! A transcript has the connections of one client in the order of their bytes, over a new database with one table. The ids of
//! requests, which differ, are left out of the comparison.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use api::{Exception, Operation};
use auth::iam::Transport;
use auth::{Access, Caller, SHARED_ACCOUNT, Spaces};
use aws::{Observer, RequestContext};
use base::Clock;
use bytes::Bytes;
use dax::{Advertised, Begun, CacheSettings, Client, Cluster, Endpoint, Host, Local, Record, Timeouts, serve};
use ops::allowance::MemoryBudget;
use ops::{Service, Settings};
use storage::{BoxFuture, Engine, Memory};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::watch;

const REGION: &str = "us-east-1";
const TABLE: &str = r#"{"TableName":"Table1","BillingMode":"PAY_PER_REQUEST",
    "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],
    "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"N"},
        {"AttributeName":"g","AttributeType":"S"}],
    "GlobalSecondaryIndexes":[{"IndexName":"index","KeySchema":[{"AttributeName":"g","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],
        "Projection":{"ProjectionType":"ALL"}}]}"#;
/// The size of a request's id, and the head of a text of that size.
const ID_SIZE: usize = 52;
const ID_HEAD: [u8; 2] = [0x78, ID_SIZE as u8];

struct OpenHost {
    access: Access,
    memory: Arc<MemoryBudget>,
}

impl Host for OpenHost {
    fn access(&self) -> &Access {
        &self.access
    }

    fn request_memory(&self) -> &Arc<MemoryBudget> {
        &self.memory
    }

    fn answer_memory(&self) -> &Arc<MemoryBudget> {
        &self.memory
    }

    fn begin(&self, _: Begun<'_>) -> Box<dyn Record> {
        Box::new(NoRecord)
    }
}

struct NoRecord;

impl Record for NoRecord {
    fn reserve(&mut self) -> BoxFuture<'_, Result<(), Exception>> {
        Box::pin(async { Ok(()) })
    }

    fn observer(&self) -> Option<&dyn Observer> {
        None
    }

    fn end(self: Box<Self>, _: Option<Exception>, _: usize) -> BoxFuture<'static, Result<(), Exception>> {
        Box::pin(async { Ok(()) })
    }
}

async fn endpoint() -> Arc<Endpoint> {
    let engine: Arc<dyn Engine> = Memory::new();
    let clock = Clock::system();
    let settings = Settings { region: REGION.to_owned(), ..Settings::default() };
    let service = Service::open(Arc::clone(&engine), settings, clock.clone()).await.unwrap();
    let caller = Caller {
        account: SHARED_ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        access_key: "AKIDEXAMPLE".to_owned(),
        identity: None,
        served: None,
    };
    let created = wire::handle(
        &service,
        Operation::CreateTable,
        RequestContext::from(&caller),
        Bytes::from_static(TABLE.as_bytes()),
    );
    assert_eq!(created.await.status, 200);
    while service.key_schema(&caller, "Table1").await.is_err() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let caches = CacheSettings { item_bytes_max: 1 << 20, query_bytes_max: 1 << 20, record_ttl_ms: 0, query_ttl_ms: 0 };
    let address = SocketAddr::from(([127, 0, 0, 1], 18512));
    let advertised = Some(Advertised { host: "127.0.0.1".to_owned(), address });
    let cluster = Cluster::new("stator", Arc::new(Local(service)), engine, caches, &clock);
    let node = Arc::new(cluster.add(None, advertised));
    let timeouts = Timeouts { handshake: Duration::from_secs(60), message: Duration::from_secs(60) };
    Arc::new(Endpoint { node, clock, timeouts })
}

fn connect(endpoint: &Arc<Endpoint>, stop: &watch::Sender<bool>) -> DuplexStream {
    let access = Access::Open(Spaces::Shared { region: REGION.to_owned() });
    let host = OpenHost { access, memory: MemoryBudget::new(64 << 20, Duration::from_secs(1)) };
    let client = Client {
        transport: Transport { peer: IpAddr::V4(Ipv4Addr::LOCALHOST), secure: false },
        local: SocketAddr::from(([127, 0, 0, 1], 18511)),
    };
    let (own, other) = tokio::io::duplex(1 << 20);
    tokio::spawn(serve(Arc::clone(endpoint), host, other, client, stop.subscribe()));
    own
}

/// The bytes with the ids of requests blanked.
fn without_ids(mut bytes: Vec<u8>) -> Vec<u8> {
    let mut at = 0;
    while at + 2 + ID_SIZE <= bytes.len() {
        let (head, id) = bytes[at..at + 2 + ID_SIZE].split_at_mut(2);
        if head == ID_HEAD && id.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()) {
            id.fill(b'x');
            at += 2 + ID_SIZE;
        } else {
            at += 1;
        }
    }
    bytes
}

async fn replay(name: &str, transcript: &str) {
    let endpoint = endpoint().await;
    let (stop, _stopped) = watch::channel(false);
    let mut connections: BTreeMap<&str, DuplexStream> = BTreeMap::new();
    for (at, line) in transcript.lines().enumerate().filter(|(_, line)| !line.starts_with('#')) {
        let [connection, direction, bytes] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{name}: {line}") };
        let bytes = base::unhex(bytes.as_bytes()).unwrap();
        let stream = connections.entry(connection).or_insert_with(|| connect(&endpoint, &stop));
        if direction == ">" {
            stream.write_all(&bytes).await.unwrap();
            continue;
        }
        let mut answered = vec![0; bytes.len()];
        let read = tokio::time::timeout(Duration::from_secs(10), stream.read_exact(&mut answered)).await;
        assert!(matches!(read, Ok(Ok(_))), "{name}:{}: no answer of {} bytes", at + 1, bytes.len());
        let (expected, answered) = (base::hex(&without_ids(bytes)), base::hex(&without_ids(answered)));
        assert_eq!(answered, expected, "{name}:{}", at + 1);
    }
    assert!(connections.len() > 1, "{name} has one connection for its nodes and one for its requests");
}

#[tokio::test]
async fn clients_are_answered_as_they_were() {
    for (name, transcript) in [
        ("python", include_str!("transcripts/python.txt")),
        ("javascript2", include_str!("transcripts/javascript2.txt")),
        ("javascript3", include_str!("transcripts/javascript3.txt")),
        ("go", include_str!("transcripts/go.txt")),
        ("java", include_str!("transcripts/java.txt")),
    ] {
        replay(name, transcript).await;
    }
}
