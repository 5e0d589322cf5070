//! Whether a caller may do an operation, on the target that it names or on `*`.
//!
//! Source: Service Authorization Reference, "Application Auto Scaling".

use std::borrow::Cow;
use std::collections::BTreeMap;

use auth::Caller;
use auth::iam::{Context, Decision, Globals, Question, Values, WorkBudget, decide_within, tag_value};
use aws::{Members, OperationId, Structure};
use storage::Engine;

use super::refusal::Refusal;
use crate::id::{TargetId, TargetKey, arn};
use crate::resource;
use crate::rows;

/// The condition keys of a request.
struct ConditionContext<'a> {
    namespace: Option<&'a str>,
    dimension: Option<&'a str>,
    /// Those that the request sets.
    tags: Vec<(&'a str, &'a str)>,
    /// Those that the request sets or takes away.
    tag_keys: Vec<&'a str>,
    /// Those of the target.
    stored_tags: BTreeMap<String, String>,
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
            "application-autoscaling:service-namespace" => Some(Values::One(Cow::Borrowed(self.namespace?))),
            "application-autoscaling:scalable-dimension" => Some(Values::One(Cow::Borrowed(self.dimension?))),
            "aws:tagkeys" if self.tag_keys.is_empty() => None,
            "aws:tagkeys" => Some(Values::Many(self.tag_keys.iter().map(|key| Cow::Borrowed(*key)).collect())),
            _ => None,
        }
    }
}

/// The resource of a request, and the key of its target if it is one.
fn resource(caller: &Caller, operation: OperationId, members: &Members<'_>) -> (String, Option<TargetKey>) {
    let (account, region) = (caller.account.as_str(), caller.region.as_str());
    if let Some(arn) = members.text("ResourceARN") {
        return (arn.to_owned(), TargetKey::of_arn(account, region, arn));
    }
    if operation.name().starts_with("Describe") || operation.name().starts_with("Get") {
        return ("*".to_owned(), None);
    }
    let named = members.text("ResourceId").and_then(|resource_id| {
        let dimension = resource::dimension(resource_id, members.text("ScalableDimension")?)?;
        Some(TargetId { account, region, resource_id, dimension })
    });
    match named {
        Some(id) => (id.arn(), Some(id.key())),
        None => (arn(account, region, "*"), None),
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
    let (resource, key) = resource(caller, operation, &members);
    let target = match key {
        Some(key) => rows::get(engine, key).await?,
        None => None,
    };
    let tags = members.text_map("Tags");
    let tag_keys = tags.iter().map(|(key, _)| *key).chain(members.texts("TagKeys")).collect();
    let own = ConditionContext {
        namespace: members.text("ServiceNamespace"),
        dimension: members.text("ScalableDimension"),
        // A target that is being registered is tagged with another action's permission, too.
        tags,
        tag_keys,
        stored_tags: target.map(|target| target.tags).unwrap_or_default(),
    };
    let context = Globals { identity, region: &caller.region, resource_account: &caller.account, own: &own };
    let tags_at_once = operation.name() == "RegisterScalableTarget" && !own.tags.is_empty();
    let work = WorkBudget::default();
    for name in std::iter::once(operation.name()).chain(tags_at_once.then_some("TagResource")) {
        let action = format!("application-autoscaling:{name}");
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
