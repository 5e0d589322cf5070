//! Flags that would silently make others ineffective are refused before anything is opened, whichever way they are given.

use crate::program::run_with;
use crate::test_server::TestServer;

/// What is given together, as flag and value, and what the refusal says. A switch has the value `true`.
const REFUSED: [(&[(&str, &str)], &str); 24] = [
    (&[("memory", "true"), ("data", "here")], "would be written to the folder"),
    (&[("memory", "true"), ("storage", "postgres://127.0.0.1:1/d")], "would be written to the database"),
    (&[("storage", "postgres://127.0.0.1:1/d"), ("data", "here")], "would be written to the folder"),
    (&[("memory", "true"), ("master-key-file", "key")], "keeps nothing on disk"),
    (&[("memory", "true"), ("kms-endpoint", "http://127.0.0.1:1")], "keeps nothing on disk"),
    (&[("memory", "true"), ("data-key-days", "9")], "keeps nothing on disk"),
    (&[("memory", "true"), ("auth", "true"), ("auth-key-file", "key")], "made at the start"),
    (&[("auth", "true"), ("credentials", "file")], "check callers in different ways"),
    (&[("auth", "true"), ("isolate", "true")], "always has its own tables"),
    (&[("credentials", "file"), ("isolate", "true")], "always has its own tables"),
    (&[("tls-self-signed", "true"), ("tls-certificate", "c"), ("tls-key", "k")], "one certificate"),
    (&[("storage-password-file", "file")], "no effect without --storage"),
    (&[("storage-replicas", "postgres://r/d")], "no effect without --storage"),
    (
        &[("storage", "postgres://127.0.0.1:1/d"), ("storage-replica-lag-ms", "200")],
        "no effect without --storage-replicas",
    ),
    (&[("node-lease-ms", "1000")], "no effect without --storage"),
    (&[("auth-key-file", "key")], "no effect without --auth"),
    (&[("tls-certificate", "c")], "no effect without --tls-key"),
    (&[("tls-key", "k")], "no effect without --tls-certificate"),
    (&[("tls-client-ca", "ca")], "no effect without --tls-certificate or --tls-self-signed"),
    (&[("audit-data", "true")], "no effect without --audit-log"),
    (&[("audit-log-bytes", "1MiB")], "no effect without --audit-log"),
    (&[("data-key-days", "9")], "no effect without --master-key-file or --kms-key-id"),
    (&[("kms-check-seconds", "9")], "no effect without --kms-endpoint"),
    (&[("kms-key-id", "k")], "no effect without --kms-endpoint"),
];

/// A flag as an argument, or as its variable.
fn refused(given: &[(&str, &str)], is_variable: impl Fn(usize) -> bool, expected: &str) {
    let mut arguments = vec!["serve".to_owned(), "--listen".to_owned(), "127.0.0.1:0".to_owned()];
    let mut variables = Vec::new();
    for (at, (name, value)) in given.iter().enumerate() {
        if is_variable(at) {
            variables.push((format!("STATOR_{}", name.replace('-', "_").to_uppercase()), *value));
        } else {
            arguments.push(format!("--{name}"));
            arguments.extend((*value != "true").then(|| (*value).to_owned()));
        }
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let ended = run_with(&arguments, &variables);
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(2), "{arguments:?} {variables:?}: {said}");
    assert!(said.contains(expected), "{arguments:?} {variables:?}: {said}");
    // The one that cannot be used is named as it was given.
    assert!(variables.is_empty() || variables.len() < given.len() || said.contains("STATOR_"), "{said}");
}

#[test]
fn flags_that_make_others_ineffective_are_refused() {
    for (given, expected) in REFUSED {
        refused(given, |_| false, expected);
        refused(given, |_| true, expected);
        for alone in (0..given.len()).filter(|_| given.len() > 1) {
            refused(given, |at| at == alone, expected);
        }
    }
}

/// A variable that is set to false is as good as none.
#[test]
fn switches_that_are_off_conflict_with_nothing() {
    let off = ["MEMORY", "ISOLATE", "AUTH", "AUDIT_DATA", "TLS_SELF_SIGNED"].map(|name| format!("STATOR_{name}"));
    let off = off.each_ref().map(|name| (name.as_str(), "false"));
    let server = TestServer::on_data("data").write("keys", "[a]\naws_access_key_id=a\naws_secret_access_key=b\n");
    let server = server.credentials("keys").variables(&off).start();
    assert!(server.ready_line.contains("http://") && server.path("data").exists(), "{}", server.ready_line);
    // And does not stand in for what another flag needs: without TLS no certificate is demanded of clients.
    let ended = run_with(&["serve", "--memory", "--tls-client-ca", "ca"], &[("STATOR_TLS_SELF_SIGNED", "false")]);
    assert_eq!(ended.status.code(), Some(2));
}

/// The key itself is no flag.
#[test]
fn a_key_in_a_variable_needs_something_to_encrypt() {
    let key = "18fb4aadc4062a3521681114be15b7300c7bae414dee07787f11842ef7688ed4";
    let ended = run_with(&["serve", "--memory", "--listen", "127.0.0.1:0"], &[("STATOR_MASTER_KEY", key)]);
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success() && said.contains("keeps nothing") && !said.contains(key), "{said}");
}

#[test]
fn a_password_is_given_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("password");
    std::fs::write(&file, "secret\n").expect("written");
    let url = "postgres://me:hidden@127.0.0.1:1/d";
    let flags = ["serve", "--storage", url, "--storage-password-file", file.to_str().expect("a path")];
    let ended = run_with(&[&flags[..], &["--listen", "127.0.0.1:0"]].concat(), &[]);
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success() && said.contains("both hold a password") && !said.contains("hidden"), "{said}");
}
