//! What was asked for, as CloudTrail calls it.
//!
//! Source: DynamoDB Developer Guide, "Logging DynamoDB operations by using AWS CloudTrail", which lists the data events;
//! Lambda Developer Guide, "Logging AWS Lambda API calls using AWS CloudTrail", whose names have the API's date behind them.

use std::borrow::Cow;

use ::identity::Api;
use api::Operation;
use deliver::triggers::api as lambda;

use super::Audit;

pub(super) const DYNAMODB: &str = "dynamodb.amazonaws.com";
pub(crate) const LAMBDA: &str = "lambda.amazonaws.com";
pub(crate) const IAM: &str = "iam.amazonaws.com";
pub(crate) const STS: &str = "sts.amazonaws.com";

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

/// What an action makes whose id is in the answer alone, and in the events of what is done with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Making {
    Mapping,
    AccessKey,
    Session,
}

impl Action {
    pub(super) fn of_dynamodb(operation: Operation) -> Action {
        Action {
            source: DYNAMODB,
            name: operation.name().into(),
            api_version: Some("2012-08-10"),
            category: Category::of(operation),
            read_only: is_read_only(operation),
            operation: Some(operation),
        }
    }

    pub(crate) fn of_lambda(operation: lambda::Operation) -> Action {
        Action {
            source: LAMBDA,
            name: operation.event_name().into(),
            api_version: None,
            category: Category::Management,
            read_only: operation.is_read(),
            operation: None,
        }
    }

    pub(super) fn makes(&self) -> Option<Making> {
        let mapping = lambda::Operation::CreateEventSourceMapping.event_name();
        match (self.source, &*self.name) {
            (LAMBDA, name) if name == mapping => Some(Making::Mapping),
            (IAM, "CreateAccessKey") => Some(Making::AccessKey),
            (STS, "AssumeRole" | "AssumeRoleWithWebIdentity" | "GetFederationToken" | "GetSessionToken") => {
                Some(Making::Session)
            }
            _ => None,
        }
    }

    /// `None` if the form names no action that could be one.
    pub(crate) fn of_form(parameters: &::identity::Parameters) -> Option<Action> {
        let name = parameters.action()?;
        let api = Api::of(parameters);
        let source = match api {
            Api::Iam => IAM,
            Api::Sts => STS,
        };
        let reads = ["Get", "List", "Simulate"].iter().any(|start| name.starts_with(start));
        Some(Action {
            source,
            name: name.to_owned().into(),
            api_version: Some(api.version()),
            category: Category::Management,
            // A session changes nothing.
            read_only: reads || api == Api::Sts,
            operation: None,
        })
    }
}

impl Audit {
    /// `None` for an event that is not wanted.
    pub(crate) fn of_dynamodb(&self, operation: Operation) -> Option<Action> {
        let wanted = self.data || Category::of(operation) == Category::Management;
        wanted.then(|| Action::of_dynamodb(operation))
    }
}

/// By its name alone: of PartiQL's operations, only the statements show it.
fn is_read_only(operation: Operation) -> bool {
    let reads = ["Get", "List", "Describe", "Query", "Scan", "Search", "BatchGet", "TransactGet"];
    reads.iter().any(|start| operation.name().starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::names::Names;

    #[test]
    fn who_reads_and_what_is_data() {
        let of = |kept: &dyn Fn(Operation) -> bool| {
            let names: Vec<&str> = Operation::ALL.iter().filter(|it| kept(**it)).map(|it| it.name()).collect();
            names.join(" ")
        };
        assert_eq!(
            of(&|it| Category::of(it) == Category::Data && !is_read_only(it)),
            "BatchExecuteStatement BatchWriteItem DeleteItem ExecuteStatement ExecuteTransaction PutItem \
             TransactWriteItems UpdateItem"
        );
        assert_eq!(
            of(&|it| Category::of(it) == Category::Data && is_read_only(it)),
            "BatchGetItem GetItem Query Scan SearchVectors TransactGetItems GetRecords GetShardIterator"
        );
        assert_eq!(
            of(&|it| Category::of(it) == Category::Management && !is_read_only(it)),
            "CancelBulkOperation CreateBackup CreateGlobalTable CreateTable DeleteBackup DeleteResourcePolicy \
             DeleteTable DisableKinesisStreamingDestination EnableKinesisStreamingDestination \
             ExportTableToPointInTime ImportTable PutResourcePolicy RestoreTableFromBackup RestoreTableToPointInTime \
             StartBulkPutItems TagResource UntagResource UpdateContinuousBackups UpdateContributorInsights \
             UpdateGlobalTable UpdateGlobalTableSettings UpdateKinesisStreamingDestination UpdateTable \
             UpdateTableReplicaAutoScaling UpdateTimeToLive"
        );
    }

    #[test]
    fn events_of_forms() {
        let check = |form: &str, source: &str, name: &str, read_only: bool, parameters: &str| {
            let form = ::identity::Parameters::parse(form.as_bytes()).expect(form);
            let action = Action::of_form(&form).expect("an action");
            let found = serde_json::Value::Object(Names::of_form(&form).parameters).to_string();
            assert_eq!((action.source, &*action.name, action.read_only), (source, name, read_only));
            assert_eq!(found, parameters);
        };
        let iam = "iam.amazonaws.com";
        check("Action=CreateUser&Version=2010-05-08&UserName=a", iam, "CreateUser", false, r#"{"userName":"a"}"#);
        check("Version=2010-05-08&Action=ListUsers&UserName=a", iam, "ListUsers", true, "{}");
        let role = "arn:aws:iam::123456789012:role/r";
        let form = format!("Action=AssumeRole&Version=2011-06-15&RoleArn={role}&RoleSessionName=s&ExternalId=secret");
        let parameters = format!(r#"{{"roleArn":"{role}","roleSessionName":"s"}}"#);
        check(&form, "sts.amazonaws.com", "AssumeRole", true, &parameters);
        let provider = "Action=DeleteOpenIDConnectProvider&OpenIDConnectProviderArn=arn:p";
        check(provider, iam, "DeleteOpenIDConnectProvider", false, r#"{"openIDConnectProviderArn":"arn:p"}"#);
        let key =
            format!("Action=DeleteAccessKey&AccessKeyId={}", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".repeat(30));
        check(&key, iam, "DeleteAccessKey", false, r#"{"accessKeyId":"wJalrXUtnFEMI/K7[cut]"}"#);
        let key = "Action=GetAccessKeyInfo&Version=2011-06-15&AccessKeyId=AKIAIOSFODNN7EXAMPLE";
        check(key, "sts.amazonaws.com", "GetAccessKeyInfo", true, r#"{"accessKeyId":"AKIAIOSFODNN7EXAMPLE"}"#);
        for nothing in ["", "Version=2010-05-08", "Action=", "Action=a%20b"] {
            assert!(
                Action::of_form(&::identity::Parameters::parse(nothing.as_bytes()).unwrap()).is_none(),
                "{nothing}"
            );
        }
    }
}
