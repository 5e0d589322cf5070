//! The server's own encryption: versions, protocols, client certificates, new certificates while it runs, and clients that
//! do not do their part.

use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tempfile::TempDir;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, ProtocolVersion, RootCertStore, StreamOwned, SupportedProtocolVersion,
};

use crate::authority::{Authority, Signed, file};
use crate::client::{AUTHORIZATION, request};
use crate::program::{PATIENCE, run, until};
use crate::test_server::TestServer;

const ALL: &[&SupportedProtocolVersion] = &[&TLS12, &TLS13];

/// A server with files of its own.
struct Files {
    folder: TempDir,
    authority: Authority,
}

impl Files {
    fn new() -> Files {
        let files = Files { folder: tempfile::tempdir().unwrap(), authority: Authority::new("servers") };
        files.give(&files.authority.sign("localhost"));
        files
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn give(&self, signed: &Signed) {
        file(self.folder.path(), "certificate", &signed.certificate_pem());
        file(self.folder.path(), "key", &signed.key_pem());
    }

    fn start(&self, arguments: &[&str]) -> TestServer {
        let server = TestServer::in_memory().flags(arguments).flag("--tls-certificate", self.path("certificate"));
        let server = server.flag("--tls-key", self.path("key")).start();
        assert!(server.ready_line.contains(&format!("https://{}", server.address)), "{}", server.ready_line);
        server
    }

    fn client(&self) -> Arc<ClientConfig> {
        client(&self.authority.pem, ALL, None)
    }
}

/// A client that trusts an authority, and may have a certificate of its own.
fn client(pem: &str, versions: &[&'static SupportedProtocolVersion], own: Option<&Signed>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots);
    Arc::new(match own {
        None => builder.with_no_client_auth(),
        Some(own) => builder.with_client_auth_cert(own.chain(), own.key()).unwrap(),
    })
}

/// Waits for its answers on one connection.
struct Client(BufReader<StreamOwned<ClientConnection, TcpStream>>);

impl Client {
    fn connect(address: SocketAddr, config: &Arc<ClientConfig>, name: &str) -> Client {
        let connection = ClientConnection::new(Arc::clone(config), ServerName::try_from(name.to_owned()).unwrap());
        Client(BufReader::new(StreamOwned::new(connection.unwrap(), socket(address))))
    }

    fn call(&mut self, operation: &str) -> std::io::Result<String> {
        self.0.get_mut().write_all(&request(operation, &[("Connection", "keep-alive")], b"{}"))?;
        let mut answer = Vec::new();
        while !answer.ends_with(b"}") {
            let mut byte = [0];
            self.0.read_exact(&mut byte)?;
            answer.push(byte[0]);
        }
        Ok(String::from_utf8(answer).unwrap())
    }

    fn is_answered(&mut self) {
        let answer = self.call("ListTables").unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(r#"{"TableNames":[]}"#), "{answer}");
    }

    fn connection(&self) -> &ClientConnection {
        &self.0.get_ref().conn
    }

    /// The server's certificate.
    fn peer(&self) -> CertificateDer<'static> {
        self.connection().peer_certificates().unwrap()[0].clone().into_owned()
    }
}

fn socket(address: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// A number of the server's page of metrics; none if the page does not come, as when the server is short of patience.
fn metric(server: &TestServer, config: &Arc<ClientConfig>, name: &str) -> Option<u64> {
    let mut client = Client::connect(server.address, config, "localhost");
    let request = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    client.0.get_mut().write_all(request).ok()?;
    let mut page = String::new();
    let _ = client.0.read_to_string(&mut page);
    page.lines().find_map(|line| line.strip_prefix(name))?.trim().parse().ok()
}

/// What is counted may be so only after a client has seen the end.
fn until_failed(server: &TestServer, config: &Arc<ClientConfig>, handshakes: u64) {
    until("so many handshakes have failed", || {
        metric(server, config, "stator_tls_handshakes_failed_total ") == Some(handshakes)
    });
}

#[test]
fn versions_and_names() {
    let files = Files::new();
    let server = files.start(&[]);
    for (versions, expected) in [(&[&TLS12][..], ProtocolVersion::TLSv1_2), (&[&TLS13], ProtocolVersion::TLSv1_3)] {
        let mut client = Client::connect(server.address, &client(&files.authority.pem, versions, None), "localhost");
        client.is_answered();
        client.is_answered();
        assert_eq!(client.connection().protocol_version(), Some(expected));
    }
    let stranger = Authority::new("servers");
    let mut client = Client::connect(server.address, &client(&stranger.pem, ALL, None), "localhost");
    assert!(client.call("ListTables").is_err(), "the server has shown another authority's certificate");
}

/// Each protocol that a client may choose, by its name in the handshake.
#[test]
fn protocols() {
    let files = Files::new();
    let server = files.start(&[]);
    let config = |protocols: &[&[u8]]| {
        let mut config = Arc::unwrap_or_clone(files.client());
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        Arc::new(config)
    };
    let mut client = Client::connect(server.address, &config(&[b"http/1.1"]), "localhost");
    client.is_answered();
    assert_eq!(client.connection().alpn_protocol(), Some(&b"http/1.1"[..]));
    assert!(Client::connect(server.address, &config(&[b"spdy"]), "localhost").call("ListTables").is_err());

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let socket = tokio::net::TcpStream::connect(server.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(config(&[b"h2", b"http/1.1"])).connect(name, socket).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let request = Request::post("https://localhost/")
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", "DynamoDB_20120810.ListTables")
            .header("x-amz-date", "20260101T000000Z")
            .header("authorization", AUTHORIZATION)
            .body(Full::new(Bytes::from_static(b"{}")))
            .unwrap();
        let answer = sender.send_request(request).await.unwrap().into_body().collect().await.unwrap().to_bytes();
        assert_eq!(&answer[..], br#"{"TableNames":[]}"#);
    });
}

#[test]
fn client_certificates() {
    let (files, clients) = (Files::new(), Authority::new("clients"));
    let client_ca = clients.file(files.folder.path(), "clients");
    let server = files.start(&["--tls-client-ca", &client_ca]);
    let (known, stranger) = (clients.sign("known"), Authority::new("clients").sign("known"));
    for versions in [&[&TLS12][..], &[&TLS13]] {
        let call = |own| {
            let config = client(&files.authority.pem, versions, own);
            Client::connect(server.address, &config, "localhost").call("ListTables")
        };
        assert!(call(Some(&known)).is_ok());
        assert!(call(None).is_err() && call(Some(&stranger)).is_err());
    }
    until_failed(&server, &client(&files.authority.pem, ALL, Some(&known)), 4);
}

/// Open connections stay open; new ones see the new certificate; broken files change nothing.
#[test]
fn new_certificates_for_a_running_server() {
    let files = Files::new();
    let server = files.start(&[]);
    let config = files.client();
    let connect = || {
        let mut client = Client::connect(server.address, &config, "localhost");
        client.is_answered();
        client
    };
    let mut first = connect();
    let by_signal = files.authority.sign("localhost");
    files.give(&by_signal);
    server.signal("-HUP");
    server.wait_for_line("new connections get the certificates as they are in the files now");
    let mut second = connect();
    assert!(first.peer() != second.peer() && second.peer() == *by_signal.certificate.der());

    // A key that belongs to another certificate, then no certificate at all.
    file(files.folder.path(), "key", &files.authority.sign("localhost").key_pem());
    server.signal("-HUP");
    let said = server.wait_for_line("does not belong to the first certificate");
    assert!(said.contains(&files.path("key")) && said.contains(&files.path("certificate")), "{said}");
    file(files.folder.path(), "certificate", "nothing");
    server.signal("-HUP");
    server.wait_for_line("holds no certificate in PEM");
    assert!(connect().peer() == second.peer());

    // 4096 is when the test's certificates end.
    assert!(metric(&server, &config, "stator_tls_certificate_expiry_timestamp_seconds ") > Some(60_000_000_000));

    // Without a signal the files are found to have changed.
    let found = files.authority.sign("localhost");
    files.give(&found);
    until("they are taken", || connect().peer() == *found.certificate.der());
    first.is_answered();
    second.is_answered();
    assert!(server.stop().success());
}

#[test]
fn clients_without_tls() {
    let files = Files::new();
    let server = files.start(&[]);
    for plain in
        [&request("ListTables", &[], b"{}")[..], b"GET / HTTP/1.1\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
    {
        let mut socket = socket(server.address);
        socket.write_all(plain).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("https://"), "{answer}");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{answer}");
    }
    // What begins like a handshake and is none.
    let mut broken = socket(server.address);
    broken.write_all(&[22, 3, 1, 0, 4, 9, 9, 9, 9]).unwrap();
    let _ = broken.read_to_end(&mut Vec::new()).unwrap();
    // A client that sends nothing was only probing.
    drop(socket(server.address));
    Client::connect(server.address, &files.client(), "localhost").is_answered();
    until_failed(&server, &files.client(), 4);
}

/// The beginning of a handshake: a record of 300 bytes, of which there are few.
const BEGUN: [u8; 7] = [22, 3, 1, 1, 44, 1, 0];

/// Silent handshakes delay no other client: they are evicted when others need their slots, and do not delay the server's end.
#[test]
fn stalled_handshakes_make_room() {
    let files = Files::new();
    let patient = ["--idle-timeout", "86400", "--drain-timeout", "86400"];
    let server = files.start(&[&patient[..], &["--connections-max", "4"]].concat());
    let mut stalled: Vec<TcpStream> = (0..4).map(|_| socket(server.address)).collect();
    for socket in &mut stalled[2..] {
        socket.write_all(&BEGUN).unwrap();
    }
    Client::connect(server.address, &files.client(), "localhost").is_answered();
    assert!(metric(&server, &files.client(), r#"stator_connections_evicted_total{reason="idle"} "#) >= Some(1));
    assert!(server.stop().success());
}

/// Neither silence nor a byte now and then makes a handshake last.
#[test]
fn stalled_handshakes_end() {
    let files = Files::new();
    let server = files.start(&["--idle-timeout", "1"]);
    let mut silent = socket(server.address);
    assert!(matches!(silent.read(&mut [0]), Ok(0) | Err(_)));
    let mut slow = socket(server.address);
    slow.write_all(&BEGUN).unwrap();
    let started = Instant::now();
    while slow.write_all(&[0]).is_ok() {
        assert!(started.elapsed() < PATIENCE, "it is not closed");
        std::thread::sleep(Duration::from_millis(200));
    }
    let failed = || metric(&server, &files.client(), "stator_tls_handshakes_failed_total ");
    until("both have failed", || failed() >= Some(2));
}

#[test]
fn what_cannot_be_used_is_named() {
    let (files, other) = (Files::new(), Authority::new("servers").sign("localhost"));
    let path = |name: &str, text: &str| file(files.folder.path(), name, text);
    let (certificate, key) = (files.path("certificate"), files.path("key"));
    let (nothing, absent) = (path("nothing", "nothing"), files.path("absent"));
    let others_key = path("others_key", &other.key_pem());
    let broken = path("broken", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n");
    for (certificate, key, client_ca, expected) in [
        (&certificate, &others_key, None, "does not belong"),
        (&absent, &key, None, "cannot read --tls-certificate"),
        (&certificate, &absent, None, "cannot read --tls-key"),
        (&nothing, &key, None, "holds no certificate in PEM"),
        (&broken, &key, None, "holds a certificate that cannot be read"),
        (&certificate, &certificate, None, "holds no private key"),
        (&key, &key, None, "holds no certificate in PEM"),
        (&certificate, &key, Some(&absent), "cannot read --tls-client-ca"),
        (&certificate, &key, Some(&nothing), "holds no certificate in PEM"),
    ] {
        let mut arguments = vec!["serve", "--memory", "--listen", "127.0.0.1:0"];
        arguments.extend(["--tls-certificate", certificate, "--tls-key", key]);
        arguments.extend(client_ca.iter().flat_map(|file| ["--tls-client-ca", file]));
        let output = run(&arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        let named = [certificate, key].into_iter().chain(client_ca).any(|file| said.contains(file.as_str()));
        assert!(said.contains(expected) && named && said.trim().lines().count() == 1, "{expected}: {said}");
        assert!(!said.contains("BEGIN"), "{said}");
    }
}

/// Clients trust the authority that the server has written down, and find no key beside it.
#[test]
fn self_signed() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = TestServer::on_data(&data).flags(["--tls-self-signed"]).start();
    let file = data.join("tls-self-signed.pem");
    check_self_signed(&server, &file);
    assert!(server.ready_line.contains(&format!("AWS_CA_BUNDLE={} ", file.display())), "{}", server.ready_line);
    assert!(server.stop().success());
    // The folder is still one of ours, and the next run has another certificate.
    let before = std::fs::read(&file).unwrap();
    let server = TestServer::on_data(&data).flags(["--tls-self-signed"]).start();
    check_self_signed(&server, &file);
    assert!(before != std::fs::read(&file).unwrap());

    let named = folder.path().join("named");
    let server = TestServer::in_memory().flags(["--tls-self-signed"]).file("--tls-self-signed-file", &named).start();
    check_self_signed(&server, &named);
    // A key stays a key.
    std::fs::write(&named, "5a616e7a69626172").unwrap();
    let flags = ["serve", "--memory", "--listen", "127.0.0.1:0", "--tls-self-signed", "--tls-self-signed-file"];
    let ended = run(&[&flags[..], &[named.to_str().unwrap()]].concat());
    assert!(String::from_utf8_lossy(&ended.stderr).contains("holds no certificate"), "{ended:?}");
    assert_eq!(std::fs::read(&named).unwrap(), b"5a616e7a69626172");
    let server = TestServer::in_memory().flags(["--tls-self-signed"]).start();
    assert!(server.said.iter().any(|line| line.contains("--tls-self-signed-file")), "{:?}", server.said);
}

fn check_self_signed(server: &TestServer, file: &Path) {
    let pem = read(file);
    assert!(!pem.contains("PRIVATE") && pem.matches("BEGIN CERTIFICATE").count() == 1);
    let config = client(&pem, ALL, None);
    for name in ["localhost", "127.0.0.1", "::1"] {
        Client::connect(server.address, &config, name).is_answered();
    }
    let told = server.said.iter().find(|line| line.contains("SHA-256")).unwrap();
    let mut client = Client::connect(server.address, &config, "localhost");
    client.is_answered();
    use sha2::Digest;
    let digest = sha2::Sha256::digest(client.peer());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(told.contains(&hex) && told.contains(&file.display().to_string()), "{told}");
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap()
}
