//! Proof: a server that is killed at any moment has every acknowledged write and no refused one, whole transactions,
//! indexes equal to their tables, the tokens that it was given, and right counts.
//!
//! Writers have keys of their own, so each knows exactly what must be there ([`writer`]); beside them tables and an
//! index come and go ([`tables`]). After each kill everything is read and compared ([`audit`]). A call whose answer did
//! not come may have happened or not, as a whole.
//!
//! The long form is `STATOR_PROOF_CYCLES=1000` (docs/proofs.md).

mod audit;
mod tables;
mod writer;

use std::thread;
use std::time::{Duration, Instant};

use crate::program::{Server, killed_while_starting};
use crate::proof_chance::{Chance, seed, setting};
use tables::{ExtraIndex, SideTables};
use writer::Writer;

const SHORT_CYCLES: u64 = 5;
const WRITERS: u64 = 5;
/// How long the load goes on before the server is killed, at most.
const LOAD_MAX: Duration = Duration::from_millis(150);
/// A start takes about so long; some kills fall into it.
const START: Duration = Duration::from_millis(40);

#[test]
fn killed_at_random_moments() {
    let cycles = setting("STATOR_PROOF_CYCLES", SHORT_CYCLES);
    let mut chance = Chance::new(seed());
    let folder = tempfile::tempdir().expect("folder");
    let arguments = ["--data", folder.path().to_str().expect("path")];
    let mut server = Server::start(&arguments);
    let created = server.client().call("CreateTable", tables::MAIN);
    assert_eq!(created.status, 200, "{}", created.text());
    let mut writers: Vec<Writer> = (0..WRITERS).map(Writer::new).collect();
    let mut side_tables = SideTables::default();
    let mut extra_index = ExtraIndex::default();
    let begin = Instant::now();
    for cycle in 0..cycles {
        let pause = LOAD_MAX.mul_f64(chance.below(1_000) as f64 / 1_000.0);
        let signal = if chance.one_in(8) { "-TERM" } else { "-KILL" };
        let chances: Vec<Chance> = (0..WRITERS + 2).map(|_| Chance::new(chance.next())).collect();
        thread::scope(|scope| {
            let mut chances = chances.into_iter();
            let mut next_chance = || chances.next().expect("enough of them");
            for writer in &mut writers {
                let (client, chance) = (server.client(), next_chance());
                scope.spawn(move || writer.write_until_killed(client, chance, cycle));
            }
            let (client, chance, side_tables) = (server.client(), next_chance(), &mut side_tables);
            scope.spawn(move || side_tables.change_until_killed(client, chance));
            let (client, chance, extra_index) = (server.client(), next_chance(), &mut extra_index);
            scope.spawn(move || extra_index.change_until_killed(client, chance));
            thread::sleep(pause);
            server.signal(signal);
        });
        server.wait();
        while chance.one_in(3) {
            killed_while_starting(&arguments, START.mul_f64(chance.below(1_000) as f64 / 1_000.0));
        }
        server = Server::start(&arguments);
        let mut client = server.client();
        side_tables.check(&mut client);
        extra_index.check(&mut client);
        audit::check(&mut client, &mut writers);
    }
    assert_eq!(server.stop().code(), Some(0));
    let sum = |count: fn(&Writer) -> u64| writers.iter().map(count).sum::<u64>();
    eprintln!(
        "{cycles} cycles, {} writes acknowledged, {} refused, {} transactions among them, {} calls without an answer, \
         {} tables made and {} deleted, {} indexes made and {} deleted, {:?}",
        sum(|writer| writer.acknowledged),
        sum(|writer| writer.refused),
        sum(|writer| writer.transactions),
        sum(|writer| writer.unanswered),
        side_tables.made,
        side_tables.deleted,
        extra_index.made,
        extra_index.deleted,
        begin.elapsed()
    );
}
