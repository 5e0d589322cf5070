//! The versions of one row, newest first in reach.

use bytes::Bytes;

use super::Commit;

/// A value, or its absence, since one commit.
struct Version {
    since: Commit,
    value: Option<Bytes>,
}

impl Version {
    fn bytes(&self) -> usize {
        value_bytes(self.value.as_ref())
    }
}

/// What a version takes, about. Unit: bytes.
pub(super) fn value_bytes(value: Option<&Bytes>) -> usize {
    value.map_or(0, |value| ALLOCATION_BYTES + value.len() + value.len() / SPARE_PART)
}

/// What a row takes beside its versions, about. Unit: bytes.
pub(super) fn row_bytes(key: &Bytes) -> usize {
    ROW_BYTES + key.len()
}

/// An allocation's own, and the counter that its users share. Unit: bytes.
const ALLOCATION_BYTES: usize = 48;
/// What allocators and writers leave unused of larger values: measured against the process's resident memory with values of
/// 20 bytes to 5 KB.
const SPARE_PART: usize = 4;
/// A place in the ordered map, which is two thirds full, with the key's allocation.
const ROW_BYTES: usize = 240;

/// Versions in the order of their commits. Nearly always exactly one.
#[derive(Default)]
pub(super) struct Chain {
    newest: Option<Version>,
    older: Vec<Version>,
}

impl Chain {
    pub(super) fn newest(&self) -> Option<&Bytes> {
        self.newest.as_ref()?.value.as_ref()
    }

    /// What a reader as of `commit` sees.
    pub(super) fn at(&self, commit: Commit) -> Option<&Bytes> {
        let mut versions = self.newest.iter().chain(self.older.iter().rev());
        versions.find(|version| version.since <= commit)?.value.as_ref()
    }

    /// A second value of the same commit takes the place of the first. Returns the bytes of a version that is dropped.
    pub(super) fn push(&mut self, commit: Commit, value: Option<Bytes>) -> usize {
        let replaced = self.newest.replace(Version { since: commit, value });
        match replaced {
            Some(version) if version.since < commit => self.older.push(version),
            Some(version) => return version.bytes(),
            None => {}
        }
        0
    }

    /// Drops the versions that were already replaced at `commit`. Returns their bytes.
    pub(super) fn forget_before(&mut self, commit: Commit) -> usize {
        let bytes = |versions: &[Version]| versions.iter().map(Version::bytes).sum();
        if self.newest.as_ref().is_some_and(|newest| newest.since <= commit) {
            return bytes(&std::mem::take(&mut self.older));
        }
        match self.older.iter().rposition(|version| version.since <= commit) {
            Some(visible) => bytes(&self.older.drain(..visible).collect::<Vec<_>>()),
            None => 0,
        }
    }

    /// Whether nothing is left but the row's absence.
    pub(super) fn is_gone(&self) -> bool {
        self.older.is_empty() && self.newest.as_ref().is_none_or(|newest| newest.value.is_none())
    }

    #[cfg(test)]
    pub(super) fn versions(&self) -> usize {
        self.older.len() + usize::from(self.newest.is_some())
    }
}
