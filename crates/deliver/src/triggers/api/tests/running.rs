//! Mappings that run: what receivers get, while others never answer and while rights come and go.

use std::time::Duration;

use api::{DeleteResourcePolicyInput, PutItemInput, PutResourcePolicyInput};
use auth::iam::PrincipalKind;
use model::{AttributeValue, Attributes};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::*;
use crate::triggers::read_permission::ReadPermission;

const OWNER: &str = "111111111111";
const OTHER: &str = "222222222222";

/// A server that answers each request with success, or none of them, and passes on what it got.
async fn receiver(answers: bool) -> (String, mpsc::UnboundedReceiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (sender, received) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = Vec::new();
            let body = loop {
                let head = request.windows(4).position(|end| end == b"\r\n\r\n");
                let body = head.and_then(|head| serde_json::from_slice::<Value>(&request[head + 4..]).ok());
                if body.is_some() || socket.read_buf(&mut request).await.unwrap_or(0) == 0 {
                    break body;
                }
            };
            let _ = body.map(|body| sender.send(body));
            if answers {
                let _ = socket.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
            } else {
                open.push(socket);
            }
        }
    });
    (url, received)
}

fn places() -> Places {
    Places { invoke_timeout: Duration::from_secs(600), ..Places::default() }
}

fn item(pk: &str, bytes: usize) -> Attributes {
    let mut attributes = Attributes::default();
    attributes.insert("pk".to_owned(), AttributeValue::S(pk.to_owned()));
    attributes.insert("data".to_owned(), AttributeValue::S("x".repeat(bytes)));
    attributes
}

async fn put(triggers: &Triggers, pk: &str, bytes: usize) {
    let request = PutItemInput { table_name: "tab".to_owned(), item: item(pk, bytes), ..PutItemInput::default() };
    triggers.service.execute::<ops::call::PutItem>(&caller(OWNER), request).await.unwrap();
}

fn keys(event: &Value) -> Vec<&str> {
    let records = event["Records"].as_array().unwrap();
    records.iter().map(|record| record["dynamodb"]["Keys"]["pk"]["S"].as_str().unwrap()).collect()
}

async fn until_result(triggers: &Triggers, uuid: &str, expected: &str) {
    while triggers.service.document_note(MAPPINGS, uuid).await.unwrap().as_deref() != Some(expected) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Receivers that never answer, of the same account, with more than there is memory for.
#[tokio::test]
async fn stuck_receivers_leave_memory_for_others() {
    let memory = DeliveryMemory::of(2 << 20);
    let (triggers, stream) = triggers_within(places(), ServiceArns::open(), Arc::clone(&memory)).await;
    let (stuck, mut reached) = receiver(false).await;
    let running = triggers.start();
    for at in 0..6 {
        let mut body = mapping(&stream, &format!("{stuck}{at}"), None);
        body["StartingPosition"] = json!("TRIM_HORIZON");
        assert_eq!(call(&triggers, OWNER, "POST", "", &body).await.0, 202);
    }
    for at in 0..60 {
        put(&triggers, &at.to_string(), 20_000).await;
    }
    for _ in 0..6 {
        reached.recv().await.expect("a call");
    }
    let (good, mut received) = receiver(true).await;
    let mut body = mapping(&stream, &good, None);
    body["StartingPosition"] = json!("TRIM_HORIZON");
    assert_eq!(call(&triggers, OWNER, "POST", "", &body).await.0, 202);
    let mut count = 0;
    while count < 60 {
        count += keys(&received.recv().await.expect("a call")).len();
    }
    assert!(memory.used() <= 1 << 20, "{}", memory.used());
    running.stop().await;
}

/// The owner of a stream ends and allows another account's mapping by the stream's policy.
#[tokio::test]
async fn a_mapping_ends_with_the_right_to_read_another_accounts_stream() {
    let (triggers, stream) = triggers_with(places(), ServiceArns::open()).await;
    let everything = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    let (owner, reader) =
        (fixture::user(OWNER, std::slice::from_ref(&everything)), fixture::user(OTHER, &[everything]));
    let statement = json!({"Effect": "Allow", "Principal": {"AWS": OTHER}, "Resource": stream,
        "Action": ["dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords"]});
    let allow = || PutResourcePolicyInput {
        resource_arn: stream.clone(),
        policy: json!({"Version": "2012-10-17", "Statement": [statement.clone()]}).to_string(),
        ..PutResourcePolicyInput::default()
    };
    let (url, mut received) = receiver(true).await;
    let body = mapping(&stream, &url, None);
    assert_eq!(ask(&triggers, &reader, "POST", "", &body).await.0, 403);
    triggers.service.execute::<ops::call::PutResourcePolicy>(&owner, allow()).await.unwrap();
    let (status, _, made) = ask(&triggers, &reader, "POST", "", &body).await;
    assert_eq!(status, 202, "{made}");
    let made: Value = serde_json::from_str(&made).unwrap();
    let uuid = made["UUID"].as_str().unwrap();
    let running = triggers.start();
    put(&triggers, "first", 1).await;
    assert_eq!(keys(&received.recv().await.unwrap()), ["first"]);
    until_result(&triggers, uuid, "OK").await;

    let take_away = DeleteResourcePolicyInput { resource_arn: stream.clone(), ..DeleteResourcePolicyInput::default() };
    triggers.service.execute::<ops::call::DeleteResourcePolicy>(&owner, take_away).await.unwrap();
    // An answer of the policy is good for a second.
    until_result(&triggers, uuid, "PROBLEM: The policy of the stream does not allow this mapping to read it").await;
    put(&triggers, "second", 1).await;
    put(&triggers, "third", 1).await;
    assert!(received.try_recv().is_err());
    // Nor does it continue after a restart of delivery.
    running.stop().await;
    // The note is emptied, so that the next result is a new one.
    triggers.service.put_document_note(MAPPINGS, uuid, "").await.unwrap();
    let running = triggers.start();
    until_result(&triggers, uuid, "PROBLEM: The policy of the stream does not allow this mapping to read it").await;
    assert!(received.try_recv().is_err());

    triggers.service.execute::<ops::call::PutResourcePolicy>(&owner, allow()).await.unwrap();
    let mut came: Vec<String> = Vec::new();
    while came.len() < 2 {
        came.extend(keys(&received.recv().await.unwrap()).into_iter().map(str::to_owned));
    }
    assert_eq!(came, ["second", "third"]);
    until_result(&triggers, uuid, "OK").await;
    running.stop().await;
}

/// Whatever kind of principal makes a mapping, it may read what it could read then.
#[tokio::test]
async fn every_kind_of_principal_reads_as_its_maker() {
    let (triggers, stream) = triggers_with(places(), ServiceArns::open()).await;
    let everything = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    let owner = fixture::user(OWNER, std::slice::from_ref(&everything));
    let of_kind = |kind: PrincipalKind, name: &str| {
        let mut maker = fixture::user(OTHER, std::slice::from_ref(&everything));
        let identity = maker.identity.as_mut().unwrap();
        let principal = Arc::get_mut(&mut identity.principal).unwrap();
        let is_session = matches!(kind, PrincipalKind::AssumedRole | PrincipalKind::FederatedUser);
        principal.session_policies = is_session.then(|| principal.identity_policies.clone());
        let service = if is_session { "sts" } else { "iam" };
        principal.arn = format!("arn:aws:{service}::{OTHER}:{name}");
        principal.role_arn = (kind == PrincipalKind::AssumedRole).then(|| format!("arn:aws:iam::{OTHER}:role/r"));
        principal.kind = kind;
        maker
    };
    let policy = |principal: &str| PutResourcePolicyInput {
        resource_arn: stream.clone(),
        policy: json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": principal},
            "Resource": stream,
            "Action": ["dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords"]}]})
        .to_string(),
        ..PutResourcePolicyInput::default()
    };
    for (kind, name) in [
        (PrincipalKind::Root, "root"),
        (PrincipalKind::User, "user/user"),
        (PrincipalKind::AssumedRole, "assumed-role/r/s"),
        (PrincipalKind::FederatedUser, "federated-user/f"),
    ] {
        let maker = of_kind(kind, name);
        triggers.service.execute::<ops::call::PutResourcePolicy>(&owner, policy(OTHER)).await.unwrap();
        let url = format!("http://h/{name}");
        let (status, _, made) = ask(&triggers, &maker, "POST", "", &mapping(&stream, &url, None)).await;
        assert_eq!(status, 202, "{name}: {made}");
        let made: Value = serde_json::from_str(&made).unwrap();
        let known = triggers.mappings().await.unwrap();
        let known = known.get(made["UUID"].as_str().unwrap()).unwrap();
        assert_eq!(triggers.may_read(known).await, Ok(()), "{name}");
        triggers.service.execute::<ops::call::PutResourcePolicy>(&owner, policy("333333333333")).await.unwrap();
        assert!(triggers.may_read(known).await.is_err(), "{name}");
    }
}

/// Policies that take too much work deny, as on the other operations of this API.
#[tokio::test]
async fn a_reader_whose_policies_take_too_much_work_is_denied() {
    let (triggers, stream) = triggers().await;
    let lambda = json!({"Effect": "Allow", "Action": "lambda:*", "Resource": "*"});
    let mut reads = json!({"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"});
    let patterns: Vec<String> = (0..200).map(|at| format!("*b{at}*")).collect();
    reads["Condition"] = json!({"StringLike": {"aws:UserAgent": patterns}});
    let mut maker = user(&[lambda, reads]);
    maker.identity.as_mut().unwrap().user_agent = Some("a".repeat(100_000));
    let (status, name, text) = ask(&triggers, &maker, "POST", "", &mapping(&stream, "http://h/x", None)).await;
    assert_eq!((status, name.as_str()), (403, "AccessDeniedException"), "{text}");
    assert!(text.contains(auth::iam::WorkBudget::REFUSAL), "{text}");
}

/// A policy that is asked again sees what has changed; within a second it is not asked.
#[tokio::test]
async fn an_answer_of_a_policy_is_shared_for_a_second() {
    let (clock, time) = Clock::manual(1_000_000);
    let (triggers, stream) = triggers_at(places(), ServiceArns::open(), DeliveryMemory::new(), clock).await;
    let everything = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    let (owner, reader) =
        (fixture::user(OWNER, std::slice::from_ref(&everything)), fixture::user(OTHER, &[everything]));
    let policy = |effect: &str| PutResourcePolicyInput {
        resource_arn: stream.clone(),
        policy: json!({"Version": "2012-10-17", "Statement": [{"Effect": effect, "Principal": {"AWS": OTHER},
            "Resource": stream,
            "Action": ["dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords"]}]})
        .to_string(),
        ..PutResourcePolicyInput::default()
    };
    triggers.service.execute::<ops::call::PutResourcePolicy>(&owner, policy("Allow")).await.unwrap();
    let (status, _, made) = ask(&triggers, &reader, "POST", "", &mapping(&stream, "http://h/x", None)).await;
    assert_eq!(status, 202, "{made}");
    let known = triggers.mappings().await.unwrap();
    let foreign = known.of_account(OTHER).next().unwrap();
    let permission = ReadPermission::default();
    // (the policy then, the time since the step before, what the mapping may)
    for (effect, after_ms, expected) in [
        ("Allow", 0, true),
        ("Deny", 999, true),
        ("Deny", 1, false),
        ("Allow", 999, false),
        ("Allow", 1, true),
        ("Deny", 5_000, false),
    ] {
        triggers.service.execute::<ops::call::PutResourcePolicy>(&owner, policy(effect)).await.unwrap();
        time.advance_ms(after_ms);
        assert_eq!(permission.check(&triggers, foreign).await.is_ok(), expected, "{effect} {after_ms}");
    }
}

/// A mapping stores as much of the client's name as the audit log does.
#[test]
fn the_name_of_a_client_is_cut() {
    let stream = format!("arn:aws:dynamodb:us-east-1:{OWNER}:table/tab/stream/l");
    let everything = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    let mut reader = fixture::user(OTHER, &[everything]);
    for (agent, expected) in
        [("a".repeat(30_000), 1024), ("\u{e9}".repeat(1000), 1024), (format!("a{}", "\u{e9}".repeat(1000)), 1023)]
    {
        reader.identity.as_mut().unwrap().user_agent = Some(agent);
        let stored = serde_json::to_value(Reader::of(&reader, &stream).unwrap()).unwrap();
        assert_eq!(stored["user_agent"].as_str().map(str::len), Some(expected));
    }
}

/// The policy is asked about the mapping's maker, and where none is stored about its account.
#[tokio::test]
async fn the_policy_is_asked_about_the_maker() {
    let (triggers, stream) = triggers_with(places(), ServiceArns::open()).await;
    let everything = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    let (owner, reader) =
        (fixture::user(OWNER, std::slice::from_ref(&everything)), fixture::user(OTHER, &[everything]));
    let policy = |condition: Value| PutResourcePolicyInput {
        resource_arn: stream.clone(),
        policy: json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": OTHER},
            "Resource": stream, "Condition": condition,
            "Action": ["dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords"]}]})
        .to_string(),
        ..PutResourcePolicyInput::default()
    };
    triggers.service.execute::<ops::call::PutResourcePolicy>(&owner, policy(json!({}))).await.unwrap();
    let (status, _, made) = ask(&triggers, &reader, "POST", "", &mapping(&stream, "http://h/x", None)).await;
    assert_eq!(status, 202, "{made}");
    let (_, own) = call(&triggers, OWNER, "POST", "", &mapping(&stream, "http://h/x", None)).await;
    let known = triggers.mappings().await.unwrap();
    let foreign = known.of_account(OTHER).next().unwrap();
    let old = Mapping { reader: None, ..Mapping::clone(foreign) };
    let user = json!({"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::222222222222:user/user"}});
    let another = json!({"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::222222222222:user/another"}});
    let address = json!({"IpAddress": {"aws:SourceIp": "127.0.0.1"}});
    for (condition, maker, account) in
        [(json!({}), true, true), (user, true, false), (another, false, false), (address, true, false)]
    {
        triggers.service.execute::<ops::call::PutResourcePolicy>(&owner, policy(condition.clone())).await.unwrap();
        assert_eq!(triggers.may_read(foreign).await.is_ok(), maker, "{condition}");
        assert_eq!(triggers.may_read(&old).await.is_ok(), account, "{condition}");
        let own = known.get(own["UUID"].as_str().unwrap()).unwrap();
        assert!(own.reader.is_none() && triggers.may_read(own).await.is_ok());
    }
}
