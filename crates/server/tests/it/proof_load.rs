//! The load under which the proofs break a server, and what must be there afterwards.
//!
//! Writers have keys of their own, so each knows exactly what must be there ([`writer`], [`ledger`]); beside them tables
//! and an index come and go ([`tables`]). Afterwards everything is read and compared ([`audit`]), the table's
//! stream included ([`stream`]). A call whose answer did not come may have happened or not, as a whole. What was
//! known at any moment of the past is available as well ([`past`]).

mod audit;
mod ledger;
mod past;
mod stream;
mod tables;
mod writer;

use std::sync::atomic::AtomicBool;
use std::thread;

use crate::client::Client;
use crate::proof_chance::Chance;
use crate::test_server::TestServer;
use ledger::Ledger;
pub(crate) use past::{End, Knowledge, Moment, Past};
use stream::Follower;
use tables::{ExtraIndex, IndexLedger, SideTables, TablesLedger};
use writer::Writer;

const WRITERS: u64 = 5;

pub(crate) struct Load {
    writers: Vec<Writer>,
    side_tables: SideTables,
    extra_index: ExtraIndex,
    follower: Follower,
}

impl Load {
    /// Steps are numbered from `first_step`: on the same data none may come twice, for values and tokens have them.
    pub(crate) fn new(first_step: u64) -> Load {
        let writers = (0..WRITERS).map(|id| Writer::new(id, first_step)).collect();
        Load {
            writers,
            side_tables: SideTables::new(first_step),
            extra_index: ExtraIndex::default(),
            follower: Follower::default(),
        }
    }

    pub(crate) fn create_table(client: &mut Client) {
        let created = client.call("CreateTable", tables::MAIN);
        assert_eq!(created.status, 200, "{}", created.text());
    }

    /// Whether the table is there, made or still being made.
    pub(crate) fn finds_table(client: &mut Client) -> bool {
        tables::settled(client, "main").is_some()
    }

    /// Puts the server under load until it has ended or `go_on` is false. `meanwhile` runs beside it.
    pub(crate) fn run(
        &mut self,
        server: &TestServer,
        chance: &mut Chance,
        cycle: u64,
        go_on: &AtomicBool,
        meanwhile: impl FnOnce(),
    ) {
        let chances: Vec<Chance> = (0..WRITERS + 2).map(|_| Chance::new(chance.next())).collect();
        thread::scope(|scope| {
            let mut chances = chances.into_iter();
            let mut next_chance = || chances.next().expect("enough of them");
            for writer in &mut self.writers {
                let (client, chance) = (server.client(), next_chance());
                scope.spawn(move || writer.write(client, chance, cycle, go_on));
            }
            let (client, chance, side_tables) = (server.client(), next_chance(), &mut self.side_tables);
            scope.spawn(move || side_tables.change_all(client, chance, go_on));
            let (client, chance, extra_index) = (server.client(), next_chance(), &mut self.extra_index);
            scope.spawn(move || extra_index.change_all(client, chance, go_on));
            meanwhile();
        });
    }

    pub(crate) fn known(&self) -> Known {
        Known {
            ledgers: self.writers.iter().map(|writer| writer.ledger.clone()).collect(),
            tables: self.side_tables.ledger.clone(),
            index: self.extra_index.ledger.clone(),
            follower: self.follower.clone(),
        }
    }

    /// Continues from what was found.
    pub(crate) fn resume(&mut self, known: Known) {
        for (writer, ledger) in self.writers.iter_mut().zip(known.ledgers) {
            writer.ledger = ledger;
        }
        self.side_tables.ledger = known.tables;
        self.extra_index.ledger = known.index;
        self.follower = known.follower;
    }

    /// From now on records what is known when.
    pub(crate) fn remember(&mut self, now: &Moment) {
        for writer in &mut self.writers {
            writer.past = Some(Past::new(writer.ledger.clone(), now));
        }
        self.side_tables.past = Some(Past::new(self.side_tables.ledger.clone(), now));
        self.extra_index.past = Some(Past::new(self.extra_index.ledger.clone(), now));
    }

    /// What was known at a moment since [`Load::remember`].
    pub(crate) fn known_at(&self, moment: u64) -> Known {
        const REMEMBERED: &str = "the past is remembered";
        let ledger = |writer: &Writer| writer.past.as_ref().expect(REMEMBERED).known_at(moment);
        Known {
            ledgers: self.writers.iter().map(ledger).collect(),
            tables: self.side_tables.past.as_ref().expect(REMEMBERED).known_at(moment),
            index: self.extra_index.past.as_ref().expect(REMEMBERED).known_at(moment),
            follower: Follower::default(),
        }
    }

    pub(crate) fn summary(&self) -> String {
        let sum = |count: fn(&Writer) -> u64| self.writers.iter().map(count).sum::<u64>();
        format!(
            "{} writes acknowledged, {} refused, {} transactions among them, {} calls without an answer, \
             {} tables made and {} deleted, {} indexes made and {} deleted",
            sum(|writer| writer.acknowledged),
            sum(|writer| writer.refused),
            sum(|writer| writer.transactions),
            sum(|writer| writer.unanswered),
            self.side_tables.made,
            self.side_tables.deleted,
            self.extra_index.made,
            self.extra_index.deleted,
        )
    }
}

/// What must be there, and what may be.
#[derive(Clone)]
pub(crate) struct Known {
    ledgers: Vec<Ledger>,
    tables: TablesLedger,
    index: IndexLedger,
    follower: Follower,
}

impl Known {
    /// Leaves out what the server remembers only for a while.
    pub(crate) fn forget_tokens(&mut self) {
        self.ledgers.iter_mut().for_each(Ledger::forget_tokens);
    }

    /// Compares it with everything that is there, and learns what became of the calls without an answer.
    pub(crate) fn check(&mut self, client: &mut Client) {
        self.tables.check(client);
        self.index.check(client);
        audit::check(client, &mut self.ledgers, &mut self.follower);
    }
}
