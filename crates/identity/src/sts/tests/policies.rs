//! Parsed policies of callers: how many are held, and that they decide the same whenever they are parsed.

use std::sync::Weak;

use auth::iam::{Context, Decision, Denial, Policy, PolicyType, Question, Values, WorkBudget, decide};

use super::*;

struct Nothing;

impl Context for Nothing {
    fn values(&self, _: &str, _: &WorkBudget) -> Option<Values<'_>> {
        None
    }
}

fn decided(caller: &Caller, action: &str) -> Decision {
    let principal = &caller.identity.as_ref().unwrap().principal;
    let resource = "arn:aws:dynamodb:us-east-1:123456789012:table/tab";
    decide(&Question {
        principal,
        action,
        resource,
        resource_account: ACCOUNT,
        resource_policy: None,
        context: &Nothing,
    })
}

/// A user with a policy of patterns as short as they can be, whose parsed form is many times its text.
async fn user(server: &TestServer, root: &Keys, name: &str) -> Keys {
    let short: Vec<String> = (0..250).map(|at| format!(r#""a:{at:x}""#)).collect();
    let policy = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"dynamodb:*","Resource":"*"}},{{"Effect":"Deny","Action":["dynamodb:Scan",{}],"Resource":"*"}}]}}"#,
        short.join(",")
    );
    server.good(Api::Iam, root, &format!("Action=CreateUser&UserName={name}")).await;
    let form = format!("Action=PutUserPolicy&UserName={name}&PolicyName=p&PolicyDocument={}", percent_encoded(&policy));
    server.good(Api::Iam, root, &form).await;
    keys_in(&server.good(Api::Iam, root, &format!("Action=CreateAccessKey&UserName={name}")).await)
}

/// However many of an account's policies are in use, the parsed ones that stay are bounded in bytes. What was dropped denies as
/// before.
#[tokio::test]
async fn parsed_policies_in_use_are_bounded_in_bytes() {
    let (server, root) = TestServer::new().await;
    let mut users = Vec::new();
    for at in 0..24 {
        users.push(user(&server, &root, &format!("u{at}")).await);
    }
    const CACHE_BYTES_MAX: usize = 300_000;
    server.authority.bound_cache(CACHE_BYTES_MAX);
    let mut used: Vec<Weak<Policy>> = Vec::new();
    for round in 0..3 {
        for keys in &users {
            let caller = server.known(keys).unwrap();
            assert_eq!(decided(&caller, "dynamodb:GetItem"), Decision::Allowed, "{round}");
            let denied = Decision::Denied(Denial::Explicit(PolicyType::Identity));
            assert_eq!(decided(&caller, "dynamodb:Scan"), denied, "{round}");
            used.extend(caller.identity.unwrap().principal.identity_policies.iter().map(Arc::downgrade));
        }
    }
    used.sort_by_key(Weak::as_ptr);
    used.dedup_by_key(|policy| policy.as_ptr());
    let held: Vec<usize> = used.iter().filter_map(Weak::upgrade).map(|policy| policy.memory_bytes()).collect();
    let bytes: usize = held.iter().sum();
    assert!(!held.is_empty() && bytes <= CACHE_BYTES_MAX, "{} policies with {bytes} bytes", held.len());
}

/// One policy of many users, of groups and of roles is parsed once.
#[tokio::test]
async fn a_policy_that_is_held_is_shared() {
    let (server, root) = TestServer::new().await;
    let ada = server.with_people(&root).await;
    let all = "arn:aws:iam::aws:policy/AdministratorAccess";
    for form in [
        "Action=CreateGroup&GroupName=g".to_owned(),
        format!("Action=AttachGroupPolicy&GroupName=g&PolicyArn={all}"),
        "Action=AddUserToGroup&GroupName=g&UserName=ada".to_owned(),
        format!("Action=AttachUserPolicy&UserName=ada&PolicyArn={all}"),
        format!("Action=AttachRolePolicy&RoleName=work&PolicyArn={all}"),
    ] {
        server.good(Api::Iam, &root, &form).await;
    }
    let session = server.session(&ada, ASSUME).await;
    let principal = |keys: &Keys| server.known(keys).unwrap().identity.unwrap().principal;
    let (user, role) = (principal(&ada), principal(&session));
    let [inline, attached, of_group] = &user.identity_policies[..] else { panic!("{user:?}") };
    assert!(Arc::ptr_eq(attached, of_group) && Arc::ptr_eq(attached, &role.identity_policies[1]));
    // After a change of the account they are found again, and not parsed.
    server.good(Api::Iam, &root, "Action=CreateUser&UserName=bob").await;
    let again = principal(&ada);
    assert!(!Arc::ptr_eq(&user, &again) && Arc::ptr_eq(inline, &again.identity_policies[0]));
}

/// Which keys there are is no secret: policies are parsed for callers that have signed.
#[tokio::test]
async fn a_key_is_recognized_without_its_policies() {
    let (server, root) = TestServer::new().await;
    let keys = user(&server, &root, "ada").await;
    let now_ms = server.clock.now_ms();
    let recognized = server.authority.recognize(&keys.access_key, None, now_ms).unwrap();
    assert!(*recognized.secret == keys.secret && recognized.principal.is_none());
    let known = server.authority.known(&keys.access_key, None, now_ms).unwrap();
    let recognized = server.authority.recognize(&keys.access_key, None, now_ms).unwrap();
    assert!(recognized.principal.is_some_and(|principal| Arc::ptr_eq(&principal, &known.principal)));
    let unknown = server.authority.recognize(&keys.access_key, Some("token"), now_ms);
    assert!(unknown.is_err());
    server
        .good(
            Api::Iam,
            &root,
            &format!("Action=UpdateAccessKey&UserName=ada&AccessKeyId={}&Status=Inactive", keys.access_key),
        )
        .await;
    assert!(server.authority.recognize(&keys.access_key, None, now_ms).is_err());
}
