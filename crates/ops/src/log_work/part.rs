//! A stream that begins or ends while other consumers follow its table: the log continues, and is divided at the stream's
//! boundary.
//!
//! That is a roll of all open shards. The children are the stream's that begins, or the first that are not any more the
//! stream's that ends. Other consumers read on from parents to children, and see nothing of it.

use api::Exception;
use change_log::Shard;
use cluster::catalog::Edit;
use storage::Consistency;
use tables::failure::storage_failure;
use tables::{Definition, being_updated};

use crate::service::Service;

impl Service {
    /// Gives a stream that `definition` enables or disables, and `before` did not, its place in a log that goes on.
    ///
    /// # Errors
    /// DynamoDB's refusal while shards are being rolled, or the engine's failure.
    pub(crate) async fn part_log(
        &self,
        before: &Definition,
        definition: &mut Definition,
        edit: &mut Edit,
    ) -> Result<(), Exception> {
        if !is_parted(before, definition) {
            return Ok(());
        }
        if !definition.log.rolling.is_empty() {
            return Err(being_updated(&definition.name));
        }
        let first_child = definition.log.next_shard;
        let begins = is_streamed(definition);
        if let Some(stream) = &mut definition.stream {
            match begins {
                true => (stream.first_shard, stream.end_shard) = (first_child, None),
                false => stream.end_shard = Some(first_child),
            }
        }
        let view = self.engine.view(Consistency::Strong).await.map_err(storage_failure)?;
        let shards = Shard::list(&*view, definition.table_id, 0, u32::MAX).await?;
        drop(view);
        let is_open =
            |shard: &&Shard| shard.closed.is_none() && before.log.open.iter().any(|open| open.number == shard.log());
        for parent in shards.iter().filter(is_open) {
            self.announce_roll(definition, parent, None, edit).await?;
        }
        Ok(())
    }
}

/// Whether a change of a table enables or disables its stream in a log that goes on.
pub(crate) fn is_parted(before: &Definition, after: &Definition) -> bool {
    let goes_on = !after.log.open.is_empty() && after.log.open == before.log.open;
    goes_on && is_streamed(before) != is_streamed(after)
}

fn is_streamed(definition: &Definition) -> bool {
    definition.stream.as_ref().is_some_and(|stream| stream.enabled)
}
