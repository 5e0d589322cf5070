//! Query of one whole partition of 100 rows.

use api::Operation;

use super::{Driver, DriverState, Unexpected};
use crate::data::{PARTITION_ROWS, Shape, push_key};
use crate::reply;

struct Query {
    state: DriverState,
    start: Vec<u8>,
}

pub(super) fn driver(state: DriverState) -> Box<dyn Driver> {
    let start = format!(
        r#"{{"TableName":"{}"{},"KeyConditionExpression":"pk = :pk","ExpressionAttributeValues":{{":pk":{{"S":""#,
        state.data.table(Shape::Rows),
        state.data.consistency
    );
    Box::new(Query { state, start: start.into_bytes() })
}

impl Driver for Query {
    fn request(&mut self, body: &mut Vec<u8>) -> Operation {
        body.extend_from_slice(&self.start);
        push_key(self.state.chance.below(self.state.data.partitions()), body);
        body.extend_from_slice(br#""}}}"#);
        Operation::Query
    }

    fn check(&mut self, reply: &[u8]) -> Result<(), Unexpected> {
        match reply::number(reply, "Count") {
            Some(PARTITION_ROWS) => Ok(()),
            _ => Err("Query did not find 100 rows"),
        }
    }
}
