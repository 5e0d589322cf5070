//! Keyrings in the engine itself.

use std::sync::Arc;

use bytes::Bytes;
use seal::{KeptError, KeyringError, Layout, MasterKey, Sealed, Secret, kept};
use storage::{Consistency, Engine, Family, Key, Memory};

use crate::fixture::put;

async fn put_settings(engine: &dyn Engine) {
    let key = Key::new(Family::Catalog, [&[0; 8][..], b"D"].concat());
    put(engine, &key, b"settings").await;
}

#[tokio::test]
async fn all_servers_find_one_keyring() {
    let disk = Memory::new();
    let master = Arc::new(MasterKey::given(&Secret::random()));
    assert!(kept::open(&*disk, None).await.expect("plain").is_none());
    let open = || async { kept::open(&*disk, Some(&master)).await.expect("a keyring").expect("a keyring") };
    let (one, other) = tokio::join!(open(), open());
    assert_eq!(one.text(), other.text());
    put_settings(&*Sealed::over(disk.clone(), &one, None, Layout::STATOR)).await;
    let key = Key::new(Family::Catalog, [&[0; 8][..], b"D"].concat());
    let third = Sealed::over(disk.clone(), &open().await, None, Layout::STATOR);
    assert_eq!(third.get(&key, Consistency::Strong).await, Ok(Some(Bytes::from("settings"))));

    assert_eq!(kept::open(&*disk, None).await.err(), Some(KeptError::Encrypted));
    let wrong = MasterKey::given(&Secret::random());
    let refused = kept::open(&*disk, Some(&wrong)).await.err();
    assert!(matches!(refused, Some(KeptError::Keyring(KeyringError::OtherMaster { .. }))));

    kept::rewrap(&*disk, &master, &wrong).await.expect("rewrapped");
    assert!(kept::open(&*disk, Some(&master)).await.is_err());
    let rewrapped = kept::open(&*disk, Some(&wrong)).await.expect("a keyring").expect("a keyring");
    assert_eq!(
        Sealed::over(disk.clone(), &rewrapped, None, Layout::STATOR).get(&key, Consistency::Strong).await,
        Ok(Some(Bytes::from("settings")))
    );
    assert!(kept::rewrap(&*disk, &master, &wrong).await.is_err());
}

#[tokio::test]
async fn rows_that_are_plain_stay_so() {
    let disk = Memory::new();
    put_settings(&*disk).await;
    let master = MasterKey::given(&Secret::random());
    assert_eq!(kept::open(&*disk, Some(&master)).await.err(), Some(KeptError::NotEncrypted));
    assert_eq!(kept::rewrap(&*disk, &master, &master).await.err(), Some(KeptError::NotEncrypted));
    assert!(kept::open(&*disk, None).await.expect("plain").is_none());
}
