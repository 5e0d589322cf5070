//! The API on the engine in memory, with requests as SDKs send them, and every sentence that is captured.

use std::sync::Arc;

use auth::{Caller, fixture};
use aws::fixture::request;
use aws::{APPLICATION_AUTO_SCALING, AwsService, Input, Protocol};
use base::{Clock, ManualClock};
use cloudwatch::{Metrics, Recorder};
use serde_json::{Value, json};
use storage::{BoxFuture, Engine, Memory};

use super::AutoScaling;
use crate::alarm_calls;
use crate::job::Scaler;
use crate::resource::{Access, Resource};
use crate::tables::{Capacity, ChangeFailure, Tables, Unpermitted};

const BEGIN_MS: u64 = 1_700_000_040_000;
const SCOPE: (&str, &str) = ("111111111111", "us-east-1");

/// Of a caller that may not update tables.
const NO_TABLES: &str = "NOTABLES";

/// A table `tab` with an index `idx`, of 5 units.
struct OneTable;

impl Tables for OneTable {
    fn refresh(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }

    fn permit<'a>(&'a self, caller: &'a Caller, _: Resource<'a>) -> BoxFuture<'a, Result<(), Unpermitted>> {
        let is_denied = caller.access_key == NO_TABLES;
        Box::pin(async move { if is_denied { Err(Unpermitted::Denied("not the table".to_owned())) } else { Ok(()) } })
    }

    fn capacity<'a>(&'a self, of: Resource<'a>, _: Access) -> BoxFuture<'a, Option<Capacity>> {
        let is_there = of.table == "tab" && of.index.is_none_or(|index| index == "idx");
        let capacity = Capacity { units: Some(5), is_changeable: true, may_decrease: true };
        Box::pin(async move { is_there.then_some(capacity) })
    }

    fn change<'a>(&'a self, _: Resource<'a>, _: Access, _: u64) -> BoxFuture<'a, Result<(), ChangeFailure>> {
        Box::pin(async { Ok(()) })
    }
}

struct Tested {
    engine: Arc<dyn Engine>,
    api: AutoScaling,
    metrics: Arc<Metrics>,
    hand: ManualClock,
    clock: Clock,
}

fn caller() -> Caller {
    fixture::caller("111111111111")
}

impl Tested {
    fn new() -> Tested {
        let (clock, hand) = Clock::manual(BEGIN_MS);
        Tested::with(Memory::new(), clock, hand)
    }

    fn with(engine: Arc<dyn Engine>, clock: Clock, hand: ManualClock) -> Tested {
        let recorder = Arc::new(Recorder::new(clock.clone(), 1_000));
        let metrics = Metrics::new(Arc::clone(&engine), clock.clone(), recorder);
        let scaler = Scaler::new(Arc::clone(&engine), Arc::clone(&metrics), Arc::new(OneTable), clock.clone());
        Tested { engine, api: AutoScaling::new(scaler), metrics, hand, clock }
    }

    /// As a server that is started on the same rows.
    fn restarted(self) -> Tested {
        Tested::with(self.engine, self.clock, self.hand)
    }

    async fn call_by(&self, caller: &Caller, operation: &str, body: Value) -> (u16, Value) {
        let operation = APPLICATION_AUTO_SCALING.operation(operation).unwrap();
        let input = Input::Body(body.to_string().into_bytes().into());
        let request = request(operation, Protocol::AwsJson, caller, input);
        let reply = self.api.call(request).await;
        (reply.status, serde_json::from_slice(&reply.body).unwrap_or_default())
    }

    async fn ok(&self, operation: &str, body: Value) -> Value {
        let (status, answer) = self.call_by(&caller(), operation, body).await;
        assert_eq!(status, 200, "{operation}: {answer}");
        answer
    }

    /// Exception and sentence.
    async fn refused(&self, operation: &str, body: Value) -> (String, String) {
        let (status, answer) = self.call_by(&caller(), operation, body).await;
        assert_eq!(status, 400, "{operation}: {answer}");
        let text = |member: &str| answer[member].as_str().unwrap_or_default().to_owned();
        let name = text("__type").rsplit('#').next().unwrap_or_default().to_owned();
        (name, [text("message"), text("Message")].concat())
    }

    async fn register(&self, members: Value) -> Value {
        self.ok("RegisterScalableTarget", of_table(members)).await
    }
}

/// A request about the reads of the table.
fn of_table(members: Value) -> Value {
    let mut body = json!({"ServiceNamespace": "dynamodb", "ResourceId": "table/tab",
                          "ScalableDimension": "dynamodb:table:ReadCapacityUnits"});
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn all(members: Value) -> Value {
    let mut body = members;
    body["ServiceNamespace"] = json!("dynamodb");
    body
}

fn tracking(value: f64) -> Value {
    json!({"TargetValue": value, "PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBReadCapacityUtilization"}})
}

fn policy(value: f64) -> Value {
    of_table(json!({"PolicyName": "track", "PolicyType": "TargetTrackingScaling",
                    "TargetTrackingScalingPolicyConfiguration": tracking(value)}))
}

#[tokio::test]
async fn a_target_is_described_as_it_was_registered_behind_a_restart_too() {
    let tested = Tested::new();
    let tags = json!({"team": "a"});
    let arn = tested.register(json!({"MinCapacity": 5, "MaxCapacity": 50, "Tags": tags})).await;
    let arn = arn["ScalableTargetARN"].as_str().unwrap().to_owned();
    assert!(arn.starts_with("arn:aws:application-autoscaling:us-east-1:111111111111:scalable-target/"), "{arn}");
    tested.hand.advance_ms(1_000);
    let again =
        tested.register(json!({"MaxCapacity": 60, "SuspendedState": {"ScheduledScalingSuspended": true}})).await;
    assert_eq!(again["ScalableTargetARN"], json!(arn));
    let tested = tested.restarted();
    let found = tested.ok("DescribeScalableTargets", all(json!({"ResourceIds": ["table/tab"]}))).await;
    let expected = of_table(json!({
        "MinCapacity": 5, "MaxCapacity": 60, "CreationTime": BEGIN_MS / 1_000, "ScalableTargetARN": arn,
        "RoleARN": "arn:aws:iam::111111111111:role/aws-service-role/dynamodb.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_DynamoDBTable",
        "SuspendedState": {"DynamicScalingInSuspended": false, "DynamicScalingOutSuspended": false, "ScheduledScalingSuspended": true},
    }));
    assert_eq!(found["ScalableTargets"], json!([expected]));
    assert_eq!(tested.ok("ListTagsForResource", json!({"ResourceARN": arn})).await["Tags"], tags);
    tested.ok("TagResource", json!({"ResourceARN": arn, "Tags": {"env": "b"}})).await;
    tested.ok("UntagResource", json!({"ResourceARN": arn, "TagKeys": ["team"]})).await;
    assert_eq!(tested.ok("ListTagsForResource", json!({"ResourceARN": arn})).await["Tags"], json!({"env": "b"}));

    tested.ok("DeregisterScalableTarget", of_table(json!({}))).await;
    assert_eq!(tested.ok("DescribeScalableTargets", all(json!({}))).await["ScalableTargets"], json!([]));
    let (name, _) = tested.refused("ListTagsForResource", json!({"ResourceARN": arn})).await;
    assert_eq!(name, "ResourceNotFoundException");
    assert_eq!(tested.register(json!({"MinCapacity": 1, "MaxCapacity": 2})).await["ScalableTargetARN"], json!(arn));
}

#[tokio::test]
async fn a_policy_has_four_alarms() {
    let tested = Tested::new();
    tested.register(json!({"MinCapacity": 5, "MaxCapacity": 50})).await;
    let put = tested.ok("PutScalingPolicy", policy(70.0)).await;
    let arn = put["PolicyARN"].as_str().unwrap().to_owned();
    assert!(arn.starts_with("arn:aws:autoscaling:us-east-1:111111111111:scalingPolicy:"), "{arn}");
    assert!(arn.ends_with(":resource/dynamodb/table/tab:policyName/track"), "{arn}");
    let names: Vec<String> =
        put["Alarms"].as_array().unwrap().iter().map(|alarm| alarm["AlarmName"].as_str().unwrap().to_owned()).collect();
    let kinds = ["AlarmHigh", "AlarmLow", "ProvisionedCapacityHigh", "ProvisionedCapacityLow"];
    for (name, kind) in names.iter().zip(kinds) {
        assert!(name.starts_with(&format!("TargetTracking-table/tab-{kind}-")), "{name}");
        assert_eq!(tested.metrics.is_alarming("111111111111", "us-east-1", name).await.unwrap(), Some(false), "{name}");
    }
    let histories = alarm_calls::call(&tested.metrics, SCOPE, "DescribeAlarmHistory", json!({})).await;
    assert_eq!(histories["AlarmHistoryItems"].as_array().unwrap().len(), 4, "each is created, once: {histories}");
    // Another value of the same policy: the same ARN and the same alarms.
    let mut other = policy(50.5);
    other["TargetTrackingScalingPolicyConfiguration"]["ScaleInCooldown"] = json!(-5);
    other["TargetTrackingScalingPolicyConfiguration"]["DisableScaleIn"] = json!(true);
    let again = tested.ok("PutScalingPolicy", other).await;
    assert_eq!((&again["PolicyARN"], &again["Alarms"]), (&json!(arn), &put["Alarms"]));
    let tested = tested.restarted();
    let found = tested.ok("DescribeScalingPolicies", all(json!({"PolicyNames": ["track"]}))).await;
    let found = &found["ScalingPolicies"][0];
    let configuration = json!({"TargetValue": 50.5, "ScaleInCooldown": -5, "DisableScaleIn": true,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBReadCapacityUtilization"}});
    assert_eq!(found["TargetTrackingScalingPolicyConfiguration"], configuration);
    assert_eq!((&found["PolicyType"], &found["Alarms"]), (&json!("TargetTrackingScaling"), &put["Alarms"]));

    let mut second = policy(70.0);
    second["PolicyName"] = json!("second");
    let (_, text) = tested.refused("PutScalingPolicy", second).await;
    assert_eq!(text, "Only one TargetTrackingScaling policy for a given metric specification is allowed.");
    tested.ok("DeleteScalingPolicy", of_table(json!({"PolicyName": "track"}))).await;
    for name in &names {
        assert_eq!(tested.metrics.is_alarming("111111111111", "us-east-1", name).await.unwrap(), None, "{name}");
    }
    assert_eq!(tested.ok("DescribeScalingPolicies", all(json!({}))).await["ScalingPolicies"], json!([]));
    let (name, text) = tested.refused("DeleteScalingPolicy", of_table(json!({"PolicyName": "track"}))).await;
    assert_eq!(name, "ObjectNotFoundException");
    assert!(
        text.starts_with("No scaling policy found for service namespace: dynamodb, resource ID: table/tab"),
        "{text}"
    );
}

/// The account has room for two alarms more: a new policy is refused, and is none.
#[tokio::test]
async fn a_policy_without_its_alarms_is_none() {
    let tested = Tested::new();
    tested.register(json!({"MinCapacity": 5, "MaxCapacity": 50})).await;
    alarm_calls::set_count(&*tested.engine, SCOPE, 4_998).await;
    let (name, _) = tested.refused("PutScalingPolicy", policy(70.0)).await;
    assert_eq!(name, "LimitExceededException");
    assert_eq!(tested.ok("DescribeScalingPolicies", all(json!({}))).await["ScalingPolicies"], json!([]));
    alarm_calls::set_count(&*tested.engine, SCOPE, 4_996).await;
    tested.ok("PutScalingPolicy", policy(70.0)).await;
}

#[tokio::test]
async fn scheduled_actions_are_described_as_they_were_put() {
    let tested = Tested::new();
    tested.register(json!({"MinCapacity": 5, "MaxCapacity": 50})).await;
    let put = |members: Value| {
        let mut body = of_table(json!({"ScheduledActionName": "night"}));
        members.as_object().unwrap().iter().for_each(|(name, value)| body[name] = value.clone());
        body
    };
    let (_, text) =
        tested.refused("PutScheduledAction", put(json!({"ScalableTargetAction": {"MinCapacity": 1}}))).await;
    assert_eq!(text, "Schedule must be specified when creating a scheduled action");
    let begin = BEGIN_MS / 1_000 + 3_600;
    let whole = json!({"Schedule": "cron(0 22 * * ? *)", "Timezone": "Europe/Berlin", "StartTime": begin, "EndTime": begin + 86_400,
                       "ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": 10}});
    tested.ok("PutScheduledAction", put(whole.clone())).await;
    let tested = tested.restarted();
    let described = |found: Value| found["ScheduledActions"][0].clone();
    let found = described(tested.ok("DescribeScheduledActions", all(json!({}))).await);
    for (member, value) in whole.as_object().unwrap() {
        assert_eq!(&found[member], value, "{member}");
    }
    let arn = found["ScheduledActionARN"].as_str().unwrap().to_owned();
    assert!(
        arn.ends_with(":resource/dynamodb/table/tab:scheduledActionName/night") && arn.contains(":scheduledAction:"),
        "{arn}"
    );
    // What is not sent stays, but for the start and the end.
    tested.ok("PutScheduledAction", put(json!({"Schedule": "rate(2 hours)"}))).await;
    let found = described(tested.ok("DescribeScheduledActions", all(json!({"ScheduledActionNames": ["night"]}))).await);
    assert_eq!(
        (&found["Schedule"], &found["StartTime"], &found["Timezone"]),
        (&json!("rate(2 hours)"), &Value::Null, &json!("Europe/Berlin"))
    );
    assert_eq!(
        (&found["ScalableTargetAction"]["MaxCapacity"], &found["ScheduledActionARN"]),
        (&json!(10), &json!(arn))
    );
    for wrong in [
        json!({"Schedule": "cron(0 22 * * * *)"}),
        json!({"Timezone": "Middle/Earth"}),
        json!({"StartTime": begin, "EndTime": begin}),
        json!({"ScalableTargetAction": {}}),
        json!({"ScalableTargetAction": {"MinCapacity": 2, "MaxCapacity": 1}}),
    ] {
        let (name, _) = tested.refused("PutScheduledAction", put(wrong.clone())).await;
        assert_eq!(name, "ValidationException", "{wrong}");
    }
    let delete = of_table(json!({"ScheduledActionName": "night"}));
    tested.ok("DeleteScheduledAction", delete.clone()).await;
    let (name, text) = tested.refused("DeleteScheduledAction", delete).await;
    assert_eq!((name.as_str(), text.ends_with("scheduled action name: night")), ("ObjectNotFoundException", true));
}

/// All of Application Auto Scaling is allowed, and of the rest what each case has.
#[tokio::test]
async fn capacity_and_alarms_need_their_own_permissions() {
    let tested = Tested::new();
    let allow = |actions: Value| json!({"Effect": "Allow", "Action": actions, "Resource": "*"});
    let user = |actions: Value| auth::fixture::user("111111111111", &[allow(actions)]);
    let scaling = user(json!("application-autoscaling:*"));
    let without_tables = Caller { access_key: NO_TABLES.to_owned(), ..scaling.clone() };
    let action = json!({"ScheduledActionName": "night", "Schedule": "rate(2 hours)", "ScalableTargetAction": {"MinCapacity": 1}});
    let bounds = of_table(json!({"MinCapacity": 5, "MaxCapacity": 50}));
    let denied = |answer: (u16, Value), text: &str| {
        assert_eq!(answer.0, 400, "{}", answer.1);
        assert!(answer.1["message"].as_str().unwrap().contains(text), "{} without {text}", answer.1);
    };
    // Whether there is such a table or not.
    let missing = json!({"ServiceNamespace": "dynamodb", "ResourceId": "table/missing", "MinCapacity": 1, "MaxCapacity": 2,
                         "ScalableDimension": "dynamodb:table:ReadCapacityUnits"});
    for body in [missing, bounds.clone()] {
        denied(tested.call_by(&without_tables, "RegisterScalableTarget", body).await, "not the table");
    }
    assert_eq!(tested.call_by(&scaling, "RegisterScalableTarget", bounds).await.0, 200);
    denied(tested.call_by(&without_tables, "PutScheduledAction", of_table(action)).await, "not the table");
    denied(tested.call_by(&without_tables, "PutScalingPolicy", policy(70.0)).await, "not the table");
    denied(tested.call_by(&scaling, "PutScalingPolicy", policy(70.0)).await, "cloudwatch:PutMetricAlarm");
    let alarms = user(json!(["application-autoscaling:*", "cloudwatch:PutMetricAlarm", "cloudwatch:DescribeAlarms"]));
    assert_eq!(tested.call_by(&alarms, "PutScalingPolicy", policy(70.0)).await.0, 200);
    let name = of_table(json!({"PolicyName": "track"}));
    denied(tested.call_by(&alarms, "DeleteScalingPolicy", name.clone()).await, "cloudwatch:DeleteAlarms");
    denied(tested.call_by(&alarms, "DeregisterScalableTarget", of_table(json!({}))).await, "cloudwatch:DeleteAlarms");
    let all = user(json!(["application-autoscaling:*", "cloudwatch:DeleteAlarms"]));
    assert_eq!(tested.call_by(&all, "DeleteScalingPolicy", name).await.0, 200);
    assert_eq!(tested.call_by(&scaling, "DeregisterScalableTarget", of_table(json!({}))).await.0, 200);
}

#[tokio::test]
async fn sentences() {
    let tested = Tested::new();
    let described =
        "service namespace: dynamodb, resource ID: table/tab, scalable dimension: dynamodb:table:ReadCapacityUnits";
    let check = async |operation: &str, body: Value, name: &str, text: &str| {
        assert_eq!(tested.refused(operation, body).await, (name.to_owned(), text.to_owned()), "{operation}");
    };
    let (object, validation) = ("ObjectNotFoundException", "ValidationException");
    check("PutScalingPolicy", policy(70.0), object, &format!("No scalable target registered for {described}")).await;
    check(
        "DeregisterScalableTarget",
        of_table(json!({})),
        object,
        &format!("No scalable target found for {described}"),
    )
    .await;
    let bounds = |min: i32, max: i32| of_table(json!({"MinCapacity": min, "MaxCapacity": max}));
    let text = "Maximum capacity cannot be less than minimum capacity";
    check("RegisterScalableTarget", bounds(5, 4), validation, text).await;
    let mut missing = bounds(1, 2);
    missing["ResourceId"] = json!("table/other");
    check("RegisterScalableTarget", missing, validation, "DynamoDB table does not exist: table/other").await;
    let mut other = bounds(1, 2);
    other["ScalableDimension"] = json!("dynamodb:index:ReadCapacityUnits");
    let text = "Unsupported service namespace, resource type or scalable dimension";
    check("RegisterScalableTarget", other, validation, text).await;
    let text = "MinCapacity must be specified when registering a new scalable target";
    check("RegisterScalableTarget", of_table(json!({"MaxCapacity": 1})), validation, text).await;
    tested.register(json!({"MinCapacity": 5, "MaxCapacity": 50})).await;
    let text = "For predefined metric type DynamoDBReadCapacityUtilization, target value must be between '10.0' and '90.0', but was '90.1'.";
    check("PutScalingPolicy", policy(90.1), validation, text).await;
    let text =
        "For target tracking scaling, target value must be between '8.51592E-109' and '1.174271E108', but was '0.0'.";
    check("PutScalingPolicy", policy(0.0), validation, text).await;
    for kind in ["StepScaling", "PredictiveScaling"] {
        let mut body = policy(70.0);
        body["PolicyType"] = json!(kind);
        let text = format!(
            "{kind} is not supported for service namespace dynamodb: its policies are of the type TargetTrackingScaling"
        );
        check("PutScalingPolicy", body, validation, &text).await;
    }
    let forecast = of_table(json!({"PolicyName": "p", "StartTime": 1, "EndTime": 2}));
    let text = "PredictiveScaling is not supported for service namespace dynamodb: its policies are of the type TargetTrackingScaling";
    check("GetPredictiveScalingForecast", forecast, validation, text).await;
    let dimension = all(json!({"ScalableDimension": "dynamodb:table:ReadCapacityUnits"}));
    let text = "If you specify a scalable dimension, you must also specify a resource ID";
    check("DescribeScalingPolicies", dimension, validation, text).await;
    let text = "MaxResults must be between 1 and 50, but was 51";
    check("DescribeScalingActivities", all(json!({"MaxResults": 51})), validation, text).await;
    check(
        "DescribeScalableTargets",
        all(json!({"NextToken": "x"})),
        "InvalidNextTokenException",
        "The next token is not valid",
    )
    .await;
    let found = tested.ok("DescribeScalableTargets", json!({"ServiceNamespace": "ecs"})).await;
    assert_eq!(found["ScalableTargets"], json!([]));
}

#[tokio::test]
async fn lists_have_pages() {
    let tested = Tested::new();
    let all_four = [
        ("table/tab", "table", "Read"),
        ("table/tab", "table", "Write"),
        ("table/tab/index/idx", "index", "Read"),
        ("table/tab/index/idx", "index", "Write"),
    ];
    for (resource, kind, access) in all_four {
        let dimension = format!("dynamodb:{kind}:{access}CapacityUnits");
        let members =
            json!({"ResourceId": resource, "ScalableDimension": dimension, "MinCapacity": 1, "MaxCapacity": 9});
        tested.register(members).await;
    }
    let mut found = Vec::new();
    let mut token = Value::Null;
    loop {
        let mut body = all(json!({"MaxResults": 3}));
        if !token.is_null() {
            body["NextToken"] = token;
        }
        let page = tested.ok("DescribeScalableTargets", body).await;
        found.push(page["ScalableTargets"].as_array().unwrap().len());
        token = page["NextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(found, [3, 1]);
}

fn with_policy(statement: Value) -> Caller {
    fixture::user("111111111111", &[statement])
}

#[tokio::test]
async fn permissions() {
    let tested = Tested::new();
    let statement = |action: &str, resource: &str, condition: Value| json!({"Effect": "Allow", "Action": action, "Resource": resource, "Condition": condition});
    let bounds = of_table(json!({"MinCapacity": 1, "MaxCapacity": 2}));
    let prefix = "arn:aws:application-autoscaling:us-east-1:111111111111:scalable-target/*";
    let dimension =
        json!({"StringEquals": {"application-autoscaling:scalable-dimension": "dynamodb:table:ReadCapacityUnits"}});
    let reader = with_policy(statement("application-autoscaling:Describe*", "*", json!({})));
    let registrar = with_policy(statement("application-autoscaling:RegisterScalableTarget", prefix, dimension));
    assert_eq!(
        tested.call_by(&reader, "RegisterScalableTarget", bounds.clone()).await.1["__type"],
        "AccessDeniedException"
    );
    assert_eq!(tested.call_by(&registrar, "RegisterScalableTarget", bounds.clone()).await.0, 200);
    let mut writes = bounds.clone();
    writes["ScalableDimension"] = json!("dynamodb:table:WriteCapacityUnits");
    assert_eq!(tested.call_by(&registrar, "RegisterScalableTarget", writes).await.0, 400);
    let mut tagged = bounds;
    tagged["Tags"] = json!({"team": "a"});
    assert_eq!(tested.call_by(&registrar, "RegisterScalableTarget", tagged).await.0, 400, "tags need TagResource");
    assert_eq!(tested.call_by(&reader, "DescribeScalableTargets", all(json!({}))).await.0, 200);
    assert_eq!(tested.call_by(&registrar, "DescribeScalableTargets", all(json!({}))).await.0, 400);

    tested.register(json!({"Tags": {"team": "a"}})).await;
    let of_team = json!({"StringEquals": {"aws:ResourceTag/team": "a"}});
    let team = with_policy(statement("application-autoscaling:DeregisterScalableTarget", prefix, of_team));
    assert_eq!(tested.call_by(&team, "DeregisterScalableTarget", of_table(json!({}))).await.0, 200);
}
