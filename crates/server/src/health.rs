//! `stator health`: asks a server whether it takes requests, for images without a shell and without `curl`.

use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use client::{Egress, Endpoint, Failure, Url};

use crate::outbound;
use crate::remote;
use crate::value_parsers::seconds;

const EXAMPLES: &str = "\
Examples:
  stator health                                   the server of the variables of 'stator serve', or of 127.0.0.1:8000
  stator health http://127.0.0.1:8000
  stator health http://127.0.0.1:9100/readyz      a page of --metrics-listen
  HEALTHCHECK CMD [\"stator\", \"health\"]            in a Dockerfile

The exit code is 0 if the server is healthy, and 1 if it is not or does not answer.";

const LISTEN: &str = "127.0.0.1:8000";
const PAGE: &str = "/healthz";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct HealthArguments {
    /// The server, or one of its pages; default: from STATOR_METRICS_LISTEN or STATOR_LISTEN, else http://127.0.0.1:8000
    #[arg(value_name = "URL")]
    url: Option<String>,

    /// Seconds to wait for the answer
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    timeout: Duration,
}

/// Whether the server is healthy; what it says is printed.
pub(crate) fn run(arguments: &HealthArguments) -> Result<bool, Failure> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let url = arguments.url.clone().unwrap_or_else(|| default_url(variable));
    remote::run(ask(&url, arguments.timeout))
}

async fn ask(text: &str, timeout: Duration) -> Result<bool, Failure> {
    let url = Url::parse(text).map_err(|error| Failure::new(format!("{} is no URL: {error}", base::visible(text))))?;
    let (status, body) = match url.target() {
        "" | "/" => match get(&url, PAGE, timeout).await? {
            // The pages may have an address of their own, and then the main one has its health check at its root.
            (404, _) => get(&url, "/", timeout).await?,
            answer => answer,
        },
        page => get(&url, page, timeout).await?,
    };
    remote::print(&format!("{}\n", base::visible(body.trim())))?;
    Ok((200..300).contains(&status))
}

async fn get(url: &Url, page: &str, timeout: Duration) -> Result<(u16, String), Failure> {
    let endpoint = Endpoint::of(url, outbound::ca_bundle().as_deref(), &Egress::open())?;
    let call = client::Call { method: "GET", target: page, headers: &[], body: Bytes::new() };
    let answer = call.send(&endpoint, None, timeout).await;
    let answer = answer.map_err(|trouble| Failure::new(format!("{} does not answer: {trouble}", endpoint.url)))?;
    Ok((answer.status, String::from_utf8_lossy(&answer.body).into_owned()))
}

/// Of the server that these variables would start.
fn default_url(variable: impl Fn(&str) -> Option<String>) -> String {
    let pages = variable("STATOR_METRICS_LISTEN");
    let is_encrypted = pages.is_none()
        && ["STATOR_TLS_CERTIFICATE", "STATOR_TLS_SELF_SIGNED"].iter().any(|name| variable(name).is_some());
    let scheme = if is_encrypted { "https" } else { "http" };
    let listen = pages.or_else(|| variable("STATOR_LISTEN")).unwrap_or_else(|| LISTEN.to_owned());
    let local = listen.replace("0.0.0.0:", "127.0.0.1:").replace("[::]:", "[::1]:");
    format!("{scheme}://{local}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_of_the_variables_is_asked() {
        for (variables, expected) in [
            (&[][..], "http://127.0.0.1:8000"),
            (&["STATOR_LISTEN=0.0.0.0:9000"], "http://127.0.0.1:9000"),
            (&["STATOR_LISTEN=[::]:9000"], "http://[::1]:9000"),
            (&["STATOR_LISTEN=0.0.0.0:8000", "STATOR_METRICS_LISTEN=127.0.0.1:9100"], "http://127.0.0.1:9100"),
            (&["STATOR_LISTEN=localhost:8443", "STATOR_TLS_SELF_SIGNED=1"], "https://localhost:8443"),
        ] {
            let variable = |name: &str| {
                variables.iter().find_map(|text| text.strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
            };
            assert_eq!(default_url(variable), expected);
        }
    }
}
