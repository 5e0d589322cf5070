//! BatchWriteItem that puts 25 items, the most that one request may hold, all over the table.

use api::Operation;

use super::batch_get::spread;
use super::{Driver, DriverState, Unexpected};
use crate::chance::Chance;
use crate::data::{Data, Shape};
use crate::reply;

pub(crate) const BATCH_ITEMS: u64 = 25;

struct BatchWrite {
    state: DriverState,
}

pub(super) fn driver(state: DriverState) -> Box<dyn Driver> {
    Box::new(BatchWrite { state })
}

impl Driver for BatchWrite {
    fn request(&mut self, body: &mut Vec<u8>) -> Operation {
        let keys = spread(&mut self.state, BATCH_ITEMS);
        push(&self.state.data, Shape::Items, keys, &mut self.state.chance, body)
    }

    fn check(&mut self, reply: &[u8]) -> Result<(), Unexpected> {
        check(reply)
    }
}

/// A request that puts the items of these numbers. The filling of tables sends it too.
pub(crate) fn push(
    data: &Data,
    shape: Shape,
    items: impl Iterator<Item = u64>,
    chance: &mut Chance,
    body: &mut Vec<u8>,
) -> Operation {
    body.extend_from_slice(format!(r#"{{"RequestItems":{{"{}":["#, data.table(shape)).as_bytes());
    for (at, item) in items.enumerate() {
        if at > 0 {
            body.push(b',');
        }
        body.extend_from_slice(br#"{"PutRequest":{"Item":"#);
        data.push_item(shape, item, chance, body);
        body.extend_from_slice(b"}}");
    }
    body.extend_from_slice(b"]}}");
    Operation::BatchWriteItem
}

pub(crate) fn check(reply: &[u8]) -> Result<(), Unexpected> {
    match reply::is_empty(reply, "UnprocessedItems") {
        true => Ok(()),
        false => Err("BatchWriteItem left items unprocessed"),
    }
}
