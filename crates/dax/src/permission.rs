//! What a caller's policies are asked of DAX itself: `dax:` actions on the cluster. DynamoDB's actions on the table are asked by the upstream.
//!
//! A transaction asks for each action in it, and has `dax:EnclosingOperation` in its context. Source: DAX's Developer Guide, "DAX access
//! control"; Service Authorization Reference, "DynamoDB Accelerator (DAX)". Key schemas and the nodes of the cluster need no permission, and
//! attribute lists need any that may read or write items: they have no action there.

use std::borrow::Cow;

use api::{Exception, TransactWriteItem};
use auth::Caller;
use auth::credential::partition_of;
use auth::iam::{Context, Decision, Globals, Question, Values, WorkBudget, decide_within};

use crate::upstream::Request;

const ENCLOSING: &str = "dax:enclosingoperation";

/// The operation of which an action is a part.
struct Enclosing(Option<&'static str>);

impl Context for Enclosing {
    fn values(&self, key: &str, _: &WorkBudget) -> Option<Values<'_>> {
        (key == ENCLOSING).then_some(self.0).flatten().map(|operation| Values::One(Cow::Borrowed(operation)))
    }
}

/// Asks the policies of a caller that has an identity.
///
/// # Errors
/// The refusal, if one of the request's actions is denied.
pub(crate) fn permit(caller: &Caller, cluster: &str, request: &Request) -> Result<(), Exception> {
    let (enclosing, actions) = actions(request);
    permit_all(caller, cluster, enclosing, &actions)
}

/// An action, and the operation around it.
type Enclosed = (Option<&'static str>, &'static str);

const WRITES: &[Enclosed] = &[
    (Some("TransactWriteItems"), "dax:PutItem"),
    (Some("TransactWriteItems"), "dax:UpdateItem"),
    (None, "dax:UpdateItem"),
    (None, "dax:BatchWriteItem"),
    (None, "dax:PutItem"),
];

const READS: &[Enclosed] = &[
    (Some("TransactWriteItems"), "dax:ConditionCheckItem"),
    (Some("TransactWriteItems"), "dax:DeleteItem"),
    (None, "dax:DeleteItem"),
    (Some("TransactGetItems"), "dax:GetItem"),
    (None, "dax:Scan"),
    (None, "dax:Query"),
    (None, "dax:BatchGetItem"),
    (None, "dax:GetItem"),
];

/// Asks for one of the actions that name attributes of items.
///
/// # Errors
/// The refusal of PutItem, if all of them are denied: what a caller defines is stored.
pub(crate) fn may_write(caller: &Caller, cluster: &str) -> Result<(), Exception> {
    permit_any(caller, cluster, WRITES.iter())
}

/// Asks for one of the actions whose answers have names of attributes.
///
/// # Errors
/// The refusal of GetItem, if all of them are denied: the lists are names of all tables' attributes.
pub(crate) fn may_read(caller: &Caller, cluster: &str) -> Result<(), Exception> {
    permit_any(caller, cluster, WRITES.iter().chain(READS))
}

fn permit_any<'a>(
    caller: &Caller,
    cluster: &str,
    actions: impl Iterator<Item = &'a Enclosed>,
) -> Result<(), Exception> {
    let mut refused = Ok(());
    for (enclosing, action) in actions {
        refused = permit_all(caller, cluster, *enclosing, &[*action]);
        if refused.is_ok() {
            return Ok(());
        }
    }
    refused
}

fn permit_all(
    caller: &Caller,
    cluster: &str,
    enclosing: Option<&'static str>,
    actions: &[&'static str],
) -> Result<(), Exception> {
    let Some(identity) = &caller.identity else { return Ok(()) };
    let arn = format!("arn:{}:dax:{}:{}:cache/{cluster}", partition_of(&caller.region), caller.region, caller.account);
    let work = WorkBudget::default();
    let own = Enclosing(enclosing);
    let context = Globals { identity, region: &caller.region, resource_account: &caller.account, own: &own };
    for action in actions.iter().copied() {
        let question = Question {
            principal: &identity.principal,
            action,
            resource: &arn,
            resource_account: &caller.account,
            resource_policy: None,
            context: &context,
        };
        match decide_within(&question, &work) {
            _ if work.is_exhausted() => return Err(Exception::LimitExceeded(WorkBudget::REFUSAL.to_owned())),
            Decision::Denied(denial) => return Err(Exception::AccessDenied(question.refusal(denial))),
            Decision::Allowed => {}
        }
    }
    Ok(())
}

/// The actions of a request, each once, and the operation around them.
fn actions(request: &Request) -> (Option<&'static str>, Vec<&'static str>) {
    let one = |action| (None, vec![action]);
    match request {
        Request::BatchGetItem(_) => one("dax:BatchGetItem"),
        Request::BatchWriteItem(_) => one("dax:BatchWriteItem"),
        Request::DeleteItem(_) => one("dax:DeleteItem"),
        Request::GetItem(_) => one("dax:GetItem"),
        Request::PutItem(_) => one("dax:PutItem"),
        Request::Query(_) => one("dax:Query"),
        Request::Scan(_) => one("dax:Scan"),
        Request::UpdateItem(_) => one("dax:UpdateItem"),
        Request::TransactGetItems(_) => (Some("TransactGetItems"), vec!["dax:GetItem"]),
        Request::TransactWriteItems(request) => {
            let mut actions: Vec<&str> = request.transact_items.iter().filter_map(action).collect();
            actions.sort_unstable();
            actions.dedup();
            (Some("TransactWriteItems"), actions)
        }
    }
}

fn action(item: &TransactWriteItem) -> Option<&'static str> {
    let there = [
        (item.condition_check.is_some(), "dax:ConditionCheckItem"),
        (item.delete.is_some(), "dax:DeleteItem"),
        (item.put.is_some(), "dax:PutItem"),
        (item.update.is_some(), "dax:UpdateItem"),
    ];
    there.into_iter().find(|(is_there, _)| *is_there).map(|(_, action)| action)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::net::{IpAddr, Ipv4Addr};
    use std::sync::Arc;

    use api::{Delete, GetItemInput, Put, TransactWriteItemsInput};
    use auth::iam::{Identity, Policy, PolicyKind, Principal, PrincipalKind, Transport};

    use super::*;

    fn caller(policy: &str) -> Caller {
        let policy = Policy::parse(PolicyKind::Identity, policy).unwrap();
        let principal = Principal {
            kind: PrincipalKind::User,
            account: "123456789012".to_owned(),
            arn: "arn:aws:iam::123456789012:user/ada".to_owned(),
            role_arn: None,
            role_id: None,
            user_id: "AIDA".to_owned(),
            username: Some("ada".to_owned()),
            tags: BTreeMap::new(),
            context: BTreeMap::new(),
            identity_policies: vec![Arc::new(policy)],
            boundary: None,
            session_policies: None,
        };
        let identity = Identity {
            principal: Arc::new(principal),
            transport: Transport { peer: IpAddr::V4(Ipv4Addr::LOCALHOST), secure: false },
            user_agent: None,
            now_ms: 0,
        };
        Caller {
            account: "123456789012".to_owned(),
            region: "eu-west-3".to_owned(),
            access_key: "A".to_owned(),
            identity: Some(identity),
            served: None,
        }
    }

    fn allowing(action: &str, resource: &str, condition: &str) -> Caller {
        caller(&format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"{action}","Resource":"{resource}"{condition}}}]}}"#
        ))
    }

    const ARN: &str = "arn:aws:dax:eu-west-3:123456789012:cache/stator";

    #[test]
    fn a_request_asks_for_its_action_on_the_cluster() {
        let get = Request::from(GetItemInput::default());
        assert_eq!(permit(&allowing("dax:GetItem", ARN, ""), "stator", &get), Ok(()));
        assert_eq!(permit(&allowing("dax:*", "*", ""), "stator", &get), Ok(()));
        for (action, resource) in [
            ("dax:PutItem", ARN),
            ("dynamodb:GetItem", ARN),
            ("dax:GetItem", "arn:aws:dax:eu-west-3:123456789012:cache/other"),
        ] {
            let Err(Exception::AccessDenied(text)) = permit(&allowing(action, resource, ""), "stator", &get) else {
                panic!("{action} on {resource}")
            };
            assert!(text.contains("is not authorized to perform: dax:GetItem on resource: arn:aws:dax:"), "{text}");
        }
        let nobody = Caller { identity: None, ..allowing("dax:PutItem", ARN, "") };
        assert_eq!(permit(&nobody, "stator", &get), Ok(()));
    }

    #[test]
    fn a_transaction_asks_for_each_of_its_actions() {
        let put = TransactWriteItem { put: Some(Box::new(Put::default())), ..TransactWriteItem::default() };
        let delete = TransactWriteItem { delete: Some(Box::new(Delete::default())), ..TransactWriteItem::default() };
        let transaction = |items: Vec<TransactWriteItem>| {
            Request::from(TransactWriteItemsInput { transact_items: items, ..TransactWriteItemsInput::default() })
        };
        let puts = allowing("dax:PutItem", "*", "");
        assert_eq!(permit(&puts, "stator", &transaction(vec![put.clone(), put.clone()])), Ok(()));
        assert!(permit(&puts, "stator", &transaction(vec![put.clone(), delete])).is_err());
        let within = r#","Condition":{"StringEquals":{"dax:EnclosingOperation":"TransactWriteItems"}}"#;
        let within = allowing("dax:PutItem", "*", within);
        assert_eq!(permit(&within, "stator", &transaction(vec![put])), Ok(()));
        assert!(permit(&within, "stator", &Request::from(api::PutItemInput::default())).is_err());
    }

    #[test]
    fn lists_of_names_are_for_callers_that_read_or_write_items() {
        let may = |caller: &Caller| (may_write(caller, "stator").is_ok(), may_read(caller, "stator").is_ok());
        assert_eq!(may(&allowing("dynamodb:*", "*", "")), (false, false));
        assert_eq!(may(&allowing("dax:Query", ARN, "")), (false, true));
        assert_eq!(may(&allowing("dax:BatchWriteItem", ARN, "")), (true, true));
        let within = r#","Condition":{"StringEquals":{"dax:EnclosingOperation":"TransactWriteItems"}}"#;
        assert_eq!(may(&allowing("dax:PutItem", "*", within)), (true, true));
        let Err(Exception::AccessDenied(text)) = may_read(&allowing("s3:*", "*", ""), "stator") else {
            panic!("it is allowed")
        };
        assert!(text.contains("dax:GetItem"), "{text}");
    }
}
