//! GetItem of any item, all equally likely.

use api::Operation;

use super::{Driver, Seat, Unexpected};
use crate::data::{Shape, push_key};
use crate::reply;

struct Get {
    seat: Seat,
    start: Vec<u8>,
}

pub(super) fn driver(seat: Seat) -> Box<dyn Driver> {
    let start = start(&seat, Shape::Items);
    Box::new(Get { seat, start })
}

pub(super) fn of_expiring(seat: Seat) -> Box<dyn Driver> {
    let start = start(&seat, Shape::Expiring);
    Box::new(Get { seat, start })
}

impl Driver for Get {
    fn request(&mut self, body: &mut Vec<u8>) -> Operation {
        let key = self.seat.chance.below(self.seat.data.keys);
        push(&self.start, key, body)
    }

    fn check(&mut self, reply: &[u8]) -> Result<(), Unexpected> {
        check(&self.seat, reply)
    }
}

/// A request up to its key.
pub(super) fn start(seat: &Seat, shape: Shape) -> Vec<u8> {
    let (table, consistency) = (seat.data.table(shape), seat.data.consistency);
    format!(r#"{{"TableName":"{table}"{consistency},"Key":{{"pk":{{"S":""#).into_bytes()
}

pub(super) fn push(start: &[u8], key: u64, body: &mut Vec<u8>) -> Operation {
    body.extend_from_slice(start);
    push_key(key, body);
    body.extend_from_slice(br#""}}}"#);
    Operation::GetItem
}

pub(super) fn check(seat: &Seat, reply: &[u8]) -> Result<(), Unexpected> {
    match reply::contains(reply, "Item") && reply.len() > seat.data.value_size {
        true => Ok(()),
        false => Err("GetItem did not give the whole item"),
    }
}
