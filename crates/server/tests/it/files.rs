//! Permissions of what the server writes, and what it refuses to read keys from.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::program::{run, run_with, strong_key};
use crate::test_server::TestServer;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("chmod");
}

/// All that is in a folder, and the folder.
fn all(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = vec![folder.to_owned()];
    let mut at = 0;
    while at < found.len() {
        if found[at].is_dir() {
            found.extend(fs::read_dir(&found[at]).expect("a folder").map(|entry| entry.expect("an entry").path()));
        }
        at += 1;
    }
    found
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path")
}

fn refused(arguments: &[&str], variables: &[(&str, &str)], expected: &str) {
    TestServer::with(arguments).variables(variables).is_refused(expected);
}

/// Whatever umask the program is started with.
#[test]
fn data_is_for_its_owner_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("some/data");
    let key = folder.path().join("key");
    fs::write(&key, strong_key(1)).expect("written");
    set_mode(&key, 0o600);
    let plain = TestServer::on_data(&data).flags(["--memtable", "64KiB", "--tls-self-signed", "--audit-data"]);
    let plain = plain.audit_log(data.join("audit")).after("umask 0");
    for server in [plain.clone(), plain.master_key(&key)] {
        let server = server.start();
        assert!(!server.log().contains("_exposed"), "{}", server.log());
        assert!(server.stop().success());
        let paths = all(&data);
        assert!(paths.len() > 8, "{paths:?}");
        for path in paths {
            assert_eq!(mode(&path), if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
        }
        fs::remove_dir_all(&data).expect("removed");
    }
    let made = run(&["init", "--data", text(&data)]);
    assert!(made.status.success());
    for path in all(&data) {
        assert_eq!(mode(&path), if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    }
}

#[test]
fn an_open_data_folder_is_closed_with_a_warning() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    assert!(TestServer::on_data(&data).start().stop().success());
    all(&data).iter().for_each(|path| set_mode(path, if path.is_dir() { 0o755 } else { 0o644 }));
    // What a link leads to is no part of the folder.
    let elsewhere = folder.path().join("elsewhere");
    fs::write(&elsewhere, "").expect("written");
    set_mode(&elsewhere, 0o644);
    std::os::unix::fs::symlink(&elsewhere, data.join(".link")).expect("linked");
    let server = TestServer::on_data(&data).start();
    assert!(server.log().contains("was open to other users (mode 0755); its mode is 0700 now"), "{}", server.log());
    assert_eq!(mode(&elsewhere), 0o644);
    fs::remove_file(data.join(".link")).expect("removed");
    for path in all(&data) {
        assert_eq!(mode(&path), if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    }
    // The folder of another program stays as it is.
    let foreign = folder.path().join("foreign");
    fs::create_dir(&foreign).expect("made");
    fs::write(foreign.join("letter"), "dear").expect("written");
    set_mode(&foreign, 0o755);
    refused(&["--data", text(&foreign)], &[], "letter");
    assert_eq!(mode(&foreign), 0o755);
}

#[test]
fn a_certificate_for_clients_can_be_read_by_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ca.pem");
    let _server = TestServer::in_memory().flags(["--tls-self-signed"]).file("--tls-self-signed-file", &file).start();
    assert_eq!(mode(&file), 0o644);
}

#[test]
fn key_files_that_others_can_read_are_warned_about() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("written");
        set_mode(&path, 0o644);
        text(&path).to_owned()
    };
    let data = folder.path().join("data");
    let (key, credentials) =
        (file("key", &strong_key(1)), file("credentials", b"[a]\naws_access_key_id=a\naws_secret_access_key=b\n"));
    let server = TestServer::on_data(&data).master_key(&key).credentials(&credentials).start();
    for flag in ["--master-key-file", "--credentials"] {
        let expected = format!("the file of {flag}, ");
        assert!(server.log().contains(&expected) || server.said.iter().any(|line| line.contains(&expected)), "{flag}");
    }
    drop(server);

    // What 'stator init' has made for its owner is not used once others could have read it.
    let identities = folder.path().join("identities");
    assert!(run(&["init", "--data", text(&identities)]).status.success());
    let auth_key = identities.join("auth.key");
    let auth = ["--auth", "--data", text(&identities)];
    for wide in [0o640, 0o604, 0o644] {
        set_mode(&auth_key, wide);
        refused(&auth, &[], "chmod 600 it");
    }
    // Where it is named, it may come from an orchestrator.
    let server = TestServer::on_data(&identities).auth().file("--auth-key-file", &auth_key).start();
    assert!(server.said.iter().any(|line| line.contains("the file of --auth-key-file, ")), "{:?}", server.said);
    drop(server);
    set_mode(&auth_key, 0o600);
    assert!(TestServer::on_data(&identities).auth().start().stop().success());
}

#[test]
fn key_files_in_folders_that_others_can_change_are_warned_about() {
    let folder = tempfile::tempdir().expect("a folder");
    let (open, data) = (folder.path().join("open"), folder.path().join("data"));
    fs::create_dir_all(open.join("closed")).expect("made");
    let key = open.join("closed/key");
    fs::write(&key, strong_key(1)).expect("written");
    set_mode(&key, 0o600);
    for (mode, expected) in [(0o755, false), (0o1777, false), (0o777, true)] {
        set_mode(&open, mode);
        let server = TestServer::on_data(&data).master_key(&key).start();
        let said = server.log();
        assert_eq!(said.contains("which other users can change (mode 0777)"), expected, "{mode:o}: {said}");
        assert_eq!(said.contains("warning"), expected, "{mode:o}: {said}");
        assert!(server.stop().success());
    }
    // A data folder below it can be exchanged as well.
    let server = TestServer::on_data(open.join("closed/data")).start();
    assert!(server.log().contains("the data folder") && server.log().contains("chmod go-w"), "{:?}", server.said);
}

/// Only root can give files away.
#[test]
fn what_belongs_to_another_user_is_judged_as_what_others_can_read() {
    const OTHER: u32 = 12_345;
    let folder = tempfile::tempdir().expect("a folder");
    let (key, data) = (folder.path().join("key"), folder.path().join("data"));
    fs::write(&key, strong_key(1)).expect("written");
    set_mode(&key, 0o600);
    if std::os::unix::fs::chown(&key, Some(OTHER), None).is_err() {
        return;
    }
    let authority = crate::authority::Authority::new("clients");
    let certificate = authority.file(folder.path(), "certificate");
    let url = format!("postgres://me@127.0.0.1:1/d?sslmode=require&sslcert={certificate}&sslkey={}", text(&key));
    refused(&["--storage", &url], &[], "belongs to another user (uid 12345)");

    let server = TestServer::on_data(&data).master_key(&key).start();
    let expected = format!("the file of --master-key-file, {}, belongs to another user (uid 12345)", text(&key));
    assert!(server.log().contains(&expected), "{:?}", server.said);
    drop(server);

    let identities = folder.path().join("identities");
    assert!(run(&["init", "--data", text(&identities)]).status.success());
    let auth_key = identities.join("auth.key");
    let auth = ["--auth", "--data", text(&identities)];
    std::os::unix::fs::chown(&auth_key, Some(OTHER), None).expect("chown");
    refused(&auth, &[], "belongs to another user (uid 12345)");
    std::os::unix::fs::chown(&auth_key, Some(0), None).expect("chown");
    std::os::unix::fs::chown(&identities, Some(OTHER), None).expect("chown");
    let server = TestServer::on_data(&identities).auth().start();
    let said = server.log();
    assert!(said.contains(&format!("the data folder {} belongs to another user", text(&identities))), "{said}");
    assert!(said.contains(&format!("is below {}, which belongs to another user", text(&identities))), "{said}");
}

/// A folder that root has served once: the owner's error names the owner of its files, and root's warning says that it will.
#[test]
fn the_user_of_a_folder_is_its_owner() {
    use std::os::unix::fs::chown;
    use std::os::unix::process::CommandExt;
    const OTHER: u32 = 12_345;
    let folder = tempfile::tempdir().expect("a folder");
    set_mode(folder.path(), 0o755);
    let data = folder.path().join("data");
    assert!(run(&["init", "--data", text(&data)]).status.success());
    if all(&data).iter().chain([&data]).any(|path| chown(path, Some(OTHER), Some(OTHER)).is_err()) {
        return;
    }
    let server = TestServer::on_data(&data).start();
    let said = server.log();
    assert!(said.contains("belongs to another user (uid 12345), and this process runs as root"), "{said}");
    assert!(said.contains(&format!("'chown -R 12345 {}' gives back", text(&data))), "{said}");
    assert!(server.stop().success());

    let as_owner = |arguments: &[&str]| {
        let program = folder.path().join("stator");
        if !program.exists() {
            fs::copy(env!("CARGO_BIN_EXE_stator"), &program).expect("copied");
        }
        let mut command = std::process::Command::new(&program);
        command.args(arguments).current_dir(folder.path()).env_clear().uid(OTHER).gid(OTHER);
        let ended = command.output().expect("ended");
        assert!(!ended.status.success());
        String::from_utf8_lossy(&ended.stderr).into_owned()
    };
    let journal = all(&data).into_iter().find(|path| path.extension().is_some_and(|name| name == "jnl"));
    let journal = journal.expect("a journal");
    chown(&journal, Some(0), Some(0)).expect("chown");
    let serve = ["serve", "--listen", "127.0.0.1:0", "--data", text(&data)];
    let said = as_owner(&serve);
    let expected = format!("{} belongs to root (mode 0600), and this process runs as uid 12345", text(&journal));
    assert!(said.contains(&expected), "{said}");
    chown(&journal, Some(OTHER), Some(OTHER)).expect("chown");
    let key = data.join("auth.key");
    chown(&key, Some(0), Some(0)).expect("chown");
    let said = as_owner(&[&serve[..], &["--auth"]].concat());
    assert!(said.contains(&format!("{} belongs to root (mode 0600)", text(&key))), "{said}");
    // A folder that cannot be made.
    set_mode(folder.path(), 0o755);
    let said = as_owner(&["serve", "--listen", "127.0.0.1:0", "--memory", "--audit-log", "audit.jsonl"]);
    let expected = "cannot write the audit log audit.jsonl: ";
    assert!(said.contains(expected) && said.contains("belongs to root (mode 0755)"), "{said}");
    let said = as_owner(&["serve", "--listen", "127.0.0.1:0", "--data", "new"]);
    assert!(said.contains(&format!("{} belongs to root (mode 0755)", text(folder.path()))), "{said}");
}

/// As libpq does.
#[test]
fn the_database_is_not_shown_a_key_that_others_can_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = folder.path().join("key.pem");
    fs::write(&key, "none").expect("written");
    let authority = crate::authority::Authority::new("clients");
    let certificate = authority.file(folder.path(), "certificate");
    let url = format!("postgres://me@127.0.0.1:1/d?sslmode=require&sslcert={certificate}&sslkey={}", text(&key));
    set_mode(&key, 0o644);
    refused(&["--storage", &url], &[], "can be read or changed by other users (mode 0644)");
    set_mode(&key, 0o600);
    refused(&["--storage", &url], &[], "holds no private key");
}

#[test]
fn special_files_are_no_key_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let data = folder.path().join("data");
    let huge = folder.path().join("huge");
    fs::File::create(&huge).expect("made").set_len(1 << 40).expect("sparse");
    let special: [(&str, &str); 5] = [
        (text(&pipe), "a pipe"),
        ("/dev/zero", "a device"),
        (text(folder.path()), "a folder"),
        (text(&huge), "larger than"),
        ("/proc/self/environ", "not as long as"),
    ];
    for (file, expected) in
        special.into_iter().filter(|(file, _)| !file.starts_with("/proc") || cfg!(target_os = "linux"))
    {
        for flags in [
            &["--data", text(&data), "--master-key-file", file][..],
            &["--data", text(&data), "--auth", "--auth-key-file", file],
            &["--memory", "--credentials", file],
            &["--memory", "--tls-certificate", file, "--tls-key", file],
            &["--memory", "--tls-self-signed", "--tls-client-ca", file],
            &["--storage", "postgres://me@127.0.0.1:1/d", "--storage-password-file", file],
        ] {
            refused(flags, &[], expected);
        }
        // Clients that are asked to believe an authority, and the files of offline questions.
        let tail = ["tail", "t", "--endpoint", "https://127.0.0.1:1", "--no-follow"];
        let check =
            ["policy", "check", "--principal", "arn:aws:iam::111122223333:user/a", "--action", "dynamodb:ListTables"];
        for (arguments, variables) in [
            (&[&tail[..], &["--ca-bundle", file]].concat(), &[][..]),
            (&tail.to_vec(), &[("AWS_CA_BUNDLE", file)]),
            (&tail.to_vec(), &[("SSL_CERT_FILE", file)]),
            (&vec!["bench", "--endpoint", "https://127.0.0.1:1", "--ca-bundle", file], &[]),
            (&[&check[..], &["--identity-policy", file]].concat(), &[]),
            (&[&check[..], &["--resource-policy", file]].concat(), &[]),
        ] {
            if variables.first().is_some_and(|(name, _)| *name == "SSL_CERT_FILE") && file.starts_with("/proc") {
                continue;
            }
            let ended = run_with(arguments, variables);
            let said = String::from_utf8_lossy(&ended.stderr);
            assert!(!ended.status.success() && said.contains(expected), "{arguments:?} {variables:?}: {said}");
        }
        let init =
            run_with(&["init", "--data", text(&data), "--profile", "a"], &[("AWS_SHARED_CREDENTIALS_FILE", file)]);
        assert!(String::from_utf8_lossy(&init.stderr).contains(expected), "{file}");
        assert!(!data.exists(), "{file}");
    }
}

#[test]
fn keys_that_are_easy_to_guess_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, file) = (folder.path().join("data"), folder.path().join("key"));
    let data_flag = ["--data", text(&data)];
    let hex = |byte: &dyn Fn(u8) -> u8| (0..32).map(|at| format!("{:02x}", byte(at))).collect::<String>();
    let weak: [String; 7] = [
        hex(&|_| 0),
        hex(&|_| 0xaa),
        hex(&|at| at),
        hex(&|at| 99 - at),
        "0123456789abcdef".repeat(4),
        "correct horse battery staple 123".to_owned(),
        // The same in base64.
        "Y29ycmVjdCBob3JzZSBiYXR0ZXJ5IHN0YXBsZSAxMjM=".to_owned(),
    ];
    for key in &weak {
        fs::write(&file, key).expect("written");
        refused(&[&data_flag[..], &["--master-key-file", text(&file)]].concat(), &[], "is easy to guess");
        refused(&data_flag, &[("STATOR_MASTER_KEY", key)], "is easy to guess");
        let new =
            ["storage", "rekey", "--data", text(&data), "--master-key-file", "x", "--new-master-key-file", text(&file)];
        assert!(!run(&new).status.success());
        if key.len() == 64 {
            refused(&[&data_flag[..], &["--auth", "--auth-key-file", text(&file)]].concat(), &[], "no random key");
        }
    }
    assert!(!data.exists());
}

/// The keys of tests are for this machine.
#[test]
fn access_keys_that_are_easy_to_guess_are_used_on_this_machine_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("credentials");
    let strong = "kZ3v9Qm1TtY6hWc0RbX8sLpE2uNfJd5gAoKi7yVw";
    for (secret, is_weak) in [
        ("test", true),
        ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", true),
        ("aaaaaaaaaaaaaaaaaaaaaaaa", true),
        (strong, false),
    ] {
        let keys = format!(
            "[good]\naws_access_key_id = G\naws_secret_access_key = {strong}\n[app]\naws_access_key_id = \
                            AKIDEXAMPLE\naws_secret_access_key = {secret}\n"
        );
        fs::write(&file, keys).expect("written");
        set_mode(&file, 0o600);
        let server = TestServer::in_memory().credentials(&file).start();
        assert_eq!(server.log().contains("the secret of profile [app] "), is_weak, "{secret}");
        // An address that no machine has: where the secret is good, there is nothing to listen on.
        let ended = run(&["serve", "--memory", "--listen", "192.0.2.1:0", "--credentials", text(&file)]);
        let said = String::from_utf8_lossy(&ended.stderr);
        let expected = if is_weak { "the secret of profile [app] " } else { "cannot listen on 192.0.2.1:0" };
        assert!(!ended.status.success() && said.contains(expected), "{said}");
        assert!(!said.contains(secret), "{said}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn there_are_no_core_dumps_unless_asked_for() {
    for (flags, expected) in [(&["--memory"][..], false), (&["--memory", "--allow-core-dumps"], true)] {
        let server = TestServer::with(flags).after("ulimit -S -c 4").start();
        let limits = fs::read_to_string(format!("/proc/{}/limits", server.pid())).expect("limits");
        let line = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a line");
        let current = line.split_whitespace().nth(4).expect("a limit");
        assert_eq!(current != "0", expected, "{line}");
    }
}
