//! DescribeScalingActivities: what was done to targets, the latest first.

use auth::Caller;
use aws::Timestamp;
use aws::application_auto_scaling::{
    DescribeScalingActivitiesRequest, DescribeScalingActivitiesResponse, ScalingActivity,
};

use super::{Answer, AutoScaling, Filter, Page};
use crate::resource::NAMESPACE;
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
        let mut page = Page::of(request.max_results, request.next_token.as_deref())?;
        let filter = Filter::of_one(
            &request.service_namespace,
            request.resource_id.clone(),
            request.scalable_dimension.clone(),
        )?;
        let from_ms = self.now_ms().saturating_sub(LISTED_MS);
        let mut each = |at: ActivityPlace, activity: Activity| {
            if activity.started_ms >= from_ms && filter.takes(&activity.resource_id, activity.dimension) {
                page.add(place(&activity, at), || described(activity));
            }
        };
        let scope = (caller.account.as_str(), caller.region.as_str());
        let _turn = self.reads.take(&caller.account).await;
        match filter.keys(caller) {
            // Of named targets, their own rows alone.
            Some(keys) => {
                for key in keys {
                    rows::activities(self.engine(), scope, Some(key), &mut each).await?;
                }
            }
            None => rows::activities(self.engine(), scope, None, &mut each).await?,
        }
        let (activities, next_token) = page.end();
        Ok(DescribeScalingActivitiesResponse { next_token, scaling_activities: Some(activities) })
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
