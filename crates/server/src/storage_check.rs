//! `stator storage check URL`: what a database is like, before anything relies on it; with `--rows` also whether each row is as it
//! was written, of a database or of a folder that no server has open.

use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use ops::RowReport;
use seal::KeptError;
use storage::{Embedded, EmbeddedOptions, Engine, Keys, StorageError};
use storage_postgres::{Options, Postgres};

use crate::encryption::{self, MasterKeyArguments};
use crate::engine;
use crate::nodes;
use crate::value_parsers::Secret;

#[derive(Args, Debug)]
pub(crate) struct StorageCheckArguments {
    /// The database, such as postgres://stator@db.example/stator; with --rows also the folder of a stopped server
    #[arg(env = "STATOR_STORAGE", value_name = "URL", hide_env_values = true)]
    pub(crate) url: Secret,

    /// File that holds the database's password; without it PGPASSWORD may hold it
    #[arg(long, env = "STATOR_STORAGE_PASSWORD_FILE", value_name = "FILE")]
    pub(crate) storage_password_file: Option<PathBuf>,

    /// Also read every row and report the damaged ones, each with its table, its key and what is wrong
    #[arg(long)]
    pub(crate) rows: bool,

    #[command(flatten)]
    pub(crate) master_key: MasterKeyArguments,
}

pub(crate) enum Failure {
    Runtime(io::Error),
    Storage(engine::OpenError),
    /// It is a folder's name.
    Folder(String),
    /// It is a folder without a database.
    NoDatabase(String),
    Rows(StorageError),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Runtime(error) => write!(f, "cannot start: {error}"),
            Failure::Storage(error) => error.fmt(f),
            Failure::Folder(folder) => write!(
                f,
                "{folder} is a folder, and this command checks databases, such as postgres://stator@db.example/stator. A folder \
                 is checked when a server starts on it, and its rows with --rows"
            ),
            Failure::NoDatabase(folder) => write!(f, "{folder} holds no database of Stator"),
            Failure::Rows(error) => write!(f, "the rows cannot be read: {error}"),
        }
    }
}

/// Prints a report; returns whether Stator can run on what was found.
pub(crate) fn run(arguments: &StorageCheckArguments) -> Result<bool, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
    let path = Path::new(&arguments.url.0);
    if path.is_dir() {
        return if arguments.rows {
            runtime.block_on(rows_of_folder(path, &arguments.master_key))
        } else {
            Err(Failure::Folder(arguments.url.0.to_string()))
        };
    }
    let options = engine::database(&arguments.url.0, arguments.storage_password_file.as_deref());
    let options = options.map_err(Failure::Storage)?;
    let report = runtime.block_on(async {
        // Of a database that cannot be used the report says why.
        let nodes = nodes::list(options.clone()).await.map_or(0, |nodes| nodes.len());
        storage_postgres::check(&options, nodes).await
    });
    let report = report.map_err(|error| Failure::Storage(engine::OpenError::Database(error)))?;
    // A reader that closes the pipe has read enough.
    let _ = write!(io::stdout(), "{report}");
    let has_good_rows = match arguments.rows && report.is_usable() {
        true => runtime.block_on(rows_of_database(options, &arguments.master_key))?,
        false => true,
    };
    Ok(report.is_usable() && has_good_rows)
}

async fn rows_of_database(options: Options, master_key: &MasterKeyArguments) -> Result<bool, Failure> {
    let server = options.server();
    let database = Postgres::visit(options).await;
    let database = database.map_err(|error| Failure::Storage(engine::OpenError::Database(error)))?;
    let failed = |error| Failure::Storage(engine::OpenError::DatabaseKeys { server: server.clone(), error });
    // Without a master key first: with one, opening would make a keyring where there is none.
    let keyring = match seal::kept::open(&*database, None).await {
        Err(KeptError::Encrypted) => {
            let master = encryption::master_key(master_key);
            let master = master.map_err(|error| Failure::Storage(engine::OpenError::MasterKey(error)))?;
            seal::kept::open(&*database, master.as_ref()).await.map_err(failed)?
        }
        opened => opened.map_err(failed)?,
    };
    check_rows(encryption::around(database, keyring.as_ref(), master_key).0).await
}

async fn rows_of_folder(folder: &Path, master_key: &MasterKeyArguments) -> Result<bool, Failure> {
    let failed = |error| Failure::Storage(engine::OpenError::folder(folder, error));
    // Opening would make a database.
    let keys = Embedded::keys(folder).map_err(failed)?;
    let keyring = match keys {
        Keys::NoDatabase => return Err(Failure::NoDatabase(folder.display().to_string())),
        Keys::NotEncrypted => None,
        Keys::Encrypted(_) => {
            let master = encryption::master_key(master_key);
            let master = master.map_err(|error| Failure::Storage(engine::OpenError::MasterKey(error)))?;
            let keyring = encryption::of_folder(folder, master.as_ref()).await;
            keyring.map_err(|error| match error {
                encryption::FolderFailure::Folder(error) => failed(error),
                encryption::FolderFailure::Keyring(error) => {
                    Failure::Storage(engine::OpenError::FolderKeys { data: folder.to_owned(), error })
                }
            })?
        }
    };
    let keys = keyring.as_ref().map(|keyring| keyring.text().to_owned().into());
    let embedded = Embedded::open(folder, EmbeddedOptions { keys, ..EmbeddedOptions::default() }).map_err(failed)?;
    check_rows(encryption::around(embedded, keyring.as_ref(), master_key).0).await
}

/// Prints what is wrong with rows; true if nothing is.
async fn check_rows(engine: Arc<dyn Engine>) -> Result<bool, Failure> {
    let report = ops::check_rows(&*engine).await.map_err(Failure::Rows)?;
    engine.close().await.map_err(Failure::Rows)?;
    let _ = write!(io::stdout(), "{}", text(&report));
    Ok(report.damaged == 0)
}

fn text(report: &RowReport) -> String {
    let mut text = String::new();
    for line in &report.lines {
        text.push_str(&format!("BAD   {line}\n"));
    }
    for family in &report.cut_short {
        text.push_str(&format!("BAD   {family} rows behind the last one above were not read\n"));
    }
    let mark = if report.damaged == 0 { "ok  " } else { "BAD " };
    text.push_str(&format!("{mark}  rows: {} read, {} damaged\n", report.rows, report.damaged));
    text
}
