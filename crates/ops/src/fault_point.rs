//! The one point where faults of rules (`faults`) are decided: the gate asks here for each request, once its caller may have it
//! executed.

use api::{
    BatchGetItemInput, BatchGetItemOutput, BatchWriteItemInput, BatchWriteItemOutput, Exception, KeysAndAttributes,
    Operation,
};
use auth::Caller;
use tables::Place;

use crate::faults::{Faults, Injection, Target};
use crate::permission::Asks;
use crate::service::Service;

/// A fault, and the tables of its request.
pub(crate) struct Decided {
    pub(crate) injection: Injection,
    targets: Vec<Target>,
}

impl Service {
    /// The rules in force; none without `--faults`.
    pub fn faults(&self) -> Option<&Faults> {
        self.settings.faults.as_deref()
    }

    /// The fault of a request, if a rule fires for it.
    pub(crate) fn decide_fault<R: Asks>(
        &self,
        faults: &Faults,
        caller: &Caller,
        operation: Operation,
        request: &R,
    ) -> Option<Decided> {
        let targets = self.targets(caller, operation, request, faults.looks_at_keys()?);
        Some(Decided { injection: faults.decide(operation, &targets)?, targets })
    }

    /// Logs and counts a fault that a request has had.
    pub(crate) fn note_fault(&self, faults: &Faults, operation: Operation, decided: &Decided) {
        let Decided { injection, targets } = decided;
        let mut names: Vec<&str> = targets.iter().map(|target| target.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        faults.note(operation, injection, &names.join(", "));
        let Some(measures) = self.measures.as_ref().filter(|_| injection.effect.is_some()) else { return };
        for name in names {
            let Some(target) = targets.iter().find(|target| target.name == name) else { continue };
            let place = Place { account: &target.account, region: &target.region, name };
            // No series of a name that is no table's.
            if self.catalog.find(place).is_some() {
                let dimensions = [("TableName", name), ("Operation", operation.name())];
                measures.record(place, "FaultInjectionServiceInducedErrors", &dimensions, 1.0);
            }
        }
    }
}

/// In place of an answer that is not sent. Only a caller without a connection gets it.
pub(crate) fn dropped() -> Exception {
    Exception::ServiceUnavailable("A fault rule drops the connection.".to_owned())
}

/// How many of so many parts of a batch are not processed: the share of them, at least one, and never all.
fn withheld(parts: usize, share: f64) -> usize {
    let count = (parts as f64 * share).ceil() as usize;
    count.clamp(1, parts.saturating_sub(1).max(1))
}

/// A batch's last parts, which are left out and returned as unprocessed.
pub(crate) mod parts {
    use super::*;

    pub(crate) mod keys {
        use super::*;

        pub(crate) fn withhold(request: &mut BatchGetItemInput, share: f64) -> BatchGetItemInput {
            let parts = request.request_items.values().map(|asked| asked.keys.len()).sum();
            let (mut left, mut rest) = (withheld(parts, share), BatchGetItemInput::default());
            for (name, asked) in request.request_items.iter_mut().rev() {
                let keys = asked.keys.split_off(asked.keys.len().saturating_sub(left));
                left -= keys.len();
                if !keys.is_empty() {
                    let of_table = KeysAndAttributes { keys, ..asked.clone() };
                    rest.request_items.insert(name.clone(), of_table);
                }
            }
            request.request_items.retain(|_, asked| !asked.keys.is_empty());
            rest
        }

        pub(crate) fn give_back(response: &mut BatchGetItemOutput, rest: BatchGetItemInput) {
            let unprocessed = response.unprocessed_keys.get_or_insert_default();
            for (name, asked) in rest.request_items {
                match unprocessed.get_mut(&name) {
                    Some(own) => own.keys.extend(asked.keys),
                    None => drop(unprocessed.insert(name, asked)),
                }
            }
        }
    }

    pub(crate) mod writes {
        use super::*;

        pub(crate) fn withhold(request: &mut BatchWriteItemInput, share: f64) -> BatchWriteItemInput {
            let parts = request.request_items.values().map(Vec::len).sum();
            let (mut left, mut rest) = (withheld(parts, share), BatchWriteItemInput::default());
            for (name, writes) in request.request_items.iter_mut().rev() {
                let withheld = writes.split_off(writes.len().saturating_sub(left));
                left -= withheld.len();
                if !withheld.is_empty() {
                    rest.request_items.insert(name.clone(), withheld);
                }
            }
            request.request_items.retain(|_, writes| !writes.is_empty());
            rest
        }

        pub(crate) fn give_back(response: &mut BatchWriteItemOutput, rest: BatchWriteItemInput) {
            let unprocessed = response.unprocessed_items.get_or_insert_default();
            for (name, writes) in rest.request_items {
                unprocessed.entry(name).or_default().extend(writes);
            }
        }
    }
}
