//! What was asked for, as CloudTrail calls it.
//!
//! Source: DynamoDB Developer Guide, "Logging DynamoDB operations by using AWS CloudTrail", which lists the data events;
//! Lambda Developer Guide, "Logging AWS Lambda API calls using AWS CloudTrail", whose names end with the API's date.

use std::borrow::Cow;

use ::aws::{IAM, LAMBDA, OperationId, STS, ServiceModel};
use api::Operation;

use super::Audit;

pub(super) const DYNAMODB: &str = ::aws::DYNAMODB.event_source;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Category {
    Management,
    Data,
}

impl Category {
    pub(super) fn of(operation: Operation) -> Category {
        use Operation::*;
        match operation {
            BatchExecuteStatement
            | BatchGetItem
            | BatchWriteItem
            | DeleteItem
            | ExecuteStatement
            | ExecuteTransaction
            | GetItem
            | GetRecords
            | GetShardIterator
            | PutItem
            | Query
            | Scan
            | SearchVectors
            | TransactGetItems
            | TransactWriteItems
            | UpdateItem => Category::Data,
            _ => Category::Management,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Category::Management => "Management",
            Category::Data => "Data",
        }
    }
}

/// An operation that a request asks for, before its body is read.
#[derive(Debug)]
pub(crate) struct Action {
    pub(super) source: &'static str,
    pub(super) name: Cow<'static, str>,
    pub(super) api_version: Option<&'static str>,
    pub(super) category: Category,
    /// Unless its body shows otherwise.
    pub(super) read_only: bool,
    /// Of DynamoDB's.
    pub(super) operation: Option<Operation>,
}

/// What an action creates whose id is in the answer alone, and in the events of its later use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Making {
    Mapping,
    AccessKey,
    Session,
    /// What DynamoDB names by an ARN: the members of the answer that contain it.
    Arn([&'static str; 2]),
}

impl Action {
    fn of(id: OperationId) -> Action {
        let (service, model) = (id.service(), id.model());
        let dynamodb = (service.event_source == DYNAMODB).then(|| Operation::from_name(model.name)).flatten();
        Action {
            source: service.event_source,
            name: model.event_name.into(),
            // Where it is not in the name.
            api_version: (model.event_name == model.name).then_some(service.api_version),
            category: dynamodb.map_or(Category::Management, Category::of),
            read_only: is_read_only(service, model.name),
            operation: dynamodb,
        }
    }

    /// Of a name that is no operation's.
    fn unknown(service: &'static ServiceModel, name: &str) -> Action {
        Action {
            source: service.event_source,
            name: name.to_owned().into(),
            api_version: Some(service.api_version),
            category: Category::Management,
            read_only: is_read_only(service, name),
            operation: None,
        }
    }

    pub(super) fn makes(&self) -> Option<Making> {
        const MAPPING: &str = "CreateEventSourceMapping";
        match (self.source, &*self.name) {
            (DYNAMODB, "CreateBackup") => Some(Making::Arn(["BackupDetails", "BackupArn"])),
            (DYNAMODB, "ExportTableToPointInTime") => Some(Making::Arn(["ExportDescription", "ExportArn"])),
            (DYNAMODB, "StartBulkPutItems") => Some(Making::Arn(["BulkOperationDescription", "BulkOperationArn"])),
            (DYNAMODB, "ImportTable") => Some(Making::Arn(["ImportTableDescription", "ImportArn"])),
            (source, name) if source == LAMBDA.event_source && name.starts_with(MAPPING) => Some(Making::Mapping),
            (source, "CreateAccessKey") if source == IAM.event_source => Some(Making::AccessKey),
            (source, "AssumeRole" | "AssumeRoleWithWebIdentity" | "GetFederationToken" | "GetSessionToken")
                if source == STS.event_source =>
            {
                Some(Making::Session)
            }
            _ => None,
        }
    }
}

impl Audit {
    /// `None` for an event that is not wanted.
    pub(crate) fn action(&self, operation: OperationId) -> Option<Action> {
        let action = Action::of(operation);
        (self.data || action.category == Category::Management).then_some(action)
    }

    /// Of a request for an operation that the service does not have. `None` if the text cannot be one's name.
    pub(crate) fn unknown_action(service: &'static ServiceModel, name: Option<&str>) -> Option<Action> {
        name.map(|name| Action::unknown(service, name))
    }
}

/// By its name alone: of PartiQL's operations, only the statements show it. A session changes nothing.
fn is_read_only(service: &'static ServiceModel, name: &str) -> bool {
    let reads = ["Get", "List", "Describe", "Query", "Scan", "Search", "Simulate", "BatchGet", "TransactGet"];
    service.event_source == STS.event_source || reads.iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_data_events() {
        let reads = |operation: Operation| is_read_only(&::aws::DYNAMODB, operation.name());
        let of = |kept: &dyn Fn(Operation) -> bool| {
            let names: Vec<&str> = Operation::ALL.iter().filter(|it| kept(**it)).map(|it| it.name()).collect();
            names.join(" ")
        };
        assert_eq!(
            of(&|it| Category::of(it) == Category::Data && !reads(it)),
            "BatchExecuteStatement BatchWriteItem DeleteItem ExecuteStatement ExecuteTransaction PutItem \
             TransactWriteItems UpdateItem"
        );
        assert_eq!(
            of(&|it| Category::of(it) == Category::Data && reads(it)),
            "BatchGetItem GetItem Query Scan SearchVectors TransactGetItems GetRecords GetShardIterator"
        );
        assert_eq!(
            of(&|it| Category::of(it) == Category::Management && !reads(it)),
            "CancelBulkOperation CreateBackup CreateGlobalTable CreateTable DeleteBackup DeleteResourcePolicy \
             DeleteTable DisableKinesisStreamingDestination EnableKinesisStreamingDestination \
             ExportTableToPointInTime ImportTable PutResourcePolicy RestoreTableFromBackup RestoreTableToPointInTime \
             StartBulkPutItems TagResource UntagResource UpdateContinuousBackups UpdateContributorInsights \
             UpdateGlobalTable UpdateGlobalTableSettings UpdateKinesisStreamingDestination UpdateTable \
             UpdateTableReplicaAutoScaling UpdateTimeToLive"
        );
    }

    #[test]
    fn actions_of_other_services() {
        let check = |service: &'static ServiceModel,
                     name: &str,
                     event: &str,
                     version: Option<&str>,
                     read_only: bool| {
            let action = Action::of(service.operation(name).expect(name));
            assert_eq!((action.source, &*action.name), (service.event_source, event));
            assert_eq!((action.api_version, action.read_only, action.operation), (version, read_only, None), "{name}");
        };
        check(&IAM, "CreateUser", "CreateUser", Some("2010-05-08"), false);
        check(&IAM, "ListUsers", "ListUsers", Some("2010-05-08"), true);
        check(&STS, "AssumeRole", "AssumeRole", Some("2011-06-15"), true);
        check(&LAMBDA, "ListEventSourceMappings", "ListEventSourceMappings20150331", None, true);
        check(&LAMBDA, "TagResource", "TagResource20170331", None, false);
        let unknown = Audit::unknown_action(&IAM, Some("DeleteAll")).expect("an action");
        assert_eq!((&*unknown.name, unknown.read_only), ("DeleteAll", false));
        assert!(Audit::unknown_action(&IAM, None).is_none());
    }

    #[test]
    fn what_makes_something() {
        let makes =
            |service: &'static ServiceModel, name: &str| Action::of(service.operation(name).expect(name)).makes();
        assert_eq!(makes(&LAMBDA, "CreateEventSourceMapping"), Some(Making::Mapping));
        assert_eq!(makes(&IAM, "CreateAccessKey"), Some(Making::AccessKey));
        assert_eq!(makes(&STS, "GetFederationToken"), Some(Making::Session));
        assert_eq!((makes(&LAMBDA, "GetEventSourceMapping"), makes(&IAM, "CreateUser")), (None, None));
    }
}
