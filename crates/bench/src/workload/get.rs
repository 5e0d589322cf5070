//! GetItem of any item, all equally likely.

use api::Operation;

use super::{Driver, DriverState, Unexpected};
use crate::data::{Shape, push_key};
use crate::reply;

struct Get {
    state: DriverState,
    start: Vec<u8>,
}

pub(super) fn driver(state: DriverState) -> Box<dyn Driver> {
    let start = start(&state, Shape::Items);
    Box::new(Get { state, start })
}

pub(super) fn of_expiring(state: DriverState) -> Box<dyn Driver> {
    let start = start(&state, Shape::Expiring);
    Box::new(Get { state, start })
}

impl Driver for Get {
    fn request(&mut self, body: &mut Vec<u8>) -> Operation {
        let key = self.state.chance.below(self.state.data.keys);
        push(&self.start, key, body)
    }

    fn check(&mut self, reply: &[u8]) -> Result<(), Unexpected> {
        check(&self.state, reply)
    }
}

/// A request up to its key.
pub(super) fn start(state: &DriverState, shape: Shape) -> Vec<u8> {
    let (table, consistency) = (state.data.table(shape), state.data.consistency);
    format!(r#"{{"TableName":"{table}"{consistency},"Key":{{"pk":{{"S":""#).into_bytes()
}

pub(super) fn push(start: &[u8], key: u64, body: &mut Vec<u8>) -> Operation {
    body.extend_from_slice(start);
    push_key(key, body);
    body.extend_from_slice(br#""}}}"#);
    Operation::GetItem
}

pub(super) fn check(state: &DriverState, reply: &[u8]) -> Result<(), Unexpected> {
    match reply::contains(reply, "Item") && reply.len() > state.data.value_size {
        true => Ok(()),
        false => Err("GetItem did not give the whole item"),
    }
}
