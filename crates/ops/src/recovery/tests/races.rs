//! A log that is archived and trimmed between two reads of what looks for a moment in it, or reads its history.

use std::sync::Weak;
use std::sync::atomic::{AtomicI64, Ordering};

use parking_lot::Mutex;
use storage::faulty::{Call, Faults, FaultyEngine, Outcome};
use storage::{BoxFuture, Consistency, log};
use tables::{LogPosition, rows};

use super::*;

/// Archives and trims before the read that is so many away.
struct Interposed {
    service: Mutex<Weak<Service>>,
    left: AtomicI64,
}

impl Faults for Interposed {
    fn outcome<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Outcome> {
        let is_read = matches!(call, Call::Get(_) | Call::View | Call::GetMany(_));
        Box::pin(async move {
            if is_read && self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
                let service = self.service.lock().upgrade().unwrap();
                let ids = service.catalog.table_ids(|definition| definition.is_table());
                assert_eq!(service.archive_tables(&ids).await, jobs::Ran::Done);
                assert!(service.trim_logs().await);
            }
            Outcome::Executed
        })
    }
}

#[tokio::test]
async fn what_is_archived_between_two_reads_is_found() {
    let (clock, hand) = Clock::manual(BEGIN_MS);
    let faults = Interposed { service: Mutex::default(), left: AtomicI64::new(0) };
    let engine = FaultyEngine::new(Memory::new(), faults);
    let service = Service::open(engine.clone(), Settings::default(), clock).await.unwrap();
    *engine.faults.service.lock() = Arc::downgrade(&service);
    service.create_table(&caller(), simple("tab")).await.unwrap();
    let tested = Tested { service, hand };
    tested.recover(true).await;
    let id = tested.service.catalog.table_ids(|definition| definition.name == "tab")[0];
    let mut archived = Vec::new();
    for reads in 1..10 {
        tested.hand.advance_ms(2_000);
        tested.put(1, 1).await;
        let until_ms = tested.service.clock.now_ms();
        tested.hand.advance_ms(2_000);
        tested.put(1, 2).await;
        // A segment is due.
        tested.hand.advance_ms(61_000);
        let head = engine.inner.get(&log::head(rows::log(id, 0)), Consistency::Strong).await.unwrap();
        let head = LogPosition { log: 0, last: log::decode_head(head.as_ref()).unwrap() };
        let before = tested.service.archive_state(id, 0).await.unwrap();
        engine.faults.left.store(reads, Ordering::SeqCst);
        let position = tested.service.position_at(id, head, until_ms).await.unwrap();
        assert_eq!(
            position.last,
            head.last - 2,
            "the transaction behind the moment is behind the position; read {reads}"
        );
        archived.push(tested.service.archive_state(id, 0).await.unwrap() != before);
        // And so its records are read, wherever they are.
        tested.put(1, 3).await;
        tested.hand.advance_ms(61_000);
        engine.faults.left.store(reads, Ordering::SeqCst);
        let page = tested.service.history_page(id, 0, position.last, head.last, (100, 1 << 20)).await.unwrap();
        assert_eq!((page.first, page.records.len()), (head.last - 1, 2), "read {reads}");
        engine.faults.left.store(0, Ordering::SeqCst);
        tested.archive().await;
        tested.trim().await;
    }
    assert!(archived.iter().filter(|archived| **archived).count() >= 3, "{archived:?}: the log was archived meanwhile");
}
