//! PutItem of whole items over those that are there: plain, with a condition, and with two indexes to keep.

use api::Operation;

use super::{Driver, Seat, Unexpected};
use crate::data::Shape;

struct Put {
    seat: Seat,
    shape: Shape,
    start: Vec<u8>,
}

pub(super) fn plain(seat: Seat) -> Box<dyn Driver> {
    let start = start(&seat, Shape::Items, "");
    Box::new(Put { seat, shape: Shape::Items, start })
}

pub(super) fn conditional(seat: Seat) -> Box<dyn Driver> {
    let start = start(&seat, Shape::Items, r#","ConditionExpression":"attribute_exists(pk)""#);
    Box::new(Put { seat, shape: Shape::Items, start })
}

pub(super) fn indexed(seat: Seat) -> Box<dyn Driver> {
    let start = start(&seat, Shape::Indexed, "");
    Box::new(Put { seat, shape: Shape::Indexed, start })
}

pub(super) fn streamed(seat: Seat) -> Box<dyn Driver> {
    let start = start(&seat, Shape::Streamed, "");
    Box::new(Put { seat, shape: Shape::Streamed, start })
}

impl Driver for Put {
    fn request(&mut self, body: &mut Vec<u8>) -> Operation {
        let key = self.seat.chance.below(self.seat.data.keys);
        push(&mut self.seat, self.shape, &self.start, key, body)
    }

    fn check(&mut self, _reply: &[u8]) -> Result<(), Unexpected> {
        // The status says it all.
        Ok(())
    }
}

/// A request up to its item, with further members.
pub(super) fn start(seat: &Seat, shape: Shape, members: &str) -> Vec<u8> {
    format!(r#"{{"TableName":"{}"{members},"Item":"#, seat.data.table(shape)).into_bytes()
}

pub(super) fn push(seat: &mut Seat, shape: Shape, start: &[u8], key: u64, body: &mut Vec<u8>) -> Operation {
    body.extend_from_slice(start);
    seat.data.push_item(shape, key, &mut seat.chance, body);
    body.push(b'}');
    Operation::PutItem
}
