//! Entries by their age, and reads and writes of one key at once.

use base::ManualClock;
use tokio::sync::oneshot;

use super::*;

const TTL_MS: u64 = 300_000;

fn cache() -> (Arc<AnswerCache>, ManualClock) {
    let (clock, manual) = Clock::manual(1_000_000);
    (Arc::new(AnswerCache::new(1 << 20, TTL_MS, clock)), manual)
}

fn body(text: &'static str) -> Option<Bytes> {
    Some(Bytes::from_static(text.as_bytes()))
}

const KEY: Bytes = Bytes::from_static(b"key");

/// What is read with this answer of the table, and whether the table was asked.
async fn read(cache: &AnswerCache, answer: Option<Bytes>) -> (Option<Bytes>, bool) {
    let found = cache.get_or_fetch(KEY, async { Ok((answer, ())) }).await.unwrap();
    let is_fetched = matches!(found, Found::Fetched(..));
    (found.body().cloned(), is_fetched)
}

#[tokio::test]
async fn entries_are_valid_for_the_time_to_live() {
    let (cache, clock) = cache();
    assert_eq!(read(&cache, body("a")).await, (body("a"), true));
    clock.advance_ms(TTL_MS - 1);
    assert_eq!(read(&cache, body("b")).await, (body("a"), false));
    clock.advance_ms(1);
    assert_eq!(read(&cache, body("b")).await, (body("b"), true));
    // It may be changed, and 0 is no end.
    cache.set_ttl_ms(10);
    clock.advance_ms(10);
    assert_eq!(read(&cache, None).await, (None, true));
    cache.set_ttl_ms(0);
    clock.advance_ms(100 * TTL_MS);
    assert_eq!(read(&cache, body("c")).await, (None, false));
    assert_eq!((cache.hits(), cache.misses()), (2, 3));
}

#[tokio::test]
async fn writes_replace_entries_and_refused_ones_do_not() {
    let (cache, _) = cache();
    read(&cache, body("a")).await;
    cache.begin_write(KEY).refused();
    assert_eq!(read(&cache, body("x")).await, (body("a"), false));
    cache.begin_write(KEY).done(body("b"));
    assert_eq!(read(&cache, body("x")).await, (body("b"), false));
    cache.begin_write(KEY).done(None);
    assert_eq!(read(&cache, body("x")).await, (None, false));
    // Of a write with an unknown outcome nothing is known.
    drop(cache.begin_write(KEY));
    assert_eq!(read(&cache, body("x")).await, (body("x"), true));
}

#[tokio::test]
async fn a_read_that_a_write_overtakes_is_not_stored() {
    for item in [body("new"), None] {
        let (cache, _) = cache();
        let (answer, asked) = oneshot::channel();
        let reading = {
            let cache = Arc::clone(&cache);
            tokio::spawn(async move {
                let fetch = async { Ok((asked.await.unwrap(), ())) };
                cache.get_or_fetch(KEY, fetch).await.unwrap().body().cloned()
            })
        };
        tokio::task::yield_now().await;
        cache.begin_write(KEY).done(item.clone());
        answer.send(body("old")).unwrap();
        assert_eq!(reading.await.unwrap(), body("old"));
        assert_eq!(read(&cache, body("x")).await, (item, false));
    }
}

#[tokio::test]
async fn of_writes_that_overlap_nothing_is_stored() {
    let (cache, _) = cache();
    let (first, second) = (cache.begin_write(KEY), cache.begin_write(KEY));
    second.done(body("second"));
    first.done(body("first"));
    assert_eq!(read(&cache, body("x")).await, (body("x"), true));
    // And afterwards all is as before.
    cache.begin_write(KEY).done(body("third"));
    assert_eq!(read(&cache, body("x")).await, (body("third"), false));
    assert!(cache.writes.lock().is_empty());
}

#[tokio::test]
async fn a_thousand_readers_ask_the_table_once() {
    let (cache, _) = cache();
    let asked = Arc::new(AtomicU64::new(0));
    let readers: Vec<_> = (0..1000)
        .map(|_| {
            let (cache, asked) = (Arc::clone(&cache), Arc::clone(&asked));
            tokio::spawn(async move {
                let fetch = async {
                    asked.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                    Ok((body("a"), ()))
                };
                cache.get_or_fetch(KEY, fetch).await.unwrap().body().cloned()
            })
        })
        .collect();
    for reader in readers {
        assert_eq!(reader.await.unwrap(), body("a"));
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_failed_read_leaves_the_place_to_the_next_one() {
    let (cache, _) = cache();
    let failed = cache.get_or_fetch::<()>(KEY, async { Err(Exception::internal("x")) }).await;
    assert!(failed.is_err());
    assert_eq!(read(&cache, body("a")).await, (body("a"), true));
}

#[tokio::test]
async fn the_cache_is_bounded_in_bytes() {
    let (clock, _) = Clock::manual(0);
    let cache = AnswerCache::new(256 * 1024, 0, clock);
    for at in 0..10_000_u64 {
        let key = Bytes::from(at.to_be_bytes().to_vec());
        let fetch = async { Ok((Some(Bytes::from(vec![0; 1000])), ())) };
        cache.get_or_fetch::<()>(key, fetch).await.unwrap();
    }
    assert!(cache.bytes() <= 256 * 1024 && cache.len() > 100, "{} {}", cache.bytes(), cache.len());
    assert!(cache.evicted_bytes() > 9_000 * 1000);
}

#[tokio::test]
async fn several_entries_are_asked_for_at_once() {
    let (cache, _) = cache();
    let Peeked::Missing(filler) = cache.peek(&KEY) else { panic!("it is not there") };
    assert!(matches!(cache.peek(&KEY), Peeked::Awaited));
    filler.fill(body("a"));
    assert!(matches!(cache.peek(&KEY), Peeked::Cached(Some(_))));
}
