//! What a request requires: its action on the alarms or the rule that it names, or on `*`.
//!
//! Source: Service Authorization Reference, "Amazon CloudWatch". PutMetricData has a key of its own, the namespace;
//! alarms have their actions and tags.

use auth::Caller;
use aws::{Decoded, Members, OperationId, Permissions, RequestKeys, Resource};
use storage::Engine;

use super::Answer;
use super::tags::alarm_name;
use crate::alarm::{self, AlarmId};

/// The ARNs of the resources of a request, each with the name of its alarm if it is one.
fn resources<'a>(caller: &Caller, operation: OperationId, members: &Members<'a>) -> Vec<(String, Option<&'a str>)> {
    let arn = |name: &str| AlarmId { account: &caller.account, region: &caller.region, name }.arn();
    let alarms = |names: Vec<&'a str>| match names.is_empty() {
        // All of the account and the region.
        true => vec![(arn("*"), None)],
        false => names.into_iter().map(|name| (arn(name), Some(name))).collect(),
    };
    match operation.name() {
        "PutMetricAlarm" | "SetAlarmState" | "DescribeAlarmHistory" => {
            alarms(members.text("AlarmName").into_iter().collect())
        }
        "DeleteAlarms" | "DescribeAlarms" | "DisableAlarmActions" | "EnableAlarmActions" => {
            alarms(members.texts("AlarmNames"))
        }
        "ListTagsForResource" | "TagResource" | "UntagResource" => {
            let arn = members.text("ResourceARN").unwrap_or_default();
            vec![(arn.to_owned(), alarm_name(caller, arn))]
        }
        "GetInsightRuleReport" => {
            let name = members.text("RuleName").unwrap_or_default();
            vec![(format!("arn:aws:cloudwatch:{}:{}:insight-rule/{name}", caller.region, caller.account), None)]
        }
        _ => vec![("*".to_owned(), None)],
    }
}

pub(super) async fn required<'a>(
    caller: &'a Caller,
    call: &'a Decoded,
    engine: &dyn Engine,
) -> Answer<Permissions<'a>> {
    let (operation, members) = (call.operation, call.members());
    let actions = ["AlarmActions", "OKActions", "InsufficientDataActions"];
    let keys = RequestKeys::of_tags(&members)
        .with("cloudwatch:namespace", members.text("Namespace"))
        .with_all("cloudwatch:alarmactions", actions.iter().flat_map(|list| members.texts(list)));
    // Source: API Reference, PutMetricAlarm, Tags.
    let is_tagged = operation.name() == "PutMetricAlarm" && !keys.tags.is_empty();
    let actions = std::iter::once(operation.name()).chain(is_tagged.then_some("TagResource"));
    let actions = actions.map(|name| format!("cloudwatch:{name}").into()).collect();
    let mut required = Permissions { actions, resources: Vec::new(), keys };
    for (arn, name) in resources(caller, operation, &members) {
        let alarm = match name {
            Some(name) => {
                alarm::get(engine, AlarmId { account: &caller.account, region: &caller.region, name }).await?
            }
            None => None,
        };
        let tags = alarm.map(|alarm| alarm.tags).unwrap_or_default();
        required.resources.push(Resource::tagged(arn, tags));
    }
    Ok(required)
}
