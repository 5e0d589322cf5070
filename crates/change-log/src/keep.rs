//! Opening and closing shards, so that a table's log is written exactly while it has an active consumer.
//!
//! A log is closed in two steps. First a definition is published that does not name it as open. Its end is known once no
//! request on any node uses an older definition, and is stored then; until then readers see an open shard. Pending steps
//! follow from the definition, so a restarted server resumes them.

use bytes::Bytes;
use storage::Key;
use tables::rows;
use tables::{ConsumerState, Definition, LogConsumer, OpenShard, TableStatus};

use super::Shard;

/// Whether a consumer needs the log of the table's changes. A replica that is being deleted delivers the rest first.
fn is_followed(definition: &Definition) -> bool {
    let is_active = |consumer: &LogConsumer| consumer.state == ConsumerState::Active;
    let is_there = definition.status != TableStatus::Deleting || definition.replica().is_some();
    is_there && definition.log_consumers().iter().any(is_active)
}

/// Whether a stream was disabled, with its table or before, and can still be read.
pub fn outlives_table(definition: &Definition, now_ms: u64) -> bool {
    let mut streams = definition.past_streams.iter().chain(&definition.stream);
    streams.any(|stream| !stream.enabled && stream.can_be_read(now_ms))
}

/// Whether shards are to be opened or closed.
pub fn is_to_be_kept(definition: &Definition) -> bool {
    let lacks_shards = is_followed(definition) && definition.log.open.is_empty();
    let log = &definition.log;
    let begun = log.opening || !log.closing.is_empty() || !log.rolling.is_empty();
    let left = !removed_consumers(definition).is_empty();
    definition.status != TableStatus::Deleting && (lacks_shards || begun || left)
}

/// The consumers that are being removed: their positions are to be deleted.
pub fn removed_consumers(definition: &Definition) -> Vec<String> {
    let all = definition.log_consumers().into_iter();
    all.filter(|consumer| consumer.state == ConsumerState::Removing).map(|consumer| consumer.name).collect()
}

/// Opens a first shard for a table that is followed from now on, and closes those of one that is not any more. The returned
/// rows are written with the definition.
pub fn follow(definition: &mut Definition) -> Vec<(Key, Bytes)> {
    let followed = is_followed(definition);
    let log = &mut definition.log;
    if followed && log.open.is_empty() {
        let number = log.next_shard;
        log.next_shard = number.saturating_add(1);
        log.open.push(OpenShard { number, from_hash: 0 });
        let mut shard = Shard::default();
        if let Some(stream) = definition.stream.as_mut().filter(|stream| stream.enabled) {
            (stream.first_shard, stream.end_shard) = (number, None);
            shard.created_ms = stream.created_ms;
        }
        let row = shard.encode().unwrap_or_else(|_| b"{}".to_vec());
        return vec![(rows::shard(definition.table_id, number), row.into())];
    }
    if !followed && !log.open.is_empty() {
        log.opening = false;
        log.closing.extend(log.open.drain(..).map(|shard| shard.number));
        let end_shard = log.next_shard;
        if let Some(stream) = &mut definition.stream {
            // A stream that was disabled earlier has its end already.
            stream.end_shard.get_or_insert(end_shard);
        }
    }
    Vec::new()
}
