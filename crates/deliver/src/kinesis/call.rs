//! The two calls of Kinesis that are needed, in its JSON protocol.
//!
//! Source: Kinesis Data Streams API Reference, PutRecords and DescribeStreamSummary. Connections are reused between calls, from
//! a pool of this stream alone.

use std::time::Duration;

use client::{
    AwsCall, Call, Credentials, Failure, Holder, Pool, Protocol, ReplyBounds, Retries, Server, SignedFor, Trouble, Via,
    aws_call,
};
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
    pool: Pool,
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
    /// # Errors
    /// If the endpoint is no URL of a server.
    pub(super) fn new(settings: &Settings, stream_arn: &str, holder: &Holder) -> Result<Kinesis, Problem> {
        // `arn:aws:kinesis:<region>:<account>:stream/<name>`
        let region = stream_arn.split(':').nth(3).unwrap_or_default().to_owned();
        let stream_name = stream_arn.rsplit('/').next().unwrap_or_default().to_owned();
        let server = Server::parse(&settings.endpoint, settings.ca_bundle.clone()).map_err(Problem::of_settings)?;
        let (settings, pool) = (settings.clone(), Pool::new(server, holder.clone()));
        Ok(Kinesis { settings, stream_arn: stream_arn.to_owned(), stream_name, region, pool })
    }

    /// Whether records can be put.
    pub(super) async fn describe_stream(&self) -> Result<(), Problem> {
        let mut body = self.stream();
        body.push(b'}');
        let reply = self.call("DescribeStreamSummary", body).await?;
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
    pub(super) async fn put_records(&self, entries: &[Entry<'_>]) -> Result<Vec<Outcome>, Problem> {
        let body = put_records_body(self.stream(), entries);
        let reply = self.call("PutRecords", body).await?;
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

    /// Attempted once: what is put again, and when, is decided record by record.
    async fn call(&self, operation: &str, body: Vec<u8>) -> Result<Value, Problem> {
        let credentials =
            Credentials::for_server(self.pool.server(), Some(&self.region)).map_err(Problem::of_settings)?;
        let target = format!("Kinesis_20131202.{operation}");
        let call = AwsCall {
            call: Call { method: "POST", target: "/", headers: &Protocol::KINESIS.headers(&target), body: body.into() },
            signed_for: SignedFor { credentials: &credentials, service: Protocol::KINESIS.service },
            timeout: TIMEOUT,
            reply: ReplyBounds::whole(REPLY_BYTES_MAX),
            retries: Retries::NONE,
        };
        let reply = match aws_call(Via::Pool(&self.pool), &call).await {
            Ok(answer) => answer.success(),
            Err(trouble) => Err(trouble),
        };
        let reply = reply.map_err(|trouble| problem(&self.settings.endpoint, operation, &trouble))?;
        Ok(serde_json::from_slice(&reply).unwrap_or_default())
    }
}

impl Problem {
    fn of_settings(failure: Failure) -> Problem {
        Problem { text: failure.to_string(), shown: UNREACHED.to_owned(), passes: true }
    }
}

fn problem(endpoint: &str, operation: &str, trouble: &Trouble) -> Problem {
    let passes = match trouble {
        Trouble::Refused { exception, .. } => trouble.is_passing() || exception.starts_with("KMS"),
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

/// None if the reply does not have as many records.
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
            Kinesis::new(&settings, "arn:aws:kinesis:eu-west-1:000000000000:stream/my.stream", &Holder::server("test"))
                .unwrap();
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
            Kinesis::new(&settings, "arn:aws:kinesis:eu-west-1:000000000000:stream/my.stream", &Holder::server("test"))
                .unwrap();
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
