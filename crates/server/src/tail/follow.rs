//! The loop: the next shard, a page of it, its lines, until an end comes.

use std::io::{self, ErrorKind, Write};
use std::time::{Duration, Instant};

use base::Clock;
use client::Failure;
use serde_json::Value;

use super::shards::{Place, Shards, Start};
use super::streams::{Page, Refusal, Streams};
use super::{line, say};

/// Source: API Reference, GetRecords, Limit.
const PAGE_RECORDS_MAX: u64 = 1_000;
/// Between rounds that bring nothing.
const IDLE: Duration = Duration::from_millis(200);
/// Shards come without a parent's end, too, and go when they are old.
const DESCRIBED_EVERY: Duration = Duration::from_secs(10);
/// DynamoDB itself gives empty pages before the end of a shard.
const EMPTY_PAGES_SPARSE: u32 = 10;

/// When to stop.
pub(super) struct Ends {
    pub(super) limit: Option<u64>,
    pub(super) at_end: bool,
    /// An empty page does not mean that all has been read.
    pub(super) is_sparse: bool,
}

/// What errors name.
pub(super) struct Hints {
    /// The command that gives the table a stream.
    pub(super) enabling: String,
    /// Where the table was looked for, and for whom: each region and account may have tables of its own.
    pub(super) caller: String,
}

/// What a round has brought.
#[derive(Default)]
struct Round {
    records: u64,
    /// A shard's end, or its loss.
    is_changed: bool,
}

pub(super) struct Follower {
    table: String,
    streams: Streams,
    start: Start,
    shards: Shards,
    ends: Ends,
    hints: Hints,
    clock: Clock,
    arn: String,
    is_disabled: bool,
    printed: u64,
}

enum End {
    /// The reader has closed the pipe.
    Quiet,
    Failure(Failure),
}

impl From<Failure> for End {
    fn from(failure: Failure) -> End {
        End::Failure(failure)
    }
}

impl Follower {
    pub(super) fn new(table: &str, streams: Streams, start: Start, ends: Ends, hints: Hints, clock: Clock) -> Follower {
        let (table, shards) = (table.to_owned(), Shards::new(start));
        let (arn, is_disabled, printed) = (String::new(), false, 0);
        Follower { table, streams, start, shards, ends, hints, clock, arn, is_disabled, printed }
    }

    pub(super) async fn run(mut self) -> Result<(), Failure> {
        match self.follow().await {
            Ok(()) | Err(End::Quiet) => Ok(()),
            Err(End::Failure(failure)) => Err(failure),
        }
    }

    async fn follow(&mut self) -> Result<(), End> {
        self.begin().await?;
        let mut described = Instant::now();
        loop {
            let mut round = Round::default();
            for id in self.shards.readable() {
                self.read(&id, &mut round).await?;
                if self.ends.limit.is_some_and(|limit| self.printed >= limit) {
                    return Ok(());
                }
            }
            if round.is_changed || self.shards.are_finished() || described.elapsed() > DESCRIBED_EVERY {
                self.describe().await?;
                described = Instant::now();
                if round.is_changed {
                    continue;
                }
            }
            if self.is_over() {
                return Ok(());
            }
            if round.records == 0 {
                tokio::time::sleep(IDLE).await;
            }
        }
    }

    /// Finds the stream, and holds the place of all shards before the first record is read.
    async fn begin(&mut self) -> Result<(), Failure> {
        let newest = self.streams.newest(&self.table).await.map_err(|refusal| match refusal {
            Refusal::Exception(exception, _) if exception == "ResourceNotFoundException" => {
                Failure::new(format!("there is no table {} {}", self.table, self.hints.caller))
            }
            refusal => refusal.failure("ListStreams"),
        })?;
        self.arn = newest.ok_or_else(|| self.no_stream())?;
        self.describe().await?;
        if self.is_disabled && matches!(self.start, Start::Now(_)) {
            return Err(self.no_stream());
        }
        let mut round = Round::default();
        for id in self.shards.readable() {
            self.open(&id, &mut round).await?;
        }
        if round.is_changed {
            self.describe().await?;
        }
        if !self.ends.at_end {
            say(format_args!("following {}, {}", self.table, self.arn));
        }
        Ok(())
    }

    fn no_stream(&self) -> Failure {
        Failure::new(format!("{} has no stream; this enables one: {}", self.table, self.hints.enabling))
    }

    async fn describe(&mut self) -> Result<(), Failure> {
        let described = self.streams.describe(&self.arn).await.map_err(|refusal| match refusal {
            Refusal::Exception(exception, _) if exception == "ResourceNotFoundException" => Failure::new(format!(
                "the stream of {} is gone: the table was deleted, or the server has been started anew without its data",
                self.table
            )),
            refusal => refusal.failure("DescribeStream"),
        })?;
        self.is_disabled = described.is_disabled;
        for id in self.shards.learn(&described.shards) {
            say(format_args!("changes in {id} are gone: they were older than what is kept"));
        }
        Ok(())
    }

    /// Whether nothing more is to come, or nothing more is wanted.
    fn is_over(&self) -> bool {
        if self.is_disabled && self.shards.are_finished() {
            say(format_args!("the stream of {} is disabled: no more changes come", self.table));
            return true;
        }
        let empty_pages = if self.ends.is_sparse { EMPTY_PAGES_SPARSE } else { 1 };
        self.ends.at_end && self.shards.are_read(empty_pages)
    }

    /// Prints the next page of a shard.
    async fn read(&mut self, id: &str, round: &mut Round) -> Result<(), End> {
        let Some(iterator) = self.open(id, round).await? else { return Ok(()) };
        let limit = self.ends.limit.map_or(PAGE_RECORDS_MAX, |limit| limit.saturating_sub(self.printed));
        match self.streams.records(&iterator, limit.clamp(1, PAGE_RECORDS_MAX)).await {
            Ok(page) => {
                round.records += page.records.len() as u64;
                round.is_changed |= page.next.is_none();
                self.take(id, page)
            }
            Err(refusal) => Ok(self.refused(id, "GetRecords", refusal, round)?),
        }
    }

    /// The iterator of a shard, if it can have one now.
    async fn open(&mut self, id: &str, round: &mut Round) -> Result<Option<String>, Failure> {
        let Some(shard) = self.shards.get(id) else { return Ok(None) };
        if shard.iterator.is_none() {
            // A clock that was set back must not ask for what is still to come.
            let place = match &shard.place {
                Place::Since(ms) => Place::Since((*ms).min(self.clock.now_ms())),
                place => place.clone(),
            };
            match self.streams.iterator(&self.arn, id, &place).await {
                Ok(iterator) => shard.opened(iterator),
                Err(refusal) => {
                    self.refused(id, "GetShardIterator", refusal, round)?;
                    return Ok(None);
                }
            }
        }
        Ok(self.shards.get(id).and_then(|shard| shard.iterator.clone()))
    }

    fn take(&mut self, id: &str, page: Page) -> Result<(), End> {
        let mut lines = Vec::new();
        page.records.iter().for_each(|record| line::write(record, id, &mut lines));
        print(&lines)?;
        self.printed += page.records.len() as u64;
        let sequence = |record: &Value| record["dynamodb"]["SequenceNumber"].as_str().map(str::to_owned);
        if let Some(shard) = self.shards.get(id) {
            shard.turned(page.records.last().and_then(sequence), page.next);
        }
        Ok(())
    }

    /// A shard that was refused is tried once more, after a look at what there is.
    fn refused(&mut self, id: &str, what: &str, refusal: Refusal, round: &mut Round) -> Result<(), Failure> {
        let Some(shard) = self.shards.get(id) else { return Ok(()) };
        let Refusal::Exception(exception, _) = &refusal else { return Err(refusal.failure(what)) };
        match exception.as_str() {
            "ExpiredIteratorException" => shard.lost(),
            "TrimmedDataAccessException" => {
                say(format_args!("some changes in {id} are gone: they were older than what is kept"));
                shard.trimmed();
            }
            "ResourceNotFoundException" | "ValidationException" if !shard.is_refused => {
                shard.is_refused = true;
                shard.lost();
                round.is_changed = true;
            }
            _ => return Err(refusal.failure(what)),
        }
        Ok(())
    }
}

/// Prints and sends off whole lines.
fn print(lines: &[u8]) -> Result<(), End> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(lines).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(End::Quiet),
        Err(error) => Err(Failure::new(format!("cannot print: {error}")).into()),
    }
}
