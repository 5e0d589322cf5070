//! Application Auto Scaling: targets whose provisioned capacity follows their load or a schedule, and its API.
//!
//! | module | what |
//! |---|---|
//! | `resource` | what is scaled: the read or the write units of a table or of an index |
//! | `id` | what a target is found by |
//! | `target` | a scalable target with its policy, its scheduled actions and its activities |
//! | `schedule`, `cron` | when a scheduled action runs |
//! | `rows` | targets and activities in the catalog |
//! | `tables` | what is asked of tables: their capacity, and its change |
//! | `settings` | bounds and policies, for DynamoDB's own operations |
//! | `alarms` | the four alarms of a policy |
//! | `decision` | what a target needs now, as a pure function |
//! | `job` | the job that evaluates targets and changes capacity |
//! | `api` | the operations |
//!
//! Nothing here knows how a table is changed: `ops` implements [`Tables`].

#[cfg(test)]
mod alarm_calls;
mod alarms;
mod api;
mod cron;
mod decision;
mod id;
mod job;
mod resource;
mod rows;
mod schedule;
mod settings;
mod tables;
mod target;

pub use api::AutoScaling;
pub use job::{Scaler, scaling_job};
pub use resource::{Access, Resource};
pub use rows::is_row;
pub use settings::{PolicySettings, ScalingSettings};
pub use tables::{Capacity, CapacityAudit, CapacityChange, ChangeFailure, Tables, Unpermitted};
