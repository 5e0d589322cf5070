//! The manifest of a log's archive in a store: which objects its segments are in. Another process verifies the archive by it.
//!
//! Manifests are numbered, and each is written only where there is none: of two archivers that write the same number, one loses. The
//! newest one counts; names are such that it is the first of a list. The database decides what is archived: a manifest says so
//! for others, and one that was written in front of a crash is followed by another one of what the database has.
//!
//! Segments that are older than the last few are listed by pages, objects that never change: a manifest has a bounded size.
//! Manifest and page are two lines of JSON, the second one with the SHA-256 of the first.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use crate::archive::SegmentHeader;
use crate::segment_object::SegmentObject;

const FORMAT: u32 = 1;
/// Segments of a page. A manifest lists fewer by itself.
pub const PAGE_SEGMENTS: usize = 128;
/// Far more than a manifest of 35 days of one-minute segments has. Unit: bytes.
pub const MANIFEST_SIZE_MAX: u64 = 4 << 20;

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ArchiveManifest {
    pub format: u32,
    pub number: u64,
    /// Chosen by the database before it is written: a manifest with another one is of another database.
    pub token: String,
    pub table_id: u64,
    pub log: u32,
    /// Moments from here on can be restored: all records behind `from`, up to `archived`, are in segments.
    pub from: u64,
    pub from_ms: u64,
    pub archived: u64,
    /// The older segments, the oldest first.
    pub pages: Vec<PageEntry>,
    pub segments: Vec<SegmentEntry>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PageEntry {
    pub key: String,
    pub sha256: String,
    /// Positions of the first and the last record.
    pub first: u64,
    pub last: u64,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SegmentEntry {
    pub first: u64,
    pub last: u64,
    pub until_ms: u64,
    /// Of a sealed archive without the hash of its records, which would confirm a guess of them.
    pub object: SegmentObject,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ManifestPage {
    pub segments: Vec<SegmentEntry>,
}

#[derive(Serialize, Deserialize)]
struct Check {
    sha256: String,
}

impl SegmentEntry {
    /// None of a segment that is in the database.
    pub fn of(last: u64, header: &SegmentHeader) -> Option<SegmentEntry> {
        let mut object = header.object.clone()?;
        if object.sealed {
            object.hash.clear();
        }
        Some(SegmentEntry { first: header.first, last, until_ms: header.until_ms, object })
    }
}

impl ArchiveManifest {
    /// Of an archive without segments.
    pub fn new(table_id: u64, log: u32, from: u64, from_ms: u64) -> ArchiveManifest {
        let (format, number, token, archived) = (FORMAT, 0, String::new(), from);
        let (pages, segments) = (Vec::new(), Vec::new());
        ArchiveManifest { format, number, token, table_id, log, from, from_ms, archived, pages, segments }
    }

    /// Adds a segment that follows the others.
    pub fn add(&mut self, entry: SegmentEntry) {
        self.archived = entry.last;
        self.segments.push(entry);
    }

    /// Drops what is before a position, and returns the names of the objects that are not listed any more. Segments on a page are
    /// dropped with all of the page. The part of a history that is not in the store stays before the begin.
    pub fn drop_until(&mut self, from: u64, from_ms: u64) -> Vec<String> {
        if from > self.from {
            (self.from, self.from_ms) = (from, from_ms);
        }
        let from = self.from;
        self.archived = self.archived.max(from);
        let pages = self.pages.extract_if(.., |page| page.last <= from).map(|page| page.key);
        let mut dropped: Vec<String> = pages.collect();
        dropped.extend(self.segments.extract_if(.., |entry| entry.last <= from).map(|entry| entry.object.key));
        dropped
    }

    /// The segments as a page, once they fill one.
    pub fn full_page(&self) -> Option<ManifestPage> {
        (self.segments.len() >= PAGE_SEGMENTS).then(|| ManifestPage { segments: self.segments.clone() })
    }

    /// Puts a page in the place of the segments that are on it.
    pub fn turn_page(&mut self, key: String, sha256: String) {
        if let (Some(first), Some(last)) = (self.segments.first(), self.segments.last()) {
            self.pages.push(PageEntry { key, sha256, first: first.first, last: last.last });
        }
        self.segments.clear();
    }

    /// What proves that each moment it claims can be restored: the listed segments have all records behind `from`, without a gap.
    pub fn problem(&self) -> Option<String> {
        let pages = self.pages.iter().map(|page| (page.first, page.last));
        let segments = self.segments.iter().map(|entry| (entry.first, entry.last));
        gap(self.from, self.archived, pages.chain(segments))
    }

    pub fn encode(&self) -> Option<(String, Vec<u8>)> {
        encode(self)
    }

    /// # Errors
    /// If it is not as it was written, or of a newer program.
    pub fn read(bytes: &[u8]) -> Result<ArchiveManifest, String> {
        let manifest: ArchiveManifest = read(bytes)?;
        match manifest.format {
            FORMAT => Ok(manifest),
            format => Err(format!("it has format {format}, and this program knows {FORMAT}")),
        }
    }
}

impl ManifestPage {
    pub fn encode(&self) -> Option<(String, Vec<u8>)> {
        encode(self)
    }

    /// # Errors
    /// If it is not the page that the manifest lists.
    pub fn read(entry: &PageEntry, bytes: &[u8]) -> Result<ManifestPage, String> {
        if sha256(bytes) != entry.sha256 {
            return Err("its SHA-256 is another one".to_owned());
        }
        let page: ManifestPage = read(bytes)?;
        let segments = page.segments.iter().map(|entry| (entry.first, entry.last));
        match gap(entry.first.saturating_sub(1), entry.last, segments) {
            None => Ok(page),
            Some(problem) => Err(problem),
        }
    }
}

/// The first gap in ranges of positions that must have all behind `from`, up to `to`. The first range may begin before.
fn gap(from: u64, to: u64, ranges: impl Iterator<Item = (u64, u64)>) -> Option<String> {
    let mut passed = None;
    for (first, last) in ranges {
        let is_next = match passed {
            None => first <= from.saturating_add(1),
            Some(passed) => first == u64::saturating_add(passed, 1),
        };
        if !is_next || last < first {
            let behind = passed.unwrap_or(from);
            return Some(format!("behind record {behind} it lists records {first} to {last}"));
        }
        passed = Some(last);
    }
    let end = passed.unwrap_or(from);
    (end != to).then(|| format!("it ends with record {end} instead of {to}"))
}

/// Its SHA-256 as of an object, and its bytes.
fn encode(value: &impl Serialize) -> Option<(String, Vec<u8>)> {
    let mut bytes = serde_json::to_vec(value).ok()?;
    let check = Check { sha256: sha256(&bytes) };
    bytes.push(b'\n');
    bytes.extend(serde_json::to_vec(&check).ok()?);
    bytes.push(b'\n');
    Some((sha256(&bytes), bytes))
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let mut lines = bytes.splitn(2, |byte| *byte == b'\n');
    let (body, check) = (lines.next().unwrap_or_default(), lines.next().ok_or("it is cut off")?);
    let check: Check = serde_json::from_slice(check).map_err(|_| "it is cut off".to_owned())?;
    if check.sha256 != sha256(body) {
        return Err("its checksum is wrong".to_owned());
    }
    serde_json::from_slice(body).map_err(|error| format!("it cannot be read: {error}"))
}

fn sha256(bytes: &[u8]) -> String {
    base::hex(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(first: u64, last: u64) -> SegmentEntry {
        let object = SegmentObject {
            key: format!("s/{first}"),
            bytes: 1,
            sha256: String::new(),
            hash: String::new(),
            sealed: false,
        };
        SegmentEntry { first, last, until_ms: last, object }
    }

    fn manifest(segments: &[(u64, u64)]) -> ArchiveManifest {
        let mut manifest = ArchiveManifest::new(7, 0, 10, 1_000);
        segments.iter().for_each(|(first, last)| manifest.add(entry(*first, *last)));
        manifest
    }

    #[test]
    fn gaps_are_problems() {
        assert_eq!(manifest(&[]).problem(), None);
        assert_eq!(manifest(&[(11, 20), (21, 21)]).problem(), None);
        assert!(manifest(&[(12, 20)]).problem().is_some());
        assert!(manifest(&[(11, 20), (22, 23)]).problem().is_some());
        assert!(manifest(&[(11, 20), (20, 23)]).problem().is_some());
        assert!(ArchiveManifest { archived: 30, ..manifest(&[(11, 20)]) }.problem().is_some());
    }

    #[test]
    fn what_is_over_is_dropped_and_what_is_left_has_no_gap() {
        let mut manifest = manifest(&[(11, 20), (21, 30), (31, 40)]);
        assert_eq!(manifest.drop_until(20, 20), ["s/11"]);
        assert_eq!((manifest.problem(), manifest.segments.len()), (None, 2));
        manifest.turn_page("p/1".to_owned(), "sha".to_owned());
        manifest.add(entry(41, 50));
        assert_eq!((manifest.problem(), manifest.pages.len(), manifest.segments.len()), (None, 1, 1));
        assert_eq!(manifest.drop_until(30, 30), [""; 0], "a page is dropped whole");
        assert_eq!(manifest.problem(), None);
        assert_eq!(manifest.drop_until(90, 90), ["p/1", "s/41"]);
        assert_eq!((manifest.problem(), manifest.archived), (None, 90));
    }

    #[test]
    fn any_other_byte_is_damage() {
        let manifest = manifest(&[(11, 20), (21, 30)]);
        let (_, bytes) = manifest.encode().unwrap();
        assert_eq!(ArchiveManifest::read(&bytes), Ok(manifest));
        for at in 0..bytes.len() - 1 {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert!(ArchiveManifest::read(&damaged).is_err(), "byte {at}");
            assert!(ArchiveManifest::read(&bytes[..at]).is_err(), "cut at {at}");
        }
        let page = ManifestPage { segments: vec![entry(1, 2), entry(3, 4)] };
        let (sha256, bytes) = page.encode().unwrap();
        let listed = PageEntry { key: String::new(), sha256, first: 1, last: 4 };
        assert_eq!(ManifestPage::read(&listed, &bytes), Ok(page));
        assert!(ManifestPage::read(&PageEntry { last: 5, ..listed }, &bytes).is_err());
    }
}
