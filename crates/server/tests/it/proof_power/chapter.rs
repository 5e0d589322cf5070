//! A chapter: servers on one folder, one after the other, and what their clients knew at each moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::bulk::{Bulk, BulkLedger};
use super::disk::{Disk, Loss};
use super::image::Image;
use super::recording::{Layer, Recording};
use super::trace::{self, Event, What};
use crate::client::Client;
use crate::proof_chance::Chance;
use crate::proof_load::{Known, Load};
use crate::test_server::TestServer;

const LOAD: Duration = Duration::from_millis(250);
/// As many large transactions as fill a journal of 64 MB.
const BULK_STEPS: u64 = 46;

pub(super) struct Chapter {
    recording: Recording,
    /// What was in the folder before.
    base: Image,
    /// What was known before `begun`.
    before: Knowing,
    begun: u64,
    /// A moment before the tables were asked for, and one after the answer.
    created: (u64, u64),
    load: Load,
    bulk: Bulk,
    trace: Arc<Vec<u8>>,
    pub(super) events: Vec<Event>,
    ended: Instant,
}

/// What must be there at some moment.
#[derive(Clone)]
pub(super) struct Knowing {
    table: Table,
    known: Known,
    bulk: BulkLedger,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Table {
    Absent,
    Doubtful,
    There,
}

impl Knowing {
    pub(super) fn forget_tokens(&mut self) {
        self.known.forget_tokens();
    }

    pub(super) fn check(&mut self, client: &mut Client) {
        let is_there = Load::finds_table(client);
        assert!(is_there || self.table != Table::There, "the table is gone");
        assert!(!is_there || self.table != Table::Absent, "a table that nobody asked for");
        if is_there {
            self.known.check(client);
        }
        self.bulk.check(client);
    }
}

impl Chapter {
    /// A first start in an empty folder, and another one.
    pub(super) fn first(layer: &Layer, chance: &mut Chance) -> Chapter {
        let mut chapter = Chapter::create(layer, chance);
        let server = chapter.recording.start(layer);
        load_and_stop(&mut chapter.load, server, chance, true);
        chapter.end()
    }

    /// Little more than a start.
    pub(super) fn brief(layer: &Layer, chance: &mut Chance) -> Chapter {
        Chapter::create(layer, chance).end()
    }

    fn new(
        recording: Recording,
        base: Image,
        before: Knowing,
        (begun, created): (u64, (u64, u64)),
        load: Load,
        bulk: Bulk,
    ) -> Chapter {
        let (trace, events, ended) = (Arc::default(), Vec::new(), Instant::now());
        Chapter { recording, base, before, begun, created, load, bulk, trace, events, ended }
    }

    fn create(layer: &Layer, chance: &mut Chance) -> Chapter {
        let recording = Recording::new();
        let mut load = Load::new(0);
        let before = Knowing { table: Table::Absent, known: load.known(), bulk: BulkLedger::default() };
        let server = recording.start(layer);
        let now = recording.moment();
        load.remember(&now);
        let bulk = Bulk::new(BulkLedger::default(), &now);
        let sent = now();
        Load::create_table(&mut server.client());
        let created = (sent, now());
        load_and_stop(&mut load, server, chance, false);
        Chapter::new(recording, Image::default(), before, (0, created), load, bulk)
    }

    /// Begins with what a loss of power in another chapter has left, and fills a journal unless that one did.
    pub(super) fn after_cut(layer: &Layer, last: &Chapter, chance: &mut Chance) -> Chapter {
        let first = last.events.partition_point(|event| event.end < last.begun.max(last.created.1));
        let cut = first + chance.below((last.events.len() - first) as u64) as usize;
        let mut disk = last.disk(None);
        last.events[..=cut].iter().for_each(|event| disk.apply(&event.what));
        let base = disk.image(&mut Loss::Some(Chance::new(chance.next())));
        let before = last.known_at(last.events[cut].end);

        let recording = Recording::new();
        base.write_to(&recording.root);
        let server = recording.start(layer);
        let now = recording.moment();
        let mut found = before.clone();
        found.check(&mut server.client());
        // Far above all that was written so far.
        let mut load = Load::new(1 + (chance.next() >> 24));
        load.resume(found.known);
        load.remember(&now);
        let bulk = Bulk::new(found.bulk, &now);
        let begun = now();
        let mut chapter = Chapter::new(recording, base, before, (begun, (0, 0)), load, bulk);
        load_and_stop(&mut chapter.load, server, chance, false);
        let server = chapter.recording.start(layer);
        if !chapter.bulk.is_begun() {
            chapter.bulk.write(&mut server.client(), BULK_STEPS);
        }
        load_and_stop(&mut chapter.load, server, chance, true);
        // Once everything of a full journal is in tables, it is removed.
        assert_eq!(chapter.recording.start(layer).stop().code(), Some(0));
        chapter.end()
    }

    fn end(mut self) -> Chapter {
        self.ended = Instant::now();
        self.trace = Arc::new(self.recording.trace());
        self.events = trace::read(&self.trace);
        self
    }

    /// The disk as it was before the first event.
    pub(super) fn disk(&self, lies_about: Option<&'static str>) -> Disk {
        Disk::new(&self.recording.root, &self.base, Arc::clone(&self.trace), lies_about)
    }

    /// What must be there if power is lost at that moment of the trace.
    pub(super) fn known_at(&self, moment: u64) -> Knowing {
        if moment < self.begun {
            return self.before.clone();
        }
        let (asked, answered) = self.created;
        let table = match moment {
            _ if answered <= moment => Table::There,
            _ if asked < moment => Table::Doubtful,
            _ => Table::Absent,
        };
        Knowing { table, known: self.load.known_at(moment), bulk: self.bulk.known_at(moment) }
    }

    /// Tokens are remembered for ten minutes; what is checked later cannot use them.
    pub(super) fn has_fresh_tokens(&self) -> bool {
        self.ended.elapsed() < Duration::from_secs(8 * 60)
    }

    /// A disk that has lost nothing is the folder, or the layer has missed something.
    pub(super) fn check_that_all_was_seen(&self) {
        let mut disk = self.disk(None);
        self.events.iter().for_each(|event| disk.apply(&event.what));
        disk.image(&mut Loss::Nothing).check_equal(Image::read(&self.recording.root));
    }

    pub(super) fn summary(&self) -> String {
        const CREATE: u64 = 0o100;
        let count = |is_one: &dyn Fn(&What) -> bool| self.events.iter().filter(|event| is_one(&event.what)).count();
        let makes = |part: &str| {
            let is_one = |what: &What| matches!(what, What::Opened { flags, path, .. } if flags & CREATE != 0 && path.contains(part));
            count(&is_one)
        };
        format!(
            "{} events, {} syncs, {} tables and {} journals written, {} journals removed, {}",
            self.events.len(),
            count(&|what| matches!(what, What::SyncEnded { .. })),
            makes("/tables/"),
            makes(".jnl"),
            count(&|what| matches!(what, What::Removed { path } if path.ends_with(".jnl"))),
            self.load.summary()
        )
    }
}

/// Puts a server under load and stops it, in the middle of the load or after it.
fn load_and_stop(load: &mut Load, server: TestServer, chance: &mut Chance, in_the_middle: bool) {
    let go_on = AtomicBool::new(true);
    let cycle = chance.next();
    load.run(&server, chance, cycle, &go_on, || {
        thread::sleep(LOAD);
        match in_the_middle {
            true => server.signal("-TERM"),
            false => go_on.store(false, Ordering::Relaxed),
        }
    });
    let status = if in_the_middle { server.wait() } else { server.stop() };
    assert_eq!(status.code(), Some(0));
}
