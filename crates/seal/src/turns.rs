//! Locks by id: one holder at a time for each id, and no memory of ids that are not used. A lock has a value, which its holders pass
//! on as long as others wait.

use std::collections::HashMap;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::OwnedMutexGuard;

#[derive(Default)]
pub(crate) struct Turns<T>(Mutex<HashMap<u64, Weak<tokio::sync::Mutex<T>>>>);

/// A user of an id's lock. The last one removes the entry.
struct User<'a, T> {
    turns: &'a Turns<T>,
    id: u64,
    lock: Option<Arc<tokio::sync::Mutex<T>>>,
}

/// The lock of one id, until it is dropped.
pub(crate) struct Turn<'a, T> {
    // Dropped in this order: the guard uses the lock, too.
    guard: OwnedMutexGuard<T>,
    _user: User<'a, T>,
}

impl<T: Default> Turns<T> {
    /// Waits for the lock of an id, in the order of arrival.
    pub(crate) async fn take(&self, id: u64) -> Turn<'_, T> {
        let lock = {
            let mut locks = self.0.lock();
            let known = locks.get(&id).and_then(Weak::upgrade);
            known.unwrap_or_else(|| {
                let lock = Arc::default();
                locks.insert(id, Arc::downgrade(&lock));
                lock
            })
        };
        // Made before the wait: a caller that is dropped while it waits leaves no entry either.
        let user = User { turns: self, id, lock: Some(Arc::clone(&lock)) };
        Turn { guard: lock.lock_owned().await, _user: user }
    }
}

impl<T> Deref for Turn<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for Turn<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

impl<T> Drop for User<'_, T> {
    fn drop(&mut self) {
        // Under the lock of the entries, so that the last of several users that end at once sees a dangling entry. A caller that has
        // arrived by then has revived the entry or replaced it.
        let mut locks = self.turns.0.lock();
        self.lock = None;
        if locks.get(&self.id).is_some_and(|lock| lock.strong_count() == 0) {
            locks.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn ids_do_not_wait_for_each_other_and_leave_nothing() {
        let turns = Turns::<u8>::default();
        let Poll::Ready(mut first) = poll(pin!(turns.take(1))) else { panic!("it is free") };
        let Poll::Ready(other) = poll(pin!(turns.take(2))) else { panic!("another id is free") };
        {
            let mut gone = pin!(turns.take(1));
            assert!(poll(gone.as_mut()).is_pending());
        }
        let mut second = pin!(turns.take(1));
        assert!(poll(second.as_mut()).is_pending());
        *first = 7;
        drop(first);
        let Poll::Ready(second) = poll(second.as_mut()) else { panic!("its turn") };
        assert_eq!((*second, *other), (7, 0));
        drop((second, other));
        assert!(turns.0.lock().is_empty());
    }
}
