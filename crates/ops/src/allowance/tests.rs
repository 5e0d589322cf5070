//! Shares add up, and nobody holds what it no longer needs.

use std::time::Duration;

use super::*;

const MIB: usize = 1 << 20;

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
    let mut share = run(memory.share(6 * MIB)).expect("room");
    assert!(run(memory.share(3 * MIB)).is_err());
    assert_eq!((memory.bytes_used(), memory.refused(), memory.waiting()), (6 << 20, 1, 0));
    share.resize(2 * MIB);
    let other = memory.try_share(6 * MIB).expect("room");
    assert_eq!(memory.bytes_used(), 8 << 20);
    // More than there is: overdrawn, which those who hold something slowly come to feel.
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
    drop(run(memory.share(100 * MIB)).expect("all of it"));
    assert_eq!(memory.bytes_used(), 0);
}

#[test]
fn who_waits_is_served_when_there_is_room() {
    let memory = memory(30_000);
    run(async {
        let share = memory.share(8 * MIB).await.expect("room");
        let waiter = tokio::spawn({
            let memory = Arc::clone(&memory);
            async move { memory.share(MIB).await.is_ok() }
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
    let allowance = Allowance::new(&memory);
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
    // Work that is no request's asks nobody.
    run(async { read(100 * MIB, 100 * MIB).await }).expect("free");
}

/// However many work hard, only so many have a turn, and each gets one.
#[test]
fn turns_are_few() {
    let memory = memory(0);
    run(async {
        let tasks: Vec<_> = (0..50)
            .map(|_| {
                let allowance = Allowance::new(&memory);
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
