//! A value that others hold on to and that is replaced while the server runs: the operations, once all rows are.

use std::sync::Arc;

use parking_lot::RwLock;

pub(crate) struct Current<T>(Arc<RwLock<Option<Arc<T>>>>);

impl<T> Current<T> {
    pub(crate) fn get(&self) -> Option<Arc<T>> {
        self.0.read().clone()
    }

    /// Whether it is the first value.
    pub(crate) fn set(&self, value: Arc<T>) -> bool {
        // Dropped behind the lock: the value before may end what waits for the lock.
        let before = self.0.write().replace(value);
        before.is_none()
    }
}

impl<T> Clone for Current<T> {
    fn clone(&self) -> Current<T> {
        Current(Arc::clone(&self.0))
    }
}

impl<T> Default for Current<T> {
    fn default() -> Current<T> {
        Current(Arc::default())
    }
}
