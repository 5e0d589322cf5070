//! Resource policies and the ids of the principals that they name (`principal_directory`).

use std::sync::Arc;

use api::Exception;
use auth::iam::{Policy, PrincipalIds};
use tables::{self, AttachedPolicy};

use crate::principal_directory::{PrincipalDirectory, Unresolved};
use crate::service::Service;
impl Service {
    /// Sets the directory: from now on principals of policies are resolved to ids. A later call replaces it.
    pub fn use_principals(&self, directory: Arc<dyn PrincipalDirectory>) {
        *self.principals.write() = Some(directory);
    }

    fn directory(&self) -> Option<Arc<dyn PrincipalDirectory>> {
        self.principals.read().clone()
    }

    /// The ids of a policy's principals; binds the policy to them. None without a directory.
    ///
    /// # Errors
    /// DynamoDB's refusal of a principal that does not exist.
    pub(crate) async fn bind_principals(&self, policy: &mut Policy) -> Result<Option<PrincipalIds>, Exception> {
        let Some(directory) = self.directory() else { return Ok(None) };
        let ids = directory.ids(policy.principals().collect()).await.map_err(|unresolved| match unresolved {
            // DynamoDB's message does not name the principal.
            Unresolved::Missing(_) => tables::invalid("Invalid principal in policy document."),
            Unresolved::Unavailable(text) => Exception::internal(text),
        })?;
        policy.bind(&ids);
        Ok(Some(ids))
    }

    /// A policy's document with the current ARNs of its principals.
    pub(crate) fn shown_policy(&self, policy: &AttachedPolicy) -> String {
        let Some((directory, ids)) = self.directory().zip(policy.principals.as_ref()) else {
            return policy.document.clone();
        };
        ids.shown(&policy.document, |principal, id| directory.current_arn(principal, id)).into_owned()
    }
}
