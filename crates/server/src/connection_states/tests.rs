//! Which connections are evicted, and which stay.

use std::net::SocketAddr;

use super::*;
use crate::transport::{local, transport};

/// A connection that has been there for a while; nothing is slept for.
fn state(waited: Duration) -> Arc<ConnectionState> {
    let state = Arc::into_inner(ConnectionState::new(local())).expect("one owner");
    let opened = Instant::now().checked_sub(waited).expect("the machine runs for longer");
    Arc::new(ConnectionState { opened, ..state })
}

fn memory() -> Arc<MemoryBudget> {
    MemoryBudget::new(1 << 20, Duration::ZERO)
}

/// An address that has no connections.
fn other() -> Peer {
    Peer::of(std::net::IpAddr::from([192, 0, 2, 1]))
}

fn is_evicted(state: &ConnectionState) -> bool {
    state.run().is_none()
}

#[test]
fn the_longest_idle_connection_is_evicted_first() {
    let counts = Arc::new(Connections::default());
    let states = ConnectionStates::new(Arc::clone(&counts));
    let all = [20, 40, 30, 0].map(|waited| state(Duration::from_secs(waited)));
    let registration: Vec<Registration> = all.iter().map(|state| states.register(state)).collect();
    let is_gone = || [0, 1, 2, 3].map(|at: usize| all[at].running.load(Ordering::Relaxed) == EVICTED);
    // The oldest works, and so stays; when it is done it waits anew.
    let running = all[1].run().expect("it may");
    running.0.used();
    states.evict_one(all[0].peer());
    assert_eq!(is_gone(), [false, false, true, false]);
    states.evict_one(all[0].peer());
    assert_eq!(is_gone(), [true, false, true, false]);
    drop(running);
    // One has only come, the other has only ended its work.
    states.evict_one(all[0].peer());
    assert_eq!(is_gone(), [true, false, true, false]);
    assert_eq!(counts.evicted_idle.load(Ordering::Relaxed), 2);
    assert!(is_evicted(&all[0]), "nothing begins any more");
    drop(registration);
    assert!(states.taken.lock().states.is_empty());
}

#[test]
fn only_slow_connections_with_memory_are_stuck() {
    let look = |state: &ConnectionState, moved: usize| {
        state.moved(moved);
        state.is_stuck(SLOW_BYTES_PER_SECOND)
    };
    let state = state(Duration::ZERO);
    assert!((0..5).all(|_| !look(&state, 0)), "it holds nothing");
    let held = Held::new(memory().try_share(state.peer(), 1024).expect("room"), &state);
    let enough = usize::try_from(SLOW_BYTES_PER_SECOND).expect("a size");
    assert!((0..5).all(|_| !look(&state, enough)), "it moves");
    let running = state.run().expect("it may");
    assert!((0..5).all(|_| !look(&state, 0)), "it works");
    drop(running);
    assert_eq!([enough, 1, 1, 1].map(|moved| look(&state, moved)), [false, false, false, true]);
    drop(held);
    assert!(!look(&state, 0));
}

#[test]
fn evicted_connections_are_notified() {
    let states = ConnectionStates::new(Arc::default());
    let state = state(Duration::from_secs(9));
    let _registration = states.register(&state);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("runtime");
    states.evict_one(other());
    runtime.block_on(state.evicted());
}

fn of(address: [u8; 4], waited: u64) -> Arc<ConnectionState> {
    let state =
        Arc::into_inner(ConnectionState::new(transport(SocketAddr::from((address, 1)), false))).expect("one owner");
    let opened = Instant::now().checked_sub(Duration::from_secs(waited)).expect("the machine runs for longer");
    Arc::new(ConnectionState { opened, ..state })
}

/// One address has most connections, all younger than another's: it loses one, and not the other.
#[test]
fn the_address_with_most_connections_makes_room() {
    let states = ConnectionStates::new(Arc::default());
    let quiet = of([127, 0, 0, 1], 600);
    let crowd: Vec<Arc<ConnectionState>> = [30, 50, 40].map(|waited| of([127, 0, 0, 2], waited)).into();
    let registration: Vec<Registration> = crowd.iter().chain([&quiet]).map(|state| states.register(state)).collect();
    states.evict_one(Peer::of([127, 0, 0, 2].into()));
    assert!(is_evicted(&crowd[1]) && !is_evicted(&quiet));
    // Of an address that has most, connections that have just come go before those of others.
    let fresh: Vec<Arc<ConnectionState>> = (0..9).map(|_| of([127, 0, 0, 3], 0)).collect();
    let _more: Vec<Registration> = fresh.iter().map(|state| states.register(state)).collect();
    let gone = || fresh.iter().filter(|state| state.running.load(Ordering::Relaxed) == EVICTED).count();
    states.evict_one(Peer::of([127, 0, 0, 3].into()));
    assert_eq!((gone(), is_evicted(&crowd[2]), is_evicted(&quiet)), (1, false, false));
    drop(registration);
    // With no others, they are given a moment, unless the newcomer's address has far fewer.
    states.evict_one(Peer::of([127, 0, 0, 3].into()));
    assert_eq!(gone(), 1);
    states.evict_one(other());
    assert_eq!(gone(), 2);
}

#[test]
fn an_address_may_have_so_many() {
    let counts = Arc::new(Connections::default());
    let states = ConnectionStates::new(Arc::clone(&counts));
    let (one, two) = (of([127, 0, 0, 2], 30), of([127, 0, 0, 2], 60));
    let registration = [&one, &two].map(|state| states.register(state));
    assert!(states.admit(other(), 2) && states.admit(one.peer(), 3));
    assert_eq!(counts.evicted_address.load(Ordering::Relaxed), 0);
    assert!(states.admit(one.peer(), 2), "the idle one goes");
    assert!(is_evicted(&two));
    let running = one.run().expect("it may");
    assert!(!states.admit(one.peer(), 2), "the other one is in use");
    drop((running, registration));
    assert!(states.admit(one.peer(), 1) && states.taken.lock().of_peer.is_empty());
}

/// What needs no credentials does not keep a connection.
#[test]
fn only_operations_of_known_callers_are_a_use() {
    let states = ConnectionStates::new(Arc::default());
    let (asks, calls) = (state(Duration::from_secs(60)), state(Duration::from_secs(60)));
    let _registration = [&asks, &calls].map(|state| states.register(state));
    for _ in 0..3 {
        let request = asks.request();
        drop((asks.run().expect("it may"), request));
    }
    let request = calls.request();
    let running = calls.run().expect("it may");
    calls.used();
    drop((running, request));
    let now = Instant::now();
    assert!(asks.idle_since() < calls.idle_since());
    // Its first request was given a moment to arrive, the later ones are not.
    assert!(!asks.is_settled(now) && asks.is_settled(now + SETTLED));
    let unsettled_ms = asks.unsettled_since_ms.load(Ordering::Relaxed);
    drop(asks.request());
    assert_eq!(asks.unsettled_since_ms.load(Ordering::Relaxed), unsettled_ms);
    assert!(calls.may_unsettle.load(Ordering::Relaxed));
}

#[test]
fn what_waits_for_memory_is_not_stuck() {
    let memory = MemoryBudget::new(1 << 20, Duration::from_secs(600));
    let state = state(Duration::ZERO);
    let mut held = Held::new(memory.try_share(state.peer(), 1024).expect("room"), &state);
    let other = memory.try_share(other(), (1 << 20) - 1024).expect("room");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    runtime.block_on(async {
        // The first overdraws, and the second waits.
        let mut first = memory.nothing(state.peer());
        first.resize(1024);
        first.grow(2048).await.expect("it overdraws");
        let waiting = held.grow(2048);
        let look = async {
            while memory.waiting() == 0 {
                tokio::task::yield_now().await;
            }
            let stuck = (0..5).any(|_| state.is_stuck(SLOW_BYTES_PER_SECOND));
            drop((first, other));
            stuck
        };
        let (grown, stuck) = tokio::join!(waiting, look);
        assert!(grown.is_ok() && !stuck);
    });
    assert_eq!([0, 0, 0].map(|_| state.is_stuck(SLOW_BYTES_PER_SECOND)), [false, false, true]);
}

/// Of an address that holds more than its share while another one waits, connections must move faster.
#[test]
fn an_address_that_holds_too_much_is_held_to_more() {
    let memory = MemoryBudget::new(1 << 20, Duration::from_secs(600));
    let states = ConnectionStates::new(Arc::default());
    let (crowd, other) = (of([127, 0, 0, 2], 60), of([127, 0, 0, 3], 60));
    let _registration = [&crowd, &other].map(|state| states.register(state));
    let share = |state: &Arc<ConnectionState>, kib: usize| {
        Held::new(memory.try_share(state.peer(), kib * 1024).expect("room"), state)
    };
    let (_most, few) = (share(&crowd, 800), share(&other, 224));
    let slow = usize::try_from(SLOW_BYTES_PER_SECOND).expect("a size");
    let look = || {
        [&crowd, &other].iter().for_each(|state| state.moved(slow));
        states.evict_stuck(&[Arc::clone(&memory)]);
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    runtime.block_on(async {
        let waiting = |peer| {
            let memory = Arc::clone(&memory);
            tokio::spawn(async move { memory.share(peer, 1024).await.is_ok() })
        };
        let until = async |count| {
            while memory.waiting() < count {
                tokio::task::yield_now().await;
            }
        };
        // While it alone waits, it may have everything.
        let own = waiting(crowd.peer());
        until(1).await;
        (0..5).for_each(|_| look());
        assert!(!is_gone(&crowd) && !is_gone(&other));
        let others = waiting(other.peer());
        until(2).await;
        (0..SLOW_LOOKS).for_each(|_| look());
        assert!(is_gone(&crowd) && !is_gone(&other));
        drop(few);
        assert!(others.await.expect("no panic") && own.await.expect("no panic"));
    });
}

fn is_gone(state: &ConnectionState) -> bool {
    state.running.load(Ordering::Relaxed) == EVICTED
}
