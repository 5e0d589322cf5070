//! Commit rows: evidence in the data itself that no commit in the middle is missing.
//!
//! Every group that is committed has the next number and carries one row with it, in a keyspace of the engine's own.
//! The row of commit n is stored in slot n mod 1024 and so replaces the row of commit n - 1024:
//!
//! | part | bytes | what |
//! |---|---|---|
//! | key | 14 | `stator/commit/` |
//! | | 2 | slot, big-endian |
//! | value | 8 | number of the commit, big-endian, from 1 |
//! | | 8 | check: XXH3 of the number, seeded with the database's mark |
//!
//! What they prove when a database is opened:
//! - The journals are read first, before the engine may cut them ([`journal`](super::journal)): numbers in them must
//!   follow one another.
//! - After the engine has replayed them, the last 1024 rows must be there without a gap, and the newest must be the
//!   journals' newest: otherwise a journal was cut behind what had already reached a table, or a whole file is missing.
//!
//! What cannot be decided: whether the last group of a journal that ends in the middle of it was torn by a crash (and
//! so never acknowledged) or damaged later. Closing writes one more, empty commit, so this doubt is left only for the
//! last commit before a crash. A journal that was cut exactly between two commits, before anything behind the cut was
//! in a table, looks like an older, whole database.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::error::OpenError;
use super::store::Store;

pub(super) const KEY_PREFIX: &[u8; 14] = b"stator/commit/";
pub(super) const KEY_SIZE: usize = KEY_PREFIX.len() + 2;
pub(super) const VALUE_SIZE: usize = 16;
/// How many commits back the rows reach.
const SLOTS: u64 = 1024;

/// A database's own random number: a client cannot write bytes that pass for its commit rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Mark(u64);

impl Mark {
    pub(super) fn random() -> Mark {
        let mut bytes = [0; 8];
        base::random::fill(&mut bytes);
        Mark(u64::from_be_bytes(bytes))
    }

    pub(super) fn to_hex(self) -> String {
        format!("{:016x}", self.0)
    }

    pub(super) fn from_hex(hex: &str) -> Option<Mark> {
        let digits = hex.len() == 16 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        digits.then(|| u64::from_str_radix(hex, 16).ok()).flatten().map(Mark)
    }
}

pub(super) fn key(commit: u64) -> [u8; KEY_SIZE] {
    let mut key = [0; KEY_SIZE];
    key[..KEY_PREFIX.len()].copy_from_slice(KEY_PREFIX);
    let slot = (commit % SLOTS) as u16;
    key[KEY_PREFIX.len()..].copy_from_slice(&slot.to_be_bytes());
    key
}

pub(super) fn value(commit: u64, mark: Mark) -> [u8; VALUE_SIZE] {
    let number = commit.to_be_bytes();
    let mut value = [0; VALUE_SIZE];
    value[..8].copy_from_slice(&number);
    value[8..].copy_from_slice(&xxh3_64_with_seed(&number, mark.0).to_be_bytes());
    value
}

/// The number of a commit row of this database; none if it is something else.
pub(super) fn decode(row_key: &[u8], row_value: &[u8], mark: Mark) -> Option<u64> {
    let commit = u64::from_be_bytes(*row_value.first_chunk()?);
    (row_key == key(commit) && row_value == value(commit, mark)).then_some(commit)
}

/// Checks the rows against each other and against the journals' last commit, and returns the newest number.
pub(super) fn check(store: &Store, mark: Mark, journals_last: Option<u64>) -> Result<u64, OpenError> {
    let mut commits = Vec::new();
    for (row_key, row_value) in store.commit_rows()? {
        let commit = decode(&row_key, &row_value, mark);
        commits.push(commit.ok_or_else(|| OpenError::Engine("a commit row is damaged".to_owned()))?);
    }
    commits.sort_unstable();
    judge(&commits, journals_last)
}

/// `commits` in ascending order.
fn judge(commits: &[u64], journals_last: Option<u64>) -> Result<u64, OpenError> {
    let newest = commits.last().copied().unwrap_or(0);
    let oldest_due = newest.saturating_sub(SLOTS - 1).max(1);
    let mut before = oldest_due - 1;
    for commit in commits.iter().copied().filter(|commit| *commit >= oldest_due) {
        if commit != before + 1 {
            return Err(OpenError::CommitsMissing { after: before, before: commit });
        }
        before = commit;
    }
    match journals_last {
        Some(last) if last != newest => {
            Err(OpenError::CommitsMissing { after: last.min(newest), before: last.max(newest) })
        }
        _ => Ok(newest),
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn other_bytes_are_no_row(row_key in vec(any::<u8>(), 0..20), row_value in vec(any::<u8>(), 0..20), mark: u64) {
            prop_assert_eq!(decode(&row_key, &row_value, Mark(mark)), None);
            prop_assert_eq!(decode(&key(mark), &row_value, Mark(mark)), None);
            prop_assert_eq!(Mark::from_hex(&String::from_utf8_lossy(&row_key)), None);
        }
    }

    #[test]
    fn rows_are_known_by_their_mark() {
        let (mark, other) = (Mark(1), Mark(2));
        assert_eq!(decode(&key(7), &value(7, mark), mark), Some(7));
        assert_eq!(decode(&key(7), &value(7, other), mark), None);
        assert_eq!(decode(&key(8), &value(7, mark), mark), None);
        assert_eq!(decode(&key(7 + SLOTS), &value(7, mark), mark), Some(7));
        assert_eq!(Mark::from_hex(&mark.to_hex()), Some(mark));
        assert_eq!(Mark::from_hex("+00000000000000f"), None);
    }

    #[test]
    fn gaps_are_seen_as_far_back_as_rows_reach() {
        let all = |from, to| (from..=to).collect::<Vec<u64>>();
        let without = |gone| all(1, 10).into_iter().filter(|commit| *commit != gone).collect::<Vec<u64>>();
        for (commits, journals_last, newest) in [
            (vec![], None, Some(0)),
            (all(1, 3), None, Some(3)),
            (all(1, 3), Some(3), Some(3)),
            (all(1, 3), Some(2), None),
            (all(2, 3), None, None),
            (without(5), Some(10), None),
            (without(1), None, None),
            (without(10), Some(9), Some(9)),
            (all(1001, 2024), Some(2024), Some(2024)),
            (all(1002, 2024), Some(2024), None),
        ] {
            assert_eq!(judge(&commits, journals_last).ok(), newest, "{commits:?} {journals_last:?}");
        }
    }
}
