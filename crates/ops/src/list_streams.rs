//! ListStreams: the streams of the caller's tables, or of one of them, ordered by table and label. A disabled stream is
//! among them for as long as it can be read, a deleted table's as well.

use std::sync::Arc;

use api::{Exception, ListStreamsInput, ListStreamsOutput};
use auth::Caller;
use model::limits::STREAMS_PAGE_MAX;
use tables::{self, NameUse, Table, TableArn};

use crate::service::Service;
use crate::stream::{self, Stream};

impl Service {
    /// # Errors
    /// If the named table does not exist, or the start is no stream's ARN.
    pub(crate) async fn list_streams(
        &self,
        caller: &Caller,
        request: ListStreamsInput,
    ) -> Result<ListStreamsOutput, Exception> {
        let limit = stream::page_limit(request.limit, STREAMS_PAGE_MAX)?;
        let after = request.exclusive_start_stream_arn.as_deref().map(name_and_label).transpose()?;
        self.catalog.refresh().await?;
        let tables = self.tables_with_streams(caller, request.table_name.as_deref())?;
        let now_ms = self.clock.now_ms();
        let streams = tables.iter().flat_map(|table| stream::readable(table, now_ms));
        let place = |stream: &Stream| (stream.table.name().to_owned(), stream.own.label.clone());
        let streams = streams.filter(|stream| after.as_ref().is_none_or(|after| place(stream) > *after));
        let mut streams: Vec<Stream> = streams.collect();
        streams.sort_by_cached_key(place);
        let mut streams = streams.into_iter();
        let page: Vec<api::Stream> = streams.by_ref().take(limit).map(|stream| shown(&stream)).collect();
        let more = streams.next().is_some();
        Ok(ListStreamsOutput {
            last_evaluated_stream_arn: page.last().filter(|_| more).and_then(|last| last.stream_arn.clone()),
            streams: Some(page),
        })
    }

    /// The caller's tables, or those of one name, deleted ones with readable streams included.
    fn tables_with_streams(&self, caller: &Caller, asked: Option<&str>) -> Result<Vec<Arc<Table>>, Exception> {
        let Some(asked) = asked else {
            let mut tables = self.catalog.tables(caller);
            tables.extend(self.catalog.remains(caller));
            return Ok(tables);
        };
        let mut tables = self.catalog.remains_at(tables::table_place(caller, asked, NameUse::Lookup)?);
        match self.catalog.described(caller, asked) {
            Ok(table) => tables.push(table),
            Err(absent) if tables.is_empty() => return Err(absent),
            Err(_) => {}
        }
        Ok(tables)
    }
}

fn name_and_label(arn: &str) -> Result<(String, String), Exception> {
    let parsed = TableArn::parse(arn);
    let place = parsed.and_then(|arn| Some((arn.name.to_owned(), arn.rest?.strip_prefix("stream/")?.to_owned())));
    place.ok_or_else(|| Exception::validation("Invalid StreamArn"))
}

fn shown(stream: &Stream) -> api::Stream {
    api::Stream {
        stream_arn: Some(stream.arn()),
        stream_label: Some(stream.own.label.clone()),
        table_name: Some(stream.table.name().to_owned()),
    }
}
