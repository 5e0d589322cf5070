//! Scan of the whole table over and over, in pages as large as the server makes them (1 MB).

use api::Operation;

use super::{Driver, DriverState, Unexpected};
use crate::data::Shape;
use crate::reply;

struct Scan {
    start: Vec<u8>,
    /// Where the last page ended; empty at the table's start.
    from: Vec<u8>,
}

pub(super) fn driver(state: DriverState) -> Box<dyn Driver> {
    let start = format!(r#"{{"TableName":"{}"{}"#, state.data.table(Shape::Items), state.data.consistency);
    Box::new(Scan { start: start.into_bytes(), from: Vec::new() })
}

impl Driver for Scan {
    fn request(&mut self, body: &mut Vec<u8>) -> Operation {
        body.extend_from_slice(&self.start);
        if !self.from.is_empty() {
            body.extend_from_slice(br#","ExclusiveStartKey":"#);
            body.extend_from_slice(&self.from);
        }
        body.push(b'}');
        Operation::Scan
    }

    fn check(&mut self, reply: &[u8]) -> Result<(), Unexpected> {
        let started = !self.from.is_empty();
        self.from.clear();
        self.from.extend_from_slice(reply::object(reply, "LastEvaluatedKey").unwrap_or_default());
        match reply::number(reply, "Count") {
            // A last page may be empty: whether there is more is known only after a look.
            Some(count) if count > 0 || started => Ok(()),
            _ => Err("Scan found nothing"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_continues_where_its_page_ended_and_starts_again_at_the_end() {
        let mut scan = Scan { start: b"{".to_vec(), from: Vec::new() };
        let mut check = |reply: &str, next: &str| {
            scan.check(reply.as_bytes()).unwrap();
            let mut body = Vec::new();
            scan.request(&mut body);
            assert_eq!(std::str::from_utf8(&body), Ok(next));
        };
        check(r#"{"Count":2,"LastEvaluatedKey":{"pk":{"S":"a"}}}"#, r#"{,"ExclusiveStartKey":{"pk":{"S":"a"}}}"#);
        check(r#"{"Count":0,"ScannedCount":0}"#, "{}");
        check(r#"{"Count":2}"#, "{}");
        assert!(scan.check(br#"{"Count":0}"#).is_err());
    }
}
