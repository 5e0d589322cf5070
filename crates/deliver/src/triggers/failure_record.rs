//! The document that the on-failure destination receives about discarded records: their positions in the stream, and how the last
//! invocation ended. Source: Lambda Developer Guide, "Retain discarded records for a DynamoDB event source", example.
//!
//! The guide names the condition of exhausted retries only; the one of records that are too old is named alike.

use serde_json::{Map, Value, json};

use super::lane::{Batch, Condition};

/// The response to an invocation, for the failure record of its batch.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Answered {
    pub request_id: Option<String>,
    pub status: u16,
    pub executed_version: Option<String>,
    pub function_error: Option<String>,
}

/// The function, stream and shard of discarded records.
pub(crate) struct Origin<'a> {
    pub function_arn: &'a str,
    pub stream_arn: &'a str,
    pub shard_id: &'a str,
}

/// The document. `answered` is the last answer to the batch, if the function was reached at all.
pub(crate) fn document(
    origin: &Origin<'_>,
    batch: &Batch,
    condition: Condition,
    answered: Option<&Answered>,
    now_ms: u64,
) -> Value {
    let first = batch.entries.first();
    let last = batch.entries.last();
    let request_id = answered.and_then(|answered| answered.request_id.clone());
    let mut document = json!({
        "requestContext": {
            "requestId": request_id.unwrap_or_else(base::random::uuid_v4),
            "functionArn": origin.function_arn,
            "condition": match condition {
                Condition::RetryAttemptsExhausted => "RetryAttemptsExhausted",
                Condition::RecordAgeExceeded => "RecordAgeExceeded",
            },
            "approximateInvokeCount": batch.invocations,
        },
        "version": "1.0",
        "timestamp": time(now_ms, true),
        "DDBStreamBatchInfo": {
            "shardId": origin.shard_id,
            "startSequenceNumber": first.map(|entry| entry.sequence_number.as_str()),
            "endSequenceNumber": last.map(|entry| entry.sequence_number.as_str()),
            "approximateArrivalOfFirstRecord": first.map(|entry| time(entry.created_ms, false)),
            "approximateArrivalOfLastRecord": last.map(|entry| time(entry.created_ms, false)),
            "batchSize": batch.entries.len(),
            "streamArn": origin.stream_arn,
        },
    });
    if let Some(answered) = answered {
        document["responseContext"] = response_context(answered);
    }
    document
}

fn response_context(answered: &Answered) -> Value {
    let mut context = Map::new();
    context.insert("statusCode".to_owned(), answered.status.into());
    let version = answered.executed_version.as_deref().unwrap_or("$LATEST");
    context.insert("executedVersion".to_owned(), version.into());
    if let Some(error) = &answered.function_error {
        context.insert("functionError".to_owned(), error.as_str().into());
    }
    context.into()
}

/// ISO 8601, with milliseconds if asked for.
fn time(epoch_ms: u64, with_ms: bool) -> String {
    if with_ms { base::utc::rfc3339_ms(epoch_ms) } else { base::utc::rfc3339(epoch_ms) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;

    use super::super::lane::{Ended, Entry, Lane, Rules, Step};
    use super::*;

    #[test]
    fn the_guides_example() {
        let rules = Rules {
            batch_size_max: 10,
            window: Duration::ZERO,
            age_max: Duration::from_secs(86_400),
            retries_max: Some(0),
            bisect: false,
        };
        let mut lane = Lane::new(rules);
        let now_ms = 1_573_690_429_717;
        for (place, sequence_number) in [(1, "800000000003126276362"), (2, "800000000003126276363")] {
            let created_ms = now_ms - 30_000 + place * 1000;
            let entry = Entry {
                place,
                sequence_number: sequence_number.to_owned(),
                created_ms,
                json: Bytes::from_static(b"{}"),
            };
            lane.push(entry, now_ms);
        }
        assert!(matches!(lane.next(now_ms), Step::Invoke(_)));
        lane.ended(Ended::Failed, now_ms);
        let Step::Discard(batch, condition) = lane.next(now_ms) else { panic!("not given up") };
        let origin = Origin { function_arn: "arn:f", stream_arn: "arn:s", shard_id: "shardId-1" };
        let answered = Answered {
            request_id: Some("316aa6d0".to_owned()),
            status: 200,
            executed_version: None,
            function_error: Some("Unhandled".to_owned()),
        };
        let mut expected = json!({
            "requestContext": {
                "requestId": "316aa6d0",
                "functionArn": "arn:f",
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": 1,
            },
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "version": "1.0",
            "timestamp": "2019-11-14T00:13:49.717Z",
            "DDBStreamBatchInfo": {
                "shardId": "shardId-1",
                "startSequenceNumber": "800000000003126276362",
                "endSequenceNumber": "800000000003126276363",
                "approximateArrivalOfFirstRecord": "2019-11-14T00:13:20Z",
                "approximateArrivalOfLastRecord": "2019-11-14T00:13:21Z",
                "batchSize": 2,
                "streamArn": "arn:s",
            },
        });
        assert_eq!(document(&origin, batch, condition, Some(&answered), now_ms), expected);
        let unreached = document(&origin, batch, Condition::RecordAgeExceeded, None, now_ms);
        expected.as_object_mut().unwrap().remove("responseContext");
        expected["requestContext"]["condition"] = json!("RecordAgeExceeded");
        expected["requestContext"]["requestId"] = unreached["requestContext"]["requestId"].clone();
        assert_eq!(unreached, expected);
    }
}
