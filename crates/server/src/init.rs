//! `stator init`: the key that secrets are sealed with, accounts, and the access keys of their roots. A secret is printed or
//! written once.

mod credentials_file;
mod output;
mod profile;
mod rotate;

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ::identity::{AuthKey, Identities, KeyError, NewAccessKey};
use auth::SHARED_ACCOUNT;
use base::Clock;
use clap::Args;
use jobs::Jobs;
use storage::{Embedded, Engine, Keys as StoredKeys};
use storage_postgres::Postgres;

use crate::auth_key::KeyFile;
use crate::encryption::MasterKeyArguments;
use crate::engine::{self, DatabaseWait, Opened};
use crate::protect;
use crate::serve::ServeArguments;
use crate::service;
use crate::value_parsers::Secret;

pub(crate) use output::OutputArguments;
use output::{Made, Output};
use profile::Keys;

const EXAMPLES: &str = "\
Examples, while no server uses the folder:
  stator init --data /var/lib/stator --profile stator
  stator init --storage postgres://stator@db.example/stator --auth-key-file /etc/stator/auth.key
  stator init --account 123456789012              a further account
  stator init --rotate-root                       another key for the root, instead of the one it has

While a server runs, by the key that the profile holds:
  stator init --rotate-root --profile stator --endpoint http://127.0.0.1:8000

Then: stator serve --auth";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct InitArguments {
    /// Data folder; created if it does not exist. No server may have it open
    #[arg(long, env = "STATOR_DATA", value_name = "DIR", default_value = "./stator-data")]
    data: PathBuf,

    /// The database with the tables, instead of a folder
    #[arg(
        long,
        env = "STATOR_STORAGE",
        value_name = "URL",
        hide_env_values = true,
        conflicts_with = "data",
        requires = "auth_key_file"
    )]
    storage: Option<Secret>,

    /// File that holds the database's password; without it the URL or PGPASSWORD may hold it
    #[arg(long, env = "STATOR_STORAGE_PASSWORD_FILE", value_name = "FILE", requires = "storage")]
    storage_password_file: Option<PathBuf>,

    #[command(flatten)]
    master_key: MasterKeyArguments,

    /// File of the key that secrets of access keys are sealed with; made if it does not exist. Without it, auth.key in the
    /// folder
    #[arg(long, env = "STATOR_AUTH_KEY_FILE", value_name = "FILE")]
    auth_key_file: Option<PathBuf>,

    /// The account, 12 digits; without it any, at random
    #[arg(long, value_name = "ACCOUNT", value_parser = account)]
    account: Option<String>,

    /// Give the root of an account a new access key, and take away those that it has
    #[arg(long)]
    rotate_root: bool,

    #[command(flatten)]
    output: OutputArguments,
}

fn account(text: &str) -> Result<String, String> {
    let is_account = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) && text != SHARED_ACCOUNT;
    if is_account { Ok(text.to_owned()) } else { Err("12 digits, not all of them 0".to_owned()) }
}

/// Why there is no new access key; each says what to do about it.
pub(crate) enum Failure {
    Runtime(io::Error),
    Storage(engine::OpenError),
    /// A running server has the folder, and can rotate the key itself.
    RotateServed(engine::OpenError),
    Service(service::OpenError),
    /// There is no database in the folder, and no root whose key could be rotated.
    NoData(PathBuf),
    Identity(String),
    Close(storage::StorageError),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Runtime(error) => write!(f, "cannot start: {error}"),
            Failure::Storage(error) => error.fmt(f),
            Failure::RotateServed(error) => write!(
                f,
                "{error}, or let it rotate the key while it runs: add --endpoint URL, where it listens, and --profile NAME, \
                 which holds the root's key"
            ),
            Failure::Service(error) => error.fmt(f),
            Failure::NoData(folder) => write!(
                f,
                "there are no data in the folder {}; name the one that has them with --data",
                folder.display()
            ),
            Failure::Identity(text) => f.write_str(text),
            Failure::Close(error) => write!(f, "the data could not be closed cleanly: {error}"),
        }
    }
}

pub(crate) fn run(arguments: &InitArguments) -> Result<(), Failure> {
    protect::process();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::Runtime)?;
    if let Some(url) = &arguments.output.endpoint {
        return runtime.block_on(rotate::run(&arguments.output, url)).map_err(Failure::Identity);
    }
    // Before there is a key that could be lost.
    let output = Output::of(&arguments.output, arguments.output.replace_profile).map_err(Failure::Identity)?;
    let made = runtime.block_on(init(arguments))?;
    output.put(&made).map_err(|error| {
        Failure::Identity(format!("{error}. The key is lost; 'stator init --rotate-root' makes another one"))
    })
}

async fn init(arguments: &InitArguments) -> Result<Made, Failure> {
    let serve = serve_arguments(arguments).map_err(Failure::Identity)?;
    if arguments.rotate_root {
        check_data(arguments).await?;
    }
    let jobs = Jobs::new(Clock::system());
    let Opened { engine, embedded, shared, location, .. } =
        engine::open(&serve.engine, &jobs, &DatabaseWait::new(|_| ())).await.map_err(|error| {
            if arguments.rotate_root && error.is_locked() {
                Failure::RotateServed(error)
            } else {
                Failure::Storage(error)
            }
        })?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let service_arns = serve.outbound.service_arns(serve.knows_callers());
    let objects = serve.objects.store(&location, embedded.as_deref()).map_err(Failure::Identity)?;
    let free_bytes_min = crate::object_store::free_bytes_min(embedded.as_deref());
    let (recorder, faults, clock) = (None, None, Clock::system());
    let (deletes_expired, transition_scale) = (false, 0.0);
    let reach = service::Reach {
        service_arns,
        deletes_expired,
        archive_store: None,
        objects,
        free_bytes_min,
        recorder,
        faults,
        clock,
        transition_scale,
    };
    let opened = service::open(Arc::clone(&engine), shared, &location, &serve.service, reach, address, &jobs).await;
    let service = opened.map_err(Failure::Service)?;
    let made = root(&service, arguments).await;
    jobs.stop(Duration::ZERO).await;
    service.leave().await;
    engine.close().await.map_err(Failure::Close)?;
    let (account, NewAccessKey { key, secret }) = made?;
    let keys = Keys { id: key.id, secret: secret.into(), token: None };
    Ok(Made { account, keys, created: base::utc::rfc3339(key.created_ms) })
}

/// A mistyped folder or database is left as it is: opening it would make tables there. What else is wrong with it, opening says.
async fn check_data(arguments: &InitArguments) -> Result<(), Failure> {
    let data = &arguments.data;
    let Some(url) = &arguments.storage else {
        let is_missing = matches!(Embedded::keys(data), Ok(StoredKeys::NoDatabase));
        return if is_missing { Err(Failure::NoData(data.clone())) } else { Ok(()) };
    };
    let options = engine::database(&url.0, arguments.storage_password_file.as_deref()).map_err(Failure::Storage)?;
    match Postgres::visit(options).await {
        Ok(database) => database.close().await.map_err(Failure::Close),
        Err(error @ storage_postgres::OpenError::Empty { .. }) => {
            Err(Failure::Storage(engine::OpenError::Database(error)))
        }
        Err(_) => Ok(()),
    }
}

/// How a server would open the same data.
fn serve_arguments(arguments: &InitArguments) -> Result<ServeArguments, String> {
    let mut serve = ServeArguments::from_environment()?;
    let engine = &mut serve.engine;
    engine.memory = false;
    engine.storage_replicas = None;
    engine.data.clone_from(&arguments.data);
    engine.storage.clone_from(&arguments.storage);
    engine.storage_password_file.clone_from(&arguments.storage_password_file);
    engine.master_key = arguments.master_key.clone();
    Ok(serve)
}

async fn root(service: &Arc<ops::Service>, arguments: &InitArguments) -> Result<(String, NewAccessKey), Failure> {
    let data = arguments.storage.is_none().then_some(arguments.data.as_path());
    let file = KeyFile::of(arguments.auth_key_file.as_deref(), data).map_err(Failure::Identity)?;
    let key = auth_key(service, &file, arguments.rotate_root).await?;
    let failure = |error: &dyn std::fmt::Display| Failure::Identity(error.to_string());
    let identities = Identities::open(Arc::clone(service), &key, Clock::system()).await;
    let identities = identities.map_err(|error| Failure::Identity(file.refused(&error)))?;
    let account = chosen(&identities.accounts(), arguments)?;
    let made = identities.found_account(&account, arguments.rotate_root).await.map_err(|error| failure(&error))?;
    let exists = || {
        Failure::Identity(format!(
            "the account {account} is there, and its root has an access key. --rotate-root makes another one and takes \
             that one away; --account makes a further account"
        ))
    };
    Ok((account.clone(), made.ok_or_else(exists)?))
}

/// The key in the file; a new one if nothing is sealed with another one yet, and there is no root's key to rotate.
async fn auth_key(service: &ops::Service, file: &KeyFile, rotates: bool) -> Result<AuthKey, Failure> {
    let unusable = |error: KeyError| Failure::Identity(file.unusable(&error));
    match file.read() {
        Err(KeyError::Missing) => {}
        read => return read.map_err(unusable),
    }
    if Identities::are_kept(service).await.map_err(|error| Failure::Identity(error.to_string()))? {
        return Err(Failure::Identity(file.lost()));
    }
    if rotates {
        return Err(Failure::Identity(NO_ACCOUNT.to_owned()));
    }
    let key = AuthKey::random();
    key.write_new(file.path()).map_err(unusable)?;
    Ok(key)
}

const NO_ACCOUNT: &str = "there is no account yet: leave --rotate-root away";

/// The account that is meant.
fn chosen(known: &[String], arguments: &InitArguments) -> Result<String, Failure> {
    match (&arguments.account, known, arguments.rotate_root) {
        (Some(account), known, true) if !known.contains(account) => {
            Err(Failure::Identity(format!("there is no account {account}")))
        }
        (Some(account), _, _) => Ok(account.clone()),
        (None, [], true) => Err(Failure::Identity(NO_ACCOUNT.to_owned())),
        (None, [], false) => Ok(random_account()),
        (None, [account], _) => Ok(account.clone()),
        (None, known, _) => Err(Failure::Identity(format!(
            "there are several accounts; name one of them, or a new one, with --account: {}",
            known.join(", ")
        ))),
    }
}

/// 12 digits, as those of AWS, that do not begin with 0.
fn random_account() -> String {
    let mut bytes = [0; 8];
    base::random::fill(&mut bytes);
    (100_000_000_000 + u64::from_be_bytes(bytes) % 900_000_000_000).to_string()
}
