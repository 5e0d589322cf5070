//! Proof: requests of all operations, right and broken, against a service that has tables and items.

use api::Operation;

use crate::audit;
use crate::chance::{Chance, seed, setting};
use crate::corpus::Scene;
use crate::heard::Heard;
use crate::requests::any_request;
use crate::service_model::Model;
use crate::test_service::TestService;

const SHORT_CHAPTERS: u64 = 6;
/// Requests that one service gets.
const REQUESTS: u64 = 500;
/// After how many the tables are compared with their indexes.
const AUDIT_INTERVAL: u64 = 50;

/// What the requests of an operation came to.
#[derive(Clone, Copy, Default)]
struct Outcomes {
    done: u64,
    refused: u64,
    memory_max: usize,
    allocations_max: usize,
}

#[test]
fn requests_of_all_operations() {
    let model = Model::load();
    let chapters = setting("STATOR_PROOF_FUZZ", SHORT_CHAPTERS);
    let seed = seed();
    let mut outcomes = vec![Outcomes::default(); Operation::ALL.len()];
    for chapter in 0..chapters {
        play(&model, seed.wrapping_add(chapter), &mut outcomes);
    }
    report(&outcomes);
    let sum = |count: fn(&Outcomes) -> u64| outcomes.iter().map(count).sum::<u64>();
    let (done, refused) = (sum(|outcome| outcome.done), sum(|outcome| outcome.refused));
    assert!(done * 4 > refused, "{done} requests did something and {refused} were refused: that proves little");
}

fn play(model: &Model, seed: u64, outcomes: &mut [Outcomes]) {
    let mut chance = Chance::new(seed);
    let mut service = TestService::new();
    let mut heard = Heard::default();
    for number in 1..=REQUESTS {
        let (operation, body) = any_request(&mut chance, model, &heard);
        let _scene = Scene { seed, operation, body: &body };
        let answer = service.try_out(model, operation, &body);
        heard.listen(operation, &body, &answer.body);
        let at = Operation::ALL.iter().position(|own| *own == operation).expect("an operation");
        let outcome = &mut outcomes[at];
        *(if answer.status == 200 { &mut outcome.done } else { &mut outcome.refused }) += 1;
        outcome.memory_max = outcome.memory_max.max(answer.memory);
        outcome.allocations_max = outcome.allocations_max.max(answer.allocations);
        if number % AUDIT_INTERVAL == 0 {
            audit::check(&service);
        }
    }
}

fn report(outcomes: &[Outcomes]) {
    for (operation, outcome) in Operation::ALL.iter().zip(outcomes) {
        let Outcomes { done, refused, memory_max, allocations_max } = outcome;
        eprintln!("{operation}: {done} done, {refused} refused, {memory_max} bytes, {allocations_max} allocations");
    }
}
