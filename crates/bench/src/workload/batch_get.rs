//! BatchGetItem of 100 items, the most that one request may name, from all over the table.

use api::Operation;

use super::{Driver, DriverState, Unexpected};
use crate::data::{Shape, push_key};
use crate::reply;

pub(super) const BATCH_KEYS: u64 = 100;

struct BatchGet {
    state: DriverState,
    start: Vec<u8>,
}

pub(super) fn driver(state: DriverState) -> Box<dyn Driver> {
    let (table, consistency) = (state.data.table(Shape::Items), state.data.consistency.trim_start_matches(','));
    let comma = if consistency.is_empty() { "" } else { "," };
    let start = format!(r#"{{"RequestItems":{{"{table}":{{{consistency}{comma}"Keys":["#);
    Box::new(BatchGet { state, start: start.into_bytes() })
}

impl Driver for BatchGet {
    fn request(&mut self, body: &mut Vec<u8>) -> Operation {
        body.extend_from_slice(&self.start);
        for (at, key) in spread(&mut self.state, BATCH_KEYS).enumerate() {
            body.extend_from_slice(if at == 0 { br#"{"pk":{"S":""# } else { br#",{"pk":{"S":""# });
            push_key(key, body);
            body.extend_from_slice(br#""}}"#);
        }
        body.extend_from_slice(b"]}}}");
        Operation::BatchGetItem
    }

    fn check(&mut self, reply: &[u8]) -> Result<(), Unexpected> {
        if !reply::is_empty(reply, "UnprocessedKeys") {
            return Err("BatchGetItem left keys unprocessed");
        }
        match reply.len() > self.state.data.value_size * BATCH_KEYS as usize {
            true => Ok(()),
            false => Err("BatchGetItem did not find all items"),
        }
    }
}

/// `count` different keys at equal distances, from a random one on. There are at least so many.
pub(super) fn spread(state: &mut DriverState, count: u64) -> impl Iterator<Item = u64> + use<> {
    let keys = state.data.keys;
    let start = state.chance.below(keys);
    (0..count).map(move |at| (start + at * (keys / count)) % keys)
}
