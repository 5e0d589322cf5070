//! The start of replication with other processes: the listener of peers is opened early, as all addresses are, and answers once there
//! is a service.

use std::sync::Arc;

use jobs::Jobs;

use super::arguments::ServeArguments;
use super::{Failure, addresses, bind};
use crate::operator::Operator;
use crate::peers::{self, HttpPeers, LISTEN, Listening, Timeouts};

/// Without peers, nothing.
pub(super) struct Peering(Option<Listening>);

impl Peering {
    pub(super) async fn new(arguments: &ServeArguments) -> Result<Peering, Failure> {
        let Some(listen) = &arguments.peers.replication_listen else { return Ok(Peering(None)) };
        let addresses = addresses(LISTEN, listen).await?;
        let listener = bind(LISTEN, listen, &addresses)?;
        let listening = Listening::new(&arguments.peers, &addresses, listener, arguments.idle_timeout);
        listening.map(Some).map(Peering).map_err(Failure::Peers)
    }

    /// The way to the peers.
    pub(super) fn calls(
        &self,
        arguments: &ServeArguments,
        operator: &Operator,
    ) -> Result<Option<Arc<HttpPeers>>, Failure> {
        let client_ca = arguments.tls.tls_client_ca.as_deref();
        let regions = arguments.service.all_regions();
        peers::calls(&arguments.peers, &regions, client_ca, &operator.admin.clock).map_err(Failure::Peers)
    }

    pub(super) fn serve(
        self,
        arguments: &ServeArguments,
        service: &Arc<ops::Service>,
        operator: &Operator,
        jobs: &Jobs,
    ) -> Result<(), Failure> {
        let Peering(Some(listening)) = self else { return Ok(()) };
        let timeouts = Timeouts {
            body: arguments.body_timeout,
            idle: arguments.idle_timeout,
            drain: arguments.drain_timeout,
            memory: arguments.memory_timeout,
        };
        listening.serve(&arguments.peers, service, timeouts, &operator.metrics, jobs).map_err(Failure::Runtime)
    }
}
