//! Fuzz: nothing that a client can send makes the server panic, answer that it failed, or work without bounds, and
//! what is refused changes nothing.
//!
//! Everything is made from one printed seed (`STATOR_PROOF_SEED`). The short form runs with the other tests; the long
//! one is `STATOR_PROOF_FUZZ=<chapters>` (docs/proofs.md). Inputs that found a fault are in `tests/corpus` at the root
//! of the project and are replayed first.

mod attributes;
mod audit;
mod catalog_rows;
#[path = "../../../server/tests/it/proof_chance.rs"]
mod chance;
mod codecs;
mod corpus;
mod expressions;
mod floods;
mod heard;
mod journey;
mod json;
mod mutation;
mod partiql;
mod requests;
mod service_model;
mod tables;
mod test_service;
mod texts;
mod wide;

impl chance::Chance {
    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len() as u64) as usize]
    }
}
