//! Looks for damage that fjall would take for something else, before fjall touches anything.
//!
//! fjall takes a folder without its `version` for a new one, a keyspace without its `current` for one that was never
//! finished, which it deletes, and a missing journal for none. It believes the files that list a keyspace's tables
//! without looking at their checksum, deletes tables that they do not list, and ends the program on some of their
//! bytes. So every file that must be there is looked for, and those lists are checked:
//!
//! | file of a keyspace | bytes | what |
//! |---|---|---|
//! | `current` | 8 | number of the version, little-endian |
//! | | 16 | XXH3-128 of the version's file, little-endian |
//! | | 1 | 0, kind of checksum |
//! | `v` and the number | | the version: its tables and their levels |
//!
//! Tables check themselves, block by block, when they are read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_128;

use super::error::OpenError;
use crate::key::Family;

/// fjall's own keyspace, one for each family, and the engine's.
const KEYSPACES: usize = 1 + Family::ALL.len() + 1;
const CURRENT_SIZE: usize = 8 + 16 + 1;

pub(super) fn check(store: &Path) -> Result<(), OpenError> {
    read(&store.join("version"))?;
    for keyspace in 0..KEYSPACES {
        check_keyspace(&store.join("keyspaces").join(keyspace.to_string()))?;
    }
    Ok(())
}

fn check_keyspace(folder: &Path) -> Result<(), OpenError> {
    let path = folder.join("current");
    let current = read(&path)?;
    let Some((version, checksum)) = decode_current(&current) else { return Err(OpenError::FileDamaged(path)) };
    let path = folder.join(format!("v{version}"));
    if xxh3_128(&read(&path)?) == checksum { Ok(()) } else { Err(OpenError::FileDamaged(path)) }
}

/// The version's number and checksum.
fn decode_current(bytes: &[u8]) -> Option<(u64, u128)> {
    let (version, rest) = bytes.split_first_chunk()?;
    let (checksum, rest) = rest.split_first_chunk()?;
    (bytes.len() == CURRENT_SIZE && rest == [0]).then(|| (u64::from_le_bytes(*version), u128::from_le_bytes(*checksum)))
}

fn read(path: &Path) -> Result<Vec<u8>, OpenError> {
    fs::read(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => OpenError::FileMissing(PathBuf::from(path)),
        _ => OpenError::io(format!("read {}", path.display()), error),
    })
}
