//! The life cycle of policies of tables and streams, on the engine in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::*;
use auth::iam::PrincipalIds;
use parking_lot::Mutex;
use storage::{BoxFuture, Memory};
use tables::{Definition, Place};

use crate::principal_directory::{PrincipalDirectory, Unresolved};
use crate::service::Service;
use crate::tests::catalog::{caller, open, simple};

const ARN: &str = "arn:aws:dynamodb:us-east-1:000000000000:table/shared";

fn policy(action: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::111111111111:root"}},"Action":"{action}","Resource":"*"}}]}}"#
    )
}

async fn put(service: &Service, arn: &str, policy: &str, expected: Option<&str>) -> Result<String, Exception> {
    let request = PutResourcePolicyInput {
        confirm_remove_self_resource_access: None,
        expected_revision_id: expected.map(str::to_owned),
        policy: policy.to_owned(),
        resource_arn: arn.to_owned(),
    };
    Ok(service.put_resource_policy(&caller(), request).await?.revision_id.expect("a revision"))
}

async fn get(service: &Service, arn: &str) -> Result<(String, String), Exception> {
    let output =
        service.get_resource_policy(&caller(), GetResourcePolicyInput { resource_arn: arn.to_owned() }).await?;
    Ok((output.policy.expect("a policy"), output.revision_id.expect("a revision")))
}

async fn delete(service: &Service, arn: &str, expected: Option<&str>) -> Result<Option<String>, Exception> {
    let expected_revision_id = expected.map(str::to_owned);
    let request = DeleteResourcePolicyInput { expected_revision_id, resource_arn: arn.to_owned() };
    Ok(service.delete_resource_policy(&caller(), request).await?.revision_id)
}

fn absent(arn: &str) -> Exception {
    Exception::PolicyNotFound(format!("Resource-based policy not found for the provided ResourceArn: {arn}"))
}

fn stale(expected: &str, found: &str) -> Exception {
    absent(&format!(
        "Requested update for policy with revision id {expected}, but the policy associated to target table shared has \
         revision id {found}."
    ))
}

#[tokio::test]
async fn revisions_guard_a_policy() {
    let engine = Memory::new();
    let service = open(&engine).await;
    service.create_table(&caller(), simple("shared")).await.unwrap();
    let (one, two) = (policy("dynamodb:GetItem"), policy("dynamodb:*"));
    assert_eq!(get(&service, ARN).await, Err(absent(ARN)));
    assert_eq!(delete(&service, ARN, None).await, Ok(None));
    assert_eq!(delete(&service, ARN, Some("1")).await, Err(absent(ARN)));
    assert_eq!(put(&service, ARN, &one, Some("1")).await, Err(absent(ARN)));

    let first = put(&service, ARN, &one, Some("NO_POLICY")).await.unwrap();
    assert_eq!(put(&service, ARN, &one.replace(',', " , "), None).await.as_ref(), Ok(&first));
    assert_eq!(get(&service, ARN).await, Ok((one.clone(), first.clone())));
    for expected in ["NO_POLICY", "1"] {
        assert_eq!(put(&service, ARN, &two, Some(expected)).await, Err(stale(expected, &first)));
    }
    let second = put(&service, ARN, &two, Some(&first)).await.unwrap();
    assert!(second.parse::<u64>().unwrap() > first.parse().unwrap());
    assert_eq!(delete(&service, ARN, Some(&first)).await, Err(stale(&first, &second)));

    drop(service);
    let service = open(&engine).await;
    assert_eq!(get(&service, ARN).await, Ok((two, second.clone())));
    assert_eq!(delete(&service, ARN, Some(&second)).await, Ok(Some(second)));
    assert_eq!(get(&service, ARN).await, Err(absent(ARN)));
}

#[tokio::test]
async fn a_table_brings_its_policy_and_takes_it_away() {
    let service = open(&Memory::new()).await;
    let with_policy = || CreateTableInput { resource_policy: Some(policy("dynamodb:GetItem")), ..simple("shared") };
    service.create_table(&caller(), with_policy()).await.unwrap();
    let (document, revision) = get(&service, ARN).await.unwrap();
    assert_eq!(document, policy("dynamodb:GetItem"));
    put(&service, ARN, &policy("dynamodb:*"), Some(&revision)).await.unwrap();
    service.delete_table(&caller(), DeleteTableInput { table_name: "shared".to_owned() }).await.unwrap();
    while service.catalog.find(tables::Place::own(&caller(), "shared")).is_some() {
        tokio::task::yield_now().await;
    }
    let gone = Exception::ResourceNotFound("Requested resource not found: Table: shared not found".to_owned());
    assert_eq!(get(&service, ARN).await, Err(gone));
    service.create_table(&caller(), simple("shared")).await.unwrap();
    assert_eq!(get(&service, ARN).await, Err(absent(ARN)));
}

#[tokio::test]
async fn a_stream_has_its_own() {
    let service = open(&Memory::new()).await;
    let stream = StreamSpecification { stream_enabled: true, stream_view_type: Some(StreamViewType::KeysOnly) };
    let made = CreateTableInput { stream_specification: Some(stream), ..simple("shared") };
    let made = service.create_table(&caller(), made).await.unwrap();
    let arn = made.table_description.unwrap().latest_stream_arn.unwrap();
    let revision = put(&service, &arn, &policy("dynamodb:GetRecords"), Some("NO_POLICY")).await.unwrap();
    assert_eq!(get(&service, &arn).await, Ok((policy("dynamodb:GetRecords"), revision.clone())));
    assert_eq!(get(&service, ARN).await, Err(absent(ARN)));
    assert_eq!(delete(&service, &arn, None).await, Ok(Some(revision)));
}

/// Disabled streams retain their policies for a day: together they are bounded, and smaller ones are always accepted.
#[tokio::test]
async fn policies_of_a_tables_streams_are_bounded_together() {
    let service = open(&Memory::new()).await;
    service.create_table(&caller(), simple("shared")).await.unwrap();
    let large = policy("dynamodb:GetRecords") + &" ".repeat(19 * 1024);
    let mut arns = Vec::new();
    for round in 0..3 {
        for stream_enabled in [true, false] {
            let stream_view_type = stream_enabled.then_some(StreamViewType::KeysOnly);
            let stream_specification = Some(StreamSpecification { stream_enabled, stream_view_type });
            let table_name = "shared".to_owned();
            let request = UpdateTableInput { table_name, stream_specification, ..UpdateTableInput::default() };
            let changed = service.update_table(&caller(), request).await.unwrap();
            arns.extend(changed.table_description.unwrap().latest_stream_arn.filter(|_| stream_enabled));
        }
        let put = put(&service, &arns[round], &large, None).await;
        match round {
            0 | 1 => assert!(put.is_ok(), "{put:?}"),
            _ => assert!(matches!(&put, Err(Exception::LimitExceeded(text)) if text.contains("40960")), "{put:?}"),
        }
    }
    assert!(put(&service, &arns[2], &policy("dynamodb:GetRecords"), None).await.is_ok());
    assert!(put(&service, &arns[0], &policy("dynamodb:GetRecords"), None).await.is_ok());
    assert!(put(&service, &arns[2], &large, None).await.is_ok());
}

#[tokio::test]
async fn documents_and_arns_are_judged() {
    let service = open(&Memory::new()).await;
    service.create_table(&caller(), simple("shared")).await.unwrap();
    let invalid = |text: &str| Exception::validation(format!("One or more parameter values were invalid: {text}"));
    let long = policy("dynamodb:GetItem") + &" ".repeat(20 * 1024);
    let statement = r#"{"Sid":"s","Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}"#;
    let twice = format!(r#"{{"Statement":[{statement},{statement}]}}"#);
    let everybody = policy("dynamodb:*").replace(r#"{"AWS":"arn:aws:iam::111111111111:root"}"#, r#""*""#);
    let unbounded = Exception::validation(
        "Resource-based policy grants unbounded access in one or more elements. Please revise the policy to ensure \
         least-privilege form of access",
    );
    for (document, expected) in [
        ("", invalid("Invalid policy document: This policy contains invalid Json")),
        ("[]", invalid("Invalid policy document: This policy contains invalid Json")),
        ("null", invalid("Invalid policy document: This text appears not to be a policy")),
        ("{}", invalid("Invalid policy document: Syntax error at position (1,3)")),
        (r#"{"Statement":[]}"#, invalid("Invalid policy document: Could not parse the policy: Statement is empty!")),
        (r#"{"Statement":[{}]}"#, invalid("Invalid policy document: Missing required field Effect")),
        (r#"{"Statement":{"Effect":"Allow"}}"#, invalid("Invalid policy document: Missing required field Principal")),
        (
            r#"{"Statement":{"Effect":"Allow","NotPrincipal":"*","Action":"*"}}"#,
            invalid("Invalid policy document: Missing required field Resource"),
        ),
        (&twice, invalid("Invalid policy document: The Statement Ids in the policy are not unique")),
        (&long, invalid("Maximum policy size of 20480 bytes exceeded")),
        (
            &policy("dynamodb:GetRecords"),
            invalid("Invalid policy document: The following action names are invalid: \"dynamodb:GetRecords\""),
        ),
        (
            &policy("sqs:SendMessage"),
            invalid("Invalid policy document: The following action names are invalid: \"sqs:SendMessage\""),
        ),
        (&everybody, unbounded),
    ] {
        assert_eq!(put(&service, ARN, document, None).await, Err(expected), "{document:.100}");
    }
    let index = format!("{ARN}/index/i");
    let only = "Invalid resource arn provided, only table or stream is accepted. Provided resource arn:";
    for (arn, expected) in [
        ("shared", invalid("ARNs must start with 'arn:': shared")),
        (&index, invalid(&format!("{only} {index}"))),
        ("arn:aws:sqs:::x", invalid("Provided Arn is not a DynamoDB resource arn: arn:aws:sqs:::x")),
        (
            "arn:aws:dynamodb:us-east-1:000000000000:table/none",
            Exception::ResourceNotFound("Requested resource not found: Table: none not found".to_owned()),
        ),
        (
            "arn:aws:dynamodb:us-east-1:000000000000:table/shared/stream/x",
            Exception::ResourceNotFound(
                "Requested resource not found: Stream: x not found for Table: shared".to_owned(),
            ),
        ),
    ] {
        assert_eq!(get(&service, arn).await, Err(expected.clone()), "{arn}");
        assert_eq!(put(&service, arn, &policy("dynamodb:*"), None).await, Err(expected), "{arn}");
    }
}

/// Users by their ARNs; accounts with nines in their ARNs are not served.
#[derive(Default)]
struct Users(Mutex<BTreeMap<String, String>>);

impl PrincipalDirectory for Users {
    fn ids<'a>(&'a self, principals: Vec<&'a str>) -> BoxFuture<'a, Result<PrincipalIds, Unresolved>> {
        let mut ids = PrincipalIds::default();
        for arn in principals.into_iter().filter(|arn| !arn.contains("999999999999")) {
            match self.0.lock().get(arn) {
                Some(id) => ids.insert(arn, id.clone()),
                None => return Box::pin(std::future::ready(Err(Unresolved::Missing(arn.to_owned())))),
            }
        }
        Box::pin(std::future::ready(Ok(ids)))
    }

    fn current_arn(&self, _: &str, id: &str) -> Option<String> {
        self.0.lock().iter().find(|(_, own)| *own == id).map(|(arn, _)| arn.clone())
    }
}

impl Users {
    fn of(service: &Service, users: &[(&str, &str)]) -> Arc<Users> {
        let known = Arc::<Users>::default();
        known.set(users);
        service.use_principals(known.clone());
        known
    }

    fn set(&self, users: &[(&str, &str)]) {
        *self.0.lock() = users.iter().map(|(arn, id)| ((*arn).to_owned(), (*id).to_owned())).collect();
    }
}

const ADA: &str = "arn:aws:iam::111111111111:user/ada";
const FOREIGN: &str = "arn:aws:iam::999999999999:user/eve";

fn policy_for(principals: &str) -> String {
    policy("dynamodb:GetItem").replace(r#""arn:aws:iam::111111111111:root""#, principals)
}

fn definition(service: &Service) -> Definition {
    service.catalog.find(Place::own(&caller(), "shared")).expect("a table").definition.clone()
}

#[tokio::test]
async fn principals_are_stored_by_their_ids() {
    let engine = Memory::new();
    let service = open(&engine).await;
    let users = Users::of(&service, &[(ADA, "AIDA1")]);
    let names = format!(r#"["{ADA}","{FOREIGN}","111111111111"]"#);
    let document = policy_for(&names);
    let made = CreateTableInput { resource_policy: Some(document.clone()), ..simple("shared") };
    service.create_table(&caller(), made).await.unwrap();
    let (shown, first) = get(&service, ARN).await.unwrap();
    assert_eq!(shown, document);
    let ids = definition(&service).resource_policy_principals.unwrap();
    assert_eq!((ids.get(ADA), ids.get(FOREIGN)), (Some("AIDA1"), None));

    // Renamed, deleted, and replaced by another one of the same name.
    let renamed = "arn:aws:iam::111111111111:user/lovelace";
    users.set(&[(renamed, "AIDA1")]);
    assert_eq!(get(&service, ARN).await.unwrap().0, document.replace(ADA, renamed));
    users.set(&[(ADA, "AIDA2")]);
    assert_eq!(get(&service, ARN).await.unwrap().0, document.replace(ADA, "AIDA1"));
    let second = put(&service, ARN, &document, None).await.unwrap();
    assert_ne!(second, first, "the same text means another user");
    assert_eq!(put(&service, ARN, &document, None).await.unwrap(), second);
    assert_eq!(get(&service, ARN).await.unwrap().0, document);

    drop(service);
    let service = open(&engine).await;
    let updated = UpdateTableInput {
        table_name: "shared".to_owned(),
        deletion_protection_enabled: Some(true),
        ..Default::default()
    };
    service.update_table(&caller(), updated).await.unwrap();
    assert_eq!(definition(&service).resource_policy_principals.unwrap().get(ADA), Some("AIDA2"));
}

#[tokio::test]
async fn a_principal_that_is_not_there_is_refused() {
    let service = open(&Memory::new()).await;
    Users::of(&service, &[]);
    let invalid =
        Exception::validation("One or more parameter values were invalid: Invalid principal in policy document.");
    let document = policy_for(&format!(r#""{ADA}""#));
    let made = CreateTableInput { resource_policy: Some(document.clone()), ..simple("shared") };
    assert_eq!(service.create_table(&caller(), made).await.map(drop), Err(invalid.clone()));
    assert!(service.catalog.find(Place::own(&caller(), "shared")).is_none());
    service.create_table(&caller(), simple("shared")).await.unwrap();
    assert_eq!(put(&service, ARN, &document, None).await, Err(invalid));
    assert_eq!(get(&service, ARN).await, Err(absent(ARN)));
}

/// Principals in definitions of an older program are ARNs, and stay as they are.
#[test]
fn definitions_without_ids_are_read() {
    let old = Definition { resource_policy: Some(policy("dynamodb:GetItem")), ..Definition::default() };
    let text = serde_json::to_string(&old).unwrap();
    assert!(!text.contains("principals"), "{text}");
    let read: Definition = serde_json::from_str(&text).unwrap();
    assert_eq!(read, old);
    let attached = r#"{"document":"{}","revision":"1"}"#;
    let read: tables::AttachedPolicy = serde_json::from_str(attached).unwrap();
    assert_eq!((read.principals.is_none(), serde_json::to_string(&read).unwrap().as_str()), (true, attached));
}
