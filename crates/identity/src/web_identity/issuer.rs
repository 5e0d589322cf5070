//! Issuers: the addresses of their keys, and the keys, which are cached for a while. Only issuers that an account has registered are
//! ever asked, over `https`, or on this machine, and only at addresses that are open to callers; an answer is bounded in size
//! and time, and a call is one of those that the server has for all accounts; and tokens with unknown keys cannot make a server ask more often than every few seconds.
//!
//! An issuer is known by the URL that is registered, not by a token's spelling of it: all spellings share its keys, its one
//! question at a time, its pause between two, and its one verification at a time. All accounts share them, too. So a question
//! begins only once its request has the call and the look-up that it takes: an account that has none left waits for its own, and
//! delays no other.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use base::Clock;
use bytes::Bytes;
use client::{Call, Egress, Endpoint, Holder, Lookup, ReplyBounds, Reservation};
use ops::allowance;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::watch;

use super::jwk::{self, Jwk};
use super::{Claims, Jwt, Rejected, url};

/// For how long keys are used without asking again. Unit: milliseconds.
const FRESH_MS: u64 = 10 * 60 * 1_000;
/// For how long they are used while the issuer does not answer. Unit: milliseconds.
const STALE_MS: u64 = 60 * 60 * 1_000;
/// How soon after the end of a question an issuer is asked again, for a key that it did not have or an answer that it did not
/// give. Unit: milliseconds.
const AGAIN_MS: u64 = 5_000;
/// For how long it is waited for an issuer's answer, and before that for the right to ask.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Unit: bytes.
const DOCUMENT_SIZE_BYTES_MAX: usize = 512 * 1024;
/// Issuers whose keys are cached. For one more, the least recently used one is removed.
const ISSUERS_MAX: usize = 1_000;
/// Of the cached keys of all issuers together. Unit: bytes.
const CACHE_BYTES_MAX: usize = 16 << 20;
/// What a verification counts as: it is to occupy no thread that answers others.
const VERIFICATION_WORK: usize = 2 * allowance::SMALL_BYTES;

/// What is read of an issuer's configuration. A document as a tree would take twenty times its text.
#[derive(Deserialize)]
struct Configuration {
    issuer: String,
    jwks_uri: String,
}

/// What an issuer publishes.
struct Published {
    /// Its URL as it spells it itself, and as its tokens must.
    issuer: String,
    keys: Vec<Jwk>,
}

impl Published {
    fn keys_bytes(&self) -> usize {
        self.keys.iter().map(Jwk::size_bytes).sum()
    }

    fn has_key_for(&self, token: &Jwt<'_>) -> bool {
        self.keys.iter().any(|key| token.fits(key))
    }
}

#[derive(Default)]
struct Cached {
    published: Option<Arc<Published>>,
    /// When it came.
    fetched_ms: u64,
    /// A question is under way.
    is_asked: bool,
    /// When the last one ended, with or without success.
    ended_ms: Option<u64>,
    /// Why the last one gave no keys, if it did not.
    rejected: Option<Rejected>,
}

impl Cached {
    /// What was published, if it is not older.
    fn younger_than(&self, age_ms: u64, now_ms: u64) -> Option<Arc<Published>> {
        let is_young = now_ms.saturating_sub(self.fetched_ms) < age_ms;
        self.published.clone().filter(|_| is_young)
    }

    /// Whether the issuer may not be asked again yet.
    fn is_paused(&self, now_ms: u64) -> bool {
        self.ended_ms.is_some_and(|ended_ms| now_ms.saturating_sub(ended_ms) < AGAIN_MS)
    }

    fn turn(&self, token: &Jwt<'_>, now_ms: u64) -> Turn {
        let is_fresh = || self.younger_than(FRESH_MS, now_ms).is_some_and(|published| published.has_key_for(token));
        match self.is_asked {
            true => Turn::Asked,
            false if self.is_paused(now_ms) || is_fresh() => Turn::Settled,
            false => Turn::Free,
        }
    }
}

#[derive(Default)]
struct Entry {
    cached: Mutex<Cached>,
    /// Notified when a question has ended. Requests whose keys are cached do not wait for it.
    ended: watch::Sender<()>,
    /// Locked while a signature is verified: forged tokens of one issuer occupy one CPU at most.
    verifying: tokio::sync::Mutex<()>,
    /// The size of the keys in `cached`.
    bytes: AtomicUsize,
    used_ms: AtomicU64,
}

/// What a request does if its keys are not cached.
enum Turn {
    /// It may ask.
    Free,
    /// Another one asks.
    Asked,
    /// There is nothing to ask: keys have come by now, or the issuer was asked just now.
    Settled,
}

impl Entry {
    /// Keys that are not older, if one fits the token.
    fn fitting(&self, token: &Jwt<'_>, age_ms: u64, now_ms: u64) -> Option<Arc<Published>> {
        self.cached.lock().younger_than(age_ms, now_ms).filter(|published| published.has_key_for(token))
    }

    /// What it means for a token that its account cannot ask: nothing is known of the issuer, and no other request is concerned.
    fn unasked(&self, token: &Jwt<'_>, now_ms: u64) -> Result<Arc<Published>, Rejected> {
        self.fitting(token, STALE_MS, now_ms).ok_or(Rejected::Communication)
    }

    /// What the last question means for a token. Without new keys, those from before are good if one fits.
    fn outcome(&self, token: &Jwt<'_>, now_ms: u64) -> Result<Arc<Published>, Rejected> {
        let cached = self.cached.lock();
        let known = cached.younger_than(STALE_MS, now_ms);
        match &cached.rejected {
            None => known.ok_or(Rejected::Communication),
            Some(rejected) => known.filter(|known| known.has_key_for(token)).ok_or_else(|| rejected.clone()),
        }
    }
}

/// The right to ask: a call, one socket at a time, and a look-up, as an issuer's keys may be elsewhere.
struct Slots {
    _call: Reservation,
    lookup: Lookup,
}

impl Slots {
    async fn take(account: &str, issuer: &str) -> Slots {
        let holder = Holder::new(account, issuer);
        let call = client::reserve_call(&holder).await;
        Slots { _call: call, lookup: Lookup::reserve(&holder).await }
    }
}

/// A question that is under way. Its end counts however it ends, and is known before another one may begin.
struct Question {
    entry: Arc<Entry>,
    clock: Clock,
    outcome: Result<Arc<Published>, Rejected>,
}

impl Question {
    /// If it is the request's turn; else the turn as it is.
    fn begin(entry: &Arc<Entry>, token: &Jwt<'_>, clock: &Clock) -> Result<Question, Turn> {
        let mut cached = entry.cached.lock();
        match cached.turn(token, clock.now_ms()) {
            Turn::Free => cached.is_asked = true,
            other => return Err(other),
        }
        Ok(Question { entry: Arc::clone(entry), clock: clock.clone(), outcome: Err(Rejected::Communication) })
    }

    /// On a task of its own: a client that disconnects while it waits does not end the question of the others.
    async fn ask(self, fetcher: Fetcher, cache: Arc<Cache>, slots: Slots, issuer: String) {
        let asked = tokio::spawn(async move {
            let fetched = tokio::time::timeout(TIMEOUT, fetcher.fetch(&slots, &issuer)).await;
            // Before it has ended, so that the account's next request finds them free.
            drop(slots);
            self.end(fetched.unwrap_or(Err(Rejected::Communication)));
            // After the end, which stores the keys that may be too many.
            cache.evict();
        });
        // After a panic, too, it has ended, and the outcome is that the issuer did not answer.
        let _ = asked.await;
    }

    fn end(mut self, fetched: Result<Published, Rejected>) {
        self.outcome = fetched.map(Arc::new);
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        let now_ms = self.clock.now_ms();
        let mut cached = self.entry.cached.lock();
        cached.is_asked = false;
        cached.ended_ms = Some(now_ms);
        cached.rejected = self.outcome.as_ref().err().cloned();
        if let Ok(published) = &self.outcome {
            (cached.published, cached.fetched_ms) = (Some(Arc::clone(published)), now_ms);
            self.entry.bytes.store(published.keys_bytes(), Ordering::Relaxed);
        }
        drop(cached);
        self.entry.ended.send_replace(());
    }
}

pub struct Issuers {
    clock: Clock,
    fetcher: Fetcher,
    cache: Arc<Cache>,
}

/// What is known of issuers: [`ISSUERS_MAX`], whose keys take `bytes_max` together.
struct Cache {
    /// By registered URL.
    entries: Mutex<HashMap<String, Arc<Entry>>>,
    bytes_max: usize,
}

impl Cache {
    fn new(bytes_max: usize) -> Arc<Cache> {
        Arc::new(Cache { entries: Mutex::default(), bytes_max })
    }

    fn entry(&self, issuer: &str, now_ms: u64) -> Arc<Entry> {
        let mut entries = self.entries.lock();
        if !entries.contains_key(issuer) && entries.len() >= ISSUERS_MAX {
            remove_oldest(&mut entries);
        }
        let entry = entries.entry(issuer.to_owned()).or_default();
        entry.used_ms.store(now_ms, Ordering::Relaxed);
        Arc::clone(entry)
    }

    /// Removes the least recently used issuers whose keys are too many together. Requests that use them go on with them.
    fn evict(&self) {
        let mut entries = self.entries.lock();
        let mut bytes: usize = entries.values().map(|entry| entry.bytes.load(Ordering::Relaxed)).sum();
        while bytes > self.bytes_max {
            let Some(removed) = remove_oldest(&mut entries) else { return };
            bytes = bytes.saturating_sub(removed.bytes.load(Ordering::Relaxed));
        }
    }
}

fn remove_oldest(entries: &mut HashMap<String, Arc<Entry>>) -> Option<Arc<Entry>> {
    let oldest = entries.iter().min_by_key(|(_, entry)| entry.used_ms.load(Ordering::Relaxed));
    let issuer = oldest.map(|(issuer, _)| issuer.clone())?;
    entries.remove(&issuer)
}

/// Gets what issuers publish.
#[derive(Clone)]
struct Fetcher {
    /// The authorities to believe instead of the system's.
    ca_bundle: Option<PathBuf>,
    /// Which servers may be asked: accounts choose their issuers, and issuers where their keys are.
    egress: Egress,
}

impl Issuers {
    pub fn new(clock: Clock, ca_bundle: Option<PathBuf>, egress: Egress) -> Issuers {
        Issuers { clock, fetcher: Fetcher { ca_bundle, egress }, cache: Cache::new(CACHE_BYTES_MAX) }
    }

    #[cfg(test)]
    pub(super) fn with_cache_bytes_max(self, bytes_max: usize) -> Issuers {
        Issuers { cache: Cache::new(bytes_max), ..self }
    }

    /// What a token says, for an account, if the issuer with this registered URL has signed it, for one of these audiences, and it is good now.
    ///
    /// # Errors
    /// Why it is not believed.
    pub async fn claims(
        &self,
        token: Jwt<'_>,
        account: &str,
        issuer: &str,
        client_ids: &[String],
    ) -> Result<Claims, Rejected> {
        let entry = self.cache.entry(issuer, self.clock.now_ms());
        let published = self.published(&entry, &token, account, issuer).await?;
        let claims = {
            // The issuer's own queue first: of its tokens one waits for a CPU permit, and no request waits here with a permit.
            let _verifying = entry.verifying.lock().await;
            allowance::heavy(VERIFICATION_WORK, async { token.verified(&published.keys) }).await?
        };
        let issuer = published.issuer.as_str();
        if claims.get("iss").and_then(Value::as_str) != Some(issuer) {
            return Err(Rejected::unverified());
        }
        let name = issuer.split_once("://").map_or(issuer, |(_, name)| name);
        Claims::check(&claims, name, client_ids, self.clock.now_ms() / 1_000)
    }

    /// The issuer's keys, with one that fits the token if it has one.
    async fn published(
        &self,
        entry: &Arc<Entry>,
        token: &Jwt<'_>,
        account: &str,
        issuer: &str,
    ) -> Result<Arc<Published>, Rejected> {
        let now_ms = self.clock.now_ms();
        if let Some(published) = entry.fitting(token, FRESH_MS, now_ms) {
            return Ok(published);
        }
        // Before the turn is decided, so that no end is missed.
        let mut ended = entry.ended.subscribe();
        let turn = entry.cached.lock().turn(token, now_ms);
        match turn {
            Turn::Settled => {}
            Turn::Asked => {
                // Keys that are good while the issuer is away are good until it has answered.
                if let Some(published) = entry.fitting(token, STALE_MS, now_ms) {
                    return Ok(published);
                }
                // The question that this request waits for is its own, too: an issuer that hangs costs all that wait for it
                // its time once, and not each of them after the other.
                let _ = ended.changed().await;
            }
            Turn::Free => {
                let slots = tokio::select! {
                    slots = tokio::time::timeout(TIMEOUT, Slots::take(account, issuer)) => slots,
                    // Another account had slots, and has asked.
                    _ = ended.changed() => return entry.outcome(token, self.clock.now_ms()),
                };
                let Ok(slots) = slots else { return entry.unasked(token, self.clock.now_ms()) };
                match Question::begin(entry, token, &self.clock) {
                    Ok(question) => {
                        let (fetcher, cache) = (self.fetcher.clone(), Arc::clone(&self.cache));
                        question.ask(fetcher, cache, slots, issuer.to_owned()).await;
                    }
                    Err(Turn::Asked) => {
                        // Others may need what this request does not.
                        drop(slots);
                        let _ = ended.changed().await;
                    }
                    Err(_) => {}
                }
            }
        }
        entry.outcome(token, self.clock.now_ms())
    }
}

impl Fetcher {
    async fn fetch(&self, slots: &Slots, issuer: &str) -> Result<Published, Rejected> {
        let home = url::parse(issuer).ok_or_else(Rejected::no_keys)?;
        let place = format!("{issuer}/.well-known/openid-configuration", issuer = issuer.trim_end_matches('/'));
        let document = self.get(&place, &slots.lookup).await?;
        let Configuration { issuer: own, jwks_uri: place } =
            serde_json::from_slice(&document).map_err(|_| Rejected::no_keys())?;
        // It is not held while the keys are asked for: an issuer may take its time with them.
        drop(document);
        // A registered URL has no slash at its end, and the issuer's own spelling may have one. It is cached: no further ones.
        let is_same = own.trim_end_matches('/') == issuer.trim_end_matches('/') && own.len() <= issuer.len() + 1;
        if !is_same {
            return Err(Rejected::no_keys());
        }
        let keys = url::parse(&place).ok_or_else(Rejected::no_keys)?;
        // An issuer elsewhere does not send the server to its own machine.
        if keys.is_loopback() && !home.is_loopback() {
            return Err(Rejected::no_keys());
        }
        let set = self.get(&place, &slots.lookup).await?;
        let keys = allowance::in_one_go(set.len(), || jwk::keys(&set)).ok_or_else(Rejected::no_keys)?;
        Ok(Published { issuer: own, keys })
    }

    async fn get(&self, place: &str, lookup: &Lookup) -> Result<Vec<u8>, Rejected> {
        let url = url::parse(place).ok_or_else(Rejected::no_keys)?;
        let unreachable = |cause: &dyn fmt::Display| {
            log::warn!(event = "issuer_unreachable"; "an issuer of web identities cannot be asked at {url}: {cause}");
            Rejected::Communication
        };
        let endpoint = Endpoint::find_within(&url, self.ca_bundle.clone(), &self.egress, lookup).await;
        let endpoint = endpoint.map_err(|failure| unreachable(&failure))?;
        let headers = [("accept", "application/json"), ("user-agent", "stator")];
        let call = Call { method: "GET", target: url.target(), headers: &headers, body: Bytes::new() };
        let bounds = ReplyBounds::whole(DOCUMENT_SIZE_BYTES_MAX);
        let answer = call.send_within(&endpoint, None, TIMEOUT, bounds).await;
        let answer = answer.map_err(|failure| unreachable(&failure))?;
        match answer.status {
            200 => Ok(answer.body),
            status @ 500.. => Err(unreachable(&format_args!("it answered with status {status}"))),
            _ => Err(Rejected::no_keys()),
        }
    }
}
