//! The API on the engine in memory, with requests as SDKs send them.

mod alarms;

use std::sync::Arc;

use auth::Caller;
use auth::fixture::caller;
use aws::fixture::request;
use aws::{AwsService, CLOUDWATCH, Input, Parameters, Protocol, Reply};
use base::{Clock, ManualClock};
use storage::Memory;

use super::CloudWatch;
use crate::{Gauge, MINUTE_MS, Metrics, Recorder, Series};

const BEGIN_MS: u64 = 1_700_000_040_000;
const BEGIN_S: u64 = BEGIN_MS / 1000;

struct Tested {
    cloudwatch: CloudWatch,
    recorder: Arc<Recorder>,
    hand: ManualClock,
}

impl Tested {
    fn new() -> Tested {
        let (clock, hand) = Clock::manual(BEGIN_MS);
        let recorder = Arc::new(Recorder::new(clock.clone(), 1_000));
        let metrics = Metrics::new(Memory::new(), clock, Arc::clone(&recorder));
        Tested { cloudwatch: CloudWatch::new(metrics), recorder, hand }
    }

    fn gauge(&self, metric: &str, dimensions: &[(&str, &str)]) -> Gauge {
        self.recorder.gauge(Series::of_dynamodb("111111111111", "us-east-1", metric, dimensions))
    }

    async fn call_as(&self, account: &str, operation: &str, protocol: Protocol, input: Input<'_>) -> Reply {
        self.call_by(&caller(account), operation, protocol, input).await
    }

    async fn call_by(&self, caller: &Caller, operation: &str, protocol: Protocol, input: Input<'_>) -> Reply {
        let operation = CLOUDWATCH.operation(operation).unwrap();
        self.cloudwatch.call(request(operation, protocol, caller, input)).await
    }

    async fn json(&self, operation: &str, body: serde_json::Value) -> (u16, serde_json::Value) {
        let input = Input::Body(body.to_string().into_bytes().into());
        let reply = self.call_as("111111111111", operation, Protocol::AwsJson, input).await;
        (reply.status, serde_json::from_slice(&reply.body).unwrap_or_default())
    }

    async fn form(&self, operation: &str, form: &str) -> (u16, String) {
        let parameters = Parameters::parse(form.as_bytes()).unwrap();
        let reply = self.call_as("111111111111", operation, Protocol::Query, Input::Form(&parameters)).await;
        (reply.status, String::from_utf8(reply.body).unwrap())
    }
}

fn query(id: &str, metric: &str, stat: &str, period: u64) -> serde_json::Value {
    serde_json::json!({"Id": id, "MetricStat": {"Period": period, "Stat": stat, "Metric": {
        "Namespace": "AWS/DynamoDB", "MetricName": metric, "Dimensions": [{"Name": "TableName", "Value": "tab"}],
    }}})
}

/// Five minutes, each with its number of values 1.
async fn five_minutes() -> Tested {
    let tested = Tested::new();
    let gauge = tested.gauge("ConsumedReadCapacityUnits", &[("TableName", "tab")]);
    for minute in 1..=5 {
        (0..minute).for_each(|_| tested.recorder.record(&gauge, 1.0));
        tested.hand.advance_ms(MINUTE_MS);
    }
    tested
}

#[tokio::test]
async fn data_of_periods() {
    let tested = five_minutes().await;
    let queries = [
        query("sums", "ConsumedReadCapacityUnits", "Sum", 60),
        query("more", "ConsumedReadCapacityUnits", "SampleCount", 300),
        query("none", "ConsumedWriteCapacityUnits", "Sum", 60),
    ];
    let body = serde_json::json!({"MetricDataQueries": queries, "StartTime": BEGIN_S, "EndTime": BEGIN_S + 300});
    let (status, answer) = tested.json("GetMetricData", body).await;
    assert_eq!(status, 200, "{answer}");
    let results = answer["MetricDataResults"].as_array().unwrap();
    assert_eq!(results[0]["Values"], serde_json::json!([5.0, 4.0, 3.0, 2.0, 1.0]));
    assert_eq!(results[0]["Timestamps"][0], serde_json::json!(BEGIN_S + 240));
    assert_eq!(
        (&results[0]["Label"], &results[0]["StatusCode"]),
        (&"ConsumedReadCapacityUnits".into(), &"Complete".into())
    );
    // Of five minutes: the first one begins before the start.
    assert_eq!(results[1]["Values"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).sum::<f64>(), 15.0);
    assert_eq!(results[2]["Values"], serde_json::json!([]));
}

#[tokio::test]
async fn pages_of_data_leave_nothing_out() {
    let tested = five_minutes().await;
    let queries =
        [query("a", "ConsumedReadCapacityUnits", "Sum", 60), query("b", "ConsumedReadCapacityUnits", "Sum", 60)];
    let mut body = serde_json::json!({"MetricDataQueries": queries, "StartTime": BEGIN_S, "EndTime": BEGIN_S + 300,
                                      "MaxDatapoints": 3, "ScanBy": "TimestampAscending"});
    let (mut values, mut pages) = (Vec::new(), 0);
    loop {
        let (status, answer) = tested.json("GetMetricData", body.clone()).await;
        assert_eq!(status, 200, "{answer}");
        pages += 1;
        for result in answer["MetricDataResults"].as_array().unwrap() {
            for value in result["Values"].as_array().unwrap() {
                values.push(format!("{}{}", result["Id"].as_str().unwrap(), value));
            }
        }
        match answer["NextToken"].as_str() {
            Some(token) => body["NextToken"] = token.into(),
            None => break,
        }
    }
    assert_eq!(
        values.concat(),
        "a1.0a2.0a3.0a4.0a5.0b1.0b2.0b3.0b4.0b5.0".replace(".0", if values[0].contains('.') { ".0" } else { "" })
    );
    assert_eq!(pages, 4);
    body["NextToken"] = "x".into();
    let (status, answer) = tested.json("GetMetricData", body).await;
    assert_eq!((status, answer["__type"].as_str().unwrap().ends_with("InvalidNextToken")), (400, true));
}

#[tokio::test]
async fn statistics_as_a_form() {
    let tested = five_minutes().await;
    let form = format!(
        "Action=GetMetricStatistics&Version=2010-08-01&Namespace=AWS%2FDynamoDB&MetricName=ConsumedReadCapacityUnits&Period=60\
         &Dimensions.member.1.Name=TableName&Dimensions.member.1.Value=tab&Statistics.member.1=Sum&Statistics.member.2=Average\
         &ExtendedStatistics.member.1=p50&StartTime={}&EndTime={}",
        base::utc::rfc3339(BEGIN_MS).replace(':', "%3A"),
        base::utc::rfc3339(BEGIN_MS + 120_000).replace(':', "%3A"),
    );
    let (status, answer) = tested.form("GetMetricStatistics", &form).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer.matches("<Sum>").count(), 2, "{answer}");
    for part in
        ["<Sum>2", "<Average>1", "<Unit>Count</Unit>", "<Label>ConsumedReadCapacityUnits</Label>", "<key>p50</key>"]
    {
        assert!(answer.contains(part), "{part}: {answer}");
    }
    let (status, answer) = tested.form("GetMetricStatistics", &form.replace("Period=60", "Period=61")).await;
    assert!(status == 400 && answer.contains("<Code>InvalidParameterValue</Code>"), "{answer}");
    let (status, answer) = tested.form("PutDashboard", "Action=PutDashboard&DashboardName=d&DashboardBody=b").await;
    assert!(status == 400 && answer.contains("no operation PutDashboard"), "{answer}");
}

#[tokio::test]
async fn too_many_points_are_refused() {
    let tested = Tested::new();
    let body = serde_json::json!({"Namespace": "AWS/DynamoDB", "MetricName": "UserErrors", "Period": 60, "Statistics": ["Sum"],
                                  "StartTime": BEGIN_S, "EndTime": BEGIN_S + 30 * 86_400});
    let (status, answer) = tested.json("GetMetricStatistics", body).await;
    assert_eq!(status, 400);
    let text = "You have requested up to 43,200 datapoints, which exceeds the limit of 1,440.";
    assert!(answer.to_string().contains(text), "{answer}");
}

#[tokio::test]
async fn what_callers_put_is_listed_and_read() {
    let tested = Tested::new();
    let put = |value: serde_json::Value| {
        serde_json::json!({"Namespace": "Own", "MetricData": [{"MetricName": "m", "Unit": "Seconds", "Value": value,
                           "Dimensions": [{"Name": "B", "Value": "2"}, {"Name": "A", "Value": "1"}]}]})
    };
    assert_eq!(tested.json("PutMetricData", put(2.5.into())).await.0, 200);
    let list = |body: serde_json::Value| tested.json("ListMetrics", body);
    let (_, listed) = list(serde_json::json!({"Namespace": "Own", "Dimensions": [{"Name": "B"}]})).await;
    assert_eq!(listed["Metrics"][0]["MetricName"], "m");
    assert_eq!(listed["Metrics"][0]["Dimensions"][0]["Name"], "A");
    let (_, listed) = list(serde_json::json!({"Dimensions": [{"Name": "B", "Value": "3"}]})).await;
    assert_eq!(listed["Metrics"], serde_json::json!([]));
    let statistics = |unit: &str| {
        serde_json::json!({"Namespace": "Own", "MetricName": "m", "Period": 60, "Statistics": ["Maximum"], "Unit": unit,
                           "Dimensions": [{"Name": "A", "Value": "1"}, {"Name": "B", "Value": "2"}],
                           "StartTime": BEGIN_S, "EndTime": BEGIN_S + 60})
    };
    let (_, found) = tested.json("GetMetricStatistics", statistics("Seconds")).await;
    assert_eq!(found["Datapoints"][0]["Maximum"], 2.5, "{found}");
    assert_eq!(tested.json("GetMetricStatistics", statistics("Bytes")).await.1["Datapoints"], serde_json::json!([]));
    // Nothing of a refused request is measured.
    let mut refused = put(1.0.into());
    refused["MetricData"].as_array_mut().unwrap().push(serde_json::json!({"MetricName": "bad"}));
    assert_eq!(tested.json("PutMetricData", refused).await.0, 400);
    assert_eq!(
        tested
            .json(
                "PutMetricData",
                serde_json::json!({"Namespace": "AWS/DynamoDB", "MetricData": [{"MetricName": "m", "Value": 1}]})
            )
            .await
            .0,
        400
    );
    let (_, found) = tested.json("GetMetricStatistics", statistics("Seconds")).await;
    assert_eq!(found["Datapoints"][0]["Maximum"], 2.5);
}

#[tokio::test]
async fn an_account_has_its_own_series_and_a_share_of_all() {
    let tested = Tested::new();
    let put = |metric: String| {
        let body = serde_json::json!({"Namespace": "Own", "MetricData": [{"MetricName": metric, "Value": 1}]});
        Input::Body(body.to_string().into_bytes().into())
    };
    for number in 0..100 {
        let reply = tested.call_as("111111111111", "PutMetricData", Protocol::AwsJson, put(format!("m{number}"))).await;
        assert_eq!(reply.status, 200);
    }
    let reply = tested.call_as("111111111111", "PutMetricData", Protocol::AwsJson, put("one".to_owned())).await;
    assert_eq!((reply.status, reply.error.unwrap().name), (400, "LimitExceededFault"));
    let reply = tested.call_as("222222222222", "PutMetricData", Protocol::AwsJson, put("one".to_owned())).await;
    assert_eq!(reply.status, 200);
    let list = Input::Body(b"{}"[..].into());
    let reply = tested.call_as("222222222222", "ListMetrics", Protocol::AwsJson, list).await;
    let listed: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(listed["Metrics"].as_array().unwrap().len(), 1, "{listed}");
}

/// Of minutes that are far away, values of many sizes: what is not stored yet is bounded in bytes, and nothing is lost in silence.
#[tokio::test]
async fn what_waits_is_bounded() {
    let tested = Tested::new();
    let put = |minute: u64| {
        let values: Vec<f64> = (0..150).map(|power| 1.03f64.powi(power)).collect();
        let data: Vec<serde_json::Value> = (0..100)
            .map(|number| {
                serde_json::json!({"MetricName": format!("m{}", number % 10), "Values": values,
                                   "Timestamp": BEGIN_S - (minute * 10 + number / 10) * 60})
            })
            .collect();
        serde_json::json!({"Namespace": "Own", "MetricData": data})
    };
    let (mut taken, mut refused) = (0, None);
    for minute in 0..60 {
        let (status, answer) = tested.json("PutMetricData", put(minute)).await;
        match status {
            200 => taken += 1,
            _ => refused = refused.or(answer["__type"].as_str().map(str::to_owned)),
        }
    }
    assert_eq!(refused.as_deref(), Some("ThrottlingException"));
    assert!((10..50).contains(&taken), "{taken}");
    let metrics = &tested.cloudwatch.metrics;
    metrics.store(Some(metrics.minute())).await.unwrap();
    assert_eq!(tested.json("PutMetricData", put(100)).await.0, 200, "there is room again");
    let body = serde_json::json!({"Namespace": "Own", "MetricName": "m1", "Period": 86_400, "Statistics": ["SampleCount"],
                                  "StartTime": BEGIN_S - 86_400 * 2, "EndTime": BEGIN_S + 60});
    let (_, found) = tested.json("GetMetricStatistics", body).await;
    let counts = found["Datapoints"].as_array().unwrap().iter().map(|point| point["SampleCount"].as_f64().unwrap());
    assert_eq!(counts.sum::<f64>(), f64::from(taken + 1) * 1_500.0);
}

/// As the SDKs of Go, Java and Rust send it.
#[tokio::test]
async fn data_as_cbor() {
    let tested = five_minutes().await;
    let mut body = vec![0xBF];
    let text = |body: &mut Vec<u8>, text: &str| {
        body.extend([0x78, text.len() as u8]);
        body.extend(text.as_bytes());
    };
    for (name, second) in [("StartTime", BEGIN_S), ("EndTime", BEGIN_S + 60)] {
        text(&mut body, name);
        body.extend([0xC1, 0xFB]);
        body.extend((second as f64).to_be_bytes());
    }
    text(&mut body, "MetricDataQueries");
    body.extend([0x9F, 0xBF]);
    text(&mut body, "Id");
    text(&mut body, "a");
    text(&mut body, "MetricStat");
    body.push(0xBF);
    text(&mut body, "Period");
    body.extend([0x18, 60]);
    text(&mut body, "Stat");
    text(&mut body, "Sum");
    text(&mut body, "Metric");
    body.push(0xBF);
    for (name, value) in [("Namespace", "AWS/DynamoDB"), ("MetricName", "ConsumedReadCapacityUnits")] {
        text(&mut body, name);
        text(&mut body, value);
    }
    text(&mut body, "Dimensions");
    body.extend([0x9F, 0xBF]);
    for (name, value) in [("Name", "TableName"), ("Value", "tab")] {
        text(&mut body, name);
        text(&mut body, value);
    }
    body.extend([0xFF; 7]);
    let reply = tested.call_as("111111111111", "GetMetricData", Protocol::RpcV2Cbor, Input::Body(body.into())).await;
    assert_eq!(reply.status, 200, "{:?}", reply.error);
    let answer = String::from_utf8_lossy(&reply.body).into_owned();
    assert!(answer.contains("Complete") && answer.contains("Values"), "{answer}");
    assert!(
        reply.body.windows(9).any(|part| part == [&[0xFB][..], &1.0f64.to_be_bytes()].concat()),
        "{:?}",
        reply.body
    );
}
