//! DescribeScalingActivities: what was done to targets, the latest first.

use auth::Caller;
use aws::Timestamp;
use aws::application_auto_scaling::{
    DescribeScalingActivitiesRequest, DescribeScalingActivitiesResponse, ScalingActivity,
};

use super::{Answer, AutoScaling, Filter, Page};
use crate::id::TargetId;
use crate::resource::{self, NAMESPACE};
use crate::rows::{self, ActivityPlace};
use crate::target::Activity;

/// How long an activity is listed. Source: API Reference, DescribeScalingActivities: six weeks.
const LISTED_MS: u64 = 42 * 24 * 60 * 60 * 1_000;

impl AutoScaling {
    pub(super) async fn describe_activities(
        &self,
        caller: &Caller,
        request: DescribeScalingActivitiesRequest,
    ) -> Answer<DescribeScalingActivitiesResponse> {
        let page = Page::of(request.max_results, request.next_token.as_deref())?;
        let filter =
            Filter::of(&request.service_namespace, request.resource_id.clone(), request.scalable_dimension.clone())?;
        let from_ms = self.now_ms().saturating_sub(LISTED_MS);
        let mut found = Vec::new();
        let each = |at: ActivityPlace, activity: Activity| {
            if activity.started_ms >= from_ms && filter.takes(&activity.resource_id, activity.dimension) {
                found.push((place(&activity, at), activity));
            }
        };
        let (account, region) = (caller.account.as_str(), caller.region.as_str());
        // Of one target, its own rows alone.
        let named = request.resource_id.as_deref().and_then(|resource_id| {
            let dimension = resource::dimension(resource_id, request.scalable_dimension.as_deref()?)?;
            Some(TargetId { account, region, resource_id, dimension }.key())
        });
        rows::activities(self.engine(), (account, region), named, each).await?;
        let (activities, next_token) = page.cut(found);
        let scaling_activities = Some(activities.into_iter().map(described).collect());
        Ok(DescribeScalingActivitiesResponse { next_token, scaling_activities })
    }
}

/// Later ones are before earlier ones.
fn place(activity: &Activity, (hash, number): ActivityPlace) -> String {
    format!("{:020} {} {:020}", u64::MAX - activity.started_ms, base::hex(&hash), u64::MAX - number)
}

fn described(activity: Activity) -> ScalingActivity {
    ScalingActivity {
        activity_id: activity.id,
        cause: activity.cause,
        description: activity.description,
        details: None,
        end_time: activity.ended_ms.map(Timestamp),
        not_scaled_reasons: None,
        resource_id: activity.resource_id,
        scalable_dimension: activity.dimension.name().to_owned(),
        service_namespace: NAMESPACE.to_owned(),
        start_time: Timestamp(activity.started_ms),
        status_code: activity.status.name().to_owned(),
        status_message: Some(activity.message),
    }
}
