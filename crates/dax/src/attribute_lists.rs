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
//! | `C` · account (16) · hash of the caller (16) | the same, of those that the caller has defined |
//! | `H` · account (16) · hash of the list (16) | its number (8) |
//! | `I` · account (16) · number (8) | its names, each behind its length (4) |
//!
//! A node in front of another server's tables has numbers that are derived from the list: nodes that share no rows give one list one
//! number, and a node that has lost its rows gives it again.
//!
//! What clients define is bounded for the account, and for each caller that has an identity: none uses up what the others need. Lists
//! that items of tables have are answered beyond that, up to a bound of their own; a write whose answer would have an item is refused
//! before it is made when half of that is used.
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
const OF_ACCOUNT: Tally = Tally { lists: 100_000, bytes: 64 * 1024 * 1024 };
/// What one caller may define of them.
const OF_CALLER: Tally = OF_ACCOUNT.times(1, 2);
/// With those of items, which a read finds.
const OF_ITEMS: Tally = OF_ACCOUNT.times(4, 1);
/// Up to here, writes begin whose answers have items: the rest is for their answers.
const OF_WRITES: Tally = OF_ACCOUNT.times(2, 1);
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
pub(crate) enum Definer<'d> {
    /// A client asks for its number. The caller is a user's or a role's unique id.
    Client { caller: Option<&'d str> },
    /// An item of a table has it.
    Item,
}

/// So many lists, of so many bytes.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct Tally {
    lists: u64,
    bytes: u64,
}

impl Tally {
    const fn times(self, factor: u64, divisor: u64) -> Tally {
        Tally { lists: self.lists * factor / divisor, bytes: self.bytes * factor / divisor }
    }

    /// A row that cannot be read is full.
    fn read(stored: Option<&[u8]>) -> Tally {
        let Some(stored) = stored else { return Tally::default() };
        tally(stored).unwrap_or(Tally { lists: u64::MAX, bytes: u64::MAX })
    }

    fn and(self, row: &[u8]) -> Tally {
        Tally { lists: self.lists.saturating_add(1), bytes: self.bytes.saturating_add(row.len() as u64) }
    }

    fn is_within(self, most: Tally) -> bool {
        self.lists <= most.lists && self.bytes <= most.bytes
    }

    fn to_row(self) -> Vec<u8> {
        [self.lists.to_be_bytes(), self.bytes.to_be_bytes()].concat()
    }
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
        definer: Definer<'_>,
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

    /// Whether the lists of items that writes return will have room.
    ///
    /// # Errors
    /// The account has too many lists, or the engine's failure.
    pub(crate) async fn check_room(&self, account: &str) -> Result<(), Exception> {
        let key = prefixed(b'A', &space(account), &[]);
        let stored = self.engine.get(&key, Consistency::Strong).await.map_err(failure)?;
        if Tally::read(stored.as_deref()).is_within(OF_WRITES) { Ok(()) } else { Err(too_many()) }
    }

    /// Stores a list, unless it is there already.
    async fn define(&self, space: &Space, row: Bytes, definer: Definer<'_>) -> Result<i64, Exception> {
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
        let (caller, most) = match definer {
            Definer::Client { caller } => (caller, OF_ACCOUNT),
            Definer::Item => (None, OF_ITEMS),
        };
        let caller_at = keys.len();
        keys.extend(caller.map(|caller| KeyUse::write(prefixed(b'C', space, &hash(caller.as_bytes())))));
        // Two servers that define one list at once write its row under one key: the second one finds the first one's number.
        let decide = |reads: &Reads, batch: &mut Batch| {
            if let Some(stored) = &reads.values[0] {
                return Ok(number(stored));
            }
            let last = reads.values[1].as_deref().map_or(Ok(EMPTY), number);
            let all = Tally::read(reads.values[2].as_deref()).and(&row);
            let own = caller.map(|_| Tally::read(reads.values[caller_at].as_deref()).and(&row));
            if !all.is_within(most) || own.is_some_and(|own| !own.is_within(OF_CALLER)) {
                return Err(TooMany);
            }
            if derived.is_some() && reads.values[3].is_some() {
                return Ok(Err(Exception::internal("two attribute lists have one number")));
            }
            let next = derived.map_or_else(|| last.map(|last| last + 1), Ok);
            let Ok(next) = next else { return Ok(Err(damaged("the attribute lists' number"))) };
            batch.put(keys[0].key.clone(), next.to_be_bytes().to_vec());
            batch.put(keys[1].key.clone(), next.to_be_bytes().to_vec());
            batch.put(keys[2].key.clone(), all.to_row());
            if let Some(own) = own {
                batch.put(keys[caller_at].key.clone(), own.to_row());
            }
            batch.put(list_key(space, next), row.clone());
            batch.grows = true;
            Ok(Ok(next))
        };
        match self.engine.write(Mode::Plain, &keys, decide).await.map_err(write_failure)? {
            Ok(number) => number,
            Err(TooMany) => Err(too_many()),
        }
    }
}

/// A number below 2^53, which every client has as it is, from 2 on.
fn derived(row: &[u8]) -> i64 {
    let [a, b, c, d, e, f, g, ..] = hash(row);
    let number = i64::from_be_bytes([0, a & 0x1f, b, c, d, e, f, g]);
    number.max(EMPTY + 1)
}

/// The account or the caller has as many lists as it may.
struct TooMany;

fn too_many() -> Exception {
    let Tally { lists, bytes } = OF_ACCOUNT;
    Exception::LimitExceeded(format!(
        "The account has {lists} attribute lists, or {bytes} bytes of them, or the caller half of that: items have too many different \
         sets of attribute names"
    ))
}

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

fn tally(stored: &[u8]) -> Option<Tally> {
    let (lists, bytes) = stored.split_first_chunk()?;
    Some(Tally { lists: u64::from_be_bytes(*lists), bytes: u64::from_be_bytes(bytes.try_into().ok()?) })
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

    const CLIENT: Definer<'_> = Definer::Client { caller: None };

    /// Lists with so many of an account.
    async fn with(account: &str, lists: u64) -> AttributeLists {
        let engine: Arc<dyn Engine> = Memory::new();
        let keys = [KeyUse::write(prefixed(b'A', &space(account), &[]))];
        let put = |_: &Reads, batch: &mut Batch| {
            batch.put(keys[0].key.clone(), Tally { lists, bytes: 0 }.to_row());
            Ok::<(), ()>(())
        };
        engine.write(Mode::Plain, &keys, put).await.unwrap().unwrap();
        AttributeLists::new(engine, Numbering::Counted)
    }

    async fn number_of(lists: &AttributeLists, account: &str, names: &[&str]) -> i64 {
        lists.number(account, names.iter().copied(), CLIENT).await.unwrap()
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
        let lists = with("1", OF_ACCOUNT.lists).await;
        let refused = lists.number("1", ["a"].into_iter(), CLIENT).await;
        assert!(matches!(refused, Err(Exception::LimitExceeded(_))));
        // An item is there with its names, and is answered.
        assert_eq!(lists.number("1", ["b"].into_iter(), Definer::Item).await, Ok(2));
        assert_eq!(number_of(&lists, "2", &["a"]).await, 3);
    }

    /// Between the two bounds of items is what a write needs for its answer.
    #[tokio::test]
    async fn a_write_begins_while_its_answer_has_room() {
        for (count, begins, is_answered) in
            [(OF_WRITES.lists, true, true), (OF_WRITES.lists + 1, false, true), (OF_ITEMS.lists, false, false)]
        {
            let lists = with("1", count).await;
            assert_eq!(lists.check_room("1").await.is_ok(), begins, "{count}");
            assert_eq!(lists.number("1", ["b"].into_iter(), Definer::Item).await.is_ok(), is_answered, "{count}");
            assert_eq!(lists.check_room("2").await, Ok(()));
        }
    }

    /// A user filled its account's lists for all others, in a second.
    #[tokio::test]
    async fn a_caller_does_not_use_up_the_lists_of_others() {
        let lists = AttributeLists::new(Memory::new(), Numbering::Counted);
        let define = async |caller: &str, name: String| {
            lists.number("1", [name.as_str()].into_iter(), Definer::Client { caller: Some(caller) }).await
        };
        let large = |at: u64| format!("{at:06}{}", "x".repeat(790_000));
        let most = OF_CALLER.bytes / 790_010;
        for at in 0..most {
            define("AIDA1", large(at)).await.unwrap();
        }
        assert!(matches!(define("AIDA1", large(most)).await, Err(Exception::LimitExceeded(_))));
        // What is there has its number, and others define more.
        assert_eq!(define("AIDA1", large(0)).await, Ok(2));
        assert!(define("AIDA2", large(most)).await.is_ok());
        assert!(lists.number("1", ["b"].into_iter(), Definer::Item).await.is_ok());
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
