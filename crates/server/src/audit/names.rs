//! The names in a request, as the operation has decoded them: of tables, indexes, streams and the like, and nothing
//! else of it.
//!
//! The caller chooses the letters of a name, so none is left out for them: what is not graphic ASCII is escaped. Of a URL
//! that is called, the event has its origin alone, since the rest may be a secret.

use std::borrow::Cow;

use ::aws::{NamedResource, RequestFacts, ResourceAccess};
use api::{Operation, Service};
use base::cut;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::identity::CLAIMED_SIZE_MAX;

/// A request that is executed has no more parts than this.
const NAMES_MAX: usize = 100;
/// So many names has a request that was refused before anything was done: its event is no larger than others.
const REFUSED_NAMES_MAX: usize = 10;
/// Of each of them: a path of 512, a name of 128 and what is before them in an ARN. Unit: bytes.
const REFUSED_SIZE_MAX: usize = 720;
/// Of a name as it is shown: no less than an OpenID client's, 255 characters of 4 bytes that are all escaped. Unit: bytes.
const SHOWN_SIZE_MAX: usize = 3072;
/// Behind a name that is longer.
const CUT: &str = "[cut]";

/// How many names there were where not all are shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NameCounts {
    resources: usize,
    request_items: usize,
}

#[derive(Clone, Default, Debug)]
pub(super) struct Names {
    pub(super) parameters: Map<String, Value>,
    /// ARNs of tables, streams and roles, each once.
    pub(super) resources: Vec<String>,
    /// Whether something may be changed, if the request shows it.
    pub(super) writes: Option<bool>,
    pub(super) counts: Option<NameCounts>,
    /// A text is in the place of an access key's id that may be none: only its beginning is here.
    pub(super) has_cut_key: bool,
}

impl Names {
    /// The operation is DynamoDB's, if it is one of these.
    pub(super) fn of(operation: Option<Operation>, facts: &RequestFacts) -> Names {
        match operation {
            Some(operation) => Names::of_dynamodb(operation, facts),
            None => Names::of_members(&facts.parameters),
        }
    }

    fn of_dynamodb(operation: Operation, facts: &RequestFacts) -> Names {
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

    /// A member of one name is the same thing in every service.
    fn of_members(members: &[(&'static str, String)]) -> Names {
        let mut names = Names::default();
        for (member, name) in members {
            match *member {
                "destination" => {
                    let destination = json!({"onFailure": {"destination": shown(&origin(name))}});
                    names.parameters.insert("destinationConfig".to_owned(), destination);
                }
                "functionName" => names.parameter(member, &origin(name)),
                "alarmActions" | "oKActions" | "insufficientDataActions" => names.element(member, shown(&origin(name))),
                "ClientIDList" | "PolicyArns" => names.element(&small(member), shown(name)),
                "AccessKeyId" => {
                    let id = key_id(name);
                    names.has_cut_key = id.len() != name.len();
                    names.parameter(&small(member), &id);
                }
                "Url" => names.parameter("url", &public(name)),
                _ => names.parameter(&small(member), name),
            }
            if *member == "RoleArn" || *member == "eventSourceArn" && name.contains(":table/") {
                names.resource(name);
            }
        }
        names
    }

    /// Of a request that was refused before anything was done: of many the first ones, and how many there are, each no longer
    /// than a good one can be.
    pub(super) fn of_refused(&self) -> Names {
        let longest = self.parameters.values().filter_map(|value| value.as_array().map(Vec::len)).max();
        let counts = NameCounts { resources: self.resources.len(), request_items: longest.unwrap_or_default() };
        let is_many = counts.resources.max(counts.request_items) > REFUSED_NAMES_MAX;
        let mut names = Names { counts: is_many.then_some(counts), ..self.clone() };
        names.resources.truncate(REFUSED_NAMES_MAX);
        names.resources.iter_mut().for_each(shorten);
        for list in names.parameters.values_mut().filter_map(Value::as_array_mut) {
            list.truncate(REFUSED_NAMES_MAX);
        }
        names.parameters.values_mut().for_each(shorten_all);
        names
    }

    fn resource(&mut self, arn: &str) {
        let arn = shown(arn);
        if !self.resources.contains(&arn) && self.resources.len() < NAMES_MAX {
            self.resources.push(arn);
        }
    }

    fn parameter(&mut self, member: &str, name: &str) {
        if !name.is_empty() {
            self.parameters.insert(member.to_owned(), shown(name).into());
        }
    }

    /// A name in a list.
    fn element(&mut self, member: &str, name: impl Into<Value>) {
        let list = self.parameters.entry(member).or_insert_with(|| json!([]));
        if let Some(list) = list.as_array_mut().filter(|list| list.len() < NAMES_MAX) {
            list.push(name.into());
        }
    }

    /// A table of a batch, an action of a transaction, or a statement.
    fn part(&mut self, access: &ResourceAccess, table: &str, index: Option<&str>) {
        let mut part = json!({"tableName": shown(table)});
        if !access.action.starts_with("Batch") {
            part["operation"] = access.action.strip_suffix("Item").unwrap_or(access.action).into();
        }
        if let Some(index) = index {
            part["indexName"] = shown(index).into();
        }
        self.element("requestItems", part);
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

/// A name, with what is not graphic ASCII percent-encoded: a line shows no other letters than it has.
pub(super) fn shown(name: &str) -> String {
    if name.len() <= SHOWN_SIZE_MAX && name.bytes().all(|byte| byte.is_ascii_graphic()) {
        return name.to_owned();
    }
    let mut shown = String::new();
    for byte in name.bytes() {
        if shown.len() >= SHOWN_SIZE_MAX {
            return shown + CUT;
        }
        match byte.is_ascii_graphic() {
            true => shown.push(byte.into()),
            false => shown += base::percent_escape(byte),
        }
    }
    shown
}

/// An access key's id. What is longer may be a secret in the wrong place: it is cut to its beginning.
fn key_id(text: &str) -> Cow<'_, str> {
    match text.len() > CLAIMED_SIZE_MAX {
        true => (cut(text, CLAIMED_SIZE_MAX / 2).to_owned() + CUT).into(),
        false => text.into(),
    }
}

/// Of a name as it is shown, which is ASCII.
fn shorten(name: &mut String) {
    if name.len() > REFUSED_SIZE_MAX {
        name.truncate(REFUSED_SIZE_MAX);
        name.push_str(CUT);
    }
}

fn shorten_all(value: &mut Value) {
    match value {
        Value::String(name) => shorten(name),
        Value::Array(list) => list.iter_mut().for_each(shorten_all),
        Value::Object(parts) => parts.values_mut().for_each(shorten_all),
        _ => {}
    }
}

/// Of a URL, its scheme, host and port: what is before them, and its path and query, may be secrets. Another text is no
/// URL and stays.
fn origin(text: &str) -> Cow<'_, str> {
    if let Ok(url) = client::Url::parse(text) {
        return url.origin().into();
    }
    let Some((scheme, host, _)) = parts_of_url(text) else { return text.into() };
    format!("{scheme}://{host}").into()
}

/// A URL that names an issuer, which is public, without what an issuer's has not.
fn public(text: &str) -> Cow<'_, str> {
    let Some((scheme, host, rest)) = parts_of_url(text) else { return text.into() };
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    format!("{scheme}://{host}{path}").into()
}

/// The scheme, the host with its port, and what follows.
fn parts_of_url(text: &str) -> Option<(&str, &str, &str)> {
    let (scheme, rest) = text.split_once("://")?;
    let (authority, rest) = rest.split_at(rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len()));
    Some((scheme, authority.rsplit('@').next().unwrap_or_default(), rest))
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

    #[test]
    fn a_url_has_its_origin_in_one_spelling() {
        for (text, expected) in [
            ("HTTP://0x7f.1:80/%61?b", "http://127.0.0.1"),
            ("https://Hooks.Example:8443/x", "https://hooks.example:8443"),
            ("http://me:secret@h/x", "http://h"),
            ("http://h//secret", "http://h"),
            ("my-function", "my-function"),
        ] {
            assert_eq!(origin(text), expected);
        }
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
        // A name stays, whatever its letters are.
        for (text, shown) in [("two words", "two%20words"), ("a//$~%b", "a//$~%b"), ("a\u{e9}\n", "a%C3%A9%0A")] {
            let both = format!(r#"{{"indexName":"{shown}","tableName":"{shown}"}}"#);
            check(Operation::GetItem, vec![access("GetItem", text, Some(text), Some(text))], &both, &[shown]);
            let part = format!(r#"{{"requestItems":[{{"tableName":"{shown}"}}]}}"#);
            check(Operation::BatchGetItem, vec![access("BatchGetItem", text, None, None)], &part, &[]);
        }
        check(Operation::GetItem, vec![access("GetItem", "", None, None)], "{}", &[]);
    }

    #[test]
    fn long_names_are_cut() {
        let id = "\u{1f600}".repeat(255);
        assert_eq!(shown(&id), "%F0%9F%98%80".repeat(255));
        for letter in ["a", "\u{e9}", " "] {
            let long = shown(&letter.repeat(100_000));
            assert!(long.ends_with(CUT) && long.len() <= SHOWN_SIZE_MAX + 2 + CUT.len(), "{}", long.len());
        }
    }

    #[test]
    fn urls_that_are_called_have_no_secrets() {
        let check = |text: &str, of_call: &str, of_issuer: &str| {
            assert_eq!((&*origin(text), &*public(text)), (of_call, of_issuer));
        };
        let secret = "https://me:secret@h.example:8443/hooks/secret?token=secret#secret";
        check(secret, "https://h.example:8443", "https://h.example:8443/hooks/secret");
        check("http://h?secret", "http://h", "http://h");
        check("http://a@secret@h\\secret", "http://h", "http://h\\secret");
        check("http://[::1]:9/x", "http://[::1]:9", "http://[::1]:9/x");
        check("f:$LATEST", "f:$LATEST", "f:$LATEST");
    }

    fn of_members(members: &[(&'static str, &str)]) -> Names {
        let parameters = members.iter().map(|(member, name)| (*member, (*name).to_owned())).collect();
        Names::of(None, &RequestFacts { accesses: Vec::new(), parameters })
    }

    #[test]
    fn events_of_mappings_and_identities() {
        let check = |members: &[(&'static str, &str)], expected: Value| {
            assert_eq!(Value::Object(of_members(members).parameters), expected);
        };
        check(&[("functionName", "f:$LATEST"), ("uUID", "u")], json!({"functionName": "f:$LATEST", "uUID": "u"}));
        let queue = "arn:aws:sqs:us-east-1:123456789012:q";
        let to = |destination: &str| json!({"onFailure": {"destination": destination}});
        check(
            &[("functionName", "http://h:9/secret"), ("destination", "http://d/secret")],
            json!({"functionName": "http://h:9", "destinationConfig": to("http://d")}),
        );
        let actions =
            [("alarmActions", queue), ("alarmActions", "https://h/secret, and more"), ("oKActions", "http://h:9/s")];
        check(&actions, json!({"alarmActions": [queue, "https://h"], "oKActions": ["http://h:9"]}));
        check(&[("destination", queue)], json!({"destinationConfig": to(queue)}));
        let provider = [("Url", "https://a:b@idp/~x?q"), ("ClientIDList", "a b")];
        check(&provider, json!({"url": "https://idp/~x", "clientIDList": ["a%20b"]}));
        check(&[("AccessKeyId", "AKIAIOSFODNN7EXAMPLE")], json!({"accessKeyId": "AKIAIOSFODNN7EXAMPLE"}));
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".repeat(30);
        check(&[("AccessKeyId", &secret)], json!({"accessKeyId": "wJalrXUtnFEMI/K7[cut]"}));
        assert!(of_members(&[("AccessKeyId", &secret)]).has_cut_key);
        let role = "arn:aws:iam::123456789012:role/x!y~/r";
        let names = of_members(&[("RoleArn", role)]);
        assert_eq!((&names.parameters["roleArn"], names.resources), (&json!(role), vec![role.to_owned()]));
    }

    #[test]
    fn hostile_requests_have_small_events() {
        let arns: Vec<String> = (0..1_000).map(|at| format!("arn:{at}")).collect();
        let accesses = arns.iter().map(|arn| access("PutItem", arn, None, Some(arn))).collect();
        let facts = RequestFacts { accesses, parameters: Vec::new() };
        let names = Names::of_dynamodb(Operation::TransactWriteItems, &facts);
        let parts = names.parameters["requestItems"].as_array().unwrap().len();
        assert_eq!((names.resources.len(), parts), (NAMES_MAX, NAMES_MAX));
        let refused = names.of_refused();
        let parts = refused.parameters["requestItems"].as_array().unwrap().len();
        assert_eq!((refused.resources.len(), parts), (REFUSED_NAMES_MAX, REFUSED_NAMES_MAX));
        assert_eq!(refused.counts, Some(NameCounts { resources: NAMES_MAX, request_items: NAMES_MAX }));
        let long = of_members(&[("RoleArn", &"\u{e9}".repeat(700))]).of_refused();
        assert_eq!(long.parameters["roleArn"].as_str().unwrap().len(), REFUSED_SIZE_MAX + CUT.len());
        assert_eq!((long.resources[0].len(), long.counts), (REFUSED_SIZE_MAX + CUT.len(), None));
    }
}
