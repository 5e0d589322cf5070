//! `stator backup all`.

use std::path::Path;

use bytes::Bytes;
use clap::Args;
use client::Failure;
use objects::ObjectError;

use super::block::{self, BackupId, Damage, FORMAT, Totals};
use super::files::FilesWriter;
use super::manifest::{self, Manifest, Origin};
use super::parts::{FamilyTotals, Part, Parts};
use super::place::{BackupPlace, StoreArguments};
use super::source::DataArguments;
use crate::object_store::{PlaceName, place_name};
use crate::remote::{Progress, duration, print, say};

const EXAMPLES: &str = "\
Examples:
  stator backup all --data /var/lib/stator --to /backup/stator-2026-01-31
  stator backup all --data /var/lib/stator --to s3://backups/stator/2026-01-31 --s3-endpoint https://s3.eu-west-3.amazonaws.com
  stator backup all --storage postgres://stator@db/stator --to /backup/stator-2026-01-31
  stator backup verify --from /backup/stator-2026-01-31
  stator restore --from /backup/stator-2026-01-31 --data /var/lib/stator

Of a data folder, run it as the user of the server, on its machine. Servers serve meanwhile; all rows are of one moment, the one of the command's \
beginning. Encrypted data stay encrypted, by the same master key, which is not in the backup. Without encryption at rest the backup \
holds all items in plain text.
";

/// What a data folder has beside the rows, and no backup does.
const NOT_INCLUDED: [&str; 6] = [
    "the master key: encrypted data cannot be read without it",
    "auth.key, or the file of --auth-key-file: users' access keys cannot be used without it",
    "files of --credentials and of TLS, and the audit log",
    "s3/ and import-errors/: objects that exports have written and imports read",
    "objects of --backup-store: changes that were archived for point-in-time recovery",
    "node registrations and leases: a restored server is a new node",
];

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct AllArguments {
    /// Where the backup is written: a folder that is empty or missing, or s3://BUCKET/PREFIX with no objects
    #[arg(long, value_name = "DIR|s3://BUCKET/PREFIX", value_parser = place_name)]
    to: PlaceName,

    #[command(flatten)]
    source: DataArguments,

    #[command(flatten)]
    store: StoreArguments,
}

pub(crate) async fn create(arguments: &AllArguments) -> Result<(), Failure> {
    let place = BackupPlace::of(&arguments.to, &arguments.store)?;
    let made = if let PlaceName::Folder(folder) = &arguments.to { make(folder)? } else { false };
    let created = into_place(&place, arguments).await;
    if created.is_err()
        && made
        && let PlaceName::Folder(folder) = &arguments.to
    {
        // Only if nothing is left in it.
        let _ = std::fs::remove_dir(folder);
    }
    created
}

async fn into_place(place: &BackupPlace, arguments: &AllArguments) -> Result<(), Failure> {
    let failed =
        |error: ObjectError| Failure::new(format!("the backup cannot be written to {}: {error}", place.shown()));
    if let Some(found) = place.names().await.map_err(failed)?.first() {
        return Err(Failure::new(format!(
            "{} is not empty: it holds {}; choose another place. Nothing was changed",
            place.shown(),
            base::visible(found)
        )));
    }
    let mut progress = Progress::start();
    let manifest = write(place, arguments.source.parts().await?, &mut progress).await?;
    progress.clear();
    let rows: u64 = manifest.files.iter().map(|file| file.rows).sum();
    let bytes: u64 = manifest.files.iter().map(|file| file.bytes).sum();
    let (files, elapsed) = (manifest.files.len(), duration(progress.elapsed()));
    say("backup", format_args!("{rows} rows in {files} files, {bytes} bytes, as of {}, in {elapsed}", manifest.moment));
    manifest.not_included.iter().for_each(|what| say("backup", format_args!("not included: {what}")));
    print(&format!("{}\n", base::visible(place.shown())))
}

/// Whether there was none.
fn make(folder: &Path) -> Result<bool, Failure> {
    let is_missing = !folder.exists();
    std::fs::create_dir_all(folder)
        .map_err(|error| Failure::new(format!("cannot make the folder {}: {error}", folder.display())))?;
    Ok(is_missing)
}

/// Writes a snapshot's parts to a place that is empty, and its manifest last.
pub(super) async fn write(place: &BackupPlace, parts: Parts, progress: &mut Progress) -> Result<Manifest, Failure> {
    let id = base::random::bytes16();
    let mut files = FilesWriter::new(place, id);
    let written = write_parts(&mut files, parts, progress).await;
    let (origin, families) = match written {
        Ok(written) => written,
        Err(failure) => {
            files.abandon().await;
            return Err(failure);
        }
    };
    let failed = |error: ObjectError| Failure::new(format!("the backup cannot be finished: {error}"));
    let files = files.finish().await.map_err(failed)?;
    let manifest = manifest_of(id, origin, families, files);
    let bytes = manifest.encode().map_err(Failure::new)?;
    // Every file is durable by now: what the manifest lists is there.
    place.put_new(manifest::NAME, Bytes::from(bytes)).await.map_err(failed)?;
    Ok(manifest)
}

fn manifest_of(id: BackupId, origin: Origin, families: FamilyTotals, files: Vec<manifest::File>) -> Manifest {
    Manifest {
        format: FORMAT,
        id: base::hex(&id),
        moment: base::utc::rfc3339_ms(origin.moment_ms),
        origin,
        families,
        files,
        not_included: NOT_INCLUDED.map(str::to_owned).to_vec(),
    }
}

async fn write_parts(
    files: &mut FilesWriter<'_>,
    mut parts: Parts,
    progress: &mut Progress,
) -> Result<(Origin, FamilyTotals), Failure> {
    let damaged = |damage: Damage| Failure::new(format!("the rows are not as they were sent: {damage}"));
    let mut origin = None;
    let mut found = FamilyTotals::new();
    let mut rows_written = 0;
    while let Some(part) = parts.recv().await {
        match part.map_err(Failure::new)? {
            Part::Origin(it) => origin = Some(it),
            Part::Block(kind, block) => {
                let rows = block::decode(&block).map_err(damaged)?;
                let totals: &mut Totals = found.entry(kind.name().to_owned()).or_default();
                rows.iter().for_each(|row| totals.add(row));
                let written = files.write(kind, block, rows.len()).await;
                written.map_err(|error| Failure::new(format!("the backup cannot be written: {error}")))?;
                rows_written += rows.len();
                progress.show(&format!("{rows_written} rows"));
            }
            Part::End(sent) => {
                let origin = origin.ok_or_else(|| damaged("they have no beginning".to_owned()))?;
                // Families without rows have no blocks.
                let is_whole =
                    sent.iter().all(|(name, totals)| found.get(name).copied().unwrap_or_default() == *totals);
                return if is_whole { Ok((origin, sent)) } else { Err(damaged("some are others".to_owned())) };
            }
        }
    }
    Err(damaged("they have no end".to_owned()))
}
