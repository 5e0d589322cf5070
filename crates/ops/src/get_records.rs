//! GetRecords: the next records of a shard, each as its stream's view type shows it.
//!
//! An open shard always has a next iterator, a closed one until its last record is read. A page may be empty before that:
//! shards that were split share a log, and a page skips a bounded number of records of the others.

use std::time::Instant;

use api::{Exception, GetRecordsInput, GetRecordsOutput};
use auth::Caller;
use change_log::Shard;
use model::codec::row::StoredItem;
use model::limits::{ITEM_SIZE_MAX, STREAM_RECORDS_MAX, STREAM_RECORDS_SIZE_MAX};

use crate::allowance;
use crate::get_shard_iterator::trimmed;
use crate::service::Service;
use crate::stream::{self, Shape, ShardIterator};

/// The memory of a page: records of 1 MiB and one more with two images, and those again as JSON, which is up to three times
/// as long. Unit: bytes.
const RECORDS_MEMORY: usize = 4 * (STREAM_RECORDS_SIZE_MAX + 2 * ITEM_SIZE_MAX);

impl Service {
    /// # Errors
    /// If the iterator is not one of this database's or too old, or if its shard or its record is deleted.
    pub(crate) async fn get_records(
        &self,
        caller: &Caller,
        request: GetRecordsInput,
    ) -> Result<GetRecordsOutput, Exception> {
        let begun = Instant::now();
        let limit = stream::page_limit(request.limit, STREAM_RECORDS_MAX)?;
        let read = ShardIterator::read(&self.secret, &request.shard_iterator);
        let (arn, iterator) = read.ok_or_else(|| Exception::validation("Invalid ShardIterator"))?;
        let stream = self.stream_of_shard(caller, arn, iterator.shard).await?;
        let now_ms = self.clock.now_ms();
        if iterator.is_expired(now_ms) {
            return Err(Exception::ExpiredIterator(
                "The shard iterator has expired and can no longer be used to retrieve stream records.".to_owned(),
            ));
        }
        let view = self.view_of_stream(&stream).await?;
        let shard = stream.shard(&*view, iterator.shard).await?;
        let shard = shard.ok_or_else(|| {
            stream::shard_not_found(&Shard::id_of(&self.secret, stream.table.id(), iterator.shard), arn)
        })?;
        if iterator.position <= shard.trimmed {
            return Err(trimmed());
        }
        let page = self
            .page_of_shard(&*view, &stream.table, &shard, iterator.position, limit, STREAM_RECORDS_SIZE_MAX)
            .await?
            .or_damage()
            .map_err(Exception::internal)?;
        let (mut position, mut is_end) = (page.next, page.is_end);
        let shape = Shape { table: &stream.table, arn: stream.arn(), view: stream.own.view };
        let mut newest_ms = page.given_up_ms.unwrap_or(now_ms);
        let (mut records, mut size, mut returned_size) = (Vec::with_capacity(page.records.len()), 0, 0);
        let images = page.records.iter().flat_map(|record| [&record.before, &record.after]).flatten();
        allowance::read(images.map(StoredItem::size).sum(), RECORDS_MEMORY).await?;
        for record in page.records.iter().filter(|record| record.is_shown()) {
            let shown = self.shown(&shape, &shard, record);
            size += shown.size;
            if size > STREAM_RECORDS_SIZE_MAX && !records.is_empty() {
                (position, is_end) = (record.position, false);
                break;
            }
            returned_size = size;
            records.push(shown.record);
            newest_ms = record.created_ms;
        }
        self.lags.add_age(stream.table.id(), now_ms, now_ms.saturating_sub(newest_ms));
        let own = [("Operation", "GetRecords"), ("StreamLabel", stream.own.label.as_str())];
        for (metric, value) in [
            ("SuccessfulRequestLatency", begun.elapsed().as_secs_f64() * 1000.0),
            ("ReturnedRecordsCount", records.len() as f64),
            ("ReturnedBytes", returned_size as f64),
        ] {
            self.measure_table(&stream.table, metric, &own, value);
        }
        let next = ShardIterator { shard: shard.number, position, issued_ms: now_ms };
        Ok(GetRecordsOutput {
            next_shard_iterator: (!is_end).then(|| next.write(&self.secret, arn)),
            records: Some(records),
        })
    }
}
