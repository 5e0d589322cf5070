//! PutItem of whole items over those that are there: plain, with a condition, and with two indexes to keep.

use api::Operation;

use super::{Driver, DriverState, Unexpected};
use crate::data::Shape;

struct Put {
    state: DriverState,
    shape: Shape,
    start: Vec<u8>,
}

pub(super) fn plain(state: DriverState) -> Box<dyn Driver> {
    let start = start(&state, Shape::Items, "");
    Box::new(Put { state, shape: Shape::Items, start })
}

pub(super) fn conditional(state: DriverState) -> Box<dyn Driver> {
    let start = start(&state, Shape::Items, r#","ConditionExpression":"attribute_exists(pk)""#);
    Box::new(Put { state, shape: Shape::Items, start })
}

pub(super) fn indexed(state: DriverState) -> Box<dyn Driver> {
    let start = start(&state, Shape::Indexed, "");
    Box::new(Put { state, shape: Shape::Indexed, start })
}

pub(super) fn streamed(state: DriverState) -> Box<dyn Driver> {
    let start = start(&state, Shape::Streamed, "");
    Box::new(Put { state, shape: Shape::Streamed, start })
}

impl Driver for Put {
    fn request(&mut self, body: &mut Vec<u8>) -> Operation {
        let key = self.state.chance.below(self.state.data.keys);
        push(&mut self.state, self.shape, &self.start, key, body)
    }

    fn check(&mut self, _reply: &[u8]) -> Result<(), Unexpected> {
        // The status says it all.
        Ok(())
    }
}

/// A request up to its item, with further members.
pub(super) fn start(state: &DriverState, shape: Shape, members: &str) -> Vec<u8> {
    format!(r#"{{"TableName":"{}"{members},"Item":"#, state.data.table(shape)).into_bytes()
}

pub(super) fn push(state: &mut DriverState, shape: Shape, start: &[u8], key: u64, body: &mut Vec<u8>) -> Operation {
    body.extend_from_slice(start);
    state.data.push_item(shape, key, &mut state.chance, body);
    body.push(b'}');
    Operation::PutItem
}
