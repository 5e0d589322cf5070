//! URLs, good and bad.

use super::*;

#[test]
fn what_a_url_says() {
    let check = |url: &str, server: &str, encrypted: bool| {
        let options = Options::parse(url, None).expect(url);
        assert_eq!((options.server().as_str(), options.tls.is_some()), (server, encrypted), "{url}");
    };
    check("postgres://me:secret@localhost/stator", "localhost:5432/stator", false);
    check("postgresql://me@127.0.0.1:6000/db?application_name=x", "127.0.0.1:6000/db", false);
    check("postgres://me@[::1]/db?sslmode=disable", "::1:5432/db", false);
    check("postgres://me@db.example/db?sslmode=disable&connect_timeout=3", "db.example:5432/db", false);
    check("postgres://me@a,b:5433/db?sslmode=disable", "a,b:5432,5433/db", false);
    check("postgres://me@%2Frun%2Fpostgresql/db", "/run/postgresql:5432/db", false);
}

/// As libpq has it, but that connections to other machines are verified without being asked.
#[test]
fn what_sslmode_means() {
    let folder = tempfile::tempdir().expect("folder");
    let root = folder.path().join("root");
    let key = rcgen::KeyPair::generate().expect("a key");
    let certificate = rcgen::CertificateParams::default().self_signed(&key).expect("a certificate");
    std::fs::write(&root, certificate.pem()).expect("a file");
    let root = format!("sslrootcert={}", root.display());
    for (mode, alone, with_root) in [
        ("sslmode=disable", Encryption::None, Encryption::None),
        ("sslmode=prefer", Encryption::Offered, Encryption::Offered),
        ("sslmode=require", Encryption::Unverified, Encryption::Authority),
        ("sslmode=verify-ca", Encryption::Authority, Encryption::Authority),
        ("sslmode=verify-full", Encryption::Verified, Encryption::Verified),
        ("port=5432", Encryption::Verified, Encryption::Verified),
    ] {
        let of = |rest: &str| Options::parse(&format!("postgres://db.example/b?{mode}&{rest}"), None);
        assert_eq!(of(&root).expect(mode).encryption, with_root, "{mode}");
        // Without an authority on the system, a server's certificate cannot be verified.
        if !matches!(alone, Encryption::Authority | Encryption::Verified) {
            assert_eq!(of("").expect(mode).encryption, alone, "{mode}");
        }
    }
}

#[test]
fn what_a_url_may_not_say() {
    for (url, word) in [
        ("mysql://a/b", "begins with"),
        ("postgres://h:99999999/b", "cannot be read"),
        ("postgres://h/b?nonsense=1", "cannot be read"),
        ("postgres://h/b?sslmode=allow", "verify-full"),
        ("postgres://h/b?sslmode=require&sslrootcert=%2Fno%2Ffile", "cannot read /no/file"),
        ("postgres://h/b?sslcert=a", "belong together"),
        ("postgres://h/b?connections_max=1", "from 2 to 1000"),
    ] {
        let error = Options::parse(url, None).expect_err(url).to_string();
        assert!(error.contains(word), "{url}: {error}");
    }
}

#[test]
fn passwords_stay_inside() {
    let with = |url: &str, password: Option<&str>| Options::parse(url, password).expect("a URL");
    let of = |options: &Options| options.config.get_password().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert_eq!(of(&with("postgres://me:in-url@localhost/db", Some("beside"))).as_deref(), Some("in-url"));
    let beside = with("postgres://me@localhost/db", Some("beside"));
    assert_eq!(of(&beside).as_deref(), Some("beside"));
    assert!(!format!("{beside:?} {}", beside.server()).contains("beside"));
    let error = Options::parse("postgres://me:hidden@h:x/b", None).expect_err("no port").to_string();
    assert!(!error.contains("hidden"), "{error}");
}
