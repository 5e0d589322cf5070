//! Nine reads to one write, with few keys that get most of both.

use api::Operation;

use super::{Driver, DriverState, Unexpected, get, put};
use crate::data::Shape;

const REQUESTS_PER_WRITE: u64 = 10;

struct Mixed {
    state: DriverState,
    get: Vec<u8>,
    put: Vec<u8>,
    reads: bool,
}

pub(super) fn driver(state: DriverState) -> Box<dyn Driver> {
    let (get, put) = (get::start(&state, Shape::Items), put::start(&state, Shape::Items, ""));
    Box::new(Mixed { state, get, put, reads: true })
}

impl Driver for Mixed {
    fn request(&mut self, body: &mut Vec<u8>) -> Operation {
        // Numbers that are often drawn are no neighbours to a server that spreads its keys, so they need no shuffling.
        let key = self.state.data.zipf.draw(&mut self.state.chance);
        self.reads = self.state.chance.below(REQUESTS_PER_WRITE) > 0;
        match self.reads {
            true => get::push(&self.get, key, body),
            false => put::push(&mut self.state, Shape::Items, &self.put, key, body),
        }
    }

    fn check(&mut self, reply: &[u8]) -> Result<(), Unexpected> {
        match self.reads {
            true => get::check(&self.state, reply),
            false => Ok(()),
        }
    }
}
