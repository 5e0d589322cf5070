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
use aws::{
    CLOUDWATCH, DecodeError, Decoded, HostedService, OperationId, Permissions, Protocol, Request, ServiceError,
    ServiceModel, Structure, codec,
};
use jobs::Turns;

use crate::contributors::InsightRules;
use crate::metrics::Metrics;
use crate::statistic::Statistic;
use refusal::Refusal;

type Answer<T> = Result<T, Refusal>;

/// Long reads at once, of all accounts; an account has one. What one has in memory is bounded.
const READS_MAX: usize = 4;

/// The members that the audit log has.
const NAMES: &[(&str, &str)] = &[
    ("namespace", "Namespace"),
    ("metricName", "MetricName"),
    ("alarmName", "AlarmName"),
    ("stateValue", "StateValue"),
    ("resourceARN", "ResourceARN"),
    ("alarmNames", "AlarmNames"),
];
/// And what an alarm calls, each by itself: of URLs, it has the origins.
const ACTIONS: [(&str, &str); 3] = [
    ("alarmActions", "AlarmActions"),
    ("oKActions", "OKActions"),
    ("insufficientDataActions", "InsufficientDataActions"),
];
/// Of a list. Source: the model, ResourceList.
const ACTIONS_MAX: usize = 5;

/// CloudWatch as a service of the handler.
pub struct CloudWatch {
    metrics: Arc<Metrics>,
    /// Without a source there are no rules of Contributor Insights.
    rules: Option<Arc<dyn InsightRules>>,
    /// Of requests that read all series or all alarms of an account, or hours of values. They give way between their pages.
    reads: Turns,
}

impl CloudWatch {
    pub fn new(metrics: Arc<Metrics>) -> CloudWatch {
        CloudWatch { metrics, rules: None, reads: Turns::new(1, READS_MAX) }
    }

    pub fn with_rules(self, rules: Arc<dyn InsightRules>) -> CloudWatch {
        CloudWatch { rules: Some(rules), ..self }
    }

    async fn dispatch(&self, caller: &Caller, operation: OperationId, request: Structure) -> Answer<Structure> {
        match operation.name() {
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
        operation: OperationId,
        request: Structure,
    ) -> Answer<Structure> {
        match operation.name() {
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
            _ => Err(refusal::not_built(operation)),
        }
    }
}

impl HostedService for CloudWatch {
    const MODEL: &'static ServiceModel = &CLOUDWATCH;
    type Call = Decoded;
    type Refusal = Refusal;

    async fn decode(&self, _: &Caller, request: Request<'_>) -> Answer<Decoded> {
        Ok(Decoded::of(&request)?)
    }

    fn names(&self, call: &Decoded) -> Vec<(&'static str, String)> {
        let members = call.members();
        let actions = ACTIONS.into_iter().flat_map(|(shown, list)| {
            members.texts(list).into_iter().take(ACTIONS_MAX).map(move |action| (shown, action.to_owned()))
        });
        call.names(NAMES).into_iter().chain(actions).collect()
    }

    fn check_sizes(&self, call: &Decoded) -> Result<(), DecodeError> {
        call.check_sizes()
    }

    async fn permissions<'a>(&'a self, caller: &'a Caller, call: &'a Decoded) -> Answer<Permissions<'a>> {
        permission::required(caller, call, self.metrics.engine()).await
    }

    async fn execute(&self, caller: &Caller, call: Decoded) -> Answer<Structure> {
        self.dispatch(caller, call.operation, call.checked()?).await
    }

    fn error(refusal: Refusal, protocol: Protocol) -> ServiceError {
        refusal.error(protocol)
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
