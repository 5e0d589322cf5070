//! HTTP/1.1 on raw sockets: framing, limits and time.

use std::io::Write;

use crate::client::{AUTHORIZATION, Client, Response, request};
use crate::program::until;
use crate::test_server::TestServer;

fn check_frame(response: &Response) {
    assert_eq!(response.header("x-amz-crc32"), crc32fast::hash(&response.body).to_string());
    assert_eq!(response.header("x-amzn-requestid").len(), 52, "{response:?}");
}

fn check_works(client: &mut Client) {
    let response = client.call("ListTables", "{}");
    check_frame(&response);
    assert_eq!((response.status, response.text().as_str()), (200, r#"{"TableNames":[]}"#));
    assert_eq!(response.header("content-type"), "application/x-amz-json-1.0");
}

#[test]
fn a_connection_serves_many_requests() {
    let server = TestServer::in_memory().start();
    let mut client = server.client();
    let mut ids = std::collections::BTreeSet::new();
    for _ in 0..20 {
        check_works(&mut client);
        ids.insert(client.call("ListTables", "{}").header("x-amzn-requestid").to_owned());
    }
    assert_eq!(ids.len(), 20, "request ids differ");
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = TestServer::in_memory().start();
    let mut client = server.client();
    let mut bytes = Vec::new();
    for number in 0..50 {
        let operation = if number % 2 == 0 { "ListTables" } else { "Nope" };
        bytes.extend_from_slice(&request(operation, &[], b"{}"));
    }
    client.send(&bytes);
    for number in 0..50 {
        let response = client.response();
        check_frame(&response);
        assert_eq!(response.status, if number % 2 == 0 { 200 } else { 400 });
    }
}

#[test]
fn a_request_may_come_in_any_pieces() {
    let server = TestServer::in_memory().start();
    let mut client = server.client();
    for byte in request("ListTables", &[], b"{}") {
        client.send(&[byte]);
    }
    assert_eq!(client.response().status, 200);
    // Chunked, although no SDK does so.
    let whole = request("ListTables", &[("Transfer-Encoding", "chunked")], b"");
    let whole = String::from_utf8(whole).expect("text").replace("Content-Length: 0\r\n", "");
    client.send(format!("{whole}1\r\n{{\r\n1\r\n}}\r\n0\r\n\r\n").as_bytes());
    assert_eq!(client.response().status, 200);
    check_works(&mut client);
}

#[test]
fn health() {
    let server = TestServer::in_memory().flag("--region", "eu-west-3").start();
    let mut client = server.client();
    client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let response = client.response();
    check_frame(&response);
    assert_eq!((response.status, response.text().as_str()), (200, "healthy: dynamodb.eu-west-3.amazonaws.com "));
    check_works(&mut client);
}

#[test]
fn bodies_that_are_no_json() {
    let server = TestServer::in_memory().start();
    let mut client = server.client();
    let deep = "[".repeat(200_000);
    let bodies: [&[u8]; 9] = [
        b"",
        b"{",
        b"nope",
        b"[]",
        b"\"text\"",
        b"{\"Limit\":\"\xff\xfe\"}",
        b"\xff",
        b"{\"Limit\":1}x",
        deep.as_bytes(),
    ];
    for body in bodies {
        client.send(&request("ListTables", &[], body));
        let response = client.response();
        check_frame(&response);
        let shown = String::from_utf8_lossy(&body[..body.len().min(20)]).into_owned();
        assert_eq!(response.status, 400, "{shown}: {}", response.text());
        let kind = response.json()["__type"].as_str().expect("__type").to_owned();
        assert_eq!(kind, "com.amazon.coral.service#SerializationException", "{shown}");
    }
    check_works(&mut client);
}

#[test]
fn gzip_requests() {
    let server = TestServer::in_memory().start();
    let mut client = server.client();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(b"{\"Limit\":5}").expect("encode");
    let body = encoder.finish().expect("encode");
    client.send(&request("ListTables", &[("Content-Encoding", "gzip")], &body));
    assert_eq!(client.response().status, 200);
    client.send(&request("ListTables", &[("Content-Encoding", "gzip")], &body[..body.len() - 4]));
    let response = client.response();
    check_frame(&response);
    assert_eq!(response.status, 500);
    check_works(&mut client);
}

#[test]
fn bodies_of_16_mib_and_more() {
    const MIB: usize = 1024 * 1024;
    let server = TestServer::in_memory().start();
    let mut client = server.client();
    let padded = |length: usize| [b"{}", " ".repeat(length - 2).as_bytes()].concat();
    let mut check = |length: usize, status: u16| {
        client.send(&request("ListTables", &[], &padded(length)));
        let response = client.response();
        check_frame(&response);
        assert_eq!(response.status, status, "{length}: {}", response.text());
    };
    check(16 * MIB, 200);
    check(16 * MIB + 1, 413);
    check(20 * MIB, 413);
    check(2, 200);
    // Announced far too large: refused without waiting for it, and the connection ends.
    let announced = format!("Content-Length: {}\r\n", 1u64 << 40);
    let head = String::from_utf8(request("ListTables", &[], b"")).expect("text");
    client.send(head.replace("Content-Length: 0\r\n", &announced).as_bytes());
    let response = client.response();
    assert_eq!((response.status, response.header("connection")), (413, "close"));
    assert!(client.is_closed());
    check_works(&mut server.client());
}

/// Lambda's API has a limit of its own, which holds decompressed, too, and is refused in its own form.
#[test]
fn bodies_of_mappings_are_small() {
    const SIZE_MAX: usize = 256 * 1024;
    let server = TestServer::in_memory().start();
    let head = |more: &str| {
        format!(
            "POST /2015-03-31/event-source-mappings HTTP/1.1\r\nHost: localhost\r\nX-Amz-Date: 20260101T000000Z\r\n\
             Content-Type: application/json\r\nAuthorization: {AUTHORIZATION}\r\n{more}\r\n"
        )
    };
    let ask = |more: &str, body: &[u8]| {
        let mut client = server.client();
        client.send(&[head(more).as_bytes(), body].concat());
        let response = client.response();
        (response.status, response.header("x-amzn-errortype").to_owned(), response.text())
    };
    let of_length = |length: usize| ask(&format!("Content-Length: {length}\r\n"), &vec![b' '; length]);
    let (status, kind, text) = of_length(SIZE_MAX);
    assert_eq!((status, &*kind), (400, "SerializationException"), "{text}");
    let zipped = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&vec![b' '; SIZE_MAX + 1]).expect("encode");
        encoder.finish().expect("encode")
    };
    let gzip = format!("Content-Encoding: gzip\r\nContent-Length: {}\r\n", zipped.len());
    let message = format!("Request must be smaller than {SIZE_MAX} bytes for the CreateEventSourceMapping operation");
    for (status, kind, text) in [of_length(SIZE_MAX + 1), of_length(4 * SIZE_MAX), ask(&gzip, &zipped)] {
        assert_eq!((status, &*kind), (413, "RequestTooLargeException"), "{text}");
        assert!(text.contains(&message), "{text}");
    }
    let mut client = server.client();
    client.send(head("Content-Length: 1000000000\r\n").as_bytes());
    let response = client.response();
    assert_eq!((response.status, response.header("connection")), (413, "close"));
    assert_eq!(response.header("x-amzn-errortype"), "RequestTooLargeException");
}

#[test]
fn a_slow_body_is_given_up() {
    let server = TestServer::in_memory().flag("--body-timeout", "1").start();
    let mut client = server.client();
    let whole = request("ListTables", &[], b"{}      ");
    client.send(&whole[..whole.len() - 5]);
    let response = client.response();
    check_frame(&response);
    assert_eq!(response.status, 408);
    assert!(client.is_closed());
    check_works(&mut server.client());
}

#[test]
fn a_silent_connection_is_closed() {
    let server = TestServer::in_memory().flag("--idle-timeout", "1").start();
    let mut never_spoke = server.client();
    let mut stopped_in_a_header = server.client();
    stopped_in_a_header.send(b"POST / HTTP/1.1\r\nHost: loc");
    let mut fell_silent = server.client();
    check_works(&mut fell_silent);
    for client in [&mut never_spoke, &mut stopped_in_a_header, &mut fell_silent] {
        assert!(client.try_response().is_none_or(|response| response.status == 408));
    }
    check_works(&mut server.client());
}

/// Heads that a proxy in front could read in another way: none is executed, and nothing behind them is read.
#[test]
fn heads_with_two_meanings() {
    let server = TestServer::in_memory().start();
    let good = String::from_utf8(request("ListTables", &[], b"{}")).expect("text");
    let (length, host) = ("Content-Length: 2\r\n", "Host: localhost\r\n");
    let chunked = "Transfer-Encoding: chunked\r\n";
    let next = good.as_str();
    let in_chunks = "2\r\n{}\r\n0\r\n\r\n";
    for (from, to, body) in [
        (length, [length, chunked].concat(), in_chunks),
        (length, [chunked, length].concat(), in_chunks),
        (length, [chunked, host, "content-length:2\r\n"].concat(), in_chunks),
        (length, [length, length].concat(), "{}"),
        (length, [length, "Content-Length: 3\r\n"].concat(), "{}"),
        (length, "Content-Length: 2, 2\r\n".to_owned(), "{}"),
        (length, "Content-Length: +2\r\n".to_owned(), "{}"),
        (length, "Content-Length : 2\r\n".to_owned(), "{}"),
        (length, "Content-Length:\r\n 2\r\n".to_owned(), "{}"),
        (length, [length, "X-Folded: a\r\n b\r\n"].concat(), "{}"),
        (host, String::new(), "{}"),
        (host, [host, host].concat(), "{}"),
        (host, "Host:\r\n".to_owned(), "{}"),
        (host, "Host: a b\r\n".to_owned(), "{}"),
        (host, "Host: localhost, localhost\r\n".to_owned(), "{}"),
        ("POST / ", "POST http://localhost/ ".to_owned(), "no host"),
    ] {
        let mut head = good.replacen(from, &to, 1).replace("\r\n\r\n{}", "\r\n\r\n");
        assert_ne!(head, good);
        let body = if body == "no host" {
            head = head.replacen(host, "", 1);
            "{}"
        } else {
            body
        };
        let mut client = server.client();
        client.send(format!("{head}{body}{next}").as_bytes());
        let response = client.response();
        assert_eq!((response.status, response.header("connection")), (400, "close"), "{to:?}");
        assert!(client.is_closed(), "{to:?}");
    }
    // HTTP/1.0 knows no Host, and a proxy's target names it twice.
    let old = good.replacen(host, "", 1).replacen("HTTP/1.1", "HTTP/1.0", 1);
    for whole in [old, good.replacen("POST / ", "POST http://localhost/ ", 1)] {
        let mut client = server.client();
        client.send(whole.as_bytes());
        assert_eq!(client.response().status, 200, "{whole}");
    }
}

/// One waiting request does not hold up the others, and more connections than slots wait for their turn.
#[test]
fn connections_are_bounded() {
    let server = TestServer::in_memory().flag("--connections-max", "2").start();
    let mut first = server.client();
    let mut second = server.client();
    check_works(&mut first);
    second.send(&request("ListTables", &[], b"{}")[..20]);
    let mut third = server.client();
    third.send(&request("ListTables", &[], b"{}"));
    check_works(&mut first);
    drop(first);
    assert_eq!(third.response().status, 200);
}

#[test]
fn garbage_harms_no_other_client() {
    let server = TestServer::in_memory().start();
    let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "a".repeat(2_000_000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X: a\r\n".repeat(5_000));
    let garbage: [&[u8]; 6] = [
        b"\x00\x01\x02\x03\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        long.as_bytes(),
        many.as_bytes(),
    ];
    for bytes in garbage {
        let mut client = server.client();
        let _ = client.socket.get_mut().write_all(bytes);
        let _ = client.socket.get_mut().shutdown(std::net::Shutdown::Write);
        assert!(client.try_response().is_none_or(|response| response.status >= 400));
    }
    check_works(&mut server.client());
}

#[test]
fn credentials_in_the_query() {
    let server = TestServer::in_memory().start();
    let mut client = server.client();
    let query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=k%2F20260101%2Fus-east-1%2Fdynamodb%2Faws4_request\
                 &X-Amz-Date=20260101T000000Z&X-Amz-SignedHeaders=host&X-Amz-Signature=abc";
    let signed = String::from_utf8(request("ListTables", &[], b"{}")).expect("text");
    let presigned = signed.replace(&format!("Authorization: {AUTHORIZATION}\r\n"), "");
    let unsigned = presigned.clone();
    client.send(presigned.replace("POST / ", &format!("POST /?{query} ")).as_bytes());
    assert_eq!(client.response().status, 200);
    client.send(unsigned.as_bytes());
    let response = client.response();
    assert_eq!(response.status, 400);
    let expected = serde_json::json!({
        "__type": "com.amazon.coral.service#MissingAuthenticationTokenException",
        "message": "Request is missing Authentication Token",
    });
    assert_eq!(response.json(), expected);
}

/// A large answer is compressed when the client asks, with the checksum over what was sent.
#[test]
fn gzip_answers() {
    let server = TestServer::in_memory().start();
    let mut client = server.client();
    let table = r#"{"TableName":"tab","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"pk",
        "AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}"#;
    assert_eq!(client.call("CreateTable", table).status, 200);
    let text = "long ".repeat(10_000);
    let item = format!(r#"{{"TableName":"tab","Item":{{"pk":{{"S":"a"}},"text":{{"S":"{text}"}}}}}}"#);
    assert_eq!(client.call("PutItem", &item).status, 200);
    let get = br#"{"TableName":"tab","Key":{"pk":{"S":"a"}}}"#;
    client.send(&request("GetItem", &[("Accept-Encoding", "gzip")], get));
    let response = client.response();
    check_frame(&response);
    assert_eq!(response.header("content-encoding"), "gzip");
    assert!(response.body.len() < 5_000);
    let mut plain = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&response.body[..]), &mut plain).expect("gzip");
    let plain: serde_json::Value = serde_json::from_str(&plain).expect("JSON");
    assert_eq!(plain["Item"]["text"]["S"], text);
}

/// The head of a request in chunks, with other fields instead of its length.
fn chunked(fields: &str) -> String {
    let whole = String::from_utf8(request("ListTables", &[], b"")).expect("text");
    whole.replace("Content-Length: 0\r\n", fields)
}

#[test]
fn chunks_that_are_none() {
    let server = TestServer::in_memory().start();
    let head = chunked("Transfer-Encoding: chunked\r\n");
    let long = format!("2;{}\r\n{{}}\r\n0\r\n\r\n", "x".repeat(100_000));
    let bodies = [
        "x\r\n{}\r\n0\r\n\r\n",
        "-2\r\n{}\r\n0\r\n\r\n",
        "0x2\r\n{}\r\n0\r\n\r\n",
        "\r\n{}\r\n0\r\n\r\n",
        "2\n{}\r\n0\r\n\r\n",
        "2\r\n{}0\r\n\r\n",
        "1\r\n{}\r\n0\r\n\r\n",
        "2\r\n{}\r\n0\r\nx\r\n",
        "fffffffffffffffff\r\n{}\r\n0\r\n\r\n",
    ];
    for body in bodies {
        let mut client = server.client();
        // What follows is no request of its own.
        client.send(&[head.as_bytes(), body.as_bytes(), &request("ListTables", &[], b"{}")].concat());
        let shown = &body[..body.len().min(30)];
        let response = client.response();
        check_frame(&response);
        assert_eq!((response.status, response.header("connection")), (400, "close"), "{shown:?}");
        let kind = response.json()["__type"].as_str().expect("__type").to_owned();
        assert_eq!(kind, "com.amazon.coral.service#SerializationException", "{shown:?}");
        assert!(client.is_closed(), "{shown:?}");
    }
    // An extension of any length: the connection may end before the client has sent it.
    let mut client = server.client();
    let _ = client.socket.get_mut().write_all(format!("{head}{long}").as_bytes());
    assert!(client.try_response().is_none_or(|response| response.status == 400));
    drop(client);
    let page = {
        let mut client = server.client();
        client.send(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
        client.response().text()
    };
    let line = format!(r#"stator_bodies_refused_total{{reason="malformed"}} {}"#, bodies.len() + 1);
    assert!(page.contains(&line), "{page}");
    check_works(&mut server.client());
}

/// A body that ends too early is answered, if its client still listens; one whose client has disconnected is not.
#[test]
fn bodies_that_end_too_early() {
    let server = TestServer::in_memory().start();
    for bytes in [chunked("Content-Length: 9\r\n") + "{}", chunked("Transfer-Encoding: chunked\r\n") + "9\r\n{}"] {
        let mut client = server.client();
        client.send(bytes.as_bytes());
        client.socket.get_mut().shutdown(std::net::Shutdown::Write).expect("shut down");
        assert!(client.try_response().is_none_or(|response| response.status == 400));
        let mut client = server.client();
        client.send(bytes.as_bytes());
        drop(client);
    }
    check_works(&mut server.client());
}

/// Of two lengths no one is believed, and nothing behind the first request is taken for a second one.
#[test]
fn bodies_of_two_lengths() {
    let server = TestServer::in_memory().start();
    for fields in [
        "Content-Length: 2\r\nContent-Length: 3\r\n",
        "Content-Length: 2, 3\r\n",
        "Content-Length: +2\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: gzip\r\n",
    ] {
        let mut client = server.client();
        client.send(format!("{}{{}}", chunked(fields)).as_bytes());
        assert_eq!(client.response().status, 400, "{fields}");
        assert!(client.is_closed(), "{fields}");
    }
    check_works(&mut server.client());
}

/// Fields that are read once, given twice.
#[test]
fn doubled_headers() {
    let server = TestServer::in_memory().start();
    for (name, value, exception) in [
        ("X-Amz-Target", "DynamoDB_20120810.ListTables", "InvalidSignatureException"),
        ("X-Amz-Date", "20260101T000000Z", "IncompleteSignatureException"),
        ("Authorization", AUTHORIZATION, "IncompleteSignatureException"),
        ("Content-Type", "application/x-amz-json-1.0", "InvalidSignatureException"),
    ] {
        let mut client = server.client();
        client.send(&request("ListTables", &[(name, value)], b"{}"));
        let response = client.response();
        assert_eq!(response.status, 400, "{name}: {}", response.text());
        assert!(response.text().contains(exception), "{name}: {}", response.text());
    }
    let twice = [("Accept", "a"), ("Accept", "b")];
    let mut client = server.client();
    client.send(&request("ListTables", &twice, b"{}"));
    assert_eq!(client.response().status, 200);
}

/// Uploads of unknown length that go on hold what they have sent, and not the most that they may become.
#[test]
fn endless_uploads_leave_room_for_others() {
    let server = TestServer::in_memory().flags(["--request-memory", "64MiB", "--memory-timeout", "1"]).start();
    let mebibyte = vec![b' '; 1 << 20];
    for coding in ["", "Content-Encoding: gzip\r\n"] {
        let mut uploads: Vec<Client> = (0..9).map(|_| server.client()).collect();
        for client in &mut uploads {
            client.send(chunked(&format!("{coding}Transfer-Encoding: chunked\r\n")).as_bytes());
            client.send(b"100000\r\n");
            client.send(&mebibyte);
            client.send(b"\r\n");
        }
        let mut operator = server.client();
        let held = format!("stator_memory_bytes{{of=\"requests\"}} {}\n", 9 << 20);
        until("the uploads are read", || {
            operator.send(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
            operator.response().text().contains(&held)
        });
        let body = [b"{}", &mebibyte[..]].concat();
        let mut honest = server.client();
        honest.send(&request("ListTables", &[], &body));
        assert_eq!(honest.response().status, 200);
    }
}

/// A proxy in front that decodes another coding would see another body.
#[test]
fn transfer_codings_other_than_chunked() {
    let server = TestServer::in_memory().start();
    for (codings, status) in [
        (&["chunked"][..], 200),
        (&["Chunked"], 200),
        (&["gzip, chunked"], 501),
        (&["gzip", "chunked"], 501),
        (&["identity, chunked"], 501),
        (&["chunked, chunked"], 501),
        (&["chunked", "chunked"], 501),
        // RFC 9112: where the last one is not chunked, the length of the body is not known.
        (&["gzip"], 400),
        (&["chunked, gzip"], 400),
    ] {
        let headers: Vec<_> = codings.iter().map(|coding| ("Transfer-Encoding", *coding)).collect();
        let whole = String::from_utf8(request("ListTables", &headers, b"")).expect("text");
        let whole = whole.replace("Content-Length: 0\r\n", "");
        let mut client = server.client();
        client.send(format!("{whole}2\r\n{{}}\r\n0\r\n\r\n").as_bytes());
        assert_eq!(client.response().status, status, "{codings:?}");
        assert!(status == 200 || client.is_closed(), "{codings:?}");
    }
}
