//! Contributor Insights: which keys of a table or of an index weigh most, minute by minute, in bounded space.
//!
//! | module | what |
//! |---|---|
//! | `rule` | a rule: what it counts, and its name |
//! | `keys` | the texts of a key, as one string of bytes |
//! | `summary` | weighted Space-Saving: the heaviest keys of a stream, with the bound of the error |
//! | `distinct` | how many different keys there were, about |
//! | `counted` | a minute of a rule: both of them, and its bytes in a row |
//! | `tally` | the minutes of this process that are not stored yet |
//! | `rows` | the rows: one for each rule, minute and process |

mod counted;
mod distinct;
mod keys;
mod rows;
mod rule;
mod summary;
mod tally;

pub(crate) use counted::Counted;
pub(crate) use distinct::Distinct;
pub use keys::ContributorKey;
pub(crate) use keys::texts as key_texts;
pub(crate) use rows::{RULES, is_row, minute_key, read_hour};
pub use rule::{InsightRule, InsightRules, RuleKind};
pub(crate) use rule::{RuleId, rule_id};
pub use summary::Summary;
pub(crate) use tally::TakenRule;
pub use tally::{RuleGauge, Tally};

/// Counters of a rule's running minute: a count is too great by at most a thousandth of the minute's weight.
pub const COUNTERS_MAX: usize = 1_000;

#[cfg(test)]
mod tests;
