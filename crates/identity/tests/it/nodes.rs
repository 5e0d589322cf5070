//! Several nodes on one engine: changes reach the others, and of two that cannot both be made one is.

use base::Clock;
use identity::{AuthKey, Identities, OpenError};
use ops::{Service, Settings};
use storage::Memory;

use crate::node::{nodes, text_of};

#[tokio::test]
async fn what_one_node_makes_the_others_see_after_a_look() {
    let nodes = nodes(Memory::new(), &AuthKey::random(), 2).await;
    nodes[0].done("Action=CreateUser&UserName=bob").await;
    nodes[0].done("Action=GetUser&UserName=BOB").await;
    assert_eq!(nodes[1].refused("Action=GetUser&UserName=bob").await, "NoSuchEntity");
    nodes[1].0.refresh().await.unwrap();
    nodes[1].done("Action=GetUser&UserName=bob").await;
    // A change reads the identities first.
    let key = nodes[1].done("Action=CreateAccessKey&UserName=bob").await;
    let key = text_of(&key, "AccessKeyId").to_owned();
    assert_eq!(nodes[0].refused("Action=CreateUser&UserName=Bob").await, "EntityAlreadyExists");
    nodes[0].0.refresh().await.unwrap();
    let keys = nodes[0].done("Action=ListAccessKeys&UserName=bob").await;
    assert_eq!(text_of(&keys, "AccessKeyId"), key);
}

/// What is refused is refused by what is there now, on whichever node it was made.
#[tokio::test]
async fn a_role_may_trust_a_user_that_another_node_has_just_made() {
    let nodes = nodes(Memory::new(), &AuthKey::random(), 2).await;
    nodes[0].done("Action=CreateUser&UserName=bob").await;
    let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::123456789012:user/bob"}}}"#;
    let create = format!("Action=CreateRole&RoleName=r&AssumeRolePolicyDocument={trust}");
    nodes[1].done(&create).await;
    assert_eq!(nodes[1].refused(&create.replace("user/bob", "user/eve")).await, "MalformedPolicyDocument");
}

#[tokio::test]
async fn a_node_keeps_up_by_itself() {
    tokio::time::pause();
    let nodes = nodes(Memory::new(), &AuthKey::random(), 2).await;
    nodes[1].0.start();
    nodes[0].done("Action=CreateUser&UserName=bob").await;
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    nodes[1].done("Action=GetUser&UserName=bob").await;
}

#[tokio::test]
async fn of_two_that_make_the_same_one_wins() {
    let nodes = nodes(Memory::new(), &AuthKey::random(), 2).await;
    let mut made = 0;
    for round in 0..20 {
        let form = format!("Action=CreateUser&UserName=u{round}");
        let (one, other) = tokio::join!(nodes[0].ask(&form), nodes[1].ask(&form));
        let statuses = [one.status, other.status];
        assert!(statuses == [200, 409] || statuses == [409, 200], "{statuses:?}");
        made += 1;
    }
    for node in &nodes {
        node.0.refresh().await.unwrap();
        let listed = node.done("Action=ListUsers&MaxItems=1000").await;
        assert_eq!(listed.matches("<UserName>").count(), made);
    }
}

#[tokio::test]
async fn quotas_hold_for_all_nodes_together() {
    let nodes = nodes(Memory::new(), &AuthKey::random(), 3).await;
    nodes[0].done("Action=CreateUser&UserName=bob").await;
    let form = "Action=CreateAccessKey&UserName=bob";
    for node in &nodes {
        node.0.refresh().await.unwrap();
    }
    let (a, b, c) = tokio::join!(nodes[0].ask(form), nodes[1].ask(form), nodes[2].ask(form));
    let mut statuses = [a.status, b.status, c.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 409]);
}

#[tokio::test]
async fn another_key_opens_nothing() {
    let (clock, key) = (Clock::system(), AuthKey::random());
    let service = Service::open(Memory::new(), Settings::default(), clock.clone()).await.unwrap();
    Identities::open(service.clone(), &key, clock.clone()).await.unwrap();
    Identities::open(service.clone(), &key, clock.clone()).await.unwrap();
    let other = Identities::open(service, &AuthKey::random(), clock).await;
    assert!(matches!(other, Err(OpenError::WrongKey)));
}

#[tokio::test]
async fn last_uses_are_kept() {
    let nodes = nodes(Memory::new(), &AuthKey::random(), 2).await;
    nodes[0].done("Action=CreateUser&UserName=bob").await;
    let key = nodes[0].done("Action=CreateAccessKey&UserName=bob").await;
    let key = text_of(&key, "AccessKeyId");
    let form = format!("Action=GetAccessKeyLastUsed&AccessKeyId={key}");
    assert_eq!(text_of(&nodes[0].done(&form).await, "ServiceName"), "N/A");
    nodes[0].0.note_use(key, "dynamodb", "eu-west-1", crate::node::NOW_MS);
    nodes[0].0.note_use("AKIAUNKNOWN", "dynamodb", "eu-west-1", crate::node::NOW_MS);
    assert_eq!(text_of(&nodes[0].done(&form).await, "LastUsedDate"), "2026-01-02T03:04:05Z");
    nodes[0].0.write_uses().await;
    nodes[1].0.refresh().await.unwrap();
    let used = nodes[1].done(&form).await;
    assert_eq!((text_of(&used, "ServiceName"), text_of(&used, "Region")), ("dynamodb", "eu-west-1"));
    nodes[1].done(&format!("Action=DeleteAccessKey&UserName=bob&AccessKeyId={key}")).await;
    assert_eq!(nodes[1].refused(&form).await, "AccessDenied");
}
