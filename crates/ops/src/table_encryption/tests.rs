//! Keys of a KMS that aliases and ids turn out to mean, with a layer that answers as a KMS does.

use api::{CreateTableInput, UpdateTableInput};
use serde_json::{Value, json};
use storage::BoxFuture;

use super::*;
use crate::catalog::tests::{caller, describe, open, simple};
use crate::fixture::user;

const ORDERS: &str = "arn:aws:kms:us-east-1:000000000000:key/orders";
const ADMINS: &str = "arn:aws:kms:us-east-1:000000000000:key/admins";

/// A KMS whose ids are the ends of their keys' ARNs, and so are its aliases.
struct Kms;

impl TableKeys for Kms {
    fn wrap<'a>(&'a self, _: Option<Bytes>, key_id: Option<&'a str>) -> BoxFuture<'a, Result<TableKey, String>> {
        let name = key_id.map(|id| id.rsplit('/').next().unwrap_or_default());
        let key_arn = name.map(|name| format!("arn:aws:kms:us-east-1:000000000000:key/{name}"));
        Box::pin(async move { Ok(TableKey { row: Bytes::from_static(b"wrapped"), key_arn }) })
    }

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

/// The table's account is asked too: it is the one whose data the key opens.
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
