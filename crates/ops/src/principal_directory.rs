//! The lookup of principals in policies of tables and streams.
//!
//! This crate knows no users and roles; a server with identities sets a directory of them. Without one, no policy is
//! evaluated, and policies are stored and shown as they are given.

use auth::iam::PrincipalIds;
use storage::BoxFuture;

/// Why principals have no ids.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unresolved {
    /// Its account is served here and does not have it.
    Missing(String),
    /// The directory is unavailable; the text is for the operator.
    Unavailable(String),
}

/// Users and roles of all accounts that are served.
pub trait PrincipalDirectory: Send + Sync + 'static {
    /// The unique ids of principals as a policy names them. Those of accounts that are not served are left out.
    fn ids<'a>(&'a self, principals: Vec<&'a str>) -> BoxFuture<'a, Result<PrincipalIds, Unresolved>>;

    /// A principal's current ARN, by its spelling in the policy and its id; none if it was deleted.
    fn current_arn(&self, principal: &str, id: &str) -> Option<String>;
}
