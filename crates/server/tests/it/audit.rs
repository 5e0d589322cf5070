//! The audit log of a real server: callers, actions and outcomes, and none of the data.

use std::path::Path;

use ::client::{Credentials, Endpoint, SignedFor, Trouble};
use api::Operation;
use serde_json::{Value, json};

use crate::client::{AUTHORIZATION, Client, request};
use crate::identity::with_account;
use crate::program::{run, until};
use crate::signed::{ask, key};
use crate::test_server::{TestServer, TestServerBuilder};

const TABLE: &str = r#"{"TableName":"Music","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":
    [{"AttributeName":"pk","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],
    "StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"}}"#;

/// With its log in its folder.
fn audited() -> TestServerBuilder {
    TestServer::in_memory().audit_log("audit")
}

/// Everything that was written, once the server has ended.
fn events_of(server: TestServer) -> Vec<Value> {
    let folder = server.folder();
    assert!(server.stop().success());
    events(&folder.path().join("audit"))
}

fn events(log: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(log).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn metrics(client: &mut Client) -> String {
    client.send(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client.response().text()
}

fn names(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["eventName"].as_str().unwrap()).collect()
}

#[test]
fn an_event_is_a_record_of_cloudtrail() {
    let server = audited().flags(["--audit-data", "--region", "eu-west-3"]).start();
    let mut client = server.client();
    assert_eq!(client.call("CreateTable", TABLE).status, 200);
    let body = r#"{"TableName":"Music","Item":{"pk":{"S":"a"}},"ConditionExpression":"attribute_exists(pk)"}"#;
    client.send(&request("PutItem", &[("User-Agent", "agent/1"), ("X-Forwarded-For", "192.0.2.7")], body.as_bytes()));
    let refused = client.response();
    let events = events_of(server);
    assert_eq!(names(&events), ["CreateTable", "PutItem"]);
    let mut event = events[1].clone();
    let at = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
    assert_eq!(at("requestID"), refused.header("x-amzn-requestid"));
    assert!(at("eventID").len() == 36 && at("eventTime").len() == 20 && at("eventTime").ends_with('Z'), "{event}");
    for name in ["requestID", "eventID", "eventTime"] {
        event.as_object_mut().unwrap().remove(name);
    }
    let account = "000000000000";
    assert_eq!(
        event,
        json!({
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "Root", "principalId": account, "arn": "arn:aws:iam::000000000000:root", "accountId": account,
                "accessKeyId": "test",
            },
            "eventSource": "dynamodb.amazonaws.com",
            "eventName": "PutItem",
            "awsRegion": "eu-west-3",
            "sourceIPAddress": "127.0.0.1",
            "userAgent": "agent/1",
            "errorCode": "ConditionalCheckFailedException",
            "errorMessage": "The conditional request failed",
            "requestParameters": {"tableName": "Music"},
            "responseElements": null,
            "readOnly": false,
            "resources": [{
                "accountId": account, "type": "AWS::DynamoDB::Table",
                "ARN": "arn:aws:dynamodb:eu-west-3:000000000000:table/Music",
            }],
            "eventType": "AwsApiCall",
            "apiVersion": "2012-08-10",
            "managementEvent": false,
            "recipientAccountId": account,
            "eventCategory": "Data",
        })
    );
    assert!(events[0]["managementEvent"] == true && events[0]["eventCategory"] == "Management");
}

/// Unless asked for, reads and writes of items have no events.
#[test]
fn management_events_alone() {
    let server = audited().start();
    let mut client = server.client();
    for (operation, body) in [
        ("CreateTable", TABLE),
        ("PutItem", r#"{"TableName":"Music","Item":{"pk":{"S":"a"}}}"#),
        ("Scan", r#"{"TableName":"Music"}"#),
        ("ListStreams", "{}"),
        ("DescribeTable", r#"{"TableName":"Nope"}"#),
        ("Nonsense", "{}"),
    ] {
        client.call(operation, body);
    }
    let mappings = b"GET /2015-03-31/event-source-mappings HTTP/1.1\r\nHost: localhost\r\n\r\n";
    client.send(mappings);
    assert_eq!(client.response().status, 403);
    let events = events_of(server);
    let names = names(&events);
    assert_eq!(names, ["CreateTable", "ListStreams", "DescribeTable", "ListEventSourceMappings20150331"]);
    assert_eq!(events[2]["errorCode"], "ResourceNotFoundException");
    assert_eq!(events[3]["userIdentity"], json!({"type": "Unknown"}));
    assert_eq!(events[3]["eventSource"], "lambda.amazonaws.com");
}

/// Requests to IAM and STS have events as well; without identities, most of them are refused.
#[test]
fn events_of_identities() {
    let server = audited().start();
    let mut client = server.client();
    for form in ["Action=GetCallerIdentity&Version=2011-06-15", "Action=CreateUser&Version=2010-05-08&UserName=ann"] {
        let head = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                    X-Amz-Date: 20260101T000000Z\r\n";
        let length = form.len();
        client
            .send(format!("{head}Authorization: {AUTHORIZATION}\r\nContent-Length: {length}\r\n\r\n{form}").as_bytes());
        client.response();
    }
    let events = events_of(server);
    assert_eq!(names(&events), ["GetCallerIdentity", "CreateUser"]);
    let said = |at: usize| (events[at]["eventSource"].as_str().unwrap(), events[at]["userIdentity"]["type"].as_str());
    assert_eq!(said(0), ("sts.amazonaws.com", Some("Root")), "{}", events[0]);
    assert_eq!(said(1), ("iam.amazonaws.com", Some("Root")), "{}", events[1]);
    assert_eq!((&events[0]["errorCode"], &events[1]["errorCode"]), (&Value::Null, &json!("InvalidAction")));
    assert_eq!(events[1]["requestParameters"], json!({"userName": "ann"}));
}

#[test]
fn files_step_aside_and_are_opened_anew() {
    let server = audited().flags(["--audit-log-bytes", "4KiB", "--audit-log-files", "2"]).start();
    let mut client = server.client();
    for _ in 0..40 {
        assert_eq!(client.call("ListTables", "{}").status, 200);
    }
    until("all are written", || metrics(&mut client).contains("stator_audit_events_total 40\n"));
    let rotated = |number: u32| server.path(format!("audit.{number}"));
    let sizes = [1, 2].map(|number| rotated(number).metadata().unwrap().len());
    assert!(sizes.iter().all(|size| (1024..=4096).contains(size)) && !rotated(3).exists(), "{sizes:?}");
    // What another program has moved away is let go of.
    let moved = server.path("moved");
    std::fs::rename(server.path("audit"), &moved).unwrap();
    server.signal("-HUP");
    until("another file is begun", || server.path("audit").exists());
    let before = events(&moved).len();
    assert_eq!(client.call("DescribeLimits", "{}").status, 200);
    assert_eq!(events(&moved).len(), before);
    assert_eq!(names(&events_of(server)), ["DescribeLimits"]);
}

/// A full disk costs events, which are counted and logged, but no answers.
#[cfg(target_os = "linux")]
#[test]
fn lost_events_are_counted() {
    let server = TestServer::in_memory().audit_log("/dev/full").start();
    let mut client = server.client();
    assert_eq!(client.call("ListTables", "{}").status, 200);
    server.wait_for_line("events are missing in the audit log");
    let page = metrics(&mut client);
    assert!(page.contains("stator_audit_events_lost_total 1\n") && page.contains("stator_audit_events_total 0\n"));
}

/// In the folder of the data, too, which the server makes.
#[test]
fn beside_the_data() {
    let node = TestServer::on_data("data").audit_log("data/audit");
    for starts in 1..=2 {
        let server = node.start();
        assert_eq!(server.client().call("ListTables", "{}").status, 200);
        assert!(server.stop().success());
        assert_eq!(events(&node.path("data/audit")).len(), starts);
    }
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let server = TestServer::in_memory().audit_log("no/folder");
    server.is_refused(server.path("no/folder").to_str().unwrap());
}

#[test]
fn events_have_the_cipher_of_their_connection() {
    let server = audited().flags(["--tls-self-signed"]).file("--tls-self-signed-file", "authority").start();
    let authority = server.path("authority");
    let endpoint = Endpoint::parse(&format!("https://localhost:{}", server.address.port()), Some(&authority)).unwrap();
    ask(&endpoint, &key("test", "test", None), Operation::ListTables, &json!({})).unwrap();
    let events = events_of(server);
    let details = &events[0]["tlsDetails"];
    assert_eq!(details["tlsVersion"], "TLSv1.3", "{details}");
    assert!(details["cipherSuite"].as_str().unwrap().starts_with("TLS_"), "{details}");
    assert!(details["clientProvidedHostHeader"].as_str().unwrap().starts_with("localhost"), "{details}");
}

/// Sends a request that has a well-formed credential, and returns its answer.
fn raw(client: &mut Client, method: &str, target: &str, content_type: &str, body: &str) -> crate::client::Response {
    let length = body.len();
    let head = format!(
        "{method} {target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\nX-Amz-Date: 20260101T000000Z\r\n\
         Authorization: {AUTHORIZATION}\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    client.send(head.as_bytes());
    client.response()
}

const MAPPINGS: &str = "/2015-03-31/event-source-mappings";

/// However a path is spelled, it is an operation and has its event, or it is none and has no effect.
#[test]
fn lambdas_paths_are_audited_as_they_are_executed() {
    let server = audited().start();
    let mut client = server.client();
    let made = client.call("CreateTable", TABLE).json();
    let stream = made["TableDescription"]["LatestStreamArn"].as_str().unwrap().to_owned();
    let mut expected = vec![json!("CreateTable")];
    let mut made = 0;
    for (method, rest) in ["", "/", "//", "///", "/.", "/..", "/./", "/%2e", "/%2F", "/u", "/u/", "//u", "/u//", "/u/v"]
        .iter()
        .flat_map(|rest| ["POST", "GET", "PUT", "DELETE", "PATCH", "post"].map(|method| (method, rest)))
    {
        let body = json!({"FunctionName": format!("http://127.0.0.1:9/{made}"), "EventSourceArn": stream,
            "StartingPosition": "LATEST", "Enabled": false});
        let target = format!("{MAPPINGS}{rest}?FunctionName=f");
        let answer = raw(&mut client, method, &target, "application/json", &body.to_string());
        let id = rest.trim_matches('/');
        let name = match (method, id) {
            _ if !["", "/", "/u", "/u/"].contains(rest) => None,
            ("POST", "") => Some("CreateEventSourceMapping20150331"),
            ("GET", "") => Some("ListEventSourceMappings20150331"),
            ("GET", "u") => Some("GetEventSourceMapping20150331"),
            ("PUT", "u") => Some("UpdateEventSourceMapping20150331"),
            ("DELETE", "u") => Some("DeleteEventSourceMapping20150331"),
            _ => None,
        };
        made += u32::from(answer.status == 202);
        assert_eq!(name.is_none(), answer.header("x-amzn-errortype") == "UnknownOperationException", "{method} {rest}");
        expected.extend(name.map(|name| json!(name)));
    }
    assert_eq!(made, 2);
    let listed = raw(&mut client, "GET", MAPPINGS, "application/json", "").json();
    assert_eq!(listed["EventSourceMappings"].as_array().unwrap().len(), 2);
    expected.push(json!("ListEventSourceMappings20150331"));
    let events = events_of(server);
    assert_eq!(events.iter().map(|event| event["eventName"].clone()).collect::<Vec<_>>(), expected);
    let creations = events.iter().filter(|event| event["eventName"] == "CreateEventSourceMapping20150331");
    for event in creations {
        // What follows the host of a function's URL may be a secret.
        let named = json!({"eventSourceArn": stream, "functionName": "http://127.0.0.1:9"});
        assert_eq!(event["requestParameters"], named);
        let made = &event["responseElements"]["uUID"];
        assert_eq!(made.as_str().map(str::len), event["errorCode"].is_null().then_some(36), "{event}");
        assert_eq!((&event["resources"][0]["ARN"], &event["readOnly"]), (&json!(stream), &json!(false)));
    }
    let of_one = events.iter().find(|event| event["eventName"] == "GetEventSourceMapping20150331").unwrap();
    assert_eq!(of_one["requestParameters"], json!({"uUID": "u"}));
}

/// Every operation of IAM and STS, in forms that say two things: the event is of the one that answers.
#[test]
fn forms_are_audited_as_they_are_executed() {
    let (server, _, root) = with_account();
    let server = server.audit_log("audit").start();
    let ask = |service: &'static str, form: &str| signed_form(&server, service, &root, form);
    let sts = [
        "AssumeRole",
        "DecodeAuthorizationMessage",
        "GetAccessKeyInfo",
        "GetCallerIdentity",
        "GetFederationToken",
        "GetSessionToken",
    ];
    let sts = sts.map(|name| ("sts", "2011-06-15", name));
    let iam = ::identity::iam::OPERATION_NAMES.iter().map(|name| ("iam", "2010-05-08", *name));
    let mut expected = Vec::new();
    for (service, version, name) in iam.chain(sts) {
        let (first, rest) = name.split_at(1);
        let escaped = format!("%{:02x}{rest}", first.as_bytes()[0]);
        for form in [
            format!("Action={name}&Version={version}&UserName=ann&TotallyUnknown=secret"),
            format!("action=Decoy&username=decoy&version=decoy&Version={version}&%41ction={escaped}&User%4eame=ann"),
        ] {
            let xml = ask(service, &form);
            assert!(xml.contains(&format!("<{name}Response")) || xml.contains("<ErrorResponse"), "{form}: {xml}");
            expected.push((format!("{service}.amazonaws.com"), name.to_owned(), xml.contains("<ErrorResponse")));
        }
    }
    // A form is in the body or, of a GET, in the query, and never in both.
    let mut client = server.client();
    raw(&mut client, "GET", "/?%41ction=ListUsers", "application/x-www-form-urlencoded", "Action=DeleteUser");
    raw(&mut client, "POST", "/?Action=DeleteUser", "application/x-www-form-urlencoded", "Action=ListRoles");
    raw(&mut client, "POST", "/?Action=DeleteUser", "application/x-www-form-urlencoded", "");
    raw(&mut client, "POST", "/?Action=DeleteUser", "text/plain", "Action=DeleteUser");
    let web = "Version=2011-06-15&RoleArn=arn:r&WebIdentityToken=secret&Action=AssumeRoleWithWebIdentity";
    raw(&mut client, "POST", "/", "application/x-www-form-urlencoded", web);
    let events = events_of(server);
    let (forms, unsigned) = events.split_at(expected.len());
    for (event, (source, name, failed)) in forms.iter().zip(expected) {
        assert_eq!((&event["eventSource"], &event["eventName"]), (&json!(source), &json!(name)));
        assert_eq!(event["errorCode"].is_string(), failed, "{event}");
        let parameters = &event["requestParameters"];
        assert!(parameters.is_null() || *parameters == json!({"userName": "ann"}), "{event}");
        assert!(!event.to_string().contains("ecoy") && !event.to_string().contains("secret"), "{event}");
    }
    assert_eq!(names(unsigned), ["ListUsers", "ListRoles", "AssumeRoleWithWebIdentity"]);
    assert!(unsigned.iter().all(|event| event["userIdentity"]["type"] == "Unknown"));
}

/// A disk that takes nothing: then nothing is done, and the server says so.
#[cfg(target_os = "linux")]
#[test]
fn requests_that_must_be_audited_fail_without_it() {
    let server = TestServer::in_memory().audit_log("/dev/full").flags(["--audit-required"]).start();
    let said = server.log();
    assert!(
        said.contains("the audit log /dev/full cannot be written: ") && said.contains("free space on its disk"),
        "{said}"
    );
    assert!(!said.contains("(file ") && !said.contains(", detail "), "{said}");
    let mut client = server.client();
    let refused = client.call("CreateTable", TABLE);
    assert_eq!((refused.status, refused.text().contains("InternalServerError")), (500, true));
    let refused = raw(&mut client, "GET", MAPPINGS, "application/json", "");
    assert_eq!((refused.status, refused.header("x-amzn-errortype")), (500, "ServiceException"));
    let form = "Action=GetCallerIdentity&Version=2011-06-15";
    let refused = raw(&mut client, "POST", "/", "application/x-www-form-urlencoded", form);
    assert!(refused.status == 500 && refused.text().contains("ServiceFailure"), "{}", refused.text());
    let page = metrics(&mut client);
    assert!(page.contains("stator_audit_refused_total 3\n") && page.contains("stator_ready 0\n"), "{page}");
    // Reads and writes of items have no events here.
    let body = r#"{"TableName":"Music","Item":{"pk":{"S":"a"}}}"#;
    assert!(client.call("PutItem", body).text().contains("ResourceNotFoundException"));
    assert!(server.stop().success());
}

/// From a request on that was executed, and has no event in the file.
#[cfg(target_os = "linux")]
fn fill_device(server: &TestServer, client: &mut Client) {
    std::fs::rename(server.path("audit"), server.path("before")).unwrap();
    std::os::unix::fs::symlink("/dev/full", server.path("audit")).unwrap();
    server.signal("-HUP");
    until("the device is full", || client.call("DescribeLimits", "{}").status == 500);
    assert_eq!(client.call("DeleteTable", r#"{"TableName":"Music"}"#).status, 500);
}

/// Once the file can be written, what waited is written and requests are executed again.
#[cfg(target_os = "linux")]
#[test]
fn requests_are_executed_when_they_can_be_audited_again() {
    let server = audited().flags(["--audit-required"]).start();
    let mut client = server.client();
    assert_eq!(client.call("CreateTable", TABLE).status, 200);
    fill_device(&server, &mut client);
    std::fs::remove_file(server.path("audit")).unwrap();
    until("requests are executed", || client.call("ListTables", "{}").status == 200);
    assert_eq!(client.call("ListTables", "{}").json()["TableNames"], json!(["Music"]));
    let page = metrics(&mut client);
    assert!(
        page.contains("stator_audit_events_lost_total 0\n") && page.contains("stator_audit_refused_total"),
        "{page}"
    );
    let folder = server.folder();
    let after = events_of(server);
    let before = events(&folder.path().join("before"));
    // What was executed is there, and what was refused has done nothing.
    assert_eq!(names(&before)[0], "CreateTable");
    assert_eq!(names(&after)[..2], ["DescribeLimits", "ListTables"]);
    assert!(!names(&[before, after].concat()).contains(&"DeleteTable"));
}

/// A pipe that is not read reports no error. Requests are refused before they are executed, until it is read.
#[cfg(target_os = "linux")]
#[test]
fn requests_wait_for_a_file_that_hangs() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // Open for writing as well, so that opening it waits for nothing.
    let reader = std::fs::File::options().read(true).write(true).open(&pipe).unwrap();
    let log = pipe.display().to_string();
    let server = TestServer::in_memory().audit_log(&log).flags(["--audit-required", "--audit-data"]).start();
    let mut client = server.client();
    assert_eq!(client.call("CreateTable", TABLE).status, 200);
    let mut number = 0;
    let mut put = |client: &mut Client| {
        number += 1;
        let answer = client.call("PutItem", &format!(r#"{{"TableName":"Music","Item":{{"pk":{{"S":"{number}"}}}}}}"#));
        (number, answer)
    };
    let refused = loop {
        let (number, answer) = put(&mut client);
        if answer.status == 500 && metrics(&mut client).contains("stator_audit_refused_total 1\n") {
            break number;
        }
    };
    // No other is executed.
    for _ in 0..3 {
        assert_eq!(put(&mut client).1.status, 500);
    }
    let page = metrics(&mut client);
    assert!(page.contains("stator_audit_refused_total 4\n") && page.contains("stator_ready 0\n"), "{page}");
    server.wait_for_line("a write does not end");
    std::thread::spawn(move || std::io::copy(&mut &reader, &mut std::io::sink()));
    until("requests are executed", || put(&mut client).1.status == 200);
    server.wait_for_line("the audit log can be written again");
    for (number, is_there) in [(refused - 1, true), (refused, false), (refused + 3, false)] {
        let item = client.call("GetItem", &format!(r#"{{"TableName":"Music","Key":{{"pk":{{"S":"{number}"}}}}}}"#));
        assert_eq!(item.json()["Item"].is_object(), is_there, "{number}");
    }
    assert!(server.stop().success());
}

/// The pipe is not read until the server has ended: each executed write has its event, in the pipe or on stderr.
#[cfg(target_os = "linux")]
#[test]
fn no_event_is_lost_with_a_pipe_that_hangs() {
    let folder = tempfile::tempdir().unwrap();
    let (pipe, data) = (folder.path().join("pipe"), folder.path().join("data").display().to_string());
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = std::fs::File::options().read(true).write(true).open(&pipe).unwrap();
    let log = pipe.display().to_string();
    let server = TestServer::on_data(&data).audit_log(&log).flags(["--audit-required", "--audit-data"]).start();
    assert_eq!(server.client().call("CreateTable", TABLE).status, 200);
    std::thread::scope(|scope| {
        for client in 0..16 {
            let mut connection = server.client();
            scope.spawn(move || {
                let put =
                    |number: u32| format!(r#"{{"TableName":"Music","Item":{{"pk":{{"S":"{client}-{number}"}}}}}}"#);
                (0..).find(|number| connection.call("PutItem", &put(*number)).status == 500).unwrap();
            });
        }
    });
    server.signal("-TERM");
    let mut printed = Vec::new();
    loop {
        let line = server.wait_for_line("");
        if line.contains("events of executed requests are not in it") {
            break;
        }
        printed.extend(serde_json::from_str::<Value>(&line));
    }
    assert_eq!(server.wait().code(), Some(1));
    let rest = std::fs::File::open(&pipe).unwrap();
    drop(reader);
    let text = std::io::read_to_string(rest).unwrap();
    let in_pipe = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let in_pipe: Vec<Value> = in_pipe.map(|line| serde_json::from_str(line).unwrap()).collect();
    let all = [in_pipe, printed].concat();
    let mut ids: Vec<&str> = all.iter().map(|event| event["requestID"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all.len());
    let puts = names(&all).into_iter().filter(|name| *name == "PutItem").count();
    let server = TestServer::on_data(&data).start();
    let executed = server.client().call("Scan", r#"{"TableName":"Music","Select":"COUNT"}"#).json();
    assert_eq!(executed["Count"], json!(puts));
}

/// Another program empties the file, and a write fails after that: the file has whole events, and no zeros.
#[cfg(target_os = "linux")]
#[test]
fn a_log_that_was_emptied_has_whole_events() {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};

    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("audit");
    // A write beyond the limit is an error, and no signal.
    let server = TestServer::in_memory().audit_log(&log).after(r#"trap "" XFSZ"#).start();
    let mut client = server.client();
    let mut lists = |count: u32| (0..count).for_each(|_| assert_eq!(client.call("ListTables", "{}").status, 200));
    let pid = Pid::from_raw(server.pid().cast_signed());
    let limit = |bytes| prlimit(pid, Resource::Fsize, Rlimit { current: bytes, maximum: None }).map(drop).unwrap();
    lists(20);
    until("all are written", || metrics(&mut server.client()).contains("stator_audit_events_total 20\n"));
    let size = log.metadata().unwrap().len() / 20;
    std::fs::File::options().write(true).open(&log).unwrap().set_len(0).unwrap();
    // Two events and a half.
    limit(Some(size * 5 / 2));
    lists(10);
    until("the others are lost", || metrics(&mut server.client()).contains("stator_audit_events_lost_total 8\n"));
    limit(None);
    lists(1);
    drop(client);
    assert!(server.stop().success());
    let events = events(&log);
    // Two before the limit, and one after it.
    assert_eq!(events.len(), 3);
    assert!(names(&events).iter().all(|name| *name == "ListTables"));
    // It is a log for the next server.
    let server = TestServer::in_memory().audit_log(&log).start();
    assert!(server.stop().success());
}

/// A file that is removed is made anew, and nothing is executed while that cannot be.
#[cfg(target_os = "linux")]
#[test]
fn a_log_that_is_removed_is_made_anew() {
    let server = audited().flags(["--audit-required"]).start();
    let mut client = server.client();
    assert_eq!(client.call("CreateTable", TABLE).status, 200);
    std::fs::remove_file(server.path("audit")).unwrap();
    assert_eq!(client.call("ListTables", "{}").status, 200);
    assert_eq!(names(&events(&server.path("audit"))), ["ListTables"]);
    server.wait_for_line("it had lost its name");
    // Another file has the name, without a signal.
    std::fs::rename(server.path("audit"), server.path("before")).unwrap();
    std::fs::write(server.path("audit"), "").unwrap();
    assert_eq!(client.call("DescribeLimits", "{}").status, 200);
    assert_eq!(names(&events(&server.path("audit"))), ["DescribeLimits"]);
    // What has the name now takes no events.
    for lose in [
        |server: &TestServer| std::fs::remove_file(server.path("audit")),
        |server: &TestServer| std::fs::rename(server.path("audit"), server.path("other")),
    ] {
        lose(&server).unwrap();
        std::fs::create_dir(server.path("audit")).unwrap();
        assert_eq!(client.call("DescribeEndpoints", "{}").status, 500);
        assert_eq!(client.call("DeleteTable", r#"{"TableName":"Music"}"#).status, 500);
        assert!(metrics(&mut client).contains("stator_ready 0\n"));
        std::fs::remove_dir(server.path("audit")).unwrap();
        if server.path("other").exists() {
            std::fs::write(server.path("audit"), "").unwrap();
        }
        until("requests are executed", || client.call("ListTables", "{}").status == 200);
    }
    assert_eq!(client.call("ListTables", "{}").json()["TableNames"], json!(["Music"]));
    assert_eq!(names(&events_of(server))[..2], ["DescribeEndpoints", "ListTables"]);
}

/// Two servers on one file would cut each other's lines.
#[test]
fn a_log_has_one_server() {
    let server = audited().start();
    let log = server.path("audit").display().to_string();
    let output = run(&["serve", "--memory", "--listen", "127.0.0.1:0", "--audit-log", &log]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("another process writes it"), "{said}");
    assert_eq!(server.client().call("ListTables", "{}").status, 200);
    assert_eq!(names(&events_of(server)), ["ListTables"]);
}

/// The end of the program does not drop events of requests that were executed.
#[cfg(target_os = "linux")]
#[test]
fn unwritten_events_are_printed_when_the_server_ends() {
    let server = audited().flags(["--audit-required"]).start();
    let mut client = server.client();
    assert_eq!(client.call("CreateTable", TABLE).status, 200);
    fill_device(&server, &mut client);
    server.signal("-TERM");
    let event: Value = serde_json::from_str(&server.wait_for_line(r#""eventName":"DescribeLimits""#)).unwrap();
    assert_eq!(event["eventSource"], "dynamodb.amazonaws.com");
    server.wait_for_line("1 events of executed requests are not in it");
    assert_eq!(server.wait().code(), Some(1));
}

/// A file that cannot be rotated stays in use, and what was rotated before stays.
#[test]
fn a_rotation_that_fails_destroys_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("audit");
    let path = log.display().to_string();
    let small = ["--audit-log-bytes", "1KiB", "--audit-log-files", "3"];
    let server = TestServer::in_memory().audit_log(&path).flags(["--audit-required"]).flags(&small).start();
    let mut client = server.client();
    let mut lists = |count: usize| (0..count).for_each(|_| assert_eq!(client.call("ListTables", "{}").status, 200));
    // Two events do not fit in a file.
    lists(4);
    std::fs::create_dir(folder.path().join("audit.next")).unwrap();
    lists(20);
    server.wait_for_line("the audit log cannot be rotated");
    assert!(server.stop().success());
    let count = |name: &str| events(&folder.path().join(name)).len();
    assert_eq!(["audit", "audit.1", "audit.2", "audit.3"].map(count), [21, 1, 1, 1]);
}

/// A large form is the same request wherever its version is.
#[test]
fn large_forms_name_their_api_last() {
    let (server, account, root) = with_account();
    let server = server.audit_log("audit").start();
    let padding = format!("&Padding={}", "x".repeat(70_000));
    let sts = [
        format!("Action=GetCallerIdentity{padding}&Version=2011-06-15"),
        format!("{}&Version=2011-06-15&Action=GetCallerIdentity", &padding[1..]),
    ];
    for form in sts {
        let answer = signed_form(&server, "sts", &root, &form);
        assert!(answer.contains(&format!("<Account>{account}</Account>")), "{answer}");
    }
    let stranger = key("AKIDNOBODY0000000000", "secret", None);
    let answer =
        signed_form(&server, "sts", &stranger, &format!("Action=GetCallerIdentity{padding}&Version=2011-06-15"));
    assert!(
        answer.contains("https://sts.amazonaws.com/doc/2011-06-15/") && answer.contains("InvalidClientTokenId"),
        "{answer}"
    );
    let answer = signed_form(&server, "iam", &root, &format!("Action=GetUser{padding}&Version=2010-05-08"));
    assert!(answer.contains("GetUserResponse"), "{answer}");
    let events = events_of(server);
    assert_eq!(names(&events), ["GetCallerIdentity", "GetCallerIdentity", "GetCallerIdentity", "GetUser"]);
    assert!(events[..3].iter().all(|event| event["eventSource"] == "sts.amazonaws.com"));
}

/// A large request that is denied has a small event.
#[test]
fn denied_requests_have_small_events() {
    let (server, account, root) = with_account();
    let server = server.audit_log("audit").flags(["--audit-data"]).start();
    let tables = (0..100).map(|at| (format!("{at:0>255}"), json!({"Keys": [{"pk": {"S": "a"}}]})));
    let body = json!({"RequestItems": tables.collect::<serde_json::Map<_, _>>()});
    // Not permitted by a policy of its own: the root federates a session that may do nothing.
    let federated_user = federated(&server, &root);
    match server.ask(&federated_user, Operation::BatchGetItem, &body) {
        Err(Trouble::Refused { exception, .. }) => assert_eq!(exception, "AccessDeniedException"),
        other => panic!("{other:?}"),
    }
    // A batch of statements is answered, and each of them is denied.
    let statements = ["INSERT INTO Music VALUE {'pk': 'a'}", "DELETE FROM Music WHERE pk = 'a'"];
    let statements = statements.map(|statement| json!({"Statement": statement}));
    let batch = Operation::BatchExecuteStatement;
    server.ask(&federated_user, batch, &json!({"Statements": statements})).unwrap();
    let mut events = events_of(server);
    let event = events.pop().unwrap();
    assert_eq!((&event["errorCode"], &event["eventName"]), (&json!("AccessDenied"), &json!("BatchExecuteStatement")));
    assert_eq!(event["additionalEventData"]["statementErrors"], json!(["AccessDenied", "AccessDenied"]));
    let event = events.pop().unwrap();
    // What the session's events have as its key, the event of its making has.
    let session = &events.pop().unwrap()["responseElements"]["credentials"]["accessKeyId"];
    assert_eq!((session, &event["userIdentity"]["accessKeyId"]), (&json!(federated_user.access_key), session));
    assert_eq!(event["requestParameters"]["requestItems"].as_array().unwrap().len(), 10);
    assert_eq!(event["resources"].as_array().unwrap().len(), 10);
    assert_eq!(event["additionalEventData"], json!({"requestItems": 100, "resources": 100}));
    assert!(event.to_string().len() < 10_000 && body.to_string().len() > 25_000, "{}", event.to_string().len());
    let identity = &event["userIdentity"];
    assert_eq!(
        (&identity["type"], &identity["principalId"]),
        (&json!("FederatedUser"), &json!(format!("{account}:some")))
    );
    let issuer = &identity["sessionContext"]["sessionIssuer"];
    assert_eq!((&issuer["type"], &issuer["principalId"]), (&json!("Root"), &json!(account)));
}

/// A session of the root's that no policy lets do anything.
fn federated(server: &TestServer, root: &Credentials) -> Credentials {
    let form = "Action=GetFederationToken&Version=2011-06-15&Name=some";
    let xml = signed_form(server, "sts", root, form);
    let of = |name: &str| xml.split_once(&format!("<{name}>")).unwrap().1.split_once('<').unwrap().0.to_owned();
    key(&of("AccessKeyId"), &of("SecretAccessKey"), Some(&of("SessionToken")))
}

fn signed_form(server: &TestServer, service: &'static str, credentials: &Credentials, form: &str) -> String {
    let answer = server.send_form(Some(SignedFor { credentials, service }), form);
    String::from_utf8(answer.body).unwrap()
}

/// Names in letters that IAM takes and few use are in the events of all that is done with them.
#[test]
fn names_are_audited_whatever_their_letters_are() {
    let (server, account, root) = with_account();
    let server = server.audit_log("audit").start();
    // Every graphic letter of ASCII but the slash.
    let odd: String = (b'!'..=b'~').map(char::from).filter(|letter| *letter != '/').collect();
    let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let arn = format!("arn:aws:iam::{account}:policy/{odd}/p");
    let document = encode(r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#);
    let path_of = encode(&format!("/{odd}/"));
    for form in [
        format!("CreatePolicy&PolicyName=p&Path={path_of}&PolicyDocument={document}"),
        "CreateUser&UserName=u".to_owned(),
        format!("AttachUserPolicy&UserName=u&PolicyArn={}", encode(&arn)),
        format!("UpdateUser&UserName=u&NewPath={path_of}"),
        format!("CreateOpenIDConnectProvider&Url={}&ClientIDList.member.1=a~", encode("https://idp.example/~a")),
    ] {
        let xml = signed_form(&server, "iam", &root, &format!("Version=2010-05-08&Action={form}"));
        assert!(!xml.contains("<ErrorResponse"), "{form}: {xml}");
    }
    let events = events_of(server);
    let found: Vec<Value> = events.iter().map(|event| event["requestParameters"].clone()).collect();
    let path = format!("/{odd}/");
    let expected = [
        json!({"path": path, "policyName": "p"}),
        json!({"userName": "u"}),
        json!({"policyArn": arn, "userName": "u"}),
        json!({"newPath": path, "userName": "u"}),
        json!({"url": "https://idp.example/~a", "clientIDList": ["a~"]}),
    ];
    assert_eq!(found, expected);
}

/// Unsigned requests do not rotate the log: what known callers did is there after any number of them.
#[test]
fn unsigned_requests_do_not_displace_events() {
    let server = audited().flags(["--audit-log-bytes", "4KiB", "--audit-log-files", "1"]).start();
    let mut client = server.client();
    assert_eq!(client.call("CreateTable", TABLE).status, 200);
    let agent = "a".repeat(2_000);
    for _ in 0..300 {
        let unsigned = format!("GET {MAPPINGS} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {agent}\r\n\r\n");
        client.send(unsigned.as_bytes());
        assert_eq!(client.response().status, 403);
    }
    assert_eq!(client.call("DeleteTable", r#"{"TableName":"Music"}"#).status, 200);
    let log = server.path("audit");
    let page = metrics(&mut client);
    let counted = page.lines().find_map(|line| line.strip_prefix("stator_audit_unauthenticated_total ")).unwrap();
    assert!(counted.parse::<u32>().unwrap() > 100, "{counted}");
    let events = events_of(server);
    assert!(!log.with_extension("1").exists());
    let known: Vec<&str> = names(&events).into_iter().filter(|name| !name.starts_with("List")).collect();
    assert_eq!(known, ["CreateTable", "DeleteTable"]);
    assert!((3..10).contains(&events.len()), "{}", events.len());
}

/// What must be nowhere: the server's secrets, and the contents of items and requests. All begin alike, so that one search
/// finds them.
const MARK: &str = "hide-me";

/// Everything that a server writes or says is searched for secrets and for items: the audit log, its own log, its metrics,
/// and, for the secrets of keys, its answers to callers that have none.
#[test]
fn secrets_and_items_are_nowhere() {
    let (secret, token) = (format!("{MARK}-secret"), format!("{MARK}-token"));
    let keys = format!(
        "[a]\naws_access_key_id = AKIDA\naws_secret_access_key = {secret}\n\
         [b]\naws_access_key_id = AKIDB\naws_secret_access_key = {secret}\naws_session_token = {token}\n"
    );
    let server = audited()
        .write("keys", &keys)
        .credentials("keys")
        .flags(["--audit-data", "--log", "json", "--log-slow-ms", "1"])
        .start();
    let (a, b) = (key("AKIDA", &secret, None), key("AKIDB", &secret, Some(&token)));
    let call = |credentials: &Credentials, operation: &str, body: &Value| {
        server.ask(credentials, Operation::from_name(operation).unwrap(), body)
    };
    for credentials in [&a, &b] {
        let _ = call(credentials, "CreateTable", &serde_json::from_str(TABLE).unwrap());
        for (operation, body) in marked_requests() {
            let _ = call(credentials, operation, &body);
        }
    }
    let mut said = String::new();
    for wrong in [key("AKIDA", "wrong", None), key("AKIDB", "wrong", Some(&token)), key("AKIDB", &secret, None)] {
        match call(&wrong, "ListTables", &json!({})) {
            Err(Trouble::Refused { exception, message, .. }) => said += &format!("{exception} {message}\n"),
            other => panic!("{other:?}"),
        }
    }
    assert!(!said.contains(&secret), "{said}");
    // A secret where the key's name belongs.
    let _ = call(&key("hide-me/+secret=", "wrong", None), "PutItem", &json!({}));

    let mut outputs = vec![metrics(&mut server.client())];
    server.signal("-TERM");
    outputs.push(server.wait_for_line(r#""event":"stopped""#));
    let (folder, log) = (server.folder(), server.log());
    assert!(server.wait().success());
    outputs.extend([log, std::fs::read_to_string(folder.path().join("audit")).unwrap()]);
    let audit = outputs.last().unwrap();
    assert!(audit.contains("TransactWriteItems") && audit.lines().count() > 40, "{audit}");
    for output in outputs {
        let found = output.lines().find(|line| line.contains(MARK));
        assert_eq!(found, None);
    }
}

/// Values where clients put them, in requests good and bad.
fn marked_requests() -> Vec<(&'static str, Value)> {
    let value = |what: &str| json!({"S": format!("{MARK}-{what}")});
    let key = json!({"pk": value("key")});
    let item = json!({"pk": value("key"), format!("{MARK}-attribute"): value("value")});
    let statement = |text: &str| format!("{text} '{MARK}-text'");
    let path = format!("{MARK}-attribute");
    vec![
        ("PutItem", json!({"TableName": "Music", "Item": item})),
        ("PutItem", json!({"TableName": "Music", "Item": {"pk": {"N": format!("{MARK}-number")}}})),
        ("PutItem", json!({"TableName": format!("{MARK} no table"), "Item": item})),
        ("PutItem", json!({"TableName": "Music", "Item": item, "ReturnValues": format!("{MARK}-enum")})),
        ("GetItem", json!({"TableName": "Music", "Key": key})),
        ("GetItem", json!({"TableName": "Music", "Key": {format!("{MARK}-wrong"): value("key")}})),
        (
            "UpdateItem",
            json!({"TableName": "Music", "Key": key, "UpdateExpression": "SET #a = :v, b = :w",
            "ExpressionAttributeNames": {"#a": path}, "ExpressionAttributeValues": {":v": value("v")}}),
        ),
        ("UpdateItem", json!({"TableName": "Music", "Key": key, "UpdateExpression": format!("SET {MARK}")})),
        (
            "UpdateItem",
            json!({"TableName": "Music", "Key": key, "UpdateExpression": "SET #a = :v",
            "ConditionExpression": "#a = :w", "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            "ExpressionAttributeNames": {"#a": path},
            "ExpressionAttributeValues": {":v": value("v"), ":w": value("other")}}),
        ),
        (
            "Query",
            json!({"TableName": "Music", "KeyConditionExpression": "pk = :k",
            "ExpressionAttributeValues": {":k": value("key")}}),
        ),
        ("Scan", json!({"TableName": "Music", "FilterExpression": format!("#a = {MARK}")})),
        ("BatchWriteItem", json!({"RequestItems": {"Music": [{"PutRequest": {"Item": item}}]}})),
        ("BatchGetItem", json!({"RequestItems": {"Music": {"Keys": [key]}}})),
        (
            "TransactWriteItems",
            json!({"TransactItems": [{"Put": {"TableName": "Music", "Item": item,
            "ConditionExpression": "attribute_not_exists(pk)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}}]}),
        ),
        ("TransactGetItems", json!({"TransactItems": [{"Get": {"TableName": "Music", "Key": key}}]})),
        ("ExecuteStatement", json!({"Statement": statement("SELECT * FROM Music WHERE pk =")})),
        ("ExecuteStatement", json!({"Statement": statement("SELECT * FROM Music WHERE nonsense")})),
        ("ExecuteStatement", json!({"Statement": statement(&format!("INSERT INTO Music VALUE {{'pk': '{MARK}'}}"))})),
        ("BatchExecuteStatement", json!({"Statements": [{"Statement": statement("DELETE FROM Music WHERE pk =")}]})),
        (
            "TagResource",
            json!({"ResourceArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Music",
            "Tags": [{"Key": "stage", "Value": format!("{MARK}-tag")}]}),
        ),
        (
            "GetShardIterator",
            json!({"StreamArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Music/stream/x",
            "ShardId": format!("{MARK} shard"), "ShardIteratorType": "LATEST"}),
        ),
    ]
}
