//! `stator regions`: the replication of global tables as a server sees it, from its operator's address.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use client::{Call, Endpoint, Failure};
use serde_json::Value;

use crate::admin::REGIONS;
use crate::remote::{self, PrintedFormat, print, print_json};

const TIMEOUT: Duration = Duration::from_secs(10);

const EXAMPLES: &str = "\
Examples:
  stator regions
  stator regions --endpoint http://127.0.0.1:9100 --output json     the address of --metrics-listen";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RegionsArguments {
    /// The operator's address of the server: that of --metrics-listen, or else the main one
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8000")]
    endpoint: String,

    /// PEM file with the certificate authorities to trust for https://, instead of the system's
    #[arg(long, env = "AWS_CA_BUNDLE", value_name = "FILE")]
    ca_bundle: Option<OsString>,

    /// How the report is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: PrintedFormat,
}

pub(crate) fn run(arguments: &RegionsArguments) -> Result<(), Failure> {
    let ca_bundle = arguments.ca_bundle.as_deref().filter(|file| !file.is_empty()).map(Path::new);
    let endpoint = Endpoint::parse(&arguments.endpoint, ca_bundle)?;
    let report = remote::run(ask(&endpoint))?;
    match arguments.output {
        PrintedFormat::Json => print_json(&report),
        PrintedFormat::Text => print(&shown(&report)),
    }
}

async fn ask(endpoint: &Endpoint) -> Result<Value, Failure> {
    let call = Call { method: "GET", target: REGIONS, headers: &[], body: Bytes::new() };
    let failure = |why: &dyn std::fmt::Display| Failure::new(format!("cannot ask {}: {why}", endpoint.url));
    let answer = call.send(endpoint, None, TIMEOUT).await.map_err(|trouble| failure(&trouble))?;
    if answer.status != 200 {
        return Err(failure(&format!(
            "it answers {}: is this the operator's address (--metrics-listen, or the main one where callers are not checked)?",
            answer.status
        )));
    }
    serde_json::from_slice(&answer.body).map_err(|error| failure(&error))
}

fn shown(report: &Value) -> String {
    let text = |value: &Value, name: &str| match &value[name] {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    };
    let list = |name: &str| report[name].as_array().cloned().unwrap_or_default();
    let own: Vec<String> = list("regions").iter().filter_map(|region| region.as_str().map(str::to_owned)).collect();
    let mut out = format!("regions here: {}\n", own.join(", "));
    for peer in list("peers") {
        let state = match peer["error"].as_str() {
            Some(error) => format!("does not answer: {error}"),
            None if peer["answered"].is_null() => "not called yet".to_owned(),
            None => "answers".to_owned(),
        };
        out.push_str(&format!(
            "peer {:<16} {}  {state}; last answer {}\n",
            text(&peer, "region"),
            text(&peer, "url"),
            text(&peer, "answered")
        ));
    }
    let pairs = list("pairs");
    if pairs.is_empty() {
        out.push_str("no table here has replicas\n");
        return out;
    }
    out.push_str(&format!(
        "{:<32}  {:<14}  {:<14}  {:>9}  {:>9}  {:>11}  state\n",
        "table", "from", "to", "lag ms", "backlog", "delivered"
    ));
    for pair in pairs {
        let state = match (pair["error"].as_str(), pair["is_paused"].as_bool(), pair["is_compared"].as_bool()) {
            (_, Some(true), _) => "paused".to_owned(),
            (_, _, Some(true)) => "the whole tables are compared".to_owned(),
            (Some(error), ..) => error.to_owned(),
            (None, ..) => "ok".to_owned(),
        };
        out.push_str(&format!(
            "{:<32}  {:<14}  {:<14}  {:>9}  {:>9}  {:>11}  {state}\n",
            text(&pair, "table"),
            text(&pair, "from"),
            text(&pair, "to"),
            text(&pair, "lag_ms"),
            text(&pair, "backlog"),
            text(&pair, "delivered")
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn peers_and_pairs_are_lines() {
        let pair = |error: Option<&str>, is_paused: bool| {
            json!({"table": "tab", "from": "us-east-1", "to": "eu-west-1", "lag_ms": 7, "backlog": 2, "delivered": 9,
                "error": error, "is_paused": is_paused, "is_compared": false})
        };
        let report = json!({
            "regions": ["us-east-1", "us-west-2"],
            "peers": [{"region": "eu-west-1", "url": "https://eu.example:8443", "answered": null, "error": "no reply in time"}],
            "pairs": [pair(None, false), pair(Some("it is gone"), false), pair(None, true)],
        });
        let text = shown(&report);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "regions here: us-east-1, us-west-2");
        assert!(lines[1].contains("eu-west-1") && lines[1].contains("does not answer: no reply in time"), "{text}");
        for (line, end) in lines[3..].iter().zip(["ok", "it is gone", "paused"]) {
            assert!(line.starts_with("tab ") && line.ends_with(end), "{text}");
        }
        assert!(shown(&json!({})).contains("no table here has replicas"));
    }
}
