//! What follows from the AWS service model: see `cargo xtask generate`.

mod decode;
mod encode;
#[cfg(test)]
pub(crate) mod requests;
pub(crate) mod shapes;
