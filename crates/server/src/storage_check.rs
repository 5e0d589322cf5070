//! `stator storage check URL`: what a database is like, before anything relies on it.

use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::engine;
use crate::nodes;
use crate::value_parsers::Secret;

#[derive(Args, Debug)]
pub(crate) struct StorageCheckArguments {
    /// The database, such as postgres://stator@db.example/stator
    #[arg(env = "STATOR_STORAGE", value_name = "URL", hide_env_values = true)]
    pub(crate) url: Secret,

    /// File that holds the database's password; without it PGPASSWORD may hold it
    #[arg(long, env = "STATOR_STORAGE_PASSWORD_FILE", value_name = "FILE")]
    pub(crate) storage_password_file: Option<PathBuf>,
}

pub(crate) enum Failure {
    Runtime(io::Error),
    Storage(engine::OpenError),
    /// It is a folder's name.
    Folder(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Runtime(error) => write!(f, "cannot start: {error}"),
            Failure::Storage(error) => error.fmt(f),
            Failure::Folder(folder) => write!(
                f,
                "{folder} is a folder, and this command checks databases, such as postgres://stator@db.example/stator. A folder \
                 is checked when a server starts on it"
            ),
        }
    }
}

/// Prints a report; tells whether Stator can run on what was found.
pub(crate) fn run(arguments: &StorageCheckArguments) -> Result<bool, Failure> {
    if Path::new(&arguments.url.0).is_dir() {
        return Err(Failure::Folder(arguments.url.0.to_string()));
    }
    let options = engine::database(&arguments.url.0, arguments.storage_password_file.as_deref());
    let options = options.map_err(Failure::Storage)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
    let report = runtime.block_on(async {
        // Of a database that cannot be used the report says why.
        let nodes = nodes::list(options.clone()).await.map_or(0, |nodes| nodes.len());
        storage_postgres::check(&options, nodes).await
    });
    let report = report.map_err(|error| Failure::Storage(engine::OpenError::Database(error)))?;
    // Whoever closes the pipe has read enough.
    let _ = write!(io::stdout(), "{report}");
    Ok(report.is_usable())
}
