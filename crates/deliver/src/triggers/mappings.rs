//! All event source mappings, parsed once for each change: requests and runners look them up by id and by account.

use std::collections::BTreeMap;
use std::sync::Arc;

use ::api::Exception;
use bytes::Bytes;
use ops::Documents;

use super::mapping::Mapping;
use super::{MAPPINGS, Triggers};

/// The mappings as they are at one version of their collection.
#[derive(Clone, Default)]
pub(super) struct Mappings {
    pub version: u64,
    by_id: BTreeMap<String, Known>,
    by_account: BTreeMap<String, BTreeMap<String, Arc<Mapping>>>,
}

#[derive(Clone)]
struct Known {
    /// What it was read from.
    row: Bytes,
    /// None if this program cannot read it.
    mapping: Option<Arc<Mapping>>,
}

impl Mappings {
    /// `before` spares the parsing of what is the same.
    fn read(rows: &Documents, before: &Mappings) -> Mappings {
        let mut read = Mappings { version: rows.version, ..Mappings::default() };
        for (uuid, row) in &rows.by_id {
            let known = before.by_id.get(uuid).filter(|known| known.row == *row).cloned();
            read.insert(uuid, known.unwrap_or_else(|| Known::read(uuid, row)));
        }
        // A damaged one is one that cannot be read: it exists, and holds up no other.
        for uuid in &rows.damaged {
            read.insert(uuid, Known { row: Bytes::new(), mapping: None });
        }
        read
    }

    fn insert(&mut self, uuid: &str, known: Known) {
        if let Some(mapping) = &known.mapping {
            let own = self.by_account.entry(mapping.account.clone()).or_default();
            own.insert(uuid.to_owned(), Arc::clone(mapping));
        }
        self.by_id.insert(uuid.to_owned(), known);
    }

    fn remove(&mut self, uuid: &str) {
        let account = self.by_id.remove(uuid).and_then(|known| Some(known.mapping?.account.clone()));
        if let Some(own) = account.and_then(|account| self.by_account.get_mut(&account)) {
            own.remove(uuid);
        }
    }

    pub(super) fn get(&self, uuid: &str) -> Option<&Arc<Mapping>> {
        self.by_id.get(uuid)?.mapping.as_ref()
    }

    /// Those that there are, be they readable or not.
    pub(super) fn contains(&self, uuid: &str) -> bool {
        self.by_id.contains_key(uuid)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&String, &Arc<Mapping>)> {
        self.by_id.iter().filter_map(|(uuid, known)| Some((uuid, known.mapping.as_ref()?)))
    }

    /// Those of an account, in the order of their ids.
    pub(super) fn of_account(&self, account: &str) -> impl Iterator<Item = &Arc<Mapping>> {
        self.by_account.get(account).into_iter().flat_map(BTreeMap::values)
    }
}

impl Known {
    fn read(uuid: &str, row: &Bytes) -> Known {
        let mapping = Mapping::read(row).map_err(|error| {
            log::error!(event = "mapping_unreadable", mapping = uuid; "an event source mapping cannot be read: {error}");
        });
        Known { row: row.clone(), mapping: mapping.ok().map(Arc::new) }
    }
}

impl Triggers {
    /// The mappings as they are now.
    pub(super) async fn mappings(&self) -> Result<Arc<Mappings>, Exception> {
        let version = self.service.documents_version(MAPPINGS).await?;
        let known = Arc::clone(&self.known.lock());
        if known.version == version {
            return Ok(known);
        }
        // Not under the lock: the rows have a version of their own, which may be newer, and `know` compares it.
        let rows = self.service.documents(MAPPINGS).await?;
        Ok(self.know(Mappings::read(&rows, &known)))
    }

    /// Takes over a change that was made to the mappings as they were: nothing else has changed since.
    pub(super) fn know_changed(&self, before: &Mappings, uuid: &str, row: Option<Vec<u8>>) {
        let mut after = Mappings { version: before.version + 1, ..before.clone() };
        after.remove(uuid);
        if let Some(row) = row {
            after.insert(uuid, Known::read(uuid, &row.into()));
        }
        self.know(after);
    }

    fn know(&self, read: Mappings) -> Arc<Mappings> {
        let read = Arc::new(read);
        // Concurrent reads end in any order: an older one never replaces a newer one.
        let mut known = self.known.lock();
        if known.version < read.version {
            *known = Arc::clone(&read);
        }
        read
    }
}
