//! The ground floor: the only place that reads a clock or rolls dice, what every floor counts with, how counts come to the
//! page of metrics, how bytes, texts and times are spelled, and how files and keys from outside are looked at before they are
//! used.
//!
//! Everything above takes its time from a [`Clock`], so that tests can move it by hand.

mod catch_panic;
mod clock;
mod cut;
mod exposure;
mod gate;
mod hex;
mod hidden;
mod histogram;
mod metrics;
mod percent;
pub mod random;
mod regular_file;
mod system_authorities;
pub mod utc;
mod weak_key;
mod weak_secret;

pub use catch_panic::{Panicked, catch_panic};
pub use clock::{Clock, ClockOffset, ManualClock};
pub use cut::cut;
pub use exposure::Exposure;
pub use gate::Gate;
pub use hex::{hex, hex_array, unhex, unhex_lower};
pub use hidden::{into_visible, is_hidden, visible};
pub use histogram::{DURATION_BOUNDS_NS, DurationHistogram, Histogram, HistogramReading};
pub use metrics::{Detail, Metric, MetricsRegistry, Page, Series};
pub use percent::{percent_decoded, percent_decoded_strict, percent_decoded_text, percent_encoded, percent_escape};
pub use regular_file::{RegularFile, Unreadable};
pub use system_authorities::check_system_authorities;
pub use weak_key::{Weakness, weakness};
pub use weak_secret::WeakSecret;
