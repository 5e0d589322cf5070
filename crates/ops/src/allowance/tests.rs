//! Shares add up, and no request holds memory that it no longer needs.

use std::time::Duration;

use super::*;

const MIB: usize = 1 << 20;
fn peer(number: u8) -> Peer {
    Peer::of(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, number)))
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    runtime.block_on(future)
}

fn memory(patience_ms: u64) -> Arc<MemoryBudget> {
    MemoryBudget::new(8 * MIB as u64, Duration::from_millis(patience_ms))
}

#[test]
fn shares_come_back() {
    let memory = memory(0);
    let mut share = run(memory.share(peer(1), 6 * MIB)).expect("room");
    assert!(run(memory.share(peer(1), 3 * MIB)).is_err());
    assert_eq!((memory.bytes_used(), memory.refused(), memory.waiting()), (6 << 20, 1, 0));
    share.resize(2 * MIB);
    let other = memory.try_share(peer(1), 6 * MIB).expect("room");
    assert_eq!(memory.bytes_used(), 8 << 20);
    // More than the budget: overdrawn, so slow holders have to give way (`is_wanted`).
    assert!(!memory.is_wanted());
    share.resize(5 * MIB);
    assert!(memory.is_wanted());
    assert_eq!(memory.bytes_used(), 11 << 20);
    share.resize(4 * MIB);
    assert_eq!(memory.bytes_used(), 10 << 20);
    drop(other);
    share.resize(MIB);
    assert_eq!((memory.bytes_used(), memory.is_wanted()), (1 << 20, false));
    drop(share);
    // More than all is all.
    drop(run(memory.share(peer(1), 100 * MIB)).expect("all of it"));
    assert_eq!(memory.bytes_used(), 0);
}

#[test]
fn who_waits_is_served_when_there_is_room() {
    let memory = memory(30_000);
    run(async {
        let share = memory.share(peer(1), 8 * MIB).await.expect("room");
        let waiter = tokio::spawn({
            let memory = Arc::clone(&memory);
            async move { memory.share(peer(1), MIB).await.is_ok() }
        });
        while !memory.is_wanted() {
            tokio::task::yield_now().await;
        }
        drop(share);
        assert!(waiter.await.expect("no panic"));
    });
    assert_eq!(memory.bytes_used(), 0);
}

/// A request that stays small holds nothing; a large one holds what it asked for, then its answer's size.
#[test]
fn a_request_holds_what_it_needs() {
    let memory = memory(0);
    let allowance = Allowance::new(&memory, peer(1));
    run(allowance.scope(async {
        read(SMALL_BYTES, 4 * MIB).await.expect("small");
        assert_eq!(memory.bytes_used(), 0);
        read(1, 4 * MIB).await.expect("room");
        assert_eq!(memory.bytes_used(), 4 << 20);
        read(MIB, 4 * MIB).await.expect("already taken");
        assert_eq!(memory.bytes_used(), 4 << 20);
        // It holds some already, so it does not wait.
        assert_eq!(reserve(5 * MIB).await, Err(Exception::throttled()));
        reserve(3 * MIB).await.expect("room");
        assert_eq!(memory.bytes_used(), 7 << 20);
    }));
    let share = allowance.keep(MIB).expect("a large answer");
    assert_eq!(memory.bytes_used(), 1 << 20);
    drop(share);
    assert!(allowance.keep(100).is_none());
    assert_eq!(memory.bytes_used(), 0);
    // Work that belongs to no request needs no reservation.
    run(async { read(100 * MIB, 100 * MIB).await }).expect("free");
}

/// Only as many requests as there are CPUs have a turn at a time, and each gets one.
#[test]
fn turns_are_few() {
    let memory = memory(0);
    run(async {
        let tasks: Vec<_> = (0..50)
            .map(|_| {
                let allowance = Allowance::new(&memory, peer(1));
                tokio::spawn(async move {
                    let work = async {
                        let mut effort = Effort::default();
                        for _ in 0..20 {
                            effort.spend(SMALL_BYTES).await;
                        }
                    };
                    allowance.scope(work).await;
                    drop(allowance.keep(0));
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("no panic");
        }
        assert_eq!(in_one_go(100 * MIB, || 7), 7);
    });
}

/// A request with much work queues behind the others again after each turn.
#[test]
fn no_request_has_all_of_a_turn() {
    let memory = memory(0);
    run(async {
        // All turns but one are another's.
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let mut held = Vec::new();
        for _ in 1..cores {
            held.push(turn().await);
        }
        let log = Arc::new(Mutex::new(Vec::new()));
        let work = |number: u8| {
            let (allowance, log) = (Allowance::new(&memory, peer(number)), Arc::clone(&log));
            async move {
                let work = async {
                    let mut effort = Effort::default();
                    for _ in 0..3 {
                        effort.spend(TURN_BYTES).await;
                        log.lock().push(number);
                    }
                };
                allowance.scope(work).await;
                drop(allowance.keep(0));
            }
        };
        tokio::join!(work(1), work(2));
        assert_eq!(*log.lock(), [1, 2, 1, 2, 1, 2]);
    });
}

/// Waits until `count` requests wait.
async fn waiting(memory: &MemoryBudget, count: u64) {
    while memory.waiting() < count {
        tokio::task::yield_now().await;
    }
}

/// A request that holds some memory, and then asks for more; what it holds is dropped with its result.
fn begun(
    memory: &Arc<MemoryBudget>,
    of: u8,
    first: usize,
    then: usize,
) -> tokio::task::JoinHandle<Result<Share, Exhausted>> {
    let mut share = memory.try_share(peer(of), first).expect("room");
    tokio::spawn(async move { share.grow(then).await.map(|()| share) })
}

/// All hold a part and want more: the oldest overdraws, ends, and the next one continues.
#[test]
fn requests_that_grow_do_not_wait_for_each_other_without_end() {
    let memory = memory(600_000);
    run(async {
        let tasks: Vec<_> = (0..4).map(|_| begun(&memory, 1, 2 * MIB, 7 * MIB)).collect();
        for (at, task) in tasks.into_iter().enumerate() {
            let share = task.await.expect("no panic").expect("its turn comes");
            // One is beyond the budget at a time, by what it needs.
            assert!(memory.bytes_used() <= (8 + 5) << 20, "{at}: {}", memory.bytes_used() >> 20);
            drop(share);
        }
    });
    assert_eq!((memory.bytes_used(), memory.refused(), memory.is_wanted()), (0, 0, false));
}

#[test]
fn the_one_that_overdraws_grows_on_and_new_ones_wait() {
    let memory = memory(600_000);
    run(async {
        let first = begun(&memory, 1, 4 * MIB, 6 * MIB);
        let second = begun(&memory, 1, 4 * MIB, 6 * MIB);
        let mut first = first.await.expect("no panic").expect("it overdraws");
        waiting(&memory, 1).await;
        first.grow(8 * MIB).await.expect("without waiting");
        assert_eq!(memory.bytes_used(), 12 << 20);
        let newcomer = tokio::spawn({
            let memory = Arc::clone(&memory);
            async move { memory.share(peer(1), MIB).await.is_ok() }
        });
        waiting(&memory, 2).await;
        drop(first);
        // The older one comes first, and both fit.
        assert!(second.await.expect("no panic").is_ok());
        assert!(newcomer.await.expect("no panic"));
    });
    assert_eq!(memory.bytes_used(), 0);
}

#[test]
fn a_refused_request_gives_everything_back() {
    let memory = memory(0);
    run(async {
        let overdrawing = begun(&memory, 1, 6 * MIB, 8 * MIB).await.expect("no panic");
        drop(overdrawing.expect("room"));
        let mut first = memory.share(peer(1), 4 * MIB).await.expect("room");
        let mut second = memory.share(peer(1), 4 * MIB).await.expect("room");
        first.grow(5 * MIB).await.expect("it overdraws");
        assert_eq!(second.grow(5 * MIB).await, Err(Exhausted));
        assert_eq!((memory.bytes_used(), memory.waiting(), memory.refused()), (9 << 20, 0, 1));
        drop(second);
        assert_eq!(memory.bytes_used(), 5 << 20);
    });
    assert_eq!((memory.bytes_used(), memory.is_wanted()), (0, false));
}

/// A request is dropped while it waits, or when it has just been granted.
#[test]
fn a_request_that_ends_while_it_waits() {
    let memory = memory(600_000);
    run(async {
        let all = memory.share(peer(1), 8 * MIB).await.expect("room");
        for granted in [false, true] {
            let waiter = tokio::spawn({
                let memory = Arc::clone(&memory);
                async move { memory.share(peer(1), MIB).await.is_ok() }
            });
            waiting(&memory, 1).await;
            if granted {
                drop(all);
                waiter.abort();
                let _ = waiter.await;
                break;
            }
            waiter.abort();
            assert!(waiter.await.is_err());
            assert_eq!(memory.waiting(), 0);
        }
    });
    assert_eq!((memory.bytes_used(), memory.waiting()), (0, 0));
}

/// One peer holds everything and wants more: another one that waits comes first, until it has its half.
#[test]
fn no_peer_crowds_out_another() {
    let memory = memory(600_000);
    run(async {
        let mut held: Vec<Share> = Vec::new();
        for _ in 0..8 {
            held.push(memory.share(peer(1), MIB).await.expect("no other peer wants it"));
        }
        assert!(!memory.is_crowded_by(peer(1)));
        let queue = |of: u8| {
            let memory = Arc::clone(&memory);
            tokio::spawn(async move { memory.share(peer(of), MIB).await })
        };
        let hogs: Vec<_> = (0..3).map(|_| queue(1)).collect();
        waiting(&memory, 3).await;
        let others: Vec<_> = (0..2).map(|_| queue(2)).collect();
        waiting(&memory, 5).await;
        assert!(memory.is_crowded_by(peer(1)) && !memory.is_crowded_by(peer(2)));
        let mut served = Vec::new();
        for other in others {
            drop(held.pop());
            served.push(other.await.expect("no panic").expect("before those that came first"));
        }
        assert_eq!(memory.waiting(), 3);
        // With no other peer waiting, all of it is the first one's again.
        held.truncate(3);
        for hog in hogs {
            served.push(hog.await.expect("no panic").expect("room"));
        }
    });
    assert_eq!((memory.bytes_used(), memory.refused()), (0, 0));
}

/// One peer's requests hold everything and wait for each other, and another peer's waits for all of them.
#[test]
fn a_new_request_of_another_peer_does_not_stop_those_that_grow() {
    let memory = memory(600_000);
    run(async {
        let first = memory.share(peer(1), 4 * MIB).await.expect("room");
        let mut second = memory.share(peer(1), 4 * MIB).await.expect("room");
        let newcomer = tokio::spawn({
            let memory = Arc::clone(&memory);
            async move { memory.share(peer(2), MIB).await.is_ok() }
        });
        waiting(&memory, 1).await;
        second.grow(5 * MIB).await.expect("it overdraws");
        drop((first, second));
        assert!(newcomer.await.expect("no panic"));
    });
    assert_eq!(memory.bytes_used(), 0);
}
