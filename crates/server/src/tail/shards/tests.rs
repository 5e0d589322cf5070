//! The order of shards, as words: `b<a` is a child of `a`, `.` follows a closed one.

use super::*;

fn described(text: &str) -> Vec<Described> {
    let shard = |word: &str| {
        let (name, is_closed) = word.strip_suffix('.').map_or((word, false), |name| (name, true));
        let (id, parent) = name.split_once('<').map_or((name, None), |(id, parent)| (id, Some(parent.to_owned())));
        Described { id: id.to_owned(), parent, is_closed }
    };
    text.split(' ').filter(|word| !word.is_empty()).map(shard).collect()
}

fn finish(shards: &mut Shards, id: &str) {
    shards.get(id).expect("a shard").turned(None, None);
}

#[test]
fn first_places() {
    let check = |start: Start, text: &str, expected: &[(&str, Place)]| {
        let mut shards = Shards::new(start);
        assert_eq!(shards.learn(&described(text)), Vec::<String>::new());
        let wanted = shards.shards.iter().filter(|shard| !shard.is_finished);
        let found: Vec<_> = wanted.map(|shard| (shard.id.as_str(), shard.place.clone())).collect();
        assert_eq!(found, expected, "{start:?} {text}");
        // What comes later is wanted from its beginning.
        shards.learn(&described(&format!("{text} z")));
        assert_eq!(shards.get("z").expect("a shard").place, Place::Oldest);
    };
    check(Start::Oldest, "a. b<a", &[("a", Place::Oldest), ("b", Place::Oldest)]);
    check(Start::Since(7), "a. b<a", &[("a", Place::Since(7)), ("b", Place::Since(7))]);
    check(Start::Now(7), "a. b<a", &[("b", Place::Latest(7))]);
    check(Start::Now(7), "a. b<a. c<b d<b", &[("c", Place::Latest(7)), ("d", Place::Latest(7))]);
    check(Start::Now(7), "b<a c", &[("b", Place::Latest(7)), ("c", Place::Latest(7))]);
    check(Start::Now(7), "a b<a", &[("a", Place::Latest(7)), ("b", Place::Oldest)]);
    check(Start::Now(7), "", &[]);
}

/// One step a line: what is described, or which shard is finished, and which shards may be read then.
#[test]
fn children_wait_for_their_parents() {
    let check = |steps: &[(&str, &str)]| {
        let mut shards = Shards::new(Start::Oldest);
        for (step, expected) in steps {
            match step.strip_prefix("finish ") {
                Some(id) => finish(&mut shards, id),
                None => assert_eq!(shards.learn(&described(step)), Vec::<String>::new()),
            }
            assert_eq!(shards.readable().join(" "), *expected, "after {step}");
        }
    };
    // A roll.
    check(&[("a. b<a", "a"), ("finish a", "b"), ("finish b", "")]);
    // A split that is seen later, and another branch that has nothing to do with it.
    check(&[
        ("a x", "a x"),
        ("finish a", "x"),
        ("a. x b<a c<a", "x b c"),
        ("a. x b<a. c<a d<b", "x b c"),
        ("finish b", "x c d"),
    ]);
    // Parents that are trimmed already.
    check(&[("b<a. c<b", "b"), ("finish b", "c"), ("c<b", "c")]);
    // A child that is listed before its parent.
    check(&[("b<a a.", "a"), ("finish a", "b")]);
}

#[test]
fn records_trimmed_unread_are_reported() {
    let mut shards = Shards::new(Start::Oldest);
    shards.learn(&described("a. b<a. c<b"));
    finish(&mut shards, "a");
    assert_eq!(shards.learn(&described("c<b")), ["b"]);
    assert_eq!(shards.readable(), ["c"]);
}

#[test]
fn the_end_of_what_is_there() {
    let mut shards = Shards::new(Start::Oldest);
    assert!(shards.are_finished() && shards.are_read(1));
    shards.learn(&described("a b<a"));
    let next = || Some("i".to_owned());
    shards.get("a").expect("a shard").turned(Some("1".to_owned()), next());
    assert!(!shards.are_read(1));
    shards.get("a").expect("a shard").turned(None, next());
    assert!(!shards.are_read(1), "a child waits");
    finish(&mut shards, "a");
    shards.get("b").expect("a shard").turned(None, next());
    assert!(shards.are_read(1) && !shards.are_read(2) && !shards.are_finished());
    finish(&mut shards, "b");
    assert!(shards.are_finished());
}

#[test]
fn lost_iterators_lose_no_records() {
    let mut shards = Shards::new(Start::Now(7));
    shards.learn(&described("a"));
    let shard = shards.get("a").expect("a shard");
    assert_eq!(shard.place.asked()["ShardIteratorType"], "LATEST");
    shard.opened("i".to_owned());
    shard.turned(None, Some("j".to_owned()));
    shard.lost();
    assert_eq!((&shard.place, &shard.iterator), (&Place::Since(7), &None));
    shard.opened("k".to_owned());
    shard.turned(Some("5".to_owned()), Some("l".to_owned()));
    shard.turned(None, Some("m".to_owned()));
    shard.lost();
    assert_eq!(shard.place, Place::After("5".to_owned()));
    assert_eq!(shard.place.asked()["SequenceNumber"], "5");
    shard.trimmed();
    assert_eq!(shard.place, Place::Oldest);
}
