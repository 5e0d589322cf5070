//! Policies and signatures from outside, as the other crates use them.

mod documents;
mod evaluation;
mod globals;
mod operators;
mod world;
