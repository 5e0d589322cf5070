//! What bodies hold while they arrive, and what ends them.

use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::Frame;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::*;
use crate::transport::local;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
const HANG: Duration = Duration::from_secs(600);

type Piece = io::Result<Bytes>;

/// A body that arrives as the test has it.
struct Pieces(UnboundedReceiver<Piece>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}

struct Case {
    memory: Arc<MemoryBudget>,
    state: Arc<ConnectionState>,
    headers: HeaderMap,
    body: UnboundedSender<Piece>,
    pieces: Option<UnboundedReceiver<Piece>>,
}

impl Case {
    fn new(memory: &Arc<MemoryBudget>) -> Case {
        let (body, pieces) = unbounded_channel();
        let (memory, state) = (Arc::clone(memory), ConnectionState::new(local()));
        Case { memory, state, headers: HeaderMap::new(), body, pieces: Some(pieces) }
    }

    fn gzip(mut self) -> Case {
        self.headers.insert(header::CONTENT_ENCODING, header::HeaderValue::from_static("gzip"));
        self
    }

    fn send(&self, bytes: usize) {
        self.body.send(Ok(Bytes::from(vec![b'x'; bytes]))).expect("it is read");
    }

    fn read(
        &mut self,
        admit: impl Fn(Option<&[u8]>) -> Result<(), NotAdmitted> + Send + 'static,
    ) -> tokio::task::JoinHandle<Result<RequestBody, BodyError>> {
        let reader = BodyReader::new(HANG, Arc::clone(&self.memory));
        let (headers, state) = (self.headers.clone(), Arc::clone(&self.state));
        let body = Pieces(self.pieces.take().expect("it is read once"));
        tokio::spawn(async move { reader.read(&headers, body, &state, REQUEST_SIZE_BYTES_MAX, admit).await })
    }

    /// Waits until so much is held.
    async fn holds(&self, bytes: usize) {
        while self.memory.bytes_used() != bytes as u64 {
            tokio::task::yield_now().await;
        }
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime").block_on(future)
}

fn any(_: Option<&[u8]>) -> Result<(), NotAdmitted> {
    Ok(())
}

fn gzip(bytes: &[u8]) -> Bytes {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).expect("encode");
    encoder.finish().expect("encode").into()
}

#[test]
fn a_body_holds_what_has_arrived() {
    let memory = MemoryBudget::new(64 * MIB as u64, HANG);
    run(async {
        let mut case = Case::new(&memory);
        let reading = case.read(any);
        let mut sent = 0;
        for (bytes, held) in [(64 * KIB, 0), (1, 128 * KIB), (64 * KIB, 256 * KIB), (MIB, 2 * MIB), (MIB, 4 * MIB)] {
            case.send(bytes);
            sent += bytes;
            case.holds(held).await;
        }
        drop(case.body);
        let body = reading.await.expect("no panic").expect("a body");
        assert_eq!((body.bytes.len(), body.sent.len()), (sent, sent));
    });
    assert_eq!(memory.bytes_used(), 0);
}

#[test]
fn a_small_body_holds_nothing() {
    let memory = MemoryBudget::new(1, Duration::ZERO);
    run(async {
        let _all = memory.try_share(ConnectionState::new(local()).peer(), KIB).expect("room");
        let mut case = Case::new(&memory);
        (0..64).for_each(|_| case.send(KIB));
        let reading = case.read(|_| panic!("it needs no memory"));
        drop(case.body);
        assert_eq!(reading.await.expect("no panic").expect("a body").bytes.len(), 64 * KIB);
    });
}

#[test]
fn too_large_a_body_holds_nothing_while_the_rest_is_read() {
    let memory = MemoryBudget::new(64 * MIB as u64, HANG);
    run(async {
        let mut case = Case::new(&memory);
        let reading = case.read(any);
        case.send(MIB);
        case.holds(MIB).await;
        case.send(16 * MIB);
        case.holds(0).await;
        assert!(!reading.is_finished(), "the client is still sending");
        case.send(MIB);
        drop(case.body);
        assert_eq!(reading.await.expect("no panic").err(), Some(BodyError::TooLarge));
    });
}

/// A small body becomes a large one, and is counted before it is there.
#[test]
fn what_is_decompressed_is_reserved() {
    let memory = MemoryBudget::new(64 * MIB as u64, HANG);
    run(async {
        let mut case = Case::new(&memory).gzip();
        case.body.send(Ok(gzip(&vec![b'x'; 3 * MIB]))).expect("it is read");
        let reading = case.read(any);
        drop(case.body.clone());
        let (body, _) = unbounded_channel();
        drop(std::mem::replace(&mut case.body, body));
        let body = reading.await.expect("no panic").expect("a body");
        assert_eq!((body.bytes.len(), memory.bytes_used()), (3 * MIB, 4 << 20));
        assert!(body.sent.len() < 64 * KIB);
    });
    // Where others hold everything, it is refused and gives back.
    let memory = MemoryBudget::new(MIB as u64, Duration::ZERO);
    run(async {
        let all = memory.try_share(ConnectionState::new(local()).peer(), MIB).expect("room");
        let mut case = Case::new(&memory).gzip();
        case.body.send(Ok(gzip(&vec![b'x'; 15 * MIB]))).expect("it is read");
        let reading = case.read(any);
        let (body, _) = unbounded_channel();
        drop(std::mem::replace(&mut case.body, body));
        assert_eq!(reading.await.expect("no panic").err(), Some(BodyError::NoMemory { unread: false }));
        drop(all);
        assert_eq!(memory.bytes_used(), 0);
    });
}

#[test]
fn bodies_of_gzip_that_are_none() {
    let memory = MemoryBudget::new(64 * MIB as u64, HANG);
    let whole = gzip(b"{}");
    let two = [&whole[..], &whole[..]].concat();
    let cases: [(Bytes, Result<&[u8], BodyError>); 6] = [
        (whole.clone(), Ok(b"{}")),
        (Bytes::from(two), Ok(b"{}{}")),
        (whole.slice(..whole.len() - 1), Err(BodyError::CorruptGzip)),
        (Bytes::from([&whole[..], b"more"].concat()), Err(BodyError::CorruptGzip)),
        (Bytes::from_static(b"{}"), Err(BodyError::CorruptGzip)),
        (gzip(&vec![0; 16 * MIB + 1]), Err(BodyError::TooLarge)),
    ];
    for (sent, expected) in cases {
        run(async {
            let mut case = Case::new(&memory).gzip();
            case.body.send(Ok(sent.clone())).expect("it is read");
            let reading = case.read(any);
            drop(case);
            let read = reading.await.expect("no panic").map(|body| body.bytes);
            assert_eq!(read.as_ref().map(|bytes| &bytes[..]).map_err(|error| *error), expected, "{} bytes", sent.len());
        });
    }
}

/// An unknown caller is refused when the whole body has arrived, and none of it was stored.
#[test]
fn a_stranger_s_body_is_not_stored() {
    let memory = MemoryBudget::new(64 * MIB as u64, HANG);
    run(async {
        let mut case = Case::new(&memory);
        let asked = Arc::clone(&memory);
        let reading = case.read(move |arrived| {
            assert_eq!((arrived.map(<[u8]>::len), asked.bytes_used()), (Some(64 * KIB), 0));
            Err(NotAdmitted::Caller(Refusal::Missing))
        });
        for _ in 0..100 {
            case.send(64 * KIB);
            tokio::task::yield_now().await;
            assert_eq!(memory.bytes_used(), 0);
        }
        drop(case.body);
        let body = reading.await.expect("no panic").expect("the beginning of it");
        assert_eq!(
            (body.refused, body.unread, body.bytes.len(), body.sent.len()),
            (Some(Refusal::Missing), false, 64 * KIB, 0)
        );
        // More than is read on: the connection ends with the answer.
        let mut case = Case::new(&memory);
        (0..65).for_each(|_| case.send(MIB));
        let body = case.read(|_| Err(NotAdmitted::Caller(Refusal::Missing))).await.expect("no panic").expect("some");
        assert!(body.unread && body.refused.is_some());
    });
}

#[test]
fn broken_framing_is_not_a_client_that_went_away() {
    let memory = MemoryBudget::new(64 * MIB as u64, HANG);
    for (kind, expected) in [
        (io::ErrorKind::InvalidInput, BodyError::Malformed),
        (io::ErrorKind::InvalidData, BodyError::Malformed),
        (io::ErrorKind::UnexpectedEof, BodyError::Broken),
        (io::ErrorKind::ConnectionReset, BodyError::Broken),
    ] {
        run(async {
            let mut case = Case::new(&memory);
            case.body.send(Err(kind.into())).expect("it is read");
            assert_eq!(case.read(any).await.expect("no panic").err(), Some(expected), "{kind}");
        });
    }
}

#[test]
fn names_are_in_their_places() {
    for (at, error) in BodyError::ALL.into_iter().enumerate() {
        assert_eq!(error.place(), at, "{}", error.name());
    }
}

/// What is small is shared by the requests of a connection.
#[test]
fn many_bodies_on_one_connection() {
    let memory = MemoryBudget::new(64 * MIB as u64, HANG);
    run(async {
        let mut case = Case::new(&memory);
        let state = Arc::clone(&case.state);
        let _requests: Vec<_> = (0..4).map(|_| state.request()).collect();
        let reading = case.read(any);
        for (bytes, held) in [(16 * KIB, 0), (1, 32 * KIB), (16 * KIB, 64 * KIB)] {
            case.send(bytes);
            case.holds(held).await;
        }
        drop(case.body);
        assert_eq!(reading.await.expect("no panic").expect("a body").bytes.len(), 32 * KIB + 1);
    });
}

/// A piece that waits for the next one does not keep what was read from the socket with it.
#[test]
fn pieces_that_wait_are_copied() {
    run(async {
        let mut case = Case::new(&MemoryBudget::new(MIB as u64, HANG));
        let piece = Bytes::from(vec![b'x'; 100]);
        case.body.send(Ok(piece.clone())).expect("it is read");
        let body = case.read(any);
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert!(piece.is_unique());
        case.send(10);
        drop(case);
        assert_eq!(body.await.expect("no panic").expect("a body").bytes, vec![b'x'; 110]);
    });
}
