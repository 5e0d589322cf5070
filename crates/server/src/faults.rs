//! Rules of faults (`ops::faults`) as the operator writes them: the flags, the file, and their JSON.
//!
//! | member | value |
//! |---|---|
//! | `id` | a name; made if it is left out |
//! | `table`, `index`, `operation`, `key_prefix` | which requests: a table's name or ARN, an index, an operation or a list of them, what the partition key begins with |
//! | `error`, `message`, `throttling_reasons`, `cancellation_codes` | an error by its name, and what it says |
//! | `drop_connection`, `wrong_crc32` | true |
//! | `unprocessed` | the share of a batch's items that is left out |
//! | `when` | `before` the operation (the default) or `after` it: of `error` and `drop_connection` |
//! | `latency` | milliseconds, or `{"ms", "jitter_ms"}`, or `{"percentiles": {"50": 10, "99": 300}}` |
//! | `probability`, `count`, `seed` | the share of requests, how many at most, and what the draws follow from |

mod arguments;
mod json;
mod show;

use std::path::Path;
use std::sync::Arc;

use ops::faults::{FaultRule, Faults};
use serde_json::Value;

pub(crate) use arguments::FaultArguments;
pub(crate) use json::rules;
pub(crate) use show::shown;

use crate::secret_file::{self, Secrecy};

/// A file of rules. Unit: bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The rules that the server starts with; none unless faults are enabled.
///
/// # Errors
/// What is wrong with the file, as a sentence.
pub(crate) fn of_arguments(arguments: &FaultArguments) -> Result<Option<Arc<Faults>>, String> {
    if !arguments.faults {
        return Ok(None);
    }
    let faults = Faults::default();
    if let Some(file) = &arguments.faults_file {
        let failure = |error: String| format!("the fault rules in {} cannot be used: {error}", file.display());
        let read = read(file).map_err(failure)?;
        faults.add(read).map_err(|error| failure(error.to_string()))?;
    }
    Ok(Some(Arc::new(faults)))
}

fn read(file: &Path) -> Result<Vec<FaultRule>, String> {
    let bytes = secret_file::read("--faults-file", file, FILE_BYTES_MAX, Secrecy::Public);
    let bytes = bytes.map_err(|error| error.to_string())?;
    let value: Value = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
    rules(&value).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;
