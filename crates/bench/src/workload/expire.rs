//! BatchWriteItem that puts 25 small items with an expiry in the past, all new or long deleted: into a table with time
//! to live, which deletes them soon after, and into one without, which retains them. What the first costs others more
//! than the second is time to live's.

use api::Operation;

use super::{Driver, DriverState, Unexpected, batch_write};
use crate::data::{EXPIRY, Shape};
use crate::date;

/// Written one after the other and then again, so that a table that retains them does not grow without bound.
const KEYS: u64 = 500_000;

struct Expire {
    state: DriverState,
    shape: Shape,
    next: u64,
}

pub(super) fn lasting(state: DriverState) -> Box<dyn Driver> {
    Box::new(Expire { state, shape: Shape::Items, next: 0 })
}

pub(super) fn expiring(state: DriverState) -> Box<dyn Driver> {
    Box::new(Expire { state, shape: Shape::Expiring, next: 0 })
}

impl Driver for Expire {
    fn request(&mut self, body: &mut Vec<u8>) -> Operation {
        let expiry_s = date::now_seconds() - 1;
        let put = |at: u64| {
            let key = (self.next + at) % KEYS;
            format!(r#"{{"PutRequest":{{"Item":{{"pk":{{"S":"expiring-{key}"}},"{EXPIRY}":{{"N":"{expiry_s}"}}}}}}}}"#)
        };
        let puts: Vec<String> = (0..batch_write::BATCH_ITEMS).map(put).collect();
        self.next += batch_write::BATCH_ITEMS;
        let table = self.state.data.table(self.shape);
        body.extend_from_slice(format!(r#"{{"RequestItems":{{"{table}":[{}]}}}}"#, puts.join(",")).as_bytes());
        Operation::BatchWriteItem
    }

    fn check(&mut self, reply: &[u8]) -> Result<(), Unexpected> {
        batch_write::check(reply)
    }
}
