//! `stator restore`: a data folder or a database of a full backup.
//!
//! The rows are written to a database in `restoring/new/` below the folder. It becomes `database/` by a rename once all of it is on the
//! disk: a folder with `restoring/` alone is none that a server opens. The rename is within the folder, which may be a volume of its own.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use clap::Args;
use client::Failure;
use keyspace::{DatabaseRow, ValueForm};
use storage::{Batch, Embedded, EmbeddedOptions, Engine, Family, Key, KeyUse, Mode, Reads, Row, StorageError};
use storage_postgres::{Options, PENDING_KEY_SIZE, Restore};

use super::block::{BackupId, Kind};
use super::files::{FileReader, ReadError};
use super::manifest::{self, File, Manifest};
use super::parts::FamilyTotals;
use super::place::{BackupPlace, StoreArguments};
use super::source::DataArguments;
use super::verify::check_totals;
use crate::engine::OpenError;
use crate::object_store::{PlaceName, place_name};
use crate::protect;
use crate::remote::{Progress, duration, print, say};

const EXAMPLES: &str = "\
Examples:
  stator restore --from /backup/stator-2026-01-31 --data /var/lib/stator
  stator restore --from /backup/stator-2026-01-31 --storage postgres://stator@db/restored
  stator restore --from s3://backups/stator/2026-01-31 --s3-endpoint https://s3.eu-west-3.amazonaws.com --data /var/lib/stator

Run it as the user of the server. Put the auth.key of the original into the folder before 'stator serve --auth', and start the server \
with the same master key. A restored server acts at once, beside the original if that still runs: look at it first with \
'stator serve --no-deliveries'. To make a table of a backup of one table, use 'stator backup restore'.
";

/// The folder of a restore that is not finished. No server opens a folder that holds it and no database.
const UNFINISHED: &str = "restoring";
/// In it, the data folder that is being filled.
const NEW: &str = "new";
/// In it, the file that a restore locks.
const LOCK: &str = "lock";
const DATABASE: &str = "database";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RestoreArguments {
    /// Where the backup is
    #[arg(long, value_name = "DIR|s3://BUCKET/PREFIX", value_parser = place_name)]
    from: PlaceName,

    /// To be made: the folder is missing or empty, the database has no tables of Stator
    #[command(flatten)]
    data: DataArguments,

    #[command(flatten)]
    store: StoreArguments,
}

pub(crate) async fn restore(arguments: &RestoreArguments) -> Result<(), Failure> {
    let place = BackupPlace::of(&arguments.from, &arguments.store)?;
    let mut progress = Progress::start();
    let (manifest, made) = match arguments.data.database()? {
        Some(options) => {
            let server = options.server();
            (into_database(&place, &options, &mut progress).await?, server)
        }
        None => {
            let folder = arguments.data.folder();
            (into_folder(&place, &folder, &mut progress).await?, folder.display().to_string())
        }
    };
    progress.clear();
    let rows: u64 = manifest.files.iter().map(|file| file.rows).sum();
    let elapsed = duration(progress.elapsed());
    say("restore", format_args!("{rows} rows as of {}, in {elapsed}", base::visible(&manifest.moment)));
    if manifest.origin.keyring.is_some() {
        say("restore", format_args!("the data are encrypted: serve them with the master key of the original"));
    }
    say("restore", format_args!("serve --auth needs the original's auth.key, in the folder or as --auth-key-file"));
    print(&format!("{}\n", base::visible(&made)))
}

/// Makes the folder, or nothing.
pub(super) async fn into_folder(
    place: &BackupPlace,
    folder: &Path,
    progress: &mut Progress,
) -> Result<Manifest, Failure> {
    let failed = |error: io::Error| Failure::new(format!("cannot restore into {}: {error}", folder.display()));
    let manifest = place.manifest().await?;
    refuse_used(folder).map_err(failed)??;
    let unfinished = folder.join(UNFINISHED);
    fs::create_dir_all(&unfinished).map_err(failed)?;
    let _lock = lock(&unfinished).map_err(failed)??;
    let new = unfinished.join(NEW);
    let filled = match remove(&new) {
        Ok(()) => fill(place, &manifest, &new, progress).await,
        Err(error) => Err(failed(error)),
    };
    if let Err(failure) = filled {
        // Without it, only the next restore would.
        let _ = fs::remove_dir_all(&unfinished);
        return Err(failure);
    }
    publish(folder).map_err(failed)?;
    protect::data_folder(folder);
    Ok(manifest)
}

/// A restore that ended early has left what the next one replaces.
fn refuse_used(folder: &Path) -> io::Result<Result<(), Failure>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Ok(())),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let (name, is_folder) = (entry.file_name(), entry.file_type()?.is_dir());
        // A link there would lead the restore elsewhere.
        if !is_folder || (name != UNFINISHED && name != "lost+found") {
            return Ok(Err(Failure::new(format!(
                "the folder {} is not empty: it holds {}; choose another one. Nothing was changed",
                folder.display(),
                name.display()
            ))));
        }
    }
    Ok(Ok(()))
}

/// Held as long as the file is open.
fn lock(unfinished: &Path) -> io::Result<Result<fs::File, Failure>> {
    let file = fs::File::options().create(true).truncate(false).write(true).open(unfinished.join(LOCK))?;
    match file.try_lock() {
        Ok(()) => Ok(Ok(file)),
        Err(fs::TryLockError::WouldBlock) => {
            Ok(Err(Failure::new(format!("another restore is filling {}", unfinished.display()))))
        }
        Err(fs::TryLockError::Error(error)) => Err(error),
    }
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Gives the database its name. All of it is durable before.
fn publish(folder: &Path) -> io::Result<()> {
    fs::rename(folder.join(UNFINISHED).join(NEW).join(DATABASE), folder.join(DATABASE))?;
    fs::remove_dir_all(folder.join(UNFINISHED))?;
    #[cfg(unix)]
    fs::File::open(folder)?.sync_all()?;
    Ok(())
}

async fn fill(place: &BackupPlace, manifest: &Manifest, folder: &Path, progress: &mut Progress) -> Result<(), Failure> {
    let keys = manifest.origin.keyring.clone().map(Into::into);
    let options = EmbeddedOptions { keys, ..EmbeddedOptions::default() };
    let opened = Embedded::open(folder, options);
    let engine = opened.map_err(|error| Failure::new(OpenError::folder(folder, error).to_string()))?;
    let filled = read_all(place, manifest, &Target::Folder(Arc::clone(&engine)), progress).await;
    let closed = engine.close().await;
    filled?;
    closed.map_err(|error| Failure::new(format!("the restored data cannot be closed: {error}")))
}

/// Makes the tables in a database that has none. Programs refuse them until all rows are there.
async fn into_database(place: &BackupPlace, options: &Options, progress: &mut Progress) -> Result<Manifest, Failure> {
    let manifest = place.manifest().await?;
    let restore = Restore::begin(options).await.map_err(|error| Failure::new(error.to_string()))?;
    let target = Target::Database(Box::new(restore));
    let filled = fill_database(place, &manifest, target, progress).await;
    filled.map_err(|failure| {
        Failure::new(format!(
            "{failure}. The tables in the database at {} are not complete, and no server opens them: drop them (DROP TABLE \
             stator_kv, stator_tally, stator_outbox, stator_meta) before the next restore",
            options.server()
        ))
    })?;
    Ok(manifest)
}

async fn fill_database(
    place: &BackupPlace,
    manifest: &Manifest,
    target: Target,
    progress: &mut Progress,
) -> Result<(), Failure> {
    read_all(place, manifest, &target, progress).await?;
    let Target::Database(restore) = target else { return Ok(()) };
    let failed = |error: String| Failure::new(format!("the rows cannot be written: {error}"));
    if let Some(keyring) = &manifest.origin.keyring {
        let row = Row { key: DatabaseRow::Keys.key(&[]).bytes, value: keyring.clone().into() };
        restore.put(Family::Catalog, &[row], |_| false).await.map_err(failed)?;
    }
    restore.finish().await.map_err(failed)
}

/// What the rows are written to.
enum Target {
    Folder(Arc<Embedded>),
    Database(Box<Restore>),
}

impl Target {
    async fn put(&self, kind: Kind, rows: Vec<Row>) -> Result<(), Failure> {
        let put = match self {
            Target::Folder(engine) => put_into_folder(&**engine, kind, &rows).await,
            Target::Database(restore) => put_into_database(restore, kind, rows).await,
        };
        put.map_err(|error| Failure::new(format!("the rows cannot be written: {error}")))
    }
}

/// Writes all rows, of which each checksum is checked before.
async fn read_all(
    place: &BackupPlace,
    manifest: &Manifest,
    target: &Target,
    progress: &mut Progress,
) -> Result<(), Failure> {
    let id = manifest.id().map_err(|damage| place.damaged(manifest::NAME, &damage))?;
    let mut found = FamilyTotals::new();
    for (at, file) in manifest.files.iter().enumerate() {
        progress.show(&format!("{at} of {} files", manifest.files.len()));
        let restored = restore_file(place, file, &id, target, &mut found).await;
        restored.map_err(|error| match error {
            FileError::Read(ReadError::Damaged(damage)) => place.damaged(&file.name, &damage),
            FileError::Read(ReadError::Store(error)) => {
                Failure::new(format!("{} cannot be read: {error}", base::visible(&file.name)))
            }
            FileError::Write(failure) => failure,
        })?;
    }
    match check_totals(manifest, &found).into_iter().next() {
        Some(damage) => Err(place.damaged(manifest::NAME, &damage)),
        None => Ok(()),
    }
}

enum FileError {
    Read(ReadError),
    Write(Failure),
}

async fn restore_file(
    place: &BackupPlace,
    file: &File,
    id: &BackupId,
    target: &Target,
    found: &mut FamilyTotals,
) -> Result<(), FileError> {
    let mut reader = FileReader::open(place, file, id).await.map_err(FileError::Read)?;
    let kind = reader.kind();
    let totals = found.entry(file.family.clone()).or_default();
    while let Some(rows) = reader.next().await.map_err(FileError::Read)? {
        rows.iter().for_each(|row| totals.add(row));
        target.put(kind, rows).await.map_err(FileError::Write)?;
    }
    Ok(())
}

/// One block in one batch. Records without positions get them here, behind those that have some: their file is the last one.
async fn put_into_folder(engine: &dyn Engine, kind: Kind, rows: &[Row]) -> Result<(), String> {
    let family = match kind {
        Kind::Family(family) => family,
        Kind::Pending => Family::Log,
    };
    let keys: Vec<KeyUse> = match kind {
        Kind::Family(family) => rows.iter().map(|row| KeyUse::write(Key::new(family, row.key.clone()))).collect(),
        Kind::Pending => Vec::new(),
    };
    if kind == Kind::Pending && rows.iter().any(|row| row.key.len() != PENDING_KEY_SIZE) {
        return Err("a waiting record's key cannot be read".to_owned());
    }
    let write = |_: &Reads, batch: &mut Batch| {
        for row in rows {
            match kind {
                Kind::Family(_) => batch.put(Key::new(family, row.key.clone()), row.value.clone()),
                Kind::Pending => batch.append(row.key.slice(..Family::Log.partition_size()), row.value.clone()),
            }
        }
        Ok::<(), std::convert::Infallible>(())
    };
    match engine.write(Mode::Plain, &keys, write).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(never)) => match never {},
        Err(error) => Err(StorageError::from(error).to_string()),
    }
}

/// Counters are in a table of their own there.
async fn put_into_database(restore: &Restore, kind: Kind, rows: Vec<Row>) -> Result<(), String> {
    let is_tally = |row: &Row| keyspace::parse(&row.key).is_some_and(|key| key.value_form() == ValueForm::Counter);
    match kind {
        Kind::Pending => restore.put_pending(&rows).await,
        Kind::Family(Family::Catalog) => {
            let (tallies, rows): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(is_tally);
            restore.put_tallies(&tallies).await?;
            restore.put(Family::Catalog, &rows, |_| false).await
        }
        Kind::Family(family) => restore.put(family, &rows, keyspace::is_of_archive).await,
    }
}
