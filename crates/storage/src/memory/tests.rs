//! What only [`Memory`] promises: it drops versions that no view sees.

use super::*;

fn key(text: &'static str) -> Key {
    Key::new(Family::Items, text)
}

fn put(engine: &Memory, name: &'static str, value: Option<&'static str>) {
    let keys = [KeyUse::write(key(name))];
    let decision = engine.transact_now(&keys, &mut |_, batch| {
        batch.writes.push((key(name), value.map(Bytes::from)));
        Decision::Commit
    });
    assert_eq!(decision, Ok(Decision::Commit));
}

fn versions(engine: &Memory) -> Vec<usize> {
    engine.shared.rows.read().family(Family::Items).values().map(Chain::versions).collect()
}

#[test]
fn versions_live_as_long_as_a_view_of_them() {
    let engine = Memory::new();
    put(&engine, "a", Some("1"));
    put(&engine, "a", Some("2"));
    assert_eq!(versions(&engine), [1]);

    let first = engine.view_now().unwrap();
    put(&engine, "a", Some("3"));
    put(&engine, "a", Some("4"));
    let second = engine.view_now().unwrap();
    put(&engine, "a", None);
    put(&engine, "b", Some("1"));
    assert_eq!(first.get_all(&[key("a"), key("b")]), [Some(Bytes::from("2")), None]);
    assert_eq!(second.get_all(&[key("a"), key("b")]), [Some(Bytes::from("4")), None]);

    drop(first);
    assert_eq!(second.get_all(&[key("a")]), [Some(Bytes::from("4"))]);
    drop(second);
    assert_eq!(versions(&engine), [1], "only b is left, once");
    assert!(engine.shared.rows.read().replaced.is_empty());
}

const LIMIT: u64 = 64 * 1024;

/// Writes one row of the family; a value of so many bytes, or none to delete it.
fn write(engine: &Memory, family: Family, name: &str, size: Option<usize>) -> Result<Decision, TxError> {
    let key = Key::new(family, name.to_owned());
    let keys = [KeyUse::write(key.clone())];
    engine.transact_now(&keys, &mut |_, batch| {
        batch.writes.push((key.clone(), size.map(|size| Bytes::from(vec![7; size]))));
        Decision::Commit
    })
}

fn refused(done: Result<Decision, TxError>) -> bool {
    matches!(done, Err(TxError::Storage(StorageError::Full(text))) if text.contains("--memory-limit"))
}

#[test]
fn above_the_limit_writes_are_refused_and_deletes_go_on() {
    let engine = Memory::with_limit(LIMIT);
    let written =
        (0..1_000).take_while(|at| write(&engine, Family::Items, &at.to_string(), Some(1_000)).is_ok()).count();
    assert!((40..65).contains(&written), "{written}");
    let stats = engine.stats();
    assert!(stats.bytes <= LIMIT && stats.bytes > LIMIT - 2_000 && stats.refused_writes == 1, "{stats:?}");
    assert!(*engine.full_changes().borrow() && *engine.room().unwrap().shortage().unwrap().borrow());
    assert!(refused(write(&engine, Family::Index, "a", Some(1_000))));
    assert!(refused(write(&engine, Family::Items, "1", Some(3_000))), "a larger value");
    assert!(write(&engine, Family::Items, "1", Some(900)).is_ok(), "a smaller value");
    assert!(write(&engine, Family::Catalog, "a", Some(1_000)).is_ok(), "what goes with deletes");
    let token = Key::new(Family::Catalog, "token");
    let growth = engine.transact_now(&[KeyUse::write(token.clone())], &mut |_, batch| {
        batch.put(token.clone(), vec![7; 1_000]);
        batch.grows = true;
        Decision::Commit
    });
    assert!(refused(growth), "what its author calls growth");
    assert!(refused(write(&engine, Family::Catalog, "b", Some(9_000))), "an eighth more at most");
    for at in 0..written {
        assert!(write(&engine, Family::Items, &at.to_string(), None).is_ok());
    }
    assert!(!*engine.full_changes().borrow() && !*engine.room().unwrap().shortage().unwrap().borrow());
    assert!(write(&engine, Family::Items, "1", Some(3_000)).is_ok());
}

#[test]
fn what_is_decoded_counts_against_the_limit() {
    let engine = Memory::with_limit(LIMIT);
    engine.room().unwrap().count_decoded(LIMIT as usize - 2_000);
    assert_eq!(engine.stats().bytes, LIMIT - 2_000);
    assert!(*engine.room().unwrap().shortage().unwrap().borrow());
    assert!(write(&engine, Family::Items, "1", Some(1_000)).is_ok());
    assert!(refused(write(&engine, Family::Items, "2", Some(1_000))));
    assert!(write(&engine, Family::Items, "1", None).is_ok());
    engine.room().unwrap().count_decoded(0);
    assert!(!*engine.room().unwrap().shortage().unwrap().borrow() && !*engine.full_changes().borrow());
    assert_eq!(engine.stats().bytes, 0);
}

#[test]
fn what_is_counted_is_what_is_there() {
    let engine = Memory::with_limit(1 << 30);
    let empty = engine.stats().bytes;
    for round in 0..3 {
        let view = engine.view_now().unwrap();
        for at in 0..100 {
            write(&engine, Family::Items, &at.to_string(), Some(100 + round)).unwrap();
            write(&engine, Family::Log, &at.to_string(), Some(10)).unwrap();
        }
        drop(view);
    }
    let per_row = |value: usize| row_bytes(&Bytes::from("00")) + value_bytes(Some(&Bytes::from(vec![0; value])));
    // Ten of the hundred names are one byte shorter.
    assert_eq!(engine.stats().bytes as usize, 100 * (per_row(102) + per_row(10)) - 20);
    engine.destroy_now(Family::Items, &Bytes::new()).unwrap();
    engine.destroy_now(Family::Log, &Bytes::new()).unwrap();
    assert_eq!(engine.stats().bytes, empty);
}
