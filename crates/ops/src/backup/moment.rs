//! RestoreTableToPointInTime: a new table with the items that a table had at a moment. It is filled as a backup is made
//! (`fill`): the items are copied as they are, and what was changed behind the moment is undone.

use std::sync::Arc;

use api::{Exception, RestoreTableToPointInTimeInput, RestoreTableToPointInTimeOutput};
use auth::Caller;
use cluster::catalog::Work;
use tables::{FillPhase, Moment, NameUse, Place, Restore, Shown, Table, TableArn, TableStatus, rows, table_place};

use super::overrides::Overrides;
use crate::recovery::{Period, whole_second};
use crate::service::Service;

/// A moment that a request asks for, in milliseconds since 1970.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Asked {
    Latest,
    At(u64),
}

impl Service {
    /// # Errors
    /// DynamoDB's refusals: of the source, because it has no point-in-time recovery, of the moment, of the overrides, or because the
    /// table exists.
    pub(crate) async fn restore_table_to_point_in_time(
        &self,
        caller: &Caller,
        request: RestoreTableToPointInTimeInput,
    ) -> Result<RestoreTableToPointInTimeOutput, Exception> {
        let target = table_place(caller, &request.target_table_name, NameUse::Creation)?;
        let (account, region, name) = (target.account.to_owned(), target.region.to_owned(), target.name.to_owned());
        let asked = asked(&request)?;
        let source_name = source_name(&request)?.to_owned();
        self.catalog.refresh().await?;
        let source = self.restored_source(caller, &request, &source_name)?.definition.clone();
        let period = self.recovery_period(&source).await?.ok_or_else(|| {
            Exception::PointInTimeRecoveryUnavailable(format!(
                "Point in time recovery is not enabled for table '{}'",
                source.name
            ))
        })?;
        let (until_ms, at_ms) = moment(asked, period)?;
        let (sse, overrides) = (request.sse_specification_override.clone(), Overrides::of_moment(request.clone())?);
        let mut definition = overrides.apply(&source, self.clock.now_ms())?;
        (definition.account, definition.region, definition.name) = (account, region, name);
        definition.restore = Some(Restore {
            backup: 0,
            backup_arn: String::new(),
            source_arn: source.arn(),
            at_ms,
            moment: Some(Moment { source: source.table_id, until_ms, phase: FillPhase::Opening }),
        });
        let key = match &sse {
            Some(_) => self.new_table_key(caller, sse.as_ref(), &mut definition).await?,
            None => self.key_like(caller, "dynamodb:RestoreTableToPointInTime", source.table_id, &definition).await?,
        };
        let table = loop {
            // Locked from the checks to the write: of two restores into one table one succeeds, and the source is still there.
            let guard = self.catalog.lock().await?;
            self.check_target(&definition)?;
            let now = self.restored_source(caller, &request, &source_name)?;
            if now.id() != source.table_id || now.definition.recovery != source.recovery {
                return Err(tables::being_updated(&source.name));
            }
            drop(now);
            self.check_restores(&definition.account)?;
            self.catalog.check_quota(&self.settings.quotas, &definition)?;
            let definition = tables::Definition { table_id: guard.next_table_id(), ..definition.clone() };
            let key = key.clone().map(|key| (rows::table_key(definition.table_id), key));
            if let Ok(table) = self.catalog.create(&self.engine, guard, definition, key.into_iter().collect()).await? {
                break table;
            }
        };
        let (table_id, description) = (table.id(), self.describe(&table, Shown::AsIs).await?);
        // Background work waits until no request uses the table as it was created, and this would be a use.
        drop(table);
        self.catalog.start(Work::RestoreTable { table_id });
        if asked == Asked::Latest {
            // What is written after the answer is not in the table.
            if !self.wait_for_cut(table_id).await {
                self.delete_without_cut(table_id).await?;
            }
        }
        Ok(RestoreTableToPointInTimeOutput { table_description: Some(description) })
    }

    fn restored_source(
        &self,
        caller: &Caller,
        request: &RestoreTableToPointInTimeInput,
        name_or_arn: &str,
    ) -> Result<Arc<Table>, Exception> {
        let not_found = |place: Place<'_>| match request.source_table_arn {
            Some(_) => Exception::TableNotFound("Table not found".to_owned()),
            None => Exception::TableNotFound(format!("Table not found: {}", place.name)),
        };
        let place = table_place(caller, name_or_arn, NameUse::Lookup)?;
        let found = self.catalog.lookup(place)?.filter(|table| table.is_usable());
        found.filter(|table| table.definition.status != TableStatus::Creating).ok_or_else(|| not_found(place))
    }
}

/// The source by its name or ARN. Texts: captures.
fn source_name(request: &RestoreTableToPointInTimeInput) -> Result<&str, Exception> {
    match (&request.source_table_arn, &request.source_table_name) {
        (Some(_), Some(_)) => {
            Err(Exception::validation("Must provide exactly one of: sourceTableArn, sourceTableName"))
        }
        (Some(arn), None) if TableArn::parse(arn).is_none_or(|parsed| parsed.rest.is_some()) => {
            Err(Exception::validation("sourceTableArn is not a valid ARN"))
        }
        (Some(name), None) | (None, Some(name)) => Ok(name),
        (None, None) => Err(Exception::validation("The parameter 'TableName' is required")),
    }
}

/// Texts: captures.
fn asked(request: &RestoreTableToPointInTimeInput) -> Result<Asked, Exception> {
    match (request.restore_date_time, request.use_latest_restorable_time.unwrap_or(false)) {
        (Some(_), true) => Err(Exception::validation(
            "Invalid Request: Both RestoreDateTime and UseLatestRestorableTime cannot be set for point-in-time restore request. \
             Please set only one of them",
        )),
        (None, false) => Err(Exception::validation(
            "Invalid Request: Either one of RestoreDateTime or UseLatestRestorableTime must be specified, but not both",
        )),
        (None, true) => Ok(Asked::Latest),
        (Some(at), false) => Ok(Asked::At(whole_second(u64::try_from(at.epoch_ms).unwrap_or(0)))),
    }
}

/// The last change's time, if it is bounded, and the moment that is shown. Text: captured up to the second bound.
fn moment(asked: Asked, period: Period) -> Result<(Option<u64>, u64), Exception> {
    match asked {
        Asked::Latest => Ok((None, period.latest_ms)),
        Asked::At(at_ms) if (period.earliest_ms..=period.latest_ms).contains(&at_ms) => Ok((Some(at_ms), at_ms)),
        Asked::At(at_ms) => Err(Exception::InvalidRestoreTime(format!(
            "RestoreDateTime '{}' must be within EarliestRestorableDateTime '{}' and LatestRestorableDateTime '{}'",
            base::utc::rfc3339(at_ms),
            base::utc::rfc3339(period.earliest_ms),
            base::utc::rfc3339(period.latest_ms)
        ))),
    }
}
