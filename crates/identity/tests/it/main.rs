//! IAM's API as clients see it, on one node and on several.

mod cut_off;
mod foreign;
mod model;
mod node;
mod nodes;
mod permissions;
mod quotas;
mod secrets;
mod tables;
mod transcripts;
