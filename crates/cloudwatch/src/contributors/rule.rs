//! A rule: the keys that it counts, and what they weigh. DynamoDB makes the rules of a table; callers can only read them.

use auth::Caller;

use crate::series::beginning;

/// The most that a rule's name may have. Source: the model, InsightRuleName. Unit: bytes.
const NAME_SIZE_MAX: usize = 128;

/// What a rule counts. Source: Developer Guide, "CloudWatch Contributor Insights for DynamoDB: How it works".
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RuleKind {
    /// Partition keys, by consumed units.
    PartitionConsumed,
    /// Items, by consumed units.
    ItemConsumed,
    /// Partition keys, by throttled accesses.
    PartitionThrottled,
    /// Items, by throttled accesses.
    ItemThrottled,
}

impl RuleKind {
    pub const ALL: [RuleKind; 4] =
        [RuleKind::PartitionConsumed, RuleKind::ItemConsumed, RuleKind::PartitionThrottled, RuleKind::ItemThrottled];

    /// As names have it.
    const fn letters(self) -> &'static str {
        match self {
            RuleKind::PartitionConsumed => "PKC",
            RuleKind::ItemConsumed => "SKC",
            RuleKind::PartitionThrottled => "PKT",
            RuleKind::ItemThrottled => "SKT",
        }
    }

    pub const fn is_of_items(self) -> bool {
        matches!(self, RuleKind::ItemConsumed | RuleKind::ItemThrottled)
    }

    pub const fn is_of_throttles(self) -> bool {
        matches!(self, RuleKind::PartitionThrottled | RuleKind::ItemThrottled)
    }

    /// The value that the rule sums up. Source: as above.
    pub const fn weight(self) -> &'static str {
        if self.is_of_throttles() { "ThrottleCount" } else { "ConsumedThroughputUnits" }
    }

    /// `DynamoDBContributorInsights-PKC-table-index-1700000000000`. Of names that are too long for a rule, a part, and a hash of the whole.
    pub fn rule_name(self, table: &str, index: Option<&str>, enabled_ms: u64) -> String {
        let letters = self.letters();
        let of = index.map_or_else(|| table.to_owned(), |index| format!("{table}-{index}"));
        let name = |of: &str| format!("DynamoDBContributorInsights-{letters}-{of}-{enabled_ms}");
        let whole = name(&of);
        if whole.len() <= NAME_SIZE_MAX {
            return whole;
        }
        let hash = base::hex(&beginning::<8>([table, index.unwrap_or_default()].into_iter()));
        // Names of tables and indexes are ASCII.
        let room = NAME_SIZE_MAX.saturating_sub(name("").len() + hash.len() + 1);
        name(&format!("{}-{hash}", of.get(..room).unwrap_or_default()))
    }
}

/// A rule, as the API shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InsightRule {
    pub name: String,
    pub kind: RuleKind,
    /// The names of the key's attributes.
    pub key_labels: Vec<String>,
}

/// The rules of an account and a region: those of the tables that have Contributor Insights enabled.
pub trait InsightRules: Send + Sync {
    /// In the order of their names.
    fn rules(&self, caller: &Caller) -> Vec<InsightRule>;
}

/// What a rule's minutes are stored under.
pub(crate) type RuleId = [u8; 16];

pub(crate) fn rule_id(account: &str, region: &str, name: &str) -> RuleId {
    beginning([account, region, name].into_iter())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_dynamodb() {
        let kind = RuleKind::ItemThrottled;
        assert_eq!(kind.rule_name("Music", None, 17), "DynamoDBContributorInsights-SKT-Music-17");
        assert_eq!(kind.rule_name("Music", Some("by"), 17), "DynamoDBContributorInsights-SKT-Music-by-17");
        let long = "t".repeat(255);
        let names =
            [kind.rule_name(&long, Some("a"), 1_700_000_000_000), kind.rule_name(&long, None, 1_700_000_000_000)];
        assert!(names.iter().all(|name| name.len() == NAME_SIZE_MAX), "{names:?}");
        assert_ne!(names[0], names[1]);
    }
}
