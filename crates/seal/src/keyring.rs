//! The keyring: the database key, wrapped by the master key. A small text, stored beside the data, which is useless without the
//! master key; without the keyring the data cannot be decrypted.
//!
//! | line | what |
//! |---|---|
//! | `stator keys` | |
//! | `format 1` | |
//! | `database ` and 32 hexadecimal digits | a random name, by which a keyring belongs to one database only |
//! | `master ` and its name | which master key it needs: `given ` and the fingerprint of one whose bytes come from outside, `kms ` and the ARN of a KMS's |
//! | `key ` and hexadecimal digits | the database key, wrapped |
//!
//! What everything else follows from the database key: the key by which data keys are wrapped, and the one that gives the code
//! of keys its order. A new master key wraps the same database key, and nothing else changes.

use std::fmt;

use crate::master::{KMS, MasterError, MasterKey, described};
use crate::secret::{Secret, hex, unhex};

const TITLE: &str = "stator keys";
const FORMAT: u32 = 1;

/// A keyring that is open.
pub struct Keyring {
    database: String,
    key: Secret,
    text: String,
}

/// The contents of a keyring.
struct Written<'a> {
    database: &'a str,
    master: &'a str,
    wrapped: Vec<u8>,
}

/// Why a keyring stays closed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KeyringError {
    Damaged,
    Newer(u32),
    /// It needs another master key.
    OtherMaster {
        needed: String,
        given: String,
    },
    Master(MasterError),
}

impl fmt::Display for KeyringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyringError::Damaged => f.write_str(
                "its keys are damaged: bring them back from a backup, for without them nothing of the data can be read",
            ),
            KeyringError::Newer(found) => {
                write!(f, "its keys have format {found}, and this program knows {FORMAT}: run a newer one")
            }
            KeyringError::OtherMaster { needed, given } => write!(
                f,
                "it is encrypted with another master key: it needs {}, and {} was named; nothing was changed",
                described(needed),
                described(given)
            ),
            KeyringError::Master(error) => error.fmt(f),
        }
    }
}

impl KeyringError {
    /// What a client may know of it; see [`crate::KmsError::for_client`].
    pub fn for_client(&self) -> String {
        match self {
            KeyringError::Master(MasterError::Kms(error)) => error.for_client(),
            KeyringError::OtherMaster { .. } => "the table's key is wrapped by another key".to_owned(),
            _ => "the table's key cannot be used".to_owned(),
        }
    }
}

impl Keyring {
    /// For a new database.
    ///
    /// # Errors
    /// If the master key cannot be asked.
    pub async fn make(master: &MasterKey) -> Result<Keyring, KeyringError> {
        Keyring::wrapped(hex(&base::random::secret16()), Secret::random(), master).await
    }

    /// The same keys under another master key.
    ///
    /// # Errors
    /// If the master key cannot be asked.
    pub async fn rewrap(&self, master: &MasterKey) -> Result<Keyring, KeyringError> {
        Keyring::wrapped(self.database.clone(), self.key.clone(), master).await
    }

    async fn wrapped(database: String, key: Secret, master: &MasterKey) -> Result<Keyring, KeyringError> {
        let (name, wrapped) = master.wrap(&key, &database).await.map_err(KeyringError::Master)?;
        let wrapped = hex(&wrapped);
        let text = format!("{TITLE}\nformat {FORMAT}\ndatabase {database}\nmaster {name}\nkey {wrapped}\n");
        Ok(Keyring { database, key, text })
    }

    /// # Errors
    /// If it is damaged, or needs another master key.
    pub async fn unlock(text: &[u8], master: &MasterKey) -> Result<Keyring, KeyringError> {
        let text = std::str::from_utf8(text).map_err(|_| KeyringError::Damaged)?;
        let written = parse(text)?;
        let key = master.unwrap(written.master, &written.wrapped, written.database).await;
        let key = key.map_err(|error| match error {
            MasterError::Other { given } => KeyringError::OtherMaster { needed: written.master.to_owned(), given },
            MasterError::Damaged => KeyringError::Damaged,
            error @ (MasterError::Kms(_) | MasterError::Cipher) => KeyringError::Master(error),
        })?;
        Ok(Keyring { database: written.database.to_owned(), key, text: text.to_owned() })
    }

    /// The ARN of the KMS's key that a keyring needs, if it needs one.
    pub(crate) fn kms_key_of(text: &[u8]) -> Result<Option<String>, KeyringError> {
        let text = std::str::from_utf8(text).map_err(|_| KeyringError::Damaged)?;
        Ok(parse(text)?.master.strip_prefix(KMS).map(str::to_owned))
    }

    /// The text that is stored beside the data.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A key for one purpose.
    pub(crate) fn key(&self, purpose: &str) -> Secret {
        self.key.derive(purpose)
    }
}

fn parse(text: &str) -> Result<Written<'_>, KeyringError> {
    let mut lines = text.lines();
    let mut line = |name: &str| lines.next().and_then(|line| line.strip_prefix(name)).ok_or(KeyringError::Damaged);
    line(TITLE)?;
    match line("format ")?.parse() {
        Ok(FORMAT) => {}
        Ok(format) if format > FORMAT => return Err(KeyringError::Newer(format)),
        _ => return Err(KeyringError::Damaged),
    }
    let (database, master) = (line("database ")?, line("master ")?);
    let wrapped = unhex(line("key ")?.as_bytes()).ok_or(KeyringError::Damaged)?;
    Ok(Written { database, master, wrapped })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn keyrings_open_with_their_master_key_alone() {
        let (secret, other) = (Secret::random(), Secret::random());
        let (master, other) = (MasterKey::given(&secret), MasterKey::given(&other));
        let made = Keyring::make(&master).await.expect("a keyring");
        let unlocked = Keyring::unlock(made.text().as_bytes(), &master).await.expect("unlocked");
        assert_eq!(unlocked.key("a").bytes(), made.key("a").bytes());
        assert!(matches!(Keyring::unlock(made.text().as_bytes(), &other).await, Err(KeyringError::OtherMaster { .. })));

        let rewrapped = unlocked.rewrap(&other).await.expect("rewrapped");
        assert_ne!(rewrapped.text(), made.text());
        let again = Keyring::unlock(rewrapped.text().as_bytes(), &other).await.expect("unlocked");
        assert_eq!(again.key("a").bytes(), made.key("a").bytes());
        assert!(Keyring::unlock(rewrapped.text().as_bytes(), &master).await.is_err());
    }

    #[tokio::test]
    async fn damaged_keyrings_stay_closed() {
        let master = MasterKey::given(&Secret::random());
        let text = Keyring::make(&master).await.expect("a keyring").text().to_owned();
        for end in 0..text.len() - 1 {
            assert!(Keyring::unlock(&text.as_bytes()[..end], &master).await.is_err(), "cut at {end}");
        }
        for at in 0..text.len() - 1 {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            assert!(Keyring::unlock(&bytes, &master).await.is_err(), "bit at {at}");
        }
        let newer = text.replace("format 1", "format 2");
        assert_eq!(Keyring::unlock(newer.as_bytes(), &master).await.err(), Some(KeyringError::Newer(2)));
    }
}
