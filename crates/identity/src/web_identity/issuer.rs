//! Issuers: where their keys are, and the keys, which are kept for a while. Only issuers that an account has registered are
//! ever asked, over `https`, or on this machine; an answer is bounded in size and time; and whoever sends tokens with unknown
//! keys cannot make a server ask more often than every few seconds.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base::Clock;
use client::{Call, Endpoint};
use parking_lot::Mutex;
use serde_json::Value;

use super::jwk::{self, Jwk};
use super::url::Url;
use super::{Claims, Jwt, Rejected};

/// For how long keys are used without asking again. Unit: milliseconds.
const FRESH_MS: u64 = 10 * 60 * 1_000;
/// For how long they are used while the issuer does not answer. Unit: milliseconds.
const STALE_MS: u64 = 60 * 60 * 1_000;
/// How soon an issuer is asked again, for a key that it did not have or an answer that it did not give. Unit: milliseconds.
const AGAIN_MS: u64 = 5_000;
const TIMEOUT: Duration = Duration::from_secs(5);
/// Unit: bytes.
const DOCUMENT_SIZE_BYTES_MAX: usize = 512 * 1024;
/// Issuers whose keys are kept. With more of them all are forgotten.
const ISSUERS_MAX: usize = 1_000;

/// What is known of an issuer.
#[derive(Default)]
struct Kept {
    keys: Vec<Jwk>,
    /// When the keys came.
    fetched_ms: Option<u64>,
    /// When it was asked last, with or without success.
    asked_ms: Option<u64>,
}

pub struct Issuers {
    clock: Clock,
    /// The authorities to believe instead of the system's.
    ca_bundle: Option<PathBuf>,
    /// By URL. Whoever asks an issuer holds its lock, and the others wait for what comes of it.
    kept: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Kept>>>>,
}

impl Issuers {
    pub fn new(clock: Clock, ca_bundle: Option<PathBuf>) -> Issuers {
        Issuers { clock, ca_bundle, kept: Mutex::default() }
    }

    /// What a token says, if the issuer with this URL has signed it, for one of these audiences, and it is good now.
    ///
    /// # Errors
    /// Why it is not believed.
    pub async fn claims(&self, token: Jwt<'_>, issuer: &str, client_ids: &[String]) -> Result<Claims, Rejected> {
        let keys = self.keys(&token, issuer).await?;
        let claims = token.verified(&keys).ok_or_else(Rejected::unverified)?;
        if claims.get("iss").and_then(Value::as_str) != Some(issuer) {
            return Err(Rejected::unverified());
        }
        let name = issuer.split_once("://").map_or(issuer, |(_, name)| name);
        Claims::check(&claims, name, client_ids, self.clock.now_ms() / 1_000)
    }

    /// The issuer's keys, with one that fits the token if it has one.
    async fn keys(&self, token: &Jwt<'_>, issuer: &str) -> Result<Vec<Jwk>, Rejected> {
        let kept = self.kept(issuer);
        let mut kept = kept.lock().await;
        let now_ms = self.clock.now_ms();
        let since = |at_ms: Option<u64>| at_ms.map(|at_ms| now_ms.saturating_sub(at_ms));
        let is_known = kept.keys.iter().any(|key| token.fits(key));
        let age_ms = since(kept.fetched_ms);
        if is_known && age_ms.is_some_and(|age_ms| age_ms < FRESH_MS) {
            return Ok(kept.keys.clone());
        }
        if since(kept.asked_ms).is_none_or(|since_ms| since_ms >= AGAIN_MS) {
            kept.asked_ms = Some(now_ms);
            match tokio::time::timeout(TIMEOUT, self.fetch(issuer)).await.unwrap_or(Err(Rejected::Communication)) {
                Ok(keys) => (kept.keys, kept.fetched_ms) = (keys, Some(now_ms)),
                Err(rejected) if !is_known => return Err(rejected),
                Err(_) => {}
            }
        }
        match since(kept.fetched_ms) {
            Some(age_ms) if age_ms < STALE_MS => Ok(kept.keys.clone()),
            _ => Err(Rejected::Communication),
        }
    }

    fn kept(&self, issuer: &str) -> Arc<tokio::sync::Mutex<Kept>> {
        let mut kept = self.kept.lock();
        if kept.len() >= ISSUERS_MAX {
            kept.clear();
        }
        Arc::clone(kept.entry(issuer.to_owned()).or_default())
    }

    async fn fetch(&self, issuer: &str) -> Result<Vec<Jwk>, Rejected> {
        let home = Url::parse(issuer).ok_or_else(Rejected::no_keys)?;
        let place = format!("{issuer}/.well-known/openid-configuration", issuer = issuer.trim_end_matches('/'));
        let document: Value = serde_json::from_slice(&self.get(&place).await?).map_err(|_| Rejected::no_keys())?;
        let named = |name: &str| document.get(name).and_then(Value::as_str);
        let place = named("jwks_uri").filter(|_| named("issuer") == Some(issuer)).ok_or_else(Rejected::no_keys)?;
        let keys = Url::parse(place).ok_or_else(Rejected::no_keys)?;
        // An issuer elsewhere does not send the server to its own machine.
        if keys.is_loopback && !home.is_loopback {
            return Err(Rejected::no_keys());
        }
        jwk::keys(&self.get(place).await?).ok_or_else(Rejected::no_keys)
    }

    async fn get(&self, place: &str) -> Result<Vec<u8>, Rejected> {
        let url = Url::parse(place).ok_or_else(Rejected::no_keys)?;
        let (origin, ca_bundle) = (url.origin.to_owned(), self.ca_bundle.clone());
        // A name is looked up, which may take a while.
        let endpoint = tokio::task::spawn_blocking(move || Endpoint::parse(&origin, ca_bundle.as_deref())).await;
        let endpoint = endpoint.ok().and_then(Result::ok).ok_or(Rejected::Communication)?;
        let target = if url.path.is_empty() { "/" } else { url.path };
        let headers = [("accept", "application/json"), ("user-agent", "stator")];
        let call = Call { method: "GET", target, headers: &headers, body: b"" };
        let answer = call.send_bounded(&endpoint, None, TIMEOUT, DOCUMENT_SIZE_BYTES_MAX).await;
        let answer = answer.map_err(|_| Rejected::Communication)?;
        match answer.status {
            200 => Ok(answer.body),
            500.. => Err(Rejected::Communication),
            _ => Err(Rejected::no_keys()),
        }
    }
}
