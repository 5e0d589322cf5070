//! The quotas of throughput: of each table and index, and of an account's provisioned tables and indexes in a region.
//!
//! Only what a request changes is checked, so that a table from before a quota can still be changed in other ways. As for
//! other quotas, the sum is exact where several nodes change tables, as it is taken under the catalog's lock and a change is
//! made only of the definition that was read; two nodes that raise different tables at the same moment may exceed it.
//!
//! All texts are captured.

use api::Exception;
use tables::throughput::{Of, current_warm};
use tables::{Definition, IndexDefinition, OnDemandMax, Provisioned, TableStatus, WarmThroughput};

use super::{Catalog, quota::Quotas};

/// The settings of throughput of a table or an index.
#[derive(Clone, Copy, Default)]
struct Units {
    provisioned: Option<Provisioned>,
    on_demand_max: OnDemandMax,
    warm: Option<WarmThroughput>,
}

impl Catalog {
    /// Checks the throughput that `after` has and `before`, if there is one, has not.
    ///
    /// # Errors
    /// DynamoDB's refusal of the first setting beyond its quota.
    pub fn check_units(
        &self,
        quotas: &Quotas,
        before: Option<&Definition>,
        after: &Definition,
    ) -> Result<(), Exception> {
        let region = &after.region;
        check(quotas.table_units_max, region, Of::Table, before.map(of_table).unwrap_or_default(), of_table(after))?;
        for index in &after.global_indexes {
            let old = before.and_then(|before| before.global_indexes.iter().find(|old| old.id == index.id));
            let old = old.map(of_index).unwrap_or_default();
            check(quotas.table_units_max, region, Of::Index(&index.name), old, of_index(index))?;
        }
        let (old, new) = (before.map_or([0, 0], reserved), reserved(after));
        if new[0] <= old[0] && new[1] <= old[1] {
            return Ok(());
        }
        let all = self.reserved_units(after);
        for (member, at) in [("ReadCapacityUnits", 0), ("WriteCapacityUnits", 1)] {
            let more = new[at].saturating_sub(old[at]);
            if more > 0 && all[at].saturating_add(more) > quotas.account_units_max {
                return Err(Exception::LimitExceeded(format!(
                    "This request would have caused the {member} limit to be exceeded for the account in {region}. Current \
                     {member} reserved by the account: {}. Limit: {}. Requested: {more}",
                    all[at], quotas.account_units_max
                )));
            }
        }
        Ok(())
    }

    /// The units of reading and of writing of the account's tables in the region of this one.
    fn reserved_units(&self, of: &Definition) -> [i64; 2] {
        let tables = self.inner.tables.read();
        let region = tables.accounts.get(&of.account).and_then(|regions| regions.get(&of.region));
        let all = region.into_iter().flat_map(|region| region.values()).map(|table| &table.definition);
        let live = all.filter(|table| table.is_table() && table.status != TableStatus::Deleting);
        live.map(reserved).fold([0, 0], sum)
    }
}

fn sum(a: [i64; 2], b: [i64; 2]) -> [i64; 2] {
    [a[0].saturating_add(b[0]), a[1].saturating_add(b[1])]
}

fn reserved(definition: &Definition) -> [i64; 2] {
    let indexes = definition.global_indexes.iter().filter_map(|index| index.provisioned);
    let all = definition.billing.provisioned().into_iter().chain(indexes);
    all.map(|units| [units.read_units, units.write_units]).fold([0, 0], sum)
}

fn of_table(definition: &Definition) -> Units {
    let (provisioned, on_demand_max) = (definition.billing.provisioned(), definition.on_demand_max);
    Units { provisioned, on_demand_max, warm: Some(current_warm(definition.warm, provisioned)) }
}

fn of_index(index: &IndexDefinition) -> Units {
    let warm = Some(current_warm(index.warm, index.provisioned));
    Units { provisioned: index.provisioned, on_demand_max: index.on_demand_max, warm }
}

/// The settings of `new` that `old` has not, each at most `max`.
fn check(max: i64, region: &str, of: Of<'_>, old: Units, new: Units) -> Result<(), Exception> {
    let is_beyond = |old: Option<i64>, new: Option<i64>| new != old && new.is_some_and(|units| units > max);
    let units = |of: Option<Provisioned>| [of.map(|of| of.read_units), of.map(|of| of.write_units)];
    let maxima = |of: OnDemandMax| [of.read_units, of.write_units];
    let warm = |of: Option<WarmThroughput>| [of.map(|of| of.read_units), of.map(|of| of.write_units)];
    for (at, access) in ["Read", "Write"].into_iter().enumerate() {
        let (asked, own) = (units(new.provisioned)[at], units(old.provisioned)[at]);
        if let Some(asked) = asked.filter(|_| is_beyond(own, asked)) {
            let (whose, per) = match of {
                Of::Table => (String::new(), "table"),
                Of::Index(name) => (format!("for index {name}, "), "index"),
            };
            return Err(Exception::LimitExceeded(format!(
                "The requested {access}CapacityUnits, {whose}{asked}, is above the per {per} maximum for the account in \
                 {region}. Per {per} maximum: {max}. Refer to the Amazon DynamoDB Developer Guide for current limits and how \
                 to request higher limits."
            )));
        }
        let beyond = if is_beyond(maxima(old.on_demand_max)[at], maxima(new.on_demand_max)[at]) {
            format!("Max{access}RequestUnits for OnDemandThroughput for {}", of.on_demand())
        } else if is_beyond(warm(old.warm)[at], warm(new.warm)[at]) {
            format!("{access}UnitsPerSecond for WarmThroughput for {}", of.warm())
        } else {
            continue;
        };
        return Err(Exception::LimitExceeded(format!(
            "Subscriber limit exceeded: Requested {beyond} exceeds TableMax{access}CapacityUnits of the account in region {region}"
        )));
    }
    Ok(())
}
