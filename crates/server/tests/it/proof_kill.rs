//! Proof: a server that is killed at any moment has every acknowledged write and no refused one, whole transactions,
//! indexes equal to their tables, the tokens that it was given, and right counts.
//!
//! The long form is `STATOR_PROOF_CYCLES=1000` (docs/proofs.md).

use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::{Duration, Instant};

use crate::proof_chance::{Chance, seed, setting};
use crate::proof_load::Load;
use crate::test_server::TestServer;

const SHORT_CYCLES: u64 = 5;
/// How long the load runs before the server is killed, at most.
const LOAD_MAX: Duration = Duration::from_millis(150);
/// A start takes about so long; some kills fall into it.
const START: Duration = Duration::from_millis(40);

#[test]
fn killed_at_random_moments() {
    let cycles = setting("STATOR_PROOF_CYCLES", SHORT_CYCLES);
    let mut chance = Chance::new(seed());
    // The stream's shards roll and split all the time.
    let node = TestServer::on_data("data").flags(["--stream-shard-hours", "400ms", "--stream-shard-writes", "60"]);
    let mut server = node.start();
    Load::create_table(&mut server.client());
    let mut load = Load::new(0);
    let begin = Instant::now();
    for cycle in 0..cycles {
        let pause = LOAD_MAX.mul_f64(chance.below(1_000) as f64 / 1_000.0);
        let signal = if chance.one_in(8) { "-TERM" } else { "-KILL" };
        load.run(&server, &mut chance, cycle, &AtomicBool::new(true), || {
            thread::sleep(pause);
            server.signal(signal);
        });
        server.wait();
        while chance.one_in(3) {
            node.start_and_kill(START.mul_f64(chance.below(1_000) as f64 / 1_000.0));
        }
        server = node.start();
        let mut known = load.known();
        known.check(&mut server.client());
        load.resume(known);
    }
    assert_eq!(server.stop().code(), Some(0));
    eprintln!("{cycles} cycles, {}, {:?}", load.summary(), begin.elapsed());
}
