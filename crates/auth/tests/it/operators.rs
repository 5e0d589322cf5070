//! Each operator of conditions, and the patterns and variables of resources.

use std::collections::BTreeMap;

use auth::iam::{Decision, PolicyKind, PrincipalKind, Question, decide, explain};

use crate::world::{ACCOUNT, Entry, Keys, TABLE, policy, principal};

/// A context in short: `key=value`, or `key=[a,b]` for one with several values by its nature.
fn keys(short: &str) -> Keys {
    let entry = |value: &str| match value.strip_prefix('[').and_then(|list| list.strip_suffix(']')) {
        Some("") => Entry::Many(Vec::new()),
        Some(list) => Entry::Many(list.split(',').map(str::to_owned).collect()),
        None => Entry::One(value.to_owned()),
    };
    let pairs = short.split_whitespace().filter_map(|pair| pair.split_once('='));
    Keys(pairs.map(|(key, value)| (key.to_owned(), entry(value))).collect::<BTreeMap<_, _>>())
}

/// Whether a statement with this rest applies; `'` stands for `"`.
fn applies(version: &str, resource: &str, rest: &str, asked: &str, context: &Keys) -> bool {
    let statement = format!("{{'Effect':'Allow','Action':'dynamodb:GetItem',{resource}{rest}}}");
    let document = format!("{{'Version':'{version}','Statement':{statement}}}").replace('\'', "\"").replace('`', "'");
    let mut user = principal(PrincipalKind::User);
    user.identity_policies = vec![policy(PolicyKind::Identity, &document)];
    let question = Question {
        principal: &user,
        action: "dynamodb:GetItem",
        resource: asked,
        resource_account: ACCOUNT,
        resource_policy: None,
        context,
    };
    let decision = decide(&question);
    let (explained, accounts) = explain(&question);
    assert_eq!(decision, explained);
    assert_eq!(accounts[0].applies, decision == Decision::Allowed);
    decision == Decision::Allowed
}

fn met(operator: &str, values: &str, context: &str) -> bool {
    let condition = format!(",'Condition':{{'{operator}':{{'t:Key':{values}}}}}");
    applies("2012-10-17", "'Resource':'*'", &condition, TABLE, &keys(context))
}

fn check(cases: &[(&str, &str, &str, bool)]) {
    for (operator, values, context, expected) in cases {
        assert_eq!(met(operator, values, context), *expected, "{operator} {values} with {context}");
    }
}

#[test]
fn strings() {
    check(&[
        ("StringEquals", "'a'", "t:key=a", true),
        ("StringEquals", "'a'", "t:key=A", false),
        ("StringEquals", "['a','b']", "t:key=b", true),
        ("StringEquals", "'a*'", "t:key=ab", false),
        ("StringEquals", "'a*'", "t:key=a*", true),
        ("StringEquals", "'a'", "", false),
        ("StringEquals", "[]", "t:key=a", false),
        ("StringNotEquals", "'a'", "t:key=a", false),
        ("StringNotEquals", "['a','b']", "t:key=b", false),
        ("StringNotEquals", "['a','b']", "t:key=c", true),
        ("StringNotEquals", "'a'", "", true),
        ("StringEqualsIgnoreCase", "'Ä-a'", "t:key=ä-A", true),
        ("StringEqualsIgnoreCase", "'a*'", "t:key=ab", false),
        ("StringNotEqualsIgnoreCase", "'A'", "t:key=a", false),
        ("StringNotEqualsIgnoreCase", "'A'", "", true),
        ("StringLike", "'a*'", "t:key=abc", true),
        ("StringLike", "'A*'", "t:key=abc", false),
        ("StringLike", "'a?c'", "t:key=abc", true),
        ("StringLike", "'a?c'", "t:key=ac", false),
        ("StringLike", "'*:*'", "t:key=arn:aws:x", true),
        ("StringNotLike", "'a*'", "t:key=abc", false),
        ("StringNotLike", "'a*'", "", true),
        ("stringequals", "'a'", "t:key=a", true),
    ]);
}

#[test]
fn numbers_dates_and_truths() {
    check(&[
        ("NumericEquals", "10", "t:key=10.0", true),
        ("NumericEquals", "'10'", "t:key=11", false),
        ("NumericEquals", "'10'", "t:key=ten", false),
        ("NumericEquals", "['1','2']", "t:key=2", true),
        ("NumericNotEquals", "['1','2']", "t:key=2", false),
        ("NumericNotEquals", "['1','2']", "t:key=3", true),
        ("NumericNotEquals", "'1'", "t:key=ten", true),
        ("NumericLessThan", "'10'", "t:key=9.99", true),
        ("NumericLessThan", "'10'", "t:key=10", false),
        ("NumericLessThanEquals", "'10'", "t:key=10", true),
        ("NumericGreaterThan", "'-1'", "t:key=0", true),
        ("NumericGreaterThan", "'9007199254740992'", "t:key=9007199254740993", true),
        ("NumericGreaterThanEquals", "'10'", "t:key=9", false),
        ("NumericGreaterThanEquals", "'10'", "", false),
        ("DateEquals", "'2026-01-01T00:00:00Z'", "t:key=2026-01-01T01:00:00+01:00", true),
        ("DateEquals", "'1767225600'", "t:key=2026-01-01T00:00:00Z", true),
        ("DateNotEquals", "'2026-01-01'", "t:key=2026-01-01T00:00:00Z", false),
        ("DateLessThan", "'2026-01-01'", "t:key=2025-12-31T23:59:59Z", true),
        ("DateLessThan", "'2026-01-01'", "t:key=2026-01-01T00:00:00Z", false),
        ("DateLessThanEquals", "'2026-01-01'", "t:key=1767225600", true),
        ("DateGreaterThan", "'2026-01-01'", "t:key=2026-01-01T00:00:00.001Z", true),
        ("DateGreaterThanEquals", "'2026'", "t:key=2025-12-31T23:59:59Z", false),
        ("DateGreaterThan", "'2026'", "", false),
        ("Bool", "'true'", "t:key=true", true),
        ("Bool", "true", "t:key=True", true),
        ("Bool", "false", "t:key=true", false),
        ("Bool", "'false'", "", false),
        ("BoolIfExists", "'false'", "", true),
        ("Null", "'true'", "", true),
        ("Null", "true", "t:key=a", false),
        ("Null", "false", "t:key=a", true),
        ("Null", "'false'", "", false),
        ("Null", "'true'", "t:key=[]", true),
        ("BinaryEquals", "'AAEC'", "t:key=AAEC", true),
        ("BinaryEquals", "'AAEC'", "t:key=AAED", false),
    ]);
}

#[test]
fn addresses() {
    check(&[
        ("IpAddress", "'203.0.113.0/24'", "t:key=203.0.113.9", true),
        ("IpAddress", "['10.0.0.0/8','2001:DB8::/32']", "t:key=2001:db8:1::2", true),
        ("IpAddress", "'203.0.113.9'", "t:key=203.0.113.9", true),
        ("IpAddress", "'203.0.113.9'", "t:key=nowhere", false),
        ("IpAddress", "'203.0.113.9'", "", false),
        ("NotIpAddress", "'203.0.113.0/24'", "t:key=203.0.113.9", false),
        ("NotIpAddress", "['10.0.0.0/8','203.0.113.0/24']", "t:key=192.0.2.1", true),
        ("NotIpAddress", "'203.0.113.0/24'", "", true),
    ]);
}

#[test]
fn arns() {
    let pattern = "'arn:aws:some:*:111122223333:finance/*'";
    let tricky = "t:key=arn:aws:some:us-east-2:999999999999:store/abc:111122223333:finance/document.txt";
    check(&[
        ("ArnLike", pattern, "t:key=arn:aws:some:us-east-2:111122223333:finance/a:b", true),
        ("ArnLike", pattern, tricky, false),
        ("ArnEquals", pattern, "t:key=arn:aws:some::111122223333:finance/", true),
        ("StringLike", pattern, tricky, true),
        ("ArnLike", "'*'", "t:key=arn:aws:a:b:c:d", true),
        ("ArnLike", "'arn:aws:iam::*'", "t:key=arn:aws:iam::1:user/x", false),
        ("ArnEquals", "'arn:aws:iam::1:user/x'", "t:key=arn:aws:iam::1:user/x", true),
        ("ArnEquals", "'arn:aws:iam::1:user/x'", "t:key=arn:aws:iam::1:user/X", false),
        ("ArnEquals", "'x'", "t:key=x", false),
        ("ArnNotEquals", pattern, tricky, true),
        ("ArnNotLike", "'arn:aws:iam::1:user/*'", "t:key=arn:aws:iam::1:user/x", false),
        ("ArnNotLike", "'arn:aws:iam::1:user/*'", "", true),
        ("ArnLike", "'arn:aws:iam::${t:other}:user/*'", "t:other=1 t:key=arn:aws:iam::1:user/x", true),
        ("ArnLike", "'${t:other}'", "t:other=arn:aws:iam::1:user/x t:key=arn:aws:iam::1:user/x", true),
        ("ArnLike", "'${t:other}'", "t:other=arn:aws:iam::*:user/x t:key=arn:aws:iam::1:user/x", false),
    ]);
}

#[test]
fn if_exists() {
    check(&[
        ("StringEqualsIfExists", "'a'", "", true),
        ("StringEqualsIfExists", "'a'", "t:key=b", false),
        ("StringNotEqualsIfExists", "'a'", "", true),
        ("StringNotEqualsIfExists", "'a'", "t:key=a", false),
        ("NumericLessThanIfExists", "'1'", "", true),
        ("IpAddressIfExists", "'::1'", "", true),
        ("ArnLikeIfExists", "'*'", "", true),
        ("ForAnyValue:StringEqualsIfExists", "'a'", "", true),
        ("ForAnyValue:StringEqualsIfExists", "'a'", "t:key=[b]", false),
    ]);
}

#[test]
fn several_values() {
    check(&[
        ("ForAllValues:StringEquals", "['a','b']", "t:key=[a,b,a]", true),
        ("ForAllValues:StringEquals", "['a','b']", "t:key=[a,c]", false),
        ("ForAllValues:StringEquals", "['a','b']", "t:key=[]", true),
        ("ForAllValues:StringEquals", "['a','b']", "t:key=", true),
        ("ForAllValues:StringEquals", "['a','b']", "", true),
        ("ForAllValues:StringEquals", "['a','b']", "t:key=a", true),
        ("ForAllValues:StringNotEquals", "['a','b']", "t:key=[c,d]", true),
        ("ForAllValues:StringNotEquals", "['a','b']", "t:key=[c,a]", false),
        ("ForAllValues:StringLike", "'a*'", "t:key=[a1,a2]", true),
        ("ForAnyValue:StringEquals", "['a','b']", "t:key=[c,b]", true),
        ("ForAnyValue:StringEquals", "['a','b']", "t:key=[c,d]", false),
        ("ForAnyValue:StringEquals", "['a','b']", "t:key=[]", false),
        ("ForAnyValue:StringEquals", "['a','b']", "", false),
        ("ForAnyValue:StringNotEquals", "['a','b']", "t:key=[a,c]", true),
        ("ForAnyValue:StringNotEquals", "['a','b']", "t:key=[a,b]", false),
        ("ForAnyValue:StringNotEquals", "'a'", "", false),
        // Without a prefix: all that the request has must match, or none where the operator is negated.
        ("StringEquals", "['a','b']", "t:key=[a,b]", true),
        ("StringEquals", "['a','b']", "t:key=[a,c]", false),
        ("StringEquals", "'a'", "t:key=[]", false),
        ("StringNotEquals", "'a'", "t:key=[b,a]", false),
        ("StringNotEquals", "'a'", "t:key=[b,c]", true),
        ("StringNotEquals", "'a'", "t:key=[]", true),
    ]);
}

#[test]
fn all_conditions_must_be_met() {
    for (context, expected) in [("a:x=1 a:y=2", true), ("a:x=1 a:y=3", false), ("a:x=1", false)] {
        let both = ",'Condition':{'StringEquals':{'a:x':'1','A:Y':'2'},'NumericLessThan':{'a:x':5}}";
        assert_eq!(applies("2012-10-17", "'Resource':'*'", both, TABLE, &keys(context)), expected, "{context}");
    }
}

#[test]
fn variables_in_conditions() {
    check(&[
        ("StringEquals", "'${t:other}'", "t:other=a t:key=a", true),
        ("StringEquals", "'x-${T:Other}-y'", "t:other=a t:key=x-a-y", true),
        ("StringEquals", "'${t:other}'", "t:key=a", false),
        ("StringEquals", "'a${t:other}'", "t:key=a", false),
        ("StringNotEquals", "'${t:other}'", "t:key=a", true),
        ("StringNotEquals", "'a${t:other}'", "t:key=a", true),
        ("StringEqualsIgnoreCase", "'a${t:other}'", "t:key=a", false),
        ("ArnLike", "'arn:aws:iam::1:user/x${t:other}'", "t:key=arn:aws:iam::1:user/x", false),
        ("StringEquals", "['${t:other}','a']", "t:key=a", true),
        ("StringEquals", "'${t:other}'", "t:other=[a] t:key=a", false),
        ("StringEquals", "'${t:other, `dft}`}'", "t:key=dft}", true),
        ("StringEquals", "'${t:other, `dft`}'", "t:other=a t:key=a", true),
        ("StringEquals", "'${t:other,``}-'", "t:key=-", true),
        ("StringLike", "'${*}${?}${$}*'", "t:key=*?$abc", true),
        ("StringLike", "'${*}'", "t:key=abc", false),
        ("StringLike", "'${t:other}'", "t:other=* t:key=abc", false),
        ("StringLike", "'${t:other}*'", "t:other=* t:key=*bc", true),
        ("StringEquals", "'${t:other'", "t:key=${t:other", true),
        ("StringEquals", "'$t{}'", "t:key=$t{}", true),
        ("StringEqualsIgnoreCase", "'${t:other}'", "t:other=AB t:key=ab", true),
        ("Bool", "'${t:other}'", "t:other=true t:key=true", true),
    ]);
}

#[test]
fn variables_are_of_2012() {
    let condition = ",'Condition':{'StringEquals':{'t:key':'${t:other}'}}";
    for (version, context, expected) in [
        ("2012-10-17", "t:other=a t:key=a", true),
        ("2008-10-17", "t:other=a t:key=a", false),
        ("2008-10-17", "t:other=a t:key=${t:other}", true),
    ] {
        assert_eq!(
            applies(version, "'Resource':'*'", condition, TABLE, &keys(context)),
            expected,
            "{version} {context}"
        );
    }
}

#[test]
fn resources() {
    let table = "arn:aws:dynamodb:eu-west-3:111122223333:table/";
    let asked = |name: &str| format!("{table}{name}");
    for (resource, context, name, expected) in [
        ("'Resource':'*'", "", "Music", true),
        ("'Resource':'arn:aws:dynamodb:eu-west-3:111122223333:table/Music'", "", "Music", true),
        ("'Resource':'arn:aws:dynamodb:eu-west-3:111122223333:table/Music'", "", "music", false),
        ("'Resource':'arn:aws:dynamodb:*:*:table/Mu?ic'", "", "Music", true),
        ("'Resource':'arn:aws:dynamodb:*:table/Music'", "", "Music", false),
        ("'Resource':'arn:aws:dynamodb:*'", "", "Music", true),
        ("'Resource':'arn:aws:dynamodb'", "", "Music", true),
        ("'Resource':'arn:aws:sqs'", "", "Music", false),
        ("'Resource':'arn:*:dynamodb:eu-*:*3333:table/*'", "", "Music/index/a", true),
        ("'Resource':['arn:aws:s3:::x','arn:aws:dynamodb:*:*:table/*/index/*']", "", "Music", false),
        ("'Resource':'arn:aws:dynamodb:*:*:*/stream/*'", "", "Music/stream/2026-01-01T00:00:00.000", true),
        ("'NotResource':'arn:aws:dynamodb:*:*:table/Music'", "", "Music", false),
        ("'NotResource':'arn:aws:dynamodb:*:*:table/Music'", "", "Other", true),
        ("'Resource':'arn:aws:dynamodb:*:*:table/${t:key}'", "t:key=Music", "Music", true),
        ("'Resource':'arn:aws:dynamodb:*:*:table/${t:key}'", "t:key=*", "Music", false),
        ("'Resource':'arn:aws:dynamodb:*:*:table/${t:key}-*'", "t:key=a", "a-b", true),
        ("'Resource':'arn:aws:dynamodb:*:*:table/${t:key}'", "", "Music", false),
        ("'Resource':'arn:aws:dynamodb:*:*:table/Music${t:key}'", "", "Music", false),
        ("'NotResource':'arn:aws:dynamodb:*:*:table/${t:key}'", "", "Music", true),
        ("'NotResource':'arn:aws:dynamodb:*:*:table/Music${t:key}'", "", "Music", true),
        ("'Resource':'arn:aws:dynamodb:*:*:table/${t:key, `Music`}'", "", "Music", true),
        ("'Resource':'arn:aws:dynamodb:${t:key}:111122223333:table/Music'", "t:key=eu-west-3", "Music", false),
    ] {
        assert_eq!(applies("2012-10-17", resource, "", &asked(name), &keys(context)), expected, "{resource} {name}");
    }
    for (resource, expected) in [("'Resource':'*'", true), ("'Resource':'arn:aws:dynamodb:*:*:*'", false)] {
        assert_eq!(applies("2012-10-17", resource, "", "*", &keys("")), expected, "{resource}");
    }
}
