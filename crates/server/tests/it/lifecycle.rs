//! Starting, refusing to start, and stopping.

use std::fs;
use std::path::Path;

use crate::client::request;
use crate::program::{run, run_with};
use crate::test_server::TestServer;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The server must refuse to start, and say `expected`.
fn check_refused(arguments: &[&str], expected: &str) {
    let output = run(&[&["serve"], arguments].concat());
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", text(&output.stderr));
    assert!(text(&output.stderr).contains(expected), "{arguments:?}: {}", text(&output.stderr));
}

#[test]
fn the_ready_line_says_all_that_is_needed() {
    let folder = tempfile::tempdir().expect("folder");
    let data = folder.path().join("some/new/folder");
    let server = TestServer::on_data(&data).flag("--region", "eu-west-3").start();
    let line = &server.ready_line;
    assert!(line.contains(&format!("ready on http://{}", server.address)), "{line}");
    assert!(line.contains(&format!("data in {}", data.display())), "{line}");
    let command = format!("aws dynamodb list-tables --region eu-west-3 --endpoint-url http://{}", server.address);
    assert!(line.contains(&command), "{line}");
}

#[test]
fn version_help_and_completions() {
    let check = |arguments: &[&str], expected: &[&str]| {
        let output = run(arguments);
        assert!(output.status.success(), "{arguments:?}");
        for expected in expected {
            assert!(text(&output.stdout).contains(expected), "{arguments:?}: {}", text(&output.stdout));
        }
    };
    check(&["--version"], &[concat!("stator ", env!("CARGO_PKG_VERSION"))]);
    check(&["--help"], &["serve", "completions"]);
    check(&["serve", "--help"], &["--data <DIR>", "STATOR_DATA", "./stator-data", "Examples:", "--isolate"]);
    for shell in ["bash", "zsh", "fish"] {
        check(&["completions", shell], &["stator", "listen"]);
    }
    assert_eq!(run(&["serve", "--nonsense"]).status.code(), Some(2));
}

#[test]
fn signals_end_it_cleanly() {
    for signal in ["-TERM", "-INT"] {
        let folder = tempfile::tempdir().expect("folder");
        let server = TestServer::on_data(folder.path()).start();
        // Neither an idle connection nor one that has sent half a header prevents the server from ending.
        let mut idle = server.client();
        assert_eq!(idle.call("ListTables", "{}").status, 200);
        let _silent = server.client();
        server.signal(signal);
        assert!(idle.is_closed());
        assert_eq!(server.wait().code(), Some(0), "{signal}");
    }
}

/// A SIGHUP to a server without files to open anew does not end it.
#[test]
fn a_hangup_ends_nothing() {
    let server = TestServer::in_memory().start();
    server.signal("-HUP");
    assert_eq!(server.client().call("ListTables", "{}").status, 200);
    server.signal("-TERM");
    assert_eq!(server.wait().code(), Some(0));
}

/// A request that is in flight when the server is asked to stop is answered.
#[test]
fn stopping_waits_for_running_requests() {
    let server = TestServer::in_memory().start();
    let mut client = server.client();
    let whole = request("ListTables", &[], b"{}");
    // The answer to the first proves that the server has read into the second.
    let (begin, end) = whole.split_at(whole.len() - 1);
    client.send(&[&whole[..], begin].concat());
    assert_eq!(client.response().status, 200);
    server.signal("-TERM");
    while std::net::TcpStream::connect(server.address).is_ok() {
        std::thread::yield_now();
    }
    client.send(end);
    assert_eq!(client.response().status, 200);
    assert_eq!(server.wait().code(), Some(0));
}

/// The first signal waits for a request whose body never ends; the second one does not.
#[test]
fn a_second_signal_ends_it_at_once() {
    for second in ["-TERM", "-INT"] {
        let folder = tempfile::tempdir().expect("folder");
        let data = folder.path().to_str().expect("path");
        let server = TestServer::on_data(data).flag("--drain-timeout", "86400").flag("--body-timeout", "86400").start();
        let mut client = server.client();
        let whole = request("ListTables", &[], b"{}");
        client.send(&[&whole[..], &whole[..whole.len() - 1]].concat());
        assert_eq!(client.response().status, 200);
        server.signal("-TERM");
        server.wait_for_line("stopping");
        server.signal(second);
        let line = server.wait_for_line("stopped at once");
        assert!(line.contains("error: "), "{line}");
        assert_eq!(server.wait().code(), Some(1), "{second}");
        // As after a crash, which the next start says.
        let server = TestServer::on_data(data).start();
        assert!(server.said.iter().any(|line| line.contains("did not stop cleanly")), "{:?}", server.said);
    }
}

#[test]
fn a_start_after_a_crash_says_so() {
    let folder = tempfile::tempdir().expect("folder");
    let data = folder.path().to_str().expect("path");
    let recovered =
        |server: &TestServer| server.said.iter().filter(|line| line.contains(r#""event":"recovered""#)).count();
    let start = || TestServer::on_data(data).flag("--log", "json").start();
    let server = start();
    assert_eq!(recovered(&server), 0, "a new folder");
    server.signal("-KILL");
    assert!(!server.wait().success());
    let server = start();
    assert_eq!(recovered(&server), 1, "{:?}", server.said);
    assert!(server.stop().success());
    assert_eq!(recovered(&start()), 0, "stopped cleanly");
}

/// The line suggests a command with keys that the server takes.
#[test]
fn the_ready_line_suggests_keys_that_work() {
    let folder = tempfile::tempdir().expect("folder");
    let keys = folder.path().join("my keys");
    let of = |name: &str| format!("[{name}]\naws_access_key_id = A{name}\naws_secret_access_key = s\n");
    let path = keys.to_str().expect("path");
    for (file, profile) in [
        (of("default"), "list-tables --region"),
        (of("app") + &of("other"), "list-tables --profile app --region"),
        (of("app") + &of("default"), "list-tables --region"),
        (of("my app"), "list-tables --profile 'my app' --region"),
    ] {
        fs::write(&keys, file).expect("written");
        let server = TestServer::in_memory().credentials(path).start();
        let line = &server.ready_line;
        assert!(line.contains(&format!("try: AWS_SHARED_CREDENTIALS_FILE='{path}' aws dynamodb {profile}")), "{line}");
        assert!(!line.contains("AWS_ACCESS_KEY_ID"), "{line}");
    }
}

#[test]
fn stopping_has_a_timeout() {
    let server = TestServer::in_memory().flag("--drain-timeout", "1").start();
    let mut client = server.client();
    let whole = request("ListTables", &[], b"{}");
    client.send(&[&whole[..], &whole[..whole.len() - 1]].concat());
    assert_eq!(client.response().status, 200);
    assert_eq!(server.stop().code(), Some(0));
}

#[test]
fn the_object_store_of_aws_needs_keys() {
    check_refused(
        &["--memory", "--listen", "127.0.0.1:0", "--s3-endpoint", "https://s3.eu-west-3.amazonaws.com"],
        "--s3-endpoint cannot be used: https://s3.eu-west-3.amazonaws.com is AWS itself: set AWS_ACCESS_KEY_ID",
    );
}

#[test]
fn a_second_server_is_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let data = folder.path().to_str().expect("path");
    let server = TestServer::on_data(data).start();
    let address = server.address.to_string();
    check_refused(&["--memory", "--listen", &address], &format!("{address} is taken by another program"));
    check_refused(
        &["--data", data, "--listen", "127.0.0.1:0"],
        &format!("the folder {data}: another server has it open; stop that one, or choose another folder with --data"),
    );
    assert_eq!(server.client().call("ListTables", "{}").status, 200);
    assert_eq!(server.stop().code(), Some(0));
    // And once it has ended, the folder is free again.
    assert_eq!(TestServer::on_data(data).start().client().call("ListTables", "{}").status, 200);
}

#[test]
fn what_cannot_be_a_data_folder_is_named() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("file");
    fs::write(&file, "a").expect("written");
    let file = file.to_str().expect("path");
    check_refused(&["--data", file, "--listen", "127.0.0.1:0"], &format!("the folder {file}: it is a file"));
    let data = folder.path().join("data");
    let server = TestServer::on_data(&data).flag("--disk-reserve", "9999999GiB").start();
    let said = server.log();
    assert!(said.contains("--disk-reserve is 10737417166258176 bytes, and the disk of"), "{said}");
}

#[test]
fn other_machines_need_a_flag() {
    check_refused(&["--memory", "--listen", "0.0.0.0:0"], "--allow-unverified-remote");
    check_refused(&["--memory", "--listen", "[::]:0"], "--allow-unverified-remote");
    check_refused(&["--memory", "--listen", "nonsense"], "--listen nonsense is not an address");
    // An address that no machine has: it is let in, and there is nothing to listen on.
    let other = ["--memory", "--listen", "192.0.2.1:0", "--allow-unverified-remote"];
    check_refused(&other, "cannot listen on 192.0.2.1:0");
}

/// A value that is wrong is where it was set.
#[test]
fn errors_name_the_variable_that_a_value_comes_from() {
    let serve = ["serve", "--memory", "--listen", "127.0.0.1:0"];
    for (flags, variables, expected) in [
        (&[][..], [("STATOR_REGION", "EU")], "'--region <REGION> (variable STATOR_REGION)'"),
        (&[], [("STATOR_IDLE_TIMEOUT", "x")], "(variable STATOR_IDLE_TIMEOUT)"),
        (&[], [("STATOR_AUDIT_DATA", "maybe")], "(variable STATOR_AUDIT_DATA)"),
        (&["--region=EU"], [("STATOR_REGION", "US")], "'--region <REGION>':"),
        (&[], [("STATOR_REGION", "")], "the variable STATOR_REGION is set and empty"),
        (&[], [("STATOR_METRICS_LISTEN", "")], "the variable STATOR_METRICS_LISTEN is set and empty"),
        (&[], [("STATOR_CREDENTIALS", "")], "the variable STATOR_CREDENTIALS is set and empty"),
    ] {
        let output = run_with(&[&serve[..], flags].concat(), &variables);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && text.contains(expected), "{text}");
    }
}

#[test]
fn variables_that_have_no_effect_are_warned_about() {
    let variables = [("STATOR_LISTEM", "127.0.0.1:1"), ("STATOR_PROOF_SEED", "1"), ("STATOR_NEW_MASTER_KEY", "k")];
    let server = TestServer::in_memory().variables(&variables).start();
    let said = server.log();
    assert!(said.contains("the variable STATOR_LISTEM is none of Stator's and has no effect"), "{said}");
    assert_eq!(said.matches("none of Stator's").count(), 1, "{said}");
}

#[test]
fn data_outlives_the_server() {
    let folder = tempfile::tempdir().expect("folder");
    let data = folder.path().to_str().expect("path");
    let server = TestServer::on_data(data).start();
    let table = r#"{"TableName":"kept","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"pk",
        "AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}"#;
    assert_eq!(server.client().call("CreateTable", table).status, 200);
    let item = r#"{"TableName":"kept","Item":{"pk":{"S":"a"},"n":{"N":"1"}}}"#;
    assert_eq!(server.client().call("PutItem", item).status, 200);
    assert_eq!(server.stop().code(), Some(0));

    let server = TestServer::on_data(data).start();
    let response = server.client().call("GetItem", r#"{"TableName":"kept","Key":{"pk":{"S":"a"}}}"#);
    assert_eq!(response.json()["Item"]["n"]["N"], "1", "{}", response.text());
}

/// A folder that a later version has written is refused with a clear error, and not one byte of it changes.
#[test]
fn a_newer_folder_is_left_untouched() {
    let folder = tempfile::tempdir().expect("folder");
    let data = folder.path().to_str().expect("path");
    assert_eq!(TestServer::on_data(data).start().stop().code(), Some(0));
    let format = folder.path().join("database/format");
    let written = fs::read_to_string(&format).expect("the format file");
    fs::write(&format, written.replace("format 1\n", "format 9999\n")).expect("write");
    assert_ne!(fs::read_to_string(&format).expect("the format file"), written, "the file names its format");

    let before = contents(folder.path());
    check_refused(&["--data", data, "--listen", "127.0.0.1:0"], "newer");
    assert_eq!(contents(folder.path()), before);
}

#[test]
fn isolated_callers_have_their_own_tables() {
    let table = r#"{"TableName":"mine","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"pk",
        "AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}"#;
    let tables = |isolate: &[&str]| {
        let server = TestServer::in_memory().flags(isolate).start();
        let created = server.client().call("CreateTable", table);
        assert_eq!(created.status, 200, "{}", created.text());
        ["test/20260101/us-east-1", "test/20260101/eu-west-3", "123456789012/20260101/us-east-1"].map(|scope| {
            let bytes = String::from_utf8(request("ListTables", &[], b"{}")).expect("text");
            let mut client = server.client();
            client.send(bytes.replace("test/20260101/us-east-1", scope).as_bytes());
            client.response().json()["TableNames"].as_array().expect("names").len()
        })
    };
    assert_eq!(tables(&[]), [1, 1, 1]);
    assert_eq!(tables(&["--isolate"]), [1, 0, 0]);
}

/// Every file below a folder, with its bytes and its time of change.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>, std::time::SystemTime)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("read folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            files.extend(contents(&path));
        } else {
            let changed = fs::metadata(&path).and_then(|data| data.modified()).expect("time");
            files.push((path.display().to_string(), fs::read(&path).expect("read"), changed));
        }
    }
    files.sort();
    files
}
