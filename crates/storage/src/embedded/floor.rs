//! The floor: a number of commits that the database is known to have reached, in a file of its own.
//!
//! Journals prove by themselves that nothing in their middle is missing ([`commit_row`](super::commit_row)), but not
//! that nothing is missing at their end: a journal that is missing, cut between two commits or replaced by an older
//! copy looks like an older, whole database. The floor distinguishes it from one. It is written when the database is
//! opened and closed, so that after an orderly end no commit can be missing unnoticed, and now and then in between;
//! after a crash only the commits since then are without this proof.
//!
//! The file is text: `commit `, the number, a space and 16 hex digits, the XXH3 of the number's 8 big-endian bytes,
//! seeded with the database's mark. It is replaced as a whole. Without a file the floor is 0.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::commit_row::{self, Mark};
use super::error::OpenError;

/// Commits after which the floor is raised: seldom enough to cost nothing.
const STEP: u64 = 4096;

pub(super) struct Floor {
    path: PathBuf,
    mark: Mark,
    commit: u64,
}

impl Floor {
    /// Reads the floor and checks that `newest` has reached it.
    pub(super) fn check(path: PathBuf, mark: Mark, newest: u64) -> Result<Floor, OpenError> {
        let commit = match fs::read_to_string(&path) {
            Ok(text) => decode(&text, mark).ok_or_else(|| OpenError::FileDamaged(path.clone()))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(OpenError::FileDamaged(path)),
            Err(error) => return Err(OpenError::io(format!("read {}", path.display()), error)),
        };
        if newest < commit {
            return Err(OpenError::CommitsMissing { after: newest, before: commit });
        }
        Ok(Floor { path, mark, commit })
    }

    pub(super) fn mark(&self) -> Mark {
        self.mark
    }

    /// Raises the floor to a durable commit, if it is far enough below.
    pub(super) fn follow(&mut self, durable: u64) {
        if durable >= self.commit.saturating_add(STEP) {
            self.raise(durable);
        }
    }

    /// Raises the floor to a durable commit.
    pub(super) fn raise(&mut self, durable: u64) {
        // On a full disk, say, it stays where it is, and only proves less.
        if durable != self.commit && self.write(durable).is_ok() {
            self.commit = durable;
        }
    }

    fn write(&self, durable: u64) -> io::Result<()> {
        let new = self.path.with_extension("new");
        let mut file = File::create(&new)?;
        file.write_all(encode(durable, self.mark).as_bytes())?;
        // Synced before the rename, and the folder after it: a power failure leaves the old file or the whole new one.
        file.sync_all()?;
        drop(file);
        fs::rename(&new, &self.path)?;
        self.path.parent().map_or(Ok(()), sync_folder)
    }
}

fn encode(commit: u64, mark: Mark) -> String {
    let value = commit_row::value(commit, mark);
    let check = value.last_chunk().map_or(0, |check| u64::from_be_bytes(*check));
    format!("commit {commit} {check:016x}\n")
}

fn decode(text: &str, mark: Mark) -> Option<u64> {
    let commit = text.strip_prefix("commit ")?.split(' ').next()?.parse().ok()?;
    (text == encode(commit, mark)).then_some(commit)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn other_texts_are_no_floor(text in "(commit )?[0-9+ ]{0,24}([0-9a-f]{16})?.{0,3}") {
            prop_assert_eq!(decode(&text, Mark::random()), None);
        }
    }

    #[test]
    fn floors_are_read_as_they_were_written() {
        let (mark, other) = (Mark::random(), Mark::random());
        for commit in [0, 1, u64::MAX] {
            let text = encode(commit, mark);
            assert_eq!(decode(&text, mark), Some(commit));
            assert_eq!(decode(&text, other), None);
            assert_eq!(decode(text.trim_end(), mark), None);
            assert_eq!(decode(&text.replace("commit ", "commit +"), mark), None);
        }
    }
}
