//! Parts of answers: items, projected items, capacity and sizes of item collections.
//!
//! An item goes without the attributes of its key, which the client adds from its request, as bytes that contain the number of an
//! attribute list and the values in that list's order. With a projection it is a map from the place of a path in the projection to the
//! value there, and the client rebuilds the nesting.

use api::{Capacity, ConsumedCapacity, Exception, ItemCollectionMetrics};
use model::{Attributes, DocumentPath, KeySchema, MapRef};

use crate::attribute_lists::{AttributeLists, Definer};
use crate::cbor::{Malformed, Reader, Writer};
use crate::value::{self, Room, ValueProblem};

/// Source: the service model, `AttributeName`. Unit: bytes.
const ATTRIBUTE_NAME_SIZE_MAX: usize = 65_535;

/// Members of an answer's map.
pub(crate) mod member {
    pub(crate) const ITEM: i64 = 0;
    pub(crate) const CONSUMED_CAPACITY: i64 = 1;
    pub(crate) const ATTRIBUTES: i64 = 2;
    pub(crate) const ITEM_COLLECTION_METRICS: i64 = 3;
    pub(crate) const ITEMS: i64 = 7;
    pub(crate) const COUNT: i64 = 8;
    pub(crate) const LAST_EVALUATED_KEY: i64 = 9;
    pub(crate) const SCANNED_COUNT: i64 = 10;
}

/// An answer that is no refusal.
pub(crate) fn success() -> Writer {
    let mut out = Writer::with_capacity(512);
    out.array(0);
    out
}

/// The attributes beside the key, as a client reads them.
///
/// # Errors
/// The failure of the attribute lists.
pub(crate) async fn item(
    lists: &AttributeLists,
    account: &str,
    schema: &KeySchema,
    item: MapRef<'_>,
) -> Result<Vec<u8>, Exception> {
    let names: Vec<&str> = item.iter().map(|(name, _)| name).filter(|name| !schema.contains(name)).collect();
    let number = lists.number(account, names.iter().copied(), Definer::Item).await?;
    let mut out = Writer::with_capacity(256);
    out.int(number);
    for (_, value) in item.iter().filter(|(name, _)| !schema.contains(name)) {
        value::write(&mut out, value);
    }
    Ok(out.into_bytes())
}

/// The item of a client's bytes, with its key.
///
/// # Errors
/// Bytes that are no item, values that DynamoDB does not store, or more of them than an item may have.
pub(crate) async fn read_item(
    lists: &AttributeLists,
    account: &str,
    key: &Attributes,
    bytes: &[u8],
) -> Result<Attributes, Exception> {
    let mut reader = Reader::new(bytes);
    let number = reader.int().map_err(ValueProblem::from)?;
    let list = lists.list(account, number).await?;
    let mut entries = Vec::with_capacity(list.names.len() + key.len());
    let mut room = Room::of_item();
    for name in &list.names {
        match name.len() {
            0 => return Err(ValueProblem::EmptyName.into()),
            1..=ATTRIBUTE_NAME_SIZE_MAX => {}
            _ => return Err(ValueProblem::LongName.into()),
        }
        room.take(name.len())?;
        entries.push((name.clone(), value::read(&mut reader, &mut room)?));
    }
    room.reserve().await?;
    if !reader.is_at_end() {
        return Err(ValueProblem::from(Malformed("an item has more values than its attribute list has names")).into());
    }
    // The key counts, also where the list names its attributes.
    entries.extend(key.iter().map(|(name, value)| (name.to_owned(), value.clone())));
    Ok(Attributes::from_unsorted(entries))
}

/// The values at the paths of a projection, as a map of unknown size: the Java client reads no other.
pub(crate) fn projected(out: &mut Writer, paths: &[DocumentPath], item: MapRef<'_>) {
    out.open_map();
    for (at, path) in paths.iter().enumerate() {
        if let Some(value) = path.resolve(item) {
            out.int(at as i64);
            value::write(out, value);
        }
    }
    out.end();
}

/// Attributes that an update has changed: their list, and a map of unknown size from places in it to values.
///
/// # Errors
/// The failure of the attribute lists.
pub(crate) async fn changed(lists: &AttributeLists, account: &str, item: MapRef<'_>) -> Result<Vec<u8>, Exception> {
    let names: Vec<&str> = item.iter().map(|(name, _)| name).collect();
    let mut out = Writer::with_capacity(256);
    out.int(lists.number(account, names.iter().copied(), Definer::Item).await?);
    out.open_map();
    for (at, (_, value)) in item.iter().enumerate() {
        out.int(at as i64);
        value::write(&mut out, value);
    }
    out.end();
    Ok(out.into_bytes())
}

/// Consumed capacity, as bytes within the answers of all operations but transactions.
pub(crate) fn capacity(consumed: &ConsumedCapacity) -> Vec<u8> {
    let mut out = Writer::new();
    out.text(consumed.table_name.as_deref().unwrap_or_default());
    out.float(consumed.capacity_units.unwrap_or_default());
    match consumed.table.as_ref().and_then(|table| table.capacity_units) {
        Some(units) => out.float(units),
        None => out.null(),
    }
    for indexes in [&consumed.global_secondary_indexes, &consumed.local_secondary_indexes] {
        let Some(indexes) = indexes else {
            out.null();
            continue;
        };
        out.map(indexes.len());
        for (name, units) in indexes {
            out.text(name);
            out.float(units.capacity_units.unwrap_or_default());
        }
    }
    out.into_bytes()
}

/// Consumed capacity in a transaction's answer: a map of unknown size, for the Java client reads no other, with maps of known sizes in it.
pub(crate) fn transaction_capacity(out: &mut Writer, consumed: &ConsumedCapacity) {
    let own = Capacity {
        capacity_units: consumed.capacity_units,
        read_capacity_units: consumed.read_capacity_units,
        write_capacity_units: consumed.write_capacity_units,
    };
    let indexes = [(6, &consumed.global_secondary_indexes), (7, &consumed.local_secondary_indexes)];
    out.open_map();
    out.int(4);
    out.text(consumed.table_name.as_deref().unwrap_or_default());
    write_units(out, &own);
    if let Some(table) = &consumed.table {
        out.int(5);
        out.map(units_count(table));
        write_units(out, table);
    }
    for (key, indexes) in indexes {
        let Some(indexes) = indexes else { continue };
        out.int(key);
        out.map(indexes.len());
        for (name, units) in indexes {
            out.text(name);
            out.map(units_count(units));
            write_units(out, units);
        }
    }
    out.end();
}

fn units_count(units: &Capacity) -> usize {
    [units.capacity_units, units.read_capacity_units, units.write_capacity_units].iter().flatten().count()
}

fn write_units(out: &mut Writer, units: &Capacity) {
    let all = [(1, units.capacity_units), (2, units.read_capacity_units), (3, units.write_capacity_units)];
    for (key, units) in all {
        if let Some(units) = units {
            out.int(key);
            out.float(units);
        }
    }
}

/// The size of an item collection, as bytes. Nothing if its key is not there.
pub(crate) fn collection_metrics(metrics: &ItemCollectionMetrics) -> Option<Vec<u8>> {
    let (_, key) = metrics.item_collection_key.as_ref()?.view().iter().next()?;
    let range = metrics.size_estimate_range_gb.as_deref().unwrap_or_default();
    let mut out = Writer::new();
    value::write(&mut out, key);
    out.float(range.first().copied().unwrap_or_default());
    out.float(range.get(1).copied().unwrap_or_default());
    Some(out.into_bytes())
}
