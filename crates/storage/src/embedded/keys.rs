//! The file `keys` of an encrypted database: what the layer that encrypts needs to find its keys again, beside a secret
//! that is elsewhere. Bytes to this crate, which guarantees that they are complete: created with the database, replaced
//! by a rename once their successors are on the disk.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use super::birth;
use super::error::OpenError;

const KEYS: &str = "keys";
const NEW: &str = "keys.new";

/// What a folder says of encryption.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Keys {
    /// There is no database yet.
    NoDatabase,
    NotEncrypted,
    /// What the layer above has stored.
    Encrypted(Vec<u8>),
}

pub(super) fn read(database: &Path) -> Result<Vec<u8>, OpenError> {
    let file = database.join(KEYS);
    match fs::read(&file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(OpenError::KeysMissing(file)),
        read => read.map_err(|error| OpenError::io(format!("read {}", file.display()), error)),
    }
}

/// Into a database that is being made, and will be synced as a whole.
pub(super) fn write(database: &Path, keys: &[u8]) -> io::Result<()> {
    fs::write(database.join(KEYS), keys)
}

pub(super) fn replace(database: &Path, keys: &[u8]) -> Result<(), OpenError> {
    let new = database.join(NEW);
    let replaced = || -> io::Result<()> {
        let mut file = File::create(&new)?;
        file.write_all(keys)?;
        // Synced before the rename, and the folder after it: a power failure leaves the old keys or the new ones, whole.
        file.sync_all()?;
        fs::rename(&new, database.join(KEYS))?;
        birth::sync_one(database)
    };
    replaced().map_err(|error| OpenError::io("replace the keys", error))
}
