//! Which engine was asked for, and where it keeps what.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use storage::{Embedded, EmbeddedOptions, Engine, Memory};
use storage_postgres::{Options, Postgres};

use crate::cli::ServeArguments;

/// An engine that is ready to serve.
pub(crate) struct Opened {
    pub(crate) engine: Arc<dyn Engine>,
    /// The same, if it keeps its rows on this machine's disk.
    pub(crate) embedded: Option<Arc<Embedded>>,
    pub(crate) keeps: Keeps,
}

/// Where the data is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Keeps {
    Folder(PathBuf),
    Memory,
    /// Host, port and name.
    Database(String),
}

impl fmt::Display for Keeps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Keeps::Folder(folder) => write!(f, "data in {}", folder.display()),
            Keeps::Memory => f.write_str("data in memory only"),
            Keeps::Database(server) => write!(f, "data in the database at {server}"),
        }
    }
}

/// Why there is no engine; each says what to do about it.
#[derive(Debug)]
pub(crate) enum OpenError {
    Folder { data: PathBuf, error: storage::OpenError },
    PasswordFile { file: PathBuf, error: std::io::Error },
    Database(storage_postgres::OpenError),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Folder { data, error } => write!(f, "cannot open the folder {}: {error}", data.display()),
            OpenError::PasswordFile { file, error } => {
                write!(f, "cannot read the database's password from {}: {error}", file.display())
            }
            OpenError::Database(error) => error.fmt(f),
        }
    }
}

pub(crate) async fn open(arguments: &ServeArguments) -> Result<Opened, OpenError> {
    if let Some(url) = &arguments.storage {
        let options = database(&url.0, arguments.storage_password_file.as_deref())?;
        let keeps = Keeps::Database(options.server());
        let engine = Postgres::open(options).await.map_err(OpenError::Database)?;
        return Ok(Opened { engine, embedded: None, keeps });
    }
    if arguments.memory {
        return Ok(Opened { engine: Memory::new(), embedded: None, keeps: Keeps::Memory });
    }
    let folder = std::path::absolute(&arguments.data).unwrap_or(arguments.data.clone());
    let engine = Embedded::open(
        &folder,
        EmbeddedOptions { cache_bytes: arguments.cache, memtable_bytes_max: arguments.memtable },
    );
    let engine = engine.map_err(|error| OpenError::Folder { data: folder.clone(), error })?;
    Ok(Opened { engine: engine.clone(), embedded: Some(engine), keeps: Keeps::Folder(folder) })
}

/// The way to a database, with the password from wherever it is.
pub(crate) fn database(url: &str, password_file: Option<&Path>) -> Result<Options, OpenError> {
    let password = match password_file {
        Some(file) => Some(password_in(file)?),
        None => std::env::var("PGPASSWORD").ok(),
    };
    Options::parse(url, password.as_deref()).map_err(OpenError::Database)
}

/// The first line of a file.
fn password_in(file: &Path) -> Result<String, OpenError> {
    let text = fs::read_to_string(file);
    let text = text.map_err(|error| OpenError::PasswordFile { file: file.to_owned(), error })?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
