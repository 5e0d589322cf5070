//! The engine keyring: a keyring that is stored in the engine, which several servers share, in a row of the catalog that is not
//! encrypted.
//!
//! | row | key | value |
//! |---|---|---|
//! | the keyring | 0 (8) · 'Y' | its text |

use std::fmt;

use bytes::Bytes;
use storage::{Batch, Consistency, Engine, KeyUse, Mode, Reads, StorageError, TxError};

use crate::keyring::{Keyring, KeyringError};
use crate::layout;
use crate::master::MasterKey;

/// Why the keys of an engine's rows are not to be had.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KeptError {
    Keyring(KeyringError),
    Storage(StorageError),
    /// No master key was named.
    Encrypted,
    /// One was named, and the rows are plain.
    NotEncrypted,
    /// Another process has replaced them.
    Changed,
}

impl fmt::Display for KeptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeptError::Keyring(error) => error.fmt(f),
            KeptError::Storage(error) => error.fmt(f),
            KeptError::Encrypted => f.write_str(
                "its tables are encrypted, and no master key was named; nothing was changed. Name its master key",
            ),
            KeptError::NotEncrypted => f.write_str(
                "a master key was named, and its tables are not encrypted; nothing was changed. Leave the key out, or name \
                 another database: one is encrypted from its beginning or not at all",
            ),
            KeptError::Changed => f.write_str("its keys were changed just now; try again"),
        }
    }
}

impl From<KeyringError> for KeptError {
    fn from(error: KeyringError) -> KeptError {
        KeptError::Keyring(error)
    }
}

impl From<StorageError> for KeptError {
    fn from(error: StorageError) -> KeptError {
        KeptError::Storage(error)
    }
}

/// Opens the keyring of an engine's rows; makes one if there are no rows yet. Without a master key there must be none.
///
/// # Errors
/// If the rows are not encrypted, or with another master key.
pub async fn open(engine: &dyn Engine, master: Option<&MasterKey>) -> Result<Option<Keyring>, KeptError> {
    let kept = engine.get(&layout::keyring(), Consistency::Strong).await?;
    match (kept, master) {
        (None, None) => Ok(None),
        (Some(_), None) => Err(KeptError::Encrypted),
        (Some(kept), Some(master)) => Ok(Some(Keyring::unlock(&kept, master).await?)),
        (None, Some(master)) => make(engine, master).await.map(Some),
    }
}

/// Of several servers that make one at once, all but one find its keyring.
async fn make(engine: &dyn Engine, master: &MasterKey) -> Result<Keyring, KeptError> {
    let made = Keyring::make(master).await?;
    let keys = [KeyUse::write(layout::keyring()), KeyUse::read(layout::database_settings())];
    let put = |reads: &Reads, batch: &mut Batch| match &reads.values[..] {
        [Some(found), _] => Err(Some(found.clone())),
        // Rows without a keyring are plain ones.
        [None, Some(_)] => Err(None),
        _ => {
            batch.put(layout::keyring(), made.text().to_owned());
            Ok(())
        }
    };
    match write(engine, &keys, put).await? {
        Ok(()) => Ok(made),
        Err(Some(found)) => Ok(Keyring::unlock(&found, master).await?),
        Err(None) => Err(KeptError::NotEncrypted),
    }
}

/// Puts the keyring of `old` under another master key. Servers that run go on with the keys that they have.
///
/// # Errors
/// If the rows are not encrypted, or with another master key.
pub async fn rewrap(engine: &dyn Engine, old: &MasterKey, new: &MasterKey) -> Result<(), KeptError> {
    let kept = engine.get(&layout::keyring(), Consistency::Strong).await?.ok_or(KeptError::NotEncrypted)?;
    let rewrapped = Bytes::from(Keyring::unlock(&kept, old).await?.rewrap(new).await?.text().to_owned());
    let put = |reads: &Reads, batch: &mut Batch| {
        // An earlier run, with an outcome in doubt, may have written it.
        if !reads.values[0].as_ref().is_some_and(|value| *value == kept || *value == rewrapped) {
            return Err(KeptError::Changed);
        }
        batch.put(layout::keyring(), rewrapped.clone());
        Ok(())
    };
    write(engine, &[KeyUse::write(layout::keyring())], put).await?
}

async fn write<R: Send>(
    engine: &dyn Engine,
    keys: &[KeyUse],
    mut change: impl FnMut(&Reads, &mut Batch) -> Result<(), R> + Send,
) -> Result<Result<(), R>, StorageError> {
    loop {
        match engine.write(Mode::Plain, keys, &mut change).await {
            Ok(done) => return Ok(done),
            // Another server is at it, or the connection was lost: the next run finds out.
            Err(TxError::Conflict { .. } | TxError::Unknown) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
