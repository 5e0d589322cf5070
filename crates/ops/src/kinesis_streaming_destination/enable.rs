//! The interface of the delivery to Kinesis: the list of destinations, and the end of enabling one.

use std::sync::atomic::Ordering;

use api::{ApproximateCreationDateTimePrecision, Exception};
use cluster::catalog::Edit;
use tables::{Definition, DestinationStatus};

use crate::follow::{Consumer, ConsumerLease, FollowError, Followed, Start};
use crate::service::Service;

/// A destination that is in use.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KinesisDestination {
    pub consumer: Consumer,
    /// The table's.
    pub account: String,
    pub table_name: String,
    pub stream_arn: String,
    pub precision: ApproximateCreationDateTimePrecision,
    /// Whether it is still being enabled.
    pub is_enabling: bool,
    /// Whether the table's account may name the stream: the operator's rules may have changed since it did.
    pub is_allowed: bool,
    number: u32,
}

impl Service {
    /// Says that this process delivers to Kinesis. Without it no destination can be enabled.
    pub fn reaches_kinesis(&self) {
        self.reaches_kinesis.store(true, Ordering::Relaxed);
    }

    pub(super) fn check_reach(&self) -> Result<(), Exception> {
        if self.reaches_kinesis.load(Ordering::Relaxed) {
            return Ok(());
        }
        Err(Exception::validation(
            "Stator does not know where Kinesis is: start it with --kinesis-endpoint, such as \
             --kinesis-endpoint http://127.0.0.1:4566, or with the variable STATOR_KINESIS_ENDPOINT",
        ))
    }

    /// Changes whenever any table's definition changes (epoch).
    pub fn definitions_changes(&self) -> u64 {
        self.catalog.changes()
    }

    /// The destinations that are in use, of all tables.
    pub fn kinesis_destinations(&self) -> Vec<KinesisDestination> {
        let is_used = |definition: &Definition| definition.kinesis.all.iter().any(|own| own.status.is_on());
        let tables = self.catalog.table_ids(is_used).into_iter().filter_map(|id| self.catalog.by_id(id));
        let mut found = Vec::new();
        for table in tables.filter(|table| table.is_usable()) {
            let used = table.definition.kinesis.all.iter().filter(|own| own.status.is_on());
            found.extend(used.map(|own| KinesisDestination {
                consumer: Consumer { table_id: table.id(), name: own.consumer_name(), of: Followed::Table },
                account: table.definition.account.clone(),
                table_name: table.name().to_owned(),
                stream_arn: own.stream_arn.clone(),
                precision: own.precision.unwrap_or_default().into(),
                is_enabling: own.status == DestinationStatus::Enabling,
                is_allowed: self.settings.service_arns.allows(&table.definition.account, &own.stream_arn),
                number: own.number,
            }));
        }
        found
    }

    /// Completes the enabling of a destination, with success or failure: from then on changes are delivered. False while the
    /// log is not open on all nodes.
    ///
    /// # Errors
    /// If the destination does not exist any more, another node enables it, or the engine fails.
    pub async fn end_enabling(
        &self,
        destination: &KinesisDestination,
        lease: &ConsumerLease,
        reached: Result<(), String>,
    ) -> Result<bool, FollowError> {
        // Positions first, so that a destination that is active has them, also after a crash in between.
        if reached.is_ok() && !self.initialize(&destination.consumer, lease, Start::Latest).await? {
            return Ok(false);
        }
        // Locked from the read of the status on: the destination may have been disabled meanwhile.
        let guard = self.catalog.lock().await?;
        let table = self.catalog.by_id(destination.consumer.table_id).ok_or(FollowError::Gone)?;
        let mut definition = table.definition.clone();
        drop(table);
        let is_it = |own: &&mut tables::KinesisDestination| own.number == destination.number;
        let own = definition.kinesis.all.iter_mut().find(is_it).ok_or(FollowError::Gone)?;
        if own.status != DestinationStatus::Enabling {
            return Ok(true);
        }
        match reached {
            Ok(()) => own.status = DestinationStatus::Active,
            Err(problem) => (own.status, own.problem) = (DestinationStatus::EnableFailed, Some(problem)),
        }
        let puts = change_log::follow(&mut definition);
        self.catalog.replace(&self.engine, guard, definition, Edit { puts, ..Edit::default() }).await?;
        Ok(true)
    }
}
