//! Short ranges of the catalog family: definitions, nodes, shards, positions, mappings. They are read page by page, so that no engine has
//! to hold more than a page at once.

use storage::{DamagedRow, Family, Pages, Row, ScanDirection, ScanRange, StorageError, View};

use crate::key_range::Range;

const PAGE_ROWS: usize = 1024;
const PAGE_BYTES: usize = 1 << 20;

pub fn pages(view: &dyn View, (lower, upper): Range) -> Pages<'_> {
    let (family, direction) = (Family::Catalog, ScanDirection::Forward);
    let range = ScanRange { family, lower, upper, direction, rows_max: PAGE_ROWS, bytes_max: PAGE_BYTES };
    Pages::of_snapshot(view, range)
}

/// All rows of a range, for rows that do not depend on each other: the damaged ones apart.
///
/// # Errors
/// The engine's failure. [`StorageError::Corrupt`] if more than a row is damaged.
pub async fn read_with_damaged(view: &dyn View, range: Range) -> Result<(Vec<Row>, Vec<DamagedRow>), StorageError> {
    let (mut rows, mut damaged) = (Vec::new(), Vec::new());
    let mut pages = pages(view, range);
    while let Some(page) = pages.next_with_damaged().await? {
        rows.extend(page.rows);
        damaged.extend(page.damaged);
    }
    Ok((rows, damaged))
}

#[cfg(test)]
mod tests {
    use storage::{Batch, Consistency, Decision, Engine, Key, KeyUse, Memory, Mode, OpId, Reads, Transaction};

    use super::*;
    use crate::key_range;

    #[tokio::test]
    async fn every_row_of_many_pages_once_and_no_other() {
        let memory = Memory::new();
        let keys: Vec<Key> = (0..2 * PAGE_ROWS as u32 + 7)
            .map(|at| Key::new(Family::Catalog, [&b"b"[..], &at.to_be_bytes()].concat()))
            .collect();
        let others = [b"a", b"c"].map(|other| Key::new(Family::Catalog, other.to_vec()));
        let mut decide = |_: &Reads, batch: &mut Batch| {
            keys.iter().chain(&others).for_each(|key| batch.put(key.clone(), key.bytes.clone()));
            Decision::Commit
        };
        let witness = [KeyUse::write(keys[0].clone())];
        memory
            .transact(Transaction { op: OpId([7; 16]), mode: Mode::Plain, keys: &witness, decide: &mut decide })
            .await
            .unwrap();
        let view = memory.view(Consistency::Strong).await.unwrap();
        let found = pages(&*view, key_range::of_prefix(b"b")).rows().await.unwrap();
        assert!(found.iter().map(|row| &row.key).eq(keys.iter().map(|key| &key.bytes)));
        assert!(pages(&*view, key_range::of_prefix(b"d")).rows().await.unwrap().is_empty());
    }
}
