//! `stator backup verify` of archives in a backup store: reads all objects that the newest manifests list, and compares sizes, SHA-256,
//! the checksum of each block, positions, and the hash of all records.
//!
//! Nothing but the store is read: no server, and no key. Of sealed segments the blocks are checked, and not the records.

use std::collections::{BTreeMap, BTreeSet};

use change_log::{ArchiveManifest, MANIFEST_SIZE_MAX, ManifestPage, OBJECT_SIZE_MAX, SegmentEntry, read_object};
use client::Failure;

use super::place::BackupPlace;
use crate::remote::{Progress, duration, print, say};

const MANIFESTS: &str = "/manifests/";

/// What was read of all archives.
#[derive(Default, PartialEq, Eq, Debug)]
pub(super) struct Archives {
    pub(super) logs: usize,
    pub(super) segments: usize,
    pub(super) sealed: usize,
    pub(super) records: u64,
    pub(super) bytes: u64,
    /// Objects that no newest manifest lists: of an archiver that was killed, or of one that is at work.
    pub(super) unlisted: usize,
    pub(super) damages: Vec<(String, String)>,
}

/// Whether there are archives among the names at a place.
pub(super) fn are_archives(names: &[String]) -> bool {
    names.iter().any(|name| name.contains(MANIFESTS))
}

pub(super) async fn verify(place: &BackupPlace, names: Vec<String>) -> Result<(), Failure> {
    let mut progress = Progress::start();
    let archives = read_all(place, names, &mut progress).await?;
    progress.clear();
    for (name, damage) in &archives.damages {
        say("verify", format_args!("{}: {damage}", base::visible(name)));
    }
    let shown = base::visible(place.shown());
    if !archives.damages.is_empty() {
        let count = archives.damages.len();
        return Err(Failure::new(format!("the archives in {shown} are damaged ({count} findings)")));
    }
    let Archives { logs, segments, sealed, records, bytes, unlisted, .. } = archives;
    print(&format!(
        "{shown}: whole: {records} records of {logs} logs in {segments} segments ({sealed} sealed), {bytes} bytes; {unlisted} objects that no \
         manifest lists; read in {}\n",
        duration(progress.elapsed()),
    ))
}

/// Reads the archive of each log that has a manifest.
pub(super) async fn read_all(
    place: &BackupPlace,
    names: Vec<String>,
    progress: &mut Progress,
) -> Result<Archives, Failure> {
    let mut reading = Reading { place, progress, found: Archives::default(), listed: BTreeSet::new() };
    // Names are in order, and the newest manifest of a log is the first of its.
    let mut newest: BTreeMap<&str, &str> = BTreeMap::new();
    for name in &names {
        if let Some((log, _)) = name.split_once(MANIFESTS) {
            newest.entry(log).or_insert(name);
        }
    }
    for name in newest.values() {
        reading.log(name).await?;
    }
    let is_unlisted = |name: &&String| !name.contains(MANIFESTS) && !reading.listed.contains(*name);
    reading.found.unlisted = names.iter().filter(is_unlisted).count();
    Ok(reading.found)
}

struct Reading<'a> {
    place: &'a BackupPlace,
    progress: &'a mut Progress,
    found: Archives,
    listed: BTreeSet<String>,
}

impl Reading<'_> {
    async fn log(&mut self, name: &str) -> Result<(), Failure> {
        self.found.logs += 1;
        let Some(content) = self.content(name, MANIFEST_SIZE_MAX).await? else { return Ok(()) };
        let manifest = match ArchiveManifest::read(&content) {
            Ok(manifest) => manifest,
            Err(damage) => {
                self.damaged(name, damage);
                return Ok(());
            }
        };
        if let Some(problem) = manifest.problem() {
            self.damaged(name, problem);
        }
        for page in &manifest.pages {
            self.listed.insert(page.key.clone());
            let Some(content) = self.content(&page.key, MANIFEST_SIZE_MAX).await? else { continue };
            match ManifestPage::read(page, &content) {
                Err(damage) => self.damaged(&page.key, damage),
                // A page is dropped whole, behind its last segment.
                Ok(page) => self.segments(page.segments.iter().filter(|entry| entry.last > manifest.from)).await?,
            }
        }
        self.segments(manifest.segments.iter()).await
    }

    async fn segments(&mut self, entries: impl Iterator<Item = &SegmentEntry>) -> Result<(), Failure> {
        for entry in entries {
            self.listed.insert(entry.object.key.clone());
            self.progress.show(&format!("{} segments", self.found.segments));
            let Some(content) = self.content(&entry.object.key, OBJECT_SIZE_MAX).await? else { continue };
            let count = (entry.last + 1).saturating_sub(entry.first);
            let damage = match read_object(&entry.object, &content, None) {
                Err(damage) => Some(damage),
                Ok(Some(read)) if (read.first, read.records.len() as u64) != (entry.first, count) => {
                    Some("it has other records than the manifest says".to_owned())
                }
                Ok(_) => None,
            };
            self.found.segments += 1;
            self.found.sealed += usize::from(entry.object.sealed);
            self.found.records += count;
            self.found.bytes += content.len() as u64;
            if let Some(damage) = damage {
                self.damaged(&entry.object.key, damage);
            }
        }
        Ok(())
    }

    /// A whole object; none of a missing one, which is damage.
    async fn content(&mut self, name: &str, size_max: u64) -> Result<Option<Vec<u8>>, Failure> {
        match self.place.whole(name, usize::try_from(size_max).unwrap_or(usize::MAX)).await {
            Ok(content) => Ok(Some(content)),
            Err(objects::ObjectError::NoSuchKey(_)) => {
                self.damaged(name, "it is missing".to_owned());
                Ok(None)
            }
            Err(error) => Err(Failure::new(format!("{} cannot be read: {error}", base::visible(name)))),
        }
    }

    fn damaged(&mut self, name: &str, damage: String) {
        self.found.damages.push((name.to_owned(), damage));
    }
}
