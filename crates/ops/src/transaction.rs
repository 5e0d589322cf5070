//! Transactions: several changes, all or none, under one token. TransactWriteItems and ExecuteTransaction use this path.
//!
//! The engine serializes: a transaction reads, decides and commits all its keys in one step, so conditions are evaluated
//! on one state, and no other operation sees a part of it. A key of another transaction in flight is a conflict, not a
//! wait. The client's token is in the same batch as the changes, so that it is stored exactly if they are made, and
//! survives a restart.

use std::collections::BTreeSet;

use api::{CancellationReason, Exception};
use bytes::Bytes;
use model::Item;
use model::codec::row::StoredItem;
use model::limits::{TRANSACTION_SIZE_MAX, TRANSACTION_TOKEN_MS};
use storage::{Batch, KeyUse, Mode, Reads, TxError};
use tables::Table;
use tables::failure::write_failure;

use crate::allowance;
use crate::capacity::{Charge, ReadKind};
use crate::change::{Applied, Change, Refusal};
use crate::consumed::Consumed;
use crate::fingerprint::{self};
use crate::service::Service;
use crate::throttle::{Reserved, Throttled, check_admitted, no_reason};
use crate::tokens::{Token, TokenRow};
use crate::write::{OnConditionFailure, in_turn};

/// What a large answer may take in memory: its items, and those again as JSON. Unit: bytes.
const ANSWER_MEMORY: usize = 3 * TRANSACTION_SIZE_MAX;

/// One action of a transaction.
#[derive(Debug)]
pub(crate) struct TransactionAction {
    /// The table as the request names it.
    pub table_name: String,
    pub change: Change,
    pub on_failure: OnConditionFailure,
}

/// The outcome of a transaction.
#[derive(Debug)]
pub(crate) enum TransactionDone {
    Made(Vec<Applied>),
    /// The token's row says that it was made before; with the sizes of the items that each action found.
    Replayed(Vec<usize>),
}

/// Why a transaction was not made.
enum NotMade {
    /// The token was first used for another request.
    OtherRequest,
    /// Whether it was made before cannot be known.
    TokenDamaged,
    /// By place, the refusals of its actions, and what each of them consumed.
    Refused(Vec<Option<Refusal>>, Vec<Charge>),
}

impl Service {
    pub(crate) async fn transact(
        &self,
        token: Option<&Token>,
        actions: &[TransactionAction],
        consumed: &mut Consumed,
    ) -> Result<TransactionDone, Exception> {
        if self.throttle.is_some() {
            let asked = actions.iter().map(|action| self.admit_write(&action.change, &mut Reserved::default()));
            self.check_admitted(actions.iter().map(|action| &*action.change.table), asked.collect(), consumed)?;
        }
        let first = usize::from(token.is_some());
        let token_key = token.map(|token| KeyUse::write(token.key.clone()));
        let keys: Vec<KeyUse> = token_key.into_iter().chain(actions.iter().map(key_use)).collect();
        let decide = |reads: &Reads, batch: &mut Batch| self.decide(token, actions, &reads.values, batch);
        let made = self.engine.write(Mode::Transaction, &keys, decide);
        let conditions = actions.iter().filter_map(|action| action.change.condition.as_ref());
        match in_turn(conditions, made).await {
            Ok(Ok(done)) => {
                // Queued for deletion after the commit: a crash in between leaves a row that the next load of tokens finds.
                if let (Some(token), TransactionDone::Made(_)) = (token, &done) {
                    self.tokens.remember(self.clock.now_ms() + TRANSACTION_TOKEN_MS, token.key.clone());
                }
                actions.iter().for_each(|action| self.note_written(&action.change.table));
                self.charge_transaction(actions, &done, consumed);
                Ok(done)
            }
            Ok(Err(NotMade::OtherRequest)) => Err(Exception::IdempotentParameterMismatch),
            Ok(Err(NotMade::TokenDamaged)) => Err(Exception::internal("the stored row of a client token is damaged")),
            Ok(Err(NotMade::Refused(refusals, charges))) => {
                for (action, charge) in actions.iter().zip(&charges) {
                    self.charge(&action.change.table, &action.table_name, charge, action.change.accessed(), consumed);
                }
                self.measure_refusals(&refusals, actions, consumed);
                allowance::read(shown_bytes(&refusals, actions), ANSWER_MEMORY).await?;
                Err(canceled(refusals, actions))
            }
            Err(TxError::Conflict { key }) if key < first => Err(Exception::TransactionInProgress),
            Err(TxError::Conflict { key }) => {
                self.measure_conflict(&actions[key - first].change.table);
                Err(conflict(actions.len(), key - first))
            }
            Err(other) => Err(write_failure(other)),
        }
    }

    /// Cancels a transaction if some of its actions, each with its table, are not admitted.
    pub(crate) fn check_admitted<'t>(
        &self,
        tables: impl Iterator<Item = &'t Table>,
        admitted: Vec<Result<(), Throttled>>,
        consumed: &Consumed,
    ) -> Result<(), Exception> {
        let refused = tables.zip(&admitted).filter(|(_, admitted)| admitted.is_err()).map(|(table, _)| table);
        self.measure_throttled_tables(refused, consumed);
        check_admitted(admitted)
    }

    /// A table of several refused actions has one refused request.
    fn measure_throttled_tables<'t>(&self, refused: impl Iterator<Item = &'t Table>, consumed: &Consumed) {
        let mut measured = BTreeSet::new();
        for table in refused {
            if measured.insert(table.id()) {
                self.measure_throttled_request(table, consumed.operation());
            }
        }
    }

    fn measure_refusals(&self, refusals: &[Option<Refusal>], actions: &[TransactionAction], consumed: &Consumed) {
        let refused = || {
            let refused = refusals.iter().zip(actions);
            refused.filter_map(|(refusal, action)| Some((refusal.as_ref()?, action)))
        };
        refused().for_each(|(refusal, action)| self.measure_refusal(&action.change.table, refusal, action.on_failure));
        let throttled = refused().filter(|(refusal, _)| matches!(refusal, Refusal::Throttled(_)));
        self.measure_throttled_tables(throttled.map(|(_, action)| &*action.change.table), consumed);
    }

    fn decide(
        &self,
        token: Option<&Token>,
        actions: &[TransactionAction],
        stored: &[Option<Bytes>],
        batch: &mut Batch,
    ) -> Result<TransactionDone, NotMade> {
        let (token_row, items) = stored.split_at(usize::from(token.is_some()));
        let now = self.clock.now_ms();
        // The token's row is locked with the items: of two requests with one token the later one finds the earlier one's row.
        if let (Some(token), Some(Some(row))) = (token, token_row.first()) {
            // An unreadable row may be this transaction's own: to apply it again would apply it twice.
            let known = TokenRow::read(row).ok_or(NotMade::TokenDamaged)?;
            if known.expires_ms > now {
                return match known.is_of(token, actions.len()) {
                    true => Ok(TransactionDone::Replayed(known.sizes)),
                    false => Err(NotMade::OtherRequest),
                };
            }
        }
        let mut applied = Vec::with_capacity(actions.len());
        let mut sizes = Vec::with_capacity(actions.len());
        let mut refusals = Vec::with_capacity(actions.len());
        let mut charges = Vec::with_capacity(actions.len());
        for (action, stored) in actions.iter().zip(items) {
            match self.decide_change(&action.change, now, stored.as_ref(), batch, &mut Reserved::default()) {
                Ok(mut done) => {
                    charges.push(done.charge.in_canceled_transaction());
                    done.charge = done.charge.in_transaction();
                    sizes.push(done.size());
                    applied.push(done.forget_items());
                    refusals.push(None);
                }
                Err(refusal) => {
                    charges.push(refusal.charge().in_canceled_transaction());
                    refusals.push(Some(refusal));
                }
            }
        }
        if refusals.iter().any(Option::is_some) {
            return Err(NotMade::Refused(refusals, charges));
        }
        if let Some(token) = token {
            let (fingerprint, version) = (token.fingerprint, fingerprint::VERSION);
            let row = TokenRow { fingerprint, version, expires_ms: now + TRANSACTION_TOKEN_MS, sizes };
            batch.put(token.key.clone(), row.write());
            // A token is the caller's data: when storage is short it is accepted only with a delete.
            batch.grows = !batch.deletes_items();
        }
        Ok(TransactionDone::Made(applied))
    }

    /// Charges what a transaction consumed. A replay consumes as much as reading the written items.
    fn charge_transaction(&self, actions: &[TransactionAction], done: &TransactionDone, consumed: &mut Consumed) {
        for (at, action) in actions.iter().enumerate() {
            let replayed;
            let charge = match done {
                TransactionDone::Made(applied) => &applied[at].charge,
                TransactionDone::Replayed(sizes) => {
                    replayed = Charge::of_read(ReadKind::Transactional, sizes.get(at).copied().unwrap_or(0));
                    &replayed
                }
            };
            let accessed = action.change.accessed();
            self.charge(&action.change.table, &action.table_name, charge, accessed, consumed);
        }
    }
}

fn key_use(action: &TransactionAction) -> KeyUse {
    let key = action.change.key.row.clone();
    match action.change.action {
        crate::change::Action::Check => KeyUse::read(key),
        _ => KeyUse::write(key),
    }
}

pub(crate) fn reason(code: &str, message: impl Into<String>, item: Option<Item>) -> CancellationReason {
    CancellationReason { code: Some(code.to_owned()), message: Some(message.into()), item }
}

/// A transaction of `count` actions that fails because of one of them.
pub(crate) fn canceled_by(count: usize, at: usize, reason: CancellationReason) -> Exception {
    let mut reasons: Vec<CancellationReason> = (0..count).map(|_| no_reason()).collect();
    reasons[at] = reason;
    Exception::TransactionCanceled { reasons }
}

fn conflict(count: usize, at: usize) -> Exception {
    canceled_by(count, at, reason("TransactionConflict", "Transaction is ongoing for the item", None))
}

/// The size of the items that a refusal returns. Unit: bytes.
fn shown_bytes(refusals: &[Option<Refusal>], actions: &[TransactionAction]) -> usize {
    let shown = refusals.iter().zip(actions).filter(|(_, action)| action.on_failure == OnConditionFailure::ShowItem);
    let sizes = shown.map(|(refusal, _)| match refusal {
        Some(Refusal::ConditionFailed { old }) => old.as_ref().map_or(0, StoredItem::size),
        _ => 0,
    });
    sizes.sum()
}

/// Every failed condition is reported in its place; of updates that cannot be applied only the first.
fn canceled(refusals: Vec<Option<Refusal>>, actions: &[TransactionAction]) -> Exception {
    let mut reasons = Vec::with_capacity(refusals.len());
    let mut invalid_seen = false;
    for (refusal, action) in refusals.into_iter().zip(actions) {
        reasons.push(match refusal {
            None => no_reason(),
            Some(Refusal::ConditionFailed { .. }) if action.on_failure == OnConditionFailure::Duplicate => {
                reason("DuplicateItem", Exception::DuplicateItem.to_string(), None)
            }
            Some(Refusal::ConditionFailed { old }) => {
                let shown = old.filter(|_| action.on_failure == OnConditionFailure::ShowItem);
                reason("ConditionalCheckFailed", "The conditional request failed", shown.map(|old| old.item()))
            }
            Some(Refusal::Key(problem)) if !problem.cancels() => return problem.into(),
            Some(Refusal::Invalid(_) | Refusal::Key(_)) if invalid_seen => no_reason(),
            Some(Refusal::Key(problem)) => {
                invalid_seen = true;
                reason("ValidationError", problem.to_string(), None)
            }
            Some(Refusal::Invalid(text)) => {
                invalid_seen = true;
                reason("ValidationError", text, None)
            }
            Some(Refusal::Damaged(text)) => return Exception::internal(text),
            Some(Refusal::Throttled(throttled)) => throttled.into_cancellation(),
        });
    }
    Exception::TransactionCanceled { reasons }
}
