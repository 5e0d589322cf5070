//! Keys longer than an index of the server takes.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use storage::Engine;
use storage::contract::{ScanCase, check_scan};
use storage_postgres::testing::PostgresServer;

use crate::contract::{any_scan, open};

/// The longest rest that the index stores as it is: beyond it keys differ only in what is hashed.
const EDGE: usize = 24 + 2_000;

/// Case numbers and the kit's separator take 14 bytes.
fn filling(short_of_the_edge: usize) -> String {
    "x".repeat(EDGE - short_of_the_edge - 14)
}

#[test]
fn any_scan_of_keys_around_the_edge() {
    any_scan(&filling(2), 64);
}

#[test]
fn any_scan_of_keys_behind_the_edge() {
    any_scan(&filling(0), 64);
}

/// A group of neighbours that is larger than a fetch, between others.
#[tokio::test]
async fn many_long_neighbours() {
    let Some(server) = PostgresServer::shared() else { return };
    let engine: Arc<dyn Engine> = open(&server.database()).await;
    let mut rows = BTreeMap::new();
    let long = vec![b'l'; EDGE];
    for at in 0..700_u32 {
        rows.insert([&long[..], &at.to_be_bytes()].concat(), vec![1; 30]);
    }
    rows.insert(long.clone(), vec![2]);
    rows.insert(vec![b'k'], vec![3]);
    rows.insert(vec![b'm'], vec![4]);
    let middle = [&long[..], &350_u32.to_be_bytes()].concat();
    let bounds = [
        (Bound::Unbounded, Bound::Unbounded),
        (Bound::Excluded(middle.clone()), Bound::Unbounded),
        (Bound::Unbounded, Bound::Included(middle.clone())),
        (Bound::Included(vec![b'k', 0]), Bound::Excluded(middle)),
    ];
    for (at, (lower, upper)) in bounds.into_iter().enumerate() {
        for (backward, rows_max, bytes_max) in [(false, 1_000, usize::MAX), (true, 90, 200_000), (false, 11, 1)] {
            let (rows, lower, upper) = (rows.clone(), lower.clone(), upper.clone());
            let case = ScanCase { rows, lower, upper, backward, rows_max, bytes_max };
            check_scan(&engine, &format!("{at} {backward}"), &case).await;
        }
    }
}
