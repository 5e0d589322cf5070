//! The store, as two nodes on one engine see it.

use std::sync::Arc;

use auth::Caller;
use base::Clock;
use ops::{Service, Settings};
use storage::Memory;

use super::Identities;
use crate::{AuthKey, OpenError, Parameters, Reply, Request};

const ACCOUNT: &str = "123456789012";

pub(crate) struct Node(pub Arc<Identities>);

/// Nodes on one engine, with one key.
pub(crate) async fn nodes(count: usize) -> Vec<Node> {
    let (engine, key) = (Memory::new(), AuthKey::random());
    let mut nodes = Vec::new();
    for _ in 0..count {
        let service = Service::open(engine.clone(), Settings::default(), Clock::system()).await.unwrap();
        nodes.push(Node(Identities::open(service, &key, Clock::system()).await.unwrap()));
    }
    nodes
}

pub(crate) fn caller() -> Caller {
    Caller {
        account: ACCOUNT.to_owned(),
        region: "us-east-1".to_owned(),
        access_key: "test".to_owned(),
        identity: None,
    }
}

impl Node {
    pub(crate) async fn ask(&self, form: &str) -> Reply {
        let parameters = Parameters::parse(form.as_bytes()).unwrap();
        self.0.answer(&caller(), &Request { parameters: &parameters, request_id: "r" }).await
    }
}

#[tokio::test]
async fn what_one_node_makes_the_other_sees_after_a_look() {
    let nodes = nodes(2).await;
    assert_eq!(nodes[0].ask("Action=CreateUser&UserName=bob").await.status, 200);
    assert_eq!(nodes[0].ask("Action=GetUser&UserName=BOB").await.status, 200);
    assert_eq!(nodes[1].ask("Action=GetUser&UserName=bob").await.status, 404);
    nodes[1].0.look().await.unwrap();
    assert_eq!(nodes[1].ask("Action=GetUser&UserName=bob").await.status, 200);
    let made = nodes[1].ask("Action=CreateAccessKey&UserName=bob").await;
    assert_eq!(made.status, 200, "{}", made.body);
}

#[tokio::test]
async fn another_key_opens_nothing() {
    let service = Service::open(Memory::new(), Settings::default(), Clock::system()).await.unwrap();
    let key = AuthKey::random();
    Identities::open(service.clone(), &key, Clock::system()).await.unwrap();
    Identities::open(service.clone(), &key, Clock::system()).await.unwrap();
    let other = Identities::open(service, &AuthKey::random(), Clock::system()).await;
    assert!(matches!(other, Err(OpenError::WrongKey)));
}
