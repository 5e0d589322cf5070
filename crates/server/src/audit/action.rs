//! What was asked for, as CloudTrail calls it.
//!
//! Source: DynamoDB Developer Guide, "Logging DynamoDB operations by using AWS CloudTrail", which lists the data events;
//! Lambda Developer Guide, "Logging AWS Lambda API calls using AWS CloudTrail", whose names have the API's date behind them.

use std::borrow::Cow;

use api::Operation;
use hyper::Method;
use serde_json::{Map, Value};

use super::names::{self, Names};

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

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Action {
    pub(super) source: &'static str,
    pub(super) name: Cow<'static, str>,
    pub(super) api_version: Option<&'static str>,
    pub(super) category: Category,
    pub(super) read_only: bool,
    pub(super) parameters: Map<String, Value>,
    /// Names or ARNs of tables and streams.
    pub(super) resources: Vec<String>,
}

impl Action {
    pub(super) fn of_dynamodb(operation: Operation, body: &[u8]) -> Action {
        let Names { parameters, resources, writes } = names::of(body);
        Action {
            source: "dynamodb.amazonaws.com",
            name: operation.name().into(),
            api_version: Some("2012-08-10"),
            category: Category::of(operation),
            read_only: is_read_only(operation, writes),
            parameters,
            resources,
        }
    }

    /// None for what is no operation of Lambda's.
    pub(super) fn of_lambda(method: &Method, path: &str, body: &[u8]) -> Option<Action> {
        let (version, rest) = path.trim_start_matches('/').split_once('/')?;
        let (what, of) = rest.split_once('/').unwrap_or((rest, ""));
        let name = match (what, method.as_str(), of.is_empty()) {
            ("event-source-mappings", "POST", true) => "CreateEventSourceMapping",
            ("event-source-mappings", "GET", true) => "ListEventSourceMappings",
            ("event-source-mappings", "GET", false) => "GetEventSourceMapping",
            ("event-source-mappings", "PUT", false) => "UpdateEventSourceMapping",
            ("event-source-mappings", "DELETE", false) => "DeleteEventSourceMapping",
            ("tags", "GET", _) => "ListTags",
            ("tags", "POST", _) => "TagResource",
            ("tags", "DELETE", _) => "UntagResource",
            _ => return None,
        };
        let Names { mut parameters, resources, .. } = names::of(body);
        if what == "event-source-mappings" && names::is_name(of) {
            parameters.insert("uUID".to_owned(), of.into());
        }
        Some(Action {
            source: "lambda.amazonaws.com",
            name: format!("{name}{}", version.replace('-', "")).into(),
            api_version: None,
            category: Category::Management,
            read_only: method == Method::GET,
            parameters,
            resources,
        })
    }
}

/// `writes` is what the statements of PartiQL say, where there are any.
fn is_read_only(operation: Operation, writes: Option<bool>) -> bool {
    let name = operation.name();
    let reads = ["Get", "List", "Describe", "Query", "Scan", "Search", "BatchGet", "TransactGet"];
    match writes {
        Some(writes) => !writes,
        None => reads.iter().any(|start| name.starts_with(start)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_reads_and_what_is_data() {
        let of = |kept: &dyn Fn(Operation) -> bool| {
            let names: Vec<&str> = Operation::ALL.iter().filter(|it| kept(**it)).map(|it| it.name()).collect();
            names.join(" ")
        };
        assert_eq!(
            of(&|it| Category::of(it) == Category::Data && !is_read_only(it, None)),
            "BatchExecuteStatement BatchWriteItem DeleteItem ExecuteStatement ExecuteTransaction PutItem \
             TransactWriteItems UpdateItem"
        );
        assert_eq!(
            of(&|it| Category::of(it) == Category::Data && is_read_only(it, None)),
            "BatchGetItem GetItem Query Scan SearchVectors TransactGetItems GetRecords GetShardIterator"
        );
        assert_eq!(
            of(&|it| Category::of(it) == Category::Management && !is_read_only(it, None)),
            "CancelBulkOperation CreateBackup CreateGlobalTable CreateTable DeleteBackup DeleteResourcePolicy \
             DeleteTable DisableKinesisStreamingDestination EnableKinesisStreamingDestination \
             ExportTableToPointInTime ImportTable PutResourcePolicy RestoreTableFromBackup RestoreTableToPointInTime \
             StartBulkPutItems TagResource UntagResource UpdateContinuousBackups UpdateContributorInsights \
             UpdateGlobalTable UpdateGlobalTableSettings UpdateKinesisStreamingDestination UpdateTable \
             UpdateTableReplicaAutoScaling UpdateTimeToLive"
        );
        assert!(is_read_only(Operation::ExecuteStatement, Some(false)));
        assert!(!is_read_only(Operation::ExecuteStatement, Some(true)));
    }

    #[test]
    fn events_of_lambda() {
        let check = |method: Method, path: &str, expected: Option<&str>| {
            let action = Action::of_lambda(&method, path, b"{}");
            assert_eq!(action.as_ref().map(|action| &*action.name), expected, "{path}");
        };
        let mappings = "/2015-03-31/event-source-mappings";
        check(Method::POST, &format!("{mappings}/"), Some("CreateEventSourceMapping20150331"));
        check(Method::GET, mappings, Some("ListEventSourceMappings20150331"));
        check(Method::DELETE, &format!("{mappings}/u-u-i-d"), Some("DeleteEventSourceMapping20150331"));
        check(Method::POST, "/2017-03-31/tags/arn:aws:lambda", Some("TagResource20170331"));
        check(Method::PATCH, mappings, None);
        check(Method::GET, "/", None);
    }
}
