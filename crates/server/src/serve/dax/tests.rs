//! Sockets of a cluster that come and go under load, and the connections that one address may have.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ::dax::{CacheSettings, Request, Response, TableKey, Upstream};
use api::{Exception, GetItemOutput};
use auth::{Access, Caller, Spaces};
use aws::RequestContext;
use model::{KeyAttribute, KeySchema, KeyType};
use ops::allowance::MemoryBudget;
use storage::{BoxFuture, Memory};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::request_record::Notable;

/// A table without items.
struct Empty;

impl Upstream for Empty {
    fn table<'a>(&'a self, _: &'a Caller, _: &'a str) -> BoxFuture<'a, Result<TableKey, Exception>> {
        let hash = vec![KeyAttribute { name: "pk".to_owned(), key_type: KeyType::S }];
        Box::pin(async { Ok(TableKey { id: 1, schema: KeySchema { hash, range: Vec::new() } }) })
    }

    fn permit<'a>(&'a self, _: RequestContext<'a>, _: &'a Request) -> BoxFuture<'a, Result<(), Exception>> {
        Box::pin(async { Ok(()) })
    }

    fn execute<'a>(&'a self, _: &'a Caller, _: Request) -> BoxFuture<'a, Result<Response, Exception>> {
        Box::pin(async { Ok(Response::GetItem(GetItemOutput::default())) })
    }
}

fn listeners() -> Arc<DaxListeners> {
    let settings =
        CacheSettings { item_bytes_max: 1 << 20, query_bytes_max: 1 << 20, record_ttl_ms: 0, query_ttl_ms: 0 };
    let clock = Clock::system();
    let cluster = Cluster::new("c", Arc::new(Empty), Memory::new(), settings, &clock);
    let memory = || MemoryBudget::new(64 << 20, Duration::from_secs(1));
    let shared = DaxShared {
        access: Arc::new(Access::Open(Spaces::Shared { region: "us-east-1".to_owned() })),
        request_memory: memory(),
        answer_memory: memory(),
        notable: Notable::slower_than(None),
        traces: None,
        audit: None,
    };
    let settings = DaxSettings {
        flag: "--listen",
        connections_max: 64,
        connections_per_address_max: Some(32),
        idle_timeout: Duration::from_secs(60),
        body_timeout: Duration::from_secs(60),
        drain_timeout: Duration::from_secs(5),
    };
    DaxListeners::new(cluster, shared, None, clock, settings)
}

/// A client's connection, with answers in frames.
struct Raw(TcpStream);

impl Raw {
    async fn connect(port: u16) -> io::Result<Raw> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.write_all(b"\x67J7yne5G\x01\xf6\xa1\x69UserAgent\x61x\x00").await?;
        Ok(Raw(stream))
    }

    async fn ask(&mut self, request: &[u8]) -> io::Result<Vec<u8>> {
        self.0.write_all(request).await?;
        let mut head = [0; 8];
        self.0.read_exact(&mut head).await?;
        let [a, b, c, d, ..] = head;
        let mut body = vec![0; u32::from_be_bytes([a, b, c, d]) as usize - 8];
        self.0.read_exact(&mut body).await?;
        Ok(body)
    }

    /// The ports of the nodes, by what `endpoints` answers.
    async fn ports(&mut self) -> io::Result<Vec<u16>> {
        let answer = self.ask(b"\x01\x1a\x1b\x2b\xcf\x02").await?;
        let is_port = |window: &&[u8]| window[..2] == [3, 0x19];
        Ok(answer.windows(4).filter(is_port).map(|window| u16::from_be_bytes([window[2], window[3]])).collect())
    }

    async fn get(&mut self) -> io::Result<()> {
        let answer = self.ask(b"\x01\x1a\x0f\xb0\xcc\x6a\x46Table1\x41a\xf6").await?;
        assert_eq!(answer, [0x80, 0xf6], "a read has failed");
        Ok(())
    }
}

/// Reads from any node that it knows of, and asks the others for the nodes when one is gone, until the test is over.
async fn read_on(mut ports: Vec<u16>, seed: usize, reads: Arc<AtomicU64>, stop: Arc<AtomicBool>) {
    for at in seed.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let mut is_read = false;
        for port in ports.clone().into_iter().cycle().skip(at % ports.len()).take(ports.len()) {
            let asked = async {
                let mut raw = Raw::connect(port).await?;
                let known = raw.ports().await?;
                raw.get().await?;
                Ok::<_, io::Error>(known)
            };
            if let Ok(known) = asked.await {
                (ports, is_read) = (known, true);
                reads.fetch_add(1, Ordering::Relaxed);
                break;
            }
        }
        assert!(is_read, "no node of {ports:?} answers");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_go_on_while_nodes_are_closed_in_turn() {
    let listeners = listeners();
    let mut ports = Vec::new();
    for _ in 0..3 {
        listeners.open("127.0.0.1:0", None).await.unwrap();
    }
    for described in listeners.cluster.nodes() {
        ports.push(described.bound.unwrap().port());
    }
    let (reads, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let load: Vec<_> =
        (0..4).map(|seed| tokio::spawn(read_on(ports.clone(), seed, Arc::clone(&reads), Arc::clone(&stop)))).collect();
    let some_more = async |count: u64| {
        let target = reads.load(Ordering::Relaxed) + count;
        let waiting = async {
            while reads.load(Ordering::Relaxed) < target {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("reads have stopped");
    };
    some_more(50).await;
    for number in [1, 2] {
        assert!(listeners.close(number));
        some_more(50).await;
    }
    assert_eq!(Raw::connect(ports[2]).await.unwrap().ports().await.unwrap(), [ports[2]]);
    // And one more comes.
    listeners.open("127.0.0.1:0", None).await.unwrap();
    assert_eq!(Raw::connect(ports[2]).await.unwrap().ports().await.unwrap().len(), 2);
    stop.store(true, Ordering::Relaxed);
    for one in load {
        one.await.unwrap();
    }
    listeners.stop();
    tokio::time::timeout(Duration::from_secs(2), listeners.ended()).await.expect("connections end with the sockets");
}

#[test]
fn one_address_leaves_connections_to_others() {
    let peer = |last| Peer::of(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)));
    let slots = Arc::new(ClientSlots::new(4, None));
    let held: Vec<ClientSlot> = (0..3).map_while(|_| slots.take(peer(1))).collect();
    assert_eq!(held.len(), 2);
    let others: Vec<ClientSlot> = (2..9).map_while(|last| slots.take(peer(last))).collect();
    assert_eq!(others.len(), 2);
    drop(held);
    assert!(slots.take(peer(1)).is_some() && slots.of_addresses.lock().len() == 2);
    let one = Arc::new(ClientSlots::new(4, Some(1)));
    let _held = one.take(peer(1)).unwrap();
    assert!(one.take(peer(1)).is_none() && one.take(peer(2)).is_some());
}
