//! What the rules of Contributor Insights count, of each kind of access, as reports have it.

use std::sync::Arc;

use api::*;
use aws::{AwsService, CLOUDWATCH, Input, Protocol, Request};
use base::{Clock, ManualClock};
use cloudwatch::{CloudWatch, InsightRules, Metrics, Recorder};
use model::{AttributeValue, Attributes};
use serde_json::{Value, json};
use storage::Memory;
use tables::fixture::{item, n, s};

use crate::gate::{Call, call};
use crate::service::{Service, Settings};
use crate::tests::catalog::{attribute, caller, key, projection, simple};

const BEGIN_S: u64 = 1_700_000_040;

struct Server {
    service: Arc<Service>,
    cloudwatch: CloudWatch,
    hand: ManualClock,
}

impl Server {
    /// With the table `tab` of the keys `pk` (S) and `sk` (N), and its index `by-g` (S).
    async fn with_table(provisioned: Option<ProvisionedThroughput>) -> Server {
        let (clock, hand) = Clock::manual(BEGIN_S * 1000);
        let recorder = Arc::new(Recorder::new(clock.clone(), 1_000));
        let engine = Memory::new();
        let settings =
            Settings { enforces_throughput: true, recorder: Some(Arc::clone(&recorder)), ..Settings::default() };
        let service = Service::open(Arc::<Memory>::clone(&engine), settings, clock.clone()).await.unwrap();
        let cloudwatch =
            CloudWatch::new(Metrics::new(engine, clock, recorder)).with_rules(Arc::<Service>::clone(&service));
        let server = Server { service, cloudwatch, hand };
        let names = [("pk", ScalarAttributeType::S), ("sk", ScalarAttributeType::N), ("g", ScalarAttributeType::S)];
        let index = GlobalSecondaryIndex {
            index_name: "by-g".to_owned(),
            key_schema: key(&[("g", KeyType::Hash)]),
            projection: projection(ProjectionType::All),
            on_demand_throughput: None,
            provisioned_throughput: provisioned.clone(),
            warm_throughput: None,
        };
        let mut request = CreateTableInput {
            attribute_definitions: Some(names.map(|(name, kind)| attribute(name, kind)).to_vec()),
            key_schema: Some(key(&[("pk", KeyType::Hash), ("sk", KeyType::Range)])),
            global_secondary_indexes: Some(vec![index]),
            ..simple("tab")
        };
        if provisioned.is_some() {
            (request.billing_mode, request.provisioned_throughput) = (None, provisioned);
        }
        server.call::<call::CreateTable>(request).await;
        server
    }

    async fn call<C: Call>(&self, request: C::Request) -> C::Response {
        self.service.execute::<C>(&caller(), request).await.unwrap()
    }

    async fn update(&self, index: Option<&str>, action: ContributorInsightsAction, mode: ContributorInsightsMode) {
        let request = UpdateContributorInsightsInput {
            contributor_insights_action: action,
            contributor_insights_mode: Some(mode),
            index_name: index.map(str::to_owned),
            table_name: "tab".to_owned(),
        };
        self.call::<call::UpdateContributorInsights>(request).await;
    }

    async fn enable(&self, index: Option<&str>) {
        let mode = ContributorInsightsMode::AccessedAndThrottledKeys;
        self.update(index, ContributorInsightsAction::Enable, mode).await;
    }

    async fn rules(&self, index: Option<&str>) -> Vec<String> {
        let request =
            DescribeContributorInsightsInput { index_name: index.map(str::to_owned), table_name: "tab".to_owned() };
        let described = self.call::<call::DescribeContributorInsights>(request).await;
        described.contributor_insights_rule_list.unwrap_or_default()
    }

    async fn put(&self, pk: &str, sk: u32, more: &[(&str, AttributeValue)]) {
        self.call::<call::PutItem>(PutItemInput {
            table_name: "tab".to_owned(),
            item: row(pk, sk, more),
            ..PutItemInput::default()
        })
        .await;
    }

    async fn api(&self, operation: &str, body: Value) -> (u16, Value) {
        let request = Request {
            operation: CLOUDWATCH.operation(operation).unwrap(),
            protocol: Protocol::AwsJson,
            caller: Some(&caller()),
            observer: None,
            input: Input::Body(body.to_string().into_bytes().into()),
            request_id: "id",
            transport: auth::iam::Transport { peer: std::net::Ipv4Addr::LOCALHOST.into(), secure: false },
            user_agent: None,
        };
        let reply = self.cloudwatch.call(request).await;
        (reply.status, serde_json::from_slice(&reply.body).unwrap_or_default())
    }

    /// The contributors of a rule that begins so, as `key/key=value`.
    async fn report(&self, index: Option<&str>, kind: &str) -> Vec<String> {
        let all = self.rules(index).await;
        let name = all.iter().find(|name| name.starts_with(&format!("DynamoDBContributorInsights-{kind}-"))).unwrap();
        let body = json!({"RuleName": name, "StartTime": BEGIN_S, "EndTime": BEGIN_S + 3600, "Period": 60});
        let (status, report) = self.api("GetInsightRuleReport", body).await;
        assert_eq!(status, 200, "{report}");
        let shown = |one: &Value| {
            let keys: Vec<&str> = one["Keys"].as_array().unwrap().iter().map(|key| key.as_str().unwrap()).collect();
            format!("{}={}", keys.join("/"), one["ApproximateAggregateValue"])
        };
        report["Contributors"].as_array().unwrap().iter().map(shown).collect()
    }
}

fn row(pk: &str, sk: u32, more: &[(&str, AttributeValue)]) -> Attributes {
    let mut row = item(&[("pk", s(pk)), ("sk", n(&sk.to_string()))]);
    for (name, value) in more {
        row.insert((*name).to_owned(), value.clone());
    }
    row
}

/// Units of writing count three times.
#[tokio::test]
async fn accesses_count_by_their_units() {
    let server = Server::with_table(None).await;
    server.put("off", 1, &[]).await;
    server.enable(None).await;
    server.put("a", 1, &[("text", s(&"x".repeat(1_500)))]).await;
    server.put("a", 2, &[]).await;
    server.put("b", 1, &[]).await;
    let get = |consistent_read| GetItemInput {
        table_name: "tab".to_owned(),
        key: row("b", 1, &[]),
        consistent_read: Some(consistent_read),
        ..GetItemInput::default()
    };
    server.call::<call::GetItem>(get(true)).await;
    server.call::<call::GetItem>(get(false)).await;
    assert_eq!(server.report(None, "PKC").await, ["a=9.0", "b=4.5"]);
    assert_eq!(server.report(None, "SKC").await, ["a/1=6.0", "b/1=4.5", "a/2=3.0"]);
    assert_eq!(server.report(None, "PKT").await, [""; 0]);
}

#[tokio::test]
async fn a_page_counts_for_its_rows_by_their_sizes() {
    let server = Server::with_table(None).await;
    let text = |bytes: usize| s(&"x".repeat(bytes));
    // 1,000 and 3,000 bytes.
    for (sk, bytes) in [(1, 988), (2, 2_988)] {
        server.put("a", sk, &[("text", text(bytes))]).await;
    }
    server.enable(None).await;
    let request = QueryInput {
        table_name: "tab".to_owned(),
        key_condition_expression: Some("pk = :p".to_owned()),
        expression_attribute_values: Some(item(&[(":p", s("a"))])),
        consistent_read: Some(true),
        ..QueryInput::default()
    };
    let answer = server.call::<call::Query>(request).await;
    assert_eq!(answer.count, Some(2));
    assert_eq!(server.report(None, "PKC").await, ["a=1.0"]);
    assert_eq!(server.report(None, "SKC").await.len(), 2);
    server.call::<call::Scan>(ScanInput { table_name: "tab".to_owned(), ..ScanInput::default() }).await;
    assert_eq!(server.report(None, "PKC").await, ["a=1.5"]);
}

#[tokio::test]
async fn an_index_counts_its_own_keys() {
    let server = Server::with_table(None).await;
    server.enable(Some("by-g")).await;
    server.put("a", 1, &[("g", s("x"))]).await;
    server.put("a", 2, &[]).await;
    assert_eq!(server.report(Some("by-g"), "PKC").await, ["x=3.0"]);
    // The old entry is deleted, the new one is put.
    server.put("a", 1, &[("g", s("y"))]).await;
    assert_eq!(server.report(Some("by-g"), "PKC").await, ["x=6.0", "y=3.0"]);
    let request = QueryInput {
        table_name: "tab".to_owned(),
        index_name: Some("by-g".to_owned()),
        key_condition_expression: Some("g = :g".to_owned()),
        expression_attribute_values: Some(item(&[(":g", s("y"))])),
        ..QueryInput::default()
    };
    server.call::<call::Query>(request).await;
    assert_eq!(server.report(Some("by-g"), "PKC").await, ["x=6.0", "y=3.5"]);
    assert_eq!(server.rules(Some("by-g")).await.len(), 2, "an index without sort keys has no rules of items");
    assert_eq!(server.rules(None).await, [""; 0]);
    let batch = BatchWriteItemInput {
        request_items: [(
            "tab".to_owned(),
            vec![WriteRequest {
                put_request: None,
                delete_request: Some(Box::new(DeleteRequest { key: row("a", 1, &[]) })),
            }],
        )]
        .into(),
        ..BatchWriteItemInput::default()
    };
    server.call::<call::BatchWriteItem>(batch).await;
    assert_eq!(server.report(Some("by-g"), "PKC").await, ["y=6.5", "x=6.0"]);
}

#[tokio::test]
async fn throttled_accesses_count_by_their_number() {
    let units = ProvisionedThroughput { read_capacity_units: 1, write_capacity_units: 1 };
    let server = Server::with_table(Some(units)).await;
    server.update(None, ContributorInsightsAction::Enable, ContributorInsightsMode::ThrottledKeys).await;
    let mut refused = 0;
    for _ in 0..400 {
        let request = PutItemInput { table_name: "tab".to_owned(), item: row("a", 1, &[]), ..PutItemInput::default() };
        refused += u32::from(server.service.execute::<call::PutItem>(&caller(), request).await.is_err());
    }
    assert!(refused > 10);
    let rules = server.rules(None).await;
    assert_eq!(rules.len(), 2, "{rules:?}");
    assert_eq!(server.report(None, "PKT").await, [format!("a={refused}.0")]);
    assert_eq!(server.report(None, "SKT").await, [format!("a/1={refused}.0")]);
    let query = QueryInput {
        table_name: "tab".to_owned(),
        key_condition_expression: Some("pk = :p".to_owned()),
        expression_attribute_values: Some(item(&[(":p", s("q"))])),
        ..QueryInput::default()
    };
    let mut refused_queries = 0;
    for _ in 0..800 {
        refused_queries += u32::from(server.service.execute::<call::Query>(&caller(), query.clone()).await.is_err());
    }
    assert!(refused_queries > 10);
    let queried = format!("q={refused_queries}.0");
    assert!(server.report(None, "PKT").await.contains(&queried));
    assert_eq!(server.report(None, "SKT").await.len(), 1, "a Query names no item");
    // The rules that both modes have stay.
    server.enable(None).await;
    let both = server.rules(None).await;
    assert!(both.len() == 4 && rules.iter().all(|rule| both.contains(rule)), "{both:?}");
    assert!(server.report(None, "PKT").await.contains(&queried));
}

#[tokio::test]
async fn rules_are_listed_and_end_with_their_setting() {
    let server = Server::with_table(None).await;
    server.enable(None).await;
    let (_, listed) = server.api("DescribeInsightRules", json!({"MaxResults": 3})).await;
    let names: Vec<&str> =
        listed["InsightRules"].as_array().unwrap().iter().map(|rule| rule["Name"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 3);
    let (_, more) = server.api("DescribeInsightRules", json!({"NextToken": listed["NextToken"]})).await;
    assert_eq!(more["InsightRules"].as_array().unwrap().len(), 1, "{more}");
    let rule = &listed["InsightRules"][0];
    assert_eq!((&rule["State"], &rule["ManagedRule"]), (&json!("ENABLED"), &json!(true)));
    let definition: Value = serde_json::from_str(rule["Definition"].as_str().unwrap()).unwrap();
    assert_eq!(
        definition["Contribution"],
        json!({"Filters": [], "Keys": ["pk"], "ValueOf": "ConsumedThroughputUnits"})
    );
    let body = json!({"RuleName": names[0], "StartTime": BEGIN_S, "EndTime": BEGIN_S + 60, "Period": 60});
    assert_eq!(server.api("GetInsightRuleReport", body.clone()).await.0, 200);
    server.hand.advance_ms(1);
    let mode = ContributorInsightsMode::AccessedAndThrottledKeys;
    server.update(None, ContributorInsightsAction::Disable, mode).await;
    assert_eq!(server.service.rules(&caller()), []);
    let (status, refused) = server.api("GetInsightRuleReport", body).await;
    assert_eq!((status, refused["__type"].as_str().unwrap()), (404, "ResourceNotFoundException"));
}
