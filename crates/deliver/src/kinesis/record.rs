//! The format of a change in a Kinesis record: JSON in UTF-8.
//!
//! Source: DynamoDB Developer Guide, "Using Kinesis Data Streams to capture changes to DynamoDB". It is a stream's record
//! without a sequence number and a view type, but with the table's name, and with a finer time.

use api::ApproximateCreationDateTimePrecision;
use model::Item;
use model::codec::json;
use ops::follow::Change;

/// The record's data.
pub(super) fn data(change: &Change, table_name: &str, precision: ApproximateCreationDateTimePrecision) -> Vec<u8> {
    let record = &change.record;
    let mut out = Vec::with_capacity(512);
    out.push(b'{');
    text(&mut out, "\"awsRegion\":", record.aws_region.as_deref());
    text(&mut out, ",\"eventID\":", record.event_id.as_deref().map(uuid).as_deref());
    text(&mut out, ",\"eventName\":", record.event_name.map(|name| name.as_str()));
    out.extend_from_slice(b",\"userIdentity\":");
    match &record.user_identity {
        None => out.extend_from_slice(b"null"),
        Some(identity) => {
            text(&mut out, "{\"principalId\":", identity.principal_id.as_deref());
            text(&mut out, ",\"type\":", identity.r#type.as_deref());
            out.push(b'}');
        }
    }
    out.extend_from_slice(b",\"recordFormat\":\"application/json\"");
    text(&mut out, ",\"tableName\":", Some(table_name));
    dynamodb(&mut out, change, precision);
    out.extend_from_slice(b",\"eventSource\":\"aws:dynamodb\"}");
    out
}

fn dynamodb(out: &mut Vec<u8>, change: &Change, precision: ApproximateCreationDateTimePrecision) {
    let time = match precision {
        ApproximateCreationDateTimePrecision::Millisecond => change.created_ms,
        // The log knows milliseconds.
        ApproximateCreationDateTimePrecision::Microsecond => change.created_ms.saturating_mul(1000),
    };
    out.extend_from_slice(format!(",\"dynamodb\":{{\"ApproximateCreationDateTime\":{time}").as_bytes());
    text(out, ",\"ApproximateCreationDateTimePrecision\":", Some(precision.as_str()));
    if let Some(shown) = &change.record.dynamodb {
        item(out, ",\"Keys\":", shown.keys.as_ref());
        item(out, ",\"NewImage\":", shown.new_image.as_ref());
        item(out, ",\"OldImage\":", shown.old_image.as_ref());
        out.extend_from_slice(format!(",\"SizeBytes\":{}", shown.size_bytes.unwrap_or_default()).as_bytes());
    }
    out.push(b'}');
}

fn text(out: &mut Vec<u8>, before: &str, text: Option<&str>) {
    out.extend_from_slice(before.as_bytes());
    match text {
        Some(text) => json::write_string(out, text),
        None => out.extend_from_slice(b"null"),
    }
}

fn item(out: &mut Vec<u8>, before: &str, item: Option<&Item>) {
    let Some(item) = item else { return };
    out.extend_from_slice(before.as_bytes());
    json::write_map(out, item.view());
}

/// 32 digits in the groups of a UUID.
fn uuid(digits: &str) -> String {
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

/// The partition key of an item's records: they go to one shard.
pub(super) fn partition_key(item: &[u8; 16]) -> String {
    base::hex(item)
}
