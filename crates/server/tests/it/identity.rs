//! Servers with identities: the first account, its root, and its users, roles and sessions.

use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use ::client::{Call, Credentials, SignedFor, Trouble};
use api::Operation;
use serde_json::{Value, json};
use storage_postgres::testing::PostgresServer;

use crate::program::{PATIENCE, run, run_with};
use crate::test_server::{TestServer, TestServerBuilder};

const IAM: &str = "2010-05-08";
const STS: &str = "2011-06-15";

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The credentials that `stator init` prints, and their account.
pub(crate) fn printed(output: &Output) -> (String, Credentials) {
    assert!(output.status.success(), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    let lines: Vec<&str> = said.lines().collect();
    let [account, "[default]", access_key, secret] = lines[..] else { panic!("{said}") };
    let account = account.strip_prefix("# the root of account ").expect("an account").to_owned();
    let credentials = Credentials {
        access_key: access_key.strip_prefix("aws_access_key_id = ").expect("a key").to_owned(),
        secret: secret.strip_prefix("aws_secret_access_key = ").expect("a secret").to_owned(),
        session_token: None,
        region: "us-east-1".to_owned(),
    };
    assert_eq!((credentials.access_key.len(), credentials.secret.len()), (20, 40), "{said}");
    assert!(credentials.access_key.starts_with("AKIA"), "{said}");
    (account, credentials)
}

/// A server of an account, and its root's key.
pub(crate) fn with_account() -> (TestServerBuilder, String, Credentials) {
    let server = TestServer::on_data("data").auth();
    let (account, root) = printed(&init(&server.path("data"), &[]));
    (server, account, root)
}

pub(crate) fn init(data: &Path, more: &[&str]) -> Output {
    run(&[&["init", "--data", data.to_str().expect("a path")], more].concat())
}

pub(crate) fn serve(data: &Path) -> TestServer {
    TestServer::on_data(data).auth().start()
}

/// Refuses to start, and says why.
fn refused(arguments: &[&str], expected: &str) {
    let ended = run(arguments);
    let said = text(&ended.stderr);
    assert!(!ended.status.success() && said.contains(expected), "{arguments:?}: {said}");
}

/// The status and the XML of an answer of IAM or STS.
fn query(server: &TestServer, credentials: Option<&Credentials>, version: &str, form: &str) -> (u16, String) {
    let service = if version == IAM { "iam" } else { "sts" };
    let body = format!("{form}&Version={version}");
    let answer = server.send_form(credentials.map(|credentials| SignedFor { credentials, service }), &body);
    let xml = text(&answer.body);
    assert_eq!(answer.header("content-type"), Some("text/xml"), "{xml}");
    assert_eq!(answer.header("x-amzn-requestid"), Some(element(&xml, "RequestId")), "{xml}");
    (answer.status, xml)
}

fn element<'a>(xml: &'a str, name: &str) -> &'a str {
    let (_, rest) = xml.split_once(&format!("<{name}>")).unwrap_or_else(|| panic!("no {name} in {xml}"));
    rest.split_once('<').expect("an end").0
}

fn good(server: &TestServer, credentials: &Credentials, version: &str, form: &str) -> String {
    let (status, xml) = query(server, Some(credentials), version, form);
    assert_eq!(status, 200, "{form}: {xml}");
    xml
}

fn code(server: &TestServer, credentials: Option<&Credentials>, version: &str, form: &str) -> (u16, String) {
    let (status, xml) = query(server, credentials, version, form);
    (status, element(&xml, "Code").to_owned())
}

fn credentials_in(xml: &str, region: &str) -> Credentials {
    Credentials {
        access_key: element(xml, "AccessKeyId").to_owned(),
        secret: element(xml, "SecretAccessKey").to_owned(),
        session_token: xml.contains("SessionToken").then(|| element(xml, "SessionToken").to_owned()),
        region: region.to_owned(),
    }
}

fn ask(server: &TestServer, credentials: &Credentials, operation: Operation, request: &Value) -> Result<Value, String> {
    server.ask(credentials, operation, request).map_err(|trouble| match trouble {
        Trouble::Refused { exception, .. } => exception,
        other => panic!("{other:?}"),
    })
}

fn tables(server: &TestServer, credentials: &Credentials) -> Result<Value, String> {
    ask(server, credentials, Operation::ListTables, &json!({})).map(|answer| answer["TableNames"].clone())
}

fn create(server: &TestServer, credentials: &Credentials, name: &str) {
    let table = json!({
        "TableName": name, "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
    });
    ask(server, credentials, Operation::CreateTable, &table).expect("created");
}

const ALLOW_LIST: &str = "Action=PutUserPolicy&UserName=app&PolicyName=p&PolicyDocument=%7B%22Version%22%3A%222012-10-17%22%2C\
    %22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22dynamodb%3AListTables%22%2C%22Resource%22%3A%22*%22%7D%7D";

#[test]
fn init_makes_a_root_that_outlives_the_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let (account, root) = printed(&init(&data, &[]));
    assert!(account.len() == 12 && !account.starts_with('0'), "{account}");
    for _ in 0..2 {
        let server = serve(&data);
        assert!(server.ready_line.contains("callers have identities"), "{}", server.ready_line);
        let xml = good(&server, &root, STS, "Action=GetCallerIdentity");
        assert_eq!((element(&xml, "Account"), element(&xml, "UserId")), (account.as_str(), account.as_str()));
        assert_eq!(element(&xml, "Arn"), format!("arn:aws:iam::{account}:root"));
        assert_eq!(tables(&server, &root), Ok(json!([])));
        assert_eq!(server.stop().code(), Some(0));
    }
}

#[test]
fn init_makes_nothing_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    let (account, root) = printed(&init(data, &["--account", "123456789012"]));
    assert_eq!(account, "123456789012");
    for again in [&[][..], &["--account", "123456789012"]] {
        let ended = init(data, again);
        let said = text(&ended.stderr);
        assert!(!ended.status.success() && ended.stdout.is_empty() && said.contains("--rotate-root"), "{said}");
    }
    let (other_account, other) = printed(&init(data, &["--account", "210987654321"]));
    assert_eq!(other_account, "210987654321");
    assert!(text(&init(data, &["--rotate-root"]).stderr).contains("there are several accounts"));
    assert!(text(&init(data, &["--rotate-root", "--account", "111111111111"]).stderr).contains("there is no account"));
    let (_, rotated) = printed(&init(data, &["--rotate-root", "--account", "123456789012"]));
    let server = serve(data);
    assert_eq!(tables(&server, &rotated), Ok(json!([])));
    assert_eq!(tables(&server, &other), Ok(json!([])));
    assert_eq!(tables(&server, &root), Err("UnrecognizedClientException".to_owned()));
    for wrong in ["000000000000", "12345678901", "12345678901x", ""] {
        assert_eq!(init(data, &["--account", wrong]).status.code(), Some(2), "{wrong}");
    }
}

#[test]
fn accounts_and_regions_are_separate() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, one) = printed(&init(folder.path(), &["--account", "123456789012"]));
    let (_, other) = printed(&init(folder.path(), &["--account", "210987654321"]));
    let server = serve(folder.path());
    create(&server, &one, "mine");
    assert_eq!(tables(&server, &one), Ok(json!(["mine"])));
    assert_eq!(tables(&server, &other), Ok(json!([])));
    assert_eq!(tables(&server, &Credentials { region: "eu-west-3".to_owned(), ..one.clone() }), Ok(json!([])));
    good(&server, &one, IAM, "Action=CreateUser&UserName=app");
    assert_eq!(code(&server, Some(&other), IAM, "Action=GetUser&UserName=app"), (404, "NoSuchEntity".to_owned()));
}

#[test]
fn it_starts_only_with_its_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let path = data.to_str().expect("a path");
    let auth = ["serve", "--listen", "127.0.0.1:0", "--auth", "--data", path];
    refused(&auth, "'stator init' makes one");
    let (_, root) = printed(&init(&data, &[]));
    let key = data.join("auth.key");
    let elsewhere = folder.path().join("elsewhere.key");
    std::fs::rename(&key, &elsewhere).expect("moved");
    refused(&auth, "bring that file back");
    // What is sealed is not given up for a new key.
    refused(&["init", "--data", path, "--rotate-root"], "bring that file back");
    assert!(!key.exists());
    let (_, _) = printed(&init(&folder.path().join("other"), &[]));
    let others = folder.path().join("other/auth.key");
    refused(
        &[&auth[..], &["--auth-key-file", others.to_str().expect("a path")]].concat(),
        &format!("the auth key in {} is not the one that the stored access keys are sealed with", others.display()),
    );
    std::fs::write(&key, "nonsense").expect("written");
    #[cfg(unix)]
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("chmod");
    refused(&auth, "64 hexadecimal digits");
    let server = TestServer::on_data(path).auth().file("--auth-key-file", &elsewhere).start();
    assert!(server.ready_line.contains("aws dynamodb list-tables --profile NAME --region"), "{}", server.ready_line);
    assert_eq!(tables(&server, &root), Ok(json!([])));
    assert!(server.stop().success());
    // A missing --auth is logged.
    let server = TestServer::on_data(path).start();
    let said = server.log();
    assert!(said.contains("without --auth nothing asks for their permissions"), "{said}");
    // Not together with what checks callers otherwise.
    for other in [&["--isolate"][..], &["--credentials", "file"]] {
        assert_eq!(run(&[&["serve", "--auth"], other].concat()).status.code(), Some(2), "{other:?}");
    }
}

/// Settings of the server that init has no flags for are variables of it, too.
#[test]
fn a_wrong_variable_of_the_server_is_named_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("data");
    let ended = run_with(&["init", "--data", path.to_str().expect("a path")], &[("STATOR_REGION", "XX")]);
    let said = text(&ended.stderr);
    assert!(
        !ended.status.success() && said.contains("the variable STATOR_REGION cannot be used: a region is"),
        "{said}"
    );
    assert!(said.matches("error").count() == 1 && !said.contains("--region") && !path.exists(), "{said}");
}

/// A key is rotated only where there is one: in a mistyped folder, and beside tables without accounts, nothing is made.
#[test]
fn nothing_is_made_to_rotate_a_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let nowhere = folder.path().join("nosuch");
    let path = nowhere.to_str().expect("a path");
    refused(&["init", "--rotate-root", "--data", path], &format!("there are no data in the folder {path}"));
    assert!(!nowhere.exists());
    let data = folder.path().join("data");
    let path = data.to_str().expect("a path");
    assert!(TestServer::on_data(path).start().stop().success());
    refused(&["init", "--rotate-root", "--data", path], "there is no account yet");
    refused(&["serve", "--listen", "127.0.0.1:0", "--auth", "--data", path], "'stator init' makes one");
    assert!(!data.join("auth.key").exists());
}

#[test]
fn other_machines_are_let_in_with_identities() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("a path");
    printed(&init(folder.path(), &[]));
    refused(&["serve", "--listen", "192.0.2.1:0", "--data", path], "--auth");
    // An address that no machine has: it is let in, and there is nothing to listen on.
    refused(&["serve", "--listen", "192.0.2.1:0", "--data", path, "--auth"], "cannot listen on 192.0.2.1:0");
}

#[test]
fn other_credentials_are_refused() {
    let (server, _, root) = with_account();
    let server = server.start();
    let wrong = |change: fn(&mut Credentials)| {
        let mut wrong = root.clone();
        change(&mut wrong);
        wrong
    };
    let caller_identity = "Action=GetCallerIdentity";
    for (stranger, dynamodb, status, sts) in [
        (wrong(|it| it.secret.push('x')), "InvalidSignatureException", 403, "SignatureDoesNotMatch"),
        (wrong(|it| it.access_key = "test".to_owned()), "UnrecognizedClientException", 403, "InvalidClientTokenId"),
        (
            wrong(|it| it.access_key = "AKIAIOSFODNN7EXAMPLE".to_owned()),
            "UnrecognizedClientException",
            403,
            "InvalidClientTokenId",
        ),
        (
            wrong(|it| it.session_token = Some("token".to_owned())),
            "UnrecognizedClientException",
            403,
            "InvalidClientTokenId",
        ),
    ] {
        assert_eq!(tables(&server, &stranger), Err(dynamodb.to_owned()));
        assert_eq!(code(&server, Some(&stranger), STS, caller_identity), (status, sts.to_owned()));
    }
    let missing = (403, "MissingAuthenticationToken".to_owned());
    assert_eq!(code(&server, None, STS, caller_identity), missing);
    assert_eq!(code(&server, None, IAM, "Action=ListUsers"), missing);
    // A caller with a web identity has nothing to sign with.
    let form = "Action=AssumeRoleWithWebIdentity&RoleArn=arn:aws:iam::123456789012:role/x&RoleSessionName=me&WebIdentityToken=";
    assert_eq!(code(&server, None, STS, &format!("{form}abcd")), (400, "InvalidIdentityToken".to_owned()));
    let token = "eyJhbGciOiJSUzI1NiJ9.e30.AAAA";
    assert_eq!(code(&server, None, STS, &format!("{form}{token}")), (403, "AccessDenied".to_owned()));
    assert_eq!(code(&server, Some(&root), STS, "Action=Nothing"), (400, "InvalidAction".to_owned()));
    assert_eq!(code(&server, Some(&root), IAM, ""), (400, "MissingAction".to_owned()));
}

#[test]
fn without_identities_sts_knows_only_the_caller() {
    let server = TestServer::in_memory().start();
    let any = Credentials {
        access_key: "any".to_owned(),
        secret: "any".to_owned(),
        session_token: None,
        region: "us-east-1".to_owned(),
    };
    let xml = good(&server, &any, STS, "Action=GetCallerIdentity");
    assert_eq!(element(&xml, "Arn"), "arn:aws:iam::000000000000:root");
    for (version, form) in [(IAM, "Action=ListUsers"), (STS, "Action=GetSessionToken")] {
        let (status, xml) = query(&server, Some(&any), version, form);
        assert_eq!((status, element(&xml, "Code")), (400, "InvalidAction"), "{xml}");
        assert!(xml.contains("stator serve --auth"), "{xml}");
    }
    // A query string asks as well as a form, and another one is none.
    let call = |target: &str| {
        let call = Call { method: "GET", target, headers: &[], body: Vec::new().into() };
        let signed = SignedFor { credentials: &any, service: "sts" };
        text(&server.send(&call, Some(signed)).body)
    };
    assert!(call("/?Action=GetCallerIdentity&Version=2011-06-15").contains("<Account>000000000000</Account>"));
    assert!(call("/?x=y").starts_with("healthy"), "{}", call("/?x=y"));
}

/// What was secret, and everything that the server says besides its answers.
#[test]
fn secrets_are_shown_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let (_, root) = printed(&init(&data, &[]));
    let audit = folder.path().join("audit.log");
    let server = TestServer::on_data(&data).auth().flag("--log-slow-ms", "1").audit_log(&audit).start();
    good(&server, &root, IAM, "Action=CreateUser&UserName=app");
    let key = good(&server, &root, IAM, "Action=CreateAccessKey&UserName=app");
    let user = credentials_in(&key, "us-east-1");
    let session = credentials_in(&good(&server, &user, STS, "Action=GetSessionToken"), "us-east-1");
    assert!(session.access_key.starts_with("ASIA"), "{}", session.access_key);
    assert_eq!(tables(&server, &session), Err("AccessDeniedException".to_owned()));
    good(&server, &root, IAM, ALLOW_LIST);
    assert_eq!(tables(&server, &session), Ok(json!([])));
    let wrong = Credentials { secret: "x".repeat(40), ..user.clone() };
    let (_, refusal) = query(&server, Some(&wrong), STS, "Action=GetCallerIdentity");
    let call = Call { method: "GET", target: "/metrics", headers: &[], body: Vec::new().into() };
    let metrics = text(&server.send(&call, None).body);
    let auth_key = std::fs::read_to_string(data.join("auth.key")).expect("the key");
    server.signal("-TERM");
    let stopped = server.wait_for_line("stopped");
    assert!(server.wait().success());
    let audit = std::fs::read_to_string(audit).expect("the audit log");
    assert!(audit.contains("CreateAccessKey") && audit.contains("GetSessionToken"), "{audit}");
    let mut kept = Vec::new();
    contents(&data.join("database"), &mut kept);
    let token = session.session_token.as_deref().expect("a token");
    for secret in [&root.secret, &user.secret, &session.secret, token, auth_key.trim()] {
        for said in [&refusal, &metrics, &stopped, &audit] {
            assert!(!said.contains(secret), "a secret in {said}");
        }
        let found = kept.windows(secret.len()).any(|bytes| bytes == secret.as_bytes());
        assert!(!found, "a secret stands in the data");
    }
}

fn contents(folder: &Path, out: &mut Vec<u8>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            contents(&path, out)
        } else if path.is_file() {
            out.extend(std::fs::read(path).expect("a file"))
        }
    }
}

/// A policy allows to give policies to bounded users only: an idle parameter does not make a user one.
#[test]
fn idle_parameters_decide_nothing() {
    let (server, _, root) = with_account();
    let server = server.start();
    let boundary = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    let policy = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"iam:*","Resource":"*","Condition":{{"StringEquals":{{"iam:PermissionsBoundary":"{boundary}"}}}}}}}}"#
    );
    for name in ["app", "eve"] {
        good(&server, &root, IAM, &format!("Action=CreateUser&UserName={name}"));
    }
    good(&server, &root, IAM, &format!("Action=PutUserPolicy&UserName=app&PolicyName=p&PolicyDocument={policy}"));
    let app = credentials_in(&good(&server, &root, IAM, "Action=CreateAccessKey&UserName=app"), "us-east-1");
    let attach = "Action=AttachUserPolicy&UserName=eve&PolicyArn=arn:aws:iam::aws:policy/AdministratorAccess";
    let denied = (403, "AccessDenied".to_owned());
    for idle in ["", "&PermissionsBoundary=arn:aws:iam::aws:policy/ReadOnlyAccess"] {
        assert_eq!(code(&server, Some(&app), IAM, &format!("{attach}{idle}")), denied, "{idle}");
    }
    let put = format!("Action=PutUserPermissionsBoundary&UserName=eve&PermissionsBoundary={boundary}");
    good(&server, &root, IAM, &put);
    good(&server, &app, IAM, attach);
    assert_eq!(code(&server, Some(&app), IAM, "Action=CreateUser&UserName=bob"), denied);
}

/// A change on one server holds on the other within two seconds.
/// The real program, on its own storage: a policy of a table and one of a role mean the user that they named.
#[test]
fn a_user_made_again_is_another_one() {
    let (node, account, root) = with_account();
    let server = node.start();
    create(&server, &root, "shared");
    let new_user = |server: &TestServer, policy: &str| {
        good(server, &root, IAM, "Action=CreateUser&UserName=eve");
        let form = format!("Action=PutUserPolicy&UserName=eve&PolicyName=p&PolicyDocument={policy}");
        good(server, &root, IAM, &form);
        credentials_in(&good(server, &root, IAM, "Action=CreateAccessKey&UserName=eve"), "us-east-1")
    };
    let assume_only =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}}"#;
    let arn = format!("arn:aws:iam::{account}:user/eve");
    let eve = new_user(&server, assume_only);
    let table = format!("arn:aws:dynamodb:us-east-1:{account}:table/shared");
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": arn}, "Action": "dynamodb:DescribeTable", "Resource": table}]});
    let put = json!({"ResourceArn": table, "Policy": policy.to_string()});
    ask(&server, &root, Operation::PutResourcePolicy, &put).expect("a policy");
    let trust = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": {"AWS": arn}, "Action": "sts:AssumeRole"}});
    good(&server, &root, IAM, &format!("Action=CreateRole&RoleName=r&AssumeRolePolicyDocument={trust}"));
    let describe = |server: &TestServer, credentials: &Credentials| {
        ask(server, credentials, Operation::DescribeTable, &json!({"TableName": "shared"})).map(drop)
    };
    let assume = format!("Action=AssumeRole&RoleArn=arn:aws:iam::{account}:role/r&RoleSessionName=now");
    assert_eq!((describe(&server, &eve), query(&server, Some(&eve), STS, &assume).0), (Ok(()), 200));

    let key = &eve.access_key;
    let id = element(&good(&server, &root, IAM, "Action=GetUser&UserName=eve"), "UserId").to_owned();
    good(&server, &root, IAM, &format!("Action=DeleteAccessKey&UserName=eve&AccessKeyId={key}"));
    good(&server, &root, IAM, "Action=DeleteUserPolicy&UserName=eve&PolicyName=p");
    good(&server, &root, IAM, "Action=DeleteUser&UserName=eve");
    let eve = new_user(&server, assume_only);
    let shown = |server: &TestServer| {
        let request = json!({"ResourceArn": table});
        let answer = ask(server, &root, Operation::GetResourcePolicy, &request).expect("a policy");
        answer["Policy"].as_str().expect("a text").to_owned()
    };
    let denied = Err("AccessDeniedException".to_owned());
    assert_eq!((describe(&server, &eve), query(&server, Some(&eve), STS, &assume).0), (denied.clone(), 403));
    assert!(shown(&server).contains(&id) && !shown(&server).contains(&arn));
    assert!(good(&server, &root, IAM, "Action=GetRole&RoleName=r").contains(&id));
    assert_eq!(server.stop().code(), Some(0));
    let server = node.start();
    assert_eq!((describe(&server, &eve), query(&server, Some(&eve), STS, &assume).0), (denied, 403));
    assert!(shown(&server).contains(&id));
}

#[test]
fn another_root_key_ends_the_roots_sessions() {
    let (node, _, root) = with_account();
    let server = node.start();
    let session = credentials_in(&good(&server, &root, STS, "Action=GetSessionToken"), "us-east-1");
    assert_eq!(tables(&server, &session), Ok(json!([])));
    assert_eq!(server.stop().code(), Some(0));
    let (_, rotated) = printed(&init(&node.path("data"), &["--rotate-root"]));
    let server = node.start();
    for old in [&root, &session] {
        assert_eq!(tables(&server, old), Err("UnrecognizedClientException".to_owned()));
    }
    assert_eq!(tables(&server, &rotated), Ok(json!([])));
}

#[test]
fn two_servers_share_identities() {
    let Some(postgres) = PostgresServer::shared() else { return };
    let url = postgres.database();
    let folder = tempfile::tempdir().expect("a folder");
    let key = folder.path().join("auth.key");
    let storage = ["--storage", &url, "--auth-key-file", key.to_str().expect("a path")];
    let rotate = [&["init", "--rotate-root"], &storage[..]].concat();
    refused(&rotate, "has no tables of Stator");
    let (_, root) = printed(&run(&[&["init"], &storage[..]].concat()));
    let node = || TestServer::on_database(&url).file("--auth-key-file", &key).auth().start();
    let (one, other) = (node(), node());
    good(&one, &root, IAM, "Action=CreateUser&UserName=app");
    let user = credentials_in(&good(&one, &root, IAM, "Action=CreateAccessKey&UserName=app"), "us-east-1");
    good(&one, &root, IAM, ALLOW_LIST);
    let session = credentials_in(&good(&one, &user, STS, "Action=GetSessionToken"), "us-east-1");
    assert_eq!(tables(&one, &session), Ok(json!([])));
    until(|| tables(&other, &user) == Ok(json!([])));
    assert_eq!(tables(&other, &session), Ok(json!([])));
    good(&other, &root, IAM, "Action=DeleteUserPolicy&UserName=app&PolicyName=p");
    assert_eq!(tables(&other, &user), Err("AccessDeniedException".to_owned()));
    until(|| tables(&one, &session) == Err("AccessDeniedException".to_owned()));
    let form = format!("Action=UpdateAccessKey&UserName=app&Status=Inactive&AccessKeyId={}", user.access_key);
    good(&one, &root, IAM, &form);
    until(|| tables(&other, &user) == Err("UnrecognizedClientException".to_owned()));
}

#[test]
fn a_server_without_its_database_issues_no_sessions() {
    let Some(postgres) = PostgresServer::start() else { return };
    let url = postgres.database();
    let folder = tempfile::tempdir().expect("a folder");
    let key = folder.path().join("auth.key");
    let storage = ["--storage", &url, "--auth-key-file", key.to_str().expect("a path")];
    let (_, root) = printed(&run(&[&["init"], &storage[..]].concat()));
    let server = TestServer::on_database(&url).file("--auth-key-file", &key).auth().start();
    let session = || query(&server, Some(&root), STS, "Action=GetSessionToken").0;
    assert_eq!(session(), 200);
    postgres.crash();
    until(|| session() == 503);
    let change = "Action=CreateUser&UserName=app";
    assert_eq!(code(&server, Some(&root), IAM, change), (503, "ServiceUnavailable".to_owned()));
    good(&server, &root, STS, "Action=GetCallerIdentity");
    postgres.run();
    until(|| session() == 200);
    good(&server, &root, IAM, change);
}

/// Far longer than promised, for machines that are busy.
fn until(mut done: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !done() {
        assert!(begin.elapsed() < PATIENCE, "the change does not hold");
        std::thread::sleep(Duration::from_millis(50));
    }
}

const GIVEN_ID: &str = "AKIARZPUZDIKAAAAAAAA";
const GIVEN_SECRET: &str = "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";

#[test]
fn identities_in_memory_have_a_root_from_the_environment() {
    let given = [("STATOR_ROOT_ACCESS_KEY_ID", GIVEN_ID), ("STATOR_ROOT_SECRET_ACCESS_KEY", GIVEN_SECRET)];
    let root = Credentials {
        access_key: GIVEN_ID.to_owned(),
        secret: GIVEN_SECRET.to_owned(),
        session_token: None,
        region: "us-east-1".to_owned(),
    };
    let server = TestServer::in_memory().auth().variables(&given).start();
    let command =
        "try: AWS_ACCESS_KEY_ID=$STATOR_ROOT_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY=$STATOR_ROOT_SECRET_ACCESS_KEY aws ";
    assert!(server.ready_line.contains(command), "{}", server.ready_line);
    let xml = good(&server, &root, STS, "Action=GetCallerIdentity");
    assert_eq!(element(&xml, "Arn"), "arn:aws:iam::123456789012:root");
    create(&server, &root, "mine");
    assert_eq!(tables(&server, &root), Ok(json!(["mine"])));
    good(&server, &root, IAM, "Action=CreateUser&UserName=app");
    let app = credentials_in(&good(&server, &root, IAM, "Action=CreateAccessKey&UserName=app"), "us-east-1");
    assert_eq!(tables(&server, &app), Err("AccessDeniedException".to_owned()));
    let wrong = Credentials { secret: "w".repeat(40), ..root.clone() };
    assert_eq!(tables(&server, &wrong), Err("InvalidSignatureException".to_owned()));
    assert!(!format!("{}{}", server.ready_line, server.log()).contains(GIVEN_SECRET));
    drop(server);
    // Nothing is left of it.
    let server = TestServer::in_memory().auth().variables(&given).start();
    assert_eq!(tables(&server, &root), Ok(json!([])));

    let refused = |server: TestServerBuilder, variables: &[(&str, &str)], expected: &str| {
        let said = server.variables(variables).is_refused(expected);
        assert!(variables.iter().all(|(_, value)| !said.contains(value)), "{said}");
    };
    refused(TestServer::in_memory().auth(), &[], "set both");
    refused(TestServer::in_memory().auth(), &given[..1], "set both");
    refused(TestServer::in_memory().auth(), &[given[0], (given[1].0, "password")], "easy to guess");
    refused(TestServer::in_memory().auth(), &[(given[0].0, "root"), given[1]], "not the id of an access key");
    // With a server that would not use them, they promise what is not so.
    refused(TestServer::in_memory(), &given, "have no effect here");
    refused(TestServer::on_data("data").auth(), &given, "have no effect here");
}

#[test]
fn init_writes_a_profile_and_leaves_all_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let path = data.to_str().expect("a path");
    let file = folder.path().join(".aws/credentials");
    let home = [("HOME", folder.path().to_str().expect("a path"))];
    let init = |more: &[&str]| run_with(&[&["init", "--data", path], more].concat(), &home);
    std::fs::create_dir(folder.path().join(".aws")).expect("made");
    let before = "[default]\naws_access_key_id = MINE\naws_secret_access_key = mine\n";
    std::fs::write(&file, before).expect("written");
    // The reader's own profile is not written over, and no account is made.
    let ended = init(&["--profile", "default"]);
    assert!(!ended.status.success() && text(&ended.stderr).contains("--replace-profile"), "{}", text(&ended.stderr));
    assert!(!data.exists());
    let ended = init(&["--profile", "stator"]);
    assert!(ended.status.success() && ended.stdout.is_empty(), "{}", text(&ended.stderr));
    let root = profile(&file, "stator");
    assert!(std::fs::read_to_string(&file).expect("text").starts_with(before));
    assert!(!text(&ended.stderr).contains(&root.secret));
    let server = serve(&data);
    assert_eq!(tables(&server, &root), Ok(json!([])));
    assert!(server.stop().success());
    // Another key takes its place only if asked.
    assert!(!init(&["--rotate-root", "--profile", "stator"]).status.success());
    assert!(init(&["--rotate-root", "--profile", "stator", "--replace-profile"]).status.success());
    let rotated = profile(&file, "stator");
    let server = serve(&data);
    assert_eq!(tables(&server, &rotated), Ok(json!([])));
    assert_eq!(tables(&server, &root), Err("UnrecognizedClientException".to_owned()));
    for wrong in [&["--profile", "a b"][..], &["--profile", "a", "--output", "json"], &["--replace-profile"]] {
        assert_eq!(init(wrong).status.code(), Some(2), "{wrong:?}");
    }
}

/// The keys of a profile in a file of the AWS CLI.
fn profile(file: &Path, name: &str) -> Credentials {
    let said = std::fs::read_to_string(file).expect("text");
    let (_, rest) = said.split_once(&format!("[{name}]\n")).expect("the profile");
    let value = |key: &str| rest.split_once(&format!("{key} = ")).expect("a setting").1.lines().next().expect("a line");
    Credentials {
        access_key: value("aws_access_key_id").to_owned(),
        secret: value("aws_secret_access_key").to_owned(),
        session_token: None,
        region: "us-east-1".to_owned(),
    }
}

#[test]
fn init_prints_json_as_iam_answers() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = init(folder.path(), &["--account", "123456789012", "--output", "json"]);
    let said: Value = serde_json::from_slice(&made.stdout).expect("JSON");
    let key = &said["AccessKey"];
    assert_eq!((said["Account"].as_str(), key["Status"].as_str()), (Some("123456789012"), Some("Active")));
    assert!(key["CreateDate"].as_str().is_some_and(|date| date.ends_with('Z')), "{said}");
    let root = Credentials {
        access_key: key["AccessKeyId"].as_str().expect("an id").to_owned(),
        secret: key["SecretAccessKey"].as_str().expect("a secret").to_owned(),
        session_token: None,
        region: "us-east-1".to_owned(),
    };
    assert_eq!(tables(&serve(folder.path()), &root), Ok(json!([])));
}

#[test]
fn a_root_key_is_rotated_while_its_server_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let path = data.to_str().expect("a path");
    let file = folder.path().join("credentials");
    let variables = [("AWS_SHARED_CREDENTIALS_FILE", file.to_str().expect("a path"))];
    assert!(run_with(&["init", "--data", path, "--profile", "root"], &variables).status.success());
    let old = profile(&file, "root");
    let server = serve(&data);
    let url = server.url();
    refused(&["init", "--rotate-root", "--data", path], "add --endpoint URL");
    let rotate = ["init", "--rotate-root", "--endpoint", &url];
    // Neither a user's key nor a wrong one rotates the root's.
    good(&server, &old, IAM, "Action=CreateUser&UserName=app");
    let app = credentials_in(&good(&server, &old, IAM, "Action=CreateAccessKey&UserName=app"), "us-east-1");
    let as_app = [("AWS_ACCESS_KEY_ID", app.access_key.as_str()), ("AWS_SECRET_ACCESS_KEY", &app.secret)];
    let ended = run_with(&rotate, &as_app);
    assert!(!ended.status.success() && text(&ended.stderr).contains("not a root's"), "{}", text(&ended.stderr));
    // Without any key none is made up.
    for profile in [&[][..], &["--profile", "nope"]] {
        let ended = run_with(&[&rotate[..], profile].concat(), &variables);
        let said = text(&ended.stderr);
        assert!(!ended.status.success() && said.contains("AWS_ACCESS_KEY_ID is not set"), "{said}");
        assert_eq!(said.contains("there is no profile nope"), !profile.is_empty(), "{said}");
    }

    let ended = run_with(&[&rotate[..], &["--profile", "root"]].concat(), &variables);
    assert!(ended.status.success(), "{}", text(&ended.stderr));
    let new = profile(&file, "root");
    assert_eq!(tables(&server, &new), Ok(json!([])));
    assert_eq!(tables(&server, &old), Err("UnrecognizedClientException".to_owned()));

    // As many keys as there may be: by the environment, and printed.
    let second = credentials_in(&good(&server, &new, IAM, "Action=CreateAccessKey"), "us-east-1");
    let as_root = [("AWS_ACCESS_KEY_ID", new.access_key.as_str()), ("AWS_SECRET_ACCESS_KEY", &new.secret)];
    // Variables of the server's own place are no flags of this command.
    let beside = [&as_root[..], &[("STATOR_DATA", path), ("STATOR_AUTH_KEY_FILE", "/no/such")]].concat();
    let (_, third) = printed(&run_with(&rotate, &beside));
    for gone in [&new, &second] {
        assert_eq!(tables(&server, gone), Err("UnrecognizedClientException".to_owned()));
    }
    assert_eq!(good(&server, &third, IAM, "Action=ListAccessKeys").matches("<member>").count(), 1);
    for wrong in [&["--endpoint", &url][..], &["--rotate-root", "--endpoint", &url, "--data", path]] {
        assert_eq!(run(&[&["init"], wrong].concat()).status.code(), Some(2), "{wrong:?}");
    }
}

/// Issuers at addresses that are closed to callers: refused where the address is in the URL, not asked where it is behind a name.
#[test]
fn issuers_are_where_the_operator_lets_callers_lead() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let (_, root) = printed(&init(&data, &[]));
    let create =
        |url: &str| format!("Action=CreateOpenIDConnectProvider&Url={}", url.replace(':', "%3A").replace('/', "%2F"));
    let closed = [
        "http://127.0.0.1:9000",
        "http://localhost/x",
        "https://127.0.0.1",
        "https://10.1.2.3/id",
        "https://169.254.169.254",
        "https://[::1]",
        "https://[fd00::1]",
    ];
    let server = serve(&data);
    for url in closed {
        let (status, xml) = query(&server, Some(&root), IAM, &create(url));
        assert_eq!((status, element(&xml, "Code")), (400, "InvalidInput"), "{url}: {xml}");
        assert!(xml.contains("Invalid Open ID Connect Provider URL") && xml.contains("--egress-allow"), "{xml}");
    }
    // An issuer has one spelling, which is that of its ARN.
    let spelled = [
        "https://Issuer.example/id",
        "https://issuer.example:443/id",
        "https://issuer.example/%2569d",
        "http://0x7f.1",
    ];
    let no_urls = [
        "https://b%C3%BCcher.example",
        "https://me@issuer.example",
        "http://issuer.example",
        "https://issuer.example//id",
    ];
    for url in [spelled, no_urls].concat() {
        assert_eq!(code(&server, Some(&root), IAM, &create(url)), (400, "InvalidInput".to_owned()), "{url}");
    }
    good(&server, &root, IAM, &create("https://issuer.example/id"));
    assert!(server.stop().success());
    let server = TestServer::on_data(&data).auth().flag("--egress-allow", "127.0.0.0/8,10.1.0.0/16").start();
    for url in ["http://127.0.0.1:9000", "http://localhost/x", "https://10.1.2.3/id"] {
        good(&server, &root, IAM, &create(url));
    }
    for url in ["https://169.254.169.254", "https://10.2.0.1", "https://[::1]"] {
        assert_eq!(code(&server, Some(&root), IAM, &create(url)), (400, "InvalidInput".to_owned()), "{url}");
    }
}
