//! When each access key was last used: remembered with every request, written down every few minutes.

use std::collections::HashMap;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::account::document_id;
use super::entity::{AccessKey, Entity};
use super::{IDENTITIES, Identities};
use crate::query::Refusal;

/// The time between two writes of the use of one key.
const WRITE_INTERVAL_MS: u64 = 5 * 60 * 1000;

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct LastUse {
    pub(crate) at_ms: u64,
    pub(crate) service: String,
    pub(crate) region: String,
}

#[derive(Debug)]
struct Use {
    last: LastUse,
    /// When this node wrote one; 0 if it never did.
    written_ms: u64,
}

/// By access key; one for each key that has signed a request.
#[derive(Debug, Default)]
pub(super) struct Uses(Mutex<HashMap<String, Use>>);

impl Identities {
    /// A request with this key was signed well.
    pub fn note_use(&self, access_key: &str, service: &str, region: &str, now_ms: u64) {
        let mut uses = self.uses.0.lock();
        if let Some(known) = uses.get_mut(access_key) {
            known.last.at_ms = known.last.at_ms.max(now_ms);
            if known.last.service != service {
                service.clone_into(&mut known.last.service);
            }
            if known.last.region != region {
                region.clone_into(&mut known.last.region);
            }
            return;
        }
        let last = LastUse { at_ms: now_ms, service: service.to_owned(), region: region.to_owned() };
        uses.insert(access_key.to_owned(), Use { last, written_ms: 0 });
    }

    /// What is known here, or was written by another node, whichever is later.
    pub(crate) async fn last_use(&self, account: &str, access_key: &str) -> Result<Option<LastUse>, Refusal> {
        let own = self.uses.0.lock().get(access_key).map(|known| known.last.clone());
        let note = self.service.document_note(IDENTITIES, &document_id(account, AccessKey::KIND, access_key)).await?;
        let written = note.and_then(|note| serde_json::from_str::<LastUse>(&note).ok());
        Ok(own.into_iter().chain(written).max_by_key(|used| used.at_ms))
    }

    /// Writes down the uses that are news. Returns false if one could not be: it is tried again the next time.
    pub async fn write_uses(&self) -> bool {
        let mut succeeded = true;
        let snapshot = self.snapshot();
        for (access_key, last) in self.unwritten_uses() {
            let Some((account, _)) = snapshot.access_key(&access_key) else {
                self.uses.0.lock().remove(&access_key);
                continue;
            };
            let Ok(note) = serde_json::to_string(&last) else { continue };
            let id = document_id(&account.id, AccessKey::KIND, &access_key);
            match self.service.put_document_note(IDENTITIES, &id, &note).await {
                // Not locked while it is stored, so a later use may have been noted: the interval counts from the stored one.
                Ok(()) => {
                    if let Some(known) = self.uses.0.lock().get_mut(&access_key) {
                        known.written_ms = last.at_ms;
                    }
                }
                Err(error) => {
                    log::debug!("the last use of an access key cannot be stored: {}", error.cause());
                    succeeded = false;
                }
            }
        }
        succeeded
    }

    fn unwritten_uses(&self) -> Vec<(String, LastUse)> {
        let uses = self.uses.0.lock();
        let news = uses.iter().filter(|(_, known)| known.last.at_ms >= known.written_ms + WRITE_INTERVAL_MS);
        news.map(|(key, known)| (key.clone(), known.last.clone())).collect()
    }
}
