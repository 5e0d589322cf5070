//! What the tables hold at the beginning: put there in batches, over a few connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use api::Operation;

use crate::chance::Chance;
use crate::data::{Data, Shape};
use crate::peer::Peer;
use crate::plan::{Plan, Target};
use crate::trouble::Trouble;
use crate::workload::batch_write::{self, BATCH_ITEMS};
use crate::{Failure, interrupt};

/// Connections that fill a table.
const FILL_CONNECTIONS: u64 = 16;
/// Attempts at one batch, with pauses that double up to the longest.
const FILL_ATTEMPTS: u32 = 30;
const FILL_PAUSE_MIN: Duration = Duration::from_millis(20);
const FILL_PAUSE_MAX: Duration = Duration::from_secs(2);

pub(crate) async fn fill(plan: &Plan, target: &Target, data: &Arc<Data>, shape: Shape) -> Result<(), Failure> {
    let next = Arc::new(AtomicU64::new(0));
    let mut fillers = tokio::task::JoinSet::new();
    for stream in 0..FILL_CONNECTIONS {
        let peer = target.peer(plan.timeout);
        let chance = Chance::new(plan.seed, u64::MAX - 1 - stream);
        let filler = Filler { peer, chance, data: Arc::clone(data), shape };
        fillers.spawn(filler.run(Arc::clone(&next)));
    }
    while let Some(filled) = fillers.join_next().await {
        let filled = filled.map_err(|error| Failure::new(format!("filling the table broke off: {error}")))?;
        filled.map_err(|trouble| Failure::new(format!("{}: filling the table: {trouble}", target.place())))?;
    }
    interrupt::check()
}

struct Filler {
    peer: Peer,
    chance: Chance,
    data: Arc<Data>,
    shape: Shape,
}

impl Filler {
    async fn run(mut self, next: Arc<AtomicU64>) -> Result<(), Trouble> {
        let items = self.data.items(self.shape);
        let mut body = Vec::new();
        loop {
            let start = next.fetch_add(BATCH_ITEMS, Ordering::Relaxed);
            if start >= items || interrupt::requested() {
                return Ok(());
            }
            body.clear();
            let batch = start..items.min(start + BATCH_ITEMS);
            let operation = batch_write::push(&self.data, self.shape, batch, &mut self.chance, &mut body);
            self.put(operation, &body).await?;
        }
    }

    /// Puts one batch, again and again if the server has no room for it. Putting it twice does no harm.
    async fn put(&mut self, operation: Operation, body: &[u8]) -> Result<(), Trouble> {
        let mut pause = FILL_PAUSE_MIN;
        let mut attempt = 1;
        loop {
            self.peer.prepare(operation, body);
            let reply = self.peer.exchange().await;
            let put = reply.and_then(|reply| batch_write::check(reply).map_err(Trouble::Unexpected));
            match put {
                Err(trouble) if attempt < FILL_ATTEMPTS && is_passing(&trouble) => {
                    tokio::time::sleep(pause).await;
                    pause = FILL_PAUSE_MAX.min(pause * 2);
                    attempt += 1;
                }
                put => return put,
            }
        }
    }
}

/// Whether the same request may succeed later.
fn is_passing(trouble: &Trouble) -> bool {
    match trouble {
        Trouble::Server(trouble) => trouble.is_passing(),
        Trouble::Unexpected(_) => true,
        _ => false,
    }
}
