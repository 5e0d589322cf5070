//! Scans against a model: a plain sorted map.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Runtime;

use super::kit::Space;
use crate::{Batch, Consistency, Engine, Family, Key, Pages, Row, ScanDirection, ScanPage, ScanRange};

/// Rows, and a range of them. Keys are relative to a place of the case's own.
#[derive(Clone, Debug)]
pub struct ScanCase {
    pub rows: BTreeMap<Vec<u8>, Vec<u8>>,
    pub lower: Bound<Vec<u8>>,
    pub upper: Bound<Vec<u8>>,
    pub backward: bool,
    pub rows_max: usize,
    pub bytes_max: usize,
}

/// Any rows and any ranges of them. Every key begins with `prefix`, which may move the keys to where the engine treats
/// them in another way.
pub fn any_scan_agrees_with_the_model(runtime: &Runtime, engine: Arc<dyn Engine>, prefix: &str, cases: u32) {
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let case_number = Cell::new(0);
    let result = runner.run(&scan_case(), |case| {
        case_number.set(case_number.get() + 1);
        // A number before the prefix, so that cases do not meet.
        runtime.block_on(check_scan(&engine, &format!("case {:08}{prefix}", case_number.get()), &case));
        Ok(())
    });
    result.unwrap();
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![Just(0), Just(1), Just(0x7F), Just(0xFF)], 0..4)
}

fn bound() -> impl Strategy<Value = Bound<Vec<u8>>> {
    prop_oneof![Just(Bound::Unbounded), key().prop_map(Bound::Included), key().prop_map(Bound::Excluded)]
}

fn scan_case() -> impl Strategy<Value = ScanCase> {
    let rows = btree_map(key(), vec(any::<u8>(), 0..40), 0..20);
    (rows, bound(), bound(), any::<bool>(), 1..8_usize, 0..200_usize).prop_map(
        |(rows, lower, upper, backward, rows_max, bytes_max): (BTreeMap<_, _>, _, _, _, _, _)| ScanCase {
            rows,
            lower,
            upper,
            backward,
            rows_max,
            bytes_max,
        },
    )
}

/// Writes the rows of a case behind `prefix`, which no other case uses, and reads the range page by page.
pub async fn check_scan(engine: &Arc<dyn Engine>, prefix: &str, case: &ScanCase) {
    let space = Space::new(engine, prefix);
    let mut batch = Batch::default();
    for (key, value) in &case.rows {
        batch.put(space.key(key), value.clone());
    }
    space.commit(batch).await;
    check_pages(&space, case).await;
}

async fn check_pages(space: &Space, case: &ScanCase) {
    let direction = if case.backward { ScanDirection::Backward } else { ScanDirection::Forward };
    let place = |bound: &Bound<Vec<u8>>, open: Bound<Bytes>| match bound {
        Bound::Included(key) => Bound::Included(space.key(key).bytes),
        Bound::Excluded(key) => Bound::Excluded(space.key(key).bytes),
        Bound::Unbounded => open,
    };
    let start = space.key("").bytes;
    let range = ScanRange {
        family: Family::Items,
        lower: place(&case.lower, Bound::Included(start.clone())),
        upper: place(&case.upper, crate::key::prefix_end(&start)),
        direction,
        rows_max: case.rows_max,
        bytes_max: case.bytes_max,
    };
    let mut expected: Vec<Row> =
        case.rows.iter().filter(|(key, _)| within(case, key)).map(|row| place_row(space, row)).collect();
    if case.backward {
        expected.reverse();
    }
    let view = space.engine.view(Consistency::Strong).await.unwrap();
    // Nothing is written meanwhile, so that both kinds of walks see the same.
    for mut pages in [Pages::of_snapshot(&*view, range.clone()), Pages::of_fresh_views(&*space.engine, range.clone())] {
        let mut expected = &expected[..];
        loop {
            let due = first_page(expected, &range);
            let Some(page) = pages.next().await.unwrap() else { break };
            assert_eq!(page, due, "{range:?}");
            expected = &expected[page.rows.len()..];
        }
        assert!(expected.is_empty());
    }
}

fn place_row(space: &Space, (key, value): (&Vec<u8>, &Vec<u8>)) -> Row {
    Row { key: space.key(key).bytes, value: Bytes::from(value.clone()) }
}

fn within(case: &ScanCase, key: &Vec<u8>) -> bool {
    let above = match &case.lower {
        Bound::Included(lower) => key >= lower,
        Bound::Excluded(lower) => key > lower,
        Bound::Unbounded => true,
    };
    let below = match &case.upper {
        Bound::Included(upper) => key <= upper,
        Bound::Excluded(upper) => key < upper,
        Bound::Unbounded => true,
    };
    above && below
}

/// Rows until a limit is reached; always one if there is one.
fn first_page(rows: &[Row], range: &ScanRange) -> ScanPage {
    let mut page = ScanPage::default();
    let mut bytes = 0;
    for row in rows {
        let full = page.rows.len() >= range.rows_max || bytes >= range.bytes_max;
        if full && !page.rows.is_empty() {
            page.more = true;
            break;
        }
        bytes += row.key.len() + row.value.len();
        page.rows.push(row.clone());
    }
    page
}

pub(super) async fn agree_with_the_model(space: Space) {
    let names: [&[u8]; 6] = [b"", b"a", b"ab", b"b", b"b\x00", b"\xFF"];
    let rows: BTreeMap<Vec<u8>, Vec<u8>> =
        names.iter().zip(0..).map(|(name, at)| (name.to_vec(), vec![at; usize::from(at) * 40_000])).collect();
    let mut batch = Batch::default();
    for (key, value) in &rows {
        batch.put(space.key(key), value.clone());
    }
    batch.put(space.key("aa"), "to be deleted");
    space.commit(batch).await;
    space.delete(&space.key("aa")).await;

    let mut ends = vec![Bound::Unbounded];
    for key in [&b""[..], b"a", b"aa", b"b", b"\xFF"] {
        ends.extend([Bound::Included(key.to_vec()), Bound::Excluded(key.to_vec())]);
    }
    for lower in &ends {
        for upper in &ends {
            for (backward, rows_max, bytes_max) in [
                (false, 100, usize::MAX),
                (true, 100, usize::MAX),
                (false, 2, usize::MAX),
                (true, 1, 0),
                (false, 9, 90_000),
            ] {
                let (rows, lower, upper) = (rows.clone(), lower.clone(), upper.clone());
                let case = ScanCase { rows, lower, upper, backward, rows_max, bytes_max };
                check_pages(&space, &case).await;
            }
        }
    }
}

/// A scan in pages sees the rows as of its view, whatever is written between two pages.
pub(super) async fn stay_in_their_view(space: Space) {
    let keys: Vec<Key> = (0..40_u8).map(|at| space.key([at])).collect();
    for key in &keys {
        space.put(key, "old").await;
    }
    let view = space.engine.view(Consistency::Strong).await.unwrap();
    let range = ScanRange {
        family: Family::Items,
        lower: Bound::Included(space.key("").bytes),
        upper: crate::key::prefix_end(&space.key("").bytes),
        direction: ScanDirection::Backward,
        rows_max: 7,
        bytes_max: usize::MAX,
    };
    let mut seen = Vec::new();
    let mut pages = Pages::of_snapshot(&*view, range);
    while let Some(page) = pages.next().await.unwrap() {
        for row in &page.rows {
            assert_eq!(row.value, "old");
            seen.push(row.key.clone());
        }
        space.put(&keys[seen.len() - 1], "new").await;
        space.delete(&keys[keys.len() - seen.len()]).await;
        space.put(&space.key([0, seen.len() as u8]), "new").await;
    }
    assert_eq!(seen, keys.iter().rev().map(|key| key.bytes.clone()).collect::<Vec<_>>());
}

/// A walk with a view for each page sees what was written before its next page, and continues where it paused.
pub(super) async fn walk_on_in_fresh_views(space: Space) {
    let key = |at: u8| space.key([at]);
    for at in [1, 2, 4] {
        space.put(&key(at), "old").await;
    }
    let start = space.key("").bytes;
    let mut range = Some(ScanRange {
        family: Family::Items,
        upper: crate::key::prefix_end(&start),
        lower: Bound::Included(start),
        direction: ScanDirection::Forward,
        rows_max: 1,
        bytes_max: usize::MAX,
    });
    let mut seen = Vec::new();
    while let Some(left) = range.take() {
        let mut pages = Pages::of_fresh_views(&*space.engine, left);
        let Some(page) = pages.next().await.unwrap() else { break };
        seen.extend(page.rows.into_iter().map(|row| row.key));
        range = pages.left();
        if seen.len() == 2 {
            space.delete(&key(2)).await;
            space.put(&key(3), "new").await;
            space.put(&key(5), "new").await;
            range.iter_mut().for_each(|range| range.rows_max = 10);
        }
    }
    assert_eq!(seen, (1..=5).map(|at| key(at).bytes).collect::<Vec<_>>());
}
