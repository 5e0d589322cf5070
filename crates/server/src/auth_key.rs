//! The file of the key that secrets of access keys are sealed with: where `stator init` makes it, and `stator serve` reads it.

use std::io;
use std::path::{Path, PathBuf};

use ::identity::{AuthKey, KeyError, OpenError};
use base::Unreadable;

use crate::secret_file::{self, KEY_BYTES_MAX, Secrecy, Unusable};

/// Its name in the folder of the data.
const FILE: &str = "auth.key";

/// Where an auth key is, or will be.
pub(crate) struct KeyFile {
    path: PathBuf,
    /// By a flag. The file may be an orchestrator's; the one in the folder of the data is for its owner only.
    is_named: bool,
}

impl KeyFile {
    /// Where it is said to be, or in the folder of the data.
    pub(crate) fn of(named: Option<&Path>, data: Option<&Path>) -> Result<KeyFile, String> {
        let path = named.map(Path::to_owned).or_else(|| data.map(|data| data.join(FILE)));
        let path = path.ok_or_else(|| "name the file of the auth key with --auth-key-file".to_owned())?;
        Ok(KeyFile { path, is_named: named.is_some() })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn read(&self) -> Result<AuthKey, KeyError> {
        let secrecy = if self.is_named { Secrecy::Foreign } else { Secrecy::Own };
        let bytes = secret_file::read("--auth-key-file", &self.path, KEY_BYTES_MAX, secrecy);
        let bytes = bytes.map_err(|error| match error {
            Unusable::Unreadable(Unreadable::Io(error)) if error.kind() == io::ErrorKind::NotFound => KeyError::Missing,
            Unusable::Unreadable(Unreadable::Io(error)) => KeyError::Io(error),
            other => KeyError::Io(io::Error::other(other.to_string())),
        })?;
        AuthKey::parse(&bytes)
    }

    /// The error as the operator reads it.
    pub(crate) fn unusable(&self, error: &KeyError) -> String {
        match error {
            KeyError::Missing => format!(
                "there is no auth key in {}: 'stator init' makes one, with the first account, in the folder of --data or where \
                 --auth-key-file says",
                self.path.display()
            ),
            error => format!("the auth key in {} cannot be used: {error}", self.path.display()),
        }
    }

    /// There is no such file, and the data has what was sealed with one.
    pub(crate) fn lost(&self) -> String {
        format!(
            "there is no auth key in {}, and the data has identities that are sealed with one: bring that file back, or \
             name it with --auth-key-file",
            self.path.display()
        )
    }

    /// Why identities cannot be opened with its key.
    pub(crate) fn refused(&self, error: &OpenError) -> String {
        match error {
            OpenError::WrongKey => format!(
                "the auth key in {} is not the one that the stored access keys are sealed with: bring that one back, or \
                 name its file with --auth-key-file",
                self.path.display()
            ),
            error => error.to_string(),
        }
    }
}
