//! What a decoded request names and does (`aws::RequestFacts`): the resources that permission asks about, and nothing else of
//! the request.

use api::{BatchExecuteStatementInput, Exception, Operation};
use auth::Caller;
use aws::{NamedResource, RequestFacts, ResourceAccess};
use tables::{NameUse, canonical_arn, table_place};

use super::action::Action;
use super::{Asked, Asking, Asks, Resource, global_table_arn, replica_arn, statements};
use crate::service::Service;

impl Service {
    /// What a request names and does.
    pub fn facts<R: Asks>(&self, caller: &Caller, operation: Operation, request: &R) -> RequestFacts {
        let mut asking = Asking::new(self, operation);
        // A request that cannot be asked about is refused before anything is done; what it named before that counts.
        let _ = request.names(&mut asking);
        RequestFacts {
            accesses: asking.asked.iter().map(|asked| access(caller, asked)).collect(),
            parameters: asking.parameters.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
        }
    }
}

fn access(caller: &Caller, asked: &Asked<'_>) -> ResourceAccess {
    let name = asked.action.name();
    let table = |name: &str, index: Option<&str>| NamedResource::Table {
        table: name.to_owned(),
        index: index.map(str::to_owned),
    };
    ResourceAccess {
        action: name.split_once(':').map_or(name, |(_, name)| name),
        writes: !is_read(asked.action),
        resource: match &asked.resource {
            Resource::Any | Resource::Tables | Resource::Streams(None) => NamedResource::None,
            Resource::Streams(Some(name)) => table(name, None),
            Resource::Table(name) => table(name, None),
            Resource::Index(name, index) => table(name, Some(index)),
            Resource::Arn(arn) => NamedResource::Arn((*arn).to_owned()),
            Resource::Replica { name, region } => {
                replica_arn(caller, name, region).map_or(NamedResource::None, NamedResource::Arn)
            }
            Resource::GlobalTable(name) => NamedResource::Arn(global_table_arn(caller, name)),
        },
        arn: arn(caller, &asked.resource),
    }
}

/// The ARN of the table or the stream, as permission sees it.
fn arn(caller: &Caller, resource: &Resource<'_>) -> Option<String> {
    let of_table = |name| table_place(caller, name, NameUse::Lookup).ok().map(|place| place.arn());
    match resource {
        Resource::Any | Resource::Tables | Resource::Streams(None) => None,
        Resource::Streams(Some(name)) => of_table(name),
        Resource::Table(name) | Resource::Index(name, _) => of_table(name),
        Resource::Arn(text) => canonical_arn(caller, text),
        Resource::Replica { name, region } => replica_arn(caller, name, region),
        Resource::GlobalTable(name) => Some(global_table_arn(caller, name)),
    }
}

/// The access levels List and Read. Source: Service Authorization Reference.
pub(super) fn is_read(action: Action) -> bool {
    use Action::*;
    matches!(
        action,
        BatchGetItem
            | ConditionCheckItem
            | DescribeBackup
            | DescribeBulkOperation
            | DescribeContinuousBackups
            | DescribeContributorInsights
            | DescribeEndpoints
            | DescribeExport
            | DescribeGlobalTable
            | DescribeGlobalTableSettings
            | DescribeImport
            | DescribeKinesisStreamingDestination
            | DescribeLimits
            | DescribeStream
            | DescribeTable
            | DescribeTableReplicaAutoScaling
            | DescribeTimeToLive
            | GetItem
            | GetRecords
            | GetResourcePolicy
            | GetShardIterator
            | ListBackups
            | ListBulkOperations
            | ListContributorInsights
            | ListExports
            | ListGlobalTables
            | ListImports
            | ListStreams
            | ListTables
            | ListTagsOfResource
            | PartiQLSelect
            | Query
            | Scan
    )
}

/// A batch asks about each statement by itself, and a statement that cannot be parsed does not hide the others.
impl Asks for BatchExecuteStatementInput {
    fn ask<'a>(&'a self, _: &mut Asking<'a>) -> Result<(), Exception> {
        Ok(())
    }

    fn names<'a>(&'a self, asking: &mut Asking<'a>) -> Result<(), Exception> {
        for statement in &self.statements {
            let _ = statements::of_batch(statement, asking);
        }
        Ok(())
    }
}
