//! Jobs in their own tasks, with Tokio's paused time, and by hand.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

use super::*;

/// Counts runs, and returns or does what the test asks for.
#[derive(Default)]
struct Worker {
    runs: AtomicU64,
    wake: Notify,
}

impl Worker {
    fn new() -> Arc<Worker> {
        Arc::default()
    }

    fn runs(&self) -> u64 {
        self.runs.load(Ordering::SeqCst)
    }

    fn job(self: &Arc<Worker>, every: Duration, outcome: impl Fn(u64) -> Ran + Clone + Send + Sync + 'static) -> Job {
        let worker = Arc::clone(self);
        Job::every("work", every, move || {
            let (worker, outcome) = (Arc::clone(&worker), outcome.clone());
            async move { outcome(worker.runs.fetch_add(1, Ordering::SeqCst) + 1) }
        })
    }
}

fn report(jobs: &Jobs) -> JobReport {
    let reports: [JobReport; 1] = jobs.reports().try_into().expect("one name");
    reports.into_iter().next().expect("one")
}

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_hurry_ends_pauses() {
    let (jobs, worker) = (Jobs::new(Clock::manual(7_000).0), Worker::new());
    jobs.add(worker.job(Duration::from_secs(3_600), |_| Ran::Done));
    for runs in 1..=3 {
        tokio::time::sleep(SECOND).await;
        jobs.hurry();
        tokio::time::sleep(SECOND).await;
        assert_eq!(worker.runs(), runs);
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_runs_once_a_period() {
    let (jobs, worker) = (Jobs::new(Clock::manual(7_000).0), Worker::new());
    jobs.add(worker.job(SECOND * 10, |_| Ran::Done));
    tokio::time::sleep(SECOND * 8).await;
    assert_eq!(worker.runs(), 0, "the first run is after a period");
    tokio::time::sleep(SECOND * 93).await;
    // Each period is up to a tenth shorter.
    assert!((10..=11).contains(&worker.runs()), "{}", worker.runs());
    let report = report(&jobs);
    assert_eq!((report.name, report.owner, report.runs), ("work", crate::Owner::Node, worker.runs()));
    assert_eq!((report.failures, report.panics, report.running), (0, 0, 0));
    assert_eq!(report.last_success_ms, Some(7_000));
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_counted_and_the_job_continues() {
    let (jobs, worker) = (Jobs::new(Clock::system()), Worker::new());
    let outcome = |run| match run {
        1 | 2 => panic!("run {run}"),
        3 => Ran::Failed,
        _ => Ran::Ended,
    };
    jobs.add(worker.job(SECOND, outcome).at_once());
    tokio::time::sleep(SECOND / 2).await;
    assert_eq!((worker.runs(), report(&jobs).panics), (1, 1));
    assert_eq!(report(&jobs).last_success_ms, None);
    tokio::time::sleep(SECOND * 20).await;
    let report = report(&jobs);
    assert_eq!((report.runs, report.panics, report.failures), (4, 2, 1));
    assert!(report.last_success_ms.is_some());
    assert_eq!(worker.runs(), 4, "a job that has ended runs no more");
}

#[tokio::test(start_paused = true)]
async fn a_job_is_woken_before_its_period() {
    let (jobs, worker) = (Jobs::new(Clock::system()), Worker::new());
    let woken = Arc::clone(&worker);
    let wake = move || {
        let woken = Arc::clone(&woken);
        async move { woken.wake.notified().await }
    };
    jobs.add(worker.job(SECOND * 3600, |_| Ran::Done).or_when(wake));
    tokio::time::sleep(SECOND).await;
    worker.wake.notify_one();
    tokio::time::sleep(SECOND).await;
    assert_eq!(worker.runs(), 1);
    tokio::time::sleep(SECOND * 3600).await;
    assert_eq!(worker.runs(), 2, "the period counts beside it");
}

#[tokio::test(start_paused = true)]
async fn a_leased_job_runs_only_where_its_lease_is() {
    let (jobs, worker) = (Jobs::new(Clock::system()), Worker::new());
    let asked = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&asked);
    let is_ours = move || {
        let asked = count.fetch_add(1, Ordering::SeqCst);
        async move { asked % 2 == 1 }
    };
    jobs.add(worker.job(SECOND, |_| Ran::Done).leased(is_ours));
    tokio::time::sleep(SECOND * 5).await;
    assert_eq!(worker.runs(), asked.load(Ordering::SeqCst) / 2);
    assert!(worker.runs() >= 2);
    assert_eq!((report(&jobs).owner, report(&jobs).runs), (crate::Owner::Lease, worker.runs()));
}

/// Whether a run was dropped, in the middle or at its end.
struct Dropped(Arc<AtomicU64>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn endless(dropped: &Arc<AtomicU64>) -> impl Fn() -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> + use<> {
    let dropped = Arc::clone(dropped);
    move || {
        let dropped = Dropped(Arc::clone(&dropped));
        Box::pin(async move {
            let _dropped = dropped;
            std::future::pending::<()>().await;
        })
    }
}

#[tokio::test(start_paused = true)]
async fn stopping_leaves_no_job_running() {
    let (jobs, dropped, last) = (Jobs::new(Clock::system()), Arc::new(AtomicU64::new(0)), Worker::new());
    let run = endless(&dropped);
    let stuck = move || {
        let run = run();
        async move {
            run.await;
            Ran::Done
        }
    };
    jobs.add(Job::every("stuck", SECOND, stuck));
    jobs.add(Job::lasting("lasting", endless(&dropped)));
    jobs.add(Job::every("idle", SECOND * 3600, || async { Ran::Done }));
    jobs.add(last.job(SECOND, |_| Ran::Done).stopped_last());
    tokio::time::sleep(SECOND * 2).await;
    let (begun, before) = (tokio::time::Instant::now(), last.runs());
    jobs.stop(SECOND * 10).await;
    assert_eq!(begun.elapsed(), SECOND * 10, "a run has the grace, and no more");
    assert_eq!(dropped.load(Ordering::SeqCst), 2);
    assert!(last.runs() >= before + 9, "it runs until the others have stopped");
    let runs = last.runs();
    jobs.add(last.job(Duration::ZERO, |_| Ran::Ended).at_once());
    tokio::time::sleep(SECOND * 10).await;
    assert_eq!(last.runs(), runs, "nothing runs after the end");
    assert!(jobs.reports().iter().all(|report| report.running == 0));
}

#[tokio::test(start_paused = true)]
async fn a_run_may_end_within_the_grace() {
    let (jobs, worker) = (Jobs::new(Clock::system()), Worker::new());
    let slow = Arc::clone(&worker);
    let run = move || {
        let slow = Arc::clone(&slow);
        async move {
            tokio::time::sleep(SECOND * 3).await;
            slow.runs.fetch_add(1, Ordering::SeqCst);
            Ran::Again(Duration::ZERO)
        }
    };
    jobs.add(Job::every("slow", SECOND, run).at_once());
    tokio::time::sleep(SECOND).await;
    jobs.stop(SECOND * 60).await;
    assert_eq!(worker.runs(), 1, "the run ends, and there is no next one");
}

#[tokio::test(start_paused = true)]
async fn one_job_is_stopped_alone_and_the_registry_ends_with_its_last_handle() {
    let (jobs, dropped) = (Jobs::new(Clock::system()), Arc::new(AtomicU64::new(0)));
    let handle = jobs.add(Job::lasting("one", endless(&dropped)));
    jobs.add(Job::lasting("other", endless(&dropped)));
    tokio::time::sleep(SECOND).await;
    handle.stop().await;
    handle.stop().await;
    assert_eq!(dropped.load(Ordering::SeqCst), 1);
    drop(jobs);
    tokio::time::sleep(SECOND).await;
    assert_eq!(dropped.load(Ordering::SeqCst), 2);
    handle.abort();
}

#[tokio::test]
async fn by_hand_the_clock_decides_what_runs() {
    let (clock, hand) = Clock::manual(1_000_000);
    let (jobs, worker, steps) = (Jobs::by_hand(clock), Worker::new(), Worker::new());
    jobs.add(worker.job(SECOND * 10, |_| Ran::Done));
    let steps_of = Arc::clone(&steps);
    jobs.add(Job::every("steps", SECOND * 15, move || {
        let run = steps_of.runs.fetch_add(1, Ordering::SeqCst) + 1;
        async move { if run.is_multiple_of(3) { Ran::Done } else { Ran::Again(Duration::ZERO) } }
    }));
    assert_eq!(jobs.run_due().await, 0);
    hand.advance_ms(10_000);
    assert_eq!((jobs.run_due().await, worker.runs(), steps.runs()), (1, 1, 0));
    hand.advance_ms(9_999);
    assert_eq!((jobs.run_due().await, worker.runs(), steps.runs()), (3, 1, 3));
    hand.advance_ms(1);
    assert_eq!((jobs.run_due().await, worker.runs(), steps.runs()), (1, 2, 3));
    assert_eq!(jobs.run_once("work").await, Some(Ran::Done));
    assert_eq!(jobs.run_once("none").await, None);
    assert_eq!(worker.runs(), 3);
}

#[tokio::test]
async fn by_hand_a_wake_up_counts_and_what_lasts_does_not_run() {
    let (clock, _hand) = Clock::manual(0);
    let (jobs, worker, dropped) = (Jobs::by_hand(clock), Worker::new(), Arc::new(AtomicU64::new(0)));
    let woken = Arc::clone(&worker);
    let wake = move || {
        let woken = Arc::clone(&woken);
        async move { woken.wake.notified().await }
    };
    jobs.add(worker.job(Duration::MAX, |_| Ran::Done).or_when(wake));
    jobs.add(Job::lasting("lasting", endless(&dropped)));
    assert_eq!(jobs.run_due().await, 0);
    worker.wake.notify_one();
    assert_eq!((jobs.run_due().await, worker.runs()), (1, 1));
    assert_eq!(jobs.run_due().await, 0);
    assert_eq!(jobs.run_once("lasting").await, None);
}

/// In a simulation with planned panics the jobs continue, at the same moments with each run.
#[tokio::test]
async fn by_hand_a_panic_has_its_pause_too() {
    let (clock, hand) = Clock::manual(0);
    let (jobs, worker) = (Jobs::by_hand(clock), Worker::new());
    jobs.add(worker.job(SECOND, |run| if run == 1 { panic!("by plan") } else { Ran::Ended }));
    hand.advance_ms(1_000);
    assert_eq!((jobs.run_due().await, report(&jobs).panics), (1, 1));
    hand.advance_ms(999);
    assert_eq!(jobs.run_due().await, 0);
    hand.advance_ms(1);
    assert_eq!((jobs.run_due().await, worker.runs()), (1, 2));
    assert_eq!(jobs.run_once("work").await, None, "it is over");
}

/// A job that holds its workers in its state, as a supervisor does: they end with it, also when the registry itself
/// drops it.
#[tokio::test(start_paused = true)]
async fn workers_end_with_the_job_that_holds_them() {
    let (jobs, dropped) = (Jobs::new(Clock::system()), Arc::new(AtomicU64::new(0)));
    let workers: Arc<Mutex<Vec<ScopedJob>>> = Arc::default();
    let (of, make) = (jobs.clone(), dropped.clone());
    let supervisor = move || {
        workers.lock().push(of.add_scoped(Job::lasting("worker", endless(&make))));
        let last = workers.lock().len() == 3;
        async move { if last { Ran::Ended } else { Ran::Done } }
    };
    jobs.add(Job::every("supervisor", SECOND, supervisor));
    tokio::time::sleep(SECOND * 5).await;
    assert_eq!(dropped.load(Ordering::SeqCst), 0);
    let worker = jobs.reports().into_iter().find(|report| report.name == "worker");
    assert_eq!(worker.map(|report| report.running), Some(3));
    // The supervisor has ended, and leaves when the next job comes.
    let other = jobs.add(Job::every("other", SECOND, || async { Ran::Ended }));
    tokio::time::sleep(SECOND * 2).await;
    assert_eq!(dropped.load(Ordering::SeqCst), 3);
    assert!(other.is_over());
}

#[tokio::test(start_paused = true)]
async fn steps_without_a_pause_take_no_time() {
    let (jobs, worker) = (Jobs::new(Clock::system()), Worker::new());
    let begun = tokio::time::Instant::now();
    let ended =
        jobs.add(worker.job(SECOND, |run| if run < 100 { Ran::Again(Duration::ZERO) } else { Ran::Ended }).at_once());
    while !ended.is_over() {
        tokio::task::yield_now().await;
    }
    assert_eq!((worker.runs(), begun.elapsed()), (100, Duration::ZERO));
}
