//! Web identities of an issuer that the test is: proven ones, and every way in which one is not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base::Clock;
use base64_simd::URL_SAFE_NO_PAD;
use client::Egress;
use proptest::prelude::*;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::jwt::KEYS_TRIED_MAX;
use super::*;

pub(crate) const NOW_S: u64 = 1_800_000_000;

/// Signs tokens, with ES256.
pub(crate) struct Signer {
    id: &'static str,
    pair: EcdsaKeyPair,
}

impl Signer {
    pub(crate) fn new(id: &'static str) -> Signer {
        let chance = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &chance).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &chance).unwrap();
        Signer { id, pair }
    }

    pub(crate) fn jwk(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        let [x, y] = [&point[1..33], &point[33..]].map(|part| URL_SAFE_NO_PAD.encode_to_string(part));
        json!({ "kty": "EC", "crv": "P-256", "kid": self.id, "use": "sig", "alg": "ES256", "x": x, "y": y })
    }

    pub(crate) fn token(&self, claims: &Value) -> String {
        self.signed(&json!({ "alg": "ES256", "kid": self.id, "typ": "JWT" }), claims)
    }

    fn signed(&self, header: &Value, claims: &Value) -> String {
        let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode_to_string(part.to_string()));
        let signed = format!("{header}.{claims}");
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode_to_string(signature.as_ref()))
    }
}

/// Publishes keys on this machine, and counts how often it is asked for them.
pub(crate) struct Issuer {
    pub(crate) url: String,
    pub(crate) asked: Arc<AtomicUsize>,
    serving: tokio::task::JoinHandle<()>,
}

/// The status with which a request is left without an answer.
const SILENT: u16 = 0;

impl Drop for Issuer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Issuer {
    /// `answer` is what it says to a path.
    async fn start(answer: impl Fn(&str, &str) -> (u16, String) + Send + 'static) -> Issuer {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let (counted, own) = (Arc::clone(&asked), url.clone());
        let serving = tokio::spawn(async move {
            let mut unanswered = Vec::new();
            loop {
                let (mut socket, _) = listener.accept().await.unwrap();
                let mut request = vec![0; 4096];
                let read = socket.read(&mut request).await.unwrap();
                let request = String::from_utf8_lossy(&request[..read]).into_owned();
                let path = request.split(' ').nth(1).unwrap();
                if path.ends_with("openid-configuration") {
                    counted.fetch_add(1, Ordering::SeqCst);
                }
                let (status, body) = answer(&own, path);
                if status == SILENT {
                    unanswered.push(socket);
                    continue;
                }
                let head = format!("HTTP/1.1 {status} OK\r\ncontent-length: {}\r\n\r\n", body.len());
                let _ = socket.write_all(format!("{head}{body}").as_bytes()).await;
            }
        });
        Issuer { url, asked, serving }
    }

    pub(crate) async fn with_keys(keys: Value) -> Issuer {
        Issuer::start(move |own, path| match path {
            "/.well-known/openid-configuration" => {
                (200, json!({ "issuer": own, "jwks_uri": format!("{own}/keys?all") }).to_string())
            }
            "/keys?all" => (200, json!({ "keys": keys }).to_string()),
            _ => (404, String::new()),
        })
        .await
    }

    fn claims(&self) -> Value {
        json!({
            "iss": self.url, "sub": "system:serviceaccount:shop:orders", "aud": ["sts.amazonaws.com"],
            "iat": NOW_S - 10, "exp": NOW_S + 3600,
        })
    }
}

fn with(mut claims: Value, name: &str, value: Value) -> Value {
    match value {
        Value::Null => claims.as_object_mut().unwrap().remove(name),
        value => claims.as_object_mut().unwrap().insert(name.to_owned(), value),
    };
    claims
}

async fn ask(issuers: &Issuers, token: &str, url: &str) -> Result<Claims, Rejected> {
    ask_for("111111111111", issuers, token, url).await
}

async fn ask_for(account: &str, issuers: &Issuers, token: &str, url: &str) -> Result<Claims, Rejected> {
    issuers.claims(Jwt::parse(token)?, account, url, &["sts.amazonaws.com".to_owned(), "app".to_owned()]).await
}

fn issuers() -> Issuers {
    Issuers::new(Clock::manual(NOW_S * 1_000).0, None, Egress::open())
}

#[tokio::test]
async fn an_issuers_token_is_believed() {
    let (signer, issuers) = (Signer::new("k1"), issuers());
    let issuer = Issuer::with_keys(json!([{ "kty": "oct" }, 7, signer.jwk()])).await;
    let claims = ask(&issuers, &signer.token(&issuer.claims()), &issuer.url).await.unwrap();
    assert_eq!(claims.subject, "system:serviceaccount:shop:orders");
    assert_eq!(claims.audience, "sts.amazonaws.com");
    let host = issuer.url.strip_prefix("http://").unwrap();
    assert_eq!(claims.context[&format!("{host}:sub")], ["system:serviceaccount:shop:orders"]);
    assert_eq!(claims.context[&format!("{host}:aud")], ["sts.amazonaws.com"]);
    // The keys are cached.
    ask(&issuers, &signer.token(&issuer.claims()), &issuer.url).await.unwrap();
    assert_eq!(issuer.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn claims_are_checked() {
    let (signer, issuers) = (Signer::new("k1"), issuers());
    let issuer = Issuer::with_keys(json!([signer.jwk()])).await;
    let check = async |name: &str, value: Value, expected: Result<&str, &str>| {
        let token = signer.token(&with(issuer.claims(), name, value.clone()));
        let found = ask(&issuers, &token, &issuer.url).await;
        let found = found.map(|claims| claims.audience).map_err(|rejected| rejected.to_string());
        assert_eq!(found.as_deref().map_err(String::as_str), expected, "{name} {value}");
    };
    let sts = Ok("sts.amazonaws.com");
    check("aud", json!("sts.amazonaws.com"), sts).await;
    check("aud", json!(["other", "app"]), Ok("app")).await;
    check("aud", json!("other"), Err("Incorrect token audience")).await;
    check("aud", json!(["sts.amazonaws.com "]), Err("Incorrect token audience")).await;
    check("aud", Value::Null, Err("Missing a required claim: aud")).await;
    check("azp", json!("app"), Ok("app")).await;
    check("azp", json!("other"), Err("Incorrect token audience")).await;
    check("sub", Value::Null, Err("Missing a required claim: sub")).await;
    check("exp", Value::Null, Err("Missing a required claim: exp")).await;
    check("iat", Value::Null, Err("Missing a required claim: iat")).await;
    check("exp", json!(NOW_S - 299), sts).await;
    let expired =
        format!("Token expired: current date/time {NOW_S} must be before the expiration date/time {}", NOW_S - 300);
    check("exp", json!(NOW_S - 300), Err(&expired)).await;
    check("exp", json!(u64::MAX), sts).await;
    let malformed = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";
    for exp in [json!("soon"), json!(-1), json!({})] {
        check("exp", exp, Err(malformed)).await;
    }
    check("nbf", json!(NOW_S + 301), Err("The ID Token provided is not valid yet")).await;
    check("iat", json!(NOW_S + 301), Err("The ID Token provided is not valid yet")).await;
    check("nbf", json!(NOW_S + 299), sts).await;
    check(
        "iss",
        json!("http://127.0.0.1"),
        Err("The web identity token that was passed could not be validated by Stator"),
    )
    .await;
}

#[tokio::test]
async fn sessions_may_get_tags() {
    let (signer, issuers) = (Signer::new("k1"), issuers());
    let issuer = Issuer::with_keys(json!([signer.jwk()])).await;
    let tagged = json!({ "principal_tags": { "team": ["shop"] }, "transitive_tag_keys": ["team"] });
    let token = signer.token(&with(issuer.claims(), "https://aws.amazon.com/tags", tagged));
    let claims = ask(&issuers, &token, &issuer.url).await.unwrap();
    assert_eq!((claims.tags["team"].as_str(), claims.transitive.contains("team")), ("shop", true));
    for wrong in [json!(1), json!({}), json!({ "principal_tags": { "team": ["a", "b"] } })] {
        let token = signer.token(&with(issuer.claims(), "https://aws.amazon.com/tags", wrong));
        assert_eq!(ask(&issuers, &token, &issuer.url).await.unwrap_err().code(), "IDPRejectedClaim");
    }
}

#[tokio::test]
async fn tokens_of_others_are_rejected() {
    let (signer, other, issuers) = (Signer::new("k1"), Signer::new("k1"), issuers());
    let issuer = Issuer::with_keys(json!([signer.jwk()])).await;
    let claims = issuer.claims();
    let good = signer.token(&claims);
    assert!(ask(&issuers, &good, &issuer.url).await.is_ok());
    let unsigned = |alg: &str| {
        let [header, claims] =
            [json!({ "alg": alg }), claims.clone()].map(|part| URL_SAFE_NO_PAD.encode_to_string(part.to_string()));
        format!("{header}.{claims}.")
    };
    for token in [
        other.token(&claims),
        signer.signed(&json!({ "alg": "ES256", "kid": "k2" }), &claims),
        signer.signed(&json!({ "alg": "ES384", "kid": "k1" }), &claims),
        signer.signed(&json!({ "alg": "RS256", "kid": "k1" }), &claims),
        signer.signed(&json!({ "alg": "HS256", "kid": "k1" }), &claims),
        signer.signed(&json!({ "alg": "ES256", "kid": "k1", "crit": ["b64"], "b64": false }), &claims),
        unsigned("none"),
        unsigned("ES256"),
        format!("{good}."),
        format!("{good}="),
        good.replace('.', ".."),
        good[..good.len() - 4].to_owned(),
        String::new(),
        "..".to_owned(),
        "a".repeat(30_000),
    ] {
        let rejected = ask(&issuers, &token, &issuer.url).await.unwrap_err();
        assert_eq!(rejected.code(), "InvalidIdentityToken", "{token}: {rejected}");
    }
}

/// A set with more keys that may have signed a token than are tried: a refused token costs as much as the few.
#[tokio::test]
async fn few_keys_are_tried() {
    let signer = Signer::new("k1");
    let others = |count: usize, id: &'static str| (0..count).map(move |_| Signer::new(id).jwk());
    let known = async |keys: Vec<Value>, header: Value| {
        let issuer = Issuer::with_keys(json!(keys)).await;
        let token = signer.signed(&header, &issuer.claims());
        ask(&issuers(), &token, &issuer.url).await.map(|_| ()).map_err(|rejected| rejected.to_string())
    };
    let (without_id, with_id) = (json!({ "alg": "ES256" }), json!({ "alg": "ES256", "kid": "k1" }));
    let ambiguous = Err(Rejected::ambiguous().to_string());
    let last = |others| -> Vec<Value> { Iterator::chain(others, [signer.jwk()]).collect() };
    assert_eq!(known(last(others(KEYS_TRIED_MAX - 1, "k2")), without_id.clone()).await, Ok(()));
    assert_eq!(known(last(others(KEYS_TRIED_MAX, "k2")), without_id).await, ambiguous);
    assert_eq!(known(last(others(KEYS_TRIED_MAX - 1, "k1")), with_id.clone()).await, Ok(()));
    assert_eq!(known(last(others(KEYS_TRIED_MAX, "k1")), with_id.clone()).await, ambiguous);
    // Keys that the token does not name are not tried.
    assert_eq!(known(last(others(99, "k2")), with_id).await, Ok(()));
}

/// Accounts choose their issuers, and issuers their keys: what is cached of all is bounded in bytes.
#[tokio::test]
async fn cached_keys_are_bounded_in_bytes() {
    let (signer, (clock, hand)) = (Signer::new("k1"), Clock::manual(NOW_S * 1_000));
    let set = json!({ "keys": [signer.jwk()] }).to_string();
    let size = jwk::keys(set.as_bytes()).unwrap()[0].size_bytes();
    let issuers = Issuers::new(clock, None, Egress::open()).with_cache_bytes_max(2 * size);
    let served = || Issuer::with_keys(json!([signer.jwk()]));
    let (first, second, third) = tokio::join!(served(), served(), served());
    let known = async |issuer: &Issuer| {
        hand.advance_ms(1);
        ask(&issuers, &signer.token(&issuer.claims()), &issuer.url).await.is_ok()
    };
    let asked = || [&first, &second, &third].map(|issuer| issuer.asked.load(Ordering::SeqCst));
    assert!(known(&first).await && known(&second).await && known(&first).await);
    // The second one is the least recently used: its keys are evicted for those of the third.
    assert!(known(&third).await && known(&first).await);
    assert_eq!(asked(), [1, 1, 1]);
    assert!(known(&second).await);
    assert_eq!(asked(), [1, 2, 1]);
}

#[tokio::test]
async fn keys_are_asked_for_again_but_not_too_often() {
    let (first, second) = (Signer::new("k1"), Signer::new("k2"));
    let (clock, hand) = Clock::manual(NOW_S * 1_000);
    let issuers = Issuers::new(clock, None, Egress::open());
    let keys = Arc::new(parking_lot::Mutex::new(json!([first.jwk()])));
    let published = Arc::clone(&keys);
    let issuer = Issuer::start(move |own, path| match (path, &*published.lock()) {
        (_, Value::Null) => (503, String::new()),
        ("/keys", keys) => (200, json!({ "keys": keys }).to_string()),
        _ => (200, json!({ "issuer": own, "jwks_uri": format!("{own}/keys") }).to_string()),
    })
    .await;
    let (old, new) = (first.token(&issuer.claims()), second.token(&issuer.claims()));
    let known = async |token: &str| ask(&issuers, token, &issuer.url).await.map(|_| ()).map_err(|r| r.code());
    let asked = || issuer.asked.load(Ordering::SeqCst);
    assert_eq!(known(&old).await, Ok(()));
    for _ in 0..5 {
        assert_eq!(known(&new).await, Err("InvalidIdentityToken"));
    }
    assert_eq!(asked(), 1);
    *keys.lock() = json!([first.jwk(), second.jwk()]);
    hand.advance_ms(5_000);
    assert_eq!((known(&new).await, asked()), (Ok(()), 2));
    // While the issuer is away its keys are good for an hour.
    *keys.lock() = Value::Null;
    hand.advance_ms(11 * 60 * 1_000);
    assert_eq!((known(&old).await, known(&new).await, asked()), (Ok(()), Ok(()), 3));
    hand.advance_ms(50 * 60 * 1_000);
    assert_eq!(known(&new).await, Err("IDPCommunicationError"));
    // A key that is not there any more is not good any more.
    *keys.lock() = json!([second.jwk()]);
    hand.advance_ms(5_000);
    assert_eq!((known(&new).await, known(&old).await), (Ok(()), Err("InvalidIdentityToken")));
}

/// A token with a cached key does not wait for a request that asks the issuer.
#[tokio::test]
async fn known_keys_do_not_wait_for_an_issuer() {
    let (first, second) = (Signer::new("k1"), Signer::new("k2"));
    let (clock, hand) = Clock::manual(NOW_S * 1_000);
    let issuers = Issuers::new(clock, None, client::Egress::open());
    let is_silent = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let (silent, keys) = (Arc::clone(&is_silent), json!([first.jwk()]));
    let issuer = Issuer::start(move |own, path| match (silent.load(Ordering::SeqCst), path) {
        (true, _) => (SILENT, String::new()),
        (false, "/keys") => (200, json!({ "keys": keys }).to_string()),
        (false, _) => (200, json!({ "issuer": own, "jwks_uri": format!("{own}/keys") }).to_string()),
    })
    .await;
    let (known, unknown) = (first.token(&issuer.claims()), second.token(&issuer.claims()));
    ask(&issuers, &known, &issuer.url).await.unwrap();
    is_silent.store(true, Ordering::SeqCst);
    hand.advance_ms(5_000);
    check_answered_meanwhile(&issuers, &issuer, &known, &unknown).await;
}

/// While an issuer that does not answer is asked for an unknown key, a token of a known one is answered.
async fn check_answered_meanwhile(issuers: &Issuers, issuer: &Issuer, known: &str, unknown: &str) {
    let mut waiting = std::pin::pin!(ask(issuers, unknown, &issuer.url));
    let asked = async {
        while issuer.asked.load(Ordering::SeqCst) < 2 {
            tokio::task::yield_now().await;
        }
        ask(issuers, known, &issuer.url).await
    };
    tokio::select! {
        biased;
        ended = &mut waiting => panic!("the issuer does not answer: {ended:?}"),
        found = asked => assert!(found.is_ok()),
    }
}

/// An issuer that takes five seconds for a refusal: it is asked once for all requests that wait, and not again at once.
#[tokio::test]
async fn an_issuer_that_hangs_is_asked_once_for_all_that_wait() {
    let signer = Signer::new("k1");
    let (clock, hand) = Clock::manual(NOW_S * 1_000);
    let issuers = Issuers::new(clock, None, Egress::open());
    let slow = hand.clone();
    let issuer = Issuer::start(move |_, _| {
        slow.advance_ms(5_000);
        (503, String::new())
    })
    .await;
    let token = signer.token(&issuer.claims());
    let known = async || ask(&issuers, &token, &issuer.url).await.map(|_| ()).map_err(|r| r.code());
    let away = Err("IDPCommunicationError");
    let all = tokio::join!(known(), known(), known(), known(), known(), known());
    assert_eq!(all, (away, away, away, away, away, away));
    assert_eq!((known().await, issuer.asked.load(Ordering::SeqCst)), (away, 1));
    hand.advance_ms(5_000);
    assert_eq!((known().await, issuer.asked.load(Ordering::SeqCst)), (away, 2));
}

/// All calls that an account can have.
async fn all_calls(account: &str) -> Vec<client::Reservation> {
    let mut held = Vec::new();
    for name in 0.. {
        let holder = client::Holder::new(account, &name.to_string());
        match tokio::time::timeout(std::time::Duration::from_millis(10), client::reserve_call(&holder)).await {
            Ok(call) => held.push(call),
            Err(_) => break,
        }
    }
    held
}

/// An issuer is shared by all accounts, and the calls of one are its own: an account without any does not block others, and a
/// question that was not sent is no answer.
#[tokio::test]
async fn an_account_without_calls_stops_no_other() {
    let (signer, issuers) = (Signer::new("k1"), issuers());
    let issuer = Issuer::with_keys(json!([signer.jwk()])).await;
    let token = signer.token(&issuer.claims());
    let held = all_calls("222222222222").await;
    let mut waiting = Box::pin(ask_for("222222222222", &issuers, &token, &issuer.url));
    let is_pending = tokio::time::timeout(std::time::Duration::from_millis(50), waiting.as_mut()).await.is_err();
    assert!(is_pending && issuer.asked.load(Ordering::SeqCst) == 0);
    assert!(ask_for("333333333333", &issuers, &token, &issuer.url).await.is_ok());
    // What the other one has asked is good for the account as well.
    assert!(waiting.await.is_ok());
    assert_eq!(issuer.asked.load(Ordering::SeqCst), 1);

    // Nor does it pause the issuer for others when it gives up.
    let other = Issuer::with_keys(json!([signer.jwk()])).await;
    let token = signer.token(&other.claims());
    let given_up = ask_for("222222222222", &issuers, &token, &other.url).await;
    assert_eq!((given_up, other.asked.load(Ordering::SeqCst)), (Err(Rejected::Communication), 0));
    assert!(ask_for("333333333333", &issuers, &token, &other.url).await.is_ok());
    drop(held);
}

/// While an issuer is asked, keys that it would be forgiven for an hour are used without waiting for it.
#[tokio::test]
async fn stale_keys_do_not_wait_for_an_issuer() {
    let (signer, other) = (Signer::new("k1"), Signer::new("k2"));
    let (clock, hand) = Clock::manual(NOW_S * 1_000);
    let issuers = Issuers::new(clock, None, Egress::open());
    let is_silent = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let (silent, keys) = (Arc::clone(&is_silent), json!([signer.jwk()]));
    let issuer = Issuer::start(move |own, path| match (silent.load(Ordering::SeqCst), path) {
        (true, _) => (SILENT, String::new()),
        (false, "/keys") => (200, json!({ "keys": keys }).to_string()),
        (false, _) => (200, json!({ "issuer": own, "jwks_uri": format!("{own}/keys") }).to_string()),
    })
    .await;
    let (known, unknown) = (signer.token(&issuer.claims()), other.token(&issuer.claims()));
    ask(&issuers, &known, &issuer.url).await.unwrap();
    is_silent.store(true, Ordering::SeqCst);
    hand.advance_ms(11 * 60 * 1_000);
    check_answered_meanwhile(&issuers, &issuer, &known, &unknown).await;
}

/// A client that disconnects while it waits neither ends the question of the others nor has a second one asked.
#[tokio::test]
async fn a_question_outlives_its_client() {
    let (signer, issuers) = (Signer::new("k1"), issuers());
    let issuer = Issuer::with_keys(json!([signer.jwk()])).await;
    let token = signer.token(&issuer.claims());
    {
        let mut gone = std::pin::pin!(ask(&issuers, &token, &issuer.url));
        tokio::select! {
            biased;
            ended = &mut gone => panic!("the issuer has not been asked yet: {ended:?}"),
            () = std::future::ready(()) => {}
        }
    }
    assert!(ask(&issuers, &token, &issuer.url).await.is_ok());
    assert_eq!(issuer.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn issuers_that_give_no_keys() {
    let signer = Signer::new("k1");
    let check = async |answer: fn(&str, &str) -> (u16, String), expected: &str| {
        let issuer = Issuer::start(answer).await;
        let rejected = ask(&issuers(), &signer.token(&issuer.claims()), &issuer.url).await.unwrap_err();
        assert_eq!(rejected.code(), expected);
    };
    check(|_, _| (404, String::new()), "InvalidIdentityToken").await;
    check(|_, _| (302, String::new()), "InvalidIdentityToken").await;
    check(|_, _| (500, String::new()), "IDPCommunicationError").await;
    check(|_, _| (200, "<html>".to_owned()), "InvalidIdentityToken").await;
    check(|own, _| (200, json!({ "issuer": own }).to_string()), "InvalidIdentityToken").await;
    check(|_, _| (200, "x".repeat(2 << 20)), "IDPCommunicationError").await;
    let elsewhere = |_: &str, _: &str| {
        (200, json!({ "issuer": "http://127.0.0.1:1", "jwks_uri": "http://127.0.0.1:1/keys" }).to_string())
    };
    check(elsewhere, "InvalidIdentityToken").await;
    let slash = |own: &str, path: &str| match path {
        "/keys" => (200, json!({ "keys": [] }).to_string()),
        _ => (200, json!({ "issuer": format!("{own}/"), "jwks_uri": format!("{own}/keys") }).to_string()),
    };
    // Its own spelling is the one that its tokens must have.
    check(slash, "InvalidIdentityToken").await;
    let insecure =
        |own: &str, _: &str| (200, json!({ "issuer": own, "jwks_uri": "http://keys.example/keys" }).to_string());
    check(insecure, "InvalidIdentityToken").await;
    let token = signer.token(&json!({ "iss": "http://127.0.0.1:1" }));
    assert_eq!(ask(&issuers(), &token, "http://127.0.0.1:1").await, Err(Rejected::Communication));
    assert_eq!(ask(&issuers(), &token, "http://issuer.example").await.unwrap_err().code(), "InvalidIdentityToken");
}

/// Neither an issuer nor the keys that it names lead the server to an address that is closed.
#[tokio::test]
async fn closed_addresses_are_not_asked() {
    let signer = Signer::new("k1");
    let issuer = Issuer::with_keys(json!([signer.jwk()])).await;
    let with = |rules: &[&str]| {
        let rules = rules.iter().map(|rule| rule.parse().unwrap()).collect();
        Issuers::new(Clock::manual(NOW_S * 1_000).0, None, Egress::closed(rules))
    };
    let token = signer.token(&issuer.claims());
    assert_eq!(ask(&with(&[]), &token, &issuer.url).await, Err(Rejected::Communication));
    assert_eq!(issuer.asked.load(Ordering::SeqCst), 0);
    assert!(ask(&with(&["127.0.0.0/8"]), &token, &issuer.url).await.is_ok());
    let keys_elsewhere = Issuer::start(|own, _| {
        (200, json!({ "issuer": own, "jwks_uri": "https://169.254.169.254/latest/meta-data/" }).to_string())
    })
    .await;
    let token = signer.token(&keys_elsewhere.claims());
    assert_eq!(ask(&with(&["127.0.0.0/8"]), &token, &keys_elsewhere.url).await, Err(Rejected::Communication));
}

#[test]
fn urls_of_issuers() {
    for (url, expected) in [
        ("https://issuer.example", true),
        ("https://issuer.example/id/A", true),
        ("https://issuer.example:8443/", true),
        ("http://127.0.0.1:9000", true),
        ("http://localhost/x", true),
        ("http://[::1]:80", true),
        ("http://issuer.example", false),
        ("http://127.0.0.1.example", false),
        ("http://localhost.example", false),
        ("http://127.0.0.1@issuer.example", false),
        ("https://", false),
        ("https:///path", false),
        ("https://issuer.example?x", false),
        ("https://issuer.example/a?x", false),
        ("https://issuer.example/a b", false),
        ("https://me@issuer.example", false),
        ("https://issuer.example\\@other.example", false),
        ("https://issuer.example#x", false),
        ("https://issuer.example:0", false),
        ("https://issuer.example:443x", false),
        ("https://b\u{fc}cher.example", false),
        ("http://0x7f.1", true),
        ("http://10.0.0.1", false),
        ("https://issuer.example/a\r\nx: y", false),
        ("ftp://issuer.example", false),
        ("issuer.example", false),
    ] {
        assert_eq!(is_issuer(url), expected, "{url}");
    }
}

/// Made with OpenSSL from keys that no longer exist.
#[test]
fn rsa_signatures() {
    let set = include_bytes!("rsa_keys.json");
    let keys = jwk::keys(set).unwrap();
    assert_eq!(keys.len(), 1);
    for token in include_str!("rsa_tokens.txt").lines() {
        let claims = Jwt::parse(token).unwrap().verified(&keys).unwrap();
        assert_eq!(claims["sub"], "rsa");
        let wrong = token.replacen(".eyJ", ".eyK", 1);
        assert!(Jwt::parse(&wrong).is_err() || Jwt::parse(&wrong).unwrap().verified(&keys).is_err());
    }
}

proptest! {
    #[test]
    fn changed_tokens_are_never_accepted(at in any::<prop::sample::Index>(), byte in 0u8..128, cut in any::<bool>()) {
        let signer = Signer::new("k1");
        let keys = jwk::keys(json!({ "keys": [signer.jwk()] }).to_string().as_bytes()).unwrap();
        let token = signer.token(&json!({ "sub": "a" }));
        prop_assert!(Jwt::parse(&token).unwrap().verified(&keys).is_ok());
        let mut changed = token.clone().into_bytes();
        let at = at.index(changed.len());
        if cut { changed.truncate(at) } else { changed[at] = byte }
        let changed = String::from_utf8(changed).unwrap();
        let accepted = Jwt::parse(&changed).ok().is_some_and(|jwt| jwt.verified(&keys).is_ok());
        prop_assert_eq!(accepted, changed == token);
    }

    #[test]
    fn no_bytes_panic(token in any::<String>(), parts in prop::collection::vec(any::<Vec<u8>>(), 3), set in any::<Vec<u8>>()) {
        let _ = Jwt::parse(&token);
        let _ = jwk::keys(&set);
        let parts: Vec<String> = parts.iter().map(|part| URL_SAFE_NO_PAD.encode_to_string(part)).collect();
        prop_assert!(Jwt::parse(&parts.join(".")).is_err());
        let _ = is_issuer(&token);
    }
}
