//! Room in the queue, events of requests that are given up, unauthenticated ones, and the caller's identity.

use std::collections::BTreeMap;

use ::aws::OperationId;
use api::Operation;
use auth::Caller;
use auth::iam::{Identity, Principal, PrincipalKind};
use autoscaling::{Access, ChangeFailure, Resource};
use hyper::Request;
use serde_json::{Value, json};

use super::identity::UserIdentity;
use super::*;
use crate::connection_states::ConnectionState;
use crate::transport::local;

/// As the handler names it.
fn id_of(operation: Operation) -> OperationId {
    let model = match operation.service() {
        api::Service::DynamoDb => &::aws::DYNAMODB,
        api::Service::Streams => &::aws::DYNAMODB_STREAMS,
    };
    model.operation(operation.name()).expect("an operation")
}

fn draft(audit: &Arc<Audit>, operation: Operation) -> Draft {
    let (head, ()) = Request::builder().header("user-agent", "a".repeat(5_000)).body(()).unwrap().into_parts();
    audit.begin(audit.action(id_of(operation)).unwrap(), Origin::of(&head, &ConnectionState::new(local()), "id"))
}

/// Of a known caller.
fn known(audit: &Arc<Audit>) -> Draft {
    let mut draft = draft(audit, Operation::PutItem);
    draft.by(&caller("AKIA", None));
    draft
}

fn refused() -> Outcome {
    Outcome { error: Some("UnrecognizedClientException".into()), ..Outcome::default() }
}

#[tokio::test]
async fn without_room_events_are_lost_or_requests_refused() {
    for required in [false, true] {
        let (audit, mut events) = Audit::held(1, required);
        let mut first = known(&audit);
        first.reserve().await.unwrap();
        // It waits for the first one, and gives up.
        let mut second = known(&audit);
        assert_eq!(second.reserve().await.err(), required.then_some(Unaudited::Full));
        let counts = || (audit.watch().read().lost, audit.watch().read().refused);
        assert_eq!(counts(), (0, u64::from(required)));
        if !required {
            second.end(&Outcome::default()).await.unwrap();
            assert_eq!(counts(), (1, 0));
        }
        // A request that is given up while it waits has done nothing.
        let mut third = known(&audit);
        assert!(tokio::time::timeout(Duration::ZERO, third.reserve()).await.is_err());
        drop(third);
        // Nothing takes it: the request has been executed, and has no good answer where it must be audited.
        assert_eq!(first.end(&Outcome::default()).await.err(), required.then_some(Unaudited::Unwritten));
        // There is room once the writer takes one, while the next one waits.
        let mut fourth = known(&audit);
        let taken = async { events.next() };
        let (reserved, event) = tokio::join!(fourth.reserve(), taken);
        assert_eq!((reserved, event.unwrap()["eventName"].clone()), (Ok(()), json!("PutItem")));
        let outcome = Outcome::default();
        let (ended, event) = tokio::join!(fourth.end(&outcome), async { events.next() });
        assert_eq!((ended, event.is_some()), (Ok(()), true));
        assert_eq!((events.all().len(), counts()), (0, (u64::from(!required), u64::from(required))));
    }
}

#[tokio::test]
async fn requests_that_may_have_been_executed_have_events() {
    let (audit, mut events) = Audit::held(8, true);
    drop(known(&audit));
    assert_eq!(events.all(), [json!(null); 0]);
    let mut begun = known(&audit);
    begun.reserve().await.unwrap();
    drop(begun);
    let event = events.next().unwrap();
    assert_eq!((&event["eventName"], &event["errorCode"]), (&json!("PutItem"), &json!("RequestCanceled")));
    assert_eq!(audit.queue.capacity(), 8);
}

#[tokio::test]
async fn nothing_is_executed_while_the_file_cannot_be_written() {
    let (audit, _events) = Audit::held(8, true);
    audit.figures.blocked.store(true, Ordering::Relaxed);
    assert_eq!(known(&audit).reserve().await, Err(Unaudited::Blocked));
    assert_eq!(audit.watch().read().refused, 1);
    audit.figures.blocked.store(false, Ordering::Relaxed);
    assert_eq!(known(&audit).reserve().await, Ok(()));
}

#[tokio::test]
async fn unauthenticated_requests_are_summed_up() {
    let (audit, mut events) = Audit::held(1_000, true);
    for _ in 0..5_000 {
        draft(&audit, Operation::PutItem).end(&refused()).await.unwrap();
    }
    audit.sum_up();
    let mut own = events.all();
    let summary = own.pop().unwrap();
    assert!((100..1_000).contains(&own.len()), "{}", own.len());
    assert!(own.iter().all(|event| event["userAgent"].as_str().unwrap().len() == 128));
    let details = &summary["serviceEventDetails"];
    assert_eq!(details["requests"].as_u64().unwrap(), 5_000 - own.len() as u64);
    assert_eq!(
        (&summary["eventName"], &summary["eventType"]),
        (&json!("UnauthenticatedRequests"), &json!("AwsServiceEvent"))
    );
    assert_eq!(details["since"].as_str().unwrap().len(), 20);
    assert_eq!(audit.watch().read().held_back, 5_000 - own.len() as u64);
    // Each is counted once, and known callers have events of their own.
    audit.sum_up();
    known(&audit).end(&refused()).await.unwrap();
    assert_eq!(events.all().len(), 1);
}

/// However many of them are under way.
#[tokio::test]
async fn unsigned_requests_leave_room() {
    let (audit, mut events) = Audit::held(8, true);
    let mut unsigned = Vec::new();
    loop {
        let mut next = draft(&audit, Operation::PutItem);
        match next.reserve().await {
            Ok(()) => unsigned.push(next),
            Err(unaudited) => break assert_eq!(unaudited, Unaudited::Full),
        }
    }
    assert_eq!((unsigned.len(), audit.queue.capacity()), (6, 2));
    draft(&audit, Operation::PutItem).end(&refused()).await.unwrap();
    assert_eq!(known(&audit).reserve().await, Ok(()));
    // Those that are given up are refused ones.
    unsigned.pop();
    assert_eq!((events.all().len(), audit.queue.capacity()), (1, 8 - 5));
    assert_eq!(audit.watch().read().held_back, 2);
}

fn caller(access_key: &str, principal: Option<Principal>) -> Caller {
    Caller {
        account: "123456789012".to_owned(),
        region: "us-east-1".to_owned(),
        access_key: access_key.to_owned(),
        identity: principal.map(|principal| Identity {
            principal: Arc::new(principal),
            transport: local(),
            user_agent: None,
            now_ms: 0,
        }),
        served: None,
    }
}

#[test]
fn user_identities() {
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
    // What came with a session's credentials; a user's session of GetSessionToken has no issuer.
    let said = [
        ("aws:tokenissuetime", "2026-01-01T12:00:00Z"),
        ("aws:multifactorauthpresent", "false"),
        ("aws:sourceidentity", "ann"),
        ("aws:username", "not of the session"),
    ];
    let mut issued = principal(PrincipalKind::User, user, None, "AIDA1", Some("ann"));
    issued.context = said.map(|(key, value)| (key.to_owned(), vec![value.to_owned()])).into();
    let attributes = json!({"creationDate": "2026-01-01T12:00:00Z", "mfaAuthenticated": "false"});
    check(
        &caller("ASIA5", Some(issued)),
        json!({"type": "IAMUser", "principalId": "AIDA1", "arn": user, "accountId": "123456789012",
               "accessKeyId": "ASIA5", "userName": "ann",
               "sessionContext": {"attributes": attributes, "sourceIdentity": "ann"}}),
    );
    // As CloudTrail has sessions of GetFederationToken: their issuer is the user, or the root.
    let session = "arn:aws:sts::123456789012:federated-user/bob";
    let mut federated = principal(PrincipalKind::FederatedUser, session, Some(user), "123456789012:bob", None);
    federated.role_id = Some("AIDA1".to_owned());
    let issued_by = |issuer: serde_json::Value| {
        json!({"type": "FederatedUser", "principalId": "123456789012:bob", "arn": session, "accountId": "123456789012",
               "accessKeyId": "ASIA4", "sessionContext": {"sessionIssuer": issuer}})
    };
    let ann = json!({"type": "IAMUser", "principalId": "AIDA1", "arn": user, "accountId": "123456789012",
                     "userName": "ann"});
    check(&caller("ASIA4", Some(federated)), issued_by(ann));
    let of_root = principal(PrincipalKind::FederatedUser, session, None, "123456789012:bob", None);
    let issuer = json!({"type": "Root", "principalId": "123456789012", "arn": root, "accountId": "123456789012"});
    check(&caller("ASIA4", Some(of_root)), issued_by(issuer));
    // The key of a known caller is there, whatever its letters are.
    let odd = serde_json::to_value(UserIdentity::of(&caller("a+b c", None))).unwrap();
    assert_eq!(odd["accessKeyId"], "a+b%20c");
    // What may be a secret in the wrong place is not repeated.
    for (claimed, expected) in
        [("AKIA4", Some("AKIA4")), ("a b", None), ("wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEYab", None)]
    {
        let said = serde_json::to_value(UserIdentity::unknown(Some(claimed))).unwrap();
        assert_eq!(said.get("accessKeyId").and_then(|key| key.as_str()), expected);
    }
}

#[tokio::test]
async fn changes_of_capacity_are_events_of_the_service() {
    let (audit, mut events) = Audit::held(8, false);
    let of = Resource { account: "123456789012", region: "eu-west-1", table: "tab", index: Some("idx") };
    let failure = ChangeFailure { reason: "above the maximum".to_owned(), is_transient: false };
    let by = "arn:aws:autoscaling:eu-west-1:123456789012:scalingPolicy:id:resource/dynamodb/table/tab:policyName/p";
    let (access, cause) = (Access::Write, "monitor alarm a in state ALARM triggered policy p");
    for failure in [None, Some(&failure)] {
        audit.changed(CapacityChange { of, access, units: 70, cause, by, failure }).await;
    }
    let all = events.all();
    let shown = json!({"tableName": "tab", "indexName": "idx", "requestedBy": by, "writeCapacityUnits": 70,
                       "cause": "monitor%20alarm%20a%20in%20state%20ALARM%20triggered%20policy%20p"});
    for event in &all {
        assert_eq!((&event["eventName"], &event["eventType"]), (&json!("UpdateTable"), &json!("AwsServiceEvent")));
        assert_eq!(event["userIdentity"]["invokedBy"], "dynamodb.application-autoscaling.amazonaws.com");
        assert_eq!((&event["requestParameters"], &event["readOnly"]), (&shown, &json!(false)));
        assert_eq!(event["resources"][0]["ARN"], "arn:aws:dynamodb:eu-west-1:123456789012:table/tab");
        assert_eq!((&event["recipientAccountId"], &event["awsRegion"]), (&json!("123456789012"), &json!("eu-west-1")));
    }
    assert_eq!(
        (all.len(), &all[0]["errorCode"], &all[1]["errorMessage"]),
        (2, &Value::Null, &json!("above the maximum"))
    );
}
