//! The one read path: it reads items, applies the filter and charges the capacity. An operation says what it reads, and which
//! part of each item it returns (`select`).
//!
//! | read | by | of |
//! |---|---|---|
//! | [`items`]: one item by its key | GetItem, BatchGetItem, BatchExecuteStatement | its current state |
//! | [`items`]: several items by their keys | TransactGetItems, ExecuteTransaction | one consistent state |
//! | [`page`]: rows of a table or an index, in their order | Query, Scan, ExecuteStatement | one snapshot a page |

mod items;
mod page;

use model::limits::ITEM_SIZE_MAX;
use storage::Consistency;

use crate::capacity::ReadKind;

pub(crate) use items::ItemRead;
pub(crate) use page::PageRequest;

/// A filter that reads an item less often than this runs on the current thread without blocking others for long.
const LOOKS_WORTH_A_THREAD: usize = 16;
/// The memory of one item while it is read and serialized: itself, and again as JSON, which is up to three times as long if
/// attributes are short. Unit: bytes.
pub(crate) const ITEM_MEMORY: usize = 4 * ITEM_SIZE_MAX;

impl ReadKind {
    /// The consistency that this kind of read needs.
    fn consistency(self) -> Consistency {
        match self {
            ReadKind::Eventual => Consistency::Eventual,
            ReadKind::Strong | ReadKind::Transactional => Consistency::Strong,
        }
    }
}
