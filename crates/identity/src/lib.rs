//! Identities and their permissions, as AWS has them: users, groups, roles, managed policies and access keys, by IAM's own API.
//!
//! `store` has everything in memory and stores it as documents in the engine; `query` is what IAM and STS
//! share beside their protocol (`aws::codec`): errors, and the names in a request; `iam` is what each of IAM's operations means, one list of them and a file for each kind of
//! entity. Policies are parsed and evaluated by `auth::iam`, which knows nothing of this crate.
//!
//! Modules, lowest first: `auth_key`, `query`, `tag_key` and `web_identity`; `session`; `store`; `credential_cache`; `authority`, which recognises
//! credentials; the two APIs, `iam` over the store and `sts` over the authority; `service`, both as the handler calls them.

mod auth_key;
mod authority;
mod credential_cache;
pub mod iam;
pub mod query;
mod service;
mod session;
mod store;
pub mod sts;
mod tag_key;
pub mod web_identity;

pub use auth_key::{AuthKey, KeyError, Sealing};
pub use authority::Authority;
pub use query::{Api, Code, Parameters, Refusal, Reply, Request};
pub use service::QueryService;
pub use session::{Holder, Session, Tokens};
pub use store::{Account, Identities, NewAccessKey, OpenError, Snapshot, entity};
