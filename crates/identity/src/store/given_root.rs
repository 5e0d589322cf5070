//! A root's access key that is given from outside, for servers that keep all data in memory: it is known before they start.

use super::Identities;
use super::entity::{AccessKey, KeyStatus};
use crate::query::Refusal;

impl Identities {
    /// Makes an account whose root has this access key.
    ///
    /// # Errors
    /// If it cannot be written.
    pub async fn put_root_key(&self, account: &str, id: &str, secret: &str) -> Result<(), Refusal> {
        let sealed = base64_simd::STANDARD.encode_to_string(self.secrets.sealed(id, secret.as_bytes()));
        let created_ms = self.clock.now_ms();
        let status = KeyStatus::Active;
        let key = AccessKey { id: id.to_owned(), user: None, status, created_ms, secret: sealed };
        self.change(account, |draft| {
            draft.put(key.clone());
            Ok(())
        })
        .await
    }
}
