//! What a request requires: its action on the target that it names, or on `*`; and, as it changes a table's capacity and alarms in its
//! caller's name, permissions on these.
//!
//! | operation | and |
//! |---|---|
//! | RegisterScalableTarget, PutScheduledAction, PutScalingPolicy | `dynamodb:DescribeTable` and `dynamodb:UpdateTable` on the table |
//! | PutScalingPolicy | `cloudwatch:PutMetricAlarm` and `cloudwatch:DescribeAlarms` on its alarms |
//! | DeleteScalingPolicy, DeregisterScalableTarget of a target with a policy | `cloudwatch:DeleteAlarms` on its alarms |
//!
//! Sources: Service Authorization Reference, "Application Auto Scaling"; User Guide, "Permissions for Application Auto Scaling API calls on
//! target resources" and "Actions, resources, and condition keys", on CloudWatch.

use auth::Caller;
use auth::iam::Unpermitted as Denial;
use aws::{Decoded, Permissions, Refusal as Common, RequestKeys, Resource};
use storage::Engine;

use super::{Answer, AutoScaling, Named};
use crate::alarms;
use crate::id::{TargetId, TargetKey, arn};
use crate::resource::{self, Resource as Scaled};
use crate::rows;
use crate::tables::Unpermitted;
use crate::target::Target;

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

impl AutoScaling {
    /// Asks for what a change of a table's capacity requires.
    ///
    /// # Errors
    /// The refusal of the caller's policies, or of the table's.
    pub(super) async fn permit_table(&self, caller: &Caller, named: &Named) -> Answer<()> {
        let (table, index) = resource::parse(&named.resource_id).unwrap_or_default();
        let of = Scaled { account: &caller.account, region: &caller.region, table, index };
        let permitted = self.scaler.tables.permit(caller, of).await;
        Ok(permitted.map_err(|reason| match reason {
            Unpermitted::Denied(text) => Common::Unpermitted(Denial::Denied(text)),
            Unpermitted::Failed(detail) => Common::failure(detail),
        })?)
    }

    /// Asks for actions on the alarms that a policy of the target would have.
    ///
    /// # Errors
    /// The refusal of the caller's policies.
    pub(super) fn permit_new_alarms(&self, caller: &Caller, named: &Named) -> Answer<()> {
        let names = alarms::names_of_any(&named.resource_id);
        permit_alarms(caller, &["cloudwatch:PutMetricAlarm", "cloudwatch:DescribeAlarms"], &names)
    }

    /// Asks for the deletion of the alarms that a target's policy has, if it has one.
    ///
    /// # Errors
    /// As of [`AutoScaling::permit_new_alarms`].
    pub(super) fn permit_end_of_alarms(&self, caller: &Caller, target: &Target) -> Answer<()> {
        let Some(policy) = &target.policy else { return Ok(()) };
        permit_alarms(caller, &["cloudwatch:DeleteAlarms"], &alarms::names(target, policy))
    }
}

fn permit_alarms(caller: &Caller, actions: &[&'static str], names: &[String]) -> Answer<()> {
    let arn = |name: &String| format!("arn:aws:cloudwatch:{}:{}:alarm:{name}", caller.region, caller.account);
    let required = Permissions {
        actions: actions.iter().map(|action| (*action).into()).collect(),
        resources: names.iter().map(|name| Resource::of(arn(name))).collect(),
        keys: RequestKeys::default(),
    };
    Ok(required.ask(caller).map_err(Common::from)?)
}
