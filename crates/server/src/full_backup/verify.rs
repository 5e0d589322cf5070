//! `stator backup verify`: reads all of a full backup, or of the archives in a backup store, and reports what is not as it was written.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use client::Failure;
use objects::ObjectError;

use super::archive;
use super::block::{BackupId, Damage, Totals};
use super::files::{FileReader, ReadError};
use super::manifest::{self, File, Manifest};
use super::parts::FamilyTotals;
use super::place::{BackupPlace, StoreArguments};
use crate::object_store::{PlaceName, place_name};
use crate::remote::{Progress, duration, print, say};

const EXAMPLES: &str = "\
Examples:
  stator backup verify --from /backup/stator-2026-01-31
  stator backup verify --from s3://backups/stator/2026-01-31 --s3-endpoint https://s3.eu-west-3.amazonaws.com
  stator backup verify --from s3://backups/archives          of a server with --backup-store s3://backups/archives

Ends with 1 if a file is damaged, missing or not of the backup; each is named on stderr. No key is needed.
";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct VerifyArguments {
    /// Where the backup is, or what a server's --backup-store names
    #[arg(long, value_name = "DIR|s3://BUCKET/PREFIX", value_parser = place_name)]
    from: PlaceName,

    #[command(flatten)]
    store: StoreArguments,
}

pub(crate) async fn verify(arguments: &VerifyArguments) -> Result<(), Failure> {
    let place = BackupPlace::of(&arguments.from, &arguments.store)?;
    let names = match place.names().await {
        Ok(names) => names,
        // The manifest is missed below, in better words.
        Err(ObjectError::NoSuchBucket(_)) => Vec::new(),
        Err(error) => return Err(Failure::new(format!("{} cannot be listed: {error}", place.shown()))),
    };
    if archive::are_archives(&names) && !names.iter().any(|name| name == manifest::NAME) {
        return archive::verify(&place, names).await;
    }
    let mut progress = Progress::start();
    let (manifest, damages) = damages(&place, &mut progress).await?;
    progress.clear();
    for (name, damage) in &damages {
        say("verify", format_args!("{}: {damage}", base::visible(name)));
    }
    if !damages.is_empty() {
        return Err(Failure::new(format!("the backup in {} is damaged ({} findings)", place.shown(), damages.len())));
    }
    let rows: u64 = manifest.files.iter().map(|file| file.rows).sum();
    print(&format!(
        "{}: whole: {rows} rows in {} files, as of {}, by Stator {}; read in {}\n",
        base::visible(place.shown()),
        manifest.files.len(),
        base::visible(&manifest.moment),
        base::visible(&manifest.origin.version),
        duration(progress.elapsed()),
    ))
}

/// All that is not as it was written, with the names of files.
pub(super) async fn damages(
    place: &BackupPlace,
    progress: &mut Progress,
) -> Result<(Manifest, Vec<(String, String)>), Failure> {
    let manifest = place.manifest().await?;
    let id = manifest.id().map_err(|damage| place.damaged(manifest::NAME, &damage))?;
    let mut damages = Vec::new();
    let mut found: FamilyTotals = BTreeMap::new();
    for (at, file) in manifest.files.iter().enumerate() {
        progress.show(&format!("{at} of {} files", manifest.files.len()));
        match read(place, file, &id).await {
            Ok(totals) => found.entry(file.family.clone()).or_default().join(totals),
            Err(ReadError::Damaged(damage)) => damages.push((file.name.clone(), damage)),
            Err(ReadError::Store(error)) => {
                return Err(Failure::new(format!("{} cannot be read: {error}", base::visible(&file.name))));
            }
        }
    }
    if damages.is_empty() {
        damages.extend(check_totals(&manifest, &found).into_iter().map(|damage| (manifest::NAME.to_owned(), damage)));
    }
    let listed: BTreeSet<&str> = manifest.files.iter().map(|file| file.name.as_str()).collect();
    let names = place.names().await;
    let names = names.map_err(|error| Failure::new(format!("{} cannot be listed: {error}", place.shown())))?;
    let strange = names.into_iter().filter(|name| name != manifest::NAME && !listed.contains(name.as_str()));
    damages.extend(strange.map(|name| (name, "the manifest does not list it".to_owned())));
    Ok((manifest, damages))
}

/// Families whose rows, all files together, are not those of the snapshot.
pub(super) fn check_totals(manifest: &Manifest, found: &FamilyTotals) -> Vec<Damage> {
    let names: BTreeSet<&String> = manifest.families.keys().chain(found.keys()).collect();
    let differs = |name: &&String| {
        found.get(*name).copied().unwrap_or_default() != manifest.families.get(*name).copied().unwrap_or_default()
    };
    names.into_iter().filter(differs).map(|name| format!("its rows of {name} are others")).collect()
}

async fn read(place: &BackupPlace, file: &File, id: &BackupId) -> Result<Totals, ReadError> {
    let mut reader = FileReader::open(place, file, id).await?;
    let mut totals = Totals::default();
    while let Some(rows) = reader.next().await? {
        rows.iter().for_each(|row| totals.add(row));
    }
    Ok(totals)
}
