//! Requests that there can be: an answer about any other would mislead.

use auth::iam::reference::{self, Action, ResourceType};
use auth::iam::{Question, StatementReport, WorkBudget};

/// Keys that every request of some actions has, which are about items by their keys.
const OF_ITEMS: [&str; 3] = ["dynamodb:LeadingKeys", "dynamodb:FirstPartitionKeyValues", "dynamodb:Attributes"];
const ON_ITEMS: [&str; 8] = [
    "dynamodb:BatchGetItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:UpdateItem",
];

/// The resource of a request, if the action can have it.
///
/// # Errors
/// Why there is no such request, as a sentence.
pub(super) fn resource<'a>(action: &str, given: Option<&'a str>) -> Result<&'a str, String> {
    let known = reference::find(action);
    let of_action = known.map_or(&[][..], |action| action.resources);
    let all = || {
        let types: Vec<&str> = of_action.iter().map(|own| own.resource_type.arn).collect();
        types.join(" or ")
    };
    let needs_one = of_action.iter().any(|own| own.is_required);
    match given {
        None if !of_action.is_empty() => {
            Err(format!("every request of {action} is about a resource: name it with --resource, as {}", all()))
        }
        Some("*") if needs_one => {
            Err(format!("no request of {action} is about *: name a resource with --resource, as {}", all()))
        }
        None | Some("*") => Ok("*"),
        Some(arn) if !is_arn(arn) => {
            Err(format!("{arn} is no ARN, such as arn:aws:dynamodb:eu-west-3:111122223333:table/Music"))
        }
        Some(arn) => match known {
            // The reference has no types for it, and servers ask about all tables, streams or users.
            Some(action) if of_action.is_empty() && service(arn, 2) == service(action.name, 0) => Ok(arn),
            Some(action) if of_action.is_empty() => {
                Err(format!("{} is about no resource of another service: leave out --resource", action.name))
            }
            Some(action) if !is_of_action(action, arn) => {
                Err(format!("{arn} is no resource of {}, whose are spelt {}", action.name, all()))
            }
            _ => Ok(arn),
        },
    }
}

/// The name of a service, between colons.
fn service(text: &str, at: usize) -> Option<&str> {
    text.split(':').nth(at)
}

fn is_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    matches!(parts[..], ["arn", partition, service, _, _, resource] if ![partition, service, resource].contains(&""))
}

/// Whether the type that a resource is spelt most closely as is one of the action's: an index is spelt as a table, too.
fn is_of_action(action: &Action, arn: &str) -> bool {
    let of_service = reference::actions().iter().filter(|other| service(other.name, 0) == service(action.name, 0));
    let types = of_service.flat_map(|other| other.resources).map(|own| own.resource_type);
    let closest = types.filter(|kind| kind.has(arn)).map(fixed_letters).max();
    let own = action.resources.iter().map(|own| own.resource_type).filter(|kind| kind.has(arn));
    own.map(fixed_letters).max().is_some_and(|letters| Some(letters) == closest)
}

/// How many letters of a type's pattern are in no variable.
fn fixed_letters(kind: &ResourceType) -> usize {
    kind.arn.split("${").map(|part| part.split_once('}').map_or(part, |(_, fixed)| fixed).len()).sum()
}

/// Keys in the conditions of the policies that a request of this action always has, and that were not given.
pub(super) fn missing_keys(question: &Question<'_>, statements: &[StatementReport]) -> Vec<&'static str> {
    let is_on_items = ON_ITEMS.iter().any(|action| action.eq_ignore_ascii_case(question.action));
    let names = |key: &str| {
        let mut conditions = statements.iter().flat_map(|statement| &statement.conditions);
        conditions.any(|condition| condition.key.eq_ignore_ascii_case(key))
    };
    let is_given = |key: &str| question.context.values(&key.to_lowercase(), &WorkBudget::default()).is_some();
    OF_ITEMS.into_iter().filter(|key| is_on_items && names(key) && !is_given(key)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_of_the_action() {
        let table = "arn:aws:dynamodb:eu-west-3:111122223333:table/Music";
        let index = format!("{table}/index/by-year");
        let stream = format!("{table}/stream/2026-01-01T00:00:00.000");
        for (action, given, expected) in [
            ("dynamodb:GetItem", Some(table), ""),
            ("dynamodb:getitem", Some(table), ""),
            ("dynamodb:Query", Some(&index), ""),
            ("dynamodb:GetRecords", Some(&stream), ""),
            ("dynamodb:ListTables", None, ""),
            ("dynamodb:ListTables", Some("*"), ""),
            ("dynamodb:ListTables", Some("arn:aws:dynamodb:eu-west-3:111122223333:table/*"), ""),
            ("dynamodb:ListStreams", Some("arn:aws:dynamodb:eu-west-3:111122223333:table/Music/stream/*"), ""),
            ("iam:GetUser", Some("arn:aws:iam::111122223333:user/team/ada"), ""),
            ("sts:AssumeRole", Some("arn:aws:iam::111122223333:role/app"), ""),
            ("sts:GetCallerIdentity", None, ""),
            // Of a service that is not known.
            ("s3:GetObject", Some("arn:aws:s3:::bucket/key"), ""),
            ("s3:GetObject", None, ""),
            ("dynamodb:GetItem", None, "name it with --resource"),
            ("dynamodb:GetItem", Some("*"), "is about *"),
            ("dynamodb:GetItem", Some("Music"), "Music is no ARN"),
            ("dynamodb:GetItem", Some("arn:aws:dynamodb:eu-west-3:111122223333"), "is no ARN"),
            ("dynamodb:GetItem", Some(&index), "is no resource of dynamodb:GetItem"),
            ("dynamodb:GetItem", Some(&stream), "is no resource of dynamodb:GetItem"),
            ("dynamodb:GetRecords", Some(table), "is no resource of dynamodb:GetRecords"),
            ("dynamodb:GetItem", Some("arn:aws:s3:::bucket"), "is no resource of dynamodb:GetItem"),
            ("dynamodb:ListTables", Some("arn:aws:s3:::bucket"), "is about no resource of another service"),
        ] {
            let said = resource(action, given.map(|given| given as &str)).err().unwrap_or_default();
            assert!(said.contains(expected) && said.is_empty() == expected.is_empty(), "{action} {given:?}: {said:?}");
        }
    }
}
