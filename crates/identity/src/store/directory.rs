//! The principals of tables' policies, for the service that stores those.

use std::sync::{Arc, Weak};

use auth::iam::PrincipalIds;
use ops::{PrincipalDirectory, Unresolved};
use storage::BoxFuture;

use super::Identities;
use super::lookup::Lookup;

/// A weak reference: the identities have the service, and the service has the directory.
pub(super) struct Directory(pub(super) Weak<Identities>);

impl Directory {
    async fn find(&self, principals: &[&str]) -> Result<PrincipalIds, Unresolved> {
        let unavailable = |text: String| Unresolved::Unavailable(text);
        let identities = self.0.upgrade().ok_or_else(|| unavailable("the identities are closed".to_owned()))?;
        if let Ok(ids) = known(&identities, principals) {
            return Ok(ids);
        }
        // It may be new on another node.
        identities.refresh().await.map_err(|error| unavailable(error.to_string()))?;
        known(&identities, principals)
    }
}

fn known(identities: &Arc<Identities>, principals: &[&str]) -> Result<PrincipalIds, Unresolved> {
    let snapshot = identities.snapshot();
    let ids = Lookup::new(&snapshot, None).ids(principals.iter().copied());
    ids.map_err(|missing| Unresolved::Missing(missing.to_owned()))
}

impl PrincipalDirectory for Directory {
    fn ids<'a>(&'a self, principals: Vec<&'a str>) -> BoxFuture<'a, Result<PrincipalIds, Unresolved>> {
        Box::pin(async move { self.find(&principals).await })
    }

    fn current_arn(&self, principal: &str, id: &str) -> Option<String> {
        let snapshot = self.0.upgrade()?.snapshot();
        Lookup::new(&snapshot, None).current_arn(principal, id)
    }
}
