//! The KMS keys that aliases and ids resolve to, with a layer that answers as a KMS does.

use api::{CreateTableInput, StreamSpecification, StreamViewType, UpdateTableInput};
use change_log::Hot;
use serde_json::{Value, json};
use storage::{BoxFuture, StorageError};
use tables::fixture::user;

use super::*;
use crate::tests::catalog::{caller, describe, open, simple};

const ORDERS: &str = "arn:aws:kms:us-east-1:000000000000:key/orders";
const ADMINS: &str = "arn:aws:kms:us-east-1:000000000000:key/admins";

/// A KMS in which ids and aliases are the ends of their keys' ARNs.
struct Kms;

impl TableKeys for Kms {
    fn wrap<'a>(
        &'a self,
        _: &'a str,
        _: Option<Bytes>,
        key_id: Option<&'a str>,
    ) -> BoxFuture<'a, Result<TableKey, String>> {
        let name = key_id.map(|id| id.rsplit('/').next().unwrap_or_default());
        let key_arn = name.map(|name| format!("arn:aws:kms:us-east-1:000000000000:key/{name}"));
        Box::pin(async move { Ok(TableKey { row: Bytes::from_static(b"wrapped"), key_arn }) })
    }

    fn learn(&self, _: u64) -> BoxFuture<'_, Result<(), StorageError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn forget(&self, _: u64) {}

    fn inaccessible_since_ms(&self, _: u64) -> Option<u64> {
        None
    }
}

fn encryption(key_id: &str) -> Option<SSESpecification> {
    let (sse_type, kms_master_key_id) = (Some(api::SSEType::Kms), Some(key_id.to_owned()));
    Some(SSESpecification { enabled: Some(true), sse_type, kms_master_key_id })
}

fn creation(key_id: &str) -> CreateTableInput {
    CreateTableInput { sse_specification: encryption(key_id), ..simple("tab") }
}

fn update(key_id: &str) -> UpdateTableInput {
    UpdateTableInput {
        table_name: "tab".to_owned(),
        sse_specification: encryption(key_id),
        ..UpdateTableInput::default()
    }
}

fn keys(effect: &str, resource: &str) -> Value {
    json!({"Effect": effect, "Action": ["kms:DescribeKey", "kms:CreateGrant"], "Resource": resource})
}

#[track_caller]
fn check_denied<T: std::fmt::Debug>(result: Result<T, Exception>) {
    let Err(Exception::AccessDenied(text)) = result else { panic!("{result:?}") };
    assert!(text.contains(&format!("kms:DescribeKey on resource: {ADMINS}")), "{text}");
}

#[tokio::test]
async fn an_alias_is_decided_by_the_key_that_it_means() {
    let service = open(&storage::Memory::new()).await;
    service.use_table_keys(Arc::new(Kms));
    let user = user(&[keys("Allow", "*"), keys("Deny", ADMINS)]);
    let aliases = ["alias/admins", "arn:aws:kms:us-east-1:000000000000:alias/admins"];
    for alias in aliases {
        check_denied(service.create_table(&user, creation(alias)).await);
        assert!(describe(&service, "tab").await.is_err());
    }
    service.create_table(&user, creation("alias/orders")).await.unwrap();
    for alias in aliases {
        check_denied(service.update_table(&user, update(alias)).await);
        let described = describe(&service, "tab").await.unwrap().sse_description.unwrap();
        assert_eq!(described.kms_master_key_arn.as_deref(), Some(ORDERS));
    }
    // A caller without an identity has no policies.
    service.update_table(&caller(), update("alias/admins")).await.unwrap();
}

/// SSEType alone enables encryption: a key beside it is decided as any.
#[tokio::test]
async fn a_key_counts_unless_encryption_is_disabled() {
    let service = open(&storage::Memory::new()).await;
    service.use_table_keys(Arc::new(Kms));
    let user = user(&[keys("Allow", "*"), keys("Deny", ADMINS)]);
    let mut request = creation("alias/admins");
    request.sse_specification.as_mut().unwrap().enabled = None;
    check_denied(service.create_table(&user, request).await);
}

/// A backup of a table with a key of the KMS has one of its own, and one of a table with the service's own key has none.
#[tokio::test]
async fn a_backup_has_a_key_like_its_table() {
    let service = open(&storage::Memory::new()).await;
    service.use_table_keys(Arc::new(Kms));
    let own = SSESpecification { enabled: Some(true), sse_type: None, kms_master_key_id: None };
    for (name, sse_specification, has_key) in [("tab", encryption(ORDERS), true), ("own", Some(own), false)] {
        let request = CreateTableInput { sse_specification, ..simple(name) };
        service.create_table(&caller(), request).await.unwrap();
        let request = api::CreateBackupInput { table_name: name.to_owned(), backup_name: "nightly".to_owned() };
        let created = service.create_backup(&caller(), request).await.unwrap().backup_details.unwrap();
        let found = service.catalog.backups(&caller());
        let backup = found.iter().find(|table| table.arn == created.backup_arn).unwrap().id();
        drop(found);
        let row = service.engine.get(&rows::table_key(backup), Consistency::Strong).await.unwrap();
        assert_eq!(row.is_some(), has_key, "{name}");
    }
}

/// The rules of the table's account count as well: the key decrypts that account's data.
#[tokio::test]
async fn a_key_is_of_the_tables_account_and_of_the_callers() {
    let settings =
        crate::Settings { service_arns: auth::ServiceArns::of_own_account(Vec::new()), ..crate::Settings::default() };
    let service = Service::open(storage::Memory::new(), settings, base::Clock::system()).await.unwrap();
    service.use_table_keys(Arc::new(Kms));
    service.create_table(&caller(), simple("tab")).await.unwrap();
    let table_name = "arn:aws:dynamodb:us-east-1:000000000000:table/tab".to_owned();
    let guest = auth::Caller { account: "222222222222".to_owned(), ..user(&[keys("Allow", "*")]) };
    for key in [ORDERS, "arn:aws:kms:us-east-1:222222222222:key/orders"] {
        let request = UpdateTableInput { table_name: table_name.clone(), ..update(key) };
        let result = service.update_table(&guest, request).await;
        let Err(Exception::AccessDenied(text)) = result else { panic!("{result:?}") };
        assert!(text.contains("--allow-arn"), "{text}");
    }
    service.update_table(&caller(), update(ORDERS)).await.unwrap();
}

/// A KMS that answers when the test lets it.
struct Waiting(tokio::sync::Semaphore, tokio::sync::Semaphore);

impl TableKeys for Waiting {
    fn wrap<'a>(
        &'a self,
        account: &'a str,
        row: Option<Bytes>,
        key_id: Option<&'a str>,
    ) -> BoxFuture<'a, Result<TableKey, String>> {
        assert_eq!(account, "000000000000", "the table's account");
        Box::pin(async move {
            self.0.add_permits(1);
            self.1.acquire().await.expect("open").forget();
            Kms.wrap(account, row, key_id).await
        })
    }

    fn learn(&self, _: u64) -> BoxFuture<'_, Result<(), StorageError>> {
        Box::pin(async move {
            self.0.add_permits(1);
            self.1.acquire().await.expect("open").forget();
            Ok(())
        })
    }

    fn forget(&self, _: u64) {}

    fn inaccessible_since_ms(&self, _: u64) -> Option<u64> {
        None
    }
}

/// All changes of all tables wait for the catalog's lock: no request holds it during a call of the KMS.
#[tokio::test]
async fn other_tables_do_not_wait_for_the_kms() {
    let service = open(&storage::Memory::new()).await;
    let kms = Arc::new(Waiting(tokio::sync::Semaphore::new(0), tokio::sync::Semaphore::new(0)));
    service.use_table_keys(kms.clone());
    service.create_table(&caller(), simple("tab")).await.unwrap();
    let asked = |asked: Option<SSESpecification>| {
        let service = service.clone();
        let request = UpdateTableInput { sse_specification: asked, ..update(ORDERS) };
        tokio::spawn(async move { service.update_table(&caller(), request).await })
    };
    let named = asked(encryption(ORDERS));
    kms.0.acquire().await.expect("open").forget();
    let managed = asked(encryption(ORDERS).map(|asked| SSESpecification { kms_master_key_id: None, ..asked }));
    service.create_table(&caller(), simple("other")).await.unwrap();
    // A request that is refused anyway does not call the KMS.
    let wrong = UpdateTableInput { billing_mode: Some(api::BillingMode::Provisioned), ..update(ORDERS) };
    assert!(matches!(service.update_table(&caller(), wrong).await, Err(Exception::Validation(_))));
    // The later request finds the key that the earlier one gave the table, and calls the KMS once for its own.
    assert!(!managed.is_finished());
    kms.1.add_permits(1);
    named.await.expect("no panic").unwrap();
    assert_eq!(described_key(&service).await.as_deref(), Some(ORDERS));
    kms.0.acquire().await.expect("open").forget();
    kms.1.add_permits(1);
    managed.await.expect("no panic").unwrap();
    assert_ne!(described_key(&service).await.as_deref(), Some(ORDERS));
    assert_eq!((kms.0.available_permits(), kms.1.available_permits()), (0, 0));
}

/// The mark of a roll is sealed with the table's key, and written with the catalog locked.
#[tokio::test]
async fn other_tables_do_not_wait_for_a_roll() {
    let service = open(&storage::Memory::new()).await;
    let kms = Arc::new(Waiting(tokio::sync::Semaphore::new(0), tokio::sync::Semaphore::new(0)));
    service.use_table_keys(kms.clone());
    let stream = StreamSpecification { stream_enabled: true, stream_view_type: Some(StreamViewType::KeysOnly) };
    let request = CreateTableInput { stream_specification: Some(stream), ..simple("tab") };
    service.create_table(&caller(), request).await.unwrap();
    let id = service.catalog.table_ids(|_| true)[0];
    let rolling = tokio::spawn({
        let service = service.clone();
        async move { service.roll_shards(id, &[Hot { shard: 0, split_at: 1 << 63 }]).await }
    });
    kms.0.acquire().await.expect("open").forget();
    service.create_table(&caller(), simple("other")).await.unwrap();
    assert!(!rolling.is_finished());
    kms.1.add_permits(1);
    rolling.await.expect("no panic").unwrap();
    assert!(service.catalog.by_id(id).unwrap().definition.log.next_shard >= 3, "two children");
}

async fn described_key(service: &Service) -> Option<String> {
    describe(service, "tab").await.unwrap().sse_description.unwrap().kms_master_key_arn
}

/// The account on behalf of which the KMS is called about a table.
#[tokio::test]
async fn a_table_is_of_its_account() {
    let service = open(&storage::Memory::new()).await;
    service.create_table(&caller(), simple("tab")).await.unwrap();
    let id = service.catalog.table_ids(|_| true)[0];
    assert_eq!(service.account_of_table(id).as_deref(), Some("000000000000"));
    assert_eq!(service.account_of_table(id + 1), None);
}
