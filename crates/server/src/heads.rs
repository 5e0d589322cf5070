//! What heads of HTTP/2 hold in memory while their requests wait: for a body, for memory, for a turn.
//!
//! A connection has many of them at once, each as large as the limit lets it be, and none of its caller is proven. So heads count for
//! their connection: [`FREE_BYTES_MAX`] are free, and each head beyond them needs a share of the memory for requests, which it
//! gets, as a large body does, only if it may be a known caller's.
//!
//! h2's fields are parts of what it has read from the socket: a short one retains all of it. A head is copied out of it once.

use std::sync::Arc;

use hyper::Uri;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use ops::allowance::{Exhausted, MemoryBudget};

use crate::connection_states::{ConnectionState, Held};

/// What one connection has without a share: more than thirty heads as SDKs send them. Unit: bytes.
const FREE_BYTES_MAX: usize = 64 * 1024;
/// An entry of the map, with what the allocator takes for its texts. Unit: bytes.
const FIELD_BYTES: usize = 160;

/// A head, counted on its connection until this is dropped.
pub(crate) struct HeldHead {
    state: Arc<ConnectionState>,
    bytes: usize,
    is_beyond: bool,
    share: Option<Held>,
}

impl HeldHead {
    pub(crate) fn new(state: &Arc<ConnectionState>, bytes: usize) -> HeldHead {
        let is_beyond = state.add_heads(bytes) > FREE_BYTES_MAX;
        HeldHead { state: Arc::clone(state), bytes, is_beyond, share: None }
    }

    pub(crate) fn needs_share(&self) -> bool {
        self.is_beyond
    }

    /// Takes memory for it. A head does not wait: those that wait would be there.
    ///
    /// # Errors
    /// [`Exhausted`] if there is none now.
    pub(crate) fn take_share(&mut self, memory: &Arc<MemoryBudget>) -> Result<(), Exhausted> {
        let share = memory.try_share(self.state.peer(), self.bytes)?;
        self.share = Some(Held::new(share, &self.state));
        Ok(())
    }
}

impl Drop for HeldHead {
    fn drop(&mut self) {
        self.state.drop_heads(self.bytes);
    }
}

/// Copies a head. Returns what it takes. Unit: bytes.
pub(crate) fn detach(head: &mut Parts) -> usize {
    let mut fields = HeaderMap::with_capacity(head.headers.len());
    let mut bytes = 0;
    for (name, value) in &head.headers {
        bytes += FIELD_BYTES + name.as_str().len() + value.len();
        // Never an error: both were good before.
        if let (Ok(name), Ok(mut own)) = (copied(name), HeaderValue::from_bytes(value.as_bytes())) {
            own.set_sensitive(value.is_sensitive());
            fields.append(name, own);
        }
    }
    head.headers = fields;
    let uri = head.uri.to_string();
    bytes += uri.len();
    if let Ok(own) = Uri::try_from(uri) {
        head.uri = own;
    }
    bytes
}

/// A name that HTTP has is no text at all.
fn copied(name: &HeaderName) -> Result<HeaderName, hyper::header::InvalidHeaderName> {
    HeaderName::from_bytes(name.as_str().as_bytes())
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;
    use crate::transport::local;

    #[test]
    fn a_copy_is_the_same_head() {
        let request =
            Request::get("http://h:8000/p/%20?q=%2F&r").header("a", "1").header("a", "\u{e9}").header("host", "h");
        let (head, ()) = request.body(()).unwrap().into_parts();
        let mut copy = head.clone();
        let bytes = detach(&mut copy);
        assert_eq!((&copy.headers, &copy.uri, &copy.method), (&head.headers, &head.uri, &head.method));
        assert_eq!(bytes, 3 * FIELD_BYTES + "a1a\u{e9}hosth".len() + "http://h:8000/p/%20?q=%2F&r".len());
        assert_ne!(copy.headers["host"].as_bytes().as_ptr(), head.headers["host"].as_bytes().as_ptr());
    }

    #[test]
    fn heads_count_until_they_are_dropped() {
        let state = ConnectionState::new(local());
        let memory = MemoryBudget::new(64 * 1024, std::time::Duration::ZERO);
        let half = || HeldHead::new(&state, FREE_BYTES_MAX / 2);
        let (first, second, mut third) = (half(), half(), half());
        assert_eq!([&first, &second, &third].map(HeldHead::needs_share), [false, false, true]);
        third.take_share(&memory).unwrap();
        let (mut fourth, mut fifth) = (half(), half());
        fourth.take_share(&memory).unwrap();
        assert_eq!((fifth.take_share(&memory), memory.bytes_used()), (Err(Exhausted), 64 * 1024));
        drop((first, second, third, fourth, fifth));
        assert_eq!(memory.bytes_used(), 0);
        assert!(!half().needs_share());
    }
}
