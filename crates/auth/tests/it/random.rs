//! Random policies, principals and contexts: they are decided as the model decides them.
//!
//! All is made from one printed seed (`STATOR_PROOF_SEED`); the long form is `STATOR_PROOF_POLICIES=<cases>`.

use std::sync::Arc;

use auth::iam::{Decision, Denial, Policy, PolicyKind, PrincipalKind, Question, decide, explain};
use serde_json::{Map, Value, json};

use crate::chance::{self, Chance};
use crate::model::{self, Case, MOMENTS};
use crate::world::{ACCOUNT, Entry, FEDERATED, Keys, OTHER_ACCOUNT, ROLE, ROOT, SESSION, TABLE, USER, principal};

/// Unit: decisions.
const SHORT_CASES: u64 = 600;

const ACTIONS: &[&str] = &[
    "*",
    "dynamodb:*",
    "dynamodb:GetItem",
    "DYNAMODB:get*",
    "dynamodb:???Item",
    "dynamodb:*t*t*",
    "dynamodb:Put*",
    "s3:*",
    "*:*m",
    "sts:*",
];
const TRUST_ACTIONS: &[&str] = &["sts:AssumeRole", "STS:*", "sts:Assume*", "sts:TagSession"];
const RESOURCES: &[&str] = &[
    "*",
    TABLE,
    "arn:aws:dynamodb:*:*:table/*",
    "arn:aws:dynamodb:*:*:table/${t:name}",
    "arn:aws:dynamodb:*:*:table/${t:name, 'Music'}",
    "arn:aws:dynamodb:*:${t:account}:table/M*",
    "arn:aws:dynamodb:*:*:table/M?s*/index/*",
    "arn:aws:dynamodb:*:table/*",
    "arn:aws:dynamodb",
    "arn:*:s3:::*",
];
const ASKED: &[&str] = &[
    TABLE,
    TABLE,
    "arn:aws:dynamodb:eu-west-3:111122223333:table/Music/index/by:year",
    "arn:aws:dynamodb:eu-west-3:111122223333:table/Other",
    "*",
];
const NAMES: &[&str] = &[
    "*",
    ACCOUNT,
    OTHER_ACCOUNT,
    ROOT,
    USER,
    ROLE,
    SESSION,
    FEDERATED,
    "AIDAJQABLZS4A3QDU576Q",
    "AROADBQP57FF2AEXAMPLE",
    "arn:aws:iam::444455556666:user/bob",
];
const KEYS: &[&str] = &["t:name", "T:Name", "t:list", "t:number", "t:date", "t:address", "t:arn", "t:flag", "t:absent"];
const TEXTS: &[&str] = &[
    "Music",
    "music",
    "M*",
    "*",
    "",
    "a",
    "b",
    "?usic",
    "*s*i*",
    "*i*s*",
    "${t:name}",
    "x${t:absent}",
    "${t:flag, 'a'}",
    "${*}",
];
const ARNS: &[&str] =
    &[USER, ROLE, "*", "arn:aws:iam::*:user/*", "arn:aws:iam::*", "arn:*:*:*:111122223333:${t:name}*", "Music"];
const NUMBERS: &[&str] = &["1", "2", "2.0", "-1", "10", "1e1"];
const ADDRESSES: &[&str] = &["10.0.0.0/8", "10.1.2.3", "10.1.2.3/31", "2001:db8::/32", "0.0.0.0/0", "::/0"];

const OPERATORS: &[(&str, &[&str])] = &[
    ("StringEquals", TEXTS),
    ("StringNotEquals", TEXTS),
    ("StringEqualsIgnoreCase", TEXTS),
    ("StringNotEqualsIgnoreCase", TEXTS),
    ("StringLike", TEXTS),
    ("StringNotLike", TEXTS),
    ("ArnEquals", ARNS),
    ("ArnLike", ARNS),
    ("ArnNotEquals", ARNS),
    ("ArnNotLike", ARNS),
    ("NumericEquals", NUMBERS),
    ("NumericNotEquals", NUMBERS),
    ("NumericLessThan", NUMBERS),
    ("NumericLessThanEquals", NUMBERS),
    ("NumericGreaterThan", NUMBERS),
    ("NumericGreaterThanEquals", NUMBERS),
    ("DateEquals", &[]),
    ("DateNotEquals", &[]),
    ("DateLessThan", &[]),
    ("DateLessThanEquals", &[]),
    ("DateGreaterThan", &[]),
    ("DateGreaterThanEquals", &[]),
    ("Bool", &["true", "false", "TRUE"]),
    ("BinaryEquals", &["AAEC", "AAED"]),
    ("IpAddress", ADDRESSES),
    ("NotIpAddress", ADDRESSES),
];

fn pick(chance: &mut Chance, from: &[&str]) -> String {
    from[chance.below(from.len() as u64) as usize].to_owned()
}

/// One of them, or a list of some.
fn some(chance: &mut Chance, from: &[&str]) -> Value {
    if chance.one_in(2) {
        return json!(pick(chance, from));
    }
    let count = 1 + chance.below(3);
    (0..count).map(|_| pick(chance, from)).collect()
}

/// An element, or rarely its opposite.
fn element(chance: &mut Chance, statement: &mut Map<String, Value>, name: &str, value: Value) {
    let name = if chance.one_in(6) { format!("Not{name}") } else { name.to_owned() };
    statement.insert(name, value);
}

fn conditions(chance: &mut Chance) -> Value {
    let mut operators = Map::new();
    for _ in 0..1 + chance.below(2) {
        let (operator, wanted) = OPERATORS[chance.below(OPERATORS.len() as u64) as usize];
        let key = pick(chance, KEYS);
        if chance.one_in(8) {
            operators.insert("Null".to_owned(), json!({ key: some(chance, &["true", "false"]) }));
            continue;
        }
        let moments: Vec<&str> = MOMENTS.iter().map(|(spelling, _)| *spelling).collect();
        let wanted = some(chance, if wanted.is_empty() { &moments } else { wanted });
        let set = pick(chance, &["", "", "ForAllValues:", "ForAnyValue:"]);
        let if_exists = pick(chance, &["", "", "IfExists"]);
        operators.insert(format!("{set}{operator}{if_exists}"), json!({ key: wanted }));
    }
    Value::Object(operators)
}

pub(crate) fn document(chance: &mut Chance, kind: PolicyKind) -> Value {
    let statements: Vec<Value> = (0..1 + chance.below(3)).map(|_| statement(chance, kind)).collect();
    let mut document = json!({ "Statement": statements });
    if !chance.one_in(8) {
        document["Version"] = json!(pick(chance, &["2012-10-17", "2012-10-17", "2008-10-17"]));
    }
    document
}

fn statement(chance: &mut Chance, kind: PolicyKind) -> Value {
    let mut statement = Map::new();
    let effect = if chance.one_in(5) { "Deny" } else { "Allow" };
    statement.insert("Effect".to_owned(), json!(effect));
    let actions = some(chance, if kind == PolicyKind::Trust { TRUST_ACTIONS } else { ACTIONS });
    element(chance, &mut statement, "Action", actions);
    if kind != PolicyKind::Trust {
        let resources = some(chance, RESOURCES);
        element(chance, &mut statement, "Resource", resources);
    }
    if kind != PolicyKind::Identity {
        let principals = if chance.one_in(6) { json!("*") } else { json!({ "AWS": some(chance, NAMES) }) };
        let name = if kind == PolicyKind::Resource && chance.one_in(4) { "NotPrincipal" } else { "Principal" };
        statement.insert(name.to_owned(), principals);
    }
    if chance.one_in(2) {
        statement.insert("Condition".to_owned(), conditions(chance));
    }
    Value::Object(statement)
}

pub(crate) fn context(chance: &mut Chance) -> Keys {
    let mut keys = Keys::default();
    let moments: Vec<&str> = MOMENTS.iter().map(|(spelling, _)| *spelling).collect();
    for (key, from) in [
        ("t:name", &["Music", "music", "Other", "*", "", "x"][..]),
        ("t:number", &["1", "2", "10", "-1", "ten"]),
        ("t:date", &moments),
        ("t:address", &["10.1.2.3", "10.1.2.2", "192.0.2.1", "2001:db8::1", "nowhere"]),
        ("t:arn", &[USER, ROLE, "arn:aws:iam::1:user/x:y", "arn:x"]),
        ("t:flag", &["true", "false", "a", "AAEC"]),
        ("t:account", &[ACCOUNT, "*"]),
    ] {
        if !chance.one_in(4) {
            keys.0.insert(key.to_owned(), Entry::One(pick(chance, from)));
        }
    }
    if !chance.one_in(3) {
        let values = (0..chance.below(4)).map(|_| pick(chance, &["a", "b", "Music", "2", ""])).collect();
        keys.0.insert("t:list".to_owned(), Entry::Many(values));
    }
    keys
}

fn case(chance: &mut Chance) -> Case {
    let kinds = [PrincipalKind::Root, PrincipalKind::User, PrincipalKind::AssumedRole, PrincipalKind::FederatedUser];
    let is_trust = chance.one_in(6);
    let kind = if is_trust { PolicyKind::Trust } else { PolicyKind::Resource };
    let identities = |chance: &mut Chance, end| -> Vec<Value> {
        (0..chance.below(end)).map(|_| document(chance, PolicyKind::Identity)).collect()
    };
    Case {
        principal: principal(kinds[chance.below(4) as usize]),
        identity: identities(chance, 4),
        boundary: chance.one_in(4).then(|| document(chance, PolicyKind::Identity)),
        session: chance.one_in(4).then(|| identities(chance, 3)),
        resource_policy: (is_trust || chance.one_in(2)).then(|| document(chance, kind)),
        is_trust,
        action: if is_trust {
            "sts:AssumeRole".to_owned()
        } else {
            pick(chance, &["dynamodb:GetItem", "dynamodb:PutItem"])
        },
        resource: pick(chance, ASKED),
        resource_account: pick(chance, &[ACCOUNT, ACCOUNT, OTHER_ACCOUNT]),
        context: context(chance).0,
    }
}

fn compiled(kind: PolicyKind, document: &Value) -> Arc<Policy> {
    Arc::new(Policy::parse(kind, &document.to_string()).unwrap_or_else(|malformed| panic!("{malformed}: {document}")))
}

/// What is decided, in the model's words.
fn decided(case: &mut Case) -> Option<(&'static str, &'static str)> {
    let kind = if case.is_trust { PolicyKind::Trust } else { PolicyKind::Resource };
    let identity = |document| compiled(PolicyKind::Identity, document);
    case.principal.identity_policies = case.identity.iter().map(identity).collect();
    case.principal.boundary = case.boundary.as_ref().map(identity);
    case.principal.session_policies = case.session.as_ref().map(|documents| documents.iter().map(identity).collect());
    let resource_policy = case.resource_policy.as_ref().map(|document| compiled(kind, document));
    let context = Keys(case.context.clone());
    let question = Question {
        principal: &case.principal,
        action: &case.action,
        resource: &case.resource,
        resource_account: &case.resource_account,
        resource_policy: resource_policy.as_deref(),
        context: &context,
    };
    let decision = decide(&question);
    assert_eq!(explain(&question).0, decision, "an explanation tells what is decided");
    match decision {
        Decision::Allowed => None,
        Decision::Denied(Denial::Explicit(from)) => Some(("explicit", from.name())),
        Decision::Denied(Denial::Implicit(from)) => Some(("implicit", from.name())),
    }
}

#[test]
fn decisions_are_the_models() {
    let mut chance = Chance::new(chance::seed());
    let mut outcomes = std::collections::BTreeMap::new();
    for number in 0..chance::setting("STATOR_PROOF_POLICIES", SHORT_CASES) {
        let mut case = case(&mut chance);
        let (found, expected) = (decided(&mut case), model::denial(&case));
        let Case { principal, action, resource, resource_account, context, .. } = &case;
        assert!(
            found == expected,
            "case {number}: {found:?}, not {expected:?}\n{:?} asks for {action} on {resource} of {resource_account}\n\
             identity {:?}\nboundary {:?}\nsession {:?}\nresource {:?}\ncontext {context:?}",
            principal.kind,
            case.identity.iter().map(Value::to_string).collect::<Vec<_>>(),
            case.boundary.as_ref().map(Value::to_string),
            case.session.as_ref().map(|all| all.iter().map(Value::to_string).collect::<Vec<_>>()),
            case.resource_policy.as_ref().map(Value::to_string),
        );
        *outcomes.entry(found).or_insert(0_u64) += 1;
    }
    eprintln!("{outcomes:?}");
    assert!(outcomes.len() >= 9, "every outcome is met: {outcomes:?}");
}
