//! The caller of a request: the credential that it was signed with, and the account and region of the tables that it sees.
//!
//! Pure: text in, a caller or DynamoDB's refusal out. It knows no HTTP library and no storage; the time is given to it.

mod access;
mod caller;
#[cfg(any(test, feature = "test-util"))]
pub mod fixture;
pub mod iam;
mod keys;
mod service_arns;
pub mod sigv4;

pub use access::{Access, Api, Directory, Known, Principals, Recognized};
pub use caller::{Caller, SHARED_ACCOUNT, Spaces, issue_access_key, issued_account};
pub use keys::KeyRing;
pub use service_arns::{ArnRule, ServiceArns, account_of};
pub use sigv4::credential;
pub use sigv4::{Credential, Headers, Received, Refusal, Signature, Signed};
