//! What unsent answers hold, and of which connection.

use std::time::Duration;

use super::*;
use crate::transport::local;

const KIB: usize = 1024;

#[test]
fn the_first_bytes_of_a_connection_are_free() {
    let state = ConnectionState::new(local());
    let first = Unsent::new(&state, 64 * KIB, None);
    assert!(!first.needs_share());
    let empty = Unsent::new(&state, 0, None);
    let second = Unsent::new(&state, 1, None);
    assert!(!empty.needs_share() && second.needs_share());
    assert!(!Unsent::new(&ConnectionState::new(local()), KIB, None).needs_share(), "another connection");
    drop((first, second));
    assert!(!Unsent::new(&state, 64 * KIB, None).needs_share(), "all is sent");
}

#[tokio::test]
async fn an_answer_beyond_holds_memory_until_it_is_sent() {
    let memory = MemoryBudget::new(100 * KIB as u64, Duration::ZERO);
    let state = ConnectionState::new(local());
    let mut unsent = Unsent::new(&state, 80 * KIB, None);
    unsent.take_share(&memory).await.expect("room");
    assert_eq!(memory.bytes_used(), 80 * KIB as u64);
    let mut other = Unsent::new(&state, 30 * KIB, None);
    assert!(other.needs_share() && other.take_share(&memory).await.is_err());
    // What must not be refused is counted all the same.
    other.overdraw(&memory);
    assert_eq!(memory.bytes_used(), 110 * KIB as u64);
    drop(other);
    // Compressed, and then in hyper's hands.
    let mut body = AnswerBody::new(Bytes::from(vec![b'x'; 10 * KIB]), unsent);
    let (requests, counted) = (state.requests(), crate::metrics::Metrics::new(&[]));
    let (at_request, _) = state.request();
    body.of_request(counted.requests.begin(), at_request);
    assert_eq!((body.size_hint().exact(), memory.bytes_used()), (Some(10 * KIB as u64), 10 * KIB as u64));
    let frame = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await;
    drop(body);
    let mut data = frame.expect("a frame").expect("no error").into_data().ok().expect("data");
    data.advance(10 * KIB - 1);
    assert_eq!((memory.bytes_used(), counted.requests.under_way()), (10 * KIB as u64, 1));
    assert_eq!(state.requests(), requests + 1);
    drop(data);
    assert_eq!((memory.bytes_used(), counted.requests.under_way(), state.requests()), (0, 0, requests));
}

/// Those that wait hold what is counted nowhere.
#[tokio::test]
async fn one_answer_of_a_connection_waits() {
    let memory = MemoryBudget::new(100 * KIB as u64, Duration::from_secs(600));
    let others = memory.try_share(ConnectionState::new(local()).peer(), 100 * KIB).expect("room");
    let state = ConnectionState::new(local());
    let mut first = Unsent::new(&state, 80 * KIB, None);
    let mut second = Unsent::new(&state, 80 * KIB, None);
    let waits = tokio::spawn({
        let memory = Arc::clone(&memory);
        async move { first.take_share(&memory).await.map(|()| first) }
    });
    while memory.waiting() == 0 {
        tokio::task::yield_now().await;
    }
    assert!(second.take_share(&memory).await.is_err(), "at once");
    drop(others);
    let first = waits.await.expect("no panic").expect("room");
    assert_eq!(memory.bytes_used(), 80 * KIB as u64);
    drop(first);
}
