//! A node without a connection to its database: it issues no sessions and changes nothing by what it knew before.

use std::future::ready;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use auth::iam::{Identity, Transport};
use auth::{Caller, Directory};
use base::{Clock, ManualClock};
use identity::sts::RequestOrigin;
use identity::{Api, AuthKey, Authority, Identities, Parameters, Request};
use ops::{NodeSettings, Service, Settings};
use storage::faulty::{Call, Faults, FaultyEngine, Outcome};
use storage::{BoxFuture, Memory, StorageError};

use crate::node::{ACCOUNT, NOW_MS, text_of};

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"123456789012"}}}"#;
const ALL: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;

/// A connection to the engine that can be cut.
#[derive(Default)]
struct Connection {
    is_cut: AtomicBool,
}

impl Faults for Connection {
    fn outcome<'a>(&'a self, _: Call<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(ready(match self.is_cut.load(Ordering::SeqCst) {
            true => Outcome::Refused(StorageError::Unavailable("the connection is cut".to_owned())),
            false => Outcome::Executed,
        }))
    }
}

struct Node {
    authority: Arc<Authority>,
    identities: Arc<Identities>,
    connection: Arc<Connection>,
    clock: Clock,
}

struct Keys {
    access_key: String,
    token: Option<String>,
}

impl Node {
    async fn new(memory: &Arc<Memory>, key: &AuthKey, clock: &Clock, lease: Duration) -> Node {
        let engine = FaultyEngine::new(memory.clone(), Connection::default());
        let settings = NodeSettings {
            id: ops::NodeId::random(),
            engine: engine.clone(),
            address: String::new(),
            version: String::new(),
            format: 1,
            lease,
            margin: Duration::from_secs(5),
        };
        let service = Service::open_node(engine.clone(), Settings::default(), clock.clone(), settings).await.unwrap();
        let identities = Identities::open(service, key, clock.clone()).await.unwrap();
        Node {
            authority: Authority::new(identities.clone(), key, None, client::Egress::open()),
            identities,
            connection: Arc::clone(&engine.faults),
            clock: clock.clone(),
        }
    }

    fn cut(&self, is_cut: bool) {
        self.connection.is_cut.store(is_cut, Ordering::SeqCst);
    }

    fn known(&self, keys: &Keys) -> Option<Caller> {
        let now_ms = self.clock.now_ms();
        let known = self.authority.known(&keys.access_key, keys.token.as_deref(), now_ms).ok()?;
        let transport = Transport { peer: IpAddr::V4(Ipv4Addr::LOCALHOST), secure: false };
        let identity = Identity { principal: known.principal, transport, user_agent: None, now_ms };
        let access_key = keys.access_key.clone();
        Some(Caller {
            account: ACCOUNT.to_owned(),
            region: "us-east-1".to_owned(),
            access_key,
            identity: Some(identity),
            served: None,
        })
    }

    /// The answer's body, or the code of the refusal and its status.
    async fn ask(&self, caller: &Caller, api: Api, form: &str) -> Result<String, (u16, &'static str)> {
        let parameters = Parameters::parse(format!("Action={form}").as_bytes()).unwrap();
        let origin = RequestOrigin { transport: caller.identity.as_ref().unwrap().transport, user_agent: None };
        let request = Request { parameters: &parameters, request_id: "id" };
        let reply = self.authority.answer(api, Some(caller), &origin, &request).await;
        match reply.refusal {
            Some(refusal) => Err((reply.status, refusal.code.name())),
            None => Ok(reply.body),
        }
    }
}

const ISSUING: [&str; 3] = [
    "AssumeRole&RoleArn=arn:aws:iam::123456789012:role/work&RoleSessionName=now",
    "GetSessionToken",
    "GetFederationToken&Name=guest",
];
const CHANGING: [&str; 2] = ["CreateUser&UserName=x", "DeleteUser&UserName=none"];
const UNAVAILABLE: Result<String, (u16, &str)> = Err((503, "ServiceUnavailable"));

/// A user with an administrator's policy, and a role.
async fn furnished(node: &Node) -> (Keys, Keys) {
    let root = node.identities.found_account(ACCOUNT, false).await.unwrap().unwrap();
    let root = Keys { access_key: root.key.id, token: None };
    let caller = node.known(&root).unwrap();
    for form in [
        "CreateUser&UserName=ada".to_owned(),
        format!("PutUserPolicy&UserName=ada&PolicyName=p&PolicyDocument={ALL}"),
        format!("CreateRole&RoleName=work&AssumeRolePolicyDocument={TRUST}"),
    ] {
        node.ask(&caller, Api::Iam, &form).await.unwrap();
    }
    let made = node.ask(&caller, Api::Iam, "CreateAccessKey&UserName=ada").await.unwrap();
    (root, Keys { access_key: text_of(&made, "AccessKeyId").to_owned(), token: None })
}

async fn nodes(lease: Duration) -> (Node, Node, ManualClock) {
    let (memory, key) = (Memory::new(), AuthKey::random());
    let (clock, hand) = Clock::manual(NOW_MS);
    let one = Node::new(&memory, &key, &clock, lease).await;
    (one, Node::new(&memory, &key, &clock, lease).await, hand)
}

const WEB_IDENTITY: &str = "Action=AssumeRoleWithWebIdentity&RoleArn=arn:aws:iam::123456789012:role/work&RoleSessionName=me\
    &WebIdentityToken=eyJhbGciOiJSUzI1NiJ9.e30.AAAA";

/// The status of an answer to a request that is not signed.
async fn web_identity(node: &Node) -> u16 {
    let parameters = Parameters::parse(WEB_IDENTITY.as_bytes()).unwrap();
    let transport = Transport { peer: IpAddr::V4(Ipv4Addr::LOCALHOST), secure: false };
    let request = Request { parameters: &parameters, request_id: "id" };
    node.authority.answer(Api::Sts, None, &RequestOrigin { transport, user_agent: None }, &request).await.status
}

async fn refuses_all(node: &Node, caller: &Caller) {
    for form in ISSUING {
        assert_eq!(node.ask(caller, Api::Sts, form).await, UNAVAILABLE, "{form}");
    }
    for form in CHANGING {
        assert_eq!(node.ask(caller, Api::Iam, form).await, UNAVAILABLE, "{form}");
    }
}

#[tokio::test]
async fn a_node_that_cannot_look_issues_no_sessions() {
    let (one, other, hand) = nodes(Duration::from_secs(3_600)).await;
    let (root, ada) = furnished(&one).await;
    other.identities.refresh().await.unwrap();
    let caller = other.known(&ada).unwrap();
    for form in ISSUING {
        other.ask(&caller, Api::Sts, form).await.unwrap();
    }
    other.cut(true);
    // What was found a moment ago still counts.
    hand.advance_ms(2_000);
    other.ask(&caller, Api::Sts, "GetSessionToken").await.unwrap();
    hand.advance_ms(1);
    // Meanwhile the key is taken away elsewhere.
    let form = format!("UpdateAccessKey&UserName=ada&Status=Inactive&AccessKeyId={}", ada.access_key);
    one.ask(&one.known(&root).unwrap(), Api::Iam, &form).await.unwrap();
    let caller = other.known(&ada).unwrap();
    refuses_all(&other, &caller).await;
    assert_eq!(web_identity(&other).await, 503);
    // Reads are answered.
    other.ask(&caller, Api::Sts, "GetCallerIdentity").await.unwrap();

    // A caller that was recognised before the node refreshed its view is refused.
    other.cut(false);
    refuses_all(&other, &caller).await;
    assert_eq!(web_identity(&other).await, 403);
    assert!(other.known(&ada).is_none());
    hand.advance_ms(1);
    let caller = other.known(&root).unwrap();
    other.ask(&caller, Api::Sts, "GetSessionToken").await.unwrap();
    other.ask(&caller, Api::Iam, CHANGING[0]).await.unwrap();
}

/// A pause in which nothing has changed is not noticed.
#[tokio::test]
async fn a_node_looks_again_when_it_is_asked() {
    let (one, _other, hand) = nodes(Duration::from_secs(3_600)).await;
    let (_, ada) = furnished(&one).await;
    hand.advance_ms(60_000);
    let caller = one.known(&ada).unwrap();
    for form in ISSUING {
        one.ask(&caller, Api::Sts, form).await.unwrap();
    }
}

#[tokio::test]
async fn a_node_without_its_lease_issues_no_sessions() {
    let (one, other, hand) = nodes(Duration::from_millis(300)).await;
    let (_, ada) = furnished(&one).await;
    other.identities.refresh().await.unwrap();
    let caller = other.known(&ada).unwrap();
    other.cut(true);
    hand.advance_ms(300);
    refuses_all(&other, &caller).await;
}
