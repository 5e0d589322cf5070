//! Rows of event source mappings: what Lambda's API keeps, without knowing what it means.
//!
//! A mapping is a document under an id; what came of its last invocation stands in a row beside it, for it changes often.
//! Every change of a document counts up one version, and is made only of the documents that were read: so whoever decides
//! from all of them, as for a mapping that must not be there twice, decides rightly, and other nodes see by one small row
//! whether there is something new.

use std::collections::BTreeMap;

use api::Exception;
use auth::Caller;
use bytes::Bytes;
use storage::{Batch, Decision, KeyUse, Mode, Reads};

use crate::catalog_rows;
use crate::change_log::Shard;
use crate::failure::{storage_failure, write_failure};
use crate::key_range;
use crate::rows;
use crate::service::Service;

/// All documents at one moment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MappingRows {
    pub version: u64,
    pub documents: BTreeMap<String, Bytes>,
}

/// A stream that a mapping can read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StreamSource {
    pub table_id: u64,
    pub label: String,
    pub enabled: bool,
}

impl Service {
    /// # Errors
    /// The engine's failure.
    pub async fn mappings_version(&self) -> Result<u64, Exception> {
        let row = self.engine.get(&rows::mappings_version()).await.map_err(storage_failure)?;
        version(row.as_deref())
    }

    /// # Errors
    /// The engine's failure.
    pub async fn mapping_rows(&self) -> Result<MappingRows, Exception> {
        let view = self.engine.view().await.map_err(storage_failure)?;
        let found = view.get_many(&[rows::mappings_version()]).await.map_err(storage_failure)?;
        let mut all =
            MappingRows { version: version(found.first().and_then(Option::as_deref))?, ..MappingRows::default() };
        let prefix = rows::mappings_prefix();
        for row in catalog_rows::read(&*view, key_range::of_prefix(&prefix)).await.map_err(storage_failure)? {
            let id = std::str::from_utf8(&row.key[prefix.len()..]);
            let id = id.map_err(|_| Exception::internal("the key of an event source mapping cannot be read"))?;
            all.documents.insert(id.to_owned(), row.value);
        }
        Ok(all)
    }

    /// Writes a document, or takes it away, if all of them are still as they were when they had this version.
    ///
    /// # Errors
    /// The engine's failure.
    pub async fn put_mapping(&self, version: u64, id: &str, document: Option<Vec<u8>>) -> Result<bool, Exception> {
        let keys = [KeyUse::write(rows::mappings_version()), KeyUse::write(rows::mapping(id))];
        let (result, next) = (rows::mapping_result(id), (version + 1).to_be_bytes());
        let mut decide = |reads: &Reads, batch: &mut Batch| {
            if self::version(reads.values[0].as_deref()) != Ok(version) {
                return Decision::Refuse;
            }
            batch.put(keys[0].key.clone(), next.to_vec());
            match &document {
                Some(document) => batch.put(keys[1].key.clone(), document.clone()),
                None => {
                    batch.delete(keys[1].key.clone());
                    batch.delete(result.clone());
                }
            }
            Decision::Commit
        };
        let done = self.engine.transact(self.op_id(), Mode::Plain, &keys, &mut decide).await;
        done.map(|done| done == Decision::Commit).map_err(write_failure)
    }

    /// What came of a mapping's last invocation, if there was one.
    ///
    /// # Errors
    /// The engine's failure.
    pub async fn mapping_result(&self, id: &str) -> Result<Option<String>, Exception> {
        let row = self.engine.get(&rows::mapping_result(id)).await.map_err(storage_failure)?;
        Ok(row.map(|row| String::from_utf8_lossy(&row).into_owned()))
    }

    /// Writes down what came of an invocation, if the mapping is still there.
    ///
    /// # Errors
    /// The engine's failure.
    pub async fn put_mapping_result(&self, id: &str, result: &str) -> Result<(), Exception> {
        let keys = [KeyUse::write(rows::mapping_result(id)), KeyUse::read(rows::mapping(id))];
        let mut decide = |reads: &Reads, batch: &mut Batch| {
            if reads.values[1].is_none() {
                return Decision::Refuse;
            }
            batch.put(keys[0].key.clone(), result.as_bytes().to_vec());
            Decision::Commit
        };
        self.engine.transact(self.op_id(), Mode::Plain, &keys, &mut decide).await.map_err(write_failure)?;
        Ok(())
    }

    /// The stream that an ARN names.
    ///
    /// # Errors
    /// If it is no stream's ARN, or if the stream is not there.
    pub async fn stream_source(&self, caller: &Caller, arn: &str) -> Result<StreamSource, Exception> {
        let stream = self.stream(caller, arn).await?;
        let (table_id, own) = (stream.table.id(), stream.own);
        Ok(StreamSource { table_id, label: own.label, enabled: own.enabled })
    }

    /// A shard's id, as the Streams API has it.
    pub fn shard_id(&self, table_id: u64, shard: u32) -> String {
        Shard::id_of(&self.secret, table_id, shard)
    }
}

fn version(row: Option<&[u8]>) -> Result<u64, Exception> {
    let Some(row) = row else { return Ok(0) };
    let version = row.try_into().map(u64::from_be_bytes);
    version.map_err(|_| Exception::internal("the version of event source mappings cannot be read"))
}

#[cfg(test)]
mod tests {
    use base::Clock;
    use storage::Memory;

    use super::*;
    use crate::service::Settings;

    #[tokio::test]
    async fn documents_change_one_after_the_other() {
        let service = Service::open(Memory::new(), Settings::default(), Clock::system()).await.unwrap();
        assert_eq!(service.mapping_rows().await, Ok(MappingRows::default()));
        assert_eq!(service.put_mapping(0, "b", Some(b"1".to_vec())).await, Ok(true));
        // Of what is not any more.
        assert_eq!(service.put_mapping(0, "a", Some(b"2".to_vec())).await, Ok(false));
        assert_eq!(service.put_mapping(1, "a", Some(b"2".to_vec())).await, Ok(true));
        let all = service.mapping_rows().await.unwrap();
        let expected = [("a", "2"), ("b", "1")].map(|(id, row)| (id.to_owned(), Bytes::from(row)));
        assert_eq!((all.version, all.documents), (2, expected.into_iter().collect()));
        service.put_mapping_result("a", "OK").await.unwrap();
        service.put_mapping_result("c", "OK").await.unwrap();
        assert_eq!(service.mapping_result("a").await, Ok(Some("OK".to_owned())));
        assert_eq!(service.mapping_result("c").await, Ok(None));
        assert_eq!(service.put_mapping(2, "a", None).await, Ok(true));
        assert_eq!(service.mapping_result("a").await, Ok(None));
        assert_eq!(
            (service.mappings_version().await, service.mapping_rows().await.unwrap().documents.len()),
            (Ok(3), 1)
        );
    }
}
