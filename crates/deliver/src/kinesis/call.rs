//! The two calls of Kinesis that are needed, in its JSON protocol.
//!
//! Source: Kinesis Data Streams API Reference, PutRecords and DescribeStreamSummary. A connection is kept while it is
//! good. Where the server is, is asked anew whenever it is opened: names change their addresses.

use std::time::Duration;

use client::{Connection, Credentials, Endpoint, Holder, Protocol, Reservation, Trouble};
use model::codec::json;
use serde_json::Value;

use super::Settings;

const TIMEOUT: Duration = Duration::from_secs(30);
/// What PutRecords answers for the most records it takes has room in it. Unit: bytes.
const REPLY_BYTES_MAX: usize = 1 << 20;
const UNREACHED: &str = "Kinesis could not be reached";

/// One stream of one server.
pub(super) struct Kinesis {
    settings: Settings,
    /// Both names of the stream: some servers know only one of them. The name is left out where accounts matter.
    stream_arn: String,
    stream_name: String,
    region: String,
    holder: Holder,
    /// With the reservation of its file handle.
    connection: Option<(Connection, Reservation)>,
}

/// One record to be put.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) partition_key: &'a str,
    pub(super) data: &'a [u8],
}

/// Why a call did not do what it was to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Problem {
    /// For the operator.
    pub(super) text: String,
    /// For the destination's description, which callers read: no word of what answered, and not where it is.
    pub(super) shown: String,
    /// Whether waiting may help.
    pub(super) passes: bool,
}

/// Why the server refused one record of several; none if it took it.
pub(super) type Outcome = Option<String>;

impl Kinesis {
    pub(super) fn new(settings: &Settings, stream_arn: &str, holder: &Holder) -> Kinesis {
        // `arn:aws:kinesis:<region>:<account>:stream/<name>`
        let region = stream_arn.split(':').nth(3).unwrap_or_default().to_owned();
        let stream_name = stream_arn.rsplit('/').next().unwrap_or_default().to_owned();
        let (settings, holder) = (settings.clone(), holder.clone());
        Kinesis { settings, stream_arn: stream_arn.to_owned(), stream_name, region, holder, connection: None }
    }

    /// Whether its connection is worth keeping until the next call; otherwise others may need its file handle.
    pub(super) fn rests(&self) -> bool {
        self.connection.as_ref().is_some_and(|(_, reservation)| reservation.may_idle())
    }

    /// Whether records can be put.
    pub(super) async fn describe_stream(&mut self) -> Result<(), Problem> {
        let mut body = self.stream();
        body.push(b'}');
        let reply = self.call("DescribeStreamSummary", &body).await?;
        match reply["StreamDescriptionSummary"]["StreamStatus"].as_str() {
            Some("ACTIVE" | "UPDATING") => Ok(()),
            status => {
                let known = status.filter(|status| ["CREATING", "DELETING"].contains(status));
                let text = format!("the status of {} is {}", self.stream_arn, status.unwrap_or("not given"));
                let shown = format!("the status of {} is {}", self.stream_arn, known.unwrap_or("not ACTIVE"));
                Err(Problem { text, shown, passes: known == Some("CREATING") })
            }
        }
    }

    /// What became of each record.
    pub(super) async fn put_records(&mut self, entries: &[Entry<'_>]) -> Result<Vec<Outcome>, Problem> {
        let body = put_records_body(self.stream(), entries);
        let reply = self.call("PutRecords", &body).await?;
        outcomes(&reply, entries.len()).ok_or_else(|| {
            let text = format!("PutRecords of {} records was answered with something else", entries.len());
            Problem { text: text.clone(), shown: text, passes: true }
        })
    }

    /// A body's beginning.
    fn stream(&self) -> Vec<u8> {
        let mut body = b"{\"StreamARN\":".to_vec();
        json::write_string(&mut body, &self.stream_arn);
        if !self.settings.by_arn {
            body.extend_from_slice(b",\"StreamName\":");
            json::write_string(&mut body, &self.stream_name);
        }
        body
    }

    async fn call(&mut self, operation: &str, body: &[u8]) -> Result<Value, Problem> {
        let (mut connection, reservation) = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        connection.prepare_for(&format!("Kinesis_20131202.{operation}"), body);
        let reply = connection.exchange().await;
        let keeps = reply.as_ref().err().is_none_or(|trouble| !trouble.breaks_connection());
        let reply = reply.map(|reply| serde_json::from_slice(reply).unwrap_or_default());
        let reply = reply.map_err(|trouble| problem(&self.settings.endpoint, operation, &trouble));
        if keeps {
            self.connection = Some((connection, reservation));
        }
        reply
    }

    /// Finding a name and reading certificates may block for a while.
    async fn connect(&self) -> Result<(Connection, Reservation), Problem> {
        let reservation = client::reserve_call(&self.holder).await;
        let (settings, region) = (self.settings.clone(), self.region.clone());
        let found = tokio::task::spawn_blocking(move || {
            let endpoint = Endpoint::parse(&settings.endpoint, settings.ca_bundle.as_deref())?;
            let credentials = Credentials::from_environment(&endpoint, Some(&region))?;
            Ok(Connection::to(Protocol::KINESIS, &endpoint, &credentials, TIMEOUT).bounded(REPLY_BYTES_MAX))
        });
        let found: Result<Connection, client::Failure> =
            found.await.unwrap_or_else(|error| Err(client::Failure::new(error.to_string())));
        let connected = found.map(|connection| (connection, reservation));
        connected.map_err(|failure| Problem { text: failure.to_string(), shown: UNREACHED.to_owned(), passes: true })
    }
}

fn problem(endpoint: &str, operation: &str, trouble: &Trouble) -> Problem {
    let passes = match trouble {
        Trouble::Refused { status: 500.., .. } => true,
        Trouble::Refused { exception, .. } => {
            ["ProvisionedThroughputExceededException", "LimitExceededException", "ThrottlingException"]
                .contains(&exception.as_str())
                || exception.starts_with("KMS")
        }
        Trouble::Connection(_)
        | Trouble::Encryption(_)
        | Trouble::NotHttp
        | Trouble::Timeout
        | Trouble::Unusable(_) => true,
    };
    Problem { text: format!("{operation} at {endpoint}: {trouble}"), shown: shown(trouble), passes }
}

/// Exceptions of the two calls. Source: Kinesis Data Streams API Reference.
const EXCEPTIONS: [&str; 14] = [
    "AccessDeniedException",
    "InternalFailureException",
    "InvalidArgumentException",
    "KMSAccessDeniedException",
    "KMSDisabledException",
    "KMSInvalidStateException",
    "KMSNotFoundException",
    "KMSOptInRequired",
    "KMSThrottlingException",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "ResourceNotFoundException",
    "ThrottlingException",
    "ValidationException",
];

fn shown(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Refused { exception, .. } => match EXCEPTIONS.contains(&exception.as_str()) {
            true => format!("Kinesis answered with {exception}"),
            false => "Kinesis refused the stream".to_owned(),
        },
        _ => UNREACHED.to_owned(),
    }
}

fn put_records_body(stream: Vec<u8>, entries: &[Entry<'_>]) -> Vec<u8> {
    let size: usize = entries.iter().map(|entry| entry.data.len() * 4 / 3 + entry.partition_key.len() + 64).sum();
    let mut body = Vec::with_capacity(stream.len() + size + 64);
    body.extend_from_slice(&stream);
    body.extend_from_slice(b",\"Records\":[");
    for (at, entry) in entries.iter().enumerate() {
        body.extend_from_slice(if at == 0 { b"{\"Data\":" } else { b",{\"Data\":" });
        json::write_binary(&mut body, entry.data);
        body.extend_from_slice(b",\"PartitionKey\":");
        json::write_string(&mut body, entry.partition_key);
        body.push(b'}');
    }
    body.extend_from_slice(b"]}");
    body
}

/// None if the reply does not tell of as many records.
fn outcomes(reply: &Value, count: usize) -> Option<Vec<Outcome>> {
    let records = reply["Records"].as_array().filter(|records| records.len() == count)?;
    let outcome = |record: &Value| {
        let text = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
        match record["ErrorCode"].as_str() {
            Some(code) => Some(format!("{code}: {}", text("ErrorMessage"))),
            None if record["SequenceNumber"].is_string() => None,
            None => Some("a record has no sequence number".to_owned()),
        }
    };
    Some(records.iter().map(outcome).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_body_names_the_stream_and_its_records() {
        let settings = Settings { endpoint: "http://127.0.0.1:1".to_owned(), ca_bundle: None, by_arn: false };
        let kinesis =
            Kinesis::new(&settings, "arn:aws:kinesis:eu-west-1:000000000000:stream/my.stream", &Holder::server("test"));
        assert_eq!((kinesis.region.as_str(), kinesis.stream_name.as_str()), ("eu-west-1", "my.stream"));
        let entry = |partition_key, data| Entry { partition_key, data };
        let entries = [entry("k1", b"hello".as_slice()), entry("k2", b"".as_slice())];
        let body: Value = serde_json::from_slice(&put_records_body(kinesis.stream(), &entries)).unwrap();
        let expected = json!({
            "StreamName": "my.stream",
            "StreamARN": "arn:aws:kinesis:eu-west-1:000000000000:stream/my.stream",
            "Records": [{"Data": "aGVsbG8=", "PartitionKey": "k1"}, {"Data": "", "PartitionKey": "k2"}],
        });
        assert_eq!(body, expected);
        let settings = Settings { by_arn: true, ..settings };
        let kinesis =
            Kinesis::new(&settings, "arn:aws:kinesis:eu-west-1:000000000000:stream/my.stream", &Holder::server("test"));
        let body: Value = serde_json::from_slice(&put_records_body(kinesis.stream(), &[])).unwrap();
        assert_eq!(
            body,
            json!({"StreamARN": "arn:aws:kinesis:eu-west-1:000000000000:stream/my.stream", "Records": []})
        );
    }

    #[test]
    fn outcomes_are_told_record_by_record() {
        let put = json!({"SequenceNumber": "1", "ShardId": "shardId-0"});
        let refused = json!({"ErrorCode": "InternalFailure", "ErrorMessage": "later"});
        let reply = json!({"FailedRecordCount": 1, "Records": [put, refused, {}]});
        let found = outcomes(&reply, 3).unwrap();
        assert_eq!(found[..2], [None, Some("InternalFailure: later".to_owned())]);
        assert!(found[2].is_some());
        assert_eq!(outcomes(&reply, 2), None);
        assert_eq!(outcomes(&Value::Null, 0), None);
    }

    #[test]
    fn descriptions_have_nothing_of_what_answered() {
        let refused = |exception: &str| Trouble::Refused {
            status: 400,
            exception: exception.to_owned(),
            message: "SECRET".to_owned(),
        };
        for (trouble, expected) in [
            (refused("ResourceNotFoundException"), "Kinesis answered with ResourceNotFoundException"),
            (refused("SECRET"), "Kinesis refused the stream"),
            (Trouble::Unusable("SECRET".to_owned()), "Kinesis could not be reached"),
            (Trouble::NotHttp, "Kinesis could not be reached"),
        ] {
            assert_eq!(problem("http://SECRET", "PutRecords", &trouble).shown, expected);
        }
    }

    #[test]
    fn some_problems_pass() {
        let refused = |status, exception: &str| Trouble::Refused {
            status,
            exception: exception.to_owned(),
            message: String::new(),
        };
        for (trouble, passes) in [
            (refused(400, "ProvisionedThroughputExceededException"), true),
            (refused(400, "KMSThrottlingException"), true),
            (refused(503, ""), true),
            (Trouble::Timeout, true),
            (refused(400, "ResourceNotFoundException"), false),
            (refused(400, "AccessDeniedException"), false),
        ] {
            assert_eq!(problem("", "PutRecords", &trouble).passes, passes, "{trouble}");
        }
    }
}
