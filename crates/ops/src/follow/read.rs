//! Reading on: the next changes of a shard, as their follower wants to see them.

use model::AttributeValue;
use model::codec::key::{KeyValue, h16};

use super::{Batch, Bounds, Change, Cursor, FollowError, Follower, ready};
use crate::change_log::{Record, Shard};
use crate::service::Service;
use crate::stream::Shape;
use crate::tables::{StreamView, Table};

impl Service {
    /// The changes from the cursor on, as far as the bounds go; none if there are none yet.
    ///
    /// # Errors
    /// If there is nothing to follow any more, the next record is damaged, or the engine fails.
    pub async fn read_on(&self, follower: &Follower, cursor: Cursor, bounds: Bounds) -> Result<Batch, FollowError> {
        let table = self.followed_table(follower)?;
        let view = self.view_of_logs(follower.table_id, &[cursor.log]).await?;
        let Some(shard) = Shard::find(&*view, follower.table_id, cursor.shard).await? else {
            // Trimmed away, and its row with it: nobody knows how much it was.
            return Ok(Batch { changes: Vec::new(), lost: 1, ended: true, end: cursor });
        };
        let first = cursor.next.max(shard.trimmed.saturating_add(1));
        let lost = first - cursor.next;
        let page = self.page_of_shard(&*view, &table, &shard, first, bounds.records_max, bounds.bytes_max).await?;
        let page = page.or_damage().map_err(FollowError::Damaged)?;
        drop(view);
        let shape = shape(&table, follower)?;
        let end = Cursor { next: page.next, ..cursor };
        let change = |(at, record): &(u64, Record)| {
            let shown = self.shown(&shape, &shard, *at, record).record;
            let item = self.item_hash(&table, &shown);
            Change { record: shown, created_ms: record.created_ms, item, position: *at }
        };
        let changes = page.records.iter().map(change).collect();
        let ended = page.is_end;
        Ok(Batch { changes, lost, ended, end })
    }

    fn item_hash(&self, table: &Table, record: &api::Record) -> [u8; 16] {
        let keys = record.dynamodb.as_ref().and_then(|shown| shown.keys.as_ref());
        let value = |name: &str| keys.and_then(|keys| keys.view().get(name).map(|value| value.to_owned()));
        let values: Vec<AttributeValue> = table.key.attributes().filter_map(|part| value(&part.name)).collect();
        h16(&self.secret, values.iter().filter_map(|value| KeyValue::of(value.view())))
    }
}

fn shape<'a>(table: &'a Table, follower: &Follower) -> Result<Shape<'a>, FollowError> {
    Ok(match ready::stream(table, &follower.of)? {
        Some(stream) => Shape { table, arn: format!("{}/stream/{}", table.arn, stream.label), view: stream.view },
        None => Shape { table, arn: table.arn.clone(), view: StreamView::NewAndOldImages },
    })
}
