//! The flags of regions in other processes.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{BoolishValueParser, NonEmptyStringValueParser};

use crate::value_parsers::http_url;

#[derive(Args, Clone, Debug, Default)]
pub(crate) struct PeerArguments {
    /// A region in another process or cluster, and the address of its --replication-listen: such as
    /// eu-west-1=https://eu.example:8443. Tables here can have replicas there, and the other way round
    #[arg(long, env = "STATOR_PEER", value_name = "REGION=URL", value_delimiter = ',', value_parser = peer)]
    pub(crate) peer: Vec<Peer>,

    /// Address for peers, which replicate global tables with this process; it answers nothing else
    #[arg(long, env = "STATOR_REPLICATION_LISTEN", value_name = "HOST:PORT", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) replication_listen: Option<String>,

    /// The certificate that peers are shown, and that this process shows them, in PEM, followed by its intermediate certificates. It
    /// is for the host that the peers' URLs of this process name, as a server and as a client. Files are read again when they change
    #[arg(long, env = "STATOR_REPLICATION_CERTIFICATE", value_name = "FILE")]
    pub(crate) replication_certificate: Option<PathBuf>,

    /// That certificate's private key, in PEM
    #[arg(long, env = "STATOR_REPLICATION_KEY", value_name = "FILE")]
    pub(crate) replication_key: Option<PathBuf>,

    /// The authorities that sign the certificates of peers, in PEM: of no other clients
    #[arg(long, env = "STATOR_REPLICATION_CA", value_name = "FILE")]
    pub(crate) replication_ca: Option<PathBuf>,

    /// For tests on one machine: peers without certificates, over http://. Refused unless all addresses are of this machine alone
    #[arg(long, env = "STATOR_REPLICATION_INSECURE", value_parser = BoolishValueParser::new())]
    pub(crate) replication_insecure: bool,
}

/// A region in another process.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Peer {
    pub(crate) region: String,
    pub(crate) url: String,
}

fn peer(text: &str) -> Result<Peer, String> {
    let (region, url) = text.split_once('=').ok_or("a region and a URL, such as eu-west-1=https://eu.example:8443")?;
    if !model::is_region_name(region) {
        return Err("a region is made of small letters, digits and hyphens, such as eu-west-3".to_owned());
    }
    Ok(Peer { region: region.to_owned(), url: http_url(url)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_are_regions_with_urls() {
        let found = peer("eu-west-1=https://eu.example:8443").unwrap();
        assert_eq!((found.region.as_str(), found.url.as_str()), ("eu-west-1", "https://eu.example:8443"));
        for wrong in ["eu-west-1", "=https://h", "EU=https://h", "eu-west-1=", "eu-west-1=h:1", "eu-west-1=https://h/p"]
        {
            assert!(peer(wrong).is_err(), "{wrong}");
        }
    }
}
