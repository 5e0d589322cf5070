//! What a decoded request names and does, for the audit log and traces: the resources that permission asks about, and
//! nothing else of the request. Nothing is decided by it.

use api::{BatchExecuteStatementInput, Exception, Operation};
use auth::Caller;

use super::action::Action;
use super::{Asked, Asking, Asks, Resource, statements};
use crate::service::Service;
use crate::tables::{NameUse, canonical_arn, table_place};

/// The resources that a request names, in its order, and the other names in it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RequestFacts {
    pub accesses: Vec<ResourceAccess>,
    /// Names of members, and their values.
    pub parameters: Vec<(&'static str, String)>,
}

/// An action on a resource.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ResourceAccess {
    /// Without the service: `PutItem`, `PartiQLSelect`.
    pub action: &'static str,
    pub writes: bool,
    pub resource: NamedResource,
    /// Of the table or the stream, if the name can be one's.
    pub arn: Option<String>,
}

/// A resource as the request names it. The text may be anything that the operation refuses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NamedResource {
    /// Tables as a whole, or no resource.
    None,
    /// A table's name or ARN, and the name of an index.
    Table {
        table: String,
        index: Option<String>,
    },
    Arn(String),
}

impl RequestFacts {
    /// Whether a table or a stream may be changed; `None` if the request does not show it.
    pub fn writes(&self) -> Option<bool> {
        (!self.accesses.is_empty()).then(|| self.accesses.iter().any(|access| access.writes))
    }

    /// The tables' plain names, each once.
    pub fn table_names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        let tables = self.accesses.iter().filter(|access| !matches!(access.resource, NamedResource::Arn(_)));
        for arn in tables.filter_map(|access| access.arn.as_deref()) {
            let name = arn.rsplit('/').next().unwrap_or_default();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

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
    }
}

/// The access levels List and Read. Source: Service Authorization Reference.
fn is_read(action: Action) -> bool {
    use Action::*;
    matches!(
        action,
        BatchGetItem
            | ConditionCheckItem
            | DescribeContinuousBackups
            | DescribeEndpoints
            | DescribeKinesisStreamingDestination
            | DescribeLimits
            | DescribeStream
            | DescribeTable
            | DescribeTimeToLive
            | GetItem
            | GetRecords
            | GetResourcePolicy
            | GetShardIterator
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
