//! Recorder and store as one: each minute what was measured is stored, and a reader gets what all processes have measured.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use base::Clock;
use jobs::{Job, Ran};
use parking_lot::Mutex;
use storage::{Batch, Consistency, Engine, Family, KeyUse, Mode, Reads, StorageError, TxError};

use crate::cell::Cell;
use crate::recorder::{Recorder, Taken};
use crate::series::{Series, SeriesId};
use crate::store::{self, Hour, KnownSeries};
use crate::{HOUR_MINUTES, MINUTE_MS, RETENTION_HOURS};

/// Between two looks at whether a minute is over.
const STORE_INTERVAL: Duration = Duration::from_secs(15);
/// Series of one write.
const WRITE_SERIES: usize = 128;

/// Metrics of all accounts.
pub struct Metrics {
    engine: Arc<dyn Engine>,
    clock: Clock,
    recorder: Arc<Recorder>,
    /// Of this run of the program: its rows have it.
    process: [u8; 8],
    stored: Mutex<Stored>,
    /// A reader holds it, so that no minute is moved from memory to its row between its two looks.
    moving: tokio::sync::RwLock<()>,
}

/// What this process has stored.
#[derive(Default)]
struct Stored {
    /// The rows that may get another minute.
    hours: HashMap<(SeriesId, u64), Hour>,
    /// When a series's own row was last written, by hours.
    series: HashMap<SeriesId, u64>,
    /// The hours before it have no rows.
    first_hour: Option<u64>,
}

impl Metrics {
    pub fn new(engine: Arc<dyn Engine>, clock: Clock, recorder: Arc<Recorder>) -> Arc<Metrics> {
        let [a, b, c, d, e, f, g, h, ..] = base::random::bytes16();
        let process = [a, b, c, d, e, f, g, h];
        Arc::new(Metrics { engine, clock, recorder, process, stored: Mutex::default(), moving: Default::default() })
    }

    /// The job that stores the minutes that are over, and deletes the hours that are.
    pub fn job(self: &Arc<Metrics>) -> Job {
        Job::on(self, "store_metrics", STORE_INTERVAL, |metrics| async move {
            match metrics.store_until(metrics.minute()).await {
                Ok(()) => Ran::Done,
                Err(error) => {
                    log::error!(event = "metrics_not_stored"; "metrics could not be stored, which is tried again: {error}");
                    Ran::Failed
                }
            }
        })
    }

    pub fn recorder(&self) -> &Arc<Recorder> {
        &self.recorder
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    fn minute(&self) -> u64 {
        self.clock.now_ms() / MINUTE_MS
    }

    /// Stores what was measured, the minute that is not over as well: the server is stopping.
    ///
    /// # Errors
    /// The engine's failure.
    pub async fn store_all(&self) -> Result<(), StorageError> {
        self.store_until(u64::MAX).await
    }

    async fn store_until(&self, minute: u64) -> Result<(), StorageError> {
        let _moving = self.moving.write().await;
        let mut taken = self.recorder.take_before(minute);
        while !taken.is_empty() {
            let rest = taken.split_off(taken.len().min(WRITE_SERIES));
            if let Err(error) = self.write(&taken).await {
                for (_, recorded, minutes) in taken.into_iter().chain(rest) {
                    self.recorder.put_back(&recorded, minutes);
                }
                return Err(error);
            }
            taken = rest;
        }
        self.delete_over().await
    }

    /// Writes minutes into the rows of their hours. A row is written whole, as this process alone writes it.
    async fn write(&self, taken: &[Taken]) -> Result<(), StorageError> {
        let now_hour = self.minute() / HOUR_MINUTES;
        let mut rows = Vec::new();
        let (mut changed, mut begun) = (HashMap::new(), Vec::new());
        {
            let stored = self.stored.lock();
            for (id, recorded, minutes) in taken {
                for (minute, cell) in minutes {
                    let key = (*id, minute / HOUR_MINUTES);
                    let hour =
                        changed.entry(key).or_insert_with(|| stored.hours.get(&key).cloned().unwrap_or_default());
                    hour.entry((minute % HOUR_MINUTES) as u8).or_default().merge(cell);
                }
                if stored.series.get(id).is_none_or(|written| *written < now_hour) {
                    let known = KnownSeries { series: recorded.series.clone(), last_hour: now_hour };
                    let row = serde_json::to_vec(&known).map_err(|error| StorageError::Corrupt(error.to_string()))?;
                    rows.push((store::series_key(id), row.into()));
                    begun.push(*id);
                }
            }
        }
        rows.extend(
            changed
                .iter()
                .map(|((id, hour), cells)| (store::hour_key(*hour, id, self.process), store::encode_hour(cells))),
        );
        let keys: Vec<KeyUse> = rows.iter().map(|(key, _)| KeyUse::write(key.clone())).collect();
        let put = |_: &Reads, batch: &mut Batch| {
            // Not from the reserve of a full disk.
            batch.grows = true;
            rows.iter().for_each(|(key, row)| batch.put(key.clone(), row.clone()));
            Ok::<(), StorageError>(())
        };
        self.engine.write(Mode::Plain, &keys, put).await.map_err(storage_error)??;
        let mut stored = self.stored.lock();
        stored.series.extend(begun.into_iter().map(|id| (id, now_hour)));
        stored.hours.extend(changed);
        // Minutes of an earlier hour come late, by a clock that is set back or a caller's own time.
        stored.hours.retain(|(_, hour), _| hour + 2 >= now_hour);
        Ok(())
    }

    /// Deletes the hours that are over, and the series that have none.
    async fn delete_over(&self) -> Result<(), StorageError> {
        let end = (self.minute() / HOUR_MINUTES).saturating_sub(RETENTION_HOURS);
        let first = self.stored.lock().first_hour;
        let first = match first {
            Some(first) => first,
            None => store::first_hour(&*self.engine).await?.unwrap_or(end),
        };
        for hour in first..end {
            self.engine.destroy(Family::Catalog, store::hour_prefix(hour)).await?;
        }
        self.stored.lock().first_hour = Some(first.max(end));
        if first >= end {
            return Ok(());
        }
        let over = store::known_series(&*self.engine).await?.into_iter().filter(|(_, known)| known.last_hour < end);
        let over: Vec<KeyUse> = over.map(|(id, _)| KeyUse::write(store::series_key(&id))).collect();
        for keys in over.chunks(WRITE_SERIES) {
            let delete = |_: &Reads, batch: &mut Batch| {
                keys.iter().for_each(|used| batch.delete(used.key.clone()));
                Ok::<(), StorageError>(())
            };
            self.engine.write(Mode::Plain, keys, delete).await.map_err(storage_error)??;
        }
        Ok(())
    }

    /// What was measured between two minutes, the second one excluded.
    pub(crate) async fn minutes(
        &self,
        series: &Series,
        (from, to): (u64, u64),
    ) -> Result<BTreeMap<u64, Cell>, StorageError> {
        let id = series.id();
        let now = self.minute();
        // There is nothing before and behind, whatever a request asks for.
        let from = from.max(now.saturating_sub(RETENTION_HOURS * HOUR_MINUTES));
        let to = to.min(now.saturating_add(RETENTION_HOURS * HOUR_MINUTES)).max(from);
        let _still = self.moving.read().await;
        let mut minutes = BTreeMap::new();
        store::add_stored(&*self.engine, &id, (from, to), &mut minutes).await?;
        for (minute, cell) in self.recorder.waiting(&id).into_iter().filter(|(minute, _)| (from..to).contains(minute)) {
            minutes.entry(minute).or_default().merge(&cell);
        }
        Ok(minutes)
    }

    /// The unit of a series; that of none is "None".
    pub(crate) async fn unit(&self, series: &Series) -> Result<String, StorageError> {
        if series.namespace == crate::DYNAMODB {
            return Ok(crate::series::unit(&series.metric).to_owned());
        }
        let id = series.id();
        if let Some(unit) = self.recorder.unit(&id) {
            return Ok(unit);
        }
        let row = self.engine.get(&store::series_key(&id), Consistency::Strong).await?;
        let known = row.and_then(|row| serde_json::from_slice::<KnownSeries>(&row).ok());
        Ok(known.map_or_else(|| "None".to_owned(), |known| known.series.unit))
    }

    /// All series, with the hour in which they were last measured: those of an account and a region, in an order that stays.
    pub(crate) async fn series(
        &self,
        account: &str,
        region: &str,
    ) -> Result<BTreeMap<SeriesId, KnownSeries>, StorageError> {
        let is_own = |known: &KnownSeries| known.series.account == account && known.series.region == region;
        let stored = store::known_series(&*self.engine).await?;
        let mut all: BTreeMap<SeriesId, KnownSeries> = stored.into_iter().filter(|(_, known)| is_own(known)).collect();
        let last_hour = self.minute() / HOUR_MINUTES;
        let recorded = self.recorder.all_series().into_iter().map(|series| KnownSeries { series, last_hour });
        all.extend(recorded.filter(is_own).map(|known| (known.series.id(), known)));
        Ok(all)
    }
}

fn storage_error(error: TxError) -> StorageError {
    match error {
        TxError::Storage(error) => error,
        error => StorageError::Corrupt(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use base::ManualClock;
    use storage::Memory;

    use super::*;

    const BEGIN_MS: u64 = 1_700_000_040_000;
    const BEGIN: u64 = BEGIN_MS / MINUTE_MS;

    fn series() -> Series {
        Series::of_dynamodb("1", "r", "ConsumedReadCapacityUnits", &[("TableName", "tab")])
    }

    struct Tested {
        engine: Arc<dyn Engine>,
        clock: Clock,
        hand: ManualClock,
    }

    impl Tested {
        fn new() -> Tested {
            let (clock, hand) = Clock::manual(BEGIN_MS);
            Tested { engine: Memory::new(), clock, hand }
        }

        fn process(&self) -> Arc<Metrics> {
            let recorder = Arc::new(Recorder::new(self.clock.clone(), 100));
            Metrics::new(Arc::clone(&self.engine), self.clock.clone(), recorder)
        }
    }

    fn measure(metrics: &Metrics, value: f64) {
        let gauge = metrics.recorder().gauge(series());
        metrics.recorder().record(&gauge, value);
    }

    async fn sums(metrics: &Metrics, from: u64, to: u64) -> Vec<(u64, f64)> {
        let minutes = metrics.minutes(&series(), (from, to)).await.unwrap();
        minutes.into_iter().map(|(minute, cell)| (minute, cell.sum)).collect()
    }

    /// Whether minutes are stored or not, and of all processes.
    #[tokio::test]
    async fn readers_get_what_all_processes_have_measured() {
        let tested = Tested::new();
        let (first, second) = (tested.process(), tested.process());
        measure(&first, 1.0);
        measure(&second, 10.0);
        assert_eq!(sums(&first, BEGIN, BEGIN + 5).await, [(BEGIN, 1.0)]);
        tested.hand.advance_ms(MINUTE_MS);
        second.store_until(second.minute()).await.unwrap();
        assert_eq!(sums(&first, BEGIN, BEGIN + 5).await, [(BEGIN, 11.0)]);
        measure(&first, 2.0);
        first.store_until(first.minute()).await.unwrap();
        measure(&first, 2.0);
        assert_eq!(sums(&first, BEGIN, BEGIN + 5).await, [(BEGIN, 11.0), (BEGIN + 1, 4.0)]);
        tested.hand.advance_ms(MINUTE_MS);
        first.store_until(first.minute()).await.unwrap();
        measure(&first, 8.0);
        first.store_all().await.unwrap();
        let expected = [(BEGIN, 11.0), (BEGIN + 1, 4.0), (BEGIN + 2, 8.0)];
        assert_eq!(sums(&first, BEGIN, BEGIN + 5).await, expected);
        assert_eq!(sums(&first, BEGIN + 1, BEGIN + 2).await, expected[1..2]);
        assert_eq!(sums(&tested.process(), BEGIN, BEGIN + 5).await, expected, "behind a restart");
    }

    #[tokio::test]
    async fn minutes_and_series_end_with_the_retention() {
        let tested = Tested::new();
        let metrics = tested.process();
        measure(&metrics, 1.0);
        tested.hand.advance_ms(MINUTE_MS);
        metrics.store_until(metrics.minute()).await.unwrap();
        assert_eq!(metrics.series("1", "r").await.unwrap().len(), 1);
        assert_eq!(metrics.series("1", "other").await.unwrap().len(), 0);
        tested.hand.advance_ms((RETENTION_HOURS + 2) * HOUR_MINUTES * MINUTE_MS);
        let later = tested.process();
        later.store_until(later.minute()).await.unwrap();
        assert_eq!(store::first_hour(&*tested.engine).await.unwrap(), None);
        assert_eq!(later.series("1", "r").await.unwrap().len(), 0);
    }

    /// A request may ask for all of time.
    #[tokio::test]
    async fn the_time_of_a_reader_is_bounded() {
        let tested = Tested::new();
        let metrics = tested.process();
        measure(&metrics, 1.0);
        assert_eq!(sums(&metrics, 0, u64::MAX).await, [(BEGIN, 1.0)]);
        assert_eq!(sums(&metrics, u64::MAX, 0).await, []);
    }
}
