//! A client of any DynamoDB endpoint, and of others that speak AWS's JSON: where it is, who calls, and signed requests over
//! HTTP/1.1, encrypted or not.
//!
//! It stands under `stator bench`, `stator tail` and `deliver`. It costs little, for both often share a machine with the server: one
//! connection with one buffer, one request at a time. Of the operations it knows the names; what they say is for those
//! above it. What a reply holds is looked at only if it refuses. A call now and then to another service is a [`Call`].
//!
//! [`Url`] is the one parser of URLs, [`Egress`] decides which servers callers of an API may have called, and no request is
//! sent whose head has what must not be there. Redirects are not followed. [`SharedBudget`] is what accounts share, and calls
//! under way are one ([`reserve_call`]).
//!
//! Modules, lowest first: the formats (`url`, `sigv4`, `response`, `refusal`), `egress`, `budget` and `tls`; `endpoint` and `socket`; `error`;
//! `head`; `connection` and `call`.

mod aws;
mod budget;
mod call;
mod calls;
mod connection;
mod credentials;
mod egress;
mod endpoint;
mod error;
mod head;
mod profile;
mod refusal;
mod response;
mod sigv4;
mod socket;
mod tls;
mod url;

use std::fmt;

pub use aws::streams_url;
pub use budget::{Holder, Reservation, SharedBudget};
pub use call::{Answer, Call, SignedFor};
pub use calls::{CALLS_MAX, reserve_call, set_calls_max};
pub use connection::Connection;
pub use egress::{Closed, Egress, EgressRule};
pub use endpoint::{Endpoint, Lookup};
pub use error::Trouble;
pub use profile::Profile;
pub use sigv4::{Credentials, Protocol};
pub use url::{Host, Url, UrlError};

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
