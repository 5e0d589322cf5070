//! CloudWatch's API: version 2010-08-01, in AWS JSON, RPC v2 CBOR and Query.

mod alarm_change;
mod alarm_list;
mod alarm_put;
mod insight;
mod list;
mod permission;
mod put;
mod query;
mod refusal;
mod tags;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use auth::Caller;
use aws::cloudwatch::{Dimension, DisableAlarmActionsInput, EnableAlarmActionsInput};
use aws::{Answering, AwsService, CLOUDWATCH, Fault, Protocol, Reply, Request, RequestFacts, ServiceModel, Structure};
use aws::{ServiceError, codec};

use crate::contributors::InsightRules;
use crate::metrics::Metrics;
use crate::statistic::Statistic;
use refusal::Refusal;

type Answer<T> = Result<T, Refusal>;

/// CloudWatch as a service of the handler.
pub struct CloudWatch {
    metrics: Arc<Metrics>,
    /// Without a source there are no rules of Contributor Insights.
    rules: Option<Arc<dyn InsightRules>>,
}

impl CloudWatch {
    pub fn new(metrics: Arc<Metrics>) -> CloudWatch {
        CloudWatch { metrics, rules: None }
    }

    pub fn with_rules(self, rules: Arc<dyn InsightRules>) -> CloudWatch {
        CloudWatch { rules: Some(rules), ..self }
    }

    async fn called(&self, request: &Request<'_>) -> Answer<Reply> {
        let Request { operation, protocol, .. } = *request;
        let caller = request.caller.ok_or(Refusal::Unsigned)?;
        let decoded = codec::decode(operation, protocol, &request.input)?;
        if let Some(observer) = request.observer {
            observer.asked(RequestFacts { accesses: Vec::new(), parameters: refusal::names(operation, &decoded) });
        }
        codec::check_sizes(operation, &decoded)?;
        permission::permit(caller, operation, &decoded, self.metrics.engine()).await?;
        let output = self.execute(caller, operation.name(), codec_request(operation, decoded)?).await?;
        Ok(codec::answer(operation, protocol, &output, request.request_id))
    }

    async fn execute(&self, caller: &Caller, operation: &'static str, request: Structure) -> Answer<Structure> {
        match operation {
            "DescribeInsightRules" => self.describe_insight_rules(caller, codec::checked(request)?).map(codec::output),
            "GetInsightRuleReport" => {
                self.get_insight_rule_report(caller, codec::checked(request)?).await.map(codec::output)
            }
            "GetMetricData" => self.get_metric_data(caller, codec::checked(request)?).await.map(codec::output),
            "GetMetricStatistics" => {
                self.get_metric_statistics(caller, codec::checked(request)?).await.map(codec::output)
            }
            "ListMetrics" => self.list_metrics(caller, codec::checked(request)?).await.map(codec::output),
            "PutMetricData" => self.put_metric_data(caller, codec::checked(request)?).map(codec::output),
            _ => self.execute_on_alarms(caller, operation, request).await,
        }
    }
}

impl CloudWatch {
    async fn execute_on_alarms(
        &self,
        caller: &Caller,
        operation: &'static str,
        request: Structure,
    ) -> Answer<Structure> {
        match operation {
            "DeleteAlarms" => self.delete_alarms(caller, codec::checked(request)?).await.map(codec::output),
            "DescribeAlarmHistory" => {
                self.describe_alarm_history(caller, codec::checked(request)?).await.map(codec::output)
            }
            "DescribeAlarms" => self.describe_alarms(caller, codec::checked(request)?).await.map(codec::output),
            "DescribeAlarmsForMetric" => {
                self.describe_alarms_for_metric(caller, codec::checked(request)?).await.map(codec::output)
            }
            "DisableAlarmActions" => {
                let DisableAlarmActionsInput { alarm_names } = codec::checked(request)?;
                self.enable_actions(caller, alarm_names, false).await.map(codec::output)
            }
            "EnableAlarmActions" => {
                let EnableAlarmActionsInput { alarm_names } = codec::checked(request)?;
                self.enable_actions(caller, alarm_names, true).await.map(codec::output)
            }
            "ListTagsForResource" => self.list_tags(caller, codec::checked(request)?).await.map(codec::output),
            "PutMetricAlarm" => self.put_metric_alarm(caller, codec::checked(request)?).await.map(codec::output),
            "SetAlarmState" => self.set_alarm_state(caller, codec::checked(request)?).await.map(codec::output),
            "TagResource" => self.tag(caller, codec::checked(request)?).await.map(codec::output),
            "UntagResource" => self.untag(caller, codec::checked(request)?).await.map(codec::output),
            other => Err(Refusal::NotBuilt(other)),
        }
    }
}

/// The request, if it satisfies its constraints.
fn codec_request(operation: aws::OperationId, decoded: Structure) -> Answer<Structure> {
    codec::check(operation, &decoded)?;
    Ok(decoded)
}

impl AwsService for CloudWatch {
    fn model(&self) -> &'static ServiceModel {
        &CLOUDWATCH
    }

    fn call<'a>(&'a self, request: Request<'a>) -> Answering<'a> {
        Box::pin(async move {
            let (protocol, request_id) = (request.protocol, request.request_id);
            self.called(&request)
                .await
                .unwrap_or_else(|refusal| codec::refuse(&CLOUDWATCH, protocol, refusal.error(protocol), request_id))
        })
    }

    fn refuse(&self, fault: Fault, protocol: Protocol, request_id: &str) -> Reply {
        codec::refuse(&CLOUDWATCH, protocol, ServiceError::common(&CLOUDWATCH, fault, protocol), request_id)
    }
}

fn dimensions(asked: Option<Vec<Dimension>>) -> Vec<crate::Dimension> {
    asked.unwrap_or_default().into_iter().map(|dimension| (dimension.name, dimension.value)).collect()
}

/// # Errors
/// The refusal of a statistic that there is not here.
fn statistic(text: &str) -> Answer<Statistic> {
    let unknown = || Refusal::Value(format!("The value {} for parameter Stat is not supported.", beginning(text)));
    Statistic::parse(text).ok_or_else(unknown)
}

/// As much of a text of a request as a refusal repeats.
fn beginning(text: &str) -> &str {
    text.char_indices().nth(64).map_or(text, |(at, _)| &text[..at])
}
