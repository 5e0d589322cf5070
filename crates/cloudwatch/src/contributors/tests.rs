//! Minutes of rules through memory, rows and processes.

use std::sync::Arc;

use base::{Clock, ManualClock};
use storage::{Engine, Memory};

use super::{ContributorKey, RuleGauge, rule_id};
use crate::metrics::Metrics;
use crate::recorder::Recorder;
use crate::{HOUR_MINUTES, MINUTE_MS, RETENTION_HOURS};

const BEGIN_MS: u64 = 1_700_000_040_000;
const BEGIN: u64 = BEGIN_MS / MINUTE_MS;

struct Database {
    engine: Arc<dyn Engine>,
    clock: Clock,
    hand: ManualClock,
}

struct Process {
    metrics: Arc<Metrics>,
    rule: RuleGauge,
}

impl Database {
    fn new() -> Database {
        let (clock, hand) = Clock::manual(BEGIN_MS);
        Database { engine: Memory::new(), clock, hand }
    }

    fn process(&self) -> Process {
        let recorder = Arc::new(Recorder::new(self.clock.clone(), 100));
        let rule = recorder.contributors().rule("1", "r", "rule");
        Process { metrics: Metrics::new(Arc::clone(&self.engine), self.clock.clone(), recorder), rule }
    }
}

impl Process {
    fn count(&self, key: &str, weight: f64) {
        let key: ContributorKey = [key].into_iter().collect();
        let recorder = self.metrics.recorder();
        recorder.contributors().add(&self.rule, recorder.minute(), &key, weight);
    }

    /// Each minute's keys, the heaviest ones first.
    async fn minutes(&self) -> Vec<(u64, Vec<(String, f64)>)> {
        let mut all = Vec::new();
        let each = |minute, counted: &super::Counted| {
            let text = |key: &[u8]| super::key_texts(key).unwrap().concat();
            let sorted = counted.summary.sorted();
            all.push((minute, sorted.into_iter().map(|counter| (text(&counter.key), counter.count)).collect()));
        };
        self.metrics.contributors(&rule_id("1", "r", "rule"), (0, u64::MAX), each).await.unwrap();
        all
    }

    async fn store(&self) {
        self.metrics.store_until(self.metrics.minute()).await.unwrap();
    }
}

fn minute(minute: u64, keys: &[(&str, f64)]) -> (u64, Vec<(String, f64)>) {
    (minute, keys.iter().map(|(key, count)| ((*key).to_owned(), *count)).collect())
}

/// Whether minutes are stored or not, of all processes, and behind a restart.
#[tokio::test]
async fn readers_get_what_all_processes_have_counted() {
    let database = Database::new();
    let (first, second) = (database.process(), database.process());
    first.count("a", 1.0);
    second.count("a", 2.0);
    second.count("b", 10.0);
    assert_eq!(first.minutes().await, [minute(BEGIN, &[("a", 1.0)])]);
    database.hand.advance_ms(MINUTE_MS);
    second.store().await;
    let both = [minute(BEGIN, &[("b", 10.0), ("a", 3.0)])];
    assert_eq!(first.minutes().await, both);
    first.store().await;
    assert_eq!((first.minutes().await, second.minutes().await), (both.to_vec(), both.to_vec()));
    // A minute that the clock is set back to.
    database.hand.set_ms(BEGIN_MS);
    first.count("c", 4.0);
    database.hand.advance_ms(MINUTE_MS);
    first.count("c", 1.0);
    first.metrics.store_all().await.unwrap();
    let all = [minute(BEGIN, &[("b", 10.0), ("c", 4.0), ("a", 3.0)]), minute(BEGIN + 1, &[("c", 1.0)])];
    assert_eq!(database.process().minutes().await, all);
}

#[tokio::test]
async fn minutes_end_with_the_retention() {
    let database = Database::new();
    let process = database.process();
    process.count("a", 1.0);
    database.hand.advance_ms(MINUTE_MS);
    process.store().await;
    database.hand.advance_ms((RETENTION_HOURS + 2) * HOUR_MINUTES * MINUTE_MS);
    process.store().await;
    assert_eq!(crate::store::first_hour(&*database.engine, super::RULES).await.unwrap(), None);
}
