//! One shard's way to the function: read, filter, part into lanes, invoke, and save how far all of it is done.

use std::sync::Arc;
use std::time::Duration;

use client::Reservation;
use ops::allowance;
use ops::follow::{Batch as Read, Bounds, ConsumerLease, Cursor, FollowError};
use serde_json::Value;
use tokio::task::{JoinError, JoinSet};

use super::failure_record::{self, Answered, Origin};
use super::filter::Fit;
use super::function::is_url;
use super::lane::{Batch, Condition, Ended, Entry, Lane, Step};
use super::progress::Progress;
use super::receivers::{ANSWER_RECORD_BYTES, Invoked, Sent, not_invoked};
use super::runner::Delivery;
use super::{event, lane};
use crate::follow::backoff;

/// How often a shard is asked for new records. Source: Lambda Developer Guide, "Polling and batching streams".
/// Unit: milliseconds.
const POLL_INTERVAL_MS: u64 = 250;
/// Records that are read at once.
const READ: Bounds = Bounds { records_max: 1000, bytes_max: 1 << 20 };
/// No more is read while more than this is under way. Unit: bytes.
const UNDER_WAY_BYTES_MAX: usize = 2 * lane::EVENT_SIZE_BYTES_MAX;
/// Less memory than this is not worth a read. Unit: bytes.
const READ_MEMORY_MIN: u64 = 64 << 10;
/// How often a damaged record is looked at again. Unit: milliseconds.
const DAMAGED_INTERVAL_MS: u64 = 10_000;
/// How soon records are read again for which there was no memory: the first time, and at most. Unit: milliseconds.
const NO_ROOM_FIRST_MS: u64 = POLL_INTERVAL_MS;
const NO_ROOM_LONGEST_MS: u64 = 8_000;

/// What a record costs beside its JSON. Unit: bytes.
const RECORD_BYTES: usize = 256;

const FAILED: &str = "PROBLEM: Function call failed";
/// For the log.
const NOT_ALLOWED: &str = "allow it with --allow-arn";
const NOT_SENT: &str = "PROBLEM: A record could not be sent to the on-failure destination";

pub(super) struct Shard {
    delivery: Arc<Delivery>,
    lease: ConsumerLease,
    shard: u32,
    shard_id: String,
    lanes: Vec<Worked>,
    progress: Progress<Cursor>,
    saved: Cursor,
    /// Whether there is nothing more to be read.
    ended: bool,
    read_again_ms: u64,
    /// The last read ended for want of memory.
    lacks_room: bool,
    no_room_ms: u64,
    /// Bytes of records under way.
    bytes: usize,
    /// What they cost.
    memory: Reservation,
    /// The log has a line about records that cost too much to filter.
    is_warned_of_cost: bool,
}

/// A lane, and what is going on with it.
struct Worked {
    lane: Lane,
    busy: bool,
    answered: Option<Answered>,
}

/// What was done for a lane.
enum Done {
    Invoked(Invoked),
    /// The mapping may not read the stream any more, and may not deliver what it has read.
    Denied,
    Discarded,
}

type Work = JoinSet<(usize, Done)>;

impl Shard {
    pub(super) fn new(delivery: Arc<Delivery>, lease: ConsumerLease, cursor: Cursor) -> Shard {
        let settings = &delivery.mapping.settings;
        let worked = || Worked { lane: Lane::new(settings.rules()), busy: false, answered: None };
        let shard_id = delivery.triggers.service.shard_id(delivery.mapping.table_id, cursor.shard);
        let memory = delivery.triggers.memory.nothing(&delivery.mapping.holder());
        Shard {
            lanes: (0..settings.parallelization_factor.max(1)).map(|_| worked()).collect(),
            shard: cursor.shard,
            shard_id,
            progress: Progress::new(cursor),
            saved: cursor,
            ended: false,
            read_again_ms: 0,
            lacks_room: false,
            no_room_ms: NO_ROOM_FIRST_MS,
            bytes: 0,
            memory,
            is_warned_of_cost: false,
            delivery,
            lease,
        }
    }

    /// Runs until the whole shard is delivered.
    pub(super) async fn run(mut self) -> Result<(), FollowError> {
        let ended = self.run_to_the_end().await;
        self.delivery.counts.waits(self.shard, None);
        ended
    }

    async fn run_to_the_end(&mut self) -> Result<(), FollowError> {
        let mut work = Work::new();
        loop {
            let can_read = !self.ended && self.has_room();
            if can_read && self.read_again_ms <= self.now_ms() {
                self.read().await?;
            }
            let now_ms = self.now_ms();
            let work_ms = self.begin_work(&mut work, now_ms);
            self.delivery.counts.waits(self.shard, self.progress.oldest_ms());
            self.save().await?;
            if self.ended && work.is_empty() && self.lanes.iter().all(|worked| worked.lane.is_empty()) {
                return self.save_end().await;
            }
            let read_ms = (!self.ended && self.has_room()).then_some(self.read_again_ms);
            let wake_ms = work_ms.into_iter().chain(read_ms).min();
            tokio::select! {
                Some(done) = work.join_next() => self.finish(done).await?,
                () = sleep_until(wake_ms, now_ms) => {}
            }
        }
    }

    fn now_ms(&self) -> u64 {
        self.delivery.triggers.clock.now_ms()
    }

    fn has_room(&self) -> bool {
        let records: usize = self.lanes.iter().map(|worked| worked.lane.len()).sum();
        let batch_size = self.delivery.mapping.settings.rules().batch_size_max;
        self.bytes < UNDER_WAY_BYTES_MAX && records < 2 * batch_size * self.lanes.len()
    }

    async fn read(&mut self) -> Result<(), FollowError> {
        let room = self.memory.room();
        self.lacks_room = room < READ_MEMORY_MIN;
        if self.lacks_room || !self.delivery.is_permitted().await {
            self.read_again_ms = self.now_ms().saturating_add(POLL_INTERVAL_MS);
            return Ok(());
        }
        let delivery = Arc::clone(&self.delivery);
        // Until what was read is reserved.
        let _reading = delivery.triggers.memory.read().await;
        let (service, consumer) = (&self.delivery.triggers.service, self.delivery.mapping.consumer());
        let bytes_max = READ.bytes_max.min(usize::try_from(room / 2).unwrap_or(usize::MAX));
        let read = match service.poll_changes(&consumer, self.progress.end(), Bounds { bytes_max, ..READ }).await {
            // Ending here would end the lanes of all other shards with this one.
            Err(FollowError::Damaged(text)) => {
                self.delivery.counts.failed();
                let title = self.delivery.mapping.title();
                log::error!(event = "delivery_stalled", mapping = self.delivery.mapping.uuid.as_str(); "{title} waits before a damaged record: {text}");
                self.read_again_ms = self.now_ms().saturating_add(DAMAGED_INTERVAL_MS);
                return Ok(());
            }
            read => read?,
        };
        if read.lost > 0 {
            self.delivery.counts.lost(read.lost);
            log::error!(
                event = "changes_lost", mapping = self.delivery.mapping.uuid.as_str(), count = read.lost;
                "{} has lost records: they became older than 24 hours", self.delivery.mapping.title()
            );
        }
        let is_work = read.changes.len() > 1 || !(read.changes.is_empty() || self.delivery.filters.is_empty());
        let count = match is_work {
            // Others have the processors meanwhile.
            true => allowance::heavy(READ.bytes_max, async { self.part(&read) }).await,
            false => self.part(&read),
        };
        self.lacks_room = count < read.changes.len();
        self.progress.read_to(read.cursor_after(count));
        self.ended = read.ended && count == read.changes.len();
        let pause_ms = match (count, read.changes.len()) {
            (_, 0) => POLL_INTERVAL_MS,
            (0, _) => {
                let pause_ms = self.no_room_ms;
                self.no_room_ms = (pause_ms * 2).min(NO_ROOM_LONGEST_MS);
                pause_ms
            }
            (count, all) => {
                self.no_room_ms = NO_ROOM_FIRST_MS;
                if count == all { 0 } else { POLL_INTERVAL_MS }
            }
        };
        self.read_again_ms = self.now_ms().saturating_add(pause_ms);
        Ok(())
    }

    /// Puts what fits the filters into its lanes, as far as there is memory for it; returns how many records that are.
    fn part(&mut self, read: &Read) -> usize {
        let (now_ms, delivery) = (self.now_ms(), Arc::clone(&self.delivery));
        for (at, change) in read.changes.iter().enumerate() {
            let json = event::record(&change.record, &delivery.mapping.event_source_arn);
            match delivery.filters.fit(&json) {
                Fit::Yes => {}
                Fit::No => continue,
                // The function can look for itself; a record that is left out would be lost.
                Fit::TooCostly => self.warn_of_cost(),
            }
            if !self.memory.try_grow(cost(1, json.len())) {
                return at;
            }
            let shown = change.record.dynamodb.as_ref();
            let entry = Entry {
                place: self.progress.open(read.cursor_after(at), change.created_ms),
                sequence_number: shown.and_then(|shown| shown.sequence_number.clone()).unwrap_or_default(),
                created_ms: change.created_ms,
                json,
            };
            self.bytes += entry.json.len();
            let lane = u64::from_be_bytes(*change.item.first_chunk().unwrap_or(&[0; 8])) % self.lanes.len() as u64;
            self.lanes[lane as usize].lane.push(entry, now_ms);
        }
        read.changes.len()
    }

    fn warn_of_cost(&mut self) {
        if std::mem::replace(&mut self.is_warned_of_cost, true) {
            return;
        }
        log::warn!(
            event = "filter_too_costly", mapping = self.delivery.mapping.uuid.as_str();
            "a record takes more work than filters may cause, and {} has it unfiltered, as the next ones like it: name fewer rules, \
             or smaller attributes", self.delivery.mapping.title()
        );
    }

    /// Does for each lane what it wants; says when one of them wants something later.
    fn begin_work(&mut self, work: &mut Work, now_ms: u64) -> Option<u64> {
        let mut wake_ms = None;
        for (at, worked) in self.lanes.iter_mut().enumerate().filter(|(_, worked)| !worked.busy) {
            match worked.lane.next(now_ms) {
                Step::Idle => {}
                Step::Wait { until_ms } => wake_ms = Some(wake_ms.map_or(until_ms, |other: u64| other.min(until_ms))),
                Step::Invoke(batch) => {
                    let (delivery, batch) = (Arc::clone(&self.delivery), batch.clone());
                    work.spawn(async move { (at, invoke(&delivery, &batch).await) });
                    worked.busy = true;
                }
                Step::Discard(batch, condition) => {
                    let answered = worked.answered.clone().filter(|_| batch.invocations > 0);
                    let document =
                        document(&self.delivery, &self.shard_id, batch, condition, answered.as_ref(), now_ms);
                    let delivery = Arc::clone(&self.delivery);
                    work.spawn(async move {
                        discard(&delivery, &document).await;
                        (at, Done::Discarded)
                    });
                    worked.busy = true;
                }
            }
        }
        wake_ms
    }

    async fn finish(&mut self, done: Result<(usize, Done), JoinError>) -> Result<(), FollowError> {
        let (at, done) = done.map_err(|_| FollowError::Failed("an invocation broke off".to_owned()))?;
        let now_ms = self.now_ms();
        let worked = &mut self.lanes[at];
        worked.busy = false;
        let (records_before, before) = (worked.lane.len(), worked.lane.bytes());
        let (places, result) = match done {
            Done::Invoked(invoked) => {
                worked.answered = invoked.answered;
                if invoked.problem.is_some() {
                    self.delivery.counts.failed();
                }
                let result = match invoked.problem {
                    None => "OK".to_owned(),
                    // Lambda's own words. Why is in the log alone.
                    Some(_) => FAILED.to_owned(),
                };
                let places = worked.lane.ended(invoked.ended, now_ms);
                self.delivery.counts.delivered(places.len());
                (places, Some(result))
            }
            Done::Denied => (worked.lane.ended(Ended::NotInvoked, now_ms), None),
            Done::Discarded => (worked.lane.discarded(), None),
        };
        let (records, bytes) = (records_before - worked.lane.len(), before - worked.lane.bytes());
        self.bytes -= bytes;
        if records > 0 {
            self.memory.shrink(cost(records, bytes));
            if self.lacks_room {
                // There is room now for what was not read, or was read in vain.
                self.read_again_ms = self.read_again_ms.min(now_ms);
            }
        }
        self.progress.close(&places);
        if let Some(result) = result {
            self.delivery.tell(&result).await;
        }
        Ok(())
    }

    async fn save(&mut self) -> Result<(), FollowError> {
        let checkpoint = self.progress.checkpoint();
        if checkpoint != self.saved {
            self.save_at(checkpoint).await?;
        }
        Ok(())
    }

    /// The end of an empty shard is worth a row, too: its children wait for it.
    async fn save_end(&mut self) -> Result<(), FollowError> {
        let end = self.progress.end();
        self.save_at(end).await
    }

    async fn save_at(&mut self, cursor: Cursor) -> Result<(), FollowError> {
        let consumer = self.delivery.mapping.consumer();
        self.delivery.triggers.service.checkpoint(&consumer, &self.lease, cursor).await?;
        self.saved = cursor;
        Ok(())
    }
}

/// Waits until a time; without one it never returns.
async fn sleep_until(time_ms: Option<u64>, now_ms: u64) {
    match time_ms {
        Some(time_ms) => tokio::time::sleep(Duration::from_millis(time_ms.saturating_sub(now_ms))).await,
        None => std::future::pending().await,
    }
}

/// The memory that records need until they are done: once as they wait, once in the event of their batch, and what an answer
/// may say of each.
fn cost(records: usize, json_bytes: usize) -> u64 {
    (2 * json_bytes + records * (RECORD_BYTES + ANSWER_RECORD_BYTES)) as u64
}

async fn invoke(delivery: &Delivery, batch: &Batch) -> Done {
    // Held during the call; the event is made once the call is reserved.
    let _call = client::reserve_call(&delivery.mapping.holder()).await;
    if !delivery.is_permitted().await {
        return Done::Denied;
    }
    let event = event::event(batch.entries.iter().map(|entry| &entry.json));
    let mapping = &delivery.mapping;
    // A name alone would be a function of the account that the server's keys belong to.
    let by_arn = !delivery.triggers.service.service_arns().is_open();
    let invoked = match is_allowed(delivery, &mapping.function_arn) {
        true => delivery.triggers.places.invoke(mapping, batch, event.into(), by_arn).await,
        false => not_invoked(format!(
            "{} is not allowed to account {}: {NOT_ALLOWED}",
            mapping.function_arn, mapping.account
        )),
    };
    if let Some(problem) = &invoked.problem
        && let Some(held_back) = delivery.lines.failed.pass()
    {
        log::warn!(event = "delivery_failed", mapping = delivery.mapping.uuid.as_str(), held_back = held_back; "{} retries: {problem}", mapping.title());
    }
    Done::Invoked(invoked)
}

/// Whether a mapping's account may have a function or a queue called: the operator's rules may be others than when it was made.
/// URLs are checked where they are called.
fn is_allowed(delivery: &Delivery, name: &str) -> bool {
    is_url(name) || delivery.triggers.service.service_arns().allows(&delivery.mapping.account, name)
}

fn document(
    delivery: &Delivery,
    shard_id: &str,
    batch: &Batch,
    condition: Condition,
    answered: Option<&Answered>,
    now_ms: u64,
) -> Value {
    let mapping = &delivery.mapping;
    let origin = Origin { function_arn: &mapping.function_arn, stream_arn: &mapping.event_source_arn, shard_id };
    failure_record::document(&origin, batch, condition, answered, now_ms)
}

/// Sends the failure record of discarded records to the on-failure destination, if there is one: until it accepts or refuses it.
async fn discard(delivery: &Delivery, document: &Value) {
    let uuid = &delivery.mapping.uuid;
    if let Some(held_back) = delivery.lines.discarded.pass() {
        log::warn!(event = "records_discarded", mapping = uuid.as_str(), held_back = held_back; "{} discards records: {document}", delivery.mapping.title());
    }
    let Some(destination) = &delivery.mapping.settings.on_failure else { return };
    if !is_allowed(delivery, destination) {
        log_refusal(
            delivery,
            format_args!("the on-failure destination of {} is not allowed: {NOT_ALLOWED}", delivery.mapping.title()),
        );
        return delivery.tell(NOT_SENT).await;
    }
    let mut backoff = backoff();
    loop {
        let holder = delivery.mapping.holder();
        let call = client::reserve_call(&holder).await;
        let sent = delivery.triggers.places.tell(destination, delivery.mapping.queue_region(), document, &holder).await;
        drop(call);
        match sent {
            Sent::Done => return,
            Sent::Refused(why) => {
                log_refusal(
                    delivery,
                    format_args!("the on-failure destination of {} refuses a record: {why}", delivery.mapping.title()),
                );
                return delivery.tell(NOT_SENT).await;
            }
            Sent::Later(why) => {
                log::warn!(event = "failure_record_delayed", mapping = uuid.as_str(); "a record is sent again to the on-failure destination of {}: {why}", delivery.mapping.title());
                delivery.tell(NOT_SENT).await;
            }
        }
        backoff.pause().await;
    }
}

fn log_refusal(delivery: &Delivery, text: std::fmt::Arguments<'_>) {
    if let Some(held_back) = delivery.lines.refused.pass() {
        log::error!(event = "failure_record_refused", mapping = delivery.mapping.uuid.as_str(), held_back = held_back; "{text}");
    }
}
