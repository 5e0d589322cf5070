//! What follows from the AWS service model.

pub(crate) mod enums;
pub(crate) mod operations;
pub(crate) mod requests;
pub(crate) mod structures;
