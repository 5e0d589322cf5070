//! Who is calling: the credential that a request was signed with, and the account and region whose tables it sees.
//!
//! Pure: text in, a caller or DynamoDB's refusal out. It knows no HTTP library, no clock and no storage.
//!
//! In this version a credential is parsed and its form is judged as AWS does, but the signature itself is not checked:
//! the server therefore listens on other than loopback addresses only when told so explicitly.

mod caller;
pub mod sigv4;

pub use caller::{Caller, SHARED_ACCOUNT, Spaces};
pub use sigv4::credential;
pub use sigv4::{Credential, Refusal, Signed};
