//! What only [`Memory`] promises: it forgets what nobody sees.

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
