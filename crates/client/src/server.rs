//! A server that the operator has named, by its URL. Its name is resolved anew, and the authorities are read, with every connection:
//! servers move.

use std::path::PathBuf;
use std::time::Duration;

use crate::Failure;
use crate::egress::Egress;
use crate::endpoint::Endpoint;
use crate::error::Trouble;
use crate::url::Url;

#[derive(Clone, Debug)]
pub struct Server {
    url: Url,
    /// The authorities to believe instead of the system's.
    ca_bundle: Option<PathBuf>,
}

impl Server {
    /// # Errors
    /// If the text is no URL, or one with a path.
    pub fn parse(url: &str, ca_bundle: Option<PathBuf>) -> Result<Server, Failure> {
        Ok(Server { url: Endpoint::origin(url)?, ca_bundle })
    }

    pub fn url(&self) -> &Url {
        &self.url
    }

    /// # Errors
    /// [`Trouble::Unusable`] if the name leads nowhere or is not resolved in time, or if there are no authorities to believe.
    pub(crate) async fn find(&self, timeout: Duration) -> Result<Endpoint, Trouble> {
        // The operator's own choice: no address is closed to it.
        let egress = Egress::open();
        let finding = Endpoint::find(&self.url, self.ca_bundle.clone(), &egress, None);
        let found = tokio::time::timeout(timeout, finding).await;
        let found = found.map_err(|_| Trouble::Unusable(format!("the name in {} was not found in time", self.url)))?;
        found.map_err(|failure| Trouble::Unusable(failure.to_string()))
    }
}
