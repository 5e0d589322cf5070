//! An operation that is interrupted at any write ends as one that is not: each record is decided, counted and reported once, whatever its
//! condition.

use std::sync::atomic::{AtomicI64, Ordering};

use storage::faulty::FaultyEngine;

use super::*;
use crate::tests::crash::Crash;

fn objects(folder: &Path) {
    let keyless = "{\"Item\":{\"x\":{\"S\":\"a\"}}}\n";
    let new = |keys: std::ops::Range<usize>| {
        lines(keys, "new").replace("}}}", "}},\"ConditionExpression\":\"attribute_not_exists(pk)\"}")
    };
    write_object(folder, "1", [&new(0..300), keyless, &new(250..400)].concat().as_bytes());
    write_object(folder, "2", [&lines(390..420, "2"), "nonsense\n", &lines(12..20, "4")].concat().as_bytes());
    write_object(folder, "3", b"");
    write_object(folder, "4", [new(10..20), new(10..20), lines(695..800, "5"), new(795..805)].concat().as_bytes());
}

/// What is the same whenever it runs.
fn end_of(described: &BulkOperationDescription, report: (Value, Vec<Value>, Vec<Value>)) -> String {
    let BulkOperationDescription { bulk_operation_usage, processed_input_bytes, total_input_bytes, .. } = described;
    let (_, errors, conditions) = report;
    format!(
        "{:?} {bulk_operation_usage:?} {processed_input_bytes:?} {total_input_bytes:?} {errors:?} {conditions:?}",
        counts(described)
    )
}

#[tokio::test]
async fn an_operation_resumes_after_a_crash_at_any_write() {
    let whole = Tested::memory().await;
    objects(whole.folder.path());
    let ended = whole.run(request("")).await;
    assert_eq!(counts(&ended), (BulkOperationStatus::CompletedWithErrors, 617, 2));
    let expected = end_of(&ended, whole.report(ended.bulk_operation_arn.as_deref().unwrap()));
    let expected_items = whole.items().await;
    let mut crashes = 0;
    for (writes, is_made) in (0..60).flat_map(|writes| [(writes, false), (writes, true)]) {
        let memory = Memory::new();
        let engine = FaultyEngine::new(memory.clone(), Crash { left: AtomicI64::new(i64::MAX), is_made });
        let faults = Arc::clone(&engine.faults);
        let folder = whole.folder.path();
        let service = Service::open(engine, settings(folder), Clock::system()).await.unwrap();
        service.create_table(&caller(), simple("tab")).await.unwrap();
        // The creation of the record is the first write.
        faults.left.store(writes + 1, Ordering::SeqCst);
        let begun = service.start_bulk_put_items(&caller(), request("")).await.unwrap().bulk_operation_description;
        let arn = begun.bulk_operation_arn.unwrap();
        let is_over = until(async || {
            if faults.left.load(Ordering::SeqCst) <= 0 {
                return Some(false);
            }
            let markers = service.transfer_markers::<crate::bulk_put::BulkDetails>().await.ok()?;
            markers.is_empty().then_some(true)
        })
        .await;
        service.jobs().stop(Duration::from_secs(5)).await;
        drop(service);
        crashes += usize::from(!is_over);
        let next = Service::open(memory, settings(folder), Clock::system()).await.unwrap();
        let ended = until_ended(&next, &arn).await;
        assert_eq!(end_of(&ended, report(folder, &arn)), expected, "after {writes} writes, {is_made}");
        assert_eq!(items(&next).await, expected_items, "after {writes} writes, {is_made}");
        until(async || next.transfer_markers::<crate::bulk_put::BulkDetails>().await.unwrap().is_empty().then_some(()))
            .await;
        if is_over {
            break;
        }
    }
    assert!(crashes > 8, "{crashes}");
}
