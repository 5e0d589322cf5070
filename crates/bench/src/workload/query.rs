//! Query of one whole partition of 100 rows.

use api::Operation;

use super::{Driver, Seat, Unexpected};
use crate::data::{PARTITION_ROWS, Shape, push_key};
use crate::reply;

struct Query {
    seat: Seat,
    start: Vec<u8>,
}

pub(super) fn driver(seat: Seat) -> Box<dyn Driver> {
    let start = format!(
        r#"{{"TableName":"{}"{},"KeyConditionExpression":"pk = :pk","ExpressionAttributeValues":{{":pk":{{"S":""#,
        seat.data.table(Shape::Rows),
        seat.data.consistency
    );
    Box::new(Query { seat, start: start.into_bytes() })
}

impl Driver for Query {
    fn request(&mut self, body: &mut Vec<u8>) -> Operation {
        body.extend_from_slice(&self.start);
        push_key(self.seat.chance.below(self.seat.data.partitions()), body);
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
