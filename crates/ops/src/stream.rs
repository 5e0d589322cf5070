//! A stream: a table's log as the Streams API shows it, with a label and a view type. It outlives its table by a day.

mod iterator;
mod shown;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use api::Exception;
use auth::Caller;
use change_log::Shard;
use storage::View;
use tables::{self, Table, TableArn};

use crate::service::Service;
pub(crate) use iterator::ShardIterator;
pub(crate) use shown::Shape;

/// A stream that can be read, and its table.
pub(crate) struct Stream {
    pub table: Arc<Table>,
    pub own: tables::Stream,
}

impl Stream {
    pub(crate) fn arn(&self) -> String {
        format!("{}/stream/{}", self.table.arn, self.own.label)
    }

    fn end_shard(&self) -> u32 {
        self.own.end_shard.unwrap_or(self.table.definition.log.next_shard)
    }

    /// Its shards with numbers from `first` on, in the order in which they were made.
    pub(crate) async fn shards(&self, view: &dyn View, first: u32) -> Result<Vec<Shard>, Exception> {
        Shard::list(view, self.table.id(), first.max(self.own.first_shard), self.end_shard()).await
    }

    fn has_shard(&self, number: u32) -> bool {
        (self.own.first_shard..self.end_shard()).contains(&number)
    }

    /// One of its shards, as the view sees it.
    pub(crate) async fn shard(&self, view: &dyn View, number: u32) -> Result<Option<Shard>, Exception> {
        if !self.has_shard(number) {
            return Ok(None);
        }
        Shard::find(view, self.table.id(), number).await
    }
}

/// The newest stream of a table and those before it, as far as they can be read.
pub(crate) fn readable(table: &Arc<Table>, now_ms: u64) -> Vec<Stream> {
    let definition = &table.definition;
    let all = definition.streams().filter(|own| own.can_be_read(now_ms));
    all.map(|own| Stream { table: table.clone(), own: own.clone() }).collect()
}

impl Service {
    /// The stream that an ARN names, with all that other nodes have changed.
    ///
    /// # Errors
    /// If it is no stream's ARN, or if the stream does not exist, or not any more.
    pub(crate) async fn stream(&self, caller: &Caller, arn: &str) -> Result<Stream, Exception> {
        self.catalog.refresh().await?;
        self.known_stream(caller, arn)
    }

    /// The stream that an ARN names and that has a shard. A stream or shard unknown on this node may be new on another one.
    ///
    /// # Errors
    /// As for [`Service::stream`].
    pub(crate) async fn stream_of_shard(&self, caller: &Caller, arn: &str, number: u32) -> Result<Stream, Exception> {
        match self.known_stream(caller, arn) {
            Ok(stream) if stream.has_shard(number) => Ok(stream),
            _ => self.stream(caller, arn).await,
        }
    }

    /// A view that shows the records of all acknowledged writes of a stream.
    pub(crate) async fn view_of_stream(&self, stream: &Stream) -> Result<Box<dyn View>, Exception> {
        let log = &stream.table.definition.log;
        let logs: Vec<u32> = log.open.iter().map(|open| open.number).chain(log.closing.iter().copied()).collect();
        self.view_of_logs(stream.table.id(), &logs).await
    }

    fn known_stream(&self, caller: &Caller, arn: &str) -> Result<Stream, Exception> {
        let parsed = TableArn::parse(arn);
        let label = parsed.and_then(|parsed| parsed.rest?.strip_prefix("stream/"));
        let (Some(parsed), Some(label)) = (parsed, label) else {
            return Err(Exception::validation("Invalid StreamArn"));
        };
        let now_ms = self.clock.now_ms();
        let labelled = |table| readable(&table, now_ms).into_iter().find(|stream| stream.own.label == label);
        let not_found =
            || Exception::ResourceNotFound(format!("Requested resource not found: Stream: {arn} not found"));
        let place = parsed.place(caller).ok_or_else(not_found)?;
        let remaining = self.catalog.remains_at(place).into_iter().find_map(labelled);
        if let Some(found) = self.catalog.find(place).and_then(labelled).or(remaining) {
            return Ok(found);
        }
        self.catalog.lookup(place)?;
        Err(not_found())
    }
}

pub(crate) fn shard_not_found(shard_id: &str, stream_arn: &str) -> Exception {
    Exception::ResourceNotFound(format!(
        "Requested resource not found: Shard: {shard_id} in Stream: {stream_arn} not found"
    ))
}

/// A page's limit, which the service model does not bound from above.
///
/// # Errors
/// The refusal of a limit beyond `max`.
pub(crate) fn page_limit(asked: Option<i32>, max: usize) -> Result<usize, Exception> {
    let Some(asked) = asked else { return Ok(max) };
    match usize::try_from(asked) {
        Ok(asked) if asked <= max => Ok(asked.max(1)),
        _ => Err(Exception::validation(format!(
            "1 validation error detected: Value '{asked}' at 'limit' failed to satisfy constraint: Member must have \
             value less than or equal to {max}"
        ))),
    }
}
