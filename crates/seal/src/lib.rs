//! Encryption at rest: an engine around any other one, which only ever sees sealed bytes.
//!
//! It is a layer above the engines, so that it works on all of them, and all that an engine makes of its rows (journals, tables,
//! logs of values, caches, a database's own files) is encrypted. Values are encrypted as a whole (`value`), keys by
//! order-preserving encryption (`order`, `layout`).
//!
//! ```text
//! master key → database key (keyring) → data keys (rows of the catalog) → values
//!                                     → the code of keys
//! ```
//!
//! Modules, lowest first: `secret`, `scope`, `layout`, `order`, `turns` and `waits`; `wrap`, `kms` and `value`; `master`, `keyring` and
//! `tables`; `data_keys`; `sealed_rows`; `view` and `sweep` over those; `engine`. `kept` stores a keyring in the engine.

mod data_keys;
mod engine;
mod ids;
pub mod kept;
mod keyring;
mod kms;
mod layout;
mod master;
mod order;
mod scope;
mod sealed_rows;
mod secret;
mod sweep;
mod tables;
mod turns;
mod value;
mod view;
mod waits;
mod wrap;

pub use engine::Sealed;
pub use kept::KeptError;
pub use keyring::{Keyring, KeyringError};
pub use kms::{Kms, KmsError};
pub use layout::Layout;
pub use master::{MasterError, MasterKey};
pub use secret::Secret;
pub use sweep::Swept;
