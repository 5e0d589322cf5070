//! UpdateItem that counts: ADD 1 to a number of any item, or all connections to that of one.

use api::Operation;

use super::{Driver, DriverState, Unexpected};
use crate::data::{Shape, push_key};

struct Update {
    state: DriverState,
    start: Vec<u8>,
    /// Of this many items; of 1 if it is hot.
    keys: u64,
}

pub(super) fn driver(state: DriverState) -> Box<dyn Driver> {
    let keys = state.data.keys;
    of(state, keys)
}

pub(super) fn hot(state: DriverState) -> Box<dyn Driver> {
    of(state, 1)
}

fn of(state: DriverState, keys: u64) -> Box<dyn Driver> {
    let start = format!(
        r#"{{"TableName":"{}","UpdateExpression":"ADD n :one","ExpressionAttributeValues":{{":one":{{"N":"1"}}}},"Key":{{"pk":{{"S":""#,
        state.data.table(Shape::Items)
    );
    Box::new(Update { state, start: start.into_bytes(), keys })
}

impl Driver for Update {
    fn request(&mut self, body: &mut Vec<u8>) -> Operation {
        body.extend_from_slice(&self.start);
        push_key(self.state.chance.below(self.keys), body);
        body.extend_from_slice(br#""}}}"#);
        Operation::UpdateItem
    }

    fn check(&mut self, _reply: &[u8]) -> Result<(), Unexpected> {
        Ok(())
    }
}
