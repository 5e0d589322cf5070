//! What was known at each moment: for proofs that break the same run at many moments.

use std::sync::Arc;

/// Returns the moment, as a number that never decreases.
pub(crate) type Moment = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Something that knows what must be there, and grows by what its calls do.
pub(crate) trait Knowledge: Clone {
    type Deed: Clone;

    /// It was done.
    fn learn(&mut self, deed: Self::Deed);
    /// It may have been done.
    fn doubt(&mut self, deed: Self::Deed);
}

/// How a call ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Acknowledged,
    Refused,
    Gone,
}

/// The calls of one client, one after the other, and what was known before.
pub(crate) struct Past<K: Knowledge> {
    before: K,
    now: Moment,
    sent: u64,
    calls: Vec<Call<K::Deed>>,
}

struct Call<D> {
    /// A moment before it was sent.
    sent: u64,
    /// A moment after the answer came.
    answered: u64,
    end: End,
    deed: D,
}

impl<K: Knowledge> Past<K> {
    pub(crate) fn new(before: K, now: &Moment) -> Past<K> {
        Past { before, now: Arc::clone(now), sent: 0, calls: Vec::new() }
    }

    /// A call begins.
    pub(crate) fn begins(&mut self) {
        self.sent = (self.now)();
    }

    /// The call that began last has ended.
    pub(crate) fn ends(&mut self, end: End, deed: K::Deed) {
        let answered = if end == End::Gone { u64::MAX } else { (self.now)() };
        self.calls.push(Call { sent: self.sent, answered, end, deed });
    }

    pub(crate) fn known_at(&self, moment: u64) -> K {
        let mut known = self.before.clone();
        for call in self.calls.iter().filter(|call| call.end != End::Refused) {
            if call.answered <= moment {
                known.learn(call.deed.clone());
            } else if call.sent < moment {
                known.doubt(call.deed.clone());
            }
        }
        known
    }
}

/// The same where the past may not be recorded.
pub(super) fn begins<K: Knowledge>(past: &mut Option<Past<K>>) {
    if let Some(past) = past {
        past.begins();
    }
}

pub(super) fn ends<K: Knowledge>(past: &mut Option<Past<K>>, end: End, deed: K::Deed) {
    if let Some(past) = past {
        past.ends(end, deed);
    }
}
