//! ad hoc
use std::sync::Arc;
use std::time::Instant;
use storage::*;
fn key(n: u64) -> Key {
    let mut k = vec![0u8; 8];
    k.extend_from_slice(&n.wrapping_mul(0x9E3779B97F4A7C15).to_be_bytes());
    k.extend_from_slice(&n.to_be_bytes());
    Key::new(Family::Items, k)
}
async fn put(e: &Arc<Embedded>, n: u64, size: usize, mode: Mode) -> Result<Decision, TxError> {
    let k = key(n);
    let keys = [KeyUse::write(k.clone())];
    let v = bytes::Bytes::from(vec![n as u8; size]);
    let mut d = move |_: &Reads, b: &mut Batch| {
        b.put(k.clone(), v.clone());
        b.tally(Key::new(Family::Catalog, "t"), [1, 1]);
        Decision::Commit
    };
    e.transact(OpId([0; 16]), mode, &keys, &mut d).await
}
#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let dir = std::env::args().nth(1).unwrap();
    let writers: u64 = std::env::args().nth(2).unwrap().parse().unwrap();
    let per: u64 = std::env::args().nth(3).unwrap().parse().unwrap();
    let size = 400;
    let t = Instant::now();
    let e = Embedded::open(std::path::Path::new(&dir), EmbeddedOptions { cache_bytes: 1 << 30 }).unwrap();
    eprintln!("open {:?}", t.elapsed());
    let t = Instant::now();
    let mut hs = vec![];
    for w in 0..writers {
        let e = e.clone();
        hs.push(tokio::spawn(async move {
            let mut lat = Vec::with_capacity(per as usize);
            for i in 0..per {
                let t = Instant::now();
                put(&e, w * per + i, size, Mode::Plain).await.unwrap();
                lat.push(t.elapsed());
            }
            lat
        }));
    }
    let mut lat = vec![];
    for h in hs {
        lat.extend(h.await.unwrap());
    }
    lat.sort();
    let n = lat.len();
    let el = t.elapsed();
    eprintln!(
        "{writers} writers: {:.0}/s p50 {:?} p99 {:?} p99.9 {:?} max {:?}",
        n as f64 / el.as_secs_f64(),
        lat[n / 2],
        lat[n * 99 / 100],
        lat[n * 999 / 1000],
        lat[n - 1]
    );
    let total = writers * per;
    for round in 0..3 {
        let t = Instant::now();
        let m = 300_000u64;
        let mut x = 1u64;
        for _ in 0..m {
            x = x.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let k = key((x >> 33) % total);
            assert!(e.get(&k).await.unwrap().is_some());
        }
        eprintln!(
            "get 1 thread {round}: {:.0}k/s {:?}",
            m as f64 / t.elapsed().as_secs_f64() / 1e3,
            t.elapsed() / m as u32
        );
    }
    let t = Instant::now();
    let m = 300_000u64;
    let mut hs = vec![];
    for w in 0..2u64 {
        let e = e.clone();
        hs.push(tokio::spawn(async move {
            let mut x = w + 7;
            for _ in 0..m {
                x = x.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                let k = key((x >> 33) % total);
                assert!(e.get(&k).await.unwrap().is_some());
            }
        }));
    }
    for h in hs {
        h.await.unwrap();
    }
    eprintln!("get 2 threads: {:.0}k/s", 2.0 * m as f64 / t.elapsed().as_secs_f64() / 1e3);
    let t = Instant::now();
    let mut rows = 0usize;
    for i in 0..5000u64 {
        let v = e.view().await.unwrap();
        let r = ScanRange {
            family: Family::Items,
            lower: std::ops::Bound::Included(key(i * 7 % total).bytes),
            upper: std::ops::Bound::Unbounded,
            direction: ScanDirection::Forward,
            rows_max: 100,
            bytes_max: 1 << 20,
        };
        rows += v.scan(&r).await.unwrap().rows.len();
    }
    eprintln!("scan 100: {:.2} M rows/s", rows as f64 / t.elapsed().as_secs_f64() / 1e6);
    let t = Instant::now();
    e.close().await.unwrap();
    eprintln!("close {:?}", t.elapsed());
    let t = Instant::now();
    let e = Embedded::open(std::path::Path::new(&dir), EmbeddedOptions { cache_bytes: 1 << 30 }).unwrap();
    eprintln!("reopen {:?}", t.elapsed());
    e.close().await.unwrap();
}
