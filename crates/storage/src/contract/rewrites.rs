//! Cases of rewrites: made only where nothing has changed, and never against a writer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use tokio::task::JoinSet;

use super::kit::Space;
use crate::{Batch, Decision, Family, Key, KeyUse, Mode};

const WRITERS: u64 = 6;
const REWRITERS: usize = 3;
const ROWS: u64 = 3;
const ROUNDS: u64 = 40;

async fn rewrite(space: &Space, rewrites: &[(&Key, &str, &str)]) {
    let done = space.transact(Mode::Plain, &[], |_, batch| {
        rewrites
            .iter()
            .for_each(|(key, expected, value)| batch.rewrite((*key).clone(), expected.to_string(), value.to_string()));
        Decision::Commit
    });
    assert_eq!(done.await, Ok(Decision::Commit), "a rewrite that is left out is no refusal");
}

pub(super) async fn are_made_where_nothing_changed(space: Space) {
    for family in [Family::Items, Family::Index, Family::Catalog] {
        let key = |name: &str| space.key_in(family, name);
        let text = async |key: &Key| space.get(key).await.map(|value| String::from_utf8(value.to_vec()).unwrap());
        let (same, other, absent) = (key("same"), key("other"), key("absent"));
        for (key, value) in [(&same, "old"), (&other, "changed")] {
            space.put(key, value).await;
        }
        rewrite(&space, &[(&same, "old", "new"), (&other, "old", "new"), (&absent, "old", "new")]).await;
        let all = [text(&same).await, text(&other).await, text(&absent).await];
        assert_eq!(all, [Some("new".to_owned()), Some("changed".to_owned()), None], "{family:?}");
        // Readers of the row before it was rewritten and after.
        rewrite(&space, &[(&same, "old", "never")]).await;
        assert_eq!(text(&same).await.as_deref(), Some("new"));
        rewrite(&space, &[(&same, "new", "newer")]).await;
        assert_eq!(text(&same).await.as_deref(), Some("newer"));
        space.delete(&same).await;
        rewrite(&space, &[(&same, "newer", "never")]).await;
        assert_eq!(text(&same).await, None, "what was deleted does not come back");
        space.put(&same, "").await;
        rewrite(&space, &[(&same, "", "not empty")]).await;
        assert_eq!(text(&same).await.as_deref(), Some("not empty"));
    }
}

/// A batch is committed with its rewrites or without some, and refused with all of them.
pub(super) async fn go_with_their_batch(space: Space) {
    let (row, beside) = (space.key("row"), space.key("beside"));
    space.put(&row, "old").await;
    let keys = [KeyUse::write(beside.clone())];
    for (decision, expected, rewritten) in [
        (Decision::Refuse, "old", "old"),
        (Decision::Commit, "another", "old"),
        (Decision::Commit, "old", "new"),
        (Decision::Commit, "old", "new"),
    ] {
        space.delete(&beside).await;
        let done = space.transact(Mode::Transaction, &keys, |_, batch| {
            batch.put(beside.clone(), "put");
            batch.rewrite(row.clone(), expected, "new");
            decision
        });
        assert_eq!(done.await, Ok(decision));
        assert_eq!(space.get(&row).await, Some(Bytes::from(rewritten)));
        assert_eq!(space.get(&beside).await.is_some(), decision == Decision::Commit);
    }
}

/// The value of a row at a count, in the form that rewriters give it; none at each third count.
fn value(count: u64, form: &str) -> Option<Bytes> {
    (!count.is_multiple_of(3)).then(|| Bytes::from(format!("{count}{form}")))
}

fn count(value: &Bytes) -> u64 {
    std::str::from_utf8(value).unwrap().trim_end_matches(['+', '-']).parse().unwrap()
}

/// An item, which writers hold, and its index row, which they write unread.
fn rows_of(space: &Space, writer: u64, at: u64) -> [Key; 2] {
    let name = format!("{writer}-{at}");
    [space.key(&name), space.key_in(Family::Index, &name)]
}

async fn is_at(space: &Space, rows: &[Key; 2], expected: u64) {
    for key in rows {
        let found = space.get(key).await;
        let due = value(expected, "").map(|_| expected);
        assert_eq!(found.as_ref().map(count), due, "{key:?}");
    }
}

/// Writers put and delete rows while others put the same rows into another form and back, as fast as they can: each writer
/// finds its last write, and is never in conflict.
pub(super) async fn never_undo_a_write(space: Space) {
    let is_over = Arc::new(AtomicBool::new(false));
    let mut rewriters = JoinSet::new();
    for _ in 0..REWRITERS {
        let (space, is_over) = (space.clone(), Arc::clone(&is_over));
        rewriters.spawn(async move {
            while !is_over.load(Ordering::Relaxed) {
                let mut batch = Batch::default();
                for key in (0..WRITERS)
                    .flat_map(|writer| (0..ROWS).flat_map(move |at| [(writer, at)]))
                    .flat_map(|(writer, at)| rows_of(&space, writer, at))
                {
                    let Some(value) = space.get(&key).await else { continue };
                    let form = if value.ends_with(b"+") { "-" } else { "+" };
                    batch.rewrite(key, value.clone(), format!("{}{form}", count(&value)));
                }
                let done = space.transact(Mode::Plain, &[], |_, into| {
                    *into = batch.clone();
                    Decision::Commit
                });
                assert_eq!(done.await, Ok(Decision::Commit));
                tokio::task::yield_now().await;
            }
        });
    }
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let space = space.clone();
        writers.spawn(async move {
            let mode = if writer.is_multiple_of(2) { Mode::Plain } else { Mode::Transaction };
            for round in 1..=ROUNDS {
                for at in 0..ROWS {
                    let rows = rows_of(&space, writer, at);
                    is_at(&space, &rows, round - 1).await;
                    let keys = [KeyUse::write(rows[0].clone())];
                    let done = space.transact(mode, &keys, |reads, batch| {
                        assert_eq!(reads.values[0].as_ref().map(count), value(round - 1, "").map(|_| round - 1));
                        batch.writes.extend(rows.iter().map(|key| (key.clone(), value(round, ""))));
                        Decision::Commit
                    });
                    assert_eq!(done.await, Ok(Decision::Commit));
                    is_at(&space, &rows, round).await;
                }
            }
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    is_over.store(true, Ordering::Relaxed);
    while let Some(done) = rewriters.join_next().await {
        done.unwrap();
    }
    for (writer, at) in (0..WRITERS).flat_map(|writer| (0..ROWS).map(move |at| (writer, at))) {
        is_at(&space, &rows_of(&space, writer, at), ROUNDS).await;
    }
}

/// Rows that are destroyed while they are rewritten stay so.
pub(super) async fn bring_nothing_back(space: Space) {
    for _ in 0..10 {
        let keys: Vec<Key> = (0..30).map(|at| space.key_in(Family::Index, format!("{at:02}"))).collect();
        for key in &keys {
            space.put(key, "old").await;
        }
        let rewriting = {
            let (space, keys) = (space.clone(), keys.clone());
            tokio::spawn(async move {
                for key in &keys {
                    rewrite(&space, &[(key, "old", "new")]).await;
                }
            })
        };
        space.engine.destroy(Family::Index, space.key_in(Family::Index, "").bytes).await.unwrap();
        rewriting.await.unwrap();
        for key in &keys {
            assert_eq!(space.get(key).await, None);
        }
    }
}
