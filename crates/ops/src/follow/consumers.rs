//! Adding a consumer to a table's log and removing it again, for features with consumers that no setting of the table implies.

use std::collections::BTreeMap;

use change_log::{self, Shard};
use cluster::catalog::Edit;
use storage::{DamagedRow, View};
use tables::Definition;

use super::position::{self, Positions};
use super::{Consumer, ConsumerState, FollowError, Followed, LogConsumer, ready};
use crate::service::Service;

/// Each trim of the log reads the position of each consumer.
pub(super) const CONSUMERS_MAX: usize = 32;

impl Service {
    /// Stores a consumer in the table's definition: its log is open from then on, and records are retained for the consumer. It
    /// reads as the consumer of this name, which begins once all nodes know of the log ([`Service::initialize`]). Adding it
    /// again changes nothing.
    ///
    /// # Errors
    /// If the table does not exist, another consumer has the name, or the engine fails.
    pub async fn add_log_consumer(&self, table_id: u64, consumer: LogConsumer) -> Result<(), FollowError> {
        if let Some(problem) = consumer.name_problem() {
            return Err(FollowError::Failed(problem.to_owned()));
        }
        self.change_consumers(table_id, |definition| {
            match definition.log_consumers().iter().find(|own| own.name == consumer.name) {
                Some(own) if *own == consumer => return Ok(false),
                Some(_) => {
                    return Err(FollowError::Failed(format!("the log has a consumer {} already", consumer.name)));
                }
                None if definition.log.consumers.iter().filter(|own| !own.is_of_copy()).count() >= CONSUMERS_MAX => {
                    return Err(FollowError::Failed(format!("the log has {CONSUMERS_MAX} consumers already")));
                }
                None => {}
            }
            definition.log.consumers.push(consumer.clone());
            Ok(true)
        })
        .await
    }

    /// Releases the records that are retained for a stored consumer, and deletes its positions in the background. The log is
    /// closed if no other consumer needs it. Removing a missing consumer changes nothing.
    ///
    /// # Errors
    /// If the table does not exist, or the engine fails.
    pub async fn remove_log_consumer(&self, table_id: u64, name: &str) -> Result<(), FollowError> {
        self.change_consumers(table_id, |definition| {
            let own = definition.log.consumers.iter_mut().find(|own| own.name == name);
            let own = own.filter(|own| own.state != ConsumerState::Removing);
            Ok(own.map(|own| own.state = ConsumerState::Removing).is_some())
        })
        .await
    }

    /// Changes the stored consumers of a table; `change` returns false if there is nothing to change.
    async fn change_consumers(
        &self,
        table_id: u64,
        change: impl FnOnce(&mut Definition) -> Result<bool, FollowError>,
    ) -> Result<(), FollowError> {
        // Locked from the read of the definition on: another change of it would be lost otherwise.
        let guard = self.catalog.lock().await?;
        let table = self.catalog.by_id(table_id).filter(|table| table.is_usable()).ok_or(FollowError::Gone)?;
        let mut definition = table.definition.clone();
        // Background work waits until no request uses the table as it was, and this would be a use.
        drop(table);
        if !change(&mut definition)? {
            return Ok(());
        }
        let puts = change_log::follow(&mut definition);
        definition.log.opening |= self.nodes.is_some() && !puts.is_empty();
        self.catalog.replace(&self.engine, guard, definition, Edit { puts, ..Edit::default() }).await?;
        Ok(())
    }
}

/// A consumer's position in each log. None: it has not begun, and may begin anywhere.
pub(crate) struct Passed(Option<BTreeMap<u32, u64>>);

impl Passed {
    /// The positions, and the damaged rows among them. A shard whose position is damaged has none: which of its records were taken
    /// is not known.
    pub(crate) async fn read(
        view: &dyn View,
        table_id: u64,
        name: &str,
        shards: &[Shard],
    ) -> Result<(Passed, Vec<DamagedRow>), FollowError> {
        let consumer = Consumer { table_id, name: name.to_owned(), of: Followed::Table };
        let Positions { next, damaged, .. } = position::all(view, &consumer).await?;
        Ok((Passed(next.map(|next| ready::passed(shards, &next))), damaged))
    }

    /// Those of an archive: up to a position in each log.
    pub(crate) fn up_to(archived: BTreeMap<u32, u64>) -> Passed {
        Passed(Some(archived.into_iter().map(|(log, last)| (log, last.saturating_add(1))).collect()))
    }

    /// How many of the records of a log up to this position were not taken.
    pub(crate) fn left_of(&self, log: u32, position: u64) -> u64 {
        let Some(passed) = &self.0 else { return position };
        passed.get(&log).map_or(0, |next| position.saturating_add(1).saturating_sub(*next))
    }

    /// Whether all records of a log up to this position were taken. They were if all shards of the log are done.
    pub(crate) fn has_taken(&self, log: u32, position: u64) -> bool {
        self.0.as_ref().is_some_and(|passed| passed.get(&log).is_none_or(|next| position < *next))
    }
}
