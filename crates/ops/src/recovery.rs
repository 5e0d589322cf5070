//! Point-in-time recovery: the archive of a table's log (`archive`), the moments that it goes back to (`period`), where a moment is in
//! it (`cut`), and its records from the newest to the oldest (`history`). A table is restored to a moment as a backup is made: the
//! items are copied as they are, and what was changed behind the moment is undone (`backup::fill`).
//!
//! With a store the contents of segments are its objects (`stored`), and `manifests` say which.

mod archive;
mod cut;
mod history;
mod manifests;
mod period;
mod stored;
mod trim;

pub(crate) use period::{Period, whole_second};

#[cfg(test)]
mod tests;
