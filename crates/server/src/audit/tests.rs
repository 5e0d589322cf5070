//! A queue that is full, and who asked.

use std::collections::BTreeMap;

use auth::Caller;
use auth::iam::{Identity, Principal, PrincipalKind};
use hyper::Request;
use serde_json::json;

use super::identity::UserIdentity;
use super::*;
use crate::transport::local;

#[tokio::test]
async fn full_queues_make_requests_wait_and_then_lose_events() {
    let (queue, mut messages) = mpsc::channel(1);
    let figures = Arc::new(Figures::default());
    let writer = Mutex::new(None);
    let audit = Audit { queue, data: false, region: "us-east-1".to_owned(), figures, writer };
    let (head, ()) = Request::new(()).into_parts();
    let seat = Seat::new(local());
    let end = async || {
        let draft = audit.begin(Operation::ListTables, b"{}").unwrap();
        audit.end(draft, &head, &seat, "id", Outcome::default()).await;
    };
    assert!(audit.begin(Operation::PutItem, b"{}").is_none(), "a data event");
    end().await;
    // Nobody takes anything, or too late.
    end().await;
    assert_eq!(audit.figures.read(), (0, 1));
    let cut_off = tokio::time::timeout(Duration::ZERO, end()).await;
    assert_eq!((cut_off.is_err(), audit.figures.read()), (true, (0, 2)));
    // Somebody takes one while the next one waits.
    let taken = async { messages.recv().await.is_some() };
    assert!(tokio::join!(end(), taken).1);
    assert_eq!(audit.figures.read(), (0, 2));
    drop(messages);
    end().await;
    assert_eq!(audit.figures.read(), (0, 3));
}

#[test]
fn who_asked() {
    let caller = |access_key: &str, principal: Option<Principal>| Caller {
        account: "123456789012".to_owned(),
        region: "us-east-1".to_owned(),
        access_key: access_key.to_owned(),
        identity: principal.map(|principal| Identity {
            principal: Arc::new(principal),
            transport: local(),
            user_agent: None,
            now_ms: 0,
        }),
    };
    let principal = |kind, arn: &str, role: Option<&str>, user_id: &str, name: Option<&str>| Principal {
        kind,
        account: "123456789012".to_owned(),
        arn: arn.to_owned(),
        role_arn: role.map(str::to_owned),
        role_id: None,
        user_id: user_id.to_owned(),
        username: name.map(str::to_owned),
        tags: BTreeMap::new(),
        context: BTreeMap::new(),
        identity_policies: Vec::new(),
        boundary: None,
        session_policies: None,
    };
    let check = |caller: &Caller, expected| {
        assert_eq!(serde_json::to_value(UserIdentity::of(caller)).unwrap(), expected);
    };
    let root = "arn:aws:iam::123456789012:root";
    check(
        &caller("AKIA1", None),
        json!({"type": "Root", "principalId": "123456789012", "arn": root, "accountId": "123456789012",
               "accessKeyId": "AKIA1"}),
    );
    let user = "arn:aws:iam::123456789012:user/team/ann";
    check(
        &caller("AKIA2", Some(principal(PrincipalKind::User, user, None, "AIDA1", Some("ann")))),
        json!({"type": "IAMUser", "principalId": "AIDA1", "arn": user, "accountId": "123456789012",
               "accessKeyId": "AKIA2", "userName": "ann"}),
    );
    let (session, role) = ("arn:aws:sts::123456789012:assumed-role/r/s", "arn:aws:iam::123456789012:role/path/r");
    check(
        &caller("ASIA3", Some(principal(PrincipalKind::AssumedRole, session, Some(role), "AROA1:s", None))),
        json!({"type": "AssumedRole", "principalId": "AROA1:s", "arn": session, "accountId": "123456789012",
               "accessKeyId": "ASIA3", "sessionContext": {"sessionIssuer": {"type": "Role", "principalId": "AROA1",
               "arn": role, "accountId": "123456789012", "userName": "r"}}}),
    );
    // What may be a secret in the wrong place is not repeated.
    for (claimed, expected) in
        [("AKIA4", Some("AKIA4")), ("a b", None), ("wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEYab", None)]
    {
        let said = serde_json::to_value(UserIdentity::unknown(Some(claimed))).unwrap();
        assert_eq!(said.get("accessKeyId").and_then(|key| key.as_str()), expected);
    }
}
