//! TagResource, UntagResource and ListTagsForResource, of scalable targets.

use std::collections::BTreeMap;

use auth::Caller;
use aws::application_auto_scaling::{
    ListTagsForResourceRequest, ListTagsForResourceResponse, TagResourceRequest, TagResourceResponse,
    UntagResourceRequest, UntagResourceResponse,
};

use super::refusal::Refusal;
use super::{Answer, AutoScaling};
use crate::id::TargetKey;
use crate::rows::{self, Change};
use crate::target::Target;

/// Source: API Reference, TagResource.
const TAGS_MAX: usize = 50;

impl AutoScaling {
    pub(super) async fn tag(&self, caller: &Caller, request: TagResourceRequest) -> Answer<TagResourceResponse> {
        let TagResourceRequest { resource_arn, tags } = request;
        self.change_tags(caller, &resource_arn, |own| checked_tags(&resource_arn, own, tags.clone())).await?;
        Ok(TagResourceResponse {})
    }

    pub(super) async fn untag(&self, caller: &Caller, request: UntagResourceRequest) -> Answer<UntagResourceResponse> {
        let UntagResourceRequest { resource_arn, tag_keys } = request;
        let change = |mut own: BTreeMap<String, String>| {
            own.retain(|key, _| !tag_keys.contains(key));
            Ok(own)
        };
        self.change_tags(caller, &resource_arn, change).await?;
        Ok(UntagResourceResponse {})
    }

    async fn change_tags(
        &self,
        caller: &Caller,
        arn: &str,
        changed: impl Fn(BTreeMap<String, String>) -> Answer<BTreeMap<String, String>> + Send + Sync,
    ) -> Answer<()> {
        let key = key(caller, arn)?;
        let change = |stored: Option<Target>, _: Option<&bytes::Bytes>| {
            let mut target = stored.ok_or_else(|| Refusal::NoResource(arn.to_owned()))?;
            target.tags = changed(std::mem::take(&mut target.tags))?;
            Ok(Change::Put(Box::new(target)))
        };
        Ok(rows::change(self.engine(), key, change).await?)
    }

    pub(super) async fn list_tags(
        &self,
        caller: &Caller,
        request: ListTagsForResourceRequest,
    ) -> Answer<ListTagsForResourceResponse> {
        let arn = request.resource_arn;
        let target = rows::get(self.engine(), key(caller, &arn)?).await?;
        let tags = target.ok_or(Refusal::NoResource(arn))?.tags;
        Ok(ListTagsForResourceResponse { tags: Some(tags) })
    }
}

/// Targets of other accounts and regions do not exist.
fn key(caller: &Caller, arn: &str) -> Answer<TargetKey> {
    TargetKey::of_arn(&caller.account, &caller.region, arn).ok_or_else(|| Refusal::NoResource(arn.to_owned()))
}

/// Tags with others set.
pub(super) fn checked_tags(
    arn: &str,
    mut tags: BTreeMap<String, String>,
    set: BTreeMap<String, String>,
) -> Answer<BTreeMap<String, String>> {
    let is_reserved = |key: &&String| key.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case("aws:"));
    if set.keys().any(|key| is_reserved(&key)) {
        return Err(Refusal::Validation("Tag keys must not begin with aws:, which is AWS's own prefix".to_owned()));
    }
    tags.extend(set);
    if tags.len() > TAGS_MAX { Err(Refusal::TooManyTags(arn.to_owned())) } else { Ok(tags) }
}
