//! `stator tail`: a table's changes as they come, one JSON object a line. It is a client of a running server, and of
//! DynamoDB itself: it knows no more than the four operations of DynamoDB Streams.
//!
//! `since` is where to begin, `shards` which shards are to be read and when, `streams` the questions to the server, asked
//! again while it is away, `follow` the loop over all that, and `line` what is printed.

mod follow;
mod line;
mod shards;
mod since;
mod streams;

use std::ffi::OsString;
use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use base::Clock;
use clap::{Args, value_parser};
use client::{Credentials, Endpoint, Failure, Profile};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use follow::Follower;
use since::Since;
use streams::Streams;

const ENDPOINT_DEFAULT: &str = "http://127.0.0.1:8000";
/// The services whose endpoints are looked up, as variables name them: a server has both in one place.
const SERVICES: [&str; 2] = ["DYNAMODB_STREAMS", "DYNAMODB"];

const EXAMPLES: &str = "\
Examples:
  stator tail Music                                    changes from now on, until Ctrl-C
  stator tail Music --since 10m                        those of the last ten minutes first
  stator tail Music --since start --no-follow          all that is kept, and then the end
  stator tail Music --limit 1 | jq .new                the next change
  stator tail Music --endpoint https://dynamodb.eu-west-1.amazonaws.com         DynamoDB itself

Requests are signed with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), else with the keys of the
profile that AWS_PROFILE names, else of the default one, else with any words.";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct TailArguments {
    /// The table; its stream must be enabled
    #[arg(value_name = "TABLE")]
    table: String,

    /// The server, over http:// or https:// [default: AWS_ENDPOINT_URL_DYNAMODB_STREAMS, else AWS_ENDPOINT_URL_DYNAMODB, else
    /// AWS_ENDPOINT_URL, else the profile's, else http://127.0.0.1:8000]
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,

    /// Region to sign for [default: the one in the name of an AWS endpoint, else AWS_REGION, else the profile's, else
    /// us-east-1]
    #[arg(long, value_name = "REGION")]
    region: Option<String>,

    /// PEM file with the certificate authorities to trust for https://, instead of the system's
    #[arg(long, env = "AWS_CA_BUNDLE", value_name = "FILE")]
    ca_bundle: Option<OsString>,

    /// Where to start: so long ago, such as 90s, 10m, 2h or 1d, a time, such as 2026-01-31T12:00:00Z, `start` for all that
    /// is retained, or `now`
    #[arg(long, value_name = "TIME", default_value = "now")]
    since: Since,

    /// Changes after which it ends
    #[arg(long, value_name = "COUNT", value_parser = value_parser!(u64).range(1..))]
    limit: Option<u64>,

    /// End when all that is there now has been printed
    #[arg(long)]
    no_follow: bool,
}

/// Ends without a message on Ctrl-C. A write to a pipe that is not read blocks its thread, so signals have a thread of their
/// own.
pub(crate) fn run(arguments: &TailArguments) -> Result<(), Failure> {
    let follower = follower(arguments)?;
    let (following, signals) = (runtime()?, runtime()?);
    let (sender, ended) = oneshot::channel();
    std::thread::spawn(move || sender.send(following.block_on(follower.run())));
    signals.block_on(async {
        tokio::select! {
            ended = ended => ended.unwrap_or_else(|_| Err(Failure::new("it broke off"))),
            _ = tokio::signal::ctrl_c() => Ok(()),
            () = reader_gone() => Ok(()),
        }
    })
}

/// How often it is checked whether the other end of the output is still open.
const READER_CHECK: Duration = Duration::from_millis(500);

/// Done once the pipe of the output is closed at its other end. Without it, a table without changes would be followed without a reader.
async fn reader_gone() {
    while !is_reader_gone() {
        tokio::time::sleep(READER_CHECK).await;
    }
}

#[cfg(unix)]
fn is_reader_gone() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let stdout = io::stdout();
    // What is asked for is nothing; ends are reported all the same.
    let mut polled = [PollFd::new(&stdout, PollFlags::empty())];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut polled, Some(&now)).is_ok_and(|found| found > 0)
        && polled[0].revents().intersects(PollFlags::ERR | PollFlags::HUP)
}

#[cfg(not(unix))]
fn is_reader_gone() -> bool {
    false
}

fn runtime() -> Result<Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::new(format!("cannot start: {error}")))
}

fn follower(arguments: &TailArguments) -> Result<Follower, Failure> {
    // A variable that is set to nothing is not set.
    let ca_bundle = arguments.ca_bundle.as_deref().filter(|file| !file.is_empty()).map(Path::new);
    let profile = Profile::of_user()?;
    let url = arguments.endpoint.clone().or_else(|| profile.endpoint_url(&SERVICES));
    let url = url.filter(|url| !url.is_empty()).unwrap_or_else(|| ENDPOINT_DEFAULT.to_owned());
    let endpoint = Endpoint::parse(&client::streams_url(&url), ca_bundle)?;
    let credentials = Credentials::of_user(&endpoint, arguments.region.as_deref(), &profile)?;
    let clock = Clock::system();
    let start = arguments.since.start(clock.now_ms()).map_err(Failure::new)?;
    let enabling = enabling(arguments, &endpoint, &credentials);
    let caller =
        format!("in region {} at {}, for the access key {}", credentials.region, endpoint.url, credentials.access_key);
    let streams = Streams::new(&endpoint, &credentials, !arguments.no_follow);
    let ends = follow::Ends { limit: arguments.limit, at_end: arguments.no_follow, is_sparse: endpoint.is_aws() };
    Ok(Follower::new(&arguments.table, streams, start, ends, follow::Hints { enabling, caller }, clock))
}

/// The command that gives the table a stream.
fn enabling(arguments: &TailArguments, endpoint: &Endpoint, credentials: &Credentials) -> String {
    let url = if endpoint.is_aws() { String::new() } else { format!(" --endpoint-url {}", endpoint.url) };
    format!(
        "aws dynamodb update-table --table-name {} --stream-specification \
         StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES --region {}{url}",
        arguments.table, credentials.region
    )
}

/// Prints a message to stderr. A closed stderr is no reason to stop.
fn say(text: fmt::Arguments<'_>) {
    let _ = io::stderr().lock().write_all(format!("tail: {text}\n").as_bytes());
}
