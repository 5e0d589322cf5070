//! The reference against itself, and what a question's keys are.

use super::*;

#[test]
fn every_action_is_found_in_letters_of_either_case() {
    assert!(actions().len() > 400);
    // As many as an `ActionKeys` has bits for.
    assert!(actions().iter().all(|action| action.resources.len() <= 64));
    for action in actions() {
        for name in [action.name.to_owned(), action.name.to_lowercase(), action.name.to_uppercase()] {
            assert_eq!(find(&name).map(|found| found.name), Some(action.name), "{name}");
        }
    }
    for name in ["", "iam", "iam:", "iam:CreateUser ", "iam:CreateUse", "s3:GetObject", "zzz:z"] {
        assert!(find(name).is_none(), "{name}");
    }
}

#[test]
fn keys_of_services_are_those_of_their_actions() {
    const USER: &str = "arn:aws:iam::111122223333:user/a/b";
    const TABLE: &str = "arn:aws:dynamodb:eu-west-3:111122223333:table/Music";
    const ROLE: &str = "arn:aws:iam::111122223333:role/r";
    for (action, resource, key, expected) in [
        ("iam:AttachUserPolicy", USER, "iam:permissionsboundary", true),
        ("iam:AttachUserPolicy", USER, "iam:policyarn", true),
        ("IAM:attachuserpolicy", USER, "iam:policyarn", true),
        ("iam:DeleteUser", USER, "iam:permissionsboundary", false),
        ("iam:AttachUserPolicy", USER, "aws:requesttag/team", false),
        ("iam:AttachUserPolicy", USER, "aws:tagkeys", false),
        ("iam:AttachUserPolicy", USER, "iam:resourcetag/team", true),
        ("iam:AttachUserPolicy", "*", "aws:resourcetag/team", true),
        ("iam:AttachUserPolicy", ROLE, "iam:resourcetag/team", false),
        ("iam:DeletePolicy", "arn:aws:iam::1:policy/p", "iam:resourcetag/team", false),
        ("iam:DeletePolicy", "arn:aws:iam::1:policy/p", "aws:resourcetag/team", true),
        ("iam:DeleteGroup", "arn:aws:iam::1:group/g", "aws:resourcetag/team", false),
        ("iam:CreateUser", USER, "aws:requesttag/team", true),
        ("iam:CreateUser", USER, "aws:requesttag/", false),
        ("iam:UntagUser", USER, "aws:tagkeys", true),
        ("iam:UntagUser", USER, "aws:requesttag/team", false),
        ("dynamodb:GetItem", TABLE, "dynamodb:select", true),
        ("dynamodb:DeleteTable", TABLE, "dynamodb:select", false),
        ("dynamodb:DeleteTable", TABLE, "iam:policyarn", false),
        ("dynamodb:DeleteTable", TABLE, "aws:resourcetag/a/b", true),
        ("dynamodb:Scan", TABLE, "dynamodb:leadingkeys", false),
        ("dynamodb:Scan", TABLE, "dynamodb:firstpartitionkeyvalues", false),
        ("dynamodb:Query", TABLE, "dynamodb:fourthpartitionkeyvalues", true),
        ("dynamodb:ConditionCheckItem", TABLE, "dynamodb:enclosingoperation", true),
        ("dynamodb:BatchGetItem", TABLE, "dynamodb:enclosingoperation", false),
        ("sts:AssumeRole", ROLE, "sts:externalid", true),
        ("sts:AssumeRole", ROLE, "sts:durationseconds", false),
        ("sts:AssumeRole", ROLE, "sts:rolesessionname", true),
        ("sts:AssumeRole", ROLE, "iam:resourcetag/x", true),
        ("sts:TagSession", ROLE, "sts:externalid", false),
        ("sts:TagSession", ROLE, "sts:transitivetagkeys", true),
        ("sts:AssumeRoleWithWebIdentity", ROLE, "sts:sourceidentity", true),
        ("sts:AssumeRoleWithWebIdentity", ROLE, "saml:aud", false),
        ("sts:AssumeRoleWithWebIdentity", ROLE, "issuer.example:sub", true),
        ("sts:SetContext", ROLE, "sts:requestcontext/a", true),
        ("lambda:CreateEventSourceMapping", "*", "lambda:functionarn", true),
        ("lambda:TagResource", "*", "lambda:functionarn", false),
        // Of every request, and of an action that is not known.
        ("iam:DeleteUser", USER, "aws:sourceip", true),
        ("iam:DeleteUser", USER, "aws:principaltag/x", true),
        ("s3:GetObject", "*", "dynamodb:select", true),
    ] {
        assert_eq!(can_have(action, resource, key), expected, "{action} on {resource}: {key}");
    }
}

#[test]
fn the_reference_says_nothing_else_of_what_the_guides_add() {
    for (name, keys) in DOCUMENTED {
        let action = find(name).expect(name);
        assert!(keys.iter().all(|key| !action.condition_keys.contains(key)), "{name}");
    }
    assert!(actions().iter().all(|action| PARTITION_KEYS.iter().all(|key| !action.condition_keys.contains(key))));
}

/// A key of a service in the tables that would pass as one of every request could not be hidden.
#[test]
fn all_keys_but_claims_belong_to_services() {
    let of_types = actions().iter().flat_map(|action| action.resources).flat_map(|of| of.resource_type.condition_keys);
    for key in actions().iter().flat_map(|action| action.condition_keys).chain(of_types) {
        let is_claim = key.split(':').next().is_some_and(|vendor| vendor.contains('.'));
        assert_eq!(is_of_service(&key.to_lowercase()), !is_claim, "{key}");
    }
}

#[test]
fn keys_that_are_lists() {
    assert!(generated::LISTS.is_sorted());
    for (key, expected) in [
        ("aws:tagkeys", true),
        ("dynamodb:attributes", true),
        ("dynamodb:leadingkeys", true),
        ("sts:transitivetagkeys", true),
        ("dynamodb:select", false),
        ("aws:requesttag/x", false),
    ] {
        assert_eq!(is_list(key), expected, "{key}");
    }
}

#[test]
fn patterns_with_variables() {
    for (pattern, text, expected) in [
        ("a", "A", true),
        ("a", "ab", false),
        ("a${X}", "ab", true),
        ("a${X}", "a", false),
        ("a${X}b", "aéB", true),
        ("a${X}b", "ab", false),
        ("a${X}b${Y}c", "axbyc", true),
        ("a${X}b${Y}c", "abbyc", true),
        ("a${X}b${Y}c", "axyc", false),
        ("a${X", "ab", false),
        ("arn:${P}:iam::${A}:user/${N}", "arn:aws:iam::1:user/a/b", true),
        ("arn:${P}:iam::${A}:user/${N}", "arn:aws:iam::1:users/a", false),
    ] {
        assert_eq!(fits(pattern, text), expected, "{pattern} and {text}");
    }
}

#[test]
fn misspelt_actions_are_found() {
    for (pattern, expected) in [
        ("*", false),
        ("dynamodb:*", false),
        ("dynamodb:GetItem", false),
        ("DynamoDB:getitem", false),
        ("dynamodb:Get*", false),
        ("dynamodb:*Item", false),
        ("dynamodb:?etItem", false),
        ("dynamodb:GetItme", true),
        ("dynamodb:Gett*", true),
        ("dynamodb:*Itme*", true),
        ("dynamodb:", true),
        ("iam:CreateUsr", true),
        ("s3:GetObject", false),
        ("GetItem", true),
    ] {
        assert_eq!(is_unknown(pattern), expected, "{pattern}");
    }
}
