//! Alarms by the API, with requests as SDKs send them.

use auth::Caller;
use aws::{Input, Protocol};
use serde_json::{Value, json};

use super::{BEGIN_S, Tested};

fn wanted(name: &str) -> Value {
    json!({"AlarmName": name, "Namespace": "AWS/DynamoDB", "MetricName": "UserErrors", "Statistic": "Sum", "Period": 60,
           "EvaluationPeriods": 2, "Threshold": 0.1, "ComparisonOperator": "GreaterThanThreshold",
           "AlarmActions": ["arn:aws:sns:us-east-1:111111111111:topic"], "Tags": [{"Key": "k", "Value": "v"}]})
}

fn with(mut body: Value, member: &str, value: Value) -> Value {
    body[member] = value;
    body
}

impl Tested {
    async fn ok(&self, operation: &str, body: Value) -> Value {
        let (status, answer) = self.json(operation, body).await;
        assert_eq!(status, 200, "{operation}: {answer}");
        answer
    }

    async fn refused(&self, operation: &str, body: Value) -> String {
        let (status, answer) = self.json(operation, body).await;
        assert!(status >= 400, "{operation}: {answer}");
        answer["__type"].as_str().unwrap_or_default().rsplit('#').next().unwrap_or_default().to_owned()
    }

    async fn names(&self, body: Value) -> Vec<String> {
        let found = self.ok("DescribeAlarms", body).await;
        let names = found["MetricAlarms"].as_array().unwrap().iter().map(|alarm| alarm["AlarmName"].as_str().unwrap());
        names.map(str::to_owned).collect()
    }
}

#[tokio::test]
async fn an_alarm_is_described_as_it_was_put() {
    let tested = Tested::new();
    tested.ok("PutMetricAlarm", wanted("a")).await;
    let found = tested.ok("DescribeAlarms", json!({"AlarmNames": ["a", "b"]})).await;
    let alarm = &found["MetricAlarms"][0];
    for (member, value) in [
        ("AlarmArn", json!("arn:aws:cloudwatch:us-east-1:111111111111:alarm:a")),
        ("StateValue", json!("INSUFFICIENT_DATA")),
        ("StateReason", json!("Unchecked: Initial alarm creation")),
        ("Threshold", json!(0.1)),
        ("ActionsEnabled", json!(true)),
        ("Statistic", json!("Sum")),
        ("Dimensions", json!([])),
        ("OKActions", json!([])),
        ("StateUpdatedTimestamp", json!(BEGIN_S)),
        ("TreatMissingData", Value::Null),
    ] {
        assert_eq!(alarm[member], value, "{member}: {alarm}");
    }
    let of_metric = json!({"Namespace": "AWS/DynamoDB", "MetricName": "UserErrors"});
    let found = tested.ok("DescribeAlarmsForMetric", with(of_metric.clone(), "Statistic", json!("Sum"))).await;
    assert_eq!(found["MetricAlarms"].as_array().unwrap().len(), 1);
    let found = tested.ok("DescribeAlarmsForMetric", with(of_metric, "Period", json!(120))).await;
    assert_eq!(found["MetricAlarms"], json!([]));
}

#[tokio::test]
async fn a_state_that_is_set_is_in_the_history() {
    let tested = Tested::new();
    tested.ok("PutMetricAlarm", wanted("a")).await;
    tested.hand.advance_ms(1_000);
    let set = json!({"AlarmName": "a", "StateValue": "ALARM", "StateReason": "a test", "StateReasonData": "{\"x\":1}"});
    tested.ok("SetAlarmState", set.clone()).await;
    assert_eq!(tested.names(json!({"StateValue": "ALARM"})).await, ["a"]);
    // A new configuration leaves the state, and the tags.
    tested.hand.advance_ms(1_000);
    let changed = with(with(wanted("a"), "Threshold", json!(7)), "Tags", json!([]));
    tested.ok("PutMetricAlarm", changed).await;
    assert_eq!(tested.names(json!({"StateValue": "ALARM"})).await, ["a"]);
    let history = tested.ok("DescribeAlarmHistory", json!({"AlarmName": "a", "MaxRecords": 2})).await;
    let items = history["AlarmHistoryItems"].as_array().unwrap();
    assert_eq!((items[0]["HistorySummary"].as_str(), items.len()), (Some("Alarm \"a\" updated"), 2));
    assert!(
        items[1]["HistorySummary"].as_str().unwrap().starts_with("Failed to execute action arn:aws:sns"),
        "{items:?}"
    );
    let rest = json!({"AlarmName": "a", "MaxRecords": 2, "NextToken": history["NextToken"]});
    let history = tested.ok("DescribeAlarmHistory", rest).await;
    let items = history["AlarmHistoryItems"].as_array().unwrap();
    assert_eq!(items[0]["HistorySummary"], "Alarm updated from INSUFFICIENT_DATA to ALARM");
    let data: Value = serde_json::from_str(items[0]["HistoryData"].as_str().unwrap()).unwrap();
    assert_eq!(data["newState"], json!({"stateValue": "ALARM", "stateReason": "a test", "stateReasonData": {"x": 1}}));
    assert_eq!(items[1]["HistorySummary"], "Alarm \"a\" created");
    assert_eq!((items.len(), &history["NextToken"]), (2, &Value::Null));
    let first = json!({"ScanBy": "TimestampAscending", "HistoryItemType": "ConfigurationUpdate", "MaxRecords": 1});
    let history = tested.ok("DescribeAlarmHistory", first).await;
    assert_eq!(history["AlarmHistoryItems"][0]["HistorySummary"], "Alarm \"a\" created");
    assert!(history["NextToken"].is_string());
    assert_eq!(tested.refused("SetAlarmState", with(set.clone(), "AlarmName", json!("b"))).await, "ResourceNotFound");
    assert_eq!(tested.refused("SetAlarmState", with(set, "StateReasonData", json!("{"))).await, "InvalidFormatFault");
}

#[tokio::test]
async fn alarms_are_listed_in_pages_and_deleted_together() {
    let tested = Tested::new();
    for name in ["b", "a2", "a1", "c"] {
        tested.ok("PutMetricAlarm", wanted(name)).await;
    }
    let page = tested.ok("DescribeAlarms", json!({"MaxRecords": 3})).await;
    assert_eq!(page["MetricAlarms"].as_array().unwrap().len(), 3);
    assert_eq!(tested.names(json!({"MaxRecords": 3, "NextToken": page["NextToken"]})).await, ["c"]);
    assert_eq!(tested.names(json!({"AlarmNamePrefix": "a"})).await, ["a1", "a2"]);
    assert_eq!(tested.names(json!({"ActionPrefix": "arn:aws:sns"})).await.len(), 4);
    assert!(tested.names(json!({"ActionPrefix": "arn:aws:ec2"})).await.is_empty());
    assert!(tested.names(json!({"AlarmTypes": ["CompositeAlarm"]})).await.is_empty());
    assert_eq!(tested.refused("DescribeAlarms", json!({"NextToken": "x"})).await, "InvalidNextToken");
    let both = json!({"AlarmNames": ["a1"], "AlarmNamePrefix": "a"});
    assert_eq!(tested.refused("DescribeAlarms", both).await, "InvalidParameterCombinationException");
    let list = Input::Body(b"{}"[..].into());
    let reply = tested.call_as("222222222222", "DescribeAlarms", Protocol::AwsJson, list).await;
    let other: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(other["MetricAlarms"], json!([]), "of another account");
    tested.ok("DeleteAlarms", json!({"AlarmNames": ["a1", "x", "a2"]})).await;
    assert_eq!(tested.names(json!({})).await, ["b", "c"]);
}

#[tokio::test]
async fn actions_are_disabled_and_alarms_tagged() {
    let tested = Tested::new();
    tested.ok("PutMetricAlarm", wanted("a")).await;
    tested.ok("DisableAlarmActions", json!({"AlarmNames": ["a", "none"]})).await;
    tested.ok("SetAlarmState", json!({"AlarmName": "a", "StateValue": "ALARM", "StateReason": "r"})).await;
    let actions = tested.ok("DescribeAlarmHistory", json!({"HistoryItemType": "Action"})).await;
    assert_eq!(actions["AlarmHistoryItems"], json!([]));
    tested.ok("EnableAlarmActions", json!({"AlarmNames": ["a"]})).await;
    tested.ok("SetAlarmState", json!({"AlarmName": "a", "StateValue": "OK", "StateReason": "r"})).await;
    let arn = "arn:aws:cloudwatch:us-east-1:111111111111:alarm:a";
    tested.ok("TagResource", json!({"ResourceARN": arn, "Tags": [{"Key": "l", "Value": "w"}]})).await;
    tested.ok("UntagResource", json!({"ResourceARN": arn, "TagKeys": ["k", "x"]})).await;
    let tags = tested.ok("ListTagsForResource", json!({"ResourceARN": arn})).await;
    assert_eq!(tags["Tags"], json!([{"Key": "l", "Value": "w"}]));
    let tag = |arn: &str, key: &str| json!({"ResourceARN": arn, "Tags": [{"Key": key, "Value": "w"}]});
    let not_found = "ResourceNotFoundException";
    assert_eq!(tested.refused("TagResource", tag(&format!("{arn}b"), "l")).await, not_found);
    assert_eq!(tested.refused("TagResource", tag(&arn.replace("1111:alarm", "2222:alarm"), "l")).await, not_found);
    assert_eq!(tested.refused("TagResource", tag("x", "l")).await, "InvalidParameterValueException");
    assert_eq!(tested.refused("TagResource", tag(arn, "aws:l")).await, "InvalidParameterValueException");
}

#[tokio::test]
async fn other_alarms_are_refused() {
    let tested = Tested::new();
    let (value, combination) = ("InvalidParameterValueException", "InvalidParameterCombinationException");
    let missing = "MissingRequiredParameterException";
    let metrics = json!([{"Id": "a", "Expression": "1"}]);
    for (member, given, error) in [
        ("Metrics", metrics, value),
        ("MetricName", Value::Null, missing),
        ("Threshold", Value::Null, missing),
        ("Period", json!(61), value),
        ("Period", Value::Null, missing),
        ("EvaluationPeriods", json!(1_441), value),
        ("DatapointsToAlarm", json!(3), value),
        ("ExtendedStatistic", json!("p99"), combination),
        ("ComparisonOperator", json!("GreaterThanUpperThreshold"), value),
        ("TreatMissingData", json!("no"), value),
        ("EvaluateLowSampleCountPercentile", json!("ignore"), value),
        ("AlarmName", json!("a\nb"), value),
    ] {
        let mut body = with(wanted("a"), member, given);
        body.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        assert_eq!(tested.refused("PutMetricAlarm", body).await, error, "{member}");
    }
    let composite = json!({"AlarmName": "a", "AlarmRule": "TRUE"});
    assert_eq!(tested.refused("PutCompositeAlarm", composite).await, "UnknownOperationException");
    assert!(tested.names(json!({})).await.is_empty());
}

/// A user with a policy of one statement.
fn user(statement: Value) -> Caller {
    auth::fixture::user("111111111111", &[statement])
}

/// As many alarms on one metric as are in no answer: there are no pages of this one.
#[tokio::test]
async fn answers_are_bounded_in_bytes() {
    let tested = Tested::new();
    let action = |number: usize| format!("arn:aws:sns:us-east-1:111111111111:{number}{}", "a".repeat(900));
    let actions: Vec<String> = (0..5).map(action).collect();
    let mut large = with(with(wanted(""), "OKActions", json!(actions)), "AlarmActions", json!(actions));
    large["InsufficientDataActions"] = json!(actions);
    let mut names = Vec::new();
    for number in 0..200 {
        names.push(format!("alarm-{number:03}"));
        tested.ok("PutMetricAlarm", with(large.clone(), "AlarmName", names[number].clone().into())).await;
    }
    let of_metric = json!({"Namespace": "AWS/DynamoDB", "MetricName": "UserErrors"});
    assert_eq!(tested.refused("DescribeAlarmsForMetric", of_metric.clone()).await, "LimitExceededFault");
    let (mut found, mut body) = (Vec::new(), json!({"MaxRecords": 100}));
    loop {
        let page = tested.ok("DescribeAlarms", body.clone()).await;
        found.extend(page["MetricAlarms"].as_array().unwrap().iter().map(|alarm| alarm["AlarmName"].clone()));
        match page["NextToken"].as_str() {
            Some(token) => body["NextToken"] = token.into(),
            None => break,
        }
    }
    assert_eq!(found, names);
    tested.ok("DeleteAlarms", json!({"AlarmNames": &names[..100]})).await;
    let found = tested.ok("DescribeAlarmsForMetric", of_metric).await;
    assert_eq!(found["MetricAlarms"].as_array().unwrap().len(), 100);
}

#[tokio::test]
async fn policies_are_about_alarms_and_their_tags() {
    let tested = Tested::new();
    tested.ok("PutMetricAlarm", wanted("own-a")).await;
    tested.ok("PutMetricAlarm", with(wanted("own-b"), "Tags", json!([]))).await;
    tested.ok("PutMetricAlarm", wanted("a")).await;
    let arn = |name: &str| format!("arn:aws:cloudwatch:us-east-1:111111111111:alarm:{name}");
    let by_name = json!({"Effect": "Allow", "Action": "cloudwatch:*", "Resource": arn("own-*")});
    let by_tag = json!({"Effect": "Allow", "Action": "cloudwatch:*", "Resource": "*",
                        "Condition": {"StringEquals": {"aws:ResourceTag/k": "v"}}});
    let by_request = json!({"Effect": "Allow", "Action": "cloudwatch:*", "Resource": "*",
                            "Condition": {"StringEquals": {"aws:RequestTag/k": "v"}}});
    let by_action = json!({"Effect": "Allow", "Action": "cloudwatch:*", "Resource": "*",
                           "Condition": {"ForAnyValue:StringLike": {"cloudwatch:AlarmActions": "arn:aws:sns:*"}}});
    let no_tags = json!({"Effect": "Allow", "NotAction": "cloudwatch:TagResource", "Resource": "*"});
    let set = |name: &str| json!({"AlarmName": name, "StateValue": "OK", "StateReason": "r"});
    let names = |names: &[&str]| json!({"AlarmNames": names});
    let of_metric = json!({"Namespace": "AWS/DynamoDB", "MetricName": "UserErrors"});
    for (statement, operation, body, is_allowed) in [
        (&by_name, "SetAlarmState", set("own-a"), true),
        (&by_name, "SetAlarmState", set("a"), false),
        (&by_name, "SetAlarmState", set("b"), false),
        (&by_name, "DescribeAlarms", names(&["own-a", "own-b"]), true),
        (&by_name, "DescribeAlarms", names(&["own-a", "a"]), false),
        (&by_name, "DescribeAlarms", json!({}), false),
        (&by_name, "DescribeAlarms", json!({"AlarmNamePrefix": "own-"}), false),
        (&by_name, "DescribeAlarmHistory", json!({"AlarmName": "own-a"}), true),
        (&by_name, "DescribeAlarmHistory", json!({}), false),
        (&by_name, "DescribeAlarmsForMetric", of_metric, false),
        (&by_name, "ListTagsForResource", json!({"ResourceARN": arn("own-a")}), true),
        (&by_name, "ListTagsForResource", json!({"ResourceARN": arn("a")}), false),
        (&by_name, "PutMetricAlarm", wanted("own-c"), true),
        (&by_name, "PutMetricAlarm", wanted("c"), false),
        (&by_tag, "EnableAlarmActions", names(&["own-a", "a"]), true),
        (&by_tag, "EnableAlarmActions", names(&["own-a", "own-b"]), false),
        (&by_request, "PutMetricAlarm", wanted("own-c"), true),
        (&by_request, "PutMetricAlarm", with(wanted("own-c"), "Tags", json!([])), false),
        (&by_action, "PutMetricAlarm", wanted("own-c"), false),
        (&by_action, "PutMetricAlarm", with(wanted("own-c"), "Tags", json!([])), true),
        (&no_tags, "PutMetricAlarm", wanted("own-c"), false),
        (&no_tags, "PutMetricAlarm", with(wanted("own-c"), "Tags", json!([])), true),
        (&by_action, "PutMetricAlarm", with(wanted("own-c"), "AlarmActions", json!([])), false),
        (&by_name, "DeleteAlarms", names(&["own-a", "a"]), false),
        (&by_name, "DeleteAlarms", names(&["own-a", "own-b"]), true),
    ] {
        let input = Input::Body(body.to_string().into_bytes().into());
        let reply = tested.call_by(&user(statement.clone()), operation, Protocol::AwsJson, input).await;
        let error = reply.error.map(|error| error.name);
        assert_eq!(error, (!is_allowed).then_some("AccessDeniedException"), "{operation} {body}");
    }
}
