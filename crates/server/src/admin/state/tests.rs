//! Rows that are replaced, on both engines of this machine, and the snapshots' bounds.

use bytes::Bytes;
use hyper::Request;
use storage::{Batch, Consistency, Embedded, EmbeddedOptions, Key, KeyUse, Memory, Mode, Reads};

use super::*;

async fn write(engine: &dyn Engine, rows: &[(&str, Option<&str>)]) {
    let key = |name: &str| Key::new(storage::Family::Items, Bytes::from(format!("{name:>16}")));
    let keys: Vec<KeyUse> = rows.iter().map(|(name, _)| KeyUse::write(key(name))).collect();
    let write = |_: &Reads, batch: &mut Batch| {
        for (name, value) in rows {
            match value {
                Some(value) => batch.put(key(name), Bytes::from((*value).to_owned())),
                None => batch.delete(key(name)),
            }
        }
        Ok::<(), ()>(())
    };
    engine.write(Mode::Plain, &keys, write).await.expect("written").expect("committed");
}

async fn add(engine: &dyn Engine, by: i64) {
    let key = Key::new(storage::Family::Catalog, Bytes::from_static(b"counter"));
    let write = |_: &Reads, batch: &mut Batch| {
        let mut deltas = [0; storage::TALLY_WIDTH];
        deltas[0] = by;
        batch.tally(key.clone(), deltas);
        Ok::<(), ()>(())
    };
    engine.write(Mode::Plain, &[], write).await.expect("written").expect("committed");
}

async fn shown(engine: &dyn Engine) -> Vec<(Bytes, Bytes)> {
    let rows = Rows::read(engine, usize::MAX).await.expect("rows").expect("within bounds");
    let all = storage::Family::ALL.into_iter().flat_map(|family| rows.of(family));
    all.map(|row| (row.key.clone(), row.value.clone())).collect()
}

async fn check_replaced(engine: &dyn Engine) {
    write(engine, &[("a", Some("1")), ("b", Some("2")), ("c", Some("3"))]).await;
    add(engine, 5).await;
    let snapshot = Rows::read(engine, usize::MAX).await.expect("rows").expect("within bounds");
    let before = shown(engine).await;
    assert_eq!(replace(engine, &snapshot).await, Ok(0), "nothing differs");
    write(engine, &[("a", Some("9")), ("b", None), ("d", Some("4"))]).await;
    add(engine, 2).await;
    assert_eq!(replace(engine, &snapshot).await, Ok(4), "a, b, d, and the counter");
    assert_eq!(shown(engine).await, before);
    // Counters and caches go on from the rows that were replaced.
    add(engine, 1).await;
    let counter = Key::new(storage::Family::Catalog, Bytes::from_static(b"counter"));
    let value = engine.get(&counter, Consistency::Strong).await.expect("read");
    assert_eq!(storage::tally::decode(value.as_ref()).map(|counters| counters[0]), Some(6));
    assert_eq!(replace(engine, &Rows::default()).await, Ok(4));
    assert_eq!(shown(engine).await, []);
}

#[tokio::test]
async fn rows_in_memory_are_replaced() {
    check_replaced(&*Memory::new()).await;
}

#[tokio::test]
async fn rows_in_a_folder_are_replaced() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = Embedded::open(folder.path(), EmbeddedOptions::default()).expect("opened");
    check_replaced(&*engine).await;
    engine.close().await.expect("closed");
}

/// More rows than a batch has.
#[tokio::test]
async fn many_rows_are_replaced_in_several_batches() {
    let engine = Memory::new();
    let names: Vec<String> = (0..40_000).map(|at| at.to_string()).collect();
    for names in names.chunks(1_000) {
        let rows: Vec<(&str, Option<&str>)> = names.iter().map(|name| (name.as_str(), Some("v"))).collect();
        write(&*engine, &rows).await;
    }
    let snapshot = Rows::read(&*engine, usize::MAX).await.expect("rows").expect("within bounds");
    assert_eq!(replace(&*engine, &Rows::default()).await, Ok(40_000));
    assert_eq!(replace(&*engine, &snapshot).await, Ok(40_000));
    assert_eq!(shown(&*engine).await.len(), 40_000);
}

fn api() -> (StateApi, mpsc::Receiver<Replacement>, Arc<Memory>) {
    let (sender, receiver) = mpsc::channel(1);
    let engine = Memory::new();
    (StateApi::new(engine.clone(), sender), receiver, engine)
}

async fn asked(api: &StateApi, method: &str, path: &str) -> (u16, Value) {
    let (head, ()) = Request::builder().method(method).uri(path).body(()).expect("a request").into_parts();
    assert!(is_path(&head));
    let answer = api.answer(&head, 1_440_938_160_007).await;
    (answer.status(), serde_json::from_slice(answer.body()).expect("JSON"))
}

#[tokio::test]
async fn snapshots_are_named_listed_and_deleted() {
    let (api, _receiver, engine) = api();
    write(&*engine, &[("a", Some("1"))]).await;
    let (status, taken) = asked(&api, "POST", "/admin/snapshots/one").await;
    assert_eq!((status, &taken["name"], &taken["rows"], &taken["bytes"]), (200, &json!("one"), &json!(1), &json!(17)));
    let (_, listed) = asked(&api, "GET", SNAPSHOTS).await;
    let one = json!({"name": "one", "rows": 1, "bytes": 17, "taken": "2015-08-30T12:36:00.007Z"});
    assert_eq!(listed, json!({"snapshots": [one]}));
    for (method, path, expected) in [
        ("POST", "/admin/snapshots/", 400),
        ("POST", "/admin/snapshots/a%20b", 400),
        ("POST", "/admin/snapshots/two/restore", 404),
        ("DELETE", "/admin/snapshots/two", 404),
        ("PATCH", "/admin/snapshots/one", 405),
        ("GET", RESET, 405),
        ("DELETE", "/admin/snapshots/one", 200),
        ("DELETE", "/admin/snapshots/one", 404),
    ] {
        assert_eq!(asked(&api, method, path).await.0, expected, "{method} {path}");
    }
}

#[tokio::test]
async fn snapshots_are_bounded_in_number_and_size() {
    let (api, _receiver, engine) = api();
    for at in 0..SNAPSHOTS_MAX {
        assert_eq!(asked(&api, "POST", &format!("/admin/snapshots/{at}")).await.0, 200);
    }
    assert_eq!(asked(&api, "POST", "/admin/snapshots/more").await.0, 400);
    assert_eq!(asked(&api, "POST", "/admin/snapshots/0").await.0, 200, "it is replaced");
    write(&*engine, &[("a", Some("12345"))]).await;
    assert!(Rows::read(&*engine, 20).await.expect("rows").is_none(), "21 bytes");
    assert!(Rows::read(&*engine, 21).await.expect("rows").is_some());
}

#[tokio::test]
async fn a_replacement_is_refused_once_the_server_stops() {
    let (api, receiver, _) = api();
    drop(receiver);
    assert_eq!(asked(&api, "POST", RESET).await.0, 503);
}
