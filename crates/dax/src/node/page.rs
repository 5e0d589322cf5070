//! Query and Scan.

use api::{ConsumedCapacity, Exception, Operation, QueryInput, QueryOutput, ScanInput, ScanOutput, Select};
use bytes::Bytes;
use model::{Attributes, DocumentPath, Item};

use crate::answer::{self, member};
use crate::cache::Found;
use crate::cbor::{Reader, Writer};
use crate::counts::Looks;
use crate::expression::Expressions;
use crate::key;
use crate::request::{self, Options};
use crate::upstream::TableKey;

use super::{Answer, Members, Node, Requester, projection};

/// What both operations return.
struct Page {
    items: Option<Vec<Item>>,
    count: Option<i32>,
    scanned_count: Option<i32>,
    last_evaluated_key: Option<Attributes>,
    consumed_capacity: Option<ConsumedCapacity>,
}

impl From<QueryOutput> for Page {
    fn from(output: QueryOutput) -> Page {
        let QueryOutput { consumed_capacity, count, items, last_evaluated_key, scanned_count } = output;
        Page { items, count, scanned_count, last_evaluated_key, consumed_capacity }
    }
}

impl From<ScanOutput> for Page {
    fn from(output: ScanOutput) -> Page {
        let ScanOutput { consumed_capacity, count, items, last_evaluated_key, scanned_count } = output;
        Page { items, count, scanned_count, last_evaluated_key, consumed_capacity }
    }
}

/// How a page's items are written.
struct Form<'f> {
    table: &'f TableKey,
    is_of_index: bool,
    is_count: bool,
    paths: Option<&'f [DocumentPath]>,
}

impl Node {
    pub(super) async fn query(&self, reader: &mut Reader<'_>, requester: Requester<'_>) -> Answer {
        let table_name = request::name(reader)?;
        let condition = request::optional_bytes(reader)?;
        let options = options(reader, requester)?;
        let table = self.table(requester, &table_name).await?;
        let mut expressions = Expressions::default();
        let projected = projection(Operation::Query, &mut expressions, options.projection.as_deref())?;
        let key_condition = condition.as_deref().map(|bytes| expressions.condition(bytes)).transpose()?;
        let filter = options.filter.as_deref().map(|bytes| expressions.condition(bytes)).transpose()?;
        let start = start_key(&table, &options)?;
        let request = QueryInput {
            consistent_read: options.is_consistent.then_some(true),
            exclusive_start_key: start.clone(),
            expression_attribute_names: expressions.names(),
            expression_attribute_values: expressions.values().await?,
            filter_expression: filter,
            index_name: options.index_name.clone(),
            key_condition_expression: key_condition,
            limit: options.limit,
            // Whole attributes: what a path finds in a list depends on the elements before.
            projection_expression: projected.as_ref().map(|projected| projected.attributes.clone()),
            return_consumed_capacity: options.capacity,
            scan_index_forward: options.is_forward,
            select: options.select,
            table_name,
            ..QueryInput::default()
        };
        options.check()?;
        self.permit(requester, &request).await?;
        let form = form(&table, &options, projected.as_ref().map(|projected| &*projected.paths));
        let fetch = async {
            let output: QueryOutput = self.execute(requester, request).await?;
            self.page(requester, &form, output.into()).await
        };
        if options.is_consistent {
            let (body, consumed) = fetch.await?;
            return Ok(answered(body.as_ref(), consumed.as_ref()));
        }
        let key = page_key(Operation::Query, &table, condition.as_deref(), &options, start.as_ref());
        self.cached(key, fetch, &self.counts.queries).await
    }

    pub(super) async fn scan(&self, reader: &mut Reader<'_>, requester: Requester<'_>) -> Answer {
        let table_name = request::name(reader)?;
        let options = options(reader, requester)?;
        let table = self.table(requester, &table_name).await?;
        let mut expressions = Expressions::default();
        let projected = projection(Operation::Scan, &mut expressions, options.projection.as_deref())?;
        let filter = options.filter.as_deref().map(|bytes| expressions.condition(bytes)).transpose()?;
        let start = start_key(&table, &options)?;
        let request = ScanInput {
            consistent_read: options.is_consistent.then_some(true),
            exclusive_start_key: start.clone(),
            expression_attribute_names: expressions.names(),
            expression_attribute_values: expressions.values().await?,
            filter_expression: filter,
            index_name: options.index_name.clone(),
            limit: options.limit,
            projection_expression: projected.as_ref().map(|projected| projected.attributes.clone()),
            return_consumed_capacity: options.capacity,
            segment: options.segment,
            select: options.select,
            table_name,
            total_segments: options.total_segments,
            ..ScanInput::default()
        };
        options.check()?;
        self.permit(requester, &request).await?;
        let form = form(&table, &options, projected.as_ref().map(|projected| &*projected.paths));
        let fetch = async {
            let output: ScanOutput = self.execute(requester, request).await?;
            self.page(requester, &form, output.into()).await
        };
        if options.is_consistent {
            let (body, consumed) = fetch.await?;
            return Ok(answered(body.as_ref(), consumed.as_ref()));
        }
        let key = page_key(Operation::Scan, &table, None, &options, start.as_ref());
        self.cached(key, fetch, &self.counts.scans).await
    }

    async fn cached(
        &self,
        key: Bytes,
        fetch: impl Future<Output = Result<(Option<Bytes>, Option<ConsumedCapacity>), Exception>>,
        looks: &Looks,
    ) -> Answer {
        let found = self.queries.get_or_fetch(key, fetch).await?;
        looks.found(matches!(found, Found::Cached(_)));
        let consumed = match &found {
            Found::Fetched(_, consumed) => consumed.as_ref(),
            Found::Cached(_) => None,
        };
        Ok(answered(found.body(), consumed))
    }

    /// A page as the cache has it: the members of the answer but its consumed capacity.
    async fn page(
        &self,
        requester: Requester<'_>,
        form: &Form<'_>,
        page: Page,
    ) -> Result<(Option<Bytes>, Option<ConsumedCapacity>), Exception> {
        let mut out = Writer::with_capacity(512);
        if let Some(items) = page.items.as_ref().filter(|_| !form.is_count) {
            out.int(member::ITEMS);
            out.array(items.len());
            for item in items {
                match form.paths {
                    Some(paths) => answer::projected(&mut out, paths, item.view()),
                    None => {
                        out.array(2);
                        out.bytes(&key::write(&form.table.schema, item.view())?);
                        out.bytes(&self.item_bytes(requester, form.table, item.view()).await?);
                    }
                }
            }
        }
        for (key, count) in [(member::COUNT, page.count), (member::SCANNED_COUNT, page.scanned_count)] {
            if let Some(count) = count {
                out.int(key);
                out.int(i64::from(count));
            }
        }
        if let Some(last) = &page.last_evaluated_key {
            out.int(member::LAST_EVALUATED_KEY);
            match form.is_of_index {
                true => out.bytes(&key::write_named(last)),
                false => out.bytes(&key::write(&form.table.schema, last.view())?),
            }
        }
        Ok((Some(out.into_bytes().into()), page.consumed_capacity))
    }
}

fn options<'a>(reader: &mut Reader<'a>, requester: Requester<'_>) -> Result<Options<'a>, super::Failure> {
    let options = Options::read(reader)?;
    Ok(if requester.adds_select { options.without_added_select() } else { options })
}

fn form<'f>(table: &'f TableKey, options: &Options<'_>, paths: Option<&'f [DocumentPath]>) -> Form<'f> {
    let is_count = options.select == Some(Select::Count);
    Form { table, is_of_index: options.index_name.is_some(), is_count, paths }
}

fn start_key(table: &TableKey, options: &Options<'_>) -> Result<Option<Attributes>, Exception> {
    let read = |bytes: &[u8]| key::read_start(&table.schema, options.index_name.is_some(), bytes);
    options.start_key.as_deref().map(read).transpose()
}

fn answered(body: Option<&Bytes>, consumed: Option<&ConsumedCapacity>) -> Writer {
    let mut members = Members::default();
    if let Some(body) = body {
        members.0.raw(body);
    }
    members.consumed(consumed);
    members.finish()
}

/// A page's key in the cache: its table and all parameters that its items depend on, each delimited.
fn page_key(
    operation: Operation,
    table: &TableKey,
    condition: Option<&[u8]>,
    options: &Options<'_>,
    start: Option<&Attributes>,
) -> Bytes {
    let mut out = Writer::with_capacity(128);
    out.raw(&[operation as u8]);
    out.raw(&table.id.to_be_bytes());
    let expressions = [condition, options.filter.as_deref(), options.projection.as_deref()];
    let start = start.map(key::write_named);
    let index = options.index_name.as_deref().map(str::as_bytes);
    for bytes in expressions.into_iter().chain([start.as_deref(), index]) {
        match bytes {
            Some(bytes) => out.bytes(bytes),
            None => out.null(),
        }
    }
    for number in [options.limit, options.segment, options.total_segments, options.select.map(|it| it as i32)] {
        match number {
            Some(number) => out.int(i64::from(number)),
            None => out.null(),
        }
    }
    out.bool(options.is_forward.unwrap_or(true));
    Bytes::from(out.into_boxed_bytes())
}
