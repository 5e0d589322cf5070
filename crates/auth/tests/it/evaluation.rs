//! What policies of all types allow together.

use std::sync::Arc;

use auth::iam::PrincipalKind::{AssumedRole, FederatedUser, Root, User};
use auth::iam::{
    Decision, Policy, PolicyKind, Principal, PrincipalIds, PrincipalKind, Question, decide, decide_federated, explain,
};

use crate::world::{ACCOUNT, FEDERATED, Keys, OTHER_ACCOUNT, ROLE, ROOT, SESSION, TABLE, USER, policy, principal};

const GET: &str = "dynamodb:GetItem";

/// A policy in short: `+` allows the action, `-` denies it, anything else has nothing to say of it.
fn own(short: &str) -> Arc<Policy> {
    let effect = if short == "-" { "Deny" } else { "Allow" };
    let action = if matches!(short, "+" | "-") { "dynamodb:Get*" } else { "dynamodb:PutItem" };
    let statement = format!(r#"{{"Effect":"{effect}","Action":"{action}","Resource":"*"}}"#);
    policy(PolicyKind::Identity, &format!(r#"{{"Version":"2012-10-17","Statement":{statement}}}"#))
}

/// A resource's policy in short: `+` or `-`, and the principal, behind `!` for `NotPrincipal`.
fn of_resource(kind: PolicyKind, short: &str) -> Arc<Policy> {
    let (effect, names) = short.split_at(1);
    let effect = if effect == "-" { "Deny" } else { "Allow" };
    let (element, names) = match names.strip_prefix('!') {
        Some(names) => ("NotPrincipal", names),
        None => ("Principal", names),
    };
    let names: Vec<String> = names.split(' ').map(|name| format!("\"{name}\"")).collect();
    let rest = match kind {
        PolicyKind::Trust => r#""Action":"sts:AssumeRole""#.to_owned(),
        _ => format!(r#""Action":"{GET}","Resource":"{TABLE}""#),
    };
    let principals = format!(r#""{element}":{{"AWS":[{}]}}"#, names.join(","));
    let statement = format!(r#"{{"Effect":"{effect}",{principals},{rest}}}"#);
    policy(kind, &format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#))
}

/// Policies of a principal: identity, boundary and session, with `.` for none of a type.
fn with(kind: PrincipalKind, [identity, boundary, session]: [&str; 3]) -> Principal {
    let some = |short: &str| (short != ".").then(|| own(short));
    let mut principal = principal(kind);
    principal.identity_policies = some(identity).into_iter().collect();
    principal.boundary = some(boundary);
    principal.session_policies = some(session).map(|policy| vec![policy]);
    principal
}

/// Allowed, or what AWS would say behind the resource.
fn outcome(question: &Question<'_>) -> String {
    let decision = decide(question);
    assert_eq!(explain(question).0, decision, "an explanation tells what is decided");
    let Decision::Denied(denial) = decision else { return "allowed".to_owned() };
    let refusal = question.refusal(denial);
    let Question { principal, action, resource, .. } = question;
    let start = format!("User: {} is not authorized to perform: {action} on resource: {resource} ", principal.arn);
    refusal.strip_prefix(&start).expect("AWS's sentence").to_owned()
}

fn ask(principal: &Principal, account: &str, resource: Option<&Policy>) -> String {
    let context = Keys::default();
    let question = Question {
        principal,
        action: if resource.is_some_and(|policy| policy.kind() == PolicyKind::Trust) { "sts:AssumeRole" } else { GET },
        resource: TABLE,
        resource_account: account,
        resource_policy: resource,
        context: &context,
    };
    outcome(&question)
}

const NO_IDENTITY: &str = "because no identity-based policy allows the dynamodb:GetItem action";
const NO_BOUNDARY: &str = "because no permissions boundary allows the dynamodb:GetItem action";
const NO_SESSION: &str = "because no session policy allows the dynamodb:GetItem action";
const NO_RESOURCE: &str = "because no resource-based policy allows the dynamodb:GetItem action";

/// A list is of `table/*`: a pattern for names of one letter is none for all of them.
#[test]
fn all_of_a_kind_are_no_name_of_one_letter() {
    let tables = "arn:aws:dynamodb:us-east-1:111111111111:table/";
    let all = format!("{tables}*");
    for (pattern, is_allowed) in [("*", true), ("?*", true), ("?", false), ("??", false), ("a", false), ("", false)] {
        let statement = format!(r#"{{"Effect":"Allow","Action":"{GET}","Resource":"{tables}{pattern}"}}"#);
        let document = format!(r#"{{"Version":"2012-10-17","Statement":{statement}}}"#);
        let mut principal = principal(User);
        principal.identity_policies = vec![policy(PolicyKind::Identity, &document)];
        let context = Keys::default();
        let question = Question {
            principal: &principal,
            action: GET,
            resource: &all,
            resource_account: ACCOUNT,
            resource_policy: None,
            context: &context,
        };
        assert_eq!(decide(&question) == Decision::Allowed, is_allowed, "{pattern}");
    }
}

#[test]
fn own_policies() {
    for (kind, policies, expected) in [
        (User, ["+", ".", "."], "allowed"),
        (User, [".", ".", "."], NO_IDENTITY),
        (User, ["o", ".", "."], NO_IDENTITY),
        (User, ["+", "+", "."], "allowed"),
        (User, ["+", "o", "."], NO_BOUNDARY),
        (User, [".", "+", "."], NO_IDENTITY),
        (User, ["-", "+", "."], "with an explicit deny in an identity-based policy"),
        (User, ["+", "-", "."], "with an explicit deny in a permissions boundary"),
        (AssumedRole, ["+", ".", "."], "allowed"),
        (AssumedRole, ["+", "+", "+"], "allowed"),
        (AssumedRole, ["+", "+", "o"], NO_SESSION),
        (AssumedRole, [".", "+", "+"], NO_IDENTITY),
        (AssumedRole, ["+", "+", "-"], "with an explicit deny in a session policy"),
        (FederatedUser, ["+", ".", "+"], "allowed"),
        (FederatedUser, ["+", ".", "."], NO_SESSION),
        (Root, [".", ".", "."], "allowed"),
    ] {
        assert_eq!(ask(&with(kind, policies), ACCOUNT, None), expected, "{kind:?} {policies:?}");
    }
}

#[test]
fn a_session_narrowed_to_nothing() {
    let mut session = with(AssumedRole, ["+", ".", "."]);
    session.session_policies = Some(Vec::new());
    assert_eq!(ask(&session, ACCOUNT, None), NO_SESSION);
}

#[test]
fn resource_policies_in_one_account() {
    let all = ["o", "o", "o"];
    let user = ["o", "o", "."];
    let direct = "allowed";
    for (kind, policies, resource, expected) in [
        // An allowance that names the principal itself is bounded by no other policy.
        (User, user, format!("+{USER}"), direct),
        (AssumedRole, all, format!("+{SESSION}"), direct),
        (FederatedUser, all, format!("+{FEDERATED}"), direct),
        (User, user, "+*".to_owned(), direct),
        (AssumedRole, all, "+*".to_owned(), direct),
        (User, user, "+AIDAJQABLZS4A3QDU576Q".to_owned(), direct),
        // The role or user behind a session: what bounds the session still applies.
        (AssumedRole, ["o", ".", "."], format!("+{ROLE}"), direct),
        (AssumedRole, ["o", "o", "."], format!("+{ROLE}"), NO_BOUNDARY),
        (AssumedRole, ["o", "+", "o"], format!("+{ROLE}"), NO_SESSION),
        (AssumedRole, ["o", "+", "+"], format!("+{ROLE}"), direct),
        (AssumedRole, ["o", "o", "."], "+AROADBQP57FF2AEXAMPLE".to_owned(), NO_BOUNDARY),
        (FederatedUser, ["o", ".", "+"], format!("+{USER}"), direct),
        (FederatedUser, ["o", "o", "+"], format!("+{USER}"), NO_BOUNDARY),
        (FederatedUser, ["o", ".", "."], format!("+{USER}"), NO_SESSION),
        // An account decides by its own policies.
        (User, user, format!("+{ACCOUNT}"), NO_IDENTITY),
        (User, ["+", ".", "."], format!("+{ROOT}"), direct),
        // Another principal.
        (User, user, format!("+{ROLE}"), NO_IDENTITY),
        (User, ["+", ".", "."], format!("-{ROLE}"), direct),
        (User, ["+", ".", "."], format!("-{USER}"), "with an explicit deny in a resource-based policy"),
        (User, ["+", ".", "."], format!("-{ACCOUNT}"), "with an explicit deny in a resource-based policy"),
        (AssumedRole, ["+", ".", "."], format!("-{ROLE}"), "with an explicit deny in a resource-based policy"),
        (Root, [".", ".", "."], format!("-{ROOT}"), "with an explicit deny in a resource-based policy"),
        (Root, [".", ".", "."], format!("+{USER}"), direct),
        // A denial comes before all.
        (User, ["-", ".", "."], format!("+{USER}"), "with an explicit deny in an identity-based policy"),
        (AssumedRole, ["+", ".", "-"], format!("+{SESSION}"), "with an explicit deny in a session policy"),
    ] {
        let policy = of_resource(PolicyKind::Resource, &resource);
        assert_eq!(ask(&with(kind, policies), ACCOUNT, Some(&policy)), expected, "{kind:?} {policies:?} {resource}");
    }
}

#[test]
fn exceptions() {
    let denied = "with an explicit deny in a resource-based policy";
    let all_of_session = format!("-!{SESSION} {ROLE} {ROOT}");
    for (kind, policies, resource, expected) in [
        (User, ["+", ".", "."], format!("-!{USER} {ROOT}"), "allowed"),
        (User, ["+", ".", "."], format!("-!{USER}"), denied),
        (User, ["+", ".", "."], format!("-!{ROOT}"), denied),
        (User, ["+", ".", "."], format!("-!{ROLE} {ROOT}"), denied),
        (User, ["+", ".", "."], "-!*".to_owned(), "allowed"),
        (User, ["+", "+", "."], format!("-!{USER} {ROOT}"), denied),
        (AssumedRole, ["+", ".", "."], all_of_session, "allowed"),
        (AssumedRole, ["+", ".", "."], format!("-!{ROLE} {ROOT}"), denied),
        (Root, [".", ".", "."], format!("-!{ROOT}"), "allowed"),
        (User, ["o", ".", "."], format!("+!{USER}"), NO_IDENTITY),
        (User, ["o", ".", "."], format!("+!{ROOT}"), NO_IDENTITY),
        (User, ["o", ".", "."], format!("+!{ROLE}"), "allowed"),
    ] {
        let policy = of_resource(PolicyKind::Resource, &resource);
        assert_eq!(ask(&with(kind, policies), ACCOUNT, Some(&policy)), expected, "{kind:?} {policies:?} {resource}");
    }
}

#[test]
fn across_accounts() {
    for (kind, policies, resource, expected) in [
        (User, ["+", ".", "."], Some(format!("+{USER}")), "allowed"),
        (User, ["+", ".", "."], Some(format!("+{ACCOUNT}")), "allowed"),
        (User, ["+", ".", "."], Some("+*".to_owned()), "allowed"),
        (User, ["+", ".", "."], Some(format!("+{OTHER_ACCOUNT}")), NO_RESOURCE),
        (User, ["+", ".", "."], None, NO_RESOURCE),
        (User, ["o", ".", "."], Some(format!("+{USER}")), NO_IDENTITY),
        (User, ["+", "o", "."], Some(format!("+{USER}")), NO_BOUNDARY),
        (AssumedRole, ["+", ".", "o"], Some(format!("+{SESSION}")), NO_SESSION),
        (AssumedRole, ["+", ".", "+"], Some(format!("+{ROLE}")), "allowed"),
        (Root, [".", ".", "."], Some(format!("+{ACCOUNT}")), "allowed"),
        (Root, [".", ".", "."], None, NO_RESOURCE),
    ] {
        let policy = resource.as_deref().map(|short| of_resource(PolicyKind::Resource, short));
        let found = ask(&with(kind, policies), OTHER_ACCOUNT, policy.as_deref());
        assert_eq!(found, expected, "{kind:?} {policies:?} {resource:?}");
    }
}

#[test]
fn trust() {
    let assume = |short: &str| {
        let action = if short == "+" { "sts:AssumeRole" } else { "sts:GetCallerIdentity" };
        let statement = format!(r#"{{"Effect":"Allow","Action":"{action}","Resource":"*"}}"#);
        policy(PolicyKind::Identity, &format!(r#"{{"Version":"2012-10-17","Statement":{statement}}}"#))
    };
    let untrusted = "because no role trust policy allows the sts:AssumeRole action";
    let unallowed = "because no identity-based policy allows the sts:AssumeRole action";
    for (account, identity, trust, expected) in [
        (ACCOUNT, "o", format!("+{USER}"), "allowed"),
        (ACCOUNT, "o", format!("+{ROOT}"), unallowed),
        (ACCOUNT, "+", format!("+{ROOT}"), "allowed"),
        (ACCOUNT, "+", format!("+{ROLE}"), untrusted),
        (ACCOUNT, "+", format!("-{USER}"), "with an explicit deny in the role trust policy"),
        (OTHER_ACCOUNT, "o", format!("+{USER}"), unallowed),
        (OTHER_ACCOUNT, "+", format!("+{USER}"), "allowed"),
        (OTHER_ACCOUNT, "+", format!("+{OTHER_ACCOUNT}"), untrusted),
    ] {
        let mut user = principal(User);
        user.identity_policies = vec![assume(identity)];
        let policy = of_resource(PolicyKind::Trust, &trust);
        assert_eq!(ask(&user, account, Some(&policy)), expected, "{account} {identity} {trust}");
    }
}

#[test]
fn trust_in_a_provider() {
    let provider = "arn:aws:iam::111122223333:oidc-provider/issuer.example";
    let action = "sts:AssumeRoleWithWebIdentity";
    let trust = |effect: &str, principal: &str| {
        let statement = format!(r#"{{"Effect":"{effect}","Principal":{principal},"Action":"{action}"}}"#);
        policy(PolicyKind::Trust, &format!(r#"{{"Version":"2012-10-17","Statement":{statement}}}"#))
    };
    let of = |name: &str| format!(r#"{{"Federated":"{name}"}}"#);
    for (effect, principal, allowed) in [
        ("Allow", of(provider), true),
        ("Allow", of("arn:aws:iam::111122223333:oidc-provider/other.example"), false),
        ("Deny", of(provider), false),
        ("Allow", "\"*\"".to_owned(), true),
        ("Allow", format!(r#"{{"AWS":"{ACCOUNT}"}}"#), false),
    ] {
        let trust = trust(effect, &principal);
        let decision = decide_federated(&trust, provider, action, ROLE, &Keys::default());
        assert_eq!(decision == Decision::Allowed, allowed, "{effect} {principal}");
        let other = decide_federated(&trust, provider, "sts:TagSession", ROLE, &Keys::default());
        assert_ne!(other, Decision::Allowed, "{effect} {principal}");
    }
}

/// A policy as it is once it is stored: each principal with the id that it had then.
fn bound(kind: PolicyKind, short: &str, ids: &[(&str, &str)]) -> Arc<Policy> {
    let mut policy = Arc::into_inner(of_resource(kind, short)).expect("one owner");
    let mut known = PrincipalIds::default();
    ids.iter().for_each(|(name, id)| known.insert(name, (*id).to_owned()));
    policy.bind(&known);
    Arc::new(policy)
}

#[test]
fn a_stored_policy_means_ids_and_not_arns() {
    const USER_ID: &str = "AIDAJQABLZS4A3QDU576Q";
    const ROLE_ID: &str = "AROADBQP57FF2AEXAMPLE";
    let explicit = "with an explicit deny in a resource-based policy";
    for (kind, short, ids, expected) in [
        (User, format!("+{USER}"), vec![(USER, USER_ID)], "allowed"),
        // The user was deleted, and another one has its name.
        (User, format!("+{USER}"), vec![(USER, "AIDAANOTHERAAAAAAAAAA")], NO_IDENTITY),
        // The user was renamed.
        (
            User,
            "+arn:aws:iam::111122223333:user/before".to_owned(),
            vec![("arn:aws:iam::111122223333:user/before", USER_ID)],
            "allowed",
        ),
        // Of an account that is not served, which is served later.
        (User, format!("+{USER}"), vec![], NO_IDENTITY),
        (User, format!("+{USER_ID}"), vec![], "allowed"),
        (AssumedRole, format!("+{ROLE}"), vec![(ROLE, ROLE_ID)], "allowed"),
        (AssumedRole, format!("+{ROLE}"), vec![(ROLE, "AROAANOTHERAAAAAAAAAA")], NO_IDENTITY),
        (AssumedRole, format!("+{SESSION}"), vec![(SESSION, "AROADBQP57FF2AEXAMPLE:s1")], "allowed"),
        (AssumedRole, format!("+{SESSION}"), vec![(SESSION, "AROADBQP57FF2AEXAMPLE:s2")], NO_IDENTITY),
        (AssumedRole, format!("+{SESSION}"), vec![(SESSION, "AROAANOTHERAAAAAAAAAA:s1")], NO_IDENTITY),
        (FederatedUser, format!("+{FEDERATED}"), vec![(FEDERATED, "111122223333:guest")], "allowed"),
        (FederatedUser, format!("+{FEDERATED}"), vec![(FEDERATED, "111122223333:other")], NO_IDENTITY),
        // Accounts and `*` have no ids.
        (User, "+*".to_owned(), vec![], "allowed"),
        (User, format!("-{ACCOUNT}"), vec![], explicit),
        (User, format!("-{ROOT}"), vec![], explicit),
        // Exceptions from a denial.
        (User, format!("-!{USER} {ACCOUNT}"), vec![(USER, USER_ID)], NO_IDENTITY),
        (User, format!("-!{USER} {ACCOUNT}"), vec![(USER, "AIDAANOTHERAAAAAAAAAA")], explicit),
        (User, format!("-!{USER} {ACCOUNT}"), vec![], explicit),
        (User, format!("+!{USER}"), vec![(USER, USER_ID)], NO_IDENTITY),
    ] {
        let policy = bound(PolicyKind::Resource, &short, &ids);
        assert_eq!(ask(&principal(kind), ACCOUNT, Some(&policy)), expected, "{kind:?} {short} {ids:?}");
    }
    // A federated user acts for the user that federated it.
    let guest = with(FederatedUser, ["o", ".", "+"]);
    for (id, expected) in [(USER_ID, "allowed"), ("AIDAANOTHERAAAAAAAAAA", NO_IDENTITY)] {
        let policy = bound(PolicyKind::Resource, &format!("+{USER}"), &[(USER, id)]);
        assert_eq!(ask(&guest, ACCOUNT, Some(&policy)), expected, "{id}");
    }
}

#[test]
fn a_policy_tells_the_principals_that_have_ids() {
    let policy =
        of_resource(PolicyKind::Resource, &format!("+* {USER} {ACCOUNT} {ROOT} AIDAJQABLZS4A3QDU576Q {SESSION}"));
    assert_eq!(policy.principals().collect::<Vec<_>>(), [USER, "AIDAJQABLZS4A3QDU576Q", SESSION]);
}
