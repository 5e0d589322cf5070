//! The rows of an engine become those of a snapshot: only what differs is written.
//!
//! Both are read in the order of their keys, side by side. What a test has changed since the snapshot is little, and is written in one
//! batch, all of it or nothing. More than a batch's worth is written in several: after a crash between two of them the rows are neither the
//! old nor the new ones, and the state has to be replaced again.

use std::convert::Infallible;

use bytes::Bytes;
use storage::{Batch, Consistency, Engine, Family, Key, KeyUse, Mode, Pages, Reads, StorageError};

use super::rows::{Rows, pages_of};

/// Rows of a batch.
const BATCH_ROWS_MAX: usize = 16_384;
/// Keys and values of a batch. Unit: bytes.
const BATCH_BYTES_MAX: usize = 4 << 20;
/// A write of background work that was dropped may still be committed behind the first reading; a second one finds it.
const ROUNDS_MAX: usize = 8;

/// Returns how many rows were written or deleted. No request and no background work may write meanwhile.
///
/// # Errors
/// A sentence about the engine's failure.
pub(crate) async fn replace(engine: &dyn Engine, rows: &Rows) -> Result<u64, String> {
    let mut changed = 0;
    for _ in 0..ROUNDS_MAX {
        match round(engine, rows).await.map_err(|error| not_all(&error))? {
            0 => return Ok(changed),
            count => changed += count,
        }
    }
    Err("the rows are written by something else meanwhile".to_owned())
}

fn not_all(error: &StorageError) -> String {
    format!("some rows may be replaced and others not: {error}. A reset deletes them all; a restore can be repeated")
}

/// Writes what differs; returns how many rows do.
async fn round(engine: &dyn Engine, rows: &Rows) -> Result<u64, StorageError> {
    let view = engine.view(Consistency::Strong).await?;
    let mut writer = Writer { engine, writes: Vec::new(), bytes: 0, count: 0 };
    for family in Family::ALL {
        let mut wanted = rows.of(family).iter().peekable();
        let mut pages = Pages::of_snapshot(&*view, pages_of(family));
        while let Some(page) = pages.next().await? {
            for row in page.rows {
                while let Some(missing) = wanted.next_if(|wanted| wanted.key < row.key) {
                    writer.write(family, missing.key.clone(), Some(missing.value.clone())).await?;
                }
                match wanted.next_if(|wanted| wanted.key == row.key) {
                    Some(wanted) if wanted.value == row.value => {}
                    Some(wanted) => writer.write(family, row.key, Some(wanted.value.clone())).await?,
                    None => writer.write(family, row.key, None).await?,
                }
            }
        }
        for missing in wanted {
            writer.write(family, missing.key.clone(), Some(missing.value.clone())).await?;
        }
    }
    writer.flush().await?;
    Ok(writer.count)
}

struct Writer<'a> {
    engine: &'a dyn Engine,
    writes: Vec<(Key, Option<Bytes>)>,
    bytes: usize,
    count: u64,
}

impl Writer<'_> {
    async fn write(&mut self, family: Family, key: Bytes, value: Option<Bytes>) -> Result<(), StorageError> {
        self.bytes += key.len() + value.as_ref().map_or(0, Bytes::len);
        self.count += 1;
        self.writes.push((Key::new(family, key), value));
        match self.writes.len() >= BATCH_ROWS_MAX || self.bytes >= BATCH_BYTES_MAX {
            true => self.flush().await,
            false => Ok(()),
        }
    }

    /// One batch, in which every row is among the keys: readers' caches see it, and so do counters and the heads of logs.
    async fn flush(&mut self) -> Result<(), StorageError> {
        let writes = std::mem::take(&mut self.writes);
        self.bytes = 0;
        if writes.is_empty() {
            return Ok(());
        }
        let keys: Vec<KeyUse> = writes.iter().map(|(key, _)| KeyUse::write(key.clone())).collect();
        let write = |_: &Reads, batch: &mut Batch| {
            for (key, value) in &writes {
                match value {
                    Some(value) => batch.put(key.clone(), value.clone()),
                    None => batch.delete(key.clone()),
                }
            }
            Ok::<(), Infallible>(())
        };
        match self.engine.write(Mode::Plain, &keys, write).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(never)) => match never {},
            Err(error) => Err(error.into()),
        }
    }
}
