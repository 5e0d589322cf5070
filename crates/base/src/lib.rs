//! The ground floor: the only place that reads a clock or rolls dice, and what every floor counts with.
//!
//! Everything above takes its time from a [`Clock`], so that tests can move it by hand.

mod calendar;
mod clock;
mod histogram;
pub mod random;
mod weak_key;

pub use calendar::{civil, days};
pub use clock::{Clock, ManualClock};
pub use histogram::{DURATION_BOUNDS_NS, DurationHistogram, Histogram, HistogramReading};
pub use weak_key::{Weakness, weakness};
