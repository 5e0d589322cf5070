//! Recorder and store as one: each minute what was measured is stored, and a reader gets what all processes have measured.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use base::Clock;
use bytes::Bytes;
use jobs::{Job, Ran};
use parking_lot::Mutex;
use storage::{Batch, Consistency, Engine, Family, Key, KeyUse, Mode, Reads, StorageError};

use crate::action_targets::{ActionTargets, DueActions};
use crate::alarm::AlarmId;
use crate::cell::Cell;
use crate::contributors::{self, Counted, RuleId, TakenRule};
use crate::recorder::{Due, Recorded, Recorder, cell_bytes};
use crate::series::{Series, SeriesId};
use crate::store::{self, Hour, KnownSeries};
use crate::{HOUR_MINUTES, MINUTE_MS, RETENTION_HOURS};

/// Between two looks at whether a minute is over.
const STORE_INTERVAL: Duration = Duration::from_secs(15);
/// Minutes of one write, as they are in memory: the next write follows behind the series that reaches it. Unit: bytes.
const WRITE_BYTES: usize = 1 << 20;
/// Rules of one write.
const WRITE_RULES: usize = 64;
/// Rows that one write deletes.
const DELETED_ROWS: usize = 128;

/// The rows that are deleted by the hour.
const LETTERS: [u8; 2] = [store::SERIES, contributors::RULES];

/// A series with minutes that were taken from it.
type Taken = (SeriesId, Arc<Recorded>, Vec<(u64, Cell)>);

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
    targets: ActionTargets,
    due_actions: DueActions,
}

/// What this process has stored.
#[derive(Default)]
struct Stored {
    /// The rows of the hour that is being measured.
    hours: HashMap<(SeriesId, u64), Bytes>,
    /// When a series's own row was last written, by hours.
    series: HashMap<SeriesId, u64>,
    /// The hours before it have no rows, by [`LETTERS`].
    first_hours: [Option<u64>; LETTERS.len()],
}

impl Metrics {
    pub fn new(engine: Arc<dyn Engine>, clock: Clock, recorder: Arc<Recorder>) -> Arc<Metrics> {
        Metrics::with_targets(engine, clock, recorder, ActionTargets::default())
    }

    /// With the targets of alarms' actions.
    pub fn with_targets(
        engine: Arc<dyn Engine>,
        clock: Clock,
        recorder: Arc<Recorder>,
        targets: ActionTargets,
    ) -> Arc<Metrics> {
        let [a, b, c, d, e, f, g, h, ..] = base::random::bytes16();
        let process = [a, b, c, d, e, f, g, h];
        let (stored, moving, due_actions) = Default::default();
        Arc::new(Metrics { engine, clock, recorder, process, stored, moving, targets, due_actions })
    }

    pub(crate) fn targets(&self) -> &ActionTargets {
        &self.targets
    }

    pub(crate) fn due_actions(&self) -> &DueActions {
        &self.due_actions
    }

    /// An alarm has actions to execute.
    pub(crate) fn add_due(&self, alarm: AlarmId<'_>) {
        // Nothing would take them.
        if self.targets.paused {
            return;
        }
        self.due_actions.add(alarm.account.to_owned(), (alarm.region.to_owned(), alarm.name.to_owned()));
    }

    /// The job that stores the minutes that are over, and deletes the hours that are.
    pub(crate) fn job(self: &Arc<Metrics>) -> Job {
        Job::on(self, "store_metrics", STORE_INTERVAL, |metrics| async move {
            match metrics.store(Some(metrics.minute())).await {
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

    pub(crate) fn engine(&self) -> &dyn Engine {
        &*self.engine
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    pub(crate) fn minute(&self) -> u64 {
        self.clock.now_ms() / MINUTE_MS
    }

    /// Stores what was measured, the minute that is not over as well: the server is stopping.
    ///
    /// # Errors
    /// The engine's failure.
    pub async fn store_all(&self) -> Result<(), StorageError> {
        self.store(None).await
    }

    /// Stores all minutes but `current`. What cannot be stored of one account does not keep others' from it.
    ///
    /// # Errors
    /// The engine's first failure.
    pub(crate) async fn store(&self, current: Option<u64>) -> Result<(), StorageError> {
        let mut stored = Ok(());
        for due in self.recorder.due(current) {
            stored = stored.and(self.store_due(due, current).await);
        }
        self.recorder.settle();
        stored = stored.and(self.store_contributors(current.unwrap_or(u64::MAX)).await);
        stored.and(self.delete_over().await)
    }

    /// Readers wait for one part, not for all of them.
    async fn store_due(&self, mut due: Due, current: Option<u64>) -> Result<(), StorageError> {
        while !due.is_empty() {
            let moving = self.moving.write().await;
            let (mut taken, mut bytes) = (Vec::new(), 0);
            while bytes < WRITE_BYTES
                && let Some((id, recorded)) = due.pop()
            {
                let minutes = recorded.take(current);
                bytes += minutes.iter().map(|(_, cell)| cell_bytes(cell)).sum::<usize>();
                taken.push((id, recorded, minutes));
            }
            if let Err(error) = self.write(&taken).await {
                taken.into_iter().for_each(|(_, recorded, minutes)| recorded.put_back(minutes));
                return Err(error);
            }
            drop(moving);
            // A row is decoded, and encoded, for each hour.
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    async fn store_contributors(&self, minute: u64) -> Result<(), StorageError> {
        let _moving = self.moving.write().await;
        let mut taken = self.recorder.contributors().take_before(minute);
        while !taken.is_empty() {
            let rest = taken.split_off(taken.len().min(WRITE_RULES));
            if let Err(error) = self.write_contributors(&taken).await {
                for (_, rule, minutes) in taken.into_iter().chain(rest) {
                    self.recorder.contributors().put_back(&rule, minutes);
                }
                return Err(error);
            }
            taken = rest;
        }
        Ok(())
    }

    /// Writes minutes of rules into their rows, which this process alone writes.
    async fn write_contributors(&self, taken: &[TakenRule]) -> Result<(), StorageError> {
        let mut rows = Vec::new();
        for (id, _, minutes) in taken {
            for (minute, counted) in minutes {
                let key = contributors::minute_key(*minute, id, self.process);
                // There is a row only of a minute that the clock was set back to.
                let row = self.engine.get(&key, Consistency::Strong).await?;
                let mut whole = row.and_then(|row| Counted::read(&row)).unwrap_or_default();
                whole.merge(counted);
                rows.push((key, whole.encode()));
            }
        }
        self.put(&rows).await
    }

    async fn put(&self, rows: &[(Key, Bytes)]) -> Result<(), StorageError> {
        let keys: Vec<KeyUse> = rows.iter().map(|(key, _)| KeyUse::write(key.clone())).collect();
        let put = |_: &Reads, batch: &mut Batch| {
            // Not from the reserve of a full disk.
            batch.grows = true;
            rows.iter().for_each(|(key, row)| batch.put(key.clone(), row.clone()));
            Ok::<(), StorageError>(())
        };
        self.engine.write(Mode::Plain, &keys, put).await.map_err(store::storage_error)?
    }

    /// Writes minutes into the rows of their hours. A row is written whole, as this process alone writes it.
    async fn write(&self, taken: &[Taken]) -> Result<(), StorageError> {
        let now_hour = self.minute() / HOUR_MINUTES;
        let mut changed = HashMap::<(SeriesId, u64), Hour>::new();
        let mut rows = Vec::new();
        let mut begun = Vec::new();
        for (id, recorded, minutes) in taken {
            for (minute, cell) in minutes {
                let key = (*id, minute / HOUR_MINUTES);
                let hour = match changed.entry(key) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => new.insert(self.own_hour(key).await?),
                };
                hour.entry((minute % HOUR_MINUTES) as u8).or_default().merge(cell);
            }
            if self.stored.lock().series.get(id).is_none_or(|written| *written < now_hour) {
                let known = KnownSeries { series: recorded.series.clone(), last_hour: now_hour };
                let row = serde_json::to_vec(&known).map_err(|error| StorageError::Corrupt(error.to_string()))?;
                rows.push((store::series_key(&recorded.series), Bytes::from(row)));
                begun.push(*id);
            }
        }
        let changed: HashMap<(SeriesId, u64), Bytes> =
            changed.into_iter().map(|(key, hour)| (key, store::encode_hour(&hour))).collect();
        rows.extend(changed.iter().map(|((id, hour), row)| (store::hour_key(*hour, id, self.process), row.clone())));
        self.put(&rows).await?;
        // Behind the write: only what the engine has is known as stored, so that minutes of a failed write are written again.
        let mut stored = self.stored.lock();
        stored.series.extend(begun.into_iter().map(|id| (id, now_hour)));
        stored.hours.extend(changed);
        stored.hours.retain(|(_, hour), _| *hour == now_hour);
        Ok(())
    }

    /// What this process has stored of an hour. Minutes of an earlier one come late, by a clock that is set back or a caller's own time.
    async fn own_hour(&self, (id, hour): (SeriesId, u64)) -> Result<Hour, StorageError> {
        let known = self.stored.lock().hours.get(&(id, hour)).cloned();
        let row = match known {
            Some(row) => Some(row),
            None => self.engine.get(&store::hour_key(hour, &id, self.process), Consistency::Strong).await?,
        };
        Ok(row.and_then(|row| store::read_hour(&row)).unwrap_or_default())
    }

    /// Deletes the hours that are over, and the series that have none.
    async fn delete_over(&self) -> Result<(), StorageError> {
        let end = (self.minute() / HOUR_MINUTES).saturating_sub(RETENTION_HOURS);
        let mut has_deleted = false;
        for (place, letter) in LETTERS.into_iter().enumerate() {
            let first = self.stored.lock().first_hours[place];
            let first = match first {
                Some(first) => first,
                None => store::first_hour(&*self.engine, letter).await?.unwrap_or(end),
            };
            for hour in first..end {
                self.engine.destroy(Family::Catalog, store::hour_prefix(letter, hour)).await?;
            }
            // Before a clock that was set back there are rows again.
            self.stored.lock().first_hours[place] = Some(end);
            has_deleted |= first < end;
        }
        if !has_deleted {
            return Ok(());
        }
        let mut pages = store::series_pages(&*self.engine, None, None);
        while let Some(page) = pages.next().await? {
            let over = page.iter().filter(|known| known.last_hour < end);
            let over: Vec<KeyUse> = over.map(|known| KeyUse::write(store::series_key(&known.series))).collect();
            for keys in over.chunks(DELETED_ROWS) {
                let delete = |_: &Reads, batch: &mut Batch| {
                    keys.iter().for_each(|used| batch.delete(used.key.clone()));
                    Ok::<(), StorageError>(())
                };
                self.engine.write(Mode::Plain, keys, delete).await.map_err(store::storage_error)??;
            }
        }
        Ok(())
    }

    /// What was measured in periods of so many minutes, between two minutes, the second one excluded. `each` is called with the minute in
    /// which a period begins, in the order of time. An hour is in memory at a time.
    pub(crate) async fn periods(
        &self,
        series: &Series,
        (from, to): (u64, u64),
        period: u64,
        mut each: impl FnMut(u64, &Cell),
    ) -> Result<(), StorageError> {
        let id = series.id();
        let (from, to) = self.bounded(from, to);
        let mut open: Option<(u64, Cell)> = None;
        for hour in from / HOUR_MINUTES..to.div_ceil(HOUR_MINUTES) {
            let minutes = self.hour(&id, hour).await?;
            // An engine that answers at once would give other tasks no turn.
            tokio::task::yield_now().await;
            for (place, cell) in &minutes {
                let minute = hour * HOUR_MINUTES + u64::from(*place);
                if !(from..to).contains(&minute) {
                    continue;
                }
                let begin = minute - minute % period;
                match &mut open {
                    Some((own, sum)) if *own == begin => sum.merge(cell),
                    _ => {
                        if let Some((begin, sum)) = open.replace((begin, cell.clone())) {
                            each(begin, &sum);
                        }
                    }
                }
            }
        }
        if let Some((begin, sum)) = open {
            each(begin, &sum);
        }
        Ok(())
    }

    /// What all processes have counted of a rule, by the minute, between two minutes, the second one excluded. `each` is called in the order of
    /// time. An hour is in memory at a time.
    pub(crate) async fn contributors(
        &self,
        id: &RuleId,
        (from, to): (u64, u64),
        mut each: impl FnMut(u64, &Counted),
    ) -> Result<(), StorageError> {
        let (from, to) = self.bounded(from, to);
        for hour in from / HOUR_MINUTES..to.div_ceil(HOUR_MINUTES) {
            for (place, counted) in &self.contributors_in(id, hour).await? {
                let minute = hour * HOUR_MINUTES + u64::from(*place);
                if (from..to).contains(&minute) {
                    each(minute, counted);
                }
            }
            // An engine that answers at once would give other tasks no turn.
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// What all processes have counted of a rule in an hour, by the minute of the hour. As of [`Metrics::hour`].
    async fn contributors_in(&self, id: &RuleId, hour: u64) -> Result<BTreeMap<u8, Counted>, StorageError> {
        let _still = self.moving.read().await;
        let minutes = hour * HOUR_MINUTES..(hour + 1) * HOUR_MINUTES;
        let waiting = self.recorder.contributors().waiting(id, minutes);
        let mut stored = contributors::read_hour(&*self.engine, id, hour).await?;
        for (minute, counted) in &waiting {
            stored.entry((minute % HOUR_MINUTES) as u8).or_default().merge(counted);
        }
        Ok(stored)
    }

    /// There is nothing before and behind, whatever a request asks for.
    fn bounded(&self, from: u64, to: u64) -> (u64, u64) {
        let now = self.minute();
        let from = from.max(now.saturating_sub(RETENTION_HOURS * HOUR_MINUTES));
        (from, to.min(now.saturating_add(RETENTION_HOURS * HOUR_MINUTES)).max(from))
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
        let row = self.engine.get(&store::series_key(series), Consistency::Strong).await?;
        let known = row.and_then(|row| serde_json::from_slice::<KnownSeries>(&row).ok());
        Ok(known.map_or_else(|| "None".to_owned(), |known| known.series.unit))
    }

    /// What all processes have measured in an hour. Between the two looks no minute is moved from memory to its row.
    async fn hour(&self, id: &SeriesId, hour: u64) -> Result<Hour, StorageError> {
        let _still = self.moving.read().await;
        let waiting = self.recorder.waiting(id, hour);
        let mut minutes = store::stored_hour(&*self.engine, id, hour).await?;
        for (minute, cell) in waiting {
            minutes.entry((minute % HOUR_MINUTES) as u8).or_default().merge(&cell);
        }
        Ok(minutes)
    }

    /// The first `count` series of an account and a region behind an id that are wanted, with the hour in which they were last measured;
    /// in an order that stays. No more than they are in memory, with those of this process.
    pub(crate) async fn series(
        &self,
        (account, region): (&str, &str),
        after: Option<&SeriesId>,
        count: usize,
        is_wanted: impl Fn(&KnownSeries) -> bool,
    ) -> Result<BTreeMap<SeriesId, KnownSeries>, StorageError> {
        let is_own = |known: &KnownSeries| known.series.account == account && known.series.region == region;
        let last_hour = self.minute() / HOUR_MINUTES;
        let recorded = self.recorder.series_of(account, region).into_iter();
        let recorded = recorded.map(|series| (series.id(), KnownSeries { series, last_hour }));
        let mut first: BTreeMap<SeriesId, KnownSeries> =
            recorded.filter(|(id, known)| after.is_none_or(|after| id > after) && is_wanted(known)).collect();
        let measured: BTreeSet<SeriesId> = first.keys().copied().collect();
        let mut pages = store::series_pages(&*self.engine, Some((account, region)), after);
        // Rows are in the order of ids.
        while let Some(page) = pages.next().await? {
            for known in page.into_iter().filter(|known| is_own(known) && is_wanted(known)) {
                let id = known.series.id();
                if !measured.contains(&id) && after.is_none_or(|after| id > *after) {
                    first.insert(id, known);
                }
            }
            let is_enough = first.keys().nth(count).is_some_and(|beyond| pages.is_behind(beyond));
            while first.len() > count && is_enough {
                first.pop_last();
            }
            if is_enough {
                return Ok(first);
            }
            tokio::task::yield_now().await;
        }
        while first.len() > count {
            first.pop_last();
        }
        Ok(first)
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
        let mut sums = Vec::new();
        metrics.periods(&series(), (from, to), 1, |minute, cell| sums.push((minute, cell.sum))).await.unwrap();
        sums
    }

    async fn known(metrics: &Metrics, region: &str) -> usize {
        metrics.series(("1", region), None, 10, |_| true).await.unwrap().len()
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
        second.store(Some(second.minute())).await.unwrap();
        assert_eq!(sums(&first, BEGIN, BEGIN + 5).await, [(BEGIN, 11.0)]);
        measure(&first, 2.0);
        first.store(Some(first.minute())).await.unwrap();
        measure(&first, 2.0);
        assert_eq!(sums(&first, BEGIN, BEGIN + 5).await, [(BEGIN, 11.0), (BEGIN + 1, 4.0)]);
        tested.hand.advance_ms(MINUTE_MS);
        first.store(Some(first.minute())).await.unwrap();
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
        metrics.store(Some(metrics.minute())).await.unwrap();
        assert_eq!(known(&metrics, "r").await, 1);
        assert_eq!(known(&metrics, "other").await, 0);
        tested.hand.advance_ms((RETENTION_HOURS + 2) * HOUR_MINUTES * MINUTE_MS);
        let later = tested.process();
        later.store(Some(later.minute())).await.unwrap();
        assert_eq!(store::first_hour(&*tested.engine, store::SERIES).await.unwrap(), None);
        assert_eq!(known(&later, "r").await, 0);
    }

    /// Of an hour that is over, the row is not in memory any more.
    #[tokio::test]
    async fn a_late_minute_is_added_to_its_hour() {
        let tested = Tested::new();
        let metrics = tested.process();
        measure(&metrics, 1.0);
        tested.hand.advance_ms(5 * HOUR_MINUTES * MINUTE_MS);
        metrics.store(Some(metrics.minute())).await.unwrap();
        measure(&metrics, 1.0);
        metrics.store_all().await.unwrap();
        for minute in [1, 2] {
            let gauge = metrics.recorder().gauge(series());
            metrics.recorder().record_at(&gauge, BEGIN_MS + minute * MINUTE_MS, &Cell::of_sums(1.0, 7.0, 7.0, 7.0));
            metrics.store_all().await.unwrap();
        }
        let expected = [(BEGIN, 1.0), (BEGIN + 1, 7.0), (BEGIN + 2, 7.0), (BEGIN + 300, 1.0)];
        assert_eq!(sums(&metrics, 0, u64::MAX).await, expected);
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
