//! The ground floor: the only place that reads a clock or rolls dice, what every floor counts with, and how files and keys from
//! outside are looked at before they are used.
//!
//! Everything above takes its time from a [`Clock`], so that tests can move it by hand.

mod calendar;
mod clock;
mod cut;
mod exposure;
mod hidden;
mod histogram;
pub mod random;
mod regular_file;
mod system_authorities;
mod weak_key;
mod weak_secret;

pub use calendar::{civil, days};
pub use clock::{Clock, ManualClock};
pub use cut::cut;
pub use exposure::Exposure;
pub use hidden::{into_visible, is_hidden, visible};
pub use histogram::{DURATION_BOUNDS_NS, DurationHistogram, Histogram, HistogramReading};
pub use regular_file::{RegularFile, Unreadable};
pub use system_authorities::check_system_authorities;
pub use weak_key::{Weakness, weakness};
pub use weak_secret::WeakSecret;
