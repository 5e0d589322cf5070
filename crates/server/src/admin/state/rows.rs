//! All rows of an engine at one moment, but those of the nodes that serve it.

use storage::{Consistency, Engine, Family, Pages, Row, ScanRange};

use crate::node_rows::is_of_data;

/// Unit: rows.
const PAGE_ROWS_MAX: usize = 8_192;
/// Unit: bytes.
const PAGE_BYTES_MAX: usize = 1 << 20;

/// Of each family in the order of keys. Without any, the empty database.
#[derive(Default)]
pub(crate) struct Rows {
    families: [Vec<Row>; Family::ALL.len()],
    bytes: usize,
}

impl Rows {
    /// `None` if they have more than `bytes_max` bytes.
    ///
    /// # Errors
    /// A sentence about the engine's failure, or a row that cannot be read.
    pub(crate) async fn read(engine: &dyn Engine, bytes_max: usize) -> Result<Option<Rows>, String> {
        let failed = |error: &storage::StorageError| format!("the rows cannot be read: {error}");
        // One view for all of them: they are of one moment.
        let view = engine.view(Consistency::Strong).await.map_err(|error| failed(&error))?;
        let mut rows = Rows::default();
        for family in Family::ALL {
            let mut pages = Pages::of_snapshot(&*view, pages_of(family));
            while let Some(page) = pages.next().await.map_err(|error| failed(&error))? {
                let page = page.rows.into_iter().filter(|row| is_of_data(family, &row.key));
                page.for_each(|row| rows.push(family, row));
                if rows.bytes > bytes_max {
                    return Ok(None);
                }
            }
        }
        Ok(Some(rows))
    }

    fn push(&mut self, family: Family, row: Row) {
        self.bytes += row.key.len() + row.value.len();
        self.families[family as usize].push(row);
    }

    pub(super) fn of(&self, family: Family) -> &[Row] {
        &self.families[family as usize]
    }

    pub(super) fn count(&self) -> usize {
        self.families.iter().map(Vec::len).sum()
    }

    /// Of keys and values.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

pub(super) fn pages_of(family: Family) -> ScanRange {
    ScanRange::whole(family, PAGE_ROWS_MAX, PAGE_BYTES_MAX)
}
