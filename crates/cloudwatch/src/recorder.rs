//! The minutes of this process that are not stored yet.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base::Clock;
use parking_lot::{Mutex, RwLock};

use crate::cell::Cell;
use crate::contributors::Tally;
use crate::series::{Series, SeriesId};
use crate::shares::{Named, PutRefusal, PutShares, has_room};
use crate::{HOUR_MINUTES, MINUTE_MS};

/// Minutes of a series that wait to be stored, while that fails: older ones are lost.
const WAITING_MAX: usize = 180;
/// Series of one account that are stored at once.
const DUE_SERIES: usize = 128;
/// What a series and its minutes take in memory, beside names and sizes of values. Unit: bytes.
const MINUTE_BYTES: usize = 128;

/// What is measured into. It takes values of any number of threads.
pub struct Recorder {
    clock: Clock,
    series_max: usize,
    all: RwLock<All>,
    /// What callers put.
    put: Mutex<PutShares>,
    /// Values of series beyond the most that there may be, and minutes that could not be stored for too long.
    lost: AtomicU64,
    /// The keys of Contributor Insights.
    contributors: Tally,
}

#[derive(Default)]
struct All {
    series: HashMap<SeriesId, Arc<Recorded>>,
    /// How many of them each account has.
    accounts: HashMap<String, usize>,
}

/// A series to measure into.
#[derive(Clone)]
pub struct Gauge(Option<Arc<Recorded>>);

/// Series of one account.
pub(crate) type Due = Vec<(SeriesId, Arc<Recorded>)>;

pub(crate) struct Recorded {
    pub series: Series,
    minutes: Mutex<Minutes>,
}

/// In the order of time, by minutes since 1970.
#[derive(Default)]
struct Minutes(Vec<(u64, Cell)>);

impl Gauge {
    /// Whether it loses what it is given, as there were too many series.
    pub fn is_lost(&self) -> bool {
        self.0.is_none()
    }
}

impl Recorder {
    /// Of at most so many series at once.
    pub fn new(clock: Clock, series_max: usize) -> Recorder {
        let (all, put, lost, contributors) = Default::default();
        Recorder { clock, series_max, all, put, lost, contributors }
    }

    pub fn contributors(&self) -> &Tally {
        &self.contributors
    }

    /// The series; one that loses what it is given if there are too many, of its account or of all.
    pub fn gauge(&self, series: Series) -> Gauge {
        let id = series.id();
        if let Some(found) = self.all.read().series.get(&id) {
            return Gauge(Some(Arc::clone(found)));
        }
        Gauge(self.all.write().recorded(id, series, self.series_max))
    }

    /// Series that callers put, for values of so many bytes; nothing is changed by a refusal.
    pub(crate) fn put_gauges(&self, account: &str, all: Vec<Series>, bytes: usize) -> Result<Vec<Gauge>, PutRefusal> {
        let named: Vec<Named> = all.iter().map(|series| (series.id(), series.names_bytes())).collect();
        let hour = self.minute() / HOUR_MINUTES;
        self.put.lock().put(account, &named, bytes, hour, self.series_max)?;
        let gauges: Vec<Gauge> = all.into_iter().map(|series| self.gauge(series)).collect();
        // There is no room among the series of all: values are not lost in silence.
        if gauges.iter().any(Gauge::is_lost) { Err(PutRefusal::Series) } else { Ok(gauges) }
    }

    /// Measures now.
    pub fn record(&self, gauge: &Gauge, value: f64) {
        self.record_in(gauge, self.minute(), value);
    }

    /// By minutes since 1970: of several values of one request, the clock is read once.
    pub fn minute(&self) -> u64 {
        self.clock.now_ms() / MINUTE_MS
    }

    pub fn record_in(&self, gauge: &Gauge, minute: u64, value: f64) {
        let Some(recorded) = &gauge.0 else {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let mut minutes = recorded.minutes.lock();
        if minutes.0.len() >= WAITING_MAX {
            minutes.0.remove(0);
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        minutes.of(minute).add(value, 1.0);
    }

    /// Measures in the minute of a time. How much waits is bounded by `put_gauges`.
    pub(crate) fn record_at(&self, gauge: &Gauge, epoch_ms: u64, measured: &Cell) {
        if let Some(recorded) = &gauge.0 {
            recorded.minutes.lock().of(epoch_ms / MINUTE_MS).merge(measured);
        }
    }

    /// The minutes of an hour of a series that are not stored yet.
    pub(crate) fn waiting(&self, id: &SeriesId, hour: u64) -> Vec<(u64, Cell)> {
        let recorded = self.all.read().series.get(id).cloned();
        let of_hour =
            |minutes: &Minutes| minutes.0.iter().filter(|(minute, _)| minute / HOUR_MINUTES == hour).cloned().collect();
        recorded.map(|recorded| of_hour(&recorded.minutes.lock())).unwrap_or_default()
    }

    /// The series that have minutes other than `current`, in parts of one account each: the first parts of all accounts are first. A
    /// series that nothing measures into any more is forgotten.
    pub(crate) fn due(&self, current: Option<u64>) -> Vec<Due> {
        let mut accounts: HashMap<String, Due> = HashMap::new();
        {
            let mut all = self.all.write();
            // Without a gauge, and without minutes.
            all.series.retain(|_, own| Arc::strong_count(own) > 1 || !own.minutes.lock().0.is_empty());
            all.accounts.clear();
            let All { series, accounts: counts } = &mut *all;
            for recorded in series.values() {
                *counts.entry(recorded.series.account.clone()).or_default() += 1;
            }
        }
        for (id, recorded) in &self.all.read().series {
            if recorded.minutes.lock().0.iter().any(|(minute, _)| Some(*minute) != current) {
                accounts.entry(recorded.series.account.clone()).or_default().push((*id, Arc::clone(recorded)));
            }
        }
        let mut parts: Vec<(usize, Due)> = Vec::new();
        for mut due in accounts.into_values() {
            for number in 0.. {
                let rest = due.split_off(due.len().min(DUE_SERIES));
                if due.is_empty() {
                    break;
                }
                parts.push((number, std::mem::replace(&mut due, rest)));
            }
        }
        parts.sort_by_key(|(number, _)| *number);
        parts.into_iter().map(|(_, due)| due).collect()
    }

    /// Counts what callers have put and what waits.
    pub(crate) fn settle(&self) {
        let all = self.all.read();
        let waiting = |id: &SeriesId| all.series.get(id).map_or(0, |recorded| recorded.minutes.lock().bytes());
        self.put.lock().settle(self.minute() / HOUR_MINUTES, waiting);
    }

    pub(crate) fn unit(&self, id: &SeriesId) -> Option<String> {
        self.all.read().series.get(id).map(|recorded| recorded.series.unit.clone())
    }

    /// Those of an account and a region.
    pub fn series_of(&self, account: &str, region: &str) -> Vec<Series> {
        let all = self.all.read();
        let series = all.series.values().map(|recorded| &recorded.series);
        series.filter(|series| series.account == account && series.region == region).cloned().collect()
    }

    /// What was measured and is nowhere: values of too many series, and minutes that could not be stored for too long.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

impl All {
    /// The series, which is new if there is room for it.
    fn recorded(&mut self, id: SeriesId, series: Series, series_max: usize) -> Option<Arc<Recorded>> {
        if let Some(found) = self.series.get(&id) {
            return Some(Arc::clone(found));
        }
        let own = self.accounts.get(&series.account).copied().unwrap_or_default();
        if !has_room(own, self.series.len(), series_max, 1) {
            return None;
        }
        *self.accounts.entry(series.account.clone()).or_default() += 1;
        let recorded = Arc::new(Recorded { series, minutes: Mutex::default() });
        self.series.insert(id, Arc::clone(&recorded));
        Some(recorded)
    }
}

impl Recorded {
    /// Takes all minutes but `current`, which is being measured. One that a clock was set back from is taken as well.
    pub(crate) fn take(&self, current: Option<u64>) -> Vec<(u64, Cell)> {
        let mut minutes = self.minutes.lock();
        let (kept, taken) =
            std::mem::take(&mut minutes.0).into_iter().partition(|(minute, _)| Some(*minute) == current);
        minutes.0 = kept;
        taken
    }

    /// Puts back what could not be stored.
    pub(crate) fn put_back(&self, taken: Vec<(u64, Cell)>) {
        let mut minutes = self.minutes.lock();
        for (minute, cell) in taken {
            minutes.of(minute).merge(&cell);
        }
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("series", &self.all.read().series.len()).finish_non_exhaustive()
    }
}

impl Minutes {
    fn of(&mut self, minute: u64) -> &mut Cell {
        // Mostly it is the last one. Clocks are set back, too.
        let at = match self.0.iter().rposition(|(own, _)| *own <= minute) {
            Some(at) if self.0[at].0 == minute => at,
            before => {
                let at = before.map_or(0, |before| before + 1);
                self.0.insert(at, (minute, Cell::default()));
                at
            }
        };
        &mut self.0[at].1
    }

    fn bytes(&self) -> usize {
        self.0.iter().map(|(_, cell)| cell_bytes(cell)).sum()
    }
}

/// What a minute takes in memory.
pub(crate) fn cell_bytes(cell: &Cell) -> usize {
    MINUTE_BYTES + cell.bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(metric: &str) -> Series {
        Series::of_dynamodb("1", "r", metric, &[])
    }

    #[test]
    fn values_are_of_their_minutes() {
        let (clock, hand) = Clock::manual(10 * MINUTE_MS);
        let recorder = Recorder::new(clock, 2);
        let gauge = recorder.gauge(series("a"));
        let counts = |minutes: &[(u64, Cell)]| -> Vec<(u64, f64)> {
            minutes.iter().map(|(minute, cell)| (*minute, cell.count)).collect()
        };
        recorder.record(&gauge, 1.0);
        recorder.record(&gauge, 1.0);
        hand.advance_ms(2 * MINUTE_MS);
        recorder.record(&gauge, 1.0);
        hand.set_ms(11 * MINUTE_MS);
        recorder.record(&gauge, 1.0);
        let id = series("a").id();
        assert_eq!(counts(&recorder.waiting(&id, 0)), [(10, 2.0), (11, 1.0), (12, 1.0)]);
        let (_, recorded) = recorder.due(Some(11)).concat().pop().unwrap();
        let taken = recorded.take(Some(11));
        assert_eq!(counts(&taken), [(10, 2.0), (12, 1.0)], "all but the one that is being measured");
        recorder.record(&gauge, 1.0);
        recorded.put_back(taken);
        assert_eq!(counts(&recorder.waiting(&id, 0)), [(10, 2.0), (11, 2.0), (12, 1.0)]);
        assert_eq!(counts(&recorder.waiting(&id, 1)), []);
    }

    fn forget(recorder: &Recorder) {
        for _ in 0..2 {
            recorder.due(None).concat().iter().for_each(|(_, recorded)| drop(recorded.take(None)));
        }
    }

    /// As failing requests in regions of any names did.
    #[test]
    fn an_account_leaves_series_to_others() {
        let recorder = Recorder::new(Clock::manual(0).0, 10);
        let of = |account: &str, region: usize| {
            recorder.gauge(Series::of_dynamodb(account, &format!("r{region}"), "UserErrors", &[]))
        };
        let own = (0..100).filter(|region| !of("1", *region).is_lost()).count();
        let others = (0..100).filter(|region| !of("2", *region).is_lost()).count();
        assert_eq!((own, others), (5, 3));
        forget(&recorder);
        assert!(!of("2", 200).is_lost());
    }

    #[test]
    fn accounts_are_due_in_turn() {
        let recorder = Recorder::new(Clock::manual(0).0, 10_000);
        for (account, count) in [("1", 3 * DUE_SERIES), ("2", 1), ("3", DUE_SERIES + 1)] {
            for metric in 0..count {
                recorder.record(&recorder.gauge(Series::of_dynamodb(account, "r", &metric.to_string(), &[])), 1.0);
            }
        }
        let due = recorder.due(None);
        let accounts: Vec<&str> = due.iter().map(|part| &*part[0].1.series.account).collect();
        assert_eq!(due.iter().map(Vec::len).sum::<usize>(), 4 * DUE_SERIES + 2);
        let mut first = accounts[..3].to_vec();
        first.sort_unstable();
        assert_eq!((first, accounts.len()), (vec!["1", "2", "3"], 6), "{accounts:?}");
        assert!(recorder.due(Some(0)).is_empty(), "the minute that is being measured");
    }

    #[test]
    fn series_beyond_the_most_lose_their_values() {
        let recorder = Recorder::new(Clock::manual(0).0, 1);
        let first = recorder.gauge(series("a"));
        let second = recorder.gauge(series("b"));
        recorder.record(&second, 1.0);
        assert_eq!(recorder.lost(), 1);
        recorder.record(&first, 1.0);
        drop(first);
        forget(&recorder);
        let third = recorder.gauge(series("c"));
        recorder.record(&third, 1.0);
        assert_eq!(recorder.lost(), 1, "a series without a gauge makes room");
        assert_eq!(recorder.series_of("1", "r"), [series("c")]);
    }
}
