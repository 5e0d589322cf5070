//! What is a URL, where it leads, and how it is written then.

use super::*;

#[test]
fn canonical_texts() {
    for (text, canonical) in [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/"),
        ("http://127.0.0.1:80/", "http://127.0.0.1/"),
        ("http://127.0.0.1:443", "http://127.0.0.1:443/"),
        ("https://localhost:443/a", "https://localhost/a"),
        ("https://localhost:80", "https://localhost:80/"),
        ("HTTPS://Hooks.Example.COM/Path?A=b", "https://hooks.example.com/Path?A=b"),
        ("http://h?c", "http://h/?c"),
        ("http://h:0080/", "http://h/"),
        ("http://a_b.c-d/", "http://a_b.c-d/"),
        ("http://xn--bcher-kva.example/", "http://xn--bcher-kva.example/"),
        ("http://h/a%20b;c=d,e/~f?g=h[0]&i=@:!$'()*+", "http://h/a%20b;c=d,e/~f?g=h[0]&i=@:!$'()*+"),
        ("http://h/%61dmin/%7Eu%5f%2d?x=%41%2b%c3%a9", "http://h/admin/~u_-?x=A%2B%C3%A9"),
        ("http://h/%25%36%31", "http://h/%2561"),
        ("http://h/a;b=c/?d=%2F//..", "http://h/a;b=c/?d=%2F//.."),
        ("http://h/..a/.b/c..?../x", "http://h/..a/.b/c..?../x"),
        ("http://[::1]:8000/x", "http://[::1]:8000/x"),
        ("http://[0:0::1]", "http://[::1]/"),
        ("http://[::FFFF:7f00:1]", "http://[::ffff:127.0.0.1]/"),
    ] {
        let url = Url::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(url.to_string(), canonical, "{text}");
        assert_eq!(Url::parse(canonical), Ok(url));
    }
}

#[test]
fn parts() {
    let url = Url::parse("https://[::1]:8443/a?b").unwrap();
    assert_eq!((url.is_encrypted(), url.port(), url.target(), url.is_origin()), (true, 8443, "/a?b", false));
    assert_eq!((url.authority(), url.origin()), ("[::1]:8443".to_owned(), "https://[::1]:8443".to_owned()));
    assert_eq!(url.host(), &Host::Address("::1".parse().unwrap()));
    assert_eq!(Url::parse("http://H").unwrap().host(), &Host::Name("h".to_owned()));
}

#[test]
fn addresses_in_all_spellings() {
    for (host, address) in [
        ("127.0.0.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("127.0.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("0X7F000001", "127.0.0.1"),
        ("017700000001", "127.0.0.1"),
        ("0177.0.0.01", "127.0.0.1"),
        ("0", "0.0.0.0"),
        ("0x", "0.0.0.0"),
        ("10.257", "10.0.1.1"),
        ("169.254.43518", "169.254.169.254"),
        ("4294967295", "255.255.255.255"),
    ] {
        let url = Url::parse(&format!("http://{host}:81/")).unwrap_or_else(|error| panic!("{host}: {error}"));
        assert_eq!(url.authority(), format!("{address}:81"), "{host}");
    }
    for host in [
        "256.0.0.1",
        "1.2.3.256",
        "1.2.65536",
        "1.16777216",
        "4294967296",
        "0x100000000",
        "1.2.3.4.5",
        "08",
        "1.2.3.09",
        "0x7g.1",
        "a.1",
        "1.a.2",
        "0xg.0x1",
        "99999999999999999999",
        "1..1",
        "127.0.0.1.",
    ] {
        assert!(Url::parse(&format!("http://{host}/")).is_err(), "{host}");
    }
}

#[test]
fn what_is_no_url() {
    for text in [
        "",
        "h",
        "127.0.0.1:8000",
        "ftp://h",
        "file:///etc/passwd",
        "gopher://h/x",
        "://h",
        "http:/h",
        "http:h",
        "http:\\\\h",
        "http://",
        "http:///x",
        "http://:80",
        "http://?x",
        "http://#x",
        "http://::1",
        "http://[::1",
        "http://[::1]x",
        "http://[]",
        "http://[fe80::1%25eth0]/",
        "http://[127.0.0.1]",
        "http://h:",
        "http://h:port",
        "http://h:0",
        "http://h:65536",
        "http://h:+80",
        "http://h:-1",
        "http://h:8 0",
        "http://h:80:80",
        "http://me@h",
        "http://me:secret@h/",
        "http://h@",
        "http://a b",
        "http://a%41/",
        "http://a,b",
        "http://h\\@other/",
        "http://h\\x",
        "http://h/\\x",
        "http://h/x#f",
        "http://h#f",
        "http://h/a b",
        "http://h/a\tb",
        "http://h/\r\nX-A: b",
        "http://h/x HTTP/1.1\r\nHost: other",
        "http://h\r\n/",
        "http://h\0/",
        "\u{1}http://h/",
        " http://h",
        "http://h ",
        "http://h\n",
        "http://bücher.example",
        "http://１２７.0.0.1",
        "http://h。example",
        "http://h/é",
        "http://h..x",
        "http://.h",
        "http://h.",
        "http://h/%",
        "http://h/%2",
        "http://h/%zz",
        "http://h/<x>",
        "http://h/{x}",
        "http://h/a/../b",
        "http://h/..",
        "http://h/./x",
        "http://h/%2e%2E/x",
        "http://h/.%2e",
        "http://h/a/..;/b",
        "http://h/a/.%2e;x=y/b",
        "http://h/a/..%3b/b",
        "http://h//x",
        "http://h/x//",
        "http://h/x%2fy",
        "http://h/x%2F..%2Fy",
        "http://h/x%5cy",
        "http://h/x%00",
        "http://h/x%0d%0aA:b",
        "http://h/x%7f",
        "http://h/%+1",
        "http://h/?x=%2",
    ] {
        assert!(Url::parse(text).is_err(), "{text:?}");
    }
    assert!(Url::parse(&format!("http://h/{}", "x".repeat(LENGTH_MAX))).is_err());
    assert!(Url::parse(&format!("http://{}/", "x".repeat(64))).is_err());
}

#[test]
fn this_machine() {
    for (text, expected) in [
        ("http://127.0.0.1", true),
        ("http://127.9.9.9", true),
        ("http://0x7f.1", true),
        ("http://[::1]", true),
        ("http://[::ffff:127.0.0.1]", true),
        ("http://localhost", true),
        ("http://LOCALHOST:1", true),
        ("http://a.localhost", true),
        ("http://localhost.example", false),
        ("http://127.0.0.1.example", false),
        ("http://10.0.0.1", false),
    ] {
        assert_eq!(Url::parse(text).unwrap().is_loopback(), expected, "{text}");
    }
}
