//! The master key: from where it was named, to the engine that seals with what it opens.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base::Weakness;
use bytes::Bytes;
use clap::Args;
use ops::{TableKey, TableKeys};
use seal::{Keyring, KeyringError, Kms, Layout, MasterKey, Sealed, Secret};
use storage::{BoxFuture, Engine, Keys, StorageError};
use zeroize::Zeroizing;

use crate::log::{self, Gate};
use crate::outbound;
use crate::secret_file::{self, KEY_BYTES_MAX, Secrecy};
use crate::value_parsers::{days, http_url, seconds};

/// Holds the master key itself.
pub(crate) const VARIABLE: &str = "STATOR_MASTER_KEY";
pub(crate) const NEW_VARIABLE: &str = "STATOR_NEW_MASTER_KEY";

#[derive(Args, Clone, Debug)]
pub(crate) struct MasterKeyArguments {
    /// Encrypt stored data with the master key in this file: 32 random bytes, also as 64 hexadecimal digits or base64.
    /// Without the flag STATOR_MASTER_KEY may hold the key itself
    #[arg(long, env = "STATOR_MASTER_KEY_FILE", value_name = "FILE")]
    pub(crate) master_key_file: Option<PathBuf>,

    /// KMS of the master key and of tables' keys, such as https://kms.eu-west-3.amazonaws.com. AWS_ACCESS_KEY_ID,
    /// AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN sign the requests
    #[arg(long, env = "STATOR_KMS_ENDPOINT", value_name = "URL", value_parser = http_url)]
    pub(crate) kms_endpoint: Option<String>,

    /// Encrypt stored data with this key of the KMS as the master key: its id, its ARN or an alias
    #[arg(long, env = "STATOR_KMS_KEY_ID", value_name = "KEY")]
    pub(crate) kms_key_id: Option<String>,
}

/// What a server that runs does about keys.
#[derive(Args, Clone, Debug)]
pub(crate) struct KeyCareArguments {
    /// Seconds between two checks with the KMS that tables' keys may be used
    #[arg(long, env = "STATOR_KMS_CHECK_SECONDS", value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub(crate) kms_check_seconds: Duration,

    /// Rotate data keys, and re-encrypt older data, after this many days; 0 for never
    #[arg(long, env = "STATOR_DATA_KEY_DAYS", value_name = "DAYS", default_value = "90", value_parser = days)]
    pub(crate) data_key_days: Duration,
}

#[derive(Args, Clone, Debug, Default)]
pub(crate) struct NewMasterKeyArguments {
    /// File that holds the master key to come; without the flag STATOR_NEW_MASTER_KEY may hold the key itself
    #[arg(long, env = "STATOR_NEW_MASTER_KEY_FILE", value_name = "FILE")]
    pub(crate) new_master_key_file: Option<PathBuf>,

    /// The KMS of the master key to come
    #[arg(long, env = "STATOR_NEW_KMS_ENDPOINT", value_name = "URL", value_parser = http_url, requires = "new_kms_key_id")]
    pub(crate) new_kms_endpoint: Option<String>,

    /// The key of that KMS: its id, its ARN or an alias
    #[arg(long, env = "STATOR_NEW_KMS_KEY_ID", value_name = "KEY", requires = "new_kms_endpoint")]
    pub(crate) new_kms_key_id: Option<String>,
}

/// Why there is no master key.
#[derive(Debug)]
pub(crate) enum Failure {
    File {
        file: PathBuf,
        error: String,
    },
    Variable {
        name: &'static str,
        error: String,
    },
    Memory,
    /// A variable that is set to nothing.
    Empty {
        variable: &'static str,
    },
    Twice {
        flag: &'static str,
        variable: &'static str,
    },
    KmsBeside,
    Weak {
        place: String,
        weakness: Weakness,
    },
    /// A KMS alone, and no master key.
    KmsAlone,
    /// A key, and no KMS that has it.
    KmsMissing,
}

const NO_KEY: &str = "it holds no key; one is 32 random bytes, 64 hexadecimal digits or the base64 of 32 bytes";

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::File { file, error } => write!(f, "the master key in {} cannot be used: {error}", file.display()),
            Failure::Variable { name, error } => write!(f, "the master key in {name} cannot be used: {error}"),
            Failure::Memory => f.write_str("a master key is named, and --memory keeps nothing that it could encrypt"),
            Failure::Empty { variable } => write!(f, "{variable} is set and empty; give it the key, or unset it"),
            Failure::Twice { flag, variable } => write!(f, "{flag} and {variable} both name a key; leave one out"),
            Failure::KmsAlone => f.write_str(
                "--kms-endpoint names a KMS, and no master key is named; add --kms-key-id or --master-key-file",
            ),
            Failure::Weak { place, weakness } => write!(
                f,
                "the master key in {place} is easy to guess: {weakness}. Make a random one with (umask 077; head -c 32 /dev/urandom > key); 'stator \
                 storage rekey' puts data that the weak one encrypts under another key"
            ),
            Failure::KmsMissing => f.write_str("--kms-key-id names a key, and no KMS is named; add --kms-endpoint"),
            Failure::KmsBeside => f.write_str("a KMS and a key both are named as the master key; leave one out"),
        }
    }
}

/// The master key, if one was named.
pub(crate) fn master_key(arguments: &MasterKeyArguments) -> Result<Option<MasterKey>, Failure> {
    let given = named(arguments.master_key_file.as_deref(), "--master-key-file", VARIABLE)?;
    let given = given.map(Given::strong).transpose()?;
    or_kms(given, arguments.kms_endpoint.as_deref(), arguments.kms_key_id.as_deref())
}

/// The master key to be replaced, if one was named. It may be weak: data under it can then leave it.
pub(crate) fn old_master_key(arguments: &MasterKeyArguments) -> Result<Option<MasterKey>, Failure> {
    let given = named(arguments.master_key_file.as_deref(), "--master-key-file", VARIABLE)?;
    let given = given.map(|given| MasterKey::given(&given.secret));
    or_kms(given, arguments.kms_endpoint.as_deref(), arguments.kms_key_id.as_deref())
}

/// The one that is to take the other's place, if one was named.
pub(crate) fn new_master_key(arguments: &NewMasterKeyArguments) -> Result<Option<MasterKey>, Failure> {
    let given = named(arguments.new_master_key_file.as_deref(), "--new-master-key-file", NEW_VARIABLE)?;
    let given = given.map(Given::strong).transpose()?;
    or_kms(given, arguments.new_kms_endpoint.as_deref(), arguments.new_kms_key_id.as_deref())
}

fn or_kms(given: Option<MasterKey>, endpoint: Option<&str>, key: Option<&str>) -> Result<Option<MasterKey>, Failure> {
    match (given, endpoint, key) {
        (Some(_), Some(_), Some(_)) => Err(Failure::KmsBeside),
        (None, Some(endpoint), Some(key_id)) => Ok(Some(MasterKey::Kms(kms(endpoint, key_id)))),
        (None, Some(_), None) => Err(Failure::KmsAlone),
        (_, None, Some(_)) => Err(Failure::KmsMissing),
        (given, ..) => Ok(given),
    }
}

fn kms(endpoint: &str, key_id: &str) -> Kms {
    Kms::new(endpoint.to_owned(), key_id.to_owned(), outbound::ca_bundle())
}

/// A key's bytes, and where they are.
struct Given {
    secret: Secret,
    place: String,
}

impl Given {
    fn strong(self) -> Result<MasterKey, Failure> {
        match self.secret.weakness() {
            None => Ok(MasterKey::given(&self.secret)),
            Some(weakness) => Err(Failure::Weak { place: self.place, weakness }),
        }
    }
}

fn named(file: Option<&Path>, flag: &'static str, variable: &'static str) -> Result<Option<Given>, Failure> {
    let value = std::env::var_os(variable);
    // A key that was lost on its way here must not mean data in the clear.
    if value.as_ref().is_some_and(|value| value.is_empty()) {
        return Err(Failure::Empty { variable });
    }
    match (file, value) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(Failure::Twice { flag, variable }),
        (Some(file), None) => Ok(Some(Given { secret: in_file(flag, file)?, place: file.display().to_string() })),
        (None, Some(value)) => {
            let secret = Secret::parse(&Zeroizing::new(value.into_encoded_bytes()));
            let secret = secret.ok_or_else(|| Failure::Variable { name: variable, error: NO_KEY.to_owned() })?;
            Ok(Some(Given { secret, place: variable.to_owned() }))
        }
    }
}

fn in_file(flag: &'static str, file: &Path) -> Result<Secret, Failure> {
    let failure = |error: String| Failure::File { file: file.to_owned(), error };
    let bytes = secret_file::read(flag, file, KEY_BYTES_MAX, Secrecy::Foreign);
    let bytes = bytes.map_err(|error| failure(error.to_string()))?;
    Secret::parse(&bytes).ok_or_else(|| failure(NO_KEY.to_owned()))
}

/// There is nothing to encrypt.
pub(crate) fn refuse_in_memory(arguments: &MasterKeyArguments) -> Result<(), Failure> {
    if master_key(arguments)?.is_some() { Err(Failure::Memory) } else { Ok(()) }
}

/// The keyring of a folder, if a master key was named. What does not fit is left to the engine to refuse.
pub(crate) async fn of_folder(folder: &Path, master: Option<&MasterKey>) -> Result<Option<Keyring>, FolderFailure> {
    let Some(master) = master else { return Ok(None) };
    match storage::Embedded::keys(folder).map_err(FolderFailure::Folder)? {
        Keys::NotEncrypted => Err(FolderFailure::Folder(storage::OpenError::NotEncrypted)),
        Keys::NoDatabase => Ok(Some(Keyring::make(master).await?)),
        Keys::Encrypted(text) => Ok(Some(Keyring::unlock(&text, master).await?)),
    }
}

#[derive(Debug)]
pub(crate) enum FolderFailure {
    Folder(storage::OpenError),
    Keyring(KeyringError),
}

impl From<KeyringError> for FolderFailure {
    fn from(error: KeyringError) -> FolderFailure {
        FolderFailure::Keyring(error)
    }
}

/// The engine, sealed if there are keys.
pub(crate) fn around(
    engine: Arc<dyn Engine>,
    keyring: Option<&Keyring>,
    arguments: &MasterKeyArguments,
) -> (Arc<dyn Engine>, Option<Arc<Sealed>>) {
    let Some(keyring) = keyring else { return (engine, None) };
    let kms = arguments.kms_endpoint.as_deref().map(|endpoint| kms(endpoint, ""));
    let sealed = Sealed::over(engine, keyring, kms, Layout::STATOR);
    (sealed.clone(), Some(sealed))
}

/// Logs that stored data is encrypted, rotates data keys, and lets tables have keys of their own, if there is a KMS that
/// could have them.
pub(crate) fn serve_keys(
    sealed: Option<Arc<Sealed>>,
    service: &Arc<ops::Service>,
    arguments: &MasterKeyArguments,
    care: &KeyCareArguments,
) {
    let Some(sealed) = sealed else { return };
    log::info("data_encrypted", "encryption at rest: on", &[]);
    // Not a strong one: the service has the engine, which has this.
    let owners = Arc::downgrade(service);
    sealed.name_owners(move |table_id| owners.upgrade()?.account_of_table(table_id));
    sealed.watch_table_keys(service.jobs(), care.kms_check_seconds);
    if !care.data_key_days.is_zero() {
        sealed.rotate_data_keys(service.jobs(), care.data_key_days);
    }
    if arguments.kms_endpoint.is_some() {
        service.use_table_keys(Arc::new(KeysOfTables { sealed, refusals: Gate::new(REFUSALS, REFUSALS_WINDOW) }));
    }
}

/// How many refusals of keys that requests name the log takes in a window.
const REFUSALS: u64 = 10;
const REFUSALS_WINDOW: Duration = Duration::from_secs(1);

struct KeysOfTables {
    sealed: Arc<Sealed>,
    refusals: Gate,
}

impl KeysOfTables {
    /// Any key may be named in a request, and refused.
    fn log_refusal(&self, error: &KeyringError) {
        let Some(held_back) = self.refusals.pass() else { return };
        let held_back = (held_back > 0).then_some(("held_back", log::Value::Number(held_back)));
        log::warning("table_key_refused", &format!("a table's key cannot be wrapped: {error}"), held_back.as_slice());
    }
}

impl TableKeys for KeysOfTables {
    fn wrap<'a>(
        &'a self,
        account: &'a str,
        row: Option<Bytes>,
        key_id: Option<&'a str>,
    ) -> BoxFuture<'a, Result<TableKey, String>> {
        Box::pin(async move {
            let wrapped = self.sealed.wrap_table_key(account, row.as_deref(), key_id).await;
            wrapped.map(|(row, key_arn)| TableKey { row, key_arn }).map_err(|error| {
                self.log_refusal(&error);
                error.for_client()
            })
        })
    }

    fn learn(&self, table_id: u64) -> BoxFuture<'_, Result<(), StorageError>> {
        Box::pin(self.sealed.learn_table_key(table_id))
    }

    fn forget(&self, table_id: u64) {
        self.sealed.forget_table_key(table_id);
    }

    fn inaccessible_since_ms(&self, table_id: u64) -> Option<u64> {
        self.sealed.inaccessible_since_ms(table_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Data that an older version encrypted with it can be put under another one.
    #[test]
    fn a_weak_master_key_is_taken_only_to_be_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        std::fs::write(&file, [7; 32]).unwrap();
        let named = MasterKeyArguments { master_key_file: Some(file.clone()), kms_endpoint: None, kms_key_id: None };
        assert!(matches!(master_key(&named), Err(Failure::Weak { .. })));
        assert!(matches!(old_master_key(&named), Ok(Some(MasterKey::Given(_)))));
        let new = NewMasterKeyArguments { new_master_key_file: Some(file), ..NewMasterKeyArguments::default() };
        assert!(matches!(new_master_key(&new), Err(Failure::Weak { .. })));
    }
}
