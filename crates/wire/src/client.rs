//! The client's side: requests of operations that are called at other servers as bodies, and what comes back as responses and exceptions.
//!
//! A response is read as a request is: what it must satisfy is its structure alone, and a body that is none is the other server's failure.

use api::{CancellationReason, Exception, Operation, ThrottlingReason};
use model::Item;
use serde_json::Value;

use crate::constraint::Shape;
use crate::decode::{self, Decode};
use crate::encode::Encode;
use crate::exception::named;

/// What another server answers where it fails.
const SERVER_ERRORS: u16 = 500;
const UNAVAILABLE: u16 = 503;

/// A request of an operation that other servers are called for.
pub trait Called {
    const OPERATION: Operation;
    type Response;

    fn body(&self) -> Vec<u8>;

    /// # Errors
    /// The body is none of the operation's responses.
    fn response(body: &[u8]) -> Result<Self::Response, Exception>;
}

macro_rules! called {
    ($($operation:ident($request:ident) -> $response:ident;)+) => {
        $(impl Called for api::$request {
            const OPERATION: Operation = Operation::$operation;
            type Response = api::$response;

            fn body(&self) -> Vec<u8> {
                let mut out = Vec::with_capacity(512);
                self.encode(&mut out);
                out
            }

            fn response(body: &[u8]) -> Result<api::$response, Exception> {
                read(Operation::$operation, body)
            }
        })+
    };
}

called! {
    BatchGetItem(BatchGetItemInput) -> BatchGetItemOutput;
    BatchWriteItem(BatchWriteItemInput) -> BatchWriteItemOutput;
    DeleteItem(DeleteItemInput) -> DeleteItemOutput;
    GetItem(GetItemInput) -> GetItemOutput;
    PutItem(PutItemInput) -> PutItemOutput;
    Query(QueryInput) -> QueryOutput;
    Scan(ScanInput) -> ScanOutput;
    TransactGetItems(TransactGetItemsInput) -> TransactGetItemsOutput;
    TransactWriteItems(TransactWriteItemsInput) -> TransactWriteItemsOutput;
    UpdateItem(UpdateItemInput) -> UpdateItemOutput;
}

fn read<T: Decode>(operation: Operation, body: &[u8]) -> Result<T, Exception> {
    decode::request(operation, body, decode::nothing)
        .map_err(|error| Exception::internal(format!("the answer to {operation} cannot be read: {error}")))
}

/// What a reply that is no success says. A failure of the server, and an exception that DynamoDB does not have, are failures inside.
pub fn refused(operation: Operation, status: u16, body: &[u8]) -> Exception {
    let parsed: Value = serde_json::from_slice(body).unwrap_or_default();
    let name = parsed["__type"].as_str().map(|name| name.rsplit('#').next().unwrap_or_default()).unwrap_or_default();
    let message = parsed["message"].as_str().or(parsed["Message"].as_str()).unwrap_or_default();
    let failed = || Exception::internal(format!("{operation} was answered with {status} {name}: {message}"));
    if status == UNAVAILABLE {
        return Exception::ServiceUnavailable(message.to_owned());
    }
    if status >= SERVER_ERRORS {
        return failed();
    }
    let of = |member: &str| parsed[member].to_string().into_bytes();
    // An exception with a sentence of its own keeps ours, which is the same.
    match named(name, Some(message)).or_else(|_| named(name, None)) {
        Ok(Exception::TransactionCanceled { .. }) => {
            let reasons = read::<Vec<CancellationReason>>(operation, &of("CancellationReasons"));
            reasons.map_or_else(|error| error, |reasons| Exception::TransactionCanceled { reasons })
        }
        Ok(Exception::ConditionalCheckFailed { .. }) if parsed["Item"].is_object() => {
            let item = read::<Item>(operation, &of("Item"));
            item.map_or_else(|error| error, |item| Exception::ConditionalCheckFailed { item: Some(item) })
        }
        Ok(exception) => throttled(exception, || {
            let member = if parsed["throttlingReasons"].is_array() { "throttlingReasons" } else { "ThrottlingReasons" };
            read::<Vec<ThrottlingReason>>(operation, &of(member)).unwrap_or_default()
        }),
        Err(_) => failed(),
    }
}

/// With the reasons, if it has some.
fn throttled(exception: Exception, read: impl Fn() -> Vec<ThrottlingReason>) -> Exception {
    match exception {
        Exception::ProvisionedThroughputExceeded { .. } => Exception::ProvisionedThroughputExceeded { reasons: read() },
        Exception::RequestLimitExceeded { .. } => Exception::RequestLimitExceeded { reasons: read() },
        Exception::Throttling { .. } => Exception::Throttling { reasons: read() },
        exception => exception,
    }
}

/// Items of responses.
impl Decode for Item {
    const EXPECTED: decode::Expected = decode::Expected::Map;

    fn from_map<'de, A: serde::de::MapAccess<'de>>(
        body: A,
        shape: &'static Shape,
        context: &mut decode::context::Context,
    ) -> Result<Item, A::Error> {
        model::Attributes::from_map(body, shape, context).map(Item::from)
    }

    fn describe(&self, out: &mut decode::describe::Description) {
        out.plain("an item");
    }
}

#[cfg(test)]
mod tests {
    use api::{
        BatchWriteItemInput, BatchWriteItemOutput, ConsumedCapacity, GetItemInput, GetItemOutput, QueryOutput,
        TransactGetItemsOutput, TransactWriteItemsInput, TransactWriteItemsOutput, UpdateItemInput,
    };

    use super::*;
    use crate::exception;

    /// What a server reads of a request that this side has written, it writes alike.
    fn round_trip<T: Called + Decode + PartialEq + std::fmt::Debug>(body: &str) {
        let request: T = decode::request(T::OPERATION, body.as_bytes(), decode::nothing).unwrap();
        let again: T = decode::request(T::OPERATION, &request.body(), decode::nothing).unwrap();
        assert_eq!(again, request);
    }

    #[test]
    fn requests_are_read_as_they_were_written() {
        round_trip::<GetItemInput>(
            r##"{"TableName":"Table1","Key":{"pk":{"S":"a"},"n":{"N":"12345678901234567890.5"}},"ConsistentRead":true,
            "ProjectionExpression":"#a","ExpressionAttributeNames":{"#a":"x"},"ReturnConsumedCapacity":"TOTAL"}"##,
        );
        round_trip::<UpdateItemInput>(
            r#"{"TableName":"Table1","Key":{"pk":{"S":"a"}},"UpdateExpression":"SET a = :a","ReturnValues":"ALL_NEW",
            "ExpressionAttributeValues":{":a":{"M":{"l":{"L":[{"NULL":true},{"BOOL":false},{"B":"AAE="},{"SS":["x","y"]}]}}}}}"#,
        );
        round_trip::<BatchWriteItemInput>(
            r#"{"RequestItems":{"Table1":[{"DeleteRequest":{"Key":{"pk":{"S":"a"}}}},{"PutRequest":{"Item":{"pk":{"S":"b"}}}}]},
            "ReturnItemCollectionMetrics":"SIZE"}"#,
        );
        round_trip::<TransactWriteItemsInput>(
            r#"{"ClientRequestToken":"t","TransactItems":[
            {"ConditionCheck":{"TableName":"Table1","Key":{"pk":{"S":"a"}},"ConditionExpression":"attribute_exists(a)",
                "ReturnValuesOnConditionCheckFailure":"ALL_OLD"}},
            {"Update":{"TableName":"Table1","Key":{"pk":{"S":"b"}},"UpdateExpression":"REMOVE a"}}]}"#,
        );
    }

    #[test]
    fn responses_are_read_as_a_server_writes_them() {
        let item = || Item::from(model::Attributes::from_unsorted(vec![("pk".to_owned(), text("a"))]));
        let text = |out: &dyn Fn(&mut Vec<u8>)| {
            let mut body = Vec::new();
            out(&mut body);
            body
        };
        let consumed =
            ConsumedCapacity { capacity_units: Some(0.5), table_name: Some("Table1".to_owned()), ..Default::default() };
        let sent = GetItemOutput { consumed_capacity: Some(consumed), item: Some(item()) };
        let read = GetItemInput::response(&text(&|out| sent.encode(out))).unwrap();
        assert_eq!((read.item, read.consumed_capacity), (sent.item, sent.consumed_capacity));
        let page =
            QueryOutput { count: Some(1), items: Some(vec![item()]), scanned_count: Some(3), ..Default::default() };
        let read = api::QueryInput::response(&text(&|out| page.encode(out))).unwrap();
        assert_eq!((read.items, read.scanned_count), (page.items, Some(3)));
        let body = br#"{"Responses":[{"Item":{"pk":{"S":"a"}}},{}]}"#;
        let TransactGetItemsOutput { responses, .. } = api::TransactGetItemsInput::response(body).unwrap();
        assert_eq!(responses.unwrap().iter().filter(|one| one.item.is_some()).count(), 1);
        let body = br#"{"UnprocessedItems":{},"ItemCollectionMetrics":{"Table1":[{"ItemCollectionKey":{"pk":{"S":"a"}},
            "SizeEstimateRangeGB":[0.0,1.0]}]}}"#;
        let BatchWriteItemOutput { item_collection_metrics, .. } = BatchWriteItemInput::response(body).unwrap();
        assert_eq!(item_collection_metrics.unwrap()["Table1"][0].size_estimate_range_gb, Some(vec![0.0, 1.0]));
        let TransactWriteItemsOutput { consumed_capacity, .. } = TransactWriteItemsInput::response(b"{}").unwrap();
        assert_eq!(consumed_capacity, None);
        for body in [&b"<html>"[..], b"[]", br#"{"Item":{"pk":{"Q":"a"}}}"#] {
            assert!(matches!(GetItemInput::response(body), Err(Exception::InternalServerError(_))));
        }
    }

    fn text(text: &str) -> model::AttributeValue {
        model::AttributeValue::S(text.to_owned())
    }

    /// What this server refuses with, its clients read.
    #[test]
    fn exceptions_are_read_as_a_server_writes_them() {
        let item = Item::from(model::Attributes::from_unsorted(vec![("pk".to_owned(), text("a"))]));
        let reason = CancellationReason {
            code: Some("ConditionalCheckFailed".to_owned()),
            item: Some(item.clone()),
            message: Some("m".to_owned()),
        };
        let limit = ThrottlingReason { reason: Some("r".to_owned()), resource: Some("arn".to_owned()) };
        for sent in [
            Exception::ConditionalCheckFailed { item: None },
            Exception::ConditionalCheckFailed { item: Some(item) },
            Exception::TransactionCanceled { reasons: vec![reason, CancellationReason::default()] },
            Exception::Throttling { reasons: vec![limit.clone()] },
            Exception::ProvisionedThroughputExceeded { reasons: vec![limit] },
            Exception::RequestLimitExceeded { reasons: Vec::new() },
            Exception::resource_not_found(),
            Exception::validation("words"),
            Exception::AccessDenied("words".to_owned()),
            Exception::TransactionConflict,
            Exception::IdempotentParameterMismatch,
            Exception::ItemCollectionSizeLimitExceeded,
        ] {
            let reply = exception(&sent);
            assert_eq!(refused(Operation::PutItem, reply.status, &reply.body), sent);
        }
        for (status, body) in
            [(500, &b"{\"__type\":\"a#InternalServerError\"}"[..]), (400, b"<html>"), (418, b"{\"__type\":\"T\"}")]
        {
            assert!(matches!(refused(Operation::GetItem, status, body), Exception::InternalServerError(_)));
        }
        assert!(matches!(refused(Operation::GetItem, 503, b"busy"), Exception::ServiceUnavailable(_)));
    }
}
