//! Which addresses are open to callers, with and without rules.

use super::*;

fn closed(rules: &[&str]) -> Egress {
    Egress::closed(rules.iter().map(|rule| rule.parse().unwrap_or_else(|error| panic!("{error}"))).collect())
}

fn is_open(egress: &Egress, url: &str, address: &str) -> bool {
    egress.check(&Url::parse(url).unwrap(), address.parse().unwrap()).is_ok()
}

const OPEN: &[&str] = &[
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
    "52.94.5.1",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "192.169.0.0",
    "203.0.113.7",
    "223.255.255.255",
    "2600:1f00::1",
    "2a00:1450::1",
    "2001:1::1",
    "fbff::1",
    "fe00::1",
    "::ffff:1.1.1.1",
    "64:ff9b::1.1.1.1",
    "2002:101:101::1",
];

const CLOSED: &[&str] = &[
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.0",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.168.0.1",
    "198.18.0.1",
    "198.19.255.255",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::a00:1",
    "::ffff:0.0.0.0",
    "::ffff:127.0.0.1",
    "::ffff:10.1.2.3",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::169.254.169.254",
    "64:ff9b::c0a8:1",
    "64:ff9b:1::1",
    "2002:7f00:1::1",
    "2002:a9fe:a9fe::1",
    "2002:c0a8:101::",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "fc00::1",
    "fd00:ec2::254",
    "fdff::1",
    "fe80::1",
    "febf::1",
    "fec0::1",
    "ff02::1",
];

#[test]
fn special_addresses_are_closed_and_others_open() {
    let egress = closed(&[]);
    for (addresses, expected) in [(OPEN, true), (CLOSED, false)] {
        for address in addresses {
            assert_eq!(is_open(&egress, "https://h.example", address), expected, "{address}");
            assert!(is_open(&Egress::open(), "https://h.example", address), "{address}");
        }
    }
}

#[test]
fn rules() {
    for (rule, url, address, expected) in [
        ("hooks.example.com", "http://hooks.example.com/x", "127.0.0.1", true),
        ("Hooks.Example.Com", "http://HOOKS.example.com:99/x", "10.0.0.1", true),
        ("hooks.example.com", "http://ahooks.example.com", "127.0.0.1", false),
        ("hooks.example.com", "http://a.hooks.example.com", "127.0.0.1", false),
        ("hooks.example.com", "http://example.com", "127.0.0.1", false),
        ("hooks.example.com:8443", "https://hooks.example.com:8443", "127.0.0.1", true),
        ("hooks.example.com:443", "https://hooks.example.com", "127.0.0.1", true),
        ("hooks.example.com:8443", "https://hooks.example.com", "127.0.0.1", false),
        ("*.example.com", "http://a.b.example.com", "127.0.0.1", true),
        ("*.example.com", "http://example.com", "127.0.0.1", false),
        ("*.example.com", "http://aexample.com", "127.0.0.1", false),
        ("*.example.com:1", "http://a.example.com:1", "127.0.0.1", true),
        ("*.example.com:1", "http://a.example.com:2", "127.0.0.1", false),
        ("127.0.0.0/8", "http://127.0.0.1", "127.0.0.1", true),
        ("127.0.0.0/8", "http://anything.example", "127.1.2.3", true),
        ("127.0.0.0/8", "http://anything.example", "10.0.0.1", false),
        ("127.0.0.0/8", "http://[::1]", "::1", false),
        ("127.0.0.1", "http://h", "127.0.0.1", true),
        ("127.0.0.1", "http://h", "127.0.0.2", false),
        ("127.0.0.1:9000", "http://h:9000", "127.0.0.1", true),
        ("127.0.0.1:9000", "http://h:9001", "127.0.0.1", false),
        ("::1", "http://[::1]", "::1", true),
        ("[::1]", "http://[::1]", "::1", true),
        ("[::1]:81", "http://[::1]:81", "::1", true),
        ("[::1]:81", "http://[::1]", "::1", false),
        ("10.1.0.0/16", "http://h", "10.1.255.255", true),
        ("10.1.0.0/16", "http://h", "10.2.0.0", false),
        ("10.1.0.0/16", "http://h", "::ffff:10.1.2.3", true),
        ("10.1.0.0/16", "http://h", "64:ff9b::10.1.2.3", true),
        ("10.1.0.0/16", "http://h", "::ffff:10.2.2.3", false),
        ("fd00:1::/32", "http://h", "fd00:1:2::3", true),
        ("fd00:1::/32", "http://h", "fd00:2::3", false),
        ("0.0.0.0/0", "http://h", "127.0.0.1", true),
        ("0.0.0.0/0", "http://h", "::1", false),
        ("::/0", "http://h", "::1", true),
        ("localhost", "http://localhost", "::1", true),
        ("localhost", "http://127.0.0.1", "127.0.0.1", false),
    ] {
        assert_eq!(is_open(&closed(&[rule]), url, address), expected, "{rule} {url} {address}");
    }
}

#[test]
fn what_is_no_rule() {
    for text in [
        "",
        "*",
        "*.",
        "*.*.example.com",
        "a.*.com",
        "10.0.0.1/16",
        "10.0.0.0/33",
        "::/129",
        "10.0.0.0/",
        "10.0.0.0/+8",
        "/8",
        "h/8",
        "h:",
        "h:0",
        "h:port",
        "http://h",
        "a b",
        "*.1.2.3.4",
        "me@h",
        "h/x",
        "[::1",
        "[::1]:",
    ] {
        assert!(text.parse::<EgressRule>().is_err(), "{text}");
    }
}

#[test]
fn texts_show_what_is_closed() {
    let check = |rules: &[&str], url: &str, expected: bool| {
        assert_eq!(closed(rules).check_text(&Url::parse(url).unwrap()).is_ok(), expected, "{rules:?} {url}");
    };
    for url in
        ["http://127.1/x", "http://0x7f000001", "http://[::ffff:7f00:1]", "http://localhost", "http://a.localhost"]
    {
        check(&[], url, false);
        check(&["127.0.0.0/8"], url, true);
    }
    check(&["localhost"], "http://localhost", true);
    check(&[], "http://169.254.169.254/latest/meta-data/", false);
    // Where names lead is seen when they are called.
    check(&[], "http://internal.example", true);
    check(&[], "https://1.1.1.1", true);
}

#[test]
fn refusals_name_the_setting() {
    let said = |url: &str, address: &str| {
        closed(&[]).check(&Url::parse(url).unwrap(), address.parse().unwrap()).unwrap_err().to_string()
    };
    let text = said("http://h.example", "10.0.0.1");
    assert!(text.starts_with("h.example leads to 10.0.0.1") && text.contains("--egress-allow"), "{text}");
    let text = said("http://0x7f.1", "127.0.0.1");
    assert!(text.starts_with("the address 127.0.0.1 is not reachable"), "{text}");
}
