//! BatchGetItem and BatchWriteItem.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use api::{
    BatchGetItemInput, BatchGetItemOutput, BatchWriteItemInput, BatchWriteItemOutput, ConsumedCapacity, DeleteRequest,
    Exception, KeysAndAttributes, Operation, PutRequest, WriteRequest,
};
use bytes::Bytes;
use model::limits::{BATCH_GET_KEYS_MAX, BATCH_SIZE_MAX, BATCH_WRITE_REQUESTS_MAX};
use model::{Attributes, Item};

use crate::answer;
use crate::cache::{Filler, Peeked};
use crate::cbor::{Malformed, Reader, Writer};
use crate::expression::{Expressions, Projected};
use crate::key;
use crate::members::ClusterWrite;
use crate::request::{self, Options, optional_bytes};
use crate::upstream::TableKey;

use super::{Answer, Failure, Node, Requester, cache_key, projection, too_short};

/// What is asked of one table.
struct TableReads {
    name: String,
    table: TableKey,
    is_consistent: bool,
    projected: Option<Projected>,
    expressions: Expressions,
    keys: Vec<KeyRead>,
}

/// One key of a batch, and what is known of its item.
struct KeyRead {
    key: Attributes,
    place: Bytes,
    found: KeyFound,
}

enum KeyFound {
    /// The item as the cache has it, or that there is none.
    Item(Option<Bytes>),
    /// The table is to be asked.
    Unknown,
    Unprocessed,
}

impl Node {
    pub(super) async fn batch_get_item(&self, reader: &mut Reader<'_>, requester: Requester<'_>) -> Answer {
        let mut tables = self.table_reads(reader, requester).await?;
        let options = Options::read(reader)?;
        let request = BatchGetItemInput {
            request_items: tables.iter().map(|reads| (reads.name.clone(), reads.asked())).collect(),
            return_consumed_capacity: options.capacity,
        };
        self.permit(requester, &request).await?;
        check_counts(
            request.request_items.values().map(|asked| asked.keys.len()).sum(),
            tables.iter().map(|reads| reads.keys.len()).sum(),
        )?;
        let mut fillers = HashMap::new();
        for reads in &mut tables {
            self.look_up(reads, &mut fillers);
        }
        let asked: BTreeMap<String, KeysAndAttributes> =
            tables.iter().filter_map(|reads| Some((reads.name.clone(), reads.missing()?))).collect();
        let mut consumed = Vec::new();
        if !asked.is_empty() {
            // A key that is not asked for would be cached as one without an item.
            let unknown = tables.iter().map(|reads| reads.unknown().count()).sum();
            check_counts(asked.values().map(|asked| asked.keys.len()).sum(), unknown)?;
            let request = BatchGetItemInput { request_items: asked, ..request };
            let output: BatchGetItemOutput = self.execute(requester, request).await?;
            consumed = output.consumed_capacity.unwrap_or_default();
            let (mut responses, mut unprocessed) =
                (output.responses.unwrap_or_default(), output.unprocessed_keys.unwrap_or_default());
            for reads in &mut tables {
                let items = responses.remove(&reads.name).unwrap_or_default();
                let left = unprocessed.remove(&reads.name).map(|left| left.keys).unwrap_or_default();
                self.take(reads, requester, items, &left, &mut fillers).await?;
            }
        }
        self.batch_answer(tables, requester, &consumed).await
    }

    async fn table_reads(&self, reader: &mut Reader<'_>, requester: Requester<'_>) -> Result<Vec<TableReads>, Failure> {
        let (mut pairs, mut tables, mut count) = (reader.map()?, Vec::new(), 0);
        while pairs.next(reader)? {
            let name = request::name(reader)?;
            once(tables.iter().map(|reads: &TableReads| &*reads.name), &name)?;
            let mut parts = reader.array()?;
            expect(parts.next(reader)?)?;
            let is_consistent = request::flag(reader)?;
            expect(parts.next(reader)?)?;
            let bytes = optional_bytes(reader)?;
            expect(parts.next(reader)?)?;
            let (mut elements, mut spelled) = (reader.array()?, Vec::new());
            while elements.next(reader)? {
                count += 1;
                if count > BATCH_GET_KEYS_MAX {
                    return Err(Exception::validation("Too many items requested for the BatchGetItem call").into());
                }
                spelled.push(reader.bytes()?);
            }
            if parts.next(reader)? {
                return Err(Malformed("the reads of a table have too many parts").into());
            }
            let mut expressions = Expressions::default();
            let projected = projection(Operation::BatchGetItem, &mut expressions, bytes.as_deref())?;
            let table = self.table(requester, &name).await?;
            let keys = keys(&table, &spelled)?;
            tables.push(TableReads { name, table, is_consistent, projected, expressions, keys });
        }
        if tables.is_empty() { Err(too_short("{}", "requestItems").into()) } else { Ok(tables) }
    }

    /// Takes what the cache has. Of the rest, the places that no other request fills are this one's to fill.
    fn look_up<'c>(&'c self, reads: &mut TableReads, fillers: &mut HashMap<Bytes, Filler<'c>>) {
        if reads.is_consistent {
            return;
        }
        for read in &mut reads.keys {
            match self.items.peek(&read.place) {
                Peeked::Cached(item) => read.found = KeyFound::Item(item),
                Peeked::Missing(filler) => _ = fillers.insert(read.place.clone(), filler),
                Peeked::Awaited => {}
            }
        }
    }

    /// Takes what the table has returned.
    async fn take(
        &self,
        reads: &mut TableReads,
        requester: Requester<'_>,
        items: Vec<Item>,
        unprocessed: &[Attributes],
        fillers: &mut HashMap<Bytes, Filler<'_>>,
    ) -> Result<(), Exception> {
        let mut found = HashMap::new();
        for item in &items {
            let place = cache_place(&reads.table, item)?;
            found.insert(place, Bytes::from(self.item_bytes(requester, &reads.table, item.view()).await?));
        }
        check_counts(reads.unknown().filter(|read| found.contains_key(&read.place)).count(), items.len())?;
        for read in reads.keys.iter_mut().filter(|read| matches!(read.found, KeyFound::Unknown)) {
            if unprocessed.contains(&read.key) {
                read.found = KeyFound::Unprocessed;
                continue;
            }
            let item = found.remove(&read.place);
            if let Some(filler) = fillers.remove(&read.place) {
                filler.fill(item.clone());
            }
            read.found = KeyFound::Item(item);
        }
        Ok(())
    }

    /// Three values, of which the third is behind the array of the first two: clients expect it there.
    async fn batch_answer(
        &self,
        mut tables: Vec<TableReads>,
        requester: Requester<'_>,
        consumed: &[ConsumedCapacity],
    ) -> Answer {
        let mut size = 0;
        for read in tables.iter_mut().flat_map(|reads| &mut reads.keys) {
            if let KeyFound::Item(Some(item)) = &read.found {
                size += item.len();
            }
            // What of the cache does not fit into an answer is left for the next one, as the table does.
            if size > BATCH_SIZE_MAX {
                read.found = KeyFound::Unprocessed;
            }
        }
        let mut out = answer::success();
        out.array(2);
        out.map(tables.len());
        for reads in &tables {
            out.text(&reads.name);
            self.write_items(&mut out, reads, requester).await?;
        }
        let has_unprocessed =
            |reads: &&TableReads| reads.keys.iter().any(|read| matches!(read.found, KeyFound::Unprocessed));
        let left: Vec<&TableReads> = tables.iter().filter(has_unprocessed).collect();
        match tables.first().filter(|_| left.is_empty() && requester.wants_unprocessed) {
            None => out.map(left.len()),
            // Of no keys.
            Some(first) => {
                out.map(1);
                out.text(&first.name);
                out.array(0);
            }
        }
        for reads in left {
            out.text(&reads.name);
            let keys = reads.keys.iter().filter(|read| matches!(read.found, KeyFound::Unprocessed));
            let keys: Vec<&KeyRead> = keys.collect();
            out.array(keys.len());
            for read in keys {
                out.bytes(&key::write(&reads.table.schema, read.key.view()).map_err(Exception::from)?);
            }
        }
        write_consumed(&mut out, consumed);
        Ok(out)
    }

    async fn write_items(
        &self,
        out: &mut Writer,
        reads: &TableReads,
        requester: Requester<'_>,
    ) -> Result<(), Exception> {
        let items = reads.keys.iter().filter_map(|read| match &read.found {
            KeyFound::Item(Some(item)) => Some((&read.key, item)),
            KeyFound::Item(None) | KeyFound::Unknown | KeyFound::Unprocessed => None,
        });
        let items: Vec<(&Attributes, &Bytes)> = items.collect();
        let Some(projected) = &reads.projected else {
            out.array(2 * items.len());
            for (key, item) in items {
                out.bytes(&key::write(&reads.table.schema, key.view())?);
                out.bytes(item);
            }
            return Ok(());
        };
        out.array(items.len());
        for (key, bytes) in items {
            let item = self.read_item(requester, key, bytes).await?;
            answer::projected(out, &projected.paths, item.view());
        }
        Ok(())
    }

    pub(super) async fn batch_write_item(&self, reader: &mut Reader<'_>, requester: Requester<'_>) -> Answer {
        let mut writes = self.table_writes(reader, requester).await?;
        let options = Options::read(reader)?;
        let requests = writes.iter_mut().map(|table| {
            let requests = table.items.iter_mut().filter_map(|item| item.request.take()).collect();
            (table.name.clone(), requests)
        });
        let request = BatchWriteItemInput {
            request_items: requests.collect(),
            return_consumed_capacity: options.capacity,
            return_item_collection_metrics: options.metrics,
        };
        self.permit(requester, &request).await?;
        // What is not executed would be cached as if it were.
        check_counts(
            request.request_items.values().map(Vec::len).sum(),
            writes.iter().map(|table| table.items.len()).sum(),
        )?;
        for table in &mut writes {
            let requests = request.request_items.get(&table.name).into_iter().flatten();
            for (item, request) in table.items.iter_mut().zip(requests) {
                if let Some(put) = &request.put_request {
                    item.stored = Some(self.item_bytes(requester, &table.table, put.item.view()).await?.into());
                }
            }
        }
        let begin = |item: &ItemWrite| (item.place.clone(), self.begin_write(item.place.clone()));
        let mut under_way: HashMap<Bytes, ClusterWrite> =
            writes.iter().flat_map(|table| &table.items).map(begin).collect();
        let output: BatchWriteItemOutput = match self.execute(requester, request).await {
            Ok(output) => output,
            Err(exception) => {
                self.end_failed(under_way.into_values(), &exception);
                return Err(exception.into());
            }
        };
        let unprocessed = output.unprocessed_items.unwrap_or_default();
        let mut out = answer::success();
        let mut left = Writer::new();
        for table in &writes {
            let requests = unprocessed.get(&table.name).map(Vec::as_slice).unwrap_or_default();
            let mut places = Vec::with_capacity(requests.len());
            for request in requests {
                places.push(request_place(&table.table, request)?);
            }
            if !requests.is_empty() {
                left.text(&table.name);
                left.array(2 * requests.len());
            }
            for item in &table.items {
                let Some(write) = under_way.remove(&item.place) else { continue };
                if !places.contains(&item.place) {
                    write.done(&item.stored);
                    continue;
                }
                write.refused();
                left.bytes(&item.place[size_of::<u64>()..]);
                match &item.stored {
                    Some(stored) => left.bytes(stored),
                    None => left.null(),
                }
            }
        }
        out.map(unprocessed.values().filter(|requests| !requests.is_empty()).count());
        out.raw(left.as_bytes());
        write_consumed(&mut out, output.consumed_capacity.as_deref().unwrap_or_default());
        write_collections(&mut out, output.item_collection_metrics.as_ref());
        Ok(out)
    }

    async fn table_writes(
        &self,
        reader: &mut Reader<'_>,
        requester: Requester<'_>,
    ) -> Result<Vec<TableWrites>, Failure> {
        let (mut pairs, mut tables, mut count) = (reader.map()?, Vec::new(), 0);
        // Of all tables: one may have a name and an ARN.
        let mut places = HashSet::new();
        while pairs.next(reader)? {
            let name = request::name(reader)?;
            once(tables.iter().map(|writes: &TableWrites| &*writes.name), &name)?;
            let table = self.table(requester, &name).await?;
            let (mut elements, mut items) = (reader.array()?, Vec::new());
            while elements.next(reader)? {
                count += 1;
                if count > BATCH_WRITE_REQUESTS_MAX {
                    return Err(Exception::validation("Too many items requested for the BatchWriteItem call").into());
                }
                let key = key::read(&table.schema, &reader.bytes()?)?;
                expect(elements.next(reader)?)?;
                let bytes = optional_bytes(reader)?;
                let item = self.item_write(requester, &table, key, bytes).await?;
                if !places.insert(item.place.clone()) {
                    return Err(duplicates().into());
                }
                items.push(item);
            }
            tables.push(TableWrites { name, table, items });
        }
        if tables.is_empty() { Err(too_short("{}", "requestItems").into()) } else { Ok(tables) }
    }

    async fn item_write(
        &self,
        requester: Requester<'_>,
        table: &TableKey,
        key: Attributes,
        bytes: Option<Cow<'_, [u8]>>,
    ) -> Result<ItemWrite, Exception> {
        let place = cache_key(table, &key)?;
        let Some(bytes) = bytes else {
            let delete = Some(Box::new(DeleteRequest { key }));
            let request = Some(WriteRequest { delete_request: delete, put_request: None });
            return Ok(ItemWrite { place, stored: None, request });
        };
        let item = self.read_item(requester, &key, &bytes).await?;
        let put = Some(Box::new(PutRequest { item }));
        Ok(ItemWrite { place, stored: None, request: Some(WriteRequest { delete_request: None, put_request: put }) })
    }
}

/// The writes of one table.
struct TableWrites {
    name: String,
    table: TableKey,
    items: Vec<ItemWrite>,
}

struct ItemWrite {
    place: Bytes,
    /// The item as the cache has it, if the write puts one: known once that is permitted.
    stored: Option<Bytes>,
    request: Option<WriteRequest>,
}

impl TableReads {
    fn unknown(&self) -> impl Iterator<Item = &KeyRead> {
        self.keys.iter().filter(|read| matches!(read.found, KeyFound::Unknown))
    }

    /// What the caller asks for.
    fn asked(&self) -> KeysAndAttributes {
        KeysAndAttributes {
            attributes_to_get: None,
            consistent_read: self.is_consistent.then_some(true),
            expression_attribute_names: self.expressions.names(),
            keys: self.keys.iter().map(|read| read.key.clone()).collect(),
            projection_expression: self.projected.as_ref().map(|projected| projected.text.clone()),
        }
    }

    /// What the table is asked for: whole items, of the keys that the cache does not have.
    fn missing(&self) -> Option<KeysAndAttributes> {
        let keys: Vec<Attributes> = self.unknown().map(|read| read.key.clone()).collect();
        let is_asked = !keys.is_empty() || self.keys.is_empty();
        is_asked.then(|| KeysAndAttributes {
            attributes_to_get: None,
            consistent_read: self.is_consistent.then_some(true),
            expression_attribute_names: None,
            keys,
            projection_expression: None,
        })
    }
}

fn keys(table: &TableKey, spelled: &[Cow<'_, [u8]>]) -> Result<Vec<KeyRead>, Exception> {
    let mut keys: Vec<KeyRead> = Vec::with_capacity(spelled.len());
    for bytes in spelled {
        let key = key::read(&table.schema, bytes)?;
        let place = cache_key(table, &key)?;
        if keys.iter().any(|other| other.place == place) {
            return Err(duplicates());
        }
        keys.push(KeyRead { key, place, found: KeyFound::Unknown });
    }
    Ok(keys)
}

fn cache_place(table: &TableKey, item: &Item) -> Result<Bytes, Exception> {
    let key = key::write(&table.schema, item.view())?;
    Ok(Bytes::from([&table.id.to_be_bytes()[..], &key].concat()))
}

fn request_place(table: &TableKey, request: &WriteRequest) -> Result<Bytes, Exception> {
    match (&request.put_request, &request.delete_request) {
        (Some(put), _) => cache_key(table, &put.item),
        (None, Some(delete)) => cache_key(table, &delete.key),
        (None, None) => Err(Exception::internal("an unprocessed write is neither a put nor a delete")),
    }
}

/// What is permitted, executed and cached are the same items: an entry of another one would be answered to callers that may not read it.
fn check_counts(one: usize, other: usize) -> Result<(), Exception> {
    match one == other {
        true => Ok(()),
        false => Err(Exception::internal(format!("a batch has {one} items in one place and {other} in another"))),
    }
}

fn duplicates() -> Exception {
    Exception::validation("Provided list of item keys contains duplicates")
}

/// A table has one entry in a batch: of two, what is permitted and executed would be one, and what the caches take would be both.
fn once<'n>(mut names: impl Iterator<Item = &'n str>, name: &str) -> Result<(), Malformed> {
    if names.any(|own| own == name) { Err(Malformed("a batch names a table twice")) } else { Ok(()) }
}

fn expect(is_there: bool) -> Result<(), Malformed> {
    if is_there { Ok(()) } else { Err(Malformed("a part of a batch is missing")) }
}

fn write_consumed(out: &mut Writer, consumed: &[ConsumedCapacity]) {
    out.array(consumed.len());
    consumed.iter().for_each(|one| out.bytes(&answer::capacity(one)));
}

/// The sizes of item collections, by table.
pub(super) fn write_collections(out: &mut Writer, metrics: Option<&BTreeMap<String, Vec<api::ItemCollectionMetrics>>>) {
    let Some(metrics) = metrics else { return out.map(0) };
    out.map(metrics.len());
    for (name, metrics) in metrics {
        out.text(name);
        let collections: Vec<Vec<u8>> = metrics.iter().filter_map(answer::collection_metrics).collect();
        out.array(collections.len());
        collections.iter().for_each(|bytes| out.bytes(bytes));
    }
}
