//! The engine against a real PostgreSQL, which the tests start themselves.

mod contract;
mod long_keys;
