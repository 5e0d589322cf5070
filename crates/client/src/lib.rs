//! A client of any DynamoDB endpoint, and of others that speak AWS's JSON: where it is, who calls, and signed requests over
//! HTTP/1.1, encrypted or not.
//!
//! It stands under `stator bench`, `stator tail` and `deliver`. It costs little, for both often share a machine with the server: one
//! connection with one buffer, one request at a time. Of the operations it knows the names; what they say is for those
//! above it. What a reply holds is looked at only if it refuses. Whoever calls another service now and then does it by a
//! [`Call`].

mod aws;
mod call;
mod connection;
mod credentials;
mod endpoint;
mod refusal;
mod response;
mod sigv4;
mod socket;
mod tls;

use std::fmt;

pub use aws::streams_url;
pub use call::{Answer, Call, SignedFor};
pub use connection::{Connection, Trouble};
pub use endpoint::Endpoint;
pub use sigv4::{Credentials, Protocol};

/// Why a command ends without a result, as a sentence for who typed it.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    pub fn new(text: impl Into<String>) -> Failure {
        Failure(text.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
