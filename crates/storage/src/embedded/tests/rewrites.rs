//! Rewrites among what is queued.

use super::*;

fn index(name: &str) -> Key {
    Key::new(Family::Index, name.to_owned())
}

fn batch(change: impl Fn(&mut Batch)) -> Batch {
    let mut batch = Batch::default();
    change(&mut batch);
    batch
}

/// In one group: what is queued before a rewrite decides about it, and what is queued behind overwrites it, for rows that are held
/// and for those that are written unread.
#[tokio::test]
async fn a_rewrite_is_judged_at_its_place_in_the_queue() {
    for named in [key as fn(&str) -> Key, index] {
        let (_folder, engine) = fresh();
        let put = |value: &'static str| batch(|batch| batch.put(named("row"), value));
        let delete = batch(|batch| batch.delete(named("row")));
        let rewrite = |expected: &'static str| batch(|batch| batch.rewrite(named("row"), expected, "rewritten"));
        for (queued, expected) in [
            (vec![rewrite("first")], Some("rewritten")),
            (vec![put("second"), rewrite("first")], Some("second")),
            (vec![put("second"), rewrite("second")], Some("rewritten")),
            (vec![rewrite("first"), put("second")], Some("second")),
            (vec![rewrite("first"), rewrite("first")], Some("rewritten")),
            (vec![rewrite("first"), put("second"), rewrite("rewritten")], Some("second")),
            (vec![delete.clone(), rewrite("first")], None),
            (vec![rewrite("first"), delete.clone()], None),
            (vec![delete.clone(), put("first"), rewrite("first"), delete], None),
        ] {
            commit(&engine, &put("first")).await.unwrap();
            let read = || engine.get_now(&named("row")).unwrap();
            assert_eq!(read(), Some(Bytes::from("first")), "and it is in the cache");
            engine.queue.pause(true);
            let begin = |batch: &Batch| {
                let keys: Vec<KeyUse> = batch.writes.iter().map(|(key, _)| KeyUse::write(key.clone())).collect();
                let begun = engine.begin(Mode::Plain, &keys, &mut |_, into| {
                    *into = batch.clone();
                    Decision::Commit
                });
                begun.unwrap()
            };
            let begun: Vec<Begun> = queued.iter().map(begin).collect();
            engine.queue.pause(false);
            for begun in begun {
                begun.finish().await.unwrap();
            }
            assert_eq!(read(), expected.map(Bytes::from), "{queued:?}");
            // What a writer reads is the same.
            let mut seen = None;
            let begun = engine.begin(Mode::Plain, &[KeyUse::write(named("row"))], &mut |reads, _| {
                seen = reads.values[0].clone();
                Decision::Refuse
            });
            begun.unwrap().finish().await.unwrap();
            assert_eq!(seen, expected.map(Bytes::from), "{queued:?}");
        }
    }
}

/// A rewrite lasts as any write does.
#[tokio::test]
async fn a_rewrite_is_durable() {
    let (folder, engine) = fresh();
    commit(&engine, &batch(|batch| batch.put(key("row"), "first"))).await.unwrap();
    commit(&engine, &batch(|batch| batch.rewrite(key("row"), "first", "rewritten"))).await.unwrap();
    assert_eq!(get(&engine, "row"), Some(Bytes::from("rewritten")));
    crate::Engine::close(&*engine).await.unwrap();
    drop(engine);
    let engine = open(folder.path()).unwrap();
    assert_eq!(get(&engine, "row"), Some(Bytes::from("rewritten")));
}
