//! GetShardIterator: a position in a shard to read from.

use api::{Exception, GetShardIteratorInput, GetShardIteratorOutput, ShardIteratorType};
use auth::Caller;
use change_log::Shard;
use storage::View;

use crate::service::Service;
use crate::stream::{self, ShardIterator};

impl Service {
    /// # Errors
    /// If the stream or the shard does not exist, the sequence number is none of the shard's, or its record was trimmed.
    pub(crate) async fn get_shard_iterator(
        &self,
        caller: &Caller,
        request: GetShardIteratorInput,
    ) -> Result<GetShardIteratorOutput, Exception> {
        check_sequence_number(&request)?;
        let stream = self.stream(caller, &request.stream_arn).await?;
        let number = self.shard_number(&stream, &request.shard_id)?;
        let view = self.view_of_stream(&stream).await?;
        let shard = stream.shard(&*view, number).await?;
        let shard = shard.ok_or_else(|| stream::shard_not_found(&request.shard_id, &stream.arn()))?;
        let position = self.position(&*view, &shard, &request).await?;
        let iterator = ShardIterator { shard: number, position, issued_ms: self.clock.now_ms() };
        Ok(GetShardIteratorOutput { shard_iterator: Some(iterator.write(&self.secret, &stream.arn())) })
    }

    /// The position of the first record that the request asks for.
    async fn position(
        &self,
        view: &dyn View,
        shard: &Shard,
        request: &GetShardIteratorInput,
    ) -> Result<u64, Exception> {
        let last = shard.last(view).await?;
        match request.shard_iterator_type {
            ShardIteratorType::TrimHorizon => Ok(shard.trimmed.saturating_add(1)),
            ShardIteratorType::Latest => Ok(last.saturating_add(1)),
            ShardIteratorType::AtSequenceNumber => named(shard, request.sequence_number.as_deref(), last, 0),
            ShardIteratorType::AfterSequenceNumber => named(shard, request.sequence_number.as_deref(), last, 1),
            ShardIteratorType::AtTimestamp => {
                let time = request.timestamp.ok_or_else(|| Exception::validation("Timestamp is required"))?;
                let time_ms = u64::try_from(time.epoch_ms).unwrap_or(0);
                if time_ms > self.clock.now_ms() {
                    return Err(Exception::validation("Timestamp must not be in the future"));
                }
                shard.first_since(view, time_ms).await
            }
        }
    }
}

/// Only iterator types that need a sequence number allow one.
fn check_sequence_number(request: &GetShardIteratorInput) -> Result<(), Exception> {
    match (request.shard_iterator_type, &request.sequence_number) {
        (ShardIteratorType::TrimHorizon | ShardIteratorType::Latest, Some(_)) => {
            Err(Exception::validation("SequenceNumber is not allowed for this ShardIteratorType"))
        }
        _ => Ok(()),
    }
}

/// The position of a sequence number, or a few behind it. The first one of a shard that is still empty counts.
fn named(shard: &Shard, sequence: Option<&str>, last: u64, behind: u64) -> Result<u64, Exception> {
    let invalid = |text: &str| Exception::validation(text.to_owned());
    let sequence = sequence.ok_or_else(|| invalid("SequenceNumber is required for this ShardIteratorType"))?;
    let position = shard.position(sequence).filter(|position| *position <= last.max(shard.before.saturating_add(1)));
    let position = position.ok_or_else(|| invalid("Invalid SequenceNumber"))?.saturating_add(behind);
    if position <= shard.trimmed { Err(trimmed()) } else { Ok(position.min(last.saturating_add(1))) }
}

pub(crate) fn trimmed() -> Exception {
    Exception::TrimmedDataAccess("The operation attempted to read past the oldest stream record in a shard.".to_owned())
}
