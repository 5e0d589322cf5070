//! Putting changes into a stream so that an item's stay in their order, whatever fails on the way.
//!
//! PutRecords may take some records of a call and refuse others, and promises no order among them. So a call holds at
//! most one record of an item; the item's next one is put after it was taken. Refused records are put again, together with
//! those that have not been put yet.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use api::ApproximateCreationDateTimePrecision;
use ops::KinesisDestination;
use ops::follow::Change;
use storage::BoxFuture;

use super::Settings;
use super::call::{Entry, Kinesis, Problem};
use super::record;
use crate::follow::{Receiver, Taken, backoff};

/// Source: Kinesis API Reference, PutRecords.
pub(super) const RECORDS_MAX: usize = 500;
/// Of data and partition keys. Unit: bytes. Source: as above, 5 MiB; a little less, for servers that count otherwise.
const CALL_SIZE_MAX: usize = 5_000_000;
/// Data and partition key of one record. Unit: bytes. Source: as above; a stream may be set to take more.
const RECORD_SIZE_MAX: usize = 1 << 20;
/// Calls in a row that may put nothing before the loop gets its turn, which reads on from the checkpoint.
const VAIN_CALLS_MAX: usize = 5;

/// The precision of a destination, which may be changed while it is delivered to.
pub(super) struct Precision(AtomicBool);

impl Precision {
    pub(super) fn new(precision: ApproximateCreationDateTimePrecision) -> Precision {
        let own = Precision(AtomicBool::new(false));
        own.set(precision);
        own
    }

    pub(super) fn set(&self, precision: ApproximateCreationDateTimePrecision) {
        self.0.store(precision == ApproximateCreationDateTimePrecision::Microsecond, Ordering::Relaxed);
    }

    fn get(&self) -> ApproximateCreationDateTimePrecision {
        match self.0.load(Ordering::Relaxed) {
            true => ApproximateCreationDateTimePrecision::Microsecond,
            false => ApproximateCreationDateTimePrecision::Millisecond,
        }
    }
}

/// Puts the changes of one table into one stream.
pub(super) struct Putter {
    kinesis: Result<Kinesis, Problem>,
    table_name: String,
    /// For the log.
    title: String,
    precision: std::sync::Arc<Precision>,
}

impl Putter {
    pub(super) fn new(
        settings: &Settings,
        destination: &KinesisDestination,
        precision: std::sync::Arc<Precision>,
    ) -> Putter {
        let kinesis = Kinesis::new(settings, &destination.stream_arn, &super::holder(destination));
        let (title, table_name) = (super::title(destination), destination.table_name.clone());
        Putter { kinesis, table_name, title, precision }
    }

    async fn put(&self, changes: &[Change]) -> Taken {
        let kinesis = match &self.kinesis {
            Ok(kinesis) => kinesis,
            Err(problem) => return Taken { count: 0, failure: Some(problem.text.clone()) },
        };
        let precision = self.precision.get();
        let records = changes.iter().map(|change| Pending {
            partition_key: record::partition_key(&change.item),
            data: record::data(change, &self.table_name, precision),
            is_put: false,
        });
        let mut records: Vec<Pending> = records.collect();
        let failure = put_all(kinesis, &mut records, &self.title).await;
        Taken { count: records.iter().take_while(|record| record.is_put).count(), failure }
    }
}

impl Receiver for Putter {
    fn take<'a>(&'a self, changes: &'a [Change]) -> BoxFuture<'a, Taken> {
        Box::pin(self.put(changes))
    }
}

struct Pending {
    partition_key: String,
    data: Vec<u8>,
    is_put: bool,
}

impl Pending {
    fn size(&self) -> usize {
        self.data.len() + self.partition_key.len()
    }
}

/// Puts all records, or returns why it gave up.
async fn put_all(kinesis: &Kinesis, records: &mut [Pending], title: &str) -> Option<String> {
    let mut backoff = backoff();
    let mut vain_calls = 0;
    loop {
        let chosen = next_call(records);
        if chosen.is_empty() {
            return None;
        }
        let entry = |at: &usize| Entry { partition_key: &records[*at].partition_key, data: &records[*at].data };
        let entries: Vec<Entry<'_>> = chosen.iter().map(entry).collect();
        let done = kinesis.put_records(&entries).await;
        let failure = match done {
            Ok(outcomes) => {
                let failure = outcomes.iter().flatten().next().cloned();
                let put = chosen.iter().zip(&outcomes).filter(|(_, outcome)| outcome.is_none());
                let count = put.map(|(at, _)| records[*at].is_put = true).count();
                vain_calls = if count > 0 { 0 } else { vain_calls + 1 };
                if count > 0 {
                    // What is left waits as after a first failure.
                    backoff.reset();
                }
                failure
            }
            Err(Problem { text, passes: false, .. }) if is_refused_for_its_size(records, &chosen) => {
                let size = records[chosen[0]].size();
                log::error!(event = "change_too_large"; "{title}: a change of {size} bytes is more than the stream takes, and is left out: {text}");
                records[chosen[0]].is_put = true;
                None
            }
            Err(Problem { text, passes, .. }) => {
                vain_calls = if passes { vain_calls + 1 } else { VAIN_CALLS_MAX };
                Some(text)
            }
        };
        match failure {
            None => backoff.reset(),
            Some(failure) if vain_calls >= VAIN_CALLS_MAX => return Some(failure),
            Some(_) => backoff.pause().await,
        }
    }
}

/// The records of the next call, by their indexes: the first unput one of each item, as far as a call has room.
/// A record above the size that streams accept by default is put in a call of its own.
fn next_call(records: &[Pending]) -> Vec<usize> {
    let (mut chosen, mut items, mut size) = (Vec::new(), BTreeSet::new(), 0);
    for (at, record) in records.iter().enumerate().filter(|(_, record)| !record.is_put) {
        if !items.insert(record.partition_key.as_str()) {
            continue;
        }
        let is_large = record.size() > RECORD_SIZE_MAX;
        size += record.size();
        if !chosen.is_empty() && (is_large || size > CALL_SIZE_MAX) {
            break;
        }
        chosen.push(at);
        if is_large || chosen.len() == RECORDS_MAX {
            break;
        }
    }
    chosen
}

fn is_refused_for_its_size(records: &[Pending], chosen: &[usize]) -> bool {
    matches!(chosen, [at] if records[*at].size() > RECORD_SIZE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_has_one_record_of_an_item_and_what_there_is_room_for() {
        let check = |given: &[(&str, usize, bool)], expected: &[usize]| {
            let record = |(key, size, is_put): &(&str, usize, bool)| Pending {
                partition_key: (*key).to_owned(),
                data: vec![0; *size],
                is_put: *is_put,
            };
            let records: Vec<Pending> = given.iter().map(record).collect();
            assert_eq!(next_call(&records), expected, "{given:?}");
        };
        check(&[], &[]);
        check(&[("a", 1, false), ("b", 1, false), ("a", 1, false)], &[0, 1]);
        check(&[("a", 1, false), ("b", 1, true), ("a", 1, false), ("b", 1, false)], &[0, 3]);
        check(&[("a", 1, true), ("a", 1, false)], &[1]);
        let large = RECORD_SIZE_MAX;
        check(&[("a", large, false), ("b", 1, false)], &[0]);
        check(&[("a", 1, false), ("b", large, false), ("c", 1, false)], &[0]);
        let many: Vec<(String, usize)> = (0..6).map(|at| (format!("{at}"), large - 1)).collect();
        let many: Vec<_> = many.iter().map(|(key, size)| (key.as_str(), *size, false)).collect();
        check(&many, &[0, 1, 2, 3]);
        let keys: Vec<String> = (0..RECORDS_MAX + 1).map(|at| at.to_string()).collect();
        let keys: Vec<_> = keys.iter().map(|key| (key.as_str(), 1, false)).collect();
        check(&keys, &(0..RECORDS_MAX).collect::<Vec<_>>());
    }
}
