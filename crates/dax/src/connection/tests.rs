//! Clients over connections in memory: what they send in pieces, what they do not end, and what is no protocol of DAX.

use std::net::{IpAddr, Ipv4Addr};

use auth::{Access, KeyRing, SHARED_ACCOUNT, Spaces};
use ops::allowance::MemoryBudget;
use storage::{BoxFuture, Memory};
use tokio::io::DuplexStream;

use super::*;
use crate::authorize::tests::{SECRET, authorization, signed};
use crate::cbor::Writer;
use crate::cluster::Cluster;
use crate::node::CacheSettings;
use crate::upstream::{Request, Response, TableKey, Upstream};

/// An upstream without tables.
struct NoTables;

impl Upstream for NoTables {
    fn table<'a>(&'a self, caller: &'a auth::Caller, _: &'a str) -> BoxFuture<'a, Result<TableKey, Exception>> {
        // Of connections without a check, and of the key in a ring.
        assert!([SHARED_ACCOUNT, "123456789012"].contains(&caller.account.as_str()));
        Box::pin(async { Err(Exception::resource_not_found()) })
    }

    fn permit<'a>(&'a self, _: aws::RequestContext<'a>, _: &'a Request) -> BoxFuture<'a, Result<(), Exception>> {
        Box::pin(async { Ok(()) })
    }

    fn execute<'a>(&'a self, _: &'a auth::Caller, _: Request) -> BoxFuture<'a, Result<Response, Exception>> {
        Box::pin(async { Err(Exception::resource_not_found()) })
    }
}

struct TestHost {
    access: Access,
    memory: Arc<MemoryBudget>,
    /// What was begun, by caller: the account, or the key that was claimed.
    begun: Begins,
}

impl Host for TestHost {
    fn access(&self) -> &Access {
        &self.access
    }

    fn request_memory(&self) -> &Arc<MemoryBudget> {
        &self.memory
    }

    fn answer_memory(&self) -> &Arc<MemoryBudget> {
        &self.memory
    }

    fn begin(&self, request: Begun<'_>) -> Box<dyn Record> {
        self.begun.lock().push(request.caller.map(|caller| caller.account.clone()));
        Box::new(NoRecord)
    }
}

struct NoRecord;

impl Record for NoRecord {
    fn reserve(&mut self) -> BoxFuture<'_, Result<(), Exception>> {
        Box::pin(async { Ok(()) })
    }

    fn observer(&self) -> Option<&dyn aws::Observer> {
        None
    }

    fn end(self: Box<Self>, _: Option<Exception>, _: usize) -> BoxFuture<'static, Result<(), Exception>> {
        Box::pin(async { Ok(()) })
    }
}

fn open() -> Access {
    Access::Open(Spaces::Shared { region: "us-east-1".to_owned() })
}

/// A connection, and what ends it.
fn connect(access: Access) -> (DuplexStream, watch::Sender<bool>, tokio::task::JoinHandle<()>) {
    connect_recorded(access, &Arc::default())
}

/// What records saw of callers.
type Begins = Arc<parking_lot::Mutex<Vec<Result<String, Option<String>>>>>;

fn connect_recorded(
    access: Access,
    begun: &Begins,
) -> (DuplexStream, watch::Sender<bool>, tokio::task::JoinHandle<()>) {
    let settings =
        CacheSettings { item_bytes_max: 1 << 20, query_bytes_max: 1 << 20, record_ttl_ms: 0, query_ttl_ms: 0 };
    let clock = Clock::system();
    let cluster = Cluster::new("stator", Arc::new(NoTables), Memory::new(), settings, &clock);
    let node = Arc::new(cluster.add(None, None));
    let memory = MemoryBudget::new(64 << 20, Duration::from_secs(1));
    let host = TestHost { access, memory, begun: Arc::clone(begun) };
    let timeouts = Timeouts { handshake: Duration::from_millis(200), message: Duration::from_millis(500) };
    let endpoint = Arc::new(Endpoint { node, clock, timeouts });
    let client = Client {
        transport: Transport { peer: IpAddr::V4(Ipv4Addr::LOCALHOST), secure: false },
        local: SocketAddr::from(([127, 0, 0, 1], 8111)),
    };
    let (own, other) = tokio::io::duplex(1 << 20);
    let (stop, stopped) = watch::channel(false);
    (own, stop, tokio::spawn(serve(endpoint, host, other, client, stopped)))
}

fn handshake(layering: u8) -> Vec<u8> {
    [b"\x67J7yne5G", &[layering][..], b"\xf6\xa1\x69UserAgent\x61x\x00"].concat()
}

fn request(method: i64, arguments: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut out = Writer::new();
    out.int(SERVICE);
    out.int(method);
    arguments(&mut out);
    out.into_bytes()
}

fn endpoints() -> Vec<u8> {
    request(Method::Endpoints.id(), |_| {})
}

/// So many values of an answer.
async fn answer(stream: &mut DuplexStream, values: usize) -> Vec<u8> {
    let (mut all, mut scanner) = (Vec::new(), Scanner::new(1 << 20));
    for _ in 0..values {
        while !scanner.value(&all).unwrap() {
            assert_ne!(stream.read_buf(&mut all).await.unwrap(), 0, "the connection has ended: {all:?}");
        }
    }
    assert_eq!(scanner.position(), all.len());
    all
}

async fn is_closed(stream: &mut DuplexStream) -> bool {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.is_ok()
}

/// The address that the client has connected to, as the one node.
fn expected_endpoints() -> Vec<u8> {
    [
        &[0x80, 0x81, 0xa7, 0, 1, 1][..],
        b"\x69127.0.0.1",
        &[2, 0x44, 127, 0, 0, 1, 3, 0x19, 0x1f, 0xaf, 4, 1, 5],
        b"\x65local",
        &[6, 1],
    ]
    .concat()
}

#[tokio::test]
async fn requests_are_answered_however_they_arrive() {
    let (mut stream, _stop, _) = connect(open());
    for byte in [handshake(0), endpoints(), endpoints()].concat() {
        stream.write_all(&[byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    let both = [expected_endpoints(), expected_endpoints()].concat();
    let mut got = vec![0; both.len()];
    stream.read_exact(&mut got).await.unwrap();
    assert_eq!(got, both);
    // And several in one piece.
    stream.write_all(&[endpoints(), endpoints()].concat()).await.unwrap();
    stream.read_exact(&mut got).await.unwrap();
    assert_eq!(got, both);
}

#[tokio::test]
async fn with_layering_answers_are_framed() {
    let (mut stream, _stop, _) = connect(open());
    stream.write_all(&[handshake(1), endpoints()].concat()).await.unwrap();
    let expected = expected_endpoints();
    let mut got = vec![0; 8 + expected.len()];
    stream.read_exact(&mut got).await.unwrap();
    assert_eq!(got, [&[0, 0, 0, 8 + expected.len() as u8, 1, 0, 0, 0][..], &expected].concat());
}

#[tokio::test]
async fn refusals_leave_the_connection_open() {
    let (mut stream, _stop, _) = connect(open());
    let unknown = request(Method::DefineKeySchema.id(), |out| out.bytes(b"NoTable"));
    stream.write_all(&[handshake(0), unknown.clone()].concat()).await.unwrap();
    assert!(answer(&mut stream, 3).await.starts_with(&[0x85, 4, 0x18, 37, 0x18, 38, 0x18, 39, 0x18, 41]));
    stream.write_all(&unknown).await.unwrap();
    answer(&mut stream, 3).await;
    // Arguments of other types are refused, and the message's end is known.
    stream.write_all(&request(Method::DefineAttributeList.id(), |out| out.text("x"))).await.unwrap();
    assert!(answer(&mut stream, 3).await.starts_with(&[0x85, 4, 0x18, 37, 0x18, 38, 0x18, 39, 0x18, 46]));
    stream.write_all(&endpoints()).await.unwrap();
    assert_eq!(answer(&mut stream, 2).await, expected_endpoints());
}

#[tokio::test]
async fn a_list_has_its_number() {
    let (mut stream, _stop, _) = connect(open());
    // As the Java client sends it.
    let define = request(Method::DefineAttributeListId.id(), |out| {
        out.tag(crate::cbor::TAG_STRING_SET);
        out.array(2);
        out.text("n");
        out.text("x");
    });
    stream.write_all(&[handshake(0), define].concat()).await.unwrap();
    assert_eq!(answer(&mut stream, 2).await, [0x80, 2]);
    stream.write_all(&request(Method::DefineAttributeList.id(), |out| out.int(2))).await.unwrap();
    assert_eq!(answer(&mut stream, 2).await, b"\x80\x82\x61n\x61x");
}

#[tokio::test]
async fn unknown_methods_and_bytes_end_the_connection() {
    for end in [request(785_068_263, |_| {}), vec![0x1c], vec![1, 0xff], vec![0x61, b'a', 0]] {
        let (mut stream, _stop, served) = connect(open());
        stream.write_all(&[handshake(0), end].concat()).await.unwrap();
        answer(&mut stream, 3).await;
        assert!(is_closed(&mut stream).await);
        served.await.unwrap();
    }
    for other in
        [&b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..], &handshake(2), &[0x5b, 255, 255, 255, 255, 255, 255, 255, 255]]
    {
        let (mut stream, _stop, _) = connect(open());
        stream.write_all(other).await.unwrap();
        assert!(is_closed(&mut stream).await);
    }
}

#[tokio::test]
async fn slow_clients_have_deadlines_and_idle_ones_none() {
    // No handshake, and one that does not end.
    for begun in [&[][..], b"\x67J7yne5G\x00"] {
        let (mut stream, _stop, _) = connect(open());
        stream.write_all(begun).await.unwrap();
        assert!(is_closed(&mut stream).await);
    }
    // A message that does not end.
    let (mut stream, _stop, _) = connect(open());
    stream.write_all(&[&handshake(0)[..], &[1]].concat()).await.unwrap();
    assert!(is_closed(&mut stream).await);
    // Idle for longer than any deadline.
    let (mut stream, _stop, _) = connect(open());
    stream.write_all(&handshake(0)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(700)).await;
    stream.write_all(&endpoints()).await.unwrap();
    assert_eq!(answer(&mut stream, 2).await, expected_endpoints());
}

#[tokio::test]
async fn a_client_without_a_key_is_refused_and_goes() {
    let keys = "[a]\naws_access_key_id = A\naws_secret_access_key = kZ3v9Qm1TtY6hWc0RbX8sLpE2uNf\n";
    let access = || Access::Signed(KeyRing::parse(keys).unwrap(), Clock::system());
    let (mut stream, _stop, _) = connect(access());
    stream.write_all(&[handshake(0), endpoints()].concat()).await.unwrap();
    assert!(answer(&mut stream, 3).await.starts_with(&[0x84, 4, 23, 0x18, 31, 0x18, 33]));
    let foreign = request(Method::AuthorizeConnection.id(), |out| {
        out.text("B");
        out.text("00");
        out.bytes(b"AWS4-HMAC-SHA256\n20260101T000000Z\n20260101/us-east-1/dax/aws4_request\n00");
        out.null();
        out.null();
    });
    stream.write_all(&[foreign, endpoints()].concat()).await.unwrap();
    assert!(answer(&mut stream, 3).await.starts_with(&[0x84, 4, 23, 0x18, 31, 0x18, 32]));
    // It may not stay, and not send much.
    assert!(is_closed(&mut stream).await);
    let (mut stream, _stop, _) = connect(access());
    stream.write_all(&handshake(0)).await.unwrap();
    let large = request(Method::DefineKeySchema.id(), |out| out.bytes(&vec![b'a'; SMALL_MESSAGE + 1]));
    stream.write_all(&large).await.unwrap();
    answer(&mut stream, 3).await;
    assert!(is_closed(&mut stream).await);
}

#[tokio::test]
async fn large_messages_hold_memory_and_give_it_back() {
    let (mut stream, _stop, _) = connect(open());
    stream.write_all(&handshake(0)).await.unwrap();
    for _ in 0..3 {
        let large = request(Method::DefineKeySchema.id(), |out| out.bytes(&vec![b'a'; 4 << 20]));
        stream.write_all(&large).await.unwrap();
        assert!(answer(&mut stream, 3).await.starts_with(&[0x85]));
    }
    let endless = request(Method::DefineKeySchema.id(), |out| out.bytes(&vec![b'a'; MESSAGE_BYTES_MAX]));
    stream.write_all(&endless[..100]).await.unwrap();
    answer(&mut stream, 3).await;
    assert!(is_closed(&mut stream).await);
}

#[tokio::test]
async fn a_stop_ends_idle_connections() {
    let (mut stream, stop, served) = connect(open());
    stream.write_all(&[handshake(0), endpoints()].concat()).await.unwrap();
    answer(&mut stream, 2).await;
    stop.send_replace(true);
    served.await.unwrap();
    assert!(is_closed(&mut stream).await);
}

fn authorize(access_key: &str, secret: &str) -> Vec<u8> {
    let signed = authorization("dax.amazonaws.com", access_key, secret, "dax");
    request(Method::AuthorizeConnection.id(), |out| {
        out.text(&signed.access_key);
        out.text(&signed.signature);
        out.bytes(signed.string_to_sign.as_bytes());
        out.null();
        out.null();
    })
}

/// Clients authorize a connection and send their first request at once, which may be a large one.
#[tokio::test]
async fn the_first_request_of_a_known_caller_may_be_large() {
    let (mut stream, _stop, _) = connect(signed().0);
    let large = request(Method::DefineKeySchema.id(), |out| out.bytes(&vec![b'a'; 4 * SMALL_MESSAGE]));
    stream.write_all(&[handshake(0), authorize("AKID", SECRET), large].concat()).await.unwrap();
    assert!(answer(&mut stream, 3).await.starts_with(&[0x85, 4, 0x18, 37, 0x18, 38]));
    stream.write_all(&endpoints()).await.unwrap();
    assert_eq!(answer(&mut stream, 2).await, expected_endpoints());
}

/// Bytes of a next request are no reason to stay.
#[tokio::test]
async fn an_unknown_client_may_not_stay_by_sending() {
    let (mut stream, _stop, served) = connect(signed().0);
    let begun = Instant::now();
    stream.write_all(&[handshake(0), vec![1]].concat()).await.unwrap();
    let rest = request(Method::Endpoints.id(), |_| {})[1..].to_vec();
    // The rest of a request, and the first byte of the next one.
    while stream.write_all(&[&rest[..], &[1]].concat()).await.is_ok() && !served.is_finished() {
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(begun.elapsed() < Duration::from_secs(5), "the client is still there");
    }
}

#[tokio::test]
async fn a_stop_waits_for_nothing_that_has_not_arrived() {
    for begun in [&b"\x67J7yne"[..], &[&handshake(0)[..], &[1]].concat()] {
        let (mut stream, stop, served) = connect(open());
        stream.write_all(begun).await.unwrap();
        tokio::task::yield_now().await;
        stop.send_replace(true);
        let ended = tokio::time::timeout(Duration::from_millis(150), served).await;
        assert!(ended.is_ok(), "half a message was waited for");
    }
}

#[tokio::test]
async fn refused_callers_are_recorded() {
    let begun: Begins = Arc::default();
    let (mut stream, _stop, _) = connect_recorded(signed().0, &begun);
    let get = request(Method::GetItem.id(), |out| {
        out.bytes(b"Table1");
        out.bytes(b"a");
        out.null();
    });
    stream.write_all(&[handshake(0), get.clone()].concat()).await.unwrap();
    answer(&mut stream, 3).await;
    stream.write_all(&[authorize("AKID", "other"), get.clone()].concat()).await.unwrap();
    answer(&mut stream, 3).await;
    stream.write_all(&[authorize("AKID", SECRET), get].concat()).await.unwrap();
    answer(&mut stream, 3).await;
    let expected = [Err(None), Err(Some("AKID".to_owned())), Ok("123456789012".to_owned())];
    assert_eq!(*begun.lock(), expected);
}
