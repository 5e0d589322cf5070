//! The one write path: it takes changes, commits them in one batch for each decision, and returns their outcomes.

use api::Exception;
use expr::Condition;
use model::limits::ITEM_SIZE_MAX;
use storage::{Batch, KeyUse, Mode, Reads, TxError};
use tables::failure::write_failure;

use crate::allowance;
use crate::capacity::Consumed;
use crate::change::{Applied, Change, Refusal};
use crate::read::ITEM_MEMORY;
use crate::service::Service;

/// A condition that reads its item more often may occupy a CPU.
const LOOKS_FEW: usize = 12;
/// What one read of the item counts, as its size is not known yet. Unit: bytes.
const ITEM_LOOK: usize = ITEM_SIZE_MAX / 8;

/// Makes changes under these conditions. Conditions that read their items often wait for a CPU permit.
pub(crate) async fn in_turn<'c, F: Future>(conditions: impl IntoIterator<Item = &'c Condition>, made: F) -> F::Output {
    let looks: usize = conditions.into_iter().map(Condition::looks).sum();
    if looks > LOOKS_FEW { allowance::heavy(looks * ITEM_LOOK, made).await } else { made.await }
}

/// What a failed condition returns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OnConditionFailure {
    Hide,
    /// The item that it was evaluated on.
    ShowItem,
    /// It was an INSERT's: the item exists already.
    Duplicate,
}

impl OnConditionFailure {
    pub(crate) fn of(asked: Option<api::ReturnValuesOnConditionCheckFailure>) -> OnConditionFailure {
        match asked {
            Some(api::ReturnValuesOnConditionCheckFailure::AllOld) => OnConditionFailure::ShowItem,
            _ => OnConditionFailure::Hide,
        }
    }
}

impl Service {
    /// Makes one change, of a table that the request calls `table_name`.
    pub(crate) async fn write(
        &self,
        change: &Change,
        on_failure: OnConditionFailure,
        table_name: &str,
        consumed: &mut Consumed,
    ) -> Result<Applied, Exception> {
        match self.try_write(change, table_name, consumed).await? {
            Ok(applied) => Ok(applied),
            Err(refusal) => Err(refused(refusal, on_failure, ITEM_MEMORY).await),
        }
    }

    /// As [`Service::write`], with the refusal as it was decided.
    pub(crate) async fn try_write(
        &self,
        change: &Change,
        table_name: &str,
        consumed: &mut Consumed,
    ) -> Result<Result<Applied, Refusal>, Exception> {
        let apply = |reads: &Reads, batch: &mut Batch| {
            change.apply(&self.secret, self.clock.now_ms(), reads.values[0].as_ref(), batch)
        };
        // Read, decided and written under the lock of the item's row: no other write comes between condition and change.
        let keys = [KeyUse::write(change.key.row.clone())];
        let made = self.engine.write(Mode::Plain, &keys, apply);
        // A conflict or a failure is no outcome: it consumes nothing.
        let outcome = in_turn(change.condition.as_ref(), made).await.map_err(write_failure)?;
        match &outcome {
            Ok(applied) => self.charge(&change.table, table_name, &applied.charge, consumed),
            Err(refusal) => self.charge(&change.table, table_name, &refusal.charge(), consumed),
        }
        Ok(outcome)
    }

    /// Makes several changes of different items, all in one batch. Changes that conflict with a transaction in flight are left
    /// out and returned as `None`; any other refusal refuses all. By place, the request calls their tables `table_names`.
    pub(crate) async fn write_each(
        &self,
        changes: &[Change],
        table_names: &[&str],
        consumed: &mut Consumed,
    ) -> Result<Vec<Option<Applied>>, Exception> {
        debug_assert_eq!(changes.len(), table_names.len());
        let mut done: Vec<Option<Applied>> = changes.iter().map(|_| None).collect();
        let mut left: Vec<usize> = (0..changes.len()).collect();
        while !left.is_empty() {
            match self.write_together(changes, &left, &mut done).await {
                Ok(()) => break,
                Err(TogetherError::Conflict(at)) => drop(left.remove(at)),
                Err(TogetherError::Refused(exception)) => return Err(exception),
            }
        }
        for (at, slot) in done.iter_mut().enumerate() {
            if !left.contains(&at) {
                *slot = None;
            }
        }
        for ((change, table_name), done) in changes.iter().zip(table_names).zip(&done) {
            if let Some(applied) = done {
                self.charge(&change.table, table_name, &applied.charge, consumed);
            }
        }
        Ok(done)
    }

    async fn write_together(
        &self,
        changes: &[Change],
        chosen: &[usize],
        done: &mut [Option<Applied>],
    ) -> Result<(), TogetherError> {
        let keys: Vec<KeyUse> = chosen.iter().map(|at| KeyUse::write(changes[*at].key.row.clone())).collect();
        let apply = |reads: &Reads, batch: &mut Batch| {
            // The engine locks all rows before it decides, so the batch has the changes of one state.
            let (found, now_ms) = (chosen.iter().zip(&reads.values), self.clock.now_ms());
            let applied = found.map(|(at, row)| changes[*at].apply(&self.secret, now_ms, row.as_ref(), batch));
            applied.map(|applied| applied.map(Applied::forget_items)).collect::<Result<Vec<Applied>, Refusal>>()
        };
        match self.engine.write(Mode::Plain, &keys, apply).await {
            Ok(Ok(applied)) => {
                chosen.iter().zip(applied).for_each(|(at, applied)| done[*at] = Some(applied));
                Ok(())
            }
            Ok(Err(refusal)) => Err(TogetherError::Refused(exception(refusal, OnConditionFailure::Hide))),
            Err(TxError::Conflict { key }) => Err(TogetherError::Conflict(key)),
            Err(error) => Err(TogetherError::Refused(write_failure(error))),
        }
    }
}

enum TogetherError {
    /// The index, among the chosen ones, of the change that conflicts with a transaction.
    Conflict(usize),
    Refused(Exception),
}

/// As [`exception`], for a write that was refused: the item that it returns counts towards the request's memory, of which the
/// request's answers may take `most`.
pub(crate) async fn refused(refusal: Refusal, on_failure: OnConditionFailure, most: usize) -> Exception {
    let bytes = match &refusal {
        Refusal::ConditionFailed { old: Some(old) } if on_failure == OnConditionFailure::ShowItem => old.size(),
        _ => 0,
    };
    match allowance::read(bytes, most).await {
        Ok(()) => exception(refusal, on_failure),
        // Nothing was written: the client may retry.
        Err(throttled) => throttled,
    }
}

/// A refusal as the exception of an operation on one item.
pub(crate) fn exception(refusal: Refusal, on_failure: OnConditionFailure) -> Exception {
    match refusal {
        Refusal::ConditionFailed { .. } if on_failure == OnConditionFailure::Duplicate => Exception::DuplicateItem,
        Refusal::ConditionFailed { old } => Exception::ConditionalCheckFailed {
            item: old.filter(|_| on_failure == OnConditionFailure::ShowItem).map(|old| old.item()),
        },
        Refusal::Invalid(text) => Exception::validation(text),
        Refusal::Key(problem) => problem.into(),
        Refusal::Damaged(text) => Exception::internal(text),
    }
}
