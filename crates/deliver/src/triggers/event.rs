//! The event that a function is invoked with: `{"Records":[…]}`, each record as the Streams API has it, with the stream's
//! ARN. Source: Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB", example event.

use api::{Record, StreamRecord, Timestamp};
use bytes::Bytes;
use model::codec::json;

const OPEN: &[u8] = b"{\"Records\":[";
const CLOSE: &[u8] = b"]}";

/// One record.
pub(crate) fn record(record: &Record, stream_arn: &str) -> Bytes {
    let mut out = Object::new(Vec::with_capacity(512));
    out.text("eventID", record.event_id.as_deref());
    out.text("eventName", record.event_name.as_ref().map(|name| name.as_str()));
    out.text("eventVersion", record.event_version.as_deref());
    out.text("eventSource", record.event_source.as_deref());
    out.text("awsRegion", record.aws_region.as_deref());
    if let Some(change) = &record.dynamodb {
        out.member("dynamodb", |out| stream_record(change, out));
    }
    if let Some(identity) = &record.user_identity {
        out.member("userIdentity", |out| {
            let mut object = Object::new(out);
            object.text("type", identity.r#type.as_deref());
            object.text("principalId", identity.principal_id.as_deref());
            object.end()
        });
    }
    out.text("eventSourceARN", Some(stream_arn));
    out.end().into()
}

fn stream_record(change: &StreamRecord, out: Vec<u8>) -> Vec<u8> {
    let mut out = Object::new(out);
    if let Some(time) = change.approximate_creation_date_time {
        out.member("ApproximateCreationDateTime", |out| seconds(time, out));
    }
    for (name, image) in [("Keys", &change.keys), ("NewImage", &change.new_image), ("OldImage", &change.old_image)] {
        if let Some(image) = image {
            out.member(name, |mut out| {
                json::write_map(&mut out, image.view());
                out
            });
        }
    }
    out.text("SequenceNumber", change.sequence_number.as_deref());
    if let Some(size) = change.size_bytes {
        out.member("SizeBytes", |out| number(size, out));
    }
    out.text("StreamViewType", change.stream_view_type.as_ref().map(|view| view.as_str()));
    out.end()
}

/// Streams have times in whole seconds.
fn seconds(time: Timestamp, out: Vec<u8>) -> Vec<u8> {
    number(time.epoch_ms.div_euclid(1000), out)
}

fn number(value: i64, mut out: Vec<u8>) -> Vec<u8> {
    out.extend_from_slice(value.to_string().as_bytes());
    out
}

/// An event of records.
pub(crate) fn event<'a>(records: impl Iterator<Item = &'a Bytes> + Clone) -> Vec<u8> {
    let size: usize = records.clone().map(|record| record.len() + 1).sum();
    let mut out = Vec::with_capacity(OPEN.len() + size + CLOSE.len());
    out.extend_from_slice(OPEN);
    for (at, record) in records.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(record);
    }
    out.extend_from_slice(CLOSE);
    out
}

/// An object that is being written.
struct Object {
    out: Vec<u8>,
    first: bool,
}

impl Object {
    fn new(mut out: Vec<u8>) -> Object {
        out.push(b'{');
        Object { out, first: true }
    }

    fn member(&mut self, name: &str, write: impl FnOnce(Vec<u8>) -> Vec<u8>) {
        if !std::mem::replace(&mut self.first, false) {
            self.out.push(b',');
        }
        json::write_string(&mut self.out, name);
        self.out.push(b':');
        self.out = write(std::mem::take(&mut self.out));
    }

    fn text(&mut self, name: &str, text: Option<&str>) {
        let Some(text) = text else { return };
        self.member(name, |mut out| {
            json::write_string(&mut out, text);
            out
        });
    }

    fn end(mut self) -> Vec<u8> {
        self.out.push(b'}');
        self.out
    }
}

#[cfg(test)]
mod tests {
    use api::{Identity, OperationType, StreamViewType};
    use model::{AttributeValue, Attributes, Item};
    use serde_json::{Value, json};

    use super::*;

    fn item(text: &str) -> Item {
        let mut attributes = Attributes::default();
        attributes.insert("pk".to_owned(), AttributeValue::S(text.to_owned()));
        Item::Tree(attributes)
    }

    #[test]
    fn a_record_has_what_the_guide_shows() {
        let shown = Record {
            aws_region: Some("us-west-2".to_owned()),
            dynamodb: Some(StreamRecord {
                approximate_creation_date_time: Some(Timestamp { epoch_ms: 1_428_537_600_000 }),
                keys: Some(item("a")),
                new_image: Some(item("\"é\n")),
                old_image: None,
                sequence_number: Some("111".to_owned()),
                size_bytes: Some(26),
                stream_view_type: Some(StreamViewType::NewImage),
            }),
            event_id: Some("1".to_owned()),
            event_name: Some(OperationType::Insert),
            event_source: Some("aws:dynamodb".to_owned()),
            event_version: Some("1.1".to_owned()),
            user_identity: None,
        };
        let mut expected = json!({
            "eventID": "1",
            "eventName": "INSERT",
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": "us-west-2",
            "dynamodb": {
                "ApproximateCreationDateTime": 1_428_537_600,
                "Keys": {"pk": {"S": "a"}},
                "NewImage": {"pk": {"S": "\"é\n"}},
                "SequenceNumber": "111",
                "SizeBytes": 26,
                "StreamViewType": "NEW_IMAGE",
            },
            "eventSourceARN": "arn:stream",
        });
        let parse = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap();
        assert_eq!(parse(&record(&shown, "arn:stream")), expected);
        let identity =
            Identity { principal_id: Some("dynamodb.amazonaws.com".to_owned()), r#type: Some("Service".to_owned()) };
        let expired = Record { user_identity: Some(identity), ..shown };
        expected["userIdentity"] = json!({"type": "Service", "principalId": "dynamodb.amazonaws.com"});
        let one = record(&expired, "arn:stream");
        assert_eq!(parse(&one), expected);
        assert_eq!(parse(&event([&one, &one].into_iter())), json!({"Records": [expected, expected]}));
        assert_eq!(event(std::iter::empty()), b"{\"Records\":[]}");
    }
}
