//! How many event source mappings there may be. Each reads a stream, holds records and calls a receiver, whatever its state is.
//!
//! Lambda documents no quota for mappings of DynamoDB streams on functions of its own, and 100 mappings where functions run on
//! instances ("Lambda Managed Instances quotas", Kafka). DynamoDB advises two readers a shard at most ("Using shared
//! throughput with DynamoDB Streams"); ten leave room for development, where several programs share a table.

use super::Refusal;
use crate::triggers::mapping::Mapping;
use crate::triggers::mappings::Mappings;

/// Mappings of one account, in all Regions.
pub(super) const ACCOUNT_MAX: usize = 100;
/// Mappings of one account that read the same stream.
pub(super) const STREAM_MAX: usize = 10;

/// Whether there is room for one more.
///
/// # Errors
/// The refusal, which names the quota.
pub(super) fn check(others: &Mappings, new: &Mapping) -> Result<(), Refusal> {
    let of_stream = others.of_account(&new.account).filter(|other| other.reads_the_same(new));
    if of_stream.count() >= STREAM_MAX {
        return Err(Refusal::invalid(format!(
            "The event source {} already has {STREAM_MAX} event source mappings, the maximum for one account",
            new.event_source_arn
        )));
    }
    match others.of_account(&new.account).count() >= ACCOUNT_MAX {
        true => Err(Refusal::invalid(format!(
            "The account already has {ACCOUNT_MAX} event source mappings, which is the maximum"
        ))),
        false => Ok(()),
    }
}
