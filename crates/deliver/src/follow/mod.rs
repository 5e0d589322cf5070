//! The consumer's loop: reads a table's changes shard by shard, passes them to a receiver, and stores its checkpoints.
//!
//! Each shard that can be read has a lane, a task that runs while others wait for the receiver. A checkpoint is stored
//! after the receiver has taken the changes before it: after a crash, or on another node, some changes may be delivered
//! again and none is skipped. The loop has no state that could be lost: it may be dropped at any await.

mod backoff;
mod counts;
mod lane;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use client::Holder;
use ops::Service;
use ops::follow::{Bounds, Change, Consumer, ConsumerLease, Cursor, FollowError, Start};
use storage::BoxFuture;
use tokio::task::{Id, JoinSet};

use crate::memory::DeliveryMemory;
pub(crate) use backoff::backoff;
pub use counts::{Counts, Totals};
use lane::Lane;

/// How soon a shard is looked at again that had no new changes: the first time, and at most. So long a delivery waits.
const IDLE_FIRST: Duration = Duration::from_millis(25);
const IDLE_LONGEST: Duration = Duration::from_millis(200);
/// How often new shards are looked for, and whether another node has stopped to follow.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// The receiver of delivered changes.
pub trait Receiver: Send + Sync + 'static {
    /// Takes changes of one shard, in their order: at least one. Those that it does not take are passed again after a pause,
    /// with newer ones. Calls for different shards run concurrently. The future may be dropped before it ends.
    fn take<'a>(&'a self, changes: &'a [Change]) -> BoxFuture<'a, Taken>;
}

/// What became of changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Taken {
    /// How many, from the first one on, need not be given again.
    pub count: usize,
    /// Why it was not all of them; for the operator.
    pub failure: Option<String>,
}

impl Taken {
    pub fn all(changes: &[Change]) -> Taken {
        Taken { count: changes.len(), failure: None }
    }
}

/// A consumer, its receiver, and the settings of its delivery.
#[derive(Clone)]
pub struct Following {
    pub consumer: Consumer,
    /// What the log calls it: the table, and the target of its changes.
    pub title: Arc<str>,
    /// Where it begins, if it has not begun yet.
    pub start: Start,
    /// How much is given to the receiver at once.
    pub bounds: Bounds,
    pub receiver: Arc<dyn Receiver>,
    pub counts: Arc<Counts>,
    /// What changes in the receiver's hands may take, with others'.
    pub(crate) memory: Arc<DeliveryMemory>,
    pub(crate) holder: Holder,
}

/// Why following ended for good.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// The stream was disabled, and everything was delivered.
    Finished,
    /// The table, the stream or the consumer was deleted.
    Gone,
    /// The server is stopping.
    Stopping,
}

/// Delivers until the log has ended. Failures are logged and retried with a growing pause.
pub async fn follow(service: Arc<Service>, following: Following) -> End {
    let lane = |lease, cursor| Lane::new(Arc::clone(&service), following.clone(), lease, cursor).run();
    follow_shards(&service, &following.consumer, &following.title, following.start, &following.counts, lane).await
}

/// As [`follow`], with the caller's lane for each shard: it runs until the whole shard is taken, or a step fails.
pub(crate) async fn follow_shards<L>(
    service: &Service,
    consumer: &Consumer,
    title: &str,
    start: Start,
    counts: &Counts,
    lane: impl Fn(ConsumerLease, Cursor) -> L,
) -> End
where
    L: Future<Output = Result<(), FollowError>> + Send + 'static,
{
    let mut backoff = backoff();
    loop {
        match follow_once(service, consumer, start, counts, &lane).await {
            Ok(()) => return End::Finished,
            Err(FollowError::Gone) => return End::Gone,
            Err(FollowError::Stopping) => return End::Stopping,
            // The node that has the lease now may stop, so this one continues to ask for it.
            Err(FollowError::LeaseLost) => backoff.reset(),
            Err(FollowError::Failed(text) | FollowError::Damaged(text)) => {
                counts.failed();
                log::warn!(event = "delivery_stalled"; "{title} is interrupted and continues soon: {text}");
            }
        }
        backoff.pause().await;
    }
}

/// Delivers while this node has the consumer's lease, and nothing fails.
async fn follow_once<L>(
    service: &Service,
    consumer: &Consumer,
    start: Start,
    counts: &Counts,
    lane: &impl Fn(ConsumerLease, Cursor) -> L,
) -> Result<(), FollowError>
where
    L: Future<Output = Result<(), FollowError>> + Send + 'static,
{
    let lease = acquire_lease(service, consumer, counts).await?;
    while !service.initialize(consumer, &lease, start).await? {
        tokio::time::sleep(IDLE_LONGEST).await;
    }
    // Changes in flight in lanes of an earlier run are read again.
    counts.rest();
    let mut lanes: JoinSet<Result<(), FollowError>> = JoinSet::new();
    let mut shards: BTreeMap<u32, Id> = BTreeMap::new();
    loop {
        let ready = service.ready(consumer).await?;
        if ready.finished {
            return Ok(());
        }
        for cursor in ready.cursors {
            shards.entry(cursor.shard).or_insert_with(|| lanes.spawn(lane(lease.clone(), cursor)).id());
        }
        if let Ok(Some(ended)) = tokio::time::timeout(LOOK_INTERVAL, next(&mut lanes)).await {
            let (id, ended) = ended;
            shards.retain(|_, lane| *lane != id);
            ended?;
        }
    }
}

/// The next lane that ends; without lanes it never returns.
async fn next(lanes: &mut JoinSet<Result<(), FollowError>>) -> Option<(Id, Result<(), FollowError>)> {
    match lanes.join_next_with_id().await {
        None => std::future::pending().await,
        Some(Ok(ended)) => Some(ended),
        Some(Err(error)) => Some((error.id(), Err(FollowError::Failed("delivery broke off".to_owned())))),
    }
}

/// Waits for the right to follow.
pub(crate) async fn acquire_lease(
    service: &Service,
    consumer: &Consumer,
    counts: &Counts,
) -> Result<ConsumerLease, FollowError> {
    loop {
        if let Some(lease) = service.acquire_lease(consumer).await? {
            return Ok(lease);
        }
        counts.rest();
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}
