//! What IAM and STS share beside the Query protocol, which is `aws::codec`'s: their errors, and the names in a request.

pub(crate) mod names;
mod refusal;
mod reply;
mod text;

pub use aws::Parameters;
pub use refusal::{Code, Refusal};
pub use reply::{Api, Reply, Request};
pub use text::percent_encoded;
pub(crate) use text::timestamp;
