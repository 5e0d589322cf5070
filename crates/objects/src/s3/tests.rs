//! S3 by a small server in this process: the contract, and what cut connections, lost replies and slow servers do.

mod fake;

use std::time::Instant as StdInstant;

use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use super::*;
use crate::contract::{self, content};
use crate::options::Sse;
use crate::{ObjectWriter, Objects, Store};
use fake::{BUCKET, Fake, Fault};

const PART: usize = 8 << 20;

/// A store that gives up early.
fn store(url: &str) -> Objects {
    let mut s3 = S3::new(S3Endpoint { url: url.to_owned(), ca_bundle: None }).unwrap();
    s3.credentials.region = "us-east-1".to_owned();
    let (attempt, attempts) = (Duration::from_secs(20), Duration::from_secs(1));
    s3.patience = Patience { attempt, attempts, silence: attempt, backoff: Backoff::new(1, 20) };
    Objects { store: Store::S3(Arc::new(s3)) }
}

fn slow_store(url: &str) -> Objects {
    let objects = store(url);
    let Store::S3(s3) = &objects.store else { panic!("not S3") };
    let patience = Patience { attempt: Duration::from_millis(100), ..s3.patience.clone() };
    let (server, credentials) = (s3.server.clone(), s3.credentials.clone());
    let unreachable = Gate::new(1, UNREACHABLE_WINDOW);
    let s3 = S3 { server, credentials, patience, pools: Mutex::default(), unreachable };
    Objects { store: Store::S3(Arc::new(s3)) }
}

fn bucket() -> Bucket {
    Bucket::parse(BUCKET, None).unwrap()
}

fn at(key: &str) -> Place {
    bucket().place(key).unwrap()
}

fn none() -> PutOptions {
    PutOptions::default()
}

fn body(length: usize) -> Bytes {
    (0..=length / 1000).flat_map(|at| [at as u8; 1000]).take(length).collect()
}

async fn put(objects: &Objects, key: &str, body: &'static str) -> Result<Stored, ObjectError> {
    objects.put(&at(key), Bytes::from(body), &none()).await
}

fn is_failed<T: fmt::Debug>(result: Result<T, ObjectError>, expected: &str) {
    match result {
        Err(ObjectError::Failed(message)) if message.contains(expected) => {}
        other => panic!("{other:?}, not {expected:?}"),
    }
}

/// Another attempt is of no use.
fn is_unavailable<T: fmt::Debug>(result: Result<T, ObjectError>, expected: &str) {
    match result {
        Err(ObjectError::Unavailable(message)) if message.contains(expected) => {}
        other => panic!("{other:?}, not {expected:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s3_keeps_the_contract() {
    let fake = Fake::start().await;
    contract::run(&store(&fake.url), &bucket()).await;
    while fake.uploads() > 0 {
        tokio::task::yield_now().await;
    }
}

/// The contract while one of five requests fails in some way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s3_keeps_the_contract_over_bad_connections() {
    let fake = Fake::start().await;
    fake.script(|request| {
        // The reply to a list of uploads begun is lost together with them; all else can be made twice.
        let is_begun = request.is("POST", "uploads=");
        match base::random::u64() % 25 {
            0 => Some(Fault::Lost),
            1 if !is_begun => Some(Fault::ReplyLost),
            2 if !is_begun => Some(Fault::ReplyCut),
            3 => Some(Fault::Reply(503, "<Error><Code>SlowDown</Code></Error>")),
            // A reply to HEAD has no code.
            4 if request.method != "HEAD" => Some(Fault::Reply(400, "<Error><Code>RequestTimeout</Code></Error>")),
            _ => None,
        }
    });
    let objects = store(&fake.url);
    contract::run(&objects, &bucket()).await;
}

#[tokio::test]
async fn encryption_and_owner_are_sent_and_signed() {
    let fake = Fake::start().await;
    let objects = store(&fake.url);
    let owned = Bucket::parse(BUCKET, Some("111122223333")).unwrap().place("a").unwrap();
    let kms = PutOptions { sse: Some(Sse::Kms { key_id: Some("key-1".to_owned()) }) };
    fake.script(|_| None);
    objects.put(&owned, Bytes::new(), &kms).await.unwrap();
    let mut writer = objects.writer(&owned, &kms).await.unwrap();
    writer.write(body(PART + 1)).await.unwrap();
    writer.finish().await.unwrap();
    objects.list(owned.bucket(), "", None).await.unwrap();
    content(&objects, &owned, 0).await.unwrap();
    objects.delete(&owned).await.unwrap();
    let begins = |request: &fake::Request| {
        request.is("POST", "uploads=") || request.method == "PUT" && !request.target.contains("partNumber")
    };
    let requests = fake.requests(|request| {
        assert_eq!(request.headers["x-amz-expected-bucket-owner"], "111122223333");
        let signed = &request.headers["authorization"];
        assert!(signed.contains(";x-amz-expected-bucket-owner"), "{signed}");
        let sse = request.headers.get("x-amz-server-side-encryption").map(String::as_str);
        let key = request.headers.get("x-amz-server-side-encryption-aws-kms-key-id").map(String::as_str);
        let expected = if begins(request) { (Some("aws:kms"), Some("key-1")) } else { (None, None) };
        assert_eq!((sse, key), expected, "{} {}", request.method, request.target);
    });
    assert_eq!(requests.len(), 10);
    let other = Bucket::parse(BUCKET, Some("999999999999")).unwrap().place("a").unwrap();
    let denied = objects.put(&other, Bytes::new(), &none()).await.unwrap_err();
    assert_eq!(denied.failure_code(), "S3AccessDenied");
    assert!(
        denied.failure_message().contains("Status Code: 403; Error Code: AccessDenied; Request ID: r1;"),
        "{denied}"
    );

    fake.script(|_| None);
    let injected = PutOptions { sse: Some(Sse::Kms { key_id: Some("a\r\nx-y: z".to_owned()) }) };
    is_failed(objects.put(&at("a"), Bytes::new(), &injected).await, "must not have");
    assert!(fake.requests(|_| ()).is_empty());
}

#[tokio::test]
async fn a_cut_connection_costs_a_window() {
    let fake = Fake::start().await;
    let objects = store(&fake.url);
    let whole = body(20_000_000);
    fake.put("a", &whole);
    let mut count = 0;
    fake.script(move |request| {
        count += 1;
        assert!(request.is("GET", "/a"));
        (count % 2 == 1).then_some(if count % 4 == 1 { Fault::ReplyCut } else { Fault::Lost })
    });
    assert!(content(&objects, &at("a"), 100).await.unwrap() == whole.slice(100..));
    let from = fake.requests(|request| request.headers["range"].split(['=', '-']).nth(1).unwrap().to_owned());
    let expected = (0..5).map(|window| 100 + window * (4 << 20)).flat_map(|from: u64| [from, from]);
    assert_eq!(from, expected.map(|from| from.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_lost_reply_is_looked_up() {
    let fake = Fake::start().await;
    let objects = store(&fake.url);
    let lose = |part: &'static str, method: &'static str| {
        let mut is_lost = false;
        move |request: &fake::Request| {
            let is_now = request.is(method, part) && !is_lost;
            is_lost |= is_now;
            is_now.then_some(Fault::ReplyLost)
        }
    };
    fake.script(lose("/manifest", "PUT"));
    objects.put_new(&at("manifest"), Bytes::from("mine"), &none()).await.unwrap();
    let again = async |body: &'static str| objects.put_new(&at("manifest"), Bytes::from(body), &none()).await;
    assert_eq!(again("mine").await, Err(ObjectError::AlreadyExists), "without doubt it is another one's");
    for other in ["other", "mine, and more", "min", ""] {
        fake.script(lose("/manifest", "PUT"));
        assert_eq!(again(other).await, Err(ObjectError::AlreadyExists), "{other}");
    }
    assert_eq!(content(&objects, &at("manifest"), 0).await.unwrap(), "mine");

    fake.script(lose("uploadId", "POST"));
    let mut writer = objects.writer(&at("large"), &none()).await.unwrap();
    writer.write(body(PART * 2 + 1)).await.unwrap();
    assert!(writer.finish().await.unwrap().etag.ends_with("-3"));
    assert!(content(&objects, &at("large"), 0).await.unwrap() == body(PART * 2 + 1));
}

#[tokio::test]
async fn parts_bound_what_a_writer_holds() {
    let fake = Fake::start().await;
    let objects = store(&fake.url);
    fake.script(|_| None);
    let mut writer = objects.writer(&at("a"), &none()).await.unwrap();
    let mut rest = body(20_000_003);
    while !rest.is_empty() {
        writer.write(rest.split_to(rest.len().min(1_234_567))).await.unwrap();
        let crate::Writer::S3(writer) = &writer.0 else { panic!("not S3") };
        assert!(writer.buffered() < PART);
    }
    writer.finish().await.unwrap();
    let sizes = fake.requests(|request| request.body.len());
    assert_eq!(sizes[1..4], [PART, PART, 20_000_003 - 2 * PART]);
    assert!(content(&objects, &at("a"), 0).await.unwrap() == body(20_000_003));

    // What is smaller than a part is one request.
    fake.script(|_| None);
    let mut writer = objects.writer(&at("b"), &none()).await.unwrap();
    writer.write(body(PART - 1)).await.unwrap();
    writer.finish().await.unwrap();
    assert_eq!(fake.requests(|request| request.method.clone()), ["PUT"]);
}

#[tokio::test]
async fn an_upload_that_is_given_up_is_aborted() {
    let fake = Fake::start().await;
    let objects = store(&fake.url);
    let begun = async |key: &str| -> ObjectWriter {
        let mut writer = objects.writer(&at(key), &none()).await.unwrap();
        writer.write(body(PART)).await.unwrap();
        writer
    };
    let (aborted, dropped) = (begun("a").await, begun("b").await);
    assert_eq!(fake.uploads(), 2);
    aborted.abort().await;
    assert_eq!(fake.uploads(), 1);
    drop(dropped);
    while fake.uploads() > 0 {
        tokio::task::yield_now().await;
    }
    fake.script(|request| request.is("PUT", "partNumber=2").then_some(Fault::Reply(403, "")));
    let mut refused = begun("c").await;
    let error = refused.write(body(PART)).await.unwrap_err();
    assert!(matches!(error, ObjectError::AccessDenied(_)), "{error:?}");
    is_failed(refused.write(Bytes::from("x")).await, "given up");
    is_failed(refused.finish().await, "given up");
    while fake.uploads() > 0 {
        tokio::task::yield_now().await;
    }
    assert!(objects.list(&bucket(), "", None).await.unwrap().is_empty());
}

#[tokio::test]
async fn attempts_end() {
    let fake = Fake::start().await;
    let objects = store(&fake.url);
    fake.script(|_| Some(Fault::Reply(503, "<Error><Code>SlowDown</Code><Message>Slow down</Message></Error>")));
    let begun = StdInstant::now();
    is_unavailable(
        put(&objects, "a", "x").await,
        "Slow down (Service: Amazon S3; Status Code: 503; Error Code: SlowDown;",
    );
    assert!(begun.elapsed() < Duration::from_secs(5));
    let attempts = fake.requests(|_| ()).len();
    assert!((3..1000).contains(&attempts), "{attempts}");

    fake.script(|_| Some(Fault::Lost));
    is_unavailable(put(&objects, "a", "x").await, "could not be reached");
    // A server that answers too late, and one that does not answer.
    let objects = slow_store(&fake.url);
    fake.script(|_| Some(Fault::Slow(Duration::from_secs(600))));
    let begun = StdInstant::now();
    is_unavailable(put(&objects, "a", "x").await, "no reply in time");
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    is_unavailable(put(&slow_store(&url), "a", "x").await, "no reply in time");
    assert!(begun.elapsed() < Duration::from_secs(10));
    drop(silent);
    let error = put(&store(&url), "a", "x").await.unwrap_err().to_string();
    assert!(error.contains("could not be reached") && !error.contains("127.0.0.1"), "{error}");
}

#[tokio::test]
async fn refusals_by_their_codes() {
    let fake = Fake::start().await;
    let objects = store(&fake.url);
    for (status, body, code, expected) in [
        (404, "<Error><Code>NoSuchBucket</Code></Error>", "S3NoSuchBucket", "The specified bucket does not exist ("),
        (404, "<Error><Code>NoSuchKey</Code></Error>", "S3NoSuchKey", "Error Code: NoSuchKey"),
        (403, "<Error><Code>AccessDenied</Code></Error>", "S3AccessDenied", "Access Denied (Service: Amazon S3; "),
        (403, "", "S3AccessDenied", "Access Denied (Service: Amazon S3; Status Code: 403"),
        (403, "<Error><Code>SignatureDoesNotMatch</Code></Error>", "S3AccessDenied", "SignatureDoesNotMatch"),
        (400, "<Error><Code>KMS.NotFoundException</Code></Error>", "KmsNotFoundException", "KMS.NotFoundException"),
        (301, "<Error><Code>PermanentRedirect</Code></Error>", "InternalServerError", "PermanentRedirect"),
        (418, "<html>\u{1b}[31m", "InternalServerError", "The request was refused"),
        (400, "<Error><Code>A\u{9b}B</Code></Error>", "InternalServerError", "Error Code: "),
    ] {
        fake.script(move |_| Some(Fault::Reply(status, body)));
        let error = put(&objects, "a", "x").await.unwrap_err();
        assert_eq!(error.failure_code(), code, "{status} {body}");
        let message = error.failure_message();
        assert!(message.contains(expected) && !message.contains(['\u{1b}', '\u{9b}']), "{message}");
        assert_eq!(fake.requests(|_| ()).len(), 1, "{status} {body}: nothing that may pass");
    }
}

/// S3 begins its reply to this request before it knows the outcome.
#[tokio::test]
async fn a_completion_may_be_refused_behind_a_success() {
    let fake = Fake::start().await;
    let objects = store(&fake.url);
    let mut is_first = true;
    fake.script(move |request| {
        let passing = "<Error><Code>InternalError</Code></Error>";
        let lasting = "<Error><Code>EntityTooSmall</Code></Error>";
        let is_completion = request.is("POST", "uploadId=");
        is_completion.then(|| Fault::Reply(200, if std::mem::take(&mut is_first) { passing } else { lasting }))
    });
    let mut writer = objects.writer(&at("a"), &none()).await.unwrap();
    writer.write(body(PART)).await.unwrap();
    is_failed(writer.finish().await, "EntityTooSmall");
    assert_eq!(fake.requests(|request| request.is("POST", "uploadId=")).into_iter().filter(|is| *is).count(), 2);
    assert!(objects.list(&bucket(), "", None).await.unwrap().is_empty());
}

#[tokio::test]
async fn servers_that_answer_something_else() {
    let fake = Fake::start().await;
    let objects = store(&fake.url);
    let list = async |after| objects.list(&bucket(), "a", after).await;
    let page = |keys: &'static str| move |_: &fake::Request| Some(Fault::Reply(200, keys));
    fake.script(page("<html></html>"));
    is_failed(list(None).await, "something else");
    let contents = "<ListBucketResult><Contents><Key>ab</Key><Size>1</Size></Contents>";
    fake.script(page("<ListBucketResult><Contents><Key>ab</Key><Size>1</Size></Contents></ListBucketResult>"));
    assert_eq!(list(Some("aa")).await.unwrap().len(), 1, "{contents}");
    is_failed(list(Some("ab")).await, "out of their byte order");
    fake.script(page("<ListBucketResult><Contents><Key>b</Key><Size>1</Size></Contents></ListBucketResult>"));
    is_failed(list(None).await, "other keys");
    // An empty page that is not the last one.
    let mut count = 0;
    fake.script(move |_| {
        count += 1;
        let more = "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken></ListBucketResult>";
        (count == 1).then_some(Fault::Reply(200, more))
    });
    fake.put("za", b"x");
    assert_eq!(objects.list(&bucket(), "z", None).await.unwrap().len(), 1);
    // Ranges that are not the one that was asked for.
    fake.put("a", &body(10));
    for reply in [Fault::Reply(206, "x"), Fault::Reply(204, "")] {
        fake.script(move |_| Some(reply.clone()));
        is_failed(objects.reader(&at("a"), 0).await, "something else");
    }
    // All of a small object instead of a range.
    fake.script(|_| Some(Fault::Reply(200, "whole")));
    assert_eq!(content(&objects, &at("a"), 2).await.unwrap(), "ole");
}

#[tokio::test]
async fn a_connection_has_one_bucket() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let objects = store(&format!("http://{}", listener.local_addr().unwrap()));
    let serving = async {
        for _ in 0..2 {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                assert!(socket.read_buf(&mut request).await.unwrap() > 0);
            }
            use tokio::io::AsyncWriteExt;
            socket.write_all(b"HTTP/1.1 204 No\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            // Stays open.
            std::mem::forget(socket);
        }
    };
    let calling = async {
        for name in ["bucket-1", "bucket-2"] {
            let at = Bucket::parse(name, None).unwrap().place("a").unwrap();
            objects.delete(&at).await.unwrap();
        }
    };
    tokio::join!(serving, calling);
    let Store::S3(s3) = &objects.store else { panic!("not S3") };
    for number in 0..1000 {
        s3.pool(&format!("bucket-{number}"));
    }
    assert!(s3.pools.lock().len() <= POOLS_MAX);
}

#[test]
fn endpoints() {
    for url in ["", "127.0.0.1:9000", "http://h/path", "ftp://h", "http://user@h"] {
        let error = S3::new(S3Endpoint { url: url.to_owned(), ca_bundle: None }).unwrap_err();
        assert!(matches!(error, ObjectError::Setting(_)), "{url}: {error:?}");
    }
    let debug = format!("{:?}", store("http://127.0.0.1:1"));
    assert!(debug.contains("127.0.0.1") && !debug.contains("secret"), "{debug}");
}
