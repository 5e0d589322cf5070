//! Folders that may be opened, and folders that are left alone.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use super::*;

/// Every file below a folder, and its bytes.
pub(super) fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.clone(), fs::read(path).unwrap());
            }
        }
    }
    files
}

/// Opens a folder that must be refused, and must stay as it is.
fn refused(folder: &Path) -> String {
    let before = contents(folder);
    let error = open(folder).err().expect("the folder is refused");
    assert!(before == contents(folder), "the folder was touched: {error}");
    error.to_string()
}

#[tokio::test]
async fn one_server_at_a_time() {
    let (folder, engine) = fresh();
    let error = open(folder.path()).err().unwrap();
    assert!(matches!(error, OpenError::Locked));
    assert!(error.to_string().contains("another server"));
    engine.close().await.unwrap();
    let second = open(folder.path()).unwrap();
    drop(second);
    open(folder.path()).unwrap();
}

#[test]
fn a_database_is_made_where_there_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("a/b");
    fs::create_dir_all(deep.join("database.new/fjall")).unwrap();
    fs::write(deep.join("database.new/format"), "half a fi").unwrap();
    fs::write(deep.join(".hidden"), "").unwrap();
    fs::create_dir(deep.join("lost+found")).unwrap();
    fs::create_dir_all(deep.join("s3/bucket")).unwrap();
    drop(open(&deep).unwrap());
    assert!(deep.join("database/format").exists());
    assert!(!deep.join("database.new").exists());
    let format = fs::read_to_string(deep.join("database/format")).unwrap();
    assert!(format.starts_with("stator database\nformat 1\nmark "), "{format}");
}

#[test]
fn other_folders_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("thesis.txt"), "irreplaceable").unwrap();
    assert!(refused(folder.path()).contains("thesis.txt"));
}

#[test]
fn formats_that_are_not_known_are_left_alone() {
    for (format, text) in [
        (
            "stator database\nformat 3\nsomething new\n",
            "newer version of this program (format 3, this version knows 2)",
        ),
        ("stator database\nformat 1\n", "cannot be understood"),
        ("stator database\nformat one\nmark 0123456789abcdef\n", "cannot be understood"),
        ("something else\nformat 1\nmark 0123456789abcdef\n", "cannot be understood"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("database")).unwrap();
        fs::write(folder.path().join("database/format"), format).unwrap();
        let refusal = refused(folder.path());
        assert!(refusal.contains(text), "{refusal}");
    }
}

#[test]
fn a_database_without_its_format_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("database")).unwrap();
    fs::write(folder.path().join("database/other"), "").unwrap();
    assert!(refused(folder.path()).contains("format"));
}

fn open_with(folder: &Path, keys: &'static str) -> Result<Arc<Embedded>, OpenError> {
    let options = EmbeddedOptions { cache_bytes: 8 << 20, keys: Some(keys.into()), ..EmbeddedOptions::default() };
    Embedded::open(folder, options)
}

/// As [`refused`], with keys named.
fn refused_with(folder: &Path, keys: &'static str) -> String {
    let before = contents(folder);
    let error = open_with(folder, keys).err().expect("the folder is refused");
    assert!(before == contents(folder), "the folder was touched: {error}");
    error.to_string()
}

#[test]
fn keys_are_stored_with_the_database_and_replaced_whole() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Embedded::keys(folder.path()).unwrap(), Keys::NoDatabase);
    drop(open_with(folder.path(), "first").unwrap());
    assert_eq!(Embedded::keys(folder.path()).unwrap(), Keys::Encrypted(b"first".to_vec()));
    assert!(fs::read_to_string(folder.path().join("database/format")).unwrap().contains("\nformat 2\n"));
    assert!(refused(folder.path()).contains("it is encrypted"));
    assert!(refused_with(folder.path(), "other").contains("keys were changed"));

    let engine = open_with(folder.path(), "first").unwrap();
    assert!(matches!(Embedded::replace_keys(folder.path(), b"first", b"second"), Err(OpenError::Locked)));
    drop(engine);
    assert!(matches!(Embedded::replace_keys(folder.path(), b"other", b"second"), Err(OpenError::KeysChanged)));
    // A replacement that was broken off before.
    fs::write(folder.path().join("database/keys.new"), "half of the se").unwrap();
    Embedded::replace_keys(folder.path(), b"first", b"second").unwrap();
    drop(open_with(folder.path(), "second").unwrap());

    fs::remove_file(folder.path().join("database/keys")).unwrap();
    for refusal in [refused_with(folder.path(), "second"), Embedded::keys(folder.path()).unwrap_err().to_string()] {
        assert!(refusal.contains("keys is missing"), "{refusal}");
    }
}

#[test]
fn a_database_without_keys_stays_so() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()).unwrap());
    assert_eq!(Embedded::keys(folder.path()).unwrap(), Keys::NotEncrypted);
    assert!(refused_with(folder.path(), "keys").contains("is not encrypted"));
    assert!(matches!(Embedded::replace_keys(folder.path(), b"", b"keys"), Err(OpenError::NotEncrypted)));
}
