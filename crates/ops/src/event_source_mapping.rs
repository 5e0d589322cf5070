//! What Lambda's API of event source mappings needs of the tables: the streams that mappings read.
//!
//! The mappings themselves are documents (`documents`); a mapping's note is the result of its last invocation.

use api::Exception;
use auth::Caller;
use change_log::Shard;

use crate::service::Service;

/// A stream that a mapping can read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StreamSource {
    /// In its canonical form.
    pub arn: String,
    pub table_id: u64,
    pub label: String,
    pub enabled: bool,
}

impl Service {
    /// The stream that an ARN names.
    ///
    /// # Errors
    /// If it is no stream's ARN, or if the stream does not exist.
    pub async fn stream_source(&self, caller: &Caller, arn: &str) -> Result<StreamSource, Exception> {
        let stream = self.stream(caller, arn).await?;
        let (arn, table_id, own) = (stream.arn(), stream.table.id(), stream.own);
        Ok(StreamSource { arn, table_id, label: own.label, enabled: own.enabled })
    }

    /// The revision of a stream's policy, which changes with the policy. None without a policy, or without a stream.
    pub fn stream_policy_revision(&self, table_id: u64, label: &str) -> Option<String> {
        let table = self.catalog.by_id(table_id)?;
        let policy = table.definition.stream_named(label)?.policy.as_ref()?;
        Some(policy.revision.clone())
    }

    /// A shard's id, as the Streams API has it.
    pub fn shard_id(&self, table_id: u64, shard: u32) -> String {
        Shard::id_of(&self.secret, table_id, shard)
    }
}
