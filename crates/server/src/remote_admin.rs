//! `stator reset`, `snapshot`, `faults` and `clock`: thin clients of what a server does for tests at `/admin` on its operator's address.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use clap::{Args, Subcommand};
use client::{Endpoint, Failure};
use serde_json::{Value, json};

use crate::outbound;
use crate::remote;

const URL: &str = "http://127.0.0.1:8000";
/// Longer than a replacement waits for requests.
const TIMEOUT: Duration = Duration::from_secs(60);

const EXAMPLES_RESET: &str = "\
Example:
  stator serve --memory --test-state &
  stator reset                   between two tests: no table is left, and connections stay open";

#[derive(Args, Debug)]
struct AdminArguments {
    /// The server's address of --metrics-listen, or of --listen if it has none
    #[arg(long, env = "STATOR_ADMIN_URL", value_name = "URL", default_value = URL)]
    url: String,
}

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES_RESET)]
pub(crate) struct ResetArguments {
    #[command(flatten)]
    admin: AdminArguments,
}

#[derive(Subcommand, Debug)]
pub(crate) enum SnapshotCommand {
    /// Take a snapshot of all state; one of this name is replaced
    Create(NamedSnapshot),
    /// Restore the state of a snapshot
    Restore(NamedSnapshot),
    /// Delete a snapshot
    Delete(NamedSnapshot),
    /// List the snapshots
    List(ResetArguments),
}

#[derive(Args, Debug)]
pub(crate) struct NamedSnapshot {
    /// Letters, digits, hyphens, dots and underscores
    #[arg(value_parser = part_of_path)]
    name: String,

    #[command(flatten)]
    admin: AdminArguments,
}

#[derive(Subcommand, Debug)]
pub(crate) enum FaultsCommand {
    /// List the rules, with how often each has fired
    List(ResetArguments),
    /// Add the rules of a JSON file, or of stdin
    Add(AddFaults),
    /// Delete a rule, or all of them
    Delete(DeleteFaults),
}

#[derive(Args, Debug)]
pub(crate) struct AddFaults {
    /// The file; without it, stdin
    file: Option<PathBuf>,

    #[command(flatten)]
    admin: AdminArguments,
}

#[derive(Args, Debug)]
pub(crate) struct DeleteFaults {
    /// The rule's id; without it, all rules are deleted
    #[arg(value_parser = part_of_path)]
    id: Option<String>,

    #[command(flatten)]
    admin: AdminArguments,
}

#[derive(Subcommand, Debug)]
pub(crate) enum ClockCommand {
    /// Show the server's time
    Show(ResetArguments),
    /// Move the server's time on
    Advance(AdvanceClock),
}

#[derive(Args, Debug)]
pub(crate) struct AdvanceClock {
    /// How far, such as 90s, 10m, 2h or 1d
    by: String,

    #[command(flatten)]
    admin: AdminArguments,
}

/// A name that stays one in a URL.
fn part_of_path(text: &str) -> Result<String, String> {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    match !text.is_empty() && text.bytes().all(is_good) && text.bytes().any(|byte| byte != b'.') {
        true => Ok(text.to_owned()),
        false => Err("letters, digits, hyphens, dots and underscores".to_owned()),
    }
}

/// A request of the admin API.
struct Asked<'a> {
    admin: &'a AdminArguments,
    method: &'static str,
    path: String,
    body: String,
}

pub(crate) fn reset(arguments: &ResetArguments) -> Result<(), Failure> {
    asked(&arguments.admin, "POST", "/admin/reset")
}

pub(crate) fn snapshot(command: &SnapshotCommand) -> Result<(), Failure> {
    let of = |named: &NamedSnapshot| format!("/admin/snapshots/{}", named.name);
    match command {
        SnapshotCommand::Create(named) => asked(&named.admin, "POST", &of(named)),
        SnapshotCommand::Restore(named) => asked(&named.admin, "POST", &format!("{}/restore", of(named))),
        SnapshotCommand::Delete(named) => asked(&named.admin, "DELETE", &of(named)),
        SnapshotCommand::List(arguments) => asked(&arguments.admin, "GET", "/admin/snapshots"),
    }
}

pub(crate) fn faults(command: &FaultsCommand) -> Result<(), Failure> {
    match command {
        FaultsCommand::List(arguments) => asked(&arguments.admin, "GET", "/admin/faults"),
        FaultsCommand::Add(add) => {
            let text = match &add.file {
                Some(file) => std::fs::read_to_string(file),
                None => std::io::read_to_string(std::io::stdin().lock()),
            };
            let body = text.map_err(|error| Failure::new(format!("the rules cannot be read: {error}")))?;
            run(&Asked { admin: &add.admin, method: "POST", path: "/admin/faults".to_owned(), body })
        }
        FaultsCommand::Delete(delete) => {
            let id = delete.id.as_ref().map(|id| format!("/{id}")).unwrap_or_default();
            asked(&delete.admin, "DELETE", &format!("/admin/faults{id}"))
        }
    }
}

pub(crate) fn clock(command: &ClockCommand) -> Result<(), Failure> {
    match command {
        ClockCommand::Show(arguments) => asked(&arguments.admin, "GET", "/admin/clock"),
        ClockCommand::Advance(advance) => {
            let body = json!({"advance": advance.by}).to_string();
            run(&Asked { admin: &advance.admin, method: "POST", path: "/admin/clock".to_owned(), body })
        }
    }
}

fn asked(admin: &AdminArguments, method: &'static str, path: &str) -> Result<(), Failure> {
    run(&Asked { admin, method, path: path.to_owned(), body: String::new() })
}

fn run(asked: &Asked<'_>) -> Result<(), Failure> {
    remote::run(answer(asked)).and_then(|answer| remote::print_json(&answer))
}

async fn answer(asked: &Asked<'_>) -> Result<Value, Failure> {
    let endpoint = Endpoint::parse(&asked.admin.url, outbound::ca_bundle().as_deref())?;
    let headers = [("content-type", "application/json")];
    let body = Bytes::copy_from_slice(asked.body.as_bytes());
    let call = client::Call { method: asked.method, target: &asked.path, headers: &headers, body };
    let answer = call.send(&endpoint, None, TIMEOUT).await;
    let answer = answer.map_err(|trouble| Failure::new(format!("{} does not answer: {trouble}", endpoint.url)))?;
    let parsed: Option<Value> = serde_json::from_slice(&answer.body).ok();
    if (200..300).contains(&answer.status)
        && let Some(value) = parsed
    {
        return Ok(value);
    }
    let text = parsed.as_ref().and_then(|value| value["message"].as_str().map(str::to_owned));
    let text = text.unwrap_or_else(|| String::from_utf8_lossy(&answer.body).trim().to_owned());
    let member = parsed.as_ref().and_then(|value| value["member"].as_str());
    let member = member.map(|member| format!("{member}: ")).unwrap_or_default();
    Err(Failure::new(format!("{} answers {}: {member}{}", endpoint.url, answer.status, base::visible(&text))))
}
