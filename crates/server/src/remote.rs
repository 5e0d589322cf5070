//! A server's API as the operator's commands call it: the flags that name the server, its keys as the AWS CLI finds them, and
//! requests that are made again while the server is unavailable.
//!
//! `backup`, `export` and `import` are clients of DynamoDB's API and know no more of a server than it says; they work with DynamoDB
//! itself.

mod api_client;
mod item_format;
mod printed;
mod progress;
mod table;

use std::ffi::OsString;
use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args;
use client::{Credentials, Endpoint, Failure, Profile};

pub(crate) use api_client::{ApiClient, Refusal};
pub(crate) use item_format::{FORMATS, ItemFormat};
pub(crate) use printed::{PrintedFormat, print, print_json};
pub(crate) use progress::{Progress, duration};
pub(crate) use table::TableKeys;

const ENDPOINT_DEFAULT: &str = "http://127.0.0.1:8000";
/// The service whose endpoint is looked up, as variables name it.
const SERVICES: [&str; 1] = ["DYNAMODB"];

/// The end of the commands' help.
pub(crate) const SIGNING: &str = "\
Requests are signed with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), else with the keys of the \
profile that AWS_PROFILE names, else of the default one, else with any words.";

#[derive(Args, Debug)]
pub(crate) struct RemoteArguments {
    /// The server, over http:// or https:// [default: AWS_ENDPOINT_URL_DYNAMODB, else AWS_ENDPOINT_URL, else the profile's, else
    /// http://127.0.0.1:8000]
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,

    /// Region to sign for [default: the one in the name of an AWS endpoint, else AWS_REGION, else the profile's, else
    /// us-east-1]
    #[arg(long, value_name = "REGION")]
    region: Option<String>,

    /// PEM file with the certificate authorities to trust for https://, instead of the system's
    #[arg(long, env = "AWS_CA_BUNDLE", value_name = "FILE")]
    ca_bundle: Option<OsString>,
}

/// A server, and the keys for it.
pub(crate) struct Remote {
    endpoint: Endpoint,
    credentials: Credentials,
    /// The server has answered before: when it no longer does, it is waited for.
    is_known: Arc<AtomicBool>,
}

impl Remote {
    pub(crate) fn of(arguments: &RemoteArguments) -> Result<Remote, Failure> {
        // A variable that is set to nothing is not set.
        let ca_bundle = arguments.ca_bundle.as_deref().filter(|file| !file.is_empty()).map(Path::new);
        let profile = Profile::of_user()?;
        let url = arguments.endpoint.clone().or_else(|| profile.endpoint_url(&SERVICES));
        let url = url.filter(|url| !url.is_empty()).unwrap_or_else(|| ENDPOINT_DEFAULT.to_owned());
        let endpoint = Endpoint::parse(&url, ca_bundle)?;
        let credentials = Credentials::of_user(&endpoint, arguments.region.as_deref(), &profile)?;
        Ok(Remote { endpoint, credentials, is_known: Arc::default() })
    }

    /// A connection of its own.
    pub(crate) fn connect(&self) -> ApiClient {
        let caller = format!(
            "in region {} at {}, for the access key {}",
            self.credentials.region, self.endpoint.url, self.credentials.access_key
        );
        ApiClient::new(&self.endpoint, &self.credentials, caller, Arc::clone(&self.is_known))
    }
}

/// Runs a command until it ends, or until Ctrl-C.
pub(crate) fn run<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(format!("cannot start: {error}")))?;
    let ended = runtime.block_on(async {
        tokio::select! {
            ended = command => ended,
            _ = tokio::signal::ctrl_c() => Err(Failure::new("interrupted")),
        }
    });
    // A thread that waits for a pipe must not hold the end up.
    runtime.shutdown_background();
    ended
}

/// Prints a message to stderr. A closed stderr is no reason to stop.
pub(crate) fn say(command: &str, text: fmt::Arguments<'_>) {
    let line = format!("{command}: {text}\n");
    let _ = io::stderr().lock().write_all(line.as_bytes());
}
