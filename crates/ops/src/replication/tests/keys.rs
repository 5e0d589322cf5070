//! Keys of replicas, with a layer that answers as a KMS does.

use std::sync::atomic::{AtomicUsize, Ordering};

use storage::{BoxFuture, StorageError};

use super::*;
use crate::table_keys::{TableKey, TableKeys};

const HOME: &str = "arn:aws:kms:us-east-1:000000000000:key/home";
const AWAY: &str = "arn:aws:kms:eu-west-1:000000000000:key/away";

/// A KMS in which names are the ends of their keys' ARNs. It takes so many calls and refuses those behind them.
struct Kms {
    taken: AtomicUsize,
}

impl TableKeys for Kms {
    fn wrap<'a>(
        &'a self,
        _: &'a str,
        _: Option<Bytes>,
        key_id: Option<&'a str>,
    ) -> BoxFuture<'a, Result<TableKey, String>> {
        let arn = key_id.map(|id| match id.rsplit_once("alias/") {
            Some((_, name)) => format!("arn:aws:kms:eu-west-1:000000000000:key/{name}"),
            None => id.to_owned(),
        });
        let row = Bytes::from(format!("wrapped by {arn:?}"));
        let left = self.taken.load(Ordering::Relaxed);
        self.taken.store(left.saturating_sub(1), Ordering::Relaxed);
        Box::pin(async move {
            match left == 0 {
                true => Err("DisabledException".to_owned()),
                false => Ok(TableKey { row, key_arn: arn }),
            }
        })
    }

    fn learn(&self, _: u64) -> BoxFuture<'_, Result<(), StorageError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn forget(&self, _: u64) {}

    fn inaccessible_since_ms(&self, _: u64) -> Option<u64> {
        None
    }
}

fn encryption(key_id: Option<&str>) -> Option<SSESpecification> {
    let kms_master_key_id = key_id.map(str::to_owned);
    Some(SSESpecification { enabled: Some(true), sse_type: Some(SSEType::Kms), kms_master_key_id })
}

async fn open_with(sse_specification: Option<SSESpecification>) -> (Arc<Service>, Arc<Kms>, Arc<dyn Engine>) {
    let (service, _, engine) = open_regions(0).await;
    let kms = Arc::new(Kms { taken: AtomicUsize::new(usize::MAX) });
    service.use_table_keys(Arc::<Kms>::clone(&kms));
    let request = CreateTableInput { sse_specification, ..simple("tab") };
    service.create_table(&caller(), request).await.unwrap();
    (service, kms, engine)
}

fn with_key(key: Option<&str>) -> ReplicationGroupUpdate {
    creation(CreateReplicationGroupMemberAction {
        kms_master_key_id: key.map(str::to_owned),
        ..CreateReplicationGroupMemberAction::default()
    })
}

const EACH: &str = "One or more parameter values were invalid: KMSMasterKeyId must be specified for each replica.";
const ONE_KIND: &str = "One or more parameter values were invalid: All replica keys must either be Customer Managed CMK or AWS \
                        Managed CMK.";

#[tokio::test]
async fn replicas_have_keys_of_one_kind_and_of_their_own_region() {
    let (service, _, engine) = open_with(encryption(Some(HOME))).await;
    for (key, text) in [
        (None, EACH),
        (Some("alias/aws/dynamodb"), ONE_KIND),
        (
            Some(HOME),
            "KMS validation error for region eu-west-1: com.amazonaws.services.kms.model.NotFoundException: Invalid arn \
             us-east-1",
        ),
    ] {
        assert_eq!(update(&service, with_key(key)).await.unwrap_err(), text);
    }
    assert_eq!(shown(&service).await, None);
    update(&service, with_key(Some("alias/away"))).await.unwrap();
    until_active(&service).await;
    assert_eq!(shown(&service).await.unwrap().kms_master_key_id.as_deref(), Some(AWAY));
    let there = auth::Caller { region: "eu-west-1".to_owned(), ..caller() };
    let request = DescribeTableInput { table_name: "tab".to_owned() };
    let described = service.describe_table(&there, request).await.unwrap().table.unwrap();
    assert_eq!(described.sse_description.unwrap().kms_master_key_arn.as_deref(), Some(AWAY));
    let table_id = service.catalog.table_ids(|definition: &Definition| definition.region == "eu-west-1")[0];
    let row = engine.get(&tables::rows::table_key(table_id), storage::Consistency::Strong).await.unwrap().unwrap();
    assert_eq!(row, format!("wrapped by Some({AWAY:?})"));
    // The kind is the group's.
    let request = UpdateTableInput {
        table_name: "tab".to_owned(),
        sse_specification: encryption(None),
        ..UpdateTableInput::default()
    };
    let refused = service.update_table(&caller(), request).await.unwrap_err().to_string();
    assert!(refused.contains("SSESpecification"), "{refused}");
}

#[tokio::test]
async fn without_keys_of_the_callers_a_replica_has_none() {
    let (service, _, engine) = open_with(None).await;
    assert_eq!(update(&service, with_key(Some(AWAY))).await.unwrap_err(), EACH);
    drop(service);
    let _ = engine;
    let (service, _, _) = open_with(encryption(None)).await;
    assert_eq!(update(&service, with_key(Some(AWAY))).await.unwrap_err(), ONE_KIND);
    update(&service, with_key(None)).await.unwrap();
    until_active(&service).await;
    // A default key is not shown.
    assert_eq!(shown(&service).await.unwrap().kms_master_key_id, None);
    let there = auth::Caller { region: "eu-west-1".to_owned(), ..caller() };
    let request = DescribeTableInput { table_name: "tab".to_owned() };
    let described = service.describe_table(&there, request).await.unwrap().table.unwrap();
    let key = described.sse_description.unwrap().kms_master_key_arn.unwrap();
    assert!(key.starts_with("arn:aws:kms:eu-west-1:"), "{key}");
}

/// A 200 is not durable: of a key that cannot be used when the replica is made nothing is left.
#[tokio::test]
async fn a_replica_whose_key_is_refused_is_given_up() {
    let (service, kms, _) = open_with(encryption(Some(HOME))).await;
    kms.taken.store(0, Ordering::Relaxed);
    assert_eq!(
        update(&service, with_key(Some(AWAY))).await.unwrap_err(),
        "KMS validation error for region eu-west-1: DisabledException"
    );
    // That of the request, and not that of the replica.
    kms.taken.store(1, Ordering::Relaxed);
    update(&service, with_key(Some(AWAY))).await.unwrap();
    while shown(&service).await.is_some() {
        deliver_nothing(&service).await;
        tokio::task::yield_now().await;
    }
    let there = auth::Caller { region: "eu-west-1".to_owned(), ..caller() };
    let request = DescribeTableInput { table_name: "tab".to_owned() };
    service.describe_table(&there, request).await.unwrap_err();
}
