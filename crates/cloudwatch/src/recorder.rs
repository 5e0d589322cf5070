//! The minutes of this process that are not stored yet.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base::Clock;
use parking_lot::{Mutex, RwLock};

use crate::MINUTE_MS;
use crate::cell::Cell;
use crate::contributors::Tally;
use crate::series::{Series, SeriesId};

/// Minutes of a series that wait to be stored, while that fails: older ones are lost.
const WAITING_MAX: usize = 180;

/// An account may put this part of all series.
const PUT_SHARE: usize = 10;

/// What is measured into. It takes values of any number of threads.
pub struct Recorder {
    clock: Clock,
    series_max: usize,
    all: RwLock<HashMap<SeriesId, Arc<Recorded>>>,
    /// Those that callers have put, by account: an account has a share of the series, for as long as the program runs.
    put: Mutex<HashMap<String, HashSet<SeriesId>>>,
    /// Values of series beyond the most that there may be, and minutes that could not be stored for too long.
    lost: AtomicU64,
    /// The keys of Contributor Insights.
    contributors: Tally,
}

/// A series to measure into.
#[derive(Clone)]
pub struct Gauge(Option<Arc<Recorded>>);

/// A series with minutes that were taken from it.
pub(crate) type Taken = (SeriesId, Arc<Recorded>, Vec<(u64, Cell)>);

pub(crate) struct Recorded {
    pub series: Series,
    minutes: Mutex<Minutes>,
}

/// In the order of time, by minutes since 1970: the last one is being measured.
#[derive(Default)]
struct Minutes(Vec<(u64, Cell)>);

impl Recorder {
    /// Of at most so many series at once.
    pub fn new(clock: Clock, series_max: usize) -> Recorder {
        let (all, put, lost, contributors) = Default::default();
        Recorder { clock, series_max, all, put, lost, contributors }
    }

    pub fn contributors(&self) -> &Tally {
        &self.contributors
    }

    /// The series; one that loses what it is given if there are too many.
    pub fn gauge(&self, series: Series) -> Gauge {
        let id = series.id();
        if let Some(found) = self.all.read().get(&id) {
            return Gauge(Some(Arc::clone(found)));
        }
        let mut all = self.all.write();
        if !all.contains_key(&id) && all.len() >= self.series_max {
            return Gauge(None);
        }
        let recorded = all.entry(id).or_insert_with(|| Arc::new(Recorded { series, minutes: Mutex::default() }));
        Gauge(Some(Arc::clone(recorded)))
    }

    /// Series that callers put; none, and nothing is changed, if their account has its share of series.
    pub(crate) fn put_gauges(&self, account: &str, all: Vec<Series>) -> Option<Vec<Gauge>> {
        {
            let mut put = self.put.lock();
            let own = put.entry(account.to_owned()).or_default();
            let ids: HashSet<SeriesId> = all.iter().map(Series::id).collect();
            if own.union(&ids).count() > self.series_max / PUT_SHARE {
                return None;
            }
            own.extend(ids);
        }
        Some(all.into_iter().map(|series| self.gauge(series)).collect())
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
        self.add(gauge, minute, |cell| cell.add(value, 1.0));
    }

    /// Measures in the minute of a time.
    pub(crate) fn record_at(&self, gauge: &Gauge, epoch_ms: u64, measured: &Cell) {
        self.add(gauge, epoch_ms / MINUTE_MS, |cell| cell.merge(measured));
    }

    fn add(&self, gauge: &Gauge, minute: u64, add: impl FnOnce(&mut Cell)) {
        let Some(recorded) = &gauge.0 else {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let mut minutes = recorded.minutes.lock();
        if minutes.0.len() >= WAITING_MAX {
            minutes.0.remove(0);
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        add(minutes.of(minute));
    }

    /// The minutes of a series that are not stored yet.
    pub(crate) fn waiting(&self, id: &SeriesId) -> Vec<(u64, Cell)> {
        let recorded = self.all.read().get(id).cloned();
        recorded.map(|recorded| recorded.minutes.lock().0.clone()).unwrap_or_default()
    }

    /// Takes all minutes before this one. A series that nothing measures into any more is forgotten.
    pub(crate) fn take_before(&self, minute: u64) -> Vec<Taken> {
        // Without a gauge, and without minutes.
        self.all.write().retain(|_, recorded| Arc::strong_count(recorded) > 1 || !recorded.minutes.lock().0.is_empty());
        let all: Vec<(SeriesId, Arc<Recorded>)> =
            self.all.read().iter().map(|(id, recorded)| (*id, Arc::clone(recorded))).collect();
        let take = |(id, recorded): (SeriesId, Arc<Recorded>)| {
            let taken = recorded.minutes.lock().take_before(minute);
            (id, recorded, taken)
        };
        all.into_iter().map(take).filter(|(_, _, taken)| !taken.is_empty()).collect()
    }

    /// Puts back what could not be stored.
    pub(crate) fn put_back(&self, recorded: &Recorded, taken: Vec<(u64, Cell)>) {
        let mut minutes = recorded.minutes.lock();
        for (minute, cell) in taken {
            minutes.of(minute).merge(&cell);
        }
    }

    pub(crate) fn unit(&self, id: &SeriesId) -> Option<String> {
        self.all.read().get(id).map(|recorded| recorded.series.unit.clone())
    }

    pub(crate) fn all_series(&self) -> Vec<Series> {
        self.all.read().values().map(|recorded| recorded.series.clone()).collect()
    }

    /// What was measured and is nowhere: values of too many series, and minutes that could not be stored for too long.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("series", &self.all.read().len()).finish_non_exhaustive()
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

    fn take_before(&mut self, minute: u64) -> Vec<(u64, Cell)> {
        let count = self.0.iter().take_while(|(own, _)| *own < minute).count();
        self.0.drain(..count).collect()
    }
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
        assert_eq!(counts(&recorder.waiting(&id)), [(10, 2.0), (11, 1.0), (12, 1.0)]);
        let (_, recorded, taken) = recorder.take_before(12).pop().unwrap();
        assert_eq!(counts(&taken), [(10, 2.0), (11, 1.0)]);
        recorder.record(&gauge, 1.0);
        recorder.put_back(&recorded, taken);
        assert_eq!(counts(&recorder.waiting(&id)), [(10, 2.0), (11, 2.0), (12, 1.0)]);
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
        drop(recorder.take_before(5));
        drop(recorder.take_before(5));
        let third = recorder.gauge(series("c"));
        recorder.record(&third, 1.0);
        assert_eq!(recorder.lost(), 1, "a series without a gauge makes room");
        assert_eq!(recorder.all_series(), [series("c")]);
    }
}
