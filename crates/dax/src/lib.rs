//! DAX: a cache in front of the tables, spoken to by DAX's own clients in DAX's own protocol.
//!
//! A connection carries one request after the other, in CBOR, without lengths or ids. A client asks for the nodes of the cluster, for key
//! schemas and for lists of attribute names, and then sends items without the names of their attributes and expressions as trees.
//!
//! Modules, lowest first:
//!
//! 1. Bytes: `cbor`, with `number`, `value` and `key` above it; `frame` and `handshake`.
//! 2. What requests and answers are made of: `expression`, `request`, `attribute_lists`, `answer`, `errors`.
//! 3. `cache`, and `members`, the caches of a cluster's nodes; `upstream`, the tables behind them, of this process or (`remote`) of another
//!    server.
//! 4. `node`: the methods, with `permission`, `metrics` and `measures`; `cluster`, of which nodes are. `authorize`: the caller of a connection. `host`: the server around it.
//!    `connection`: a client, from its first byte to its last.
//!
//! Nothing of AWS's servers is published. What is known of the protocol comes from the clients' sources and from running them; what is
//! not known is in COMPATIBILITY.md.

mod answer;
mod attribute_lists;
mod authorize;
mod cache;
mod cbor;
mod cluster;
mod connection;
mod counts;
mod errors;
mod expression;
mod frame;
mod handshake;
mod host;
mod key;
mod measures;
mod members;
mod metrics;
mod node;
mod number;
mod permission;
mod remote;
mod request;
mod upstream;
mod value;

pub use cache::AnswerCache;
pub use cluster::{Cluster, Described};
pub use connection::{Client, Endpoint, Timeouts, serve};
pub use host::{Begun, Host, Record};
pub use measures::Measures;
pub use members::{Advertised, Role};
pub use node::{CacheSettings, Node};
pub use remote::Remote;
pub use upstream::{Local, Request, Response, TableKey, Upstream};
