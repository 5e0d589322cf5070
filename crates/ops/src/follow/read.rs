//! The one reader of logs: `poll` returns the next records of a shard as they are stored, and `poll_changes` returns them in a
//! stream's view.

use change_log::{LogRecord, Shard};
use model::AttributeValue;
use model::codec::key::{KeyValue, h16};
use tables::{StreamView, Table};

use super::{Batch, Bounds, Change, Consumer, Cursor, FollowError, ready};
use crate::service::Service;
use crate::stream::Shape;

impl Service {
    /// The records from the cursor on, within the bounds; none if there are none yet.
    ///
    /// # Errors
    /// If the table or the stream does not exist any more, the next record is damaged, or the engine fails.
    pub async fn poll(
        &self,
        consumer: &Consumer,
        cursor: Cursor,
        bounds: Bounds,
    ) -> Result<Batch<LogRecord>, FollowError> {
        let table = self.followed_table(consumer)?;
        let polled = self.poll_shard(&table, cursor, bounds).await?;
        Ok(polled.map_or_else(|| Batch::of_gone_shard(cursor), |(_, batch)| batch))
    }

    /// As [`Service::poll`]: the changes in the view of the stream that the consumer reads, or with both images.
    ///
    /// # Errors
    /// As for [`Service::poll`].
    pub async fn poll_changes(
        &self,
        consumer: &Consumer,
        cursor: Cursor,
        bounds: Bounds,
    ) -> Result<Batch, FollowError> {
        let table = self.followed_table(consumer)?;
        let polled = self.poll_shard(&table, cursor, bounds).await?;
        let Some((shard, batch)) = polled else { return Ok(Batch::of_gone_shard(cursor)) };
        let shape = shape(&table, consumer)?;
        Ok(batch.filter_map(|record| {
            if !record.is_shown() {
                return None;
            }
            let shown = self.shown(&shape, &shard, &record).record;
            let item = self.item_hash(&table, &shown);
            Some(Change { record: shown, created_ms: record.created_ms, item })
        }))
    }

    /// The next records, and the shard that they are of; none if the shard was trimmed away, and its row with it.
    async fn poll_shard(
        &self,
        table: &Table,
        cursor: Cursor,
        bounds: Bounds,
    ) -> Result<Option<(Shard, Batch<LogRecord>)>, FollowError> {
        let view = self.view_of_logs(table.id(), &[cursor.log]).await?;
        let Some(shard) = Shard::find(&*view, table.id(), cursor.shard).await? else { return Ok(None) };
        let first = cursor.next.max(shard.trimmed.saturating_add(1));
        let lost = first - cursor.next;
        let page = self.page_of_shard(&*view, table, &shard, first, bounds.records_max, bounds.bytes_max).await?;
        let page = page.or_damage().map_err(FollowError::Damaged)?;
        let positions = page.records.iter().map(|record| record.position).collect();
        let end = Cursor { next: page.next, ..cursor };
        Ok(Some((shard, Batch { changes: page.records, positions, lost, ended: page.is_end, end })))
    }

    fn item_hash(&self, table: &Table, record: &api::Record) -> [u8; 16] {
        let keys = record.dynamodb.as_ref().and_then(|shown| shown.keys.as_ref());
        let value = |name: &str| keys.and_then(|keys| keys.view().get(name).map(|value| value.to_owned()));
        let values: Vec<AttributeValue> = table.key.attributes().filter_map(|part| value(&part.name)).collect();
        h16(&self.secret, values.iter().filter_map(|value| KeyValue::of(value.view())))
    }
}

fn shape<'a>(table: &'a Table, consumer: &Consumer) -> Result<Shape<'a>, FollowError> {
    Ok(match ready::stream(table, &consumer.of)? {
        Some(stream) => Shape { table, arn: format!("{}/stream/{}", table.arn, stream.label), view: stream.view },
        None => Shape { table, arn: table.arn.clone(), view: StreamView::NewAndOldImages },
    })
}
