//! Faults for tests (`--faults`): rules that give chosen requests an error, a delay, or an answer that does not arrive.
//!
//! A rule matches requests by operation, table or index, and the partition key's beginning. Of the requests that match, it takes
//! a share (`probability`) and so many at most (`count`); its draws follow from its seed. The rules are asked in their order, and
//! the first one that fires is applied. `fault_point` asks them, once for each request; without `--faults` there are none to ask.

mod decide;
mod draws;
mod latency;
mod rule;
mod store;

pub(crate) use decide::{Injection, Target};
pub use latency::{LATENCY_MS_MAX, Latency, PERCENTILES_MAX};
pub use rule::{Effect, FaultRule, InjectedError, Moment, THROTTLING_REASONS};
pub use store::{AddError, ArmedRule, FaultStats, Faults, RULES_MAX};

#[cfg(test)]
mod tests;
