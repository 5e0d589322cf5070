//! Imports: what a table that is being imported is filled from.

use serde::{Deserialize, Serialize};

/// The import that fills a table. Its record has all the rest.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Import {
    /// The id of its record, which is of the table's account and region.
    pub id: String,
}
