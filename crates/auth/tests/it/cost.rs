//! The cost of a decision, which every request pays.

use std::hint::black_box;

use auth::iam::{Decision, Globals, Identity, PolicyKind, PrincipalKind, Question, Transport, decide};

use crate::world::{ACCOUNT, Entry, Keys, TABLE, policy, principal};

const POLICIES: [&str; 3] = [
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*","sqs:*"],"Resource":"*"}]}"#,
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"dynamodb:Delete*","Resource":"*",
        "Condition":{"Bool":{"aws:SecureTransport":"false"}}},
        {"Effect":"Deny","Action":"dynamodb:*","Resource":"arn:aws:dynamodb:*:*:table/Secret*"}]}"#,
    r#"{"Version":"2012-10-17","Statement":[{"Sid":"Read","Effect":"Allow",
        "Action":["dynamodb:BatchGetItem","dynamodb:GetItem","dynamodb:Query"],
        "Resource":["arn:aws:dynamodb:*:111122223333:table/Music","arn:aws:dynamodb:*:111122223333:table/Music/index/*"],
        "Condition":{"StringEquals":{"aws:PrincipalTag/team":"red","dynamodb:Select":"COUNT"}}}]}"#,
];

/// Set it to see how long a decision takes. Unit: decisions.
const ROUNDS: &str = "STATOR_PROOF_ROUNDS";

#[test]
fn a_decision_allocates_nothing() {
    let mut user = principal(PrincipalKind::User);
    user.identity_policies = POLICIES.iter().map(|document| policy(PolicyKind::Identity, document)).collect();
    user.tags.insert("team".to_owned(), "red".to_owned());
    let transport = Transport { peer: "203.0.113.7".parse().expect("an address"), secure: true };
    let identity = Identity { principal: user.into(), transport, user_agent: None, now_ms: 0 };
    let own = Keys([("dynamodb:select".to_owned(), Entry::One("COUNT".to_owned()))].into());
    let context = Globals { identity: &identity, region: "eu-west-3", resource_account: ACCOUNT, own: &own };
    let question = Question {
        principal: &identity.principal,
        action: "dynamodb:GetItem",
        resource: TABLE,
        resource_account: ACCOUNT,
        resource_policy: None,
        context: &context,
    };
    let counted = allocation_counter::measure(|| assert_eq!(decide(&question), Decision::Allowed));
    assert_eq!(counted.count_total, 0);
    let rounds = crate::chance::setting(ROUNDS, 0);
    if rounds > 0 {
        let start = std::time::Instant::now();
        for _ in 0..rounds {
            black_box(decide(black_box(&question)));
        }
        eprintln!("{} ns a decision", start.elapsed().as_nanos() / u128::from(rounds));
    }
}
