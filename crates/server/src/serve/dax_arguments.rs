//! The flags of DAX: those of a cluster's caches and connections, and those of a server that has one.

use ::dax::CacheSettings;
use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use crate::value_parsers::byte_size;

/// The least memory that a cache works with. Unit: bytes.
const MEMORY_MIN: u64 = 1 << 20;

#[derive(Args, Clone, Debug, Default)]
pub(crate) struct DaxArguments {
    /// Address for clients of DAX, such as 127.0.0.1:8111; several, separated by commas, are the nodes of one cluster, the primary first.
    /// With --tls-certificate or --tls-self-signed clients connect by daxs://
    #[arg(long, env = "STATOR_DAX_LISTEN", value_name = "HOST:PORT", value_delimiter = ',', value_parser = NonEmptyStringValueParser::new())]
    pub(crate) dax_listen: Vec<String>,

    /// Address that clients of DAX are to connect to, one for each of --dax-listen; default: the one that they have connected to
    #[arg(long, env = "STATOR_DAX_ADVERTISE", value_name = "HOST:PORT", value_delimiter = ',', value_parser = NonEmptyStringValueParser::new())]
    pub(crate) dax_advertise: Vec<String>,

    #[command(flatten)]
    pub(crate) caches: DaxCacheArguments,
}

/// Of a server's cluster, and of `stator dax`.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct DaxCacheArguments {
    /// Memory of each node's cache of items
    #[arg(long, env = "STATOR_DAX_ITEM_MEMORY", value_name = "SIZE", default_value = "128MiB", value_parser = memory)]
    pub(crate) dax_item_memory: u64,

    /// Memory of each node's cache of the results of Query and Scan
    #[arg(long, env = "STATOR_DAX_QUERY_MEMORY", value_name = "SIZE", default_value = "64MiB", value_parser = memory)]
    pub(crate) dax_query_memory: u64,

    /// How long DAX's cache keeps an item, and that there is none; 0 for no end
    #[arg(long, env = "STATOR_DAX_RECORD_TTL_MILLIS", value_name = "MS", default_value_t = 300_000)]
    pub(crate) dax_record_ttl_millis: u64,

    /// How long DAX's cache keeps the result of a Query or Scan; 0 for no end
    #[arg(long, env = "STATOR_DAX_QUERY_TTL_MILLIS", value_name = "MS", default_value_t = 300_000)]
    pub(crate) dax_query_ttl_millis: u64,

    /// Open connections of clients of DAX, of all nodes; further ones are refused
    #[arg(long, env = "STATOR_DAX_CONNECTIONS_MAX", value_name = "COUNT", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) dax_connections_max: u32,

    /// Those of one address (of a /64 network of IPv6); default: half of them
    #[arg(long, env = "STATOR_DAX_CONNECTIONS_PER_ADDRESS_MAX", value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) dax_connections_per_address_max: Option<u32>,
}

impl DaxCacheArguments {
    pub(super) fn settings(&self) -> CacheSettings {
        CacheSettings {
            item_bytes_max: self.dax_item_memory,
            query_bytes_max: self.dax_query_memory,
            record_ttl_ms: self.dax_record_ttl_millis,
            query_ttl_ms: self.dax_query_ttl_millis,
        }
    }
}

fn memory(text: &str) -> Result<u64, String> {
    let bytes = byte_size(text)?;
    if bytes >= MEMORY_MIN { Ok(bytes) } else { Err("at least 1MiB".to_owned()) }
}
