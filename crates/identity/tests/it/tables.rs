//! Tables that name users: a policy means the users that it named when it was put.

use std::sync::Arc;

use api::*;
use auth::Caller;
use base::Clock;
use identity::{AuthKey, Identities};
use ops::{Service, Settings};
use storage::Memory;

use crate::node::{ACCOUNT, NOW_MS, Node, caller, caller_as, text_of};

const TABLE: &str = "arn:aws:dynamodb:us-east-1:123456789012:table/shared";

struct World {
    node: Node,
    service: Arc<Service>,
}

impl World {
    async fn new() -> World {
        let (clock, _) = Clock::manual(NOW_MS);
        let service = Service::open(Memory::new(), Settings::default(), clock.clone()).await.unwrap();
        let identities = Identities::open(service.clone(), &AuthKey::random(), clock).await.unwrap();
        let world = World { node: Node(identities), service };
        world.node.done("Action=CreateUser&UserName=ada").await;
        world
    }

    fn ada(&self) -> Caller {
        caller_as(self.node.user("ada"))
    }

    async fn create(&self, name: &str, policy: Option<String>) -> Result<(), Exception> {
        let attribute = AttributeDefinition { attribute_name: "pk".to_owned(), attribute_type: ScalarAttributeType::S };
        let key = KeySchemaElement { attribute_name: "pk".to_owned(), key_type: KeyType::Hash };
        let request = CreateTableInput {
            table_name: name.to_owned(),
            attribute_definitions: Some(vec![attribute]),
            key_schema: Some(vec![key]),
            billing_mode: Some(BillingMode::PayPerRequest),
            resource_policy: policy,
            ..Default::default()
        };
        self.service.execute::<ops::call::CreateTable>(&caller(), request).await.map(drop)
    }

    async fn put(&self, policy: String) -> Result<(), Exception> {
        let request = PutResourcePolicyInput { resource_arn: TABLE.to_owned(), policy, ..Default::default() };
        self.service.execute::<ops::call::PutResourcePolicy>(&caller(), request).await.map(drop)
    }

    async fn shown(&self) -> String {
        let request = GetResourcePolicyInput { resource_arn: TABLE.to_owned() };
        self.service.execute::<ops::call::GetResourcePolicy>(&caller(), request).await.unwrap().policy.unwrap()
    }

    async fn may_describe(&self, caller: &Caller) -> bool {
        let request = DescribeTableInput { table_name: "shared".to_owned() };
        self.service.permit(caller, Operation::DescribeTable, &request).await.is_ok()
    }
}

fn policy(principal: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{principal}"}},"Action":"dynamodb:DescribeTable","Resource":"*"}}]}}"#
    )
}

#[tokio::test]
async fn a_user_made_again_may_not_use_the_table() {
    let world = World::new().await;
    let arn = format!("arn:aws:iam::{ACCOUNT}:user/ada");
    world.create("shared", Some(policy(&arn))).await.unwrap();
    assert!(world.may_describe(&world.ada()).await);
    assert_eq!(world.shown().await, policy(&arn));
    let id = text_of(&world.node.done("Action=GetUser&UserName=ada").await, "UserId").to_owned();

    world.node.done("Action=UpdateUser&UserName=ada&NewUserName=lovelace").await;
    assert!(world.may_describe(&caller_as(world.node.user("lovelace"))).await);
    assert_eq!(world.shown().await, policy(&arn.replace("ada", "lovelace")));
    world.node.done("Action=CreateUser&UserName=ada").await;
    assert!(!world.may_describe(&world.ada()).await);
    world.node.done("Action=DeleteUser&UserName=lovelace").await;
    assert_eq!(world.shown().await, policy(&id));
    assert!(!world.may_describe(&world.ada()).await);
    // The same text again means the user of today.
    world.put(policy(&arn)).await.unwrap();
    assert!(world.may_describe(&world.ada()).await);
    assert_eq!(world.shown().await, policy(&arn));
}

#[tokio::test]
async fn principals_of_tables_must_be_there() {
    let world = World::new().await;
    let none = format!("arn:aws:iam::{ACCOUNT}:user/none");
    let refused =
        Err(Exception::validation("One or more parameter values were invalid: Invalid principal in policy document."));
    assert_eq!(world.create("shared", Some(policy(&none))).await, refused);
    world.create("shared", None).await.unwrap();
    assert_eq!(world.put(policy(&none)).await, refused);
    assert_eq!(world.put(policy("AIDAAAAAAAAAAAAAAAAAA")).await, refused);
    for principal in ["999999999999", "arn:aws:iam::999999999999:root", "arn:aws:iam::999999999999:role/x"] {
        world.put(policy(principal)).await.unwrap();
        assert_eq!(world.shown().await, policy(principal));
    }
}
