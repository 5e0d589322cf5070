//! The start of replication with other processes: the listener of peers is opened early, as all addresses are, and answers once there
//! is a service.

use std::sync::Arc;

use base::utc;
use deliver::{Deliveries, LinkReport};
use jobs::Jobs;
use serde_json::{Value, json};

use super::arguments::ServeArguments;
use super::{Failure, addresses, bind};
use crate::admin::Replication;
use crate::current::Current;
use crate::operator::Operator;
use crate::peers::{self, HttpPeers, LISTEN, Listening, PeerReport, Timeouts};

/// Without peers, nothing.
pub(super) struct Peering {
    listening: Option<Listening>,
    calls: Option<Arc<HttpPeers>>,
}

impl Peering {
    pub(super) async fn new(arguments: &ServeArguments, operator: &Operator) -> Result<Peering, Failure> {
        let Some(listen) = &arguments.peers.replication_listen else {
            return Ok(Peering { listening: None, calls: None });
        };
        let (client_ca, regions) = (arguments.tls.tls_client_ca.as_deref(), arguments.service.all_regions());
        let calls = peers::calls(&arguments.peers, &regions, client_ca, &operator.admin.clock);
        let calls = calls.map_err(Failure::Peers)?;
        let addresses = addresses(LISTEN, listen).await?;
        let listener = bind(LISTEN, listen, &addresses)?;
        let listening = Listening::new(&arguments.peers, &addresses, listener, arguments.idle_timeout);
        Ok(Peering { listening: Some(listening.map_err(Failure::Peers)?), calls })
    }

    /// The way to the peers.
    pub(super) fn calls(&self) -> Option<Arc<HttpPeers>> {
        self.calls.clone()
    }

    pub(super) fn serve(
        self,
        arguments: &ServeArguments,
        service: &Arc<ops::Service>,
        operator: &Operator,
        deliveries: &Current<Deliveries>,
        jobs: &Jobs,
    ) -> Result<(), Failure> {
        let Peering { listening, calls } = self;
        let shown = Shown { regions: arguments.service.all_regions(), peers: calls, deliveries: deliveries.clone() };
        // Only the first one counts, and there is no second.
        let _ = operator.admin.replication.set(Box::new(shown));
        let Some(listening) = listening else { return Ok(()) };
        let timeouts = Timeouts {
            body: arguments.body_timeout,
            idle: arguments.idle_timeout,
            drain: arguments.drain_timeout,
            memory: arguments.memory_timeout,
        };
        listening.serve(&arguments.peers, service, timeouts, &operator.metrics, jobs).map_err(Failure::Runtime)
    }
}

/// What the operator sees of replication.
struct Shown {
    regions: Vec<String>,
    peers: Option<Arc<HttpPeers>>,
    deliveries: Current<Deliveries>,
}

impl Replication for Shown {
    fn report(&self) -> Value {
        let peers = self.peers.iter().flat_map(|peers| peers.reports());
        let peers: Vec<Value> = peers.map(|peer| of_peer(&peer)).collect();
        let pairs = self.deliveries.get().map(|deliveries| deliveries.links().reports()).unwrap_or_default();
        let pairs: Vec<Value> = pairs.iter().map(of_pair).collect();
        json!({"regions": self.regions, "peers": peers, "pairs": pairs})
    }

    fn pause(&self, from: &str, to: &str, is_paused: bool) {
        if let Some(deliveries) = self.deliveries.get() {
            deliveries.links().pause(from, to, is_paused);
        }
    }
}

fn of_peer(peer: &PeerReport) -> Value {
    let PeerReport { region, url, answered_ms, error } = peer;
    json!({"region": region, "url": url, "answered": answered_ms.map(utc::rfc3339_ms), "error": error})
}

fn of_pair(pair: &LinkReport) -> Value {
    json!({
        "account": pair.account,
        "table": pair.table,
        "from": pair.from,
        "to": pair.to,
        "lag_ms": pair.lag_ms,
        "backlog": pair.backlog,
        "delivered": pair.delivered,
        "delivered_at": pair.delivered_ms.map(utc::rfc3339_ms),
        "failures": pair.failures,
        "error": pair.error,
        "resyncs": pair.resyncs,
        "is_compared": pair.is_compared,
        "is_paused": pair.is_paused,
    })
}
