//! Who has to go, and who may stay.

use super::*;
use crate::transport::local;

/// A seat that has been there for a while; nothing is slept for.
fn seat(waited: Duration) -> Arc<Seat> {
    let seat = Arc::into_inner(Seat::new(local())).expect("one owner");
    let opened = Instant::now().checked_sub(waited).expect("the machine runs for longer");
    Arc::new(Seat { opened, ..seat })
}

fn memory() -> Arc<MemoryBudget> {
    MemoryBudget::new(1 << 20, Duration::ZERO)
}

fn is_evicted(seat: &Seat) -> bool {
    seat.run().is_none()
}

#[test]
fn who_waits_longest_goes_first() {
    let counts = Arc::new(Connections::default());
    let seats = Seats::new(Arc::clone(&counts));
    let all = [20, 40, 30, 0].map(|waited| seat(Duration::from_secs(waited)));
    let sitting: Vec<Sitting> = all.iter().map(|seat| seats.sit(seat)).collect();
    let is_gone = || [0, 1, 2, 3].map(|at: usize| all[at].running.load(Ordering::Relaxed) == EVICTED);
    // The oldest works, and so stays; when it is done it waits anew.
    let running = all[1].run().expect("it may");
    seats.evict_one();
    assert_eq!(is_gone(), [false, false, true, false]);
    seats.evict_one();
    assert_eq!(is_gone(), [true, false, true, false]);
    drop(running);
    // One has only come, the other has only ended its work.
    seats.evict_one();
    assert_eq!(is_gone(), [true, false, true, false]);
    assert_eq!(counts.evicted_idle.load(Ordering::Relaxed), 2);
    assert!(is_evicted(&all[0]), "nothing begins any more");
    drop(sitting);
    assert!(seats.taken.lock().seats.is_empty());
}

#[test]
fn only_those_who_hold_memory_and_do_not_move_are_stuck() {
    let look = |seat: &Seat, moved: usize| {
        seat.moved(moved);
        seat.is_stuck()
    };
    let seat = seat(Duration::ZERO);
    assert!((0..5).all(|_| !look(&seat, 0)), "it holds nothing");
    let held = Held::new(memory().try_share(1024).expect("room"), &seat);
    let enough = usize::try_from(SLOW_BYTES_PER_SECOND).expect("a size");
    assert!((0..5).all(|_| !look(&seat, enough)), "it moves");
    let running = seat.run().expect("it may");
    assert!((0..5).all(|_| !look(&seat, 0)), "it works");
    drop(running);
    assert_eq!([enough, 1, 1, 1].map(|moved| look(&seat, moved)), [false, false, false, true]);
    drop(held);
    assert!(!look(&seat, 0));
}

#[test]
fn who_has_to_go_is_told() {
    let seats = Seats::new(Arc::default());
    let seat = seat(Duration::from_secs(9));
    let _sitting = seats.sit(&seat);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("runtime");
    seats.evict_one();
    runtime.block_on(seat.evicted());
}
