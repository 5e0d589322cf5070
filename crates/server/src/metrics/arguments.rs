//! The flags of metrics, apart from their address.

use clap::Args;

/// Enough for most, and a page of some tens of KiB.
pub(super) const TABLES_MAX: usize = 100;

#[derive(Args, Clone, Debug)]
pub(crate) struct MetricsArguments {
    /// Tables that have series of their own in /metrics; those of all others are added up under the name 'other'. 0 for none.
    /// With --auth or --credentials no series on the main address names a table or an account, and the flag is for
    /// --metrics-listen
    #[arg(long, env = "STATOR_METRICS_TABLES_MAX", value_name = "COUNT", default_value_t = TABLES_MAX)]
    pub(crate) metrics_tables_max: usize,
}
