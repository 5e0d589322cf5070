//! A server that the operator has named, by its URL. Its name is resolved anew, and the authorities are read, with every connection:
//! servers move.

use std::path::PathBuf;
use std::time::Duration;

use crate::Failure;
use crate::egress::Egress;
use crate::endpoint::Endpoint;
use crate::error::Trouble;
use crate::tls::Identity;
use crate::url::Url;

#[derive(Clone, Debug)]
pub struct Server {
    url: Url,
    /// The authorities to believe instead of the system's.
    ca_bundle: Option<PathBuf>,
    /// What it is shown, if it knows its clients by their certificates.
    identity: Option<Identity>,
}

impl Server {
    /// # Errors
    /// If the text is no URL, or one with a path.
    pub fn parse(url: &str, ca_bundle: Option<PathBuf>) -> Result<Server, Failure> {
        Ok(Server { url: Endpoint::origin(url)?, ca_bundle, identity: None })
    }

    /// The same, with a certificate of the client; its files are read with every connection as well.
    #[must_use]
    pub fn knowing(self, identity: Identity) -> Server {
        Server { identity: Some(identity), ..self }
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
        let endpoint = found.map_err(|failure| Trouble::Unusable(failure.to_string()))?;
        match &self.identity {
            Some(identity) if self.url.is_encrypted() => {
                let encrypted = endpoint.knowing(self.url.clone(), self.ca_bundle.clone(), identity.clone()).await;
                encrypted.map_err(|failure| Trouble::Unusable(failure.to_string()))
            }
            _ => Ok(endpoint),
        }
    }
}
