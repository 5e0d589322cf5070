//! Credentials that were recognized, so that a request neither opens a token nor parses policies again.
//!
//! An entry is good for one version of its account. Entries of an older version end when a newer one gets its first, so that an
//! account keeps what one version of it needs; those of accounts that get no more, and of sessions that have expired, end in a
//! sweep, which comes after as many insertions as there are entries. Entries and bytes are bounded. Beyond the bounds, the account
//! that has most of the memory loses its entries: many or large sessions of one account leave those of others.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use auth::iam::Principal;
use auth::{Known, Refusal};
use zeroize::Zeroizing;

use crate::store::Account;

const ENTRIES_MAX: usize = 8_192;
/// About what all entries take. Unit: bytes.
const CACHE_BYTES_MAX: usize = 64 << 20;
/// Of an entry without policies and tags of its own. Unit: bytes.
const ENTRY_BYTES: usize = 1_024;
/// What a byte of a session's policy may take when it is parsed: patterns are short texts. Measured: up to 40, of lists of patterns as short as `*`. Unit: bytes.
const POLICY_MEMORY: usize = 64;
/// Of a key or a value beside its letters. Unit: bytes.
const TEXT_BYTES: usize = 64;
/// Insertions between two sweeps, at least.
const SWEEP_INSERTIONS_MIN: usize = 64;

/// What an access key or a token is.
pub(crate) struct Credential {
    pub secret: Zeroizing<String>,
    pub principal: Arc<Principal>,
    /// Of a session.
    pub expires_s: Option<u64>,
    bytes: usize,
}

impl Credential {
    /// Of a user or a root, whose principal the account has.
    pub(crate) fn of_key(secret: String, principal: Arc<Principal>) -> Credential {
        Credential { secret: secret.into(), principal, expires_s: None, bytes: ENTRY_BYTES }
    }

    /// `policy_bytes` is the length of the policy that the session is narrowed to.
    pub(crate) fn of_session(secret: String, principal: Principal, policy_bytes: usize, expires_s: u64) -> Credential {
        let tags: usize = principal.tags.iter().map(|(key, value)| 2 * TEXT_BYTES + key.len() + value.len()).sum();
        let context = principal.context.iter().map(|(key, values)| {
            TEXT_BYTES + key.len() + values.iter().map(|value| TEXT_BYTES + value.len()).sum::<usize>()
        });
        let bytes = ENTRY_BYTES + POLICY_MEMORY * policy_bytes + tags + context.sum::<usize>();
        Credential { secret: secret.into(), principal: Arc::new(principal), expires_s: Some(expires_s), bytes }
    }

    pub(crate) fn known(&self) -> Known {
        Known { secret: self.secret.clone(), principal: Arc::clone(&self.principal) }
    }

    fn has_expired(&self, now_ms: u64) -> bool {
        self.expires_s.is_some_and(|expires_s| expires_s <= now_ms / 1_000)
    }
}

/// What was recognized of one version of an account.
struct OfAccount {
    /// Not a strong one: an account that has changed is forgotten, with all that it is made of.
    version: Weak<Account>,
    bytes: usize,
    /// By access key, or by the digest of key and token.
    by_name: HashMap<Vec<u8>, Credential>,
}

impl OfAccount {
    fn is_of(&self, account: &Arc<Account>) -> bool {
        std::ptr::eq(self.version.as_ptr(), Arc::as_ptr(account))
    }
}

#[derive(Default)]
pub(crate) struct CredentialCache {
    by_account: HashMap<String, OfAccount>,
    entries: usize,
    bytes: usize,
    insertions_until_sweep: usize,
}

impl CredentialCache {
    /// What a name stood for in this version of its account.
    pub(crate) fn get(&self, name: &[u8], account: &Arc<Account>, now_ms: u64) -> Option<Result<Known, Refusal>> {
        let of_account = self.by_account.get(&account.id).filter(|own| own.is_of(account))?;
        let found = of_account.by_name.get(name)?;
        Some(if found.has_expired(now_ms) { Err(Refusal::Expired) } else { Ok(found.known()) })
    }

    pub(crate) fn insert(&mut self, name: Vec<u8>, account: &Arc<Account>, credential: Credential, now_ms: u64) {
        self.insertions_until_sweep = match self.insertions_until_sweep.checked_sub(1) {
            Some(left) => left,
            None => {
                self.sweep(now_ms);
                self.entries.max(SWEEP_INSERTIONS_MIN)
            }
        };
        if self.by_account.get(&account.id).is_some_and(|own| !own.is_of(account)) {
            self.forget(&account.id);
        }
        let (version, bytes) = (Arc::downgrade(account), credential.bytes);
        let of_account = self.by_account.entry(account.id.clone());
        let of_account = of_account.or_insert_with(|| OfAccount { version, bytes: 0, by_name: HashMap::new() });
        let before = of_account.by_name.insert(name, credential);
        let (entries_before, bytes_before) = before.map_or((0, 0), |before| (1, before.bytes));
        of_account.bytes = of_account.bytes + bytes - bytes_before;
        self.bytes = self.bytes + bytes - bytes_before;
        self.entries = self.entries + 1 - entries_before;
        self.shrink();
    }

    /// Down to the bounds: one entry is far smaller than they are.
    fn shrink(&mut self) {
        while self.entries > ENTRIES_MAX || self.bytes > CACHE_BYTES_MAX {
            let largest = self.by_account.iter().max_by_key(|(_, own)| own.bytes).map(|(id, _)| id.clone());
            let Some(largest) = largest else { return };
            self.forget(&largest);
        }
    }

    fn forget(&mut self, account: &str) {
        if let Some(own) = self.by_account.remove(account) {
            self.bytes -= own.bytes;
            self.entries -= own.by_name.len();
        }
    }

    /// Ends what can be of no use any more.
    fn sweep(&mut self, now_ms: u64) {
        self.by_account.retain(|_, own| {
            own.by_name.retain(|_, credential| !credential.has_expired(now_ms));
            own.bytes = own.by_name.values().map(|credential| credential.bytes).sum();
            own.version.strong_count() > 0 && !own.by_name.is_empty()
        });
        self.bytes = self.by_account.values().map(|own| own.bytes).sum();
        self.entries = self.by_account.values().map(|own| own.by_name.len()).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: u64 = 1_000_000;

    fn account(id: &str) -> Arc<Account> {
        let mut account = Account::default();
        account.id = id.to_owned();
        Arc::new(account)
    }

    fn session(account: &Account, policy_bytes: usize, expires_s: u64) -> Credential {
        Credential::of_session("secret".to_owned(), account.root_principal(), policy_bytes, expires_s)
    }

    fn has(cache: &CredentialCache, name: &str, account: &Arc<Account>) -> bool {
        cache.get(name.as_bytes(), account, NOW_MS).is_some()
    }

    #[test]
    fn entries_end_with_the_version_of_their_account() {
        let mut cache = CredentialCache::default();
        let (first, second, other) = (account("1"), account("1"), account("2"));
        for name in ["a", "b"] {
            cache.insert(name.into(), &first, session(&first, 0, u64::MAX), NOW_MS);
        }
        cache.insert("a".into(), &other, session(&other, 0, u64::MAX), NOW_MS);
        assert!(has(&cache, "b", &first) && !has(&cache, "b", &second) && has(&cache, "a", &other));
        cache.insert("a".into(), &second, session(&second, 0, u64::MAX), NOW_MS);
        assert_eq!((cache.entries, has(&cache, "a", &second), has(&cache, "b", &first)), (2, true, false));
        // Nothing of the account is held, whether others come or not.
        assert_eq!(Arc::strong_count(&first), 1);
        let weak = Arc::downgrade(&second);
        drop(second);
        assert!(weak.upgrade().is_none());
    }

    #[test]
    fn a_sweep_ends_what_is_of_no_use() {
        let mut cache = CredentialCache::default();
        let (kept, gone) = (account("1"), account("2"));
        cache.insert("gone".into(), &gone, session(&gone, 0, u64::MAX), NOW_MS);
        drop(gone);
        cache.insert("expired".into(), &kept, session(&kept, 0, 1), NOW_MS);
        for at in 0..=SWEEP_INSERTIONS_MIN {
            cache.insert(at.to_be_bytes().into(), &kept, session(&kept, 0, u64::MAX), NOW_MS);
        }
        assert_eq!((cache.entries, cache.by_account.len()), (SWEEP_INSERTIONS_MIN + 1, 1));
        assert_eq!(cache.bytes, cache.by_account.values().map(|own| own.bytes).sum::<usize>());
    }

    /// Sessions with the longest policies, and many of them.
    #[test]
    fn entries_and_bytes_are_bounded() {
        let mut cache = CredentialCache::default();
        let (greedy, other) = (account("1"), account("2"));
        cache.insert("a".into(), &other, session(&other, 0, u64::MAX), NOW_MS);
        for (count, policy_bytes) in [(2_000_u32, 2_048), (20_000, 0)] {
            for at in 0..count {
                cache.insert(at.to_be_bytes().into(), &greedy, session(&greedy, policy_bytes, u64::MAX), NOW_MS);
                assert!(cache.bytes <= CACHE_BYTES_MAX && cache.entries <= ENTRIES_MAX);
            }
            assert!(has(&cache, "a", &other));
        }
        // The same name again.
        let before = (cache.entries, cache.bytes);
        cache.insert("a".into(), &other, session(&other, 0, u64::MAX), NOW_MS);
        assert_eq!((cache.entries, cache.bytes), before);
    }
}
