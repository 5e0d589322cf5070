//! Policies and signatures from outside, as the other crates use them.

mod below;
mod budget;
#[path = "../../../server/tests/it/proof_chance.rs"]
#[allow(dead_code)]
mod chance;
mod cost;
mod documents;
mod evaluation;
mod filter;
mod globals;
mod hostile;
mod memory;
mod model;
mod operators;
mod random;
mod world;
