//! `stator doctor`, `stator support-bundle`, config files, manual pages, and the console's own address.

use std::process::Command;

use crate::client::Client;
use crate::program::{run, run_with};
use crate::test_server::TestServer;

fn said(arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let ended = run_with(arguments, variables);
    (ended.status.code(), String::from_utf8_lossy(&[ended.stdout, ended.stderr].concat()).into_owned())
}

#[test]
fn the_doctor_finds_what_would_fail() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (code, text) = said(&["doctor", "--data", &path("data"), "--listen", "127.0.0.1:0"], &[]);
    assert!(code == Some(0) && text.contains("ok    folder:") && text.contains("ok    clock:"), "{text}");
    assert!(!folder.path().join("data").exists(), "nothing is made");
    let server = TestServer::on_data(folder.path().join("data")).start();
    let listen = server.address.to_string();
    let (code, text) = said(&["doctor", "--data", &path("data"), "--listen", &listen], &[]);
    assert!(code == Some(0) && text.contains("a server has it open") && text.contains("is taken"), "{text}");
    std::fs::create_dir(folder.path().join("other")).expect("a folder");
    std::fs::write(folder.path().join("other/file"), "x").expect("written");
    std::fs::write(folder.path().join("isfile"), "x").expect("written");
    for (flags, expected) in [
        (&["--data", "FOLDER/isfile"][..], "BAD   folder:"),
        (&["--credentials", "FOLDER/missing"], "BAD   configuration:"),
        (&["--memory", "--s3-endpoint", "http://127.0.0.1:1"], "BAD   S3:"),
        (&["--memory", "--kinesis-endpoint", "http://127.0.0.1:1"], "BAD   Kinesis:"),
        (&["--storage", "postgres://127.0.0.1:1/none"], "BAD   database:"),
        (&["--memory", "--listen", "192.0.2.1:80"], "BAD   address:"),
    ] {
        let flags: Vec<String> =
            flags.iter().map(|flag| flag.replace("FOLDER", &folder.path().to_string_lossy())).collect();
        let flags: Vec<&str> = ["doctor"].into_iter().chain(flags.iter().map(String::as_str)).collect();
        let (code, text) = said(&flags, &[]);
        assert!(code == Some(1) && text.contains(expected), "{flags:?}: {text}");
    }
    // What 'serve' would refuse is refused.
    assert_eq!(said(&["doctor", "--memory", "--data", "x"], &[]).0, Some(2));
    let (_, text) = said(&["doctor", "--memory"], &[("STATOR_LISTEM", "x")]);
    assert!(text.contains("warn  configuration:") && text.contains("STATOR_LISTEM"), "{text}");
}

/// Secrets of each place where one can be, and items: none of them is in the file.
#[test]
fn a_bundle_has_no_secrets_and_no_items() {
    let server = TestServer::in_memory().start();
    let mut client = server.client();
    client.ask(
        "CreateTable",
        r#"{"TableName":"tab","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],
            "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}"#,
    );
    client.ask("PutItem", r#"{"TableName":"tab","Item":{"pk":{"S":"planted-item"}}}"#);
    let log = "a line\nAuthorization: planted-secret-key\npostgres://u:planted-url@h/d\nthe password planted-pgpass\n";
    std::fs::write(server.path("log"), log).expect("written");
    std::fs::write(server.path("keys"), "[a]\naws_access_key_id=AKIDEXAMPLE\naws_secret_access_key=planted-file\n")
        .expect("written");
    let (bundle, log) = (server.path("bundle.tar"), server.path("log"));
    let listen = server.address.to_string();
    let arguments = [
        "support-bundle",
        "--output",
        bundle.to_str().expect("a name"),
        "--log-file",
        log.to_str().expect("a name"),
        "--listen",
        &listen,
        "--storage",
        "postgres://u:planted-url@127.0.0.1:1/d",
    ];
    let variables = [
        ("AWS_SECRET_ACCESS_KEY", "planted-secret-key"),
        ("AWS_SESSION_TOKEN", "planted-token"),
        ("PGPASSWORD", "planted-pgpass"),
        ("STATOR_ROOT_SECRET_ACCESS_KEY", "planted-root"),
        ("STATOR_KINESIS_ENDPOINT", "http://127.0.0.1:1"),
        ("STATOR_OTLP_ENDPOINT", "http://u:planted-otlp@127.0.0.1:1/?key=planted-query"),
    ];
    let (code, text) = said(&arguments, &variables);
    assert_eq!(code, Some(0), "{text}");
    let folder = server.path("unpacked");
    std::fs::create_dir(&folder).expect("a folder");
    let status = Command::new("tar").arg("-xf").arg(&bundle).arg("-C").arg(&folder).status().expect("tar");
    assert!(status.success());
    let file = |name: &str| std::fs::read_to_string(folder.join("stator-support").join(name)).expect(name);
    let all = String::from_utf8_lossy(&std::fs::read(&bundle).expect("a bundle")).into_owned();
    assert!(!all.contains("planted"), "{all}");
    assert!(file("version.txt").contains(env!("CARGO_PKG_VERSION")));
    let configuration = file("configuration.txt");
    assert!(configuration.contains(&format!("listen = {listen} (flag)")), "{configuration}");
    assert!(configuration.contains("kinesis-endpoint = http://127.0.0.1:1 (variable)"), "{configuration}");
    assert!(
        configuration.contains("storage = (hidden) (flag)") && configuration.contains("PGPASSWORD is set"),
        "{configuration}"
    );
    assert!(file("doctor.txt").contains("BAD   database:"));
    assert!(file("metrics.txt").contains("stator_info") && file("health.txt").contains("ready"));
    assert!(file("log.txt").starts_with("a line\n"));
}

#[test]
fn a_config_file_is_behind_flags_and_variables() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("stator.toml");
    let config = |text: &str| std::fs::write(&path, text).expect("written");
    let name = path.to_string_lossy().into_owned();
    config("memory = true\nregion = \"eu-west-3\"\nlog = \"json\"\n");
    let server = TestServer::with(["--config", &name]).start();
    assert!(server.ready_line.contains("\"region\":\"eu-west-3\""), "{}", server.ready_line);
    let server = TestServer::with(["--config", &name]).variables(&[("STATOR_REGION", "eu-west-1")]).start();
    assert!(server.ready_line.contains("\"region\":\"eu-west-1\""), "{}", server.ready_line);
    let both =
        TestServer::with(["--config", &name, "--region", "eu-west-2"]).variables(&[("STATOR_REGION", "eu-west-1")]);
    let server = both.start();
    assert!(server.ready_line.contains("\"region\":\"eu-west-2\""), "{}", server.ready_line);
    drop(server);
    config("memory = true\nlistem = \"x\"\n");
    let (code, text) = said(&["serve", "--config", &name], &[]);
    assert!(code == Some(2) && text.contains("there is no setting 'listem'"), "{text}");
    config("memory = true\ndata = \"d\"\n");
    let (code, text) = said(&["serve"], &[("STATOR_CONFIG", &name)]);
    assert!(code == Some(2) && text.contains("--memory of the config file cannot be used with"), "{text}");
    let (code, text) = said(&["serve", "--config", "/nowhere/stator.toml"], &[]);
    assert!(code == Some(2) && text.contains("cannot read the config file"), "{text}");
}

#[test]
fn manual_pages_and_completions_have_all_commands() {
    let (code, page) = said(&["man"], &[]);
    assert!(code == Some(0) && page.contains(".TH") && page.contains("support\\-bundle"), "{page}");
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("man1").to_string_lossy().into_owned();
    assert_eq!(said(&["man", "--output", &output], &[]).0, Some(0));
    let serve = std::fs::read_to_string(folder.path().join("man1/stator-serve.1")).expect("a page");
    assert!(serve.contains("\\-\\-test\\-state"), "{serve}");
    for shell in ["bash", "zsh", "fish"] {
        let (code, script) = said(&["completions", shell], &[]);
        assert!(code == Some(0) && script.contains("support-bundle"), "{shell}");
    }
}

#[test]
fn the_console_may_have_an_address_of_its_own() {
    let server = TestServer::in_memory().flags(["--console-listen", "127.0.0.1:0"]).start();
    let at =
        server.ready_line.split("console: http://").nth(1).and_then(|rest| rest.split('/').next()).expect("an address");
    let mut console = Client::connect(at.parse().expect("an address"));
    let get = |client: &mut Client, path: &str| {
        client.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes());
        client.response().status
    };
    assert_eq!((get(&mut console, "/console/"), get(&mut server.client(), "/console/")), (200, 404));
    assert_eq!((get(&mut console, "/metrics"), get(&mut server.client(), "/metrics")), (404, 200));
    // Its pages call the services at their own origin.
    assert_eq!(console.ask("ListTables", "{}")["TableNames"], serde_json::json!([]));
    let refused = TestServer::in_memory().flags(["--console-listen", "0.0.0.0:0"]);
    refused.is_refused("--console-listen 0.0.0.0:0 can be reached from other machines");
    assert_eq!(run(&["serve", "--console", "off", "--console-listen", "127.0.0.1:0"]).status.code(), Some(2));
}
