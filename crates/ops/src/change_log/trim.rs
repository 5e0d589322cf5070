//! Background work on logs, of which trimming is the most: records go when they are older than anybody may read, and
//! shards when they have ended and are empty.

use std::sync::{Arc, Weak};
use std::time::Duration;

use api::Exception;
use model::limits::STREAM_RETENTION_MS;
use storage::{Family, Key, Row, log};

use super::{Record, Shard};
use crate::catalog::{Edit, Stream};
use crate::failure::storage_failure;
use crate::nodes::owner::Ownership;
use crate::rows;
use crate::service::Service;

/// How often logs are trimmed.
const TRIM_INTERVAL: Duration = Duration::from_secs(60);
/// Records that one batch deletes.
const STEP_ROWS: usize = 1024;
const STEP_BYTES: usize = 1 << 20;

impl Service {
    /// Rolls and trims logs now and then, for as long as the service lives.
    pub(crate) fn keep_logs_for_ever(self: &Arc<Service>) {
        let service: Weak<Service> = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(TRIM_INTERVAL).await;
                let Some(service) = service.upgrade() else { return };
                // Of several nodes one does it.
                if matches!(service.own(0).await, Ok(Ownership::Alone | Ownership::Ours(_))) {
                    service.roll_logs().await;
                    service.trim_logs().await;
                    service.measure_logs().await;
                }
            }
        });
    }

    /// Trims every log once. What fails is tried again the next time.
    pub(crate) async fn trim_logs(&self) {
        for table_id in self.catalog.table_ids(|definition| definition.log.next_shard > 0) {
            if let Err(Exception::InternalServerError(text)) = self.trim_log(table_id).await {
                ::log::error!("the log of table {table_id} could not be trimmed and will be tried again: {text}");
            }
        }
    }

    async fn trim_log(&self, table_id: u64) -> Result<(), Exception> {
        let view = self.engine.view().await.map_err(storage_failure)?;
        let shards = Shard::list(&*view, table_id, 0, u32::MAX).await?;
        drop(view);
        let now_ms = self.clock.now_ms();
        let is_over = |since_ms: u64| since_ms.saturating_add(STREAM_RETENTION_MS) <= now_ms;
        for mut shard in shards.clone() {
            while self.trim_step(&mut shard, &is_over).await? {}
            if shard.closed.is_some_and(|closed| closed.last <= shard.trimmed && is_over(closed.at_ms)) {
                let goes_on = shards.iter().any(|other| other.log() == shard.log() && other.number > shard.number);
                self.forget_shard(&shard, goes_on).await?;
            }
        }
        self.forget_streams(table_id, &is_over).await
    }

    /// Deletes the next records that are over, and tells whether there may be more.
    async fn trim_step(&self, shard: &mut Shard, is_over: &impl Fn(u64) -> bool) -> Result<bool, Exception> {
        let view = self.engine.view().await.map_err(storage_failure)?;
        let range = shard.records(shard.trimmed.saturating_add(1), STEP_ROWS, STEP_BYTES);
        let page = view.scan(&range).await.map_err(storage_failure)?;
        drop(view);
        if page.rows.iter().any(|row| Record::created_ms(&row.value).is_none()) {
            return Err(Exception::internal("a record cannot be read"));
        }
        let is_over = |row: &&Row| !Record::is_mark(&row.value) && Record::created_ms(&row.value).is_some_and(is_over);
        let over: Vec<&Row> = page.rows.iter().take_while(is_over).collect();
        let Some(last) = over.last().and_then(|row| shard.position_of(&row.key)) else { return Ok(false) };
        self.change_shard(shard.table_id, shard.number, |shard, batch| {
            shard.trimmed = last;
            over.iter().for_each(|row| batch.delete(Key::new(Family::Log, row.key.clone())));
        })
        .await?;
        shard.trimmed = last;
        Ok(page.more)
    }

    /// Its log first, or the mark at its end if a child goes on in it: whoever is interrupted finds the row again.
    async fn forget_shard(&self, shard: &Shard, goes_on: bool) -> Result<(), Exception> {
        let name = rows::log(shard.table_id, shard.log());
        let gone = match shard.closed.filter(|_| goes_on) {
            Some(closed) => log::record(&name, closed.last.saturating_add(1)).bytes,
            None => name,
        };
        self.engine.destroy(Family::Log, gone).await.map_err(storage_failure)?;
        let row = rows::shard(shard.table_id, shard.number);
        self.engine.destroy(Family::Catalog, row.bytes).await.map_err(storage_failure)
    }

    async fn forget_streams(&self, table_id: u64, is_over: &impl Fn(u64) -> bool) -> Result<(), Exception> {
        let is_over = |stream: &Stream| stream.disabled_ms.is_none_or(is_over);
        if !self.catalog.by_id(table_id).is_some_and(|table| table.definition.past_streams.iter().any(is_over)) {
            return Ok(());
        }
        let guard = self.catalog.lock().await?;
        let Some(table) = self.catalog.by_id(table_id) else { return Ok(()) };
        let mut definition = table.definition.clone();
        drop(table);
        definition.past_streams.retain(|stream| !is_over(stream));
        self.catalog.replace(&self.engine, guard, definition, Edit::default()).await?;
        Ok(())
    }
}
