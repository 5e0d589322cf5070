//! `stator storage rekey`: another master key for data that are encrypted. Only what it wraps is written anew.

use std::fmt;
use std::io;
use std::path::PathBuf;

use clap::Args;
use seal::{Keyring, MasterKey};
use storage::{Embedded, Engine, Keys};
use storage_postgres::Postgres;

use crate::encryption::{self, MasterKeyArguments, NewMasterKeyArguments};
use crate::engine;
use crate::log;
use crate::protect;
use crate::value_parsers::Secret;

const EXAMPLE: &str = "\
Example, with the server stopped:
  (umask 077; head -c 32 /dev/urandom > new-key)
  stator storage rekey --data /var/lib/stator --master-key-file key --new-master-key-file new-key

Servers on a shared database go on with the keys that they have; from then on they start with the new one only.";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub(crate) struct RekeyArguments {
    /// Data folder; no server may have it open
    #[arg(long, env = "STATOR_DATA", value_name = "DIR", default_value = "./stator-data")]
    pub(crate) data: PathBuf,

    /// The database with the tables, instead of a folder
    #[arg(long, env = "STATOR_STORAGE", value_name = "URL", hide_env_values = true, conflicts_with = "data")]
    pub(crate) storage: Option<Secret>,

    /// File that holds the database's password; without it the URL or PGPASSWORD may hold it
    #[arg(long, env = "STATOR_STORAGE_PASSWORD_FILE", value_name = "FILE", requires = "storage")]
    pub(crate) storage_password_file: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) master_key: MasterKeyArguments,

    #[command(flatten)]
    pub(crate) new_master_key: NewMasterKeyArguments,
}

pub(crate) enum Failure {
    Runtime(io::Error),
    Storage(engine::OpenError),
    NoKey(&'static str),
    /// The new key is the old one.
    SameKey,
    /// There is no database in the folder.
    NoData(PathBuf),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Runtime(error) => write!(f, "cannot start: {error}"),
            Failure::Storage(error) => error.fmt(f),
            Failure::NoKey(flag) => write!(f, "name the key, with {flag}"),
            Failure::SameKey => f.write_str("the new master key is the old one; nothing was changed"),
            Failure::NoData(folder) => {
                write!(
                    f,
                    "there are no data in the folder {}; name the one that has them with --data",
                    folder.display()
                )
            }
        }
    }
}

pub(crate) fn run(arguments: &RekeyArguments) -> Result<(), Failure> {
    protect::process();
    let failure = |error| Failure::Storage(engine::OpenError::MasterKey(error));
    let old = encryption::old_master_key(&arguments.master_key).map_err(failure)?;
    let old = old.ok_or(Failure::NoKey("--master-key-file or --kms-endpoint"))?;
    let new = encryption::new_master_key(&arguments.new_master_key).map_err(failure)?;
    let new = new.ok_or(Failure::NoKey("--new-master-key-file or --new-kms-endpoint"))?;
    if old.is_same_given(&new) {
        return Err(Failure::SameKey);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
    runtime.block_on(rekey(arguments, &old, &new))?;
    log::info("rekeyed", "master key changed: the old key no longer opens this data", &[]);
    Ok(())
}

async fn rekey(arguments: &RekeyArguments, old: &MasterKey, new: &MasterKey) -> Result<(), Failure> {
    match &arguments.storage {
        Some(url) => in_database(arguments, &url.0, old, new).await.map_err(Failure::Storage),
        None => in_folder(arguments, old, new).await,
    }
}

async fn in_folder(arguments: &RekeyArguments, old: &MasterKey, new: &MasterKey) -> Result<(), Failure> {
    let data = &arguments.data;
    let folder = |error| Failure::Storage(engine::OpenError::folder(data, error));
    let keys = |error| Failure::Storage(engine::OpenError::FolderKeys { data: data.clone(), error });
    let text = match Embedded::keys(data).map_err(folder)? {
        Keys::Encrypted(text) => text,
        Keys::NoDatabase => return Err(Failure::NoData(data.clone())),
        Keys::NotEncrypted => return Err(folder(storage::OpenError::NotEncrypted)),
    };
    let keyring = Keyring::unlock(&text, old).await.map_err(keys)?.rewrap(new).await.map_err(keys)?;
    Embedded::replace_keys(data, &text, keyring.text().as_bytes()).map_err(folder)
}

async fn in_database(
    arguments: &RekeyArguments,
    url: &str,
    old: &MasterKey,
    new: &MasterKey,
) -> Result<(), engine::OpenError> {
    let options = engine::database(url, arguments.storage_password_file.as_deref())?;
    let server = options.server();
    let database = Postgres::visit(options).await.map_err(engine::OpenError::Database)?;
    let done = seal::kept::rewrap(&*database, old, new).await;
    done.map_err(|error| engine::OpenError::DatabaseKeys { server, error })?;
    database.close().await.map_err(engine::OpenError::Nodes)
}
