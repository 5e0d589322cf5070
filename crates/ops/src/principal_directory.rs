//! Where the principals that a policy of a table or stream names are looked up.
//!
//! This crate knows no users and roles; a server whose callers have identities gives a directory of them. Without
//! one, nothing is evaluated, and policies are stored and shown as they are given.

use std::sync::Arc;

use api::Exception;
use auth::iam::{Policy, PrincipalIds};
use storage::BoxFuture;

use crate::catalog::{self, AttachedPolicy};
use crate::service::Service;

/// Why principals have no ids.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unresolved {
    /// Its account is served here and does not have it.
    Missing(String),
    /// The directory cannot be asked; why, for the operator.
    Unavailable(String),
}

/// Users and roles of all accounts that are served.
pub trait PrincipalDirectory: Send + Sync + 'static {
    /// The unique ids of principals as a policy names them. Those of accounts that are not served are left out.
    fn ids<'a>(&'a self, principals: Vec<&'a str>) -> BoxFuture<'a, Result<PrincipalIds, Unresolved>>;

    /// The ARN that a principal has now, by its spelling in the policy and its id; none if it is gone.
    fn current_arn(&self, principal: &str, id: &str) -> Option<String>;
}

impl Service {
    /// From now on principals of policies are known by their ids. A later call takes the place of an earlier one.
    pub fn use_principals(&self, directory: Arc<dyn PrincipalDirectory>) {
        *self.principals.write() = Some(directory);
    }

    fn directory(&self) -> Option<Arc<dyn PrincipalDirectory>> {
        self.principals.read().clone()
    }

    /// The ids of a policy's principals, which the policy is bound to from here on; none without a directory.
    ///
    /// # Errors
    /// DynamoDB's refusal of a principal that does not exist.
    pub(crate) async fn bind_principals(&self, policy: &mut Policy) -> Result<Option<PrincipalIds>, Exception> {
        let Some(directory) = self.directory() else { return Ok(None) };
        let ids = directory.ids(policy.principals().collect()).await.map_err(|unresolved| match unresolved {
            // DynamoDB's sentence does not say which one.
            Unresolved::Missing(_) => catalog::invalid("Invalid principal in policy document."),
            Unresolved::Unavailable(text) => Exception::internal(text),
        })?;
        policy.bind(&ids);
        Ok(Some(ids))
    }

    /// A policy's document with the ARNs that its principals have now.
    pub(crate) fn shown_policy(&self, policy: &AttachedPolicy) -> String {
        let Some((directory, ids)) = self.directory().zip(policy.principals.as_ref()) else {
            return policy.document.clone();
        };
        ids.shown(&policy.document, |principal, id| directory.current_arn(principal, id)).into_owned()
    }
}
