//! `stator bench` against a server that is reached over TLS: only if its certificate is good, with a sentence otherwise.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use crate::authority::Authority;
use crate::program::run_with;
use crate::test_server::TestServer;

/// Decrypts what comes for a server, and encrypts what it answers; ends with this.
struct Terminator {
    port: u16,
    _runtime: Runtime,
}

impl Terminator {
    fn start(config: ServerConfig, behind: SocketAddr) -> Terminator {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        runtime.spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let mut outside = acceptor.accept(socket).await?;
                    let mut inside = TcpStream::connect(behind).await?;
                    tokio::io::copy_bidirectional(&mut outside, &mut inside).await
                });
            }
        });
        Terminator { port, _runtime: runtime }
    }

    fn url(&self, name: &str) -> String {
        format!("https://{name}:{}", self.port)
    }
}

fn bench(arguments: &[&str], variables: &[(&str, &str)]) -> (bool, String) {
    let bounds = ["bench", "--operations", "20", "--seconds", "3600", "--warmup", "0", "--rounds", "2"];
    let small = ["--keys", "200", "--connections", "4", "--prefix", "test"];
    let output = run_with(&[&bounds[..], &small[..], arguments].concat(), variables);
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

fn refused(arguments: &[&str], expected: &str) {
    let (ok, said) = bench(&[arguments, &["--workload", "get"]].concat(), &[]);
    assert!(!ok && said.contains(expected), "{arguments:?} without {expected:?}: {said}");
    assert_eq!(said.trim().lines().count(), 1, "one sentence: {said}");
}

/// Requests larger than a record of TLS and replies of a megabyte come through; beside it, plain HTTP and the ceiling.
#[test]
fn an_encrypted_server_beside_plain_ones() {
    let (server, other) = (TestServer::in_memory().start(), TestServer::in_memory().start());
    let (folder, ours) = (tempfile::tempdir().unwrap(), Authority::new("ours"));
    let bundle = ours.file(folder.path(), "ours");
    let terminator = Terminator::start(ours.server("localhost"), server.address);
    let encrypted = terminator.url("localhost");
    let plain = format!("http://{}", other.address);
    let pid = server.pid().to_string();
    let flags = ["--workload", "get,put,scan", "--value-size", "20000", "--server-pid", &pid];
    let both = ["--endpoint", &encrypted, "--compare", &plain, "--ca-bundle", &bundle, "--ceiling"];
    let (ok, said) = bench(&[&flags[..], &both[..]].concat(), &[]);
    assert!(ok, "{said}");

    // The other way around, and the file as the AWS CLI's variable names it.
    let variables = [("AWS_CA_BUNDLE", bundle.as_str()), ("AWS_SESSION_TOKEN", "token")];
    let (ok, said) = bench(&["--workload", "get", "--endpoint", &plain, "--compare", &encrypted], &variables);
    assert!(ok, "{said}");
}

#[test]
fn bad_certificates_are_refused_with_a_sentence() {
    let server = TestServer::in_memory().start();
    let (folder, ours) = (tempfile::tempdir().unwrap(), Authority::new("ours"));
    let right = ours.file(folder.path(), "right");
    let terminator = Terminator::start(ours.server("localhost"), server.address);
    let (by_name, by_address) = (terminator.url("localhost"), terminator.url("127.0.0.1"));

    let untrusted = "its certificate is signed by an authority that is not trusted here: give --ca-bundle a PEM file";
    // Another authority, and one that has only the name in common with ours.
    for name in ["others", "ours"] {
        let wrong = Authority::new(name).file(folder.path(), "wrong");
        refused(&["--endpoint", &by_name, "--ca-bundle", &wrong], untrusted);
    }
    let misnamed =
        "its certificate is for localhost, not for 127.0.0.1: use a URL with a name that the certificate has";
    refused(&["--endpoint", &by_address, "--ca-bundle", &right], misnamed);
    refused(&["--endpoint", &format!("https://{}", server.address), "--ca-bundle", &right], "is not TLS");

    let nothing = folder.path().join("nothing");
    std::fs::write(&nothing, "").unwrap();
    let (nothing, absent) = (nothing.display().to_string(), folder.path().join("absent").display().to_string());
    refused(&["--endpoint", &by_name, "--ca-bundle", &nothing], "holds no certificate of an authority");
    refused(&["--endpoint", &by_name, "--ca-bundle", &absent], "cannot read the certificates of --ca-bundle");
}

/// Without a file of ours the system's authorities are asked, which know none of a test.
#[test]
fn the_system_does_not_trust_anybody() {
    let server = TestServer::in_memory().start();
    let terminator = Terminator::start(Authority::new("ours").server("localhost"), server.address);
    // Where a system has no authorities at all, it says that, and the same flag is the way out.
    refused(&["--endpoint", &terminator.url("localhost")], "--ca-bundle");
}
