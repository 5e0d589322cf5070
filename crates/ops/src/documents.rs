//! Documents of small collections, as opaque bytes: the storage of the APIs beside DynamoDB's.
//!
//! A collection is all event source mappings, or all identities. A document is stored under an id; it may have a note, for
//! what changes often and decides nothing. Every change of documents counts up the collection's version, and is made only
//! at the version that it was decided from (optimistic concurrency): a decision that depends on all documents, such as a
//! unique name, stays correct. Other nodes see by one small row whether a collection has changed.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use api::Exception;
use bytes::Bytes;
use storage::{Batch, Consistency, KeyUse, Mode, Reads};
use tables::catalog_rows;
use tables::failure::{storage_failure, write_failure};
use tables::key_range;
use tables::rows::{self, Collection};

use crate::damage_log::log_damaged;
use crate::service::Service;

/// A larger change of size than this counts as growth. Unit: bytes.
const DOCUMENT_SLACK: usize = 16;

/// The one document that is no JSON: the fingerprint of the auth key of identities, in hexadecimal digits.
pub const AUTH_KEY_DOCUMENT: &str = "auth-key";

/// All documents of a collection at one moment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Documents {
    pub version: u64,
    pub by_id: BTreeMap<String, Bytes>,
    /// The ids of documents with damaged rows. They exist: the reader decides what depends on them.
    pub damaged: BTreeSet<String>,
}

/// One document's new text; without one, it is deleted together with its note.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DocumentChange {
    pub id: String,
    pub text: Option<Vec<u8>>,
}

impl Service {
    /// # Errors
    /// The engine's failure.
    pub async fn documents_version(&self, collection: Collection) -> Result<u64, Exception> {
        let row = self
            .engine
            .get(&rows::documents_version(collection), Consistency::Strong)
            .await
            .map_err(storage_failure)?;
        version(row.as_deref())
    }

    /// # Errors
    /// The engine's failure.
    pub async fn documents(&self, collection: Collection) -> Result<Documents, Exception> {
        let view = self.engine.view(Consistency::Strong).await.map_err(storage_failure)?;
        let found = view.get_many(&[rows::documents_version(collection)]).await.map_err(storage_failure)?;
        let mut all = Documents { version: version(found.first().and_then(Option::as_deref))?, ..Documents::default() };
        let prefix = rows::documents_prefix(collection);
        let id = |key: &[u8]| {
            let id = key.strip_prefix(&prefix[..]).and_then(|id| std::str::from_utf8(id).ok()).map(str::to_owned);
            id.ok_or_else(|| Exception::internal(format!("a key of {collection:?} cannot be read")))
        };
        let range = key_range::of_prefix(&prefix);
        let (rows, damaged) = catalog_rows::read_with_damaged(&*view, range).await.map_err(storage_failure)?;
        for row in rows {
            all.by_id.insert(id(&row.key)?, row.value);
        }
        for row in damaged {
            let id = id(row.key.as_deref().unwrap_or_default())?;
            log_damaged("", &format!("the document {id} of {collection:?} is damaged: {}", row.what));
            all.damaged.insert(id);
        }
        Ok(all)
    }

    /// Makes all of these changes, each of another document, or, if the documents are not as they were when they had
    /// this version, none.
    ///
    /// # Errors
    /// The engine's failure.
    pub async fn change_documents(
        &self,
        collection: Collection,
        version: u64,
        changes: &[DocumentChange],
    ) -> Result<bool, Exception> {
        let witness = rows::documents_version(collection);
        let documents = changes.iter().map(|change| rows::document(collection, &change.id));
        let keys: Vec<KeyUse> = std::iter::once(witness).chain(documents).map(KeyUse::write).collect();
        // The version is read and counted up in the batch of the changes: of two changes from one version only one is made.
        let change = |reads: &Reads, batch: &mut Batch| {
            if self::version(reads.values[0].as_deref()) != Ok(version) {
                return Err(Changed);
            }
            batch.put(keys[0].key.clone(), (version + 1).to_be_bytes().to_vec());
            batch.grows = grow(changes, &reads.values[1..]);
            for (change, row) in changes.iter().zip(&keys[1..]) {
                match &change.text {
                    Some(text) => batch.put(row.key.clone(), text.clone()),
                    None => {
                        batch.delete(row.key.clone());
                        batch.delete(rows::document_note(collection, &change.id));
                    }
                }
            }
            Ok(())
        };
        let done = self.engine.write(Mode::Plain, &keys, change).await.map_err(write_failure)?;
        Ok(done.is_ok())
    }

    /// The note beside a document, if there is one.
    ///
    /// # Errors
    /// The engine's failure.
    pub async fn document_note(&self, collection: Collection, id: &str) -> Result<Option<String>, Exception> {
        let row = self
            .engine
            .get(&rows::document_note(collection, id), Consistency::Strong)
            .await
            .map_err(storage_failure)?;
        Ok(row.map(|row| String::from_utf8_lossy(&row).into_owned()))
    }

    /// Writes a document's note, if the document is still there.
    ///
    /// # Errors
    /// The engine's failure.
    pub async fn put_document_note(&self, collection: Collection, id: &str, note: &str) -> Result<(), Exception> {
        let keys = [KeyUse::write(rows::document_note(collection, id)), KeyUse::read(rows::document(collection, id))];
        // Decided on the document's row: a late note would outlive the document.
        let put = |reads: &Reads, batch: &mut Batch| {
            if reads.values[1].is_some() {
                batch.put(keys[0].key.clone(), note.as_bytes().to_vec());
            }
            Ok::<(), Infallible>(())
        };
        let Ok(()) = self.engine.write(Mode::Plain, &keys, put).await.map_err(write_failure)?;
        Ok(())
    }
}

/// The collection is at another version than the one that a change was decided from.
struct Changed;

/// Whether the documents are larger than before. A change of a few bytes, such as a key's status, is no growth: access can
/// be revoked when storage is short, too.
fn grow(changes: &[DocumentChange], before: &[Option<Bytes>]) -> bool {
    let after: usize = changes.iter().filter_map(|change| change.text.as_ref()).map(Vec::len).sum();
    let before: usize = before.iter().flatten().map(Bytes::len).sum();
    after > before + DOCUMENT_SLACK
}

fn version(row: Option<&[u8]>) -> Result<u64, Exception> {
    let Some(row) = row else { return Ok(0) };
    let version = row.try_into().map(u64::from_be_bytes);
    version.map_err(|_| Exception::internal("the version of a collection of documents cannot be read"))
}

#[cfg(test)]
mod tests {
    use base::Clock;
    use storage::Memory;

    use super::Collection::{EventSourceMappings, Identities};
    use super::*;
    use crate::service::Settings;

    fn put(id: &str, text: &str) -> DocumentChange {
        DocumentChange { id: id.to_owned(), text: Some(text.into()) }
    }

    fn remove(id: &str) -> DocumentChange {
        DocumentChange { id: id.to_owned(), text: None }
    }

    fn documents(version: u64, texts: &[(&str, &'static str)]) -> Documents {
        let by_id = texts.iter().map(|(id, text)| ((*id).to_owned(), Bytes::from(*text))).collect();
        Documents { version, by_id, ..Documents::default() }
    }

    #[tokio::test]
    async fn documents_change_one_after_the_other() {
        let service = Service::open(Memory::new(), Settings::default(), Clock::system()).await.unwrap();
        for of in [EventSourceMappings, Identities] {
            assert_eq!(service.documents(of).await, Ok(Documents::default()));
            assert_eq!(service.change_documents(of, 0, &[put("b", "1")]).await, Ok(true));
            // A change based on a stale version is refused.
            assert_eq!(service.change_documents(of, 0, &[put("a", "2"), remove("b")]).await, Ok(false));
            assert_eq!(service.change_documents(of, 1, &[put("a", "2")]).await, Ok(true));
            assert_eq!(service.documents(of).await, Ok(documents(2, &[("a", "2"), ("b", "1")])));
            service.put_document_note(of, "a", "OK").await.unwrap();
            service.put_document_note(of, "c", "OK").await.unwrap();
            assert_eq!(service.document_note(of, "a").await, Ok(Some("OK".to_owned())));
            assert_eq!(service.document_note(of, "c").await, Ok(None));
            assert_eq!(service.change_documents(of, 2, &[remove("a"), put("c", "3"), put("b", "4")]).await, Ok(true));
            assert_eq!(service.document_note(of, "a").await, Ok(None));
            assert_eq!(service.documents_version(of).await, Ok(3));
            assert_eq!(service.documents(of).await, Ok(documents(3, &[("b", "4"), ("c", "3")])));
        }
    }

    #[test]
    fn documents_grow_by_more_than_a_few_bytes() {
        let before = |texts: &[&'static str]| texts.iter().map(|text| Some(Bytes::from(*text))).collect::<Vec<_>>();
        assert!(!grow(&[put("a", "Inactive")], &before(&["Active"])));
        assert!(!grow(&[remove("a"), put("b", "12345678901234567890")], &before(&["1234567890", ""])));
        assert!(!grow(&[remove("a")], &[None]));
        assert!(grow(&[put("a", "12345678901234567")], &[None]));
    }

    #[test]
    fn rows_of_mappings_stand_where_they_always_stood() {
        let key = |key: storage::Key| key.bytes.to_vec();
        assert_eq!(key(rows::documents_version(EventSourceMappings)), b"\0\0\0\0\0\0\0\0E");
        assert_eq!(key(rows::document(EventSourceMappings, "u")), b"\0\0\0\0\0\0\0\0EMu");
        assert_eq!(key(rows::document_note(EventSourceMappings, "u")), b"\0\0\0\0\0\0\0\0ERu");
    }
}
