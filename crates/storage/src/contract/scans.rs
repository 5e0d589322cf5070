//! Scans against a model: a plain sorted map.

use std::collections::BTreeMap;
use std::ops::Bound;

use bytes::Bytes;

use super::kit::Space;
use crate::{Batch, Engine, Family, Key, Row, ScanDirection, ScanPage, ScanRange};

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

/// Writes the rows of a case behind `prefix`, which nobody else uses, and reads the range page by page.
pub async fn check_scan(engine: &std::sync::Arc<dyn Engine>, prefix: &str, case: &ScanCase) {
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
    let mut range = ScanRange {
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
    let view = space.engine.view().await.unwrap();
    let mut expected = &expected[..];
    loop {
        let page = view.scan(&range).await.unwrap();
        let due = first_page(expected, &range);
        assert_eq!(page, due, "{range:?}");
        expected = &expected[page.rows.len()..];
        let Some(last) = page.rows.last().filter(|_| page.more) else { break };
        range.resume_after(last.key.clone());
    }
    assert!(expected.is_empty());
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

/// A scan in pages sees what stood there when its view was taken, whatever is written between two pages.
pub(super) async fn stay_in_their_view(space: Space) {
    let keys: Vec<Key> = (0..40_u8).map(|at| space.key([at])).collect();
    for key in &keys {
        space.put(key, "old").await;
    }
    let view = space.engine.view().await.unwrap();
    let mut range = ScanRange {
        family: Family::Items,
        lower: Bound::Included(space.key("").bytes),
        upper: crate::key::prefix_end(&space.key("").bytes),
        direction: ScanDirection::Backward,
        rows_max: 7,
        bytes_max: usize::MAX,
    };
    let mut seen = Vec::new();
    loop {
        let page = view.scan(&range).await.unwrap();
        for row in &page.rows {
            assert_eq!(row.value, "old");
            seen.push(row.key.clone());
        }
        space.put(&keys[seen.len() - 1], "new").await;
        space.delete(&keys[keys.len() - seen.len()]).await;
        space.put(&space.key([0, seen.len() as u8]), "new").await;
        let Some(last) = page.rows.last().filter(|_| page.more) else { break };
        range.resume_after(last.key.clone());
    }
    assert_eq!(seen, keys.iter().rev().map(|key| key.bytes.clone()).collect::<Vec<_>>());
}
