//! The flags of what browsers may do.

use clap::Args;

use super::host::Named;
use super::origin::Listed;

#[derive(Args, Clone, Debug, Default)]
pub(crate) struct WebArguments {
    /// Origins whose web pages may call the server, such as https://app.example.com, separated by commas; * for any. Pages on
    /// this machine's loopback address always may. With --auth or --credentials the default is any
    #[arg(long, env = "STATOR_CORS", value_name = "ORIGIN", value_delimiter = ',', value_parser = super::origin::listed)]
    pub(crate) cors: Vec<Listed>,

    /// Host names under which the server may be called, separated by commas, such as db.example.com or *.example.com; * for
    /// any. IP addresses, names without a dot and names of private domains need no flag; with --auth or --credentials, no name
    /// does on the main address, and the flag is for --metrics-listen
    #[arg(long, env = "STATOR_HOST", value_name = "NAME", value_delimiter = ',', value_parser = super::host::named)]
    pub(crate) host: Vec<Named>,
}
