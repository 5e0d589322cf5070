//! A server whose answers are written here.

use api::{GetItemInput, GetItemOutput, PutItemInput, UpdateItemInput};
use auth::SHARED_ACCOUNT;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

const TABLE: &str = r#"{"Table":{"TableId":"t","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],
    "AttributeDefinitions":[{"AttributeName":"sk","AttributeType":"N"},{"AttributeName":"pk","AttributeType":"S"}]}}"#;

/// Answers one request after the other on any connections; returns the requests' targets.
async fn serve(listener: TcpListener, answers: Vec<(u16, String)>) -> Vec<String> {
    let mut targets = Vec::new();
    let mut answers = answers.into_iter().peekable();
    while answers.peek().is_some() {
        let (mut socket, _) = listener.accept().await.unwrap();
        while answers.peek().is_some() {
            let Some(target) = request(&mut socket).await else { break };
            targets.push(target);
            let (status, body) = answers.next().unwrap();
            let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n", body.len());
            socket.write_all([head.as_bytes(), body.as_bytes()].concat().as_slice()).await.unwrap();
        }
    }
    targets
}

async fn request(socket: &mut tokio::net::TcpStream) -> Option<String> {
    let mut all = Vec::new();
    loop {
        if let Some(end) = all.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&all[..end]).to_lowercase();
            let field = |name: &str| {
                let line = head.lines().find_map(|line| line.strip_prefix(name));
                line.map(|value| value.trim().to_owned())
            };
            let length: usize = field("content-length:").and_then(|value| value.parse().ok()).unwrap_or_default();
            if all.len() >= end + 4 + length {
                assert!(field("authorization:").is_some_and(|value| value.contains("/dynamodb/aws4_request")));
                return field("x-amz-target:");
            }
        }
        if socket.read_buf(&mut all).await.ok()? == 0 {
            return None;
        }
    }
}

async fn remote() -> (TcpListener, Remote) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, Remote::new(&url, Some("eu-west-3"), None, Clock::system()).unwrap())
}

fn caller() -> Caller {
    Caller {
        account: SHARED_ACCOUNT.to_owned(),
        region: "eu-west-3".to_owned(),
        access_key: "A".to_owned(),
        identity: None,
        served: None,
    }
}

fn named(status: u16, name: &str) -> (u16, String) {
    (status, format!("{{\"__type\":\"a#{name}\",\"message\":\"words\"}}"))
}

#[tokio::test]
async fn a_table_is_asked_for_once_by_many() {
    let (listener, remote) = remote().await;
    let caller = caller();
    let asking = async {
        let all: Vec<_> = (0..100).map(|_| remote.table(&caller, "Table1")).collect();
        let mut keys = Vec::new();
        for one in all {
            keys.push(one.await.unwrap());
        }
        keys
    };
    let (keys, targets) = tokio::join!(asking, serve(listener, vec![(200, TABLE.to_owned())]));
    assert_eq!(targets, ["dynamodb_20120810.describetable"]);
    assert!(keys.iter().all(|key| *key == keys[0]));
    assert_eq!(keys[0].schema.attributes().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["pk", "sk"]);
}

#[tokio::test]
async fn what_may_pass_is_asked_again_unless_it_is_a_write_that_cannot_be_repeated() {
    let (listener, remote) = remote().await;
    let caller = caller();
    let item = r#"{"Item":{"pk":{"S":"a"}}}"#.to_owned();
    let answers = vec![
        named(500, "InternalServerError"),
        named(400, "ThrottlingException"),
        (200, item),
        named(503, "ServiceUnavailable"),
    ];
    let asking = async {
        let read = remote.execute(&caller, GetItemInput::default().into()).await.and_then(GetItemOutput::try_from);
        assert!(read.unwrap().item.is_some());
        let update = remote.execute(&caller, UpdateItemInput::default().into()).await;
        assert!(matches!(update, Err(Exception::ServiceUnavailable(_))));
    };
    let ((), targets) = tokio::join!(asking, serve(listener, answers));
    assert_eq!(targets.len(), 4);
    let conditional = PutItemInput { condition_expression: Some("c".to_owned()), ..PutItemInput::default() };
    assert!(is_repeatable(&PutItemInput::default().into()) && !is_repeatable(&conditional.into()));
}

#[tokio::test]
async fn refusals_are_the_callers_and_those_of_credentials_the_nodes() {
    let (listener, remote) = remote().await;
    let caller = caller();
    let names = ["ConditionalCheckFailedException", "AccessDeniedException", "UnrecognizedClientException", "Nonsense"];
    let answers = names.map(|name| named(400, name)).into();
    let asking = async {
        let mut all = Vec::new();
        for _ in names {
            all.push(remote.execute(&caller, UpdateItemInput::default().into()).await.unwrap_err());
        }
        all
    };
    let (all, _) = tokio::join!(asking, serve(listener, answers));
    assert_eq!(all[0], Exception::ConditionalCheckFailed { item: None });
    assert_eq!(all[1], Exception::AccessDenied("words".to_owned()));
    assert!(all[2].cause().contains("the node's credentials"), "{}", all[2].cause());
    assert!(matches!(all[3], Exception::InternalServerError(_)));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_failure() {
    let (listener, remote) = remote().await;
    drop(listener);
    let failed = remote.execute(&caller(), UpdateItemInput::default().into()).await.unwrap_err();
    assert!(failed.cause().contains("UpdateItem at the upstream: connection"), "{}", failed.cause());
}

#[test]
fn another_table_of_the_name_has_another_id() {
    let table = |id: &str| {
        let described: Value = serde_json::from_str(&TABLE.replace("\"t\"", &format!("\"{id}\""))).unwrap();
        table_key(&described["Table"]).unwrap().id
    };
    assert_eq!(table("a"), table("a"));
    assert_ne!(table("a"), table("b"));
    assert_eq!(table_key(&json!({"KeySchema": []})), None);
}
