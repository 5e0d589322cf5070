//! A record of a log as readers of a stream see it: reduced to a view type, with an event id.

use api::{Identity, OperationType, Record as ShownRecord, StreamRecord, Timestamp};
use change_log::{Author, LogRecord, Shard};
use model::codec::key::{KeyValue, h16};
use model::codec::row::StoredItem;
use model::{Attributes, Item, item_size};
use tables::rows;
use tables::{self, StreamView, Table};

use crate::service::Service;

/// The form in which records are shown.
pub(crate) struct Shape<'a> {
    pub table: &'a Table,
    /// Of the stream or table that they are read from: part of the event id.
    pub arn: String,
    pub view: StreamView,
}

/// A record for an answer, with its size as the API counts it.
pub(crate) struct Shown {
    pub record: ShownRecord,
    pub size: usize,
}

impl Service {
    pub(crate) fn shown(&self, shape: &Shape<'_>, shard: &Shard, record: &LogRecord) -> Shown {
        let sequence = shard.sequence(record.position);
        let event_name = match (&record.before, &record.after) {
            (None, _) => OperationType::Insert,
            (Some(_), Some(_)) => OperationType::Modify,
            (Some(_), None) => OperationType::Remove,
        };
        let (wants_old, wants_new) = match shape.view {
            StreamView::KeysOnly => (false, false),
            StreamView::NewImage => (false, true),
            StreamView::OldImage => (true, false),
            StreamView::NewAndOldImages => (true, true),
        };
        let keys = keys(shape.table, record);
        let old = record.before.as_ref().filter(|_| wants_old);
        let new = record.after.as_ref().filter(|_| wants_new);
        let image_size = |image: Option<&StoredItem>| image.map_or(0, StoredItem::size);
        let size = item_size(keys.view()) + image_size(old) + image_size(new);
        let dynamodb = StreamRecord {
            approximate_creation_date_time: Some(whole_seconds(record.created_ms)),
            keys: Some(Item::Tree(keys)),
            new_image: new.map(StoredItem::item),
            old_image: old.map(StoredItem::item),
            sequence_number: Some(sequence.clone()),
            size_bytes: Some(i64::try_from(size).unwrap_or(i64::MAX)),
            stream_view_type: Some(tables::stream_view(shape.view)),
        };
        let record = ShownRecord {
            aws_region: Some(shape.table.definition.region.clone()),
            dynamodb: Some(dynamodb),
            event_id: Some(self.event_id(&shape.arn, &sequence)),
            event_name: Some(event_name),
            event_source: Some("aws:dynamodb".to_owned()),
            event_version: Some("1.1".to_owned()),
            user_identity: identity(record.author),
        };
        Shown { record, size }
    }

    /// The same for each read of a record, and different from those of all others.
    fn event_id(&self, arn: &str, sequence: &str) -> String {
        let hash = h16(&self.secret, [KeyValue::S(arn), KeyValue::S(sequence)]);
        base::hex(&hash)
    }
}

fn keys(table: &Table, record: &LogRecord) -> Attributes {
    record.image().map(|image| rows::key_attributes(table, image.attributes())).unwrap_or_default()
}

fn whole_seconds(epoch_ms: u64) -> Timestamp {
    tables::timestamp(epoch_ms / 1000 * 1000)
}

fn identity(author: Author) -> Option<Identity> {
    match author {
        // Changes of other regions and of restores are shown as ordinary ones.
        Author::Client | Author::Replication { .. } | Author::Restore => None,
        Author::TimeToLive => Some(Identity {
            principal_id: Some("dynamodb.amazonaws.com".to_owned()),
            r#type: Some("Service".to_owned()),
        }),
    }
}
