//! Whether a caller may do an operation, on the alarms or the rule that it names or on `*`.
//!
//! Source: Service Authorization Reference, "Amazon CloudWatch". PutMetricData has a key of its own, the namespace;
//! alarms have their actions and tags.

use std::borrow::Cow;
use std::collections::BTreeMap;

use auth::Caller;
use auth::iam::{Context, Decision, Globals, Question, Values, WorkBudget, decide_within, tag_value};
use aws::{Members, OperationId, Structure};
use storage::Engine;

use super::refusal::Refusal;
use super::tags::alarm_name;
use crate::alarm::{self, AlarmId};

/// The condition keys of a request about one resource.
struct ConditionContext<'a> {
    namespace: Option<&'a str>,
    /// Those that the request sets.
    tags: Vec<(&'a str, &'a str)>,
    /// Those that the request sets or takes away.
    tag_keys: Vec<&'a str>,
    /// Of all states.
    actions: Vec<&'a str>,
    /// Those of the alarm.
    stored_tags: BTreeMap<String, String>,
}

impl<'a> ConditionContext<'a> {
    fn of(operation: OperationId, members: &Members<'a>) -> ConditionContext<'a> {
        let text = |member: &Members<'a>, name| member.text(name).unwrap_or_default();
        let tags: Vec<(&str, &str)> =
            members.structures("Tags").iter().map(|tag| (text(tag, "Key"), text(tag, "Value"))).collect();
        let tag_keys = tags.iter().map(|(key, _)| *key).chain(members.texts("TagKeys")).collect();
        let lists = ["AlarmActions", "OKActions", "InsufficientDataActions"];
        ConditionContext {
            namespace: if operation.name() == "PutMetricData" { members.text("Namespace") } else { None },
            tags,
            tag_keys,
            actions: lists.iter().flat_map(|list| members.texts(list)).collect(),
            stored_tags: BTreeMap::new(),
        }
    }
}

fn many<'a>(texts: &[&'a str]) -> Option<Values<'a>> {
    (!texts.is_empty()).then(|| Values::Many(texts.iter().map(|text| Cow::Borrowed(*text)).collect()))
}

impl Context for ConditionContext<'_> {
    fn values(&self, key: &str, work: &WorkBudget) -> Option<Values<'_>> {
        if let Some(tag) = key.strip_prefix("aws:requesttag/") {
            return tag_value(self.tags.iter().copied(), tag, work);
        }
        if let Some(tag) = key.strip_prefix("aws:resourcetag/") {
            let stored = self.stored_tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
            return tag_value(stored, tag, work);
        }
        match key {
            "cloudwatch:namespace" => Some(Values::One(Cow::Borrowed(self.namespace?))),
            "cloudwatch:alarmactions" => many(&self.actions),
            "aws:tagkeys" => many(&self.tag_keys),
            _ => None,
        }
    }
}

/// The resources of a request, each with the name of its alarm if it is one.
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

/// # Errors
/// The refusal of the caller's policies.
pub(super) async fn permit(
    caller: &Caller,
    operation: OperationId,
    request: &Structure,
    engine: &dyn Engine,
) -> Result<(), Refusal> {
    let Some(identity) = &caller.identity else { return Ok(()) };
    let members = Members::of_request(operation, request);
    let action = format!("cloudwatch:{}", operation.name());
    let mut own = ConditionContext::of(operation, &members);
    let work = WorkBudget::default();
    for (resource, name) in resources(caller, operation, &members) {
        let alarm = match name {
            Some(name) => {
                alarm::get(engine, AlarmId { account: &caller.account, region: &caller.region, name }).await?
            }
            None => None,
        };
        own.stored_tags = alarm.map(|alarm| alarm.tags).unwrap_or_default();
        let context = Globals { identity, region: &caller.region, resource_account: &caller.account, own: &own };
        let question = Question {
            principal: &identity.principal,
            action: &action,
            resource: &resource,
            resource_account: &caller.account,
            resource_policy: None,
            context: &context,
        };
        match decide_within(&question, &work) {
            _ if work.is_exhausted() => return Err(Refusal::Denied(WorkBudget::REFUSAL.to_owned())),
            Decision::Allowed => {}
            Decision::Denied(denial) => return Err(Refusal::Denied(question.refusal(denial))),
        }
    }
    Ok(())
}
