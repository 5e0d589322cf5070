//! What a folder does beyond the contract: attacks on paths, crashes, a full disk, other users of the same files.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use rustix::fs::{CWD, FileType, RenameFlags};
use tempfile::TempDir;

use super::*;
use crate::contract::{self, content};
use crate::{Objects, PutOptions};

/// A store with the bucket `bucket`, and a folder beside it that nothing must reach.
struct Fixture {
    folder: TempDir,
    objects: Objects,
    bucket: Bucket,
}

impl Fixture {
    fn new() -> Fixture {
        let folder = TempDir::new().unwrap();
        fs::create_dir_all(folder.path().join("root/bucket")).unwrap();
        fs::create_dir(folder.path().join("outside")).unwrap();
        fs::write(folder.path().join("outside/secret"), "secret").unwrap();
        let objects = Objects::folder(folder.path().join("root"));
        Fixture { folder, objects, bucket: Bucket::parse("bucket", None).unwrap() }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join("root/bucket").join(path)
    }

    fn outside(&self) -> PathBuf {
        self.folder.path().join("outside")
    }

    async fn put(&self, key: &str, body: &'static str) -> Result<Stored, ObjectError> {
        self.objects.put(&self.bucket.place(key).unwrap(), Bytes::from(body), &PutOptions::default()).await
    }

    async fn put_new(&self, key: &str, body: &'static str) -> Result<Stored, ObjectError> {
        self.objects.put_new(&self.bucket.place(key).unwrap(), Bytes::from(body), &PutOptions::default()).await
    }

    async fn content(&self, key: &str) -> Result<Bytes, ObjectError> {
        content(&self.objects, &self.bucket.place(key).unwrap(), 0).await
    }

    async fn keys(&self) -> Vec<String> {
        let listed = self.objects.list(&self.bucket, "", None).await.unwrap();
        listed.into_iter().map(|object| object.key).collect()
    }

    fn uploads(&self) -> usize {
        fs::read_dir(self.path(UPLOADS)).map_or(0, Iterator::count)
    }

    fn outside_is_untouched(&self) {
        assert_eq!(fs::read_to_string(self.outside().join("secret")).unwrap(), "secret");
        assert_eq!(fs::read_dir(self.outside()).unwrap().count(), 1);
    }
}

fn is_no_such_key<T: std::fmt::Debug>(result: Result<T, ObjectError>) {
    assert!(matches!(result, Err(ObjectError::NoSuchKey(_))), "{result:?}");
}

fn is_failed<T: std::fmt::Debug>(result: Result<T, ObjectError>, expected: &str) {
    match result {
        Err(ObjectError::Failed(message) | ObjectError::Refused(message)) if message.contains(expected) => {}
        other => panic!("{other:?}, not {expected:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_folder_keeps_the_contract() {
    let fixture = Fixture::new();
    contract::run(&fixture.objects, &fixture.bucket).await;
    assert_eq!(fixture.uploads(), 0, "nothing is left of uploads");
}

#[tokio::test]
async fn a_missing_bucket_names_the_folder_to_create() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("data/s3");
    let objects = Objects::folder(root.clone());
    let at = Bucket::parse("exports", Some("012345678901")).unwrap().place("a").unwrap();
    let error = objects.put(&at, Bytes::new(), &PutOptions::default()).await.unwrap_err();
    assert_eq!(error.failure_code(), "S3NoSuchBucket");
    let message = error.failure_message();
    assert!(message.ends_with("create the folder exports in the folder of buckets"), "{message}");
    assert_eq!(fs::metadata(&root).unwrap().permissions().mode() & 0o777, 0o700, "the root is created on first use");
    assert_eq!(fs::read_dir(&root).unwrap().count(), 0, "and no bucket");
    fs::create_dir(root.join("exports")).unwrap();
    assert!(objects.put(&at, Bytes::new(), &PutOptions::default()).await.is_ok());
}

#[tokio::test]
async fn objects_are_files_of_the_server_alone() {
    let fixture = Fixture::new();
    let stored = fixture.put("a/b/c", "hello").await.unwrap();
    assert_eq!(stored.etag, "5d41402abc4b2a76b9719d911017c592");
    assert_eq!(fs::read(fixture.path("a/b/c")).unwrap(), b"hello");
    for (path, mode) in [("a/b/c", 0o600), ("a", 0o700), ("a/b", 0o700), (UPLOADS, 0o700)] {
        assert_eq!(fs::metadata(fixture.path(path)).unwrap().permissions().mode() & 0o777, mode, "{path}");
    }
    assert_eq!(fs::metadata(fixture.path("a/b/c")).unwrap().nlink(), 1);
    fixture.put_new("new", "x").await.unwrap();
    assert_eq!(fs::metadata(fixture.path("new")).unwrap().nlink(), 1);
}

#[tokio::test]
async fn keys_that_no_file_can_have() {
    let fixture = Fixture::new();
    let long = "k".repeat(256);
    for key in ["/a", "a/", "a//b", "/", &long, &format!("a/{long}"), UPLOADS, ".stator-uploads/x", ".Stator-Uploads/x"]
    {
        let at = fixture.bucket.place(key).unwrap();
        is_failed(fixture.put(key, "x").await, "no file in a folder can have the key");
        is_failed(fixture.put_new(key, "x").await, "no file in a folder can have the key");
        is_failed(fixture.objects.writer(&at, &PutOptions::default()).await, "no file in a folder can have the key");
        is_no_such_key(fixture.content(key).await);
        assert_eq!(fixture.objects.delete(&at).await, Ok(()));
    }
    assert!(fixture.keys().await.is_empty());
    fixture.put(&"k".repeat(255), "x").await.unwrap();
    let deep = "a/".repeat(511) + "aa";
    fixture.put(&deep, "deep").await.unwrap();
    assert_eq!(fixture.content(&deep).await.unwrap(), "deep");
    assert_eq!(fixture.keys().await.len(), 2);
}

#[tokio::test]
async fn an_object_is_no_folder() {
    let fixture = Fixture::new();
    fixture.put("a", "x").await.unwrap();
    fixture.put("b/c", "x").await.unwrap();
    is_failed(fixture.put("a/b", "x").await, "an object");
    is_failed(fixture.put("b", "x").await, "it is a folder");
    is_failed(fixture.put_new("b", "x").await, "it is a folder");
    is_no_such_key(fixture.content("b").await);
    is_no_such_key(fixture.content("a/b").await);
    for key in ["b", "a/b"] {
        assert_eq!(fixture.objects.delete(&fixture.bucket.place(key).unwrap()).await, Ok(()));
    }
    assert_eq!(fixture.keys().await, ["a", "b/c"]);
    assert_eq!(fixture.uploads(), 0);
}

#[tokio::test]
async fn links_are_not_followed() {
    let fixture = Fixture::new();
    symlink(fixture.outside(), fixture.path("folder")).unwrap();
    symlink(fixture.outside().join("secret"), fixture.path("file")).unwrap();
    symlink("/nowhere", fixture.path("dangling")).unwrap();
    fs::create_dir(fixture.path("real")).unwrap();
    symlink("..", fixture.path("real/up")).unwrap();
    assert!(fixture.keys().await.is_empty());
    for key in ["folder/secret", "file", "dangling", "real/up/file"] {
        is_no_such_key(fixture.content(key).await);
    }
    for key in ["folder/secret", "folder/fresh", "folder/a/b", "real/up/x", "dangling/x"] {
        is_failed(fixture.put(key, "x").await, "is not followed");
        is_failed(fixture.put_new(key, "x").await, "is not followed");
        let at = fixture.bucket.place(key).unwrap();
        let writer = fixture.objects.writer(&at, &PutOptions::default()).await.unwrap();
        is_failed(writer.finish().await, "is not followed");
        assert_eq!(fixture.objects.delete(&at).await, Ok(()));
    }
    // The link itself is replaced or deleted.
    for key in ["file", "dangling"] {
        assert_eq!(fixture.put_new(key, "x").await, Err(ObjectError::AlreadyExists));
        fixture.put(key, "x").await.unwrap();
        assert_eq!(fixture.content(key).await.unwrap(), "x");
    }
    assert_eq!(fixture.objects.delete(&fixture.bucket.place("folder").unwrap()).await, Ok(()));
    assert!(fs::symlink_metadata(fixture.path("folder")).is_err());
    fixture.outside_is_untouched();
    assert_eq!(fixture.uploads(), 0);

    symlink(fixture.outside(), fixture.folder.path().join("root/linked")).unwrap();
    fs::write(fixture.folder.path().join("root/plain-file"), "").unwrap();
    for name in ["linked", "plain-file"] {
        let bucket = Bucket::parse(name, None).unwrap();
        let error = fixture.objects.list(&bucket, "", None).await.unwrap_err();
        assert!(matches!(&error, ObjectError::NoSuchBucket(message) if message.contains("not followed")), "{error:?}");
    }
    // The folder of uploads is reached as any other.
    fs::remove_dir(fixture.path(UPLOADS)).unwrap();
    symlink(fixture.outside(), fixture.path(UPLOADS)).unwrap();
    assert!(fixture.put("a", "x").await.is_err());
    fixture.outside_is_untouched();
}

/// Another program exchanges a folder for a link and back, as fast as it can, while objects are written, read, listed and deleted.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn links_that_are_swapped_in_lead_nowhere() {
    let fixture = Fixture::new();
    fs::create_dir(fixture.path("swapped")).unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let swapping = std::thread::spawn({
        let (swapped, outside, is_over) = (fixture.path("swapped"), fixture.outside(), Arc::clone(&is_over));
        let link = fixture.path("link");
        symlink(&outside, &link).unwrap();
        move || {
            let mut count = 0;
            while !is_over.load(Ordering::Relaxed) {
                rustix::fs::renameat_with(CWD, &swapped, CWD, &link, RenameFlags::EXCHANGE).unwrap();
                count += 1;
            }
            count
        }
    });
    let mut stored = 0;
    for round in 0..500 {
        let key = format!("swapped/{}", round % 3);
        stored += u32::from(fixture.put(&key, "x").await.is_ok());
        if let Ok(content) = fixture.content("swapped/secret").await {
            panic!("read {content:?}");
        }
        assert!(!fixture.keys().await.iter().any(|key| key.ends_with("secret")));
        let _ = fixture.objects.delete(&fixture.bucket.place("swapped/secret").unwrap()).await;
    }
    is_over.store(true, Ordering::Relaxed);
    let swaps = swapping.join();
    fixture.outside_is_untouched();
    assert!(stored > 0 && swaps.is_ok_and(|swaps: u32| swaps > 10));
}

#[tokio::test]
async fn special_files_are_no_objects() {
    let fixture = Fixture::new();
    rustix::fs::mknodat(CWD, fixture.path("pipe"), FileType::Fifo, 0o600.into(), 0).unwrap();
    let _listener = std::os::unix::net::UnixListener::bind(fixture.path("socket")).unwrap();
    fs::write(fixture.path("").join(OsStr::from_bytes(b"not-\xff-text")), "x").unwrap();
    fs::create_dir(fixture.path("empty")).unwrap();
    fixture.put("object", "x").await.unwrap();
    assert_eq!(fixture.keys().await, ["object"]);
    is_no_such_key(fixture.content("pipe").await);
    assert!(fixture.content("socket").await.is_err());
}

#[tokio::test]
async fn what_ended_processes_have_left_is_deleted_in_time() {
    let fixture = Fixture::new();
    fixture.put("a", "x").await.unwrap();
    let (old, recent) = (fixture.path(".stator-uploads/old"), fixture.path(".stator-uploads/recent"));
    for (path, hours) in [(&old, 25), (&recent, 23)] {
        let file = fs::File::create(path).unwrap();
        let time = file.metadata().unwrap().modified().unwrap() - Duration::from_secs(hours * 3600);
        file.set_modified(time).unwrap();
    }
    assert_eq!(fixture.keys().await, ["a"]);
    fixture.put("b", "x").await.unwrap();
    assert!(!old.exists() && recent.exists());
}

#[tokio::test]
async fn a_file_that_is_changed_in_place_ends_its_read() {
    let fixture = Fixture::new();
    let at = fixture.bucket.place("a").unwrap();
    for size in [0_u64, 4 << 20] {
        fs::write(fixture.path("a"), vec![1; 3 << 20]).unwrap();
        let mut reader = fixture.objects.reader(&at, 0).await.unwrap();
        assert_eq!(reader.next().await.unwrap().unwrap().len(), 1 << 20);
        fs::File::options().write(true).open(fixture.path("a")).unwrap().set_len(size).unwrap();
        is_failed(reader.next().await, "was changed in place");
    }
}

/// An upload whose file is a device that is always full.
#[test]
fn a_full_disk_is_an_error_that_leaves_nothing() {
    let fixture = Fixture::new();
    let full = Path::new("/dev/full");
    if !full.exists() {
        return;
    }
    let folder = Folder::new(fixture.folder.path().join("root"), 0);
    let mut upload = folder.begin(&fixture.bucket.place("a").unwrap()).unwrap();
    upload.replace_file(fs::File::options().write(true).open(full).unwrap());
    let error = upload.write(b"x").unwrap_err();
    assert!(matches!(&error, ObjectError::Failed(message) if message.contains("No space left")), "{error:?}");
    assert_eq!(fixture.uploads(), 1);
    drop(upload);
    assert_eq!(fixture.uploads(), 0);
    assert!(!fixture.path("a").exists());
}

#[tokio::test]
async fn a_reserve_stays_free() {
    let fixture = Fixture::new();
    let root = fixture.folder.path().join("root");
    let at = fixture.bucket.place("a").unwrap();
    let most = Objects::folder_leaving(root.clone(), u64::MAX);
    let refused = most.put(&at, Bytes::from_static(b"x"), &PutOptions::default()).await;
    is_failed(refused, "reserved for the database");
    assert_eq!(fixture.uploads(), 0);
    let little = Objects::folder_leaving(root, 1);
    assert!(little.put(&at, Bytes::from_static(b"x"), &PutOptions::default()).await.is_ok());
}

#[tokio::test]
async fn a_writer_is_of_no_use_after_an_error() {
    let fixture = Fixture::new();
    let folder = Arc::new(Folder::new(fixture.folder.path().join("root"), 0));
    let mut writer = folder.writer(&fixture.bucket.place("a").unwrap()).await.unwrap();
    if let Ok(full) = fs::File::options().write(true).open("/dev/full") {
        writer.upload.as_mut().unwrap().replace_file(full);
        is_failed(writer.write(Bytes::from_static(b"x")).await, "No space left");
        is_failed(writer.write(Bytes::from_static(b"x")).await, "given up");
        is_failed(writer.finish().await, "given up");
        assert_eq!(fixture.uploads(), 0);
    }
}

/// The program that is killed: it writes objects until then.
const KILLED: &str = "STATOR_OBJECTS_KILLED";

#[test]
fn killed_writer() {
    let Some(root) = std::env::var_os(KILLED) else { return };
    let objects = Objects::folder(root.into());
    let bucket = Bucket::parse("bucket", None).unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        for round in 1_u64.. {
            let body = Bytes::from(vec![round as u8; 300_000]);
            let at = bucket.place("replaced").unwrap();
            objects.put(&at, body.clone(), &PutOptions::default()).await.unwrap();
            let at = bucket.place(&format!("new/{round}")).unwrap();
            objects.put_new(&at, body, &PutOptions::default()).await.unwrap();
            use std::io::Write;
            writeln!(std::io::stderr(), "stored {round}").unwrap();
        }
    });
}

/// Whatever the moment: each object is whole, and those that were reported as stored are there.
#[tokio::test]
async fn a_kill_leaves_no_half_object() {
    let name = "folder::tests::killed_writer";
    for pause in 0..8 {
        let fixture = Fixture::new();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([name, "--exact", "--nocapture"]).env(KILLED, fixture.folder.path().join("root"));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let stored = |line: Option<std::io::Result<String>>| -> Option<u64> {
            line?.unwrap().strip_prefix("stored ")?.parse().ok()
        };
        let mut last = stored(lines.next()).unwrap();
        std::thread::sleep(Duration::from_micros(700 * pause));
        child.kill().unwrap();
        child.wait().unwrap();
        while let Some(round) = stored(lines.next()) {
            last = round;
        }
        let keys = fixture.keys().await;
        for round in 1..=last {
            assert!(keys.contains(&format!("new/{round}")), "{round} of {keys:?}");
        }
        for key in keys {
            let content = fixture.content(&key).await.unwrap();
            assert_eq!(content.len(), 300_000, "{key}");
            assert!(content.iter().all(|byte| *byte == content[0]), "{key}");
        }
        assert!(fixture.uploads() <= 1);
    }
}

#[tokio::test]
async fn times_tell_versions_apart() {
    let fixture = Fixture::new();
    fs::write(fixture.path("a"), "x").unwrap();
    let version = async || fixture.objects.list(&fixture.bucket, "", None).await.unwrap()[0].version.clone();
    let before = version().await;
    let file = fs::File::options().write(true).open(fixture.path("a")).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1)).unwrap();
    assert_ne!(version().await, before);
}
