//! What a job is: its name, its owner, when it runs and what it does.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::account_tasks::AccountTasks;
use crate::ran::Ran;

pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type Make<T> = Box<dyn Fn() -> BoxFuture<T> + Send + Sync>;

/// On which of several nodes a job runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Owner {
    /// On each node.
    Node,
    /// On the node that holds its lease.
    Lease,
}

impl Owner {
    /// The label of metrics: `node` or `lease`.
    pub fn name(self) -> &'static str {
        match self {
            Owner::Node => "node",
            Owner::Lease => "lease",
        }
    }
}

/// Work in the background. See the crate's head for how to write one.
pub struct Job {
    pub(crate) name: &'static str,
    pub(crate) every: Duration,
    pub(crate) retry: Duration,
    pub(crate) at_once: bool,
    /// Its run is one long one, which stops without being waited for.
    pub(crate) lasts: bool,
    pub(crate) stops_last: bool,
    pub(crate) may_run: Option<Make<bool>>,
    pub(crate) woken: Option<Make<()>>,
    pub(crate) run: Make<Ran>,
    /// What a run may leave behind: it ends with the job.
    pub(crate) account_tasks: Option<Arc<AccountTasks>>,
}

impl Job {
    /// A job that runs once a period, for the first time one period after it was added.
    pub fn every<F>(name: &'static str, every: Duration, run: impl Fn() -> F + Send + Sync + 'static) -> Job
    where
        F: Future<Output = Ran> + Send + 'static,
    {
        Job {
            name,
            every,
            retry: every,
            at_once: false,
            lasts: false,
            stops_last: false,
            may_run: None,
            woken: None,
            run: Box::new(move || Box::pin(run())),
            account_tasks: None,
        }
    }

    /// As [`Job::every`], for work on something that the job does not keep alive: it ends when the last other owner of
    /// `subject` is dropped.
    pub fn on<T, F>(
        subject: &Arc<T>,
        name: &'static str,
        every: Duration,
        run: impl Fn(Arc<T>) -> F + Send + Sync + 'static,
    ) -> Job
    where
        T: Send + Sync + 'static,
        F: Future<Output = Ran> + Send + 'static,
    {
        let subject: Weak<T> = Arc::downgrade(subject);
        Job::every(name, every, move || {
            let run = subject.upgrade().map(&run);
            async move {
                match run {
                    Some(run) => run.await,
                    None => Ran::Ended,
                }
            }
        })
    }

    /// As [`Job::on`], for work that waits for what accounts choose: a run works for several accounts at once, within the bound and with
    /// the guarantee of `account_tasks`. `work` returns each account's work, which calls [`take_slot`](crate::take_slot) before
    /// each of its steps.
    pub fn by_account<T, F>(
        subject: &Arc<T>,
        name: &'static str,
        every: Duration,
        work: impl Fn(Arc<T>) -> BTreeMap<String, F> + Send + Sync + 'static,
    ) -> Job
    where
        T: Send + Sync + 'static,
        F: Future<Output = Ran> + Send + 'static,
    {
        let account_tasks = Arc::new(AccountTasks::new());
        let own = Arc::clone(&account_tasks);
        let job = Job::on(subject, name, every, move |subject| {
            let (account_tasks, work) = (Arc::clone(&own), work(subject));
            async move { account_tasks.run(work, every).await }
        });
        Job { account_tasks: Some(account_tasks), ..job }
    }

    /// A job with one run that lasts until what it works on has ended: it waits for events itself. It runs at once, and anew after
    /// a panic.
    pub fn lasting<F>(name: &'static str, run: impl Fn() -> F + Send + Sync + 'static) -> Job
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let ended = move || {
            let run = run();
            async move {
                run.await;
                Ran::Ended
            }
        };
        Job { lasts: true, ..Job::every(name, Duration::ZERO, ended).at_once() }
    }

    /// The first run does not wait for the period.
    pub fn at_once(self) -> Job {
        Job { at_once: true, ..self }
    }

    /// Runs also when such a future is done; a job with the period [`Duration::MAX`] only then. One is made and awaited for each pause, and dropped at its end: it must lose no
    /// event by that, as [`tokio::sync::Notify::notified`] does not.
    pub fn or_when<W>(self, wake: impl Fn() -> W + Send + Sync + 'static) -> Job
    where
        W: Future<Output = ()> + Send + 'static,
    {
        Job { woken: Some(Box::new(move || Box::pin(wake()))), ..self }
    }

    /// Of several nodes only the one runs it that holds the lease: `is_ours` asks for it before each run, and takes it if it is
    /// free.
    pub fn leased<F>(self, is_ours: impl Fn() -> F + Send + Sync + 'static) -> Job
    where
        F: Future<Output = bool> + Send + 'static,
    {
        Job { may_run: Some(Box::new(move || Box::pin(is_ours()))), ..self }
    }

    /// The pause after a failed run, in place of the period.
    pub fn retried_after(self, retry: Duration) -> Job {
        Job { retry, ..self }
    }

    /// Runs on until all other jobs have stopped: they rely on it, as on the heartbeat that holds the node's lease.
    pub fn stopped_last(self) -> Job {
        Job { stops_last: true, ..self }
    }

    pub fn name(&self) -> &'static str {
        self.name
    }

    pub fn owner(&self) -> Owner {
        if self.may_run.is_some() { Owner::Lease } else { Owner::Node }
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job").field("name", &self.name).field("owner", &self.owner()).finish_non_exhaustive()
    }
}
