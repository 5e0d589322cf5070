//! Nodes on one engine in memory, and how tests ask them.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use auth::Caller;
use auth::iam::{Identity, Principal, Transport};
use base::Clock;
use identity::{AuthKey, Identities, Parameters, Reply, Request};
use ops::{Service, Settings};
use storage::{Engine, Memory};

pub(crate) const ACCOUNT: &str = "123456789012";
/// When everything happens: 2026-01-02T03:04:05Z.
pub(crate) const NOW_MS: u64 = 1_767_323_045_000;

pub(crate) struct Node(pub(crate) Arc<Identities>);

pub(crate) async fn node() -> Node {
    nodes(Memory::new(), &AuthKey::random(), 1).await.remove(0)
}

/// Nodes on one engine, with one key.
pub(crate) async fn nodes(engine: Arc<dyn Engine>, key: &AuthKey, count: usize) -> Vec<Node> {
    let (clock, _) = Clock::manual(NOW_MS);
    let mut nodes = Vec::new();
    for _ in 0..count {
        let service = Service::open(engine.clone(), Settings::default(), clock.clone()).await.unwrap();
        nodes.push(Node(Identities::open(service, key, clock.clone()).await.unwrap()));
    }
    nodes
}

/// One that may do everything.
pub(crate) fn caller() -> Caller {
    let access_key = "test".to_owned();
    Caller { account: ACCOUNT.to_owned(), region: "us-east-1".to_owned(), access_key, identity: None, served: None }
}

pub(crate) fn caller_as(principal: Arc<Principal>) -> Caller {
    let transport = Transport { peer: IpAddr::V4(Ipv4Addr::LOCALHOST), secure: false };
    Caller { identity: Some(Identity { principal, transport, user_agent: None, now_ms: NOW_MS }), ..caller() }
}

impl Node {
    pub(crate) async fn ask(&self, form: &str) -> Reply {
        self.ask_as(&caller(), form).await
    }

    pub(crate) async fn ask_as(&self, caller: &Caller, form: &str) -> Reply {
        let parameters = Parameters::parse(form.as_bytes()).unwrap();
        self.0.answer(caller, &Request { parameters: &parameters, request_id: "request-1" }).await
    }

    /// As `ask`, of what must succeed.
    pub(crate) async fn done(&self, form: &str) -> String {
        let reply = self.ask(form).await;
        assert_eq!(reply.status, 200, "{form}: {}", reply.body);
        reply.body
    }

    /// The code of what must be refused.
    pub(crate) async fn refused(&self, form: &str) -> &'static str {
        let reply = self.ask(form).await;
        reply.refusal.unwrap_or_else(|| panic!("{form}: {}", reply.body)).code.name()
    }

    pub(crate) fn user(&self, name: &str) -> Arc<Principal> {
        let snapshot = self.0.snapshot();
        let account = snapshot.account(ACCOUNT).unwrap();
        Arc::new(account.principal_of(account.user(name).unwrap()))
    }
}

/// The text of an answer's first element of this name.
pub(crate) fn text_of<'a>(body: &'a str, element: &str) -> &'a str {
    let (_, rest) = body.split_once(&format!("<{element}>")).unwrap_or_else(|| panic!("{element}: {body}"));
    rest.split_once('<').unwrap().0
}
