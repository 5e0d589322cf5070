//! DescribeStream: a stream's settings and status, and its shards from the oldest on.

use api::{
    DescribeStreamInput, DescribeStreamOutput, Exception, SequenceNumberRange, ShardFilter, StreamDescription,
    StreamStatus,
};
use auth::Caller;
use change_log::Shard;
use model::limits::STREAMS_PAGE_MAX;
use storage::Consistency;
use storage::View;
use tables::failure::storage_failure;

use crate::service::Service;
use crate::stream::{self, Stream};

impl Service {
    /// # Errors
    /// If the stream or the shard of the filter does not exist.
    pub(crate) async fn describe_stream(
        &self,
        caller: &Caller,
        request: DescribeStreamInput,
    ) -> Result<DescribeStreamOutput, Exception> {
        let limit = stream::page_limit(request.limit, STREAMS_PAGE_MAX)?;
        let stream = self.stream(caller, &request.stream_arn).await?;
        let view = self.engine.view(Consistency::Strong).await.map_err(storage_failure)?;
        let status = status(&*view, &stream).await?;
        let after = request.exclusive_start_shard_id.as_deref().map(|id| self.shard_number(&stream, id)).transpose()?;
        let parent = request.shard_filter.as_ref().map(|filter| self.parent(&stream, filter)).transpose()?;
        let shards = stream.shards(&*view, after.map_or(0, |after| after.saturating_add(1))).await?;
        let mut asked = shards.iter().filter(|shard| parent.is_none_or(|parent| shard.parent == Some(parent)));
        let first = stream.own.first_shard;
        let page: Vec<api::Shard> = asked.by_ref().take(limit).map(|shard| self.shown_shard(first, shard)).collect();
        let more = asked.next().is_some();
        let table = &stream.table;
        Ok(DescribeStreamOutput {
            stream_description: Some(StreamDescription {
                creation_request_date_time: Some(tables::timestamp(stream.own.created_ms)),
                key_schema: Some(tables::key_schema(&table.definition.key)),
                last_evaluated_shard_id: page.last().filter(|_| more).and_then(|last| last.shard_id.clone()),
                shards: Some(page),
                stream_arn: Some(stream.arn()),
                stream_label: Some(stream.own.label.clone()),
                stream_status: Some(status),
                stream_view_type: Some(tables::stream_view(stream.own.view)),
                table_name: Some(table.name().to_owned()),
            }),
        })
    }

    pub(crate) fn shard_number(&self, stream: &Stream, shard_id: &str) -> Result<u32, Exception> {
        let number = Shard::number_of(&self.secret, stream.table.id(), shard_id);
        number.ok_or_else(|| stream::shard_not_found(shard_id, &stream.arn()))
    }

    /// The parent of the shards that the filter selects.
    fn parent(&self, stream: &Stream, filter: &ShardFilter) -> Result<u32, Exception> {
        match (filter.r#type, &filter.shard_id) {
            (Some(_), Some(shard_id)) => self.shard_number(stream, shard_id),
            _ => Err(Exception::validation("ShardFilter must have a Type and a ShardId")),
        }
    }

    fn shown_shard(&self, first: u32, shard: &Shard) -> api::Shard {
        // Shards before the stream's first one are of other consumers of the log.
        let parent = shard.parent.filter(|number| *number >= first);
        let parent = parent.map(|number| Shard::id_of(&self.secret, shard.table_id, number));
        api::Shard {
            parent_shard_id: parent,
            sequence_number_range: Some(SequenceNumberRange {
                starting_sequence_number: Some(shard.first_sequence()),
                ending_sequence_number: shard.last_sequence(),
            }),
            shard_id: Some(shard.id(&self.secret)),
        }
    }
}

/// A stream is disabled once no record can follow: all its shards are closed.
async fn status(view: &dyn View, stream: &Stream) -> Result<StreamStatus, Exception> {
    Ok(match stream.own.enabled {
        true if stream.table.definition.log.opening => StreamStatus::Enabling,
        true => StreamStatus::Enabled,
        false if stream.shards(view, 0).await?.iter().any(|shard| shard.closed.is_none()) => StreamStatus::Disabling,
        false => StreamStatus::Disabled,
    })
}
