//! What a request requires: its action on the target that it names, or on `*`.
//!
//! Source: Service Authorization Reference, "Application Auto Scaling".

use auth::Caller;
use aws::{Decoded, Permissions, RequestKeys, Resource};
use storage::Engine;

use super::Answer;
use crate::id::{TargetId, TargetKey, arn};
use crate::resource;
use crate::rows;

/// The resource of a request, and the key of its target if it is one.
fn resource(caller: &Caller, call: &Decoded) -> (String, Option<TargetKey>) {
    let (account, region) = (caller.account.as_str(), caller.region.as_str());
    let (name, members) = (call.operation.name(), call.members());
    if let Some(arn) = members.text("ResourceARN") {
        return (arn.to_owned(), TargetKey::of_arn(account, region, arn));
    }
    if name.starts_with("Describe") || name.starts_with("Get") {
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

pub(super) async fn required<'a>(
    caller: &'a Caller,
    call: &'a Decoded,
    engine: &dyn Engine,
) -> Answer<Permissions<'a>> {
    let members = call.members();
    let (resource, key) = resource(caller, call);
    let target = match key {
        Some(key) => rows::get(engine, key).await?,
        None => None,
    };
    let keys = RequestKeys::of_tags(&members)
        .with("application-autoscaling:service-namespace", members.text("ServiceNamespace"))
        .with("application-autoscaling:scalable-dimension", members.text("ScalableDimension"));
    // A target that is being registered is tagged with another action's permission, too.
    let is_tagged = call.operation.name() == "RegisterScalableTarget" && !keys.tags.is_empty();
    let actions = std::iter::once(call.operation.name()).chain(is_tagged.then_some("TagResource"));
    let actions = actions.map(|name| format!("application-autoscaling:{name}").into()).collect();
    let tags = target.map(|target| target.tags).unwrap_or_default();
    let resources = vec![Resource::tagged(resource, tags)];
    Ok(Permissions { actions, resources, keys })
}
