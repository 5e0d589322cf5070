//! The format from end to end: rows of an engine to files and back, and files that are not as they were written.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use keyspace::DatabaseRow;
use storage::{
    Batch, Consistency, Embedded, EmbeddedOptions, Engine, Family, Key, KeyUse, Memory, Mode, Pages, Reads, Row,
    ScanRange,
};

use super::manifest::{Manifest, Origin};
use super::parts::Snapshot;
use super::place::BackupPlace;
use super::{create, manifest, parts, restore, source, verify};
use crate::remote::Progress;

async fn put(engine: &dyn Engine, rows: &[(Key, Bytes)]) {
    let keys: Vec<KeyUse> = rows.iter().map(|(key, _)| KeyUse::write(key.clone())).collect();
    let write = |_: &Reads, batch: &mut Batch| {
        rows.iter().for_each(|(key, value)| batch.put(key.clone(), value.clone()));
        Ok::<(), ()>(())
    };
    engine.write(Mode::Plain, &keys, write).await.unwrap().unwrap();
}

async fn rows(engine: &dyn Engine, family: Family) -> Vec<Row> {
    let view = engine.view(Consistency::Strong).await.unwrap();
    Pages::of_snapshot(&*view, ScanRange::whole(family, 1000, 1 << 20)).rows().await.unwrap()
}

/// A few rows of each family, with values from a seed, and rows that are a node's.
async fn engine(seed: u8) -> Arc<Memory> {
    let engine = Memory::with_limit(0);
    let mut written = vec![
        (DatabaseRow::Settings.key(&[]), Bytes::from(vec![seed; 20])),
        (DatabaseRow::Node.key(&[1; 16]), Bytes::from_static(b"heartbeat")),
    ];
    for family in [Family::Items, Family::Index, Family::Log] {
        for at in 0..40_u8 {
            let key = [&[0, 0, 0, 0, 0, 0, 0, 7][..], &[at; 24]].concat();
            written.push((Key::new(family, key), Bytes::from(vec![seed ^ at; usize::from(at) * 3])));
        }
    }
    put(&*engine, &written).await;
    engine
}

fn origin() -> Origin {
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Origin { version, engine: "folder".to_owned(), moment_ms: 1_440_938_160_123, keyring: None }
}

async fn snapshot(engine: &dyn Engine) -> Snapshot {
    Snapshot::Folder(engine.view(Consistency::Strong).await.unwrap())
}

async fn back_up(engine: Arc<Memory>, folder: &Path) -> Manifest {
    fs::create_dir(folder).unwrap();
    let place = BackupPlace::in_folder(folder).unwrap();
    let (sender, parts) = parts::channel();
    let (manifest, ()) = tokio::join!(async { create::write(&place, parts, &mut Progress::start()).await }, async {
        parts::send(snapshot(&*engine).await, origin(), sender).await
    });
    manifest.unwrap()
}

/// The names that are reported, or why nothing can be read.
async fn reported(folder: &Path) -> Result<Vec<String>, String> {
    let place = BackupPlace::in_folder(folder).unwrap();
    let damages = verify::damages(&place, &mut Progress::start()).await;
    damages.map(|(_, damages)| damages.into_iter().map(|(name, _)| name).collect()).map_err(|error| error.to_string())
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.is_file()).collect();
    files.sort();
    files
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_whole_backup_is_whole_and_restores_every_row() {
    let folder = tempfile::tempdir().unwrap();
    let (backup, data) = (folder.path().join("backup"), folder.path().join("data"));
    let source = engine(1).await;
    let manifest = back_up(source.clone(), &backup).await;
    assert_eq!(manifest.moment, "2015-08-30T12:36:00.123Z");
    assert_eq!(reported(&backup).await, Ok(vec![]));
    let place = BackupPlace::in_folder(&backup).unwrap();
    restore::into_folder(&place, &data, &mut Progress::start()).await.unwrap();
    let restored = Embedded::open(&data, EmbeddedOptions::default()).unwrap();
    let node = DatabaseRow::Node.key(&[1; 16]).bytes;
    for family in Family::ALL {
        let mut expected = rows(&*source, family).await;
        expected.retain(|row| row.key != node);
        assert_eq!(rows(&*restored, family).await, expected, "{family:?}");
    }
    restored.close().await.unwrap();
    assert_eq!(files(&data).iter().map(|path| name(path)).collect::<Vec<_>>(), ["lock"]);
}

#[tokio::test]
async fn a_flipped_bit_in_any_byte_of_any_file_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("backup");
    back_up(engine(1).await, &backup).await;
    assert_eq!(files(&backup).len(), 5);
    for path in files(&backup) {
        let whole = fs::read(&path).unwrap();
        // Each byte of a head, and some of the others.
        for at in (0..whole.len().min(60)).chain((60..whole.len()).step_by(97)).chain([whole.len() - 1]) {
            let mut damaged = whole.clone();
            damaged[at] ^= 4;
            fs::write(&path, damaged).unwrap();
            match reported(&backup).await {
                Ok(names) => assert_eq!(names, [name(&path)], "byte {at}"),
                Err(error) => assert!(error.contains(manifest::NAME) && name(&path) == manifest::NAME, "{error}"),
            }
        }
        fs::write(&path, whole).unwrap();
    }
    assert_eq!(reported(&backup).await, Ok(vec![]));
}

#[tokio::test]
async fn a_cut_a_missing_and_a_strange_file_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("backup");
    back_up(engine(1).await, &backup).await;
    let items = backup.join("items-000001.rows");
    let whole = fs::read(&items).unwrap();
    for size in [0, 39, 40, whole.len() - 1] {
        fs::write(&items, &whole[..size]).unwrap();
        assert_eq!(reported(&backup).await, Ok(vec![name(&items)]), "{size} bytes");
    }
    fs::write(&items, [&whole[..], b"x"].concat()).unwrap();
    assert_eq!(reported(&backup).await, Ok(vec![name(&items)]));
    fs::remove_file(&items).unwrap();
    assert_eq!(reported(&backup).await, Ok(vec![name(&items)]));
    fs::write(&items, &whole).unwrap();
    fs::write(backup.join("items-000002.rows"), &whole).unwrap();
    assert_eq!(reported(&backup).await, Ok(vec!["items-000002.rows".to_owned()]));
}

#[tokio::test]
async fn files_of_another_backup_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    // The same rows: only the backup's id differs.
    back_up(engine(1).await, &one).await;
    back_up(engine(1).await, &other).await;
    fs::copy(other.join("log-000001.rows"), one.join("log-000001.rows")).unwrap();
    assert_eq!(reported(&one).await, Ok(vec!["log-000001.rows".to_owned()]));
    fs::copy(other.join(manifest::NAME), one.join(manifest::NAME)).unwrap();
    let names = ["catalog-000001.rows", "items-000001.rows", "index-000001.rows"].map(str::to_owned);
    assert_eq!(reported(&one).await, Ok(names.to_vec()));
}

#[tokio::test]
async fn without_a_manifest_there_is_no_backup() {
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("backup");
    back_up(engine(1).await, &backup).await;
    let manifest = fs::read(backup.join(manifest::NAME)).unwrap();
    fs::remove_file(backup.join(manifest::NAME)).unwrap();
    assert!(reported(&backup).await.is_err_and(|error| error.contains("there is no backup in")));
    for size in [0, 1, manifest.len() / 2, manifest.len() - 1] {
        fs::write(backup.join(manifest::NAME), &manifest[..size]).unwrap();
        assert!(reported(&backup).await.is_err_and(|error| error.contains("it is cut off")), "{size}");
    }
}

#[tokio::test]
async fn a_backup_of_a_newer_program_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("backup");
    let mut manifest = back_up(engine(1).await, &backup).await;
    manifest.format = 2;
    manifest.origin.version = "9.9.9".to_owned();
    fs::write(backup.join(manifest::NAME), manifest.encode().unwrap()).unwrap();
    let error = reported(&backup).await.unwrap_err();
    assert!(error.contains("Stator 9.9.9 wrote it in format 2"), "{error}");
}

#[tokio::test]
async fn a_snapshot_that_ends_early_makes_no_backup() {
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("backup");
    fs::create_dir(&backup).unwrap();
    let place = BackupPlace::in_folder(&backup).unwrap();
    let (sender, parts) = parts::channel();
    let (made, ()) = tokio::join!(async { create::write(&place, parts, &mut Progress::start()).await }, async {
        let (all, mut received) = parts::channel();
        let forward = async {
            while let Some(part) = received.recv().await {
                if !matches!(part, Ok(parts::Part::End(_))) {
                    sender.send(part).await.unwrap();
                }
            }
            drop(sender);
        };
        tokio::join!(parts::send(snapshot(&*engine(1).await).await, origin(), all), forward);
    });
    assert!(made.unwrap_err().to_string().contains("they have no end"));
    assert_eq!(files(&backup), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_restore_makes_the_whole_folder_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (backup, data) = (folder.path().join("backup"), folder.path().join("data"));
    back_up(engine(1).await, &backup).await;
    let place = BackupPlace::in_folder(&backup).unwrap();
    let refused = async |expected: &str| {
        let restored = restore::into_folder(&place, &data, &mut Progress::start()).await;
        let error = restored.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    let log = backup.join("log-000001.rows");
    let whole = fs::read(&log).unwrap();
    fs::write(&log, [&whole[..whole.len() - 1], b"x"].concat()).unwrap();
    refused("log-000001.rows").await;
    assert_eq!(fs::read_dir(&data).unwrap().count(), 0);
    fs::write(&log, whole).unwrap();

    // What a restore leaves that was killed: no server opens it, and the next restore replaces it.
    fs::create_dir_all(data.join("restoring/new/database")).unwrap();
    let opened = Embedded::open(&data, EmbeddedOptions::default());
    let error = opened.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(error.contains("a restore that was not finished"), "{error}");
    restore::into_folder(&place, &data, &mut Progress::start()).await.unwrap();
    Embedded::open(&data, EmbeddedOptions::default()).unwrap().close().await.unwrap();
    refused("is not empty").await;
}

/// What another user writes there the folder's own could not open.
#[test]
fn a_folder_without_a_server_is_opened_by_its_own_user() {
    use std::os::unix::fs::MetadataExt;
    let folder = tempfile::tempdir().unwrap();
    let own = fs::metadata(folder.path()).unwrap().uid();
    assert!(source::refuse_other_user(folder.path(), own).is_ok());
    let refused = source::refuse_other_user(folder.path(), own + 1).unwrap_err().to_string();
    assert!(refused.contains(&format!("uid {own}")), "{refused}");
}

#[tokio::test]
async fn a_restore_follows_no_link() {
    let folder = tempfile::tempdir().unwrap();
    let (backup, data, elsewhere) =
        (folder.path().join("full"), folder.path().join("data"), folder.path().join("other"));
    fs::create_dir_all(&data).unwrap();
    fs::create_dir_all(elsewhere.join("new")).unwrap();
    std::os::unix::fs::symlink(&elsewhere, data.join("restoring")).unwrap();
    back_up(engine(1).await, &backup).await;
    let place = BackupPlace::in_folder(&backup).unwrap();
    let refused = restore::into_folder(&place, &data, &mut Progress::start()).await.unwrap_err().to_string();
    assert!(refused.contains("it holds restoring"), "{refused}");
    assert!(elsewhere.join("new").exists() && !elsewhere.join("lock").exists());
}
