//! Nine reads to one write, with few keys that get most of both.

use api::Operation;

use super::{Driver, Seat, Unexpected, get, put};
use crate::data::Shape;

const REQUESTS_PER_WRITE: u64 = 10;

struct Mixed {
    seat: Seat,
    get: Vec<u8>,
    put: Vec<u8>,
    reads: bool,
}

pub(super) fn driver(seat: Seat) -> Box<dyn Driver> {
    let (get, put) = (get::start(&seat, Shape::Items), put::start(&seat, Shape::Items, ""));
    Box::new(Mixed { seat, get, put, reads: true })
}

impl Driver for Mixed {
    fn request(&mut self, body: &mut Vec<u8>) -> Operation {
        // Numbers that are often drawn are no neighbours to a server that spreads its keys, so they need no shuffling.
        let key = self.seat.data.zipf.draw(&mut self.seat.chance);
        self.reads = self.seat.chance.below(REQUESTS_PER_WRITE) > 0;
        match self.reads {
            true => get::push(&self.get, key, body),
            false => put::push(&mut self.seat, Shape::Items, &self.put, key, body),
        }
    }

    fn check(&mut self, reply: &[u8]) -> Result<(), Unexpected> {
        match self.reads {
            true => get::check(&self.seat, reply),
            false => Ok(()),
        }
    }
}
