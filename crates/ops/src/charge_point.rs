//! The one charge point: the read path and the write path call it with what they consumed. With `--enforce-throughput` they
//! ask here before they read or write.

use api::Exception;
use model::Attributes;
use model::limits::{PAGE_SIZE_MAX, READ_UNIT_SIZE};
use tables::{Index, IndexKind, Table};

use crate::capacity::{Access, Charge, ReadKind, write_units};
use crate::change::{Action, Change};
use crate::consumed::Consumed;
use crate::contributors::Accessed;
use crate::service::Service;
use crate::throttle::{Reserved, ThrottleStats, Throttled};

impl Service {
    /// Charges what one read or one write consumed of `table`, which the request calls `table_name`. The read path
    /// (`read`) and the write path (`write`, `transaction`) call it once for each, when it is done, and nothing else
    /// does. So every count of units attaches here: the answer's ConsumedCapacity, the buckets that throttle, metrics, and the keys
    /// of Contributor Insights, which are those of what was `accessed`.
    ///
    /// A refusal before any read is charged with no units or not at all.
    pub(crate) fn charge(
        &self,
        table: &Table,
        table_name: &str,
        charge: &Charge,
        accessed: Accessed<'_>,
        consumed: &mut Consumed,
    ) {
        if let Some(throttle) = &self.throttle {
            throttle.debit(table, charge, self.clock.steady_ms());
        }
        self.charge_unbounded(table, table_name, charge, accessed, consumed);
    }

    /// As [`Service::charge`], for a bulk put: it has a rate of its own, and would leave its table's buckets in debt.
    pub(crate) fn charge_unbounded(
        &self,
        table: &Table,
        table_name: &str,
        charge: &Charge,
        accessed: Accessed<'_>,
        consumed: &mut Consumed,
    ) {
        // Units of an index count only for an index of the table's own definition, of the same kind.
        debug_assert!(charge.indexes.iter().all(|part| table.index(&part.name).is_some_and(|it| it.kind == part.kind)));
        debug_assert!(charge.table >= 0.0 && charge.table.is_finite());
        if table.has_insights {
            self.count_contributors(table, charge, &accessed);
        }
        consumed.measure(table, charge);
        consumed.add(table_name, charge);
    }

    /// As [`Service::charge`], for a write that another region made: no request is answered with it.
    pub(crate) fn charge_replicated(&self, change: &Change, charge: &Charge) {
        if let Some(throttle) = &self.throttle {
            throttle.debit(&change.table, charge, self.clock.steady_ms());
        }
        if change.table.has_insights {
            self.count_contributors(&change.table, charge, &change.accessed());
        }
        if let Some(measures) = &self.measures {
            measures.record_replicated(&change.table, charge);
        }
    }

    /// Admits a write that another region made and that consumes `charge`. It is asked when the write is decided: what is here already
    /// consumes nothing.
    pub(crate) fn admit_replicated(
        &self,
        change: &Change,
        charge: &Charge,
        reserved: &mut Reserved,
    ) -> Result<(), Throttled> {
        let Some(throttle) = self.throttle.as_ref().filter(|_| charge.table > 0.0) else { return Ok(()) };
        let (table, now_ms) = (&change.table, self.clock.steady_ms());
        let admitted = throttle.admit(table, None, Access::Write, charge.table, reserved, now_ms);
        self.count_refused(admitted, table, None, Some(&change.key_attributes))?;
        self.admit_entries(table, charge, reserved)
    }

    /// Admits the read of an item with this key.
    pub(crate) fn admit_read(&self, table: &Table, key: &Attributes) -> Result<(), Throttled> {
        let Some(throttle) = &self.throttle else { return Ok(()) };
        let admitted = throttle.admit(table, None, Access::Read, 0.0, &mut Reserved::default(), self.clock.steady_ms());
        self.count_refused(admitted, table, None, Some(key)).map(drop)
    }

    /// Admits a page. Returns how much it may read: the page ends with the row that takes the last unit. Unit: bytes.
    /// A Query's page is of one `partition`.
    pub(crate) fn admit_page(
        &self,
        table: &Table,
        index: Option<&Index>,
        kind: ReadKind,
        partition: Option<&Attributes>,
    ) -> Result<usize, Throttled> {
        let Some(throttle) = &self.throttle else { return Ok(PAGE_SIZE_MAX) };
        let global = index.filter(|index| index.kind == IndexKind::Global);
        let (reserved, now_ms) = (&mut Reserved::default(), self.clock.steady_ms());
        let name = global.map(|index| index.name.as_str());
        let admitted = throttle.admit(table, name, Access::Read, 0.0, reserved, now_ms);
        let units = self.count_refused(admitted, table, global, partition)?;
        let blocks = units / kind.units(0);
        Ok(((blocks * READ_UNIT_SIZE as f64) as usize).min(PAGE_SIZE_MAX))
    }

    /// Admits a client's write, as far as its table bounds it. Background work is not bounded.
    pub(crate) fn admit_write(&self, change: &Change, reserved: &mut Reserved) -> Result<(), Throttled> {
        let Some(throttle) = &self.throttle else { return Ok(()) };
        if !change.consumes() {
            return Ok(());
        }
        let size = if let Action::Put(item) = &change.action { model::item_size(item.view()) } else { 0 };
        let (units, now_ms) = (write_units(size), self.clock.steady_ms());
        let admitted = throttle.admit(&change.table, None, Access::Write, units, reserved, now_ms);
        self.count_refused(admitted, &change.table, None, Some(&change.key_attributes)).map(drop)
    }

    /// Admits a write that consumes `charge`, as far as the table's global indexes bound it. It is asked when the write is
    /// decided: only then it is known which entries change.
    pub(crate) fn admit_entries(
        &self,
        table: &Table,
        charge: &Charge,
        reserved: &mut Reserved,
    ) -> Result<(), Throttled> {
        let Some(throttle) = &self.throttle else { return Ok(()) };
        let now_ms = self.clock.steady_ms();
        for part in charge.indexes.iter().filter(|part| part.kind == IndexKind::Global) {
            let admitted = throttle.admit(table, Some(&part.name), Access::Write, part.units, reserved, now_ms);
            self.count_refused(admitted, table, None, None)?;
        }
        Ok(())
    }

    /// Counts an access that was refused, by its table or index and, for Contributor Insights, by its key.
    fn count_refused<T>(
        &self,
        admitted: Result<T, Throttled>,
        table: &Table,
        index: Option<&Index>,
        key: Option<&Attributes>,
    ) -> Result<T, Throttled> {
        if let Err(throttled) = &admitted {
            self.measure_throttled(table, throttled);
            if let (true, Some(key)) = (table.has_insights, key) {
                self.count_throttled(table, index, key.view());
            }
        }
        admitted
    }

    /// Counts the result of a request, if its throughput is enforced.
    pub(crate) fn note_throttled<R>(&self, result: &Result<R, Exception>) {
        if let (Some(throttle), Err(refusal)) = (&self.throttle, result) {
            throttle.note(refusal);
        }
    }

    /// What was refused since the start, if throughput is enforced.
    pub fn throttle_stats(&self) -> Option<ThrottleStats> {
        self.throttle.as_ref().map(|throttle| throttle.stats())
    }
}
