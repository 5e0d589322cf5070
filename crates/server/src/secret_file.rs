//! Files that hold keys, passwords and certificates, as flags name them: what is read of them, and what is said about their
//! owners and permissions.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use base::{Exposure, RegularFile, Unreadable};
use parking_lot::Mutex;
use zeroize::Zeroizing;

use crate::log::{self, Value};
use crate::protect;

/// What a file with one key or password may hold. Unit: bytes.
pub(crate) const KEY_BYTES_MAX: u64 = 4096;
/// A private key or a chain of certificates in PEM, with text around them. Unit: bytes.
pub(crate) const PEM_BYTES_MAX: u64 = 1 << 20;
/// Access keys in the form of the AWS CLI's file. Unit: bytes.
pub(crate) const CREDENTIALS_BYTES_MAX: u64 = 16 << 20;

/// How a file's permissions are judged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Secrecy {
    /// Made by this program for its owner only: refused if it belongs to others, or they can read it. A folder above it that
    /// others can change is a warning: it may be an orchestrator's volume.
    Own,
    /// Put there by an operator or an orchestrator: a warning if it belongs to others, or they can read or exchange it.
    Foreign,
    /// No secret.
    Public,
}

/// Why a file is not used.
#[derive(Debug)]
pub(crate) enum Unusable {
    Unreadable(Unreadable),
    /// By its owner or its permissions.
    Exposed(Exposure),
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unusable::Unreadable(error) => error.fmt(f),
            Unusable::Exposed(exposure) => write!(f, "it {exposure}; {}", exposure.advice()),
        }
    }
}

impl From<io::Error> for Unusable {
    fn from(error: io::Error) -> Unusable {
        Unusable::Unreadable(Unreadable::Io(error))
    }
}

/// All of a file. `flag` is what names it, for a warning.
pub(crate) fn read(
    flag: &'static str,
    file: &Path,
    bytes_max: u64,
    secrecy: Secrecy,
) -> Result<Zeroizing<Vec<u8>>, Unusable> {
    let RegularFile { bytes, exposed } = RegularFile::read(file, bytes_max).map_err(|error| explained(file, error))?;
    judge(flag, file, exposed, secrecy)?;
    Ok(bytes)
}

/// The owner of a file that this user may not read.
fn explained(file: &Path, error: Unreadable) -> Unusable {
    let denied = match &error {
        Unreadable::Io(error) if error.kind() == io::ErrorKind::PermissionDenied => protect::denied(file),
        _ => None,
    };
    match denied {
        Some(denied) => {
            let text = format!("{denied}; run the program as that user, or let this one read the file");
            io::Error::new(io::ErrorKind::PermissionDenied, text).into()
        }
        None => Unusable::Unreadable(error),
    }
}

fn judge(flag: &'static str, file: &Path, exposed: Option<Exposure>, secrecy: Secrecy) -> Result<(), Unusable> {
    if secrecy == Secrecy::Public {
        return Ok(());
    }
    match (exposed, secrecy) {
        (Some(exposure), Secrecy::Own) => return Err(Unusable::Exposed(exposure)),
        (Some(exposure), _) => warn(flag, file, &exposure),
        (None, _) => Exposure::of_folders_above(file).iter().for_each(|exposure| warn(flag, file, exposure)),
    }
    Ok(())
}

/// Once for each file: certificates are read again while the server runs.
fn warn(flag: &'static str, file: &Path, exposure: &Exposure) {
    static WARNED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    if !WARNED.lock().insert(file.to_owned()) {
        return;
    }
    let message = format!("the file of {flag}, {}, {exposure}: {}", file.display(), exposure.advice());
    let path = file.display().to_string();
    log::warning("key_file_exposed", &message, &[("flag", Value::Text(flag)), ("file", Value::Text(&path))]);
}
