//! Lists of attribute names, each with a number: items on the connection have their names in that form.
//!
//! Clients cache both directions without an end. A number that meant another list later, after a restart or on another node, would
//! rename attributes of stored items without an error. So a list is stored before its number is answered, and no number is given twice in
//! a database: not in another account either, for a client may change its account and keep its cache.
//!
//! | row, behind the kind's letter | content |
//! |---|---|
//! | `N` | the last number (8) |
//! | `A` · account (16) | how many lists the account has (8), and their bytes (8) |
//! | `H` · account (16) · hash of the list (16) | its number (8) |
//! | `I` · account (16) · number (8) | its names, each behind its length (4) |
//!
//! A node in front of another server's tables has numbers that are derived from the list: nodes that share no rows give one list one
//! number, and a node that has lost its rows gives it again.
//!
//! A list that an item of the table has is stored in any case, for the item is there. What clients define beside that is bounded.
//!
//! An account is the beginning of its name's SHA-256, and a list's hash that of its row.

use std::sync::Arc;

use api::Exception;
use bytes::Bytes;
use keyspace::DatabaseRow;
use model::limits::ITEM_SIZE_MAX;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};
use storage::{Batch, Consistency, Engine, Key, KeyUse, Mode, Reads, StorageError, TxError};

/// The number of the empty list, which every client knows.
pub(crate) const EMPTY: i64 = 1;
/// Lists of one account, and the bytes of all of them: unlike DAX's own, which grow without a bound.
const LISTS_MAX: u64 = 100_000;
const LISTS_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Names of one list, with their lengths: an item's names are part of its size. Unit: bytes.
const LIST_BYTES_MAX: usize = 2 * ITEM_SIZE_MAX;
/// Memory of each of the two caches. Unit: bytes.
const CACHE_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// An entry beside its bytes. Unit: bytes.
const ENTRY_OVERHEAD: u64 = 128;

type Space = [u8; 16];

/// Which numbers lists get.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Numbering {
    /// One after the other: for all servers of one database.
    Counted,
    /// From the list itself: for nodes without common rows.
    Derived,
}

/// For which reason a list is stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Definer {
    /// A client asks for its number.
    Client,
    /// An item of a table has it.
    Item,
}

/// The lists of all accounts.
pub(crate) struct AttributeLists {
    engine: Arc<dyn Engine>,
    numbering: Numbering,
    numbers: Cache<(Space, Bytes), i64, Weight>,
    lists: Cache<(Space, i64), Arc<AttributeList>, Weight>,
}

/// The names of one list, in its order.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct AttributeList {
    pub names: Vec<String>,
    bytes: usize,
}

#[derive(Clone)]
struct Weight;

impl Weighter<(Space, Bytes), i64> for Weight {
    fn weight(&self, (_, row): &(Space, Bytes), _: &i64) -> u64 {
        row.len() as u64 + ENTRY_OVERHEAD
    }
}

impl Weighter<(Space, i64), Arc<AttributeList>> for Weight {
    fn weight(&self, _: &(Space, i64), list: &Arc<AttributeList>) -> u64 {
        // Each name is a string of its own.
        list.bytes as u64 + 40 * list.names.len() as u64 + ENTRY_OVERHEAD
    }
}

impl AttributeLists {
    pub(crate) fn new(engine: Arc<dyn Engine>, numbering: Numbering) -> AttributeLists {
        AttributeLists {
            engine,
            numbering,
            numbers: Cache::with_weighter(4096, CACHE_BYTES_MAX, Weight),
            lists: Cache::with_weighter(4096, CACHE_BYTES_MAX, Weight),
        }
    }

    /// The number of a list, which is stored if it is new.
    ///
    /// # Errors
    /// The account has too many lists, or the engine's failure.
    pub(crate) async fn number<'n>(
        &self,
        account: &str,
        names: impl ExactSizeIterator<Item = &'n str>,
        definer: Definer,
    ) -> Result<i64, Exception> {
        if names.len() == 0 {
            return Ok(EMPTY);
        }
        let (space, row) = (space(account), row(names)?);
        let cached = (space, Bytes::from(row));
        if let Some(number) = self.numbers.get(&cached) {
            return Ok(number);
        }
        let number = self.define(&space, cached.1.clone(), definer).await?;
        self.numbers.insert(cached, number);
        Ok(number)
    }

    /// The list of a number.
    ///
    /// # Errors
    /// The account has no such list, or the engine's failure.
    pub(crate) async fn list(&self, account: &str, number: i64) -> Result<Arc<AttributeList>, Exception> {
        if number == EMPTY {
            return Ok(Arc::new(AttributeList { names: Vec::new(), bytes: 0 }));
        }
        let key = (space(account), number);
        if let Some(list) = self.lists.get(&key) {
            return Ok(list);
        }
        let stored = self.engine.get(&list_key(&key.0, number), Consistency::Strong).await.map_err(failure)?;
        let stored = stored.ok_or_else(|| Exception::validation(format!("There is no attribute list {number}")))?;
        let list = Arc::new(read_row(&stored).ok_or_else(|| damaged("an attribute list"))?);
        self.lists.insert(key, Arc::clone(&list));
        Ok(list)
    }

    /// Stores a list, unless it is there already.
    async fn define(&self, space: &Space, row: Bytes, definer: Definer) -> Result<i64, Exception> {
        let by_hash = prefixed(b'H', space, &hash(&row));
        if let Some(stored) = self.engine.get(&by_hash, Consistency::Strong).await.map_err(failure)? {
            return number(&stored);
        }
        let derived = match self.numbering {
            Numbering::Counted => None,
            Numbering::Derived => Some(derived(&row)),
        };
        let mut keys = vec![
            KeyUse::write(by_hash),
            KeyUse::write(DatabaseRow::AttributeList.key(b"N")),
            KeyUse::write(prefixed(b'A', space, &[])),
        ];
        keys.extend(derived.map(|number| KeyUse::write(list_key(space, number))));
        // Two servers that define one list at once write its row under one key: the second one finds the first one's number.
        let decide = |reads: &Reads, batch: &mut Batch| {
            if let Some(stored) = &reads.values[0] {
                return Ok(number(stored));
            }
            let last = reads.values[1].as_deref().map_or(Ok(EMPTY), number);
            let (lists, bytes) = reads.values[2].as_deref().map_or(Some((0, 0)), tally).unwrap_or((u64::MAX, 0));
            let (lists, bytes) = (lists.saturating_add(1), bytes + row.len() as u64);
            if definer == Definer::Client && (lists > LISTS_MAX || bytes > LISTS_BYTES_MAX) {
                return Err(TooMany);
            }
            if reads.values.get(3).is_some_and(|other| other.is_some()) {
                return Ok(Err(Exception::internal("two attribute lists have one number")));
            }
            let next = derived.map_or_else(|| last.map(|last| last + 1), Ok);
            let Ok(next) = next else { return Ok(Err(damaged("the attribute lists' number"))) };
            batch.put(keys[0].key.clone(), next.to_be_bytes().to_vec());
            batch.put(keys[1].key.clone(), next.to_be_bytes().to_vec());
            batch.put(keys[2].key.clone(), [lists.to_be_bytes(), bytes.to_be_bytes()].concat());
            batch.put(list_key(space, next), row.clone());
            batch.grows = true;
            Ok(Ok(next))
        };
        match self.engine.write(Mode::Plain, &keys, decide).await.map_err(write_failure)? {
            Ok(number) => number,
            Err(TooMany) => Err(Exception::LimitExceeded(format!(
                "The account has {LISTS_MAX} attribute lists, or {LISTS_BYTES_MAX} bytes of them: items have too many different \
                 sets of attribute names"
            ))),
        }
    }
}

/// A number below 2^53, which every client has as it is, from 2 on.
fn derived(row: &[u8]) -> i64 {
    let [a, b, c, d, e, f, g, ..] = hash(row);
    let number = i64::from_be_bytes([0, a & 0x1f, b, c, d, e, f, g]);
    number.max(EMPTY + 1)
}

/// The account has as many lists as it may.
struct TooMany;

fn space(account: &str) -> Space {
    hash(account.as_bytes())
}

fn hash(bytes: &[u8]) -> [u8; 16] {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    half
}

fn prefixed(letter: u8, space: &Space, rest: &[u8]) -> Key {
    DatabaseRow::AttributeList.key(&[&[letter][..], space, rest].concat())
}

fn list_key(space: &Space, number: i64) -> Key {
    prefixed(b'I', space, &number.to_be_bytes())
}

fn row<'n>(names: impl Iterator<Item = &'n str>) -> Result<Vec<u8>, Exception> {
    let mut row = Vec::with_capacity(128);
    for name in names {
        let length = u32::try_from(name.len()).map_err(|_| too_long())?;
        row.extend_from_slice(&length.to_be_bytes());
        row.extend_from_slice(name.as_bytes());
        if row.len() > LIST_BYTES_MAX {
            return Err(too_long());
        }
    }
    Ok(row)
}

fn too_long() -> Exception {
    Exception::validation("Item size has exceeded the maximum allowed size")
}

fn read_row(mut row: &[u8]) -> Option<AttributeList> {
    let (mut names, bytes) = (Vec::new(), row.len());
    while !row.is_empty() {
        let (length, rest) = row.split_first_chunk()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (name, rest) = rest.split_at_checked(length)?;
        names.push(String::from_utf8(name.to_vec()).ok()?);
        row = rest;
    }
    Some(AttributeList { names, bytes })
}

fn number(stored: &[u8]) -> Result<i64, Exception> {
    stored.try_into().map(i64::from_be_bytes).map_err(|_| damaged("the number of an attribute list"))
}

fn tally(stored: &[u8]) -> Option<(u64, u64)> {
    let (lists, bytes) = stored.split_first_chunk()?;
    Some((u64::from_be_bytes(*lists), u64::from_be_bytes(bytes.try_into().ok()?)))
}

fn damaged(what: &str) -> Exception {
    Exception::internal(format!("a row is damaged: {what}"))
}

fn failure(error: StorageError) -> Exception {
    Exception::internal(error.to_string())
}

fn write_failure(error: TxError) -> Exception {
    Exception::internal(format!("an attribute list was not stored: {error}"))
}

#[cfg(test)]
mod tests {
    use storage::Memory;

    use super::*;

    async fn number_of(lists: &AttributeLists, account: &str, names: &[&str]) -> i64 {
        lists.number(account, names.iter().copied(), Definer::Client).await.unwrap()
    }

    #[tokio::test]
    async fn a_number_means_one_list_also_after_a_restart() {
        let engine: Arc<dyn Engine> = Memory::new();
        let lists = AttributeLists::new(Arc::clone(&engine), Numbering::Counted);
        assert_eq!(number_of(&lists, "1", &[]).await, EMPTY);
        let first = number_of(&lists, "1", &["a", "b"]).await;
        let second = number_of(&lists, "1", &["b", "a"]).await;
        let foreign = number_of(&lists, "2", &["a", "b"]).await;
        assert_eq!([first, second, foreign], [2, 3, 4]);
        let restarted = AttributeLists::new(engine, Numbering::Counted);
        assert_eq!(number_of(&restarted, "1", &["a", "b"]).await, first);
        assert_eq!(number_of(&restarted, "1", &["c"]).await, 5);
        assert_eq!(restarted.list("1", second).await.unwrap().names, ["b", "a"]);
        assert_eq!(restarted.list("1", EMPTY).await.unwrap().names, [""; 0]);
        // Another account's number means nothing.
        assert!(restarted.list("1", foreign).await.is_err());
        assert!(restarted.list("1", 0).await.is_err());
    }

    #[tokio::test]
    async fn servers_that_define_a_list_at_once_agree() {
        let engine: Arc<dyn Engine> = Memory::new();
        let servers = [
            AttributeLists::new(Arc::clone(&engine), Numbering::Counted),
            AttributeLists::new(engine, Numbering::Counted),
        ];
        for at in 0..50 {
            let name = format!("name{at}");
            let names = [name.as_str()];
            let (one, other) = tokio::join!(number_of(&servers[0], "1", &names), number_of(&servers[1], "1", &names));
            assert_eq!(one, other);
        }
    }

    #[tokio::test]
    async fn derived_numbers_are_the_same_on_nodes_that_share_nothing() {
        let lists = || AttributeLists::new(Memory::new(), Numbering::Derived);
        let (one, other) = (lists(), lists());
        for names in [&["a"][..], &["b"], &["a", "b"]] {
            let number = number_of(&one, "1", names).await;
            assert!(number > EMPTY && number < 1 << 53);
            assert_eq!(number_of(&other, "1", names).await, number);
            assert_eq!(other.list("1", number).await.unwrap().names, names);
        }
        assert_ne!(number_of(&one, "1", &["a"]).await, number_of(&one, "1", &["b"]).await);
    }

    #[tokio::test]
    async fn an_account_has_so_many_lists() {
        let engine: Arc<dyn Engine> = Memory::new();
        let full = [LISTS_MAX.to_be_bytes(), 0_u64.to_be_bytes()].concat();
        let keys = [KeyUse::write(prefixed(b'A', &space("1"), &[]))];
        let put = |_: &Reads, batch: &mut Batch| {
            batch.put(keys[0].key.clone(), full.clone());
            Ok::<(), ()>(())
        };
        engine.write(Mode::Plain, &keys, put).await.unwrap().unwrap();
        let lists = AttributeLists::new(engine, Numbering::Counted);
        let refused = lists.number("1", ["a"].into_iter(), Definer::Client).await;
        assert!(matches!(refused, Err(Exception::LimitExceeded(_))));
        // An item is there with its names, and is answered.
        assert_eq!(lists.number("1", ["b"].into_iter(), Definer::Item).await, Ok(2));
        assert_eq!(number_of(&lists, "2", &["a"]).await, 3);
    }

    #[test]
    fn rows_are_read_as_they_were_written() {
        let names = ["a", "", "é"];
        let list = read_row(&row(names.into_iter()).unwrap()).unwrap();
        assert_eq!(list.names, names);
        for row in [&[0][..], &[0, 0, 0, 2, b'a'], &[0, 0, 0, 1, 0xff]] {
            assert_eq!(read_row(row), None);
        }
    }
}
