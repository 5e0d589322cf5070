//! The ground floor: the only place that reads a clock or rolls dice.
//!
//! Everything above takes its time from a [`Clock`], so that tests can move it by hand.

mod clock;
pub mod random;

pub use clock::{Clock, ManualClock};
