//! A client of any DynamoDB endpoint, of other AWS services, and of HTTP servers that callers name: endpoints, the
//! signatures of requests, and HTTP/1.1, encrypted or not.
//!
//! [`aws_call`] is the one way to KMS, Kinesis, Lambda, S3 and SQS: it signs, attempts again and names errors. A [`Call`] is a single request
//! to any server. Both are HTTP by hyper. A [`Connection`] is the load generator's: it costs little, for that often shares a
//! machine with the server, and looks at no more of a reply than it must.
//!
//! [`Url`] is the one parser of URLs, [`Egress`] decides which servers callers of an API may have called, and no
//! request is sent with a head that contains what must not be there. Redirects are not followed. [`SharedBudget`] is
//! what accounts share, and calls under way are one ([`reserve_call`]).
//!
//! Modules, lowest first: the formats (`url`, `sigv4`, `response`, `refusal`), `egress`, `budget`, `backoff` and `tls`; `endpoint`,
//! `server` and `socket`; `error`; `head`; `answer`, `http` and `pool`; `call`, `aws_call` and `connection`.

mod answer;
mod aws;
mod aws_call;
mod backoff;
mod budget;
mod call;
mod calls;
mod connection;
mod credentials;
mod egress;
mod endpoint;
mod error;
mod head;
mod http;
mod pool;
mod profile;
mod refusal;
mod response;
mod server;
mod sigv4;
mod socket;
mod tls;
mod url;

use std::fmt;

pub use answer::{Answer, ReplyBounds};
pub use aws::streams_url;
pub use aws_call::{AwsCall, Retries, Via, aws_call};
pub use backoff::Backoff;
pub use budget::{Holder, Reservation, SharedBudget};
pub use call::{Call, SignedFor};
pub use calls::{CALLS_MAX, reserve_call, set_calls_max};
pub use connection::Connection;
pub use egress::{Closed, Egress, EgressRule};
pub use endpoint::{Endpoint, Lookup};
pub use error::Trouble;
pub use pool::Pool;
pub use profile::Profile;
pub use server::Server;
pub use sigv4::{Credentials, Protocol, S3};
pub use tls::Identity;
pub use url::{Host, Url, UrlError};

/// Why a command ends without a result, as a sentence for its user.
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
