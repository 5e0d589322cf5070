//! Where a backup's rows come from: a running server, the folder of a stopped one, or a database.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use client::Failure;
use keyspace::DatabaseRow;
use storage::{Embedded, EmbeddedOptions, Engine, Keys};
use storage_postgres::{Options, Postgres};

use super::manifest::Origin;
use super::parts::{self, Parts, Snapshot};
use super::socket;
use crate::engine::{self, OpenError};
use crate::protect;
use crate::value_parsers::Secret;

/// How long the database waits for a command that writes slowly, and one of its statements for an answer.
const PATIENCE: Duration = Duration::from_secs(300);
/// As the manifest names it.
const ENGINE: &str = "postgres";

#[derive(Args, Debug)]
pub(crate) struct DataArguments {
    /// Data folder
    #[arg(long, env = "STATOR_DATA", value_name = "DIR", default_value = "./stator-data")]
    pub(super) data: PathBuf,

    /// The database with the tables, instead of a folder
    #[arg(long, env = "STATOR_STORAGE", value_name = "URL", hide_env_values = true, conflicts_with = "data")]
    storage: Option<Secret>,

    /// File that holds the database's password; without it the URL or PGPASSWORD may hold it
    #[arg(long, env = "STATOR_STORAGE_PASSWORD_FILE", value_name = "FILE", requires = "storage")]
    storage_password_file: Option<PathBuf>,
}

impl DataArguments {
    pub(super) fn folder(&self) -> PathBuf {
        std::path::absolute(&self.data).unwrap_or_else(|_| self.data.clone())
    }

    /// The way to the database, if one is named.
    pub(super) fn database(&self) -> Result<Option<Options>, Failure> {
        let Some(url) = &self.storage else { return Ok(None) };
        let options = engine::database(&url.0, self.storage_password_file.as_deref());
        options.map(Some).map_err(|error| Failure::new(error.to_string()))
    }

    pub(super) async fn parts(&self) -> Result<Parts, Failure> {
        match self.database()? {
            Some(options) => of_database(options).await,
            None => of_folder(&self.folder()).await,
        }
    }
}

async fn of_folder(folder: &Path) -> Result<Parts, Failure> {
    let open = |error| Failure::new(OpenError::folder(folder, error).to_string());
    if matches!(Embedded::keys(folder).map_err(open)?, Keys::NoDatabase) {
        return Err(Failure::new(format!(
            "there are no data in the folder {}; name the one that has them with --data",
            folder.display()
        )));
    }
    match socket::ask(folder).await {
        Ok(parts) => Ok(parts),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            of_stopped(folder).await
        }
        Err(error) => {
            let cause = protect::denied(folder).unwrap_or_else(|| error.to_string());
            Err(Failure::new(format!("cannot ask the server of {}: {cause}", folder.display())))
        }
    }
}

/// An engine that is opened writes its own files: the folder's user could not open those of another one, and no server would start.
pub(super) fn refuse_other_user(folder: &Path, own: u32) -> Result<(), Failure> {
    use std::os::unix::fs::MetadataExt;
    let found = std::fs::metadata(folder).map_err(|error| Failure::new(format!("{}: {error}", folder.display())))?;
    let owner = found.uid();
    if owner == own {
        return Ok(());
    }
    Err(Failure::new(format!(
        "no server has the folder {} open, and it belongs to another user (uid {owner}): run the command as that user. Nothing was changed",
        folder.display()
    )))
}

/// Opens the folder as it is: rows are copied below encryption, so that no key is needed.
async fn of_stopped(folder: &Path) -> Result<Parts, Failure> {
    refuse_other_user(folder, rustix::process::geteuid().as_raw())?;
    let keys = match Embedded::keys(folder) {
        Ok(Keys::Encrypted(text)) => Some(text.into()),
        _ => None,
    };
    let options = EmbeddedOptions { keys, ..EmbeddedOptions::default() };
    let opened = Embedded::open(folder, options).map_err(|error| OpenError::folder(folder, error));
    let engine = opened.map_err(|error| match error.is_locked() {
        true => Failure::new(format!(
            "a program has the folder {} open and has no operator's socket: it is another command, a server that is starting, or \
             one of a version without full backups",
            folder.display()
        )),
        false => Failure::new(error.to_string()),
    })?;
    let (snapshot, origin) = socket::of_folder(folder, &engine).await.map_err(Failure::new)?;
    let (sender, parts) = parts::channel();
    tokio::spawn(async move {
        parts::send(snapshot, origin, sender).await;
        close(&engine).await;
    });
    Ok(parts)
}

/// Nothing was written that a failure could lose.
async fn close(engine: &Arc<Embedded>) {
    let _ = engine.close().await;
}

/// The database is read by this command: its password is the permission, and its nodes are not needed.
async fn of_database(mut options: Options) -> Result<Parts, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::new(format!("the database cannot be read: {error}"));
    options.patience.idle_in_transaction = PATIENCE;
    options.patience.flight = PATIENCE;
    let database = Postgres::visit(options).await.map_err(|error| Failure::new(error.to_string()))?;
    database.verify().await.map_err(|error| failed(&error))?;
    let mut origin = Origin::now(ENGINE, None);
    let snapshot = database.backup_snapshot().map_err(|error| failed(&error))?;
    // The first read begins the snapshot.
    let keyring = snapshot.view().get_many(&[DatabaseRow::Keys.key(&[])]).await.map_err(|error| failed(&error))?;
    if let Some(keyring) = keyring.into_iter().flatten().next() {
        origin.keyring = Some(String::from_utf8(keyring.to_vec()).map_err(|_| failed(&"its keyring is no text"))?);
    }
    let (sender, parts) = parts::channel();
    tokio::spawn(async move {
        parts::send(Snapshot::Database(Box::new(snapshot)), origin, sender).await;
        let _ = database.close().await;
    });
    Ok(parts)
}
