//! Decisions about all resources below a prefix: an allowance is for each of them, a denial of one is enough.

use auth::iam::{Decision, PolicyKind, PrincipalKind, Question, WorkBudget, decide_below};
use serde_json::{Value, json};

use crate::world::{ACCOUNT, Keys, policy, principal};

fn allows(statements: &[Value], prefix: &str) -> bool {
    let document = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let mut principal = principal(PrincipalKind::User);
    principal.identity_policies = vec![policy(PolicyKind::Identity, &document)];
    let (context, resource) = (Keys::default(), format!("arn:aws:s3:::bucket/{prefix}*"));
    let question = Question {
        principal: &principal,
        action: "s3:GetObject",
        resource: &resource,
        resource_account: ACCOUNT,
        resource_policy: None,
        context: &context,
    };
    decide_below(&question, &WorkBudget::default()) == Decision::Allowed
}

fn statement(effect: &str, element: &str, resources: &[&str]) -> Value {
    let arns: Vec<String> = resources
        .iter()
        .map(|resource| match *resource {
            "*" => "*".to_owned(),
            resource => format!("arn:aws:s3:::{resource}"),
        })
        .collect();
    json!({"Effect": effect, "Action": "s3:*", element: arns})
}

#[test]
fn an_allowance_is_for_all() {
    for (resources, prefix, expected) in [
        (&["*"][..], "", true),
        (&["bucket/*"], "", true),
        (&["bucket/*"], "logs", true),
        (&["buck?t/*"], "logs", true),
        (&["bucket/logs*"], "logs", true),
        (&["bucket/logs*"], "logs/2026", true),
        (&["bucket/logs/*"], "logs", false),
        (&["bucket/logs?"], "logs", false),
        (&["bucket/logs?*"], "logs", false),
        (&["bucket/l?gs*"], "logs", true),
        (&["bucket/*.json"], "logs", false),
        (&["bucket/logs"], "logs", false),
        (&["bucket/logs*"], "log", false),
        // Parts are not added up.
        (&["bucket/a*", "bucket/b*"], "", false),
        (&["other/*"], "logs", false),
        (&["bucket/${aws:username}/*"], "x/", false),
        (&["bucket/${aws:username,'x'}/*"], "x/", true),
    ] {
        assert_eq!(allows(&[statement("Allow", "Resource", resources)], prefix), expected, "{resources:?} {prefix}");
    }
    for (resources, prefix, expected) in [
        (&["bucket/secret/*"][..], "logs/", true),
        (&["bucket/secret/*"], "sec", false),
        (&["bucket/secret/*"], "secret/x", false),
        (&["bucket/*.key"], "logs/", false),
        (&["other/*"], "logs/", true),
    ] {
        assert_eq!(allows(&[statement("Allow", "NotResource", resources)], prefix), expected, "{resources:?} {prefix}");
    }
}

#[test]
fn a_denial_of_one_is_enough() {
    let all = statement("Allow", "Resource", &["*"]);
    for (element, resources, prefix, expected) in [
        ("Resource", &["bucket/secret/*"][..], "secret/", false),
        ("Resource", &["bucket/secret/*"], "secret", false),
        ("Resource", &["bucket/secret/*"], "sec", false),
        ("Resource", &["bucket/secret/*"], "", false),
        ("Resource", &["bucket/secret/one"], "se", false),
        ("Resource", &["bucket/*.key"], "logs/", false),
        ("Resource", &["bucket/s??ret"], "sec", false),
        ("Resource", &["bucket/secret/*"], "secrets/", true),
        ("Resource", &["bucket/secret"], "secret/", true),
        ("Resource", &["other/*"], "", true),
        ("NotResource", &["bucket/public/*"], "public/", true),
        ("NotResource", &["bucket/public/*"], "public", false),
        ("NotResource", &["bucket/public/*"], "", false),
        ("NotResource", &["bucket/public/?"], "public/", false),
    ] {
        let allowed = allows(&[all.clone(), statement("Deny", element, resources)], prefix);
        assert_eq!(allowed, expected, "{element} {resources:?} {prefix}");
    }
}
