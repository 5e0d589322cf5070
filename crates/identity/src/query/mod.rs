//! AWS's Query protocol, which IAM and STS speak: a form of parameters comes in, XML goes out.

pub(crate) mod names;
mod refusal;
mod reply;
mod text;

pub use aws::{Parameters, Xml};
pub use refusal::{Code, Refusal};
pub use reply::{Api, Reply, Request};
pub use text::{percent_encoded, timestamp};
