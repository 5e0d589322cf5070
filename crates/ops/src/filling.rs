//! The copies of tables that are there or being made, which need what their sources have: rows, logs and archives.

use std::sync::atomic::{AtomicU64, Ordering};

use tables::{Definition, FillPhase, Filling, TableStatus};

use crate::service::Service;

impl Service {
    /// For as long as something waits for a copy.
    pub(crate) fn await_copy(&self) -> AwaitedCopy<'_> {
        self.copies_awaited.fetch_add(1, Ordering::Relaxed);
        AwaitedCopy(&self.copies_awaited)
    }

    /// Whether the items of a table are still being copied, into a backup or a restored table.
    pub(crate) fn is_being_copied(&self, table_id: u64) -> bool {
        self.fillings_from(table_id).iter().any(is_awaited)
    }

    /// Whether they are being copied while the table can be used: its log is needed, too.
    pub(crate) fn is_being_copied_in_use(&self, table_id: u64) -> bool {
        let needs_log = |filling: &Filling| is_awaited(filling) && filling.consumer.is_some();
        self.fillings_from(table_id).iter().any(needs_log)
    }

    /// The copies with rows and log of a table as their source.
    pub(crate) fn fillings_from(&self, table_id: u64) -> Vec<Filling> {
        let is_copy = |definition: &Definition| {
            is_filled(definition) && definition.filling().is_some_and(|filling| filling.source == table_id)
        };
        let copies = self.catalog.table_ids(is_copy).into_iter();
        copies.filter_map(|id| self.catalog.by_id(id)?.definition.filling()).collect()
    }
}

/// Whether a source waits for a copy of it. A base is given up instead.
pub(crate) fn is_awaited(filling: &Filling) -> bool {
    filling.phase != FillPhase::Ready && !filling.is_base
}

/// While it lives, copies do not pause between their steps.
pub(crate) struct AwaitedCopy<'a>(&'a AtomicU64);

impl Drop for AwaitedCopy<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Whether a backup or a restored table is still wanted.
pub(crate) fn is_filled(definition: &Definition) -> bool {
    matches!(definition.status, TableStatus::Backup | TableStatus::Creating)
}
