//! Faults of disks, connections and processes: before a write, after it, or with the power.

use parking_lot::Mutex;
use storage::faulty::{Call, Faults, Outcome};
use storage::{BoxFuture, StorageError, TxError};
use tokio::sync::watch;

use super::chance::Chance;

/// The probability of each fault of a write. Unit: per mille.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rates {
    /// It is refused, and nothing is written.
    pub refused: u64,
    /// It is written, and the answer is lost.
    pub unknown: u64,
    /// The power is cut before it, or after it.
    pub crash: u64,
}

impl Rates {
    pub(super) const NONE: Rates = Rates { refused: 0, unknown: 0, crash: 0 };
    pub(super) const SOME: Rates = Rates { refused: 20, unknown: 20, crash: 12 };
}

pub(super) struct RandomFaults {
    chance: Mutex<Chance>,
    rates: Rates,
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

impl RandomFaults {
    pub(super) fn new(chance: Chance, rates: Rates) -> RandomFaults {
        RandomFaults { chance: Mutex::new(chance), rates, is_off: watch::Sender::new(false) }
    }

    pub(super) fn power(&self) -> Power {
        Power(self.is_off.subscribe())
    }

    /// From now on the process can write no rows.
    pub(super) fn cut_power(&self) {
        self.is_off.send_replace(true);
    }

    /// The outcome of a write. The power is cut by now if it is to be before the write.
    fn outcome_of_write(&self) -> Outcome {
        let mut chance = self.chance.lock();
        let drawn = chance.below(1000);
        let Rates { refused, unknown, crash } = self.rates;
        match drawn {
            _ if drawn < refused => {
                Outcome::Refused(StorageError::Unavailable("the disk failed, as the seed says".to_owned()))
            }
            _ if drawn < refused + unknown => Outcome::Lost(TxError::Unknown),
            _ if drawn >= refused + unknown + crash => Outcome::Executed,
            _ => {
                if chance.happens(500) {
                    self.cut_power();
                }
                Outcome::Hangs
            }
        }
    }

    /// Yields to other tasks, a random number of times.
    async fn pause(&self) {
        let turns = self.chance.lock().below(4);
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
        self.stop_if_off().await;
    }

    async fn stop_if_off(&self) {
        if *self.is_off.borrow() {
            std::future::pending::<()>().await;
        }
    }
}

impl Faults for RandomFaults {
    const DECIDES_TWICE: bool = true;

    fn outcome<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            self.pause().await;
            let outcome = match call {
                Call::Transact(_) => self.outcome_of_write(),
                // A deletion is safe to repeat, so that its lost answer is none.
                Call::Destroy(..) => match self.outcome_of_write() {
                    Outcome::Lost(_) => Outcome::Executed,
                    outcome => outcome,
                },
                _ => Outcome::Executed,
            };
            self.stop_if_off().await;
            outcome
        })
    }

    fn after<'a>(&'a self, outcome: &'a Outcome) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            match outcome {
                Outcome::Hangs => self.cut_power(),
                _ => self.pause().await,
            }
        })
    }
}
