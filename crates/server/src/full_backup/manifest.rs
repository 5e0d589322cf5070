//! The manifest of a backup: two lines of JSON. The first one lists the files; the second one has the SHA-256 of the first.
//!
//! It is written last: a backup without it does not exist.

use std::collections::BTreeMap;

use base::Clock;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::block::{BackupId, Damage, FORMAT, Totals};

pub(super) const NAME: &str = "manifest.jsonl";
/// A file has 100 bytes here: enough for the files of 100 TB. Unit: bytes.
pub(super) const SIZE_MAX: usize = 256 * 1024 * 1024;

/// What is said of a snapshot before its rows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Origin {
    /// The version of Stator that has read the rows.
    pub(super) version: String,
    /// `folder` or `postgres`.
    pub(super) engine: String,
    /// Milliseconds since 1970. The rows are those that were durable then, by the clock of the process that has read them.
    pub(super) moment_ms: u64,
    /// Of an encrypted database: its keyring, wrapped by the master key, which is not here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) keyring: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) format: u32,
    pub(super) id: String,
    /// For people.
    pub(super) moment: String,
    #[serde(flatten)]
    pub(super) origin: Origin,
    /// By the families' names.
    pub(super) families: BTreeMap<String, Totals>,
    pub(super) files: Vec<File>,
    pub(super) not_included: Vec<String>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) family: String,
    pub(super) bytes: u64,
    pub(super) blocks: u64,
    pub(super) rows: u64,
    /// SHA-256 of the whole file, in hexadecimal.
    pub(super) sha256: String,
}

#[derive(Serialize, Deserialize)]
struct Seal {
    sha256: String,
}

#[derive(Deserialize)]
struct Versioned {
    format: u32,
    version: String,
}

impl Origin {
    /// Before the snapshot is taken.
    pub(super) fn now(engine: &str, keyring: Option<String>) -> Origin {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Origin { version, engine: engine.to_owned(), moment_ms: Clock::system().now_ms(), keyring }
    }
}

impl Manifest {
    pub(super) fn encode(&self) -> Result<Vec<u8>, Damage> {
        let text = |error: serde_json::Error| error.to_string();
        let mut bytes = serde_json::to_vec(self).map_err(text)?;
        let seal = Seal { sha256: sha256(&bytes) };
        bytes.push(b'\n');
        bytes.extend(serde_json::to_vec(&seal).map_err(text)?);
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// # Errors
    /// If it is not as it was written, or of a newer program.
    pub(super) fn decode(bytes: &[u8]) -> Result<Manifest, Damage> {
        let cut = || "it is cut off, or no manifest".to_owned();
        let body = bytes.strip_suffix(b"\n").ok_or_else(cut)?;
        let split = body.iter().position(|byte| *byte == b'\n').ok_or_else(cut)?;
        let (body, seal) = (&body[..split], &body[split + 1..]);
        let seal: Seal = serde_json::from_slice(seal).map_err(|_| cut())?;
        if seal.sha256 != sha256(body) {
            return Err("its checksum is wrong".to_owned());
        }
        let unreadable = |error: serde_json::Error| format!("it cannot be read: {error}");
        let Versioned { format, version } = serde_json::from_slice(body).map_err(unreadable)?;
        if format > FORMAT {
            let version = base::visible(&version);
            return Err(format!(
                "Stator {version} wrote it in format {format}, and this program reads formats up to {FORMAT}"
            ));
        }
        serde_json::from_slice(body).map_err(unreadable)
    }

    /// # Errors
    /// If it is none.
    pub(super) fn id(&self) -> Result<BackupId, Damage> {
        base::unhex_lower(self.id.as_bytes()).ok_or_else(|| "its id cannot be read".to_owned())
    }
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    base::hex(&Sha256::digest(bytes))
}
