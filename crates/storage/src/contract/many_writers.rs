//! Cases of many writers at once.

use tokio::task::JoinSet;

use super::kit::{Space, bytes, number};
use crate::{Batch, Consistency, Decision, Family, Key, KeyUse, Mode, Reads, TxError};

const WRITERS: u64 = 32;
const ROUNDS: u64 = 25;

/// Runs `work` for each writer at once, and passes on their panics.
async fn all<W>(space: &Space, work: impl Fn(Space, u64) -> W)
where
    W: Future<Output = ()> + Send + 'static,
{
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        writers.spawn(work(space.clone(), writer));
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
}

/// Tries again while a transaction is in the way.
async fn insist(
    space: &Space,
    mode: Mode,
    keys: &[KeyUse],
    mut decide: impl FnMut(&Reads, &mut Batch) -> Decision + Send,
) {
    loop {
        match space.transact(mode, keys, &mut decide).await {
            Ok(decision) => return assert_eq!(decision, Decision::Commit),
            Err(TxError::Conflict { key }) => assert!(key < keys.len()),
            Err(error) => panic!("{error:?}"),
        }
        tokio::task::yield_now().await;
    }
}

fn mode(writer: u64) -> Mode {
    if writer.is_multiple_of(4) { Mode::Transaction } else { Mode::Plain }
}

pub(super) async fn lose_nothing_on_one_row(space: Space) {
    let counter = space.key("counter");
    all(&space, |space, writer| async move {
        let keys = [KeyUse::write(space.key("counter"))];
        for _ in 0..ROUNDS {
            insist(&space, mode(writer), &keys, |reads, batch| {
                batch.put(keys[0].key.clone(), bytes(number(reads.values[0].as_ref()) + 1));
                Decision::Commit
            })
            .await;
            assert_ne!(space.get(&keys[0].key).await, None, "an answered write is visible");
        }
    })
    .await;
    assert_eq!(number(space.get(&counter).await.as_ref()), WRITERS * ROUNDS);
}

/// Transfers between accounts; every view and every transaction sees the same total.
pub(super) async fn move_without_loss(space: Space) {
    const ACCOUNTS: u64 = 5;
    const MONEY: u64 = 1_000;
    let accounts = |space: &Space| (0..ACCOUNTS).map(|at| space.key(at.to_be_bytes())).collect::<Vec<Key>>();
    let total = |values: &[Option<bytes::Bytes>]| values.iter().map(|value| number(value.as_ref())).sum::<u64>();
    space.put(&accounts(&space)[0], bytes(MONEY)).await;
    all(&space, |space, writer| async move {
        let accounts = accounts(&space);
        for round in 0..ROUNDS {
            let from = ((writer + round) % ACCOUNTS) as usize;
            let to = (from + 1 + (writer % (ACCOUNTS - 1)) as usize) % accounts.len();
            let keys = [KeyUse::write(accounts[from].clone()), KeyUse::write(accounts[to].clone())];
            insist(&space, Mode::Transaction, &keys, |reads, batch| {
                let (from, to) = (number(reads.values[0].as_ref()), number(reads.values[1].as_ref()));
                let sum = from / 3 + writer % 2;
                let sum = sum.min(from);
                batch.put(keys[0].key.clone(), bytes(from - sum));
                batch.put(keys[1].key.clone(), bytes(to + sum));
                Decision::Commit
            })
            .await;
            let view = space.engine.view(Consistency::Strong).await.unwrap();
            assert_eq!(total(&view.get_many(&accounts).await.unwrap()), MONEY);
        }
    })
    .await;
}

/// A batch over all families is seen as a whole or not at all, and is never undone.
pub(super) async fn are_seen_whole(space: Space) {
    all(&space, |space, writer| async move {
        let keys = Family::ALL.map(|family| space.key_in(family, "same"));
        let uses = keys.clone().map(KeyUse::write);
        let mut seen = 0;
        for _ in 0..ROUNDS {
            if writer < WRITERS / 2 {
                insist(&space, Mode::Plain, &uses, |reads, batch| {
                    let next = number(reads.values[0].as_ref()) + 1;
                    if reads.values.iter().any(|value| number(value.as_ref()) + 1 != next) {
                        // Torn: this run must not count.
                        return Decision::Refuse;
                    }
                    keys.iter().for_each(|key| batch.put(key.clone(), bytes(next)));
                    Decision::Commit
                })
                .await;
            }
            // A get and a later view: time does not run backwards.
            let single = number(space.get(&keys[3]).await.as_ref());
            let view = space.engine.view(Consistency::Strong).await.unwrap();
            let values = view.get_many(&keys).await.unwrap();
            let now = number(values[0].as_ref());
            assert!(values.iter().all(|value| number(value.as_ref()) == now));
            assert!(seen <= single && single <= now);
            let single = number(space.get(&keys[0]).await.as_ref());
            assert!(now <= single);
            seen = single;
        }
    })
    .await;
}

pub(super) async fn do_not_meet_on_different_rows(space: Space) {
    all(&space, |space, writer| async move {
        for round in 0..ROUNDS {
            let key = space.key([writer.to_be_bytes(), round.to_be_bytes()].concat());
            let keys = [KeyUse::write(key.clone())];
            let decision = space.transact(mode(writer), &keys, |reads, batch| {
                assert_eq!(reads.values, [None]);
                batch.put(key.clone(), bytes(round));
                Decision::Commit
            });
            assert_eq!(decision.await, Ok(Decision::Commit), "there is no other writer");
            assert_eq!(number(space.get(&key).await.as_ref()), round);
        }
    })
    .await;
}

/// Counters that every write touches, and rows that they count.
pub(super) async fn tally_exactly(space: Space) {
    let tally = space.key_in(Family::Catalog, "count");
    all(&space, |space, writer| async move {
        let tally = space.key_in(Family::Catalog, "count");
        for round in 0..ROUNDS {
            // Few rows, so that many are there already.
            let key = space.key(((writer * 7 + round * 5) % 50).to_be_bytes());
            insist(&space, Mode::Plain, &[KeyUse::write(key.clone())], |reads, batch| {
                match &reads.values[0] {
                    Some(_) if round % 3 == 0 => {
                        batch.delete(key.clone());
                        batch.hot_tally(tally.clone(), [-1, -8]);
                    }
                    Some(_) => {}
                    None => {
                        batch.put(key.clone(), bytes(round));
                        batch.hot_tally(tally.clone(), [1, 8]);
                    }
                }
                Decision::Commit
            })
            .await;
        }
    })
    .await;
    let keys: Vec<Key> = (0..50_u64).map(|at| space.key(at.to_be_bytes())).collect();
    let rows = space.engine.view(Consistency::Strong).await.unwrap().get_many(&keys).await.unwrap();
    let count = rows.iter().flatten().count() as i64;
    assert_eq!(space.counters(&tally).await.unwrap_or_default(), [count, count * 8]);
}
