//! Accounts' tasks with Tokio's paused time.

use std::sync::atomic::{AtomicUsize, Ordering};

use base::Clock;
use tokio::time::sleep;

use super::*;
use crate::{Job, Jobs};

const SECOND: Duration = Duration::from_secs(1);
const PERIOD: Duration = Duration::from_secs(10);
/// How long a KMS that does not answer is waited for.
const KMS_WAIT: Duration = Duration::from_secs(22);

/// The visits of tables, by account and in order.
#[derive(Default)]
struct Visits(Mutex<Vec<(String, Instant)>>);

impl Visits {
    fn of(&self, account: &str) -> Vec<Instant> {
        self.0.lock().iter().filter(|(own, _)| own == account).map(|(_, at)| *at).collect()
    }

    /// Visits an account's tables, each of which takes a KMS that long to answer.
    async fn visit(self: Arc<Visits>, account: String, tables: usize, answers_after: Duration) -> Ran {
        for _ in 0..tables {
            take_slot().await;
            without_slot(sleep(answers_after)).await;
            self.0.lock().push((account.clone(), Instant::now()));
        }
        Ran::Done
    }
}

type Work = std::pin::Pin<Box<dyn Future<Output = Ran> + Send>>;

fn job(visits: &Arc<Visits>, accounts: &'static [(&'static str, usize, Duration)]) -> Job {
    Job::by_account(visits, "visit_tables", PERIOD, move |visits| {
        let work = |(account, tables, answers_after): &(&str, usize, Duration)| {
            let work: Work = Box::pin(Arc::clone(&visits).visit((*account).to_owned(), *tables, *answers_after));
            ((*account).to_owned(), work)
        };
        accounts.iter().map(work).collect()
    })
}

#[tokio::test(start_paused = true)]
async fn keys_that_hang_delay_other_accounts_by_a_period_at_most() {
    let (jobs, visits) = (Jobs::new(Clock::system()), Arc::<Visits>::default());
    let began = Instant::now();
    // More accounts that hang than there are slots, before the one that does not.
    const ACCOUNTS: &[(&str, usize, Duration)] = &[
        ("a", 4, KMS_WAIT),
        ("b", 4, KMS_WAIT),
        ("c", 4, KMS_WAIT),
        ("d", 4, KMS_WAIT),
        ("e", 4, KMS_WAIT),
        ("f", 4, KMS_WAIT),
        ("quick", 3, Duration::ZERO),
    ];
    jobs.add(job(&visits, ACCOUNTS));
    sleep(PERIOD * 30).await;
    let mut before = began;
    for at in visits.of("quick") {
        assert!(at - before <= PERIOD * 2, "{:?} after {:?}", at - began, before - began);
        before = at;
    }
    assert!(began.elapsed() - (before - began) <= PERIOD * 2);
    // Its tables one after the other, all of them.
    let hanging = visits.of("a");
    assert!(hanging.len() >= 8, "{}", hanging.len());
    assert!(hanging.windows(2).all(|pair| pair[1] - pair[0] >= KMS_WAIT));
    jobs.stop(Duration::ZERO).await;
}

#[tokio::test(start_paused = true)]
async fn a_bounded_number_of_accounts_works_at_once() {
    let (working, most) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let tasks = AccountTasks::new();
    let work = || {
        let own = |number: usize| {
            let (working, most) = (Arc::clone(&working), Arc::clone(&most));
            let work = async move {
                most.fetch_max(working.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                sleep(SECOND * 3).await;
                working.fetch_sub(1, Ordering::SeqCst);
                Ran::Again(SECOND * number as u32)
            };
            (format!("{number:02}"), work)
        };
        (1..=20).map(own).collect::<BTreeMap<_, _>>()
    };
    // Five rounds of three seconds, of which two end after the period: the next run follows at once.
    assert_eq!(tasks.run(work(), PERIOD).await, Ran::Again(Duration::ZERO));
    assert_eq!(working.load(Ordering::SeqCst), SLOTS);
    assert_eq!(tasks.tasks.lock().await.len(), 20 - 3 * SLOTS, "tasks that have ended are gone");
    // Those of the first run that had no slot come first.
    assert_eq!(tasks.run(work(), PERIOD * 9).await, Ran::Again(SECOND));
    assert_eq!((working.load(Ordering::SeqCst), most.load(Ordering::SeqCst)), (0, SLOTS));
    assert!(tasks.shared.lock().busy.is_empty());
    assert_eq!(tasks.slots.available_permits(), SLOTS);
}

/// Accounts with more work than a run takes, and more of them than slots, before one with a little.
#[tokio::test(start_paused = true)]
async fn accounts_with_a_backlog_pass_their_slots_on() {
    let (tasks, steps) = (AccountTasks::new(), Arc::new(Mutex::new(BTreeMap::<String, u32>::new())));
    let began = Instant::now();
    let quick_at = Arc::new(Mutex::new(None));
    let work = |number: usize| {
        let (account, steps, quick_at) = (format!("{number:02}"), Arc::clone(&steps), Arc::clone(&quick_at));
        let own = account.clone();
        let work: Work = Box::pin(async move {
            while number < 16 && began.elapsed() < PERIOD * 3 {
                take_slot().await;
                sleep(Duration::from_millis(100)).await;
                *steps.lock().entry(own.clone()).or_default() += 1;
            }
            quick_at.lock().get_or_insert(began.elapsed());
            Ran::Again(Duration::ZERO)
        });
        (account, work)
    };
    assert_eq!(tasks.run((0..17).map(work).collect(), PERIOD).await, Ran::Again(Duration::ZERO));
    // Four turns of other accounts before its own, of three steps each.
    let quick_at = quick_at.lock().expect("the quick account has worked");
    assert!(quick_at <= Duration::from_millis(4 * 300), "{quick_at:?}");
    assert_eq!(tasks.tasks.lock().await.len(), 16, "a task that has ended is gone, however busy the others are");
    let steps = steps.lock().values().copied().collect::<Vec<_>>();
    let (least, most) = (steps.iter().min(), steps.iter().max());
    assert!(least.zip(most).is_some_and(|(least, most)| most - least <= 3), "{steps:?}");
}

#[tokio::test(start_paused = true)]
async fn failures_and_panics_are_the_runs() {
    let tasks = AccountTasks::new();
    let run = |outcomes: Vec<fn() -> Ran>| {
        let own = |(number, outcome): (usize, fn() -> Ran)| (number.to_string(), async move { outcome() });
        tasks.run(outcomes.into_iter().enumerate().map(own).collect(), PERIOD)
    };
    assert_eq!(run(vec![]).await, Ran::Done);
    assert_eq!(run(vec![|| Ran::Done, || Ran::Failed, || Ran::Again(SECOND)]).await, Ran::Failed);
    let panicked = catch_panic(run(vec![|| Ran::Failed, || panic!("a table"), || Ran::Done])).await;
    assert_eq!(panicked.expect_err("a panic").to_string(), "for account 1: a table");
    assert_eq!(run(vec![|| Ran::Done, || Ran::Again(SECOND)]).await, Ran::Again(SECOND));
    // That of a task which outlasts its run is the next one's, which follows at once.
    let slow = async {
        without_slot(sleep(PERIOD + SECOND)).await;
        Ran::Failed
    };
    assert_eq!(tasks.run(BTreeMap::from([("slow".to_owned(), slow)]), PERIOD).await, Ran::Again(Duration::ZERO));
    assert_eq!(run(vec![|| Ran::Done]).await, Ran::Failed);
    assert_eq!(tasks.slots.available_permits(), SLOTS);
}

/// Holds an account's work in its hand, so that its end is seen.
async fn hanging(alive: Arc<()>) -> Ran {
    without_slot(std::future::pending::<()>()).await;
    drop(alive);
    Ran::Done
}

#[tokio::test(start_paused = true)]
async fn tasks_end_with_the_job_and_with_a_run_that_is_dropped() {
    let (jobs, alive) = (Jobs::new(Clock::system()), Arc::new(()));
    let work = |alive: Arc<()>| BTreeMap::from([("a".to_owned(), hanging(alive))]);
    jobs.add(Job::by_account(&alive, "hang", PERIOD, work).at_once());
    sleep(PERIOD + SECOND).await;
    // In a pause between two runs.
    assert_eq!(Arc::strong_count(&alive), 2);
    jobs.stop(Duration::ZERO).await;
    assert_eq!(Arc::strong_count(&alive), 1, "the task is gone when the registry has stopped");

    let tasks = AccountTasks::new();
    assert!(tokio::time::timeout(SECOND, tasks.run(work(Arc::clone(&alive)), PERIOD)).await.is_err());
    tokio::task::yield_now().await;
    assert_eq!(Arc::strong_count(&alive), 1, "its run was dropped");
    assert!(tasks.shared.lock().busy.is_empty());
}
