//! Accounts and their roots, which IAM's API cannot make.

use ops::{AUTH_KEY_DOCUMENT, Service};

use super::entity::AccessKey;
use super::{IDENTITIES, Identities, NewAccessKey, OpenError};
use crate::query::Refusal;

impl Identities {
    /// Whether there is anything that is sealed with an auth key.
    ///
    /// # Errors
    /// If the documents cannot be read.
    pub async fn are_kept(service: &Service) -> Result<bool, OpenError> {
        let documents = service.documents(IDENTITIES).await.map_err(OpenError::Engine)?;
        Ok(documents.by_id.contains_key(AUTH_KEY_DOCUMENT) || documents.damaged.contains(AUTH_KEY_DOCUMENT))
    }

    /// The accounts that there are.
    pub fn accounts(&self) -> Vec<String> {
        self.snapshot().accounts.keys().cloned().collect()
    }

    /// A new access key for an account's root, and with it the account. If the root has one, nothing, unless the new one is
    /// to take its place.
    ///
    /// # Errors
    /// If it cannot be written.
    pub async fn found_account(&self, account: &str, replacing: bool) -> Result<Option<NewAccessKey>, Refusal> {
        self.change(account, |draft| {
            let before: Vec<AccessKey> = draft.keys_of(None).map(|key| AccessKey::clone(key)).collect();
            if !before.is_empty() && !replacing {
                return Ok(None);
            }
            before.iter().for_each(|key| draft.remove(key));
            let new = self.new_key(account, None)?;
            draft.put(new.key.clone());
            Ok(Some(new))
        })
        .await
    }
}
