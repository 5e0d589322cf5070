//! The workloads: one list of them, and what each is made of. The requests and expected replies of each are in a file
//! of its own.

mod batch_get;
pub(crate) mod batch_write;
mod expire;
mod get;
mod mixed;
mod put;
mod query;
mod scan;
mod transact_write;
mod update;

use std::sync::Arc;

use api::Operation;

use crate::chance::Chance;
use crate::data::{Data, Shape};

/// Why a reply that came with status 200 is not accepted.
pub(crate) type Unexpected = &'static str;

/// One connection's part in a workload.
pub(crate) trait Driver {
    /// Writes the body of the next request.
    fn request(&mut self, body: &mut Vec<u8>) -> Operation;

    /// Looks at the reply to it.
    fn check(&mut self, reply: &[u8]) -> Result<(), Unexpected>;
}

/// What a driver works with, and which of how many connections it is.
pub(crate) struct DriverState {
    pub(crate) data: Arc<Data>,
    pub(crate) chance: Chance,
    pub(crate) connection: u64,
    pub(crate) connections: u64,
}

type MakeDriver = fn(DriverState) -> Box<dyn Driver>;

pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) shape: Shape,
    /// Keys that the table must hold for each connection.
    pub(crate) keys_per_connection: u64,
    pub(crate) driver: MakeDriver,
    /// Each request reads or writes one item by its key, of a table without indexes.
    pub(crate) is_single_rows: bool,
    /// What one more connection does meanwhile, without being measured.
    pub(crate) beside: Option<MakeDriver>,
}

impl std::fmt::Debug for Workload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

const fn workload(name: &'static str, about: &'static str, shape: Shape, driver: MakeDriver) -> Workload {
    Workload { name, about, shape, keys_per_connection: 0, driver, is_single_rows: false, beside: None }
}

const fn single_rows(name: &'static str, about: &'static str, driver: MakeDriver) -> Workload {
    Workload { is_single_rows: true, ..workload(name, about, Shape::Items, driver) }
}

pub(crate) const WORKLOADS: &[Workload] = &[
    single_rows("get", "GetItem of any item", get::driver),
    single_rows("put", "PutItem over any item", put::plain),
    workload("update", "UpdateItem that ADDs 1 to a number of any item", Shape::Items, update::driver),
    workload("update-hot", "UpdateItem that ADDs 1 to a number of the same item", Shape::Items, update::hot),
    single_rows("conditional-put", "PutItem over any item, if it exists", put::conditional),
    workload("query", "Query of a partition of 100 rows, 21 KB", Shape::Rows, query::driver),
    workload("batch-get", "BatchGetItem of 100 items", Shape::Items, batch_get::driver),
    workload("batch-write", "BatchWriteItem that puts 25 items", Shape::Items, batch_write::driver),
    Workload {
        keys_per_connection: 4,
        ..workload("transact-write-4", "TransactWriteItems that puts 4 items", Shape::Items, transact_write::of_4)
    },
    Workload {
        keys_per_connection: 25,
        ..workload("transact-write-25", "TransactWriteItems that puts 25 items", Shape::Items, transact_write::of_25)
    },
    workload("put-2-gsi", "PutItem that moves the item in 2 indexes over all attributes", Shape::Indexed, put::indexed),
    workload(
        "put-stream",
        "PutItem over any item of a table with a stream of both images",
        Shape::Streamed,
        put::streamed,
    ),
    workload("scan", "Scan in pages of 1 MB, each connection for itself", Shape::Items, scan::driver),
    single_rows("mixed", "9 GetItem to 1 PutItem, keys by Zipf's law", mixed::driver),
    Workload {
        beside: Some(scan::driver),
        ..workload("get-while-scan", "GetItem of any item while one more client scans", Shape::Items, get::driver)
    },
    Workload {
        beside: Some(expire::lasting),
        ..workload(
            "get-while-write",
            "GetItem of any item while one more client writes batches",
            Shape::Items,
            get::driver,
        )
    },
    Workload {
        beside: Some(expire::expiring),
        ..workload("get-while-ttl", "the same, and what is written expires at once", Shape::Expiring, get::of_expiring)
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::data::DataSettings;

    fn state(workload: &Workload, connection: u64) -> DriverState {
        let settings = DataSettings { prefix: "p".to_owned(), keys: 200, value_size: 1024, consistent: false, seed: 1 };
        assert!(workload.keys_per_connection * 8 <= settings.keys);
        DriverState {
            data: Arc::new(Data::new(settings)),
            chance: Chance::new(1, connection),
            connection,
            connections: 8,
        }
    }

    /// Partition keys that a request names.
    fn keys(request: &Value, found: &mut Vec<String>) {
        match request {
            Value::Object(members) => {
                found.extend(members.get("pk").map(|key| key["S"].as_str().unwrap().to_owned()));
                members.values().for_each(|value| keys(value, found));
            }
            Value::Array(elements) => elements.iter().for_each(|value| keys(value, found)),
            _ => {}
        }
    }

    #[test]
    fn requests_are_json_and_name_each_key_once() {
        for workload in WORKLOADS {
            let mut drivers: Vec<_> = (0..8).map(|connection| (workload.driver)(state(workload, connection))).collect();
            for _ in 0..100 {
                let mut in_flight = Vec::new();
                for driver in &mut drivers {
                    let mut body = Vec::new();
                    driver.request(&mut body);
                    let request: Value = serde_json::from_slice(&body).expect(workload.name);
                    let mut named = Vec::new();
                    keys(&request, &mut named);
                    assert_eq!(
                        named.iter().collect::<BTreeSet<_>>().len(),
                        named.len(),
                        "{}: {named:?}",
                        workload.name
                    );
                    in_flight.extend(named);
                }
                // Transactions of different connections never meet: a conflict would count as a failure.
                if workload.keys_per_connection > 0 {
                    assert_eq!(in_flight.iter().collect::<BTreeSet<_>>().len(), in_flight.len(), "{}", workload.name);
                }
            }
        }
    }

    /// No workload takes a reply for good that holds nothing of what was asked for, except those that expect nothing.
    #[test]
    fn empty_replies_are_refused() {
        let content: BTreeSet<&str> = WORKLOADS
            .iter()
            .filter(|workload| {
                let mut driver = (workload.driver)(state(workload, 0));
                driver.request(&mut Vec::new());
                driver.check(b"{}").is_err()
            })
            .map(|workload| workload.name)
            .collect();
        for name in ["get", "query", "batch-get", "scan", "get-while-scan", "get-while-ttl"] {
            assert!(content.contains(name), "{name}");
        }
    }

    #[test]
    fn names_differ() {
        let names: BTreeSet<&str> = WORKLOADS.iter().map(|workload| workload.name).collect();
        assert_eq!(names.len(), WORKLOADS.len());
    }
}
