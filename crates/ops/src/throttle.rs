//! Enforcement of throughput (`--enforce-throughput`): which bucket bounds an access, and the refusals.
//!
//! | billing | bounded by |
//! |---|---|
//! | PROVISIONED | the units of the table, or of the global index |
//! | PAY_PER_REQUEST | the maximum of on-demand throughput, if there is one |
//!
//! Reads and writes of local indexes count with the table. A write is refused also if its entry in a global index changes and
//! that index has no units left: the index's back-pressure. Several nodes of a database share a rate by equal parts.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use api::{CancellationReason, Exception, ThrottlingReason};
use tables::buckets::{BALANCE_PER_UNIT, BucketId};
use tables::{IndexKind, TABLE, Table};

use crate::capacity::{Access, Charge};

/// Thousandths of a unit, as rates are counted.
const RATE_PER_UNIT: i64 = 1_000;

/// The state of a server that enforces throughput; the buckets are the tables' own.
#[derive(Debug)]
pub(crate) struct Throttle {
    /// That use the database, this one included.
    nodes: AtomicU32,
    /// Requests that were refused as a whole.
    requests: AtomicU64,
    /// Refused parts of requests, by [`Limit::place`].
    events: [AtomicU64; LIMITS],
}

/// What a server has refused since its start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ThrottleStats {
    pub requests: u64,
    /// By the reason, as exceptions name it.
    pub events: Vec<(String, u64)>,
}

/// Why an access is refused.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Throttled {
    cause: Cause,
    reason: ThrottlingReason,
}

/// The setting that bounds an access.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Cause {
    Provisioned,
    OnDemandMax,
}

/// The kind of a bucket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Limit {
    is_index: bool,
    access: Access,
    cause: Cause,
}

const LIMITS: usize = 8;

impl Limit {
    fn all() -> impl Iterator<Item = Limit> {
        let causes = [Cause::Provisioned, Cause::OnDemandMax];
        let of_access = move |is_index, access| causes.map(|cause| Limit { is_index, access, cause });
        [(false, Access::Read), (false, Access::Write), (true, Access::Read), (true, Access::Write)]
            .into_iter()
            .flat_map(move |(is_index, access)| of_access(is_index, access))
    }

    fn place(self) -> usize {
        let (access, cause) = (self.access == Access::Write, self.cause == Cause::OnDemandMax);
        usize::from(self.is_index) * 4 + usize::from(access) * 2 + usize::from(cause)
    }

    fn name(self) -> String {
        let resource = if self.is_index { "Index" } else { "Table" };
        let access = if self.access == Access::Read { "Read" } else { "Write" };
        let cause = match self.cause {
            Cause::Provisioned => "ProvisionedThroughputExceeded",
            Cause::OnDemandMax => "MaxOnDemandThroughputExceeded",
        };
        format!("{resource}{access}{cause}")
    }
}

/// What the earlier parts of a request will take at least, as they are debited only when it is done. Unit: of balances.
#[derive(Debug, Default)]
pub(crate) struct Reserved(Vec<(u64, BucketId, i64)>);

impl Reserved {
    fn of(&self, table_id: u64, id: BucketId) -> i64 {
        let own = self.0.iter().filter(|(table, own, _)| (*table, *own) == (table_id, id));
        own.map(|(_, _, units)| units).sum()
    }
}

/// A bucket, and the rate that fills it.
struct Bounded {
    id: BucketId,
    rate: i64,
    limit: Limit,
}

impl Throttle {
    pub(crate) fn new() -> Throttle {
        Throttle { nodes: AtomicU32::new(1), requests: AtomicU64::new(0), events: Default::default() }
    }

    pub(crate) fn set_nodes(&self, nodes: usize) {
        self.nodes.store(u32::try_from(nodes).unwrap_or(u32::MAX).max(1), Ordering::Relaxed);
    }

    #[cfg(test)]
    pub(crate) fn nodes(&self) -> u32 {
        self.nodes.load(Ordering::Relaxed)
    }

    /// Counts a request that was refused as a whole.
    pub(crate) fn note(&self, refusal: &Exception) {
        let canceled = |reason: &CancellationReason| reason.code.as_deref().is_some_and(is_throttle_code);
        let is_throttled = match refusal {
            Exception::TransactionCanceled { reasons } => reasons.iter().any(canceled),
            refusal => !refusal.throttling_reasons().is_empty(),
        };
        if is_throttled {
            self.requests.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn stats(&self) -> ThrottleStats {
        let event = |limit: Limit| (limit.name(), self.events[limit.place()].load(Ordering::Relaxed));
        ThrottleStats { requests: self.requests.load(Ordering::Relaxed), events: Limit::all().map(event).collect() }
    }

    /// Admits an access to the table, or to one of its global indexes, that takes at least `units` more. Returns the units
    /// that are left of its bucket; infinitely many if nothing bounds the access.
    pub(crate) fn admit(
        &self,
        table: &Table,
        index: Option<&str>,
        access: Access,
        units: f64,
        reserved: &mut Reserved,
        now_ms: u64,
    ) -> Result<f64, Throttled> {
        let Some(Bounded { id, rate, limit }) = self.bounded(table, index, access) else { return Ok(f64::INFINITY) };
        let balance = table.buckets.balance(id, rate, now_ms, |index| is_known(table, index));
        let left = balance.saturating_sub(reserved.of(table.id(), id));
        if left > 0 {
            reserved.0.push((table.id(), id, balance_of(units)));
            return Ok(left as f64 / BALANCE_PER_UNIT);
        }
        self.events[limit.place()].fetch_add(1, Ordering::Relaxed);
        let resource = index.map_or_else(|| table.arn.clone(), |index| format!("{}/index/{index}", table.arn));
        let reason = ThrottlingReason { reason: Some(limit.name()), resource: Some(resource) };
        Err(Throttled { cause: limit.cause, reason })
    }

    /// Takes what an access consumed.
    pub(crate) fn debit(&self, table: &Table, charge: &Charge, now_ms: u64) {
        let of_indexes = |kind| charge.indexes.iter().filter(move |part| part.kind == kind);
        let of_table = charge.table + of_indexes(IndexKind::Local).map(|part| part.units).sum::<f64>();
        let take = |index: Option<&str>, units: f64| {
            if let Some(Bounded { id, rate, .. }) = self.bounded(table, index, charge.access).filter(|_| units > 0.0) {
                table.buckets.debit(id, rate, now_ms, balance_of(units), |index| is_known(table, index));
            }
        };
        take(None, of_table);
        of_indexes(IndexKind::Global).for_each(|part| take(Some(&part.name), part.units));
    }

    /// The bucket that bounds an access to the table or to one of its global indexes.
    fn bounded(&self, table: &Table, index: Option<&str>, access: Access) -> Option<Bounded> {
        let definition = &table.definition;
        let (id, provisioned, most) = match index {
            None => (TABLE, definition.billing.provisioned(), definition.on_demand_max),
            Some(name) => {
                let index = definition.global_indexes.iter().find(|index| index.name == name)?;
                (index.id, index.provisioned, index.on_demand_max)
            }
        };
        let (units, cause) = match (provisioned, access) {
            (Some(units), Access::Read) => (Some(units.read_units), Cause::Provisioned),
            (Some(units), Access::Write) => (Some(units.write_units), Cause::Provisioned),
            (None, Access::Read) => (most.read_units, Cause::OnDemandMax),
            (None, Access::Write) => (most.write_units, Cause::OnDemandMax),
        };
        let nodes = i64::from(self.nodes.load(Ordering::Relaxed));
        let rate = units?.saturating_mul(RATE_PER_UNIT) / nodes;
        let limit = Limit { is_index: index.is_some(), access, cause };
        Some(Bounded { id: BucketId { index: id, is_write: access == Access::Write }, rate, limit })
    }
}

fn is_known(table: &Table, index: u32) -> bool {
    index == TABLE || table.definition.global_indexes.iter().any(|own| own.id == index)
}

fn balance_of(units: f64) -> i64 {
    (units * BALANCE_PER_UNIT) as i64
}

const PROVISIONED_CODE: &str = "ProvisionedThroughputExceeded";
const THROTTLING_CODE: &str = "ThrottlingError";

fn is_throttle_code(code: &str) -> bool {
    [PROVISIONED_CODE, THROTTLING_CODE].contains(&code)
}

/// The reason of an action that did not cancel the transaction.
pub(crate) fn no_reason() -> CancellationReason {
    CancellationReason { code: Some("None".to_owned()), message: None, item: None }
}

/// Cancels a transaction if some of its actions are not admitted, with a reason for each of them.
pub(crate) fn check_admitted(admitted: Vec<Result<(), Throttled>>) -> Result<(), Exception> {
    if admitted.iter().all(Result::is_ok) {
        return Ok(());
    }
    let reason = |admitted: Result<(), Throttled>| match admitted {
        Ok(()) => no_reason(),
        Err(throttled) => throttled.into_cancellation(),
    };
    Err(Exception::TransactionCanceled { reasons: admitted.into_iter().map(reason).collect() })
}

impl Throttled {
    /// The limit, and the table or index.
    pub(crate) fn reason(&self) -> &ThrottlingReason {
        &self.reason
    }

    /// As a transaction reports it for one of its actions.
    pub(crate) fn into_cancellation(self) -> CancellationReason {
        let code = match self.cause {
            Cause::Provisioned => PROVISIONED_CODE,
            Cause::OnDemandMax => THROTTLING_CODE,
        };
        let message = Some(Exception::from(self).to_string());
        CancellationReason { code: Some(code.to_owned()), message, item: None }
    }
}

impl From<Throttled> for Exception {
    fn from(throttled: Throttled) -> Exception {
        let reasons = vec![throttled.reason];
        match throttled.cause {
            Cause::Provisioned => Exception::ProvisionedThroughputExceeded { reasons },
            Cause::OnDemandMax => Exception::Throttling { reasons },
        }
    }
}

#[cfg(test)]
mod tests;
