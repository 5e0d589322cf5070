//! Rolling: a shard that was written for some hours is closed, and a child takes its place. So readers that lag behind
//! share a long log out, and what is old can be forgotten by the shard.
//!
//! The child's sequences begin far behind those that the parent may still give out until it is closed.

use api::Exception;

use super::Shard;
use crate::catalog::{Edit, OpenShard};
use crate::failure::storage_failure;
use crate::rows;
use crate::service::Service;

/// How long a shard is written. Unit: milliseconds. Source: observed, about four hours.
const ROLL_MS: u64 = 4 * 60 * 60 * 1000;
/// Sequences that a parent may give out between the roll and its end: far more than any server writes in that time.
const BASE_GAP: u64 = 1 << 32;

impl Service {
    /// Rolls every log that is due. What fails is tried again the next time.
    pub(crate) async fn roll_logs(&self) {
        let open = self.catalog.table_ids(|definition| !definition.log.open.is_empty());
        for table_id in open {
            if let Err(Exception::InternalServerError(text)) = self.roll_log(table_id).await {
                eprintln!("the log of table {table_id} could not be rolled and will be tried again: {text}");
            }
        }
    }

    async fn roll_log(&self, table_id: u64) -> Result<(), Exception> {
        let now_ms = self.clock.now_ms();
        let guard = self.catalog.lock().await?;
        let Some(table) = self.catalog.by_id(table_id) else { return Ok(()) };
        let mut definition = table.definition.clone();
        let usable = table.is_usable();
        drop(table);
        if !usable || !definition.log.closing.is_empty() {
            return Ok(());
        }
        let view = self.engine.view().await.map_err(storage_failure)?;
        let mut puts = Vec::new();
        for at in 0..definition.log.open.len() {
            let OpenShard { number, from_hash } = definition.log.open[at];
            let Some(parent) = Shard::find(&*view, table_id, number).await? else { continue };
            if now_ms < parent.created_ms.saturating_add(ROLL_MS) {
                continue;
            }
            let base = parent.base.saturating_add(parent.last(&*view).await?).saturating_add(BASE_GAP);
            let child = Shard { parent: Some(number), base, created_ms: now_ms, ..Shard::default() };
            let next = definition.log.next_shard;
            definition.log.next_shard = next.saturating_add(1);
            definition.log.open[at] = OpenShard { number: next, from_hash };
            definition.log.closing.push(number);
            puts.push((rows::shard(table_id, next), child.encode()?.into()));
        }
        drop(view);
        if !puts.is_empty() {
            self.catalog.replace(&self.engine, guard, definition, Edit { puts, ..Edit::default() }).await?;
        }
        Ok(())
    }
}
