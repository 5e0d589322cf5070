//! GetRecords: the next records of a shard, each as its stream's view type shows it.
//!
//! An open shard always has a next iterator, a closed one until its last record is read. A page may be empty before that:
//! shards that were split share a log, and a page passes over only so many records of the others.

use api::{
    Exception, GetRecordsInput, GetRecordsOutput, Identity, OperationType, Record as ShownRecord, StreamRecord,
    Timestamp,
};
use auth::Caller;
use model::codec::key::h16;
use model::codec::row::StoredItem;
use model::limits::{STREAM_RECORDS_MAX, STREAM_RECORDS_SIZE_MAX};
use model::{Attributes, Item, ValueRef, item_size};

use crate::catalog::{self, StreamView};
use crate::change_log::{Author, Record, Shard};
use crate::get_shard_iterator::trimmed;
use crate::rows;
use crate::service::Service;
use crate::stream::{self, ShardIterator, Stream};

impl Service {
    /// # Errors
    /// If the iterator is not one of this database's or too old, or if what it points to is gone.
    pub async fn get_records(&self, caller: &Caller, request: GetRecordsInput) -> Result<GetRecordsOutput, Exception> {
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
            .await?;
        let (mut position, mut is_end) = (page.next, page.is_end);
        let mut newest_ms = now_ms;
        let (mut records, mut size) = (Vec::with_capacity(page.records.len()), 0);
        for (at, record) in &page.records {
            let shown = self.shown_record(&stream, &shard, *at, record);
            size += shown.size;
            if size > STREAM_RECORDS_SIZE_MAX && !records.is_empty() {
                (position, is_end) = (*at, false);
                break;
            }
            records.push(shown.record);
            newest_ms = record.created_ms;
        }
        self.lags.add_age(stream.table.id(), now_ms, now_ms.saturating_sub(newest_ms));
        let next = ShardIterator { shard: shard.number, position, issued_ms: now_ms };
        Ok(GetRecordsOutput {
            next_shard_iterator: (!is_end).then(|| next.write(&self.secret, arn)),
            records: Some(records),
        })
    }

    fn shown_record(&self, stream: &Stream, shard: &Shard, position: u64, record: &Record) -> Shown {
        let sequence = shard.sequence(position);
        let event_name = match (&record.old, &record.new) {
            (None, _) => OperationType::Insert,
            (Some(_), Some(_)) => OperationType::Modify,
            (Some(_), None) => OperationType::Remove,
        };
        let (wants_old, wants_new) = match stream.own.view {
            StreamView::KeysOnly => (false, false),
            StreamView::NewImage => (false, true),
            StreamView::OldImage => (true, false),
            StreamView::NewAndOldImages => (true, true),
        };
        let keys = keys(stream, record);
        let old = record.old.as_ref().filter(|_| wants_old);
        let new = record.new.as_ref().filter(|_| wants_new);
        let image_size = |image: Option<&StoredItem>| image.map_or(0, StoredItem::size);
        let size = item_size(keys.view()) + image_size(old) + image_size(new);
        let dynamodb = StreamRecord {
            approximate_creation_date_time: Some(whole_seconds(record.created_ms)),
            keys: Some(Item::Tree(keys)),
            new_image: new.map(StoredItem::item),
            old_image: old.map(StoredItem::item),
            sequence_number: Some(sequence.clone()),
            size_bytes: Some(i64::try_from(size).unwrap_or(i64::MAX)),
            stream_view_type: Some(catalog::stream_view(stream.own.view)),
        };
        let record = ShownRecord {
            aws_region: Some(stream.table.definition.region.clone()),
            dynamodb: Some(dynamodb),
            event_id: Some(self.event_id(stream, &sequence)),
            event_name: Some(event_name),
            event_source: Some("aws:dynamodb".to_owned()),
            event_version: Some("1.1".to_owned()),
            user_identity: identity(record.author),
        };
        Shown { record, size }
    }

    /// The same whenever a record is read, and different from all others.
    fn event_id(&self, stream: &Stream, sequence: &str) -> String {
        let hash = h16(&self.secret, [ValueRef::S(&stream.arn()), ValueRef::S(sequence)]);
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A record for an answer, with its size as the API counts it.
struct Shown {
    record: ShownRecord,
    size: usize,
}

fn keys(stream: &Stream, record: &Record) -> Attributes {
    record.image().map(|image| rows::key_attributes(&stream.table, image.attributes())).unwrap_or_default()
}

fn whole_seconds(epoch_ms: u64) -> Timestamp {
    catalog::timestamp(epoch_ms / 1000 * 1000)
}

fn identity(author: Author) -> Option<Identity> {
    match author {
        Author::Client => None,
        Author::TimeToLive => Some(Identity {
            principal_id: Some("dynamodb.amazonaws.com".to_owned()),
            r#type: Some("Service".to_owned()),
        }),
    }
}
