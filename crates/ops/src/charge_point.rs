//! The one charge point: where the read path and the write path hand over what they consumed.

use crate::capacity::{Charge, Consumed};
use crate::service::Service;
use crate::tables::Table;

impl Service {
    /// Takes what one read or one write consumed of `table`, which the request calls `table_name`. The read path
    /// (`read`) and the write path (`write`, `transaction`) call it once for each, when it is done, and nothing else
    /// does. So whatever counts units attaches here; the answer's ConsumedCapacity is the first.
    ///
    /// What is refused before it reads comes here with no units or not at all, and so does a transaction that is canceled.
    pub(crate) fn charge(&self, table: &Table, table_name: &str, charge: &Charge, consumed: &mut Consumed) {
        // Units of an index count for what the table's own definition says of it: there is none of another name.
        debug_assert!(charge.indexes.iter().all(|part| table.index(&part.name).is_some_and(|it| it.kind == part.kind)));
        debug_assert!(charge.table >= 0.0 && charge.table.is_finite());
        consumed.add(table_name, charge);
    }
}
