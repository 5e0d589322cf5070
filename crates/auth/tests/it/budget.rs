//! The cost of policies in steps, and the refusal of a request with policies that cost too much.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use auth::iam::{
    Context, Decision, Denial, Effect, Globals, Identity, Policy, PolicyKind, Principal, PrincipalKind,
    QUESTION_STEPS_MAX, Question, REQUEST_STEPS_MAX, Transport, WorkBudget, decide, decide_within, explain_within,
    summarize_within,
};

use crate::world::{ACCOUNT, Entry, Keys, TABLE, policy, principal};

/// Unit: bytes. Source: DynamoDB Developer Guide, resource-based policies.
const RESOURCE_POLICY_SIZE_BYTES_MAX: usize = 20 * 1024;

fn document(statement: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"*","Resource":"*"}},{statement}]}}"#)
}

/// A statement of a condition with this value.
fn with_condition(operator: &str, key: &str, values: &str) -> String {
    format!(r#"{{"Effect":"Deny","Action":"*","Resource":"*","Condition":{{"{operator}":{{"{key}":{values}}}}}}}"#)
}

fn asked(document: &str, resource: &str, context: &Keys, work: &WorkBudget) -> Decision {
    let mut user = principal(PrincipalKind::User);
    user.identity_policies = vec![policy(PolicyKind::Identity, document)];
    decide_within(
        &Question {
            principal: &user,
            action: "dynamodb:PutItem",
            resource,
            resource_account: ACCOUNT,
            resource_policy: None,
            context,
        },
        work,
    )
}

fn cost(document: &str, resource: &str, context: &Keys) -> u64 {
    let work = WorkBudget::new(u64::MAX);
    asked(document, resource, context, &work);
    work.spent()
}

/// With twice as long a pattern and text, the cost is about twice as much, and never four times.
#[test]
fn patterns_cost_nearly_as_much_as_they_are_long() {
    let context = |length: usize| {
        let value = Entry::One("a".repeat(length));
        Keys(BTreeMap::from([("t:name".to_owned(), value)]))
    };
    for pattern in ["*?a", "?a*", "*a?", "?*", "*?", "a?", "a*", "*ab?", "**??"] {
        let of = |length: usize| {
            let text = format!("*{}b*", pattern.repeat(length / 8));
            cost(&document(&with_condition("StringLike", "t:name", &format!("\"{text}\""))), TABLE, &context(length))
        };
        let costs = [of(8_000), of(16_000), of(32_000)];
        assert!(costs[2] < 32_000 * 300, "{pattern} {costs:?}");
        assert!(costs[2] < costs[1] * 7 / 2, "{pattern} {costs:?}");
    }
}

#[test]
fn a_large_resource_policy_cannot_make_a_batch_expensive() {
    let patterns: Vec<String> =
        (0..600).map(|number| format!("\"arn:aws:dynamodb:*:*:table/*?a?{number}*?b\"")).collect();
    let statement = format!(r#"{{"Effect":"Deny","Principal":"*","Action":"*","Resource":[{}]}}"#, patterns.join(","));
    let document = format!(r#"{{"Version":"2012-10-17","Statement":{statement}}}"#);
    assert!(document.len() > RESOURCE_POLICY_SIZE_BYTES_MAX);
    let resource_policy = Policy::parse(PolicyKind::Resource, &document).expect("a policy");
    let user = principal(PrincipalKind::Root);
    let context = Keys::default();
    let resource = format!("arn:aws:dynamodb:eu-west-3:111122223333:table/{}", "a".repeat(255));
    let question = Question {
        principal: &user,
        action: "dynamodb:GetItem",
        resource: &resource,
        resource_account: ACCOUNT,
        resource_policy: Some(&resource_policy),
        context: &context,
    };
    let work = WorkBudget::default();
    let decisions: Vec<Decision> = (0..100).map(|_| decide_within(&question, &work)).collect();
    assert!(work.spent() < REQUEST_STEPS_MAX + 1_000_000, "{}", work.spent());
    // Whatever was left undecided is denied.
    let allowed = decisions.iter().filter(|decision| **decision == Decision::Allowed).count();
    assert_eq!(allowed == 100, !work.is_exhausted());
}

/// Lists of values times lists of values, long values of variables, and conditions that name one key again and again.
#[test]
fn what_multiplies_is_bounded_and_denied() {
    let many = |text: &str, count: usize| format!("[{}]", vec![format!("\"{text}\""); count].join(","));
    let values = |count: usize, text: &str| Entry::Many((0..count).map(|at| format!("{text}{at}")).collect());
    let context = Keys(BTreeMap::from([
        ("t:list".to_owned(), values(10_000, "a")),
        ("t:name".to_owned(), Entry::One("a".repeat(60_000))),
        ("t:number".to_owned(), Entry::One("1".to_owned())),
        ("dynamodb:attributes".to_owned(), values(10_000, "attribute")),
    ]));
    // The first value decides each of them.
    let early: Vec<String> =
        (0..1_000).map(|_| with_condition("ForAllValues:StringEquals", "t:list", "\"x\"")).collect();
    let each: Vec<String> = (0..1_000).map(|_| with_condition("ForAnyValue:StringEquals", "t:list", "\"x\"")).collect();
    for statement in [
        with_condition("ForAnyValue:StringEquals", "dynamodb:Attributes", &many("x", 5_000)),
        with_condition("ForAnyValue:StringLike", "t:list", &many("a*?x*", 5_000)),
        with_condition("ForAnyValue:StringEqualsIgnoreCase", "t:list", &many("ä", 10_000)),
        with_condition("ForAnyValue:NumericEquals", "t:list", &many("1", 10_000)),
        with_condition("StringEquals", "t:number", &format!("\"{}\"", "${t:name}".repeat(10_000))),
        with_condition("StringLike", "t:name", &many("*?a?b*", 1_000)),
        each.join(","),
        early.join(","),
        with_condition("StringEquals", "t:number", &format!("\"{}\"", "${t:list, 'a'}".repeat(3_000))),
    ] {
        let mut user = principal(PrincipalKind::User);
        user.identity_policies = vec![policy(PolicyKind::Identity, &document(&statement))];
        let question = of(&user, &context);
        // The bound is smaller than a request's: the steps beyond it are what matters.
        for decide in [decide_within, |question: &Question<'_>, work: &WorkBudget| explain_within(question, work).0] {
            let work = WorkBudget::new(1_000_000);
            let decision = decide(&question, &work);
            assert!(work.is_exhausted() && decision != Decision::Allowed, "{} steps: {statement:.90}", work.spent());
            assert!(work.spent() < 1_600_000, "{} steps: {statement:.90}", work.spent());
        }
    }
}

#[test]
fn a_request_that_asks_once_is_bounded_too() {
    let values = (0..10_000).map(|at| format!("a{at}")).collect();
    let context = Keys(BTreeMap::from([("t:list".to_owned(), Entry::Many(values))]));
    let wanted = format!("[{}]", vec!["\"ä\""; 20_000].join(","));
    let statement = with_condition("ForAnyValue:StringEquals", "t:list", &wanted);
    let mut user = principal(PrincipalKind::User);
    user.identity_policies = vec![policy(PolicyKind::Identity, &document(&statement))];
    let question = of(&user, &context);
    assert_ne!(decide(&question), Decision::Allowed);
}

/// A user with all that AWS's quotas let one have, and a batch of 100 tables.
#[test]
fn the_largest_policies_of_quotas_have_work_enough() {
    let statements: Vec<String> = (0..40)
        .map(|number| {
            format!(
                r#"{{"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:Query"],"Resource":"arn:aws:dynamodb:*:111122223333:table/team{number}-*"}}"#
            )
        })
        .collect();
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","));
    assert!(text.len() > 5_000);
    let mut user = principal(PrincipalKind::User);
    user.identity_policies = (0..20).map(|_| policy(PolicyKind::Identity, &text)).collect();
    let context = Keys::default();
    let work = WorkBudget::default();
    for number in 0..100 {
        let resource = format!("arn:aws:dynamodb:eu-west-3:111122223333:table/team{}-x", number % 40);
        let question = Question {
            principal: &user,
            action: "dynamodb:Query",
            resource: &resource,
            resource_account: ACCOUNT,
            resource_policy: None,
            context: &context,
        };
        assert_eq!(decide_within(&question, &work), Decision::Allowed);
    }
    assert!(work.spent() < REQUEST_STEPS_MAX / 10, "{}", work.spent());
}

/// As many policies as quotas let a user have with ten groups, of statements that are all evaluated.
#[test]
fn the_largest_policies_of_quotas_are_no_long_question() {
    let statement = r#"{"Effect":"Deny","Action":["dynamodb:GetItem","dynamodb:Query"],"Resource":"arn:aws:dynamodb:*:111122223333:table/team-*"}"#;
    let text = document(&vec![statement; 50].join(","));
    assert!(text.len() > 5_000);
    let mut user = principal(PrincipalKind::User);
    user.identity_policies = (0..220).map(|_| policy(PolicyKind::Identity, &text)).collect();
    let context = Keys::default();
    let question = Question { action: "dynamodb:Query", ..of(&user, &context) };
    let work = WorkBudget::default();
    assert_eq!(decide_within(&question, &work), Decision::Allowed);
    assert!(work.spent() < QUESTION_STEPS_MAX / 2, "{}", work.spent());
}

fn of<'a>(principal: &'a Principal, context: &'a dyn Context) -> Question<'a> {
    Question {
        principal,
        action: "dynamodb:PutItem",
        resource: TABLE,
        resource_account: ACCOUNT,
        resource_policy: None,
        context,
    }
}

/// A batch's questions are decided one by one, and others have their turns between them.
#[test]
fn one_question_does_not_spend_what_a_batch_may() {
    let values = (0..10_000).map(|at| format!("a{at}")).collect();
    let context = Keys(BTreeMap::from([("t:list".to_owned(), Entry::Many(values))]));
    let wanted = format!("[{}]", vec!["\"x\""; 10_000].join(","));
    let mut user = principal(PrincipalKind::User);
    let statement = with_condition("ForAnyValue:StringEquals", "t:list", &wanted);
    user.identity_policies = vec![policy(PolicyKind::Identity, &document(&statement))];
    let work = WorkBudget::default();
    assert_ne!(decide_within(&of(&user, &context), &work), Decision::Allowed);
    assert!(work.is_exhausted());
    assert!(work.spent() < QUESTION_STEPS_MAX + 100_000, "{}", work.spent());
    // And a cheap one afterwards changes nothing of it.
    let spent = work.spent();
    let other = principal(PrincipalKind::Root);
    assert_ne!(decide_within(&of(&other, &context), &work), Decision::Allowed);
    assert!(work.is_exhausted() && work.spent() < spent + 100);
}

fn with_tags(key: &str, document: &str) -> Identity {
    let mut user = principal(PrincipalKind::User);
    user.identity_policies = vec![policy(PolicyKind::Identity, document)];
    user.tags = ('а'..).take(50).map(|last| (format!("{key}{last}"), "v".to_owned())).collect();
    let transport = Transport { peer: IpAddr::V4(Ipv4Addr::LOCALHOST), secure: true };
    Identity { principal: Arc::new(user), transport, user_agent: None, now_ms: 0 }
}

fn decided_of(identity: &Identity, own: &dyn Context, work: &WorkBudget) -> Decision {
    let context = Globals { identity, region: "eu-west-3", resource_account: ACCOUNT, own };
    decide_within(&of(&identity.principal, &context), work)
}

/// 50 tags whose keys have 127 letters in common with what variables and conditions name, which none of them is.
#[test]
fn each_search_for_a_tag_is_paid_for() {
    let key = "é".repeat(127);
    let variables = vec![format!("\"${{aws:PrincipalTag/{key}0}}\""); 30].join(",");
    let in_variables = with_condition("StringEquals", "aws:userid", &format!("[{variables}]"));
    let in_condition = with_condition("StringEquals", &format!("aws:PrincipalTag/{key}0"), "\"x\"");
    let in_null = with_condition("Null", &format!("aws:PrincipalTag/{key}0"), "\"false\"");
    for (statement, searches) in [(in_variables, 30), (in_condition, 1), (in_null, 1)] {
        let identity = with_tags(&key, &document(&statement));
        for decide in [false, true] {
            let work = WorkBudget::new(u64::MAX);
            let context =
                Globals { identity: &identity, region: "r", resource_account: ACCOUNT, own: &Keys::default() };
            let question = of(&identity.principal, &context);
            match decide {
                true => drop(decide_within(&question, &work)),
                false => drop(explain_within(&question, &work)),
            }
            assert!(work.spent() >= searches * 50 * 127, "{} steps: {statement:.90}", work.spent());
        }
    }
    // Many of them come to an end soon.
    let many: Vec<String> =
        (0..14).map(|_| with_condition("StringEquals", "aws:userid", &format!("[{variables}]"))).collect();
    let identity = with_tags(&key, &document(&many.join(",")));
    let work = WorkBudget::new(100_000);
    assert_ne!(decided_of(&identity, &Keys::default(), &work), Decision::Allowed);
    assert!(work.is_exhausted() && work.spent() < 120_000, "{}", work.spent());
}

/// A resource is matched with the patterns of an action's types once, however many conditions name keys of a service.
#[test]
fn long_resources_are_matched_with_an_actions_types_once() {
    let resource = format!("arn:aws:iam::{ACCOUNT}:role/{}", "a".repeat(100_000));
    let cost = |key: &str, conditions: usize| {
        let statement = with_condition("StringEquals", key, "\"x\"");
        let mut user = principal(PrincipalKind::User);
        let text = document(&vec![statement; conditions].join(","));
        user.identity_policies = vec![policy(PolicyKind::Identity, &text)];
        let work = WorkBudget::new(u64::MAX);
        let context = Keys::default();
        decide_within(&Question { action: "iam:TagRole", resource: &resource, ..of(&user, &context) }, &work);
        work.spent()
    };
    let (none, one, many) = {
        let key = "iam:ResourceTag/x";
        (cost("t:x", 1), cost(key, 1), cost(key, 1_000))
    };
    assert!(one > none + 100_000, "the comparison is paid for: {none} {one}");
    assert!(many < one + 1_000 * 200, "{one} {many}");
    assert!(many > one + 999 * 16, "each lookup is paid for: {one} {many}");
}

/// What a report copies is paid for before it is copied, and a summary copies no values.
#[test]
fn values_in_reports_are_paid_for() {
    let context = Keys(BTreeMap::from([("t:name".to_owned(), Entry::One("a".repeat(1_000_000)))]));
    let conditions: Vec<String> = (0..500).map(|_| with_condition("Null", "t:name", "\"true\"")).collect();
    let mut user = principal(PrincipalKind::User);
    user.identity_policies = vec![policy(PolicyKind::Identity, &document(&conditions.join(",")))];
    let question = of(&user, &context);
    let work = WorkBudget::new(1_000_000);
    let (_, reports) = explain_within(&question, &work);
    let found = reports.iter().flat_map(|report| &report.conditions).flat_map(|condition| &condition.found);
    let copied: usize = found.flatten().map(String::len).sum();
    assert!(work.is_exhausted() && copied <= 16 * 1_000_000, "{copied}");
    let work = WorkBudget::new(1_000_000);
    let (decision, summary) = summarize_within(&question, &work);
    assert_eq!((decision, summary.applied.len()), (Decision::Allowed, 1));
    assert!(summary.missing_keys.is_empty() && work.spent() < 100_000, "{}", work.spent());
}

/// As explanations report it.
#[test]
fn a_summary_has_what_applied_and_what_is_missing() {
    let conditions = [
        with_condition("StringEquals", "t:Name", "\"x\""),
        with_condition("StringEquals", "t:name", "\"a\""),
        with_condition("StringEquals", "t:Other", "\"x\""),
        with_condition("StringEquals", "iam:PolicyARN", "\"x\""),
        with_condition("StringEquals", "dynamodb:Select", "\"x\""),
    ];
    let mut user = principal(PrincipalKind::User);
    user.identity_policies = vec![policy(PolicyKind::Identity, &document(&conditions.join(",")))];
    let context = Keys(BTreeMap::from([("t:name".to_owned(), Entry::One("a".to_owned()))]));
    let question = Question { action: "dynamodb:Query", ..of(&user, &context) };
    let (decision, summary) = summarize_within(&question, &WorkBudget::default());
    assert!(matches!(decision, Decision::Denied(Denial::Explicit(_))));
    let effects: Vec<Effect> = summary.applied.iter().map(|applied| applied.effect).collect();
    assert_eq!(effects, [Effect::Allow, Effect::Deny]);
    assert!(summary.missing_keys.iter().eq(["dynamodb:Select", "t:Other"]), "{:?}", summary.missing_keys);
}
