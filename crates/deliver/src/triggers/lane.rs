//! A lane: records that reach a function in their order, a batch at a time, and what becomes of a batch that fails.
//!
//! A pure state machine: its inputs are records and the outcomes of invocations, its output is the next step. Records of
//! one partition key are always in one lane, so that their order is preserved whatever other lanes do. Within a lane nothing
//! overtakes a batch that fails: it is retried until it succeeds or is discarded. Source: Lambda Developer Guide, "Polling
//! and batching streams" and "Error handling" of DynamoDB event sources.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;

use super::answer::Processed;

/// The largest event that a function is invoked with. Unit: bytes. Source: Lambda quotas, synchronous invocation.
pub(crate) const EVENT_SIZE_BYTES_MAX: usize = 6 * 1024 * 1024;
/// The event around its records, and a comma for each of the most records.
const EVENT_FRAME_BYTES: usize = 12 + 10_000;

/// The pause after a first failure; it doubles with each further one.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// A record on its way to a function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    /// Grows with each record that is read of a shard.
    pub place: u64,
    pub sequence_number: String,
    pub created_ms: u64,
    /// The record as the event has it.
    pub json: Bytes,
}

/// What a mapping says of its batches.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Rules {
    /// Records.
    pub batch_size_max: usize,
    pub window: Duration,
    pub age_max: Duration,
    /// None for no end of them.
    pub retries_max: Option<u32>,
    pub bisect: bool,
}

#[derive(Debug)]
pub(crate) struct Lane {
    rules: Rules,
    /// Batches that have been begun; the first of them is tried now.
    batches: VecDeque<Batch>,
    /// What is gathered for the next one.
    gathered: VecDeque<Entry>,
    gathered_bytes: usize,
    gathering_since_ms: u64,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Batch {
    pub entries: Vec<Entry>,
    /// Times that the function was invoked with its first record.
    pub invocations: u32,
    /// Failures that count against the retries.
    failures: u32,
    /// Failures of any kind in a row.
    pauses: u32,
    not_before_ms: u64,
}

/// Why records are given up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Condition {
    RetryAttemptsExhausted,
    RecordAgeExceeded,
}

/// What a lane wants now.
#[derive(Debug, PartialEq)]
pub(crate) enum Step<'a> {
    /// Invoke the function; the caller reports the outcome by [`Lane::ended`].
    Invoke(&'a Batch),
    /// Discard the batch; the caller reports by [`Lane::discarded`] once the failure record is sent.
    Discard(&'a Batch, Condition),
    /// Nothing before then.
    Wait {
        until_ms: u64,
    },
    Idle,
}

/// How an invocation ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ended {
    Processed(Processed),
    /// The function failed: with all of the batch, as far as one can know.
    Failed,
    /// The function was not reached, or had no room. That does not count against the retries.
    NotInvoked,
}

impl Lane {
    pub(crate) fn new(rules: Rules) -> Lane {
        Lane { rules, batches: VecDeque::new(), gathered: VecDeque::new(), gathered_bytes: 0, gathering_since_ms: 0 }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.batches.is_empty() && self.gathered.is_empty()
    }

    /// Records that are in it.
    pub(crate) fn len(&self) -> usize {
        self.gathered.len() + self.batches.iter().map(|batch| batch.entries.len()).sum::<usize>()
    }

    /// Bytes of them.
    pub(crate) fn bytes(&self) -> usize {
        let of = |entries: &[Entry]| entries.iter().map(|entry| entry.json.len()).sum::<usize>();
        self.gathered_bytes + self.batches.iter().map(|batch| of(&batch.entries)).sum::<usize>()
    }

    pub(crate) fn push(&mut self, entry: Entry, now_ms: u64) {
        if self.gathered.is_empty() {
            self.gathering_since_ms = now_ms;
        }
        self.gathered_bytes += entry.json.len();
        self.gathered.push_back(entry);
    }

    pub(crate) fn next(&mut self, now_ms: u64) -> Step<'_> {
        if self.batches.is_empty() {
            match self.due_ms() {
                None => return Step::Idle,
                Some(due_ms) if due_ms > now_ms => return Step::Wait { until_ms: due_ms },
                Some(_) => self.begin_batch(now_ms),
            }
        }
        self.part_expired(now_ms);
        let Some(batch) = self.batches.front() else { return Step::Idle };
        if let Some(condition) = self.condition(batch, now_ms) {
            return Step::Discard(batch, condition);
        }
        if batch.not_before_ms > now_ms {
            return Step::Wait { until_ms: batch.not_before_ms.min(self.expires_ms(&batch.entries[0])) };
        }
        Step::Invoke(batch)
    }

    /// When what is gathered makes a batch.
    fn due_ms(&self) -> Option<u64> {
        if self.gathered.is_empty() {
            return None;
        }
        let full = self.gathered.len() >= self.rules.batch_size_max
            || self.gathered_bytes + EVENT_FRAME_BYTES >= EVENT_SIZE_BYTES_MAX;
        Some(if full { 0 } else { self.gathering_since_ms.saturating_add(ms(self.rules.window)) })
    }

    /// Takes as many records as an invocation may have, and one at least.
    fn begin_batch(&mut self, now_ms: u64) {
        let (mut entries, mut bytes) = (Vec::new(), EVENT_FRAME_BYTES);
        while let Some(entry) = self.gathered.front() {
            let fits = entries.len() < self.rules.batch_size_max && bytes + entry.json.len() <= EVENT_SIZE_BYTES_MAX;
            if !fits && !entries.is_empty() {
                break;
            }
            bytes += entry.json.len();
            self.gathered_bytes -= entry.json.len();
            entries.extend(self.gathered.pop_front());
        }
        self.gathering_since_ms = now_ms;
        self.batches.push_back(Batch::of(entries, 0, 0));
    }

    /// Records that are too old are given up alone: those behind them may be young enough.
    fn part_expired(&mut self, now_ms: u64) {
        let Some(batch) = self.batches.front_mut() else { return };
        let age_max_ms = ms(self.rules.age_max);
        let expired = batch.entries.iter().take_while(|entry| entry.created_ms.saturating_add(age_max_ms) < now_ms);
        let expired = expired.count();
        if expired > 0 && expired < batch.entries.len() {
            let rest = Batch { entries: batch.entries.split_off(expired), ..batch.clone_counts() };
            self.batches.insert(1, rest);
        }
    }

    fn expires_ms(&self, entry: &Entry) -> u64 {
        entry.created_ms.saturating_add(ms(self.rules.age_max)).saturating_add(1)
    }

    fn condition(&self, batch: &Batch, now_ms: u64) -> Option<Condition> {
        if self.rules.retries_max.is_some_and(|retries_max| batch.failures > retries_max) {
            return Some(Condition::RetryAttemptsExhausted);
        }
        let is_expired = batch.entries.first().is_some_and(|entry| self.expires_ms(entry) <= now_ms);
        is_expired.then_some(Condition::RecordAgeExceeded)
    }

    /// The places of what is done with for good, after an invocation with the first batch.
    pub(crate) fn ended(&mut self, ended: Ended, now_ms: u64) -> Vec<u64> {
        let Some(mut batch) = self.batches.pop_front() else { return Vec::new() };
        let processed = match ended {
            Ended::Processed(Processed::All) => batch.entries.len(),
            Ended::Processed(Processed::Before(first)) => first.min(batch.entries.len()),
            Ended::Failed => 0,
            Ended::NotInvoked => {
                batch.pause(now_ms);
                self.batches.push_front(batch);
                return Vec::new();
            }
        };
        let done = batch.entries.drain(..processed).map(|entry| entry.place).collect();
        if !batch.entries.is_empty() {
            batch.invocations += 1;
            self.fail(batch, processed > 0, now_ms);
        }
        done
    }

    /// Puts a batch that failed back: whole, or in halves. A split does not count against the retries, and a split at the
    /// record that failed is one.
    fn fail(&mut self, mut batch: Batch, is_parted: bool, now_ms: u64) {
        if self.rules.bisect && (is_parted || batch.entries.len() > 1) {
            let half = if is_parted { batch.entries.len() } else { batch.entries.len() / 2 };
            let rest = batch.entries.split_off(half);
            if !rest.is_empty() {
                self.batches.push_front(Batch { entries: rest, ..batch.clone_counts() });
            }
        } else {
            batch.failures += 1;
        }
        if !is_parted {
            batch.pause(now_ms);
        }
        self.batches.push_front(batch);
    }

    /// The first batch was given up: the places of its records.
    pub(crate) fn discarded(&mut self) -> Vec<u64> {
        let batch = self.batches.pop_front();
        batch.into_iter().flat_map(|batch| batch.entries).map(|entry| entry.place).collect()
    }
}

impl Batch {
    fn of(entries: Vec<Entry>, invocations: u32, failures: u32) -> Batch {
        Batch { entries, invocations, failures, pauses: 0, not_before_ms: 0 }
    }

    /// Without its records.
    fn clone_counts(&self) -> Batch {
        Batch::of(Vec::new(), self.invocations, self.failures)
    }

    fn pause(&mut self, now_ms: u64) {
        let pause = PAUSE_MIN.saturating_mul(1 << self.pauses.min(16)).min(PAUSE_MAX);
        self.pauses += 1;
        self.not_before_ms = now_ms.saturating_add(ms(pause));
    }
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
