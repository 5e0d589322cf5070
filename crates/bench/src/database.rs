//! A database that does the work of a server's requests with no server in front of it: what it reaches is what the
//! server could reach at best. The program implements databases and passes one in; this is its interface.

use std::pin::Pin;

use api::Operation;
use bytes::Bytes;
use serde_json::Value;
use sha2::{Digest, Sha256};

pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Reaches the database behind a URL. The name is for the place in it that the run may make and delete.
pub type Reach<'a> = &'a dyn Fn(&str, &str) -> Result<Box<dyn Database>, String>;

pub trait Database: Send + Sync {
    /// Creates the tables; returns whether there were none.
    fn make(&self) -> BoxFuture<'_, Result<bool, String>>;

    fn remove(&self) -> BoxFuture<'_, Result<(), String>>;

    fn open(&self) -> BoxFuture<'_, Result<Box<dyn Session>, String>>;
}

/// One connection, which is given up after an error.
pub trait Session: Send {
    /// Gives the value of what is read, and nothing for the rest.
    fn perform<'a>(&'a mut self, work: &'a Work) -> BoxFuture<'a, Result<Bytes, String>>;
}

/// Names a row: well spread, and of the size that such keys have.
pub type RowKey = [u8; 16];

/// What a request comes down to.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// One row.
    Read(RowKey),
    /// Over a row that is there, looked at before.
    Write(RowKey, Bytes),
    /// Rows that are not there yet, together.
    Fill(Vec<(RowKey, Bytes)>),
}

impl Work {
    /// None of a request that is more than single rows by their keys.
    pub(crate) fn of(operation: Operation, body: &[u8]) -> Option<Work> {
        let request: Value = serde_json::from_slice(body).ok()?;
        match operation {
            Operation::GetItem => key(&request["Key"]).map(Work::Read),
            Operation::PutItem => row(&request["Item"]).map(|(key, value)| Work::Write(key, value)),
            Operation::BatchWriteItem => {
                let puts = request["RequestItems"].as_object()?.values().next()?.as_array()?;
                puts.iter().map(|put| row(&put["PutRequest"]["Item"])).collect::<Option<_>>().map(Work::Fill)
            }
            _ => None,
        }
    }
}

fn row(item: &Value) -> Option<(RowKey, Bytes)> {
    Some((key(item)?, item.to_string().into()))
}

fn key(item: &Value) -> Option<RowKey> {
    let digest = Sha256::digest(item["pk"]["S"].as_str()?);
    digest.first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_as_work() {
        let check = |operation: Operation, body: &str, expected: Option<Work>| {
            assert_eq!(Work::of(operation, body.as_bytes()), expected, "{body}");
        };
        let item = |name: &str| format!(r#"{{"pk":{{"S":"{name}"}}}}"#);
        let of = |name: &str| key(&serde_json::json!({ "pk": { "S": name } })).unwrap();
        let value = |name: &str| Bytes::from(item(name));
        assert_ne!(of("a"), of("b"));
        check(Operation::GetItem, &format!(r#"{{"TableName":"t","Key":{}}}"#, item("a")), Some(Work::Read(of("a"))));
        let put = format!(r#"{{"TableName":"t","Item":{}}}"#, item("a"));
        check(Operation::PutItem, &put, Some(Work::Write(of("a"), value("a"))));
        let puts = ["a", "b"].map(|name| format!(r#"{{"PutRequest":{{"Item":{}}}}}"#, item(name))).join(",");
        let both = vec![(of("a"), value("a")), (of("b"), value("b"))];
        check(Operation::BatchWriteItem, &format!(r#"{{"RequestItems":{{"t":[{puts}]}}}}"#), Some(Work::Fill(both)));
        check(Operation::Query, "{}", None);
        check(Operation::GetItem, "{}", None);
        check(Operation::PutItem, "", None);
    }
}
