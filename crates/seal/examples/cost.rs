//! What the seal costs: the same calls on an engine in memory, plain and sealed. `cargo run --release -p seal --example cost`.

use std::hint::black_box;
use std::io::Write;
use std::ops::Bound;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use seal::{Keyring, Layout, MasterKey, Sealed, Secret};
use storage::{
    Batch, Consistency, Decision, Engine, Family, Key, KeyUse, Memory, Mode, OpId, Reads, ScanDirection, ScanRange,
    Transaction,
};

const ROWS: u32 = 10_000;
const CALLS: u32 = 200_000;
const VALUE: usize = 1_000;

/// A table's id, a hash, and a sort key of 20 bytes.
fn key(at: u32) -> Key {
    Key::new(Family::Items, [&[1; 24][..], format!("order#2026-{:09}", at % ROWS).as_bytes()].concat())
}

async fn put(engine: &dyn Engine, at: u32, value: &Bytes) {
    let keys = [KeyUse::write(key(at))];
    let mut decide = |_: &Reads, batch: &mut Batch| {
        batch.put(keys[0].key.clone(), value.clone());
        Decision::Commit
    };
    engine
        .transact(Transaction { op: OpId([0; 16]), mode: Mode::Plain, keys: &keys, decide: &mut decide })
        .await
        .expect("a write");
}

async fn scan(engine: &dyn Engine, at: u32) -> usize {
    let range = ScanRange {
        family: Family::Items,
        lower: Bound::Included(key(at).bytes),
        upper: Bound::Unbounded,
        direction: ScanDirection::Forward,
        rows_max: 100,
        bytes_max: 1 << 20,
    };
    engine.view(Consistency::Strong).await.expect("a view").scan(&range).await.expect("rows").rows.len()
}

fn nanoseconds(taken: Duration, calls: u32) -> u128 {
    taken.as_nanos() / u128::from(calls)
}

async fn measure(name: &str, engine: &dyn Engine) {
    let value = Bytes::from(vec![7; VALUE]);
    for at in 0..ROWS {
        put(engine, at, &value).await;
    }
    let start = Instant::now();
    for at in 0..CALLS {
        black_box(engine.get(&key(at.wrapping_mul(7_919)), Consistency::Strong).await.expect("a read"));
    }
    let get = nanoseconds(start.elapsed(), CALLS);
    let start = Instant::now();
    for at in 0..CALLS {
        put(engine, at.wrapping_mul(7_919), &value).await;
    }
    let put = nanoseconds(start.elapsed(), CALLS);
    let start = Instant::now();
    for at in 0..CALLS / 100 {
        black_box(scan(engine, at % (ROWS - 100)).await);
    }
    let row = nanoseconds(start.elapsed(), CALLS);
    let _ = writeln!(std::io::stdout(), "{name:8} get {get:6} ns   put {put:6} ns   scan {row:6} ns a row");
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let keyring = Keyring::make(&MasterKey::given(&Secret::random())).await.expect("a keyring");
    measure("plain", &*Memory::new()).await;
    let sealed: Arc<dyn Engine> = Sealed::over(Memory::new(), &keyring, None, Layout::STATOR);
    measure("sealed", &*sealed).await;
}
