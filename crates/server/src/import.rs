//! `stator import`: items from a file or stdin into a table, by BatchWriteItem.
//!
//! One thread reads records (`read`) and divides them by their keys among writers (`write`), each with a connection and one request at a time:
//! lines with the same key are written in their order, and the last one stays. A writer that is behind stops the reader, so that
//! memory is bounded by a few requests for each writer. What is bad is counted, and the first bad lines are printed (`outcome`).

mod outcome;
mod read;
mod write;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, value_parser};
use client::Failure;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::remote::{
    self, FORMATS, ItemFormat, PrintedFormat, Progress, Remote, RemoteArguments, SIGNING, TableKeys, print, print_json,
};

use outcome::Outcome;
use read::{Reader, Source};
use write::Writer;

const EXAMPLES: &str = "\
Examples:
  stator import Music music.json
  stator import Music --format csv music.csv
  zcat export/*.json.gz | stator import Music
  stator export Music --endpoint https://dynamodb.eu-west-1.amazonaws.com | stator import Music

The table must exist. An item replaces the one with its key. gzip and Zstandard are recognized by the content. Bad lines are not \
written, the first ten are printed with their numbers, and the command ends with 1; all others are written.
";
const PROGRESS_EVERY: Duration = Duration::from_millis(250);

#[derive(Args, Debug)]
#[command(after_help = format!("{EXAMPLES}\n{FORMATS}\n{SIGNING}"))]
pub(crate) struct ImportArguments {
    /// The table, by its name or its ARN
    #[arg(value_name = "TABLE")]
    table: String,

    /// The file, or - for stdin
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,

    /// The format of the lines
    #[arg(long, value_name = "FORMAT", default_value = "dynamodb-json")]
    format: ItemFormat,

    /// Of CSV without a header: the attributes that are columns
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', value_parser = NonEmptyStringValueParser::new())]
    columns: Vec<String>,

    /// Requests at the same time, each with up to 25 items
    #[arg(long, value_name = "COUNT", default_value = "4", value_parser = value_parser!(u32).range(1..=64))]
    requests: u32,

    /// How the counts are printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: PrintedFormat,

    #[command(flatten)]
    remote: RemoteArguments,
}

/// Whether all lines were good.
pub(crate) fn run(arguments: &ImportArguments) -> Result<bool, Failure> {
    if !arguments.columns.is_empty() && arguments.format != ItemFormat::Csv {
        return Err(Failure::new("--columns is for --format csv"));
    }
    let remote = Remote::of(&arguments.remote)?;
    let source = Source::open(&arguments.file)?;
    let outcome = Arc::new(Outcome::default());
    let ended = remote::run(import(&remote, arguments, source, Arc::clone(&outcome)));
    outcome.say_bad_lines(arguments.format);
    let written = outcome.written();
    ended.map_err(|failure| Failure::new(format!("{failure}; {written} items were written")))?;
    match arguments.output {
        PrintedFormat::Text => print(&outcome.sentence(&arguments.table))?,
        PrintedFormat::Json => print_json(&outcome.document())?,
    }
    Ok(outcome.bad() == 0)
}

async fn import(
    remote: &Remote,
    arguments: &ImportArguments,
    source: Source,
    outcome: Arc<Outcome>,
) -> Result<(), Failure> {
    let keys = TableKeys::describe(&mut remote.connect(), &arguments.table).await?;
    let keys = Arc::new(keys);
    let (mut writers, mut senders) = (JoinSet::new(), Vec::new());
    for _ in 0..arguments.requests {
        let (sender, receiver) = mpsc::channel(1);
        let writer = Writer::new(remote.connect(), &arguments.table, Arc::clone(&keys), Arc::clone(&outcome));
        writers.spawn(writer.run(receiver));
        senders.push(sender);
    }
    let format = read::input_format(arguments.format, &arguments.columns, &keys);
    let reader = Reader::new(source, format, keys, senders, Arc::clone(&outcome));
    let reading = start(reader)?;
    let mut progress = Progress::start();
    loop {
        match tokio::time::timeout(PROGRESS_EVERY, writers.join_next()).await {
            Ok(Some(ended)) => ended.map_err(|error| Failure::new(error.to_string()))??,
            Ok(None) => break,
            Err(_) => progress.show(&outcome.progress()),
        }
    }
    reading.await.unwrap_or_else(|_| Err(Failure::new("the reader broke off")))
}

/// Reads in a thread: a pipe that is not written blocks it.
fn start(reader: Reader) -> Result<oneshot::Receiver<Result<(), Failure>>, Failure> {
    let (sender, ended) = oneshot::channel();
    let read = move || {
        // Its receiver is gone if the command has ended.
        let _ = sender.send(reader.run());
    };
    let thread = std::thread::Builder::new().name("import".to_owned()).spawn(read);
    thread.map_err(|error| Failure::new(format!("cannot start: {error}")))?;
    Ok(ended)
}
