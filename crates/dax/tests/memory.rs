//! What entries take in memory, against what the cache counts: its bound is one of the process's memory.

use std::sync::Arc;

use api::Exception;
use base::Clock;
use bytes::Bytes;
use dax::AnswerCache;

const ENTRIES: u64 = 20_000;

fn fill(cache: &AnswerCache, size: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for at in 0..ENTRIES {
        let key = Bytes::from([&at.to_be_bytes()[..], b"partition key"].concat());
        // As an answer is written: with room for more.
        let mut body = Vec::with_capacity(2 * size);
        body.resize(size, 0_u8);
        let body = Some(Bytes::from(body));
        let fetch = async { Ok::<_, Exception>((body, ())) };
        runtime.block_on(cache.get_or_fetch(key, fetch)).unwrap();
    }
}

#[test]
fn the_count_is_near_what_is_allocated() {
    for size in [40, 200, 1000, 4000] {
        let cache = Arc::new(AnswerCache::new(1 << 30, 0, Clock::system()));
        let own = Arc::clone(&cache);
        let taken = allocation_counter::measure(move || fill(&own, size)).bytes_current;
        let counted = cache.bytes();
        let taken = u64::try_from(taken).unwrap();
        assert!(taken <= counted + counted / 20, "{size}: {taken} bytes are allocated, and {counted} counted");
    }
}
