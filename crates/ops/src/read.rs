//! The one read path: every read of items finds them here, lets them through its filter and counts what that consumes. An
//! operation says what it reads, and what of each item its answer has (`select`).
//!
//! | read | by | of |
//! |---|---|---|
//! | [`items`]: one item by its key | GetItem, BatchGetItem, BatchExecuteStatement | the state at its moment |
//! | [`items`]: several items by their keys | TransactGetItems, ExecuteTransaction | one consistent state |
//! | [`page`]: rows of a table or an index, in their order | Query, Scan, ExecuteStatement | one snapshot a page |

mod items;
mod page;

use model::limits::ITEM_SIZE_MAX;
use storage::Consistency;

use crate::capacity::ReadKind;

pub(crate) use items::ItemRead;
pub(crate) use page::PageRequest;

/// Looking at one item is quick enough to do it beside others, unless a filter does so very often.
const LOOKS_WORTH_A_THREAD: usize = 16;
/// What one item may take in memory while it is read and written out: itself, and again as JSON, which is up to three
/// times as long if attributes are short. Unit: bytes.
pub(crate) const ITEM_MEMORY: usize = 4 * ITEM_SIZE_MAX;

impl ReadKind {
    /// What this kind of read may see.
    fn consistency(self) -> Consistency {
        match self {
            ReadKind::Eventual => Consistency::Eventual,
            ReadKind::Strong | ReadKind::Transactional => Consistency::Strong,
        }
    }
}
