//! `stator local` and a program that is called `java`: what scripts for DynamoDB Local see of it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::client::Client;
use crate::program::{command, isolate, output, run, until};

/// A server that was started as DynamoDB Local is; killed when dropped.
struct Local {
    child: Child,
    /// Its lines on stdout, up to the empty one.
    banner: Vec<String>,
    address: SocketAddr,
}

impl Local {
    fn start(command: &mut Command) -> Local {
        let mut child = command.spawn().expect("start");
        let stdout = BufReader::new(child.stdout.take().expect("stdout"));
        let lines = stdout.lines().map_while(Result::ok).take_while(|line| !line.is_empty());
        let banner: Vec<String> = lines.collect();
        let port = banner.iter().find_map(|line| line.strip_prefix("Port:\t"));
        let port: u16 = port.and_then(|port| port.parse().ok()).unwrap_or_else(|| panic!("no port: {banner:?}"));
        Local { child, banner, address: ([127, 0, 0, 1], port).into() }
    }

    fn client(&self) -> Client {
        Client::connect(self.address)
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program under the name `java`, as in an image for drop-in use.
fn java(folder: &Path, arguments: &[&str]) -> Command {
    let java = folder.join("java");
    if !java.exists() {
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_stator"), &java).expect("a link");
    }
    let mut command = Command::new(java);
    isolate(command.args(arguments).current_dir(folder));
    command
}

fn request(client: &mut Client, head: &str) -> crate::client::Response {
    client.send(format!("{head} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n").as_bytes());
    client.response()
}

const TABLE: &str = r#"{"TableName":"tab","BillingMode":"PAY_PER_REQUEST",
    "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],
    "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}"#;

/// As testcontainers and images start it: the lines that they wait for, then requests at once.
#[test]
fn an_image_s_command_serves() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Local::start(&mut java(
        folder.path(),
        &[
            "-Djava.library.path=./DynamoDBLocal_lib",
            "-jar",
            "DynamoDBLocal.jar",
            "-sharedDb",
            "-inMemory",
            "-port",
            "0",
        ],
    ));
    assert_eq!(server.banner[0], "Initializing DynamoDB Local with the following configuration:");
    assert!(server.banner.contains(&"InMemory:\ttrue".to_owned()), "{:?}", server.banner);
    assert_eq!(server.banner.last().map(String::as_str), Some("CorsParams:\tnull"));
    let mut client = server.client();
    client.ask("CreateTable", TABLE);
    assert_eq!(client.ask("ListTables", "{}")["TableNames"], json!(["tab"]));
    let shell = request(&mut client, "GET /shell");
    assert_eq!((shell.status, shell.header("location")), (302, "/console/"));
    // An endpoint with the path of the shell, as some have it.
    let by_shell = String::from_utf8(crate::client::request("ListTables", &[], b"{}")).expect("text");
    client.send(by_shell.replace("POST / ", "POST /shell/ ").as_bytes());
    assert_eq!(client.response().json()["TableNames"], json!(["tab"]));
    client.send(b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(client.head().0, 200);
}

/// A folder that a volume is mounted on: made if it is missing, and found again.
#[test]
fn a_folder_is_made_and_found_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let arguments = ["-jar", "DynamoDBLocal.jar", "-sharedDb", "-dbPath", "./data", "-port", "0"];
    let mut server = Local::start(&mut java(folder.path(), &arguments));
    server.client().ask("CreateTable", TABLE);
    let pid = server.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
    assert!(server.child.wait().expect("wait").success());
    assert!(folder.path().join("data/stator/database").is_dir());
    std::fs::write(folder.path().join("data/shared-local-instance.db"), "SQLite").expect("written");
    let server = Local::start(&mut java(folder.path(), &arguments));
    assert_eq!(server.client().ask("ListTables", "{}")["TableNames"], json!(["tab"]));
}

/// Without `-sharedDb` each access key has its own tables.
#[test]
fn keys_are_apart_unless_shared() {
    let server = Local::start(&mut command(&["local", "-inMemory", "-port", "0"]));
    let mut client = server.client();
    client.ask("CreateTable", TABLE);
    let other = String::from_utf8(crate::client::request("ListTables", &[], b"{}")).expect("text");
    client.send(other.replace("Credential=test/", "Credential=dummy/").as_bytes());
    assert_eq!(client.response().json()["TableNames"], json!([]));
}

#[test]
fn the_server_ends_with_its_starter() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("port");
    let mut command = command(&["local", "-inMemory", "-port", "0", "-untilStdinCloses", "-portFile"]);
    let mut server = Local::start(command.arg(&file).stdin(Stdio::piped()));
    let port = std::fs::read_to_string(&file).expect("the port's file");
    assert_eq!(port, format!("{}\n", server.address.port()));
    drop(server.child.stdin.take());
    until("the server ends", || server.child.try_wait().expect("wait").is_some());
    assert!(!file.exists(), "the file would name a port that is not served");
}

#[test]
fn help_version_and_wrong_options() {
    let folder = tempfile::tempdir().expect("a folder");
    let said = |arguments: &[&str]| {
        let ended = output(&mut java(folder.path(), arguments));
        (ended.status.code(), String::from_utf8_lossy(&[ended.stdout, ended.stderr].concat()).into_owned())
    };
    let (code, text) = said(&["-jar", "DynamoDBLocal.jar", "-help"]);
    assert!(code == Some(0) && text.contains("-sharedDb"), "{text}");
    let (code, text) = said(&["-jar", "DynamoDBLocal.jar", "-version"]);
    assert!(code == Some(0) && text.contains(env!("CARGO_PKG_VERSION")), "{text}");
    let (code, text) = said(&["-jar", "DynamoDBLocal.jar", "-nothing"]);
    assert!(
        code == Some(1) && text.starts_with("Error while parsing options. Unrecognized option: -nothing"),
        "{text}"
    );
}

#[test]
fn health_is_an_exit_code() {
    let server = Local::start(&mut command(&["local", "-inMemory", "-port", "0"]));
    let url = format!("http://{}", server.address);
    let health = |url: &str| {
        let ended = run(&["health", url, "--timeout", "30"]);
        (ended.status.code(), String::from_utf8_lossy(&[ended.stdout, ended.stderr].concat()).into_owned())
    };
    assert_eq!(health(&url), (Some(0), "ok\n".to_owned()));
    assert_eq!(health(&format!("{url}/readyz")), (Some(0), "ready\n".to_owned()));
    assert_eq!(health(&format!("{url}/nothing")).0, Some(1));
    drop(server);
    let (code, text) = health(&url);
    assert!(code == Some(1) && text.contains("does not answer"), "{text}");
}
