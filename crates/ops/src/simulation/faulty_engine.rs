//! An engine that fails as disks, connections and processes do: before a write, after it, or with the power.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use storage::{
    Batch, BoxFuture, Consistency, Decision, Engine, Family, Key, Reads, StorageError, Transaction, TxError, View,
};
use tokio::sync::watch;

use super::chance::Chance;

/// The probability of each fault of a write. Unit: per mille.
#[derive(Clone, Copy, Debug)]
pub(super) struct Faults {
    /// It is refused, and nothing is written.
    pub refused: u64,
    /// It is written, and the answer is lost.
    pub unknown: u64,
    /// The power is cut before it, or after it.
    pub crash: u64,
}

impl Faults {
    pub(super) const NONE: Faults = Faults { refused: 0, unknown: 0, crash: 0 };
    pub(super) const SOME: Faults = Faults { refused: 20, unknown: 20, crash: 12 };
}

pub(super) struct FaultyEngine {
    disk: Arc<dyn Engine>,
    chance: Mutex<Chance>,
    faults: Faults,
    is_off: watch::Sender<bool>,
}

/// Resolves when the power is cut.
pub(super) struct Power(watch::Receiver<bool>);

impl Power {
    pub(super) async fn cut(mut self) {
        if self.0.wait_for(|is_off| *is_off).await.is_err() {
            // The engine was dropped with its power on.
            std::future::pending::<()>().await;
        }
    }
}

enum Fate {
    Good,
    Refused,
    Unknown,
    CrashBefore,
    CrashBehind,
}

impl FaultyEngine {
    pub(super) fn new(disk: Arc<dyn Engine>, chance: Chance, faults: Faults) -> Arc<FaultyEngine> {
        Arc::new(FaultyEngine { disk, chance: Mutex::new(chance), faults, is_off: watch::Sender::new(false) })
    }

    pub(super) fn power(&self) -> Power {
        Power(self.is_off.subscribe())
    }

    /// From now on the process can write no rows.
    pub(super) fn cut_power(&self) {
        self.is_off.send_replace(true);
    }

    fn fate(&self) -> Fate {
        let mut chance = self.chance.lock();
        let drawn = chance.below(1000);
        let Faults { refused, unknown, crash } = self.faults;
        match drawn {
            _ if drawn < refused => Fate::Refused,
            _ if drawn < refused + unknown => Fate::Unknown,
            _ if drawn >= refused + unknown + crash => Fate::Good,
            _ if chance.happens(500) => Fate::CrashBefore,
            _ => Fate::CrashBehind,
        }
    }

    /// Yields to other tasks, a random number of times.
    async fn pause(&self) {
        let turns = self.chance.lock().below(4);
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
        if *self.is_off.borrow() {
            std::future::pending::<()>().await;
        }
    }

    async fn crash<T>(&self) -> T {
        self.cut_power();
        std::future::pending().await
    }
}

impl Engine for FaultyEngine {
    fn get<'a>(&'a self, key: &'a Key, of: Consistency) -> BoxFuture<'a, Result<Option<Bytes>, StorageError>> {
        Box::pin(async move {
            self.pause().await;
            self.disk.get(key, of).await
        })
    }

    fn view(&self, of: Consistency) -> BoxFuture<'_, Result<Box<dyn View>, StorageError>> {
        Box::pin(async move {
            self.pause().await;
            self.disk.view(of).await
        })
    }

    fn transact<'a>(&'a self, transaction: Transaction<'a>) -> BoxFuture<'a, Result<Decision, TxError>> {
        Box::pin(async move {
            self.pause().await;
            let Transaction { op, mode, keys, decide } = transaction;
            // A decision may be run more than once, and the last run counts.
            let mut decide_twice = |reads: &Reads, batch: &mut Batch| {
                decide(reads, &mut Batch::default());
                decide(reads, batch)
            };
            let transaction = Transaction { op, mode, keys, decide: &mut decide_twice };
            match self.fate() {
                Fate::Good => {
                    let done = self.disk.transact(transaction).await;
                    self.pause().await;
                    done
                }
                Fate::Refused => Err(StorageError::Unavailable("the disk failed, as the seed says".to_owned()).into()),
                Fate::Unknown => match self.disk.transact(transaction).await {
                    Ok(Decision::Commit) => Err(TxError::Unknown),
                    done => done,
                },
                Fate::CrashBefore => self.crash().await,
                Fate::CrashBehind => {
                    _ = self.disk.transact(transaction).await;
                    self.crash().await
                }
            }
        })
    }

    fn sequence<'a>(&'a self, log: &'a Bytes) -> BoxFuture<'a, Result<(), StorageError>> {
        Box::pin(async move {
            self.pause().await;
            self.disk.sequence(log).await
        })
    }

    fn destroy<'a>(&'a self, family: Family, prefix: Bytes) -> BoxFuture<'a, Result<(), StorageError>> {
        Box::pin(async move {
            self.pause().await;
            match self.fate() {
                Fate::Good | Fate::Unknown => self.disk.destroy(family, prefix).await,
                Fate::Refused => Err(StorageError::Unavailable("the disk failed, as the seed says".to_owned())),
                Fate::CrashBefore => self.crash().await,
                Fate::CrashBehind => {
                    _ = self.disk.destroy(family, prefix).await;
                    self.crash().await
                }
            }
        })
    }

    fn close(&self) -> BoxFuture<'_, Result<(), StorageError>> {
        // The rows outlive the process.
        Box::pin(std::future::ready(Ok(())))
    }
}
