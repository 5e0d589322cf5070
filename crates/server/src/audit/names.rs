//! The names in a request, as the operation has decoded them: of tables, indexes, streams and the like, and nothing
//! else of it.

use api::{Operation, Service};
use deliver::triggers::api::Call;
use ops::{NamedResource, RequestFacts, ResourceAccess};
use serde_json::{Map, Value, json};

/// A request that is executed has no more parts than this.
const NAMES_MAX: usize = 100;
/// Of an ARN. Unit: bytes.
const NAME_SIZE_MAX: usize = 1283;

#[derive(Default, Debug)]
pub(super) struct Names {
    pub(super) parameters: Map<String, Value>,
    /// ARNs of tables, streams and roles, each once.
    pub(super) resources: Vec<String>,
    /// Whether something may be changed, if the request shows it.
    pub(super) writes: Option<bool>,
}

impl Names {
    pub(super) fn of_dynamodb(operation: Operation, facts: &RequestFacts) -> Names {
        let mut names = Names { writes: facts.writes(), ..Names::default() };
        for access in &facts.accesses {
            if let Some(arn) = &access.arn {
                names.resource(arn);
            }
            match &access.resource {
                NamedResource::None => {}
                NamedResource::Table { table, index } if has_parts(operation) => {
                    names.part(access, table, index.as_deref());
                }
                NamedResource::Table { table, index } => {
                    names.parameter("tableName", table);
                    index.iter().for_each(|index| names.parameter("indexName", index));
                }
                NamedResource::Arn(arn) if operation.service() == Service::Streams => names.parameter("streamArn", arn),
                NamedResource::Arn(arn) => names.parameter("resourceArn", arn),
            }
        }
        for (member, name) in &facts.parameters {
            // Another text there is no shard's id.
            if *member != "shardId" || name.starts_with("shardId-") {
                names.parameter(member, name);
            }
        }
        names
    }

    pub(super) fn of_lambda(call: &Call) -> Names {
        let mut names = Names::default();
        for (member, name) in call.names() {
            names.parameter(member, name);
            if member == "eventSourceArn" && name.contains(":table/") {
                names.resource(name);
            }
        }
        names
    }

    pub(super) fn of_form(parameters: &::identity::Parameters) -> Names {
        let mut names = Names::default();
        for (member, name) in parameters.names() {
            names.parameters.insert(small(member), name.into());
            if member == "RoleArn" {
                names.resources.push(name.to_owned());
            }
        }
        names
    }

    fn resource(&mut self, arn: &str) {
        let is_known = self.resources.iter().any(|other| other == arn);
        if is_name(arn) && !is_known && self.resources.len() < NAMES_MAX {
            self.resources.push(arn.to_owned());
        }
    }

    fn parameter(&mut self, member: &str, name: &str) {
        if is_name(name) {
            self.parameters.insert(member.to_owned(), name.into());
        }
    }

    /// A table of a batch, an action of a transaction, or a statement.
    fn part(&mut self, access: &ResourceAccess, table: &str, index: Option<&str>) {
        let parts = self.parameters.entry("requestItems").or_insert_with(|| json!([]));
        let Some(parts) = parts.as_array_mut().filter(|parts| is_name(table) && parts.len() < NAMES_MAX) else {
            return;
        };
        let mut part = json!({"tableName": table});
        if !access.action.starts_with("Batch") {
            part["operation"] = access.action.strip_suffix("Item").unwrap_or(access.action).into();
        }
        if let Some(index) = index.filter(|index| is_name(index)) {
            part["indexName"] = index.into();
        }
        parts.push(part);
    }
}

/// Whether a request of this operation names several tables.
fn has_parts(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::BatchExecuteStatement
            | Operation::BatchGetItem
            | Operation::BatchWriteItem
            | Operation::ExecuteTransaction
            | Operation::TransactGetItems
            | Operation::TransactWriteItems
    )
}

/// What may be a name, and is no URL, no value and no text.
pub(super) fn is_name(text: &str) -> bool {
    let of_a_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/*".contains(&byte);
    (1..=NAME_SIZE_MAX).contains(&text.len()) && text.bytes().all(of_a_name) && !text.contains("//")
}

/// A member's name as CloudTrail spells it.
fn small(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(action: &'static str, table: &str, index: Option<&str>, arn: Option<&str>) -> ResourceAccess {
        let resource = NamedResource::Table { table: table.to_owned(), index: index.map(str::to_owned) };
        ResourceAccess { action, writes: action != "GetItem", resource, arn: arn.map(str::to_owned) }
    }

    #[track_caller]
    fn check(operation: Operation, accesses: Vec<ResourceAccess>, parameters: &str, resources: &[&str]) {
        let names = Names::of_dynamodb(operation, &RequestFacts { accesses, parameters: Vec::new() });
        let found = (Value::Object(names.parameters).to_string(), names.resources);
        assert_eq!(found, (parameters.to_owned(), resources.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>()));
    }

    #[test]
    fn parameters_and_resources() {
        let a = access("GetItem", "a", Some("i"), Some("arn:a"));
        check(Operation::GetItem, vec![a.clone()], r#"{"indexName":"i","tableName":"a"}"#, &["arn:a"]);
        let parts =
            vec![access("PutItem", "a", None, Some("arn:a")), access("ConditionCheckItem", "a", None, Some("arn:a"))];
        check(
            Operation::TransactWriteItems,
            parts,
            r#"{"requestItems":[{"operation":"Put","tableName":"a"},{"operation":"ConditionCheck","tableName":"a"}]}"#,
            &["arn:a"],
        );
        check(
            Operation::BatchGetItem,
            vec![access("BatchGetItem", "a", None, Some("arn:a")), access("BatchGetItem", "b", None, None)],
            r#"{"requestItems":[{"tableName":"a"},{"tableName":"b"}]}"#,
            &["arn:a"],
        );
        check(
            Operation::BatchExecuteStatement,
            vec![access("PartiQLSelect", "a", Some("i"), Some("arn:a"))],
            r#"{"requestItems":[{"indexName":"i","operation":"PartiQLSelect","tableName":"a"}]}"#,
            &["arn:a"],
        );
        // What cannot be a name is a text in a name's place.
        for text in ["two words", "https://h/secret", "", "a\u{e9}", "'a'"] {
            check(Operation::GetItem, vec![access("GetItem", text, Some(text), None)], "{}", &[]);
            check(
                Operation::BatchGetItem,
                vec![access("BatchGetItem", text, None, None)],
                r#"{"requestItems":[]}"#,
                &[],
            );
        }
    }

    #[test]
    fn hostile_requests_have_small_events() {
        let arns: Vec<String> = (0..1_000).map(|at| format!("arn:{at}")).collect();
        let accesses = arns.iter().map(|arn| access("PutItem", arn, None, Some(arn))).collect();
        let facts = RequestFacts { accesses, parameters: Vec::new() };
        let names = Names::of_dynamodb(Operation::TransactWriteItems, &facts);
        let parts = names.parameters["requestItems"].as_array().unwrap().len();
        assert_eq!((names.resources.len(), parts), (NAMES_MAX, NAMES_MAX));
    }
}
