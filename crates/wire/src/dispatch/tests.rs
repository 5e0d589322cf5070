//! The coverage of the API: which operations are not built yet, and that all are admitted before they are decoded.

use std::net::Ipv4Addr;
use std::time::Duration;

use ops::allowance::{Allowance, MemoryBudget, Peer};

use super::*;

/// In the order of [`Operation::ALL`]. An operation that gets its row above is taken out here.
const NOT_BUILT: &[&str] = &["SearchVectors"];

#[test]
fn operations_not_built_are_known() {
    let missing = Operation::ALL.iter().filter(|operation| !BUILT.contains(operation));
    assert_eq!(missing.map(|operation| operation.name()).collect::<Vec<_>>(), NOT_BUILT);
}

#[test]
fn no_operation_has_two_rows() {
    let mut rows = BUILT.to_vec();
    rows.sort();
    rows.dedup();
    assert_eq!(rows.len(), BUILT.len());
}

/// Admission comes before decoding, for every operation: where no memory is free, a large body is refused as too many requests
/// before its decoder has seen that it is no JSON.
#[test]
fn every_operation_is_admitted_before_its_body_is_decoded() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let opened = Service::open(storage::Memory::new(), ops::Settings::default(), base::Clock::system()).await;
        let (service, caller) = (opened.expect("an empty database"), caller());
        let (memory, peer) = (MemoryBudget::new(1 << 20, Duration::ZERO), Peer::of(Ipv4Addr::LOCALHOST.into()));
        let answered = async |operation, body: &[u8]| {
            let context = RequestContext::from(&caller);
            let handled = handle(&service, operation, context, Bytes::copy_from_slice(body));
            let reply = Allowance::new(&memory, peer).scope(handled).await;
            reply.error.expect("a refusal").name
        };
        let (large, small) = (vec![b'x'; BODY.small_bytes + 1], vec![b'x'; BODY.small_bytes]);
        for operation in Operation::ALL {
            let decoded =
                if BUILT.contains(operation) { "SerializationException" } else { "UnknownOperationException" };
            let held = memory.try_share(peer, 1 << 20).expect("all of it");
            assert_eq!(answered(*operation, &large).await, "ThrottlingException", "{operation:?}");
            assert_eq!(answered(*operation, &small).await, decoded, "{operation:?}: it waits for no memory");
            drop(held);
            assert_eq!(answered(*operation, &large).await, decoded, "{operation:?}");
        }
    });
}

fn caller() -> Caller {
    auth::fixture::caller(auth::SHARED_ACCOUNT)
}
