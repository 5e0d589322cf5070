//! The versions of one row, newest first in reach.

use bytes::Bytes;

use super::Commit;

/// A value, or its absence, since one commit.
struct Version {
    since: Commit,
    value: Option<Bytes>,
}

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

    /// What a reader sees who sees nothing after `commit`.
    pub(super) fn at(&self, commit: Commit) -> Option<&Bytes> {
        let mut versions = self.newest.iter().chain(self.older.iter().rev());
        versions.find(|version| version.since <= commit)?.value.as_ref()
    }

    /// A second value of the same commit takes the place of the first.
    pub(super) fn push(&mut self, commit: Commit, value: Option<Bytes>) {
        let replaced = self.newest.replace(Version { since: commit, value });
        self.older.extend(replaced.filter(|version| version.since < commit));
    }

    /// Drops the versions that were already replaced at `commit`.
    pub(super) fn forget_before(&mut self, commit: Commit) {
        if self.newest.as_ref().is_some_and(|newest| newest.since <= commit) {
            self.older = Vec::new();
        } else if let Some(visible) = self.older.iter().rposition(|version| version.since <= commit) {
            self.older.drain(..visible);
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
