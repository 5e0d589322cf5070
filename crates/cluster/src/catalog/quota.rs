//! Bounds of the catalog: definitions stay in memory, so callers cannot create them without bound. A table beyond its
//! account's quota is refused. If there are too many deleted tables with readable streams, some are dropped early (`remains`).
//!
//! The counts are taken under the catalog's lock. Where several nodes create tables, a definition is stored only if no
//! other table was created since its node counted (`Behind`), so the quota is exact there as well.

use api::Exception;
use model::limits::{ACCOUNT_UNITS_MAX, TABLE_UNITS_MAX, TABLES_MAX};
use tables::{Definition, Place};

use super::{Catalog, Region};

/// A caller may name any region, so an account's tables in all of its regions are bounded as well: by this multiple of the
/// quota of one. With the defaults 10,000, beyond which AWS raises no quota. Source: Developer Guide, "Best practices for
/// DynamoDB table design".
const FULL_REGIONS_MAX: usize = 4;

/// The bounds of the catalog.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Quotas {
    /// Tables of an account in a region, those that are being deleted included; 0 for no quota.
    pub tables_max: usize,
    /// Capacity units that a table or an index may have of either kind. Unit: capacity units.
    pub table_units_max: i64,
    /// Those that the provisioned tables and indexes of an account in a region may have together. Unit: capacity units.
    pub account_units_max: i64,
    /// Deleted tables with readable streams, of all accounts.
    pub dropped_tables_max: usize,
    /// Their memory, which policies of streams may make large. Unit: bytes.
    pub dropped_tables_bytes_max: usize,
    /// Backups of an account in all regions.
    pub backups_max: usize,
    /// Those among them whose copies are not made yet: each of them is in its table's definition.
    pub unfinished_backups_max: usize,
    /// Their memory: a backup has the definition of its table. Unit: bytes.
    pub backups_bytes_max: usize,
}

impl Default for Quotas {
    fn default() -> Quotas {
        Quotas {
            tables_max: TABLES_MAX,
            table_units_max: TABLE_UNITS_MAX,
            account_units_max: ACCOUNT_UNITS_MAX,
            dropped_tables_max: 10_000,
            dropped_tables_bytes_max: 64 << 20,
            backups_max: 10_000,
            unfinished_backups_max: 500,
            backups_bytes_max: 256 << 20,
        }
    }
}

impl Catalog {
    /// # Errors
    /// DynamoDB's refusal of a new table if the account has as many tables or capacity units as it may have. The text is
    /// observed.
    pub fn check_quota(&self, quotas: &Quotas, definition: &Definition) -> Result<(), Exception> {
        self.check_tables(quotas, definition.place())?;
        self.check_units(quotas, None, definition)
    }

    fn check_tables(&self, quotas: &Quotas, place: Place<'_>) -> Result<(), Exception> {
        let tables = self.inner.tables.read();
        let Some(regions) = tables.accounts.get(place.account) else { return Ok(()) };
        let count = |tables: &Region| tables.values().filter(|table| table.definition.is_table()).count();
        let of_region = regions.get(place.region).map_or(0, count);
        let of_account = regions.values().map(count).sum();
        let account_max = quotas.tables_max.saturating_mul(FULL_REGIONS_MAX);
        let exceeded = [(of_region, quotas.tables_max), (of_account, account_max)];
        match exceeded.into_iter().find(|(count, max)| *max > 0 && count >= max) {
            None => Ok(()),
            Some((_, max)) => Err(Exception::LimitExceeded(format!(
                "Subscriber limit exceeded: There is a limit of {max} tables per subscriber"
            ))),
        }
    }

    /// DynamoDB has no quota of backups. Here each one is a definition in memory, so there are some, far above what is in use.
    ///
    /// # Errors
    /// The refusal if the account has as many backups in all regions as it may have.
    pub fn check_backup_quota(&self, quotas: &Quotas, place: Place<'_>) -> Result<(), Exception> {
        let tables = self.inner.tables.read();
        let Some(regions) = tables.accounts.get(place.account) else { return Ok(()) };
        let [mut backups, mut unfinished, mut bytes] = [0; 3];
        for table in regions.values().flat_map(Region::values) {
            // Bases are made without a request, and few of a table.
            let Some(backup) = table.definition.backup.as_ref().filter(|backup| !backup.is_base()) else { continue };
            backups += 1;
            unfinished += usize::from(!backup.is_ready());
            bytes += table.held_bytes;
        }
        let exceeded = [
            (backups, quotas.backups_max, "backups"),
            (unfinished, quotas.unfinished_backups_max, "backups that are being made"),
            (bytes, quotas.backups_bytes_max, "bytes of descriptions of backups"),
        ];
        match exceeded.into_iter().find(|(count, max, _)| count >= max) {
            None => Ok(()),
            Some((_, max, what)) => Err(Exception::LimitExceeded(format!(
                "Subscriber limit exceeded: There is a limit of {max} {what} per subscriber"
            ))),
        }
    }
}
