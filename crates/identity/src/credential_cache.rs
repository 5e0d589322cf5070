//! Credentials that were recognized, so that a request neither opens a token nor parses policies again.
//!
//! An entry is good for one version of its account. Entries of an older version end when a newer one gets its first, so that an
//! account has entries of one version only; those of accounts that get no more, and of sessions that have expired, end in a
//! sweep, which comes after as many insertions as there are entries. Entries and bytes are bounded. Beyond either bound, the account
//! that has most of it loses its entries: many or large sessions of one account leave those of others.
//!
//! Parsed policies are most of the bytes. Documents do not hold theirs, so a policy that is not in this cache is parsed again when a
//! request needs it. A policy counts once for its account, however many entries use it, with the size that it has measured itself.
//! Policies outlast the version of their account until the next sweep: most changes leave most policies as they are.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};

use auth::Known;
use auth::iam::{Policy, Principal};
use zeroize::Zeroizing;

use crate::store::Account;

const ENTRIES_MAX: usize = 8_192;
/// About what all entries take, with their policies. The quotas of IAM leave one principal less than that. Unit: bytes.
const CACHE_BYTES_MAX: usize = 64 << 20;
/// Of an entry without policies and tags. Unit: bytes.
const ENTRY_BYTES: usize = 1_024;
/// Of a policy beside its own size. Unit: bytes.
const POLICY_BYTES: usize = 128;
/// Of a key or a value beside its letters. Unit: bytes.
const TEXT_BYTES: usize = 64;
/// Insertions between two sweeps, at least.
const SWEEP_INSERTIONS_MIN: usize = 64;

#[derive(Clone)]
struct SizedPolicy {
    policy: Arc<Policy>,
    bytes: usize,
}

impl SizedPolicy {
    fn of(policy: &Arc<Policy>) -> SizedPolicy {
        SizedPolicy { policy: Arc::clone(policy), bytes: POLICY_BYTES + policy.memory_bytes() }
    }

    /// Its own while it is held.
    fn address(&self) -> usize {
        Arc::as_ptr(&self.policy).addr()
    }
}

/// What an access key or a token is.
pub(crate) struct Credential {
    secret: Zeroizing<String>,
    principal: Arc<Principal>,
    /// Of a session.
    expires_s: Option<u64>,
    policies: Vec<SizedPolicy>,
    /// Without the policies.
    bytes: usize,
}

impl Credential {
    /// `expires_s` is when a session ends. Unit: seconds since 1970.
    pub(crate) fn new(secret: String, principal: Principal, expires_s: Option<u64>) -> Credential {
        let tags: usize = principal.tags.iter().map(|(key, value)| 2 * TEXT_BYTES + key.len() + value.len()).sum();
        let context = principal.context.iter().map(|(key, values)| {
            TEXT_BYTES + key.len() + values.iter().map(|value| TEXT_BYTES + value.len()).sum::<usize>()
        });
        let bytes = ENTRY_BYTES + tags + context.sum::<usize>();
        let Principal { identity_policies, boundary, session_policies, .. } = &principal;
        let policies = identity_policies.iter().chain(boundary).chain(session_policies.iter().flatten());
        // Measured here, without the lock of the cache: a policy may have thousands of parts.
        let policies: Vec<SizedPolicy> = policies.map(SizedPolicy::of).collect();
        // Here and in the principal.
        let of_lists = policies.len() * (size_of::<SizedPolicy>() + size_of::<Arc<Policy>>());
        Credential {
            secret: secret.into(),
            principal: Arc::new(principal),
            expires_s,
            policies,
            bytes: bytes + of_lists,
        }
    }

    pub(crate) fn known(&self) -> Known {
        Known { secret: self.secret.clone(), principal: Arc::clone(&self.principal) }
    }

    pub(crate) fn has_expired(&self, now_ms: u64) -> bool {
        self.expires_s.is_some_and(|expires_s| expires_s <= now_ms / 1_000)
    }
}

/// What was recognized of one account.
struct OfAccount {
    /// Not a strong one: an account that has changed is forgotten, with all that it is made of.
    version: Weak<Account>,
    bytes: usize,
    /// By access key, or by the digest of key and token; of this version.
    by_name: HashMap<Vec<u8>, Credential>,
    /// By address: those of the entries, and of the entries since the last sweep.
    policies: HashMap<usize, SizedPolicy>,
}

impl OfAccount {
    fn is_of(&self, account: &Arc<Account>) -> bool {
        std::ptr::eq(self.version.as_ptr(), Arc::as_ptr(account))
    }

    fn insert(&mut self, name: Vec<u8>, credential: Credential, evicted: &mut Evicted) {
        for policy in &credential.policies {
            if self.policies.insert(policy.address(), policy.clone()).is_none() {
                self.bytes += policy.bytes;
            }
        }
        self.bytes += credential.bytes;
        if let Some(before) = self.by_name.insert(name, credential) {
            self.bytes -= before.bytes;
            evicted.entries.push(before);
        }
    }

    /// Ends its entries; from now on it is of another version.
    fn renew(&mut self, account: &Arc<Account>, evicted: &mut Evicted) {
        self.version = Arc::downgrade(account);
        for (_, entry) in self.by_name.drain() {
            self.bytes -= entry.bytes;
            evicted.entries.push(entry);
        }
    }

    /// Ends entries that have expired, and policies that no entry has.
    fn sweep(&mut self, now_ms: u64, evicted: &mut Evicted) {
        let expired = self.by_name.extract_if(|_, credential| credential.has_expired(now_ms));
        evicted.entries.extend(expired.map(|(_, entry)| entry));
        let used: HashSet<usize> =
            self.by_name.values().flat_map(|entry| &entry.policies).map(SizedPolicy::address).collect();
        let unused = self.policies.extract_if(|address, _| !used.contains(address));
        evicted.policies.extend(unused.map(|(_, policy)| policy));
        let of_entries: usize = self.by_name.values().map(|entry| entry.bytes).sum();
        self.bytes = of_entries + self.policies.values().map(|policy| policy.bytes).sum::<usize>();
    }

    fn is_useful(&self) -> bool {
        self.version.strong_count() > 0 && !self.by_name.is_empty()
    }
}

/// What the cache does not have any more, to be dropped without its lock: millions of small allocations take a while.
#[must_use]
#[derive(Default)]
pub(crate) struct Evicted {
    accounts: Vec<OfAccount>,
    entries: Vec<Credential>,
    policies: Vec<SizedPolicy>,
}

impl Evicted {
    /// About what is freed, at most.
    pub(crate) fn bytes(&self) -> usize {
        let of_accounts: usize = self.accounts.iter().map(|own| own.bytes).sum();
        let of_entries: usize = self.entries.iter().flat_map(|entry| &entry.policies).map(|policy| policy.bytes).sum();
        of_accounts + of_entries + self.policies.iter().map(|policy| policy.bytes).sum::<usize>()
    }
}

pub(crate) struct CredentialCache {
    by_account: HashMap<String, OfAccount>,
    entries: usize,
    bytes: usize,
    bytes_max: usize,
    insertions_until_sweep: usize,
}

impl Default for CredentialCache {
    fn default() -> CredentialCache {
        CredentialCache::bounded(CACHE_BYTES_MAX)
    }
}

impl CredentialCache {
    pub(crate) fn bounded(bytes_max: usize) -> CredentialCache {
        CredentialCache { by_account: HashMap::new(), entries: 0, bytes: 0, bytes_max, insertions_until_sweep: 0 }
    }

    /// The credential of a name in this version of its account.
    pub(crate) fn get(&self, name: &[u8], account: &Arc<Account>) -> Option<&Credential> {
        self.by_account.get(&account.id).filter(|own| own.is_of(account))?.by_name.get(name)
    }

    pub(crate) fn insert(
        &mut self,
        name: Vec<u8>,
        account: &Arc<Account>,
        credential: Credential,
        now_ms: u64,
    ) -> Evicted {
        let mut evicted = Evicted::default();
        self.insertions_until_sweep = match self.insertions_until_sweep.checked_sub(1) {
            Some(left) => left,
            None => {
                self.sweep(now_ms, &mut evicted);
                self.entries.max(SWEEP_INSERTIONS_MIN)
            }
        };
        let own = self.by_account.entry(account.id.clone()).or_insert_with(|| OfAccount {
            version: Arc::downgrade(account),
            bytes: 0,
            by_name: HashMap::new(),
            policies: HashMap::new(),
        });
        let before = (own.by_name.len(), own.bytes);
        if !own.is_of(account) {
            own.renew(account, &mut evicted);
        }
        own.insert(name, credential, &mut evicted);
        self.entries = self.entries - before.0 + own.by_name.len();
        self.bytes = self.bytes - before.1 + own.bytes;
        self.shrink(&mut evicted);
        evicted
    }

    /// Down to the bounds. An entry beyond them by itself ends at once.
    fn shrink(&mut self, evicted: &mut Evicted) {
        while self.entries > ENTRIES_MAX || self.bytes > self.bytes_max {
            // By what there is too much of: an account with many sessions does not end those of one with large policies.
            let has_too_many = self.entries > ENTRIES_MAX;
            let part = |own: &OfAccount| if has_too_many { own.by_name.len() } else { own.bytes };
            let largest = self.by_account.iter().max_by_key(|(_, own)| part(own)).map(|(id, _)| id.clone());
            let Some(own) = largest.and_then(|largest| self.by_account.remove(&largest)) else { return };
            self.bytes -= own.bytes;
            self.entries -= own.by_name.len();
            evicted.accounts.push(own);
        }
    }

    /// Ends what can be of no use any more.
    fn sweep(&mut self, now_ms: u64, evicted: &mut Evicted) {
        self.by_account.values_mut().for_each(|own| own.sweep(now_ms, evicted));
        let useless = self.by_account.extract_if(|_, own| !own.is_useful());
        evicted.accounts.extend(useless.map(|(_, own)| own));
        self.bytes = self.by_account.values().map(|own| own.bytes).sum();
        self.entries = self.by_account.values().map(|own| own.by_name.len()).sum();
    }
}

#[cfg(test)]
mod tests {
    use auth::iam::PolicyKind;

    use super::*;

    const NOW_MS: u64 = 1_000_000;

    fn account(id: &str) -> Arc<Account> {
        Arc::new(Account { id: id.to_owned(), ..Account::default() })
    }

    fn session(account: &Account, policies: &[Arc<Policy>], expires_s: u64) -> Credential {
        let session_policies = Some(policies.to_vec());
        let principal = Principal { session_policies, ..account.root_principal() };
        Credential::new("secret".to_owned(), principal, Some(expires_s))
    }

    /// Different ones take as much.
    fn policy(patterns: usize) -> Arc<Policy> {
        let patterns: Vec<String> = (0..patterns).map(|at| format!("\"a:{at:x}\"")).collect();
        let text = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Deny","Action":[{}],"Resource":"*"}}]}}"#,
            patterns.join(",")
        );
        Arc::new(Policy::parse(PolicyKind::Identity, &text).expect("a policy"))
    }

    fn has(cache: &CredentialCache, name: &str, account: &Arc<Account>) -> bool {
        cache.get(name.as_bytes(), account).is_some()
    }

    /// The sums are those of what there is.
    fn check_sums(cache: &CredentialCache) {
        for own in cache.by_account.values() {
            let entries: usize = own.by_name.values().map(|entry| entry.bytes).sum();
            assert_eq!(own.bytes, entries + own.policies.values().map(|policy| policy.bytes).sum::<usize>());
        }
        let (bytes, entries) = cache
            .by_account
            .values()
            .fold((0, 0), |(bytes, entries), own| (bytes + own.bytes, entries + own.by_name.len()));
        assert_eq!((cache.bytes, cache.entries), (bytes, entries));
        assert!(cache.bytes <= CACHE_BYTES_MAX && cache.entries <= ENTRIES_MAX);
    }

    #[test]
    fn entries_end_with_the_version_of_their_account() {
        let mut cache = CredentialCache::default();
        let (first, second, other) = (account("1"), account("1"), account("2"));
        for name in ["a", "b"] {
            drop(cache.insert(name.into(), &first, session(&first, &[], u64::MAX), NOW_MS));
        }
        drop(cache.insert("a".into(), &other, session(&other, &[], u64::MAX), NOW_MS));
        assert!(has(&cache, "b", &first) && !has(&cache, "b", &second) && has(&cache, "a", &other));
        drop(cache.insert("a".into(), &second, session(&second, &[], u64::MAX), NOW_MS));
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
        let (stays, dropped) = (account("1"), account("2"));
        let (used, unused) = (policy(1), policy(2));
        drop(cache.insert("dropped".into(), &dropped, session(&dropped, &[], u64::MAX), NOW_MS));
        drop(dropped);
        drop(cache.insert("expired".into(), &stays, session(&stays, &[unused.clone(), used.clone()], 1), NOW_MS));
        for at in 0..=SWEEP_INSERTIONS_MIN {
            let policies = [used.clone()];
            drop(cache.insert(at.to_be_bytes().into(), &stays, session(&stays, &policies, u64::MAX), NOW_MS));
            check_sums(&cache);
        }
        assert_eq!((cache.entries, cache.by_account.len()), (SWEEP_INSERTIONS_MIN + 1, 1));
        assert_eq!(cache.by_account["1"].policies.len(), 1);
        assert_eq!(Arc::strong_count(&unused), 1);
    }

    /// Sessions with large policies of their own, and many of them.
    #[test]
    fn entries_and_bytes_are_bounded() {
        let mut cache = CredentialCache::default();
        let (greedy, other) = (account("1"), account("2"));
        drop(cache.insert("a".into(), &other, session(&other, &[], u64::MAX), NOW_MS));
        for (count, patterns) in [(200_u32, 3_000), (20_000, 1)] {
            for at in 0..count {
                let own = session(&greedy, &[policy(patterns)], u64::MAX);
                drop(cache.insert(at.to_be_bytes().into(), &greedy, own, NOW_MS));
                assert!(cache.bytes <= CACHE_BYTES_MAX && cache.entries <= ENTRIES_MAX);
            }
            check_sums(&cache);
            assert!(has(&cache, "a", &other));
        }
        // Many small sessions of one account, and large policies of the other one.
        let large: Vec<_> = (0..24).map(|_| policy(12_000)).collect();
        drop(cache.insert("a".into(), &other, session(&other, &large, u64::MAX), NOW_MS));
        assert!(cache.by_account["2"].bytes > CACHE_BYTES_MAX / 4);
        for at in 0..10_000_u32 {
            drop(cache.insert(at.to_be_bytes().into(), &greedy, session(&greedy, &[], u64::MAX), NOW_MS));
        }
        check_sums(&cache);
        assert!(has(&cache, "a", &other));
        // The same name again.
        let before = (cache.entries, cache.bytes);
        drop(cache.insert("a".into(), &other, session(&other, &large, u64::MAX), NOW_MS));
        assert_eq!((cache.entries, cache.bytes), before);
    }

    #[test]
    fn a_policy_counts_once_and_ends_with_what_is_evicted() {
        let mut cache = CredentialCache::default();
        let (one, large) = (account("1"), policy(3_000));
        for at in 0_u32..100 {
            let own = session(&one, &[large.clone(), large.clone()], u64::MAX);
            drop(cache.insert(at.to_be_bytes().into(), &one, own, NOW_MS));
        }
        check_sums(&cache);
        assert!(cache.bytes < 2 * large.memory_bytes());
        // An entry that does not fit leaves nothing, and takes the place of no other account.
        let other = account("2");
        drop(cache.insert("a".into(), &other, session(&other, &[], u64::MAX), NOW_MS));
        let many: Vec<_> = (0..CACHE_BYTES_MAX / large.memory_bytes() + 1).map(|_| policy(3_000)).collect();
        let evicted = cache.insert("b".into(), &one, session(&one, &many, u64::MAX), NOW_MS);
        assert!(evicted.bytes() > CACHE_BYTES_MAX);
        drop(evicted);
        assert!(many.iter().all(|policy| Arc::strong_count(policy) == 1) && !has(&cache, "b", &one));
        assert!(has(&cache, "a", &other));
        check_sums(&cache);
    }

    /// A change of the account does not make all its policies be parsed anew.
    #[test]
    fn policies_outlast_the_version_of_their_account() {
        let mut cache = CredentialCache::default();
        let (first, second, own) = (account("1"), account("1"), policy(1));
        drop(cache.insert("a".into(), &first, session(&first, std::slice::from_ref(&own), u64::MAX), NOW_MS));
        drop(cache.insert("b".into(), &second, session(&second, &[], u64::MAX), NOW_MS));
        let weak = Arc::downgrade(&own);
        drop(own);
        assert!(weak.upgrade().is_some());
        check_sums(&cache);
    }
}
