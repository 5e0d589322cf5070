//! An import that is interrupted at any write ends as one that is not: each record is counted once.

use std::sync::atomic::{AtomicI64, Ordering};

use storage::faulty::FaultyEngine;

use super::*;
use crate::tests::crash::Crash;

fn objects(folder: &Path) {
    let keyless = "{\"Item\":{\"x\":{\"S\":\"a\"}}}\n";
    write_object(folder, "1", [&lines(0..300, "1"), keyless, &lines(250..600, "2")].concat().as_bytes());
    write_object(folder, "2", [&lines(590..700, "3"), "nonsense\n", &lines(12..20, "4")].concat().as_bytes());
    write_object(folder, "3", b"");
    write_object(folder, "4", lines(695..1000, "5").as_bytes());
}

/// What an import is in the end: the times and ids apart.
fn of_end(import: &ImportTableDescription) -> (ImportStatus, i64, i64, i64, i64) {
    counts(import)
}

#[tokio::test]
async fn an_import_resumes_after_a_crash_at_any_write() {
    let whole = Tested::memory().await;
    objects(whole.folder.path());
    let expected = whole.import_all(request("tab", "")).await;
    assert_eq!(expected.processed_item_count, Some(1067));
    let expected_items = whole.items("tab").await;
    let mut crashes = 0;
    for (writes, is_made) in (0..40).flat_map(|writes| [(writes, false), (writes, true)]) {
        let memory = Memory::new();
        let engine = FaultyEngine::new(memory.clone(), Crash { left: AtomicI64::new(i64::MAX), is_made });
        let faults = Arc::clone(&engine.faults);
        let folder = whole.folder.path();
        let service = Service::open(engine, settings(folder), Clock::system()).await.unwrap();
        // The creation of the table is the first write.
        faults.left.store(writes + 1, Ordering::SeqCst);
        let begun = service.import_table(&caller(), request("tab", "")).await.unwrap().import_table_description;
        let arn = begun.import_arn.unwrap();
        let is_over = crate::tests::catalog::until(async || {
            if faults.left.load(Ordering::SeqCst) <= 0 {
                return Some(false);
            }
            let request = DescribeImportInput { import_arn: arn.clone() };
            let import = service.describe_import(&caller(), request).await.ok()?.import_table_description;
            (import.import_status != Some(ImportStatus::InProgress)).then_some(true)
        })
        .await;
        service.jobs().stop(Duration::from_secs(5)).await;
        drop(service);
        crashes += usize::from(!is_over);
        let next = Service::open(memory, settings(folder), Clock::system()).await.unwrap();
        let ended = until_ended(&next, &arn).await;
        assert_eq!(of_end(&ended), of_end(&expected), "after {writes} writes, {is_made}");
        assert_eq!(items(&next, "tab").await, expected_items, "after {writes} writes, {is_made}");
        if is_over {
            break;
        }
    }
    assert!(crashes > 8, "{crashes}");
}
