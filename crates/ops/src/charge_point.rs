//! The one charge point: the read path and the write path call it with what they consumed.

use tables::Table;

use crate::capacity::{Charge, Consumed};
use crate::service::Service;

impl Service {
    /// Charges what one read or one write consumed of `table`, which the request calls `table_name`. The read path
    /// (`read`) and the write path (`write`, `transaction`) call it once for each, when it is done, and nothing else
    /// does. So every count of units attaches here; the answer's ConsumedCapacity is the first.
    ///
    /// A refusal before any read is charged with no units or not at all, and so is a canceled transaction.
    pub(crate) fn charge(&self, table: &Table, table_name: &str, charge: &Charge, consumed: &mut Consumed) {
        // Units of an index count only for an index of the table's own definition, of the same kind.
        debug_assert!(charge.indexes.iter().all(|part| table.index(&part.name).is_some_and(|it| it.kind == part.kind)));
        debug_assert!(charge.table >= 0.0 && charge.table.is_finite());
        consumed.add(table_name, charge);
    }
}
