//! What every store does, as tests that any store can run: `contract::run(&objects, &bucket).await`. They panic where the store
//! breaks the contract.
//!
//! The bucket exists. Each case has a prefix of its own below one that is new with each run, and deletes nothing of others, so that a
//! bucket may be used again.

use std::future::Future;

use bytes::{Bytes, BytesMut};
use tokio::task::JoinSet;

use crate::{Bucket, LIST_PAGE_OBJECTS_MAX, ObjectError, ObjectInfo, Objects, Place, PutOptions, Sse, Stored};

/// Larger than several parts and windows, and no multiple of any. Unit: bytes.
const LARGE_BYTES: usize = 20_000_003;

pub async fn run(objects: &Objects, bucket: &Bucket) {
    let run = base::random::u64();
    let case = |name: &str| Case {
        objects: objects.clone(),
        bucket: bucket.clone(),
        prefix: format!("contract/{run:016x}/{name}/"),
    };
    objects_come_and_go(case("come-and-go")).await;
    keys_are_taken_as_they_are(case("keys")).await;
    large_objects_are_whole(case("large")).await;
    unfinished_objects_do_not_appear(case("unfinished")).await;
    one_of_many_makes_a_new_object(case("new")).await;
    reads_begin_anywhere(case("ranges")).await;
    a_read_is_of_one_version(case("versions")).await;
    prefixes_are_raw(case("prefixes")).await;
    many_keys_are_listed_in_order(case("many")).await;
    encryption_is_taken(case("encryption")).await;
    what_is_missing_is_named(case("missing")).await;
}

struct Case {
    objects: Objects,
    bucket: Bucket,
    prefix: String,
}

impl Case {
    fn at(&self, key: &str) -> Place {
        self.bucket.place(&format!("{}{key}", self.prefix)).unwrap()
    }

    async fn put(&self, key: &str, body: &[u8]) -> Stored {
        let body = Bytes::copy_from_slice(body);
        self.objects.put(&self.at(key), body, &PutOptions::default()).await.unwrap()
    }

    async fn content(&self, key: &str) -> Result<Bytes, ObjectError> {
        content(&self.objects, &self.at(key), 0).await
    }

    /// All keys below a prefix, page by page, without the case's own.
    async fn keys(&self, prefix: &str) -> Vec<String> {
        let mut keys: Vec<String> = Vec::new();
        loop {
            let after = keys.last().cloned();
            let page = self.page(prefix, after.as_deref()).await;
            if page.is_empty() {
                return keys;
            }
            keys.extend(page.into_iter().map(|object| object.key));
        }
    }

    async fn page(&self, prefix: &str, after: Option<&str>) -> Vec<ObjectInfo> {
        let prefix = format!("{}{prefix}", self.prefix);
        let after = after.map(|after| format!("{}{after}", self.prefix));
        let mut page = self.objects.list(&self.bucket, &prefix, after.as_deref()).await.unwrap();
        assert!(page.len() <= LIST_PAGE_OBJECTS_MAX);
        for object in &mut page {
            object.key = object.key.strip_prefix(&self.prefix).unwrap().to_owned();
        }
        page
    }
}

/// All of an object from a byte on.
pub async fn content(objects: &Objects, at: &Place, from: u64) -> Result<Bytes, ObjectError> {
    let mut reader = objects.reader(at, from).await?;
    let mut all = BytesMut::new();
    while let Some(window) = reader.next().await? {
        assert!(!window.is_empty() && window.len() <= 8 << 20, "{} bytes in a window", window.len());
        all.extend_from_slice(&window);
    }
    assert_eq!(reader.next().await?, None, "the end is the end");
    Ok(all.freeze())
}

/// Bytes in which no two windows are the same.
fn pattern(length: usize) -> Bytes {
    (0..length as u64).map(|at| (at.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8).collect()
}

async fn objects_come_and_go(case: Case) {
    assert!(case.keys("").await.is_empty());
    // The last one is what S3 could have said.
    let xml = b"<?xml version=\"1.0\"?><Error><Code>SlowDown</Code></Error>";
    for body in [&b"first"[..], b"second, longer", b"", b"x", xml] {
        let stored = case.put("a", body).await;
        assert!(!stored.etag.is_empty() && !stored.etag.contains('"'), "{stored:?}");
        assert_eq!(case.content("a").await.unwrap(), body);
        let listed = case.page("", None).await;
        assert_eq!(listed.len(), 1);
        assert_eq!((listed[0].key.as_str(), listed[0].size), ("a", body.len() as u64));
        let reader = case.objects.reader(&case.at("a"), 0).await.unwrap();
        assert_eq!((reader.version(), reader.size()), (listed[0].version.as_str(), listed[0].size));
    }
    for _ in 0..2 {
        case.objects.delete(&case.at("a")).await.unwrap();
        assert!(matches!(case.content("a").await, Err(ObjectError::NoSuchKey(_))));
        assert!(case.keys("").await.is_empty());
    }
}

async fn keys_are_taken_as_they_are(case: Case) {
    let mut keys = [
        "plain",
        "with space",
        "a+b",
        "100%",
        "%2F",
        "q?x=1&y=2",
        "h#ash",
        "quote'\"",
        "<&>",
        "back\\slash",
        "tilde~",
        "ü/漢/\u{1f600}",
        "colon:",
        "=@!$()*,;[]{}|^`",
        "...",
        "deep/er/and/deeper/still",
    ];
    for key in keys {
        case.put(key, key.as_bytes()).await;
    }
    keys.sort_unstable();
    assert_eq!(case.keys("").await, keys);
    for key in keys {
        assert_eq!(case.content(key).await.unwrap(), key.as_bytes(), "{key}");
        assert_eq!(case.keys(key).await, [key]);
        case.objects.delete(&case.at(key)).await.unwrap();
    }
    assert!(case.keys("").await.is_empty());
}

async fn large_objects_are_whole(case: Case) {
    let body = pattern(LARGE_BYTES);
    let check = async |key: &str, stored: Stored| {
        assert!(!stored.etag.is_empty());
        assert!(case.content(key).await.unwrap() == body, "{key}: other bytes");
        assert_eq!(case.page(key, None).await[0].size, LARGE_BYTES as u64);
    };
    check("at-once", case.objects.put(&case.at("at-once"), body.clone(), &PutOptions::default()).await.unwrap()).await;
    for (name, chunk) in [("chunks", 1_000_001), ("large-chunks", 17 << 20)] {
        let mut writer = case.objects.writer(&case.at(name), &PutOptions::default()).await.unwrap();
        writer.write(Bytes::new()).await.unwrap();
        let mut rest = body.clone();
        while !rest.is_empty() {
            writer.write(rest.split_to(chunk.min(rest.len()))).await.unwrap();
        }
        check(name, writer.finish().await.unwrap()).await;
    }
    let small = case.objects.writer(&case.at("empty"), &PutOptions::default()).await.unwrap();
    small.finish().await.unwrap();
    assert_eq!(case.content("empty").await.unwrap(), b"".as_slice());
}

async fn unfinished_objects_do_not_appear(case: Case) {
    case.put("replaced", b"before").await;
    let chunk = pattern(9 << 20);
    for end in ["drop", "abort", "finish"] {
        for key in ["replaced", "fresh"] {
            let mut writer = case.objects.writer(&case.at(key), &PutOptions::default()).await.unwrap();
            writer.write(chunk.clone()).await.unwrap();
            assert_eq!(case.keys("").await, ["replaced"]);
            assert_eq!(case.content("replaced").await.unwrap(), b"before".as_slice());
            match end {
                "drop" => drop(writer),
                "abort" => writer.abort().await,
                _ => {
                    writer.finish().await.unwrap();
                    assert!(case.content(key).await.unwrap() == chunk);
                    case.objects.delete(&case.at(key)).await.unwrap();
                    case.put("replaced", b"before").await;
                }
            }
            assert_eq!(case.keys("").await, ["replaced"], "{end} of {key}");
            assert_eq!(case.content("replaced").await.unwrap(), b"before".as_slice());
        }
    }
}

async fn one_of_many_makes_a_new_object(case: Case) {
    for round in 0..4 {
        let at = case.at(&format!("manifest-{round}"));
        let mut tasks = JoinSet::new();
        for writer in 0..8 {
            let (objects, at) = (case.objects.clone(), at.clone());
            tasks.spawn(async move {
                let body = Bytes::from(format!("of writer {writer}"));
                (objects.put_new(&at, body.clone(), &PutOptions::default()).await, body)
            });
        }
        let mut winner = None;
        while let Some(done) = tasks.join_next().await {
            match done.unwrap() {
                (Ok(_), body) => assert!(winner.replace(body).is_none(), "two have made {at:?}"),
                (Err(error), _) => assert_eq!(error, ObjectError::AlreadyExists),
            }
        }
        assert_eq!(content(&case.objects, &at, 0).await.unwrap(), winner.unwrap());
    }
}

async fn reads_begin_anywhere(case: Case) {
    let body = pattern(9_000_000);
    case.put("a", &body).await;
    let size = body.len() as u64;
    for from in [0, 1, 1 << 20, (4 << 20) - 1, 4 << 20, size - 1, size, size + 1, u64::MAX] {
        let expected = body.slice(usize::try_from(from).unwrap().min(body.len())..);
        assert!(content(&case.objects, &case.at("a"), from).await.unwrap() == expected, "from {from}");
    }
    case.put("empty", b"").await;
    for from in [0, 1] {
        assert_eq!(content(&case.objects, &case.at("empty"), from).await.unwrap(), Bytes::new());
    }
}

/// All bytes that a reader gives are of one version, also if the object is replaced or deleted between two windows.
async fn a_read_is_of_one_version(case: Case) {
    for change in ["replace", "delete"] {
        let (before, after) = (Bytes::from(vec![1; 9_000_000]), vec![2; 9_000_000]);
        case.put("a", &before).await;
        let mut reader = case.objects.reader(&case.at("a"), 0).await.unwrap();
        let mut read = BytesMut::from(&reader.next().await.unwrap().unwrap()[..]);
        match change {
            "replace" => drop(case.put("a", &after).await),
            _ => case.objects.delete(&case.at("a")).await.unwrap(),
        }
        let ended = loop {
            match reader.next().await {
                Ok(Some(window)) => read.extend_from_slice(&window),
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        assert!(read.iter().all(|byte| *byte == 1), "{change}: bytes of another version");
        assert!(ended.is_err() || read == before, "{change}: {} bytes, and no error", read.len());
    }
}

async fn prefixes_are_raw(case: Case) {
    let mut keys = ["data", "data-1", "data.bak", "data/x", "data/y/z", "data0", "data2/x", "dat", "datä", "e/f", "D"];
    // No folder can have `data` beside `data/x`.
    keys[0] = "data!";
    for key in keys {
        case.put(key, b"x").await;
    }
    keys.sort_unstable();
    for prefix in ["", "d", "dat", "data", "data/", "data/y", "data/y/z", "data/y/z0", "e/", "x", "data//", "..", "/"] {
        let expected: Vec<&str> = keys.into_iter().filter(|key| key.starts_with(prefix)).collect();
        assert_eq!(case.keys(prefix).await, expected, "prefix {prefix:?}");
        for after in ["", "dat", "data", "data.", "data/", "data/x", "data/y", "data/y/z", "data0", "data2/x", "zz"] {
            let page = case.page(prefix, Some(after)).await;
            let page: Vec<&str> = page.iter().map(|object| object.key.as_str()).collect();
            let expected: Vec<&str> = expected.iter().copied().filter(|key| *key > after).collect();
            assert_eq!(page, expected, "prefix {prefix:?} after {after:?}");
        }
    }
}

async fn many_keys_are_listed_in_order(case: Case) {
    // Names whose order differs from that of their folders: `-`, `.` and `/` are neighbours.
    let key = |at: usize| format!("{:02}{}{:04}", at % 50, ["/", "-", ".", "/x/"][at % 4], at);
    let mut keys: Vec<String> = (0..2_500).map(key).collect();
    for keys in keys.chunks(100) {
        let mut tasks = JoinSet::new();
        for key in keys {
            let (objects, at) = (case.objects.clone(), case.at(key));
            tasks.spawn(async move { objects.put(&at, Bytes::from_static(b"x"), &PutOptions::default()).await });
        }
        all(tasks).await;
    }
    keys.sort_unstable();
    assert_eq!(case.keys("").await, keys);
    let expected: Vec<&String> = keys.iter().filter(|key| key.starts_with("1")).collect();
    assert_eq!(case.keys("1").await.iter().collect::<Vec<_>>(), expected);
}

async fn all<T: 'static>(mut tasks: JoinSet<Result<T, ObjectError>>) {
    while let Some(done) = tasks.join_next().await {
        done.unwrap().unwrap();
    }
}

/// Servers without a KMS may refuse a key, folders ignore it: what is stored is read back.
async fn encryption_is_taken(case: Case) {
    let options = PutOptions { sse: Some(Sse::Aes256) };
    case.objects.put(&case.at("aes"), Bytes::from_static(b"x"), &options).await.unwrap();
    let mut writer = case.objects.writer(&case.at("aes-parts"), &options).await.unwrap();
    writer.write(pattern(9 << 20)).await.unwrap();
    writer.finish().await.unwrap();
    assert_eq!(case.content("aes").await.unwrap(), b"x".as_slice());
    assert_eq!(case.content("aes-parts").await.unwrap().len(), 9 << 20);
}

async fn what_is_missing_is_named(case: Case) {
    let Case { objects, .. } = &case;
    let missing = Bucket::parse(&format!("no-such-bucket-{:08x}", base::random::u64() >> 32), None).unwrap();
    let at = missing.place("a").unwrap();
    let options = PutOptions::default();
    is_no_such_bucket(objects.put(&at, Bytes::new(), &options)).await;
    is_no_such_bucket(objects.put_new(&at, Bytes::new(), &options)).await;
    is_no_such_bucket(objects.list(&missing, "", None)).await;
    is_no_such_bucket(objects.reader(&at, 0)).await;
    is_no_such_bucket(objects.delete(&at)).await;
    is_no_such_bucket(async {
        let mut writer = objects.writer(&at, &options).await?;
        writer.write(pattern(9 << 20)).await?;
        writer.finish().await
    })
    .await;
    for key in ["a", "a/b", "a/b/c"] {
        let error = objects.reader(&case.at(key), 0).await.unwrap_err();
        assert!(matches!(error, ObjectError::NoSuchKey(_)), "{error:?}");
    }
}

async fn is_no_such_bucket<T: std::fmt::Debug>(call: impl Future<Output = Result<T, ObjectError>>) {
    let error = call.await.unwrap_err();
    assert!(matches!(error, ObjectError::NoSuchBucket(_)), "{error:?}");
    assert!(
        error.failure_message().starts_with("The specified bucket does not exist (Service: Amazon S3; "),
        "{error}"
    );
}
