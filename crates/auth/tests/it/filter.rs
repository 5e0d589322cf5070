//! Which keys of a context an action has: the policies see those and no others, whatever a service shows.

use std::collections::BTreeMap;

use auth::iam::reference::{self, Action};
use auth::iam::{Decision, PolicyKind, PrincipalKind, Question, decide, decide_federated, explain};

use crate::world::{ACCOUNT, Entry, Keys, policy, principal};

const BOUNDARY: &str = "arn:aws:iam::111122223333:policy/boundary";

fn one(key: &str, value: &str) -> Keys {
    Keys(BTreeMap::from([(key.to_owned(), Entry::One(value.to_owned()))]))
}

/// Whether a user may do something under a condition, in a context.
fn is_allowed(action: &str, resource: &str, condition: &str, context: &Keys) -> bool {
    let mut user = principal(PrincipalKind::User);
    let statement = format!(r#"{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{condition}}}"#);
    let document = format!(r#"{{"Version":"2012-10-17","Statement":{statement}}}"#);
    user.identity_policies = vec![policy(PolicyKind::Identity, &document)];
    let question =
        Question { principal: &user, action, resource, resource_account: ACCOUNT, resource_policy: None, context };
    assert_eq!(decide(&question), explain(&question).0);
    decide(&question) == Decision::Allowed
}

#[test]
fn a_key_that_an_action_has_not_is_absent() {
    let user = "arn:aws:iam::111122223333:user/bob";
    let bounded = format!(r#"{{"StringEquals":{{"iam:PermissionsBoundary":"{BOUNDARY}"}}}}"#);
    let context = one("iam:permissionsboundary", BOUNDARY);
    assert!(is_allowed("iam:AttachUserPolicy", user, &bounded, &context));
    assert!(is_allowed("IAM:ATTACHUSERPOLICY", user, &bounded, &context));
    assert!(!is_allowed("iam:DeleteUser", user, &bounded, &context));
    // Unknown to the reference, so all is looked at.
    assert!(is_allowed("example:Do", "*", &bounded, &context));
    // What is not there is not there for the negated operators, the lists and the variables either.
    let tags = Keys(BTreeMap::from([("aws:tagkeys".to_owned(), Entry::Many(vec!["a".to_owned()]))]));
    for (condition, expected) in [
        (r#"{"Null":{"aws:TagKeys":"true"}}"#, true),
        (r#"{"ForAllValues:StringEquals":{"aws:TagKeys":"b"}}"#, true),
        (r#"{"ForAnyValue:StringEquals":{"aws:TagKeys":"a"}}"#, false),
        (r#"{"StringNotEquals":{"aws:TagKeys":"a"}}"#, true),
    ] {
        assert_eq!(is_allowed("iam:DeleteUser", user, condition, &tags), expected, "{condition}");
        assert_eq!(is_allowed("iam:TagUser", user, condition, &tags), !expected, "{condition}");
    }
    let mut named = one("iam:policyarn", "x");
    named.0.insert("aws:userid".to_owned(), Entry::One("x".to_owned()));
    let variable = r#"{"StringEquals":{"aws:userid":"${iam:PolicyARN}"}}"#;
    assert!(is_allowed("iam:AttachUserPolicy", user, variable, &named));
    assert!(!is_allowed("iam:CreateUser", user, variable, &named));
}

#[test]
fn the_keys_of_a_resource_type_hold_on_that_resource() {
    let tagged = r#"{"StringEquals":{"aws:ResourceTag/team":"a"}}"#;
    let context = one("aws:resourcetag/team", "a");
    let check = |action, resource, expected| assert_eq!(is_allowed(action, resource, tagged, &context), expected);
    check("iam:GetContextKeysForPrincipalPolicy", "arn:aws:iam::111122223333:user/bob", true);
    check("iam:GetContextKeysForPrincipalPolicy", "arn:aws:iam::111122223333:role/r", true);
    check("iam:GetContextKeysForPrincipalPolicy", "arn:aws:iam::111122223333:group/g", false);
    check("iam:ListUsers", "*", false);
}

/// Each key of each service, shown for each action: only the action's own are seen.
#[test]
fn no_action_sees_the_key_of_another() {
    let keys: std::collections::BTreeSet<String> = reference::actions()
        .iter()
        .flat_map(|action| action.condition_keys)
        .map(|key| key.replace("${TagKey}", "x").replace("${ContextKey}", "x").to_lowercase())
        .filter(|key| reference::is_of_service(key))
        .collect();
    assert!(keys.len() > 60, "{}", keys.len());
    for key in &keys {
        let present = format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{{"Null":{{"{key}":"false"}}}}}}}}"#
        );
        let mut user = principal(PrincipalKind::User);
        user.identity_policies = vec![policy(PolicyKind::Identity, &present)];
        let context = one(key, "v");
        for Action { name: action, resources, .. } in reference::actions() {
            let resource = resources.first().map_or("*", |of| of.resource_type.arn);
            let question = Question {
                principal: &user,
                action,
                resource,
                resource_account: ACCOUNT,
                resource_policy: None,
                context: &context,
            };
            let expected = reference::can_have(action, resource, key);
            assert_eq!(decide(&question) == Decision::Allowed, expected, "{action} {key}");
        }
    }
}

#[test]
fn an_identity_providers_claims_are_seen_and_foreign_keys_not() {
    let provider = "arn:aws:iam::111122223333:oidc-provider/issuer.example/a";
    let trust = |key: &str| {
        let statement = format!(
            r#"{{"Effect":"Allow","Principal":{{"Federated":"{provider}"}},"Action":"sts:*","Condition":{{"StringEquals":{{"{key}":"v"}}}}}}"#
        );
        policy(PolicyKind::Trust, &format!(r#"{{"Version":"2012-10-17","Statement":{statement}}}"#))
    };
    let role = "arn:aws:iam::111122223333:role/r";
    for (action, key, expected) in [
        ("sts:AssumeRoleWithWebIdentity", "issuer.example/a:sub", true),
        ("sts:TagSession", "issuer.example/a:sub", true),
        ("sts:AssumeRoleWithWebIdentity", "sts:RoleSessionName", true),
        ("sts:AssumeRoleWithWebIdentity", "sts:SourceIdentity", true),
        ("sts:AssumeRoleWithWebIdentity", "iam:ResourceTag/x", true),
        ("sts:AssumeRoleWithWebIdentity", "sts:ExternalId", false),
        ("sts:AssumeRoleWithWebIdentity", "saml:aud", false),
        ("sts:AssumeRoleWithWebIdentity", "iam:PermissionsBoundary", false),
    ] {
        let context = one(&key.to_lowercase(), "v");
        let decision = decide_federated(&trust(key), provider, action, role, &context);
        assert_eq!(decision == Decision::Allowed, expected, "{action} {key}");
    }
}

/// Two tags whose keys differ in case are one key, of which neither value may help.
#[test]
fn tags_that_differ_in_case_allow_what_both_allow_and_deny_what_one_denies() {
    let table = "arn:aws:dynamodb:eu-west-3:111122223333:table/Music";
    let both = Keys(BTreeMap::from([(
        "aws:resourcetag/team".to_owned(),
        Entry::Many(vec!["red".to_owned(), "blue".to_owned()]),
    )]));
    for (operator, wanted, allows, denies) in [
        ("StringEquals", r#""red""#, false, true),
        ("StringEquals", r#"["red","blue"]"#, true, true),
        ("ForAnyValue:StringEquals", r#""red""#, false, true),
        ("StringNotEquals", r#""red""#, false, true),
        ("StringNotEquals", r#""green""#, true, true),
        ("StringEqualsIfExists", r#""green""#, false, false),
    ] {
        let condition = format!(r#"{{"{operator}":{{"aws:ResourceTag/Team":{wanted}}}}}"#);
        assert_eq!(is_allowed("dynamodb:GetItem", table, &condition, &both), allows, "{condition}");
        let mut user = principal(PrincipalKind::User);
        let deny = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"*","Resource":"*"}},{{"Effect":"Deny","Action":"*","Resource":"*","Condition":{condition}}}]}}"#
        );
        user.identity_policies = vec![policy(PolicyKind::Identity, &deny)];
        let question = Question {
            principal: &user,
            action: "dynamodb:GetItem",
            resource: table,
            resource_account: ACCOUNT,
            resource_policy: None,
            context: &both,
        };
        assert_eq!(decide(&question) != Decision::Allowed, denies, "{condition}");
    }
}

/// As a variable such a tag has no value that could be chosen: it allows nothing and denies everything, in conditions and in
/// resources, and its default is not taken.
#[test]
fn variables_of_tags_that_differ_in_case_allow_nothing_and_deny_everything() {
    let table = "arn:aws:dynamodb:eu-west-3:111122223333:table/Music";
    let keys = |team: Entry| {
        let of_request = ("aws:requesttag/team".to_owned(), team);
        Keys(BTreeMap::from([of_request, ("aws:principaltag/team".to_owned(), Entry::One("red".to_owned()))]))
    };
    let (one, both) =
        (keys(Entry::One("red".to_owned())), keys(Entry::Many(vec!["blue".to_owned(), "green".to_owned()])));
    let decided = |statement: &str, context: &Keys| {
        let mut user = principal(PrincipalKind::User);
        user.identity_policies = vec![policy(PolicyKind::Identity, statement)];
        let question = Question {
            principal: &user,
            action: "dynamodb:TagResource",
            resource: table,
            resource_account: ACCOUNT,
            resource_policy: None,
            context,
        };
        decide(&question) == Decision::Allowed
    };
    let document = |statements: &str| format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
    for (operator, wanted, of_one) in [
        ("StringEquals", "${aws:RequestTag/team}", true),
        ("StringEquals", "${aws:RequestTag/Team, 'red'}", true),
        ("StringNotEquals", "${aws:RequestTag/TEAM}", false),
        ("StringLike", "*${aws:RequestTag/team}", true),
    ] {
        let condition = format!(r#""Condition":{{"{operator}":{{"aws:PrincipalTag/team":"{wanted}"}}}}"#);
        let allow = document(&format!(r#"{{"Effect":"Allow","Action":"*","Resource":"*",{condition}}}"#));
        let deny = document(&format!(
            r#"{{"Effect":"Allow","Action":"*","Resource":"*"}},{{"Effect":"Deny","Action":"*","Resource":"*",{condition}}}"#
        ));
        assert_eq!((decided(&allow, &one), decided(&allow, &both)), (of_one, false), "{allow}");
        assert_eq!((decided(&deny, &one), decided(&deny, &both)), (!of_one, false), "{deny}");
    }
    for (member, of_one) in [("Resource", false), ("NotResource", true)] {
        let resource = format!(r#""{member}":"arn:aws:dynamodb:*:*:table/${{aws:RequestTag/team, 'Music'}}""#);
        let allow = document(&format!(r#"{{"Effect":"Allow","Action":"*",{resource}}}"#));
        let deny = document(&format!(
            r#"{{"Effect":"Allow","Action":"*","Resource":"*"}},{{"Effect":"Deny","Action":"*",{resource}}}"#
        ));
        assert_eq!((decided(&allow, &one), decided(&allow, &both)), (of_one, false), "{allow}");
        assert_eq!((decided(&deny, &one), decided(&deny, &both)), (!of_one, false), "{deny}");
    }
}
