//! The one write path: it takes changes, commits them in one batch for each decision, and returns their outcomes.

use api::Exception;
use bytes::Bytes;
use expr::Condition;
use model::limits::ITEM_SIZE_MAX;
use storage::{Batch, KeyUse, Mode, Reads, TxError};
use tables::Table;
use tables::failure::write_failure;

use crate::allowance;
use crate::change::{Applied, Change, Refusal};
use crate::consumed::Consumed;
use crate::read::ITEM_MEMORY;
use crate::service::Service;
use crate::throttle::{Reserved, Throttled};

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
            Err(refusal) => {
                self.measure_refusal(&change.table, &refusal, on_failure);
                Err(refused(refusal, on_failure, ITEM_MEMORY).await)
            }
        }
    }

    /// As [`Service::write`], with the refusal as it was decided.
    pub(crate) async fn try_write(
        &self,
        change: &Change,
        table_name: &str,
        consumed: &mut Consumed,
    ) -> Result<Result<Applied, Refusal>, Exception> {
        self.admit_write(change, &mut Reserved::default())?;
        let apply = |reads: &Reads, batch: &mut Batch| {
            let (now_ms, row) = (self.clock.now_ms(), reads.values[0].as_ref());
            self.decide_change(change, now_ms, row, batch, &mut Reserved::default())
        };
        // Read, decided and written under the lock of the item's row: no other write comes between condition and change.
        let keys = [KeyUse::write(change.key.row.clone())];
        let made = self.engine.write(Mode::Plain, &keys, apply);
        // A conflict or a failure is no outcome: it consumes nothing.
        let outcome = in_turn(change.condition.as_ref(), made).await.map_err(|error| {
            if matches!(error, TxError::Conflict { .. }) {
                self.measure_conflict(&change.table);
            }
            write_failure(error)
        })?;
        self.note_written(&change.table);
        match &outcome {
            Ok(applied) => self.charge(&change.table, table_name, &applied.charge, change.accessed(), consumed),
            Err(refusal) => self.charge(&change.table, table_name, &refusal.charge(), change.accessed(), consumed),
        }
        Ok(outcome)
    }

    /// Measures a failed condition. That of an INSERT is an error of the request.
    pub(crate) fn measure_refusal(&self, table: &Table, refusal: &Refusal, on_failure: OnConditionFailure) {
        if matches!(refusal, Refusal::ConditionFailed { .. }) && on_failure != OnConditionFailure::Duplicate {
            self.measure_failed_condition(table);
        }
    }

    /// As [`Change::apply`]; refused also if an index that it changes has no units left. Nothing of a refused change is
    /// written, as the engine drops its batch.
    pub(crate) fn decide_change(
        &self,
        change: &Change,
        now_ms: u64,
        row: Option<&Bytes>,
        batch: &mut Batch,
        reserved: &mut Reserved,
    ) -> Result<Applied, Refusal> {
        let applied = change.apply(&self.secret, now_ms, row, batch)?;
        self.admit_entries(&change.table, &applied.charge, reserved).map_err(Refusal::Throttled)?;
        Ok(applied)
    }

    /// Makes several changes of different items, all in one batch. Changes that conflict with a transaction in flight, or that
    /// throughput does not suffice for, are left out; any other refusal refuses all. By place, the request calls their tables
    /// `table_names`.
    pub(crate) async fn write_each(
        &self,
        changes: &[Change],
        table_names: &[&str],
        consumed: &mut Consumed,
    ) -> Result<Vec<Result<Applied, LeftOut>>, Exception> {
        debug_assert_eq!(changes.len(), table_names.len());
        let mut done: Vec<Result<Applied, LeftOut>> = changes.iter().map(|_| Err(LeftOut::Conflict)).collect();
        let mut left = Vec::with_capacity(changes.len());
        let mut reserved = Reserved::default();
        for (at, change) in changes.iter().enumerate() {
            match self.admit_write(change, &mut reserved) {
                Ok(()) => left.push(at),
                Err(throttled) => done[at] = Err(LeftOut::Throttled(throttled)),
            }
        }
        while !left.is_empty() {
            match self.write_together(changes, &left, &mut done).await {
                Ok(()) => break,
                Err(TogetherError::LeftOut(at, why)) => done[left.remove(at)] = Err(why),
                Err(TogetherError::Refused(exception)) => return Err(exception),
            }
        }
        for ((change, table_name), done) in changes.iter().zip(table_names).zip(&done) {
            if let Err(LeftOut::Conflict) = done {
                self.measure_conflict(&change.table);
            }
            if let Ok(applied) = done {
                self.charge(&change.table, table_name, &applied.charge, change.accessed(), consumed);
            }
        }
        Ok(done)
    }

    async fn write_together(
        &self,
        changes: &[Change],
        chosen: &[usize],
        done: &mut [Result<Applied, LeftOut>],
    ) -> Result<(), TogetherError> {
        let keys: Vec<KeyUse> = chosen.iter().map(|at| KeyUse::write(changes[*at].key.row.clone())).collect();
        let apply = |reads: &Reads, batch: &mut Batch| {
            // The engine locks all rows before it decides, so the batch has the changes of one state.
            let (found, now_ms) = (chosen.iter().zip(&reads.values).enumerate(), self.clock.now_ms());
            let mut reserved = Reserved::default();
            let mut applied = Vec::with_capacity(chosen.len());
            for (place, (at, row)) in found {
                let one = self.decide_change(&changes[*at], now_ms, row.as_ref(), batch, &mut reserved);
                applied.push(one.map_err(|refusal| (place, refusal))?.forget_items());
            }
            Ok(applied)
        };
        match self.engine.write(Mode::Plain, &keys, apply).await {
            Ok(Ok(applied)) => {
                chosen.iter().zip(applied).for_each(|(at, applied)| done[*at] = Ok(applied));
                chosen.iter().for_each(|at| self.note_written(&changes[*at].table));
                Ok(())
            }
            Ok(Err((at, Refusal::Throttled(why)))) => Err(TogetherError::LeftOut(at, LeftOut::Throttled(why))),
            Ok(Err((_, refusal))) => Err(TogetherError::Refused(exception(refusal, OnConditionFailure::Hide))),
            Err(TxError::Conflict { key }) => Err(TogetherError::LeftOut(key, LeftOut::Conflict)),
            Err(error) => Err(TogetherError::Refused(write_failure(error))),
        }
    }
}

/// Why one of several changes is not made with the others.
#[derive(Debug)]
pub(crate) enum LeftOut {
    /// With a transaction in flight.
    Conflict,
    Throttled(Throttled),
}

enum TogetherError {
    /// The index, among the chosen ones, of the change that is to be left out.
    LeftOut(usize, LeftOut),
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
        Refusal::Throttled(throttled) => throttled.into(),
    }
}
