//! What a target is found by: its resource and dimension, its ARN, the hash in the keys of its rows.

use cloudwatch::{beginning, scope};

use crate::resource::Dimension;

/// What a target is found by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TargetId<'a> {
    pub account: &'a str,
    pub region: &'a str,
    pub resource_id: &'a str,
    pub dimension: Dimension,
}

/// The same, as ARNs and keys have it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct TargetKey {
    pub scope: [u8; 8],
    /// Of the account in all regions.
    pub account: [u8; 8],
    pub hash: [u8; 16],
}

impl TargetId<'_> {
    pub(crate) fn key(self) -> TargetKey {
        let texts = [self.account, self.region, self.dimension.name(), self.resource_id];
        TargetKey {
            scope: scope(self.account, self.region),
            account: scope(self.account, "*"),
            hash: beginning(texts.into_iter()),
        }
    }

    pub(crate) fn arn(self) -> String {
        arn(self.account, self.region, &base::hex(&self.key().hash))
    }
}

/// The ARN of a scalable target.
pub(crate) fn arn(account: &str, region: &str, id: &str) -> String {
    format!("arn:aws:application-autoscaling:{region}:{account}:scalable-target/{id}")
}

impl TargetKey {
    /// By the ARN of a target of this account and region.
    pub(crate) fn of_arn(account: &str, region: &str, text: &str) -> Option<TargetKey> {
        let id = text.strip_prefix(&arn(account, region, ""))?;
        let hash = base::unhex_lower(id.as_bytes())?;
        Some(TargetKey { scope: scope(account, region), account: scope(account, "*"), hash })
    }
}
