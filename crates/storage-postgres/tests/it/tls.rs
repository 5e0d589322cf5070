//! Encrypted connections: only to a server with a valid certificate, and with a client certificate where the server
//! asks for one.

use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use storage::Engine;
use storage_postgres::testing::PostgresServer;
use storage_postgres::{OpenError, Options, Postgres};

/// An authority, and what it signs.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Authority { pem, issuer: Issuer::new(params, key) }
    }

    /// A certificate and its key, in PEM.
    fn sign(&self, name: &str) -> (String, String) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }
}

/// Turns encryption on, for a server that is called "localhost".
fn encrypt(server: &PostgresServer, authority: &Authority) {
    let (certificate, key) = authority.sign("localhost");
    for (setting, name, text) in [
        ("ssl_cert_file", "server.crt", &certificate),
        ("ssl_key_file", "server.key", &key),
        ("ssl_ca_file", "root.crt", &authority.pem),
    ] {
        let path = server.give(name, text);
        server.psql("postgres", &format!("ALTER SYSTEM SET {setting} = '{}'", path.display())).unwrap();
    }
    server.psql("postgres", "ALTER SYSTEM SET ssl = on").unwrap();
    server.psql("postgres", "CREATE ROLE careful LOGIN SUPERUSER PASSWORD 'of careful'").unwrap();
    server.let_in(
        "hostssl all careful 127.0.0.1/32 scram-sha-256 clientcert=verify-ca\nhost all stator 127.0.0.1/32 trust\n",
    );
}

async fn open(url: &str, password: Option<&str>) -> Result<(), OpenError> {
    Postgres::open(Options::parse(url, password)?).await.map(drop)
}

async fn refused(url: &str, password: Option<&str>, expected: &str) {
    let error = open(url, password).await.expect_err(url).to_string();
    assert!(error.contains(expected) && !error.contains("of careful"), "{url}: {error}");
}

fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    path.display().to_string()
}

#[tokio::test]
async fn certificates_and_passwords() {
    let Some(server) = PostgresServer::start() else { return };
    let (ours, others) = (Authority::new(), Authority::new());
    encrypt(&server, &ours);
    let folder = tempfile::tempdir().unwrap();
    let root = file(folder.path(), "root", &ours.pem);
    let wrong = file(folder.path(), "wrong", &others.pem);
    let (certificate, key) = ours.sign("careful");
    let client = format!(
        "sslcert={}&sslkey={}",
        file(folder.path(), "certificate", &certificate),
        file(folder.path(), "key", &key)
    );
    let port = server.port;
    let url = |user: &str, host: &str, rest: &str| format!("postgres://{user}@{host}:{port}/postgres?{rest}");

    let mode = |host: &str, mode: &str, root: Option<&str>| {
        let root = root.map(|file| format!("&sslrootcert={file}")).unwrap_or_default();
        url("stator", host, &format!("sslmode={mode}{root}"))
    };
    // By name, "localhost" is what the certificate says; by address it is not.
    for (host, name, authority, expected) in [
        ("localhost", "verify-full", Some(&root), true),
        ("localhost", "verify-full", Some(&wrong), false),
        ("localhost", "verify-full", None, false),
        ("127.0.0.1", "verify-full", Some(&root), false),
        ("127.0.0.1", "verify-ca", Some(&root), true),
        ("127.0.0.1", "verify-ca", Some(&wrong), false),
        ("127.0.0.1", "require", Some(&root), true),
        ("127.0.0.1", "require", Some(&wrong), false),
        ("127.0.0.1", "require", None, true),
        ("127.0.0.1", "prefer", None, true),
        ("127.0.0.1", "prefer", Some(&root), true),
        ("127.0.0.1", "prefer", Some(&wrong), false),
        ("127.0.0.1", "disable", None, true),
    ] {
        let url = mode(host, name, authority.map(String::as_str));
        match expected {
            true => open(&url, None).await.expect(&url),
            false => refused(&url, None, "certificate").await,
        }
    }
    let encrypted = "SELECT count(*) FROM pg_stat_ssl WHERE ssl AND pid <> pg_backend_pid()";
    for (name, expected) in [("require", true), ("prefer", true), ("disable", false)] {
        let engine = Postgres::open(Options::parse(&mode("127.0.0.1", name, None), None).unwrap()).await.unwrap();
        assert_eq!(server.psql("postgres", encrypted).unwrap().trim() != "0", expected, "{name}");
        engine.close().await.unwrap();
        while server.psql("postgres", encrypted).unwrap().trim() != "0" {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    let careful = url("careful", "localhost", &format!("sslmode=verify-full&sslrootcert={root}"));
    refused(&careful, Some("of careful"), "certificate").await;
    let careful = format!("{careful}&{client}");
    open(&careful, Some("of careful")).await.unwrap();
    refused(&careful, Some("of careless"), "password").await;
    refused(&careful, None, "password").await;
}

/// A server that does not encrypt is accepted only where encryption is not required.
#[tokio::test]
async fn a_server_that_cannot() {
    let Some(server) = PostgresServer::start() else { return };
    let url = |mode: &str| format!("postgres://stator@127.0.0.1:{}/postgres?sslmode={mode}", server.port);
    open(&url("prefer"), None).await.unwrap();
    refused(&url("require"), None, "TLS").await;
}
