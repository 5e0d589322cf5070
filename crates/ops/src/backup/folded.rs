//! The changes of a window, folded: of each item that was changed, the image before the window and the one at its end. They are the rows
//! of the table that an incremental export is written from, so that a window of any size takes little memory.
//!
//! A row is an item with the key of the one that was changed, and three attributes whose names no request can have in a key: the two
//! images as they are stored, and when the item was last written. Records are folded from the newest to the oldest.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use change_log::{Content, Header, Record};
use cluster::catalog::Interrupted;
use model::codec::row::{Stored, StoredItem};
use model::{AttributeValue, Attributes, ValueRef};
use storage::{Consistency, Key, Row};
use tables::{Table, rows};

use crate::change::{Action, Change};
use crate::service::Service;

/// More than a name of a key has. Source: API Reference, "Naming rules": 255 bytes.
const NAME_PAD: usize = 256;

/// What a window did to one item.
#[derive(Clone, Debug)]
pub(crate) struct Folded {
    pub keys: Attributes,
    /// Before the window.
    pub old: Option<StoredItem>,
    /// At its end.
    pub new: Option<StoredItem>,
    pub written_ms: u64,
}

impl Folded {
    /// Reads a row; `None` if it is none.
    pub(crate) fn read(table: &Table, item: &StoredItem) -> Option<Folded> {
        let attributes = item.attributes();
        let image = |which: &str| match attributes.get(&name(which)) {
            Some(ValueRef::B(image)) => Stored::read(Bytes::copy_from_slice(image)).ok()?.into_item(),
            _ => None,
        };
        let Some(ValueRef::S(written)) = attributes.get(&name("ms")) else { return None };
        Some(Folded {
            keys: rows::key_attributes(table, attributes),
            old: image("old"),
            new: image("new"),
            written_ms: written.parse().ok()?,
        })
    }

    fn into_row(self) -> Attributes {
        let mut row = self.keys;
        row.insert(name("ms"), AttributeValue::S(self.written_ms.to_string()));
        for (which, image) in [("old", self.old), ("new", self.new)] {
            if let Some(image) = image {
                row.insert(name(which), AttributeValue::B(image.into_bytes().to_vec()));
            }
        }
        row
    }
}

fn name(which: &str) -> String {
    format!("{which}{:-<NAME_PAD$}", "")
}

impl Service {
    /// The changes that fold a page of records, which are from the newest to the oldest, into the rows that are there.
    pub(super) async fn folded(
        &self,
        source_id: u64,
        table: &Arc<Table>,
        records: &[Row],
    ) -> Result<Vec<Change>, Interrupted> {
        let mut folded: BTreeMap<Bytes, (Key, Folded)> = BTreeMap::new();
        for row in records {
            if let Some((change, record)) = self.record_of(source_id, table, row) {
                let key = change.key.row.clone();
                let old = record.old;
                let first = || {
                    (
                        key.clone(),
                        Folded {
                            keys: change.key_attributes,
                            old: None,
                            new: record.new,
                            written_ms: record.created_ms,
                        },
                    )
                };
                folded.entry(key.bytes.clone()).or_insert_with(first).1.old = old;
            }
        }
        let keys: Vec<Key> = folded.values().map(|(key, _)| key.clone()).collect();
        let view = self.engine.view(Consistency::Strong).await?;
        let found = view.get_many(&keys).await?;
        drop(view);
        let mut changes = Vec::with_capacity(folded.len());
        for ((_, folded), found) in folded.into_values().zip(found) {
            // What is there is of newer records.
            let newer = found.and_then(|row| Stored::read(row).ok()).and_then(Stored::into_item);
            let newer = newer.and_then(|item| Folded::read(table, &item));
            let merged = match newer {
                Some(newer) => Folded { old: folded.old, ..newer },
                None => folded,
            };
            changes.push(self.change_to(table, merged)?);
        }
        Ok(changes)
    }

    fn change_to(&self, table: &Arc<Table>, folded: Folded) -> Result<Change, Interrupted> {
        let keys = folded.keys.clone();
        let change = self.change_of_key(table, &keys);
        let change = change.map_err(|problem| Interrupted::Failed(problem.to_string()))?;
        Ok(Change { action: Action::Put(folded.into_row()), ..change })
    }

    /// A record, with a change of its item; none of a mark, and of a damaged record, which is reported.
    fn record_of(&self, source_id: u64, table: &Arc<Table>, row: &Row) -> Option<(Change, Record)> {
        if matches!(Header::read(&row.value)?.content, Content::Mark(_)) {
            return None;
        }
        let record = Record::read(&row.value);
        let change = record.as_ref().and_then(|record| record.new.as_ref().or(record.old.as_ref()));
        let change = change.and_then(|item| self.delete_as_it_was(table, item).ok());
        let found = change.zip(record);
        if found.is_none() {
            self.report_unreadable(source_id, row);
        }
        found
    }
}
