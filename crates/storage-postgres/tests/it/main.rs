//! The engine against a real PostgreSQL, which the tests start themselves.

mod backup;
mod bare;
mod conflicts;
mod contract;
mod crashes;
mod faults;
mod formats;
mod logs;
mod long_keys;
mod replicas;
mod rows;
mod sequencer;
mod tls;
